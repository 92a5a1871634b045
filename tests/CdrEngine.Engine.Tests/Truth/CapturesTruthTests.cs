using System.Text.Json;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Protocols.Sip;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Truth;

/// <summary>The engine against the captures that others made, and what was read from them by other means.</summary>
public sealed class CapturesTruthTests
{
    private static readonly Deviation[] Deviations =
    [
        .. from file in (string[])["aaa.pcap", "zeek-wireshark.pcap", "ndpi-sip.pcap", "bruteshark-only_sip_sdp_rtp.pcap"]
           select new Deviation(file, "11894297-4432a9f8@192.168.1.2", "disposition", "Rejected",
               "the 480 says Reason: Q.850;cause=21, and an explicit Reason header beats any mapping (Disposition)"),
    ];

    public static TheoryData<string> Files()
    {
        var rows = new TheoryData<string>();
        if (SharedFolder.Root is null)
        {
            rows.Add("missing");
            return rows;
        }

        foreach (JsonProperty file in Truth().GetProperty("files").EnumerateObject()) rows.Add(file.Name);
        return rows;
    }

    [SharedTheory]
    [MemberData(nameof(Files))]
    public void Capture_Imported_GivesTheCallsAndStreamsOfTheTruth(string file)
    {
        JsonElement truth = Truth().GetProperty("files").GetProperty(file);
        PacketTape tape = PacketTape.OfFiles(SharedFolder.Path("captures", file));
        using EngineRun run = EngineRun.Of(tape);
        var findings = new Findings(file, Deviations);
        Assert.Empty(run.Events);
        findings.Compare("", "packets", truth.GetProperty("packets").GetInt64(), run["packets.packets"]);
        if (!truth.IsNull("calls")) CompareCalls(truth, tape, run, findings);
        if (truth.Integer("dialogs_without_invite") is { } dialogs)
            findings.Compare("", "dialogs without INVITE", dialogs, run.Records.Count(static record => record.Flags.HasFlag(CallFlags.MissingInvite)));
        CompareStreams(truth, run, findings);
        findings.Conclude();
    }

