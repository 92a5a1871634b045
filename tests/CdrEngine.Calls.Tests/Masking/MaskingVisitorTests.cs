using System.Buffers.Binary;
using System.Text;
using CdrEngine.Calls.Masking;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Tests.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Calls.Tests.Masking;

public sealed class MaskingVisitorTests
{
    private const string A = "192.0.2.1:5060", B = "192.0.2.2:5060", MediaA = "192.0.2.1:4000", MediaB = "192.0.2.2:5000";
    private static readonly string[] Checked = ["-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-o", "sctp.checksum:CRC 32c"];
    private static readonly MaskingPlan Plan = MaskingPlan.Unknown(DtmfMask.Digits);

    [SharedToolFact("tshark")]
    public void Capture_WithTelephoneEvents_HasNoDigitLeft()
    {
        using MaskingRig rig = MaskingRig.Read(SharedFolder.Path("lab", "captures", "17-dtmf-rfc4733.pcap")).Mask(Plan);
        Assert.True(rig.KeepsItsShape);
        Assert.Equal((rig.Count, 0L), (rig.MaskedCount, rig[MaskingCounter.LeftOut]));
        string[] rtp = ["-o", "rtp.heuristic_rtp:TRUE"];
        Assert.InRange(Tshark(rig, masked: false, [.. rtp, "-Y", "rtpevent.event_id <= 15"]).Length, 20, int.MaxValue);
        Assert.Equal(Tshark(rig, masked: false, [.. rtp, "-Y", "rtpevent"]).Length, Tshark(rig, masked: true, [.. rtp, "-Y", "rtpevent.event_id == 255"]).Length);
        Assert.Empty(Tshark(rig, masked: true, [.. rtp, "-Y", "rtpevent.event_id <= 15"]));
        AssertNoNewChecksumError(rig);
    }

    [SharedToolFact("tshark")]
    public void Capture_WithInfoDigits_HasNoDigitLeft()
    {
        using MaskingRig rig = MaskingRig.Read(SharedFolder.Path("lab", "captures", "18-dtmf-info.pcap")).Mask(Plan);
        Assert.True(rig.KeepsItsShape);
        Assert.Contains("Signal=8", rig.Trace(masked: false), StringComparison.Ordinal);
        Assert.Contains("Signal=X", rig.Trace(masked: true), StringComparison.Ordinal);
        Assert.DoesNotMatch(@"Signal=\s*[0-9*#A-Da-d]", rig.Trace(masked: true));
        Assert.DoesNotContain(rig.Masked, static frame => System.Text.RegularExpressions.Regex.IsMatch(Encoding.Latin1.GetString(frame), @"Signal=\s*[0-9*#A-D]", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(5)));
        Assert.InRange(rig[MaskingCounter.Signalling], 1, 100);
        AssertNoNewChecksumError(rig);
    }

    [SharedFact]
    public void EveryCaptureOfTheLab_KeepsItsShape_AndChangesNothingButDigits()
    {
        foreach (string file in System.IO.Directory.GetFiles(SharedFolder.Path("lab", "captures"), "*.pcap"))
        {
            using MaskingRig rig = MaskingRig.Read(file).Mask(Plan);
            Assert.True(rig.KeepsItsShape, file);
            long changed = rig.Original.Zip(rig.Masked).Count(static pair => !pair.First.AsSpan().SequenceEqual(pair.Second));
            Assert.Equal(rig[MaskingCounter.Events] + rig[MaskingCounter.Signalling], changed);
            if (!file.Contains("-dtmf-", StringComparison.Ordinal)) Assert.Equal(0, changed);
        }
    }

    [Fact]
    public void NoMask_ShowsPacketsAsTheyAre()
    {
        using MaskingRig rig = new MaskingRig().Add(Event(1, 5)).Mask(MaskingPlan.Unknown(DtmfMask.None));
        Assert.Equal(rig.Original, rig.Masked);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(15, true)]
    [InlineData(16, false)]
    public void Event_OfADigit_IsHidden_AndOthersStay(byte code, bool isHidden)
    {
        using MaskingRig rig = new MaskingRig().Add(Event(1, code)).Mask(Plan);
        Assert.Equal(isHidden ? (byte)255 : code, rig.Masked[0][^4]);
        AssertChecksum(rig.Masked[0]);
    }

