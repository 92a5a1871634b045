using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.OpenApi;
using CdrEngine.Api.Queries;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>Every resource of the API: the one table from which routes are mapped and the OpenAPI document is made.</summary>
internal static class ApiRoutes
{
    /// <summary>Where the versioned part begins.</summary>
    public const string Root = "/api/v1";

    private static readonly ApiParameter Id = new("id", "Id of the call's record.", Shapes.CallId)
    {
        IsInPath = true,
    };

    private static readonly ApiParameter SessionId = new("id", "Id of the session, or of any of its calls.", Shapes.CallId)
    {
        IsInPath = true,
    };

    private static readonly ApiParameter MediaId = new("id", "Id of the media session: its call's id, -m, its position.", new ValueShape("string", "20261120-00112233445566778899aabb-m0") { Pattern = "^[0-9]{8}-[0-9a-f]{24}-m(0|[1-9][0-9]{0,3})$" })
    {
        IsInPath = true,
    };

    private static readonly (string Name, string Description)[] SoundHeaders =
    [
        ("ETag", "Changes when the file does; for If-Range and If-None-Match."),
        ("Accept-Ranges", "bytes: parts may be asked for with Range (RFC 9110 14)."),
        ("Retry-After", "With 202 and 503: seconds to wait before asking again."),
    ];

    private static readonly (int Status, string Description)[] SoundOthers =
    [
        (StatusCodes.Status202Accepted, "It is being made; come again after Retry-After. The body is its state."),
        (StatusCodes.Status206PartialContent, "The part that Range asked for."),
    ];

    private static readonly int[] SoundProblems =
        [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status410Gone, StatusCodes.Status416RangeNotSatisfiable, StatusCodes.Status503ServiceUnavailable];

