using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Core;
using CdrEngine.Storage.Postgres;
using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Totals against adding up call by call.</summary>
public abstract class CallTotalsTests
{
    private protected abstract StorePlace NewPlace();

    private protected static readonly TimeSpan Ample = TimeSpan.FromMinutes(5);

    private protected static readonly (string Name, CallQuery Query, Func<StoredCall, bool> Meets)[] Cases =
    [
        ("everything", new CallQuery(), static _ => true),
        ("tenant", new CallQuery { Tenant = "acme" }, static call => call.Tenant == "acme"),
        ("nobody's", new CallQuery { Tenant = "nobody" }, static _ => false),
        ("outcome", new CallQuery { Dispositions = [Disposition.Busy, Disposition.Answered], Directions = [CallDirection.Inbound] }, static call => call.Record is { Disposition: Disposition.Busy or Disposition.Answered, Direction: CallDirection.Inbound }),
        ("status", new CallQuery { SipStatuses = [486] }, static call => call.Record.SipStatus == 486),
        ("cause", new CallQuery { Causes = [17, 34] }, static call => call.Record.Cause?.Q850 is 17 or 34),
        ("no cause", new CallQuery { Causes = [0] }, static call => call.Record.Cause?.Q850 is null or 0),
        ("hang-up", new CallQuery { HangupBys = [HangupBy.Callee] }, static call => call.Record.HangupBy == HangupBy.Callee),
        ("trait", new CallQuery { Traits = [new TraitMatch(CallTraits.Rang, CallTraits.Answered), new TraitMatch(CallTraits.Heard)] }, static call => (call.Record.RangAt is not null && call.Record.AnsweredAt is null) || call.Record.Streams.Any(static stream => stream.Packets > 0)),
        ("codec of the caller", new CallQuery { CallerCodec = "Opus" }, static call => Is(call.Record.Caller.Codec, "OPUS/48000")),
        ("codec of nobody", new CallQuery { CalleeCodec = "evrc" }, static _ => false),
        ("no codec", new CallQuery { CalleeCodec = "", Tenant = "acme" }, static call => call.Record.Callee.Codec is null && call.Tenant == "acme"),
        ("label", new CallQuery { Labels = [new LabelPart(CallLabel.CallerName, "Name 7", false)] }, static call => call.Record.Caller.Name?.Contains("Name 7", StringComparison.Ordinal) == true),
        ("whole label and part of a trunk", new CallQuery { Labels = [new LabelPart(CallLabel.CalleeDomain, "example.com", true)], TrunkPart = "arri" }, static call => call.Record.Callee.Uri?.EndsWith("@example.com", StringComparison.Ordinal) == true && call.Record.Marks?.Trunk is not null),
        ("codecs of both", new CallQuery { CallerCodec = "PCMU", CalleeCodec = "pcma", From = At(3) }, static call => Is(call.Record.Caller.Codec, "pcmu/8000") && Is(call.Record.Callee.Codec, "pcma/8000") && call.Record.StartedAt >= At(3)),
        ("kinds of conversations", new CallQuery { Traits = [new TraitMatch(CallTraits.Transferred), new TraitMatch(CallTraits.Forked, CallTraits.PickedUp)] }, static call => call.Record.Transfer?.Kind is TransferKind.Blind or TransferKind.Attended || (call.Record.Links.Count(static link => link.Relation == LinkRelation.Downstream) > 1 && call.Record.Transfer?.Kind != TransferKind.Pickup)),
        ("times within hours", new CallQuery { From = At(1.3), To = At(50.7) }, static call => call.Record.StartedAt >= At(1.3) && call.Record.StartedAt < At(50.7)),
        ("times within an hour", new CallQuery { From = At(30.2), To = At(30.9) }, static call => call.Record.StartedAt >= At(30.2) && call.Record.StartedAt < At(30.9)),
        ("whole hours and a tenant", new CallQuery { From = At(5), To = At(31), Tenant = "acme" }, static call => call.Tenant == "acme" && call.Record.StartedAt >= At(5) && call.Record.StartedAt < At(31)),
        ("length", new CallQuery { DurationMin = TimeSpan.FromSeconds(10) }, static call => call.Record.Duration >= TimeSpan.FromSeconds(10)),
        ("codec and outcome", new CallQuery { Codec = "opus", Dispositions = [Disposition.Answered] }, static call => call.Record.Disposition == Disposition.Answered && Codecs(call.Record).Any(static codec => codec?.StartsWith("opus/", StringComparison.OrdinalIgnoreCase) == true)),
        ("several numbers", new CallQuery { PartyNumbers = Numbers(1) }, static call => Parties(call.Record).Intersect(Numbers(1)).Any()),
        ("MOS", new CallQuery { MosBelow = 3.5 }, static call => Mos(call.Record) < 3.5),
        ("text", new CallQuery { Text = "phone/3" }, static call => (call.Record.Caller.UserAgent + "\n" + call.Record.Callee.UserAgent).Contains("phone/3", StringComparison.OrdinalIgnoreCase)),
    ];

