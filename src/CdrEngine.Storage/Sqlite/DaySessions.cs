namespace CdrEngine.Storage.Sqlite;

/// <summary>Which calls of a day are of the same session. Immutable.</summary>
internal sealed class DaySessions
{
    // Places that name a session, ascending, and the group of each; the places of each group; the call that it is named after and 1, or 0 where that is of another day.
    private readonly int[] _places;
    private readonly int[] _groups;
    private readonly int[] _members;
    private readonly int[] _ends;
    private readonly int[] _roots;

    private DaySessions(int[] places, int[] groups, int[] members, int[] ends, int[] roots) => (_places, _groups, _members, _ends, _roots) = (places, groups, members, ends, roots);

    /// <summary>Memory it takes, bytes.</summary>
    public long Size => sizeof(int) * ((long)_places.Length + _groups.Length + _members.Length + _ends.Length + _roots.Length);

    /// <summary>Reads what <see cref="DayCallsBytes"/> makes; null for anything else.</summary>
    public static DaySessions? Read(BinaryReader reader, int places)
    {
        int count = reader.Read7BitEncodedInt();
        if (count < 0 || count > places) return null;
        int[] ends = new int[count], roots = new int[count];
        var members = new List<int>(count);
        var groups = new List<int>(count);
        for (int group = 0; group < count; group++)
        {
            roots[group] = reader.Read7BitEncodedInt();
            int calls = reader.Read7BitEncodedInt();
            if (roots[group] < 0 || roots[group] > places || calls < 0 || calls > places) return null;
            for (int i = 0; i < calls; i++)
            {
                int place = reader.Read7BitEncodedInt();
                if (place < 0 || place >= places) return null;
                members.Add(place);
                groups.Add(group);
            }

            ends[group] = members.Count;
        }

        int[] named = [.. members], of = [.. groups];
        Array.Sort(named, of);
        return new DaySessions(named, of, [.. members], ends, roots);
    }

    /// <summary>Adds the others of the session that a call names.</summary>
    /// <param name="place">The call.</param>
    /// <param name="seen">Calls that there are already.</param>
    /// <param name="found">Where they are added.</param>
    public void AddOf(int place, HashSet<int> seen, List<int> found)
    {
        int i = Array.BinarySearch(_places, place);
        if (i < 0) return;
        int group = _groups[i];
        if (_roots[group] > 0 && seen.Add(_roots[group] - 1)) found.Add(_roots[group] - 1);
        for (int at = group == 0 ? 0 : _ends[group - 1]; at < _ends[group]; at++)
        {
            if (seen.Add(_members[at])) found.Add(_members[at]);
        }
    }
}
