using System.Text.Json;
using CdrEngine.Api.Access.Audit;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Host.Joined;
using CdrEngine.PacketLog;
using CdrEngine.Storage;
using Xunit;

namespace CdrEngine.Host.Tests.Upkeep;

public sealed class PurgeTests : IDisposable
{
    private readonly UpkeepRig _rig = new("recording.policy=always");

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void PurgedCall_LeavesNoByteOfIt_AndIsInTheAudit()
    {
        _rig.Import(UpkeepRig.Demo);
        SortedDictionary<string, string> before = _rig.Calls();
        foreach (string id in before.Keys.ToArray())
        {
            string callId = SipCallId(before[id]);
            Assert.NotEmpty(UpkeepRig.FilesWith(_rig.Data, callId));
        }

        // Held, talked, over TCP, linked to another by a transfer: all kinds of traces.
        foreach (string file in new[] { "06-held", "10-tcp", "14-transferred", "09-answered-opus", "01-busy" })
        {
            (string id, string line) = before.First(call => call.Value.Contains($"{file}.pcap", StringComparison.Ordinal));
            using (var remarks = new SqliteCallRemarks(DataFolder.Records(_rig.Data)))
            {
                remarks.Change([new RemarkChange(id, was => was with { Notes = $"about {SipCallId(line)}" })], "test", Timestamp.From(DateTimeOffset.UtcNow));
            }

            // What call logs are made of tells of its session.
            Directory.CreateDirectory(DataFolder.CallLogs(_rig.Data));
            File.WriteAllText(Path.Combine(DataFolder.CallLogs(_rig.Data), $"{id[..4]}-{id[4..6]}-{id[6..8]}.logs"), SipCallId(line));

            _rig.Do("purge", id);
            Assert.Empty(UpkeepRig.FilesWith(_rig.Data, SipCallId(line)));
            Assert.Empty(Directory.GetFiles(_rig.Data, $"{id}*", SearchOption.AllDirectories));
            Assert.Contains(new AuditReader(DataFolder.Access(_rig.Data)).List(new AuditQuery { Limit = 50 }).Entries, row => row.Entry.Action == "purge" && row.Entry.Object == id);
            before.Remove(id);
        }

        // The others are as they were, but for what they told of the ones purged.
        SortedDictionary<string, string> after = _rig.Calls();
        Assert.Equal(before.Keys, after.Keys);
        foreach ((string id, string line) in before)
        {
            if (!line.Contains("14-transferred.pcap", StringComparison.Ordinal)) Assert.Equal(line, after[id]);
        }

        JsonElement verified = _rig.Json("verify");
        Assert.Equal("", _rig.Error);
        Assert.Equal((before.Count, 0), (verified.GetProperty("same").GetInt32(), verified.GetProperty("different").GetInt32()));
        Assert.True(verified.GetProperty("purged_chunks").GetInt64() > 0);
    }

    [Fact]
    public void DeletedCalls_WaitForTheirAge_ThenGo_AndHeldOnesStay()
    {
        _rig.Set("packet-log.retention.sip-age=0s");
        _rig.Set("packet-log.retention.rtp-age=0s");
        _rig.Import(UpkeepRig.Demo[..4]);
        SortedDictionary<string, string> calls = _rig.Calls();
        string held = calls.Keys.First(), gone = calls.Keys.Last();
        _rig.Do("hold", "place", held, "--reason", "case 7/2026");
        using (ICallStore store = Stores.Calls(Settings(), StoreUse.Command)) store.Hide([held, gone], "a client", Timestamp.From(DateTimeOffset.UtcNow));
        Assert.DoesNotContain(gone, _rig.Calls().Keys);
        Assert.Empty(_rig.Json("retention", "--dry-run").GetProperty("items").EnumerateArray());
        _rig.Set("retention.deleted-age=0s");
        _rig.Time = new LaterTime(TimeSpan.FromMinutes(1));
        JsonElement item = Assert.Single(_rig.Json("retention", "--dry-run").GetProperty("items").EnumerateArray(), static item => item.GetProperty("class").GetString() == "deleted_calls");
        Assert.Equal(1, item.GetProperty("items").GetInt32());
        Assert.NotEmpty(UpkeepRig.FilesWith(_rig.Data, SipCallId(calls[gone])));
        _rig.Do("retention");
        Assert.Empty(UpkeepRig.FilesWith(_rig.Data, SipCallId(calls[gone])));
        Assert.NotEmpty(UpkeepRig.FilesWith(_rig.Data, SipCallId(calls[held])));
        Assert.Equal(1, _rig.Run("purge", held));
        Assert.Contains("legal hold", _rig.Error, StringComparison.Ordinal);
        _rig.Do("hold", "release", "1");
        _rig.Do("retention");
        Assert.Empty(UpkeepRig.FilesWith(_rig.Data, SipCallId(calls[held])));
        Assert.Empty(_rig.Json("verify").GetProperty("faults").EnumerateArray());
    }

