using System.Buffers;
using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Protocols.Sctp;

/// <summary>Takes SIP messages out of SCTP (RFC 9260, RFC 4168): every user message that begins as SIP does, whole or in fragments.</summary>
/// <remarks>
/// Messages are handed over when they are complete, ordered and unordered alike: SIP orders itself by CSeq, and waiting for a lost
/// message of the same stream would only falsify the time. A transmission sequence number seen before is dropped, within the last 1024.
/// Each pair of addresses is its own direction: fragments of one message that took different paths of a multi-homed association are
/// not joined. Not thread-safe; allocates nothing in steady state.
/// </remarks>
public sealed class SctpReassembler
{
    /// <summary>So many foreign messages, and no SIP, make fragments without a beginning not worth keeping.</summary>
    private const int ForeignMessages = 16;

    private readonly SctpLimits _limits;
    private readonly Dictionary<SctpPath, SctpDirection> _directions = [];
    private readonly ActivityList<SctpDirection> _active = new();
    private readonly ActivityList<SctpDirection> _waiting = new();
    private readonly Stack<SctpDirection> _spareDirections = new();
    private readonly Stack<SctpFragment> _spareFragments = new();
    private readonly List<SctpFragment> _byArrival = [];
    private readonly FrameBuffer _frames = new();
    private readonly long _fragmentMicroseconds;
    private readonly long _idleMicroseconds;
    private byte[] _scratch = [];
    private long _ordinal;

    /// <summary>Makes one with nothing in it.</summary>
    public SctpReassembler(SctpLimits limits)
    {
        _limits = limits;
        _fragmentMicroseconds = limits.FragmentAge.Ticks / TimeSpan.TicksPerMicrosecond;
        _idleMicroseconds = limits.IdleAge.Ticks / TimeSpan.TicksPerMicrosecond;
    }

    /// <summary>What was seen and what was dropped.</summary>
    public Counters<SctpCounter> Counters { get; } = new();

    /// <summary>Directions followed now.</summary>
    public int DirectionCount => _directions.Count;

    /// <summary>Bytes of fragments and their frames held now.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>Takes one SCTP packet; messages that it completes go to <paramref name="sink"/> before this returns.</summary>
    /// <param name="packet">The decoded packet; its payload starts after the common header.</param>
    /// <param name="frame">The captured packet that bore it.</param>
    /// <param name="sink">Takes the messages.</param>
    public void Add(in DecodedPacket packet, in CapturedPacket frame, ISipMessageSink sink)
    {
        Advance(frame.CapturedAt);
        Counters.Increment(SctpCounter.Packets);
        _ordinal++;
        bool hasFrames = false;
        ReadOnlySpan<byte> rest = packet.Payload;
        SctpDirection? direction = null;
        while (rest.Length > 0)
        {
            ParseOutcome outcome = SctpChunk.TryRead(rest, out SctpChunk chunk, out int consumed);
            if (outcome != ParseOutcome.Message)
            {
                Counters.Increment(outcome == ParseOutcome.NeedMore && packet.IsTruncated ? SctpCounter.Truncated : SctpCounter.Malformed);
                return;
            }

            rest = rest[consumed..];
            if (chunk.Type is SctpChunkType.Init or SctpChunkType.InitAck) OnInit(packet, chunk.Tsn);
            if (!chunk.IsData) continue;
            Counters.Increment(SctpCounter.DataChunks);
            direction ??= Find(packet, frame.CapturedAt);
            OnData(direction, chunk, packet, frame, sink, ref hasFrames);
        }
    }

    /// <summary>Lets time pass: fragments that waited too long, and directions idle too long, are forgotten.</summary>
    public void Advance(Timestamp now)
    {
        while (_waiting.First is { } direction && now.Microseconds - direction.LastFragmentAt.Microseconds >= _fragmentMicroseconds)
        {
            DropFragments(direction, SctpCounter.FragmentsExpired);
        }

        while (_active.First is { } direction && now.Microseconds - direction.LastSeen.Microseconds >= _idleMicroseconds)
        {
            Counters.Increment(SctpCounter.Idle);
            Forget(direction);
        }
    }

