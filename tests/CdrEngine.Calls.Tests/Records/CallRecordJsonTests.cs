using System.Text;
using System.Text.Json;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Tests.Records;

public sealed class CallRecordJsonTests
{
    private const string Golden =
        """{"id":"20270115-000102030405060708090a0b","session_id":"s-1","sip_call_id":"x@192.0.2.1","state":"ended","disposition":"answered","sip_status":200,"""
        + """ "cause":{"q850":16,"text":"Normal call clearing"},"hangup_by":"caller","direction":"outbound","dialled":"4930123","""
        + """ "caller":{"number":"100","name":"Alice \u0022A\u0022","uri":"sip:100@example.com","ip":"192.0.2.1","port":5060,"user_agent":"phone/1","codec":"PCMU/8000","tag":"a","e164":"\u002B4930555100","identity":{"kind":"user","id":10002,"name":"Alice"}},"""
        + """ "callee":{"number":"4930123","name":null,"uri":"sip:4930123@example.com","ip":"2001:db8::1","port":5062,"user_agent":null,"codec":null,"tag":"b","e164":null,"identity":null},"""
        + """ "started_at":"2027-01-15T08:00:00.000001Z","trying_at":"2027-01-15T08:00:00.100000Z","rang_at":"2027-01-15T08:00:01.500000Z","early_media_at":null,"answered_at":"2027-01-15T08:00:03.000000Z","ended_at":"2027-01-15T08:00:13.499999Z","""
        + """ "duration_ms":13499.998,"ring_ms":1500,"pdd_ms":1499.999,"billsec":10,"billsec_ms":10499.999,"transport":"tcp","capture_source":"eth0","flags":["forked","held","no_ack"],"""
        + """ "legs":[{"to_tag":"b","callee":"[2001:db8::1]:5062","contact":"sip:b@192.0.2.2","outcome":"answered","sip_status":200,"rang_at":"2027-01-15T08:00:01.500000Z","answered_at":"2027-01-15T08:00:03.000000Z","ended_at":"2027-01-15T08:00:13.499999Z"}],"""
        + """ "streams":[{"ssrc":"0000002a","src":"192.0.2.1:4000","dst":"[2001:db8::1]:5000","payload_type":0,"codec":"PCMU/8000","packets":500,"octets":80000,"lost":1,"duplicates":2,"out_of_order":3,"jitter_ms":1.235,"max_jitter_ms":10,"mos":4.41,"mos_min":null,"""
        + """ "started_at":"2027-01-15T08:00:03.000000Z","ended_at":"2027-01-15T08:00:13.000000Z","direction":"caller_to_callee","media_index":0,"expected":501,"max_delta_ms":40.5,"""
        + """ "mos_basis":"g107_listening","r_factor":92.5,"markers":1,"late":4,"strays":5,"segments":2,"mirror_duplicates":6,"loss_runs":[1,0],"delay_variation":[2,3],"""
        + """ "bursts":{"count":1,"packets":9,"lost":3,"gap_lost":1,"density_percent":33.333,"gap_density_percent":0.2,"mean_ms":180,"burst_r":1.5},"intervals":[{"start_s":0,"packets":500,"lost":1,"late":4,"jitter_ms":1.2,"mos":4.41}],"""
        + """ "clock_drift_ppm":-12.5,"packet_ms":20,"dscp":[0,46],"ttl_min":63,"ttl_max":64,"payload_types":[{"payload_type":0,"codec":"PCMU/8000","packets":500}],"""
        + """ "rtcp":{"reports":3,"loss_percent_last":0.5,"loss_percent_max":1.25,"cumulative_lost":-1,"jitter_ms":2.5,"max_jitter_ms":3.5,"round_trip_ms":30,"round_trip_to_receiver_ms":10,"round_trip_to_sender_ms":20,"sender_packets":500,"sender_octets":80000,"cname":"a@b","bye_at":"2027-01-15T08:00:13.000000Z","voip_metrics":null}}],"""
        + """ "dtmf":[{"digit":"#","at":"2027-01-15T08:00:05.000000Z","duration_ms":160,"from":"caller","method":"info"}],"""
        + """ "media_sessions":[{"index":0,"media":"audio","protocol":"RTP/AVP","caller":"192.0.2.1:4000","callee":"[2001:db8::1]:5000","offered":["PCMU/8000"],"answered":["PCMU/8000"],"direction":"sendrecv","started_at":"2027-01-15T08:00:00.000001Z","ended_at":"2027-01-15T08:00:13.499999Z","""
        + """ "id":"20270115-000102030405060708090a0b-m0","call_id":"20270115-000102030405060708090a0b","type":"audio","duration_ms":13499.998,"caller_number":"100","caller_name":"Alice \u0022A\u0022","callee_number":"4930123","callee_name":null,"""
        + """ "caller_codec":"PCMU/8000","callee_codec":null,"caller_rtcp":"192.0.2.1:4001","callee_rtcp":null,"directions":[{"at":"2027-01-15T08:00:03.000000Z","direction":"sendrecv"}],"""
        + """ "caller_sent":{"streams":1,"packets":500,"octets":80000,"expected":501,"lost":1,"loss_percent":0.2,"duplicates":2,"out_of_order":3,"jitter_ms":1.235,"max_jitter_ms":10,"mos":4.41,"mos_min":4.41,"started_at":"2027-01-15T08:00:03.000000Z","ended_at":"2027-01-15T08:00:13.000000Z"},"callee_sent":null,"""
        + """ "mos":4.41,"mos_min":4.41,"flags":["held","srtp","one_way"],"one_way_kind":"not_forwarded"}],"""
        + """ "recording":{"state":"none","reason":"policy","url":null},"""
        + """ "disposition_class":"ANSWERED","sip_reason":"OK","cause_source":"mapped","bye_confirmed_at":"2027-01-15T08:00:13.600000Z","pdd_authenticated_ms":null,"missing_bye_reason":null,"messages":13,"retransmissions":1,"""
        + """ "hops":[{"src":"192.0.2.1:5060","dst":"192.0.2.10:5060","transport":"udp","first_seen_at":"2027-01-15T08:00:00.000001Z","messages":7}],"""
        + """ "held":[{"by":"callee","from":"2027-01-15T08:00:06.000000Z","to":"2027-01-15T08:00:07.000000Z"}],"headers":[{"name":"diversion","value":"\u003Csip:200@example.com\u003E"}],"""
        + """ "one_way":[{"kind":"not_forwarded","from":"callee","started_at":"2027-01-15T08:00:06.000000Z","ended_at":"2027-01-15T08:00:12.500000Z","duration_ms":6500}],"""
        + """ "fax":{"pages":2,"remote_station":"441","local_station":null,"rate":14400,"result":"completed","error_correction":true,"packets":9,"lost":1,"recovered":2,"duplicates":3,"image_octets":4,"media_index":1,"started_at":"2027-01-15T08:00:06.000000Z","ended_at":"2027-01-15T08:00:07.000000Z"},"""
        + """ "tenant":"acme","context":"pstn_call","trunk":"telco","billed_account":"ACME-1","rate":"0.0120","charge":"0.0021","currency":"EUR","destination":"Germany"}""";

