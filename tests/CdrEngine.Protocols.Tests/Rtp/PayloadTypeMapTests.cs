using CdrEngine.Protocols.Rtp;
using Xunit;

namespace CdrEngine.Protocols.Tests.Rtp;

public sealed class PayloadTypeMapTests
{
    [Theory]
    [InlineData(0, "PCMU/8000", PayloadKind.Audio)]
    [InlineData(3, "GSM/8000", PayloadKind.Audio)]
    [InlineData(8, "PCMA/8000", PayloadKind.Audio)]
    [InlineData(9, "G722/8000", PayloadKind.Audio)]
    [InlineData(10, "L16/44100/2", PayloadKind.Audio)]
    [InlineData(13, "CN/8000", PayloadKind.ComfortNoise)]
    [InlineData(18, "G729/8000", PayloadKind.Audio)]
    [InlineData(34, "H263/90000", PayloadKind.Video)]
    [InlineData(35, null, PayloadKind.Other)]
    [InlineData(96, null, PayloadKind.Other)]
    public void StaticType_WithoutSdp_HasItsMeaning(int payloadType, string? codec, PayloadKind kind)
    {
        PayloadFormat format = PayloadTypeMap.Static[payloadType];
        Assert.Equal(codec, format.Codec);
        Assert.Equal(kind, format.Kind);
    }

    [Theory]
    [InlineData("opus", 48000, 2, false, "OPUS/48000/2", PayloadKind.Audio)]
    [InlineData("telephone-event", 8000, 1, false, "TELEPHONE-EVENT/8000", PayloadKind.TelephoneEvent)]
    [InlineData("CN", 16000, 1, false, "CN/16000", PayloadKind.ComfortNoise)]
    [InlineData("h264", 90000, 1, true, "H264/90000", PayloadKind.Video)]
    [InlineData("X-secret", 90000, 1, true, "X-SECRET/90000", PayloadKind.Video)]
    [InlineData("iLBC", 8000, 0, false, "ILBC/8000", PayloadKind.Audio)]
    [InlineData("G722", 16000, 1, false, "G722/8000", PayloadKind.Audio)]
    [InlineData("L16", -5, 1, false, "L16/0", PayloadKind.Audio)]
    public void Rtpmap_GivesCodecAndKind(string name, int clock, int channels, bool video, string codec, PayloadKind kind)
    {
        PayloadFormat format = PayloadFormat.Of(name, clock, channels, video);
        Assert.Equal(codec, format.Codec);
        Assert.Equal(kind, format.Kind);
    }

    [Fact]
    public void EqualFormatsAndMaps_AreOneObject()
    {
        Assert.Same(PayloadFormat.Of("opus", 48000, 2), PayloadFormat.Of("OPUS", 48000, 2));
        PayloadTypeMap first = PayloadTypeMap.Static.With(96, PayloadFormat.Of("opus", 48000, 2)).With(101, PayloadFormat.Of("telephone-event", 8000));
        PayloadTypeMap second = PayloadTypeMap.Static.With(
            [(101, PayloadFormat.Of("telephone-event", 8000)), (96, PayloadFormat.Of("opus", 48000, 2)), (300, PayloadFormat.Unknown)]);
        Assert.Same(first, second);
        Assert.NotSame(first, first.With(96, PayloadFormat.Of("speex", 8000)));
        Assert.Same(first, first.With(96, PayloadFormat.Of("opus", 48000, 2)));
        Assert.Same(first, first.With(-1, PayloadFormat.Unknown));
    }

    [Fact]
    public void ChangedMap_LeavesTheOldOneAsItWas()
    {
        PayloadTypeMap changed = PayloadTypeMap.Static.With(0, PayloadFormat.Of("G729", 8000));
        Assert.Equal("G729/8000", changed[0].Codec);
        Assert.Equal("PCMU/8000", PayloadTypeMap.Static[0].Codec);
    }
}
