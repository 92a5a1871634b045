using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Lists against an obvious oracle: all records in memory, filtered and sorted by LINQ.</summary>
public abstract class CallListTests(CallListTests.Archive archive)
{
    private protected abstract StorePlace NewPlace();

    public static TheoryData<CallSort, bool> Orders
    {
        get
        {
            var data = new TheoryData<CallSort, bool>();
            foreach (CallSort sort in Enum.GetValues<CallSort>())
            {
                data.Add(sort, true);
                data.Add(sort, false);
            }

            return data;
        }
    }

    public static TheoryData<string> Filters => new(Queries.Keys);

    private static readonly SortedDictionary<string, (CallQuery Query, Func<StoredCall, bool> Matches)> Queries = new(StringComparer.Ordinal)
    {
        ["none"] = (new CallQuery(), _ => true),
        ["from"] = (new CallQuery { From = At(30) }, call => call.Record.StartedAt >= At(30)),
        ["to"] = (new CallQuery { To = At(30) }, call => call.Record.StartedAt < At(30)),
        ["from-to"] = (new CallQuery { From = At(20), To = At(50) }, call => call.Record.StartedAt >= At(20) && call.Record.StartedAt < At(50)),
        ["number-prefix"] = (new CallQuery { Number = "+1007*" }, call => Numbers(call).Any(number => Begins(number, "+1007"))),
        ["number-short-prefix"] = (new CallQuery { Number = "+*" }, call => Numbers(call).Any(number => Begins(number, "+"))),
        ["number-star"] = (new CallQuery { Number = "*" }, _ => true),
        ["dialled-exact"] = (new CallQuery { Number = "111" }, call => Numbers(call).Contains("111")),
        ["caller-prefix"] = (new CallQuery { Caller = "+1012*" }, call => Begins(call.Record.Caller.Number, "+1012")),
        ["caller-common-prefix"] = (new CallQuery { Caller = "+10*" }, call => Begins(call.Record.Caller.Number, "+10")),
        ["callee-prefix"] = (new CallQuery { Callee = "+44012*" }, call => Begins(call.Record.Callee.Number, "+44012") || Begins(call.Record.Dialled, "+44012")),
        ["callee-exact"] = (new CallQuery { Callee = "120" }, call => call.Record.Callee.Number == "120" || call.Record.Dialled == "120"),
        ["caller-and-callee"] = (new CallQuery { Caller = "+10*", Callee = "+440*" },
            call => Begins(call.Record.Caller.Number, "+10") && (Begins(call.Record.Callee.Number, "+440") || Begins(call.Record.Dialled, "+440"))),
        ["number-and-time"] = (new CallQuery { Number = "+10*", From = At(10), To = At(60) },
            call => Numbers(call).Any(number => Begins(number, "+10")) && call.Record.StartedAt >= At(10) && call.Record.StartedAt < At(60)),
        ["exact-and-time"] = (new CallQuery { Callee = "120", From = At(10), To = At(60) },
            call => (call.Record.Callee.Number == "120" || call.Record.Dialled == "120") && call.Record.StartedAt >= At(10) && call.Record.StartedAt < At(60)),
        ["address-v4"] = (new CallQuery { Address = IpAddress.FromV4(0x0A000003) }, call => Addresses(call).Contains(IpAddress.FromV4(0x0A000003))),
        ["address-v6"] = (new CallQuery { Address = new IpAddress(0x2001_0db8_0000_0000, 3) },
            call => Addresses(call).Contains(new IpAddress(0x2001_0db8_0000_0000, 3))),
        ["dispositions"] = (new CallQuery { Dispositions = [Disposition.Busy, Disposition.NoAnswer] },
            call => call.Record.Disposition is Disposition.Busy or Disposition.NoAnswer),
        ["direction"] = (new CallQuery { Direction = CallDirection.Inbound }, call => call.Record.Direction == CallDirection.Inbound),
        ["codec"] = (new CallQuery { Codec = "PCMU" }, call => CodecsOf(call).Contains("PCMU/8000")),
        ["codec-rate"] = (new CallQuery { Codec = "OPUS/48000" }, call => CodecsOf(call).Contains("opus/48000")),
        ["codec-part"] = (new CallQuery { Codec = "PCM" }, _ => false),
        ["mos"] = (new CallQuery { MosBelow = 2.5 }, call => call.Record.Streams.Any(stream => stream.Mos < 2.5)),
        ["flags"] = (new CallQuery { Flags = CallFlags.MissingBye | CallFlags.OneWayAudio },
            call => call.Record.Flags.HasFlag(CallFlags.MissingBye | CallFlags.OneWayAudio)),
        ["duration"] = (new CallQuery { DurationMin = TimeSpan.FromSeconds(5), DurationMax = TimeSpan.FromSeconds(7) },
            call => call.Record.Duration >= TimeSpan.FromSeconds(5) && call.Record.Duration <= TimeSpan.FromSeconds(7)),
        ["text"] = (new CallQuery { Text = "ame 17 \"ÜNÏ" }, call => call.Record.Caller.Name!.StartsWith("Name 17 ", StringComparison.Ordinal)
            || call.Record.Callee.Name!.StartsWith("Name 17 ", StringComparison.Ordinal)),
        ["text-agent"] = (new CallQuery { Text = "phone/3" }, call => call.Record.Caller.UserAgent == "Phone/3.1" || call.Record.Callee.UserAgent == "Phone/3.1"),
        ["text-wildcards"] = (new CallQuery { Text = "%_%" }, _ => false),
        ["tenant"] = (new CallQuery { Tenant = "acme" }, call => call.Tenant == "acme"),
        ["all-at-once"] = (new CallQuery { Tenant = "acme", Caller = "+10*", Dispositions = [Disposition.Answered], Codec = "pcma", From = At(5) },
            call => call.Tenant == "acme" && Begins(call.Record.Caller.Number, "+10") && call.Record.Disposition == Disposition.Answered
                && CodecsOf(call).Contains("PCMA/8000") && call.Record.StartedAt >= At(5)),
    };

