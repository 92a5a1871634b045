using Microsoft.OpenApi;
using static CdrEngine.Api.OpenApi.SchemaText;

namespace CdrEngine.Api.OpenApi;

/// <summary>The schema of an RTP stream and its parts.</summary>
internal static class StreamSchemas
{
    /// <summary>An item of a record's <c>streams</c>.</summary>
    public static OpenApiSchema Stream() => Object(
        "An RTP stream: one SSRC on one pair of addresses, as seen where it was captured.",
        ("ssrc", Text("Eight hexadecimal digits.")),
        ("src", Text("Sender, address and port.")),
        ("dst", Text("Receiver.")),
        ("payload_type", Whole("Commonest payload type.")),
        ("codec", Text("For example PCMU/8000.").OrNull()),
        ("packets", Whole("Packets.")),
        ("octets", Whole("Payload octets.")),
        ("lost", Whole("Packets never seen.")),
        ("duplicates", Whole("Packets seen before.")),
        ("out_of_order", Whole("Packets that came after a later one.")),
        ("jitter_ms", Number("Mean jitter (RFC 3550), milliseconds.").OrNull()),
        ("max_jitter_ms", Number("Greatest jitter, milliseconds.").OrNull()),
        ("mos", Number("Mean opinion score, 1..4.5.").OrNull()),
        ("mos_min", Number("Score of the worst ten seconds.").OrNull()),
        ("started_at", Time("First packet.")),
        ("ended_at", Time("Last packet.")),
        ("direction", Names("Which way.", ["caller_to_callee", "callee_to_caller"]).OrNull()),
        ("media_index", Whole("Its m-line; -1 where unknown.")),
        ("expected", Whole("Packets that were sent by the sequence numbers.")),
        ("max_delta_ms", Number("Greatest time between two packets, milliseconds.").OrNull()),
        ("mos_basis", Text("Scale and inputs of the score: g107, g107.1 or g107.2, then _listening or _conversational, then _estimated where the codec is not in G.113.").OrNull()),
        ("r_factor", Number("R factor behind mos.").OrNull()),
        ("markers", Whole("Packets with the marker bit.")),
        ("late", Whole("Packets more than 60 ms after where an adaptive buffer would have played them.")),
        ("strays", Whole("Packets whose sequence number belongs nowhere (RFC 3550 A.1).")),
        ("segments", Whole("Times the source began again with other sequence numbers, plus one.")),
        ("mirror_duplicates", Whole("Second copies made by the mirror; in no other figure.")),
        ("loss_runs", List("Runs of 1, 2, … 9 and 10 or more packets lost in a row; empty without loss.", Whole("Runs."))),
        ("delay_variation", List("Packets later than the playout point by 50..70, 70..90, 90..120, 120..150, 150..200, 200..300 and over 300 ms; empty where none.", Whole("Packets."))),
        ("bursts", Bursts().OrNull()),
        ("intervals", List("Ten-second intervals that had packets or losses.", Interval())),
        ("clock_drift_ppm", Number("How much faster the sender's clock runs than the capture's; null with less than a minute.").OrNull()),
        ("packet_ms", Number("Time between packets of a talkspurt, milliseconds.").OrNull()),
        ("dscp", List("DSCP values seen.", Whole("0..63."))),
        ("ttl_min", Whole("Least time to live seen.")),
        ("ttl_max", Whole("Greatest time to live seen.")),
        ("payload_types", List("Payload types seen, commonest first.", Object(
            "A payload type.",
            ("payload_type", Whole("0..127.")),
            ("codec", Text("For example PCMU/8000.").OrNull()),
            ("packets", Whole("Packets of it."))))),
        ("rtcp", Rtcp().OrNull()));

