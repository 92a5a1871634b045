using System.Globalization;
using CdrEngine.Calls.Totals;

namespace CdrEngine.Storage.Sqlite;

/// <summary>What is known of a day without looking at its calls.</summary>
/// <param name="Last">The last document stored; 0 without calls.</param>
/// <param name="Profiles">Profiles that calls have which were not deleted.</param>
/// <param name="Sums">Their sums, in the same order.</param>
/// <param name="IsSealed">Whether it has the further indexes of days that are over.</param>
internal sealed record DayFigures(long Last, CallProfile[] Profiles, CallSums[] Sums, bool IsSealed)
{
    /// <summary>The sums of the calls that meet a filter.</summary>
    public CallSums Of(ProfileFilter filter)
    {
        CallSums all = default;
        for (int i = 0; i < Profiles.Length; i++)
        {
            if (filter.Meets(Profiles[i])) all.Add(Sums[i]);
        }

        return all;
    }
}

/// <summary>Tells one state of a day from any other, by its files.</summary>
/// <param name="Text">Differs where anything was written between.</param>
/// <param name="IsSettled">Whether the last write is long enough ago that one more would show: what is read in the same tick of the file system's clock as something is
/// written may be older than its stamp says.</param>
internal readonly record struct DayStamp(string Text, bool IsSettled)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    /// <summary>The stamp of a database and its log. To be taken before it is read.</summary>
    public static DayStamp Of(string path)
    {
        var file = new FileInfo(path);
        var log = new FileInfo(path + "-wal");
        DateTime written = file.Exists ? file.LastWriteTimeUtc : default, logged = log.Exists ? log.LastWriteTimeUtc : default;
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{written.Ticks}/{(file.Exists ? file.Length : 0)}/{logged.Ticks}/{(log.Exists ? log.Length : 0)}");
        return new DayStamp(text, DateTime.UtcNow - (logged > written ? logged : written) > Tick);
    }

    /// <summary>Both together.</summary>
    public DayStamp And(DayStamp other) => new($"{Text}|{other.Text}", IsSettled && other.IsSettled);
}

/// <summary>The figures of days, as long as nothing is written to them; the day asked for longest ago is forgotten first. Any thread.</summary>
/// <param name="capacity">Profiles of all days together.</param>
internal sealed class FiguresKept(int capacity)
{
    private readonly Dictionary<DateOnly, LinkedListNode<(DateOnly Day, string Stamp, DayFigures Figures)>> _kept = [];
    private readonly LinkedList<(DateOnly Day, string Stamp, DayFigures Figures)> _byUse = new();
    private readonly Lock _lock = new();
    private int _profiles;

    /// <summary>The figures of a day in this state; null where they are not known.</summary>
    public DayFigures? Find(DateOnly day, DayStamp stamp)
    {
        lock (_lock)
        {
            if (!_kept.TryGetValue(day, out LinkedListNode<(DateOnly Day, string Stamp, DayFigures Figures)>? node) || node.Value.Stamp != stamp.Text) return null;
            _byUse.Remove(node);
            _byUse.AddLast(node);
            return node.Value.Figures;
        }
    }

    /// <summary>Keeps figures, where their day is not being written to.</summary>
    public void Keep(DateOnly day, DayStamp stamp, DayFigures figures)
    {
        if (!stamp.IsSettled || figures.Profiles.Length > capacity / 4) return;
        lock (_lock)
        {
            if (_kept.TryGetValue(day, out LinkedListNode<(DateOnly Day, string Stamp, DayFigures Figures)>? old)) Remove(old);
            while (_profiles + figures.Profiles.Length > capacity && _byUse.First is { } least) Remove(least);
            _kept.Add(day, _byUse.AddLast((day, stamp.Text, figures)));
            _profiles += figures.Profiles.Length + 1;
        }
    }

    private void Remove(LinkedListNode<(DateOnly Day, string Stamp, DayFigures Figures)> node)
    {
        _kept.Remove(node.Value.Day);
        _byUse.Remove(node);
        _profiles -= node.Value.Figures.Profiles.Length + 1;
    }
}
