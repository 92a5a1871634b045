using CdrEngine.Core;
using CdrEngine.Protocols.Ip;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Msrp;

namespace CdrEngine.Protocols.Tcp;

/// <summary>Puts TCP segments in order and takes the SIP messages out of them, plain or in WebSocket frames (RFC 9293, RFC 3261 18.3, RFC 7118).</summary>
/// <remarks>
/// <para>Of bytes received twice the first copy wins. A hole is waited for until its bytes come, the receiver acknowledges them (then the
/// capture lost them), or a limit of <see cref="TcpLimits"/> is met; what was cut by it is dropped and counted, and reading goes on at the end
/// of the message where its Content-Length told that, else at the next thing that is a SIP message.</para>
/// <para>A connection whose first bytes cannot become SIP is ignored: its segments are counted and nothing of them is held, unless one
/// begins with a start line of SIP or MSRP. Not thread-safe. Allocates nothing in steady state.</para>
/// <para>What comes out depends on the order, times and bytes of the packets alone, if <see cref="Advance"/> is called with the time of each
/// packet (of any protocol) before it is handled; that costs three comparisons where nothing is due.</para>
/// </remarks>
public sealed class SipStreamReassembler
{
    /// <summary>So many idle buffers keep their memory, 32 KiB at most each: the shared pool of arrays keeps too few for many streams side by side.</summary>
    private const int SpareBuffersWithMemory = 1024;

    private readonly TcpLimits _limits;
    private readonly StreamFramer _framer;
    private readonly ConnectionTable _table = new();
    private readonly ActivityList<TcpConnection> _open = new();
    private readonly ActivityList<TcpConnection> _closed = new();
    private readonly ActivityList<TcpStream> _holes = new();
    private readonly ActivityList<TcpStream> _filled = new();
    private readonly Stack<TcpConnection> _spareConnections = new();
    private readonly Stack<StreamBuffer> _spareBuffers = new();
    private readonly long _holeMicroseconds;
    private readonly long _idleMicroseconds;
    private readonly long _closedMicroseconds;
    private Timestamp _now;
    private long _ordinal;

    /// <summary>Makes one with nothing in it.</summary>
    public SipStreamReassembler(TcpLimits limits)
    {
        _limits = limits;
        _framer = new StreamFramer(limits, Counters);
        _holeMicroseconds = limits.HoleAge.Ticks / TimeSpan.TicksPerMicrosecond;
        _idleMicroseconds = limits.IdleAge.Ticks / TimeSpan.TicksPerMicrosecond;
        _closedMicroseconds = limits.ClosedAge.Ticks / TimeSpan.TicksPerMicrosecond;
    }

    /// <summary>What was seen and what was dropped.</summary>
    public Counters<TcpCounter> Counters { get; } = new();

    /// <summary>Connections followed now.</summary>
    public int ConnectionCount => _table.Count;

    /// <summary>Bytes held now, frames included.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>Takes one TCP segment; messages that it completes go to <paramref name="sink"/> before this returns.</summary>
    /// <param name="segment">The decoded segment; its payload may lie inside the frame or elsewhere.</param>
    /// <param name="frame">The captured packet that bore it.</param>
    /// <param name="sink">Takes the messages.</param>
    public void Add(in DecodedPacket segment, in CapturedPacket frame, ISipMessageSink sink)
    {
        Advance(frame.CapturedAt, sink);
        Counters.Increment(TcpCounter.Segments);
        _ordinal++;
        TcpFlags flags = segment.TcpFlags;
        Endpoint source = segment.Source;
        ulong hash = ConnectionTable.HashOf(source, segment.Destination);
        TcpConnection? connection = _table.Find(hash, source, segment.Destination);
        if (connection is null)
        {
            // What neither opens a connection nor carries bytes teaches nothing, so floods of it take no room.
            if ((segment.Payload.Length == 0 && (flags & TcpFlags.Syn) == 0) || (flags & TcpFlags.Reset) != 0) return;
            connection = Open(source, segment.Destination, hash);
        }

        connection.LastSeen = frame.CapturedAt;
        if ((flags & TcpFlags.Syn) != 0) OnSyn(connection, segment);
        TcpStream stream = connection.StreamFrom(source);
        TcpStream peer = connection.Other(stream);
        if (!connection.IsIgnored || TryRevive(connection, segment.Payload))
        {
            if ((flags & TcpFlags.Acknowledge) != 0 && peer.IsStarted) OnAcknowledged(peer, segment.TcpAcknowledgement, sink);
            if (segment.Payload.Length > 0) Deliver(stream, segment, frame, sink);
        }

        if ((flags & (TcpFlags.Fin | TcpFlags.Reset)) != 0)
        {
            stream.IsFinished = true;
            if (!connection.IsClosed && ((flags & TcpFlags.Reset) != 0 || peer.IsFinished))
            {
                connection.IsClosed = true;
                Counters.Increment(TcpCounter.Closed);
            }
        }

        (connection.IsClosed ? _closed : _open).Touch(connection.Entry);
    }

