namespace CdrEngine.Storage.Texts;

/// <summary>Bytes that grow. Numbers take seven bits a byte, the lowest first, and the eighth says that more follow.</summary>
internal sealed class TextBytes
{
    private const int Bits = 7;
    private const byte More = 0x80;

    private byte[] _bytes = new byte[16];

    /// <summary>How many there are.</summary>
    public int Length { get; private set; }

    /// <summary>They.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Adds a number.</summary>
    public void Add(uint number)
    {
        Room(5);
        for (; number >= More; number >>= Bits) _bytes[Length++] = (byte)(number | More);
        _bytes[Length++] = (byte)number;
    }

    /// <summary>Adds a number of 64 bits, in the same way.</summary>
    public void AddLong(long number)
    {
        Room(10);
        ulong left = unchecked((ulong)number);
        for (; left >= More; left >>= Bits) _bytes[Length++] = (byte)(left | More);
        _bytes[Length++] = (byte)left;
    }

    /// <summary>Adds bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        Room(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => Length = 0;

    /// <summary>A copy of them.</summary>
    public byte[] ToArray() => Written.ToArray();

    /// <summary>Takes a number off the front; false where there is none, or what is no number.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> bytes, out uint number)
    {
        number = 0;
        for (int i = 0; i < bytes.Length && i < 5; i++)
        {
            number |= (uint)(bytes[i] & ~More) << (i * Bits);
            if ((bytes[i] & More) != 0) continue;
            bytes = bytes[(i + 1)..];
            return true;
        }

        return false;
    }

    /// <summary>Takes a number of 64 bits off the front; false where there is none.</summary>
    public static bool TryTakeLong(ref ReadOnlySpan<byte> bytes, out long number)
    {
        ulong all = 0;
        number = 0;
        for (int i = 0; i < bytes.Length && i < 10; i++)
        {
            all |= (ulong)(bytes[i] & ~More) << (i * Bits);
            if ((bytes[i] & More) != 0) continue;
            bytes = bytes[(i + 1)..];
            number = unchecked((long)all);
            return true;
        }

        return false;
    }

    /// <summary>Takes the step to the next of ascending numbers off the front; false where there is none, or what leads beyond <see cref="int.MaxValue"/>, as none that was written does.</summary>
    public static bool TryStep(ref ReadOnlySpan<byte> bytes, ref int number)
    {
        if (!TryTake(ref bytes, out uint step) || step > int.MaxValue - number) return false;
        number += (int)step;
        return true;
    }

    /// <summary>Takes as many bytes off the front as the number before them says; false where there are fewer.</summary>
    public static bool TryTakePart(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> part)
    {
        part = default;
        if (!TryTake(ref bytes, out uint length) || length > bytes.Length) return false;
        part = bytes[..(int)length];
        bytes = bytes[(int)length..];
        return true;
    }

    private void Room(int more)
    {
        if (_bytes.Length - Length < more) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + more));
    }
}
