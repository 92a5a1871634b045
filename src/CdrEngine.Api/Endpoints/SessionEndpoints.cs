using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Ladder;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Calls.Transcripts;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CdrEngine.Api.Endpoints;

/// <summary>Conversations: the story of their calls, and what is made of all their packets.</summary>
internal sealed class SessionEndpoints(ISessionReader sessions, ApiMedia media, Downloads downloads, ApiOptions options, ApiCounters counters)
{
    private readonly Seats _seats = new(options.Limits.Lists, options.Limits.LongestWait, counters);

    /// <summary><c>GET sessions</c>.</summary>
    public async Task ListAsync(HttpContext context)
    {
        if (await ListRequest.ReadAsync(context, new SessionQuery { Limit = options.PageSize }, SessionParameters.All, static query => query.Tenant, static (query, tenant) => query with { Tenant = tenant }) is not { } query) return;
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;
        SessionPage? page = null;
        await _seats.RunAsync(context, () =>
        {
            page = sessions.ListSessions(query);
            return Task.CompletedTask;
        });
        if (page is null) return;
        if (page.CursorRejected)
        {
            await ListAnswer.CursorRejectedAsync(context);
            return;
        }

        if (page.IsTooFar)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "offset: too many calls would have to be looked at to find where this page begins; go on by cursor, or narrow the list.", "offset");
            return;
        }

        await ListAnswer.WriteAsync(context, "sessions", page.Sessions, (session, writer) => SessionRecordJson.Write(session, writer, options.Rounding, withCalls: false), page.NextCursor);
    }

    /// <summary><c>GET sessions/{id}</c>.</summary>
    public async Task GetAsync(HttpContext context)
    {
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;
        if (await FindAsync(context) is not { } session) return;
        var body = new ArrayBufferWriter<byte>(16 * 1024);
        using (var writer = new Utf8JsonWriter(body)) SessionRecordJson.Write(session, writer, options.Rounding, withCalls: true);
        await Body.WriteAsync(context, CallEndpoints.JsonType, body.WrittenMemory);
    }

    /// <summary><c>GET sessions/{id}.pcap</c>.</summary>
    public async Task PcapAsync(HttpContext context)
    {
        if (!await Negotiation.TakesAsync(context, PacketEndpoints.PcapType, PacketEndpoints.PcapngType)) return;
        if (await FindAsync(context) is not { } session) return;
        await downloads.WithSeatAsync(context, async stored =>
        {
            var packets = new SessionPackets(stored, session.Calls);
            if (CallCapture.Choose(packets, session.Id, PacketKinds.All) is not { } format)
            {
                await NoPacketsAsync(context);
                return;
            }

            context.Response.ContentType = format.MediaType;
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"session-{session.Id}{format.FileExtension}\"";
            await downloads.SendAsync(context, session.Id, "download_session_pcap", TenantOf(session), to => CallCapture.Write(packets, session.Id, PacketKinds.All, format, to));
        });
    }

    /// <summary><c>GET sessions/{id}.trace</c>.</summary>
    public async Task TraceAsync(HttpContext context)
    {
        if (!await Negotiation.TakesAsync(context, PacketEndpoints.TextType)) return;
        if (await FindAsync(context) is not { } session) return;
        await downloads.WithSeatAsync(context, async stored =>
        {
            SipTranscript transcript = Transcript(session, options.Limits.TraceMessages);
            if (!new SessionPackets(stored, session.Calls).Visit(session.Id, PacketKinds.Signalling, transcript))
            {
                await NoPacketsAsync(context);
                return;
            }

            context.Response.ContentType = PacketEndpoints.TextType + "; charset=utf-8";
            context.Response.Headers.ContentDisposition = $"inline; filename=\"session-{session.Id}.trace.txt\"";
            await downloads.SendAsync(context, session.Id, "download_session_trace", TenantOf(session), to =>
            {
                using var text = new StreamWriter(to, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
                transcript.WriteText(text);
                if (transcript.IsCut) text.WriteLine($"cut after {transcript.Messages.Count} messages; the pcap has them all");
            });
        });
    }

    /// <summary><c>GET sessions/{id}/ladder.svg</c>.</summary>
    public async Task LadderAsync(HttpContext context)
    {
        if (!await Negotiation.TakesAsync(context, PacketEndpoints.SvgType)) return;
        if (await FindAsync(context) is not { } session) return;
        await downloads.WithSeatAsync(context, async stored =>
        {
            SipTranscript transcript = Transcript(session, options.Limits.LadderMessages);
            if (!new SessionPackets(stored, session.Calls).Visit(session.Id, PacketKinds.Signalling, transcript))
            {
                await NoPacketsAsync(context);
                return;
            }

            var reader = new LadderReader();
            string svg = LadderSvg.Draw(HeadOf(session), [.. transcript.Messages.Select(reader.Read)], transcript.IsCut, options.Limits.LadderColumns);
            await Body.WriteAsync(context, PacketEndpoints.SvgType, Encoding.UTF8.GetBytes(svg));
        });
    }

    /// <summary><c>GET sessions/{id}/legs</c>.</summary>
    public async Task LegsAsync(HttpContext context)
    {
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;
        if (await FindAsync(context) is not { } session) return;
        await downloads.WithSeatAsync(context, async stored =>
        {
            IReadOnlyList<RelayLeg> legs = RelayComparison.Compare(session, stored, out bool isCut);
            var body = new ArrayBufferWriter<byte>(4096);
            using (var writer = new Utf8JsonWriter(body))
            {
                writer.WriteStartObject();
                writer.WriteString("session_id"u8, session.Id);
                writer.WriteStartArray("legs"u8);
                foreach (RelayLeg leg in legs) RelayLegJson.Write(leg, writer);
                writer.WriteEndArray();
                writer.WriteBoolean("cut"u8, isCut);
                writer.WriteEndObject();
            }

            await Body.WriteAsync(context, CallEndpoints.JsonType, body.WrittenMemory);
        });
    }

    /// <summary><c>GET sessions/{id}.mp3</c>.</summary>
    public Task Mp3Async(HttpContext context) => SoundAsync(context, RecordingKind.Mp3, RecordingEndpoints.Mp3Type, ".mp3");

    /// <summary><c>GET sessions/{id}/waveform.json</c>.</summary>
    public Task WaveformAsync(HttpContext context) => SoundAsync(context, RecordingKind.Waveform, CallEndpoints.JsonType, ".waveform.json");

    private async Task SoundAsync(HttpContext context, RecordingKind kind, string mediaType, string ending)
    {
        string? channels = context.Request.Query[RecordingEndpoints.Channels.Name];
        if (channels is not (null or "stereo" or "mono"))
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, $"channels: '{QueryCheck.Shown(channels)}' is none of stereo, mono.", RecordingEndpoints.Channels.Name);
            return;
        }

        if (!await Negotiation.TakesAsync(context, mediaType)) return;
        if (await FindAsync(context) is not { } session) return;
        await downloads.WithSeatAsync(context, async _ =>
        {
            RecordingChannels wanted = channels == "mono" ? RecordingChannels.Mono : RecordingChannels.Stereo;
            SessionSound sound = media.SessionSounds?.FindOrMake(session, kind, wanted, context.RequestAborted) ?? new SessionSound(null, "policy");
            if (sound.Path is null)
            {
                await Problem.WriteAsync(context, StatusCodes.Status404NotFound, $"There is no recording of this session: {sound.Reason}.");
                return;
            }

            OpenedRecording opened = media.Files.Open(sound.Path);
            if (opened.Stream is null) await RecordingEndpoints.UnopenedAsync(context, options, opened.Fault ?? "it was removed just now");
            else await FileAsync(context, session, kind, opened.Stream, opened.ChangedAt, mediaType, ending);
        });
    }

    private async Task FileAsync(HttpContext context, SessionRecord session, RecordingKind kind, Stream sound, DateTimeOffset changed, string mediaType, string ending)
    {
        await using Stream file = sound;
        var tag = new EntityTagHeaderValue(string.Create(CultureInfo.InvariantCulture, $"\"{changed.UtcTicks:x}-{file.Length:x}\""));
        if (HttpMethods.IsGet(context.Request.Method) && !await downloads.AccountAsync(context, session.Id, $"download_session_{EnumNames<RecordingKind>.Of(kind)}", TenantOf(session))) return;
        context.Response.Headers.ContentDisposition = $"inline; filename=\"session-{session.Id}{ending}\"";
        await TypedResults.Stream(file, mediaType, lastModified: changed, entityTag: tag, enableRangeProcessing: true).ExecuteAsync(context);
    }

    // That of all its calls; null where they are of several, whose entries nobody reads who sees one of them only.
    private static string? TenantOf(SessionRecord session) =>
        session.Calls.Select(static call => call.Tenant).Distinct(StringComparer.Ordinal).Take(2).ToArray() is [var only] ? only : null;

    private static SipTranscript Transcript(SessionRecord session, int limit) =>
        new(session.Calls.Select(static call => call.SipCallId).ToHashSet(StringComparer.Ordinal), limit);

    private static LadderHead HeadOf(SessionRecord session)
    {
        IEnumerable<string> names = session.Participants.Select(static person => person.Label);
        return new LadderHead(
            $"Session {session.Id}",
            string.Join(", ", names),
            $"{session.StartedAt}  {EnumNames<SessionKind>.Of(session.Kind)}, {EnumNames<Disposition>.Of(session.Disposition)}, {session.Duration.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture)} s",
            $"{session.Calls.Count} calls: {string.Join(", ", session.Calls.Select(static call => call.SipCallId))}");
    }

    private static Task NoPacketsAsync(HttpContext context) =>
        Problem.WriteAsync(context, StatusCodes.Status404NotFound, "There are no such packets of this session, or no longer.");

    /// <summary>The session the path names; null where there is none, and then the request is answered.</summary>
    private async Task<SessionRecord?> FindAsync(HttpContext context)
    {
        SessionRecord? session = null;
        bool isSeated = false;
        string? tenant = AccessGate.TenantOf(context);
        await _seats.RunAsync(context, () =>
        {
            isSeated = true;
            if (context.Request.RouteValues["id"] is not string id || !CallId.IsWellFormed(id)) return Task.CompletedTask;
            session = sessions.GetSession(id, tenant);
            return Task.CompletedTask;
        });
        if (isSeated && session is null) await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "There is no session with this id.");
        return session;
    }
}
