using System.Buffers;
using System.Globalization;
using System.Text.Json;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CdrEngine.Api.Endpoints;

/// <summary>Recordings: the sound of a call, a picture's worth of peaks, and the list of states.</summary>
internal sealed class RecordingEndpoints(CallEndpoints calls, ApiMedia media, Downloads downloads, ApiOptions options, ApiCounters counters)
{
    public const string Mp3Type = "audio/mpeg";
    public const string WavType = "audio/wav";

    /// <summary>How the sides are laid into channels.</summary>
    public static readonly ApiParameter Channels = new("channels", "Caller left and callee right, or both mixed.", new ValueShape("string", "mono") { Names = ["stereo", "mono"] })
    {
        Default = "stereo",
    };

    /// <summary>Whether a failure is tried again.</summary>
    public static readonly ApiParameter Retry = new("retry", "Where there is none or it failed, try again now.", new ValueShape("string", "true") { Names = ["true", "false"] })
    {
        Default = "false",
    };

    private readonly Seats _seats = new(options.Limits.Lists, options.Limits.LongestWait, counters);

    /// <summary><c>GET calls/{id}.mp3</c>.</summary>
    public Task Mp3Async(HttpContext context) => SendAsync(context, RecordingKind.Mp3, Mp3Type, ".mp3");

    /// <summary><c>GET calls/{id}.wav</c>.</summary>
    public Task WavAsync(HttpContext context) => SendAsync(context, RecordingKind.Wav, WavType, ".wav");

    /// <summary><c>GET calls/{id}/waveform.json</c>.</summary>
    public Task WaveformAsync(HttpContext context) => SendAsync(context, RecordingKind.Waveform, CallEndpoints.JsonType, ".waveform.json");

    /// <summary><c>GET recordings</c>.</summary>
    public async Task ListAsync(HttpContext context)
    {
        if (await ListRequest.ReadAsync(context, new RecordingQuery { Limit = options.PageSize }, RecordingParameters.All, static query => query.Tenant, static (query, tenant) => query with { Tenant = tenant }) is not { } query) return;
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;

        RecordingPage? page = null;
        await _seats.RunAsync(context, () =>
        {
            page = media.States.ListRecordings(query);
            return Task.CompletedTask;
        });
        if (page is null) return;
        if (page.CursorRejected) await ListAnswer.CursorRejectedAsync(context);
        else await ListAnswer.WriteAsync(context, "recordings", page.Recordings, RecordingEntryJson.Write, page.NextCursor);
    }

