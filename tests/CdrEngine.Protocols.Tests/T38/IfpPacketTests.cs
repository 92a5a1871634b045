using CdrEngine.Core;
using CdrEngine.Protocols.T38;
using Xunit;

namespace CdrEngine.Protocols.Tests.T38;

public sealed class IfpPacketTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Indicators_AllOfThem_AreRead(int version)
    {
        foreach (FaxIndicator indicator in Enum.GetValues<FaxIndicator>())
        {
            Assert.Equal(ParseOutcome.Message, IfpPacket.TryRead(FaxBytes.Indicator((int)indicator), version, out IfpPacket packet, out _));
            Assert.Equal((true, indicator, 0), (packet.IsIndicator, packet.Indicator, packet.FieldCount));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Data_OfEachKind_IsReadFieldByField(int version)
    {
        foreach (FaxModulation modulation in Enum.GetValues<FaxModulation>())
        {
            int most = version < 1 ? 7 : 11;
            (int, byte[]?)[] fields = [.. Enumerable.Range(0, most + 1).Select(static type => (type, type % 2 == 0 ? Enumerable.Range(0, 1 + (type * 50)).Select(static i => (byte)i).ToArray() : null))];
            Assert.Equal(ParseOutcome.Message, IfpPacket.TryRead(FaxBytes.Data((int)modulation, version, fields), version, out IfpPacket packet, out IfpRejection reason));
            Assert.Equal((false, modulation, most + 1, IfpRejection.None), (packet.IsIndicator, packet.Modulation, packet.FieldCount, reason));
            int at = 0;
            foreach (IfpField field in packet.Fields)
            {
                Assert.Equal((FaxFieldType)fields[at].Item1, field.Type);
                Assert.Equal(fields[at++].Item2 ?? [], field.Octets.ToArray());
            }

            Assert.Equal(most + 1, at);
        }
    }

    [Fact]
    public void Prefix_OfAMessage_NeedsMore()
    {
        byte[] message = FaxBytes.Data(0, 0, (0, [1, 2, 3]), (2, null), (0, new byte[300]));
        for (int length = 0; length < message.Length; length++)
            Assert.Equal(ParseOutcome.NeedMore, IfpPacket.TryRead(message.AsSpan(0, length), 0, out _, out _));
    }

    [Theory]
    [InlineData("40", IfpRejection.Data)]
    [InlineData("80", IfpRejection.Data)]
    [InlineData("D400", IfpRejection.Value)]
    [InlineData("21C0", IfpRejection.Value)]
    [InlineData("C0C00000", IfpRejection.Length)]
    public void Malformed_HasItsReason(string hex, IfpRejection expected)
    {
        Assert.Equal(ParseOutcome.Malformed, IfpPacket.TryRead(Convert.FromHexString(hex), 0, out _, out IfpRejection reason));
        Assert.Equal(expected, reason);
    }
}
