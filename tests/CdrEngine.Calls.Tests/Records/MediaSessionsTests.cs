using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.TestKit;

namespace CdrEngine.Calls.Tests.Records;

public sealed class MediaSessionsTests
{
    private const string Id = "20270115-000102030405060708090a0b";
    private static readonly Timestamp Start = Timestamp.FromUnix(1_800_000_000, 0);

    [Fact]
    public void Figures_OfASide_AreTakenTogetherByPackets()
    {
        CallRecord call = Call(
            Stream(1, "192.0.2.1", "192.0.2.2", PartySide.Caller, 100, lost: 5, jitter: 2, mos: 4, mosMin: 3.5),
            Stream(2, "192.0.2.1", "192.0.2.2", PartySide.Caller, 300, lost: 0, jitter: 4, mos: 3, mosMin: null),
            Stream(3, "192.0.2.2", "192.0.2.1", PartySide.Callee, 400, lost: 1, jitter: null, mos: null, mosMin: null));
        MediaSessionRecord session = MediaSessions.Complete(call).MediaSessions[0];
        MediaSideRecord caller = session.CallerSent!, callee = session.CalleeSent!;
        Assert.Equal((2, 400L, 405L, 5L), (caller.Streams, caller.Packets, caller.Expected, caller.Lost));
        Assert.Equal(3.5, caller.JitterMillisecondsMean);
        Assert.Equal(3.25, caller.Mos);
        Assert.Equal(3, caller.MosMin);
        Assert.Equal(100.0 * 5 / 405, caller.LossPercent);
        Assert.Null(callee.Mos);
        Assert.Equal((3.25, 3), (session.Mos, session.MosMin));
        Assert.Equal(Id + "-m0", session.Id);
        Assert.Equal("100", session.CallerNumber);
    }

    [Fact]
    public void Relay_SendingASecondCopy_IsNotCountedTwice()
    {
        CallRecord call = Call(
            Stream(1, "192.0.2.1", "192.0.2.10", PartySide.Caller, 100),
            Stream(1, "192.0.2.10", "192.0.2.2", PartySide.Caller, 90),
            Stream(2, "192.0.2.2", "192.0.2.10", PartySide.Callee, 80),
            Stream(2, "192.0.2.10", "192.0.2.1", PartySide.Callee, 70));
        MediaSessionRecord session = MediaSessions.Complete(call).MediaSessions[0];
        Assert.Equal((1, 100L), (session.CallerSent!.Streams, session.CallerSent.Packets));
        Assert.Equal((1, 80L), (session.CalleeSent!.Streams, session.CalleeSent.Packets));
    }

    [Fact]
    public void Relay_OnTheSameHost_KeepsWhatThereIs()
    {
        CallRecord call = Call(Stream(1, "192.0.2.1", "192.0.2.1", PartySide.Caller, 100));
        Assert.Equal(100, MediaSessions.Complete(call).MediaSessions[0].CallerSent!.Packets);
    }

    [Fact]
    public void Codec_OfASide_IsTheOneItSentMost()
    {
        CallRecord call = Call(
            Stream(1, "192.0.2.1", "192.0.2.2", PartySide.Caller, 10) with { Codec = "G722/8000" },
            Stream(2, "192.0.2.1", "192.0.2.2", PartySide.Caller, 100) with { Codec = "PCMA/8000" },
            Stream(3, "192.0.2.1", "192.0.2.2", PartySide.Caller, 1000) with { Codec = null });
        MediaSessionRecord session = MediaSessions.Complete(call).MediaSessions[0];
        Assert.Equal(("PCMA/8000", null), (session.CallerCodec, session.CalleeCodec));
    }

    [Fact]
    public void Streams_OfOtherMLines_StayThere()
    {
        CallRecord call = Call(
            Stream(1, "192.0.2.1", "192.0.2.2", PartySide.Caller, 10),
            Stream(2, "192.0.2.1", "192.0.2.2", PartySide.Caller, 20) with { MediaIndex = 1 },
            Stream(3, "192.0.2.1", "192.0.2.2", PartySide.Caller, 40) with { MediaIndex = -1 }) with
        {
            MediaSessions = [Session(0, "audio", "RTP/AVP"), Session(1, "video", "RTP/AVP")],
        };
        call = MediaSessions.Complete(call);
        Assert.Equal([10L, 20L], call.MediaSessions.Select(static session => session.CallerSent!.Packets));

        // With one m-line of RTP there is no doubt.
        call = MediaSessions.Complete(call with { MediaSessions = [Session(0, "audio", "RTP/AVP"), Session(1, "image", "udptl")] });
        Assert.Equal(50, call.MediaSessions[0].CallerSent!.Packets);
    }

