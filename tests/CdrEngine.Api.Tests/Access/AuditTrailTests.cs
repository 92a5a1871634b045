using CdrEngine.Api.Access.Audit;

namespace CdrEngine.Api.Tests.Access;

public sealed class AuditTrailTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cdr-audit-").FullName;
    private readonly TestClock _clock = new();

    private string Current => Path.Combine(_folder, "audit.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void FullFile_IsPutAside_AndTheChainGoesOn()
    {
        Write(40, maxBytes: 1200);
        string[] files = Directory.GetFiles(_folder, "audit*.jsonl");
        Assert.InRange(files.Length, 8, 40);
        AuditVerdict verdict = AuditVerifier.Verify(_folder);
        Assert.Empty(verdict.Faults);
        Assert.Equal((40, 1, 40), (verdict.Entries, verdict.First, verdict.Last));
        Assert.Equal(Enumerable.Range(0, 40).Reverse().Select(static i => $"call-{i}"), new AuditReader(_folder).List(new AuditQuery { Limit = 100 }).Entries.Select(static row => row.Entry.Object));
        if (OperatingSystem.IsWindows()) return;
        foreach (string file in Directory.GetFiles(_folder)) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task ManyWriters_OverOneFolder_MakeOneChain()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(() =>
        {
            var trail = new AuditTrail(_folder, TimeProvider.System, 4000);
            for (int i = 0; i < 25; i++) trail.Write(new AuditEntry("download_mp3") { Object = $"{writer}-{i}" });
        })));
        AuditVerdict verdict = AuditVerifier.Verify(_folder);
        Assert.Empty(verdict.Faults);
        Assert.Equal(200, verdict.Entries);
    }

    public static TheoryData<string> Tamperings => ["change", "change and hash anew", "take out", "put in", "swap", "cut off the end", "take a file away", "take the head away"];

    [Theory]
    [MemberData(nameof(Tamperings))]
    public void Tampering_IsFoundOut(string how)
    {
        Write(30, maxBytes: 4000);
        Assert.Empty(AuditVerifier.Verify(_folder).Faults);
        string[] parts = [.. Directory.GetFiles(_folder, "audit-*.jsonl").Order(StringComparer.Ordinal)];
        string path = parts[0];
        List<string> lines = [.. File.ReadAllLines(path)];
        switch (how)
        {
            case "change":
                lines[2] = lines[2].Replace("call-2", "call-7", StringComparison.Ordinal);
                break;
            case "change and hash anew":
                string body = lines[2][..lines[2].IndexOf(",\"hash\"", StringComparison.Ordinal)].Replace("call-2", "call-7", StringComparison.Ordinal);
                lines[2] = $"{body},\"hash\":\"{AuditLine.Hash(Encoding.UTF8.GetBytes(body))}\"}}";
                break;
            case "take out":
                lines.RemoveAt(2);
                break;
            case "put in":
                lines.Insert(2, lines[2]);
                break;
            case "swap":
                (lines[1], lines[2]) = (lines[2], lines[1]);
                break;
            case "cut off the end":
                path = Current;
                lines = [.. File.ReadAllLines(path).SkipLast(1)];
                break;
            case "take a file away":
                path = parts[1];
                File.Delete(path);
                break;
            default:
                path = Path.Combine(_folder, "audit.head");
                File.Delete(path);
                break;
        }

        if (File.Exists(path)) File.WriteAllLines(path, lines);
        Assert.NotEmpty(AuditVerifier.Verify(_folder).Faults);
    }

    [Fact]
    public void OlderFiles_MayBeMovedAway_AndAnEntryNotedElsewhereIsLookedFor()
    {
        Write(30, maxBytes: 4000);
        string known = new AuditReader(_folder).List(new AuditQuery { Limit = 1 }).Entries[0].Hash;
        string oldest = Directory.GetFiles(_folder, "audit-*.jsonl").Order(StringComparer.Ordinal).First();
        string gone = JsonDocument.Parse(File.ReadLines(oldest).First()).RootElement.GetProperty("hash").GetString()!;
        File.Delete(oldest);
        AuditVerdict verdict = AuditVerifier.Verify(_folder, known);
        Assert.Empty(verdict.Faults);
        Assert.True(verdict.First > 1);
        Assert.Contains(gone, Assert.Single(AuditVerifier.Verify(_folder, gone).Faults), StringComparison.Ordinal);

        // All of them may be: the head tells where to go on.
        foreach (string file in Directory.GetFiles(_folder, "audit*.jsonl")) File.Delete(file);
        Write(1);
        Assert.Equal(31, AuditVerifier.Verify(_folder).First);
    }

    [Fact]
    public void CrashInTheMiddleOfALine_IsCutOff_AndTold()
    {
        Write(3);
        using (FileStream file = File.OpenWrite(Current))
        {
            file.Position = file.Length;
            file.Write("{\"seq\":4,\"time\":\"20"u8);
        }

        Assert.NotEmpty(AuditVerifier.Verify(_folder).Faults);
        Write(1);
        AuditVerdict verdict = AuditVerifier.Verify(_folder);
        Assert.Empty(verdict.Faults);
        Assert.Equal(5, verdict.Entries);
        AuditRow cut = new AuditReader(_folder).List(new AuditQuery { Action = "audit_cut" }).Entries.Single();
        Assert.Contains("19 bytes", cut.Entry.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void LinesFromBeforeTheChain_StandUnderIt()
    {
        File.WriteAllLines(Current, ["{\"time\":\"2026-01-01T00:00:00.000000Z\",\"action\":\"download_trace\"}", "{\"time\":\"2026-01-01T00:00:01.000000Z\",\"action\":\"download_trace\"}"]);
        Write(3);
        AuditVerdict verdict = AuditVerifier.Verify(_folder);
        Assert.Empty(verdict.Faults);
        Assert.Equal((3, 2), (verdict.Entries, verdict.Unchained));
        File.WriteAllText(Current, File.ReadAllText(Current).Replace("00:01.0", "00:02.0", StringComparison.Ordinal));
        Assert.NotEmpty(AuditVerifier.Verify(_folder).Faults);
    }

    [Fact]
    public void HostileText_StaysOnItsLine_AndIsCut()
    {
        new AuditTrail(_folder, _clock).Write(new AuditEntry("x\n{\"seq\":9}\u2028\ud800") { Object = new string('漢', 5000), Remote = "\"},{", Detail = "\u0000" });
        Assert.Empty(AuditVerifier.Verify(_folder).Faults);
        string line = Assert.Single(File.ReadAllLines(Current));
        Assert.InRange(line.Length, 100, AuditLine.MaxBytes - 1);
        Assert.Equal("\"},{", new AuditReader(_folder).List(new AuditQuery()).Entries.Single().Entry.Remote);
    }

    [Fact]
    public void List_IsPagedByKey_AndFiltered_WhileEntriesArrive()
    {
        var trail = new AuditTrail(_folder, _clock, 3000);
        for (int i = 0; i < 100; i++)
        {
            trail.Write(new AuditEntry(i % 2 == 0 ? "download_mp3" : "sign_in") { Object = $"call-{i}", Tenant = i % 3 == 0 ? "acme" : "beta", Who = $"token:{i % 4}", Result = i % 5 == 0 ? "denied" : "ok", Remote = "192.0.2.1" });
            _clock.Move(TimeSpan.FromSeconds(1));
        }

        var reader = new AuditReader(_folder);
        List<string> seen = [];
        string? cursor = null;
        do
        {
            AuditPage page = reader.List(new AuditQuery { Limit = 7, Cursor = cursor, Tenant = "acme" });
            seen.AddRange(page.Entries.Select(static row => row.Entry.Object!));
            cursor = page.NextCursor;
            trail.Write(new AuditEntry("sign_in") { Tenant = "acme", Object = "late" });
        }
        while (cursor is not null);
        Assert.Equal(Enumerable.Range(0, 100).Where(static i => i % 3 == 0).Reverse().Select(static i => $"call-{i}"), seen);
        Assert.Equal(50, reader.List(new AuditQuery { Action = "download_*", Limit = 1000 }).Entries.Count);
        Assert.Equal(20, reader.List(new AuditQuery { Result = "denied", Limit = 1000 }).Entries.Count);
        Assert.Equal("call-42", reader.List(new AuditQuery { Object = "call-42" }).Entries.Single().Entry.Object);
        CdrEngine.Core.Timestamp tenth = CdrEngine.Core.Timestamp.From(_clock.GetUtcNow()) - TimeSpan.FromSeconds(90);
        Assert.Equal(5, reader.List(new AuditQuery { From = tenth, To = tenth + TimeSpan.FromSeconds(5), Limit = 1000 }).Entries.Count);
        Assert.True(reader.List(new AuditQuery { Cursor = "x" }).CursorRejected);
        Assert.True(reader.List(new AuditQuery { Cursor = "-3" }).CursorRejected);
    }

    [Fact]
    public void LargeFile_IsReadFromItsMiddle()
    {
        var trail = new AuditTrail(_folder, _clock);
        for (int i = 0; i < 3000; i++) trail.Write(new AuditEntry("download_mp3") { Object = $"call-{i}", Detail = new string('x', i % 400) });
        var reader = new AuditReader(_folder);
        for (int before = 3000; before > 1; before -= 371)
            Assert.Equal(before - 1, reader.List(new AuditQuery { Cursor = before.ToString(System.Globalization.CultureInfo.InvariantCulture), Limit = 1 }).Entries.Single().Sequence);
    }

    private void Write(int count, long maxBytes = AuditTrail.DefaultFileBytes)
    {
        var trail = new AuditTrail(_folder, _clock, maxBytes);
        for (int i = 0; i < count; i++)
        {
            trail.Write(new AuditEntry("download_pcap_all") { Who = i % 2 == 0 ? "token:00" : null, Object = $"call-{i}", Remote = "2001:db8::1" });
            if (i % 5 == 0) _clock.Move(TimeSpan.FromSeconds(1));
        }
    }
}
