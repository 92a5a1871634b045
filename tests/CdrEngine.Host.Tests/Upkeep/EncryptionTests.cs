using System.Text.Json;
using CdrEngine.PacketLog.Sealing;
using Xunit;

namespace CdrEngine.Host.Tests.Upkeep;

public sealed class EncryptionTests : IDisposable
{
    private readonly UpkeepRig _clear = new("recording.policy=always");
    private readonly UpkeepRig _sealed = new("recording.policy=always");
    private readonly string _keyFile;

    public EncryptionTests()
    {
        _keyFile = Path.Combine(_sealed.Folder, "keys");
        _sealed.Set($"encryption.key-file={_keyFile}");
        _sealed.Do("keys", "new");
    }

    public void Dispose()
    {
        _clear.Dispose();
        _sealed.Dispose();
    }

    [Fact]
    public void SealedImport_GivesTheSamePacketsSoundAndRecords_AndNothingLiesInTheClear()
    {
        _clear.Import(UpkeepRig.Demo);
        _sealed.Import(UpkeepRig.Demo);
        SortedDictionary<string, string> calls = _clear.Calls();
        Assert.Equal(calls, _sealed.Calls());
        foreach (string id in calls.Keys)
        {
            byte[] packets = _clear.Pcap(id);
            Assert.NotEmpty(packets);
            Assert.Equal(packets, _sealed.Pcap(id));
            Assert.Equal(_clear.Run("mp3", id), _sealed.Run("mp3", id));
            Assert.Equal(_clear.Binary, _sealed.Binary);
            Assert.Equal(_clear.Run("wav", id), _sealed.Run("wav", id));
            Assert.Equal(_clear.Binary, _sealed.Binary);
        }

        foreach (string text in new[] { "INVITE sip:", "SIP/2.0 200", "m=audio", "LAME3" })
        {
            Assert.NotEmpty(UpkeepRig.FilesWith(_clear.Data, text));
            Assert.Empty(UpkeepRig.FilesWith(_sealed.Data, text));
        }

        Assert.Empty(_sealed.Json("verify").GetProperty("faults").EnumerateArray());
    }

    [Fact]
    public void KeysChange_OldFilesReadOn_AndRewrappedTheyNeedTheNewOneOnly()
    {
        _sealed.Import(UpkeepRig.Demo[5]);
        string id = _sealed.Calls().Keys.Single();
        byte[] packets = _sealed.Pcap(id);
        _sealed.Do("keys", "new");
        Assert.Equal(packets, _sealed.Pcap(id));
        _sealed.Import(UpkeepRig.Demo[8]);
        JsonElement keys = _sealed.Json("keys", "list").GetProperty("keys");
        Assert.Equal(["current", "older"], keys.EnumerateArray().Select(static key => key.GetProperty("state").GetString()));
        Assert.All(keys.EnumerateArray(), static key => Assert.True(key.GetProperty("files").GetInt32() > 0));
        Assert.True(_sealed.Json("keys", "rewrap").GetProperty("rewrapped").GetInt32() > 0);
        File.WriteAllText(_keyFile, File.ReadAllLines(_keyFile)[0]);
        Assert.Equal(packets, _sealed.Pcap(id));
        Assert.Empty(_sealed.Json("verify").GetProperty("faults").EnumerateArray());
        Assert.Equal(0, _sealed.Json("keys", "rewrap").GetProperty("rewrapped").GetInt32());
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(_keyFile) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead));
    }

    [Fact]
    public void WrongOrMissingKey_IsOneLine_AndWhatComesNewIsSealedByTheCurrentOne()
    {
        _sealed.Import(UpkeepRig.Demo[5]);
        string old = KeyRing.Show(KeyRing.TryParse(File.ReadAllText(_keyFile), out _)!.Current);
        string id = _sealed.Calls().Keys.Single();
        File.WriteAllText(_keyFile, KeyRing.NewKey());
        Assert.Equal(1, _sealed.Run("verify"));
        Assert.Equal(2, _sealed.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains($"sealed by key {old}", _sealed.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, _sealed.Run("pcap", id));
        Assert.NotEqual(0, _sealed.Run("mp3", id));
        _sealed.Import(UpkeepRig.Demo[8]);
        string young = _sealed.Calls().Keys.Single(other => other != id);
        Assert.NotEmpty(_sealed.Pcap(young));
        File.WriteAllText(_keyFile, "not a key");
        Assert.Equal(1, _sealed.Run("import", UpkeepRig.Demo[0]));
        Assert.Equal($"cdrengine: {_keyFile}: line 1: a key is 32 bytes in base64 or 64 hexadecimal digits\n", _sealed.Error);
        File.Delete(_keyFile);
        Assert.Equal(1, _sealed.Run("import", UpkeepRig.Demo[0]));
        Assert.StartsWith("cdrengine: encryption.key-file: ", _sealed.Error, StringComparison.Ordinal);
        Assert.Single(_sealed.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void RecordingsInTheClear_CanBeSealedLater()
    {
        _clear.Import(UpkeepRig.Demo[5]);
        string id = _clear.Calls().Keys.Single();
        _clear.Do("mp3", id);
        byte[] sound = _clear.Binary;
        Assert.NotEmpty(UpkeepRig.FilesWith(_clear.Data, "LAME3"));
        _clear.Set($"encryption.key-file={_keyFile}");
        Assert.True(_clear.Json("keys", "rewrap", "--seal-clear").GetProperty("sealed").GetInt32() > 0);
        Assert.Empty(UpkeepRig.FilesWith(_clear.Data, "LAME3"));
        _clear.Do("mp3", id);
        Assert.Equal(sound, _clear.Binary);
        Assert.NotEmpty(_clear.Pcap(id));
    }
}
