using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace CdrEngine.Api.Endpoints;

/// <summary>What happens to calls and outside them, as server-sent events (WHATWG HTML 9.2).</summary>
/// <remarks>Nothing of the wire can end a line of the stream: the data is JSON on one line, in which control characters are escaped, and names and
/// numbers are ours.</remarks>
internal sealed class EventEndpoints(ILiveFeed feed, ApiOptions options, CancellationToken stopping)
{
    public const string StreamType = "text/event-stream";

    private static readonly JsonWriterOptions Compact = new() { SkipValidation = true };

    /// <summary><c>GET events</c>.</summary>
    public async Task StreamAsync(HttpContext context)
    {
        if (await ListRequest.ReadAsync(context, new LiveFilter(), EventParameters.All, static query => query.Tenant, static (query, tenant) => query with { Tenant = tenant }) is not { } filter) return;
        // A browser that comes back sends the number itself; the parameter is for all others.
        if (context.Request.Headers["Last-Event-ID"] is { Count: 1 } last && long.TryParse(last[0], NumberStyles.None, CultureInfo.InvariantCulture, out long after))
            filter = filter with { After = after };
        if (filter is { Quality: true, Kinds.Count: > 0 } && !filter.Kinds.Contains(LiveEventKind.CallUpdated))
            filter = filter with { Kinds = [.. filter.Kinds, LiveEventKind.CallUpdated] };
        if (!await Negotiation.TakesAsync(context, StreamType)) return;

        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.ContentType = StreamType;
            return;
        }

        using ILiveSubscription? subscription = feed.Subscribe(filter);
        if (subscription is null)
        {
            context.Response.Headers.RetryAfter = "10";
            await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "As many read events as may; come again later.");
            return;
        }

        context.Response.ContentType = StreamType;
        context.Response.Headers["X-Accel-Buffering"] = "no";

        // A quiet stream is as it should be; one whose reader is slow ends by its full queue.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate) rate.MinDataRate = null;
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await SendAsync(context, subscription, ended.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            // The server stops: the stream ends like any other answer, and its reader comes back.
        }
    }

    private async Task SendAsync(HttpContext context, ILiveSubscription subscription, CancellationToken ended)
    {
        var body = new ArrayBufferWriter<byte>(16 * 1024);
        body.Write("retry: 2000\n\n"u8);
        if (subscription.HasMissed) body.Write("event: missed\ndata: {\"reason\":\"events after the last one known are no longer kept\"}\n\n"u8);
        await FlushAsync(context, body, ended);
        Task<bool> more = subscription.Events.WaitToReadAsync(ended).AsTask();
        while (true)
        {
            try
            {
                if (!await more.WaitAsync(options.Limits.EventHeartbeat, options.Time, ended)) break;
            }
            catch (TimeoutException)
            {
                body.Write(": still here\n\n"u8);
                await FlushAsync(context, body, ended);
                continue;
            }

            while (subscription.Events.TryRead(out LiveEvent? what))
            {
                Write(body, what);
                if (body.WrittenCount >= 32 * 1024) await FlushAsync(context, body, ended);
            }

            await FlushAsync(context, body, ended);
            more = subscription.Events.WaitToReadAsync(ended).AsTask();
        }

        if (!subscription.WasDropped) return;
        body.Write("event: dropped\ndata: {\"reason\":\"the reader was too slow\"}\n\n"u8);
        await FlushAsync(context, body, ended);
    }

    private void Write(ArrayBufferWriter<byte> body, LiveEvent what)
    {
        // Without a number the reader's last one stays.
        if (what.Id != 0) body.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {what.Id}\n")));
        body.Write(Encoding.ASCII.GetBytes($"event: {LiveEventNames.Of(what.Kind)}\ndata: "));
        using (var writer = new Utf8JsonWriter(body, Compact)) LiveCallJson.Write(what, writer, options.Rounding);
        body.Write("\n\n"u8);
    }

    private static async Task FlushAsync(HttpContext context, ArrayBufferWriter<byte> body, CancellationToken ended)
    {
        if (body.WrittenCount == 0) return;
        await context.Response.Body.WriteAsync(body.WrittenMemory, ended);
        await context.Response.Body.FlushAsync(ended);
        body.ResetWrittenCount();
    }
}