    [StoreTheory]
    [MemberData(nameof(Filters))]
    public void Filter_Alone_GivesWhatTheOracleGives(string name)
    {
        (CallQuery query, Func<StoredCall, bool> matches) = Queries[name];
        foreach (CallSort sort in Enum.GetValues<CallSort>())
        {
            Check(archive.Store, query with { Sort = sort, Ascending = sort == CallSort.Duration }, matches);
        }

        // The same with prefixes too common to collect.
        Check(archive.NarrowStore, query with { Ascending = true }, matches);
    }

    [StoreTheory]
    [MemberData(nameof(Orders))]
    public void Pages_InAnyOrder_HoldEachRecordOnce(CallSort sort, bool ascending)
    {
        var query = new CallQuery { Sort = sort, Ascending = ascending, Limit = 97 };
        Assert.Equal(Oracle(archive.Calls, query, _ => true), Pages(archive.Store, query));
    }

    [StoreTheory]
    [MemberData(nameof(Orders))]
    public void CursorBehindACall_IsThatOfAPageThatEndsThere(CallSort sort, bool ascending)
    {
        var query = new CallQuery { Sort = sort, Ascending = ascending, Limit = 20 };
        CallPage page = archive.Store.List(query);
        for (int count = 1; count <= page.Calls.Count; count++) Assert.Equal(archive.Store.List(query with { Limit = count }).NextCursor, page.CursorBehind!(count));
    }

    [StoreFact]
    public void Filter_ByCallIdAndSession_FindsThem()
    {
        foreach (StoredCall call in archive.Calls.Take(50))
        {
            Assert.Equal(call.Record.Id, Assert.Single(archive.Store.List(new CallQuery { SipCallId = call.Record.SipCallId }).Calls).Id);
            Assert.Empty(archive.Store.List(new CallQuery { SipCallId = call.Record.SipCallId.ToUpperInvariant() + "x" }).Calls);
            string session = call.Record.SessionId;
            Assert.Equal(
                Oracle(archive.Calls, new CallQuery(), other => other.Record.SessionId == session),
                Pages(archive.Store, new CallQuery { SessionId = session, Limit = 1 }));

            // Both at once: the session's calls that are among those named.
            Assert.Equal(call.Record.Id, Assert.Single(archive.Store.List(new CallQuery { SessionId = session, Ids = [call.Record.Id, archive.Calls[^1].Record.Id + "0"] }).Calls).Id);
            Assert.Empty(archive.Store.List(new CallQuery { SessionId = session, Ids = ["none"] }).Calls);
        }
    }

    [StoreTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pages_WhileRecordsAreInserted_NeverSkipOrRepeat(bool ascending)
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        List<StoredCall> calls = TestCalls.Many(10_000, 20);
        List<StoredCall> late = TestCalls.Many(13_000, 21)[10_000..];
        store.Write(calls);
        var query = new CallQuery { Ascending = ascending, Limit = 251 };
        var seen = new List<string>();
        string? cursor = null;
        int inserted = 0;
        do
        {
            CallPage page = store.List(query with { Cursor = cursor });
            seen.AddRange(page.Calls.Select(call => call.Id));
            cursor = page.NextCursor;
            if (inserted < late.Count) store.Write(late[inserted..Math.Min(inserted += 70, late.Count)]);
        }
        while (cursor is not null);
        Assert.Equal(seen.Count, seen.Distinct(StringComparer.Ordinal).Count());
        HashSet<string> before = [.. calls.Select(call => call.Record.Id)];
        Assert.Equal(Oracle(calls, query, _ => true), seen.Where(before.Contains));
    }

