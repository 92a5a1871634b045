using CdrEngine.Storage.Texts;
using Npgsql;
using NpgsqlTypes;

namespace CdrEngine.Storage.Postgres;

/// <summary>Puts the texts of days that are over together to groups, each of days of one month, one group in a transaction. What is in memory at once: the texts of a group. One thread; several
/// programs wait for each other.</summary>
/// <param name="database">The server.</param>
/// <param name="records">Name that the writers of records wait for each other by.</param>
/// <param name="groups">What tells which groups can be read.</param>
internal sealed class PostgresTextGroupMaker(PostgresDatabase database, string records, PostgresTextGroups groups)
{
    private const string Maker = "texts";

    // Days whose texts cannot be read.
    private readonly HashSet<DateOnly> _unreadable = [];

    private DateOnly? _begun;

    /// <summary>Makes what is missing, and removes what no day wants any more.</summary>
    /// <param name="stop">Ends it early.</param>
    /// <returns>How many groups were made.</returns>
    public int Make(CancellationToken stop)
    {
        int made = 0;
        while (!stop.IsCancellationRequested && MakeNext(stop)) made++;
        return made;
    }

    // False where nothing is left to be made, or something changed meanwhile: the next pass sees to it.
    private bool MakeNext(CancellationToken stop)
    {
        _begun = null;
        bool made = false;
        try
        {
            database.Transact(
                Maker,
                session =>
                {
                    made = MakeNext(session, stop);

                    // Kept also where nothing was made: what no day wants was removed.
                    return made || _begun is null;
                },
                isLong: true);
        }
        catch (OperationCanceledException)
        {
            // Ended early.
            return false;
        }
        finally
        {
            // What was begun is in no row, and yet in the file: it may be of a call that was purged meanwhile.
            if (!made && _begun is { } month)
                database.Transact(records, session => PostgresScrubbing.Note(session, [PostgresSchema.MonthPartition("text_group_parts", month)]));
        }

        return made;
    }

    private bool MakeNext(PostgresSession session, CancellationToken stop)
    {
        List<(ArchiveDay Day, StoredDay Stored)> days = DaysOf(session);
        PostgresGroupedDays there = groups.Of(session, days.Select(static day => day.Stored));

        // One of which a day is gone, or another by now, is none any more.
        Dictionary<TextGroup, PostgresTextGroup> whole = there.Groups.Where(pair => pair.Key.Days.All(its => there.Days.TryGetValue(its.Day, out (TextGroup Group, TextGroupDay Day) found) && found.Group == pair.Key))
            .ToDictionary();
        var wanted = new HashSet<long>();
        foreach (IGrouping<(int Year, int Month), ArchiveDay> month in days.Select(static day => day.Day).Where(day => !_unreadable.Contains(day.Day)).GroupBy(static day => (day.Day.Year, day.Day.Month)))
        {
            ArchiveDay[] its = [.. month];
            foreach (List<ArchiveDay> group in TextGroupPlan.Divide(its, whole.Keys.Where(each => its.Any(day => day.Day == each.Days[0].Day)).Select(static each => each.Days)))
            {
                PostgresTextGroup? made = there.Days.TryGetValue(group[0].Day, out (TextGroup Group, TextGroupDay) first) ? whole.GetValueOrDefault(first.Group) : null;
                if (made is not null && made.Group.Days.Select(static day => (day.Day, day.Stamp)).SequenceEqual(group.Select(static day => (day.Day, day.Stamp))) && IsComplete(session, made)) wanted.Add(made.Number);
                else return Make(session, group, stop);
            }
        }

        Tidy(session, wanted);
        return false;
    }

    private bool Make(PostgresSession session, List<ArchiveDay> group, CancellationToken stop)
    {
        // Without the day that cannot be read, which is noted.
        if (TextGroupPlan.Gather(group, (day, begin) => Load(session, day, begin), stop) is not ({ } days, { } sources)) return !stop.IsCancellationRequested && MakeNext(session, stop);
        DateOnly first = group[0].Day;
        PostgresSchema.EnsureMonth(session, ["text_group_parts"], first);
        long number = session.Scalar("SELECT nextval('text_numbers')");
        _begun = first;
        (long directory, long size) = Write(session, first, number, days, sources, stop);
        session.Execute(
            "INSERT INTO text_groups (number, day, last_day, days, directory, size) VALUES (?, ?, ?, ?, ?, ?)", number, first, group[^1].Day, (long)group.Count, directory, size);

        // What was purged of a day meanwhile is in none, and none is left of a day that went.
        database.Lock(session, records);
        return session.Execute(
            "UPDATE record_days d SET texts = ? FROM unnest(?::date[], ?::bigint[]) u (day, seal) WHERE d.day = u.day AND d.seal = u.seal",
            number,
            group.Select(static day => day.Day).ToArray(),
            group.Select(static day => day.Stamp).ToArray()) == group.Count;
    }

