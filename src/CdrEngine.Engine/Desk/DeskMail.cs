using CdrEngine.Core;
using CdrEngine.Engine.Routing;
using CdrEngine.Engine.Shards;

namespace CdrEngine.Engine.Desk;

/// <summary>What the switchboard has for the desk and not handed over yet.</summary>
/// <param name="port">Where batches go.</param>
/// <param name="keepsFrames">Whether frames travel along, for the packet log.</param>
/// <param name="keepsText">Whether packets of text messages are kept at all.</param>
internal sealed class DeskMail(IShardPort port, bool keepsFrames, bool keepsText)
{
    private readonly ShardMail _mail = new([port], keepsFrames);

    /// <summary>Whether packets of text messages are kept, here and with calls.</summary>
    public bool KeepsText => keepsText;

    /// <summary>Hands a frame over that bore a part of the message that follows.</summary>
    public void PostFrame(in CapturedPacket frame, Timestamp now)
    {
        if (!_mail.KeepsFrames) return;
        _mail.Now = now;
        ref ShardItem item = ref _mail.Add(0);
        item.Kind = ShardItemKind.SipFrame;
        _mail.CopyIn(0, ref item, frame, default, 0);
    }

    /// <summary>Hands a message over.</summary>
    public void Post(ShardItemKind kind, in CapturedPacket packet, ReadOnlySpan<byte> message, in DeskItem facts, Timestamp now)
    {
        _mail.Now = now;
        ref ShardItem item = ref _mail.Add(0);
        item.Kind = kind;
        item.At = facts.At;
        item.Transport = facts.Transport;
        item.Source = facts.Source;
        item.Destination = facts.Destination;
        item.SourceIndex = facts.SourceIndex;
        item.PayloadLength = message.Length;
        item.Flag = packet.IsTruncated;
        _mail.CopyIn(0, ref item, packet, message, ShardMail.OffsetWithin(packet.Bytes, message));
    }

    /// <summary>Says that the capture has ended.</summary>
    public void EndCapture(Timestamp now)
    {
        _mail.Now = now;
        _mail.Add(0).Kind = ShardItemKind.CaptureEnd;
        _mail.PostAll();
    }

    /// <summary>Hands over what waits, with the clock.</summary>
    public void Flush(Timestamp now)
    {
        _mail.Now = now;
        _mail.Add(0).Kind = ShardItemKind.Tick;
        _mail.PostAll();
    }
}

/// <summary>Where and when a message was seen.</summary>
/// <param name="At">Packet time at which it was complete.</param>
/// <param name="Transport">Transport.</param>
/// <param name="Source">Sender.</param>
/// <param name="Destination">Receiver.</param>
/// <param name="SourceIndex">Number of the capture source.</param>
internal readonly record struct DeskItem(Timestamp At, Transport Transport, Endpoint Source, Endpoint Destination, int SourceIndex);
