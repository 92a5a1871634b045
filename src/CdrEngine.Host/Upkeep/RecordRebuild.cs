using System.Collections.Concurrent;
using CdrEngine.Calls.Masking;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Directories;
using CdrEngine.Host.Joined;
using CdrEngine.PacketLog;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.Host.Upkeep;

/// <summary>Makes records once more from logged packets, through the engine that made them first.</summary>
/// <param name="settings">Settings: the records depend on them.</param>
/// <param name="directory">Marks them; what it says now counts.</param>
/// <param name="keys">What sealed packets are opened with.</param>
internal sealed class RecordRebuild(Settings settings, DirectoryHolder directory, KeyRing? keys)
{
    private const int FramesBetweenLooks = 8192;

    /// <summary>Records of all calls in some segments, by their ids; the last telling of each.</summary>
    /// <param name="segments">The segments.</param>
    /// <param name="sourceOf">Names of the sources that calls came from; a call that is not there keeps the source of the packet before.</param>
    /// <param name="stop">Gives it up.</param>
    public IReadOnlyDictionary<string, CallRecord> Run(IEnumerable<SegmentId> segments, IReadOnlyDictionary<CallKey, string> sourceOf, CancellationToken stop)
    {
        var output = new Collected(record => Shown(record));
        var engine = new CaptureEngine(EngineSetup.Options(settings) with { Shards = 1 }, output);
        try
        {
            Feed(engine, segments, sourceOf, stop);
        }
        finally
        {
            engine.CompleteAsync().GetAwaiter().GetResult();
        }

        return output.Records;
    }

    /// <summary>A record as it is compared and stored: marked and masked, without what became of its recording.</summary>
    public CallRecord Shown(CallRecord record) => RecordMask.Apply(directory.Mark(record), settings.Dtmf.Mask) with { Recording = new RecordingInfo() };

    private void Feed(CaptureEngine engine, IEnumerable<SegmentId> segments, IReadOnlyDictionary<CallKey, string> sourceOf, CancellationToken stop)
    {
        using var reader = new PacketLogReader(DataFolder.Packets(settings.DataDirectory), keys: keys);
        using PacketGather gather = reader.Replay(segments);
        var sources = new Dictionary<string, int>(StringComparer.Ordinal);
        string current = "";
        int added = 0;
        uint run = 0;
        long sequence = long.MinValue;
        int untilLook = FramesBetweenLooks;
        while (gather.MoveNext())
        {
            CapturedPacket packet = gather.Current;

            // Laid down for several calls, a packet is there several times.
            if (gather.CurrentRun == run && packet.Sequence == sequence) continue;
            if (gather.CurrentRun != run) sources.Clear();
            string source = sourceOf.GetValueOrDefault(gather.CurrentKey, current);
            if (source != current || gather.CurrentRun != run || added == 0)
            {
                if (sources.TryGetValue(source, out int number))
                {
                    engine.SelectSource(number);
                }
                else
                {
                    // As files follow one another: where time does not go on, what is open ends.
                    engine.BeginSource(source);
                    sources[source] = added++;
                }
            }

            (current, run, sequence) = (source, gather.CurrentRun, packet.Sequence);
            engine.Process(packet);
            if (--untilLook > 0) continue;
            untilLook = FramesBetweenLooks;
            stop.ThrowIfCancellationRequested();
        }
    }

    private sealed class Collected(Func<CallRecord, CallRecord> show) : IRecordOutput
    {
        private long _taken;

        public ConcurrentDictionary<string, CallRecord> Records { get; } = new(StringComparer.Ordinal);

        public long Taken => Interlocked.Read(ref _taken);

        public bool IsKept(long taken) => true;

        public void Emit(in RecordEmission emission)
        {
            Interlocked.Increment(ref _taken);
            Records[emission.Record.Id] = show(emission.Record);
        }
    }
}