    /// <summary>Lets time pass: holes that waited too long are skipped, which may complete messages behind them; connections idle too long
    /// are forgotten.</summary>
    public void Advance(Timestamp now, ISipMessageSink sink)
    {
        _now = now;
        while (_holes.First is { } stream && now.Microseconds - stream.HoleOpenedAt.Microseconds >= _holeMicroseconds)
        {
            SkipHole(stream, TcpCounter.HolesExpired, sink);
            Settle(stream, sink);
        }

        while (_closed.First is { } connection && now.Microseconds - connection.LastSeen.Microseconds >= _closedMicroseconds)
        {
            Forget(connection);
        }

        while (_open.First is { } connection && now.Microseconds - connection.LastSeen.Microseconds >= _idleMicroseconds)
        {
            Counters.Increment(TcpCounter.Idle);
            Forget(connection);
        }
    }

    /// <summary>From when on <see cref="Advance"/> has something to do; the end of time where nothing waits.</summary>
    public Timestamp NextDue
    {
        get
        {
            long due = long.MaxValue;
            if (_holes.First is { } stream) due = Math.Min(due, stream.HoleOpenedAt.Microseconds + _holeMicroseconds);
            if (_closed.First is { } closed) due = Math.Min(due, closed.LastSeen.Microseconds + _closedMicroseconds);
            if (_open.First is { } open) due = Math.Min(due, open.LastSeen.Microseconds + _idleMicroseconds);
            return new Timestamp(due);
        }
    }

    /// <summary>The capture has ended: all holes are skipped and everything is forgotten.</summary>
    public void Complete(ISipMessageSink sink)
    {
        while (_holes.First is { } stream)
        {
            SkipHole(stream, TcpCounter.HolesKnown, sink);
            Settle(stream, sink);
        }

        while ((_closed.First ?? _open.First) is { } connection) Forget(connection);
    }

    private TcpConnection Open(in Endpoint source, in Endpoint destination, ulong hash)
    {
        if (_table.Count >= _limits.Connections && (_closed.First ?? _open.First) is { } victim)
        {
            Counters.Increment(TcpCounter.Evicted);
            Forget(victim);
        }

        TcpConnection connection = _spareConnections.TryPop(out TcpConnection? spare) ? spare : new TcpConnection();
        connection.Open(source, destination, hash);
        _table.Add(connection);
        Counters.Increment(TcpCounter.Connections);
        return connection;
    }

    private void Forget(TcpConnection connection)
    {
        Drop(connection.Forward);
        Drop(connection.Backward);
        ActivityList<TcpConnection>.Leave(connection.Entry);
        _table.Remove(connection);
        _spareConnections.Push(connection);
    }

    /// <summary>Leaves the message begun, if any, with all that is held of the stream.</summary>
    private void Drop(TcpStream stream)
    {
        if (StreamFramer.IsInMessage(stream, stream.Buffer is { } buffer ? buffer.Window : default)) Counters.Increment(TcpCounter.MessagesCut);
        GiveBack(stream);
    }