    /// <summary>From when on <see cref="Advance"/> has something to do; the end of time where nothing waits.</summary>
    public Timestamp NextDue
    {
        get
        {
            long due = long.MaxValue;
            if (_waiting.First is { } waiting) due = Math.Min(due, waiting.LastFragmentAt.Microseconds + _fragmentMicroseconds);
            if (_active.First is { } active) due = Math.Min(due, active.LastSeen.Microseconds + _idleMicroseconds);
            return new Timestamp(due);
        }
    }

    private SctpDirection Find(in DecodedPacket packet, Timestamp at)
    {
        var path = new SctpPath(packet.Source, packet.Destination);
        if (!_directions.TryGetValue(path, out SctpDirection? direction))
        {
            if (_directions.Count >= _limits.Directions && _active.First is { } victim)
            {
                Counters.Increment(SctpCounter.Evicted);
                Forget(victim);
            }

            direction = _spareDirections.TryPop(out SctpDirection? spare) ? spare : new SctpDirection();
            direction.Open(path);
            _directions.Add(path, direction);
        }

        direction.LastSeen = at;
        _active.Touch(direction.Entry);
        return direction;
    }

    private void OnInit(in DecodedPacket packet, uint initialTsn)
    {
        if (!_directions.TryGetValue(new SctpPath(packet.Source, packet.Destination), out SctpDirection? direction)) return;
        if (!direction.Restart(initialTsn)) return;
        Counters.Increment(SctpCounter.Restarts);
        DropFragments(direction, SctpCounter.FragmentsExpired);
    }

    private void OnData(
        SctpDirection direction, in SctpChunk chunk, in DecodedPacket packet, in CapturedPacket frame, ISipMessageSink sink, ref bool hasFrames)
    {
        if (!direction.See(chunk.Tsn, out bool isRestart))
        {
            Counters.Increment(SctpCounter.Duplicates);
            return;
        }

        if (isRestart)
        {
            Counters.Increment(SctpCounter.Restarts);
            DropFragments(direction, SctpCounter.FragmentsExpired);
        }

        ReadOnlySpan<byte> data = chunk.UserData;
        if (chunk.IsBeginning && SipFraming.CheckStart(data.TrimStart("\r\n"u8), _limits.StartLineBytes, out _) == StartLineShape.NotSip)
        {
            Foreign(direction);
            return;
        }

        if (chunk.IsBeginning && chunk.IsEnding)
        {
            if (!hasFrames)
            {
                hasFrames = true;
                _frames.Clear();
                if (packet.Fragments is { } fragments) _frames.Append(fragments);
                _frames.Append(frame);
            }

            Emit(direction, data, frame.CapturedAt, sink);
            return;
        }

        if (chunk.Type == SctpChunkType.InterleavedData)
        {
            Counters.Increment(SctpCounter.InterleavedFragments);
        }
        else if (!chunk.IsBeginning && !direction.HasSip && direction.OtherMessages >= ForeignMessages && !direction.HoldsBefore(chunk.Tsn))
        {
            Counters.Increment(SctpCounter.FragmentsNotKept);
        }
        else if (Keep(direction, chunk, packet, frame, sink))
        {
            hasFrames = false;
        }
    }

    /// <summary>Keeps a fragment; true where it completed a message, whose frames then took the place of this packet's.</summary>
    private bool Keep(SctpDirection direction, in SctpChunk chunk, in DecodedPacket packet, in CapturedPacket frame, ISipMessageSink sink)
    {
        SctpFragment fragment = _spareFragments.TryPop(out SctpFragment? spare) ? spare : new SctpFragment();
        fragment.Fill(chunk, frame, packet.Fragments, _ordinal);
        direction.HeldBytes += fragment.Footprint;
        HeldBytes += fragment.Footprint;
        direction.LastFragmentAt = frame.CapturedAt;
        _waiting.Touch(direction.FragmentEntry);
        (int start, int count) = direction.Insert(fragment);
        if (count > 0)
        {
            Join(direction, start, count, frame.CapturedAt, sink);
            return true;
        }

        if (direction.Fragments.Count > _limits.Fragments || direction.HeldBytes > _limits.DirectionBytes)
        {
            DropFragments(direction, SctpCounter.FragmentsOverLimit);
        }

        while (HeldBytes > _limits.TotalBytes && _waiting.First is { } oldest) DropFragments(oldest, SctpCounter.FragmentsOverLimit);
        return false;
    }

