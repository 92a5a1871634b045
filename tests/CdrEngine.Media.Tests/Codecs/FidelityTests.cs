using System.Buffers.Binary;
using CdrEngine.Protocols.Rtp;
using Xunit;
using Xunit.Abstractions;

namespace CdrEngine.Media.Tests.Codecs;

/// <summary>Speech encoded by others, decoded here, against the speech: normalised cross-correlation above 0.9.</summary>
public sealed class FidelityTests(ITestOutputHelper output)
{
    private const string Sox = "sox";
    private const string Ffmpeg = "ffmpeg";
    private const string Spandsp = "libspandsp.so.2";
    private const string Speex = "libspeex.so.1";
    private const string Opus = "libopus.so.0";

    // What these do to the voice besides coding it: high-pass filters before the encoder and after the decoder (G.729 3.1 and 4.2.5; 3GPP TS 26.090
    // 5.1 and 6.2.2; libspeex). They turn the phase of low tones, which a comparison sample by sample would take for a fault; the speech
    // is compared through filters that turn it about as much.
    private const string G729Filters = "highpass=f=60,highpass=f=60";
    private const string AmrFilters = "highpass=f=80,highpass=f=60";
    private const string SpeexFilters = "highpass=f=80,highpass=f=80";
    private const string SpeexWideFilters = "highpass=f=50,highpass=f=50";

    [CodecFact(Tool = Sox)]
    public void MuLaw_BySox_IsTheSpeech() =>
        Check(PayloadFormat.Of("PCMU", 8000), 8000, ReferenceAudio.Repacket([ReferenceAudio.Run(Sox, ReferenceAudio.SpeechPath, "-t", "ul", "{out}")], 160), 0.999);

    [CodecFact(Tool = Sox)]
    public void ALaw_BySox_IsTheSpeech() =>
        Check(PayloadFormat.Of("PCMA", 8000), 8000, ReferenceAudio.Repacket([ReferenceAudio.Run(Sox, ReferenceAudio.SpeechPath, "-t", "al", "{out}")], 240), 0.999);

    [CodecFact(Tool = Ffmpeg)]
    public void Linear_ByFfmpeg_IsTheSpeech()
    {
        byte[][] packets = ReferenceAudio.Repacket(ReferenceAudio.Encode(44_100, "-c:a", "pcm_s16be"), 882);
        Check(PayloadFormat.Of("L16", 44_100), 44_100, packets, 0.9999);
    }

    [CodecFact(Spandsp, Tool = Ffmpeg)]
    public void G722_ByFfmpeg_IsTheSpeechAt16Khz() =>
        Check(PayloadFormat.Of("G722", 8000), 16_000, ReferenceAudio.Repacket(ReferenceAudio.Encode(16_000, "-c:a", "g722"), 160), 0.99);

    [CodecFact(Spandsp, Tool = Ffmpeg)]
    public void G726_ByFfmpeg_InBothOrders_IsTheSpeech()
    {
        foreach ((int kilobits, double least) in new[] { (16, 0.95), (24, 0.98), (32, 0.99) })
        {
            foreach ((string prefix, string codec) in new[] { ("G726", "g726le"), ("AAL2-G726", "g726") })
            {
                byte[][] packets = ReferenceAudio.Repacket(ReferenceAudio.Encode(8000, "-c:a", codec, "-b:a", $"{kilobits}k"), kilobits * 5 / 2);
                Check(PayloadFormat.Of($"{prefix}-{kilobits}", 8000), 8000, packets, least);
            }
        }
    }

    // By the library's own encoder: what ffmpeg 5.1 makes of 40 kbit/s differs from it and from Sun's reference code (0.91 and 0.93), which agree.
    [CodecFact(Spandsp, Tool = Ffmpeg)]
    public void G726_At40Kilobits_InBothOrders_IsTheSpeech()
    {
        foreach (bool isAal2 in new[] { false, true })
        {
            byte[][] packets = ReferenceAudio.Repacket([Encoders.G726At40(ReferenceAudio.Speech(8000), isAal2)], 100);
            Check(PayloadFormat.Of(isAal2 ? "AAL2-G726-40" : "G726-40", 8000), 8000, packets, 0.99);
        }
    }