    [Fact]
    public void Event_OfEveryCodeAndAlignment_HasARightChecksum()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            byte[] payload = [(byte)random.Next(16), (byte)(random.Next(256) & 0xBF), (byte)random.Next(256), (byte)random.Next(256)];
            byte[] rtp = Rtp(101, (ushort)random.Next(65_536), payload, csrc: random.Next(3));
            bool isV6 = seed % 2 == 1;
            byte[] frame = PacketBuilder.UdpFrame(isV6 ? "[2001:db8::1]:4000" : MediaA, isV6 ? "[2001:db8::2]:5000" : MediaB, rtp).Build();
            using MaskingRig rig = new MaskingRig().Add(frame).Mask(Plan);
            Assert.Equal(255, rig.Masked[0][^4]);
            AssertChecksum(rig.Masked[0]);
        }
    }

    [Fact]
    public void Event_WithoutUdpChecksum_StaysWithout()
    {
        byte[] frame = Event(1, 5);
        frame.AsSpan(14 + 20 + 6, 2).Clear();
        using MaskingRig rig = new MaskingRig().Add(frame).Mask(Plan);
        Assert.Equal((255, 0), (rig.Masked[0][^4], BinaryPrimitives.ReadUInt16BigEndian(rig.Masked[0].AsSpan(40))));
    }

    [Fact]
    public void Plan_OfARecord_TellsEventsFromSoundOfTheSameShape()
    {
        CallRecord record = Record(new PayloadUseRecord(97, "OPUS/48000/2", 100), new PayloadUseRecord(96, "TELEPHONE-EVENT/48000", 3));
        using MaskingRig rig = new MaskingRig()
            .Add(PacketBuilder.UdpFrame(MediaA, MediaB, Rtp(97, 1, [5, 10, 0, 160])).Build())
            .Add(PacketBuilder.UdpFrame(MediaA, MediaB, Rtp(96, 2, [5, 10, 0, 160, 6, 10, 0, 160])).Build())
            .Mask(MaskingPlan.Of(record, DtmfMask.Digits));
        Assert.Equal(rig.Original[0], rig.Masked[0]);
        Assert.Equal([255, 10, 0, 160, 255, 10, 0, 160], rig.Masked[1][^8..]);
    }

    [Fact]
    public void Event_OfSrtp_IsHiddenWhateverItSays()
    {
        CallRecord record = Record(new PayloadUseRecord(101, "TELEPHONE-EVENT/8000", 3)) with { Flags = CallFlags.Srtp };
        byte[] encrypted = [200, 17, 3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        using MaskingRig rig = new MaskingRig().Add(PacketBuilder.UdpFrame(MediaA, MediaB, Rtp(101, 2, encrypted)).Build()).Mask(MaskingPlan.Of(record, DtmfMask.Digits));
        Assert.Equal(255, rig.Masked[0][^14]);
    }

    [Fact]
    public void Event_WithinRedundancy_IsHiddenInEachBlock()
    {
        CallRecord record = Record(new PayloadUseRecord(121, "RED/8000", 3), new PayloadUseRecord(101, "TELEPHONE-EVENT/8000", 1));
        byte[] red = [0x80 | 101, 0, 0, 4, 101, 5, 10, 0, 160, 6, 10, 0, 160];
        using MaskingRig rig = new MaskingRig().Add(PacketBuilder.UdpFrame(MediaA, MediaB, Rtp(121, 2, red)).Build()).Mask(MaskingPlan.Of(record, DtmfMask.Digits));
        Assert.Equal([255, 10, 0, 160, 255, 10, 0, 160], rig.Masked[0][^8..]);
    }

    [Theory]
    [InlineData(DtmfMask.Digits, false)]
    [InlineData(DtmfMask.All, true)]
    public void Sound_WhileADigitIsPressed_IsSilence_WhereAllIsMasked(DtmfMask mask, bool isMuted)
    {
        byte[] tone = Enumerable.Range(0, 160).Select(static i => (byte)(i * 7)).ToArray();
        CallRecord record = Record(new PayloadUseRecord(0, "PCMU/8000", 100)) with
        {
            Dtmf = [new DtmfDigit('5', new Timestamp(1_800_000_000_200_000), TimeSpan.FromMilliseconds(100), PartySide.Caller, DtmfMethod.Inband)],
        };
        using MaskingRig rig = new();
        for (int i = 0; i < 30; i++) rig.Add(PacketBuilder.UdpFrame(MediaA, MediaB, Rtp(0, (ushort)i, tone)).Build());
        rig.Mask(MaskingPlan.Of(record, mask));
        Assert.True(rig.KeepsItsShape);
        int[] muted = [.. rig.Masked.Index().Where(static frame => frame.Item[^160..].AsSpan().IndexOfAnyExcept((byte)0xFF) < 0).Select(static frame => frame.Index)];
        Assert.Equal(isMuted ? Enumerable.Range(6, 13) : [], muted);
        foreach (byte[] frame in rig.Masked) AssertChecksum(frame);
    }

    [Fact]
    public void Info_InFragments_IsLeftOutWhole_AndTheRestKeepsItsOrder()
    {
        byte[] info = Info("5", padding: 3000);
        using MaskingRig rig = new MaskingRig().Add(Event(1, 1));
        foreach (byte[] fragment in PacketBuilder.UdpFrame(A, B, info).BuildFragments(1480)) rig.Add(fragment).Add(Event((ushort)rig.Count, 2));
        byte[][] plain = [.. PacketBuilder.UdpFrame(A, B, SipText.Request("OPTIONS", "c", "alice", "bob", 3).With("X-Long", new string('x', 3000)).ToBytes(), identification: 9).BuildFragments(1480)];
        foreach (byte[] fragment in plain) rig.Add(fragment);
        rig.Mask(Plan);
        Assert.Equal(3, rig[MaskingCounter.LeftOut]);
        Assert.Equal(rig.Count - 3, rig.MaskedCount);
        Assert.Equal(plain, rig.Masked[^plain.Length..]);
        Assert.DoesNotContain("Signal=5", Encoding.Latin1.GetString([.. rig.Masked.SelectMany(static frame => frame)]), StringComparison.Ordinal);
    }

    [Fact]
    public void Info_OverTcp_InAnyPieces_InAnyOrder_SentAgain_HasNoDigitLeft()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            byte[] stream = [.. Options(), .. Info("5"), .. Options(), .. Info("6"), .. Options()];
            var segments = new List<(uint At, byte[] Bytes)>();
            for (int at = 0; at < stream.Length;)
            {
                int length = Math.Min(random.Next(1, 600), stream.Length - at);
                segments.Add(((uint)at, stream[at..(at + length)]));
                at += length;
            }

            // Some are sent again, some with other borders, some change places with their neighbours.
            for (int again = 0; again < 3; again++)
            {
                int at = random.Next(stream.Length), length = Math.Min(random.Next(1, 700), stream.Length - at);
                segments.Insert(random.Next(1, segments.Count + 1), ((uint)at, stream[at..(at + length)]));
            }

            for (int i = 1; i + 1 < segments.Count; i++)
            {
                if (random.Next(6) == 0) (segments[i], segments[i + 1]) = (segments[i + 1], segments[i]);
            }

            using MaskingRig rig = new MaskingRig().Add(PacketBuilder.TcpFrame(A, B, 0xFFFF_FF00 - 1, "", flags: 2).Build());
            foreach ((uint at, byte[] bytes) in segments) rig.Add(PacketBuilder.TcpFrame(A, B, 0xFFFF_FF00 + at, bytes, identification: rig.Count).Build());
            rig.Mask(Plan);
            string where = $"seed {seed}";
            Assert.True(rig.KeepsItsShape, where);
            for (int i = 0; i < segments.Count; i++)
            {
                byte[] expected = [.. segments[i].Bytes];
                foreach (string digit in (string[])["5", "6"])
                {
                    int place = stream.AsSpan().IndexOf(Encoding.ASCII.GetBytes($"Signal={digit}")) + 7 - (int)segments[i].At;
                    if (place >= 0 && place < expected.Length) expected[place] = (byte)'X';
                }

                byte[] frame = rig.Masked[i + 1];
                Assert.True(expected.AsSpan().SequenceEqual(frame.AsSpan(54)), where);
                AssertChecksum(frame);
            }
        }
    }

    [Fact]
    public void Info_OverTcp_WithALostSegment_IsSearchedAsItStands()
    {
        byte[] info = Info("5");
        using MaskingRig rig = new MaskingRig()
            .Add(PacketBuilder.TcpFrame(A, B, 99, "", flags: 2).Build())
            .Add(PacketBuilder.TcpFrame(A, B, 100, info[..50]).Build())
            .Add(PacketBuilder.TcpFrame(A, B, 300, info[200..]).Build())
            .Mask(Plan);
        Assert.DoesNotContain("Signal=5", Encoding.Latin1.GetString(rig.Masked[2]), StringComparison.Ordinal);
        AssertChecksum(rig.Masked[2]);
    }

    [Fact]
    public void Info_OverWebSocket_IsLeftOut()
    {
        byte[] info = Info("5");
        byte[] key = [0xA1, 0xB2, 0xC3, 0xD4];
        byte[] frame = [0x81, 0x80 | 126, (byte)(info.Length >> 8), (byte)info.Length, .. key, .. info.Select((b, i) => (byte)(b ^ key[i % 4]))];
        const string asked =
            "GET / HTTP/1.1\r\nHost: ws.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\n\r\n";
        using MaskingRig rig = new MaskingRig()
            .Add(PacketBuilder.TcpFrame(A, B, 99, "", flags: 2).Build())
            .Add(PacketBuilder.TcpFrame(A, B, 100, asked).Build())
            .Add(PacketBuilder.TcpFrame(A, B, 100 + (uint)asked.Length, frame).Build())
            .Add(PacketBuilder.TcpFrame(A, B, 100 + (uint)asked.Length, frame).Build())
            .Mask(Plan);
        Assert.Equal((2L, 2), (rig[MaskingCounter.LeftOut], rig.MaskedCount));
    }

    [ToolFact("tshark")]
    public void Info_OverSctp_HasNoDigitLeft_AndARightChecksum()
    {
        byte[] frame = new PacketBuilder().Ethernet().IPv4("192.0.2.1", "192.0.2.2").Sctp(5060, 5060).SctpData(10).Payload(Info("5")).Build();
        using MaskingRig rig = new MaskingRig().Add(frame).Mask(Plan);
        Assert.True(rig.KeepsItsShape);
        Assert.Contains("Signal=X", Encoding.Latin1.GetString(rig.Masked[0]), StringComparison.Ordinal);
        Assert.Single(Tshark(rig, masked: true, ["-Y", "sctp.checksum.status == 1"]));
    }

    [ToolFact("tshark")]
    public void Tunnel_WithChecksums_KeepsThemRight_AndWithoutOneInside_IsLeftOut()
    {
        PacketBuilder Tunnel() => new PacketBuilder().Ethernet().IPv4("10.0.0.1", "10.0.0.2").Vxlan().Ethernet().IPv4("192.0.2.1", "192.0.2.2").Udp(4000, 5000);
        byte[] frame = Tunnel().Payload(Rtp(101, 1, [5, 10, 0, 160])).Build();
        byte[] bare = [.. frame];
        bare.AsSpan(bare.Length - 16 - 2, 2).Clear();
        using MaskingRig rig = new MaskingRig().Add(frame).Add(bare).Mask(Plan);
        Assert.Equal((1, 1L), (rig.MaskedCount, rig[MaskingCounter.LeftOut]));
        Assert.Equal(255, rig.Masked[0][^4]);
        Assert.Empty(Tshark(rig, masked: true, ["-Y", "udp.checksum.status == 0"]));
    }

    [Fact]
    public void Visitor_ThatHasEnough_IsShownNoMore()
    {
        int shown = 0;
        var visitor = new MaskingVisitor(new Few(() => ++shown < 2), Plan);
        Assert.True(visitor.Visit(PacketBuilder.Captured(Event(1, 1), new Timestamp(1))));
        Assert.False(visitor.Visit(PacketBuilder.Captured(Event(2, 1), new Timestamp(2))));
        Assert.False(visitor.Visit(PacketBuilder.Captured(Event(3, 1), new Timestamp(3))));
        Assert.False(visitor.Complete());
        Assert.Equal(2, shown);
    }

    [Fact]
    public void AnyPackets_AreNoHarm()
    {
        byte[][] seeds = [Event(1, 5), PacketBuilder.UdpFrame(A, B, Info("5")).Build(), PacketBuilder.TcpFrame(A, B, 1, Info("5")).Build(), .. PacketBuilder.UdpFrame(A, B, Info("5", 2000)).BuildFragments(600)];
        CallRecord record = Record(new PayloadUseRecord(121, "RED/8000", 3), new PayloadUseRecord(101, "TELEPHONE-EVENT/8000", 1), new PayloadUseRecord(0, "PCMU/8000", 1)) with
        {
            Dtmf = [new DtmfDigit('5', new Timestamp(1_800_000_000_000_000), TimeSpan.FromSeconds(100), PartySide.Caller, DtmfMethod.Inband)],
        };
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            using var rig = new MaskingRig();
            for (int i = 0; i < 30; i++)
            {
                byte[] frame = [.. seeds[random.Next(seeds.Length)]];
                for (int change = random.Next(4); change > 0; change--) frame[random.Next(frame.Length)] = (byte)random.Next(256);
                rig.Add(random.Next(4) == 0 ? frame[..random.Next(frame.Length)] : frame);
            }

            rig.Mask(seed % 2 == 0 ? Plan : MaskingPlan.Of(record, DtmfMask.All));
            Assert.Equal(rig.Count, rig.MaskedCount + rig[MaskingCounter.LeftOut]);
        }
    }

    private static byte[] Info(string digit, int padding = 0) =>
        SipText.Request("INFO", "c@test", "alice", "bob", 5).With("X-Padding", new string('p', padding)).WithBody("application/dtmf-relay", $"Signal={digit}\r\nDuration=160\r\n").ToBytes();

    private static byte[] Options() => SipText.Request("OPTIONS", "c@test", "alice", "bob", 5).ToBytes();

    private static byte[] Event(ushort sequence, byte code) => PacketBuilder.UdpFrame(MediaA, MediaB, Rtp(101, sequence, [code, 10, 0, 160])).Build();

    private static byte[] Rtp(byte payloadType, ushort sequence, byte[] payload, int csrc = 0)
    {
        byte[] rtp = [(byte)(0x80 | csrc), payloadType, 0, 0, 0, 0, 0, 160, 0, 0, 0xCA, 0xFE, .. new byte[csrc * 4], .. payload];
        BinaryPrimitives.WriteUInt16BigEndian(rtp.AsSpan(2), sequence);
        return rtp;
    }

    private static CallRecord Record(params PayloadUseRecord[] uses) => CallRecordJsonTests.Full with
    {
        Dtmf = [],
        Flags = CallFlags.None,
        Streams =
        [
            CallRecordJsonTests.Full.Streams[0] with
            {
                Ssrc = 0xCAFE, Source = Endpoint(1, 4000), Destination = Endpoint(2, 5000), From = PartySide.Caller, PayloadTypes = uses,
            },
        ],
    };

    private static Endpoint Endpoint(byte host, ushort port) => new(IpAddress.FromV4(0xC000_0200u + host), port);

    // The sum over pseudo header and datagram with a right checksum in it is all ones.
    private static void AssertChecksum(byte[] frame)
    {
        bool isV6 = frame[12] == 0x86;
        int ip = 14, transport = isV6 ? 54 : 34;
        byte protocol = isV6 ? frame[20] : frame[23];
        byte[] summed = [.. isV6 ? frame[(ip + 8)..(ip + 40)] : frame[(ip + 12)..(ip + 20)], 0, protocol, .. frame[transport..]];
        long sum = frame.Length - transport;
        for (int i = 0; i < summed.Length; i++) sum += i % 2 == 0 ? summed[i] << 8 : summed[i];
        while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
        Assert.Equal(0xFFFF, sum);
    }

    private static void AssertNoNewChecksumError(MaskingRig rig)
    {
        const string bad = "udp.checksum.status == 0 || tcp.checksum.status == 0 || ip.checksum.status == 0";
        Assert.Equal(Tshark(rig, masked: false, ["-Y", bad]).Length, Tshark(rig, masked: true, ["-Y", bad]).Length);
    }

    private static string[] Tshark(MaskingRig rig, bool masked, string[] arguments)
    {
        string file = rig.Save(masked);
        try
        {
            return TestKit.Tshark.Lines(file, [.. Checked, .. arguments]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private sealed class Few(Func<bool> wants) : Ports.ICapturedPacketVisitor
    {
        public bool Visit(in CapturedPacket packet) => wants();
    }
}
