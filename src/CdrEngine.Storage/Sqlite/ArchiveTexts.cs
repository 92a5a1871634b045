using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Which calls of all sealed days have which texts: groups of days, each a file of its own in a folder beside them. Made in the background; what a group tells of a day counts as long
/// as the day is in the state that it was in then. Any thread, any number of programs.</summary>
/// <param name="folder">Folder of the days.</param>
/// <param name="mostKept">Bytes of what texts were found in, in memory.</param>
/// <param name="mostRanks">Bytes of texts in order, in memory.</param>
internal sealed class ArchiveTexts(string folder, long mostKept, long mostRanks) : IDisposable
{
    /// <summary>Its folder, in that of the days.</summary>
    public const string FolderName = "texts";

    private const string Extension = ".group";
    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(1);

    private readonly string _folder = Path.Combine(folder, FolderName);
    private readonly Lock _lock = new();
    private readonly TextGroupAnswers _answers = new(mostKept, mostRanks);
    private Known _known = new("", [], new Dictionary<DateOnly, (TextGroup, TextGroupDay)>());
    private bool _disposed;

    /// <summary>The calls of a group that have one of some texts.</summary>
    public GroupSet SetOf(TextGroup group, TextClause clause)
    {
        GroupLook<GroupSet> look = _answers.LookFor(group, clause);
        group.Run(look.Steps);
        return look.Result!;
    }

    /// <summary>The calls of a group that meet what their texts are held against; null where groups do not tell.</summary>
    /// <param name="group">The group.</param>
    /// <param name="range">What they are held against.</param>
    /// <param name="and">What the same texts are held against as well, by their order as <paramref name="range"/> is; null for nothing.</param>
    public RangedPlaces? MeetingOf(TextGroup group, TextRange range, TextRange? and = null)
    {
        if (_answers.LookFor(group, range, and) is not { } look) return null;
        group.Run(look.Steps);
        return look.Result;
    }

    /// <summary>Which text of a field each call of a group has; null where that is not told.</summary>
    public TextRanks? RanksOf(TextGroup group, int field)
    {
        GroupLook<TextRanks> look = _answers.LookFor(group, field);
        group.Run(look.Steps);
        return look.Result;
    }

    /// <summary>Removes every group that has a day.</summary>
    /// <exception cref="IOException">One cannot be removed.</exception>
    public void Forget(DateOnly day)
    {
        foreach (string path in Files())
        {
            if (DaysOf(path) is { } days && day >= days.First && day <= days.Last) File.Delete(path);
        }
    }

