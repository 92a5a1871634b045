using System.Globalization;
using System.Text;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Lists by parts of texts: whatever state the index of texts is in, they give what looking at every call gives.</summary>
public abstract class CallTextTests
{
    private const int Calls = 900;

    private static readonly DateOnly Over = new(2030, 1, 1);
    private static readonly DateOnly Open = new(2020, 1, 1);
    private static readonly string[] Names = ["Anna", "anna-lena", "JÜRGEN", "straße", "İlker", "100% \\_'\"", "|;--", "名前", "a", "ab", "a\nb", "x\0y", "𐐀name", "\ud800half", "Kelvin \u212A"];

    private protected abstract StorePlace NewPlace();

    // What stands for the zero character in the database.
    private protected virtual char Zero => '\0';

    /// <summary>What a test of random texts begins with.</summary>
    public static TheoryData<int> Seeds => [1, 2, 3];

    [StoreTheory]
    [MemberData(nameof(Seeds))]
    public void Texts_InAnyStateOfTheIndex_FindWhatEveryCallTells(int seed)
    {
        var random = new Random(seed);
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls(new SqliteStoreLimits { DayCounts = 8 });
        var calls = new Dictionary<string, StoredCall>(StringComparer.Ordinal);
        Write(Enumerable.Range(0, Calls).Select(index => Call(index, random)));
        AskAll(20);
        store.Seal(Over);
        AskAll(60);

        // More of a sealed day, and calls that are told again with other texts.
        Write(Enumerable.Range(Calls, 60).Select(index => Call(index, random)));
        Write(Enumerable.Range(0, 80).Select(_ => Told(calls.Values.ElementAt(random.Next(calls.Count)), random)));
        AskAll(60);

        // Deleted, and gone for good.
        string[] hidden = [.. calls.Keys.Where(_ => random.Next(20) == 0)];
        store.Hide(hidden, "test", TestCalls.Start);
        foreach (string id in hidden) calls.Remove(id);
        AskAll(20);
        foreach (IGrouping<string, string> day in calls.Keys.Where(_ => random.Next(20) == 0).GroupBy(static id => id[..8]).ToList())
        {
            ((ICallKeeping)store).Purge(DateOnly.ParseExact(day.Key, "yyyyMMdd", CultureInfo.InvariantCulture), [.. day]);
            foreach (string id in day) calls.Remove(id);
        }

        AskAll(20);
        store.Seal(Over);
        AskAll(60);

        void Write(IEnumerable<StoredCall> written)
        {
            List<StoredCall> batch = [.. written.DistinctBy(static call => call.Record.Id)];
            Assert.Null(store.Write(batch).Fault);
            foreach (StoredCall call in batch) calls[call.Record.Id] = call;
        }

        void AskAll(int questions)
        {
            for (int i = 0; i < questions; i++) Ask(store, Query(random, [.. calls.Values]), calls.Values, random);
        }
    }

