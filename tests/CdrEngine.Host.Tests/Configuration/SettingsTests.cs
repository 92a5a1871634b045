using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Records;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Hocon;
using CdrEngine.Host.Joined;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Host.Tests.Configuration;

public sealed class SettingsTests
{
    // Text of application.conf, and the whole error line.
    public static TheoryData<string, string> Mistakes => new()
    {
        { "cdrengine.call.lingr = 2s", "app.conf:1:1: unknown key 'cdrengine.call.lingr'; did you mean 'cdrengine.call.linger'?" },
        { "cdrengine {\n  call {\n    setup-timeuot = 2s\n  }\n}", "app.conf:3:5: unknown key 'cdrengine.call.setup-timeuot'; did you mean 'cdrengine.call.setup-timeout'?" },
        { "call.linger = 2s", "app.conf:1:1: unknown key 'call'; did you mean 'cdrengine.call'?" },
        { "cdrengine.calls { linger = 2s }", "app.conf:1:1: unknown key 'cdrengine.calls'; did you mean 'cdrengine.call'?" },
        { "cdrengine.linger = 2s", "app.conf:1:1: unknown key 'cdrengine.linger'; did you mean 'cdrengine.call.linger'?" },
        { "cdrengine.call = 5", "app.conf:1:18: 'cdrengine.call' holds further keys; write cdrengine.call { … }" },
        { "cdrengine.call.linger = 5", "app.conf:1:25: cdrengine.call.linger: '5' has no unit; write 5ms, 5s, 5m, 5h or 5d" },
        { "cdrengine.call.linger = 2h", "app.conf:1:25: cdrengine.call.linger: 2h is outside 0s to 1h" },
        { "cdrengine.call.linger = null", "app.conf:1:25: cdrengine.call.linger: it needs a value; null takes it away" },
        { "cdrengine.call.linger = [1s]", "app.conf:1:25: cdrengine.call.linger: it takes one value, not a list" },
        { "cdrengine.call.linger { x = 1 }", "app.conf:1:23: cdrengine.call.linger: it takes one value, not an object" },
        { "cdrengine.call.legs-per-call = many", "app.conf:1:32: cdrengine.call.legs-per-call: 'many' is no whole number" },
        { "cdrengine.call.legs-per-call = 0", "app.conf:1:32: cdrengine.call.legs-per-call: 0 is outside 1 to 10000" },
        { "cdrengine.call.billsec-rounding = nearst", "app.conf:1:35: cdrengine.call.billsec-rounding: 'nearst' is none of nearest, floor, ceil; did you mean 'nearest'?" },
        { "cdrengine.packet-log.chunk = 16 KX", "app.conf:1:30: cdrengine.packet-log.chunk: 'KX' is no unit of size; known are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB" },
        { "cdrengine.packet-log.chunk = 10", "app.conf:1:30: cdrengine.packet-log.chunk: 10B is outside 1KiB to 1MiB" },
        { "cdrengine.packet-log.enabled = maybe", "app.conf:1:32: cdrengine.packet-log.enabled: 'maybe' is neither on nor off" },
        { "cdrengine.api.listen = \"localhost\"", "app.conf:1:24: cdrengine.api.listen: 'localhost' is no address with a port; write 127.0.0.1:8080 or [::1]:8080" },
        { "cdrengine.api.listen = \"::1:80\"", "app.conf:1:24: cdrengine.api.listen: '::1:80' is no address with a port; write 127.0.0.1:8080 or [::1]:8080" },
        { "cdrengine.api.page-size = 5000", "app.conf:1:27: cdrengine.api.page-size: 5000 is outside 1 to 1000" },
        { "cdrengine.call.keep-headers = { a = 1 }", "app.conf:1:31: cdrengine.call.keep-headers: it takes a list of texts" },
        { "cdrengine.call.keep-headers = [X-A, [X-B]]", "app.conf:1:37: cdrengine.call.keep-headers: its items are texts" },
        { "cdrengine.data-dir = \"\"", "app.conf:1:22: cdrengine.data-dir: it is empty" },
        { "cdrengine.alerts.kinds.mos-low.threshold = 120", "app.conf:1:44: cdrengine.alerts.kinds.mos-low.threshold: a share is 0 to 100 percent" },
        { "cdrengine.alerts.kinds.mos-low.clear = 50", "app.conf:1:40: cdrengine.alerts.kinds.mos-low.clear: it is not above the threshold, or an alert would never end" },
        { "cdrengine.alerts.kinds.mos-lw.clear = 50", "app.conf:1:1: unknown key 'cdrengine.alerts.kinds.mos-lw'; did you mean 'cdrengine.alerts.kinds.mos-low'?" },
        { "cdrengine.alerts.kinds.mos-low.by = [trunc]", "app.conf:1:37: cdrengine.alerts.kinds.mos-low.by: 'trunc' is none of tenant, trunk, peer, caller, user, source; did you mean 'trunk'?" },
        { "cdrengine.alerts.every.quiet = [\"22-6\"]", "app.conf:1:32: cdrengine.alerts.every.quiet: '22-6' is no time of the week; write 22:00-06:00, sat,sun or mon-fri 18:00-08:00" },
        { "cdrengine.alerts.rules.mine { threshold = 5 }", "app.conf:1:29: cdrengine.alerts.rules.mine: its kind is missing: one of mos-low, one-way-audio, failures, short-calls, concurrent-calls, registration-loss, registration-flood, risky-prefix, sequential-dialling, unusual-spend, capture-loss, slow-setup, low-answer-rate" },
        { "cdrengine.alerts.rules.mine { kind = mos-low, limitt = 5 }", "app.conf:1:47: unknown key 'cdrengine.alerts.rules.mine.limitt'; did you mean 'cdrengine.alerts.rules.mine.limit'?" },
        { "cdrengine.alerts.time-zone = Nowhere", "app.conf:1:30: cdrengine.alerts.time-zone: 'Nowhere' is no time zone known here; write for example UTC or Europe/Berlin" },
        { "cdrengine.webhooks.allowed-networks = [10.0.0.1]", "app.conf:1:39: cdrengine.webhooks.allowed-networks: '10.0.0.1' is no network such as 10.0.0.0/8 or fd00::/8" },
        { "cdrengine.webhooks.endpoints.noc { url = \"http://a/\", secret = 0123456789abcdef, events = [\"*\"] }", "app.conf:1:42: cdrengine.webhooks.endpoints.noc.url: plain http lets anybody on the way read it; use https, or set webhooks.allow-http" },
        { "cdrengine.webhooks.endpoints.noc { url = \"https://a/\", events = [\"*\"] }", "app.conf:1:34: cdrengine.webhooks.endpoints.noc: its secret is missing" },
        { "cdrengine.engine.shards = automatic", "app.conf:1:27: cdrengine.engine.shards: 'automatic' is no whole number" },
    };

