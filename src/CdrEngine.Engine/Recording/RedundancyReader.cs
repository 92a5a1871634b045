using CdrEngine.Core;
using CdrEngine.Media.Playout;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Engine.Recording;

/// <summary>Takes packets on their way into a recording.</summary>
internal interface IRecordingPackets
{
    /// <summary>One packet.</summary>
    void Add(in RecordingPacket packet, bool isPlain);
}

/// <summary>Takes payloads with redundancy (RFC 2198) apart: the primary block is the packet, earlier blocks stand for packets that were lost.</summary>
/// <remarks>An earlier block has no number of its own; blocks go back one packet each, the nearest last, as all senders have it. Only those
/// of numbers that were skipped are given on, so that what came stays what it is. Survey and timeline each run one over the same packets and see
/// the same. Of encrypted media the survey cannot see the blocks: there the primary one counts, as what the description says it is.</remarks>
internal sealed class RedundancyReader
{
    /// <summary>Streams whose numbers are remembered; of more, nothing is filled in.</summary>
    private const int MaxStreams = 64;

    /// <summary>A larger step forward is a source that began anew, or no step.</summary>
    private const int MaxStep = 100;

    private readonly Dictionary<(int Flow, uint Ssrc), ushort> _newest = [];

    /// <summary>True where a packet is to be taken apart.</summary>
    public static bool IsRedundant(PayloadFormat format) => format.EncodingName == "RED" && format.Kind != PayloadKind.Video;

    /// <summary>The packet as its primary block, without a payload: what can be said of encrypted media.</summary>
    public static RecordingPacket Primary(in RtpHeader rtp, MediaFlow flow, MediaSide side, Timestamp at, ReadOnlySpan<byte> payload)
    {
        (PayloadFormat format, string? fmtp) = flow.FormatOf(rtp.PayloadType);
        int primary = RedundantPayload.PrimaryOf(fmtp);
        if (primary >= 0) (format, fmtp) = flow.FormatOf(primary);
        return Make(rtp, flow, side, at, rtp.SequenceNumber, rtp.Timestamp, format, fmtp, payload);
    }

    /// <summary>Opened media: the primary block where it is of the payload type foreseen; false where it is not.</summary>
    public static bool TryPrimary(in RtpHeader plain, MediaFlow flow, out RedundantBlock block)
    {
        Span<RedundantBlock> blocks = stackalloc RedundantBlock[RedundantPayload.MaxBlocks];
        block = default;
        if (!RedundantPayload.TryRead(plain.Payload, blocks, out int count)) return false;
        block = blocks[count - 1];
        return block.PayloadType == RedundantPayload.PrimaryOf(flow.FormatOf(plain.PayloadType).Fmtp);
    }

    /// <summary>Takes a packet in the clear apart.</summary>
    public void Read(in RtpHeader rtp, MediaFlow flow, MediaSide side, Timestamp at, IRecordingPackets to)
    {
        Span<RedundantBlock> blocks = stackalloc RedundantBlock[RedundantPayload.MaxBlocks];
        if (!RedundantPayload.TryRead(rtp.Payload, blocks, out int count))
        {
            to.Add(Primary(rtp, flow, side, at, default), isPlain: false);
            return;
        }

        int missing = Missing(flow.Number, rtp);
        for (int i = Math.Max(0, count - 1 - missing); i < count; i++)
        {
            RedundantBlock block = blocks[i];
            (PayloadFormat format, string? fmtp) = flow.FormatOf(block.PayloadType);
            int back = count - 1 - i;
            to.Add(
                Make(rtp, flow, side, at, (ushort)(rtp.SequenceNumber - back), rtp.Timestamp - (uint)block.TimestampOffset, format, fmtp, rtp.Payload.Slice(block.Start, block.Length)),
                isPlain: true);
        }
    }

    private static RecordingPacket Make(
        in RtpHeader rtp, MediaFlow flow, MediaSide side, Timestamp at, ushort sequence, uint timestamp, PayloadFormat format, string? fmtp, ReadOnlySpan<byte> payload) => new()
        {
            Side = side,
            Flow = flow.Number,
            Rank = flow.Rank,
            Ssrc = rtp.Ssrc,
            Format = format,
            Fmtp = fmtp,
            SequenceNumber = sequence,
            RtpTimestamp = timestamp,
            Marker = rtp.Marker,
            At = at,
            Payload = payload,
        };

    /// <summary>Numbers skipped between the newest packet and this one.</summary>
    private int Missing(int flow, in RtpHeader rtp)
    {
        var key = (flow, rtp.Ssrc);
        bool isKnown = _newest.TryGetValue(key, out ushort newest);
        int step = isKnown ? (short)(rtp.SequenceNumber - newest) : 1;
        bool isForward = step > 0 || step < -MaxStep;
        if (isForward && (isKnown || _newest.Count < MaxStreams)) _newest[key] = rtp.SequenceNumber;
        return step is > 1 and <= MaxStep ? step - 1 : 0;
    }
}
