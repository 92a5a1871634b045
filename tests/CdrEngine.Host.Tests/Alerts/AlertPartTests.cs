using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using CdrEngine.Engine.Live;
using CdrEngine.Host.Alerts;
using CdrEngine.Host.Configuration;
using CdrEngine.Storage;
using Xunit;

namespace CdrEngine.Host.Tests.Alerts;

/// <summary>Rules over what is captured live: the store, the events, the mail, a stop in between, a store that is away.</summary>
public sealed class AlertPartTests
{
    private static readonly AlertRule Failures = new()
    {
        Name = "failures",
        Kind = AlertKind.Failures,
        Threshold = 50,
        Clear = 10,
        Sample = 4,
        Window = TimeSpan.FromMinutes(5),
        ClearAfter = TimeSpan.Zero,
        By = AlertScope.Caller,
        Severity = AlertSeverity.Critical,
    };

    [Fact]
    public async Task BrokenRule_IsKept_Told_AndMailed()
    {
        using var folder = new TemporaryFolder();
        await using var hub = new LiveHub();
        using ILiveSubscription events = hub.Feed.Subscribe(new LiveFilter { Kinds = [LiveEventKind.AlertRaised] })!;
        var mails = new Mails();
        using var store = new SqliteAlertStore(folder.Path);
        var settings = Settings(Failures) with { MailTo = ["noc@example.com", "two@example.com"] };
        using var part = new AlertPart(settings, store, hub, new AlertMailer(mails, settings, static _ => { }), static _ => { });
        for (int i = 0; i < 4; i++) part.Take(Call(i, "<b>1001\r\nBcc: x"));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        LiveEvent told = await events.Events.ReadAsync(limit.Token);
        Assert.Equal((4L, "<b>1001\r\nBcc: x"), (told.Alert!.CallCount, told.Alert.Group.Caller));
        Assert.Equal(told.Alert.Id, Assert.Single(store.Open()).Id);
        ReportMail mail = await mails.Sent.Reader.ReadAsync(limit.Token);
        Assert.Equal("[cdrengine] critical: failures: caller <b>1001  Bcc: x raised", mail.Subject);
        Assert.Equal(AlertJson.ToUtf8(told.Alert), mail.Content);
        Assert.DoesNotContain('\r', mail.Text);
        Assert.Equal("two@example.com", (await mails.Sent.Reader.ReadAsync(limit.Token)).To);
    }

