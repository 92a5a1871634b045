using System.Buffers.Text;
using System.Security.Cryptography;
using System.Threading.Channels;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>Makes reports when their time has come, and mails them.</summary>
/// <remarks>What is due is taken from the store, so that of several servers over one folder one makes it, and what a server left behind is made by the next. A time that
/// was missed while none ran is made up for once.</remarks>
internal sealed class PortSipScheduler(DialectDesk desk, IReportStore store)
{
    /// <summary>Times that a mail is tried before it is left.</summary>
    public const int MostMailTries = 6;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestReport = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan LongestMail = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan PurgePause = TimeSpan.FromHours(1);

    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private DateTimeOffset _purged = DateTimeOffset.MinValue;

    /// <summary>Looks at once for what is to be done.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Works until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                while (await StepAsync(stop)) stop.ThrowIfCancellationRequested();
                await PauseAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The store may be locked or its disk full: the next look may find it well.
                desk.Options.OnFault?.Invoke($"reports: {e.Message.ReplaceLineEndings(" ")}");
                await Task.WhenAny(Task.Delay(Look, stop));
            }
        }
    }

    /// <summary>Does one thing that is due; false where there is none.</summary>
    public async Task<bool> StepAsync(CancellationToken stop)
    {
        DateTimeOffset clock = desk.Options.Time.GetUtcNow();
        Timestamp now = Timestamp.From(clock);
        if (clock - _purged >= PurgePause)
        {
            _purged = clock;
            store.Purge(now - desk.ReportAge);
        }

        if (store.Take(now, now + Lease, PortSipReports.Running) is { } report)
        {
            await MakeAsync(report, now, stop);
            return true;
        }

        return desk.Mailer is { } mailer && await MailAsync(mailer, now, stop);
    }

    private async Task PauseAsync(CancellationToken stop)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(stop);
        until.CancelAfter(Look);
        try
        {
            await _wake.Reader.ReadAsync(until.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Nobody called; time to look.
        }
    }

    private async Task MakeAsync(ReportDefinition report, Timestamp now, CancellationToken stop)
    {
        Timestamp? next = report.Cron is { } cron ? PortSipCron.Parse(cron, out _)?.Next(now) : null;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(LongestReport);
            byte[] file = await Task.Run(() => CountAsync(report, now, limit.Token), limit.Token);
            DateTime at = desk.Options.Time.GetUtcNow().UtcDateTime;
            store.Complete(
                new CompletedReport
                {
                    ReportId = report.Id,
                    Tenant = report.Tenant,
                    Name = report.Name,
                    Type = report.Type,
                    Format = report.Format,
                    CompletedAt = Timestamp.From(new DateTimeOffset(at)),
                    FileName = PortSipFiles.Name(report.Name, report.Format, at),
                    Key = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24)),
                    Email = desk.Mailer is null ? null : report.Email,
                },
                file);
            store.Finish(report, next is null ? PortSipReports.Completed : PortSipReports.Scheduled, next);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Due still: the next start makes it.
            store.Finish(report, PortSipReports.Running, report.NextRunAt);
            throw;
        }
        catch (Exception e)
        {
            string reason = e is OperationCanceledException ? $"took longer than {LongestReport.TotalMinutes} minutes" : e.Message.ReplaceLineEndings(" ");
            desk.Options.OnFault?.Invoke($"report {report.Id}: {reason}");
            store.Finish(report, PortSipReports.Failed, next);
        }
    }

    private Task<byte[]> CountAsync(ReportDefinition report, Timestamp now, CancellationToken stop)
    {
        var counter = new PortSipCounter(desk.Reader, desk.Sessions, desk.Directory, desk.Options.Rounding);
        (Timestamp from, Timestamp to) = PortSipReports.RangeOf(report, now);
        PortSipTable table = counter.Count(report, from, to, stop);
        return PortSipFiles.WriteAsync(table, report.Format, $"{report.Name}, {PortSipMapping.Time(from)} to {PortSipMapping.Time(to)}", stop);
    }

    private async Task<bool> MailAsync(IReportMailer mailer, Timestamp now, CancellationToken stop)
    {
        if (store.TakeMail(now, now + LongestMail) is not { Email: { } to } result) return false;
        if (store.Content(result.Id) is not { } content)
        {
            store.FinishMail(result.Id);
            return true;
        }

        string subject = string.Concat(result.Name.Select(static c => char.IsControl(c) ? ' ' : c));
        var mail = new ReportMail(to, subject, $"The report \"{subject}\" of {PortSipMapping.Time(result.CompletedAt)} is attached.", result.FileName, PortSipFiles.MediaType(result.Format), content);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(LongestMail);
            await mailer.SendAsync(mail, limit.Token);
            store.FinishMail(result.Id);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            stop.ThrowIfCancellationRequested();
            desk.Options.OnFault?.Invoke($"mail of report {result.ReportId}: {e.Message.ReplaceLineEndings(" ")}");
            if (result.MailTries >= MostMailTries) store.FinishMail(result.Id);
            else store.PutOffMail(result.Id, now + (FirstPause * Math.Pow(2, result.MailTries - 1)));
        }

        return true;
    }
}
