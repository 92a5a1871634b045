using System.Runtime.InteropServices;
using CdrEngine.Core;
using CdrEngine.Engine.Resume;
using CdrEngine.Engine.Shards;
using CdrEngine.PacketLog;
using CdrEngine.Protocols.Link;

namespace CdrEngine.Engine.Routing;

// Going on with the calls of an earlier run: their packets, read back from the log in order of capture, take the same way as when they came.
internal sealed partial class Switchboard
{
    private Resumption? _resuming;

    /// <summary>What follows is told once more: only these calls are known, nothing is logged again and nothing is counted.</summary>
    /// <param name="calls">The calls, in the order in which they began.</param>
    /// <param name="sources">The number of each call's source.</param>
    public void BeginResume(IReadOnlyList<ResumedCall> calls, int[] sources)
    {
        _resuming = new Resumption(calls, sources, Counters, _mail.KeepsFrames);
        _mail.KeepsFrames = false;
        _mail.AddToAll(ShardItemKind.Resuming, flag: true);
    }

    /// <summary>A packet of the log. SIP over streams is told by <see cref="Resume(JournalMessage)"/> instead: other calls' messages that were between are
    /// not there.</summary>
    public void Resume(in CapturedPacket packet)
    {
        Observe(packet.CapturedAt);
        MoveOn();
        if (_decoder.Decode(packet, out DecodedPacket decoded) == DecodeOutcome.Udp) OnDatagram(packet, decoded);
        PassOnStandings();
    }

    /// <summary>A message of a journal.</summary>
    public void Resume(JournalMessage message)
    {
        Observe(message.Clock);
        MoveOn();
        CallEntry? call = RouteSip(message.Bytes, message.Source, message.Destination, message.At);
        if (call is null) return;
        Take(call, default, message.Bytes, message.Transport, message.Source, message.Destination, message.At);
        PassOnStandings();
    }

    /// <summary>What was told was one run's, what follows is a later one's: every call that is open missed something in between.</summary>
    public void BreakResume() => _mail.AddToAll(ShardItemKind.Gap, at: _mail.Now);

    /// <summary>The past is told; what comes now is new. Every call that is open missed something in between. Gives the calls that go on.</summary>
    public int EndResume()
    {
        Resumption done = _resuming!;
        _resuming = null;
        _mail.KeepsFrames = done.KeepsFrames;
        done.Restore(Counters);
        _mail.AddToAll(ShardItemKind.Gap, at: _mail.Now);
        _mail.AddToAll(ShardItemKind.Resuming);
        Flush();
        return done.Opened;
    }

    /// <summary>The engine stops: hands over what is whole, and tells the shards to write down what is open.</summary>
    public void Suspend()
    {
        _streams.Complete(this);
        _mail.AddToAll(ShardItemKind.Suspend);
        _mail.PostAll();
        SettleCounters();
    }

    private bool IsResumed(ReadOnlySpan<byte> callId)
    {
        if (_resuming!.SourceOf(callId) is not { } source) return false;
        _source = source;
        return true;
    }

    private void NameResumed(ref ShardItem item, ReadOnlySpan<byte> callId)
    {
        if (_resuming!.Take(callId) is not { } index) return;
        item.Flag = true;
        item.CutBytes = index;
    }

    /// <summary>What is to be gone on with.</summary>
    private sealed class Resumption
    {
        private readonly Dictionary<CallKey, Generations> _calls = [];
        private readonly Counters<SwitchboardCounter> _before = new();

        public Resumption(IReadOnlyList<ResumedCall> calls, int[] sources, Counters<SwitchboardCounter> counters, bool keepsFrames)
        {
            KeepsFrames = keepsFrames;
            _before.Add(counters);
            for (int i = 0; i < calls.Count; i++)
            {
                ref Generations generations = ref CollectionsMarshal.GetValueRefOrAddDefault(_calls, CallKey.Of(calls[i].SipCallId), out bool known);
                if (!known) generations = new Generations(sources[i], new Queue<int>());
                generations.Waiting.Enqueue(i);
            }
        }

        public bool KeepsFrames { get; }

        public int Opened { get; private set; }

        public int? SourceOf(ReadOnlySpan<byte> callId) => _calls.TryGetValue(CallKey.Of(callId), out Generations generations) ? generations.Source : null;

        /// <summary>The next call with this Call-ID, in the order in which they began; null where there is none.</summary>
        public int? Take(ReadOnlySpan<byte> callId)
        {
            if (!_calls.TryGetValue(CallKey.Of(callId), out Generations generations) || !generations.Waiting.TryDequeue(out int index)) return null;
            Opened++;
            return index;
        }

        /// <summary>Brings the counters to where they were: the packets were counted when they came.</summary>
        public void Restore(Counters<SwitchboardCounter> counters)
        {
            foreach (SwitchboardCounter counter in Enum.GetValues<SwitchboardCounter>()) counters.Add(counter, _before[counter] - counters[counter]);
        }

        private readonly record struct Generations(int Source, Queue<int> Waiting);
    }
}
