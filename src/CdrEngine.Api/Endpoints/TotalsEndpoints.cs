using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.OpenApi;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Totals;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>Totals of the calls that the list's filters leave.</summary>
internal sealed class TotalsEndpoints(ICallTotals totals, ApiOptions options, ApiCounters counters)
{
    // What sums do not answer is counted as long as a person waits for it.
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(2);

    private readonly Seats _seats = new(options.Limits.Lists, options.Limits.LongestWait, counters);

    /// <summary>The resource.</summary>
    public IReadOnlyList<ApiRoute> Routes =>
    [
        new($"{ApiRoutes.Root}/calls/totals", "getCallTotals", "Totals of the calls that the filters leave.", GetAsync)
        {
            Scope = ApiScopes.CallsRead,
            Description = "By time, tenant, direction, disposition and context it answers at once, whatever the number of calls. Other filters are counted call by call, the latest first, for some two seconds: "
                + "is_complete says whether that was enough, and counted_from from when on the figures hold.",
            Parameters = CallParameters.Totals,
            Answers = [(CallEndpoints.JsonType, RecordSchemas.CallTotals)],
            Problems = [StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
    ];

    /// <summary><c>GET calls/totals</c>.</summary>
    public async Task GetAsync(HttpContext context)
    {
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;

        if (await ListRequest.ReadCallsAsync(context, options.PageSize) is not { } query) return;
        CallTotals? found = null;
        await _seats.RunAsync(context, () =>
        {
            found = totals.Totals(query, Budget, context.RequestAborted);
            return Task.CompletedTask;
        });
        if (found is not null) await Body.WriteAsync(context, CallEndpoints.JsonType, Json(found));
    }

    /// <summary>Totals as JSON.</summary>
    public static byte[] Json(CallTotals totals)
    {
        CallSums sums = totals.Sums;
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("calls", sums.Calls);
            json.WriteNumber("answered", sums.Answered);
            Write(json, "asr", sums.AnswerSeizureRatio);
            Write(json, "acd_seconds", sums.AverageCallSeconds);
            json.WriteNumber("minutes", Math.Round(sums.Minutes, 3));
            json.WriteNumber("duration_ms", sums.Duration / 1000.0);
            json.WriteNumber("billsec_ms", sums.Billable / 1000.0);
            json.WriteNumber("pdd_calls", sums.PddCalls);
            Write(json, "pdd_seconds", sums.MeanPddSeconds);
            json.WriteNumber("mos_calls", sums.MosCalls);
            Write(json, "mos", sums.MeanMos);
            json.WriteStartArray("mos_below");
            long[] below = [sums.MosBelow403, sums.MosBelow360, sums.MosBelow310, sums.MosBelow258];
            for (int i = 0; i < below.Length; i++)
            {
                json.WriteStartObject();
                json.WriteNumber("mos", CallSums.MosClasses[i]);
                json.WriteNumber("calls", below[i]);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteBoolean("is_complete", totals.IsComplete);
            if (totals.CountedFrom is { } from) json.WriteString("counted_from", from.ToString());
            else json.WriteNull("counted_from");
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number) json.WriteNumber(name, Math.Round(number, 4));
        else json.WriteNull(name);
    }
}
