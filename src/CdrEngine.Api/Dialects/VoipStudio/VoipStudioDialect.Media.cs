using System.Text.Json;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Dialects.VoipStudio;

// Recordings, media sessions, voice messages.
internal sealed partial class VoipStudioDialect
{
    private const string DeletedReason = "deleted";

    private static async Task MonitorsAsync(DialectRequest request)
    {
        VoipStudioCalls asked = VoipStudioCalls.Read(request, "created_at");
        AfterClearing(request, ClearedList.Monitors, asked);
        bool makes = request.Desk.MakesRecordings;
        asked.Narrow(query => query with { IsAudible = makes, Recorded = makes ? null : true });
        if (await FoundAsync(request, asked) is not { } found) return;
        IReadOnlyDictionary<string, string> links = Links(request, found.Calls);
        await request.JsonAsync(new VoipStudioMonitors(
            [.. found.Calls.Select(call => VoipStudioMapping.Monitor(call.Record, call.Number, links.GetValueOrDefault(call.Record.Id)))], found.Total));
    }

    private static IReadOnlyDictionary<string, string> Links(DialectRequest request, IReadOnlyList<ListedCall> calls) =>
        request.Desk.Remarks.Links([.. calls.Select(static call => call.Record.Id)], Now(request), LinkLife);

    private static async Task MonitorAsync(DialectRequest request)
    {
        if (await RecordedAsync(request) is { } call) await ShowMonitorAsync(request, call);
    }

    private static Task ShowMonitorAsync(DialectRequest request, ListedCall call) =>
        request.JsonAsync(new VoipStudioOneMonitor(VoipStudioMapping.Monitor(call.Record, call.Number, Links(request, [call]).GetValueOrDefault(call.Record.Id)), NoLinks));

    private static async Task MonitorTextAsync(DialectRequest request)
    {
        if (await RecordedAsync(request) is not { } call) return;
        CallRemark remark = request.Desk.Remarks.Get(call.Record.Id);
        using JsonDocument? metadata = remark.Metadata is { } text ? JsonDocument.Parse(text) : null;
        await request.JsonAsync(new VoipStudioOneMonitorText(
            new VoipStudioMonitorText
            {
                Id = call.Number,
                Transcript = remark.Transcript,
                TranscriptSpeakers = remark.TranscriptSpeakers,
                Summary = remark.Summary,
                Sentiment = remark.Sentiment,
                CxScore = remark.Score,
                Metadata = metadata?.RootElement,
            },
            NoLinks));
    }

    private static async Task MonitorSoundAsync(DialectRequest request)
    {
        if (await CallAsync(request) is not { } call) return;
        if (await GoneAsync(request, call)) return;
        await request.Desk.Recordings.SendAsync(request.Http, call.Record, RecordingVariant.Default, retry: false, Mp3Type, ".mp3");
    }

    private static async Task PatchMonitorAsync(DialectRequest request)
    {
        if (await request.BodyAsync<Dictionary<string, JsonElement>>() is not { } body) return;
        if (await RecordedAsync(request) is not { } call) return;
        var members = new Members(request, body);
        members.Only("transcript", "transcript_speakers", "summary", "sentiment", "cx_score", "metadata");
        string? transcript = members.Text("transcript", CallRemark.LongText);
        string? speakers = members.Text("transcript_speakers", CallRemark.LongText);
        string? summary = members.Text("summary", CallRemark.ShortText);
        string? sentiment = members.Text("sentiment", CallRemark.ShortText);
        int? score = (int?)members.Whole("cx_score", 0, 100);
        string? metadata = members.Raw("metadata", CallRemark.LongText);
        if (await members.RefusedAsync()) return;
        CallRemark Change(CallRemark remark) => remark with
        {
            Transcript = members.Has("transcript") ? transcript : remark.Transcript,
            TranscriptSpeakers = members.Has("transcript_speakers") ? speakers : remark.TranscriptSpeakers,
            Summary = members.Has("summary") ? summary : remark.Summary,
            Sentiment = members.Has("sentiment") ? sentiment : remark.Sentiment,
            Score = members.Has("cx_score") ? score : remark.Score,
            Metadata = members.Has("metadata") ? metadata : remark.Metadata,
        };
        if (!await request.AccountAsync("change_recording", call.Record.Id, call.Tenant, string.Join(',', body.Keys))) return;
        if (request.Desk.Remarks.Change([new RemarkChange(call.Record.Id, Change)], By(request), Now(request))) await ShowMonitorAsync(request, call);
        else await FullAsync(request);
    }

