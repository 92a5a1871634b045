using System.Buffers.Binary;
using CdrEngine.Calls.Masking;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Recording;
using CdrEngine.Engine.Shards;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Media.Playout;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Rtp;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Dtmf;

/// <summary>Digits pressed as tones in the sound of a call, from the packets to the record.</summary>
public sealed class InbandDigitTests
{
    private const string Caller = "192.0.2.1:4000";
    private const string Callee = "192.0.2.2:5000";

    [Fact]
    public void Tones_OfBothSides_AreDigitsOfTheRecord()
    {
        Scene scene = Call();
        Sound(scene, 2, Caller, Callee, new ToneMaker().Pause(400).Digit('4', 80).Pause(80).Digit('2', 120).Pause(500));
        Sound(scene, 2, Callee, Caller, new ToneMaker().Pause(900).Digit('#', 90).Pause(500), ssrc: 0xB);
        CallRecord record = Heard(scene).Call("c");
        Assert.Equal("42#", Text(record));
        Assert.All(record.Dtmf, static digit => Assert.Equal(DtmfMethod.Inband, digit.Method));
        Assert.Equal([PartySide.Caller, PartySide.Caller, PartySide.Callee], record.Dtmf.Select(static digit => digit.From));
        Scene.ExpectBetween(record.Dtmf[0].At, 2.39, 2.41);
        Scene.ExpectBetween(record.Dtmf[1].At, 2.55, 2.57);
        Assert.InRange(record.Dtmf[1].Duration!.Value.TotalMilliseconds, 105, 135);
    }

    [Fact]
    public void Tones_WhereNobodyListens_AreSound()
    {
        Scene scene = Call();
        Sound(scene, 2, Caller, Callee, new ToneMaker().Digit('4', 80).Pause(80));
        Assert.Empty(scene.Run().Call("c").Dtmf);
    }

    [Theory]
    [InlineData(-0.1, 0.15)]
    [InlineData(0, 0.2)]
    [InlineData(0.06, 0.2)]
    public void Tone_BesideTheEventOfTheSameDigit_IsNotAnother(double eventFrom, double length)
    {
        Scene scene = Call();
        Sound(scene, 2, Caller, Callee, new ToneMaker().Pause(500).Digit('7', 80).Pause(900).Digit('7', 80).Pause(300));
        Event(scene, 2.5 + eventFrom, length, 7, sequence: 30_000);
        CallRecord record = Heard(scene).Call("c");

        // The second press, a second later, was sent as a tone only.
        Assert.Equal([DtmfMethod.Rfc4733, DtmfMethod.Inband], record.Dtmf.Select(static digit => digit.Method));
        Assert.Equal("77", Text(record));
    }

    [Fact]
    public void Tone_BesideTheInfoOfTheSameDigit_IsNotAnother()
    {
        Scene scene = Call();
        Sound(scene, 2, Caller, Callee, new ToneMaker().Pause(500).Digit('5', 100).Pause(400).Digit('6', 100).Pause(300));
        SipText info = SipText.Request("INFO", "c", "alice@example.com", "bob@example.com", cseq: 2, fromTag: "f-c", toTag: "to-tag")
            .WithBody("application/dtmf-relay", "Signal=5\r\nDuration=100\r\n");
        scene.Sip(2.65, "192.0.2.1:5060", "192.0.2.2:5060", info);
        scene.Sip(2.66, "192.0.2.2:5060", "192.0.2.1:5060", info.Reply(200));
        CallRecord record = Heard(scene).Call("c");
        Assert.Equal([DtmfMethod.Info, DtmfMethod.Inband], record.Dtmf.Select(static digit => digit.Method));
        Assert.Equal("56", Text(record));
    }

    [Fact]
    public void Tone_ThatComesBackAsAnEcho_IsTheCallersOnly()
    {
        Scene scene = Call();
        Sound(scene, 2, Caller, Callee, new ToneMaker().Pause(500).Digit('9', 100).Pause(300));
        Sound(scene, 2, Callee, Caller, new ToneMaker().Pause(620).Digit('9', 100, -24, -24).Pause(300), ssrc: 0xB);
        DtmfDigit digit = Assert.Single(Heard(scene).Call("c").Dtmf);
        Assert.Equal(PartySide.Caller, digit.From);
    }

