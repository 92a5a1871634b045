using System.Diagnostics;
using CdrEngine.Core;
using CdrEngine.Engine.Resume;
using CdrEngine.PacketLog;

namespace CdrEngine.Engine;

// Going on with what an earlier run left open.
public sealed partial class CaptureEngine
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private ResumePlan? _unfinished;
    private readonly CountdownEvent _resumed;
    private bool _resumeFailed;

    /// <summary>Goes on with the calls that an earlier run left open, before the first packet: tells the engine their packets once more, from the packet
    /// log, as they came. Each keeps its id and is flagged <c>gap</c> if it is open still.</summary>
    /// <param name="plan">What is open. Its journals are removed once this run's own has the calls.</param>
    /// <param name="now">Engine time to go on from: the wall clock. Calls whose timers have run out by then end.</param>
    public ResumeReport Resume(ResumePlan plan, Timestamp now)
    {
        if (_log is null || _options.Resume is not { } limits) throw new InvalidOperationException("an engine resumes with a packet log and a journal only");
        long began = Stopwatch.GetTimestamp();

        // 1. Where their packets lie.
        using var chunks = new ChunkList();
        var messages = new List<JournalMessage>();
        long since = MediaSince(plan.Calls, limits.MediaBytes, out long unmeasured);
        foreach (ResumedCall call in plan.Calls)
        {
            foreach (ChunkLocator chunk in call.Chunks)
            {
                if (chunk.Segment.Kind == PacketKind.Sip || chunk.Last.Microseconds >= since) chunks.Add(chunk);
            }

            messages.AddRange(call.Messages);
        }

        messages.Sort(static (left, right) =>
        {
            int by = left.Run.CompareTo(right.Run);
            return by != 0 ? by : left.Sequence.CompareTo(right.Sequence);
        });

        // 2. Told once more.
        foreach (Shards.Shard shard in _shards)
        {
            shard.Resumed = plan;
            shard.OnResumed = OnShardResumed;
        }

        _unfinished = plan;
        _switchboard.BeginResume(plan.Calls, NumbersOf(plan.Calls));
        long packets;
        int opened;
        try
        {
            packets = Replay(chunks, messages);
        }
        finally
        {
            // Whatever became of the past, what comes now is taken as ever.
            opened = _switchboard.EndResume();
        }

        // 3. On disk as this run's, before the first new packet.
        bool all = _resumed.Wait(LongestWait);
        if (all && !_resumeFailed) FinishResume();
        if (plan.Count > 0) Tick(now);
        return new ResumeReport(opened, plan.Count - opened, packets, unmeasured, plan.WasStopped, Stopwatch.GetElapsedTime(began));
    }

    /// <summary>Why the journal of open calls cannot be written; null while it can.</summary>
    public string? JournalFault => Array.Find(_shards, static shard => shard.JournalFault is not null)?.JournalFault;

    private CallJournal? JournalOf(int shard, IRecordOutput output) =>
        _log is not null && _options.Resume is { } limits ? new CallJournal(limits.Folder, _log.Run, shard, limits, output) : null;

    private long Replay(ChunkList chunks, List<JournalMessage> messages)
    {
        long packets = 0;
        int next = 0;
        uint last = 0;
        using PacketLogReader reader = _log!.OpenReader();
        using PacketGather gather = reader.Gather(chunks, PacketKindSet.All);
        while (gather.MoveNext())
        {
            CapturedPacket packet = gather.Current;
            uint run = gather.CurrentRun;
            while (next < messages.Count && (messages[next].Run, messages[next].Sequence).CompareTo((run, packet.Sequence)) <= 0) Replay(messages[next++], ref last);
            Enter(run, ref last);
            _switchboard.Resume(packet);
            packets++;
        }

        while (next < messages.Count) Replay(messages[next++], ref last);
        return packets;
    }

    private void Replay(JournalMessage message, ref uint run)
    {
        Enter(message.Run, ref run);
        _switchboard.Resume(message);
    }

    // Between two runs nobody looked. Whoever was open then missed something, also where it has ended since.
    private void Enter(uint run, ref uint last)
    {
        if (last != 0 && run != last) _switchboard.BreakResume();
        last = run;
    }

    private int[] NumbersOf(IReadOnlyList<ResumedCall> calls)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        int[] sources = new int[calls.Count];
        for (int i = 0; i < sources.Length; i++)
        {
            if (!numbers.TryGetValue(calls[i].Source, out sources[i])) numbers[calls[i].Source] = sources[i] = AddSource(calls[i].Source);
        }

        return sources;
    }

    // Where the media is more than may be read, all calls begin to be measured at one moment: the latest for which it is not.
    private static long MediaSince(IReadOnlyList<ResumedCall> calls, long most, out long unmeasured)
    {
        unmeasured = 0;
        var media = new List<(long Last, int Bytes)>();
        long all = 0;
        foreach (ResumedCall call in calls)
        {
            foreach (ChunkLocator chunk in call.Chunks)
            {
                if (chunk.Segment.Kind != PacketKind.Rtp) continue;
                media.Add((chunk.Last.Microseconds, chunk.Length));
                all += chunk.Length;
            }
        }

        if (all <= most) return long.MinValue;
        media.Sort(static (left, right) => right.Last.CompareTo(left.Last));
        long taken = 0;
        int first = 0;
        while (first < media.Count && taken + media[first].Bytes <= most) taken += media[first++].Bytes;
        long since = first == 0 ? long.MaxValue : media[first - 1].Last;

        // Chunks that end at that very moment are taken or left together.
        while (first < media.Count && media[first].Last == since) taken += media[first++].Bytes;
        unmeasured = all - taken;
        return since;
    }

    // Any shard's thread.
    private void OnShardResumed(bool isWritten)
    {
        if (!isWritten) Volatile.Write(ref _resumeFailed, true);
        _resumed.Signal();
    }

    private void FinishResume()
    {
        _unfinished?.Done();
        _unfinished = null;
    }

    // Where the disk refused it at first.
    private void TryFinishResume()
    {
        if (_unfinished is not null && _resumed.IsSet && JournalFault is null) FinishResume();
    }
}