    [Fact]
    public void Defaults_AreThoseOfTheDesign()
    {
        Settings settings = Bind("");
        Assert.Equal("data", settings.DataDirectory);
        Assert.Equal(TimeSpan.FromSeconds(4), settings.Call.Linger);
        Assert.Equal(TimeSpan.FromSeconds(180), settings.Call.SetupTimeout);
        Assert.Equal(TimeSpan.FromSeconds(10), settings.Call.CancelConfirm);
        Assert.Equal(TimeSpan.FromSeconds(300), settings.Call.RtpTimeout);
        Assert.Equal(TimeSpan.FromSeconds(3600), settings.Call.HeldTimeout);
        Assert.Equal(TimeSpan.FromSeconds(32), settings.Call.SessionGrace);
        Assert.Equal(TimeSpan.FromHours(4), settings.Call.MaxDuration);
        Assert.Equal(2000, settings.Call.MessagesPerCall);
        Assert.Equal(BillsecRounding.Nearest, settings.Call.BillsecRounding);
        Assert.Equal(TimeSpan.FromMilliseconds(50), settings.Decode.Mirror.Window);
        Assert.Equal(TimeSpan.FromSeconds(5), settings.Media.UnknownHold);
        Assert.Equal(Math.Max(1, Environment.ProcessorCount - 1), settings.Engine.Shards);
        Assert.Equal(16 * 1024, settings.PacketLog.Chunk);
        Assert.Equal(TimeSpan.FromSeconds(1), settings.PacketLog.Flush);
        Assert.True(settings.PacketLog.Enabled);
        Assert.Equal(["X-Call-ID", "X-CID"], settings.Call.KeepHeaders);
        Assert.Equal(TimeSpan.FromDays(14), settings.PacketLog.Retention.RtpAge);
        Assert.Null(settings.PacketLog.Retention.MaxSize);
        Assert.Equal("127.0.0.1:8080", settings.Api.Listen.ToString());
        Assert.True(settings.Api.Auth);
        Assert.Equal((64L << 20, 256 << 10, true, ""), (settings.Capture.Ring, settings.Capture.Block, settings.Capture.Promiscuous, settings.Capture.Filter));
        Assert.Empty(settings.Capture.Interfaces);
        Assert.Null(settings.Hep.Listen);
    }

