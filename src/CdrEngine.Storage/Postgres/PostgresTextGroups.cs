using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Postgres;

/// <summary>Groups of texts of many days, as <see cref="Sqlite.ArchiveTexts"/> has them in files: their directories in memory, and looks into many of them at once, a question to the server for
/// each step. Any thread.</summary>
/// <param name="limits">Bytes of what was found that are kept.</param>
internal sealed class PostgresTextGroups(SqliteStoreLimits limits)
{
    /// <summary>Bytes of a part: with what the server keeps beside them they fill a page.</summary>
    public const int PartBytes = 8_000;

    // Directories, half a megabyte for 262,144 calls; of more the groups asked for longest ago are forgotten.
    private const long MostDirectories = 96L << 20;

    // Directories that are read with one question.
    private const int ReadTogether = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, Kept> _kept = [];
    private readonly TextGroupAnswers _answers = new(limits.TextBytes, limits.TextRankBytes);
    private long _held;
    private long _used;

    /// <summary>What is asked for parts of groups.</summary>
    internal const string FindParts =
        "SELECT k.place, substr(p.value, k.start::integer, k.length::integer) FROM unnest(?::date[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[]) WITH ORDINALITY k (day, number, part, start, length, place) "
        + "CROSS JOIN LATERAL (SELECT q.value FROM text_group_parts q WHERE q.day = k.day AND q.number = k.number AND q.part = k.part::integer OFFSET 0) p";

    /// <summary>The groups that tell of some days as they are.</summary>
    public PostgresGroupedDays Of(PostgresSession session, IEnumerable<StoredDay> days)
    {
        StoredDay[] grouped = [.. days.Where(static day => day.Seal != 0 && day.Texts != 0)];
        var groups = new Dictionary<long, PostgresTextGroup?>();
        var missing = new List<long>();
        lock (_lock)
        {
            foreach (long number in grouped.Select(static day => day.Texts).Distinct())
            {
                if (!_kept.TryGetValue(number, out Kept? kept)) missing.Add(number);
                else groups[number] = kept.Touch(++_used).Group;
            }
        }

        foreach (long[] numbers in missing.Chunk(ReadTogether))
        {
            foreach ((long number, PostgresTextGroup? group) in Directories(session, numbers)) groups[number] = Keep(number, group);
        }

        var found = new PostgresGroupedDays();
        foreach (StoredDay day in grouped)
        {
            if (groups.GetValueOrDefault(day.Texts) is not { } group || !group.Days.TryGetValue(day.Day, out TextGroupDay its) || its.Stamp != day.Seal) continue;
            found.Groups.TryAdd(group.Group, group);
            found.Days[day.Day] = (group.Group, its);
        }

        return found;
    }

    /// <summary>Looks for texts in groups, all of them step by step together.</summary>
    /// <param name="session">A connection, in a transaction that reads repeatably.</param>
    /// <param name="days">Days, with the groups that tell of them; damaged groups, and what they tell, are taken out.</param>
    /// <param name="groups">Those of their groups that are looked into.</param>
    /// <param name="clauses">Texts.</param>
    /// <param name="ranges">Texts that others are held against.</param>
    public PostgresFoundTexts Find(PostgresSession session, PostgresGroupedDays days, IReadOnlyCollection<TextGroup> groups, IEnumerable<TextClause> clauses, IEnumerable<TextRange> ranges)
    {
        var found = new PostgresFoundTexts();
        var looks = new List<GroupLook>();
        var keep = new List<Action>();
        TextClause[] eachClause = [.. clauses.DistinctBy(static clause => clause.Key)];
        TextRange[] eachRange = [.. ranges.Distinct()];
        foreach (TextGroup group in groups)
        {
            foreach (TextClause clause in eachClause)
            {
                GroupLook<GroupSet> look = _answers.LookFor(group, clause);
                looks.Add(look);
                keep.Add(() => found.Keep(group, clause, look.Result));
            }

            foreach (TextRange range in eachRange)
            {
                if (_answers.LookFor(group, range) is not { } look) continue;
                looks.Add(look);
                keep.Add(() => found.Keep(group, range, look.Result));
            }
        }

        foreach (TextGroup broken in Run(session, days, looks))
        {
            days.Take(broken);
            Forget(broken);
        }

        foreach (Action one in keep) one();
        return found;
    }

    /// <summary>How the calls of groups are spread over the texts of a field; null where they have none.</summary>
    /// <param name="session">A connection, in a transaction that reads repeatably.</param>
    /// <param name="days">Days, with the groups that tell of them; damaged groups, and what they tell, are taken out.</param>
    /// <param name="field">The field.</param>
    public TextSpread? SpreadOf(PostgresSession session, PostgresGroupedDays days, int field)
    {
        List<GroupLook<TextRanks>> looks = [.. days.Groups.Keys.Select(group => _answers.LookFor(group, field))];
        foreach (TextGroup broken in Run(session, days, [.. looks]))
        {
            days.Take(broken);
            Forget(broken);
        }

        return TextSpread.Of([.. looks.Select(static look => look.Result).OfType<TextRanks>().Select(static ranks => (ranks.Steps, ranks.CountSteps(null)))]);
    }

    /// <summary>Forgets groups that no day names any more.</summary>
    public void Forget(IEnumerable<StoredDay> days)
    {
        var there = days.Select(static day => day.Texts).ToHashSet();
        lock (_lock)
        {
            foreach (long gone in _kept.Keys.Where(number => !there.Contains(number)).ToArray()) Remove(gone);
            ForgetAnswers();
        }
    }

