using CdrEngine.Api.Dialects;
using CdrEngine.Api.Dialects.PortSip;
using CdrEngine.Storage;

namespace CdrEngine.Api.Tests.Dialects.PortSip;

/// <summary>What call logs tell of sessions of several calls, over restarts: against a server that judges them all.</summary>
public sealed class PortSipKeptSessionsTests : IDisposable
{
    private const int Sessions = 120;

    private static readonly string[] Asked = ["filter=callee ne '1001'", "orderby=duration desc", "filter=duration gt 3&orderby=ended_at", "filter=contains(callee_display_name,'li')&orderby=call_id"];
    private static readonly DateOnly First = new(2026, 11, 20);

    private readonly string _folder = Directory.CreateTempSubdirectory("cdr-kept-").FullName;
    private DateTime _written = new(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private string Records => Path.Combine(_folder, "records");

    private string Kept => Path.Combine(_folder, "call-logs");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task AfterARestart_NothingIsToldAnew()
    {
        Fill();
        Assert.NotEmpty(await AskAsync());
        string[] files = Directory.GetFiles(Kept);
        Assert.Equal(Days().Length, files.Length);
        if (!OperatingSystem.IsWindows())
        {
            foreach (string path in files) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Kept));
        }

        Assert.Empty(await AskAsync());
        Assert.Empty(await AskAsync());
    }

    /// <summary>Days that may still get calls are told with each start, and those of them alone.</summary>
    [Fact]
    public async Task DaysThatAreHardlyOver_AreNotKept()
    {
        Fill();
        Assert.NotEmpty(await AskAsync(daysBehind: 2));
        Assert.Equal(["2026-11-20.logs"], Directory.GetFiles(Kept).Select(Path.GetFileName));
        List<string> told = await AskAsync(daysBehind: 2);
        Assert.NotEmpty(told);

        // Of the day that is kept, those that go on into the others.
        Assert.All(told, static id => Assert.True(id.StartsWith("20261121", StringComparison.Ordinal) || id.StartsWith("20261122", StringComparison.Ordinal) || Overnight(id), id));

        static bool Overnight(string id) => Array.Exists([.. Enumerable.Range(0, Sessions).Select(PortSipCallLogTests.Session)], its => its[0].Id == id && its[^1].Id[..8] != id[..8]);
    }

    [Fact]
    public async Task WhatChangedMeanwhile_IsTold()
    {
        Fill();
        await AskAsync();

        // Written otherwise, of another tenant, gone on to another call, new, and deleted.
        CallRecord[] one = PortSipCallLogTests.Session(1), two = PortSipCallLogTests.Session(2), alone = PortSipCallLogTests.Session(4), come = [PortSipOrderTests.Call(9_000)];
        Write("acme", one[0], one[^1] with { EndedAt = one[^1].EndedAt + TimeSpan.FromSeconds(400) });
        Assert.InRange((await AskAsync()).Count, 1, 3);
        Write("gamma", two[0]);
        Assert.InRange((await AskAsync()).Count, 1, 3);
        Write("acme", PortSipCallLogTests.Linked(alone[0], PortSipCallLogTests.At(alone[0].StartedAt + TimeSpan.FromDays(1), 9_001), LinkRelation.Downstream));
        Write("acme", PortSipCallLogTests.Linked(come[0], PortSipCallLogTests.At(come[0].StartedAt + TimeSpan.FromSeconds(2), 9_002), LinkRelation.Downstream));
        Assert.InRange((await AskAsync()).Count, 1, 5);
        using (SqliteCallStore store = SqliteCallStore.Open(Records)) Assert.Equal(2, store.Hide([one[^1].Id, PortSipCallLogTests.Session(6)[0].Id], "test", Timestamp.From(DateTimeOffset.UnixEpoch)));
        await AskAsync();
        Assert.DoesNotContain(one[0].Id, await AskAsync());
    }

    /// <summary>Whatever days' files are missing, and whatever changed: what sessions reach is not known then as it was.</summary>
    [Fact]
    public async Task WithoutSomeDays_WhatTheyWereReachedBy_IsTold()
    {
        Fill();
        await AskAsync();
        var random = new Random(7);
        for (int i = 0; i < 6; i++)
        {
            DateOnly[] days = Days();
            CallRecord[] session = PortSipCallLogTests.Session(11 + (10 * i));
            Write(i % 2 == 0 ? "acme" : "beta", session[^1] with { EndedAt = session[^1].EndedAt + TimeSpan.FromSeconds(50 + i) });
            if (i == 3)
            {
                using SqliteCallStore store = SqliteCallStore.Open(Records);
                Assert.Equal(1, store.Hide([PortSipCallLogTests.Session(101)[^1].Id], "test", Timestamp.From(DateTimeOffset.UnixEpoch)));
            }

            KeptCallLogs.Forget(Kept, days[random.Next(days.Length)]);
            KeptCallLogs.Forget(Kept, days[random.Next(days.Length)]);
            await AskAsync();
        }

        KeptCallLogs.Forget(Kept + "-none", First);
    }

    [Fact]
    public async Task AnotherRounding_AndAnotherStore_TellAnew()
    {
        Fill();
        int all = (await AskAsync()).Count;
        Assert.Equal(all, (await AskAsync(rounding: BillsecRounding.Ceil)).Count);
        Assert.Empty(await AskAsync(rounding: BillsecRounding.Ceil));
        Assert.Equal(all, (await AskAsync()).Count);

        // The same files with the same times elsewhere.
        string moved = Records + "-moved";
        Directory.Move(Records, moved);
        Directory.CreateDirectory(Records);
        foreach (string path in Directory.GetFiles(moved))
        {
            string copy = Path.Combine(Records, Path.GetFileName(path));
            File.Copy(path, copy);
            File.SetLastWriteTimeUtc(copy, File.GetLastWriteTimeUtc(path));
        }

        Assert.Equal(all, (await AskAsync()).Count);
    }

    [Fact]
    public async Task DamagedFiles_AreAsGoodAsNone()
    {
        Fill();
        int all = (await AskAsync()).Count;
        var random = new Random(5);
        foreach (string path in Directory.GetFiles(Kept))
        {
            byte[] bytes = File.ReadAllBytes(path);
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(path, bytes);
        }

        Assert.Equal(all, (await AskAsync()).Count);
        foreach (string path in Directory.GetFiles(Kept)) File.WriteAllBytes(path, []);
        File.WriteAllText(Path.Combine(Kept, "2026-11-20.logs.1.new"), "x");
        File.WriteAllText(Path.Combine(Kept, "what.logs"), "x");
        Assert.Equal(all, (await AskAsync()).Count);
        Assert.Equal(Days().Length, Directory.GetFiles(Kept).Length);

        // A file that has another day's name.
        string[] files = [.. Directory.GetFiles(Kept).Order(StringComparer.Ordinal)];
        File.Copy(files[0], files[1], overwrite: true);
        Assert.InRange((await AskAsync()).Count, 1, all);
        Assert.Empty(await AskAsync());
    }

    [Fact]
    public async Task DaysThatAreGone_AreNotKept()
    {
        Fill();
        await AskAsync();
        using (SqliteCallStore store = SqliteCallStore.Open(Records)) Assert.True(store.DropDay(First));
        await AskAsync();
        Assert.Equal(Days().Length, Directory.GetFiles(Kept).Length);
        Assert.False(File.Exists(Path.Combine(Kept, "2026-11-20.logs")));
    }

    [Fact]
    public async Task WhereNothingCanBeWritten_ItIsToldOnce()
    {
        Fill();
        File.WriteAllText(Kept, "no folder");
        await using DialectRig rig = await StartAsync(BillsecRounding.Ceil, 10);
        foreach (string asked in Asked) await rig.GetAsync($"/api/calllogs?{asked}");
        await rig.StopAsync();
        Assert.Single(rig.Faults, static fault => fault.StartsWith("call logs are not kept", StringComparison.Ordinal));
    }

    /// <summary>Every field, whatever it holds.</summary>
    [Fact]
    public void AFile_GivesBackWhatWasWritten()
    {
        var random = new Random(11);
        for (int i = 0; i < 60; i++)
        {
            PortSipDayFile written = FileOf(random, random.Next(0, 40));
            PortSipDayFile read = PortSipDayFile.Read(written.ToBytes("header"), "header", static text => text)!;
            Assert.Equal(written.Stamp, read.Stamp);
            Assert.Equal(written.States.OrderBy(static pair => pair.Key, StringComparer.Ordinal), read.States.OrderBy(static pair => pair.Key, StringComparer.Ordinal));
            Assert.Equal(written.Reached.OrderBy(static pair => pair.Key), read.Reached.OrderBy(static pair => pair.Key));
            Assert.Equal(written.Rows.Length, read.Rows.Length);
            foreach ((PortSipSessionRow expected, PortSipSessionRow found) in written.Rows.Zip(read.Rows)) AssertSame(expected, found);
            Assert.Null(PortSipDayFile.Read(written.ToBytes("header"), "another", static text => text));
        }
    }

    [Fact]
    public void AFileThatIsNotWhole_GivesNothing()
    {
        var random = new Random(12);
        byte[] bytes = FileOf(random, 3).ToBytes("header");
        for (int length = 0; length < bytes.Length; length++) Assert.Null(PortSipDayFile.Read(bytes.AsSpan(0, length), "header", static text => text));
        for (int i = 0; i < 3_000; i++)
        {
            byte[] other = [.. bytes];
            for (int flips = random.Next(1, 4); flips > 0; flips--) other[random.Next(other.Length)] ^= (byte)(1 << random.Next(8));
            if (other.AsSpan().SequenceEqual(bytes)) continue;
            Assert.Null(PortSipDayFile.Read(other, "header", static text => text));

            // Also where the sum was made to fit: whatever it reads then, it does not fail, and takes no more memory than there is in the file.
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(other.AsSpan(other.Length - 8), CdrEngine.Calls.Transactions.Hash64.Of(other.AsSpan(0, other.Length - 8)));
            long before = GC.GetAllocatedBytesForCurrentThread();
            _ = PortSipDayFile.Read(other, "header", static text => text);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200 * bytes.Length);
        }
    }

    private static PortSipDayFile FileOf(Random random, int rows)
    {
        string?[] texts = [null, "", "1001", "Zoë", "\U0001F600 x", "\uD800", "\0", new string('a', 5_000), new string('\uFF21', 3_000), "ÿ", "Ā"];
        var states = new Dictionary<string, long>();
        for (int i = 0; i < rows; i++) states.Add($"20261120-{random.NextInt64():x}{i}", random.Next(3) == 0 ? long.MinValue : random.NextInt64());
        var reached = new Dictionary<(string, DateOnly), long>();
        var made = new PortSipSessionRow[rows];
        for (int i = 0; i < rows; i++)
        {
            made[i] = Row(i, random.Next(3) == 0 ? Row(i, null) : null);
            foreach (DateOnly day in made[i].Reached ?? [])
            {
                if (day > DateOnly.MinValue) reached[(made[i].Id, day)] = random.Next(2) == 0 ? long.MaxValue : random.NextInt64();
            }
        }

        Array.Sort(made, PortSipSessionRow.Compare);
        return new PortSipDayFile(random.Next(2) == 0 ? "1/2" : Text() ?? "", states, made) { Reached = reached };

        string? Text() => texts[random.Next(texts.Length)];

        Timestamp? Time() => random.Next(4) switch { 0 => null, 1 => Timestamp.MinValue, 2 => Timestamp.MaxValue, _ => new Timestamp(random.NextInt64()) };

        PortSipSessionRow Row(int i, PortSipSessionRow? own) => new()
        {
            Id = $"20261120-{i}",
            Number = random.Next(3) == 0 ? long.MinValue : random.NextInt64(),
            IsStray = random.Next(2) == 0,
            Tenant = Text(),
            Own = own,
            Reached = random.Next(3) switch { 0 => [DateOnly.MinValue, First.AddDays(1)], 1 => [DateOnly.MaxValue], _ => null },
            StartedAt = Time() ?? default,
            RangAt = Time(),
            AnsweredAt = Time(),
            EndedAt = Time(),
            Caller = Text(),
            CallerE164 = Text(),
            CallerDomain = Text(),
            CallerDisplayName = Text(),
            Callee = Text(),
            CalleeE164 = Text(),
            CalleeDomain = Text(),
            CalleeDisplayName = Text(),
            CallId = Text(),
            Direction = Text(),
            EndReason = Text(),
            RerouteReason = Text() ?? "NONE",
            Status = random.Next(4) switch { 0 => null, 1 => int.MinValue, 2 => int.MaxValue, _ => random.Next() },
            Destination = Text(),
            OutboundCallerId = Text(),
            DidCid = Text(),
            Trunk = Text(),
            Duration = random.Next(3) == 0 ? long.MaxValue : random.NextInt64(),
            ServiceNumber = Text(),
            UserData = Text(),
        };
    }

    // Whatever fields there are: one that is forgotten in the file shows here.
    private static void AssertSame(PortSipSessionRow expected, PortSipSessionRow found)
    {
        foreach (System.Reflection.PropertyInfo property in typeof(PortSipSessionRow).GetProperties())
        {
            if (property.Name != nameof(PortSipSessionRow.Own)) Assert.Equal(property.GetValue(expected), property.GetValue(found));
        }

        Assert.Equal(expected.Own is null, found.Own is null);
        if (expected.Own is not null) AssertSame(expected.Own, found.Own!);
    }

    private void Fill()
    {
        using (SqliteCallStore store = SqliteCallStore.Open(Records))
        {
            for (int i = 0; i < Sessions; i++)
            {
                CallRecord[] session = PortSipCallLogTests.Session(i);
                Write(store, i % 3 == 0 ? "beta" : "acme", session[0]);
                if (session.Length > 1) Write(store, (i % 3 == 0) != (i % 5 == 0) ? "beta" : "acme", session[1..]);
            }
        }

        Settle();
    }

    private void Write(string tenant, params CallRecord[] calls)
    {
        using (SqliteCallStore store = SqliteCallStore.Open(Records)) Write(store, tenant, calls);
        Settle();
    }

    private static void Write(SqliteCallStore store, string tenant, params CallRecord[] calls) =>
        Assert.Null(store.Write([.. calls.Select(call => new StoredCall(call with { Marks = (call.Marks ?? new CallMarks()) with { Tenant = tenant } }, RecordRevision.Final, default, tenant))]).Fault);

    // What was written is long ago, each time another: it is not waited for.
    private void Settle()
    {
        _written += TimeSpan.FromMinutes(1);
        foreach (string path in Directory.GetFiles(Records))
        {
            if (File.GetLastWriteTimeUtc(path).Year > 2025) File.SetLastWriteTimeUtc(path, _written);
        }
    }

    private DateOnly[] Days()
    {
        using SqliteCallStore store = SqliteCallStore.Open(Records);
        return [.. store.Days()];
    }

    private Task<DialectRig> StartAsync(BillsecRounding rounding, int daysBehind) => StartAsync(rounding, daysBehind, Kept, 7);

    private async Task<DialectRig> StartAsync(BillsecRounding rounding, int daysBehind, string? kept, int? mostJudged)
    {
        DialectRig rig = await DialectRig.StartAsync(new FakeDirectory(), mostJudged: mostJudged, calls: SqliteCallStore.Open(Records), callLogs: kept, rounding: rounding);
        rig.Clock.Move(TimeSpan.FromDays(daysBehind));
        return rig;
    }

    // A start of the program, and lists: which are those of judging each call. Gives which sessions were told for them.
    private async Task<List<string>> AskAsync(BillsecRounding rounding = BillsecRounding.Floor, int daysBehind = 10)
    {
        Settle();
        await using DialectRig rig = await StartAsync(rounding, daysBehind), judging = await StartAsync(rounding, daysBehind, null, null);
        string acme = rig.NewToken("acme"), same = judging.NewToken("acme");
        foreach (string asked in Asked)
        {
            foreach ((string? mine, string? theirs) in ((string?, string?)[])[(rig.AdminToken, judging.AdminToken), (acme, same)])
            {
                foreach (int skip in (int[])[0, 30])
                {
                    using HttpClient client = rig.Client(mine), judge = judging.Client(theirs);
                    string path = $"/api/calllogs?{asked}&skip={skip}&top=30";
                    JsonElement expected = await DialectRig.JsonAsync(await judge.GetAsync(path)), found = await DialectRig.JsonAsync(await client.GetAsync(path));
                    Assert.Equal(expected.GetRawText(), found.GetRawText());
                }
            }
        }

        await rig.StopAsync();
        Assert.Empty(rig.Faults);
        return rig.Noted.Numbered;
    }
}