    [Fact]
    public void EveryKeyOfReferenceConf_IsReadByTheBinder_AndNoOther()
    {
        // Binding refuses a key that it does not read, and fails on one it reads that is not there: that it succeeds is both directions.
        HoconValue tree = HoconDocument.Parse(SettingsLoader.ReferenceText(), "reference.conf").Resolve(static _ => null);
        SettingsBinder.Bind(tree);
        string[] leaves = Leaves(tree, "").ToArray();
        Assert.InRange(leaves.Length, 40, 1000);
        foreach (string leaf in leaves)
        {
            HoconValue without = HoconDocument.Parse(SettingsLoader.ReferenceText(), "reference.conf").Resolve(static _ => null);
            string[] path = leaf.Split('.');
            Assert.True(without.At(path.AsSpan()[..^1])!.Members.Remove(path[^1]));
            InvalidOperationException missing = Assert.Throws<InvalidOperationException>(() => SettingsBinder.Bind(without));
            Assert.Equal($"reference.conf has no key '{leaf}'", missing.Message);
        }
    }

    [Fact]
    public void EveryKeyOfReferenceConf_HasACommentAboveIt()
    {
        string[] lines = File.ReadAllLines(Checkout.Path("hocon", "reference.conf"));
        var bare = new List<string>();
        for (int i = 1; i < lines.Length; i++)
        {
            bool key = lines[i].Contains(" = ", StringComparison.Ordinal) && !lines[i].TrimStart().StartsWith('#');
            bool second = key && lines[i - 1].Split('=')[0].Trim() == lines[i].Split('=')[0].Trim();
            if (key && !second && !lines[i - 1].TrimStart().StartsWith('#')) bare.Add(lines[i].Trim());
        }

        Assert.Empty(bare);
    }

    [Fact]
    public void Zero_InRetention_KeepsForEver_AndListsAppend()
    {
        Settings settings = Bind("cdrengine { packet-log.retention { sip-age = 0s, rtp-age = 1d, max-size = 1TB }, call.keep-headers += X-Mine }");
        Assert.Null(settings.PacketLog.Retention.SipAge);
        Assert.Equal(TimeSpan.FromDays(1), settings.PacketLog.Retention.RtpAge);
        Assert.Equal(1_000_000_000_000, settings.PacketLog.Retention.MaxSize);
        Assert.Equal(["X-Call-ID", "X-CID", "X-Mine"], settings.Call.KeepHeaders);
    }

    [Fact]
    public void Rules_TakeWhatTheyLeaveOut_FromTheirKind_AndWhatEveryRuleHas()
    {
        Settings settings = Bind("""
            cdrengine.alerts {
              every { remind = 1h, quiet = ["sat"] }
              kinds.failures { threshold = 40, clear-after = 9m }
              rules.carrier-a { kind = failures, trunks = ["a"], clear = 3, remind = 0s }
              rules.big { kind = mos-low, enabled = off }
            }
            """);
        AlertRule mine = settings.Alerts.Rules.Single(static rule => rule.Name == "carrier-a");
        Assert.Equal((AlertKind.Failures, 40, 3, TimeSpan.FromMinutes(9), TimeSpan.Zero), (mine.Kind, mine.Threshold, mine.Clear, mine.ClearAfter, mine.Remind));
        Assert.Equal(["a"], mine.Trunks);
        Assert.Equal(["sat"], mine.Quiet.Texts);
        Assert.Equal(AlertScope.Trunk | AlertScope.Peer, mine.By);
        Assert.False(settings.Alerts.Rules.Single(static rule => rule.Name == "big").IsEnabled);
        Assert.Equal(TimeSpan.FromHours(1), settings.Alerts.Rules.Single(static rule => rule.Name == "failures").Remind);
        Assert.Equal(15, settings.Alerts.Rules.Count);
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Mistake_InApplicationConf_StopsWithItsPlaceAndKey(string text, string expected)
    {
        Assert.Equal(expected, Assert.Throws<HoconException>(() => Bind(text)).Message);
    }

    [Fact]
    public void Environment_SetsTheDataFolder_AndAFileOverridesIt()
    {
        Assert.Equal("/srv/cdr", Load(new SettingsFlags(), ("CDRENGINE_DATA", "/srv/cdr")).DataDirectory);
        using var folder = new TemporaryFolder();
        string file = folder.Write("my.conf", "cdrengine.data-dir = /elsewhere");
        Assert.Equal("/elsewhere", Load(new SettingsFlags { ConfigFile = file }, ("CDRENGINE_DATA", "/srv/cdr")).DataDirectory);
    }

    [Fact]
    public void Flags_WinOverTheFile()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("my.conf", "cdrengine { data-dir = /elsewhere, call.linger = 9s, api.listen = \"127.0.0.1:1\" }");
        Settings settings = Load(new SettingsFlags
        {
            ConfigFile = file,
            DataDirectory = "here",
            Listen = "[::1]:9090",
            Set = ["call.linger=2s", "cdrengine.engine.shards=3"],
        });
        Assert.Equal("here", settings.DataDirectory);
        Assert.Equal("[::1]:9090", settings.Api.Listen.ToString());
        Assert.Equal(TimeSpan.FromSeconds(2), settings.Call.Linger);
        Assert.Equal(3, settings.Engine.Shards);
    }

