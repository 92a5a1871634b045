using CdrEngine.Calls.Records;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Sessions;

/// <summary>Sessions of captures of real machines: what they did is known.</summary>
public sealed class LabSessionTests
{
    /// <summary>The captures with more than one call to a conversation: for each conversation the Call-IDs in order of start, and the methods that
    /// may show it.</summary>
    private static readonly (string File, string[][] Conversations, LinkMethod[] Methods)[] Joined =
    [
        ("lab/captures/10-blind-transfer.pcap", [["48cb89846fb2e41c", "a38d32133eec419a"]], [LinkMethod.Refer]),
        ("lab/captures/11-attended-transfer.pcap", [["9CZjHivqeA", "jw5gMdC8tV", "SqQ0Jav3LC"]], [LinkMethod.Replaces, LinkMethod.Refer]),
        ("lab/captures/25-b2bua.pcap", [["3a6fd43c894b0adb", "ffe4091a15241c37"]], [LinkMethod.Rtp]),
        ("captures/isa-real_call.pcap", [["1278621692", "2d9639532965f07f406d8b2d35d7c435@10.0.2.15:5060"]], [LinkMethod.Sdp]),
        ("captures/sipnab-b2bua-asterisk.pcapng", [["M2Q0ZDc1ZGM1NzIyMTlhZTA3NDU3NTgzMzA5YmJmZWQ.", "37686afc57ce24ac655742b3644a7bb8@172.16.98.101:5060"]], [LinkMethod.Sdp]),
        ("captures/heplify-sip_tcp_websocket.pcap", [["kovfhoptshgn59q712sr", "926ffd16-6154-1237-09ba-0270b3230128"]], [LinkMethod.Numbers]),
    ];

    public static TheoryData<string> Captures()
    {
        var rows = new TheoryData<string>();
        if (SharedFolder.Root is not { } root)
        {
            rows.Add("missing");
            return rows;
        }

        foreach (string folder in (string[])["captures", "lab/captures"])
        {
            foreach (string file in Directory.EnumerateFiles(Path.Combine(root, folder)).Order(StringComparer.Ordinal))
            {
                if (Path.GetExtension(file) is ".pcap" or ".pcapng" or ".cap" or ".libpcap") rows.Add($"{folder}/{Path.GetFileName(file)}");
            }
        }

        return rows;
    }

    [SharedTheory]
    [MemberData(nameof(Captures))]
    public void Capture_Imported_HasTheSessionsThatWereAndNoOthers(string capture)
    {
        using EngineRun run = EngineRun.OfFile(Path.Combine(SharedFolder.Root!, capture), new RunOptions { Shards = 2 });
        string[][] joined = [.. Joined.Where(row => row.File == capture).SelectMany(static row => row.Conversations)];
        string[] found = [.. run.Records
            .GroupBy(static call => call.SessionId)
            .Where(static session => session.Count() > 1)
            .Select(static session => string.Join(' ', session.OrderBy(static call => call.StartedAt).Select(static call => call.SipCallId)))];
        Assert.Equal(joined.Select(static calls => string.Join(' ', calls)), found);
        foreach (CallRecord call in run.Records)
        {
            bool isJoined = joined.Any(calls => calls.Contains(call.SipCallId));
            Assert.Equal(isJoined, call.Links.Count > 0);
            Assert.Equal(isJoined, call.Flags.HasFlag(CallFlags.Linked));
            if (!isJoined) Assert.Equal(call.Id, call.SessionId);
            foreach (CallLink link in call.Links)
            {
                Assert.Contains(link.Method, Joined.Single(row => row.File == capture).Methods);
                CallRecord other = run.Records.Single(record => record.Id == link.CallId);
                Assert.Equal(other.SipCallId, link.SipCallId);
                CallLink back = other.Links.Single(link => link.CallId == call.Id);
                Assert.Equal((link.Method, link.Score), (back.Method, back.Score));
            }
        }

        foreach (string[] calls in joined) Assert.Equal(run.Call(calls[0]).Id, run.Call(calls[^1]).SessionId);
    }

    [SharedFact]
    public void BlindTransfer_OfTheLab_IsToldByBothCalls()
    {
        using EngineRun run = EngineRun.OfFile(Path.Combine(SharedFolder.Root!, "lab", "captures", "10-blind-transfer.pcap"));
        CallRecord original = run.Call("48cb89846fb2e41c");
        CallRecord target = run.Call("a38d32133eec419a");
        Assert.Equal((TransferKind.Blind, TransferRole.Original, "bob", "carol", TransferOutcome.Succeeded, 200), Facts(original));
        Assert.Equal((TransferKind.Blind, TransferRole.Target, "bob", "carol", TransferOutcome.Succeeded, 0), Facts(target));
        Assert.Equal(target.Id, original.Transfer!.CallId);
        Assert.Equal(original.Id, target.Transfer!.CallId);
        Assert.True(original.Flags.HasFlag(CallFlags.Transferred) && target.Flags.HasFlag(CallFlags.Transferred));
        Assert.Equal(LinkRelation.TransferredTo, original.Links.Single().Relation);
        Assert.Equal(LinkRelation.TransferredFrom, target.Links.Single().Relation);
    }

    [SharedFact]
    public void AttendedTransfer_OfTheLab_IsToldByAllThreeCalls()
    {
        using EngineRun run = EngineRun.OfFile(Path.Combine(SharedFolder.Root!, "lab", "captures", "11-attended-transfer.pcap"));
        CallRecord consultation = run.Call("jw5gMdC8tV");
        Assert.Equal((TransferKind.Attended, TransferRole.Original, "bob", "carol", TransferOutcome.Succeeded, 200), Facts(run.Call("9CZjHivqeA")));
        Assert.Equal((TransferKind.Attended, TransferRole.Consultation, "bob", "carol", TransferOutcome.Succeeded, 200), Facts(consultation));
        Assert.Equal((TransferKind.Attended, TransferRole.Target, "bob", "carol", TransferOutcome.Succeeded, 0), Facts(run.Call("SqQ0Jav3LC")));
        Assert.Contains(consultation.Links, static link => link is { Relation: LinkRelation.ReplacedBy, Method: LinkMethod.Replaces, SipCallId: "SqQ0Jav3LC" });
    }

    private static (TransferKind, TransferRole, string?, string?, TransferOutcome, int) Facts(CallRecord call) =>
        (call.Transfer!.Kind, call.Transfer.Role, call.Transfer.From, call.Transfer.To, call.Transfer.Outcome, call.Transfer.SipStatus);
}
