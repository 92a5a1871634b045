using System.Security.Cryptography;
using System.Text;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transcripts;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CdrEngine.Api.Endpoints;

/// <summary>Media sessions, their cuts of the packets, and streams.</summary>
internal sealed class MediaEndpoints(ICallReader calls, IMediaSessionReader sessions, Downloads downloads, ApiOptions options, ApiCounters counters)
{
    /// <summary>The call whose streams are listed.</summary>
    public static readonly ApiParameter CallId = new("call_id", "Id of the call's record.", Shapes.CallId) { IsRequired = true };

    private readonly Seats _seats = new(options.Limits.Lists, options.Limits.LongestWait, counters);

    /// <summary><c>GET media-sessions</c>.</summary>
    public async Task ListAsync(HttpContext context)
    {
        if (await ListRequest.ReadAsync(context, new MediaSessionQuery { Limit = options.PageSize }, MediaSessionParameters.All, static query => query.Tenant, static (query, tenant) => query with { Tenant = tenant }) is not { } query) return;
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;
        MediaSessionPage? page = null;
        await _seats.RunAsync(context, () =>
        {
            page = sessions.ListMediaSessions(query);
            return Task.CompletedTask;
        });
        if (page is null) return;
        if (page.CursorRejected) await ListAnswer.CursorRejectedAsync(context);
        else await ListAnswer.WriteAsync(context, "media_sessions", page.MediaSessions, MediaSessionJson.Write, page.NextCursor);
    }

    /// <summary><c>GET media-sessions/{id}</c>.</summary>
    public async Task GetAsync(HttpContext context)
    {
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;
        if (Id(context) is not { } id || sessions.GetMediaSession(id) is not { } session || !IsMine(context, id))
        {
            await UnknownAsync(context);
            return;
        }

        byte[] body = MediaSessionJson.ToUtf8(session);
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 16))}\"");
        context.Response.Headers.ETag = tag.ToString();
        if (CallEndpoints.IsKnown(context.Request, tag)) context.Response.StatusCode = StatusCodes.Status304NotModified;
        else await Body.WriteAsync(context, CallEndpoints.JsonType, body);
    }

    /// <summary><c>GET media-sessions/{id}.pcap</c>.</summary>
    public Task PcapAsync(HttpContext context)
    {
        if (Negotiation.Choose(context.Request, PacketEndpoints.PcapType, PacketEndpoints.PcapngType) is null)
            return Negotiation.RefuseAsync(context, PacketEndpoints.PcapType, PacketEndpoints.PcapngType);
        return WithSessionAsync(context, (call, session) => SendPcapAsync(context, call, session));
    }

    /// <summary>Sends the capture file of a media session that the caller found to be for who asks.</summary>
    public Task SendPcapAsync(HttpContext context, CallRecord call, MediaSessionRecord session)
    {
        return downloads.WithSeatAsync(context, async stored =>
        {
            var cut = new MediaSessionCut(stored, call, session);
            if (CallCapture.Choose(cut, call.Id, PacketKinds.Media) is not { } format)
            {
                await PacketEndpoints.NoPacketsAsync(context);
                return;
            }

            context.Response.ContentType = format.MediaType;
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"{session.Id}{format.FileExtension}\"";
            await downloads.SendAsync(context, session.Id, "download_media_pcap", call.Tenant, to => CallCapture.Write(cut, call.Id, PacketKinds.Media, format, to));
        });
    }

    /// <summary><c>GET media-sessions/{id}.trace</c>.</summary>
    public Task TraceAsync(HttpContext context)
    {
        if (Negotiation.Choose(context.Request, PacketEndpoints.TextType) is null) return Negotiation.RefuseAsync(context, PacketEndpoints.TextType);
        return WithSessionAsync(context, (call, session) => SendTraceAsync(context, call, session));
    }

    /// <summary>Sends the trace of a media session that the caller found to be for who asks.</summary>
    public Task SendTraceAsync(HttpContext context, CallRecord call, MediaSessionRecord session)
    {
        return downloads.WithSeatAsync(context, async stored =>
        {
            var cut = new MediaSessionCut(stored, call, session);
            var transcript = new SipTranscript(call.SipCallId, options.Limits.TraceMessages);
            stored.Visit(call.Id, PacketKinds.Signalling, transcript);
            TranscriptMessage[] messages = [.. transcript.Messages.Where(cut.Negotiates)];
            if (messages.Length == 0)
            {
                await PacketEndpoints.NoPacketsAsync(context);
                return;
            }

            context.Response.ContentType = PacketEndpoints.TextType + "; charset=utf-8";
            context.Response.Headers.ContentDisposition = $"inline; filename=\"{session.Id}.trace.txt\"";
            await downloads.SendAsync(context, session.Id, "download_media_trace", call.Tenant, to =>
            {
                using var text = new StreamWriter(to, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
                SipTranscript.WriteText(text, messages);
            });
        });
    }

    /// <summary><c>GET streams</c>.</summary>
    public async Task StreamsAsync(HttpContext context)
    {
        string? id = context.Request.Query[CallId.Name];
        if (id is null || Shapes.NoCallId(id) is not null)
        {
            string detail = id is null ? $"{CallId.Name} is needed: the id of a call." : $"{CallId.Name}: '{QueryCheck.Shown(id)}' {Shapes.NoCallId(id)}.";
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, detail, CallId.Name);
            return;
        }

        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;

        // A list of what belongs to a call that is not there is empty.
        CallRecord? call = calls.Get(id);
        IReadOnlyList<StreamRecord> streams = call is not null && AccessGate.MaySee(context, call) ? call.Streams : [];
        await ListAnswer.WriteAsync(context, "streams", streams, StreamRecordJson.Write, nextCursor: null, isPaged: false);
    }

    // A session whose call is gone is nobody's, and shown to who may see all.
    private bool IsMine(HttpContext context, string id) =>
        AccessGate.TenantOf(context) is null || (MediaSessionId.TryRead(id, out string callId, out _) && calls.Get(callId) is { } owner && AccessGate.MaySee(context, owner));

    private static string? Id(HttpContext context) =>
        context.Request.RouteValues["id"] is string id && MediaSessionId.TryRead(id, out _, out _) ? id : null;

    private static Task UnknownAsync(HttpContext context) =>
        Problem.WriteAsync(context, StatusCodes.Status404NotFound, "There is no media session with this id.");

    private async Task WithSessionAsync(HttpContext context, Func<CallRecord, MediaSessionRecord, Task> answer)
    {
        if (context.Request.RouteValues["id"] is not string id || !MediaSessionId.TryRead(id, out string callId, out int index)
            || calls.Get(callId) is not { } call || !AccessGate.MaySee(context, call) || call.MediaSessions.FirstOrDefault(session => session.Index == index) is not { } found)
        {
            await UnknownAsync(context);
            return;
        }

        await answer(call, found);
    }
}