    public static TheoryData<string, bool> Names()
    {
        var names = new TheoryData<string, bool>();
        foreach ((string name, _, _) in Cases)
        {
            names.Add(name, false);
            names.Add(name, true);
        }

        return names;
    }

    [StoreTheory]
    [MemberData(nameof(Names))]
    public void Totals_AreTheSumsOfTheCalls(string name, bool sealedDays)
    {
        (_, CallQuery query, Func<StoredCall, bool> meets) = Cases.Single(one => one.Name == name);
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        using ICallStore other = place.Calls();
        Dictionary<string, StoredCall> calls = Varied(240, 7).ToDictionary(static call => call.Record.Id);
        store.Write([.. calls.Values]);
        if (sealedDays) store.Seal(new DateOnly(2030, 1, 1));
        Check();

        // The same again, later revisions that say something else, and further calls: by another writer.
        other.Write([.. calls.Values]);
        Check();
        foreach (StoredCall call in calls.Values.Where(static (_, index) => index % 4 == 0).ToArray())
        {
            StoredCall changed = call with
            {
                Record = call.Record with { Disposition = Disposition.Redirected, HangupBy = HangupBy.Server, PostDialDelay = TimeSpan.FromSeconds(3) },
                Revision = RecordRevision.Updated,
                Tenant = "beta",
            };
            calls[changed.Record.Id] = changed;
        }

        other.Write([.. calls.Values]);
        foreach (StoredCall call in Varied(90, 8)) calls.Add(call.Record.Id, call);
        store.Write([.. calls.Values, .. calls.Values]);
        Check();

        // Deleted by name, and all of a tenant.
        string[] gone = [.. calls.Keys.Where(static (_, index) => index % 7 == 0)];
        store.Hide(gone, "me", At(0));
        foreach (string id in gone) calls.Remove(id);
        Check();
        other.HideAll("acme", "me", At(0));
        foreach (string id in calls.Values.Where(static call => call.Tenant == "acme").Select(static call => call.Record.Id).ToArray()) calls.Remove(id);
        Check();
        foreach (StoredCall call in Varied(50, 9)) calls.Add(call.Record.Id, call);
        store.Write([.. calls.Values]);
        Check();

        void Check()
        {
            CallSums expected = Sum(calls.Values.Where(meets));
            foreach (ICallStore one in (ICallStore[])[store, other])
            {
                CallTotals totals = one.Totals(query, Ample);
                Assert.Equal(expected, totals.Sums);
                Assert.True(totals.IsComplete);
                Assert.Null(totals.CountedFrom);
                Assert.Equal(expected.Calls, one.Count(query));
            }
        }
    }