    [Fact]
    public void Packets_LostOrSwapped_DoNotDoubleADigit()
    {
        byte[] sound = new ToneMaker().Pause(200).Digit('3', 260).Pause(200).Digit('3', 100).Pause(300).MuLaw;
        Scene scene = Call();
        int packets = sound.Length / 160;
        for (int i = 0; i < packets; i++)
        {
            // One is lost within the first digit; a pair is swapped within the second.
            if (i == 15) continue;
            double at = 2 + (i * 0.02) + (i == 35 ? 0.025 : 0);
            scene.Frame(at, PacketBuilder.UdpFrame(Caller, Callee, Rtp(0, (ushort)(100 + i), (uint)(i * 160), 0xA, sound.AsSpan(i * 160, 160)), 500 + i));
        }

        Assert.Equal("33", Text(Heard(scene).Call("c")));
    }

    [Fact]
    public void Digits_DoNotDependOnShardsOrBatches()
    {
        Scene scene = Call();
        Sound(scene, 2, Caller, Callee, new ToneMaker().Pause(100).Digit('1', 60).Pause(60).Digit('2', 60).Pause(60).Digit('3', 60).Pause(200).WithNoise(-40, 3));
        string expected = Heard(scene).Json();
        foreach (int shards in (int[])[2, 3])
        {
            using EngineRun run = EngineRun.Of(scene.Tape(), new RunOptions { Shards = shards, BatchItems = 7, Adjust = static options => options with { HearsDigits = true } });
            Assert.Equal(expected, run.Json());
        }
    }

    [Fact]
    public void Mask_HidesThemInTheRecord_AndSilencesTheRecording()
    {
        Scene scene = Call();
        Sound(scene, 1.1, Caller, Callee, new ToneMaker().Tone(300, 1000, -12).Digit('8', 200, -6, -6).Tone(300, 1000, -12));
        using EngineRun run = EngineRun.Of(scene.Tape(), new RunOptions { KeepPackets = true, Adjust = static options => options with { HearsDigits = true } });
        CallRecord record = run.Call("c");
        CallRecord masked = RecordMask.Apply(record, DtmfMask.All);
        Assert.Equal("\u2022", Text(masked));
        var options = new Engine.Recording.CallRecorderOptions
        {
            Muted = static record => [.. RecordMask.Muted(record.Dtmf, DtmfMask.All).Select(static muted => new MutedInterval(MediaSide.Caller, muted.Start, muted.End))],
        };
        (_, PcmKeeper sound) = RecordedCall.Record(masked, new PacketsInMemory(run.Packets(record)), options: options);
        short[] caller = sound.Channel(0);
        int start = (int)((record.Dtmf[0].At - record.AnsweredAt!.Value).TotalSeconds * 8000);
        Assert.All(caller[start..(start + 1600)], static sample => Assert.Equal(0, sample));
        Assert.Contains(caller[..(start - 800)], static sample => Math.Abs((int)sample) > 2000);
        Assert.Contains(caller[(start + 2400)..], static sample => Math.Abs((int)sample) > 2000);
    }

    /// <summary>Sound of people, of several codecs, without a tone: the lab's calls, and the captures of others but for the one below.</summary>
    [SharedTheory]
    [InlineData("lab")]
    [InlineData("captures")]
    public void Captures_OfSpeech_GiveNoDigitByTone(string folder)
    {
        string[] files = [.. Directory.GetFiles(folder == "lab" ? SharedFolder.Path("lab", "captures") : SharedFolder.Path("captures"))
            .Where(static file => Path.GetExtension(file) is ".pcap" or ".pcapng" or ".cap" or ".libpcap").Order(StringComparer.Ordinal)];
        Assert.NotEmpty(files);
        var found = new List<string>();
        long listened = 0;
        foreach (string file in files)
        {
            using EngineRun run = EngineRun.OfFile(file, new RunOptions { Adjust = static options => options with { HearsDigits = true } });
            foreach (CallRecord record in run.Records)
            {
                listened += record.Streams.Where(static stream => stream.Codec is "PCMU/8000" or "PCMA/8000").Sum(static stream => stream.Packets);
                if (record.Dtmf.Any(static digit => digit.Method == DtmfMethod.Inband)) found.Add($"{Path.GetFileName(file)} {record.SipCallId}: {Text(record)}");
            }
        }

        Assert.True(listened > 5_000, $"{listened} packets of G.711");
        Assert.Empty(found);
    }

