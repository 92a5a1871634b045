namespace CdrEngine.Storage;

/// <summary>Bounds of the SQLite store.</summary>
public sealed record SqliteStoreLimits
{
    /// <summary>Memory that all of these bounds let readers of calls and messages keep between questions, where nothing else is said; the shares are those of the defaults below.</summary>
    public const long UsualMemory = 1L << 30;

    /// <summary>The least that <see cref="Within"/> may be given.</summary>
    public const long LeastMemory = 64L << 20;

    /// <summary>Day files that the writer keeps open; the least used is closed first. 16 by default: two weeks.</summary>
    public int OpenDays { get; init; } = 16;

    /// <summary>Queries that run at once; more wait. 4 by default.</summary>
    public int Readers { get; init; } = 4;

    /// <summary>How long a statement waits for another connection's lock; 2 s by default.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Page cache of the writer for each day, in KiB; 16 MiB by default, which holds a batch and the index pages of some 100,000 calls; beyond, the system keeps them.</summary>
    public int WriterCacheKibibytes { get; init; } = 16 * 1024;

    /// <summary>Page cache of a reader for each day, in KiB; 1 MiB by default, since the system keeps what is read as well.</summary>
    public int ReaderCacheKibibytes { get; init; } = 1024;

    /// <summary>Rows up to which a number's prefix is answered by collecting and sorting its rows; beyond, the day is read in order of time, where such a
    /// common prefix is met often. 20,000 by default.</summary>
    public int PrefixRows { get; init; } = 20_000;

    /// <summary>Connections to day files that readers keep open between them; 512 by default, so that lists over a year find every day open: up to <see cref="OpenFiles.OfConnection"/> descriptors each
    /// and some 100 kB beside the pages that <see cref="PageBytes"/> bounds. The writer keeps <see cref="OpenDays"/>.</summary>
    public int ReaderDays { get; init; } = 512;

    /// <summary>Bytes of the page caches of all connections that readers keep open; 128 MiB by default. Those used longest ago give their pages back and stay open: the system keeps what is read
    /// as well.</summary>
    public long PageBytes { get; init; } = 128L << 20;

    /// <summary>The same of days of messages; 64 MiB by default.</summary>
    public long MessagePageBytes { get; init; } = 64L << 20;

    /// <summary>Bytes of what is remembered of calls that texts were found in; 32 MiB by default.</summary>
    public long TextBytes { get; init; } = 32L << 20;

    /// <summary>Bytes of texts in order, by which texts are held against others; 128 MiB by default, three fields of numbers of ten million calls. Those asked for longest ago are forgotten
    /// first, and read again. Beside them Call-IDs take up to three quarters as much, and orders of ids a quarter.</summary>
    public long TextRankBytes { get; init; } = 128L << 20;

    /// <summary>Bytes of a day's file that a reader maps into memory; none by default. A page that is met in a mapping for the first time brings all of the disk's read-ahead with it
    /// (128 KiB, on some machines 8 MiB), and lists of a year meet single pages of many days: an archive larger than memory was read from disk again and again.</summary>
    public long ReaderMapBytes { get; init; }

    /// <summary>Walks through pages that are remembered at once, the one used longest ago is forgotten first; 1,024 by default.</summary>
    public int Walks { get; init; } = 1_024;

    /// <summary>Places within a walk that are remembered, so that a page near one begins there; 4,096 by default.</summary>
    public int WalkPlaces { get; init; } = 4_096;

    /// <summary>How long a walk is remembered after its last page; 15 minutes by default.</summary>
    public TimeSpan WalkAge { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Profiles of all days together whose sums are kept in memory; 4,000,000 by default, a year of 10,000 a day: some 35 bytes each, 140 MB where there are so many.</summary>
    public int ProfilesKept { get; init; } = 4_000_000;

    /// <summary>Bytes of what is kept in memory of days that are over: which numbers, Call-IDs, sessions and addresses they may have, and how long their calls were, and
    /// which profiles, numbers, codecs and flags they have, and in which order they began; 384 MiB by default, which is ten million calls. Where there are more the latest days are kept; earlier ones are opened.</summary>
    public long SealBytes { get; init; } = 384L << 20;

    /// <summary>The same of days of messages: which numbers, parties, conversations and Call-IDs they may have, and what their texts are made of; 64 MiB by default, some three million
    /// messages.</summary>
    public long MessageSealBytes { get; init; } = 64L << 20;

    /// <summary>Days of which it is remembered which calls meet what a query holds against their texts (greater, less); 4,096 by default, some 8 MB at 14,000 calls a day.</summary>
    public int DayTexts { get; init; } = 4_096;

    /// <summary>Counts of one query on one day that are remembered; 65,536 by default, some 10 MB.</summary>
    public int DayCounts { get; init; } = 65_536;

    /// <summary>Bounds by which what readers keep in memory between questions, of calls and of messages, takes about so much: each bound has its part of it. What does not fit is read again, or
    /// asked of the days; answers are the same.</summary>
    /// <param name="memory">Bytes; <see cref="UsualMemory"/> gives the defaults.</param>
    /// <param name="files">Files this process may have open at once; null for any number. See <see cref="OpenFiles"/>.</param>
    public static SqliteStoreLimits Within(long memory, long? files = null)
    {
        var usual = new SqliteStoreLimits();
        double part = (double)Math.Max(memory, LeastMemory) / UsualMemory;
        return usual with
        {
            ReaderDays = files is { } most ? Math.Min(usual.ReaderDays, OpenFiles.DaysOf(most)) : usual.ReaderDays,
            PageBytes = Of(usual.PageBytes),
            MessagePageBytes = Of(usual.MessagePageBytes),
            TextBytes = Of(usual.TextBytes),
            TextRankBytes = Of(usual.TextRankBytes),
            ProfilesKept = (int)Math.Min(int.MaxValue / 2, Of(usual.ProfilesKept)),
            SealBytes = Of(usual.SealBytes),
            MessageSealBytes = Of(usual.MessageSealBytes),
            Walks = (int)Math.Clamp(Of(usual.Walks), 64, 16_384),
            DayTexts = (int)Math.Clamp(Of(usual.DayTexts), 256, 65_536),
            DayCounts = (int)Math.Clamp(Of(usual.DayCounts), 4_096, 1_048_576),
        };

        long Of(long bound) => (long)(bound * part);
    }
}