    private void OnSyn(TcpConnection connection, in DecodedPacket segment)
    {
        TcpStream stream = connection.StreamFrom(segment.Source);
        TcpStream peer = connection.Other(stream);
        bool isAnswer = (segment.TcpFlags & TcpFlags.Acknowledge) != 0;
        uint first = segment.TcpSequence + 1;
        if (stream.IsStarted)
        {
            // The same SYN again; or one captured after the data that follows it.
            int ahead = (int)(stream.FirstSequence - first);
            if (ahead == 0 || (!stream.IsExactStart && ahead > 0 && ahead <= _limits.HoleBytes)) return;
        }

        if (stream.IsStarted || (peer.IsStarted && !isAnswer))
        {
            Drop(stream);
            if (!isAnswer || connection.IsIgnored)
            {
                Drop(peer);
                connection.Open(segment.Source, segment.Destination, connection.Hash);
                stream = connection.Forward;
                peer = connection.Backward;
                Counters.Increment(TcpCounter.Reused);
            }
        }

        stream.Start(first, isExact: true);
        if (isAnswer && !peer.IsStarted) peer.Start(segment.TcpAcknowledgement, isExact: true);
    }

    private bool StartsMessage(ReadOnlySpan<byte> payload) =>
        SipFraming.StartsMessage(payload, _limits.StartLineBytes) || MsrpParser.LooksLikeMsrp(payload) == ParseOutcome.Message;

    private bool TryRevive(TcpConnection connection, ReadOnlySpan<byte> payload)
    {
        if (payload.Length == 0) return false;
        if (!StartsMessage(payload))
        {
            Counters.Increment(TcpCounter.IgnoredSegments);
            return false;
        }

        Counters.Increment(TcpCounter.Revived);
        connection.IsIgnored = false;
        connection.Forward.Reset();
        connection.Backward.Reset();
        return true;
    }

    /// <summary>The receiver has everything before <paramref name="acknowledgement"/>: what is missing of it the capture lost.</summary>
    private void OnAcknowledged(TcpStream stream, uint acknowledgement, ISipMessageSink sink)
    {
        int ahead = (int)(acknowledgement - stream.NextSequence);
        if (ahead <= 0 || ahead > _limits.WindowBytes) return;
        stream.AcknowledgedPosition = Math.Max(stream.AcknowledgedPosition, stream.NextPosition + ahead);
        if (stream.Buffer is { WaitingCount: > 0 }) Settle(stream, sink);
    }

    private void Deliver(TcpStream stream, in DecodedPacket segment, in CapturedPacket frame, ISipMessageSink sink)
    {
        ReadOnlySpan<byte> payload = segment.Payload;
        uint sequence = segment.TcpSequence + ((segment.TcpFlags & TcpFlags.Syn) != 0 ? 1u : 0u);
        if (!stream.IsStarted)
        {
            stream.Start(sequence, isExact: false);
            Counters.Increment(TcpCounter.MidStreamStarts);
        }

        if (segment.IsTruncated) Counters.Increment(TcpCounter.Truncated);
        int ahead = (int)(sequence - stream.NextSequence);
        if (ahead > _limits.WindowBytes || ahead < -_limits.WindowBytes)
        {
            if (!TryRestart(stream, sequence, payload)) return;
            ahead = 0;
        }

        stream.HasStray = false;
        if (ahead + payload.Length <= 0)
        {
            Counters.Increment(TcpCounter.Retransmissions);
            return;
        }

        if (ahead < 0)
        {
            Counters.Increment(TcpCounter.Overlaps);
            payload = payload[-ahead..];
            ahead = 0;
        }

        long start = stream.NextPosition + ahead;
        if (segment.IsTruncated) stream.CutPosition = start + payload.Length;
        var arrival = new Arrival(_ordinal, frame.CapturedAt);
        if (ahead == 0 && stream.Buffer is not { WaitingCount: > 0 })
        {
            stream.Latest = arrival;
            DeliverInOrder(stream, payload, segment, frame, sink);
            return;
        }

        StreamBuffer buffer = BufferOf(stream);
        int kept = buffer.Keep(start, payload, frame, segment.Fragments, arrival);
        if (kept == 0) Counters.Increment(TcpCounter.Retransmissions);
        else if (kept < payload.Length) Counters.Increment(TcpCounter.Overlaps);
        else if (ahead > 0) Counters.Increment(TcpCounter.OutOfOrder);
        TakeWaiting(stream, sink);
        Settle(stream, sink);
    }