    private void Join(SctpDirection direction, int start, int count, Timestamp at, ISipMessageSink sink)
    {
        int length = 0;
        _byArrival.Clear();
        for (int i = start; i < start + count; i++)
        {
            SctpFragment fragment = direction.Fragments[i];
            length += fragment.Data.Length;
            int place = _byArrival.Count;
            while (place > 0 && _byArrival[place - 1].Ordinal > fragment.Ordinal) place--;
            _byArrival.Insert(place, fragment);
        }

        _frames.Clear();
        long last = -1;
        foreach (SctpFragment fragment in _byArrival)
        {
            // Two fragments in one packet: its frame once.
            if (fragment.Ordinal != last) _frames.Append(fragment.Frames);
            last = fragment.Ordinal;
        }

        Reserve(length);
        int filled = 0;
        for (int i = start; i < start + count; i++)
        {
            SctpFragment fragment = direction.Fragments[i];
            fragment.Data.CopyTo(_scratch.AsSpan(filled));
            filled += fragment.Data.Length;
            GiveBack(direction, fragment);
        }

        direction.Fragments.RemoveRange(start, count);
        if (direction.Fragments.Count == 0) ActivityList<SctpDirection>.Leave(direction.FragmentEntry);
        Emit(direction, _scratch.AsSpan(0, filled), at, sink);
    }

    private void Emit(SctpDirection direction, ReadOnlySpan<byte> message, Timestamp at, ISipMessageSink sink)
    {
        message = message.TrimStart("\r\n"u8);
        if (SipFraming.CheckStart(message, _limits.StartLineBytes, out _) != StartLineShape.Sip)
        {
            Foreign(direction);
            return;
        }

        if (message.Length > _limits.MessageBytes)
        {
            Counters.Increment(SctpCounter.MessageTooLarge);
            return;
        }

        direction.HasSip = true;
        Counters.Increment(SctpCounter.Messages);
        sink.OnMessage(new TransportedMessage
        {
            Bytes = message,
            Transport = Transport.Sctp,
            Source = direction.Path.Source,
            Destination = direction.Path.Destination,
            CompletedAt = at,
            Frames = _frames,
        });
    }

    private void Foreign(SctpDirection direction)
    {
        Counters.Increment(SctpCounter.NotSip);
        if (direction.OtherMessages < ForeignMessages) direction.OtherMessages++;
    }

    private void Forget(SctpDirection direction)
    {
        DropFragments(direction, SctpCounter.FragmentsExpired);
        ActivityList<SctpDirection>.Leave(direction.Entry);
        _directions.Remove(direction.Path);
        _spareDirections.Push(direction);
    }

    private void DropFragments(SctpDirection direction, SctpCounter reason)
    {
        Counters.Add(reason, direction.Fragments.Count);
        foreach (SctpFragment fragment in direction.Fragments) GiveBack(direction, fragment);
        direction.Fragments.Clear();
        ActivityList<SctpDirection>.Leave(direction.FragmentEntry);
    }

    private void GiveBack(SctpDirection direction, SctpFragment fragment)
    {
        direction.HeldBytes -= fragment.Footprint;
        HeldBytes -= fragment.Footprint;
        fragment.Clear();
        _spareFragments.Push(fragment);
    }

    private void Reserve(int bytes)
    {
        if (_scratch.Length >= bytes) return;
        if (_scratch.Length > 0) ArrayPool<byte>.Shared.Return(_scratch);
        _scratch = ArrayPool<byte>.Shared.Rent(bytes);
    }
}
