using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.OpenApi;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Figures;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Core;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>Figures for dashboards.</summary>
internal sealed class FigureEndpoints(ITrafficReader traffic, ICallReader calls, IRegistrationReader? desk, ApiOptions options, ApiCounters counters)
{
    /// <summary>Callers, calls and peers that are named.</summary>
    public const int Top = 10;

    /// <summary>Calls read for callers and worst calls.</summary>
    public const int Sampled = 5_000;

    private readonly Seats _seats = new(options.Limits.Lists, options.Limits.LongestWait, counters);

    /// <summary>The route.</summary>
    public static ApiRoute Route(FigureEndpoints figures) => new($"{ApiRoutes.Root}/figures", "getFigures", "Traffic over time, outcomes, causes, trunks, hours of the week, callers and peers.", figures.GetAsync)
    {
        Scope = ApiScopes.CallsRead,
        Description = "Exact, and quick whatever the number of calls: all but callers, worst calls and peers comes from sums by hour. Callers and worst calls are counted over the latest 5,000 calls of the range.",
        Parameters = FigureParameters.All,
        Answers = [(CallEndpoints.JsonType, FigureSchemas.Figures)],
        Problems = [StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
    };

    /// <summary><c>GET figures</c>.</summary>
    public async Task GetAsync(HttpContext context)
    {
        if (await ListRequest.ReadAsync(
            context, new FigureQuery(), FigureParameters.All, static asked => asked.Calls.Tenant, static (asked, tenant) => asked with { Calls = asked.Calls with { Tenant = tenant } }) is not { } asked) return;
        Timestamp to = asked.Calls.To ?? Timestamp.From(options.Time.GetUtcNow()), from = asked.Calls.From ?? to - TimeSpan.FromDays(1);
        TimeSpan step = asked.Step ?? TrafficFigures.StepOf(from, to);
        if (from >= to || to - from > TimeSpan.FromDays(TrafficFigures.MostDays) || (to - from) / step > TrafficFigures.MostPoints)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, $"from, to: the range is to be from before to, at most {TrafficFigures.MostDays} days, and of at most {TrafficFigures.MostPoints} places.", "from");
            return;
        }

        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;