    [Fact]
    public void Hold_SurvivesWhatIsAroundIt()
    {
        _rig.Import(UpkeepRig.Demo);
        SortedDictionary<string, string> calls = _rig.Calls();
        string held = calls.First(static call => call.Value.Contains("06-held.pcap", StringComparison.Ordinal)).Key;
        byte[] packets = _rig.Pcap(held);
        Assert.True(packets.Length > 10_000);
        Assert.Equal(1, _rig.Run("hold", "place", held));
        Assert.Contains("--reason", _rig.Error, StringComparison.Ordinal);
        Assert.Equal(1, _rig.Run("hold", "place", "20261120-000000000000000000000000", "--reason", "x"));
        JsonElement hold = _rig.Json("hold", "place", held, "--reason", "letter of 20 November");
        Assert.Equal((1, 1), (hold.GetProperty("id").GetInt32(), hold.GetProperty("calls").GetInt32()));
        JsonElement listed = Assert.Single(_rig.Json("hold", "list", "--call", held).GetProperty("holds").EnumerateArray());
        Assert.Equal("letter of 20 November", listed.GetProperty("reason").GetString());

        // A month later everything is too old.
        foreach (string setting in new[] { "retention.records-age=10d", "retention.recordings-age=5d" }) _rig.Set(setting);
        _rig.Time = new LaterTime(TimeSpan.FromDays(400));
        _rig.Do("retention");
        Assert.Equal([held], _rig.Calls().Keys);
        Assert.Equal(PacketsOf(packets), PacketsOf(_rig.Pcap(held)));
        Assert.Equal(2, SegmentFile.List(DataFolder.Packets(_rig.Data)).Count);
        Assert.Equal(held, Path.GetFileNameWithoutExtension(Assert.Single(Directory.GetFiles(Path.Combine(_rig.Data, "recordings"), "*.mp3", SearchOption.AllDirectories))));
        Assert.Equal(calls[held], _rig.Calls()[held]);
        Assert.Empty(_rig.Json("verify").GetProperty("faults").EnumerateArray());
        foreach ((string id, string line) in calls.Where(call => call.Key != held)) Assert.Empty(UpkeepRig.FilesWith(_rig.Data, SipCallId(line)));
        _rig.Do("hold", "release", "1");
        _rig.Do("retention");
        Assert.Empty(_rig.Calls());
        Assert.Empty(SegmentFile.List(DataFolder.Packets(_rig.Data)));
        Assert.Empty(UpkeepRig.FilesWith(_rig.Data, SipCallId(calls[held])));
    }

    [Fact]
    public void TenantsShorterAge_TakesItsPacketsOutOfSharedSegments()
    {
        string directory = Path.Combine(_rig.Folder, "directory.conf");
        File.WriteAllText(directory, File.ReadAllText(TestKit.Checkout.Path("demo", "directory.conf")));
        _rig.Set($"directory.file={directory}");
        _rig.Import(UpkeepRig.Demo);
        SortedDictionary<string, string> calls = _rig.Calls();
        string? tenant = calls.Values.Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("tenant").GetString()).FirstOrDefault(static name => name is not null);
        Assert.NotNull(tenant);
        Dictionary<string, int> sizes = calls.Keys.ToDictionary(static id => id, id => _rig.Pcap(id).Length);
        var retention = new UpkeepRig { Data = _rig.Data };
        using (retention)
        {
            string config = Path.Combine(_rig.Folder, "my.conf");
            File.WriteAllText(config, $$"""cdrengine { retention.tenants = ["{{tenant}}: rtp 1d, recordings 2d"], packet-log.retention { sip-age = 0s, rtp-age = 0s } }""");
            retention.Time = new LaterTime(TimeSpan.FromDays(400));
            retention.Do("retention", "--config", config);
            string first = retention.Out;
            Assert.Contains($"tenant {tenant}", first, StringComparison.Ordinal);
            retention.Do("retention", "--config", config);
            Assert.Contains("nothing has to go", retention.Out, StringComparison.Ordinal);
            int ours = 0, others = 0;
            foreach ((string id, string line) in calls)
            {
                bool isTheirs = JsonDocument.Parse(line).RootElement.GetProperty("tenant").GetString() == tenant;
                int now = retention.Pcap(id).Length;
                if (!isTheirs) Assert.Equal(sizes[id], now);
                else Assert.True(now <= sizes[id] && now > 0);
                if (isTheirs && now < sizes[id]) ours++;
                if (!isTheirs) others++;
            }

            Assert.True(ours > 0, "a call of the tenant lost its media");
            Assert.True(others >= 0);
            Assert.True(PacketLogVerifier.Verify(DataFolder.Packets(_rig.Data)).IsWhole);
        }
    }

    internal static string SipCallId(string line) => JsonDocument.Parse(line).RootElement.GetProperty("sip_call_id").GetString()!;

    // Without the times of the file's head: what was captured.
    private static string PacketsOf(byte[] pcap) => Convert.ToHexString(pcap);

    private Host.Configuration.Settings Settings() =>
        Host.Configuration.SettingsLoader.Load(new Host.Configuration.SettingsFlags { DataDirectory = _rig.Data }, static _ => null);

    /// <summary>The clock, later.</summary>
    internal sealed class LaterTime(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }
}