    [Fact]
    public void ApplicationConf_InTheDataFolder_IsRead()
    {
        using var folder = new TemporaryFolder();
        folder.Write("application.conf", "cdrengine.call.linger = 7s");
        Assert.Equal(TimeSpan.FromSeconds(7), Load(new SettingsFlags { DataDirectory = folder.Path }).Call.Linger);
    }

    [Theory]
    [InlineData("call.lingr=2s", "--set call.lingr=2s: unknown key 'cdrengine.call.lingr'; did you mean 'cdrengine.call.linger'?")]
    [InlineData("call.linger=soon", "--set call.linger=soon: cdrengine.call.linger: 'soon' is no duration; write for example 4s, 200ms or 1h")]
    [InlineData("linger", "--set linger: write --set KEY=VALUE")]
    [InlineData("a b=1", "--set a b=1: 'cdrengine.a b' is no key")]
    public void SetFlag_WithAMistake_NamesTheFlag(string assignment, string expected) =>
        Assert.Equal(expected, Assert.Throws<HoconException>(() => Load(new SettingsFlags { Set = [assignment] })).Message);

    [Fact]
    public void ConfigFile_ThatIsMissingOrAFolder_SaysSo()
    {
        using var folder = new TemporaryFolder();
        string missing = Path.Combine(folder.Path, "none.conf");
        Assert.Equal($"{missing}: the file is not there", Assert.Throws<HoconException>(() => Load(new SettingsFlags { ConfigFile = missing })).Message);
        Assert.Equal($"{folder.Path}: the file cannot be read: it is a folder",
            Assert.Throws<HoconException>(() => Load(new SettingsFlags { ConfigFile = folder.Path })).Message);
    }

    [Fact]
    public void SamplesOfConfig_AreGoodSettings()
    {
        // The sample of the directory is no settings; its own tests read it.
        string[] samples = [.. Directory.GetFiles(Checkout.Path("config"), "*.conf").Where(static path => !path.EndsWith("directory.sample.conf", StringComparison.Ordinal))];
        Assert.NotEmpty(samples);
        foreach (string sample in samples)
        {
            Settings settings = Load(new SettingsFlags { ConfigFile = sample }, ("CDRENGINE_HEP_KEY", "secret"));
            Assert.True(settings.Capture.Interfaces.Count > 0 || settings.Hep is { Listen: not null, AuthKey: "secret" } || settings.Storage.Postgresql is not null, sample);
        }

        Settings bare = Load(new SettingsFlags { ConfigFile = Checkout.Path("config", "hep.conf") });
        Assert.Equal("", bare.Hep.AuthKey);
    }

    private static Settings Bind(string application) => SettingsBinder.Bind(HoconDocument
        .Parse(SettingsLoader.ReferenceText(), "reference.conf")
        .With(HoconDocument.Parse(application, "app.conf"))
        .Resolve(static _ => null));

    [Theory]
    [InlineData("auto", "on-demand", true)]
    [InlineData("auto", "always", false)]
    [InlineData("direct", "always", true)]
    [InlineData("buffered", "never", false)]
    public void Packets_AreWrittenPastThePageCache_UnlessTheyAreReadBackAtOnce(string writes, string policy, bool isDirect)
    {
        Settings settings = Load(new SettingsFlags { Set = [$"packet-log.writes={writes}", $"recording.policy={policy}"] });
        Assert.Equal(isDirect, EngineSetup.PacketLog(settings, isLive: true, isJournaled: true).WritesDirect);
    }

    private static Settings Load(SettingsFlags flags, params (string Name, string Value)[] environment) =>
        SettingsLoader.Load(flags, name => environment.Where(variable => variable.Name == name).Select(static variable => variable.Value).FirstOrDefault());

    private static IEnumerable<string> Leaves(HoconValue section, string prefix) => section.Members.SelectMany(member =>
        member.Value.Value.Kind == HoconKind.Object ? Leaves(member.Value.Value, prefix + member.Key + ".") : [prefix + member.Key]);
}
