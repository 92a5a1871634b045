using System.Buffers.Binary;
using CdrEngine.Core;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.Storage.Texts;

/// <summary>A day of a group.</summary>
/// <param name="Day">The day.</param>
/// <param name="Stamp">The state that it was in; see <see cref="Sqlite.DaySeal.Stamp"/>. On PostgreSQL the number of its seal.</param>
/// <param name="First">The document at its first place.</param>
/// <param name="Begin">Its first place in the group.</param>
/// <param name="End">The place behind its last.</param>
internal readonly record struct TextGroupDay(DateOnly Day, long Stamp, long First, int Begin, int End)
{
    /// <summary>The document at a place of the group.</summary>
    public long DocumentOf(int place) => First + (place - Begin);
}

/// <summary>Which calls of some days have which texts: the segments of these days put together, in bytes that are never changed, in a file or on a server. Where a text is found costs as much
/// for all of them as it does for one. Any thread.</summary>
/// <remarks>Texts stand in order of field and <see cref="TextOrder"/> and are numbered so; <see cref="TextSegment.ChunkTerms"/> of them are a chunk. Grams are kept of each field by
/// itself. At the end stands the directory, which is kept in memory: days, and where each chunk and each list of a gram is. What a look reads beside it, it says step by step
/// (<see cref="GroupRead"/>).</remarks>
internal sealed partial class TextGroup : IDisposable
{
    /// <summary>Bytes at the end: where the directory is, its length, its sum, and what marks them as a group.</summary>
    public const int FooterBytes = 4 * sizeof(long);

    /// <summary>"CDRETXT2".</summary>
    public const long Mark = 0x32545854_45524443;

    /// <summary>Fields there are: those of segments, and behind them those of <see cref="TextFields.OfGroups"/>.</summary>
    public const int Fields = TextSegment.Fields + 3;

    /// <summary>Calls that have a text are listed by the steps between them.</summary>
    public const byte Steps = 0;

    /// <summary>Or by a bit for each.</summary>
    public const byte Bits = 1;

    private const long MostDirectory = 256L << 20;

    private readonly SafeFileHandle? _file;
    private readonly int[] _ends;
    private readonly (long At, int Texts, int Lists)[] _chunks;
    private readonly (long Key, long At, int Length)[] _grams;

    private TextGroup(SafeFileHandle? file, TextGroupDay[] days, int[] ends, (long At, int Texts, int Lists)[] chunks, (long Key, long At, int Length)[] grams) =>
        (_file, Days, _ends, _chunks, _grams) = (file, days, ends, chunks, grams);

    /// <summary>Its days, ascending.</summary>
    public IReadOnlyList<TextGroupDay> Days { get; }

    /// <summary>How many places it has.</summary>
    public int Span => Days[^1].End;

    /// <summary>Memory that its directory takes, bytes.</summary>
    public long Size => (_chunks.Length * 16L) + (_grams.Length * 24L) + (Days.Count * 40L);

    /// <summary>The key of a gram of a field.</summary>
    public static long Key(int field, int gram) => ((long)field << 24) | (uint)gram;

    /// <summary>Opens a file; null for what is none, or damaged.</summary>
    public static TextGroup? Open(string path)
    {
        SafeFileHandle? file = null;
        TextGroup? opened = null;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
            byte[] footer = new byte[FooterBytes];
            long size = RandomAccess.GetLength(file);
            if (size < FooterBytes || !Fill(file, footer, size - FooterBytes)) return null;
            if (DirectoryOf(footer, size) is not { } place) return null;
            byte[] directory = new byte[place.Length];
            if (!Fill(file, directory, place.At)) return null;
            return opened = Read(file, directory, footer, place.At);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        finally
        {
            if (opened is null) file?.Dispose();
        }
    }

    /// <summary>Reads the end of a group that lies elsewhere than in a file; null for what is none, or damaged.</summary>
    /// <param name="end">The last bytes: the directory and what stands behind it.</param>
    /// <param name="size">Bytes of all of it.</param>
    public static TextGroup? Read(ReadOnlySpan<byte> end, long size)
    {
        if (end.Length < FooterBytes || DirectoryOf(end[^FooterBytes..], size) is not { } place || place.Length != end.Length - FooterBytes) return null;
        return Read(null, end[..^FooterBytes], end[^FooterBytes..], place.At);
    }

    /// <summary>The sum of a directory: FNV-1a.</summary>
    public static long Sum(ReadOnlySpan<byte> bytes) => unchecked((long)Fnv1a.Add(Fnv1a.Empty, bytes));

    /// <summary>The calls that have a part of a text, or all of it. Of a group in a file.</summary>
    /// <param name="needle">What is looked for.</param>
    /// <param name="found">They are added to it.</param>
    /// <exception cref="StoreException">The file cannot be read.</exception>
    public void Find(TextNeedle needle, GroupSet.Builder found) => Run(Finding(needle, found));

