using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.T38;

namespace CdrEngine.Calls.Streams;

/// <summary>The fax of one m-line: UDPTL datagrams of both ways folded into one account (ITU-T T.38, T.30).</summary>
/// <remarks>
/// <para>A datagram is taken only where its lengths come out even and its message has a meaning, since the same port may have carried RTP a
/// moment before, and goes on to do so where T.38 was offered and refused.</para>
/// <para>Where a relay stands between the machines and both its sides are captured, each way shows twice: numbers are counted for every pair
/// of addresses, and the machines are listened to on the first pair of each side.</para>
/// <para>What redundancy or parity gives back is heard as if it had come: a page whose end was lost counts all the same. The pages themselves
/// are for a <see cref="Listener"/>.</para>
/// </remarks>
public sealed class T38Meter
{
    private const int MaxDirections = 8;
    private const int MaxStation = 20;

    private readonly List<T38Direction> _directions = new(2);
    private T38Direction? _ofCaller;
    private T38Direction? _ofCallee;
    private T38Direction? _sender;
    private Timestamp _startedAt;
    private Timestamp _endedAt;
    private string? _localStation;
    private string? _remoteStation;
    private T30Command _pageEnd;
    private int _pages;
    private int _rate;
    private bool _hasErrorCorrection;
    private bool _hasSpoken;
    private bool _isLastConfirmed;
    private bool _isDisconnected;

    /// <summary>T38FaxVersion of the SDP; below 1, as where none is written, the older encoding.</summary>
    public int Version { get; set; }

    /// <summary>Position of the m-line, from 0; -1 while unknown.</summary>
    public int MediaIndex { get; set; } = -1;

    /// <summary>Is told what is said; null where nobody is, as while the call goes on.</summary>
    public IFaxListener? Listener { get; set; }

    /// <summary>Datagrams taken, duplicates left out.</summary>
    public long Packets { get; private set; }

    /// <summary>Last datagram taken; null before the first.</summary>
    public Timestamp? LastAt => Packets > 0 ? _endedAt : null;

    /// <summary>Takes a datagram; false where it is no fax, and then nothing has changed.</summary>
    /// <param name="at">Capture time.</param>
    /// <param name="source">Sender.</param>
    /// <param name="destination">Receiver.</param>
    /// <param name="from">Which side of the call sent it.</param>
    /// <param name="datagram">The UDP payload. One that the capture cut is no fax.</param>
    public bool Add(Timestamp at, Endpoint source, Endpoint destination, PartySide from, ReadOnlySpan<byte> datagram)
    {
        // 1. Is it one?
        if (UdptlPacket.TryRead(datagram, out UdptlPacket packet, out _) != ParseOutcome.Message || packet.TrailingBytes > 0) return false;
        if (IfpPacket.TryRead(packet.Primary, Version, out IfpPacket message, out _) != ParseOutcome.Message) return false;
        T38Direction? direction = DirectionOf(source, destination, from);
        if (direction is null) return false;
        if (Packets == 0 && _directions.TrueForAll(static known => known.Packets == 0)) _startedAt = at;
        _endedAt = Timestamp.Max(_endedAt, at);

        // 2. Its number, and what came before it and was lost.
        if (!direction.Count(packet, out int missing))
        {
            Packets = Total();
            return true;
        }

        Packets = Total();
        bool isHeard = direction == _ofCaller || direction == _ofCallee;
        if (packet.IsParity) direction.UseParity();
        if (missing > 0)
        {
            direction.Forget(missing);
            if (packet.IsParity) RecoverByParity(packet, direction, isHeard);
            else RecoverByRepetition(packet, missing, direction, isHeard);
        }

        // 3. Itself.
        direction.Remember(0, packet.Primary);
        if (isHeard) direction.Hear(message, this);
        return true;
    }

    /// <summary>The account as it stands; null where no datagram was taken.</summary>
    public FaxRecord? ToRecord()
    {
        if (_directions.Count == 0) return null;
        long lost = 0, recovered = 0, duplicates = 0;
        foreach (T38Direction direction in _directions)
        {
            lost += direction.Lost;
            recovered += direction.Recovered;
            duplicates += direction.Duplicates;
        }

        int pages = _pages;
        bool isLastConfirmed = _isLastConfirmed;
        if (_pageEnd != T30Command.Other && IsOneSided && _pageEnd == T30Command.Eop && _isDisconnected)
        {
            // Only the sender was captured: it hangs up after its last page because that was confirmed, as far as anyone can know.
            pages++;
            isLastConfirmed = true;
        }

        return new FaxRecord
        {
            MediaIndex = MediaIndex,
            Pages = pages,
            LocalStation = _localStation,
            RemoteStation = _remoteStation,
            RateBitsPerSecond = _rate,
            HasErrorCorrection = _hasErrorCorrection,
            Result = isLastConfirmed ? FaxResult.Completed : pages > 0 ? FaxResult.Incomplete : _hasSpoken ? FaxResult.Failed : FaxResult.Unknown,
            Packets = Packets,
            Lost = lost,
            Recovered = recovered,
            Duplicates = duplicates,
            ImageOctets = Math.Max(_ofCaller?.ImageOctets ?? 0, _ofCallee?.ImageOctets ?? 0),
            StartedAt = _startedAt,
            EndedAt = _endedAt,
        };
    }