    private async Task SendAsync(HttpContext context, RecordingKind kind, string mediaType, string ending)
    {
        if (ChoiceFault(context, Channels) is { } channelsFault)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, channelsFault, Channels.Name);
            return;
        }

        if (ChoiceFault(context, Retry) is { } retryFault)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, retryFault, Retry.Name);
            return;
        }

        if (!await Negotiation.TakesAsync(context, mediaType)) return;

        if (await calls.FindAsync(context) is not { } call) return;

        if (call.State != CallState.Ended)
        {
            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "The call is in progress; its recording is made of the whole call, when it is over.");
            return;
        }

        bool mono = context.Request.Query[Channels.Name] == "mono";
        var variant = new RecordingVariant(kind, mono ? RecordingChannels.Mono : RecordingChannels.Stereo);
        await SendAsync(context, call, variant, context.Request.Query[Retry.Name] == "true", mediaType, (mono ? ".mono" : "") + ending);
    }

    /// <summary>Has a recording made where it is not there yet and sends it, or a part of it; else says what became of it. Whether the call may be heard
    /// is for the caller to know.</summary>
    public async Task SendAsync(HttpContext context, CallRecord call, RecordingVariant variant, bool retry, string mediaType, string ending)
    {
        // No place is taken meanwhile: the recorder bounds its own work, and who waits here holds no thread.
        RecordingAnswer answer = await media.Recordings.GetAsync(call.Id, variant, retry, options.Limits.RecordingWait, context.RequestAborted);
        if (answer.IsBusy) counters.Count(ApiCounter.Busy);
        // Retention may take the file away between the answer and its opening.
        OpenedRecording opened = answer.Path is { } path ? media.Files.Open(path) : default;
        if (opened.Stream is { } file) await FileAsync(context, call, variant.Kind, file, opened.ChangedAt, mediaType, ending);
        else if (opened.Fault is { } fault) await UnopenedAsync(context, options, fault);
        else await WithoutAsync(context, answer);
    }

    /// <summary>Answers that a file of sound does not open; what is amiss is for those who look after the engine.</summary>
    public static Task UnopenedAsync(HttpContext context, ApiOptions options, string fault)
    {
        options.OnFault?.Invoke($"recording: {fault}");
        return Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The recording is there and cannot be opened; the engine's log says why.");
    }

    private async Task FileAsync(HttpContext context, CallRecord call, RecordingKind kind, Stream file, DateTimeOffset changed, string mediaType, string ending)
    {
        await using (file)
        {
            // A file is never changed in place, so its size and time tell it from any other of the same name.
            var tag = new EntityTagHeaderValue(string.Create(CultureInfo.InvariantCulture, $"\"{changed.UtcTicks:x}-{file.Length:x}\""));
            bool isGet = HttpMethods.IsGet(context.Request.Method);
            if (isGet && !await downloads.AccountAsync(context, call.Id, $"download_{EnumNames<RecordingKind>.Of(kind)}", call.Tenant)) return;

            // Shown by players and pages, so inline; the name is made of the id, which is digits, letters and a hyphen.
            context.Response.Headers.ContentDisposition = $"inline; filename=\"{call.Id}{ending}\"";
            context.Response.Headers.AcceptRanges = "bytes";
            await TypedResults.Stream(file, mediaType, lastModified: changed, entityTag: tag, enableRangeProcessing: AsksBytes(context.Request)).ExecuteAsync(context);
            if (context.Response.StatusCode != StatusCodes.Status416RangeNotSatisfiable || context.Response.HasStarted) return;
            context.Response.Headers.ContentDisposition = default;
            await Problem.WriteAsync(context, StatusCodes.Status416RangeNotSatisfiable, "The range lies outside the recording; Content-Range tells its length.");
        }
    }

    // Ranges of any other unit are passed over (RFC 9110 14.2).
    private static bool AsksBytes(HttpRequest request) => request.Headers.Range is not [{ } range] || range.Split('=')[0].Trim().Equals("bytes", StringComparison.OrdinalIgnoreCase);

    private static async Task WithoutAsync(HttpContext context, RecordingAnswer answer)
    {
        if (answer.RetryAfter is { } after) context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(after.TotalSeconds)).ToString("F0", CultureInfo.InvariantCulture);
        string reason = answer.Entry.Reason is { } why ? $": {why}." : ".";
        if (answer.IsBusy)
        {
            await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "As many recordings as may be are being made; come again in a moment.");
            return;
        }

        switch (answer.Entry.State)
        {
            case RecordingState.Pending or RecordingState.Available:
                var body = new ArrayBufferWriter<byte>(512);
                using (var writer = new Utf8JsonWriter(body)) RecordingEntryJson.Write(answer.Entry with { State = RecordingState.Pending }, writer);
                if (answer.RetryAfter is null) context.Response.Headers.RetryAfter = "1";
                context.Response.StatusCode = StatusCodes.Status202Accepted;
                await Body.WriteAsync(context, CallEndpoints.JsonType, body.WrittenMemory);
                break;
            case RecordingState.Failed:
                await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, $"The recording could not be made{reason} Ask with retry=true to try again.");
                break;
            case RecordingState.Deleted:
                await Problem.WriteAsync(context, StatusCodes.Status410Gone, $"The recording was deleted{reason}");
                break;
            default:
                await Problem.WriteAsync(context, StatusCodes.Status404NotFound, $"There is no recording of this call{reason}");
                break;
        }
    }

    private static string? ChoiceFault(HttpContext context, ApiParameter parameter)
    {
        string? value = context.Request.Query[parameter.Name];
        return value is null || parameter.Shape.Names.Contains(value, StringComparer.Ordinal)
            ? null
            : $"{parameter.Name}: '{QueryCheck.Shown(value)}' is none of {string.Join(", ", parameter.Shape.Names)}.";
    }
}