    [CodecFact(Spandsp, Tool = Ffmpeg)]
    public void G726_InTheOtherOrder_IsNotTheSpeech()
    {
        byte[][] packets = ReferenceAudio.Repacket(ReferenceAudio.Encode(8000, "-c:a", "g726", "-b:a", "32k"), 80);
        short[] sound = ReferenceAudio.Decode(PayloadFormat.Of("G726-32", 8000), null, packets);
        Assert.InRange(ReferenceAudio.Compare(ReferenceAudio.Speech(8000), sound, 0).Likeness, -1, 0.8);
    }

    [CodecFact("libgsm.so.1", Tool = Ffmpeg)]
    public void Gsm_ByFfmpeg_IsTheSpeech() => Check(PayloadFormat.Of("GSM", 8000), 8000, ReferenceAudio.Encode(8000, "-c:a", "libgsm"), 0.9);

    [CodecFact("libgsm.so.1", Tool = Sox)]
    public void Gsm_BySox_TwoFramesAPacket_IsTheSpeech() =>
        Check(PayloadFormat.Of("GSM", 8000), 8000, ReferenceAudio.Repacket([ReferenceAudio.Run(Sox, ReferenceAudio.SpeechPath, "-t", "gsm", "{out}")], 66), 0.9);

    [CodecFact(Speex, Tool = Ffmpeg)]
    public void Speex_ByFfmpeg_AtEachRate_IsTheSpeech()
    {
        foreach (int rate in new[] { 8_000, 16_000, 32_000 })
        {
            byte[][] packets = ReferenceAudio.Encode(rate, "-c:a", "libspeex", "-cbr_quality", "8");
            Check(PayloadFormat.Of("speex", rate), rate, packets, 0.9, filter: rate == 8000 ? SpeexFilters : SpeexWideFilters);
        }
    }

    [CodecFact(Speex, Tool = Ffmpeg)]
    public void Speex_ThreeFramesAPacket_IsTheSpeech() =>
        Check(PayloadFormat.Of("speex", 8000), 8000, ReferenceAudio.Encode(8000, "-c:a", "libspeex", "-cbr_quality", "8", "-frames_per_packet", "3"), 0.9, filter: SpeexFilters);

    [CodecFact(Opus, Tool = Ffmpeg)]
    public void Opus_ByFfmpeg_SilkAndCeltAndLongFrames_IsTheSpeech()
    {
        foreach (string[] options in (string[][])[
            ["-b:a", "64k", "-application", "audio"], ["-b:a", "24k", "-application", "voip"], ["-b:a", "32k", "-application", "voip", "-frame_duration", "60"],
            ["-b:a", "64k", "-application", "lowdelay", "-frame_duration", "5"]])
        {
            Check(PayloadFormat.Of("opus", 48_000, 2), 48_000, ReferenceAudio.Encode(48_000, ["-c:a", "libopus", .. options]), 0.9);
        }
    }

    [CodecFact(Opus, Tool = Ffmpeg)]
    public void Opus_Stereo_HasTheSpeechOnItsSide()
    {
        byte[][] packets = ReferenceAudio.Encode(48_000, "-af", "pan=stereo|c0=c0|c1=0*c0", "-ac", "2", "-c:a", "libopus", "-b:a", "96k");
        short[] both = ReferenceAudio.Decode(PayloadFormat.Of("opus", 48_000, 2), "useinbandfec=1; sprop-stereo=1", packets);
        short[] left = both.Where(static (_, i) => i % 2 == 0).ToArray(), right = both.Where(static (_, i) => i % 2 == 1).ToArray();
        (double likeness, int lag) = ReferenceAudio.Compare(ReferenceAudio.Speech(48_000), left, 1_000);
        output.WriteLine($"left {likeness:F4} at {lag}, effective {ReferenceAudio.Effective(left):F0}, right {ReferenceAudio.Effective(right):F0}");
        Assert.InRange(likeness, 0.9, 1);
        Assert.InRange(ReferenceAudio.Effective(right), 0, ReferenceAudio.Effective(left) / 10);
    }

