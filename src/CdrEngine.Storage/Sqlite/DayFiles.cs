using System.Globalization;

namespace CdrEngine.Storage.Sqlite;

/// <summary>The files of a folder that hold one UTC day each.</summary>
internal sealed class DayFiles(string folder)
{
    private const string Format = "yyyy-MM-dd";

    public string Folder => folder;

    public string PathOf(DateOnly day) => Path.Combine(folder, day.ToString(Format, CultureInfo.InvariantCulture) + ".db");

    /// <summary>Days there are, ascending. The folder is the truth: another program may have made one.</summary>
    public List<DateOnly> List()
    {
        var days = new List<DateOnly>();
        foreach (string path in Directory.EnumerateFiles(folder, "????-??-??.db"))
        {
            if (DateOnly.TryParseExact(Path.GetFileNameWithoutExtension(path), Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day))
                days.Add(day);
        }

        days.Sort();
        return days;
    }
}

/// <summary>Open connections to day files, the least used closed first. One thread at a time.</summary>
internal sealed class OpenDays(int capacity, Func<DateOnly, SqliteDatabase?> open) : IDisposable
{
    private readonly Dictionary<DateOnly, LinkedListNode<(DateOnly Day, SqliteDatabase Database)>> _open = [];
    private readonly LinkedList<(DateOnly Day, SqliteDatabase Database)> _byUse = new();

    public int Count => _open.Count;

    /// <summary>How many days had been dropped when these were opened.</summary>
    public int Generation { get; set; }

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
        if (_open.Count >= capacity && _byUse.First is { } least) Close(least.Value.Day);
        _open.Add(day, _byUse.AddLast((day, database)));
        return database;
    }

    /// <summary>Closes a day's connection: after a failure, or before its file is removed.</summary>
    public void Close(DateOnly day)
    {
        if (!_open.Remove(day, out LinkedListNode<(DateOnly Day, SqliteDatabase Database)>? node)) return;
        _byUse.Remove(node);
        node.Value.Database.Dispose();
    }

    public void Dispose()
    {
        foreach ((_, SqliteDatabase database) in _byUse) database.Dispose();
        _byUse.Clear();
        _open.Clear();
    }
}
