using CdrEngine.Media.Codecs;
using CdrEngine.Media.Codecs.Native;
using CdrEngine.Protocols.Rtp;
using Xunit;

namespace CdrEngine.Media.Tests.Codecs;

public sealed class AudioDecodersTests
{
    private static readonly CodecLibraries None = new(static _ => 0);

    [Theory]
    [InlineData("G722", 8000, "codec_unsupported: G.722 needs libspandsp2")]
    [InlineData("G726-32", 8000, "codec_unsupported: G.726 needs libspandsp2")]
    [InlineData("AAL2-G726-16", 8000, "codec_unsupported: G.726 needs libspandsp2")]
    [InlineData("gsm", 8000, "codec_unsupported: GSM 06.10 needs libgsm1")]
    [InlineData("G729", 8000, "codec_unsupported: G.729 needs libbcg729-0")]
    [InlineData("speex", 16000, "codec_unsupported: Speex needs libspeex1")]
    [InlineData("opus", 48000, "codec_unsupported: Opus needs libopus0")]
    [InlineData("AMR", 8000, "codec_unsupported: AMR needs libopencore-amrnb0")]
    [InlineData("AMR-WB", 16000, "codec_unsupported: AMR-WB needs libopencore-amrwb0")]
    public void MissingLibrary_GivesItsPackage(string name, int clock, string expected)
    {
        Assert.False(AudioDecoders.TryCreate(PayloadFormat.Of(name, clock), null, None, out IAudioDecoder? decoder, out string? reason));
        Assert.Null(decoder);
        Assert.Equal(expected, reason);
    }

    [Theory]
    [InlineData("PCMU", 8000)]
    [InlineData("PCMA", 8000)]
    [InlineData("L16", 44100)]
    [InlineData("DVI4", 16000)]
    [InlineData("CN", 8000)]
    public void OwnDecoders_NeedNoLibrary(string name, int clock)
    {
        Assert.True(AudioDecoders.TryCreate(PayloadFormat.Of(name, clock), null, None, out IAudioDecoder? decoder, out string? reason));
        Assert.Null(reason);
        Assert.Equal(clock, decoder.SampleRateHz);
        decoder.Dispose();
    }

    [Theory]
    [InlineData("iLBC", 8000, 1, null, "iLBC has no library in Debian 12")]
    [InlineData("G723", 8000, 1, null, "G723 has no decoder")]
    [InlineData("telephone-event", 8000, 1, null, "TELEPHONE-EVENT is no sound")]
    [InlineData("H264", 90000, 1, null, "H264 is no sound")]
    [InlineData("PCMU", 0, 1, null, "PCMU at 0 Hz")]
    [InlineData("L16", 2_000_000_000, 1, null, "L16 at 2000000000 Hz")]
    [InlineData("L16", 8000, 2_000_000, null, "L16 has 2000000 channels")]
    [InlineData("speex", 11025, 1, null, "Speex at 11025 Hz")]
    [InlineData("G722", 8000, 2, null, "G722 with 2 channels")]
    [InlineData("AMR", 8000, 1, "octet-align=1; interleaving=30", "AMR with interleaving")]
    [InlineData("AMR-WB", 16000, 1, "robust-sorting=1", "AMR-WB with robust-sorting")]
    [InlineData("<\u0001é>", 8000, 1, null, "<??> has no decoder")]
    public void WhatCannotBeDecoded_SaysWhy(string name, int clock, int channels, string? fmtp, string expected)
    {
        Assert.False(AudioDecoders.TryCreate(PayloadFormat.Of(name, clock, channels), fmtp, out IAudioDecoder? decoder, out string? reason));
        Assert.Null(decoder);
        Assert.Equal($"codec_unsupported: {expected}", reason);
    }

    [Fact]
    public void UnknownPayloadType_SaysWhy()
    {
        Assert.False(AudioDecoders.TryCreate(PayloadFormat.Unknown, null, out _, out string? reason));
        Assert.Equal("codec_unsupported: the payload type is not known", reason);
    }

    [Fact]
    public void Library_WithoutAFunctionThatIsCalled_CountsAsMissing_AndIsLookedForOnce()
    {
        int loads = 0;
        var libraries = new CodecLibraries(soname =>
        {
            loads++;
            return System.Runtime.InteropServices.NativeLibrary.GetMainProgramHandle();
        });
        var library = new CodecLibrary("libnothing.so.1", "libnothing1", "no_such_function");
        Assert.False(libraries.Has(library));
        Assert.False(libraries.Has(library));
        Assert.Equal(1, loads);
        Assert.False(CodecLibraries.Installed.Has(library));
    }

    [Theory]
    [InlineData("PCMU", 8000, 1)]
    [InlineData("L16", 48000, 2)]
    public void Payload_ThatDoesNotFit_IsMalformedAndLeavesTheBufferAlone(string name, int clock, int channels)
    {
        using IAudioDecoder decoder = ReferenceAudio.Decoder(PayloadFormat.Of(name, clock, channels));
        short[] small = new short[100];
        Assert.Equal(-1, decoder.Decode(new byte[408], small));
        Assert.Equal(-1, decoder.Decode(new byte[65_532], new short[100_000].AsSpan(0, name == "L16" ? 32_760 : 100_000)));
        Assert.All(small, static sample => Assert.Equal(0, sample));
    }

    [CodecFact("libopus.so.0")]
    public void Decoder_DisposedTwice_IsQuiet()
    {
        IAudioDecoder decoder = ReferenceAudio.Decoder(PayloadFormat.Of("opus", 48_000));
        decoder.Dispose();
        decoder.Dispose();
        Assert.Throws<ObjectDisposedException>(() => decoder.Decode([0x78], new short[960]));
    }
}
