using System.Diagnostics;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.Engine.Recording;
using CdrEngine.Load;
using CdrEngine.Media.Encoders;
using CdrEngine.Media.Mixing;
using CdrEngine.Protocols.Pcap;

namespace CdrEngine.Benchmarks.Media;

/// <summary>Call-minutes recorded in a second of one core, G.711 stereo (bar: 10 with the encoder), and whose share it is.</summary>
public static class RecordingBenchmarks
{
    private const double TalkSeconds = 240;
    private const int Rounds = 3;

    /// <summary>Runs all and prints a line each; some seconds.</summary>
    public static void Run(TextWriter output)
    {
        Packets packets = OneCall();
        CallRecord record = RecordOf(packets);
        double minutes = record.BillableDuration.TotalMinutes;
        var recorder = new CallRecorder();

        double wav = Cost(() => Make(recorder, record, packets, RecordingFormat.Wav));
        output.WriteLine($"recording: {minutes:F1} call-minutes of G.711 stereo, {packets.Count} packets, read three times from memory");
        output.WriteLine($"recording: to wav        {minutes / wav,8:F1} call-minutes a core-second");
        if (!Mp3Encoder.IsInstalled)
        {
            output.WriteLine("recording: no mp3, libmp3lame0 is not installed");
            return;
        }

        double mp3 = Cost(() => Make(recorder, record, packets, RecordingFormat.Mp3));
        byte[] sound = Make(recorder, record, packets, RecordingFormat.Wav);
        double lame = Cost(() => Encode(sound));
        output.WriteLine($"recording: to mp3        {minutes / mp3,8:F1} call-minutes a core-second (bar: 10)");
        output.WriteLine($"recording: libmp3lame    {minutes / lame,8:F1} alone: {100 * lame / mp3:F0} % of the whole");

        long before = GC.GetAllocatedBytesForCurrentThread();
        Make(recorder, record, packets, RecordingFormat.Wav, Stream.Null);
        output.WriteLine($"recording: {(GC.GetAllocatedBytesForCurrentThread() - before) / 1024} KiB allocated for the call, {(GC.GetAllocatedBytesForCurrentThread() - before) / (double)packets.Count:F1} bytes a packet");
    }

    private static byte[] Make(CallRecorder recorder, CallRecord record, Packets packets, RecordingFormat format)
    {
        var output = new MemoryStream();
        Make(recorder, record, packets, format, output);
        return output.ToArray();
    }

    private static void Make(CallRecorder recorder, CallRecord record, Packets packets, RecordingFormat format, Stream output)
    {
        RecordingOutcome outcome = recorder.Make(record, packets, new RecordingRequest { Format = format }, output);
        if (outcome.State != RecordingState.Available) throw new InvalidOperationException($"no recording: {outcome.Reason}");
    }

    private static void Encode(byte[] wav)
    {
        var samples = new short[(wav.Length - WavWriter.HeaderBytes) / 2];
        Buffer.BlockCopy(wav, WavWriter.HeaderBytes, samples, 0, samples.Length * 2);
        if (!Mp3Encoder.TryCreate(new MemoryStream(), new PcmFormat(8000, 2, samples.Length / 2), null, out Mp3Encoder? encoder, out string? reason))
            throw new InvalidOperationException(reason);
        using (encoder)
        {
            for (int at = 0; at < samples.Length; at += 8192) encoder.Write(samples.AsSpan(at, Math.Min(8192, samples.Length - at)));
            encoder.Complete();
        }
    }

    // Processor time, not the clock's: the machine may have other things to do.
    private static double Cost(Action work)
    {
        double best = double.MaxValue;
        work();
        for (int round = 0; round < Rounds; round++)
        {
            using var self = Process.GetCurrentProcess();
            TimeSpan before = self.TotalProcessorTime;
            work();
            self.Refresh();
            best = Math.Min(best, (self.TotalProcessorTime - before).TotalSeconds);
        }

        return best;
    }