    private static async Task DeleteMonitorsAsync(DialectRequest request)
    {
        if (await SeveralAsync(request) is not { } calls) return;
        foreach (ListedCall call in calls)
        {
            if (!IsRecorded(request, call)) await request.AllowedAsync(null);
            if (!IsRecorded(request, call)) return;
        }

        if (!await AuditAsync(request, calls.Select(static call => (call.Record.Id, call.Tenant)), "delete_recording")) return;
        foreach (ListedCall call in calls) Forget(request, call.Record.Id);
        await request.EmptyAsync(StatusCodes.Status204NoContent);
    }

    // Those that are there are marked one by one, so that nobody hears them by another way; those that are not made yet are hidden by the mark.
    private static async Task DeleteAllMonitorsAsync(DialectRequest request)
    {
        if (!await MayClearAsync(request, "recordings")) return;
        request.Desk.Remarks.Clear(ClearedList.Monitors, request.Tenant, By(request), Now(request));
        await request.Desk.Lists.RunAsync(request.Http, () =>
        {
            foreach (RecordingState state in (RecordingState[])[RecordingState.Available, RecordingState.Pending])
            {
                string? cursor = null;
                do
                {
                    RecordingPage page = request.Desk.Media.States.ListRecordings(new RecordingQuery { State = state, Tenant = request.Tenant, Cursor = cursor, Limit = CallQuery.MaxLimit });
                    foreach (RecordingEntry entry in page.Recordings) Forget(request, entry.CallId);
                    cursor = page.NextCursor;
                }
                while (cursor is not null);
            }

            return Task.CompletedTask;
        });
        if (!request.Http.Response.HasStarted && request.Http.Response.StatusCode == StatusCodes.Status200OK) await request.EmptyAsync(StatusCodes.Status202Accepted);
    }

    private static void Forget(DialectRequest request, string callId)
    {
        RecordingEntry entry = request.Desk.Media.States.GetRecording(callId) ?? new RecordingEntry { CallId = callId, State = RecordingState.Deleted };
        request.Desk.Media.States.SetRecording(entry with { State = RecordingState.Deleted, Reason = DeletedReason, CreatedAt = Now(request) });
    }

    private static async Task<ListedCall?> RecordedAsync(DialectRequest request)
    {
        if (await CallAsync(request) is not { } call) return null;
        return IsRecorded(request, call) ? call : await request.AllowedAsync(null);
    }

    private static bool IsRecorded(DialectRequest request, ListedCall call) =>
        VoipStudioMapping.IsAudible(call.Record, request.Desk.MakesRecordings)
        && !IsCleared(request.Desk.Remarks.Cleared(ClearedList.Monitors), call.Tenant, call.Record.StartedAt);

    // What was cleared is gone, even where the sound could be made once more.
    private static async Task<bool> GoneAsync(DialectRequest request, ListedCall call)
    {
        if (!IsCleared(request.Desk.Remarks.Cleared(ClearedList.Monitors), call.Tenant, call.Record.StartedAt)) return false;
        await request.ErrorAsync(StatusCodes.Status410Gone, "The recording was deleted.");
        return true;
    }