    [StoreFact]
    public void Cursor_DamagedOrOfAnotherQuery_IsRejected()
    {
        var query = new CallQuery { Limit = 5 };
        string cursor = archive.Store.List(query).NextCursor!;
        Assert.False(archive.Store.List(query with { Cursor = cursor }).CursorRejected);
        Assert.False(archive.Store.List(query with { Cursor = cursor, Limit = 9 }).CursorRejected);
        foreach (string bad in new[] { "", "x", cursor + "A", cursor[..^1], new string('A', cursor.Length), new string('€', cursor.Length) })
            Assert.True(archive.Store.List(query with { Cursor = bad }).CursorRejected);
        for (int i = 0; i < cursor.Length; i++)
        {
            char[] damaged = cursor.ToCharArray();
            damaged[i] = damaged[i] == 'B' ? 'C' : 'B';
            CallPage page = archive.Store.List(query with { Cursor = new string(damaged) });
            Assert.True(page.CursorRejected);
            Assert.Empty(page.Calls);
        }

        Assert.True(archive.Store.List(query with { Cursor = cursor, Ascending = true }).CursorRejected);
        Assert.True(archive.Store.List(query with { Cursor = cursor, Caller = "1" }).CursorRejected);
        Assert.True(archive.Store.List(query with { Cursor = cursor, Sort = CallSort.Mos }).CursorRejected);
    }

    [StoreFact]
    public void Limit_OutOfRange_IsClamped()
    {
        Assert.Single(archive.Store.List(new CallQuery { Limit = -3 }).Calls);
        Assert.Equal(CallQuery.MaxLimit, archive.Store.List(new CallQuery { Limit = int.MaxValue }).Calls.Count);
    }

    private void Check(ICallStore store, CallQuery query, Func<StoredCall, bool> matches)
    {
        query = query with { Limit = 500 };
        Assert.Equal(Oracle(archive.Calls, query, matches), Pages(store, query));
    }

