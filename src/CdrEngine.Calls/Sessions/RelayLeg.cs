using System.Text.Json;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Sessions;

/// <summary>One direction of media through a machine: what came to it beside what left it.</summary>
public sealed record RelayLeg
{
    /// <summary>Address of the machine.</summary>
    public required IpAddress Machine { get; init; }

    /// <summary>What came.</summary>
    public required RelaySide In { get; init; }

    /// <summary>What left; null where nothing did.</summary>
    public RelaySide? Out { get; init; }

    /// <summary>How the packets of both were matched: <c>ssrc</c>, <c>payload</c>; null where they could not be, as when the machine transcodes.</summary>
    public string? MatchedBy { get; init; }

    /// <summary>Packets that came while both calls were up.</summary>
    public long Came { get; init; }

    /// <summary>Of these, packets found again; null where none can be matched.</summary>
    public long? Forwarded { get; init; }

    /// <summary>Packets that came and did not leave; null where that cannot be said.</summary>
    public long? NotForwarded { get; init; }

    /// <summary>The same, percent of what came.</summary>
    public double? LossAddedPercent { get; init; }

    /// <summary>Packets that left in another order than they came.</summary>
    public long? Reordered { get; init; }

    /// <summary>Least time in the machine.</summary>
    public TimeSpan? DelayMin { get; init; }

    /// <summary>Mean time in the machine.</summary>
    public TimeSpan? DelayMean { get; init; }

    /// <summary>Time that 95 of 100 packets were not longer in the machine.</summary>
    public TimeSpan? Delay95 { get; init; }

    /// <summary>Longest time in the machine.</summary>
    public TimeSpan? DelayMax { get; init; }

    /// <summary>Times of five seconds or more in which what came was not forwarded.</summary>
    public IReadOnlyList<StreamGap> Silent { get; init; } = [];

    /// <summary>True where the capture lost packets during either call: then what seems not forwarded may not have been seen.</summary>
    public bool IsUncertain { get; init; }
}

/// <summary>One side of a relay.</summary>
/// <param name="CallId">Id of the call's record.</param>
/// <param name="Source">Sender.</param>
/// <param name="Destination">Receiver.</param>
/// <param name="Ssrc">SSRC.</param>
/// <param name="Codec">Codec; null where unknown.</param>
/// <param name="Packets">Packets of the stream.</param>
/// <param name="Lost">Packets lost before the capture point.</param>
/// <param name="JitterMilliseconds">Mean jitter there; null where unknown.</param>
public sealed record RelaySide(string CallId, Endpoint Source, Endpoint Destination, uint Ssrc, string? Codec, long Packets, long Lost, double? JitterMilliseconds);

/// <summary>The JSON of relays.</summary>
public static class RelayLegJson
{
    /// <summary>Writes one as one object.</summary>
    public static void Write(RelayLeg leg, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("machine"u8, leg.Machine.ToString());
        Write(writer, "in", leg.In);
        Write(writer, "out", leg.Out);
        writer.WriteString("matched_by"u8, leg.MatchedBy);
        writer.WriteNumber("came"u8, leg.Came);
        WriteNumber(writer, "forwarded", leg.Forwarded);
        WriteNumber(writer, "not_forwarded", leg.NotForwarded);
        CallRecordJson.WriteRounded(writer, "loss_added_percent"u8, leg.LossAddedPercent, 3);
        WriteNumber(writer, "reordered", leg.Reordered);
        CallRecordJson.WriteSpan(writer, "delay_ms_min"u8, leg.DelayMin);
        CallRecordJson.WriteSpan(writer, "delay_ms_mean"u8, leg.DelayMean);
        CallRecordJson.WriteSpan(writer, "delay_ms_p95"u8, leg.Delay95);
        CallRecordJson.WriteSpan(writer, "delay_ms_max"u8, leg.DelayMax);
        writer.WriteStartArray("not_forwarded_at"u8);
        foreach (StreamGap gap in leg.Silent)
        {
            writer.WriteStartObject();
            CallRecordJson.WriteTime(writer, "from"u8, gap.From);
            CallRecordJson.WriteTime(writer, "to"u8, gap.To);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteBoolean("uncertain"u8, leg.IsUncertain);
        writer.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, long? number)
    {
        if (number is { } value) writer.WriteNumber(name, value);
        else writer.WriteNull(name);
    }

    private static void Write(Utf8JsonWriter writer, string name, RelaySide? side)
    {
        if (side is null)
        {
            writer.WriteNull(name);
            return;
        }

        writer.WriteStartObject(name);
        writer.WriteString("call_id"u8, side.CallId);
        CallRecordJson.WriteEndpoint(writer, "src"u8, side.Source);
        CallRecordJson.WriteEndpoint(writer, "dst"u8, side.Destination);
        writer.WriteString("ssrc"u8, side.Ssrc.ToString("x8", System.Globalization.CultureInfo.InvariantCulture));
        writer.WriteString("codec"u8, side.Codec);
        writer.WriteNumber("packets"u8, side.Packets);
        writer.WriteNumber("lost"u8, side.Lost);
        CallRecordJson.WriteRounded(writer, "jitter_ms"u8, side.JitterMilliseconds, 3);
        writer.WriteEndObject();
    }
}
