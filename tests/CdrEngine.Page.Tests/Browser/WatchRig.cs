using System.Net;
using System.Net.Sockets;
using System.Text;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Parts;
using CdrEngine.Storage;
using CdrEngine.TestKit;
using CdrEngine.TestKit.Hostile;
using Xunit;

namespace CdrEngine.Page.Tests.Browser;

/// <summary>A rig beside a live capture (HEP, sent by the tests), over every hostile text that there is, with alerts about them.</summary>
public sealed class WatchRig : PageRig
{
    private readonly CancellationTokenSource _stop = new();
    private readonly UdpClient _agent = new();
    private ILiveRunner? _live;
    private Task<LiveSummary>? _capture;
    private IPEndPoint _hep = new(IPAddress.Loopback, 0);

    /// <summary>Ids of the alerts that are there from the beginning: critical and hostile, warning, over.</summary>
    internal IReadOnlyList<string> Alerts { get; private set; } = [];

    /// <summary>Sends a SIP message as a capture agent would, now.</summary>
    public void Send(SipText message, bool isBack)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        byte[] hep = HepBuilder.Sip(
            isBack ? "192.0.2.2:5060" : "192.0.2.1:5060", isBack ? "192.0.2.1:5060" : "192.0.2.2:5060", Encoding.UTF8.GetString(message.ToBytes()), now.ToUnixTimeSeconds(), (int)(now.Ticks % TimeSpan.TicksPerSecond / 10));
        _agent.Send(hep, _hep);
    }

    protected override IEnumerable<string> Set()
    {
        _hep = new IPEndPoint(IPAddress.Loopback, FreePorts.ForUdpAndTcp());
        return [$"cdrengine.hep.listen=127.0.0.1:{_hep.Port}", "cdrengine.alerts.settle=1s", "cdrengine.alerts.kinds.failures.sample=3", "cdrengine.alerts.kinds.failures.at-least=3", "cdrengine.call.linger=1s"];
    }

    protected override IEnumerable<string> Captures() => [.. base.Captures(), CdrEngine.TestKit.Hostile.HostileCapture.WriteFile(FileOf("every-hostile-text.pcap"))];

    private protected override void Begin(Settings settings)
    {
        MakeAlerts(settings);
        _live = Parts.Live(settings);
    }

    protected override void Attend() =>
        _capture = Task.Factory.StartNew(() => _live!.Run(new LiveService(), _stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    protected override async Task EndAsync()
    {
        await _stop.CancelAsync();
        if (_capture is not null) await _capture;
        _live?.Dispose();
        _agent.Dispose();
        _stop.Dispose();
    }

    private void MakeAlerts(Settings settings)
    {
        using ICallStore calls = Stores.Calls(settings, StoreUse.Command);
        CallRecord[] stored = [.. calls.List(new CallQuery { Limit = 30 }).Calls];
        string hostile = string.Join(' ', HostileText.All.Take(8).Select(static text => text.Text));
        Timestamp now = Timestamp.From(DateTimeOffset.UtcNow);
        Alert[] alerts =
        [
            Make("failures", AlertKind.Failures, AlertSeverity.Critical, new AlertGroup { Trunk = hostile, Peer = "192.0.2.9" }, now - TimeSpan.FromMinutes(12)) with
            {
                Calls = [.. stored.Select(static call => call.Id)], CallCount = 250, CallsFrom = stored[^1].StartedAt, CallsTo = stored[0].StartedAt, Value = 42, Worst = 61.5, Last = 48, Threshold = 30, Total = 60, Bad = 25,
            },
            Make("mos-low", AlertKind.MosLow, AlertSeverity.Warning, new AlertGroup { Tenant = "acme", Trunk = "carrier-a" }, now - TimeSpan.FromHours(3)) with { IsQuiet = true, Value = 25, Worst = 25, Last = 22, Threshold = 20, Limit = 3.1, Total = 40, Bad = 10, CallCount = 10 },
            Make("registration-loss", AlertKind.RegistrationLoss, AlertSeverity.Critical, new AlertGroup { Peer = "192.0.2.9" }, now - TimeSpan.FromDays(1)) with { Bad = 31, Total = 31, Value = 31, Worst = 44, Threshold = 20, ClearedAt = now - TimeSpan.FromHours(23) },
            Make("risky-prefix", AlertKind.RiskyPrefix, AlertSeverity.Info, new AlertGroup { Caller = HostileText.All[0].Text, Tenant = HostileText.All[1].Text }, now - TimeSpan.FromDays(2)) with { Bad = 2, Total = 2, Value = 2, Worst = 2, Threshold = 1, ClearedAt = now - TimeSpan.FromDays(1) },
        ];
        using IAlertDatabase store = Stores.Alerts(settings);
        store.Write(alerts);
        Alerts = [.. alerts.Select(static alert => alert.Id)];
    }

    private static Alert Make(string rule, AlertKind kind, AlertSeverity severity, AlertGroup group, Timestamp at) => new()
    {
        Id = Alert.IdOf(rule, group, at),
        Rule = rule,
        Kind = kind,
        Severity = severity,
        Group = group,
        Tenant = group.Tenant,
        RaisedAt = at,
        UpdatedAt = Timestamp.From(DateTimeOffset.UtcNow),
        Window = TimeSpan.FromMinutes(15),
    };
}

[CollectionDefinition(Name)]
public sealed class WatchCollection : ICollectionFixture<WatchRig>
{
    public const string Name = "watched pages";
}