    private static readonly Timestamp Start = Timestamp.FromUnix(1_800_000_000, 1);

    public static CallRecord Full { get; } = MediaSessions.Complete(new CallRecord
    {
        Id = "20270115-000102030405060708090a0b",
        SessionId = "s-1",
        SipCallId = "x@192.0.2.1",
        State = CallState.Ended,
        Disposition = Disposition.Answered,
        SipStatus = 200,
        SipReason = "OK",
        Cause = new Cause(16, "Normal call clearing", CauseSource.Mapped),
        HangupBy = HangupBy.Caller,
        Direction = CallDirection.Outbound,
        Dialled = "4930123",
        Marks = new CallMarks { Tenant = "acme", Context = CallContext.PstnCall, Trunk = "telco", BilledAccount = "ACME-1", Charge = new CallCharge(0.0120m, 0.0021m, "EUR", "Germany") },
        Caller = new Party { Number = "100", Name = "Alice \"A\"", Uri = "sip:100@example.com", Address = At("192.0.2.1", 5060), UserAgent = "phone/1", Codec = "PCMU/8000", Tag = "a", E164 = "+4930555100", Identity = new PartyIdentity(PartyKind.User, 10002, "Alice") },
        Callee = new Party { Number = "4930123", Uri = "sip:4930123@example.com", Address = At("2001:db8::1", 5062), Tag = "b" },
        StartedAt = Start,
        TryingAt = On(0.1),
        RangAt = On(1.5),
        AnsweredAt = On(3),
        EndedAt = On(13.499999),
        ByeConfirmedAt = On(13.6),
        PostDialDelay = TimeSpan.FromMicroseconds(1_499_999),
        Transport = Transport.Tcp,
        CaptureSource = "eth0",
        Flags = CallFlags.NoAck | CallFlags.Forked | CallFlags.Held,
        Messages = 13,
        Retransmissions = 1,
        Hops = [new Hop(At("192.0.2.1", 5060), At("192.0.2.10", 5060), Transport.Udp, Start, 7)],
        Legs = [new Leg { ToTag = "b", Callee = At("2001:db8::1", 5062), Contact = "sip:b@192.0.2.2", Outcome = LegOutcome.Answered, SipStatus = 200, RangAt = On(1.5), AnsweredAt = On(3), EndedAt = On(13.499999) }],
        Streams =
        [
            new StreamRecord
            {
                Ssrc = 42, Source = At("192.0.2.1", 4000), Destination = At("2001:db8::1", 5000), MediaIndex = 0, From = PartySide.Caller, PayloadType = 0, Codec = "PCMU/8000", Packets = 500, Octets = 80000,
                Expected = 501, Lost = 1, Duplicates = 2, OutOfOrder = 3, JitterMillisecondsMean = 1.2345, JitterMillisecondsMax = 10.0, DeltaMillisecondsMax = 40.5, Mos = 4.409, StartedAt = On(3), EndedAt = On(13),
                MosBasis = "g107_listening", RFactor = 92.5, Markers = 1, Late = 4, Strays = 5, Segments = 2, MirrorDuplicates = 6, LossRuns = [1, 0], DelayVariation = [2, 3],
                Bursts = new BurstRecord(1, 9, 3, 1, 33.3333, 0.2, 180, 1.5), Intervals = [new StreamIntervalRecord(0, 500, 1, 4, 1.2, 4.409)], ClockDriftPpm = -12.5, PacketMilliseconds = 20, Dscp = [0, 46],
                TtlMin = 63, TtlMax = 64, PayloadTypes = [new PayloadUseRecord(0, "PCMU/8000", 500)],
                Rtcp = new RtcpRecord { Reports = 3, LossPercentLast = 0.5, LossPercentMax = 1.25, CumulativeLost = -1, JitterMilliseconds = 2.5, JitterMillisecondsMax = 3.5, RoundTripToReceiverMilliseconds = 10, RoundTripToSenderMilliseconds = 20, SenderPackets = 500, SenderOctets = 80000, CanonicalName = "a@b", ByeAt = On(13) },
            },
        ],
        Dtmf = [new DtmfDigit('#', On(5), TimeSpan.FromMilliseconds(160), PartySide.Caller, DtmfMethod.Info)],
        MediaSessions = [new MediaSessionRecord { Index = 0, Media = "audio", Protocol = "RTP/AVP", Caller = At("192.0.2.1", 4000), Callee = At("2001:db8::1", 5000), Offered = ["PCMU/8000"], Answered = ["PCMU/8000"], StartedAt = Start, EndedAt = On(13.499999), CallerRtcp = At("192.0.2.1", 4001), Directions = [new DirectionChange(On(3), "sendrecv")], Flags = MediaSessionFlags.Held | MediaSessionFlags.Srtp }],
        Recording = new RecordingInfo { Reason = "policy" },
        Held = [new HeldInterval(PartySide.Callee, On(6), On(7))],
        OneWay = [new OneWayInterval(OneWayKind.NotForwarded, PartySide.Callee, On(6), On(12.5))],
        Fax = new FaxRecord
        {
            Pages = 2,
            RemoteStation = "441",
            RateBitsPerSecond = 14_400,
            Result = FaxResult.Completed,
            HasErrorCorrection = true,
            Packets = 9,
            Lost = 1,
            Recovered = 2,
            Duplicates = 3,
            ImageOctets = 4,
            MediaIndex = 1,
            StartedAt = On(6),
            EndedAt = On(7),
        },
        Headers = [new("diversion", "<sip:200@example.com>")],
    });

