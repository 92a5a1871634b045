using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;

namespace CdrEngine.Engine.Shards;

// Packets of flows with nothing to decide: nearly all there are.
internal sealed partial class Shard
{
    // From when on, and for how many microseconds, no packet that goes straight moves anything by its time.
    private long _quietFrom;
    private ulong _quietFor;

    // Packets between one step of fetching ahead and the next: some 100 ns, as long as what is in another core's cache takes.
    private const int FetchStep = 2;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void OnStraight(ShardBatch batch, int first, int count)
    {
        Span<StraightItem> items = batch.Straights.AsSpan(first, count);
        long straight = 0;
        for (int i = 0; i < items.Length; i++)
        {
            FetchAhead(items, i);
            ref StraightItem item = ref items[i];
            if (item.Clock != Now) KeepTime(item.Clock);
            ref FlowSeat flow = ref _flows[item.Flow];
            ReadOnlySpan<byte> start = item.LaidLength > 0 ? batch.Bytes.AsSpan(item.LaidOffset + item.RtpOffset, item.Rtp.Bytes) : item.Start;
            if (flow.Stream is { } stream && stream.TryAddStraight(item.Rtp, start)) straight++;
            else if (!Measure(item.Flow, ViewOf(ref item, start))) continue;
            if (item.LaidLength > 0) flow.Chunk?.Append(batch.Bytes.AsSpan(item.LaidOffset, item.LaidLength), item.Rtp.At, item.Sequence);
        }

        StreamCounters.Add(StreamCounter.RtpPackets, straight);
    }

    /// <summary>Brings near what the next packets will touch, link by link: what one step asks for is there when the next one follows it. The items lie in the other thread's cache; of a
    /// thousand calls each one's state is far away by the time its next packet comes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private unsafe void FetchAhead(Span<StraightItem> items, int i)
    {
        if (!Sse.IsSupported) return;

        // The address of an item's beginning: that of a field of it would be looked at, and so waited for.
        if (i + (4 * FetchStep) < items.Length) Sse.Prefetch0(Unsafe.AsPointer(ref items[i + (4 * FetchStep)]));
        if (i + (2 * FetchStep) >= items.Length) return;
        ref StraightItem next = ref items[i + (2 * FetchStep)];
        ref FlowSeat flow = ref _flows[next.Flow];
        flow.Stream?.Prefetch();
        if (next.LaidLength == 0) return;
        flow.Chunk?.Prefetch();
        _flows[items[i + FetchStep].Flow].Chunk?.PrefetchRoom(items[i + FetchStep].LaidLength);
    }

    /// <summary>Folds a packet into the figures of its flow the long way; false for a mirror's copy, which belongs nowhere.</summary>
    private bool Measure(int index, in RtpPacketView packet)
    {
        ref FlowSeat flow = ref _flows[index];
        if (flow.Meter.TakeNews(out Timestamp news)) flow.Seat.Actor?.OnMedia(news, flow.Meter.From);
        RtpOutcome outcome = flow.Meter.Add(packet);
        flow = flow with { Stream = flow.Meter.Latest };
        if (outcome is RtpOutcome.Counted or RtpOutcome.Fax) flow.Seat.Actor?.OnMedia(packet.At, flow.Meter.From);
        return outcome != RtpOutcome.MirrorDuplicate;
    }

    private static RtpPacketView ViewOf(ref StraightItem item, ReadOnlySpan<byte> start) => new()
    {
        At = item.Rtp.At,
        Payload = start,
        UnseenBytes = item.Rtp.Bytes - start.Length,
        IpIdentification = item.Rtp.IpIdentification,
        Checksum = item.Rtp.Checksum,
        Dscp = item.Rtp.Dscp,
        Ttl = item.Rtp.Ttl,
    };

    /// <summary>Moves the clock, and everything that goes by it where anything may be due.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void KeepTime(Timestamp now)
    {
        if ((ulong)(now.Microseconds - _quietFrom) < _quietFor)
        {
            Now = now;
            _log?.KeepTime(now);
            return;
        }

        MoveClock(now);
        FindQuiet();
    }

    // What is found holds until an item that is no packet of media, or another batch, comes.
    private void FindQuiet()
    {
        _quietFrom = Now.Microseconds;
        long deadline = _dispatcher.NextDeadlineMicroseconds;
        long until = Math.Min(deadline == long.MaxValue ? deadline : deadline - _ahead, (_flushedAt + BetweenFlushes).Microseconds);
        if (_log is not null) until = Math.Min(until, _log.NextDue.Microseconds);
        if (_journal is not null) until = _journal.IsCut ? _quietFrom : Math.Min(until, (_journaledAt + _journalEvery).Microseconds);
        _quietFor = (ulong)Math.Max(0, until - _quietFrom);
    }
}