    private async Task MsdrsAsync(DialectRequest request)
    {
        long page = request.Query.Whole("page", 1, 1, PageParameters.LastPage);
        int limit = (int)request.Query.Whole("limit", VoipStudioCalls.DefaultLimit, 1, CallQuery.MaxLimit);
        var query = new MediaSessionQuery { Tenant = request.Tenant, Ascending = VoipStudioFilter.Ascending(request, "created_at") };
        bool nothing = false;
        foreach (VoipStudioCondition condition in VoipStudioFilter.Read(request))
        {
            switch (condition.Property)
            {
                case "created_at":
                    (Timestamp? from, Timestamp? to) = VoipStudioFilter.Times(request, condition, query.From, query.To);
                    query = query with { From = from, To = to };
                    break;
                case "type":
                    if (condition.Operator == "eq" && EnumNames<MediaSessionType>.TryParse(condition.Value, out MediaSessionType type))
                    {
                        nothing |= query.Type is { } known && known != type;
                        query = query with { Type = type };
                    }
                    else
                    {
                        VoipStudioFilter.Refuse(request, condition, "asks for other than one of " + string.Join(", ", EnumNames<MediaSessionType>.All.Select(static pair => pair.Name)));
                    }

                    break;
                case "live_id":
                    if (VoipStudioFilter.Wholes(request, condition) is { Count: 1 } numbers) OfCall(request.Desk.Calls.FindByNumber(numbers[0])?.Record.Id);
                    else VoipStudioFilter.Refuse(request, condition, "asks for other than one value");
                    break;
                case "id" or "media_session_id":
                    VoipStudioFilter.Refuse(request, condition, "is asked by msdrs/ID");
                    break;
                default:
                    VoipStudioFilter.Refuse(request, condition, "is on none of the members that this list can be filtered by: created_at, type, live_id");
                    break;
            }
        }

        if (await request.RefusedAsync()) return;
        if (nothing)
        {
            await request.JsonAsync(new VoipStudioMsdrs([], 0));
            return;
        }

        IMediaSessionReader sessions = request.Desk.Media.Sessions;
        var list = new CursorList<MediaSessionRecord>(
            (cursor, take, skip) =>
            {
                MediaSessionPage found = sessions.ListMediaSessions(query with { Cursor = cursor, Limit = take, Skip = skip });
                return new CursorChunk<MediaSessionRecord>(found.MediaSessions, found.NextCursor);
            },
            () => sessions.CountMediaSessions(query),
            CanSkip: true);
        if (await PagedAsync(request, $"msdrs|{query}", page, limit, list) is not { } shown) return;
        IReadOnlyDictionary<string, ListedCall> calls = request.Desk.Calls.FindAll([.. shown.Items.Select(static session => session.CallId)]);
        var msdrs = new List<VoipStudioMsdr>(shown.Items.Count);
        foreach (MediaSessionRecord session in shown.Items)
        {
            if (calls.TryGetValue(session.CallId, out ListedCall? call)) msdrs.Add(Msdr(request, call, session));
        }

        await request.JsonAsync(new VoipStudioMsdrs(msdrs, shown.Total));

        void OfCall(string? id)
        {
            nothing |= id is null || (query.CallId is { } known && known != id);
            query = query with { CallId = id };
        }
    }

    private async Task<(IReadOnlyList<T> Items, long Total)?> PagedAsync<T>(DialectRequest request, string key, long page, int limit, CursorList<T> list)
    {
        (IReadOnlyList<T> Items, long Total)? shown = null;
        await request.Desk.Lists.RunAsync(request.Http, () =>
        {
            shown = _pages.Page($"{request.Viewer}|{request.Tenant}|{key}", (page - 1) * limit, limit, list);
            return Task.CompletedTask;
        });
        return shown;
    }

    private static VoipStudioMsdr Msdr(DialectRequest request, ListedCall call, MediaSessionRecord session) =>
        VoipStudioMapping.Msdr(call.Record, session, CallFacts.Of(call.Record), MsdrNumber.Of(call.Number, session.Index), request.Desk.Options.Rounding);

