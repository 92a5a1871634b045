using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Sip;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Calls.Masking;

// Messages over TCP and SCTP: found when complete, written over in the packets that wait.
public sealed partial class MaskingVisitor
{
    /// <summary>Masked places of connections remembered for segments sent again.</summary>
    private const int RememberedPlaces = 512;

    private const int MostStreamBytes = 1 << 18;
    private const int SctpCommonHeaderBytes = 12;

    private readonly List<StreamPlace> _streamPlaces = [];

    /// <summary>Octets of a connection that are to be written over, or whose segments are to be left out.</summary>
    private readonly record struct StreamPlace(Endpoint Source, Endpoint Destination, uint Start, int Length, bool IsLeftOut);

    /// <inheritdoc />
    public void OnMessage(in TransportedMessage message)
    {
        _places.Clear();
        if (SipParser.TryReadCopy(message.Bytes, _message, out _, out _) != ParseOutcome.Message) return;
        SipDigits.Find(_message, _places);
        if (_places.Count == 0) return;
        var carriers = new List<HeldPacket>();
        foreach (CapturedPacket frame in message.Frames)
        {
            if (HeldAt(frame.Sequence) is { } held) carriers.Add(held);
            else Counters.Increment(MaskingCounter.TooLate);
        }

        if (message.Transport == Transport.Sctp) MaskSctp(message.Bytes, carriers);
        else if (!TryPlace(message, carriers)) LeaveOut(carriers);
    }

    private void VisitSegment(in CapturedPacket packet, in CapturedPacket numbered, in DecodedPacket decoded)
    {
        HeldPacket held;
        if (decoded.Fragments is null && packet.Bytes.Overlaps(decoded.Payload, out int payloadAt) && TryTcpHeader(packet.Bytes, payloadAt, decoded, out int headerAt))
        {
            held = new HeldPacket(packet)
            {
                IsSegment = true,
                Source = decoded.Source,
                Destination = decoded.Destination,
                TcpSequence = decoded.TcpSequence,
                PayloadAt = payloadAt,
                PayloadLength = decoded.Payload.Length,
                HeaderAt = headerAt,
            };
            foreach (StreamPlace place in _streamPlaces) Mask(held, place);
        }
        else
        {
            held = new HeldPacket(packet);
        }

        Hold(held);
        _streams.Add(decoded, numbered, this);
    }

    private void VisitSctp(in CapturedPacket packet, in CapturedPacket numbered, in DecodedPacket decoded)
    {
        bool isWhole = decoded.Fragments is null && packet.Bytes.Overlaps(decoded.Payload, out int payloadAt) && payloadAt >= SctpCommonHeaderBytes;
        _ = packet.Bytes.Overlaps(decoded.Payload, out payloadAt);
        Hold(isWhole
            ? new HeldPacket(packet) { IsSctp = true, PayloadAt = payloadAt, PayloadLength = decoded.Payload.Length, HeaderAt = payloadAt - SctpCommonHeaderBytes }
            : new HeldPacket(packet));
        _associations.Add(decoded, numbered, this);
    }

    /// <summary>The TCP header ends where its payload starts; its length is in its thirteenth octet, so the one that agrees with itself and with
    /// the ports and number decoded is it.</summary>
    private static bool TryTcpHeader(ReadOnlySpan<byte> frame, int payloadAt, in DecodedPacket decoded, out int headerAt)
    {
        for (int bytes = 20; bytes <= 60 && bytes <= payloadAt; bytes += 4)
        {
            headerAt = payloadAt - bytes;
            ReadOnlySpan<byte> header = frame[headerAt..];
            bool agrees = (header[12] >> 4) * 4 == bytes
                && System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(header[4..]) == decoded.TcpSequence
                && System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(header) == decoded.Source.Port
                && System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(header[2..]) == decoded.Destination.Port;
            if (agrees) return true;
        }

        headerAt = 0;
        return false;
    }