    /// <summary>Reads which text of a field each place has: all of the field, once. Null where that is not told. Of a group in a file.</summary>
    /// <exception cref="StoreException">The file cannot be read.</exception>
    public TextRanks? RanksOf(int field)
    {
        TextRanks.Builder ranks = RanksFor(field);
        Run(Ranking(field, ranks));
        return ranks.Build();
    }

    /// <summary>How many texts of a field stand before one, and whether it is among them. Of a group in a file.</summary>
    /// <exception cref="StoreException">The file cannot be read.</exception>
    public (int Below, bool IsThere) PlaceOf(int field, ReadOnlySpan<byte> text)
    {
        var place = new TextPlace(text.ToArray());
        Run(Placing(field, place));
        return (place.Below, place.IsThere);
    }

    /// <summary>Makes the steps of a look, of a group in a file.</summary>
    /// <exception cref="StoreException">The file cannot be read.</exception>
    public void Run(IEnumerable<GroupRead> steps)
    {
        try
        {
            foreach (GroupRead read in steps)
            {
                for (int part = 0; part < read.Parts.Count; part++)
                {
                    (long at, int length) = read.Parts[part];
                    read[part] = new byte[length];
                    if (_file is null || !Fill(_file, read[part], at)) throw new IOException("a file ends before its time");
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw new StoreException($"texts of days: {e.Message}", e);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _file?.Dispose();

    // The first list that is not before a key.
    private int At(long key) => Bisection.First(_grams.Length, gram => _grams[gram].Key >= key);

    private static bool Fill(SafeFileHandle file, byte[] bytes, long at)
    {
        for (int read = 0; read < bytes.Length;)
        {
            int more = RandomAccess.Read(file, bytes.AsSpan(read), at + read);
            if (more == 0) return false;
            read += more;
        }

        return true;
    }

    private static long Word(ReadOnlySpan<byte> footer, int index) => BinaryPrimitives.ReadInt64LittleEndian(footer[(index * sizeof(long))..]);

    private static (long At, int Length)? DirectoryOf(ReadOnlySpan<byte> footer, long size)
    {
        long at = Word(footer, 0), length = Word(footer, 1);
        return Word(footer, 3) == Mark && at >= 0 && length is >= 0 and <= MostDirectory && at + length + FooterBytes == size ? (at, (int)length) : null;
    }

    private static TextGroup? Read(SafeFileHandle? file, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> footer, long behind)
    {
        if (Sum(bytes) != Word(footer, 2)) return null;
        if (!TextBytes.TryTake(ref bytes, out uint count) || count == 0 || count > bytes.Length) return null;
        var days = new TextGroupDay[count];
        long begin = 0, at = 0;
        for (int i = 0; i < days.Length; i++)
        {
            if (!TextBytes.TryTake(ref bytes, out uint day) || day > DateOnly.MaxValue.DayNumber || bytes.Length < 2 * sizeof(long)) return null;
            long stamp = BinaryPrimitives.ReadInt64LittleEndian(bytes), first = BinaryPrimitives.ReadInt64LittleEndian(bytes[sizeof(long)..]);
            bytes = bytes[(2 * sizeof(long))..];
            if (!TextBytes.TryTake(ref bytes, out uint span) || begin + span > int.MaxValue) return null;
            days[i] = new TextGroupDay(DateOnly.FromDayNumber((int)day), stamp, first, (int)begin, (int)(begin + span));
            if (i > 0 && days[i].Day <= days[i - 1].Day) return null;
            begin += span;
        }

        int[] ends = new int[Fields];
        for (int field = 0; field < ends.Length; field++)
        {
            if (!TextBytes.TryTake(ref bytes, out uint end) || end > int.MaxValue || (field > 0 && end < ends[field - 1])) return null;
            ends[field] = (int)end;
        }

        var chunks = new (long At, int Texts, int Lists)[(ends[^1] + TextSegment.ChunkTerms - 1) / TextSegment.ChunkTerms];
        for (int i = 0; i < chunks.Length; i++)
        {
            if (!TextBytes.TryTake(ref bytes, out uint gap) || !TextBytes.TryTake(ref bytes, out uint texts) || !TextBytes.TryTake(ref bytes, out uint lists)) return null;
            chunks[i] = (at + gap, (int)texts, (int)lists);
            at += (long)gap + texts + lists;
            if (at > behind || texts > int.MaxValue || lists > int.MaxValue) return null;
        }

        if (!TextBytes.TryTake(ref bytes, out uint different) || different > bytes.Length) return null;
        var grams = new (long Key, long At, int Length)[different];
        long key = 0;
        at = 0;
        for (int i = 0; i < grams.Length; i++)
        {
            if (!TextBytes.TryTake(ref bytes, out uint step) || !TextBytes.TryTake(ref bytes, out uint gap) || !TextBytes.TryTake(ref bytes, out uint length)) return null;
            grams[i] = (key += step, at + gap, (int)length);
            at += (long)gap + length;
            if (at > behind || length > int.MaxValue) return null;
        }

        return new TextGroup(file, days, ends, chunks, grams);
    }
}