    /// <summary>A segment far from where the stream is: a new connection whose SYN was not captured, or a stray.</summary>
    private bool TryRestart(TcpStream stream, uint sequence, ReadOnlySpan<byte> payload)
    {
        bool goesOn = stream.HasStray && stream.StraySequence == sequence;
        if (!goesOn && !StartsMessage(payload))
        {
            Counters.Increment(TcpCounter.OutOfWindow);
            stream.HasStray = true;
            stream.StraySequence = sequence + (uint)payload.Length;
            return false;
        }

        Drop(stream);
        stream.Start(sequence, isExact: false);
        Counters.Increment(TcpCounter.MidStreamStarts);
        return true;
    }

    private void DeliverInOrder(TcpStream stream, ReadOnlySpan<byte> payload, in DecodedPacket segment, in CapturedPacket frame, ISipMessageSink sink)
    {
        long position = stream.NextPosition;
        stream.NextPosition += payload.Length;
        stream.NextSequence += (uint)payload.Length;
        if (stream.Buffer is { } buffer)
        {
            buffer.Append(position, payload, frame, segment.Fragments, new Arrival(_ordinal, frame.CapturedAt));
            RunBuffered(stream, buffer, payload.Length, sink);
            Account(stream);
            return;
        }

        var delivery = new Delivery
        {
            Data = payload,
            Position = position,
            SegmentStart = 0,
            Sink = sink,
            Frame = frame,
            Fragments = segment.Fragments,
        };
        int used = _framer.Run(stream, ref delivery);
        if (stream.Connection.IsIgnored)
        {
            GiveBackBoth(stream.Connection);
        }
        else if (used < payload.Length)
        {
            BufferOf(stream).Append(position + used, payload[used..], frame, segment.Fragments, new Arrival(_ordinal, frame.CapturedAt));
            Account(stream);
        }
    }

    private void RunBuffered(TcpStream stream, StreamBuffer buffer, int segmentBytes, ISipMessageSink sink)
    {
        ReadOnlySpan<byte> window = buffer.Window;
        long position = stream.NextPosition - window.Length;
        var delivery = new Delivery
        {
            Data = window,
            Position = position,
            SegmentStart = window.Length - segmentBytes,
            Sink = sink,
            Buffer = buffer,
        };
        int used = _framer.Run(stream, ref delivery);
        if (stream.Connection.IsIgnored)
        {
            GiveBackBoth(stream.Connection);
            return;
        }

        buffer.Consume(used, position + used);
        if (buffer.IsEmpty) GiveBack(stream);
    }

    /// <summary>Hands over what waited and is now in order, segment by segment.</summary>
    private void TakeWaiting(TcpStream stream, ISipMessageSink sink)
    {
        while (stream.Buffer is { } buffer && buffer.TakeWaiting(stream.NextPosition, out int length, out Arrival arrival))
        {
            if (arrival.Ordinal > stream.Latest.Ordinal) stream.Latest = arrival;
            stream.NextPosition += length;
            stream.NextSequence += (uint)length;
            RunBuffered(stream, buffer, length, sink);
        }
    }

    private void SkipHole(TcpStream stream, TcpCounter reason, ISipMessageSink sink)
    {
        if (stream.Buffer is not { } buffer) return;
        Counters.Increment(reason);
        MoveTo(stream, buffer, buffer.WaitingStart);
        TakeWaiting(stream, sink);
    }