    [Fact]
    public void Record_WithEverything_IsTheGoldenText()
    {
        // The golden text has blanks after line joints only, to be readable here.
        string expected = Golden.Replace(", \"", ",\"", StringComparison.Ordinal);
        Assert.StartsWith(expected[..^1], Encoding.UTF8.GetString(CallRecordJson.ToUtf8(Full)), StringComparison.Ordinal);
    }

    [Fact]
    public void Record_WithNothing_HasEveryMember()
    {
        var bare = new CallRecord { Id = "20270115-000102030405060708090a0b", SessionId = "", SipCallId = "", State = CallState.Trying, Disposition = Disposition.InProgress, StartedAt = Start };
        using JsonDocument full = JsonDocument.Parse(CallRecordJson.ToUtf8(Full)), empty = JsonDocument.Parse(CallRecordJson.ToUtf8(bare));
        Assert.Equal(full.RootElement.EnumerateObject().Select(static m => m.Name), empty.RootElement.EnumerateObject().Select(static m => m.Name));
        Assert.Equal(JsonValueKind.Null, empty.RootElement.GetProperty("cause").ValueKind);
        Assert.Equal(JsonValueKind.Null, empty.RootElement.GetProperty("ring_ms").ValueKind);
        Assert.Equal("in_progress", empty.RootElement.GetProperty("disposition").GetString());
        Assert.Equal(0, empty.RootElement.GetProperty("billsec").GetInt32());
        Assert.Equal(0, empty.RootElement.GetProperty("flags").GetArrayLength());
    }

