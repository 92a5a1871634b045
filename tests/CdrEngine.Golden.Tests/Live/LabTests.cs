using CdrEngine.Calls.Records;
using CdrEngine.Engine.Tests.Truth;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Golden.Tests.Live;

/// <summary>Real servers and phones call each other while the engine listens at their switch's mirror port.</summary>
public sealed class LabTests(LabRuns runs) : IClassFixture<LabRuns>
{
    // A veth pair hands TCP on with the time at which it was due to be sent, so each listener has a stamp of its own.
    private const string TcpScenario = "19-tcp";
    private const string NoByeScenario = "27-missing-bye";
    private const string OwnStamps = "stamps of TCP on a veth pair are each listener's own";

    // As for the lab's stored captures, for whatever call it was this time.
    private static readonly Deviation[] Deviations =
    [
        new("04-no-answer-cancel", "*", "end", "*", "the truth gives the CANCEL; CANCEL decides nothing, the call ends at its 487 (CANCEL race)"),
        new("06-unknown-404", "*", "ended_by", "callee", "a final error is the callee's, the server's only with 5xx where nothing rang (Who hung up)"),
        new("07-digest-407", "*", "hops", "2", "the truth lists the first place once for each try; a place is one hop however often it is used"),
        new("11-attended-transfer", "*", "flags", "Held", "bob holds alice (re-INVITE sendonly) while he asks carol"),
        new(TcpScenario, "*", "invite", "*", OwnStamps),
        new(TcpScenario, "*", "ringing", "*", OwnStamps),
        new(TcpScenario, "*", "answered", "*", OwnStamps),
        new(TcpScenario, "*", "end", "*", OwnStamps),
        new(NoByeScenario, "*", "end", "*", "without BYE a call ends with its last RTP packet"),
        new("31-loss-and-jitter", "*", "packets", "*", "the lab's relay doubles whole frames, IP identification and all: copies of the mirror by definition (Hops)"),
        new("31-loss-and-jitter", "*", "duplicated", "0", "the same"),
        new("31-loss-and-jitter", "*", "max_jitter_ms", "*", "the same"),
    ];

    public static TheoryData<string> Scenarios() => [.. LabRuns.Scenarios];

    [LabTheory]
    [MemberData(nameof(Scenarios))]
    public async Task Scenario_LiveAtTheMirrorPort_GivesTheRecordsOfItsImportAndTheLabsTruth(string scenario)
    {
        LabResult result = await runs.Of(scenario);
        Assert.Empty(result.Summary.Faults);
        Assert.True(result.Summary.Lost == 0, string.Join(", ", result.Summary.Counters.Where(static part => part.Name.StartsWith("source", StringComparison.Ordinal)).SelectMany(static part => part.Values).Select(static counter => $"{counter.Name} {counter.Value}")));
        if (scenario == "29-hep")
        {
            TheCallAsTheProxyToldIt(result);
            return;
        }

        Assert.NotEmpty(result.Live);

        if (scenario == TcpScenario)
        {
            Assert.Equal(result.Imported.Select(Facts), result.Live.Select(Facts));
            foreach ((CallRecord imported, CallRecord live) in result.Imported.Zip(result.Live)) AssertSameTimes(imported, live);
        }
        else
        {
            // Byte for byte: engine and tcpdump share the kernel's stamps.
            Assert.Equal(LiveRun.Json(Compared(scenario, result.Imported)), LiveRun.Json(Compared(scenario, result.Live)));
        }

        var findings = new Findings(scenario, Deviations);
        LabComparison.Compare(result.Truth, scenario, result.Live, findings);
        findings.Conclude();
    }

    // Without BYE: the engine at the port heard the silence, tcpdump may have been told to stop before it had lasted long enough.
    private static IReadOnlyList<CallRecord> Compared(string scenario, IReadOnlyList<CallRecord> records)
    {
        if (scenario != NoByeScenario) return records;
        Assert.All(records, static record => Assert.True(record.MissingByeReason is EndReason.RtpTimeout or EndReason.CaptureEnd, $"{record.MissingByeReason}"));
        return [.. records.Select(static record => record with { MissingByeReason = null })];
    }

    private static void TheCallAsTheProxyToldIt(LabResult result)
    {
        CallRecord wire = Assert.Single(result.Imported);
        CallRecord told = Assert.Single(result.Live);
        Assert.Equal(Facts(wire), Facts(told));
        Assert.Equal("hep:10.77.0.40:9060#2001", told.CaptureSource);
        AssertSameTimes(wire, told);
    }

    private static void AssertSameTimes(CallRecord one, CallRecord other)
    {
        TimeSpan most = TimeSpan.FromMilliseconds(100);
        Assert.InRange((other.StartedAt - one.StartedAt).Duration(), TimeSpan.Zero, most);
        Assert.InRange((other.AnsweredAt!.Value - one.AnsweredAt!.Value).Duration(), TimeSpan.Zero, most);
        Assert.InRange((other.EndedAt!.Value - one.EndedAt!.Value).Duration(), TimeSpan.Zero, most);
    }

    private static string Facts(CallRecord record) => string.Join(' ',
        record.SipCallId, record.Disposition, record.SipStatus, record.HangupBy, record.Dialled, record.Caller.Number, record.Callee.Number, record.Caller.Address,
        record.Transport, string.Join(',', record.Legs.Select(static leg => $"{leg.ToTag}/{leg.SipStatus}/{leg.Callee}")));
}