    public static IReadOnlyList<ApiRoute> All(
        CallEndpoints calls, PacketEndpoints packets, MediaEndpoints media, RecordingEndpoints recordings, FaxEndpoints faxes, SessionEndpoints sessions,
        ServiceEndpoints service) =>
    [
        new($"{Root}/calls", "listCalls", "Lists call records, a page at a time.", calls.ListAsync)
        {
            Scope = ApiScopes.CallsRead,
            Description = "Filters narrow the list together. Pages are found again by their cursor, so that records which arrive meanwhile neither shift nor repeat what follows.",
            Parameters = CallParameters.All,
            Answers = [(CallEndpoints.JsonType, RecordSchemas.CallPage), (CallEndpoints.CsvType, null), (CallEndpoints.LinesType, null)],
            Headers = [("Link", "The next page, rel=\"next\" (RFC 8288); absent on the last.")],
            Problems = [StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/calls/{{id}}", "getCall", "One call record.", calls.GetAsync)
        {
            Scope = ApiScopes.CallsRead,
            Parameters = [Id],
            Answers = [(CallEndpoints.JsonType, RecordSchemas.Call)],
            Headers = [("ETag", "Changes when the record does; send it back in If-None-Match.")],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable],
            IsConditional = true,
        },
        new($"{Root}/calls/{{id}}.pcap", "getCallPcap", "The call's packets as captured, SIP and RTP of all its hops.", packets.PcapAsync)
        {
            Scope = ApiScopes.PacketsRead,
            Description = "pcap where all packets have one link type, else pcapng. Audited.",
            Parameters = [Id, PacketEndpoints.Kinds],
            Answers = [(PacketEndpoints.PcapType, null), (PacketEndpoints.PcapngType, null)],
            Headers = [("Content-Disposition", "File name.")],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/calls/{{id}}.trace", "getCallTrace", "The call's SIP messages as text.", packets.TraceAsync)
        {
            Scope = ApiScopes.PacketsRead,
            Description = "Audited.",
            Parameters = [Id],
            Answers = [(PacketEndpoints.TextType, null)],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/calls/{{id}}/ladder.svg", "getCallLadder", "The call's SIP messages as a picture.", packets.LadderAsync)
        {
            Scope = ApiScopes.CallsRead,
            Parameters = [Id],
            Answers = [(PacketEndpoints.SvgType, null)],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        Sound($"{Root}/calls/{{id}}.mp3", "getCallMp3", "The call's recording: caller left, callee right.", RecordingEndpoints.Mp3Type, null, recordings.Mp3Async),
        Sound($"{Root}/calls/{{id}}.wav", "getCallWav", "The call's recording, not compressed.", RecordingEndpoints.WavType, null, recordings.WavAsync),
        Sound($"{Root}/calls/{{id}}/waveform.json", "getCallWaveform", "Peaks of the call's recording, for a picture of it.", CallEndpoints.JsonType, RecordSchemas.Waveform, recordings.WaveformAsync),
        Fax($"{Root}/calls/{{id}}/fax.tiff", "getCallFaxTiff", "The pages of the call's fax by T.38, as TIFF.", FaxEndpoints.TiffType, faxes.TiffAsync),
        Fax($"{Root}/calls/{{id}}/fax.pdf", "getCallFaxPdf", "The pages of the call's fax by T.38, as PDF.", FaxEndpoints.PdfType, faxes.PdfAsync),
        new($"{Root}/media-sessions", "listMediaSessions", "Lists media sessions (m-lines of calls), a page at a time.", media.ListAsync)
        {
            Scope = ApiScopes.CallsRead,
            Description = "Filters narrow the list together. Pages are found again by their cursor.",
            Parameters = MediaSessionParameters.All,
            Answers = [(CallEndpoints.JsonType, RecordSchemas.MediaSessionPage)],
            Headers = [("Link", "The next page, rel=\"next\" (RFC 8288); absent on the last.")],
            Problems = [StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/media-sessions/{{id}}", "getMediaSession", "One media session.", media.GetAsync)
        {
            Scope = ApiScopes.CallsRead,
            Parameters = [MediaId],
            Answers = [(CallEndpoints.JsonType, RecordSchemas.MediaSession)],
            Headers = [("ETag", "Changes when the record does; send it back in If-None-Match.")],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable],
            IsConditional = true,
        },
        new($"{Root}/media-sessions/{{id}}.pcap", "getMediaSessionPcap", "The packets of the media session as captured: RTP, RTCP and whatever else went between its addresses.", media.PcapAsync)
        {
            Scope = ApiScopes.PacketsRead,
            Description = "pcap where all packets have one link type, else pcapng. M-lines that share their addresses share their packets. Audited.",
            Parameters = [MediaId],
            Answers = [(PacketEndpoints.PcapType, null), (PacketEndpoints.PcapngType, null)],
            Headers = [("Content-Disposition", "File name.")],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/media-sessions/{{id}}.trace", "getMediaSessionTrace", "The SIP messages that negotiated the media session, as text.", media.TraceAsync)
        {
            Scope = ApiScopes.PacketsRead,
            Description = "Audited.",
            Parameters = [MediaId],
            Answers = [(PacketEndpoints.TextType, null)],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/streams", "listStreams", "The RTP streams of a call.", media.StreamsAsync)
        {
            Scope = ApiScopes.CallsRead,
            Parameters = [MediaEndpoints.CallId],
            Answers = [(CallEndpoints.JsonType, RecordSchemas.StreamList)],
            Problems = [StatusCodes.Status406NotAcceptable],
        },
        new($"{Root}/recordings", "listRecordings", "Lists the states of recordings, a page at a time.", recordings.ListAsync)
        {
            Scope = ApiScopes.RecordingsRead,
            Parameters = RecordingParameters.All,
            Answers = [(CallEndpoints.JsonType, RecordSchemas.RecordingPage)],
            Headers = [("Link", "The next page, rel=\"next\" (RFC 8288); absent on the last.")],
            Problems = [StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/sessions", "listSessions", "Lists conversations, a page at a time.", sessions.ListAsync)
        {
            Scope = ApiScopes.CallsRead,
            Description = "A conversation is one call, or the calls that a PBX, a transfer or a forward made of it. Pages are found again by their cursor; one may hold fewer than asked for before the last.",
            Parameters = SessionParameters.All,
            Answers = [(CallEndpoints.JsonType, SessionSchemas.SessionPage)],
            Headers = [("Link", "The next page, rel=\"next\" (RFC 8288); absent on the last.")],
            Problems = [StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/sessions/{{id}}", "getSession", "One conversation: who called whom, who rang, who answered, who was transferred to whom, who hung up.", sessions.GetAsync)
        {
            Scope = ApiScopes.CallsRead,
            Parameters = [SessionId],
            Answers = [(CallEndpoints.JsonType, SessionSchemas.Session)],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/sessions/{{id}}.pcap", "getSessionPcap", "The packets of all its calls as captured, in order of time, each once.", sessions.PcapAsync)
        {
            Scope = ApiScopes.PacketsRead,
            Description = "pcap where all packets have one link type, else pcapng. Audited.",
            Parameters = [SessionId],
            Answers = [(PacketEndpoints.PcapType, null), (PacketEndpoints.PcapngType, null)],
            Headers = [("Content-Disposition", "File name.")],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/sessions/{{id}}.trace", "getSessionTrace", "The SIP messages of all its calls as text.", sessions.TraceAsync)
        {
            Scope = ApiScopes.PacketsRead,
            Description = "Audited.",
            Parameters = [SessionId],
            Answers = [(PacketEndpoints.TextType, null)],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/sessions/{{id}}/ladder.svg", "getSessionLadder", "The SIP messages of all its calls as one picture.", sessions.LadderAsync)
        {
            Scope = ApiScopes.CallsRead,
            Parameters = [SessionId],
            Answers = [(PacketEndpoints.SvgType, null)],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/sessions/{{id}}/legs", "getSessionLegs", "Media through its machines: delay, loss added, what came and was not forwarded.", sessions.LegsAsync)
        {
            Scope = ApiScopes.CallsRead,
            Description = "Computed from the packets on request, where both sides of a machine were captured.",
            Parameters = [SessionId],
            Answers = [(CallEndpoints.JsonType, SessionSchemas.SessionLegs)],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/sessions/{{id}}.mp3", "getSessionMp3", "The recording of who stays in it, across its transfers: they left, whoever talks with them right.", sessions.Mp3Async)
        {
            Scope = ApiScopes.RecordingsRead,
            Description = "Made at the first request where the settings allow it. Where there is none the problem's detail says why. Audited.",
            Parameters = [SessionId, RecordingEndpoints.Channels],
            Answers = [(RecordingEndpoints.Mp3Type, null)],
            Headers = [("ETag", "Changes when the file does; for If-Range and If-None-Match."), ("Accept-Ranges", "bytes: parts may be asked for with Range (RFC 9110 14).")],
            Others = [(StatusCodes.Status206PartialContent, "The part that Range asked for.")],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status416RangeNotSatisfiable, StatusCodes.Status503ServiceUnavailable],
            IsConditional = true,
        },
        new($"{Root}/sessions/{{id}}/waveform.json", "getSessionWaveform", "Peaks of the session's recording, for a picture of it: who stays is its caller, whoever talks with them its callee.", sessions.WaveformAsync)
        {
            Scope = ApiScopes.RecordingsRead,
            Description = "Made with the recording at the first request for either. Where there is none the problem's detail says why. Audited.",
            Parameters = [SessionId, RecordingEndpoints.Channels],
            Answers = [(CallEndpoints.JsonType, RecordSchemas.Waveform)],
            Headers = SoundHeaders,
            Others = [(StatusCodes.Status206PartialContent, "The part that Range asked for.")],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status416RangeNotSatisfiable, StatusCodes.Status503ServiceUnavailable],
            IsConditional = true,
        },
        new($"{Root}/stats", "getStats", "Every counter of every part, with what it counts.", service.StatsAsync)
        {
            Scope = ApiScopes.StatsRead,
            Answers = [(CallEndpoints.JsonType, RecordSchemas.Stats)],
            Problems = [StatusCodes.Status406NotAcceptable],
        },
        new($"{Root}/openapi.json", "getOpenApi", "This document.", service.DocumentAsync) { Answers = [(CallEndpoints.JsonType, null)] },
        new("/metrics", "getMetrics", "The counters in the text format of Prometheus.", service.MetricsAsync)
        {
            Scope = ApiScopes.StatsRead,
            Answers = [(PacketEndpoints.TextType, null)],
        },
        new("/healthz", "getHealth", "Whether the process answers.", ServiceEndpoints.HealthAsync) { Answers = [(PacketEndpoints.TextType, null)] },
        new("/readyz", "getReadiness", "Whether the store answers too.", service.ReadyAsync)
        {
            Answers = [(PacketEndpoints.TextType, null)],
            Problems = [StatusCodes.Status503ServiceUnavailable],
        },
    ];

    private static ApiRoute Sound(string pattern, string operationId, string summary, string mediaType, string? schema, RequestDelegate handler) => new(pattern, operationId, summary, handler)
    {
        Scope = ApiScopes.RecordingsRead,
        Description = "Made at the first request where the settings allow it. Where there is none the problem's detail says why. Audited.",
        Parameters = [Id, RecordingEndpoints.Channels, RecordingEndpoints.Retry],
        Answers = [(mediaType, schema)],
        Headers = SoundHeaders,
        Others = SoundOthers,
        Problems = SoundProblems,
        IsConditional = true,
    };

    private static ApiRoute Fax(string pattern, string operationId, string summary, string mediaType, RequestDelegate handler) => new(pattern, operationId, summary, handler)
    {
        Scope = ApiScopes.RecordingsRead,
        Description = "Made of the packets at each request, where the settings allow recordings of the call. Where there is none the problem's detail says why. Audited.",
        Parameters = [Id],
        Answers = [(mediaType, null)],
        Headers = [("Content-Disposition", "File name.")],
        Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
    };

    /// <summary>The handler of a route behind the check of its query.</summary>
    public static RequestDelegate Checked(ApiRoute route, int maxLength) => context =>
        QueryCheck.Find(context.Request.Query, route.Parameters, maxLength) is { } fault
            ? Problem.WriteAsync(context, StatusCodes.Status400BadRequest, fault.Detail, fault.Parameter)
            : route.Handler(context);
}
