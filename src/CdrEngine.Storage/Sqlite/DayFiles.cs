using System.Collections.Concurrent;
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

/// <summary>Connections for reading, each with its open days: at most so many queries at once, more wait. Any thread.</summary>
/// <param name="seats">Queries at once.</param>
/// <param name="days">Days that each keeps open.</param>
/// <param name="open">Opens one; null where there is no such day.</param>
internal sealed class DayReaders(int seats, int days, Func<DateOnly, SqliteDatabase?> open) : IDisposable
{
    private readonly SemaphoreSlim _seats = new(seats);
    private readonly ConcurrentBag<OpenDays> _idle = [];
    private int _generation;

    /// <summary>A day went, or is another than it was: connections opened before do not count on it.</summary>
    public void Renew() => Interlocked.Increment(ref _generation);

    /// <summary>Runs a query. Where it throws, its connections are not used again.</summary>
    public T Read<T>(Func<OpenDays, T> query)
    {
        _seats.Wait();
        try
        {
            if (!_idle.TryTake(out OpenDays? reader)) reader = new OpenDays(days, open) { Generation = Volatile.Read(ref _generation) };
            if (reader.Generation != Volatile.Read(ref _generation))
            {
                reader.Dispose();
                reader.Generation = Volatile.Read(ref _generation);
            }

            T result;
            try
            {
                result = query(reader);
            }
            catch
            {
                reader.Dispose();
                throw;
            }

            _idle.Add(reader);
            return result;
        }
        finally
        {
            _seats.Release();
        }
    }

    /// <summary>Waits for the queries that run, and closes all.</summary>
    public void Dispose()
    {
        for (int seat = 0; seat < seats; seat++) _seats.Wait();
        while (_idle.TryTake(out OpenDays? reader)) reader.Dispose();
        _seats.Dispose();
    }
}
