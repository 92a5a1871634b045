using System.Text.Json;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CsvHelper;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Dialects.VoipStudio;

// CDRs, call tracking, statements.
internal sealed partial class VoipStudioDialect
{
    private const int CsvTogether = 500;

    private static Task CdrsAsync(DialectRequest request) => CdrsAsync(request, VoipStudioCalls.Read(request));

    private static Task TrackingCdrsAsync(DialectRequest request)
    {
        VoipStudioCalls asked = VoipStudioCalls.Read(request);
        asked.Narrow(static query => query with { Context = CallContext.Tracking, Ids = query.Context is null or CallContext.Tracking ? query.Ids : ["none"] });
        return CdrsAsync(request, asked);
    }

    private static async Task UserCdrsAsync(DialectRequest request)
    {
        if (await UserAsync(request) is { } asked) await CdrsAsync(request, asked);
    }

    private static async Task UserCsvAsync(DialectRequest request)
    {
        if (await UserAsync(request) is { } asked) await CsvAsync(request, asked);
    }

    private static async Task<VoipStudioCalls?> UserAsync(DialectRequest request)
    {
        if (!TryNumber(request.Path("id"), out long user))
        {
            await BadIdAsync(request, request.Path("id"));
            return null;
        }

        VoipStudioCalls asked = VoipStudioCalls.Read(request);
        asked.Narrow(query => query with { User = user, Ids = query.User is { } given && given != user ? ["none"] : query.Ids });
        return asked;
    }

    private static async Task CdrsAsync(DialectRequest request, VoipStudioCalls asked)
    {
        if (await FoundAsync(request, asked) is not { } found) return;
        await request.JsonAsync(new VoipStudioCdrs(Cdrs(request, found.Calls), found.Total));
    }

    private static VoipStudioCdr[] Cdrs(DialectRequest request, IReadOnlyList<ListedCall> calls)
    {
        IReadOnlyDictionary<string, CallRemark> remarks = request.Desk.Remarks.Get([.. calls.Select(static call => call.Record.Id)]);
        var relations = new Relations(request);
        var linked = new LinkedCalls(request, calls.Select(static call => call.Record).Where(VoipStudioMapping.MayBeMissed));
        return [.. calls.Select(call =>
        {
            CallFacts facts = VoipStudioMapping.MayBeMissed(call.Record) ? linked.Facts(call.Record) : CallFacts.Of(call.Record);
            return VoipStudioMapping.Cdr(call.Record, facts, relations.Of(call, facts), remarks.GetValueOrDefault(call.Record.Id, CallRemark.None), request.Desk.Options.Rounding);
        })];
    }

    private static async Task CdrAsync(DialectRequest request)
    {
        if (await CallAsync(request) is { } call) await request.JsonAsync(new VoipStudioOneCdr(Cdrs(request, [call])[0], NoLinks));
    }

    private static async Task NotesAsync(DialectRequest request)
    {
        if (await CallAsync(request) is not { } call) return;
        await request.JsonAsync(new VoipStudioOneNotedCdr(VoipStudioMapping.Noted(Cdrs(request, [call])[0], request.Desk.Remarks.Get(call.Record.Id).Notes), NoLinks));
    }

    private static async Task CdrTraceAsync(DialectRequest request)
    {
        if (await CallAsync(request) is { } call) await request.Desk.Packets.SendTraceAsync(request.Http, call.Record);
    }

    private static async Task CdrPcapAsync(DialectRequest request)
    {
        if (await CallAsync(request) is { } call) await request.Desk.Packets.SendPcapAsync(request.Http, call.Record, PacketKinds.All, "all");
    }

    private static async Task PatchCdrAsync(DialectRequest request)
    {
        if (await request.BodyAsync<Dictionary<string, JsonElement>>() is not { } body) return;
        if (!TryNumber(request.Path("id"), out long number)) await BadIdAsync(request, request.Path("id"));
        else await ChangeCdrsAsync(request, [body], number);
    }

    private static async Task PatchCdrsAsync(DialectRequest request)
    {
        if (await ObjectsAsync(request) is { } objects) await ChangeCdrsAsync(request, objects, null);
    }

    // All of them or none.
    private static async Task ChangeCdrsAsync(DialectRequest request, IReadOnlyList<IReadOnlyDictionary<string, JsonElement>> objects, long? one)
    {
        var changes = new List<RemarkChange>(objects.Count);
        var changed = new List<(string Id, string? Tenant)>(objects.Count);
        ListedCall? last = null;
        foreach (IReadOnlyDictionary<string, JsonElement> item in objects)
        {
            var members = new Members(request, item);
            members.Only("id", "info", "notes");
            long? id = members.Whole("id", 0, CallNumber.Max) ?? one;
            if (id is null || (one is not null && id != one)) members.Refuse("id", "is missing, or another than in the path");
            string? info = members.Text("info", CallRemark.ShortText);
            string? notes = members.Text("notes", CallRemark.LongText);
            if (await members.RefusedAsync()) return;
            if (await request.AllowedAsync(request.Desk.Calls.FindByNumber(id!.Value)) is not { } call) return;
            bool hasInfo = members.Has("info"), hasNotes = members.Has("notes");
            changes.Add(new RemarkChange(call.Record.Id, remark => remark with { Info = hasInfo ? info : remark.Info, Notes = hasNotes ? notes : remark.Notes }));
            changed.Add((call.Record.Id, call.Tenant));
            last = call;
        }

        if (!await AuditAsync(request, changed, "change_call")) return;
        if (request.Desk.Remarks.Change(changes, By(request), Now(request))) await request.JsonAsync(new VoipStudioOneCdr(Cdrs(request, [last!])[0], NoLinks));
        else await FullAsync(request);
    }