    private static OpenApiSchema Bursts() => Object(
        "Bursts and gaps of loss (RFC 3611 4.7.2); null where nothing was lost.",
        ("count", Whole("Bursts.")),
        ("packets", Whole("Packets within bursts.")),
        ("lost", Whole("Lost within bursts.")),
        ("gap_lost", Whole("Lost outside bursts.")),
        ("density_percent", Number("Share lost within bursts, 0..100.")),
        ("gap_density_percent", Number("Share lost outside bursts, 0..100.")),
        ("mean_ms", Number("Mean length of a burst, milliseconds.").OrNull()),
        ("burst_r", Number("BurstR of G.107: 1 is random, more is bursty.")));

    private static OpenApiSchema Interval() => Object(
        "Ten seconds.",
        ("start_s", Whole("Start, seconds after the first packet.")),
        ("packets", Whole("Packets.")),
        ("lost", Whole("Lost.")),
        ("late", Whole("Late.")),
        ("jitter_ms", Number("Mean jitter, milliseconds.").OrNull()),
        ("mos", Number("Score.").OrNull()));

    private static OpenApiSchema Rtcp() => Object(
        "What RTCP says of the stream; null where it says nothing.",
        ("reports", Whole("Report blocks.")),
        ("loss_percent_last", Number("Loss in the last report, 0..100.").OrNull()),
        ("loss_percent_max", Number("Greatest loss in a report, 0..100.").OrNull()),
        ("cumulative_lost", Whole("Packets lost by the last report; may be negative.").OrNull()),
        ("jitter_ms", Number("Jitter in the last report, milliseconds.").OrNull()),
        ("max_jitter_ms", Number("Greatest jitter in a report, milliseconds.").OrNull()),
        ("round_trip_ms", Number("Round trip between the ends, milliseconds.").OrNull()),
        ("round_trip_to_receiver_ms", Number("From the capture to the receiver and back.").OrNull()),
        ("round_trip_to_sender_ms", Number("From the capture to the sender and back.").OrNull()),
        ("sender_packets", Whole("Packets the sender says it sent.").OrNull()),
        ("sender_octets", Whole("Octets the sender says it sent.").OrNull()),
        ("cname", Text("Canonical name of the sender.").OrNull()),
        ("bye_at", Time("Goodbye of the source.").OrNull()),
        ("voip_metrics", VoipMetrics().OrNull()));

    private static OpenApiSchema VoipMetrics() => Object(
        "VoIP metrics of the last extended report (RFC 3611 4.7); rates and densities in 1/256.",
        ("ssrc", Whole("The source reported on.")),
        ("loss_rate", Whole("Lost in the network.")),
        ("discard_rate", Whole("Discarded by the jitter buffer.")),
        ("burst_density", Whole("Lost and discarded within bursts.")),
        ("gap_density", Whole("Lost and discarded within gaps.")),
        ("burst_ms", Whole("Mean length of bursts.")),
        ("gap_ms", Whole("Mean length of gaps.")),
        ("round_trip_ms", Whole("Round trip; 0 where unknown.")),
        ("end_system_ms", Whole("Delay inside the reporting system; 0 where unknown.")),
        ("signal_level_dbm", Whole("Voice level, dBm0.").OrNull()),
        ("noise_level_dbm", Whole("Background noise, dBm0.").OrNull()),
        ("residual_echo_return_loss_db", Whole("Residual echo return loss, dB.").OrNull()),
        ("gmin", Whole("Gap threshold.")),
        ("r_factor", Whole("R factor.").OrNull()),
        ("external_r_factor", Whole("R factor of what lies beyond.").OrNull()),
        ("mos_lq", Number("Listening score.").OrNull()),
        ("mos_cq", Number("Conversational score.").OrNull()),
        ("receiver_configuration", Whole("Concealment and jitter buffer kind.")),
        ("jitter_buffer_nominal_ms", Whole("Nominal delay of the jitter buffer.")),
        ("jitter_buffer_max_ms", Whole("Its present maximum.")),
        ("jitter_buffer_abs_max_ms", Whole("Its absolute maximum.")));
}