    private static JsonElement Truth() => JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Path("captures", "truth.json"))).RootElement;

    private static void CompareCalls(JsonElement truth, PacketTape tape, EngineRun run, Findings findings)
    {
        CallRecord[] ours = [.. run.Records.Where(static record => !record.Flags.HasFlag(CallFlags.MissingInvite))];
        HashSet<string> known = [.. truth.Items("calls").Select(static call => call.Text("call_id")!)];
        foreach (CallRecord other in ours.Where(record => !known.Contains(record.SipCallId))) findings.Note(other.SipCallId, "record", "none", "one");
        foreach (JsonElement call in truth.Items("calls"))
        {
            string id = call.Text("call_id")!;
            CallRecord[] records = [.. ours.Where(record => record.SipCallId == id)];
            findings.Compare(id, "records", 1, records.Length);
            if (records.Length > 0) CompareCall(call, records[0], tape, findings);
        }
    }

    private static void CompareCall(JsonElement call, CallRecord ours, PacketTape tape, Findings findings)
    {
        string id = ours.SipCallId;
        if (call.Integer("final_status") is { } status)
        {
            findings.Compare(id, "final_status", status, ours.SipStatus);
            findings.Compare(id, "disposition", DispositionOf(status, call.Text("ended_by")), ours.Disposition);
        }

        bool? answered = call.Truth("answered");
        if (answered is { } isAnswered) findings.Compare(id, "answered", isAnswered, ours.AnsweredAt is not null);
        if (call.Time("invite_time") is { } invited) findings.CompareTime(id, "invite_time", ours.StartedAt, invited);
        if (call.Time("ringing_time") is { } rang) findings.CompareTime(id, "ringing_time", ours.RangAt, rang, RangAtCallersHop(tape, id));
        if (call.Time("answer_time") is { } answer) findings.CompareTime(id, "answer_time", ours.AnsweredAt, answer, call.Time("answer_time_caller_leg"));
        if (call.Time("end_time") is { } ended) findings.CompareTime(id, "end_time", ours.EndedAt, ended);
        switch (call.Text("ended_by"))
        {
            case "caller":
                findings.Compare(id, "ended_by", HangupBy.Caller, ours.HangupBy);
                break;
            case "callee":
                findings.Compare(id, "ended_by", HangupBy.Callee, ours.HangupBy);
                break;
            case "cancel" when ours.SipStatus == 487:
                findings.Compare(id, "ended_by", HangupBy.Caller, ours.HangupBy);
                break;
            case "none" when answered == true:
                findings.Compare(id, "ended_by", HangupBy.None, ours.HangupBy);
                findings.Compare(id, "missing_bye", true, ours.Flags.HasFlag(CallFlags.MissingBye));
                break;
        }
    }

    /// <summary>The table of semantics.md, written down a second time on purpose.</summary>
    private static Disposition DispositionOf(long status, string? endedBy) => status switch
    {
        >= 200 and < 300 => Disposition.Answered,
        486 or 600 => Disposition.Busy,
        487 when endedBy == "cancel" => Disposition.Cancelled,
        408 or 480 or 487 => Disposition.NoAnswer,
        401 or 403 or 407 or 603 or 607 or 608 => Disposition.Rejected,
        404 or 410 or 484 or 604 => Disposition.InvalidNumber,
        >= 300 and < 400 => Disposition.Redirected,
        _ => Disposition.Failed,
    };

    /// <summary>First 180 that goes back to where the first INVITE came from, else the first 183.</summary>
    private static Timestamp? RangAtCallersHop(PacketTape tape, string sipCallId)
    {
        var transcript = new SipTranscript(sipCallId, int.MaxValue);
        foreach (CapturedPacket packet in tape.Frames) transcript.Visit(packet);
        var parsed = new SipMessage(new SipLimits { MaxMessageBytes = 1 << 20 });
        Endpoint caller = default;
        Timestamp? progress = null;
        foreach (TranscriptMessage message in transcript.Messages)
        {
            SipParser.TryRead(message.Bytes, parsed, out _, out _);
            if (parsed.IsRequest)
            {
                if (caller == default && parsed.Method == SipMethod.Invite) caller = message.Source;
            }
            else if (message.Destination == caller && parsed.CSeqMethod == SipMethod.Invite)
            {
                if (parsed.StatusCode == 180) return message.At;
                if (parsed.StatusCode == 183) progress ??= message.At;
            }
        }

        return progress;
    }

    private static void CompareStreams(JsonElement truth, EngineRun run, Findings findings)
    {
        var known = new HashSet<(string, string, uint)>();
        foreach (JsonElement stream in truth.Items("rtp_streams"))
        {
            (string Source, string Destination, uint Ssrc) key = KeyOf(stream);
            known.Add(key);
            string subject = $"{key.Source} > {key.Destination} {key.Ssrc:x8}";
            string[] calls = [.. stream.Items("call_ids").Select(static id => id.GetString()!).Order(StringComparer.Ordinal)];
            (CallRecord Record, StreamRecord Stream)[] ours =
            [
                .. run.Records.SelectMany(static record => record.Streams.Select(one => (record, one)))
                    .Where(pair => (pair.one.Source.ToString(), pair.one.Destination.ToString(), pair.one.Ssrc) == key),
            ];
            findings.Compare(subject, "call_ids", string.Join(',', calls), string.Join(',', ours.Select(static pair => pair.Record.SipCallId).Order(StringComparer.Ordinal)));
            foreach ((CallRecord record, StreamRecord one) in ours) CompareStream(stream, subject, record, one, findings);
        }

        foreach (JsonElement stream in truth.Items("rtp_streams_unsignalled")) known.Add(KeyOf(stream));
        foreach (CallRecord record in run.Records)
        {
            foreach (StreamRecord stream in record.Streams)
            {
                if (!known.Contains((stream.Source.ToString(), stream.Destination.ToString(), stream.Ssrc)))
                    findings.Note(record.SipCallId, "stream", "none", $"{stream.Source} > {stream.Destination} {stream.Ssrc:x8}, {stream.Packets} packets");
            }
        }
    }

    private static (string Source, string Destination, uint Ssrc) KeyOf(JsonElement stream) =>
        (stream.Text("src")!, stream.Text("dst")!, TruthJson.Ssrc(stream.Text("ssrc")!));

    private static void CompareStream(JsonElement truth, string subject, CallRecord record, StreamRecord ours, Findings findings)
    {
        if (truth.Integer("packets") is { } packets) findings.Compare(subject, "packets", packets, ours.Packets);
        if (truth.Integer("lost") is { } lost) findings.Compare(subject, "lost", lost, ours.Lost);
        if (truth.Integer("duplicates") is { } duplicates) findings.Compare(subject, "duplicates", duplicates, ours.Duplicates);
        if (truth.Integer("pt") is { } payloadType) findings.Compare(subject, "pt", payloadType, ours.PayloadType);
        if (truth.Text("codec") is { } codec) findings.Compare(subject, "codec", Codec(codec), Codec(ours.Codec ?? ""));
        if (truth.Text("dtmf") is { } digits && !digits.Contains('[', StringComparison.Ordinal))
        {
            findings.Compare(
                subject, "dtmf", digits,
                string.Concat(record.Dtmf.Where(digit => digit.Method == DtmfMethod.Rfc4733 && digit.From == ours.From).Select(static digit => digit.Digit)));
        }
    }

    /// <summary>Names as RFC 4855 compares them: without case, one channel unless said otherwise.</summary>
    private static string Codec(string codec)
    {
        string upper = codec.ToUpperInvariant();
        return upper.EndsWith("/1", StringComparison.Ordinal) && upper.Split('/').Length == 3 ? upper[..^2] : upper;
    }
}