    [Fact]
    public void Record_WrittenAndRead_IsTheSame()
    {
        byte[] written = CallRecordJson.ToUtf8(Full);
        Assert.True(CallRecordJson.TryRead(written, out CallRecord? read));
        Assert.Equal(Encoding.UTF8.GetString(written), Encoding.UTF8.GetString(CallRecordJson.ToUtf8(read!)));
        Assert.Equal(Full.Duration, read!.Duration);
        Assert.Equal(Full.Flags, read.Flags);
    }

    [Fact]
    public void VoipMetrics_OfRtcp_SurviveWritingAndReading()
    {
        var voip = new Protocols.Rtcp.VoipMetrics
        {
            Ssrc = 42,
            LossRate = 1,
            DiscardRate = 2,
            BurstDensity = 3,
            GapDensity = 4,
            BurstMilliseconds = 5,
            GapMilliseconds = 6,
            RoundTripMilliseconds = 7,
            EndSystemMilliseconds = 8,
            SignalLevelDbm = -9,
            NoiseLevelDbm = null,
            ResidualEchoReturnLossDb = 10,
            Gmin = 16,
            RFactor = 90,
            ExternalRFactor = null,
            MosLq = 4.1,
            MosCq = 4.2,
            ReceiverConfiguration = 11,
            JitterBufferNominalMilliseconds = 12,
            JitterBufferMaximumMilliseconds = 13,
            JitterBufferAbsoluteMaximumMilliseconds = 14,
        };
        CallRecord record = Full with { Streams = [Full.Streams[0] with { Rtcp = new RtcpRecord { Voip = voip } }] };
        Assert.True(CallRecordJson.TryRead(CallRecordJson.ToUtf8(record), out CallRecord? read));
        Assert.Equal(voip, read!.Streams[0].Rtcp!.Voip);
    }

