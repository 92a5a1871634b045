using System.Text;
using System.Threading.Channels;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;

namespace CdrEngine.Host.Alerts;

/// <summary>Mails alerts, one after the other. What cannot be sent is tried again with growing pauses while newer ones wait behind it, as many as may: in the outbox, so that
/// they outlive a stop.</summary>
internal sealed class AlertMailer : IDisposable
{
    private const int MostTries = 6;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestMail = TimeSpan.FromMinutes(2);

    private readonly IReportMailer _mailer;
    private readonly AlertSettings _settings;
    private readonly Action<string> _tell;
    private readonly TimeProvider _time;
    private readonly MailOutbox? _outbox;
    private readonly Channel<(string? Name, ReportMail Mail)> _mails = Channel.CreateBounded<(string?, ReportMail)>(new BoundedChannelOptions(MailOutbox.DefaultMost) { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;
    private long _sent;
    private long _failed;
    private long _dropped;
    private bool _isUnkept;

    /// <summary>Begins to send, what waited before a stop first.</summary>
    /// <param name="mailer">Sends a mail.</param>
    /// <param name="settings">To whom, from which severity on.</param>
    /// <param name="tell">Is told one line of what goes wrong.</param>
    /// <param name="outbox">Keeps mails until they are sent; null keeps them in memory.</param>
    /// <param name="time">Clock.</param>
    public AlertMailer(IReportMailer mailer, AlertSettings settings, Action<string> tell, MailOutbox? outbox = null, TimeProvider? time = null)
    {
        _mailer = mailer;
        _settings = settings;
        _tell = tell;
        _time = time ?? TimeProvider.System;
        _outbox = outbox;
        foreach ((string name, ReportMail mail) in Waiting()) _mails.Writer.TryWrite((name, mail));
        _work = Task.Run(WorkAsync);
    }

    /// <summary>How long a stop waits for the mails that are left. Default 5 s.</summary>
    public TimeSpan LongestEnd { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Takes a step of an alert; waits for nothing but the disk.</summary>
    public void Take(AlertChange change, Timestamp now)
    {
        if (change.Alert.Severity < _settings.MailSeverity) return;
        foreach (string to in _settings.MailTo)
        {
            ReportMail mail = MailOf(change, to, now);
            if (!TryKeep(mail, out string? name)) Interlocked.Increment(ref _dropped);
            else if (!_mails.Writer.TryWrite((name, mail)))
            {
                Interlocked.Increment(ref _dropped);
                if (name is not null) _outbox!.Remove(name);
            }
        }
    }

    public IEnumerable<Statistic> Statistics() =>
    [
        new("alerts", "mails_sent", Interlocked.Read(ref _sent), "mails about alerts that the server took"),
        new("alerts", "mails_failed", Interlocked.Read(ref _failed), "mails about alerts given up after several tries"),
        new("alerts", "mails_dropped", Interlocked.Read(ref _dropped), "mails about alerts not sent because too many waited"),
    ];

    public void Dispose()
    {
        if (_stop.IsCancellationRequested) return;
        _mails.Writer.TryComplete();

        // What waits is sent if that is quick, else after the next start.
        if (!_work.Wait(LongestEnd)) _stop.Cancel();
        _work.GetAwaiter().GetResult();
        _stop.Dispose();
    }

    /// <summary>The mail of a step. What comes from the wire stands in it on one line and without control characters.</summary>
    internal static ReportMail MailOf(AlertChange change, string to, Timestamp now)
    {
        Alert alert = change.Alert;
        string step = change.Step switch { AlertStep.Raised => "raised", AlertStep.Cleared => "over", _ => "still goes on" };
        var text = new StringBuilder();
        text.AppendLine($"{AlertText.Finding(alert)}.").AppendLine();
        text.AppendLine($"rule      {alert.Rule} ({EnumNames<AlertSeverity>.Of(alert.Severity)})");
        text.AppendLine($"about     {OneLine(AlertText.Subject(alert))}");
        text.AppendLine($"raised    {alert.RaisedAt}");
        if (alert.ClearedAt is { } cleared) text.AppendLine($"over      {cleared}");
        if (alert.AcknowledgedAt is { } acknowledged) text.AppendLine($"taken     {acknowledged} by {OneLine(alert.AcknowledgedBy ?? "somebody")}");
        text.AppendLine($"alert     /api/v1/alerts/{alert.Id}");
        if (AlertCalls.QueryText(alert) is { } query) text.AppendLine($"calls     /api/v1/calls?{query}");
        foreach (string id in alert.Calls.Take(10)) text.AppendLine($"          {id}");
        text.AppendLine($"sent      {now}");
        return new ReportMail(
            to, OneLine($"[cdrengine] {AlertText.Title(alert)} {step}"), string.Join('\n', text.ToString().Split(Environment.NewLine).Select(OneLine)), $"alert-{alert.Id}.json", "application/json", AlertJson.ToUtf8(alert));
    }

    private static string OneLine(string text) => string.Concat(text.Select(static c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c));

    private IReadOnlyList<(string Name, ReportMail Mail)> Waiting()
    {
        try
        {
            return _outbox?.Load(_tell) ?? [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _tell($"waiting mails of alerts: {e.Message.ReplaceLineEndings(" ")}");
            return [];
        }
    }

    // Where the disk does not take it, it is sent from memory: a full disk is what one wants to be told of. False where as many wait as may.
    private bool TryKeep(ReportMail mail, out string? name)
    {
        name = null;
        if (_outbox is null) return true;
        try
        {
            name = _outbox.Keep(mail, _time.GetUtcNow());
            _isUnkept = false;
            return name is not null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_isUnkept) _tell($"mails of alerts wait in memory: {e.Message.ReplaceLineEndings(" ")}");
            _isUnkept = true;
            return true;
        }
    }

    private async Task WorkAsync()
    {
        try
        {
            await foreach ((string? name, ReportMail mail) in _mails.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false))
            {
                await SendAsync(mail).ConfigureAwait(false);
                if (name is not null) _outbox!.Remove(name);
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private async Task SendAsync(ReportMail mail)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                limit.CancelAfter(LongestMail);
                await _mailer.SendAsync(mail, limit.Token).ConfigureAwait(false);
                Interlocked.Increment(ref _sent);
                return;
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                _stop.Token.ThrowIfCancellationRequested();
                if (attempt == 1 || attempt == MostTries) _tell($"mail of an alert to {mail.To}: {e.Message}{(attempt == MostTries ? "; given up" : "")}");
                if (attempt == MostTries)
                {
                    Interlocked.Increment(ref _failed);
                    return;
                }
            }

            await Task.Delay(FirstPause * Math.Pow(2, attempt - 1), _time, _stop.Token).ConfigureAwait(false);
        }
    }
}
