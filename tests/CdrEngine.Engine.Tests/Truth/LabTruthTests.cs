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

        LabComparison.Compare(truth, scenario, run.Records, findings);
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
}