    [StoreFact]
    public void Hours_AddUp_AndDeletedCallsDoNotCount()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        List<StoredCall> calls = Varied(500, 3);
        store.Write(calls);
        string[] gone = [.. calls.Where(static (_, index) => index % 5 == 0).Select(static call => call.Record.Id)];
        store.Hide(gone, "me", At(0));
        calls.RemoveAll(call => gone.Contains(call.Record.Id));
        var hours = new Dictionary<(Timestamp, Disposition, int?), CallSums>();
        store.VisitHours(At(2.5), At(60), "acme", (Timestamp hour, in CallProfile profile, CallSums sums) =>
        {
            Assert.Equal("acme", profile.Tenant);
            CallSums sum = hours.GetValueOrDefault((hour, profile.Disposition, profile.Cause));
            sum.Add(sums);
            hours[(hour, profile.Disposition, profile.Cause)] = sum;
        });
        var expected = calls.Where(static call => call.Tenant == "acme" && call.Record.StartedAt >= At(2) && call.Record.StartedAt < At(60))
            .GroupBy(static call => (new Timestamp(call.Record.StartedAt.Microseconds / 3_600_000_000 * 3_600_000_000), call.Record.Disposition, call.Record.Cause?.Q850))
            .ToDictionary(static group => group.Key, Sum);
        Assert.Equal(expected, hours.Where(static hour => hour.Value.Calls != 0).ToDictionary());
    }

    [StoreFact]
    public void Totals_BeyondTheBudget_SayHowFarTheyCame()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        List<StoredCall> calls = Varied(300, 4);
        store.Write(calls);
        CallTotals totals = store.Totals(new CallQuery { Text = "phone" }, TimeSpan.Zero);
        Assert.False(totals.IsComplete);
        Assert.Equal(0, totals.Sums.Calls);
        Assert.Equal(At(72), totals.CountedFrom);
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.False(store.Totals(new CallQuery { Text = "phone" }, Ample, stop.Token).IsComplete);

    }

    internal static CallSums Sum(IEnumerable<StoredCall> calls)
    {
        CallSums sums = default;
        foreach (StoredCall call in calls)
        {
            CallRecord record = call.Record;
            sums.AddCall(
                record.Disposition == Disposition.Answered, record.Duration.Ticks / 10, record.BillableDuration.Ticks / 10, record.PostDialDelay is { } delay ? delay.Ticks / 10 : null, Mos(record));
        }

        return sums;
    }

    internal static List<StoredCall> Varied(int count, int seed)
    {
        var random = new Random(seed);
        return [.. TestCalls.Many(count, seed).Select(call => call with
        {
            Record = call.Record with
            {
                HangupBy = (HangupBy)random.Next(5),
                SipStatus = random.Next(5) switch { 0 => 486, 1 => 404, 2 => 0, _ => call.Record.SipStatus },
                Cause = random.Next(3) == 0 ? new Cause(random.Next(20), "text", CauseSource.Header) : null,
                RangAt = random.Next(3) == 0 ? null : call.Record.StartedAt + TimeSpan.FromMilliseconds(200),
                PostDialDelay = random.Next(3) == 0 ? null : TimeSpan.FromMilliseconds(random.Next(4000)),
                Transfer = random.Next(4) == 0 ? new TransferRecord { Kind = (TransferKind)random.Next(5), Role = TransferRole.Target } : null,
                Links = [.. Enumerable.Range(0, Math.Max(0, random.Next(5) - 2)).Select(i => new CallLink($"20261120-{i:x24}", "x", LinkMethod.Header, 1, (LinkRelation)random.Next(2)))],
                Marks = random.Next(3) == 0 ? null : new CallMarks { Context = (CallContext)random.Next(6), Trunk = random.Next(2) == 0 ? null : "carrier" },
            },
        })];
    }

    private protected static Timestamp At(double hours) => TestCalls.Start + TimeSpan.FromHours(hours);

    private static bool Is(string? codec, string other) => string.Equals(codec, other, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string?> Codecs(CallRecord record) => [record.Caller.Codec, record.Callee.Codec, .. record.Streams.Select(static stream => stream.Codec)];

    private static string?[] Parties(CallRecord record) => [record.Caller.Number, record.Callee.Number, record.Dialled];

    private static string[] Numbers(int seed) => [.. TestCalls.Many(240, 7).Skip(seed * 20).Take(30).SelectMany(static call => Parties(call.Record)).OfType<string>().Distinct()];

    private static double? Mos(CallRecord record) => record.Streams.Select(static stream => stream.Mos ?? stream.MosMin).OfType<double>().Where(double.IsFinite).Select(static mos => (double?)mos).Min();
}

/// <summary>On SQLite.</summary>
public sealed class SqliteCallTotalsTests : CallTotalsTests
{
    private protected override StorePlace NewPlace() => new SqlitePlace();

