using System.Text.Json;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Truth;

/// <summary>The engine against the lab's captures of real SIP programs, and what the lab's own tools read from them.</summary>
public sealed class LabTruthTests
{
    private static readonly Deviation[] Deviations =
    [
        new("04-no-answer-cancel", "faabdfa78fc923c9", "end", "2026-11-20T03:53:18.030631Z",
            "the truth gives the CANCEL; CANCEL decides nothing, the call ends at its 487 (CANCEL race)"),
        new("06-unknown-404", "4507614d7cfbc636", "ended_by", "callee", "a final error is the callee's, the server's only with 5xx where nothing rang (Who hung up)"),
        new("07-digest-407", "5f1551087a64e3d0", "hops", "2", "the truth lists the first place once for each try; a place is one hop however often it is used"),
        new("11-attended-transfer", "9CZjHivqeA", "flags", "Held", "bob holds alice (re-INVITE sendonly) while he asks carol"),
        new("27-missing-bye", "102d03c244df5f87", "end", "2026-11-20T03:57:14.285013Z", "without BYE a call ends with its last RTP packet, which is what the stream's truth gives"),
        new("31-loss-and-jitter", "10.77.0.22:40090 > 10.77.0.21:40018 e06fa858", "packets", "572", "the four copies below"),
        new("31-loss-and-jitter", "10.77.0.22:40090 > 10.77.0.21:40018 e06fa858", "duplicated", "0",
            "the lab's relay doubles whole frames, IP identification and all, within 52 us: copies of the mirror by definition (Hops)"),
    ];

    /// <summary>Flags that the scenario's description promises; of these only, every call of the scenario has exactly the ones listed.</summary>
    private static readonly Dictionary<string, CallFlags> PromisedFlags = new(StringComparer.Ordinal)
    {
        ["07-digest-407"] = CallFlags.Authenticated,
        ["09-hold-resume"] = CallFlags.Held,
        ["12-forking"] = CallFlags.Forked,
        ["21-srtp-sdes"] = CallFlags.Srtp,
        ["27-missing-bye"] = CallFlags.MissingBye,
        ["34-dtls-srtp"] = CallFlags.Srtp,
    };

    private const CallFlags Watched = CallFlags.Authenticated | CallFlags.Held | CallFlags.Forked | CallFlags.Srtp | CallFlags.MissingBye | CallFlags.MissingInvite
        | CallFlags.T38 | CallFlags.NoAck | CallFlags.Unconfirmed | CallFlags.Limited | CallFlags.Truncated | CallFlags.Gap;

    public static TheoryData<string> Scenarios()
    {
        var rows = new TheoryData<string>();
        if (SharedFolder.Root is null)
        {
            rows.Add("missing");
            return rows;
        }

        foreach (JsonProperty scenario in Truth().EnumerateObject())
        {
            // 30 has no capture in the folder, and so nothing to compare.
            if (File.Exists(Capture(scenario.Name))) rows.Add(scenario.Name);
        }

        return rows;
    }

    [SharedTheory]
    [MemberData(nameof(Scenarios))]
    public void Scenario_Imported_GivesTheCallsAndStreamsOfTheTruth(string scenario)
    {
        JsonElement truth = Truth().GetProperty(scenario);
        using EngineRun run = EngineRun.OfFile(Capture(scenario));
        var findings = new Findings(scenario, Deviations);
        Assert.Empty(run.Events);
        if (scenario is "20-tls" or "33-tls13")
        {
            // All SIP is encrypted, so there is no call to see.
            Assert.Empty(run.Records);
            Assert.Equal(0, run["packets.call_messages"]);
            return;
        }

        findings.Compare("", "records", truth.GetProperty("calls").GetArrayLength(), run.Records.Count);
        foreach (JsonElement call in truth.Items("calls")) CompareCall(call, scenario, run, findings);
        CompareStreams(truth, run, findings);
        findings.Conclude();
    }

    [SharedFact]
    public void SharedPorts_EightCallsAtOnce_EachHasItsOwnSsrcBothWays()
    {
        using EngineRun run = EngineRun.OfFile(Capture("32-sipp-shared-ports"));
        Assert.Equal(8, run.Records.Count);
        foreach (CallRecord record in run.Records)
        {
            Assert.Equal(2, record.Streams.Count);
            Assert.Equal([PartySide.Caller, PartySide.Callee], record.Streams.Select(static stream => stream.From).Order());
        }

        uint[] ssrcs = [.. run.Records.Select(static record => record.Streams.Select(static stream => stream.Ssrc).Distinct().Single())];

        // sipp numbers its calls from 1 and gives each the next SSRC.
        Assert.Equal(run.Records.Select(static record => 0xCA11_0000u + uint.Parse(record.SipCallId.Split('-')[0]) - 1), ssrcs);
    }

    [SharedFact]
    public void PortReuse_OneCallAfterTheOther_NeitherSeesTheOthersPackets()
    {
        using EngineRun run = EngineRun.OfFile(Capture("28-port-reuse"));
        Assert.Equal(2, run.Records.Count);
        Assert.All(run.Records, static record => Assert.Equal(2, record.Streams.Count));
        Assert.Equal(4, run.Records.SelectMany(static record => record.Streams).Select(static stream => stream.Ssrc).Distinct().Count());
        Assert.Equal(run.Records[0].Streams.Select(static stream => stream.Destination).Order(), run.Records[1].Streams.Select(static stream => stream.Destination).Order());
    }

