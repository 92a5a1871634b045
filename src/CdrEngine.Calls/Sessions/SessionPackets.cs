using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Sessions;

/// <summary>The packets of a session: those of its calls, in order of time, each once.</summary>
/// <remarks>The packets of a call come one after the other and cannot be waited for, so they are gathered a stretch of time at a time: first the
/// times of all, then as many readings as stretches are needed to stay within the bound. Nearly all sessions need one.</remarks>
/// <param name="packets">Packets of calls.</param>
/// <param name="calls">The session's calls.</param>
/// <param name="windowBytes">Bytes of packets held at a time, about.</param>
public sealed class SessionPackets(ICallPackets packets, IReadOnlyList<CallRecord> calls, long windowBytes = SessionPackets.DefaultWindowBytes) : ICallPackets
{
    /// <summary>64 MiB.</summary>
    public const long DefaultWindowBytes = 64L << 20;

    /// <summary>Shows the packets of the session; the id is that of the session and only names it.</summary>
    public bool Visit(string id, PacketKinds kinds, ICapturedPacketVisitor visitor)
    {
        if (calls.Count == 1) return packets.Visit(calls[0].Id, kinds, visitor);
        var scan = new Scan();
        bool any = false;
        foreach (CallRecord call in calls) any |= packets.Visit(call.Id, kinds, scan);
        if (!any) return false;
        Timestamp from = Timestamp.MinValue;
        foreach (Timestamp until in scan.Windows(windowBytes))
        {
            using var window = new Window(from, until);
            foreach (CallRecord call in calls) packets.Visit(call.Id, kinds, window);
            if (!window.Give(visitor)) return true;
            from = until;
        }

        return true;
    }

    /// <summary>How many bytes each second has.</summary>
    private sealed class Scan : ICapturedPacketVisitor
    {
        private readonly SortedDictionary<long, long> _seconds = [];

        public bool Visit(in CapturedPacket packet)
        {
            long second = Math.DivRem(packet.CapturedAt.Microseconds, Timestamp.MicrosecondsPerSecond).Quotient;
            _seconds[second] = _seconds.GetValueOrDefault(second) + packet.Bytes.Length + FrameBuffer.FrameHeaderBytes;
            return true;
        }

        /// <summary>Ends of stretches that hold about so much; the last is the end of time.</summary>
        public List<Timestamp> Windows(long bytes)
        {
            var windows = new List<Timestamp>();
            long held = 0;
            foreach ((long second, long size) in _seconds)
            {
                if (held > 0 && held + size > bytes)
                {
                    windows.Add(Timestamp.FromUnix(second, 0));
                    held = 0;
                }

                held += size;
            }

            windows.Add(Timestamp.MaxValue);
            return windows;
        }
    }

    private sealed class Window(Timestamp from, Timestamp until) : ICapturedPacketVisitor, IDisposable
    {
        private readonly FrameBuffer _frames = new();
        private readonly List<(Timestamp At, ushort Fraction, int Offset, ulong Hash)> _order = [];

        public bool Visit(in CapturedPacket packet)
        {
            if (packet.CapturedAt < from) return true;

            // Fragments and the like may stand a little out of order; what comes later than the stretch ends it only when far behind it.
            if (packet.CapturedAt >= until) return packet.CapturedAt < Behind(until);
            _order.Add((packet.CapturedAt, packet.NanosecondRemainder, _frames.Append(packet), Transactions.Hash64.Of(packet.Bytes)));
            return true;
        }

        /// <summary>Gives what was gathered in order; false where the visitor has had enough.</summary>
        public bool Give(ICapturedPacketVisitor visitor)
        {
            _order.Sort(static (left, right) =>
            {
                int by = left.At.CompareTo(right.At);
                if (by == 0) by = left.Fraction.CompareTo(right.Fraction);
                return by != 0 ? by : left.Offset.CompareTo(right.Offset);
            });
            var known = new HashSet<ulong>();
            for (int i = 0; i < _order.Count; i++)
            {
                // A packet of two calls (media that phones exchange directly, a segment with two messages) was captured once.
                if (i > 0 && _order[i].At != _order[i - 1].At) known.Clear();
                if (!known.Add(_order[i].Hash)) continue;
                if (FrameBuffer.TryReadFrame(_frames.Bytes[_order[i].Offset..], out CapturedPacket packet, out _) == ParseOutcome.Message && !visitor.Visit(packet)) return false;
            }

            return true;
        }

        public void Dispose() => _frames.Dispose();

        private static Timestamp Behind(Timestamp until) => until == Timestamp.MaxValue ? until : until + TimeSpan.FromSeconds(5);
    }
}