    [StoreFact]
    public void Texts_OfAnOpenDay_AreNotedSomeThousandAtOnce()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        var random = new Random(5);
        const int many = 4_500;
        List<StoredCall> calls = [.. Enumerable.Range(0, many).Select(index => Call(index, random, TestCalls.Start + TimeSpan.FromSeconds(index)))];
        store.Write(calls);
        store.Seal(Open);
        List<StoredCall> more = [.. Enumerable.Range(many, 100).Select(index => Call(index, random, TestCalls.Start + TimeSpan.FromSeconds(index)))];
        store.Write(more);
        calls.AddRange(more);
        for (int i = 0; i < 40; i++) Ask(store, Query(random, calls), calls, random);
    }

    [StoreFact]
    public void PagesByNumber_WhileCallsArrive_StandStill()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        var random = new Random(6);
        var calls = Enumerable.Range(0, Calls).Select(index => Call(index, random)).DistinctBy(static call => call.Record.Id).ToList();
        store.Write(calls);
        store.Seal(Over);
        var query = new CallQuery { Text = "anna" };
        string[] expected = [.. Matching(query, calls).Select(static call => call.Record.Id)];
        Assert.InRange(expected.Length, 30, Calls);
        var seen = new List<string>();
        for (int page = 0; ; page++)
        {
            CallSlice slice = store.Page(new CallPageRequest { Query = query, Skip = page * 10, Take = 10, Viewer = "v", WantsTotal = true });
            Assert.Equal(expected.Length, slice.Total);
            seen.AddRange(slice.Calls.Select(static call => call.Record.Id));
            if (!slice.HasMore) break;
            store.Write([.. Enumerable.Range(0, 5).Select(i => Call(10_000 + (page * 5) + i, random))]);
        }

        Assert.Equal(expected, seen);
    }

    [StoreFact]
    public void Tenants_SeeTheirOwnOnly()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        var random = new Random(7);
        var calls = Enumerable.Range(0, Calls).Select(index => Call(index, random)).ToList();
        store.Write(calls);
        store.Seal(Over);
        foreach (string tenant in (string[])["acme", "other"])
        {
            var query = new CallQuery { Text = "anna", Tenant = tenant };
            Assert.Equal(Matching(query, calls).Select(static call => call.Record.Id), All(store, query, 50));
            Assert.Equal(Matching(query, calls).Count, store.Count(query));
        }
    }

    internal static StoredCall Call(int index, Random random, Timestamp? at = null)
    {
        CallRecord record = TestCalls.Record(index, random, at ?? (random.Next(3) == 0 ? new Timestamp(TestCalls.Start.Microseconds + (random.Next(72) * 3_600_000_000L)) : null));
        return Told(new StoredCall(record, RecordRevision.Final, BitConverter.GetBytes(index), random.Next(3) switch { 0 => "acme", 1 => "other", _ => null }), random) with { Revision = RecordRevision.Final };
    }

    // Other numbers and names; the call is the same.
    private static StoredCall Told(StoredCall call, Random random) => new(
        call.Record with
        {
            Caller = Party(call.Record.Caller, random),
            Callee = Party(call.Record.Callee, random),
            Headers = [.. Headers.Where(_ => random.Next(4) == 0).Select(name => new KeyValuePair<string, string>(name, random.Next(4) == 0 ? "" : $"<sip:{random.Next(30)}@carrier.example>;x=A{random.Next(5)}"))],
            Marks = random.Next(2) == 0 ? null : new CallMarks { Context = (CallContext)random.Next(8), Trunk = random.Next(3) == 0 ? null : $"Trunk-{random.Next(3)}" },
        },
        RecordRevision.Updated,
        call.Chunks,
        call.Tenant);

    private static readonly string[] Headers = ["p-asserted-identity", "user-to-user", "remote-party-id", "p-asserted-identity", "diversion"];

    private static Party Party(Party party, Random random)
    {
        string? number = random.Next(8) switch { 0 => null, 1 => "Anna.Example", 2 => "ÜNI", 3 => $"10{random.Next(20):00}", 4 => $"+49{random.Next(1_000)}", _ => party.Number };
        return party with
        {
            Number = number,
            E164 = random.Next(3) == 0 ? $"+4930{random.Next(1_000)}" : null,
            Name = random.Next(4) == 0 ? null : Names[random.Next(Names.Length)],
            Uri = random.Next(3) == 0 ? $"sip:{number}@Domain{random.Next(4)}.example:5060;transport=tcp" : party.Uri,
            Identity = random.Next(3) == 0 ? new PartyIdentity((PartyKind)random.Next(5), random.Next(5), random.Next(3) == 0 ? "" : $"User {random.Next(40)}") : null,
            UserAgent = random.Next(3) == 0 ? $"Phone/{random.Next(9)}" : party.UserAgent,
        };
    }

    private static CallQuery Query(Random random, IReadOnlyList<StoredCall> calls)
    {
        CallQuery query = new() { Ascending = random.Next(2) == 0 };
        if (random.Next(4) > 0) query = query with { Text = Part(random, Items(calls[random.Next(calls.Count)].Record).ElementAt(random.Next(4))) };
        if (query.Text is null || random.Next(6) == 0)
        {
            NumberPart[] parts = [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => new NumberPart((NumberOf)random.Next(3), Digits(random, calls[random.Next(calls.Count)].Record)))];
            query = query with { Parts = parts };
        }

        if (random.Next(4) == 0 && Label(random, calls[random.Next(calls.Count)].Record) is { } label)
            query = query with { Labels = [label], Text = random.Next(2) == 0 ? null : query.Text, Parts = [] };
        if (random.Next(8) == 0) query = query with { TrunkPart = random.Next(2) == 0 ? "unk-1" : "UNK" };
        if (random.Next(4) == 0) query = WithNumbers(random.Next(3) == 0 ? query : query with { Text = null, Parts = [], Labels = [] }, random, calls);
        return random.Next(8) switch
        {
            0 => query with { Tenant = "acme" },
            1 => query with { From = TestCalls.Start + TimeSpan.FromHours(random.Next(48)), To = TestCalls.Start + TimeSpan.FromHours(random.Next(24, 72)) },
            2 => query with { Dispositions = [Disposition.Answered] },
            3 => query with { Sort = CallSort.Duration },
            4 => query with { Except = [.. calls.Where(_ => random.Next(3) == 0).Select(static call => call.Record.Id)] },
            5 => query with { Text = null, Parts = [], Ids = [.. calls.Where(_ => random.Next(3) == 0).Select(static call => call.Record.Id)] },
            6 => query with { Text = null, Parts = [], Labels = [], TrunkPart = null, Number = null, Caller = null, Callee = null, CallerNumbers = [], CalleeNumbers = [], DialledNumbers = [], PartyNumbers = [], Any = [new CallQuery { Text = query.Text, Labels = query.Labels, Parts = [new NumberPart(NumberOf.Callee, "1")] }, new CallQuery { Dispositions = [Disposition.Busy] }, new CallQuery { CallerNumbers = ["1007", "1003"] }] },
            _ => query,
        };
    }

    // Exact numbers of calls, and of nobody.
    private static CallQuery WithNumbers(CallQuery query, Random random, IReadOnlyList<StoredCall> calls)
    {
        string[] numbers = [.. Enumerable.Range(0, 3).Select(_ => Numbers(calls[random.Next(calls.Count)].Record).OfType<string>().Where(static number => number.Length > 0).Append("000").First())];
        return random.Next(7) switch
        {
            0 => query with { Number = numbers[0] },
            1 => query with { Caller = numbers[0] },
            2 => query with { Callee = numbers[0] },
            3 => query with { CallerNumbers = numbers },
            4 => query with { CalleeNumbers = numbers[..2] },
            5 => query with { DialledNumbers = numbers },
            _ => query with { PartyNumbers = numbers, CalleeNumbers = random.Next(3) == 0 ? numbers : [] },
        };
    }

    private static IEnumerable<string?> Numbers(CallRecord record) => [record.Caller.E164, record.Callee.E164, record.Caller.Number, record.Callee.Number, record.Dialled];

    // One that the call has, or nobody.
    private static LabelPart? Label(Random random, CallRecord record)
    {
        var of = (CallLabel)random.Next(CallLabels.Count);
        if (random.Next(8) == 0) return new LabelPart(of, "nobody's", random.Next(2) == 0);
        if (CallLabels.Of(record, of) is not { Length: > 0 } label) return null;
        int at = random.Next(label.Length);
        bool isWhole = random.Next(3) == 0;
        string text = isWhole ? label : label.Substring(at, random.Next(1, label.Length - at + 1));
        return LabelPart.CanBeAsked(text) ? new LabelPart(of, text, isWhole) : null;
    }

    // Of any length, as it is, in other case, or with a stroke of bad luck.
    private static string Part(Random random, string item)
    {
        if (item.Length == 0 || random.Next(8) == 0) return Odd(random);
        int at = random.Next(item.Length), length = random.Next(1, Math.Min(12, item.Length - at) + 1);
        string part = item.Substring(at, length);
        return random.Next(4) switch { 0 => part.ToUpperInvariant(), 1 => part.ToLowerInvariant(), 2 when random.Next(4) == 0 => part + "~", _ => part };
    }

    private static string Odd(Random random) => random.Next(12) switch
    {
        0 => "%",
        1 => "_",
        2 => "'",
        3 => "\"",
        4 => "\\",
        5 => new string('1', 10_000),
        6 => "a\nb",
        7 => "nobody's",
        8 => "'; DROP TABLE calls; --",
        9 => "\n",
        10 => "\u0001v",
        _ => "zz",
    };

    private static string Digits(Random random, CallRecord record)
    {
        string[] numbers = [.. new[] { record.Caller.Number, record.Callee.Number, record.Dialled, record.Caller.E164, record.Callee.E164 }.OfType<string>().Where(NumberPart.IsPlain)];
        if (numbers.Length == 0) return "10";
        string number = numbers[random.Next(numbers.Length)];
        int at = random.Next(number.Length);
        return number.Substring(at, random.Next(1, number.Length - at + 1));
    }

    /// <summary>Whether a text search finds a call by a part in lower case.</summary>
    internal static bool HasText(CallRecord record, string part) => Items(record).Any(item => string.Concat(item.Select(char.ToLowerInvariant)).Contains(part, StringComparison.Ordinal));

    // What SearchText is to be of a call; a new line in one begins another.
    private static IEnumerable<string> Items(CallRecord record)
    {
        foreach (string? item in new[]
        {
            record.SipCallId, record.Dialled, record.Caller.Number, record.Caller.Name, record.Caller.Uri, record.Caller.UserAgent,
            record.Callee.Number, record.Callee.Name, record.Callee.Uri, record.Callee.UserAgent,
        })
        {
            foreach (string line in (item ?? "").Split('\n')) yield return line;
        }
    }

    private bool Matches(CallQuery query, StoredCall call)
    {
        CallRecord record = call.Record;
        if (query.Text is { Length: > 0 } text && (text.Contains('\n', StringComparison.Ordinal) || !Items(record).Any(item => Kept(item).Contains(Kept(text), StringComparison.Ordinal)))) return false;
        foreach (NumberPart part in query.Parts)
        {
            string?[] numbers = part.Of switch
            {
                NumberOf.Caller => [record.Caller.Number, record.Caller.E164],
                NumberOf.Callee => [record.Callee.Number, record.Callee.E164],
                _ => [record.Dialled],
            };
            if (!numbers.Any(number => number?.Contains(part.Text, StringComparison.Ordinal) == true)) return false;
        }

        foreach (LabelPart part in query.Labels)
        {
            if (CallLabels.Of(record, part.Of) is not { } label || !(part.IsWhole ? label == part.Text : label.Contains(part.Text, StringComparison.Ordinal))) return false;
        }

        if (query.TrunkPart is { } trunk && record.Marks?.Trunk?.Contains(trunk, StringComparison.Ordinal) != true) return false;
        if (query.Except.Contains(record.Id) || (query.Ids.Count > 0 && !query.Ids.Contains(record.Id))) return false;
        if (query.Any.Count > 0 && !query.Any.Any(one => Matches(one, call))) return false;
        string?[] caller = [record.Caller.Number, record.Caller.E164], callee = [record.Callee.Number, record.Callee.E164], dialled = [record.Dialled];
        foreach ((IReadOnlyList<string> asked, string?[] has) in (ReadOnlySpan<(IReadOnlyList<string>, string?[])>)[
            (query.CallerNumbers, caller), (query.CalleeNumbers, callee), (query.DialledNumbers, dialled), (query.PartyNumbers, [.. caller, .. callee, .. dialled]),
            (One(query.Number), [.. caller, .. callee, .. dialled]), (One(query.Caller), caller), (One(query.Callee), [.. callee, .. dialled])])
        {
            if (asked.Count > 0 && !asked.Any(number => has.Contains(number))) return false;
        }

        return (query.Tenant is null || call.Tenant == query.Tenant)
            && !(record.StartedAt < query.From) && !(record.StartedAt >= query.To)
            && (query.Dispositions.Count == 0 || query.Dispositions.Contains(record.Disposition));
    }

    private static IReadOnlyList<string> One(string? number) => number is null ? [] : [number];

    // Lower case character by character; half a pair is stored as what stands for any that cannot be read.
    private string Kept(string text) =>
        Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(string.Concat(text.Select(char.ToLowerInvariant)))).Replace('\0', Zero);

    private List<StoredCall> Matching(CallQuery query, IEnumerable<StoredCall> calls)
    {
        IEnumerable<StoredCall> found = calls.Where(call => Matches(query, call));
        found = query.Sort == CallSort.Duration
            ? found.OrderBy(static call => call.Record.Duration).ThenBy(static call => call.Record.Id, StringComparer.Ordinal)
            : found.OrderBy(static call => call.Record.StartedAt).ThenBy(static call => call.Record.Id, StringComparer.Ordinal);
        return query.Ascending ? [.. found] : [.. found.Reverse()];
    }

    private static List<string> All(ICallStore store, CallQuery query, int limit)
    {
        var ids = new List<string>();
        string? cursor = null;
        do
        {
            CallPage page = store.List(query with { Limit = limit, Cursor = cursor });
            ids.AddRange(page.Calls.Select(static call => call.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return ids;
    }

    private void Ask(ICallStore store, CallQuery query, IEnumerable<StoredCall> calls, Random random)
    {
        string[] expected = [.. Matching(query, calls).Select(static call => call.Record.Id)];
        string asked = CallCursor.TextOf(query);
        Assert.True(expected.SequenceEqual(All(store, query, expected.Length > 200 ? 1000 : random.Next(5, 100))), asked);
        Assert.True(expected.Length == store.Count(query), asked);
        Assert.True(expected.Length == store.Totals(query, TimeSpan.FromMinutes(5)).Sums.Calls, asked);
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteCallTextTests : CallTextTests
{
    private const string ByDocument = "SEARCH o USING COVERING INDEX calls_by_document (document=?)";

    private static readonly DateOnly Day = new(2026, 11, 20);

    private protected override StorePlace NewPlace() => new SqlitePlace();

    [Fact]
    public void Plans_OfRareTexts_LeadFromTheIndexToTheCalls()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        var random = new Random(8);
        store.Write([.. Enumerable.Range(0, 2_600).Select(index => Call(index, random, TestCalls.Start + TimeSpan.FromSeconds(index)))]);
        store.Seal(new DateOnly(2030, 1, 1));
        foreach (CallQuery query in (CallQuery[])[new() { Text = "nobody's" }, new() { Text = "JÜRGEN" }, new() { Text = "zz" }, new() { Parts = [new NumberPart(NumberOf.Caller, "1007")] }])
        {
            foreach (bool ascending in (bool[])[true, false])
            {
                string plan = string.Join('\n', store.ExplainPage(query with { Ascending = ascending }, Day));
                Assert.Contains(ByDocument, plan, StringComparison.Ordinal);
                Assert.Contains("SEARCH c USING PRIMARY KEY (started_at=? AND id=?)", plan, StringComparison.Ordinal);
            }
        }

        // What nearly every call has is met soon in order of time.
        Assert.Contains("SCAN c", string.Join('\n', store.ExplainPage(new CallQuery { Text = "sip:" }, Day)), StringComparison.Ordinal);
        using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.Records, "2026-11-20.db"), SqliteAccess.Read, TimeSpan.Zero, 1000);
        foreach (string sql in DayTexts.Statements)
        {
            using SqliteStatement plan = database.Prepare("EXPLAIN QUERY PLAN " + sql);
            while (plan.Step()) Assert.StartsWith("SEARCH", plan.Text(3), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Texts_OfAnOpenDay_AreKept()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        var random = new Random(13);
        store.Write([.. Enumerable.Range(0, DayTexts.LeastAdded + 900).Select(index => Call(index, random, TestCalls.Start + TimeSpan.FromSeconds(index)))]);
        using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.Records, "2026-11-20.db"), SqliteAccess.Read, TimeSpan.Zero, 1000);
        Assert.InRange(DayTexts.RestOf(database), DayTexts.LeastAdded, long.MaxValue);
        store.Seal(Day);
        Assert.Equal(0, DayTexts.RestOf(database));
    }

    [Fact]
    public void Labels_OfJson_AreThoseOfTheRecord()
    {
        var random = new Random(11);
        for (int i = 0; i < 400; i++)
        {
            byte[] json = CallRecordJson.ToUtf8(Call(i, random).Record);
            Assert.True(CallRecordJson.TryRead(json, out CallRecord? record));
            Assert.Equal(CallLabels.Of(record!), CallLabels.Read(json));

            // Whatever else it is, it is nothing, or as far as it goes.
            json[random.Next(json.Length)] = (byte)random.Next(256);
            Assert.Equal(CallLabels.Count, CallLabels.Read(json.AsSpan(0, random.Next(json.Length))).Length);
            Assert.Equal(CallLabels.Count, CallLabels.Read(json).Length);
        }
    }

    [Fact]
    public void Plans_OfLabels_LeadFromTheIndexToTheCalls()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        var random = new Random(12);
        store.Write([.. Enumerable.Range(0, 600).Select(index => Call(index, random, TestCalls.Start + TimeSpan.FromSeconds(index)))]);
        store.Seal(new DateOnly(2030, 1, 1));
        foreach (CallLabel of in Enum.GetValues<CallLabel>())
        {
            foreach (LabelPart part in (LabelPart[])[new(of, "nobody's", false), new(of, "User 3", true), new(of, "U", false)])
                Assert.Contains(ByDocument, string.Join('\n', store.ExplainPage(new CallQuery { Labels = [part], Tenant = "acme" }, Day)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Alternatives_ThatNoTextCanHave_FindNothing_AlsoOnADayWithoutTexts()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        var random = new Random(13);
        StoredCall[] calls = [.. Enumerable.Range(0, 20).Select(index => Call(index, random, TestCalls.Start + TimeSpan.FromSeconds(index)))];
        store.Write(calls);
        string id = calls.First(static call => call.Record.Caller.Number is not null).Record.Id;
        var nowhere = new CallQuery { Labels = [new LabelPart(CallLabel.CallerDomain, "a\nb", true)] };
        Assert.Empty(store.List(new CallQuery { Any = [nowhere, nowhere with { Labels = [new LabelPart(CallLabel.CallerDomain, "\n", false)] }] }).Calls);
        Assert.Equal([id], store.List(new CallQuery { Any = [nowhere, new CallQuery { Ids = [id] }] }).Calls.Select(static record => record.Id));
    }

    [Fact]
    public void Purge_LeavesNoTextBehind()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        var random = new Random(9);
        const string secret = "unheard-of-name";
        StoredCall gone = Call(1, random, TestCalls.Start);
        gone = gone with { Record = gone.Record with { Caller = gone.Record.Caller with { Name = secret.ToUpperInvariant(), Number = "0815424711" } } };
        store.Write([gone, .. Enumerable.Range(2, 500).Select(index => Call(index, random, TestCalls.Start + TimeSpan.FromSeconds(index)))]);
        store.Seal(new DateOnly(2030, 1, 1));
        Assert.Single(store.List(new CallQuery { Text = secret }).Calls);
        store.Purge(Day, [gone.Record.Id]);
        Assert.Empty(store.List(new CallQuery { Text = secret }).Calls);
        Assert.Empty(store.Scrub());
        store.Seal(new DateOnly(2030, 1, 1));
        Assert.Empty(store.List(new CallQuery { Text = secret }).Calls);
        foreach (string file in Directory.GetFiles(folder.Records, "*", SearchOption.AllDirectories))
        {
            string bytes = Encoding.Latin1.GetString(File.ReadAllBytes(file));
            Assert.DoesNotContain(secret, bytes, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("0815424711", bytes, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Days_OfOlderFiles_GetTheirTextsWithTheNextSeal()
    {
        using var folder = new StoreFolder();
        var random = new Random(10);
        using (SqliteCallStore store = SqliteCallStore.Open(folder.Records))
        {
            store.Write([.. Enumerable.Range(0, 300).Select(index => Call(index, random, TestCalls.Start + TimeSpan.FromSeconds(index)))]);
            store.Seal(new DateOnly(2030, 1, 1));
        }

        using (SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.Records, "2026-11-20.db"), SqliteAccess.Write, TimeSpan.FromSeconds(1), 1024))
        {
            // As version 6 left a sealed day.
            database.Execute("DROP TRIGGER text_stale_delete; DROP TABLE text_segments; DROP TABLE text_grams; DROP TABLE text_terms; DROP TABLE text_stale; DROP INDEX calls_by_document; "
                + "DELETE FROM day_seal WHERE name = 'texts'; " + SqliteCallTotalsTests.AsVersion7 + "PRAGMA user_version = 6;");
        }

        using SqliteCallStore newer = SqliteCallStore.Open(folder.Records);
        long before = newer.Count(new CallQuery { Text = "anna" });
        Assert.InRange(before, 1, 299);
        Assert.Equal(1, newer.Seal(new DateOnly(2030, 1, 1)));
        Assert.Equal(before, newer.Count(new CallQuery { Text = "anna" }));
        Assert.Contains(ByDocument, string.Join('\n', newer.ExplainPage(new CallQuery { Text = "nobody's" }, Day)), StringComparison.Ordinal);
    }
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresCallTextTests : CallTextTests, IOnPostgres
{
    private protected override char Zero => '\uFFFD';

    private protected override StorePlace NewPlace() => new PostgresPlace();
}
