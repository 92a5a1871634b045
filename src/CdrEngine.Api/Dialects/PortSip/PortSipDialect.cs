using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>PortSIP: legs (CDRs), sessions (call logs) and call reports.</summary>
internal sealed class PortSipDialect : Dialect
{
    private const string Id = "NzAwNTUxOTA5NzczMTQ4MTYw";
    private const int LargestReport = 64 * 1024;

    private static readonly ApiParameter InPath = PageParameters.InPath("id", "Id.", Id);

    private readonly PortSipCalls _calls = new();
    private PortSipScheduler? _scheduler;

    public PortSipDialect()
    {
        Routes =
        [
            new(HttpMethods.Get, "/api/cdrs", "listCdrs", "Legs, a page at a time.", CdrsAsync) { Parameters = PortSipAsked.Parameters, Gives = typeof(PortSipPage<PortSipCdr>) },
            new(HttpMethods.Get, "/api/cdrs/{id}", "getCdr", "The legs of the session that a leg belongs to.", CdrAsync) { Parameters = [InPath], Gives = typeof(PortSipLegs), Errors = [404] },
            new(HttpMethods.Get, "/api/calllogs", "listCallLogs", "Sessions, a page at a time.", CallLogsAsync) { Parameters = PortSipAsked.Parameters, Gives = typeof(PortSipPage<PortSipCallLog>) },
            new(HttpMethods.Get, "/api/calllogs/{id}", "getCallLog", "One session.", CallLogAsync) { Parameters = [InPath], Gives = typeof(PortSipCallLogDetail), Errors = [404] },
            new(HttpMethods.Get, "/api/call_reports", "listCallReports", "Reports, a page at a time.", ReportsAsync) { Parameters = PortSipAsked.Parameters, Gives = typeof(PortSipPage<PortSipReport>) },
            new(HttpMethods.Post, "/api/call_reports", "createCallReport", "Defines a report.", CreateAsync)
            {
                Scope = ApiScopes.CallsWrite,
                Takes = typeof(PortSipReportBody),
                LargestBody = LargestReport,
                Gives = typeof(PortSipId),
                Status = StatusCodes.Status201Created,
                Errors = [409],
            },
            new(HttpMethods.Get, "/api/call_reports/{id}", "getCallReport", "One report.", ReportAsync) { Parameters = [InPath], Gives = typeof(PortSipReportDetail), Errors = [404] },
            new(HttpMethods.Post, "/api/call_reports/{id}", "updateCallReport", "Changes a report.", UpdateAsync)
            {
                Scope = ApiScopes.CallsWrite,
                Parameters = [InPath],
                Takes = typeof(PortSipReportBody),
                LargestBody = LargestReport,
                Errors = [404],
            },
            new(HttpMethods.Post, "/api/call_reports/{id}/destroy", "destroyCallReport", "Removes a report; its results stay.", DestroyAsync)
            {
                Scope = ApiScopes.CallsWrite,
                Parameters = [InPath],
                Status = StatusCodes.Status204NoContent,
                Errors = [404],
            },
            new(HttpMethods.Get, "/api/completed_call_reports", "listCompletedCallReports", "Results, a page at a time.", ResultsAsync) { Parameters = PortSipAsked.Parameters, Gives = typeof(PortSipPage<PortSipCompleted>) },
            new(HttpMethods.Get, "/api/completed_call_reports/{id}", "getCompletedCallReport", "One result.", ResultAsync) { Parameters = [InPath], Gives = typeof(PortSipCompleted), Errors = [404] },
            new(HttpMethods.Post, "/api/completed_call_reports/{id}/destroy", "destroyCompletedCallReport", "Removes a result and its file.", DestroyResultAsync)
            {
                Scope = ApiScopes.CallsWrite,
                Parameters = [InPath],
                Status = StatusCodes.Status204NoContent,
                Errors = [404],
            },
            new(HttpMethods.Get, "/api/blobs/{key}", "getBlob", "The file of a result.", BlobAsync)
            {
                Parameters = [PageParameters.InPath("key", "The last part of file_url.", "WexWdABcd5D4PDgzTKV3gAAAEu00WcK")],
                MediaTypes = ["text/csv", "text/html"],
                Errors = [404],
            },
        ];
    }

    /// <inheritdoc />
    public override string Name => "portsip";

    /// <inheritdoc />
    public override string Title => "PortSIP CDRs and call reports";

    /// <inheritdoc />
    public override IReadOnlyList<string> Prefixes => ["/api/cdrs", "/api/calllogs", "/api/call_reports", "/api/completed_call_reports", "/api/blobs"];

    /// <inheritdoc />
    public override JsonSerializerOptions Json => PortSipJson.Default.Options;

    /// <inheritdoc />
    public override Type ErrorType => typeof(PortSipError);

    /// <inheritdoc />
    public override IReadOnlyList<DialectRoute> Routes { get; }

    /// <inheritdoc />
    public override Task WriteAsync(HttpContext context, int status, string detail, string? parameter) => WriteJsonAsync(context, status, new PortSipError(status, detail, parameter));