    /// <summary>Finds the message in its segments and writes over its digits there, and in every other segment of the same octets. False where
    /// the message does not stand in them as it is: in WebSocket frames, in fragments, or in packets already shown.</summary>
    private bool TryPlace(in TransportedMessage message, List<HeldPacket> carriers)
    {
        if (carriers.Count == 0 || !carriers.TrueForAll(static carrier => carrier.IsSegment)) return false;
        uint first = carriers[0].TcpSequence;
        foreach (HeldPacket carrier in carriers)
        {
            if ((int)(carrier.TcpSequence - first) < 0) first = carrier.TcpSequence;
        }

        long end = carriers.Max(carrier => (carrier.TcpSequence - first) + (long)carrier.PayloadLength);
        if (end > MostStreamBytes) return false;
        var stream = new byte[end];
        foreach (HeldPacket carrier in carriers) carrier.Payload.CopyTo(stream.AsSpan((int)(carrier.TcpSequence - first)));
        int start = stream.AsSpan().IndexOf(message.Bytes);
        if (start < 0) return false;
        foreach ((int place, int length) in _places)
            Remember(new StreamPlace(message.Source, message.Destination, first + (uint)(start + place), length, IsLeftOut: false));
        return true;
    }

    private void Remember(StreamPlace place)
    {
        if (_streamPlaces.Count >= RememberedPlaces) _streamPlaces.RemoveAt(0);
        _streamPlaces.Add(place);
        foreach (HeldPacket held in _held)
        {
            if (held.IsSegment) Mask(held, place);
        }
    }

    private static void Mask(HeldPacket held, in StreamPlace place)
    {
        if (held.Source != place.Source || held.Destination != place.Destination) return;
        int start = (int)(place.Start - held.TcpSequence);
        int end = Math.Min(start + place.Length, held.PayloadLength);
        start = Math.Max(start, 0);
        if (start >= end) return;
        if (place.IsLeftOut) held.IsLeftOut = true;
        else Mask(held, start, end - start);
    }

    private static void Mask(HeldPacket held, int start, int length)
    {
        FrameEditor.Fill(held.Bytes, held.HeaderAt, held.HeaderAt + 16, isUdp: false, held.PayloadAt + start, length, SipDigits.Hidden);
        held.IsMasked = true;
    }

    /// <summary>What was never a whole message, as where the capture lost a segment, is searched as it stands.</summary>
    private void MaskRaw(HeldPacket held)
    {
        _places.Clear();
        SipDigits.FindRaw(held.Payload, _places);
        foreach ((int start, int length) in _places)
        {
            if (held.Payload.Slice(start, length).IndexOfAnyExcept(SipDigits.Hidden) >= 0) Mask(held, start, length);
        }
    }

    private void MaskSctp(ReadOnlySpan<byte> message, List<HeldPacket> carriers)
    {
        int at = carriers is [{ IsSctp: true }] ? ((ReadOnlySpan<byte>)carriers[0].Payload).IndexOf(message) : -1;
        if (at < 0)
        {
            LeaveOut(carriers);
            return;
        }

        HeldPacket held = carriers[0];
        foreach ((int start, int length) in _places) held.Payload.Slice(at + start, length).Fill(SipDigits.Hidden);
        FrameEditor.SealSctp(held.Bytes.Slice(held.HeaderAt, SctpCommonHeaderBytes + held.PayloadLength));
        held.IsMasked = true;
    }

    private void LeaveOut(List<HeldPacket> carriers)
    {
        foreach (HeldPacket carrier in carriers)
        {
            carrier.IsLeftOut = true;
            if (carrier.IsSegment) Remember(new StreamPlace(carrier.Source, carrier.Destination, carrier.TcpSequence, carrier.PayloadLength, IsLeftOut: true));
        }
    }

    private void LeaveOut(long number)
    {
        if (HeldAt(number) is { } held) held.IsLeftOut = true;
        else Counters.Increment(MaskingCounter.TooLate);
    }

    /// <summary>The waiting packet of that number: they wait in order, without gaps, up to the one at hand.</summary>
    private HeldPacket? HeldAt(long number)
    {
        long back = _number - number;
        if (back < 0 || back >= _held.Count) return null;
        long skip = _held.Count - 1 - back;
        foreach (HeldPacket held in _held)
        {
            if (skip-- == 0) return held;
        }

        return null;
    }
}