    [Fact]
    public void Records_OfAllScripts_SurviveWritingAndReading()
    {
        foreach (CallRecord record in SemanticsTable.All.SelectMany(static row => row.Script().Run().Records))
        {
            byte[] written = CallRecordJson.ToUtf8(record);
            Assert.True(CallRecordJson.TryRead(written, out CallRecord? read));
            Assert.Equal(Encoding.UTF8.GetString(written), Encoding.UTF8.GetString(CallRecordJson.ToUtf8(read!)));
        }
    }

    [Fact]
    public void Text_CutOrDamaged_IsRefusedWithoutAnException()
    {
        byte[] written = CallRecordJson.ToUtf8(Full);
        for (int length = 0; length < written.Length; length++) Assert.False(CallRecordJson.TryRead(written.AsSpan(0, length), out _));
        for (int i = 0; i < written.Length; i++)
        {
            byte[] damaged = [.. written];
            damaged[i] ^= 0x15;
            CallRecordJson.TryRead(damaged, out CallRecord? read);
            Assert.True(read is null || read.Id.Length > 0);
        }
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"id":1,"sip_call_id":"x","started_at":"2027-01-15T08:00:00.000001Z"}""")]
    [InlineData("""{"id":"i","sip_call_id":"x","started_at":"yesterday"}""")]
    [InlineData("""{"id":"i","sip_call_id":"x","started_at":"2027-01-15T08:00:00.000001Z","disposition":"no_such"}""")]
    public void Text_ThatIsNoRecord_IsRefused(string json) => Assert.False(CallRecordJson.TryRead(Encoding.UTF8.GetBytes(json), out _));

    [Theory]
    [InlineData(BillsecRounding.Nearest, 1_499_999, 1)]
    [InlineData(BillsecRounding.Nearest, 1_500_000, 2)]
    [InlineData(BillsecRounding.Floor, 1_999_999, 1)]
    [InlineData(BillsecRounding.Ceil, 1_000_001, 2)]
    [InlineData(BillsecRounding.Ceil, 1_000_000, 1)]
    [InlineData(BillsecRounding.Ceil, 0, 0)]
    public void Billsec_ByRounding_IsWholeSeconds(BillsecRounding rounding, long microseconds, long seconds) =>
        Assert.Equal(seconds, Billsec.Seconds(TimeSpan.FromMicroseconds(microseconds), rounding));

    [Fact]
    public void Id_DerivesFromTheCallAlone()
    {
        string id = CallId.Derive("x@192.0.2.1", "a", Start);
        Assert.Equal(id, CallId.Derive("x@192.0.2.1", "a", Start));
        Assert.StartsWith("20270115-", id, StringComparison.Ordinal);
        Assert.True(CallId.IsWellFormed(id));
        string[] others = [CallId.Derive("X@192.0.2.1", "a", Start), CallId.Derive("x@192.0.2.1", "", Start), CallId.Derive("x@192.0.2.1a", "", Start), CallId.Derive("x@192.0.2.1", "a", new Timestamp(Start.Microseconds + 1))];
        Assert.Equal(5, others.Append(id).Distinct().Count());
        Assert.False(CallId.IsWellFormed("20270115-zz"));
        Assert.False(CallId.IsWellFormed("../../../../etc/passwd-----------"));
    }

    private static Timestamp On(double seconds) => new(Start.Microseconds - 1 + (long)Math.Round(seconds * 1e6));

    private static Endpoint At(string address, ushort port) => IpAddress.TryParse(address, out IpAddress ip) ? new Endpoint(ip, port) : throw new ArgumentException(address);
}