    /// <inheritdoc />
    public override Task WorkAsync(DialectDesk desk, CancellationToken stop) => Task.WhenAll(_calls.KeepAsync(desk, stop), ScheduleAsync(desk, stop));

    private async Task ScheduleAsync(DialectDesk desk, CancellationToken stop)
    {
        if (desk.Reports is not { } store) return;
        var scheduler = new PortSipScheduler(desk, store);
        Volatile.Write(ref _scheduler, scheduler);
        await scheduler.RunAsync(stop);
        Volatile.Write(ref _scheduler, null);
    }

    private async Task CdrsAsync(DialectRequest request)
    {
        PortSipAsked asked = PortSipAsked.Read(request, PortSipCalls.LegFields, "started_at");
        if (await request.RefusedAsync() || await _calls.PageAsync(request, asked, sessions: false) is not { } page) return;
        BillsecRounding rounding = request.Desk.Options.Rounding;
        await request.JsonAsync(new PortSipPage<PortSipCdr>(
            page.Count,
            [.. page.Calls.Select(call => new PortSipCdr(PortSipMapping.Fields(call.Record, CallFacts.Of(call.Record), rounding), NumberText.Of(call.Number)))]));
    }

    private static async Task CdrAsync(DialectRequest request)
    {
        if (await FindAsync(request) is not { } call) return;
        SessionRecord session = PortSipCalls.SessionOf(request, call.Record);
        BillsecRounding rounding = request.Desk.Options.Rounding;
        await request.JsonAsync(new PortSipLegs([.. session.Calls.SelectMany(leg => PortSipMapping.Legs(leg, CallFacts.Of(leg), rounding))]));
    }

    private async Task CallLogsAsync(DialectRequest request)
    {
        PortSipAsked asked = PortSipAsked.Read(request, PortSipCalls.SessionFields, "started_at");
        if (await request.RefusedAsync() || await _calls.PageAsync(request, asked, sessions: true) is not { } page) return;
        IReadOnlyList<SessionRecord> sessions = request.Desk.Sessions.SessionsOf([.. page.Calls.Select(static call => call.Record)], request.Tenant);
        await request.JsonAsync(new PortSipPage<PortSipCallLog>(
            page.Count, [.. page.Calls.Zip(sessions, (call, session) => new PortSipCallLog(PortSipMapping.Fields(session, request.Desk.Options.Rounding), NumberText.Of(call.Number)))]));
    }

    // Any call of a session leads to it; its own id is that of the first.
    private static async Task CallLogAsync(DialectRequest request)
    {
        if (await FindAsync(request) is not { } call) return;
        SessionRecord session = PortSipCalls.SessionOf(request, call.Record);
        CallRecord root = PortSipMapping.Root(session);
        long number = root.Id == call.Record.Id ? call.Number : request.Desk.Calls.Find(root.Id)?.Number ?? call.Number;
        await request.JsonAsync(new PortSipCallLogDetail(PortSipMapping.Fields(session, request.Desk.Options.Rounding), NumberText.Of(number), PortSipMapping.Cost(session)));
    }

    private static async Task ReportsAsync(DialectRequest request)
    {
        PortSipAsked asked = PortSipAsked.Read(request, PortSipReports.Fields, "id");
        if (await request.RefusedAsync()) return;
        await request.JsonAsync(asked.Page(request.Desk.Reports?.List(request.Tenant) ?? [], PortSipReports.Fields, PortSipReports.Item));
    }

    private async Task CreateAsync(DialectRequest request)
    {
        if (await request.BodyAsync<Dictionary<string, JsonElement>>() is not { } body || await StoreAsync(request) is not { } store) return;
        ReportDefinition? report = PortSipReports.Read(body, null, request.Tenant, Now(request), out PortSipBodyFault? fault);
        if (report is null)
        {
            await RefuseAsync(request, fault!);
            return;
        }

        if (!await request.AccountAsync("create_report", report.Name, report.Tenant, report.Email)) return;
        if (store.Add(report) is not { } id)
        {
            await request.ErrorAsync(StatusCodes.Status409Conflict, "There are as many reports as may be; destroy one first.");
            return;
        }

        Volatile.Read(ref _scheduler)?.Wake();
        await request.JsonAsync(new PortSipId(NumberText.Of(id)), StatusCodes.Status201Created);
    }

    private static async Task ReportAsync(DialectRequest request)
    {
        if (await DefinitionAsync(request) is { } found) await request.JsonAsync(PortSipReports.Detail(found.Report));
    }