    /// <summary>Makes groups of the days there are, and removes those that tell of others.</summary>
    /// <param name="days">Days that are sealed, ascending.</param>
    /// <param name="load">Gives the segments of a day, with their places from a first on; null where it is in another state by now.</param>
    /// <param name="isStill">Whether a day is in the same state.</param>
    /// <param name="stop">Ends it early.</param>
    /// <returns>How many were made.</returns>
    public int Maintain(IReadOnlyList<ArchiveDay> days, Func<ArchiveDay, int, List<TextGroupSource>?> load, Func<ArchiveDay, bool> isStill, CancellationToken stop)
    {
        if (days.Count > 0) Directory.CreateDirectory(_folder);
        int made = 0;
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        foreach (List<ArchiveDay> group in TextGroupPlan.Divide(days, Now().Groups.Values.Select(static group => group.Days)))
        {
            string path = PathOf(group);
            wanted.Add(path);
            if (File.Exists(path) && TextGroup.Open(path) is { } there)
            {
                there.Dispose();
                continue;
            }

            if (stop.IsCancellationRequested) return made;
            if (Make(path, group, load, isStill, stop)) made++;
        }

        foreach (string path in Files())
        {
            // Another program may be at work on one.
            if (!wanted.Contains(path) && (path.EndsWith(Extension, StringComparison.Ordinal) || DateTime.UtcNow - File.GetLastWriteTimeUtc(path) > Abandoned)) File.Delete(path);
        }

        return made;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (TextGroup group in _known.Groups.Values) group.Dispose();
            _answers.Forget(static _ => false);
        }
    }

    private static bool Make(string path, List<ArchiveDay> group, Func<ArchiveDay, int, List<TextGroupSource>?> load, Func<ArchiveDay, bool> isStill, CancellationToken stop)
    {
        if (TextGroupPlan.Gather(group, load, stop) is not ({ } days, { } sources)) return false;
        string made = string.Create(CultureInfo.InvariantCulture, $"{path}.{Environment.ProcessId}.new");
        File.Delete(made);
        try
        {
            TextGroupWriter.Write(made, days, sources, stop);
            File.Move(made, path, overwrite: true);
        }
        catch (Exception e) when (e is OperationCanceledException or FileNotFoundException)
        {
            // Ended early, or taken away since a day of it went.
            File.Delete(made);
            return false;
        }
        catch
        {
            File.Delete(made);
            throw;
        }

        // What was purged of a day meanwhile is in none, and none is left of a day that went.
        if (group.TrueForAll(day => isStill(day))) return true;
        File.Delete(path);
        return false;
    }

    // Whoever makes the same of the same days gives it the same name.
    private string PathOf(List<ArchiveDay> group)
    {
        ulong sum = Fnv1a.Empty;
        foreach (ArchiveDay day in group) sum = Fnv1a.Add(sum, unchecked((ulong)day.Stamp) ^ ((ulong)day.Day.DayNumber << 32));
        return Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{group[0].Day:yyyy-MM-dd}_{group[^1].Day:yyyy-MM-dd}_{sum:x16}{Extension}"));
    }

    private static (DateOnly First, DateOnly Last)? DaysOf(string path)
    {
        string[] parts = Path.GetFileName(path).Split('_');
        return parts.Length >= 2 && DayFiles.Read(parts[0]) is { } first && DayFiles.Read(parts[1]) is { } last ? (first, last) : null;
    }

    // Those that somebody began and did not end are among them.
    private string[] Files() => Directory.Exists(_folder) ? Directory.GetFiles(_folder, $"*{Extension}*") : [];

    /// <summary>The groups there are now.</summary>
    public Known Now()
    {
        Known known = Volatile.Read(ref _known);
        if (!Directory.Exists(_folder)) return known.Groups.Count == 0 ? known : Replace(new Known("", [], new Dictionary<DateOnly, (TextGroup, TextGroupDay)>()));
        var stamp = DayStamp.OfFolder(_folder);
        if (known.Stamp == stamp.Text) return known;
        lock (_lock)
        {
            if (_disposed || _known.Stamp == stamp.Text) return _known;
            var groups = new SortedDictionary<string, TextGroup>(StringComparer.Ordinal);
            var days = new Dictionary<DateOnly, (TextGroup, TextGroupDay)>();
            foreach (string path in Files().Where(static path => path.EndsWith(Extension, StringComparison.Ordinal)))
            {
                if ((_known.Groups.GetValueOrDefault(path) ?? TextGroup.Open(path)) is not { } group) continue;
                groups.Add(path, group);
                foreach (TextGroupDay day in group.Days) days[day.Day] = (group, day);
            }

            return Replace(new Known(stamp.IsSettled ? stamp.Text : "", groups, days));
        }
    }

    // Files that went are closed when nobody reads them any more, which the collector sees.
    private Known Replace(Known known)
    {
        lock (_lock)
        {
            var there = known.Groups.Values.ToHashSet();
            if (!there.IsSupersetOf(_known.Groups.Values)) _answers.Forget(there.Contains);
            Volatile.Write(ref _known, known);
        }

        return known;
    }

    /// <summary>Groups as they were at one time.</summary>
    /// <param name="Stamp">When; empty where something may have changed since.</param>
    /// <param name="Groups">They, by their files.</param>
    /// <param name="Days">Days they have.</param>
    internal sealed record Known(string Stamp, SortedDictionary<string, TextGroup> Groups, Dictionary<DateOnly, (TextGroup Group, TextGroupDay Day)> Days)
    {
        /// <summary>The group of a day that was in this state, and its place there; null for none.</summary>
        public (TextGroup Group, TextGroupDay Day)? Find(DateOnly day, long stamp) =>
            Days.TryGetValue(day, out (TextGroup Group, TextGroupDay Day) found) && found.Day.Stamp == stamp ? found : null;
    }
}
