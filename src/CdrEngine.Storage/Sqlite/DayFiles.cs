using System.Collections.Concurrent;
using System.Globalization;

namespace CdrEngine.Storage.Sqlite;

/// <summary>The files of a folder that hold one UTC day each. Any thread.</summary>
internal sealed class DayFiles(string folder)
{
    private const string Format = "yyyy-MM-dd";

    // Days there were once, some hundred bytes each.
    private const int MostStamped = 20_000;

    private readonly ConcurrentDictionary<DateOnly, StampedFile> _stamped = new();
    private Listed _listed = new("", []);

    public string Folder => folder;

    public string PathOf(DateOnly day) => Path.Combine(folder, day.ToString(Format, CultureInfo.InvariantCulture) + ".db");

    /// <summary>The stamp of a day's file. To be taken before it is read.</summary>
    public DayStamp StampOf(DateOnly day)
    {
        if (_stamped.TryGetValue(day, out StampedFile? file)) return file.Now();
        if (_stamped.Count >= MostStamped) _stamped.Clear();
        return _stamped.GetOrAdd(day, new StampedFile(PathOf(day))).Now();
    }

    /// <summary>The day whose file a path leads to; null where it is no such file.</summary>
    public static DateOnly? DayOf(string path) => Read(Path.GetFileNameWithoutExtension(path));

    /// <summary>A day as names of files have it; null for anything else.</summary>
    public static DateOnly? Read(string name) => DateOnly.TryParseExact(name, Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day) ? day : null;

    /// <summary>Days there are, ascending. The folder is the truth: another program may have made one. It is read again when something in it came or went.</summary>
    public List<DateOnly> List()
    {
        var stamp = DayStamp.OfFolder(folder);
        Listed known = Volatile.Read(ref _listed);
        if (stamp.IsSettled && known.Stamp == stamp.Text) return [.. known.Days];
        var days = new List<DateOnly>();
        foreach (string path in Directory.EnumerateFiles(folder, "????-??-??.db"))
        {
            if (DayOf(path) is { } day) days.Add(day);
        }

        days.Sort();
        if (stamp.IsSettled) Volatile.Write(ref _listed, new Listed(stamp.Text, [.. days]));
        return days;
    }

    private sealed record Listed(string Stamp, DateOnly[] Days);
}

/// <summary>Open connections to day files, the least used let go of first. One thread at a time.</summary>
/// <param name="capacity">Most at once.</param>
/// <param name="open">Gives one; null where there is no such day.</param>
/// <param name="letGo">Takes one that is not needed any more; null closes it.</param>
internal sealed class OpenDays(int capacity, Func<DateOnly, SqliteDatabase?> open, Action<DateOnly, SqliteDatabase>? letGo = null) : IDisposable
{
    private readonly Dictionary<DateOnly, LinkedListNode<(DateOnly Day, SqliteDatabase Database)>> _open = [];
    private readonly LinkedList<(DateOnly Day, SqliteDatabase Database)> _byUse = new();
    private readonly Dictionary<DateOnly, DayStamp> _stamps = [];

    public int Count => _open.Count;

    /// <summary>What was deleted when the query began, by day, and the stamp of that.</summary>
    public (IReadOnlyDictionary<DateOnly, HiddenDay> Days, DayStamp Stamp)? Hidden { get; set; }

    /// <summary>Groups of texts there were when the query first asked for them.</summary>
    public ArchiveTexts.Known? Groups { get; set; }

    /// <summary>What of a day was deleted when the query began.</summary>
    public HiddenDay HiddenOf(DateOnly day) => Hidden is { } hidden ? hidden.Days.GetValueOrDefault(day, HiddenDay.None) : HiddenDay.None;

    /// <summary>Changes with every deletion from a day.</summary>
    public DayStamp HiddenStampOf(DateOnly day) => Hidden is { } hidden && hidden.Days.ContainsKey(day) ? hidden.Stamp : DayStamp.Unchanging;

    /// <summary>The stamp of a day as it was when a query first asked for it: before it read anything of the day, and once for all it reads.</summary>
    public DayStamp StampOf(DateOnly day, Func<DateOnly, DayStamp> take)
    {
        if (!_stamps.TryGetValue(day, out DayStamp stamp)) _stamps.Add(day, stamp = take(day));
        return stamp;
    }

    /// <summary>The connection of a day; null where the day cannot be opened because there is no such file.</summary>
    public SqliteDatabase? Get(DateOnly day)
    {
        if (_open.TryGetValue(day, out LinkedListNode<(DateOnly Day, SqliteDatabase Database)>? node))
        {
            _byUse.Remove(node);
            _byUse.AddLast(node);
            return node.Value.Database;
        }

        if (open(day) is not { } database) return null;
        if (_open.Count >= capacity && _byUse.First is { } least) LetGo(least, letGo);
        _open.Add(day, _byUse.AddLast((day, database)));
        return database;
    }

    /// <summary>Closes a day's connection: after a failure, or before its file is removed.</summary>
    public void Close(DateOnly day)
    {
        if (_open.TryGetValue(day, out LinkedListNode<(DateOnly Day, SqliteDatabase Database)>? node)) LetGo(node, null);
    }

    /// <summary>Lets go of all that are open.</summary>
    public void LetGo()
    {
        while (_byUse.First is { } least) LetGo(least, letGo);
    }

    /// <summary>Closes all that are open.</summary>
    public void Dispose()
    {
        while (_byUse.First is { } least) LetGo(least, null);
    }

    private void LetGo(LinkedListNode<(DateOnly Day, SqliteDatabase Database)> node, Action<DateOnly, SqliteDatabase>? to)
    {
        _open.Remove(node.Value.Day);
        _byUse.Remove(node);
        if (to is null) node.Value.Database.Dispose();
        else to(node.Value.Day, node.Value.Database);
    }
}