    private static async Task MsdrAsync(DialectRequest request)
    {
        if (await SessionAsync(request) is { } found) await request.JsonAsync(new VoipStudioOneMsdr(Msdr(request, found.Call, found.Session), NoLinks));
    }

    private static async Task MsdrTraceAsync(DialectRequest request)
    {
        if (await SessionAsync(request) is { } found) await request.Desk.MediaCuts.SendTraceAsync(request.Http, found.Call.Record, found.Session);
    }

    private static async Task MsdrPcapAsync(DialectRequest request)
    {
        if (await SessionAsync(request) is { } found) await request.Desk.MediaCuts.SendPcapAsync(request.Http, found.Call.Record, found.Session);
    }

    private static async Task<(ListedCall Call, MediaSessionRecord Session)?> SessionAsync(DialectRequest request)
    {
        if (!TryNumber(request.Path("id"), out long id))
        {
            await BadIdAsync(request, request.Path("id"));
            return null;
        }

        int index = 0;
        ListedCall? found = MsdrNumber.TryRead(id, out long number, out index) ? request.Desk.Calls.FindByNumber(number) : null;
        if (await request.AllowedAsync(found) is not { } call) return null;
        if (call.Record.MediaSessions.FirstOrDefault(session => session.Index == index) is { } session) return (call, session);
        await request.AllowedAsync(null);
        return null;
    }

    private static async Task VoicemessagesAsync(DialectRequest request)
    {
        VoipStudioCalls asked = VoipStudioCalls.Read(request, "origtime", (calls, condition) => OnMessage(request, calls, condition), areMessages: true);
        AfterClearing(request, ClearedList.VoiceMessages, asked);
        asked.Narrow(static query => query with { IsVoicemail = true });
        if (await FoundAsync(request, asked) is not { } found) return;
        await request.JsonAsync(new VoipStudioVoicemessages(Voicemessages(request, found.Calls), found.Total));
    }

    private static bool OnMessage(DialectRequest request, VoipStudioCalls calls, VoipStudioCondition condition)
    {
        switch (condition.Property)
        {
            case "folder":
                if (condition.Operator == "eq" && VoipStudioMapping.Folder(condition.Value) is { } folder) calls.AndMessages($"folder {folder}", remark => remark.Folder == folder);
                else VoipStudioFilter.Refuse(request, condition, "asks for other than one of 0, 1, 2");
                return true;
            case "is_new":
                if (condition.Operator == "eq" && condition.Value is "true" or "1" or "false" or "0")
                {
                    bool isNew = condition.Value is "true" or "1";
                    calls.AndMessages($"new {isNew}", remark => remark.IsHeard != isNew);
                }
                else
                {
                    VoipStudioFilter.Refuse(request, condition, "asks for other than true or false");
                }

                return true;
            default:
                return false;
        }
    }

    private static VoipStudioVoicemessage[] Voicemessages(DialectRequest request, IReadOnlyList<ListedCall> calls)
    {
        IReadOnlyDictionary<string, CallRemark> remarks = request.Desk.Remarks.Get([.. calls.Select(static call => call.Record.Id)]);
        var relations = new Relations(request);
        return [.. calls.Select(call =>
        {
            CallFacts facts = CallFacts.Of(call.Record);
            long? owner = call.Record.Dialled is { } dialled ? VoipStudioMapping.UserOf(request.Desk.Directory.WhoHas(call.Tenant, dialled)) : null;
            return VoipStudioMapping.Voicemessage(
                call.Record, facts, relations.Of(call, facts), remarks.GetValueOrDefault(call.Record.Id, CallRemark.None), owner, request.Desk.Options.Rounding);
        })];
    }

    private static async Task VoicemessageAsync(DialectRequest request)
    {
        if (await MessageAsync(request, await CallAsync(request)) is { } call) await request.JsonAsync(new VoipStudioOneVoicemessage(Voicemessages(request, [call])[0], NoLinks));
    }

