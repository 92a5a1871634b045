using System.Globalization;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Tells one state of a day from any other, by its files.</summary>
/// <param name="Text">Differs where anything was written between.</param>
/// <param name="IsSettled">Whether the last write is long enough ago that one more would show: what is read in the same tick of the file system's clock as something is
/// written may be older than its stamp says.</param>
internal readonly record struct DayStamp(string Text, bool IsSettled)
{
    /// <summary>The stamp of what never changes.</summary>
    public static readonly DayStamp Unchanging = new("", true);

    /// <summary>The stamp of a database and its log. To be taken before it is read.</summary>
    public static DayStamp Of(string path) => new StampedFile(path).Now();

    /// <summary>The stamp of what files there are in a folder. To be taken before it is read.</summary>
    public static DayStamp OfFolder(string folder)
    {
        DateTime written = Directory.GetLastWriteTimeUtc(folder);
        return new DayStamp(string.Create(CultureInfo.InvariantCulture, $"{written.Ticks}"), DateTime.UtcNow - written > StampedFile.Tick);
    }

    /// <summary>Both together.</summary>
    public DayStamp And(DayStamp other) => other.Text.Length == 0 ? this with { IsSettled = IsSettled && other.IsSettled } : new($"{Text}|{other.Text}", IsSettled && other.IsSettled);
}

/// <summary>A database whose stamps are taken again and again: as long as it stays as it is, nothing is made for one. Any thread.</summary>
/// <param name="path">The database.</param>
internal sealed class StampedFile(string path)
{
    /// <summary>What is written within this time may not show.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private const long NanosecondsPerTick = 100;

    private readonly byte[] _path = Sqlite3.ZeroEnded(path);
    private readonly byte[] _log = Sqlite3.ZeroEnded(path + "-wal");
    private Seen _seen = new(-1, -1, "");

    /// <summary>Its stamp. To be taken before it is read.</summary>
    public DayStamp Now()
    {
        // Of a file that is missing some time long ago. Whatever is written changes one of the two times; two looks at the file system, no more, since a list may be about
        // thousands of days. A log comes with the first connection and goes with the last: one with nothing in it is none.
        long written = FileTimes.Of(_path).Written;
        (long logged, long size) = FileTimes.Of(_log);
        if (size == 0) logged = 0;
        Seen seen = Volatile.Read(ref _seen);
        if (seen.Written != written || seen.Logged != logged) Volatile.Write(ref _seen, seen = new Seen(written, logged, string.Create(CultureInfo.InvariantCulture, $"{written}/{logged}")));
        long now = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * NanosecondsPerTick;
        return new DayStamp(seen.Text, now - Math.Max(logged, written) > Tick.Ticks * NanosecondsPerTick);
    }

    private sealed record Seen(long Written, long Logged, string Text);
}