    private static List<string> Pages(ICallStore store, CallQuery query)
    {
        var ids = new List<string>();
        string? cursor = null;
        do
        {
            CallPage page = store.List(query with { Cursor = cursor });
            Assert.False(page.CursorRejected);
            Assert.True(page.Calls.Count <= query.Limit);
            ids.AddRange(page.Calls.Select(call => call.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return ids;
    }

    private static IEnumerable<string> Oracle(IEnumerable<StoredCall> calls, CallQuery query, Func<StoredCall, bool> matches)
    {
        IEnumerable<CallRecord> found = calls.Where(matches).Select(call => call.Record);
        double last = query.Ascending ? double.MaxValue : double.MinValue;
        Func<CallRecord, double> key = query.Sort switch
        {
            CallSort.Duration => call => call.Duration.Ticks,
            CallSort.Billsec => call => call.BillableDuration.Ticks,
            CallSort.Mos => call => call.Streams.Min(stream => stream.Mos) ?? last,
            _ => call => call.StartedAt.Microseconds,
        };
        IOrderedEnumerable<CallRecord> sorted = query.Ascending
            ? found.OrderBy(key).ThenBy(call => call.Id, StringComparer.Ordinal)
            : found.OrderByDescending(key).ThenByDescending(call => call.Id, StringComparer.Ordinal);
        return sorted.Select(call => call.Id);
    }

    private protected static Timestamp At(int hour) => TestCalls.Start + TimeSpan.FromHours(hour);

    private static bool Begins(string? number, string prefix) => number?.StartsWith(prefix, StringComparison.Ordinal) == true;

    private static IEnumerable<string?> Numbers(StoredCall call) => [call.Record.Caller.Number, call.Record.Callee.Number, call.Record.Dialled];

    private static IEnumerable<IpAddress?> Addresses(StoredCall call) => [call.Record.Caller.Address?.Address, call.Record.Callee.Address?.Address];

    private static IEnumerable<string?> CodecsOf(StoredCall call) =>
        call.Record.Streams.Select(stream => stream.Codec).Append(call.Record.Caller.Codec).Append(call.Record.Callee.Codec);

    /// <summary>2,000 calls of three days, some in sessions of several.</summary>
    public class Archive : IDisposable
    {
        private readonly StorePlace _place;

        private protected Archive(StorePlace place)
        {
            _place = place;
            List<StoredCall> calls = TestCalls.Many(2000, 42);
            for (int i = 0; i < calls.Count; i += 10)
            {
                // One session in ten has a second call, perhaps of another day.
                string session = calls[i].Record.Id;
                calls[i + 1] = calls[i + 1] with { Record = calls[i + 1].Record with { SessionId = session } };
            }

            Calls = calls;
            Store = place.Calls();
            Store.Write(calls);
            NarrowStore = place.Calls(new SqliteStoreLimits { PrefixRows = 5, OpenDays = 1 });
        }

        internal IReadOnlyList<StoredCall> Calls { get; }

        internal ICallStore Store { get; }

        internal ICallStore NarrowStore { get; }

        public void Dispose()
        {
            Store.Dispose();
            NarrowStore.Dispose();
            _place.Dispose();
            GC.SuppressFinalize(this);
        }
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteCallListTests(SqliteCallListTests.Filled archive) : CallListTests(archive), IClassFixture<SqliteCallListTests.Filled>
{
    private protected override StorePlace NewPlace() => new SqlitePlace();

    [Theory]
    [InlineData("newest", "SEARCH|SCAN c", null)]
    [InlineData("time", "SEARCH c USING PRIMARY KEY (started_at>? AND started_at<?)", null)]
    [InlineData("next-page", "SEARCH c USING PRIMARY KEY ((started_at,id)<(?,?))", null)]
    [InlineData("sip-call-id", "USING INDEX calls_by_sip_call (sip_call_hash=?)", null)]
    [InlineData("session", "calls_by_session (session_id=?)", "calls_by_id (id=?)")]
    [InlineData("other-session", "calls_by_session (session_id=?)", null)]
    [InlineData("number", "SEARCH n USING PRIMARY KEY (number=?)", "SEARCH c USING PRIMARY KEY (started_at=? AND id=?)")]
    [InlineData("number-next-page", "SEARCH n USING PRIMARY KEY (number=? AND (started_at,id)<(?,?))", null)]
    [InlineData("number-prefix", "SEARCH n USING PRIMARY KEY (number>? AND number<?)",
        "SEARCH c USING PRIMARY KEY (started_at=? AND id=?)|SEARCH c USING INDEX calls_by_id (id=? AND started_at=?)")]
    [InlineData("common-prefix-in-an-hour", "SEARCH c USING PRIMARY KEY (started_at>? AND started_at<?)", null)]
    public void Plan_OfEachListedQuery_UsesItsIndex(string name, string expected, string? also)
    {
        string id = archive.Calls[0].Record.Id;
        var hour = new CallQuery { From = At(5), To = At(6) };
        CallQuery query = name switch
        {
            "newest" => new CallQuery(),
            "time" => hour,
            "next-page" => new CallQuery { Cursor = archive.Store.List(new CallQuery { From = null, Ascending = false, Limit = 1 }).NextCursor },
            "sip-call-id" => new CallQuery { SipCallId = "x" },
            "session" => new CallQuery { SessionId = "20261120" + id[8..] },
            "other-session" => new CallQuery { SessionId = "elsewhere" },
            "number" => new CallQuery { Number = "120" },
            "number-next-page" => new CallQuery { Number = "120", Cursor = archive.Store.List(new CallQuery { Number = "120", Limit = 1, To = null }).NextCursor },
            "number-prefix" => new CallQuery { Number = "+1007*" },
            _ => hour with { Caller = "+*" },
        };
        var store = (SqliteCallStore)(name == "common-prefix-in-an-hour" ? archive.NarrowStore : archive.Store);

        // The day of the cursor's own record, where there is one: the newest day.
        var day = new DateOnly(2026, 11, query.Cursor is null ? 20 : 22);
        string plan = string.Join('\n', store.Explain(query, day));
        Assert.Contains(expected.Split('|'), part => plan.Contains(part, StringComparison.Ordinal));
        if (also is not null) Assert.Contains(also.Split('|'), part => plan.Contains(part, StringComparison.Ordinal));
        bool sorted = name is "number-prefix" or "session" or "other-session";
        if (!sorted) Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
    }

    /// <summary>The calls.</summary>
    public sealed class Filled() : Archive(new SqlitePlace());
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresCallListTests(PostgresCallListTests.Filled archive) : CallListTests(archive), IClassFixture<PostgresCallListTests.Filled>, IOnPostgres
{
    private protected override StorePlace NewPlace() => new PostgresPlace();

    /// <summary>The calls.</summary>
    public sealed class Filled() : Archive(new PostgresPlace());
}
