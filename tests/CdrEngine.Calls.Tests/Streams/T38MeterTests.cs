using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Rtp;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Calls.Tests.Streams;

/// <summary>Faxes that libspandsp sent to itself (tests/fixtures/pcap/fax), and what only looks like one.</summary>
public sealed class T38MeterTests
{
    private static readonly Endpoint Caller = FlowUnderTest.From, Callee = FlowUnderTest.To;

    [Theory]
    [InlineData("fax-t38.pcap", 0, false, 23)]
    [InlineData("fax-t38-ecm.pcap", 1, true, 27)]
    public void Fax_OfTwoPages_IsToldWhole(string file, int version, bool isCorrected, int leftOut)
    {
        var meter = new T38Meter { Version = version, MediaIndex = 0 };
        int taken = Feed(meter, Checkout.Fixture("pcap", "fax", file));
        FaxRecord fax = meter.ToRecord()!;
        Assert.Equal((2, FaxResult.Completed, 14_400, isCorrected), (fax.Pages, fax.Result, fax.RateBitsPerSecond, fax.HasErrorCorrection));
        Assert.Equal(("+49 30 1234567", "+44 20 7654321"), (fax.LocalStation, fax.RemoteStation));
        Assert.Equal((leftOut, 0L, 0L, (long)taken), (fax.Recovered, fax.Lost, fax.Duplicates, fax.Packets));
        Assert.InRange(fax.ImageOctets, 2000, 20_000);
        Assert.InRange((fax.EndedAt - fax.StartedAt).TotalSeconds, 15, 60);
    }

    [Fact]
    public void Fax_OfWhichOnlyTheSenderWasCaptured_CountsThePagesItWentOnFrom()
    {
        var meter = new T38Meter();
        Feed(meter, Checkout.Fixture("pcap", "fax", "fax-t38.pcap"), only: PartySide.Caller);
        FaxRecord fax = meter.ToRecord()!;
        Assert.Equal((2, FaxResult.Completed, (string?)null), (fax.Pages, fax.Result, fax.RemoteStation));
    }

    [Fact]
    public void Fax_CutOffAfterItsFirstPage_IsIncomplete()
    {
        var meter = new T38Meter();
        Feed(meter, Checkout.Fixture("pcap", "fax", "fax-t38.pcap"), until: 18);
        Assert.Equal((1, FaxResult.Incomplete), (meter.ToRecord()!.Pages, meter.ToRecord()!.Result));
    }

    [Fact]
    public void Fax_CutOffBeforeItsFirstPage_Failed()
    {
        var meter = new T38Meter();
        Feed(meter, Checkout.Fixture("pcap", "fax", "fax-t38.pcap"), until: 14);
        Assert.Equal((0, FaxResult.Failed), (meter.ToRecord()!.Pages, meter.ToRecord()!.Result));
    }

    [Fact]
    public void Relay_ShowingEachWayTwice_CountsPagesOnce()
    {
        var meter = new T38Meter();
        var relay = new Endpoint(IpAddress.FromV4(0xC0000263), 6000);
        Feed(meter, Checkout.Fixture("pcap", "fax", "fax-t38.pcap"), relay: relay);
        Assert.Equal((2, FaxResult.Completed), (meter.ToRecord()!.Pages, meter.ToRecord()!.Result));
    }

    [Fact]
    public void Loss_BeyondRedundancy_IsLost_AndLateOnesAreFound()
    {
        var meter = new T38Meter();
        byte[] At(int number, params byte[] before) => [(byte)(number >> 8), (byte)number, 1, 0x06, 0, (byte)before.Length, .. before.SelectMany(static b => (byte[])[1, b])];
        Assert.True(Add(meter, At(65_534)));
        Assert.True(Add(meter, At(65_535)));
        Assert.True(Add(meter, At(3, 0x06, 0x04)));
        Assert.Equal((3L, 1L, 2L, 0L), Figures(meter));
        Assert.True(Add(meter, At(0)));
        Assert.Equal((4L, 0L, 2L, 0L), Figures(meter));
        Assert.True(Add(meter, At(0)));
        Assert.True(Add(meter, At(3)));
        Assert.Equal((4L, 0L, 2L, 2L), Figures(meter));
    }