    private static async Task DeleteCdrsAsync(DialectRequest request)
    {
        if (await SeveralAsync(request) is not { } calls) return;
        string[] ids = [.. calls.Select(static call => call.Record.Id)];
        if (!await AuditAsync(request, calls.Select(static call => (call.Record.Id, call.Tenant)), "delete_call")) return;
        request.Desk.Eraser.Hide(ids, By(request), Now(request));
        await request.EmptyAsync(StatusCodes.Status204NoContent);
    }

    private static async Task DeleteAllCdrsAsync(DialectRequest request)
    {
        if (!await MayClearAsync(request, "calls")) return;
        request.Desk.Eraser.HideAll(request.Tenant, By(request), Now(request));
        await request.EmptyAsync(StatusCodes.Status204NoContent);
    }

    // Page after page of a walk of its own, so that it is whole and of one moment whatever arrives.
    private static async Task CsvAsync(DialectRequest request, VoipStudioCalls? given)
    {
        VoipStudioCalls asked = given ?? VoipStudioCalls.Read(request);
        if (await request.RefusedAsync()) return;
        CallPageRequest page = asked.Request() with { Query = asked.Query with { Tenant = request.Tenant }, Take = CsvTogether, Viewer = $"{request.Viewer}:csv:{Guid.NewGuid():n}" };
        HttpResponse response = request.Http.Response;
        CallSlice? slice = null;
        try
        {
            await request.Desk.Lists.RunAsync(request.Http, () =>
            {
                slice = request.Desk.Calls.Page(page);
                return Task.CompletedTask;
            });
        }
        catch (TooWideException)
        {
            await request.ErrorAsync(StatusCodes.Status400BadRequest, "filter: too few of the calls that come into question meet it; narrow it by calldate.", "filter");
            return;
        }

        if (slice is null) return;
        response.ContentType = "text/csv; charset=utf-8; header=present";
        response.Headers.ContentDisposition = "attachment; filename=\"cdrs.csv\"";
        if (HttpMethods.IsHead(request.Http.Request.Method)) return;
        await using CsvWriter csv = CsvWriter.Create(response.Body, CsvCells.Options, leaveOpen: true);
        foreach ((string name, _, _) in VoipStudioMapping.Columns) csv.WriteField(name);
        await csv.EndRecordAsync(request.Http.RequestAborted);
        while (true)
        {
            foreach (VoipStudioCdr cdr in Cdrs(request, slice.Calls))
            {
                foreach ((_, Func<VoipStudioCdr, string> value, bool isFromWire) in VoipStudioMapping.Columns) csv.WriteField(isFromWire ? CsvCells.Guarded(WithoutControls(value(cdr))) : value(cdr));
                await csv.EndRecordAsync(request.Http.RequestAborted);
            }

            if (!slice.HasMore) break;
            page = page with { Skip = page.Skip + CsvTogether, Where = asked.Request().Where };
            slice = request.Desk.Calls.Page(page);
        }
    }

    private static string WithoutControls(string text) => text.Any(static c => char.IsControl(c)) ? string.Concat(text.Select(static c => char.IsControl(c) && c is not ('\t' or '\r' or '\n') ? '\uFFFD' : c)) : text;

    private static async Task TrackingNumbersAsync(DialectRequest request)
    {
        long page = request.Query.Whole("page", 1, 1, Common.PageParameters.LastPage);
        long limit = request.Query.Whole("limit", VoipStudioCalls.DefaultLimit, 1, CallQuery.MaxLimit);
        if (await request.RefusedAsync()) return;
        var shown = new List<VoipStudioTrackingNumber>();
        long before = (page - 1) * limit, total = 0;
        foreach (DirectoryEntry entry in request.Desk.Directory.List(request.Tenant, PartyKind.Tracking))
        {
            foreach ((string number, bool isFull) in entry.Numbers.Select(static number => (number, true)).Concat(entry.Extensions.Except(entry.Numbers).Select(static number => (number, false))))
            {
                if (total++ >= before && shown.Count < limit) shown.Add(VoipStudioMapping.TrackingNumber(entry, number, isFull));
            }

            // A range has a line for each of its numbers, of which only those of the page are made.
            foreach (NumberRange range in entry.Ranges)
            {
                for (long i = Math.Max(0, before - total); i < range.Count && shown.Count < limit; i++) shown.Add(VoipStudioMapping.TrackingNumber(entry, range[i], isFull: true));
                total += range.Count;
            }
        }

        await request.JsonAsync(new VoipStudioTrackingNumbers(shown, total));
    }

    private static async Task StatementsAsync(DialectRequest request)
    {
        VoipStudioCalls asked = VoipStudioCalls.Read(request, "created_at");
        AfterClearing(request, ClearedList.Statements, asked);
        asked.Narrow(static query => query with
        {
            Dispositions = [Calls.Records.Disposition.Answered],
            Traits = query.Traits.Count == 0 ? [new TraitMatch(CallTraits.Rated)] : TraitMatch.Both(query.Traits, [new TraitMatch(CallTraits.Rated)]),
        });
        if (await FoundAsync(request, asked) is not { } found) return;
        await request.JsonAsync(new VoipStudioStatements(
            [.. found.Calls.Select(call => VoipStudioMapping.Statement(call.Record, CallFacts.Of(call.Record), call.Number, request.Desk.Options.Rounding))], found.Total));
    }

    private static async Task DeleteAllStatementsAsync(DialectRequest request)
    {
        if (!await MayClearAsync(request, "statements")) return;
        request.Desk.Remarks.Clear(ClearedList.Statements, request.Tenant, By(request), Now(request));
        await request.EmptyAsync(StatusCodes.Status204NoContent);
    }
}
