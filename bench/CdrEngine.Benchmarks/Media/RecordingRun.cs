using CdrEngine.Benchmarks.Commands;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Recording;
using CdrEngine.PacketLog;
using CdrEngine.Storage;

namespace CdrEngine.Benchmarks.Media;

/// <summary>What making recordings took.</summary>
/// <param name="Made">Recordings made.</param>
/// <param name="Sound">Length of their sound.</param>
/// <param name="Cpu">Processor time.</param>
/// <param name="EncoderCpu">Of it in libmp3lame.</param>
public sealed record RecordingFigures(int Made, TimeSpan Sound, TimeSpan Cpu, TimeSpan EncoderCpu)
{
    /// <summary>Seconds of processor time in libmp3lame for each second of sound.</summary>
    public double EncoderSecondsPerSecond => Sound <= TimeSpan.Zero ? 0 : EncoderCpu / Sound;

    /// <summary>Share of libmp3lame, 0 to 1.</summary>
    public double EncoderShare => Cpu <= TimeSpan.Zero ? 0 : EncoderCpu / Cpu;
}

/// <summary>Makes a recording of every answered call of a data folder, by the parts that the engine makes them by, one after the other.</summary>
public static class RecordingRun
{
    private const long CacheBytes = 1L << 40;

    /// <summary>Makes them; throws <see cref="BenchException"/> where one cannot be made.</summary>
    /// <param name="data">Data folder of an import with a packet log.</param>
    /// <param name="kind">MP3 or WAV.</param>
    /// <param name="most">At most so many.</param>
    /// <param name="stop">Stops it.</param>
    public static RecordingFigures Make(string data, RecordingKind kind, int most, CancellationToken stop)
    {
        using SqliteCallStore store = SqliteCallStore.Open(Path.Combine(data, "records"));
        var recorder = new TimedRecorder();
        var packets = new LogPackets(store, Path.Combine(data, "packets"));
        var workshop = new RecordingWorkshop(
            store, packets, store, recorder, RecordingFiles.Open(Path.Combine(data, "recordings"), CacheBytes), new RecorderOptions { CacheBytes = CacheBytes });
        var variant = new RecordingVariant(kind, RecordingChannels.Stereo);
        int made = 0;
        foreach (string id in Answered(store))
        {
            if (made == most) break;
            RecordingAnswer answer = workshop.Make(id, variant, stop);
            if (answer.Entry.State != RecordingState.Available) throw new BenchException($"{id}: no recording: {answer.Entry.Reason}");
            made++;
        }

        return new RecordingFigures(made, recorder.Sound, recorder.Whole, recorder.Encoder);
    }

    private static IEnumerable<string> Answered(SqliteCallStore store)
    {
        string? cursor = null;
        do
        {
            CallPage page = store.List(new CallQuery { Limit = CallQuery.MaxLimit, Cursor = cursor });
            foreach (CallRecord record in page.Calls)
            {
                if (record.AnsweredAt is not null && record.Streams.Count > 0) yield return record.Id;
            }

            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }

    private sealed class LogPackets(SqliteCallStore store, string folder) : ICallPackets
    {
        public bool Visit(string id, PacketKinds kinds, ICapturedPacketVisitor visitor)
        {
            if (store.GetChunks(id) is not { Length: > 0 } chunks) return false;
            PacketKindSet wanted = (kinds.HasFlag(PacketKinds.Signalling) ? PacketKindSet.Sip : PacketKindSet.None) | (kinds.HasFlag(PacketKinds.Media) ? PacketKindSet.Rtp : PacketKindSet.None);
            using var reader = new PacketLogReader(folder);
            using PacketGather gather = reader.Gather(chunks, wanted);
            bool any = false;
            while (gather.MoveNext())
            {
                any = true;
                if (!visitor.Visit(gather.Current)) break;
            }

            return any;
        }
    }
}