    [Fact]
    public void Calls_OfOlderFiles_AreCountedToo()
    {
        using var folder = new StoreFolder();
        List<StoredCall> calls = Varied(300, 5);
        using (SqliteCallStore store = SqliteCallStore.Open(folder.Records)) store.Write(calls);
        foreach (string file in Directory.GetFiles(folder.Records, "*.db")) Aged(file);
        using (SqliteCallStore store = SqliteCallStore.Open(folder.Records))
        {
            Assert.Equal(Sum(calls), store.Totals(new CallQuery(), TimeSpan.FromMinutes(5)).Sums);
            Assert.Equal(Sum(calls.Where(static call => call.Record.HangupBy == HangupBy.Callee)), store.Totals(new CallQuery { HangupBys = [HangupBy.Callee] }, TimeSpan.FromMinutes(5)).Sums);
        }
    }

    // Profiles that differ in what is new were one.
    internal const string AsVersion7 = "DROP INDEX call_profiles_by_content; "
        + "CREATE TEMP TABLE same AS SELECT p.profile, min(p.profile) OVER (PARTITION BY tenant, disposition, direction, sip_status, cause, hangup_by, context, trunk, traits & 4095, reroute) AS first FROM call_profiles p; "
        + "UPDATE calls SET profile = (SELECT s.first FROM same s WHERE s.profile = calls.profile); DELETE FROM call_profiles WHERE profile NOT IN (SELECT first FROM same); UPDATE call_profiles SET traits = traits & 4095; "
        + "ALTER TABLE call_profiles DROP COLUMN caller_codec; ALTER TABLE call_profiles DROP COLUMN callee_codec; DELETE FROM call_sums; "
        + "CREATE UNIQUE INDEX call_profiles_by_content ON call_profiles (tenant, disposition, direction, sip_status, cause, hangup_by, context, trunk, traits, reroute); PRAGMA user_version = 7; ";

    [Fact]
    public void Calls_OfFilesThatToldLess_AreToldOfAll()
    {
        using var folder = new StoreFolder();
        List<StoredCall> calls = Varied(400, 6);
        using (SqliteCallStore store = SqliteCallStore.Open(folder.Records))
        {
            store.Write(calls);
            store.Seal(new DateOnly(2026, 11, 21));
        }

        long few = 0;
        foreach (string file in Directory.GetFiles(folder.Records, "2026*.db"))
        {
            using SqliteDatabase database = SqliteDatabase.Open(file, SqliteAccess.Write, TimeSpan.FromSeconds(30), 1024);

            database.Execute(AsVersion7);
            few += database.Scalar("SELECT count(*) FROM call_profiles");

            // A record that cannot be read stands in nobody's way.
            if (file.Contains("2026-11-22", StringComparison.Ordinal)) database.Execute("UPDATE call_documents SET json = x'7b' WHERE document = 1");
        }

        using (SqliteCallStore store = SqliteCallStore.Open(folder.Records))
        {
            foreach (bool isSealed in (bool[])[false, true])
            {
                if (isSealed) Assert.Equal(3, store.Seal(new DateOnly(2030, 1, 1)));
                foreach ((string name, CallQuery query, Func<StoredCall, bool> meets) in Cases)
                {
                    CallQuery two = query with { To = query.To < At(48) ? query.To : At(48) };
                    Assert.True(Sum(calls.Where(call => meets(call) && call.Record.StartedAt < At(48))) == store.Totals(two, Ample).Sums, name);
                }
            }

            Assert.Equal(calls.Count, store.Count(new CallQuery()));
        }

        using SqliteDatabase told = SqliteDatabase.Open(Path.Combine(folder.Records, "2026-11-20.db"), SqliteAccess.Write, TimeSpan.FromSeconds(30), 1024);
        Assert.Equal(SchemaMigrations.Records.Version, told.Scalar("PRAGMA user_version"));
        Assert.Equal(0, told.Scalar("SELECT count(*) FROM call_profiles p WHERE NOT EXISTS (SELECT 1 FROM calls c WHERE c.profile = p.profile)"));
        Assert.True(told.Scalar("SELECT count(*) FROM call_profiles") > few / 3);
    }

