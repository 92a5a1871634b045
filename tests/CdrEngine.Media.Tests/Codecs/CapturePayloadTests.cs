using CdrEngine.Core;
using CdrEngine.Media.Codecs;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Pcap;
using CdrEngine.Protocols.Rtp;
using CdrEngine.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace CdrEngine.Media.Tests.Codecs;

/// <summary>Payloads of real calls decode without a malformed one, to sound.</summary>
public sealed class CapturePayloadTests(ITestOutputHelper output)
{
    // What the SDP of each capture says, by SSRC.
    private static readonly (string File, uint Ssrc, PayloadFormat Format, int Packets)[] Streams =
    [
        ("sip-rtp-g711.pcap", 0x343DA99B, PayloadFormat.Of("PCMU", 8000), 425),
        ("sip-rtp-g711.pcap", 0x343FFA34, PayloadFormat.Of("PCMA", 8000), 414),
        ("sip-rtp-g722.pcap", 0x043DAABA, PayloadFormat.Of("G722", 8000), 425),
        ("sip-rtp-g729a.pcap", 0x044559A1, PayloadFormat.Of("G729", 8000), 425),
        ("sip-rtp-gsm.pcap", 0x043DAAF1, PayloadFormat.Of("GSM", 8000), 425),
        ("sip-rtp-opus.pcap", 0x043EEE04, PayloadFormat.Of("opus", 48_000, 2), 425),
        ("sip-rtp-speex.pcap", 0x043EEE26, PayloadFormat.Of("speex", 8000), 425),
        ("sip-rtp-speex.pcap", 0x04413EBF, PayloadFormat.Of("speex", 16_000), 425),
        ("sip-rtp-speex.pcap", 0x043EEE37, PayloadFormat.Of("speex", 32_000), 425),
        ("sip-rtp-l16.pcap", 0x043DA974, PayloadFormat.Of("L16", 8000, 2), 425),
        ("sip-rtp-l16.pcap", 0x043FFA0C, PayloadFormat.Of("L16", 16_000, 2), 425),
        ("sip-rtp-l16.pcap", 0x043DA985, PayloadFormat.Of("L16", 11_025), 366),
        ("sip-rtp-l16.pcap", 0x043FFA21, PayloadFormat.Of("L16", 48_000), 425),
    ];

    [CodecFact("libspandsp.so.2", "libgsm.so.1", "libopus.so.0", "libbcg729.so.0", "libspeex.so.1", IsShared = true)]
    public void Payloads_OfRealCalls_AreSoundWithoutAMalformedOne()
    {
        foreach ((string file, uint ssrc, PayloadFormat format, int packets) in Streams)
        {
            byte[][] payloads = Payloads(file, ssrc);
            Assert.Equal(packets, payloads.Length);
            short[] sound = ReferenceAudio.Decode(format, null, payloads);
            using IAudioDecoder decoder = ReferenceAudio.Decoder(format);
            double seconds = (double)sound.Length / decoder.SampleRateHz / decoder.Channels;
            double level = ReferenceAudio.Effective(sound);
            output.WriteLine($"{file} {format}: {packets} packets, {seconds:F2} s, effective {level:F0}");
            Assert.InRange(level, 100, 20_000);
            Assert.InRange(seconds, packets * 0.0195, packets * 0.0325);
        }
    }

    [CodecFact("libopus.so.0", IsShared = true)]
    public void Opus_PacketsOfEachFrameCount_DecodeButTheTwoThatBreakARule()
    {
        // Five packets made by hand for each kind of framing. Of the last two, one has two equal frames in 143 bytes (RFC 6716 3.4, R6), the other
        // a first frame longer than the packet (R7). libopus refuses them too.
        byte[][] payloads = Payloads("sip-rtp-opus-hybrid.pcap", 0x043EEE04);
        using IAudioDecoder decoder = ReferenceAudio.Decoder(PayloadFormat.Of("opus", 48_000, 2));
        short[] pcm = new short[AudioDecoders.MaxSamplesPerPacket];
        Assert.Equal([960, 1920, 1920, -1, -1], payloads.Select(payload => decoder.Decode(payload, pcm)));
    }

    [CodecFact("libgsm.so.1", "libbcg729.so.0", "libspeex.so.1", IsShared = true)]
    public void OneRecordingPlayedInEachCodec_SoundsTheSame()
    {
        short[] reference = Sound("PCMU");
        foreach (string codec in new[] { "GSM", "G729", "SPEEX" })
        {
            (double likeness, int lag) = ReferenceAudio.Compare(reference, Sound(codec), 400);
            output.WriteLine($"{codec} against PCMU: {likeness:F4} at {lag}");
            Assert.InRange(likeness, 0.75, 1); // high-pass filters of G.729 and Speex turn the phase of low tones
        }

        static short[] Sound(string codec)
        {
            (string file, uint ssrc, PayloadFormat format, _) = Streams.First(stream => stream.Format.EncodingName == codec);
            return ReferenceAudio.Decode(format, null, Payloads(file, ssrc));
        }
    }

    private static byte[][] Payloads(string file, uint ssrc)
    {
        using FileStream stream = File.OpenRead(SharedFolder.Path("captures", file));
        CaptureReader? reader = CaptureReader.Open(new BlockReader(new Blocks(stream)), new CaptureReaderLimits(), out string? fault);
        Assert.True(reader is not null, fault);
        var decoder = new PacketDecoder();
        var payloads = new List<byte[]>();
        while (reader.Read(out CapturedPacket packet) == ReadOutcome.Packet)
        {
            if (decoder.Decode(packet, out DecodedPacket decoded) != DecodeOutcome.Udp) continue;
            if (RtpHeader.TryRead(decoded.Payload, out RtpHeader header) && header.Ssrc == ssrc && header.PayloadType != 101) payloads.Add(header.Payload.ToArray());
        }

        return [.. payloads];
    }

    private sealed class Blocks(Stream stream) : IBlockSource
    {
        public int Read(Span<byte> destination) => stream.Read(destination);
    }
}