    /// <summary>Removes all groups that have a day, inside a transaction of a writer.</summary>
    public static void Drop(PostgresSession session, DateOnly day)
    {
        var gone = new List<(long Number, DateOnly Day)>();
        using (PostgresRows rows = session.Query("SELECT number, day FROM text_groups WHERE ? BETWEEN day AND last_day", day))
        {
            while (rows.Step()) gone.Add((rows.Long(0), rows.Day(1)));
        }

        foreach ((long number, DateOnly first) in gone) Drop(session, number, first);
    }

    /// <summary>Removes a group.</summary>
    /// <param name="session">A connection, in a transaction.</param>
    /// <param name="number">Its number.</param>
    /// <param name="first">Its first day.</param>
    public static void Drop(PostgresSession session, long number, DateOnly first)
    {
        session.Execute("DELETE FROM text_group_parts WHERE day = ? AND number = ?", first, number);
        session.Execute("DELETE FROM text_groups WHERE number = ?", number);
        session.Execute("UPDATE record_days SET texts = 0 WHERE texts = ?", number);
    }

    // Gives the groups that are damaged.
    private static HashSet<TextGroup> Run(PostgresSession session, PostgresGroupedDays days, List<GroupLook> looks)
    {
        var broken = new HashSet<TextGroup>(ReferenceEqualityComparer.Instance);
        List<(TextGroup Group, IEnumerator<GroupRead> Steps)> open = [.. looks.Select(static look => (look.Group, look.Steps.GetEnumerator()))];
        try
        {
            while (true)
            {
                open.RemoveAll(look => !GoesOn(look.Group, look.Steps));
                if (open.Count == 0) return broken;
                var parts = new PostgresPartsRead();
                foreach ((TextGroup group, IEnumerator<GroupRead> steps) in open) parts.Add(days.Groups[group], steps.Current);
                broken.UnionWith(parts.Read(session).Select(static group => group.Group));
            }
        }
        finally
        {
            foreach ((_, IEnumerator<GroupRead> steps) in open) steps.Dispose();
        }

        bool GoesOn(TextGroup group, IEnumerator<GroupRead> steps)
        {
            try
            {
                if (!broken.Contains(group) && steps.MoveNext()) return true;
            }
            catch (IOException)
            {
                broken.Add(group);
            }

            steps.Dispose();
            return false;
        }
    }

    private static Dictionary<long, PostgresTextGroup?> Directories(PostgresSession session, long[] numbers)
    {
        var ends = new Dictionary<long, (DateOnly Day, long Directory, long Size, MemoryStream Bytes)>();
        using (PostgresRows rows = session.Query(
            "SELECT g.number, g.day, g.directory, g.size, p.value FROM text_groups g "
            + "CROSS JOIN LATERAL (SELECT q.part, q.value FROM text_group_parts q WHERE q.day = g.day AND q.number = g.number AND q.part >= g.directory / ? OFFSET 0) p WHERE g.number = ANY (?) ORDER BY g.number, p.part",
            (long)PartBytes,
            numbers))
        {
            while (rows.Step())
            {
                if (!ends.TryGetValue(rows.Long(0), out (DateOnly Day, long Directory, long Size, MemoryStream Bytes) end))
                    ends.Add(rows.Long(0), end = (rows.Day(1), rows.Long(2), rows.Long(3), new MemoryStream()));
                end.Bytes.Write(rows.Blob(4));
            }
        }

        return numbers.ToDictionary(static number => number, number =>
        {
            if (!ends.TryGetValue(number, out (DateOnly Day, long Directory, long Size, MemoryStream Bytes) end)) return null;
            int before = (int)(end.Directory % PartBytes);
            ReadOnlySpan<byte> bytes = end.Bytes.GetBuffer().AsSpan(0, (int)end.Bytes.Length);
            return bytes.Length == end.Size - end.Directory + before && TextGroup.Read(bytes[before..], end.Size) is { } group ? new PostgresTextGroup(number, end.Day, group) : null;
        });
    }

    private PostgresTextGroup? Keep(long number, PostgresTextGroup? group)
    {
        lock (_lock)
        {
            if (_kept.TryGetValue(number, out Kept? other)) return other.Group;
            _kept.Add(number, new Kept(group).Touch(++_used));
            _held += group?.Group.Size ?? 0;
            if (_held <= MostDirectories) return group;
            while (_held > MostDirectories && _kept.Count > 1) Remove(_kept.MinBy(static pair => pair.Value.Used).Key);
            ForgetAnswers();
            return group;
        }
    }

    // One that is damaged is as if it were not there, until the next pass makes it anew.
    private void Forget(TextGroup broken)
    {
        lock (_lock)
        {
            foreach ((long number, Kept kept) in _kept.Where(pair => pair.Value.Group?.Group == broken).ToArray())
            {
                _held -= broken.Size;
                _kept[number] = new Kept(null).Touch(kept.Used);
            }

            ForgetAnswers();
        }
    }

    private void Remove(long number)
    {
        if (_kept.Remove(number, out Kept? gone)) _held -= gone.Group?.Group.Size ?? 0;
    }

    private void ForgetAnswers()
    {
        var there = _kept.Values.Select(static kept => kept.Group?.Group).OfType<TextGroup>().ToHashSet<TextGroup>(ReferenceEqualityComparer.Instance);
        _answers.Forget(there.Contains);
    }

    // A group, or that there is none that can be read.
    private sealed class Kept(PostgresTextGroup? group)
    {
        public PostgresTextGroup? Group => group;

        public long Used { get; private set; }

        public Kept Touch(long used)
        {
            Used = used;
            return this;
        }
    }
}