    private static async Task VoicemessageSoundAsync(DialectRequest request)
    {
        if (await MessageAsync(request, await CallAsync(request)) is not { } call) return;
        var voice = new RecordingVariant(RecordingKind.Mp3, RecordingChannels.Mono, RecordingSides.Caller);
        await request.Desk.Recordings.SendAsync(request.Http, call.Record, voice, retry: false, Mp3Type, ".mp3");
        bool fetched = HttpMethods.IsGet(request.Http.Request.Method) && request.Http.Response.StatusCode is StatusCodes.Status200OK or StatusCodes.Status206PartialContent;
        if (fetched) request.Desk.Remarks.Change([new RemarkChange(call.Record.Id, static remark => remark with { IsHeard = true })], By(request), Now(request));
    }

    private static async Task PatchVoicemessagesAsync(DialectRequest request)
    {
        if (await ObjectsAsync(request) is not { } objects) return;
        var changes = new List<RemarkChange>(objects.Count);
        var changed = new List<(string Id, string? Tenant)>(objects.Count);
        ListedCall? last = null;
        foreach (IReadOnlyDictionary<string, JsonElement> item in objects)
        {
            var members = new Members(request, item);
            members.Only("id", "folder");
            long? id = members.Whole("id", 0, CallNumber.Max);
            if (id is null) members.Refuse("id", "is missing");
            bool isNumber = item.TryGetValue("folder", out JsonElement value) && value.ValueKind == JsonValueKind.Number;
            int? folder = (isNumber ? members.Raw("folder", 20) : members.Text("folder", 20)) is { } text ? VoipStudioMapping.Folder(text) : null;
            if (folder is null) members.Refuse("folder", "is none of 0 (INBOX), 1 (OLD), 2 (TRASH)");
            if (await members.RefusedAsync()) return;
            if (await MessageAsync(request, await request.AllowedAsync(request.Desk.Calls.FindByNumber(id!.Value))) is not { } call) return;
            changes.Add(new RemarkChange(call.Record.Id, remark => remark with { Folder = folder!.Value }));
            changed.Add((call.Record.Id, call.Tenant));
            last = call;
        }

        if (!await AuditAsync(request, changed, "change_voicemessage")) return;
        if (request.Desk.Remarks.Change(changes, By(request), Now(request))) await request.JsonAsync(new VoipStudioOneVoicemessage(Voicemessages(request, [last!])[0], NoLinks));
        else await FullAsync(request);
    }

    private static async Task DeleteVoicemessagesAsync(DialectRequest request)
    {
        if (await SeveralAsync(request) is not { } calls) return;
        foreach (ListedCall call in calls)
        {
            if (await MessageAsync(request, call) is null) return;
        }

        if (!await AuditAsync(request, calls.Select(static call => (call.Record.Id, call.Tenant)), "delete_voicemessage")) return;
        RemarkChange[] changes = [.. calls.Select(static call => new RemarkChange(call.Record.Id, static remark => remark with { IsMessageDeleted = true }))];
        if (request.Desk.Remarks.Change(changes, By(request), Now(request))) await request.EmptyAsync(StatusCodes.Status204NoContent);
        else await FullAsync(request);
    }

    private static async Task DeleteAllVoicemessagesAsync(DialectRequest request)
    {
        if (!await MayClearAsync(request, "voicemessages")) return;
        request.Desk.Remarks.Clear(ClearedList.VoiceMessages, request.Tenant, By(request), Now(request));
        await request.EmptyAsync(StatusCodes.Status202Accepted);
    }

    // A call that was looked up, as a voice message; null where it is none or no more, and then the request is answered.
    private static async Task<ListedCall?> MessageAsync(DialectRequest request, ListedCall? call)
    {
        if (call is null) return null;
        bool there = Voicemail.Answered(call.Record) && !request.Desk.Remarks.Get(call.Record.Id).IsMessageDeleted
            && !IsCleared(request.Desk.Remarks.Cleared(ClearedList.VoiceMessages), call.Tenant, call.Record.StartedAt);
        return there ? call : await request.AllowedAsync(null);
    }
}
