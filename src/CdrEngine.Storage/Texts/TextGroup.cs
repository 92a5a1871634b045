using System.Buffers.Binary;
using CdrEngine.Core;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.Storage.Texts;

/// <summary>A day of a group.</summary>
/// <param name="Day">The day.</param>
/// <param name="Stamp">The state that it was in; see <see cref="Sqlite.DaySeal.Stamp"/>.</param>
/// <param name="First">The document at its first place.</param>
/// <param name="Begin">Its first place in the group.</param>
/// <param name="End">The place behind its last.</param>
internal readonly record struct TextGroupDay(DateOnly Day, long Stamp, long First, int Begin, int End)
{
    /// <summary>The document at a place of the group.</summary>
    public long DocumentOf(int place) => First + (place - Begin);
}

/// <summary>Which calls of some days have which texts: the segments of these days put together, in a file that is never changed. Where a text is found costs as much for all of them as it
/// does for one. Any thread.</summary>
/// <remarks>Texts stand in order of field and <see cref="TextOrder"/> and are numbered so; <see cref="TextSegment.ChunkTerms"/> of them are a chunk. Grams are kept of each field by
/// itself. At the end stands the directory, which is kept in memory: days, and where each chunk and each list of a gram is.</remarks>
internal sealed partial class TextGroup : IDisposable
{
    /// <summary>Bytes at the end of a file: where the directory is, its length, its sum, and what marks the file as one.</summary>
    public const int FooterBytes = 4 * sizeof(long);

    /// <summary>"CDRETXT2".</summary>
    public const long Mark = 0x32545854_45524443;

    /// <summary>Fields there are: those of segments, and behind them those of <see cref="TextFields.OfGroups"/>.</summary>
    public const int Fields = TextSegment.Fields + 3;

    /// <summary>Calls that have a text are listed by the steps between them.</summary>
    public const byte Steps = 0;

    /// <summary>Or by a bit for each.</summary>
    public const byte Bits = 1;

    private const int FewTerms = 16;
    private const int ReadAtOnce = 8 * 1024;
    private const long MostDirectory = 256L << 20;

    private readonly SafeFileHandle _file;
    private readonly int[] _ends;
    private readonly (long At, int Texts, int Lists)[] _chunks;
    private readonly (long Key, long At, int Length)[] _grams;

    private TextGroup(SafeFileHandle file, TextGroupDay[] days, int[] ends, (long At, int Texts, int Lists)[] chunks, (long Key, long At, int Length)[] grams) =>
        (_file, Days, _ends, _chunks, _grams) = (file, days, ends, chunks, grams);

    /// <summary>Its days, ascending.</summary>
    public IReadOnlyList<TextGroupDay> Days { get; }

    /// <summary>How many places it has.</summary>
    public int Span => Days[^1].End;

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
            long at = Word(0), length = Word(1);
            if (Word(3) != Mark || at < 0 || length is < 0 or > MostDirectory || at + length + FooterBytes != size) return null;
            byte[] directory = new byte[length];
            if (!Fill(file, directory, at) || Sum(directory) != Word(2)) return null;
            return opened = Read(file, directory, at);

            long Word(int index) => BinaryPrimitives.ReadInt64LittleEndian(footer.AsSpan(index * sizeof(long)));
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

    /// <summary>The sum of a directory: FNV-1a.</summary>
    public static long Sum(ReadOnlySpan<byte> bytes) => unchecked((long)Fnv1a.Add(Fnv1a.Empty, bytes));

    /// <summary>The calls that have a part of a text, or all of it.</summary>
    /// <param name="needle">What is looked for.</param>
    /// <param name="found">They are added to it.</param>
    /// <exception cref="StoreException">The file cannot be read.</exception>
    public void Find(TextNeedle needle, GroupSet.Builder found)
    {
        if (needle.IsNowhere) return;
        Reading(() =>
        {
            for (int field = 0; field < _ends.Length; field++)
            {
                (int begin, int end) = TextsOf(field);
                if (((int)needle.Fields & (1 << field)) == 0 || begin == end) continue;
                if (needle.IsWhole) Look(ChunkOf(needle.Utf8, begin, end), needle.Utf8, static (has, sought) => has.SequenceEqual(sought), number => number >= begin && number < end, found);
                else FindPart(needle, Candidates(needle, field), found);
            }
        });
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();

    private static void Reading(Action read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw new StoreException($"texts of days: {e.Message}", e);
        }
    }