    [CodecFact(Encoders.Bcg729, Tool = Ffmpeg)]
    public void G729_IsTheSpeech_AndWhatFfmpegHears()
    {
        byte[][] frames = Encoders.G729(ReferenceAudio.Speech(8000), hasSilenceDetection: false);
        byte[][] packets = ReferenceAudio.Repacket(frames, 20);
        Check(PayloadFormat.Of("G729", 8000), 8000, packets, 0.9, filter: G729Filters);
        CheckAgainstFfmpeg("g729", packets, PayloadFormat.Of("G729", 8000), null, [.. packets.SelectMany(static packet => packet)], 0.98);
    }

    [CodecFact(Encoders.Bcg729, Tool = Ffmpeg)]
    public void G729_WithSilenceDescriptors_IsTheSpeech()
    {
        byte[][] frames = Encoders.G729(ReferenceAudio.Speech(8000), hasSilenceDetection: true);
        Assert.Contains(frames, static frame => frame.Length == 2);
        Assert.Contains(frames, static frame => frame.Length == 0);
        using var decoder = ReferenceAudio.Decoder(PayloadFormat.Of("G729", 8000));
        var sound = new List<short>();
        short[] pcm = new short[160];
        foreach (byte[] frame in frames)
        {
            // Nothing was sent for a frame of silence: the decoder makes noise, then there is silence.
            int samples = frame.Length > 0 ? decoder.Decode(frame, pcm) : decoder.Conceal(80, pcm);
            Assert.Equal(80, samples);
            sound.AddRange(pcm.AsSpan(0, 80));
        }

        (double likeness, int lag) = ReferenceAudio.Compare(ReferenceAudio.Speech(8000, G729Filters), [.. sound], 160);
        output.WriteLine($"G.729 B: {likeness:F4} at {lag}");
        Assert.InRange(likeness, 0.9, 1);
    }

    [CodecFact("libopencore-amrnb.so.0", Tool = Ffmpeg)]
    public void Amr_InBothFramings_IsTheSpeech_AndWhatFfmpegHears()
    {
        foreach ((int mode, double least) in new[] { (7, 0.95), (0, 0.9) })
        {
            byte[][] frames = Encoders.AmrNarrowband(ReferenceAudio.Speech(8000), mode);
            CheckAmr("AMR", 8000, frames, least);
            byte[][] packets = frames.Select(static frame => AmrPackets.Payload([frame], false, true)).ToArray();
            CheckAgainstFfmpeg("amr", packets, PayloadFormat.Of("AMR", 8000), "octet-align=1", [.. "#!AMR\n"u8, .. frames.SelectMany(static frame => frame)], 0.98);
        }
    }

    [CodecFact("libopencore-amrnb.so.0", Tool = Sox)]
    public void Amr_BySox_WithSilenceDescriptors_IsTheSpeech()
    {
        byte[][] frames = AmrPackets.FileFrames(ReferenceAudio.Run(Sox, ReferenceAudio.SpeechPath, "-C", "7", "-t", "amr-nb", "{out}"), isWide: false);
        Assert.Contains(frames, static frame => frame[0] >> 3 == 8);
        CheckAmr("AMR", 8000, frames, 0.95);
    }

    [CodecFact("libopencore-amrwb.so.0", Encoders.AmrWide, Tool = Ffmpeg)]
    public void AmrWide_InBothFramings_IsTheSpeech()
    {
        foreach ((int mode, double least) in new[] { (8, 0.9), (2, 0.9) })
        {
            byte[][] frames = Encoders.AmrWideband(ReferenceAudio.Speech(16_000), mode, isDtx: false);
            CheckAmr("AMR-WB", 16_000, frames, least);
            byte[][] packets = frames.Select(static frame => AmrPackets.Payload([frame], true, true)).ToArray();
            CheckAgainstFfmpeg("amr", packets, PayloadFormat.Of("AMR-WB", 16_000), "octet-align=1", [.. "#!AMR-WB\n"u8, .. frames.SelectMany(static frame => frame)], 0.98);
        }
    }

