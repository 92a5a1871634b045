using System.Globalization;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Postgres;
using CdrEngine.Storage.Texts;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Texts of many days put together on PostgreSQL: what they tell is what a look at every call gives, they are gone with what they tell of, and damage costs nothing but time.</summary>
public sealed class PostgresTextGroupTests
{
    private const int CallsOfDay = 40;

    private static readonly DateOnly Over = new(2030, 1, 1);

    // Of three months.
    private static readonly DateOnly[] Days = [.. Enumerable.Range(0, 4).Select(static i => new DateOnly(2026, 9, 29).AddDays(i)), .. Enumerable.Range(0, 4).Select(static i => new DateOnly(2026, 11, 28).AddDays(i))];

    private static CallQuery Anna { get; } = new() { Text = "anna" };

    [PostgresTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void RandomTexts_AreThoseOfAStoreWithoutSeals_WhateverHappensToTheDays(int seed)
    {
        var random = new Random(seed);
        using var folder = new StoreFolder();
        using var place = new PostgresPlace();
        using SqliteCallStore plain = SqliteCallStore.Open(folder.Records);
        using var one = (PostgresCallStore)place.Calls();
        using var other = (PostgresCallStore)place.Calls();
        List<StoredCall> calls = Calls();
        Both(store => Assert.Null(store.Write(calls).Fault));
        one.Seal(Over);
        Ask(60);
        Assert.True(Told(one));
        Assert.True(Told(other));

        // Late calls into days that are over; then some that change, some that are gone for good, and a day.
        StoredCall[] late = [.. Enumerable.Range(0, 6).Select(i => Call((Days.Length * CallsOfDay) + i, Days[random.Next(2)]))];
        calls.AddRange(late);
        Both(store => Assert.Equal(late.Length, store.Write(late).Inserted));
        Ask(25);
        other.Seal(Over);
        Ask(25);
        foreach (IGrouping<DateOnly, StoredCall> day in calls.Where(_ => random.Next(25) == 0).GroupBy(DayOf).ToArray())
        {
            string[] gone = [.. day.Select(static call => call.Record.Id)];
            Both(store => Assert.Equal(gone.Length, ((ICallKeeping)store).Purge(day.Key, gone)));
            calls.RemoveAll(call => gone.Contains(call.Record.Id));
        }

        Both(store => Assert.True(store.DropDay(Days[5])));
        calls.RemoveAll(static call => DayOf(call) == Days[5]);
        Ask(25);
        one.Seal(Over);
        Ask(40);

        // Rows that went: what they told is asked of the days.
        one.Script($"DELETE FROM text_group_parts WHERE part = 0 AND day < '2026-10-15'");
        Ask(25);
        using var third = (PostgresCallStore)place.Calls();
        third.Seal(Over);
        Ask(25);
        Assert.True(Told(third));

        bool Told(PostgresCallStore store) => store.DaysAsked(Anna, all: true).Asked.Count == 0;

        void Both(Action<ICallStore> act)
        {
            act(one);
            act(plain);
        }

        void Ask(int times) => Questions.Ask(times, () => Query(calls, random), query => PostgresKnownCallTests.Ask(random.Next(3) == 0 ? other : one, plain, query, random), Sqlite.CallCursor.TextOf);
    }

    [PostgresFact]
    public void Groups_AreOfOneMonth_AndOnlyThoseOfADayThatChangedAreMadeAnew()
    {
        using var place = new PostgresPlace();
        using var store = (PostgresCallStore)place.Calls();
        List<StoredCall> calls = Calls();
        store.Write(calls);
        Assert.Equal(Days.Length, store.DaysAsked(Anna, all: true).Asked.Count);
        store.Seal(Over);
        Assert.Equal(["2026-09-29 2", "2026-10-01 2", "2026-11-28 3", "2026-12-01 1"], Groups(place));
        Assert.Empty(store.DaysAsked(Anna, all: true).Asked);
        string[] numbers = Numbers(place);

        // Nothing is made that is there, whoever looks.
        using (var another = (PostgresCallStore)place.Calls()) another.Seal(Over);
        Assert.Equal(numbers, Numbers(place));

        StoredCall late = Call(Days.Length * CallsOfDay, Days[2]);
        store.Write([late]);
        Assert.Equal([Days[2]], store.DaysAsked(Anna, all: true).Asked);
        store.Seal(Over);
        Assert.Empty(store.DaysAsked(Anna, all: true).Asked);
        string[] after = Numbers(place);
        Assert.Equal(4, after.Length);
        Assert.Equal(3, after.Intersect(numbers).Count());
        Assert.Equal("4", Query(place, "SELECT count(DISTINCT number) FROM {0}.text_group_parts"));

        // A month goes with its last day.
        Assert.True(store.DropDay(Days[7]));
        Assert.Equal(3, Groups(place).Length);
        Assert.Equal("0", Query(place, "SELECT count(*) FROM pg_tables WHERE schemaname = '{0}' AND tablename = 'text_group_parts_20261201'"));
    }

    [PostgresFact]
    public void PurgedTexts_AreInNoGroupAndNoFileOfOne()
    {
        using var place = new PostgresPlace();
        using var store = (PostgresCallStore)place.Calls();
        List<StoredCall> calls = Calls();
        StoredCall gone = calls.First(static call => DayOf(call) == Days[1]);
        gone = gone with { Record = gone.Record with { Caller = gone.Record.Caller with { Number = "4930123456789", Name = "Unforgettable" } } };
        calls = [.. calls.Select(call => call.Record.Id == gone.Record.Id ? gone : call)];
        store.Write(calls);
        store.Seal(Over);
        Assert.NotEqual("0", Parts("4930123456789"));
        Assert.NotEqual("0", Parts("Unforgettable"));
        Assert.Single(store.List(new CallQuery { Labels = [new LabelPart(CallLabel.CallerName, "Unforgettable", IsWhole: true)] }).Calls);
        string before = File();
        Assert.Equal(1, ((ICallKeeping)store).Purge(Days[1], [gone.Record.Id]));
        Assert.Equal("0", Parts("4930123456789"));
        Assert.Equal(3, Groups(place).Length);
        Assert.Equal("0", Query(place, "SELECT count(*) FROM {0}.record_days d WHERE d.texts <> 0 AND NOT EXISTS (SELECT 1 FROM {0}.text_groups g WHERE g.number = d.texts)"));
        Assert.Empty(store.Scrub());
        Assert.NotEqual(before, File());
        Assert.Empty(store.List(new CallQuery { Labels = [new LabelPart(CallLabel.CallerName, "Unforgettable", IsWhole: true)] }).Calls);
        store.Seal(Over);
        Assert.Equal("0", Parts("4930123456789"));
        Assert.Equal("0", Parts("Unforgettable"));
        Assert.Equal(4, Groups(place).Length);

        string File() => Query(place, "SELECT pg_relation_filenode('{0}.text_group_parts_20260901')");

        string Parts(string text) => Query(place, "SELECT count(*) FROM {0}.text_group_parts WHERE position('" + text + "'::bytea IN value) > 0");
    }

    [PostgresTheory]
    [InlineData("DELETE FROM text_groups")]
    [InlineData("DELETE FROM text_group_parts")]
    [InlineData("UPDATE text_groups SET size = size + 1")]
    [InlineData("UPDATE text_groups SET directory = size + 100000")]
    [InlineData("UPDATE text_group_parts SET value = substr(value, 1, length(value) - 1)")]
    [InlineData("UPDATE text_group_parts SET value = set_byte(value, length(value) - 40, 255 - get_byte(value, length(value) - 40)) WHERE length(value) < 8000")]
    [InlineData("UPDATE text_group_parts SET number = -number")]
    [InlineData("UPDATE record_days SET texts = 1")]
    public void DamagedGroups_AreAsIfTheyWereNotThere_AndMadeAnew(string damage)
    {
        using var place = new PostgresPlace();
        List<StoredCall> calls = Calls();
        using (var store = (PostgresCallStore)place.Calls())
        {
            store.Write(calls);
            store.Seal(Over);
            store.Script(damage);
        }

        using var read = (PostgresCallStore)place.Calls();
        List<string> expected = [.. Expected(calls)];
        Assert.Equal(expected.Count, read.Count(Anna));
        Assert.Equal(Days.Length, read.DaysAsked(new CallQuery { Text = "nna" }).Asked.Count);
        Assert.Equal(expected, read.List(Anna with { Limit = 1000 }).Calls.Select(static call => call.Id));
        read.Seal(Over);
        Assert.Equal(["2026-09-29 2", "2026-10-01 2", "2026-11-28 3", "2026-12-01 1"], Groups(place));
        Assert.Empty(read.DaysAsked(Anna, all: true).Asked);
        Assert.Equal(expected.Count, read.Count(Anna));
        Assert.Equal(expected, read.List(Anna with { Limit = 1000 }).Calls.Select(static call => call.Id));
    }

    [PostgresFact]
    public void Parts_AreFoundByTheirIndex()
    {
        using var place = new PostgresPlace();
        using var store = (PostgresCallStore)place.Calls();
        store.Write(Calls());
        store.Seal(Over);
        store.Script("INSERT INTO text_group_parts (day, number, part, value) SELECT '2026-09-29', 1, i, decode(repeat('00', 8000), 'hex') FROM generate_series(1, 300) i; ANALYZE text_group_parts");
        string plan = string.Join('\n', store.ExplainParts(Days[0]));
        Assert.Contains("Index Scan using text_group_parts_20260901_pkey", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Seq Scan on text_group_parts_20260901", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Sort", plan, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(23)]
    [InlineData(24)]
    public void Parts_OfAStream_AreItsBytes(int length)
    {
        byte[] bytes = [.. Enumerable.Range(1, length).Select(static i => (byte)i)];
        var parts = new List<byte[]>();
        using (var stream = new PartStream(8, parts.Add))
        {
            for (int at = 0, step = 1; at < length; at += step++) stream.Write(bytes.AsSpan(at, Math.Min(step, length - at)));
            stream.Flush();
        }

        Assert.Equal(bytes, parts.SelectMany(static part => part));
        Assert.All(parts.SkipLast(1), static part => Assert.Equal(8, part.Length));
        Assert.DoesNotContain(parts, static part => part.Length == 0);
    }

    private static CallQuery Query(List<StoredCall> calls, Random random)
    {
        CallQuery query = One();
        if (random.Next(5) == 0) query = new CallQuery { Any = [One(), One()], Tenant = random.Next(2) == 0 ? "acme" : null };
        else if (random.Next(3) == 0) query = query with { Tenant = random.Next(2) == 0 ? "acme" : "nobody" };
        if (query.Any.Count > 0) return query;
        if (random.Next(5) == 0) query = query with { Dispositions = [Disposition.Answered] };
        if (random.Next(5) == 0) query = query with { DurationMin = TimeSpan.FromSeconds(random.Next(10)) };
        if (random.Next(5) == 0) query = query with { CalleeNumbers = [Some().Callee.Number ?? "101", "102"] };
        if (random.Next(6) == 0) query = query with { From = At(Days[2], 30_000), To = random.Next(2) == 0 ? At(Days[6], 40_000) : null };
        if (random.Next(8) == 0) query = query with { MosBelow = random.Next(100, 450) / 100.0 };
        if (random.Next(8) == 0) query = query with { Address = Some().Caller.Address?.Address };
        if (random.Next(8) == 0) query = query with { Except = [Some().Id] };
        if (random.Next(3) == 0) query = query with { Without = Narrower(query) };
        return query;

        // What is left out is among what is found.
        CallQuery Narrower(CallQuery of) => random.Next(3) switch
        {
            0 => of with { Labels = [.. of.Labels, new LabelPart(CallLabel.CallerName, Name(Some()), IsWhole: random.Next(2) == 0)] },
            1 => of with { Ranges = [.. of.Ranges, new TextRange((TextOf)random.Next(3), (TextSense)random.Next(5), Part(Some().Callee.Number))] },
            _ => of.CallerNumbers.Count > 0 ? of with { Text = of.Text ?? "anna" } : of with { CallerNumbers = [Some().Caller.Number ?? "101"] },
        };

        CallRecord Some() => calls[random.Next(calls.Count)].Record;

        string Part(string? of)
        {
            if (string.IsNullOrEmpty(of)) return "1";
            int at = random.Next(of.Length);
            string part = of.Substring(at, random.Next(1, Math.Min(5, of.Length - at) + 1));
            return TextRange.CanBeAsked(part) ? part : "1";
        }

        // Parts of numbers are asked for without letters, and no name goes over the end of a line.
        static string Digits(string part) => part.All(char.IsAsciiDigit) ? part : "1";

        static string Name(CallRecord of) => of.Caller.Name is { } name && TextRange.CanBeAsked(name) ? name : "Anna";

        CallQuery One() => random.Next(9) switch
        {
            0 => new CallQuery { Text = random.Next(3) == 0 ? "anna" : Part(Some().SipCallId) },
            1 => new CallQuery { Parts = [new NumberPart((NumberOf)random.Next(3), Digits(Part(Some().Caller.Number)))] },
            2 => new CallQuery { Labels = [new LabelPart((CallLabel)random.Next(CallLabels.Count), Part(Some().Caller.Name), IsWhole: false)] },
            3 => new CallQuery { Labels = [new LabelPart(CallLabel.CallerName, Name(Some()), IsWhole: true)] },
            4 => new CallQuery { Ranges = [new TextRange((TextOf)random.Next(5), (TextSense)random.Next(6), Part(Some().Callee.Number))] },
            5 => new CallQuery { Ranges = [new TextRange(TextOf.FirstLabel + random.Next(CallLabels.Count), (TextSense)random.Next(6), Part(Some().Caller.Name))] },
            6 => Implied(Part(Some().SipCallId)),
            7 => new CallQuery { CallerNumbers = [Some().Caller.Number ?? "101"], CalleeNumbers = [Some().Callee.Number ?? "102"] },
            _ => new CallQuery { CallerNumbers = [Some().Caller.Number ?? "101"] },
        };

        // As a part of a Call-ID is asked for.
        static CallQuery Implied(string part) => new() { Text = part, Ranges = [new TextRange(TextOf.SipCallId, TextSense.Contains, part)] };
    }

    private static List<StoredCall> Calls() => [.. Enumerable.Range(0, Days.Length * CallsOfDay).Select(static index => Call(index, Days[index / CallsOfDay]))];

    private static StoredCall Call(int index, DateOnly day) => CallTextTests.Call(index, new Random(index), At(day, index % 1_000 * 60));

    private static Timestamp At(DateOnly day, int seconds) => Timestamp.From(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero)) + TimeSpan.FromSeconds(seconds);

    private static DateOnly DayOf(StoredCall call) => DateOnly.FromDateTime(call.Record.StartedAt.ToDateTime());

    private static IEnumerable<string> Expected(IEnumerable<StoredCall> calls) => calls.Where(static call => CallTextTests.HasText(call.Record, "anna"))
        .OrderByDescending(static call => call.Record.StartedAt).ThenByDescending(static call => call.Record.Id, StringComparer.Ordinal).Select(static call => call.Record.Id);

    private static string[] Groups(PostgresPlace place) => Lines(place, "SELECT string_agg(g.day || ' ' || g.days, ';' ORDER BY g.day) FROM {0}.text_groups g");

    private static string[] Numbers(PostgresPlace place) => Lines(place, "SELECT string_agg(g.number::text, ';' ORDER BY g.number) FROM {0}.text_groups g");

    private static string[] Lines(PostgresPlace place, string sql) => Query(place, sql).Split(';', StringSplitOptions.RemoveEmptyEntries);

    private static string Query(PostgresPlace place, string sql) => PostgresServer.Shared.Query(string.Format(CultureInfo.InvariantCulture, sql, place.Options.Schema));
}
