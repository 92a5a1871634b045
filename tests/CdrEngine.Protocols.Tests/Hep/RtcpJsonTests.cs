using System.Text;
using CdrEngine.Protocols.Hep;
using Xunit;

namespace CdrEngine.Protocols.Tests.Hep;

public sealed class RtcpJsonTests
{
    // As rtpengine 10.5 sends it.
    private const string Sender =
        "{ \"sender_information\":{\"ntp_timestamp_sec\":4004135857,\"ntp_timestamp_usec\":135583527,\"octets\":40000,\"rtp_timestamp\":94755, \"packets\":250},"
        + "\"ssrc\":3158328477,\"type\":200,\"report_count\":1,\"report_blocks\":[{\"source_ssrc\":291058925,\"highest_seq_no\":26546,\"fraction_lost\":3,\"ia_jitter\":8,"
        + "\"packets_lost\":-2,\"lsr\":5,\"dlsr\":6}],\"sdes_report_count\":1,\"sdes_information\": [ {\"sdes_chunk_ssrc\":3158328477,\"type\":1,\"text\":\"sip:bob@h\"}] }";

    [Fact]
    public void SenderReport_BecomesThePacketItWas()
    {
        byte[] packet = new byte[RtcpJson.MaxBytes];
        int length = RtcpJson.Write(Encoding.UTF8.GetBytes(Sender), packet);
        Assert.Equal(
            "81C8000C" + "BC40449D" + "EEAA43B1" + "0814D727" + "00017223" + "000000FA" + "00009C40" + "115934ED" + "03FFFFFE" + "000067B2" + "00000008" + "00000005" + "00000006",
            Convert.ToHexString(packet.AsSpan(0, length)));
    }

    [Fact]
    public void ReceiverReport_HasNoSender()
    {
        byte[] packet = new byte[RtcpJson.MaxBytes];
        int length = RtcpJson.Write("""{"type":201,"ssrc":1,"report_blocks":[{"source_ssrc":2,"highest_seq_no":3},{"source_ssrc":4}]}"""u8, packet);
        Assert.Equal(8 + 48, length);
        Assert.Equal("82C9000D" + "00000001" + "00000002" + "00000000" + "00000003", Convert.ToHexString(packet.AsSpan(0, 20)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"type\":200,\"ssrc\":1}")]
    [InlineData("{\"type\":201,\"ssrc\":1,\"report_blocks\":[]}")]
    [InlineData("{\"type\":201,\"ssrc\":1,\"report_blocks\":{\"a\":[1,2]}}")]
    [InlineData("{\"type\":201,\"ssrc\":-1,\"report_blocks\":[{}]}")]
    [InlineData("{\"type\":\"200\",\"ssrc\":1,\"sender_information\":{}}")]
    [InlineData("{\"type\":200,\"ssrc\":1,\"sender_information\":[]}")]
    [InlineData("{\"sdes_report_count\":1,\"sdes_information\":[{\"sdes_chunk_ssrc\":1}]}")]
    [InlineData("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}")]
    public void WhatIsNoReport_IsNone(string text) => Assert.Equal(0, RtcpJson.Write(Encoding.UTF8.GetBytes(text), new byte[RtcpJson.MaxBytes]));

    [Fact]
    public void EveryPrefixAndEveryChangedByte_IsAReportOrNone()
    {
        byte[] good = Encoding.UTF8.GetBytes(Sender);
        byte[] packet = new byte[RtcpJson.MaxBytes];
        for (int i = 0; i < good.Length; i++)
        {
            Assert.Equal(0, RtcpJson.Write(good.AsSpan(0, i), packet));
            foreach (byte other in "{}[]\",:9-\0\xff"u8)
            {
                byte[] changed = [.. good];
                changed[i] = other;
                Assert.InRange(RtcpJson.Write(changed, packet), 0, RtcpJson.MaxBytes);
            }
        }

        string many = $"{{\"type\":201,\"ssrc\":1,\"report_blocks\":[{string.Join(',', Enumerable.Repeat("{}", 100))}]}}";
        Assert.Equal(8 + (RtcpJson.MaxBlocks * 24), RtcpJson.Write(Encoding.UTF8.GetBytes(many), packet));
    }
}
