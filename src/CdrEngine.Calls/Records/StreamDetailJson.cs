using System.Text.Json;
using CdrEngine.Protocols.Rtcp;

namespace CdrEngine.Calls.Records;

/// <summary>The further figures of a stream in JSON, after the members that <c>design.md</c> lists: basis of the MOS, loss runs, bursts,
/// intervals, DSCP, RTCP's own view. Always there, null or empty where unknown.</summary>
internal static class StreamDetailJson
{
    public static void Write(StreamRecord stream, Utf8JsonWriter writer)
    {
        writer.WriteString("mos_basis"u8, stream.MosBasis);
        CallRecordJson.WriteRounded(writer, "r_factor"u8, stream.RFactor, 2);
        writer.WriteNumber("markers"u8, stream.Markers);
        writer.WriteNumber("late"u8, stream.Late);
        writer.WriteNumber("strays"u8, stream.Strays);
        writer.WriteNumber("segments"u8, stream.Segments);
        writer.WriteNumber("mirror_duplicates"u8, stream.MirrorDuplicates);
        WriteNumbers(writer, "loss_runs"u8, stream.LossRuns);
        WriteNumbers(writer, "delay_variation"u8, stream.DelayVariation);
        WriteBursts(writer, stream.Bursts);
        WriteIntervals(writer, stream.Intervals);
        CallRecordJson.WriteRounded(writer, "clock_drift_ppm"u8, stream.ClockDriftPpm, 3);
        CallRecordJson.WriteRounded(writer, "packet_ms"u8, stream.PacketMilliseconds, 3);
        writer.WriteStartArray("dscp"u8);
        foreach (int dscp in stream.Dscp) writer.WriteNumberValue(dscp);
        writer.WriteEndArray();
        writer.WriteNumber("ttl_min"u8, stream.TtlMin);
        writer.WriteNumber("ttl_max"u8, stream.TtlMax);
        writer.WriteStartArray("payload_types"u8);
        foreach (PayloadUseRecord use in stream.PayloadTypes)
        {
            writer.WriteStartObject();
            writer.WriteNumber("payload_type"u8, use.PayloadType);
            writer.WriteString("codec"u8, use.Codec);
            writer.WriteNumber("packets"u8, use.Packets);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteRtcp(writer, stream.Rtcp);
    }

    public static StreamRecord Read(StoredValue json, StreamRecord basics) => basics with
    {
        MosBasis = CallRecordJson.Text(json, "mos_basis"),
        RFactor = CallRecordJson.Real(json, "r_factor"),
        Markers = CallRecordJson.Integer(json, "markers"),
        Late = CallRecordJson.Integer(json, "late"),
        Strays = CallRecordJson.Integer(json, "strays"),
        Segments = json.TryGetProperty("segments", out StoredValue segments) ? segments.GetInt32() : 1,
        MirrorDuplicates = CallRecordJson.Integer(json, "mirror_duplicates"),
        LossRuns = [.. CallRecordJson.Items(json, "loss_runs").Select(static n => n.GetInt64())],
        DelayVariation = [.. CallRecordJson.Items(json, "delay_variation").Select(static n => n.GetInt64())],
        Bursts = Object(json, "bursts") is { } bursts
            ? new BurstRecord(
                CallRecordJson.Integer(bursts, "count"), CallRecordJson.Integer(bursts, "packets"), CallRecordJson.Integer(bursts, "lost"),
                CallRecordJson.Integer(bursts, "gap_lost"), CallRecordJson.Real(bursts, "density_percent") ?? 0,
                CallRecordJson.Real(bursts, "gap_density_percent") ?? 0, CallRecordJson.Real(bursts, "mean_ms"), CallRecordJson.Real(bursts, "burst_r") ?? 1)
            : null,
        Intervals =
        [
            .. CallRecordJson.Items(json, "intervals").Select(static i => new StreamIntervalRecord(
                CallRecordJson.Integer(i, "start_s"), CallRecordJson.Integer(i, "packets"), CallRecordJson.Integer(i, "lost"),
                CallRecordJson.Integer(i, "late"), CallRecordJson.Real(i, "jitter_ms"), CallRecordJson.Real(i, "mos"))),
        ],
        ClockDriftPpm = CallRecordJson.Real(json, "clock_drift_ppm"),
        PacketMilliseconds = CallRecordJson.Real(json, "packet_ms"),
        Dscp = [.. CallRecordJson.Items(json, "dscp").Select(static n => n.GetInt32())],
        TtlMin = CallRecordJson.Int(json, "ttl_min"),
        TtlMax = CallRecordJson.Int(json, "ttl_max"),
        PayloadTypes =
        [
            .. CallRecordJson.Items(json, "payload_types").Select(static u =>
                new PayloadUseRecord(CallRecordJson.Int(u, "payload_type"), CallRecordJson.Text(u, "codec"), CallRecordJson.Integer(u, "packets"))),
        ],
        Rtcp = Object(json, "rtcp") is { } rtcp ? ReadRtcp(rtcp) : null,
    };

    private static void WriteNumbers(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<long> numbers)
    {
        writer.WriteStartArray(name);
        foreach (long number in numbers) writer.WriteNumberValue(number);
        writer.WriteEndArray();
    }

    private static void WriteBursts(Utf8JsonWriter writer, BurstRecord? bursts)
    {
        if (bursts is null)
        {
            writer.WriteNull("bursts"u8);
            return;
        }

        writer.WriteStartObject("bursts"u8);
        writer.WriteNumber("count"u8, bursts.Count);
        writer.WriteNumber("packets"u8, bursts.Packets);
        writer.WriteNumber("lost"u8, bursts.Lost);
        writer.WriteNumber("gap_lost"u8, bursts.GapLost);
        CallRecordJson.WriteRounded(writer, "density_percent"u8, bursts.DensityPercent, 3);
        CallRecordJson.WriteRounded(writer, "gap_density_percent"u8, bursts.GapDensityPercent, 3);
        CallRecordJson.WriteRounded(writer, "mean_ms"u8, bursts.MeanMilliseconds, 3);
        CallRecordJson.WriteRounded(writer, "burst_r"u8, bursts.BurstR, 3);
        writer.WriteEndObject();
    }

    private static void WriteIntervals(Utf8JsonWriter writer, IReadOnlyList<StreamIntervalRecord> intervals)
    {
        writer.WriteStartArray("intervals"u8);
        foreach (StreamIntervalRecord interval in intervals)
        {
            writer.WriteStartObject();
            writer.WriteNumber("start_s"u8, interval.StartSecond);
            writer.WriteNumber("packets"u8, interval.Packets);
            writer.WriteNumber("lost"u8, interval.Lost);
            writer.WriteNumber("late"u8, interval.Late);
            CallRecordJson.WriteRounded(writer, "jitter_ms"u8, interval.JitterMilliseconds, 3);
            CallRecordJson.WriteRounded(writer, "mos"u8, interval.Mos, 2);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteRtcp(Utf8JsonWriter writer, RtcpRecord? rtcp)
    {
        if (rtcp is null)
        {
            writer.WriteNull("rtcp"u8);
            return;
        }

        writer.WriteStartObject("rtcp"u8);
        writer.WriteNumber("reports"u8, rtcp.Reports);
        CallRecordJson.WriteRounded(writer, "loss_percent_last"u8, rtcp.LossPercentLast, 3);
        CallRecordJson.WriteRounded(writer, "loss_percent_max"u8, rtcp.LossPercentMax, 3);
        WriteNumber(writer, "cumulative_lost"u8, rtcp.CumulativeLost);
        CallRecordJson.WriteRounded(writer, "jitter_ms"u8, rtcp.JitterMilliseconds, 3);
        CallRecordJson.WriteRounded(writer, "max_jitter_ms"u8, rtcp.JitterMillisecondsMax, 3);
        CallRecordJson.WriteRounded(writer, "round_trip_ms"u8, rtcp.RoundTripMilliseconds, 3);
        CallRecordJson.WriteRounded(writer, "round_trip_to_receiver_ms"u8, rtcp.RoundTripToReceiverMilliseconds, 3);
        CallRecordJson.WriteRounded(writer, "round_trip_to_sender_ms"u8, rtcp.RoundTripToSenderMilliseconds, 3);
        WriteNumber(writer, "sender_packets"u8, rtcp.SenderPackets);
        WriteNumber(writer, "sender_octets"u8, rtcp.SenderOctets);
        writer.WriteString("cname"u8, rtcp.CanonicalName);
        CallRecordJson.WriteTime(writer, "bye_at"u8, rtcp.ByeAt);
        if (rtcp.Voip is { } voip) WriteVoip(writer, voip);
        else writer.WriteNull("voip_metrics"u8);
        writer.WriteEndObject();
    }

    private static void WriteVoip(Utf8JsonWriter writer, VoipMetrics voip)
    {
        writer.WriteStartObject("voip_metrics"u8);
        writer.WriteNumber("ssrc"u8, voip.Ssrc);
        writer.WriteNumber("loss_rate"u8, voip.LossRate);
        writer.WriteNumber("discard_rate"u8, voip.DiscardRate);
        writer.WriteNumber("burst_density"u8, voip.BurstDensity);
        writer.WriteNumber("gap_density"u8, voip.GapDensity);
        writer.WriteNumber("burst_ms"u8, voip.BurstMilliseconds);
        writer.WriteNumber("gap_ms"u8, voip.GapMilliseconds);
        writer.WriteNumber("round_trip_ms"u8, voip.RoundTripMilliseconds);
        writer.WriteNumber("end_system_ms"u8, voip.EndSystemMilliseconds);
        WriteNumber(writer, "signal_level_dbm"u8, voip.SignalLevelDbm);
        WriteNumber(writer, "noise_level_dbm"u8, voip.NoiseLevelDbm);
        WriteNumber(writer, "residual_echo_return_loss_db"u8, voip.ResidualEchoReturnLossDb);
        writer.WriteNumber("gmin"u8, voip.Gmin);
        WriteNumber(writer, "r_factor"u8, voip.RFactor);
        WriteNumber(writer, "external_r_factor"u8, voip.ExternalRFactor);
        CallRecordJson.WriteRounded(writer, "mos_lq"u8, voip.MosLq, 2);
        CallRecordJson.WriteRounded(writer, "mos_cq"u8, voip.MosCq, 2);
        writer.WriteNumber("receiver_configuration"u8, voip.ReceiverConfiguration);
        writer.WriteNumber("jitter_buffer_nominal_ms"u8, voip.JitterBufferNominalMilliseconds);
        writer.WriteNumber("jitter_buffer_max_ms"u8, voip.JitterBufferMaximumMilliseconds);
        writer.WriteNumber("jitter_buffer_abs_max_ms"u8, voip.JitterBufferAbsoluteMaximumMilliseconds);
        writer.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter writer, ReadOnlySpan<byte> name, long? number)
    {
        if (number is { } value) writer.WriteNumber(name, value);
        else writer.WriteNull(name);
    }

    private static StoredValue? Object(StoredValue parent, string name) =>
        parent.TryGetProperty(name, out StoredValue value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static long? NumberOrNull(StoredValue parent, string name) =>
        parent.TryGetProperty(name, out StoredValue value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : null;

    private static RtcpRecord ReadRtcp(StoredValue rtcp) => new()
    {
        Reports = CallRecordJson.Integer(rtcp, "reports"),
        LossPercentLast = CallRecordJson.Real(rtcp, "loss_percent_last"),
        LossPercentMax = CallRecordJson.Real(rtcp, "loss_percent_max"),
        CumulativeLost = NumberOrNull(rtcp, "cumulative_lost"),
        JitterMilliseconds = CallRecordJson.Real(rtcp, "jitter_ms"),
        JitterMillisecondsMax = CallRecordJson.Real(rtcp, "max_jitter_ms"),
        RoundTripToReceiverMilliseconds = CallRecordJson.Real(rtcp, "round_trip_to_receiver_ms"),
        RoundTripToSenderMilliseconds = CallRecordJson.Real(rtcp, "round_trip_to_sender_ms"),
        SenderPackets = NumberOrNull(rtcp, "sender_packets"),
        SenderOctets = NumberOrNull(rtcp, "sender_octets"),
        CanonicalName = CallRecordJson.Text(rtcp, "cname"),
        ByeAt = CallRecordJson.Time(rtcp, "bye_at"),
        Voip = Object(rtcp, "voip_metrics") is { } voip ? ReadVoip(voip) : null,
    };

    private static VoipMetrics ReadVoip(StoredValue voip) => new()
    {
        Ssrc = (uint)Math.Clamp(CallRecordJson.Integer(voip, "ssrc"), 0, uint.MaxValue),
        LossRate = Byte(voip, "loss_rate"),
        DiscardRate = Byte(voip, "discard_rate"),
        BurstDensity = Byte(voip, "burst_density"),
        GapDensity = Byte(voip, "gap_density"),
        BurstMilliseconds = Short(voip, "burst_ms"),
        GapMilliseconds = Short(voip, "gap_ms"),
        RoundTripMilliseconds = Short(voip, "round_trip_ms"),
        EndSystemMilliseconds = Short(voip, "end_system_ms"),
        SignalLevelDbm = (int?)NumberOrNull(voip, "signal_level_dbm"),
        NoiseLevelDbm = (int?)NumberOrNull(voip, "noise_level_dbm"),
        ResidualEchoReturnLossDb = (int?)NumberOrNull(voip, "residual_echo_return_loss_db"),
        Gmin = Byte(voip, "gmin"),
        RFactor = (int?)NumberOrNull(voip, "r_factor"),
        ExternalRFactor = (int?)NumberOrNull(voip, "external_r_factor"),
        MosLq = CallRecordJson.Real(voip, "mos_lq"),
        MosCq = CallRecordJson.Real(voip, "mos_cq"),
        ReceiverConfiguration = Byte(voip, "receiver_configuration"),
        JitterBufferNominalMilliseconds = Short(voip, "jitter_buffer_nominal_ms"),
        JitterBufferMaximumMilliseconds = Short(voip, "jitter_buffer_max_ms"),
        JitterBufferAbsoluteMaximumMilliseconds = Short(voip, "jitter_buffer_abs_max_ms"),
    };

    private static byte Byte(StoredValue parent, string name) => (byte)Math.Clamp(CallRecordJson.Integer(parent, name), 0, byte.MaxValue);

    private static ushort Short(StoredValue parent, string name) => (ushort)Math.Clamp(CallRecordJson.Integer(parent, name), 0, ushort.MaxValue);
}