    private static JsonElement Truth() => JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Path("lab", "truth.json"))).RootElement;

    private static string Capture(string scenario) => SharedFolder.Path("lab", "captures", scenario + ".pcap");

    private static void CompareCall(JsonElement call, string scenario, EngineRun run, Findings findings)
    {
        string id = call.Text("call_id")!;
        CallRecord[] records = [.. run.Records.Where(record => record.SipCallId == id)];
        findings.Compare(id, "records", 1, records.Length);
        if (records.Length != 1) return;
        CallRecord ours = records[0];
        findings.Compare(id, "status", call.Integer("status"), ours.SipStatus);
        findings.Compare(id, "caller", call.Text("caller"), ours.Caller.Uri);
        findings.Compare(id, "transport", call.Text("transport"), ours.Transport.ToString().ToLowerInvariant());
        findings.Compare(id, "hops", call.GetProperty("hops").GetArrayLength(), ours.Hops.Count);
        findings.CompareTime(id, "invite", ours.StartedAt, call.Time("invite"));
        CompareOptional("ringing", call.Time("ringing"), ours.RangAt);
        CompareOptional("answered", call.Time("answered"), ours.AnsweredAt);
        CompareOptional("end", call.Time("end"), ours.EndedAt);
        findings.Compare(id, "ended_by", call.Text("ended_by") ?? "none", ours.HangupBy.ToString().ToLowerInvariant());
        findings.Compare(id, "challenged", call.Truth("challenged") == true, ours.Flags.HasFlag(CallFlags.Authenticated));
        findings.Compare(id, "flags", PromisedFlags.GetValueOrDefault(scenario), ours.Flags & Watched);
        findings.Compare(id, "messages", call.Integer("messages"), (long)ours.Messages);
        int branches = call.IsNull("branches") ? 1 : call.GetProperty("branches").EnumerateObject().Count();
        findings.Compare(id, "branches", branches, ours.Legs.Count);
        CompareDigits(call, id, ours, findings);
        return;

        void CompareOptional(string member, Timestamp? expected, Timestamp? was)
        {
            if (expected is { } time) findings.CompareTime(id, member, was, time);
            else findings.Compare(id, member, null, was);
        }
    }

    private static void CompareDigits(JsonElement call, string id, CallRecord ours, Findings findings)
    {
        string? heard = call.IsNull("dtmf_rfc4733") ? null : string.Concat(call.GetProperty("dtmf_rfc4733").EnumerateObject().OrderBy(static host => host.Name, StringComparer.Ordinal).Select(static host => host.Value.GetString()));
        findings.Compare(id, "dtmf_rfc4733", heard ?? "", string.Concat(ours.Dtmf.Where(static digit => digit.Method == DtmfMethod.Rfc4733).OrderBy(static digit => digit.From).Select(static digit => digit.Digit)));
    }

    private static void CompareStreams(JsonElement truth, EngineRun run, Findings findings)
    {
        var known = new HashSet<(string, string, uint)>();
        foreach (JsonElement stream in truth.Items("rtp_streams"))
        {
            string source = Address(stream, "src", "sport");
            string destination = Address(stream, "dst", "dport");
            uint ssrc = TruthJson.Ssrc(stream.Text("ssrc")!);
            known.Add((source, destination, ssrc));
            string subject = $"{source} > {destination} {ssrc:x8}";
            (CallRecord Record, StreamRecord Stream)[] ours =
            [
                .. run.Records.SelectMany(static record => record.Streams.Select(one => (record, one)))
                    .Where(pair => (pair.one.Source.ToString(), pair.one.Destination.ToString(), pair.one.Ssrc) == (source, destination, ssrc)),
            ];

            // Where the lab could not tell which call a stream is of, one call must own it all the same.
            if (stream.Truth("ambiguous") == true) findings.Compare(subject, "calls", 1, ours.Length);
            else
            {
                string[] calls = [.. stream.Items("call_ids").Select(static id => id.GetString()!).Order(StringComparer.Ordinal)];
                findings.Compare(subject, "call_ids", string.Join(',', calls), string.Join(',', ours.Select(static pair => pair.Record.SipCallId).Order(StringComparer.Ordinal)));
            }

            foreach ((_, StreamRecord one) in ours)
            {
                findings.Compare(subject, "packets", stream.Integer("packets"), one.Packets);
                findings.Compare(subject, "expected", stream.Integer("expected"), one.Expected);
                findings.Compare(subject, "lost", stream.Integer("lost"), one.Lost);
                findings.Compare(subject, "duplicated", stream.Integer("duplicated"), one.Duplicates);
                findings.Compare(subject, "reordered", stream.Integer("reordered"), one.OutOfOrder);
                findings.Compare(subject, "codec", stream.Text("codec")?.ToUpperInvariant(), one.Codec?.Split('/')[0].ToUpperInvariant());
                findings.CompareTime(subject, "first", one.StartedAt, stream.Time("first"));
                findings.CompareTime(subject, "last", one.EndedAt, stream.Time("last"));
                double jitter = stream.GetProperty("max_jitter_ms").GetDouble();
                findings.Compare(subject, "max_jitter_ms", true, Math.Abs(jitter - (one.JitterMillisecondsMax ?? -1)) <= 0.02);
            }
        }

        foreach (CallRecord record in run.Records)
        {
            foreach (StreamRecord stream in record.Streams)
            {
                if (!known.Contains((stream.Source.ToString(), stream.Destination.ToString(), stream.Ssrc)))
                    findings.Note(record.SipCallId, "stream", "none", $"{stream.Source} > {stream.Destination} {stream.Ssrc:x8}, {stream.Packets} packets");
            }
        }
    }

    private static string Address(JsonElement stream, string host, string port)
    {
        string address = stream.Text(host)!;
        return address.Contains(':', StringComparison.Ordinal) ? $"[{address}]:{stream.Integer(port)}" : $"{address}:{stream.Integer(port)}";
    }
}