    [Fact]
    public async Task Mails_ThatWait_OutliveAStop_AndAreBounded()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "alert-mails");
        var settings = Settings(Failures) with { MailTo = ["noc@example.com", "two@example.com"] };
        Timestamp now = Timestamp.From(DateTimeOffset.UtcNow);
        Alert alert = new() { Id = Alert.IdOf("failures", new AlertGroup(), now), Rule = "failures", Kind = AlertKind.Failures, Group = new AlertGroup(), Severity = AlertSeverity.Critical, RaisedAt = now, UpdatedAt = now, Window = TimeSpan.FromMinutes(5) };

        // The server is away, and the process ends.
        var away = new Mails { IsAway = true };
        using (var mailer = new AlertMailer(away, settings, static _ => { }, new MailOutbox(path, most: 3)) { LongestEnd = TimeSpan.FromMilliseconds(100) })
        {
            mailer.Take(new AlertChange(AlertStep.Raised, alert, now), now);
            mailer.Take(new AlertChange(AlertStep.Cleared, alert with { ClearedAt = now }, now), now);
            Assert.Equal(1, mailer.Statistics().Single(static counter => counter.Name == "mails_dropped").Value);
            await away.Tried.Reader.ReadAsync();
        }

        // What is damaged is told of, and holds up nothing.
        Assert.Equal(3, Directory.GetFiles(path).Length);
        File.WriteAllText(Path.Combine(path, "0000000000000000000.json"), "{ \"to\": 1");
        File.WriteAllText(Path.Combine(path, "9.json.part"), "{");
        var said = new List<string>();
        var mails = new Mails();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        using (new AlertMailer(mails, settings, said.Add, new MailOutbox(path)))
        {
            ReportMail first = await mails.Sent.Reader.ReadAsync(limit.Token);
            Assert.Equal(("noc@example.com", "[cdrengine] critical: failures: all calls raised", $"alert-{alert.Id}.json"), (first.To, first.Subject, first.FileName));
            Assert.Equal(AlertJson.ToUtf8(alert), first.Content);
            Assert.Equal("two@example.com", (await mails.Sent.Reader.ReadAsync(limit.Token)).To);
            Assert.EndsWith("over", (await mails.Sent.Reader.ReadAsync(limit.Token)).Subject);
        }

        Assert.Contains("cannot be read", Assert.Single(said));
        Assert.Equal(["0000000000000000000.json"], Directory.GetFiles(path).Select(static file => Path.GetFileName(file)!));
    }

    [Fact]
    public async Task Stop_LosesNothing()
    {
        using var folder = new TemporaryFolder();
        using var store = new SqliteAlertStore(folder.Path);
        using (var part = new AlertPart(Settings(Failures), store, null, null, static _ => { }))
        {
            for (int i = 0; i < 3; i++) part.Take(Call(i));
        }

        Assert.Empty(store.Open());
        using (var part = new AlertPart(Settings(Failures), store, null, null, static _ => { }))
        {
            // Three before the stop, one after it.
            part.Take(Call(3));
            await UntilAsync(() => store.Open().Count == 1);
        }

        // And the alert goes on over another: it is neither raised again nor forgotten.
        using (var part = new AlertPart(Settings(Failures), store, null, null, static _ => { }))
        {
            part.Take(Call(4));
            await UntilAsync(() => part.Statistics().First(static counter => counter.Name == "facts").Value == 1);
        }

        Alert alert = Assert.Single(store.List(new AlertQuery()).Items);
        Assert.Equal(4, alert.Total);
    }

    [Fact]
    public async Task RegistrationsAndSamples_AreCountedToo()
    {
        using var folder = new TemporaryFolder();
        using var store = new SqliteAlertStore(folder.Path);
        var lost = new AlertRule { Name = "lost", Kind = AlertKind.RegistrationLoss, Threshold = 2, Clear = 0 };
        var loss = new AlertRule { Name = "loss", Kind = AlertKind.CaptureLoss, Threshold = 1, Clear = 0.1, Sample = 100, By = AlertScope.Source };
        long packets = 0;
        using var part = new AlertPart(Settings(lost, loss), store, null, null, static _ => { }) { Captured = () => [("eth0", packets += 1000, packets / 50)] };
        var changes = new DeskChanges();
        Timestamp now = Timestamp.From(DateTimeOffset.UtcNow);
        foreach (string id in new[] { "a", "b" })
        {
            var happened = new RegistrationEvent(1, RegistrationEventKind.Expired, now, now, 1);
            changes.Registrations.Add(new StoredRegistration(new RegistrationRecord { Id = id, Aor = $"sip:{id}@example.com" }, "", []) { Events = [happened] });
        }

        part.Take(changes);
        await UntilAsync(() => store.Open().Count == 2);
        Assert.Equal(["loss", "lost"], store.Open().Select(static alert => alert.Rule).Order());
    }

    [Fact]
    public async Task StoreThatIsAway_IsWaitedFor_AndItsStateIsTold()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "sub");
        File.WriteAllText(path, "a file where a folder is to be");
        var said = new List<string>();
        using var store = new SqliteAlertStore(path);
        using var part = new AlertPart(Settings(Failures), store, null, null, notice =>
        {
            lock (said) said.Add(notice);
        });
        for (int i = 0; i < 4; i++) part.Take(Call(i));
        await UntilAsync(() => part.Fault is not null);
        File.Delete(path);
        await UntilAsync(() => part.Fault is null && store.Open().Count == 1);
        lock (said) Assert.Equal(["alerts can be kept again"], said.Skip(1));
    }

    private static AlertSettings Settings(params AlertRule[] rules) => new(true, TimeSpan.Zero, 100, TimeSpan.FromDays(1), [], AlertSeverity.Warning, rules);

    private static CallRecord Call(int number, string caller = "1001")
    {
        Timestamp at = Timestamp.From(DateTimeOffset.UtcNow);
        string id = $"20261120-{number:x24}";
        return new CallRecord { Id = id, SessionId = id, SipCallId = id, State = CallState.Ended, Disposition = Disposition.Failed, StartedAt = at, EndedAt = at, Caller = new Party { Number = caller } };
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        while (!holds()) await Task.Delay(50, limit.Token);
    }

    private sealed class Mails : IReportMailer
    {
        public System.Threading.Channels.Channel<ReportMail> Sent { get; } = System.Threading.Channels.Channel.CreateUnbounded<ReportMail>();

        public System.Threading.Channels.Channel<ReportMail> Tried { get; } = System.Threading.Channels.Channel.CreateUnbounded<ReportMail>();

        public bool IsAway { get; init; }

        public async Task SendAsync(ReportMail mail, CancellationToken stop)
        {
            await Tried.Writer.WriteAsync(mail, stop);
            if (IsAway) throw new IOException("the mail server is away");
            await Sent.Writer.WriteAsync(mail, stop);
        }
    }
}