    // As version 5 wrote it.
    private static void Aged(string file)
    {
        using SqliteDatabase database = SqliteDatabase.Open(file, SqliteAccess.Write, TimeSpan.FromSeconds(1), 1024);
        database.Execute("DROP TRIGGER text_stale_delete; DROP TABLE text_segments; DROP TABLE text_grams; DROP TABLE text_terms; DROP TABLE text_stale; DROP TRIGGER call_sums_delete; DROP TABLE call_sums; DROP TABLE call_profiles; ALTER TABLE calls DROP COLUMN pdd_us; ALTER TABLE calls DROP COLUMN profile; PRAGMA user_version = 5;");
    }
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresCallTotalsTests : CallTotalsTests, IOnPostgres
{
    private protected override StorePlace NewPlace() => new PostgresPlace();

    // As version 4 left them; a part of one day was told already when that was broken off.
    private const string Untold = "UPDATE calls SET caller_codec = NULL, callee_codec = NULL, kinds = NULL, traits = traits & 4095 WHERE document > 20; UPDATE call_documents SET labels = NULL WHERE document > 20; UPDATE record_days SET is_told = false, is_sealed = false";

    [StoreTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Days_ThatToldLess_AreToldWhenAskedOrSealed(bool isSealed)
    {
        using StorePlace place = NewPlace();
        List<StoredCall> calls = Varied(300, 6);
        using (ICallStore first = place.Calls())
        {
            first.Write(calls);
            ((PostgresCallStore)first).Script(Untold);
        }

        using ICallStore store = place.Calls();
        if (isSealed) Assert.Equal(3, store.Seal(new DateOnly(2030, 1, 1)));
        foreach ((string name, CallQuery query, Func<StoredCall, bool> meets) in Cases)
        {
            CallSums expected = Sum(calls.Where(meets));
            Assert.True(expected == store.Totals(query, Ample).Sums, name);
            Assert.True(expected.Calls == store.Count(query), name);
            Assert.True(expected.Calls == store.List(query with { Limit = 1000 }).Calls.Count, name);
            Assert.True(Math.Min(expected.Calls, 20) == store.Page(new CallPageRequest { Query = query, Take = 20, Viewer = "v" }).Calls.Count, name);
        }
    }

    [StoreFact]
    public void Plans_OfCodecsAndKinds_LeadByTheirIndexes()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        IEnumerable<StoredCall> calls = Enumerable.Range(0, 6_000).Select(static i => TestCalls.Stored(i, new Random(i), TestCalls.Start + TimeSpan.FromSeconds(i)))
            .Select(static (call, i) => call with
            {
                Record = call.Record with
                {
                    Caller = call.Record.Caller with { Codec = i % 500 == 7 ? "EVRC/8000" : "PCMU/8000" },
                    Callee = call.Record.Callee with { Codec = i % 500 == 8 ? "EVRC/8000" : "PCMU/8000" },
                    Transfer = i % 1000 == 9 ? new TransferRecord { Kind = TransferKind.Blind, Role = TransferRole.Target } : null,
                },
            });
        foreach (StoredCall[] batch in calls.Chunk(2_000)) Assert.Null(store.Write(batch).Fault);
        store.Seal(new DateOnly(2030, 1, 1));

        // Of a few thousand calls it is cheap to read all; of millions it is not.
        var day = new DateOnly(2026, 11, 20);
        foreach ((CallQuery query, string index, int count) in (ReadOnlySpan<(CallQuery, string, int)>)[
            (new CallQuery { CallerCodec = "evrc" }, "calls_20261120_caller_codec", 12), (new CallQuery { CalleeCodec = "evrc" }, "calls_20261120_callee_codec", 12),
            (new CallQuery { Traits = [new TraitMatch(CallTraits.Transferred)] }, "calls_20261120_kinds", 6)])
        {
            string plan = string.Join('\n', ((PostgresCallStore)store).Explain(query, day, day));
            Assert.True(plan.Contains(index, StringComparison.Ordinal), plan);
            Assert.Equal(count, store.Count(query));
        }
    }
}