    private bool IsOneSided => _ofCaller is null || _ofCallee is null;

    internal void Hear(in T30Frame frame, T38Direction direction)
    {
        _hasSpoken = true;
        Listener?.OnFrame(frame, direction == _ofCallee);
        switch (frame.Command)
        {
            case T30Command.Csi or T30Command.Tsi or T30Command.Cig:
                LearnStation(frame, direction);
                break;
            case T30Command.Dcs:
                _sender = direction;
                if (frame.RateBitsPerSecond > 0) _rate = frame.RateBitsPerSecond;
                _hasErrorCorrection = frame.HasErrorCorrection;
                break;
            case T30Command.Eom or T30Command.Mps or T30Command.Eop or T30Command.PriEom or T30Command.PriMps or T30Command.PriEop or T30Command.Pps:
                EndPage(frame.PageEnd, direction);
                break;
            case T30Command.Mcf or T30Command.Rtp or T30Command.Pip when direction != _sender:
                Confirm();
                break;
            case T30Command.Rtn or T30Command.Pin or T30Command.Ppr when direction != _sender:
                _pageEnd = T30Command.Other;
                break;
            case T30Command.Dcn:
                _isDisconnected = true;
                break;
        }
    }

    internal void HearField(in IfpField field, T38Direction direction) => Listener?.OnImage(field, direction == _ofCallee);

    internal void HearImage(T38Direction direction)
    {
        _hasSpoken = true;
        _isLastConfirmed = false;

        // The sender goes on from a page's end only when told that it was good; where its peer was not captured that must do.
        if (IsOneSided && direction == _sender && _pageEnd != T30Command.Other) Confirm();
    }

    private void EndPage(T30Command end, T38Direction direction)
    {
        _sender = direction;
        _pageEnd = end switch
        {
            T30Command.PriEom => T30Command.Eom,
            T30Command.PriMps => T30Command.Mps,
            T30Command.PriEop => T30Command.Eop,
            _ => end,
        };
    }

    private void Confirm()
    {
        if (_pageEnd == T30Command.Other) return; // a block of a page, or an answer repeated
        _pages++;
        _isLastConfirmed = _pageEnd == T30Command.Eop;
        _pageEnd = T30Command.Other;
    }

    private void LearnStation(in T30Frame frame, T38Direction direction)
    {
        Span<char> digits = stackalloc char[MaxStation];
        int length = frame.ReadStation(digits);
        if (length == 0) return;
        ref string? station = ref direction == _ofCallee ? ref _remoteStation : ref _localStation;
        if (station is null || !digits[..length].SequenceEqual(station)) station = new string(digits[..length]);
    }

    private void RecoverByRepetition(in UdptlPacket packet, int missing, T38Direction direction, bool isHeard)
    {
        // Latest first on the wire; heard oldest first.
        for (int age = Math.Min(missing, packet.RecoveryCount); age >= 1; age--)
        {
            int place = 0;
            foreach (ReadOnlySpan<byte> earlier in packet.Recovery)
            {
                if (++place != age) continue;
                TakeBack(earlier, age, direction, isHeard);
                break;
            }
        }
    }

    private void RecoverByParity(in UdptlPacket packet, T38Direction direction, bool isHeard)
    {
        int entry = 0;
        foreach (ReadOnlySpan<byte> parity in packet.Recovery)
        {
            int age = direction.TryParity(parity, entry++, packet.RecoveryCount, packet.Span, out byte[] message);
            if (age > 0) TakeBack(message, age, direction, isHeard);
        }
    }

    private void TakeBack(ReadOnlySpan<byte> bytes, int age, T38Direction direction, bool isHeard)
    {
        if (IfpPacket.TryRead(bytes, Version, out IfpPacket message, out _) != ParseOutcome.Message) return;
        direction.Recover(age);
        direction.Remember(age, bytes);
        if (isHeard) direction.Hear(message, this);
    }

    private T38Direction? DirectionOf(Endpoint source, Endpoint destination, PartySide from)
    {
        foreach (T38Direction known in _directions)
        {
            if (known.Source == source && known.Destination == destination) return known;
        }

        if (_directions.Count >= MaxDirections) return null;
        var direction = new T38Direction(source, destination, from);
        _directions.Add(direction);
        switch (from)
        {
            case PartySide.Caller:
                _ofCaller ??= direction;
                break;
            case PartySide.Callee:
                _ofCallee ??= direction;
                break;
            default:
                // No SDP names it: whoever answers the first pair is the other side.
                if (_ofCaller is null && _ofCallee?.Source != destination) _ofCaller = direction;
                else _ofCallee ??= direction;
                break;
        }

        return direction;
    }

    private long Total()
    {
        long packets = 0;
        foreach (T38Direction direction in _directions) packets += direction.Packets;
        return packets;
    }
}