    private static List<(ArchiveDay Day, StoredDay Stored)> DaysOf(PostgresSession session)
    {
        var days = new List<(ArchiveDay, StoredDay)>();
        using PostgresRows rows = session.Query(
            "SELECT d.day, d.last_document, d.version, d.hidden, d.seal, d.texts, min(s.first_document), max(s.last_document) FROM record_days d JOIN text_segments s ON s.day = d.day "
            + "WHERE d.seal <> 0 GROUP BY d.day ORDER BY d.day");
        while (rows.Step())
        {
            var stored = new StoredDay(rows.Day(0), rows.Long(1), rows.Long(2), rows.Long(3)) { Seal = rows.Long(4), Texts = rows.Long(5) };
            long first = rows.Long(6), span = rows.Long(7) - first + 1;
            if (span is > 0 and < int.MaxValue) days.Add((new ArchiveDay(stored.Day, stored.Seal, first, (int)span), stored));
        }

        return days;
    }

    // All parts are there; what they hold is as the server keeps it.
    private static bool IsComplete(PostgresSession session, PostgresTextGroup group) =>
        session.Scalar("SELECT count(*) FROM text_group_parts p WHERE p.day = ? AND p.number = ?", group.First, group.Number)
        == session.Scalar($"SELECT (g.size + {PostgresTextGroups.PartBytes} - 1) / {PostgresTextGroups.PartBytes} FROM text_groups g WHERE g.number = ?", group.Number);

    private List<TextGroupSource>? Load(PostgresSession session, ArchiveDay day, int begin)
    {
        var sources = new List<TextGroupSource>();
        if (!PostgresTexts.Segments(session, [day.Day], PostgresTextSource.Calls).TryGetValue(day.Day, out List<PostgresTexts.Segment>? segments)) segments = [];
        foreach (PostgresTexts.Segment segment in segments)
        {
            if (TextLookup.FieldEnds(segment.Fields) is not { } fields)
            {
                _unreadable.Add(day.Day);
                return null;
            }

            var source = new TextGroupSource(begin + (int)(segment.First - day.First));
            using PostgresRows rows = session.Query("SELECT t.texts, t.calls FROM text_terms t WHERE t.day = ? AND t.segment = ? ORDER BY t.chunk", day.Day, segment.Number);
            while (rows.Step()) source.Add(rows.Blob(0), rows.Blob(1), fields);
            sources.Add(source);
        }

        sources.Add(FieldsOf(session, day).ToSource(begin));
        return sources;
    }

    // What groups have of a day beside its segments.
    private static FieldTexts FieldsOf(PostgresSession session, ArchiveDay day)
    {
        var texts = new FieldTexts();
        using PostgresRows rows = session.Query(
            "SELECT c.document, c.caller_ip, c.callee_ip, d.sip_call_id FROM calls c JOIN call_documents d ON d.day = c.day AND d.document = c.document WHERE c.day = ? AND d.day = ?", day.Day, day.Day);
        while (rows.Step())
        {
            if (rows.Long(0) - day.First is var place && (place < 0 || place >= day.Span)) continue;
            if (rows.BlobOrNull(1) is { } caller) texts.AddAddress(caller, (int)place);
            if (rows.BlobOrNull(2) is { } callee) texts.AddAddress(callee, (int)place);
            texts.AddCallId(rows.Text(3), (int)place);
        }

        return texts;
    }

    private static (long Directory, long Size) Write(PostgresSession session, DateOnly first, long number, List<TextGroupDay> days, List<TextGroupSource> sources, CancellationToken stop)
    {
        using NpgsqlBinaryImporter rows = session.Connection.BeginBinaryImport("COPY text_group_parts (day, number, part, value) FROM STDIN (FORMAT BINARY)");
        int part = 0;
        (long Directory, long Size) written;
        using (var parts = new PartStream(PostgresTextGroups.PartBytes, Put)) written = TextGroupWriter.Write(parts, days, sources, stop);
        rows.Complete();
        return written;

        void Put(byte[] bytes)
        {
            rows.StartRow();
            rows.Write(first, NpgsqlDbType.Date);
            rows.Write(number, NpgsqlDbType.Bigint);
            rows.Write(part++, NpgsqlDbType.Integer);
            rows.Write(bytes, NpgsqlDbType.Bytea);
        }
    }

    // Groups that were put together anew, and those of days that are no more.
    private static void Tidy(PostgresSession session, HashSet<long> wanted)
    {
        var gone = new List<(long Number, DateOnly Day)>();
        using (PostgresRows rows = session.Query("SELECT number, day FROM text_groups WHERE number <> ALL (?)", (object)wanted.ToArray()))
        {
            while (rows.Step()) gone.Add((rows.Long(0), rows.Day(1)));
        }

        foreach ((long number, DateOnly day) in gone) PostgresTextGroups.Drop(session, number, day);
    }
}