    private static Packets OneCall()
    {
        var options = new LoadOptions
        {
            Calls = 1,
            TalkSeconds = TalkSeconds,
            Mix = new Dictionary<Scenario, double> { [Scenario.CallerHangsUp] = 1 },
            TcpShare = 0,
            IPv6Share = 0,
            VlanShare = 0,
            FragmentShare = 0,
            ProxyShare = 0,
            RegistersPerCall = 0,
        };
        var pcap = new MemoryStream();
        LoadGenerator.Write(options, pcap, static _ => { });
        pcap.Position = 0;
        using CaptureFileSource source = CaptureFileSource.FromStream("load.pcap", pcap, CaptureReaderLimits.Default);
        var frames = new FrameBuffer();
        var voice = new Voice();
        while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet)
        {
            const int payloadBytes = 160, headers = 14 + 20 + 8 + 12;
            byte[] bytes = packet.Bytes.ToArray();
            if (bytes.Length == headers + payloadBytes) voice.Speak(bytes.AsSpan(headers));
            frames.Append(new CapturedPacket
            {
                CapturedAt = packet.CapturedAt,
                LinkType = packet.LinkType,
                OriginalLength = packet.OriginalLength,
                Bytes = bytes,
                Sequence = packet.Sequence,
            });
        }

        return new Packets(frames);
    }

    private static CallRecord RecordOf(Packets packets)
    {
        var output = new LastRecord();
        var engine = new CaptureEngine(new EngineOptions { Shards = 1 }, output, null);
        packets.PlayTo(engine);
        engine.CompleteAsync().GetAwaiter().GetResult();
        return output.Record ?? throw new InvalidOperationException("the load has one call");
    }

    private sealed class LastRecord : IRecordOutput
    {
        public CallRecord? Record { get; private set; }

        public void Emit(in RecordEmission emission) => Record = emission.Record;
    }

    private sealed class Packets(FrameBuffer frames) : ICallPackets
    {
        public int Count => frames.Count;

        public bool Visit(string id, PacketKinds kinds, ICapturedPacketVisitor visitor)
        {
            foreach (CapturedPacket packet in frames)
            {
                if (!visitor.Visit(packet)) break;
            }

            return true;
        }

        public void PlayTo(CaptureEngine engine)
        {
            engine.BeginSource("load.pcap");
            foreach (CapturedPacket packet in frames) engine.Process(packet);
        }
    }

    /// <summary>Something like speech in G.711: a buzz of harmonics that comes and goes, over noise. An encoder is quick on silence.</summary>
    private sealed class Voice
    {
        private uint _noise = 1;
        private long _at;

        public void Speak(Span<byte> payload)
        {
            foreach (ref byte sample in payload)
            {
                double seconds = _at++ / 16_000.0;
                double loudness = Math.Max(0, Math.Sin(2 * Math.PI * 0.4 * seconds)) * (0.6 + (0.4 * Math.Sin(2 * Math.PI * 3 * seconds)));
                double pitch = 120 + (20 * Math.Sin(2 * Math.PI * 0.7 * seconds)), value = 0;
                for (int harmonic = 1; harmonic < 20; harmonic++) value += Math.Sin(2 * Math.PI * pitch * harmonic * seconds) / harmonic;
                _noise = (_noise * 1_664_525) + 1_013_904_223;
                sample = MuLaw((int)(value * loudness * 6000) + (int)(_noise >> 26) - 32);
            }
        }

        // ITU-T G.711, table 2a.
        private static byte MuLaw(int sample)
        {
            int sign = sample < 0 ? 0x80 : 0;
            int magnitude = Math.Min(Math.Abs(sample) >> 2, 8158) + 33;
            int segment = Math.Max(0, 26 - int.LeadingZeroCount(magnitude));
            return (byte)~(sign | (segment << 4) | ((magnitude >> (segment + 1)) & 0x0F));
        }

    }
}
