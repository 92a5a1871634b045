using CdrEngine.Calls.Transcripts;
using CdrEngine.Core;
using CdrEngine.PacketLog;

namespace CdrEngine.Engine.Shards;

/// <summary>Tells a call's logged SIP to its actor once more, as when the actor failed.</summary>
internal static class CallReplay
{
    /// <summary>Folds the messages in order of capture.</summary>
    /// <param name="packets">The call's packets.</param>
    /// <param name="without">Place in the order of capture of a packet to leave out.</param>
    /// <param name="actor">Who is told.</param>
    /// <param name="sipCallId">The call's Call-ID: messages of others that share a TCP segment are left out.</param>
    /// <param name="captureSource">Source named in the record.</param>
    public static void Run(PacketGather packets, long without, CallActor actor, string? sipCallId, string captureSource)
    {
        var transcript = new SipTranscript(sipCallId);
        while (packets.MoveNext())
        {
            CapturedPacket packet = packets.Current;
            if (packet.Sequence != without) transcript.Visit(packet);
        }

        foreach (TranscriptMessage message in transcript.Messages)
        {
            actor.Fold(new SipArrival
            {
                Bytes = message.Bytes,
                At = message.At,
                Source = message.Source,
                Destination = message.Destination,
                Transport = message.Transport,
                CaptureSource = captureSource,
                IsTruncated = false,
            });
        }
    }
}
