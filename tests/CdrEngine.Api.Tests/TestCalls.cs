using CdrEngine.Protocols.Rtcp;

namespace CdrEngine.Api.Tests;

/// <summary>Records for the tests of this project.</summary>
internal static class TestCalls
{
    public static readonly Timestamp Start = Timestamp.From(new DateTimeOffset(2026, 11, 20, 4, 27, 0, TimeSpan.Zero));

    public static Endpoint Address(string ip, ushort port) => IpAddress.TryParse(ip, out IpAddress address)
        ? new Endpoint(address, port)
        : throw new ArgumentException(ip, nameof(ip));

    /// <summary>An answered call, the seconds after <see cref="Start"/> telling it from others.</summary>
    public static CallRecord Call(int seconds, string sipCallId = "abc@host")
    {
        Timestamp at = Start + TimeSpan.FromSeconds(seconds);
        string id = CallId.Derive($"{sipCallId}/{seconds}", "tag", at);
        return new CallRecord
        {
            Id = id,
            SessionId = id,
            SipCallId = sipCallId,
            State = CallState.Ended,
            Disposition = Disposition.Answered,
            SipStatus = 200,
            SipReason = "OK",
            Caller = new Party { Number = "1001", Name = "Alice", Uri = "sip:1001@example.com", Address = Address("192.0.2.1", 5060) },
            Callee = new Party { Number = "2002", Address = Address("192.0.2.2", 5060) },
            StartedAt = at,
            AnsweredAt = at + TimeSpan.FromSeconds(2),
            EndedAt = at + TimeSpan.FromSeconds(12.5),
        };
    }

    /// <summary>A call with something in every member.</summary>
    public static CallRecord Full(string text = "text")
    {
        Endpoint here = Address("192.0.2.1", 4000);
        Timestamp at = Start;
        var party = new Party { Number = text, Name = text, Uri = text, Address = here, UserAgent = text, Codec = text, Tag = text };
        return MediaSessions.Complete(Call(0, text) with
        {
            SipReason = text,
            Cause = new Cause(16, text, CauseSource.Header),
            Dialled = text,
            Caller = party,
            Callee = party,
            CaptureSource = text,
            Flags = CallFlags.Held | CallFlags.Forked,
            Hops = [new Hop(here, here, Transport.Udp, at, 1)],
            Legs = [new Leg { ToTag = text, Contact = text, Outcome = LegOutcome.Answered, Callee = here }],
            Streams =
            [
                new StreamRecord
                {
                    Ssrc = 1, Source = here, Destination = here, From = PartySide.Caller, MediaIndex = 0, PayloadType = 0, Codec = text, Packets = 1, Octets = 1, Expected = 1, Lost = 0, Duplicates = 0, OutOfOrder = 0,
                    StartedAt = at, EndedAt = at,
                    MosBasis = text,
                    LossRuns = [1],
                    DelayVariation = [1],
                    Bursts = new BurstRecord(1, 1, 1, 1, 1, 1, null, 1),
                    Intervals = [new StreamIntervalRecord(0, 1, 1, 1, null, null)],
                    Dscp = [46],
                    PayloadTypes = [new PayloadUseRecord(0, text, 1)],
                    Rtcp = new RtcpRecord
                    {
                        CanonicalName = text,
                        Voip = new VoipMetrics
                        {
                            Ssrc = 1, LossRate = 1, DiscardRate = 1, BurstDensity = 1, GapDensity = 1, BurstMilliseconds = 1, GapMilliseconds = 1, RoundTripMilliseconds = 1,
                            EndSystemMilliseconds = 1, Gmin = 16, ReceiverConfiguration = 0, JitterBufferNominalMilliseconds = 1, JitterBufferMaximumMilliseconds = 1,
                            JitterBufferAbsoluteMaximumMilliseconds = 1,
                        },
                    },
                },
            ],
            Dtmf = [new DtmfDigit('1', at, null, PartySide.Caller, DtmfMethod.Info)],
            MediaSessions = [new MediaSessionRecord { Index = 0, Media = text, Protocol = text, Offered = [text], Answered = [text], Direction = text, CallerRtcp = here, Directions = [new DirectionChange(at, text)], Flags = MediaSessionFlags.Held, OneWayKind = text }],
            Held = [new HeldInterval(PartySide.Caller, at, null)],
            Headers = [new KeyValuePair<string, string>(text, text)],
            Recording = new RecordingInfo { Reason = text },
        });
    }
}