    [CodecFact("libopencore-amrwb.so.0", Encoders.AmrWide, Tool = Ffmpeg)]
    public void AmrWide_WithSilenceDescriptors_IsTheSpeech()
    {
        byte[][] frames = Encoders.AmrWideband(ReferenceAudio.Speech(16_000), 8, isDtx: true);
        Assert.Contains(frames, static frame => frame[0] >> 3 == 9);
        CheckAmr("AMR-WB", 16_000, frames, 0.9);
    }

    [CodecFact(Tool = Ffmpeg)]
    public void Dvi4_FromImaBlocks_IsTheSpeech()
    {
        // An IMA block of a wav file has the same content: its header in the other byte order, its low half-bytes first.
        byte[][] packets = ReferenceAudio.Encode(8000, "-c:a", "adpcm_ima_wav").Select(static block =>
        {
            byte[] packet = (byte[])block.Clone();
            BinaryPrimitives.WriteInt16BigEndian(packet, BinaryPrimitives.ReadInt16LittleEndian(block));
            for (int i = 4; i < packet.Length; i++) packet[i] = (byte)((block[i] >> 4) | (block[i] << 4));
            return packet;
        }).ToArray();
        // The sample in the header is none of the packet's own there: it is the state before the first.
        int own = ((packets[0].Length - 4) * 2) + 1;
        short[] speech = ReferenceAudio.Speech(8000).Where((_, i) => i % own != 0).ToArray(), sound = ReferenceAudio.Decode(PayloadFormat.Of("DVI4", 8000), null, packets);
        (double likeness, int lag) = ReferenceAudio.Compare(speech, sound, 200);
        output.WriteLine($"DVI4: {likeness:F4} at {lag}");
        Assert.InRange(likeness, 0.97, 1);
    }

    private void CheckAmr(string name, int rate, byte[][] frames, double least)
    {
        bool isWide = rate > 8000;
        (string? Fmtp, bool IsOctetAligned, bool HasChecksums, int Together)[] framings =
        [
            (null, false, false, 1), ("mode-set=0,2,4,7; octet-align=0", false, false, 3), ("octet-align=1", true, false, 1),
            ("octet-align=1;mode-change-capability=2", true, false, 4), ("crc=1", true, true, 2),
        ];
        short[]? first = null;
        foreach ((string? fmtp, bool isOctetAligned, bool hasChecksums, int together) in framings)
        {
            byte[][] packets = frames.Chunk(together).Select(chunk => AmrPackets.Payload(chunk, isWide, isOctetAligned, hasChecksums)).ToArray();
            short[] sound = Check(PayloadFormat.Of(name, rate), rate, packets, least, fmtp, isWide ? "anull" : AmrFilters);
            first ??= sound;
            Assert.Equal(first, sound);
        }
    }

    private short[] Check(PayloadFormat format, int rate, byte[][] packets, double least, string? fmtp = null, string filter = "anull")
    {
        short[] sound = ReferenceAudio.Decode(format, fmtp, packets);
        Assert.Equal(sound[..(sound.Length / 4)], ReferenceAudio.Decode(format, fmtp, packets[..((packets.Length + 3) / 4)])[..(sound.Length / 4)]);
        (double likeness, int lag) = ReferenceAudio.Compare(ReferenceAudio.Speech(rate, filter), sound, rate / 32);
        output.WriteLine($"{format} {fmtp}: {likeness:F4} at a lag of {lag} samples; {packets.Length} packets of about {packets[packets.Length / 2].Length} bytes");
        Assert.InRange(likeness, least, 1);
        Assert.InRange(sound.Length, 5.9 * rate, 6.2 * rate);
        return sound;
    }

    private void CheckAgainstFfmpeg(string demuxer, byte[][] packets, PayloadFormat format, string? fmtp, byte[] file, double least)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, file);
            short[] theirs = ReferenceAudio.Samples(ReferenceAudio.Run(Ffmpeg, "-f", demuxer, "-i", path, "-f", "s16le", "{out}"));
            (double likeness, int lag) = ReferenceAudio.Compare(theirs, ReferenceAudio.Decode(format, fmtp, packets), 160);
            output.WriteLine($"{format} against ffmpeg's decoder: {likeness:F4} at {lag}");
            Assert.InRange(likeness, least, 1);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
