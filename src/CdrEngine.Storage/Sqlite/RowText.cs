using System.Buffers;
using System.Text;
using CdrEngine.Core;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Room to put a column's text together in UTF-8, used again for every row: a text is bound, which copies it, and forgotten.</summary>
internal sealed class RowText
{
    [ThreadStatic]
    private static RowText? _mine;

    private byte[] _bytes = new byte[1024];
    private int _length;

    /// <summary>What was put together.</summary>
    public ReadOnlySpan<byte> Utf8 => _bytes.AsSpan(0, _length);

    /// <summary>The calling thread's, empty. It is one: bind its text before the next is begun.</summary>
    public static RowText Begin()
    {
        RowText text = _mine ??= new RowText();
        text._length = 0;
        return text;
    }

    /// <summary>Adds a byte.</summary>
    public void Add(byte character)
    {
        Room(1)[0] = character;
        _length++;
    }

    /// <summary>Adds an address.</summary>
    public void Add(IpAddress address) => _length += address.Format(Room(IpAddress.MaxFormattedBytes));

    /// <summary>Adds a text in lower case (the invariant one, character by character).</summary>
    public void AddLower(ReadOnlySpan<char> text)
    {
        Span<byte> room = Room(Encoding.UTF8.GetMaxByteCount(text.Length));
        if (Ascii.ToLower(text, room, out int written) == OperationStatus.Done)
        {
            _length += written;
            return;
        }

        char[] lower = ArrayPool<char>.Shared.Rent(text.Length);
        for (int i = 0; i < text.Length; i++) lower[i] = char.ToLowerInvariant(text[i]);
        _length += Encoding.UTF8.GetBytes(lower.AsSpan(0, text.Length), room);
        ArrayPool<char>.Shared.Return(lower);
    }

    /// <summary>For lists of the form <c>|a|b|</c>: the bar behind what stands from <paramref name="start"/> on, or nothing of it where it is
    /// empty or the same stands before it already.</summary>
    public void EndItem(int start)
    {
        ReadOnlySpan<byte> item = Utf8[start..];
        if (item.IsEmpty) return;
        ReadOnlySpan<byte> before = Utf8[..start];
        while (before.Length > 1)
        {
            // Between two bars.
            before = before[1..];
            int bar = before.IndexOf((byte)'|');
            if (before[..bar].SequenceEqual(item))
            {
                _length = start;
                return;
            }

            before = before[bar..];
        }

        Add((byte)'|');
    }

    /// <summary>Begins an item of such a list; give <see cref="EndItem"/> what this gives.</summary>
    public int BeginItem()
    {
        if (_length == 0) Add((byte)'|');
        return _length;
    }

    /// <summary>Leaves a list without items empty.</summary>
    public ReadOnlySpan<byte> List() => _length <= 1 ? default : Utf8;

    private Span<byte> Room(int bytes)
    {
        if (_bytes.Length - _length < bytes) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes));
        return _bytes.AsSpan(_length);
    }
}