    /// <summary>Goes on at a later position without the bytes between.</summary>
    private void MoveTo(TcpStream stream, StreamBuffer buffer, long position)
    {
        ReadOnlySpan<byte> window = buffer.Window;
        _framer.OnHole(stream, window, stream.NextPosition - window.Length, position);
        buffer.DropOrdered(stream.NextPosition);
        Counters.Add(TcpCounter.HoleBytes, position - stream.NextPosition);
        stream.NextSequence += (uint)(position - stream.NextPosition);
        stream.NextPosition = position;
    }

    /// <summary>After segments were kept or handed over: skips holes that are beyond hope, and sets the clock of the one that stays.</summary>
    private void Settle(TcpStream stream, ISipMessageSink sink)
    {
        while (stream.Buffer is { WaitingCount: > 0 } buffer)
        {
            if (stream.AcknowledgedPosition >= buffer.WaitingStart)
            {
                SkipHole(stream, TcpCounter.HolesAcknowledged, sink);
            }
            else if (stream.CutPosition == stream.NextPosition)
            {
                SkipHole(stream, TcpCounter.HolesKnown, sink);
            }
            else if (buffer.WaitingCount > _limits.HoleSegments || buffer.WaitingBytes > _limits.HoleBytes)
            {
                SkipHole(stream, TcpCounter.HolesOverfull, sink);
            }
            else
            {
                if (stream.HolePosition != stream.NextPosition || stream.HoleEntry.List is null)
                {
                    stream.HolePosition = stream.NextPosition;
                    stream.HoleOpenedAt = _now;
                    _holes.Touch(stream.HoleEntry);
                }

                Account(stream);
                return;
            }
        }

        ActivityList<TcpStream>.Leave(stream.HoleEntry);
        Account(stream);
    }

    /// <summary>Keeps the sums of held bytes; drops what is over them, the least recently filled first.</summary>
    private void Account(TcpStream stream)
    {
        if (stream.Buffer is not { } buffer) return;
        int footprint = buffer.Footprint;
        HeldBytes += footprint - stream.AccountedBytes;
        stream.AccountedBytes = footprint;
        _filled.Touch(stream.BufferEntry);
        if (footprint > _limits.StreamBytes)
        {
            Counters.Increment(TcpCounter.StreamBytesExceeded);
            DropHeld(stream, buffer);
        }

        while (HeldBytes > _limits.TotalBytes && _filled.First is { Buffer: { } oldest } victim)
        {
            Counters.Increment(TcpCounter.TotalBytesExceeded);
            DropHeld(victim, oldest);
        }
    }

    /// <summary>Drops all that is held of a stream and goes on behind it.</summary>
    private void DropHeld(TcpStream stream, StreamBuffer buffer)
    {
        MoveTo(stream, buffer, Math.Max(stream.NextPosition, buffer.End));
        GiveBack(stream);
    }

    private StreamBuffer BufferOf(TcpStream stream)
    {
        if (stream.Buffer is { } present) return present;
        StreamBuffer buffer = _spareBuffers.TryPop(out StreamBuffer? spare) ? spare : new StreamBuffer();
        stream.Buffer = buffer;
        return buffer;
    }

    private void GiveBackBoth(TcpConnection connection)
    {
        GiveBack(connection.Forward);
        GiveBack(connection.Backward);
    }

    private void GiveBack(TcpStream stream)
    {
        ActivityList<TcpStream>.Leave(stream.HoleEntry);
        ActivityList<TcpStream>.Leave(stream.BufferEntry);
        if (stream.Buffer is not { } buffer) return;
        HeldBytes -= stream.AccountedBytes;
        stream.AccountedBytes = 0;
        stream.Buffer = null;
        buffer.Clear(keepsMemory: _spareBuffers.Count < SpareBuffersWithMemory);
        _spareBuffers.Push(buffer);
    }
}