    private async Task UpdateAsync(DialectRequest request)
    {
        if (await DefinitionAsync(request) is not { } found || await request.BodyAsync<Dictionary<string, JsonElement>>() is not { } body) return;
        ReportDefinition? report = PortSipReports.Read(body, found.Report, request.Tenant, Now(request), out PortSipBodyFault? fault);
        if (report is null)
        {
            await RefuseAsync(request, fault!);
            return;
        }

        if (!await request.AccountAsync("change_report", NumberText.Of(report.Id), report.Tenant, report.Email)) return;
        if (!found.Store.Update(report))
        {
            await request.ErrorAsync(StatusCodes.Status404NotFound, "There is none with this id.");
        }
        else
        {
            Volatile.Read(ref _scheduler)?.Wake();
            await request.EmptyAsync(StatusCodes.Status200OK);
        }
    }

    private static async Task DestroyAsync(DialectRequest request)
    {
        if (await DefinitionAsync(request) is not { } found || !await request.AccountAsync("delete_report", NumberText.Of(found.Report.Id), found.Report.Tenant)) return;
        found.Store.Remove(found.Report.Id);
        await request.EmptyAsync(StatusCodes.Status204NoContent);
    }

    private static async Task ResultsAsync(DialectRequest request)
    {
        PortSipAsked asked = PortSipAsked.Read(request, PortSipReports.CompletedFields, "id");
        if (await request.RefusedAsync()) return;
        await request.JsonAsync(asked.Page(request.Desk.Reports?.ListCompleted(request.Tenant) ?? [], PortSipReports.CompletedFields, PortSipReports.Item));
    }

    private static async Task ResultAsync(DialectRequest request)
    {
        if (await CompletedAsync(request) is { } found) await request.JsonAsync(PortSipReports.Item(found.Result));
    }

    private static async Task DestroyResultAsync(DialectRequest request)
    {
        if (await CompletedAsync(request) is not { } found || !await request.AccountAsync("delete_report_result", NumberText.Of(found.Result.Id), found.Result.Tenant)) return;
        found.Store.RemoveCompleted(found.Result.Id);
        await request.EmptyAsync(StatusCodes.Status204NoContent);
    }

    private static async Task BlobAsync(DialectRequest request)
    {
        string key = request.Path("key");
        if (request.Desk.Reports is not { } store || store.FindCompleted(key) is not { } result || store.Content(result.Id) is not { } content)
        {
            await request.ErrorAsync(StatusCodes.Status404NotFound, "There is no such file.");
            return;
        }

        if (!await IsMineAsync(request, result.Tenant) || !await request.AccountAsync("download_report", key, result.Tenant)) return;

        // Texts of the wire are in it: it is kept and opened by whoever asked for it, not shown as a page of ours.
        IHeaderDictionary headers = request.Http.Response.Headers;
        headers.ContentDisposition = $"attachment; filename=\"{result.FileName}\"";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
        await Body.WriteAsync(request.Http, PortSipFiles.MediaType(result.Format) + "; charset=utf-8", content);
    }

    private static async Task<ListedCall?> FindAsync(DialectRequest request) =>
        await NumberAsync(request) is { } number ? await request.AllowedAsync(request.Desk.Calls.FindByNumber(number)) : null;

    private static async Task<(IReportStore Store, ReportDefinition Report)?> DefinitionAsync(DialectRequest request)
    {
        if (await NumberAsync(request) is not { } number || await StoreAsync(request) is not { } store) return null;
        if (store.Find(number) is not { } report)
        {
            await request.ErrorAsync(StatusCodes.Status404NotFound, "There is none with this id.");
            return null;
        }

        return await IsMineAsync(request, report.Tenant) ? (store, report) : null;
    }

    private static async Task<(IReportStore Store, CompletedReport Result)?> CompletedAsync(DialectRequest request)
    {
        if (await NumberAsync(request) is not { } number || await StoreAsync(request) is not { } store) return null;
        if (store.FindCompleted(number) is not { } result)
        {
            await request.ErrorAsync(StatusCodes.Status404NotFound, "There is none with this id.");
            return null;
        }

        return await IsMineAsync(request, result.Tenant) ? (store, result) : null;
    }

    private static async Task<IReportStore?> StoreAsync(DialectRequest request)
    {
        if (request.Desk.Reports is { } store) return store;
        await request.ErrorAsync(StatusCodes.Status404NotFound, "No reports are kept here.");
        return null;
    }

    private static async Task<bool> IsMineAsync(DialectRequest request, string? tenant)
    {
        if (request.Tenant is null || request.Tenant == tenant) return true;
        await request.ErrorAsync(StatusCodes.Status403Forbidden, "It belongs to another tenant.");
        return false;
    }

    private static async Task<long?> NumberAsync(DialectRequest request)
    {
        if (NumberText.TryRead(request.Path("id"), out long number)) return number;
        await request.ErrorAsync(StatusCodes.Status400BadRequest, $"id: '{QueryCheck.Shown(request.Path("id"))}' is no id such as {Id}.", "id");
        return null;
    }

    private static Timestamp Now(DialectRequest request) => Timestamp.From(request.Desk.Options.Time.GetUtcNow());

    private static Task RefuseAsync(DialectRequest request, PortSipBodyFault fault) => request.ErrorAsync(StatusCodes.Status400BadRequest, $"{fault.Member} {fault.Problem}.", fault.Member);
}
