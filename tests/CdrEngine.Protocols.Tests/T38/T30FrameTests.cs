using CdrEngine.Protocols.T38;
using Xunit;

namespace CdrEngine.Protocols.Tests.T38;

public sealed class T30FrameTests
{
    [Theory]
    [InlineData("FFC801", T30Command.Dis, true)]
    [InlineData("FFC841", T30Command.Dcs, true)]
    [InlineData("FFC8C1", T30Command.Dcs, true)]
    [InlineData("FFC0C2", T30Command.Tsi, false)]
    [InlineData("FFC002", T30Command.Csi, false)]
    [InlineData("FFC082", T30Command.Cig, false)]
    [InlineData("FFC831", T30Command.Mcf, true)]
    [InlineData("FFC8B1", T30Command.Mcf, true)]
    [InlineData("FFC8F4", T30Command.Eop, true)]
    [InlineData("FFC872", T30Command.Mps, true)]
    [InlineData("FFC8FD", T30Command.Pps, true)]
    [InlineData("FFC8DF", T30Command.Dcn, true)]
    [InlineData("FFC803", T30Command.Other, true)]
    public void Command_IsToldWithoutX(string hex, T30Command command, bool isFinal)
    {
        Assert.True(T30Frame.TryRead(Convert.FromHexString(hex), out T30Frame frame));
        Assert.Equal((command, isFinal), (frame.Command, frame.IsFinal));
    }

    [Theory]
    [InlineData("FF")]
    [InlineData("FFC8")]
    [InlineData("FEC801")]
    [InlineData("FF1301")]
    public void Bytes_ThatAreNoFrame_AreRefused(string hex) => Assert.False(T30Frame.TryRead(Convert.FromHexString(hex), out _));

    [Theory]
    [InlineData(0b0000, 2400)]
    [InlineData(0b0100, 4800)]
    [InlineData(0b1000, 9600)]
    [InlineData(0b1100, 7200)]
    [InlineData(0b0010, 14_400)]
    [InlineData(0b0110, 12_000)]
    [InlineData(0b0001, 14_400)]
    [InlineData(0b0101, 12_000)]
    [InlineData(0b1001, 9600)]
    [InlineData(0b1101, 7200)]
    [InlineData(0b1111, 0)]
    public void Dcs_OrdersARate(int bits, int rate)
    {
        Assert.True(T30Frame.TryRead([0xFF, 0xC8, 0xC1, 0x00, (byte)(bits << 2), 0x00, 0x20], out T30Frame frame));
        Assert.Equal((rate, true), (frame.RateBitsPerSecond, frame.HasErrorCorrection));
    }

    [Theory]
    [InlineData(0xF4, T30Command.Eop)]
    [InlineData(0x72, T30Command.Mps)]
    [InlineData(0xF1, T30Command.Eom)]
    [InlineData(0x7C, T30Command.Eop)]
    [InlineData(0x00, T30Command.Other)]
    public void Pps_TellsWhatEnds(byte second, T30Command end)
    {
        Assert.True(T30Frame.TryRead([0xFF, 0xC8, 0xFD, second, 0, 0, 0], out T30Frame frame));
        Assert.Equal(end, frame.PageEnd);
    }

    [Fact]
    public void Station_IsReadBackwardsWithItsBitsTurned()
    {
        // The CSI of "+44 20 7654321" as libspandsp sent it: '1' first.
        byte[] frame = Convert.FromHexString("FFC0028C4CCC2CAC6CEC040C4C042C2CD4040404040404");
        Assert.True(T30Frame.TryRead(frame, out T30Frame read));
        Span<char> digits = stackalloc char[20];
        Assert.Equal("+44 20 7654321", new string(digits[..read.ReadStation(digits)]));
    }
}
