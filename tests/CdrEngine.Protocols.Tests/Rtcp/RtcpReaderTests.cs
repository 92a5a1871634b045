using System.Text;
using CdrEngine.Protocols.Rtcp;
using Xunit;

namespace CdrEngine.Protocols.Tests.Rtcp;

public sealed class RtcpReaderTests
{
    // SR of 0x11111111 with one report about 0x22222222 (fraction 64, lost -2), SDES with CNAME "a@b" and TOOL "x", BYE with reason "bye".
    private static readonly byte[] Compound = Bytes(
        "81C8000C 11111111 E0000001 80000000 00000140 0000000A 00000640",
        "22222222 40FFFFFE 00010007 00000050 00018000 00008000",
        "81CA0004 11111111 0103 614062 0601 78 00 000000",
        "81CB0002 11111111 03 627965");

    private static readonly byte[] Extended = Bytes(
        "80CF0011 11111111",
        "04000002 E0000001 80000000",
        "05000003 33333333 00018000 00008000",
        "07000008 22222222 0A141E28 00640190 0050003C E2C40F10 5D7F2A7F 3000 0028 0050 00C8");

    [Fact]
    public void CompoundPacket_Walked_GivesEveryPart()
    {
        var reader = new RtcpReader(Compound);
        Assert.True(reader.MoveNext());
        RtcpPacket packet = reader.Current;
        Assert.Equal(RtcpType.SenderReport, packet.Type);
        Assert.Equal(0x11111111u, packet.SenderSsrc);
        Assert.Equal(new RtcpSenderInfo(0xE000000180000000, 0x140, 10, 0x640), packet.SenderInfo);
        Assert.Equal(0x00018000u, packet.SenderInfo.MiddleNtp);
        Assert.Equal(1, packet.ReportCount);
        Assert.Equal(new RtcpReportBlock(0x22222222, 64, -2, 0x10007, 80, 0x18000, 0x8000), packet.Report(0));

        Assert.True(reader.MoveNext());
        var items = new List<string>();
        foreach (SdesItem item in reader.Current.Items) items.Add($"{item.Ssrc:x8} {item.Type} {Encoding.UTF8.GetString(item.Text)}");
        Assert.Equal(["11111111 1 a@b", "11111111 6 x"], items);

        Assert.True(reader.MoveNext());
        Assert.Equal(RtcpType.Bye, reader.Current.Type);
        Assert.Equal(0x11111111u, reader.Current.ByeSource(0));
        Assert.Equal("bye"u8.ToArray(), reader.Current.ByeReason.ToArray());
        Assert.False(reader.MoveNext());
        Assert.Equal(RtcpRejection.None, reader.Rejection);
    }

    [Fact]
    public void ExtendedReport_Walked_GivesItsBlocks()
    {
        var reader = new RtcpReader(Extended);
        Assert.True(reader.MoveNext());
        var seen = new List<XrBlockType>();
        foreach (XrBlock block in reader.Current.Blocks)
        {
            seen.Add(block.Type);
            switch (block.Type)
            {
                case XrBlockType.ReceiverReferenceTime:
                    Assert.True(block.TryReadReferenceTime(out ulong ntp));
                    Assert.Equal(0xE000000180000000, ntp);
                    break;
                case XrBlockType.Dlrr:
                    Assert.Equal(1, block.DlrrCount);
                    Assert.Equal(new DlrrReport(0x33333333, 0x18000, 0x8000), block.Dlrr(0));
                    break;
                default:
                    Assert.True(block.TryReadVoipMetrics(out VoipMetrics metrics));
                    Assert.Equal(0x22222222u, metrics.Ssrc);
                    Assert.Equal((10, 20, 30, 40), (metrics.LossRate, metrics.DiscardRate, metrics.BurstDensity, metrics.GapDensity));
                    Assert.Equal((100, 400), (metrics.BurstMilliseconds, metrics.GapMilliseconds));
                    Assert.Equal((80, 60), (metrics.RoundTripMilliseconds, metrics.EndSystemMilliseconds));
                    Assert.Equal((-30, -60, 15), (metrics.SignalLevelDbm, metrics.NoiseLevelDbm, metrics.ResidualEchoReturnLossDb));
                    Assert.Equal((16, 93, null), (metrics.Gmin, metrics.RFactor, metrics.ExternalRFactor));
                    Assert.Equal((4.2, null), (metrics.MosLq, metrics.MosCq));
                    Assert.Equal((40, 80, 200), (metrics.JitterBufferNominalMilliseconds, metrics.JitterBufferMaximumMilliseconds, metrics.JitterBufferAbsoluteMaximumMilliseconds));
                    break;
            }
        }

        Assert.Equal([XrBlockType.ReceiverReferenceTime, XrBlockType.Dlrr, XrBlockType.VoipMetrics], seen);
    }

