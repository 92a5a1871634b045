using System.Text.Json;
using CdrEngine.Host.Joined;
using CdrEngine.PacketLog;
using CdrEngine.Storage.Sqlite;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Host.Tests.Upkeep;

public sealed class OperationsTests : IDisposable
{
    private readonly UpkeepRig _rig = new("recording.policy=always");

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Backup_Restores_AndTheNextCopiesOnlyWhatChanged()
    {
        string backup = Path.Combine(_rig.Folder, "backup"), restored = Path.Combine(_rig.Folder, "restored");
        _rig.Import(UpkeepRig.Demo[..10]);
        JsonElement first = _rig.Json("backup", backup);
        Assert.Equal(first.GetProperty("files").GetInt32(), first.GetProperty("copied").GetInt32());
        _rig.Import(UpkeepRig.Demo[10..]);
        JsonElement second = _rig.Json("backup", backup);
        Assert.InRange(second.GetProperty("copied").GetInt32(), 3, second.GetProperty("files").GetInt32() - 10);
        Assert.Equal(0, _rig.Run("restore", backup, "--check"));
        Assert.Equal(0, _rig.Run("restore", backup, "--data", restored));
        SortedDictionary<string, string> calls = _rig.Calls();
        Assert.Equal(calls, _rig.Calls(restored));
        foreach (string id in calls.Keys) Assert.Equal(_rig.Pcap(id), _rig.Pcap(id, restored));
        Assert.Equal(0, _rig.Run("verify", "--data", restored));
        Assert.Equal(1, _rig.Run("restore", backup, "--data", restored));
        Assert.Contains("not empty", _rig.Error, StringComparison.Ordinal);
        Assert.Equal(1, _rig.Run("backup", restored));

        // What is gone goes from the backup too; a flipped byte, a missing file and a newer schema are found before anything is copied.
        _rig.Do("purge", calls.Keys.First());
        _rig.Do("backup", backup);
        Assert.Empty(UpkeepRig.FilesWith(backup, PurgeTests.SipCallId(calls[calls.Keys.First()])));
        string segment = Directory.GetFiles(backup, "*.seg", SearchOption.AllDirectories)[0];
        byte[] bytes = File.ReadAllBytes(segment);
        bytes[100] ^= 1;
        File.WriteAllBytes(segment, bytes);
        Assert.Equal(1, _rig.Run("restore", backup, "--data", Path.Combine(_rig.Folder, "other")));
        Assert.Contains("not the bytes that were written", _rig.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_rig.Folder, "other")));
        File.Delete(segment);
        Assert.Equal(1, _rig.Run("restore", backup, "--check"));
        Assert.Contains(": missing", _rig.Error, StringComparison.Ordinal);
        Assert.Equal(1, _rig.Run("restore", _rig.Folder, "--check"));
        Assert.Contains("there is no backup", _rig.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_ExpectsNoSecondCopiesOfTheMirror_WhichAreCountedAndNotKept()
    {
        _rig.Import(Checkout.Path("tests", "fixtures", "pcap", "load", "answered.pcap"));
        Assert.Contains(_rig.Calls().Values, static call => call.Contains("\"mirror_duplicates\":", StringComparison.Ordinal) && call.Split("\"mirror_duplicates\":").Skip(1).Any(static count => count[0] != '0'));
        JsonElement verified = _rig.Json("verify");
        Assert.Empty(verified.GetProperty("faults").EnumerateArray());
        Assert.Equal(0, verified.GetProperty("different").GetInt32());
    }

    [Fact]
    public void Verify_FindsAFlippedByteOfPacketsIndexRecordsAndRecordings()
    {
        _rig.Import(UpkeepRig.Demo[5], UpkeepRig.Demo[0]);
        JsonElement good = _rig.Json("verify");
        Assert.Equal((2, 2, 0), (good.GetProperty("records").GetInt32(), good.GetProperty("same").GetInt32(), good.GetProperty("faults").GetArrayLength()));
        string database = Directory.GetFiles(Path.Combine(_rig.Data, "records"), "20*.db").Single();
        string answered = _rig.Calls().Single(static call => call.Value.Contains("06-held", StringComparison.Ordinal)).Key;

        // A figure in the stored record.
        Sql(database, "UPDATE call_documents SET json = replace(json, '\"dialled\":\"', '\"dialled\":\"9') WHERE sip_call_id = (SELECT sip_call_id FROM call_documents LIMIT 1)");
        Assert.Equal(1, _rig.Run("verify"));
        Assert.Contains("dialled", _rig.Error, StringComparison.Ordinal);
        Sql(database, "UPDATE call_documents SET json = replace(json, '\"dialled\":\"9', '\"dialled\":\"')");
        Assert.Equal(0, _rig.Run("verify"));

        // Where packets lie.
        Sql(database, "UPDATE call_chunks SET chunks = (SELECT chunks FROM call_chunks k WHERE k.document <> call_chunks.document) WHERE document = 1");
        Assert.Equal(1, _rig.Run("verify"));
        Assert.Contains("another call's", _rig.Error, StringComparison.Ordinal);
        Assert.Equal(1, _rig.Json("repair").GetProperty("indexes").GetInt32());
        Assert.Equal(0, _rig.Run("verify"));

        // A page of an index.
        byte[] pages = File.ReadAllBytes(database);
        byte[] broken = [.. pages];
        for (int at = 16384 * 2; at < 16384 * 2 + 40; at++) broken[at] ^= 0x55;
        File.WriteAllBytes(database, broken);
        Assert.Equal(1, _rig.Run("verify"));
        File.WriteAllBytes(database, pages);

        // Packets and sound.
        foreach (string path in new[] { Directory.GetFiles(_rig.Data, "*-rtp-*.seg", SearchOption.AllDirectories)[0], Path.Combine(_rig.Data, "recordings", $"{answered[..4]}-{answered[4..6]}-{answered[6..8]}", $"{answered}.mp3") })
        {
            byte[] bytes = File.ReadAllBytes(path);
            File.WriteAllBytes(path, [.. bytes.AsSpan(0, bytes.Length / 2), .. new byte[] { (byte)~bytes[bytes.Length / 2] }, .. bytes.AsSpan((bytes.Length / 2) + 1, bytes.Length - (bytes.Length / 2) - 2)]);
            Assert.Equal(1, _rig.Run("verify"));
            File.WriteAllBytes(path, bytes);
        }

        Assert.Equal(0, _rig.Run("verify"));
        Assert.Equal(0, _rig.Run("verify", "--from", "2001-01-01", "--to", "2001-01-02"));
        Assert.Equal(1, _rig.Run("verify", "--data", Path.Combine(_rig.Folder, "nowhere")));
    }

    [Fact]
    public void Repair_MakesADayAnew_PutsADamagedOneAside_AndCutsTornSegments()
    {
        _rig.Import(UpkeepRig.Demo);
        SortedDictionary<string, string> calls = _rig.Calls();
        string[] days = Directory.GetFiles(Path.Combine(_rig.Data, "records"), "20*.db");
        foreach (string day in days) File.Delete(day);
        Assert.Empty(_rig.Calls());
        Assert.Equal(calls.Count, _rig.Json("repair", "--dry-run").GetProperty("records").GetInt32());
        Assert.Empty(_rig.Calls());
        Assert.Equal(calls.Count, _rig.Json("repair").GetProperty("records").GetInt32());
        SortedDictionary<string, string> again = _rig.Calls();
        Assert.Equal(calls.Keys, again.Keys);
        foreach (string id in calls.Keys)
        {
            // Which file a packet came from is told by records alone, and that it ended there.
            Assert.Equal(Without(calls[id]), Without(again[id]));
            Assert.NotEmpty(_rig.Pcap(id));
        }

        Assert.Equal(0, _rig.Run("verify"));
        File.WriteAllBytes(days[0], new byte[20_000]);
        Assert.Equal(1, _rig.Run("verify"));
        JsonElement repaired = _rig.Json("repair");
        Assert.Single(repaired.GetProperty("put_aside").EnumerateArray());
        Assert.Single(Directory.GetFiles(Path.Combine(_rig.Data, "records"), "*.damaged-*"));
        Assert.Equal(calls.Keys, _rig.Calls().Keys);

        SegmentFile segment = SegmentFile.List(DataFolder.Packets(_rig.Data))[0];
        string open = Path.ChangeExtension(segment.Path, SegmentId.OpenExtension);
        File.Move(segment.Path, open);
        using (var stream = new FileStream(open, FileMode.Append)) stream.Write(new byte[77]);
        repaired = _rig.Json("repair");
        Assert.Equal((1, 77), (repaired.GetProperty("finished_segments").GetInt32(), repaired.GetProperty("torn_bytes").GetInt32()));
        Assert.Equal(0, _rig.Json("repair").GetProperty("records").GetInt32());
    }

    [Fact]
    public void Upgrade_IsTriedOnCopies_AndANewerSchemaIsRefused()
    {
        _rig.Import(UpkeepRig.Demo[5]);
        string database = Directory.GetFiles(Path.Combine(_rig.Data, "records"), "20*.db").Single();
        Assert.All(_rig.Json("upgrade", "--try").GetProperty("databases").EnumerateArray(), static file => Assert.Equal(file.GetProperty("version").GetInt32(), file.GetProperty("program_version").GetInt32()));

        // As the version before wrote it.
        string registrations = Path.Combine(_rig.Data, "registrations.db");
        Sql(registrations, "DROP INDEX registrations_by_mac; DROP INDEX registrations_by_tenant; PRAGMA user_version = 1; PRAGMA wal_checkpoint(TRUNCATE)");
        byte[] old = File.ReadAllBytes(registrations);
        JsonElement step = Assert.Single(_rig.Json("upgrade", "--try").GetProperty("databases").EnumerateArray(), static file => file.GetProperty("version").GetInt32() < file.GetProperty("program_version").GetInt32());
        Assert.Equal(("Registrations", 1), (step.GetProperty("schema").GetString(), step.GetProperty("version").GetInt32()));
        Assert.Equal(old, File.ReadAllBytes(registrations));
        Assert.DoesNotContain(Directory.GetDirectories(_rig.Folder), static folder => folder.Contains("cdrengine-try", StringComparison.Ordinal));
        _rig.Do("upgrade");
        Assert.Contains("0 to be changed", _rig.Do("upgrade", "--try"), StringComparison.Ordinal);
        Assert.Equal(0, _rig.Run("verify"));
        Sql(database, "PRAGMA user_version = 99");
        Assert.Equal(1, _rig.Run("upgrade", "--try"));
        Assert.Contains("written by a newer cdrengine", Assert.Single(_rig.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private static string Without(string line)
    {
        using JsonDocument record = JsonDocument.Parse(line);
        return string.Join('\n', record.RootElement.EnumerateObject()
            .Where(static member => member.Name is not ("capture_source" or "recording" or "missing_bye_reason" or "ended_reason")).Select(static member => member.ToString()));
    }

    private static void Sql(string path, string text)
    {
        using SqliteDatabase database = SqliteDatabase.Open(path, SqliteAccess.Write, TimeSpan.FromSeconds(5), 256);
        database.Execute(text);
    }
}
