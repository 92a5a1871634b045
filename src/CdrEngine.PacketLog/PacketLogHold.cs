using CdrEngine.Core;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.PacketLog;

/// <summary>Copies the packets of single calls out of shared segments into segments of their own (one for each kind), so that the shared ones can go.</summary>
/// <remarks>A copy has a run of its own and <see cref="SegmentId.HeldShard"/>: whoever has the new list of chunks reads it as any other. Frames keep their order; each is
/// there once.</remarks>
public static class PacketLogHold
{
    /// <summary>Copies a call's packets and returns when the copy is on the disk.</summary>
    /// <param name="log">The log, opened for this copy alone: its run is the copy's.</param>
    /// <param name="chunks">The call's chunks, as stored beside its record.</param>
    /// <exception cref="IOException">The disk refuses; nothing refers to what was written.</exception>
    public static HoldCopy Copy(PacketLogFolder log, ReadOnlySpan<byte> chunks)
    {
        var counters = new Counters<PacketLogCounter>();
        var limits = new PacketLogLimits();
        using PacketLogReader reader = log.OpenReader();
        using PacketGather gather = reader.Gather(chunks, PacketKindSet.All);
        using var list = new ChunkList();
        using var sip = new HeldKind(log, PacketKind.Sip, limits, counters, list);
        using var rtp = new HeldKind(log, PacketKind.Rtp, limits, counters, list);
        long frames = 0;
        while (gather.MoveNext())
        {
            frames++;
            (gather.CurrentKind == PacketKind.Rtp ? rtp : sip).Add(gather.Current with { Sequence = frames }, gather.CurrentKey);
        }

        sip.End();
        rtp.End();
        return new HoldCopy(list.ToArray(), log.Run, frames, gather.MissingChunks, gather.DamagedChunks, gather.SealedChunks);
    }

    private sealed class HeldKind(PacketLogFolder log, PacketKind kind, PacketLogLimits limits, Counters<PacketLogCounter> counters, ChunkList list) : IDisposable
    {
        private readonly SegmentWriter _writer = new(log.Files, kind, SegmentId.HeldShard, log.Run, limits, counters, log.Keys) { KeepsSegment = true };
        private readonly FrameBuffer _frames = new();
        private Timestamp _first;
        private Timestamp _last;
        private long _firstSequence;
        private CallKey _key;
        private bool _any;

        public void Add(in CapturedPacket packet, CallKey key)
        {
            if (key != _key) Seal();
            _key = key;
            if (_frames.Count > 0 && _frames.Length + FrameBuffer.FrameHeaderBytes + packet.Bytes.Length > limits.ChunkBytes) Seal();
            if (_frames.Count == 0)
            {
                _first = _last = packet.CapturedAt;
                _firstSequence = packet.Sequence;
            }

            if (packet.CapturedAt < _first) _first = packet.CapturedAt;
            if (packet.CapturedAt > _last) _last = packet.CapturedAt;
            _frames.Append(packet);
        }

        public void End()
        {
            Seal();
            if (!_any) return;
            SegmentId segment = _writer.Segment!.Value;
            if (!_writer.Flush()) throw new IOException(_writer.Fault);
            _writer.Dispose();
            using SafeFileHandle file = File.OpenHandle(segment.PathBelow(log.Root), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(file);
        }

        public void Dispose()
        {
            _frames.Dispose();
            _writer.Dispose();
        }

        private void Seal()
        {
            if (_frames.Count == 0) return;
            var header = new ChunkHeader(kind, _key, _frames.Count, _first, _last, _firstSequence);
            if (!_writer.Append(header, _frames.Bytes, out ChunkLocator locator)) throw new IOException(_writer.Fault);
            list.Add(locator);
            _any = true;
            _frames.Clear();
        }
    }
}

/// <summary>A call's packets, copied.</summary>
/// <param name="Chunks">Where they lie now, to be stored in place of the old list.</param>
/// <param name="Run">Run of the copy.</param>
/// <param name="Frames">Packets copied.</param>
/// <param name="Missing">Chunks that were gone already.</param>
/// <param name="Damaged">Chunks with a wrong checksum.</param>
/// <param name="Sealed">Chunks sealed by a key that is not there: without it they cannot be copied.</param>
public sealed record HoldCopy(byte[] Chunks, uint Run, long Frames, int Missing, int Damaged, int Sealed);