    [Fact]
    public void Parity_GivesBackTheOneMissing()
    {
        // Messages of one length, two groups of two (T.38 9.1.4.2): each entry is the sum of every second one before.
        byte[][] messages = [.. Enumerable.Range(0, 12).Select(static i => (byte[])[0xC0, 1, 0x80, 0, 1, (byte)i, (byte)(i * 7)])];
        byte[] At(int number)
        {
            byte[] Sum(int a, int b) => [.. (a < 0 ? new byte[7] : messages[a]).Zip(b < 0 ? new byte[7] : messages[b], static (x, y) => (byte)(x ^ y))];
            byte[] head = [0, (byte)number, 7, .. messages[number], 0x80, 1, 2, 2];
            return [.. head, 7, .. Sum(number - 4, number - 2), 7, .. Sum(number - 3, number - 1)];
        }

        var meter = new T38Meter();
        for (int i = 0; i < 12; i++)
        {
            if (i is not (7 or 9)) Assert.True(Add(meter, At(i)));
        }

        Assert.Equal((10L, 0L, 2L, 0L), Figures(meter));
    }

    [Fact]
    public void Bytes_ThatAreNoFax_ChangeNothing()
    {
        var meter = new T38Meter();
        Assert.False(Add(meter, new SentPacket(0, 32768, 160).Datagram()));
        Assert.False(Add(meter, []));
        Assert.False(Add(meter, [0, 0, 1, 0x06, 0, 0, 0]));
        Assert.False(Add(meter, [0, 0, 0, 0, 0]));
        Assert.Null(meter.ToRecord());
    }

    [Fact]
    public void Flow_WithAFaxMeter_TellsFaxFromTheSoundBefore()
    {
        var test = new FlowUnderTest();
        for (int i = 0; i < 20; i++) test.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)));
        test.Flow.Fax = new T38Meter();
        Assert.Equal(RtpOutcome.Fax, test.AddBytes(1_000_000, [0, 0, 1, 0x06, 0, 0]));
        Assert.Equal(RtpOutcome.Counted, test.Add(new SentPacket(1_020_000, 21, 21 * 160)));
        Assert.Equal((21L, 1L), (test.Flow.Packets, test.Flow.Fax.Packets));
        Assert.Equal(1, test.Counters[StreamCounter.Udptl]);
    }

    [SharedFact]
    public void Sound_OfACallThatRefusedFax_IsNoFax()
    {
        // 5,000 packets of RTP on ports that tshark takes for T.38 because it was offered.
        var meter = new T38Meter();
        using CaptureFileSource source = CaptureFileSource.Open(SharedFolder.Path("captures", "FAX-Call-t38-CA-TDM-SIP-FB-1.pcap"));
        var decoder = new PacketDecoder();
        int sound = 0;
        while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet)
        {
            if (decoder.Decode(packet, out DecodedPacket decoded) != DecodeOutcome.Udp || !RtpHeuristics.LooksLikeRtp(decoded.Payload)) continue;
            sound++;
            Assert.False(meter.Add(packet.CapturedAt, decoded.Source, decoded.Destination, PartySide.Unknown, decoded.Payload));
        }

        Assert.InRange(sound, 4000, 10_000);
        Assert.Null(meter.ToRecord());
    }

    private static bool Add(T38Meter meter, byte[] datagram) => meter.Add(new Timestamp(1), Caller, Callee, PartySide.Caller, datagram);

    private static (long Packets, long Lost, long Recovered, long Duplicates) Figures(T38Meter meter)
    {
        FaxRecord fax = meter.ToRecord()!;
        return (fax.Packets, fax.Lost, fax.Recovered, fax.Duplicates);
    }

    private static int Feed(T38Meter meter, string file, PartySide? only = null, double until = double.MaxValue, Endpoint? relay = null)
    {
        using CaptureFileSource source = CaptureFileSource.Open(file);
        var decoder = new PacketDecoder();
        int taken = 0;
        Timestamp? start = null;
        while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet)
        {
            start ??= packet.CapturedAt;
            if ((packet.CapturedAt - start.Value).TotalSeconds > until) break;
            if (decoder.Decode(packet, out DecodedPacket decoded) != DecodeOutcome.Udp || decoded.Source.Port is not (4000 or 5000)) continue;
            PartySide from = decoded.Source.Port == 4000 ? PartySide.Caller : PartySide.Callee;
            if (only is not null && from != only) continue;
            if (relay is { } between)
            {
                meter.Add(packet.CapturedAt, decoded.Source, between, from, decoded.Payload);
                if (meter.Add(packet.CapturedAt, between, decoded.Destination, from, decoded.Payload)) taken++;
            }
            else if (meter.Add(packet.CapturedAt, decoded.Source, decoded.Destination, from, decoded.Payload))
            {
                taken++;
            }
        }

        return taken;
    }
}