    [Fact]
    public void EveryTruncatedPrefix_EndsWithAReason_AndKeepsWhatCameBefore()
    {
        foreach (byte[] whole in new[] { Compound, Extended })
        {
            for (int length = 1; length < whole.Length; length++)
            {
                var reader = new RtcpReader(whole.AsSpan(0, length));
                int packets = Walk(ref reader);
                bool atBoundary = length is 52 or 72 && ReferenceEquals(whole, Compound);
                Assert.Equal(atBoundary, reader.Rejection == RtcpRejection.None);
                if (ReferenceEquals(whole, Compound)) Assert.Equal(length < 52 ? 0 : length < 72 ? 1 : 2, packets);
            }
        }
    }

    [Theory]
    [InlineData("short", "80C9", RtcpRejection.TooShort)]
    [InlineData("version 1", "40C90001 00000001", RtcpRejection.Version)]
    [InlineData("an RTP type", "80000001 00000001", RtcpRejection.Type)]
    [InlineData("length past the end", "80C90002 00000001", RtcpRejection.Length)]
    [InlineData("padding of zero", "A0C90001 00000000", RtcpRejection.Padding)]
    [InlineData("padding of three", "A0C90001 00000003", RtcpRejection.Padding)]
    [InlineData("padding past the packet", "A0C90001 00000008", RtcpRejection.Padding)]
    [InlineData("padding eats the SSRC", "A0C90001 00000004", RtcpRejection.Body)]
    [InlineData("report count without reports", "9FC90001 00000001", RtcpRejection.Body)]
    [InlineData("sender report without info", "80C80001 00000001", RtcpRejection.Body)]
    [InlineData("bye of more sources than there are", "82CB0001 00000001", RtcpRejection.Body)]
    [InlineData("feedback without media source", "81CD0001 00000001", RtcpRejection.Body)]
    [InlineData("empty receiver report", "80C90001 00000001", RtcpRejection.None)]
    [InlineData("unknown type 210", "80D20001 00000001", RtcpRejection.None)]
    [InlineData("padded receiver report", "A0C90002 00000001 00000004", RtcpRejection.None)]
    [InlineData("bye reason past the end", "81CB0002 00000001 FF000000", RtcpRejection.None)]
    public void Datagram_Walked_IsJudged(string name, string hex, RtcpRejection expected)
    {
        var reader = new RtcpReader(Bytes(hex));
        Walk(ref reader);
        Assert.True(expected == reader.Rejection, $"{name}: {reader.Rejection}");
    }

    [Fact]
    public void Feedback_NamesItsMediaSource()
    {
        var reader = new RtcpReader(Bytes("81CE0002 00000001 00000002 80CC0003 00000001 41424344 00000000"));
        Assert.True(reader.MoveNext());
        Assert.Equal((RtcpType.PayloadFeedback, 1, 2u), (reader.Current.Type, reader.Current.Count, reader.Current.FeedbackMediaSsrc));
        Assert.True(reader.MoveNext());
        Assert.Equal((RtcpType.Application, 0x41424344u), (reader.Current.Type, reader.Current.ApplicationName));
    }

    internal static int Walk(ref RtcpReader reader)
    {
        int packets = 0;
        while (reader.MoveNext())
        {
            packets++;
            RtcpPacket packet = reader.Current;
            for (int i = 0; i < packet.ReportCount; i++) packet.Report(i);
            foreach (SdesItem item in packet.Items) Assert.True(item.Text.Length <= 255);
            foreach (XrBlock block in packet.Blocks)
            {
                block.TryReadVoipMetrics(out _);
                for (int i = 0; i < block.DlrrCount; i++) block.Dlrr(i);
            }

            if (packet.Type == RtcpType.Bye)
            {
                for (int i = 0; i < packet.Count; i++) packet.ByeSource(i);
                Assert.True(packet.ByeReason.Length <= 255);
            }
        }

        return packets;
    }

    private static byte[] Bytes(params string[] hex) => Convert.FromHexString(string.Concat(hex).Replace(" ", "", StringComparison.Ordinal));
}