    private void FindPart(TextNeedle needle, List<int> candidates, GroupSet.Builder found)
    {
        for (int at = 0; at < candidates.Count;)
        {
            int chunk = candidates[at] / TextSegment.ChunkTerms, from = at;
            while (at < candidates.Count && candidates[at] / TextSegment.ChunkTerms == chunk) at++;
            int next = from, to = at;
            Look(chunk, needle.Utf8, static (has, sought) => has.IndexOf(sought) >= 0, number => IsNext(number), found);

            bool IsNext(int number)
            {
                while (next < to && candidates[next] < number) next++;
                return next < to && candidates[next] == number;
            }
        }
    }

    private delegate bool HasText(ReadOnlySpan<byte> text, ReadOnlySpan<byte> sought);

    private void Look(int chunk, byte[] sought, HasText has, Func<int, bool> isAsked, GroupSet.Builder found)
    {
        if (chunk >= _chunks.Length) return;
        (long place, int textBytes, int listBytes) = _chunks[chunk];

        // A chunk whose lists are short is read at once.
        bool isRead = textBytes + (long)listBytes <= ReadAtOnce;
        ReadOnlySpan<byte> block = Block(place, isRead ? textBytes + listBytes : textBytes), texts = block[..textBytes], lists = block[textBytes..];
        int passed = 0;
        for (int number = chunk * TextSegment.ChunkTerms; TextBytes.TryTakePart(ref texts, out ReadOnlySpan<byte> text); number++, passed++)
        {
            if (!isAsked(number) || !has(text, sought)) continue;
            if (!isRead) lists = Block(place + textBytes, listBytes);
            isRead = true;
            for (; passed > 0; passed--) TextBytes.TryTakePart(ref lists, out _);
            if (!TextBytes.TryTakePart(ref lists, out ReadOnlySpan<byte> list)) return;
            passed--;
            AddList(list, found);
        }
    }

    private static void AddList(ReadOnlySpan<byte> list, GroupSet.Builder found)
    {
        if (list.IsEmpty) return;
        byte kind = list[0];
        list = list[1..];
        if (kind == Bits)
        {
            found.AddBits(list);
            return;
        }

        int place = 0;
        while (TextBytes.TryStep(ref list, ref place)) found.Add(place);
    }

    // Numbers of the texts of a field that have all grams, or, of a short part, any that begins with it. Ascending.
    private List<int> Candidates(TextNeedle needle, int field)
    {
        var found = new List<int>();
        if (needle.Grams.Count == 0)
        {
            for (int at = At(Key(field, needle.FirstGram)); at < _grams.Length && _grams[at].Key <= Key(field, needle.LastGram); at++) AddAll(Block(_grams[at].At, _grams[at].Length), found);
            found.SortDistinct();
            return found;
        }

        var lists = new List<(long At, int Length)>();
        foreach (int gram in needle.Grams)
        {
            int at = At(Key(field, gram));
            if (at >= _grams.Length || _grams[at].Key != Key(field, gram)) return found;
            lists.Add((_grams[at].At, _grams[at].Length));
        }

        lists.Sort(static (left, right) => left.Length.CompareTo(right.Length));
        AddAll(Block(lists[0].At, lists[0].Length), found);
        for (int i = 1; i < lists.Count && found.Count > FewTerms; i++) TextLookup.Intersect(found, Block(lists[i].At, lists[i].Length));
        return found;
    }

    private static void AddAll(ReadOnlySpan<byte> list, List<int> found)
    {
        int number = 0;
        while (TextBytes.TryStep(ref list, ref number)) found.Add(number);
    }

    // The first list that is not before a key.
    private int At(long key)
    {
        int low = 0, high = _grams.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_grams[middle].Key < key) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private byte[] Block(long at, int length)
    {
        byte[] bytes = new byte[length];
        return Fill(_file, bytes, at) ? bytes : throw new IOException("a file ends before its time");
    }

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

    private static TextGroup? Read(SafeFileHandle file, ReadOnlySpan<byte> bytes, long behind)
    {
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