    /// <summary>A phone that sends ten digits as events and lets four of them be heard in its sound as well, each just after its event.</summary>
    [SharedFact]
    public void Capture_OfEventsAndTones_GivesTheTenDigitsOnce()
    {
        var decoder = new PacketDecoder();
        RtpFlow? flow = null;
        foreach (CapturedPacket packet in PacketTape.OfFiles(SharedFolder.Path("captures", "ast-ulaw-2013785496.pcap")).Frames)
        {
            if (decoder.Decode(packet, out DecodedPacket decoded) != DecodeOutcome.Udp) continue;
            flow ??= new RtpFlow(decoded.Source, decoded.Destination, PayloadTypeMap.Static, new StreamLimits(), new Counters<StreamCounter>())
            {
                Listeners = static () => new InbandListener(new StreamLimits()),
            };
            flow.Add(new RtpPacketView { At = packet.CapturedAt, Payload = decoded.Payload });
        }

        Assert.Equal("7859", new string([.. flow!.Digits.Where(static digit => digit.Method == DtmfMethod.Inband).Select(static digit => digit.Digit)]));
        IReadOnlyList<DtmfDigit> pressed = InbandDigits.WithoutTraces(flow.Digits);
        Assert.Equal("2013785496", new string([.. pressed.Select(static digit => digit.Digit)]));
        Assert.All(pressed, static digit => Assert.Equal(DtmfMethod.Rfc4733, digit.Method));
    }

    [Fact]
    public void Listening_AllocatesNothingForSoundWithoutDigits()
    {
        var listener = new InbandListener(new StreamLimits());
        byte[] sound = new ToneMaker().Tone(440, 20, -10).WithNoise(-20, 1).MuLaw;
        Listen(50);

        // The best of ten: what the listener allocated would be in each, what the runtime does on this thread meanwhile is in one.
        long least = long.MaxValue;
        for (int window = 0; window < 10; window++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Listen(500);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);

        void Listen(int packets)
        {
            for (int i = 0; i < packets; i++) listener.Add(Scene.Start + TimeSpan.FromMilliseconds(20 * i), (ushort)i, (uint)(i * 160), PayloadTypeMap.Static[0], sound);
        }
    }

    private static EngineRun Heard(Scene scene) => scene.Run(static options => options with { HearsDigits = true });

    private static Scene Call() => new Scene().Call("c", 0, answer: 1, bye: 6);

    private static string Text(CallRecord record) => new([.. record.Dtmf.Select(static digit => digit.Digit)]);

    private static void Sound(Scene scene, double at, string from, string to, ToneMaker sound, uint ssrc = 0xA)
    {
        byte[] codes = sound.MuLaw;
        for (int i = 0; (i + 1) * 160 <= codes.Length; i++)
            scene.Frame(at + (i * 0.02), PacketBuilder.UdpFrame(from, to, Rtp(0, (ushort)(100 + i), (uint)(i * 160), ssrc, codes.AsSpan(i * 160, 160)), i + (int)(ssrc * 1000)));
    }

    private static void Event(Scene scene, double at, double length, byte digit, ushort sequence)
    {
        int packets = (int)Math.Round(length / 0.02);
        for (int i = 0; i < packets; i++)
        {
            byte[] payload = new byte[4];
            payload[0] = digit;
            payload[1] = (byte)(i == packets - 1 ? 0x8A : 0x0A);
            BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(2), (ushort)((i + 1) * 160));
            scene.Frame(at + (i * 0.02), PacketBuilder.UdpFrame(Caller, Callee, Rtp(101, (ushort)(sequence + i), 90_000, 0xE, payload), 40_000 + i));
        }
    }

    private static byte[] Rtp(byte payloadType, ushort sequence, uint timestamp, uint ssrc, ReadOnlySpan<byte> payload)
    {
        byte[] packet = new byte[12 + payload.Length];
        packet[0] = 0x80;
        packet[1] = payloadType;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), ssrc);
        payload.CopyTo(packet.AsSpan(12));
        return packet;
    }
}