    [Fact]
    public void Completing_Twice_ChangesNothing()
    {
        CallRecord once = MediaSessions.Complete(CallRecordJsonTests.Full), twice = MediaSessions.Complete(once);
        Assert.Equal(CallRecordJson.ToUtf8(once), CallRecordJson.ToUtf8(twice));
    }

    [Fact]
    public void OneWay_IsOfTheOnlyAudioSession()
    {
        var unheard = new OneWayInterval(OneWayKind.NoRtp, PartySide.Callee, Timestamp.FromUnix(100, 0), Timestamp.FromUnix(110, 0));
        CallRecord call = MediaSessions.Complete(Call() with { OneWay = [unheard], MediaSessions = [Session(0, "audio", "RTP/AVP"), Session(1, "video", "RTP/AVP")] });
        Assert.Equal([MediaSessionFlags.OneWay, MediaSessionFlags.None], call.MediaSessions.Select(static session => session.Flags));
        Assert.Equal(["no_rtp", null], call.MediaSessions.Select(static session => session.OneWayKind));
    }

    [Fact]
    public void ShortLateStart_IsNoOneWaySession()
    {
        var late = new OneWayInterval(OneWayKind.Late, PartySide.Callee, Timestamp.FromUnix(100, 0), Timestamp.FromUnix(101, 0));
        CallRecord call = MediaSessions.Complete(Call() with { OneWay = [late], MediaSessions = [Session(0, "audio", "RTP/AVP")] });
        Assert.Equal(MediaSessionFlags.None, call.MediaSessions[0].Flags);
    }

    [Theory]
    [InlineData(Id + "-m0", true, 0)]
    [InlineData(Id + "-m12", true, 12)]
    [InlineData(Id + "-m00", false, 0)]
    [InlineData(Id + "-m99999", false, 0)]
    [InlineData(Id + "-m", false, 0)]
    [InlineData(Id, false, 0)]
    [InlineData("../x-m0", false, 0)]
    public void Id_IsReadBackOrRefused(string id, bool good, int index)
    {
        Assert.Equal(good, MediaSessionId.TryRead(id, out string call, out int read));
        if (good) Assert.Equal((Id, index, id), (call, read, MediaSessionId.Of(call, read)));
    }

    internal static StreamRecord Stream(
        uint ssrc, string from, string to, PartySide side, long packets, long lost = 0, double? jitter = 1, double? mos = 4.4, double? mosMin = 4.4) => new()
        {
            Ssrc = ssrc,
            Source = At(from, 4000),
            Destination = At(to, 5000),
            MediaIndex = 0,
            From = side,
            PayloadType = 0,
            Codec = "PCMU/8000",
            Packets = packets,
            Octets = packets * 160,
            Expected = packets + lost,
            Lost = lost,
            Duplicates = 0,
            OutOfOrder = 0,
            JitterMillisecondsMean = jitter,
            JitterMillisecondsMax = jitter,
            Mos = mos,
            MosMin = mosMin,
            StartedAt = Start,
            EndedAt = Start + TimeSpan.FromSeconds(10),
        };

    private static MediaSessionRecord Session(int index, string media, string protocol) => new() { Index = index, Media = media, Protocol = protocol };

    private static Endpoint At(string address, ushort port)
    {
        Assert.True(IpAddress.TryParse(address, out IpAddress ip));
        return new Endpoint(ip, port);
    }

    private static CallRecord Call(params StreamRecord[] streams) => new()
    {
        Id = Id,
        SessionId = Id,
        SipCallId = "c",
        State = CallState.Ended,
        Disposition = Disposition.Answered,
        StartedAt = Start,
        AnsweredAt = Start,
        EndedAt = Start + TimeSpan.FromSeconds(10),
        Caller = new Party { Number = "100" },
        Streams = streams,
        MediaSessions = [Session(0, "audio", "RTP/AVP")],
    };
}
