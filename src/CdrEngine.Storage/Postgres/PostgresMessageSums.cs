using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

/// <summary>How many messages days have by tenant, kind and outcome, in memory as long as a day stays as it is. A page far in asks for them half a dozen times, and adding them up on the server took two
/// milliseconds each time. Any thread.</summary>
internal sealed class PostgresMessageSums
{
    // A few kB each; a store of more days than that forgets all of them together.
    private const int MostDays = 4_000;

    /// <summary>Another with every change of a day <c>d</c> of <c>message_days</c>: whoever writes messages or removes some writes its row too, and the row names the transaction.</summary>
    public const string Version = "d.xmin::text::bigint";

    private readonly Lock _lock = new();
    private readonly Dictionary<DateOnly, (long Version, MessageSums Sums)> _days = [];
    private long _read;

    /// <summary>Days so far whose sums were read: for tests.</summary>
    public long Read => Interlocked.Read(ref _read);

    /// <summary>How many messages of each of some days meet what a query asks of sums; days without any are left out.</summary>
    public Dictionary<DateOnly, long> Of(PostgresSession session, IReadOnlyList<StoredDay> days, MessageQuery query)
    {
        var sums = new Dictionary<DateOnly, long>(days.Count);
        var missing = new List<DateOnly>();
        lock (_lock)
        {
            foreach (StoredDay day in days)
            {
                if (!_days.TryGetValue(day.Day, out (long Version, MessageSums Sums) known) || known.Version != day.Version) missing.Add(day.Day);
                else Add(day.Day, known.Sums);
            }
        }

        if (missing.Count == 0) return sums;
        foreach ((DateOnly day, MessageSums its) in Known(session, missing)) Add(day, its);
        return sums;

        void Add(DateOnly day, MessageSums its)
        {
            if (its.Of(query) is > 0 and var messages) sums[day] = messages;
        }
    }

    // With the version that they are of, which is read with them.
    private List<(DateOnly Day, MessageSums Sums)> Known(PostgresSession session, List<DateOnly> days)
    {
        var read = new Dictionary<DateOnly, (long Version, List<MessageSum> Sums)>();
        using (PostgresRows rows = session.Query(
            $"SELECT d.day, {Version}, o.tenant, o.kind::bigint, o.outcome::bigint, o.in_call::bigint, o.messages FROM message_days d LEFT JOIN message_counts o ON o.day = d.day AND o.messages > 0 WHERE d.day = ANY (?)",
            (object)days.ToArray()))
        {
            while (rows.Step())
            {
                if (!read.TryGetValue(rows.Day(0), out (long Version, List<MessageSum> Sums) its)) read.Add(rows.Day(0), its = (rows.Long(1), []));
                if (!rows.IsNull(2)) its.Sums.Add(new MessageSum(rows.Text(2), (MessageKind)rows.Long(3), (MessageOutcome)rows.Long(4), rows.Long(5) != 0, rows.Long(6)));
            }
        }

        Interlocked.Add(ref _read, read.Count);
        var found = new List<(DateOnly, MessageSums)>(read.Count);
        lock (_lock)
        {
            if (_days.Count + read.Count > MostDays) _days.Clear();
            foreach ((DateOnly day, (long version, List<MessageSum> its)) in read)
            {
                var sums = new MessageSums(its, MessageSums.None.Conversations);
                _days[day] = (version, sums);
                found.Add((day, sums));
            }
        }

        return found;
    }
}