        CallQuery query = asked.Calls with { From = from, To = to };
        byte[]? answer = null;
        await _seats.RunAsync(context, () =>
        {
            TrafficFigures figures = TrafficFigures.Read(traffic, query, from, to, step, asked.Zone);
            TrafficSamples? samples = asked.WantsSamples ? TrafficSamples.Read(calls, query, Top, Sampled, context.RequestAborted) : null;
            answer = Write(figures, samples, desk is null ? [] : SlowPeers(desk, query.Tenant));
            return Task.CompletedTask;
        });
        if (answer is not null) await Body.WriteAsync(context, CallEndpoints.JsonType, answer);
    }

    /// <summary>Peers that answer slowest.</summary>
    public static IReadOnlyList<PeerRecord> SlowPeers(IRegistrationReader desk, string? tenant) =>
        [.. desk.ListPeers(new PeerQuery { Tenant = tenant, Limit = CallQuery.MaxLimit }).Items.Where(static peer => peer.ResponseP95 is not null).OrderByDescending(static peer => peer.ResponseP95).ThenBy(static peer => peer.Id, StringComparer.Ordinal).Take(Top)];

    private static byte[] Write(TrafficFigures figures, TrafficSamples? samples, IReadOnlyList<PeerRecord> peers)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text))
        {
            writer.WriteStartObject();
            JsonValues.Time(writer, "from"u8, figures.From);
            JsonValues.Time(writer, "to"u8, figures.To);
            writer.WriteNumber("step_seconds"u8, (long)figures.Step.TotalSeconds);
            writer.WritePropertyName("all"u8);
            Write(writer, figures.All, figures.Effectiveness, null);
            Array(writer, "points", figures.Points, point => Write(writer, point.Sums, null, figures.Erlangs(point.Sums), ("at", point.At.ToString())));
            Array(writer, "dispositions", figures.Dispositions, item => Write(writer, item.Sums, null, null, ("disposition", EnumNames<Disposition>.Of(item.Disposition))));
            Array(writer, "causes", figures.Causes.Take(50), item => Write(writer, item.Sums, null, null, ("text", item.Cause < 0 ? null : Q850.Text(item.Cause)), number: ("q850", item.Cause < 0 ? null : item.Cause)));
            Array(writer, "statuses", figures.Statuses.Take(50), item => Write(writer, item.Sums, null, null, null, number: ("sip_status", item.Status)));
            Array(writer, "trunks", figures.Trunks.Take(50), item => Write(writer, item.Sums, item.Effectiveness, null, ("trunk", item.Trunk.Length == 0 ? null : item.Trunk)));
            writer.WriteStartArray("week"u8);
            for (int day = 0; day < 7; day++)
            {
                writer.WriteStartArray();
                for (int hour = 0; hour < 24; hour++) writer.WriteNumberValue(figures.Week(day, hour).Calls);
                writer.WriteEndArray();
            }

            writer.WriteEndArray();
            Array(writer, "talkers", samples?.Talkers ?? [], talker => Write(writer, talker));
            Array(writer, "worst", samples?.Worst ?? [], call => Write(writer, call));
            writer.WriteNumber("sampled_calls"u8, samples?.Calls ?? 0);
            JsonValues.Time(writer, "sampled_from"u8, samples?.CountedFrom);
            Array(writer, "peers", peers, peer => PeerJson.Write(peer, writer));
            writer.WriteEndObject();
        }

        return text.ToArray();
    }

    private static void Array<T>(Utf8JsonWriter writer, string name, IEnumerable<T> items, Action<T> write)
    {
        writer.WriteStartArray(name);
        foreach (T item in items) write(item);
        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, CallSums sums, double? effectiveness, double? erlangs, (string Name, string? Value)? text = null, (string Name, int? Value)? number = null)
    {
        writer.WriteStartObject();
        if (text is { } named) writer.WriteString(named.Name, named.Value);
        if (number is { } counted)
        {
            if (counted.Value is { } value) writer.WriteNumber(counted.Name, value);
            else writer.WriteNull(counted.Name);
        }

        writer.WriteNumber("calls"u8, sums.Calls);
        writer.WriteNumber("answered"u8, sums.Answered);
        writer.WriteNumber("billsec_ms"u8, sums.Billable / 1000);
        Share(writer, "asr", sums.AnswerSeizureRatio);
        Share(writer, "acd_seconds", sums.AverageCallSeconds);
        Share(writer, "ner", effectiveness);
        Share(writer, "pdd_seconds", sums.MeanPddSeconds);
        Share(writer, "mos", sums.MeanMos);
        writer.WriteNumber("mos_calls"u8, sums.MosCalls);
        writer.WriteNumber("mos_below_310"u8, sums.MosBelow310);
        Share(writer, "erlangs", erlangs);
        writer.WriteEndObject();
    }

    private static void Share(Utf8JsonWriter writer, string name, double? value)
    {
        if (value is { } number) writer.WriteNumber(name, Math.Round(number, 6));
        else writer.WriteNull(name);
    }

    private static void Write(Utf8JsonWriter writer, Talker talker)
    {
        writer.WriteStartObject();
        writer.WriteString("number"u8, talker.Number.Length == 0 ? null : talker.Number);
        writer.WriteString("name"u8, talker.Name);
        writer.WriteNumber("calls"u8, talker.Calls);
        writer.WriteNumber("answered"u8, talker.Answered);
        JsonValues.Span(writer, "billsec_ms"u8, talker.Talk);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, CallRecord call)
    {
        writer.WriteStartObject();
        writer.WriteString("call_id"u8, call.Id);
        writer.WriteNumber("mos"u8, Math.Round(TrafficSamples.MosOf(call) ?? 0, 2));
        writer.WriteString("caller"u8, call.Caller.Number);
        writer.WriteString("callee"u8, call.Callee.Number ?? call.Dialled);
        JsonValues.Time(writer, "started_at"u8, call.StartedAt);
        writer.WriteEndObject();
    }
}
