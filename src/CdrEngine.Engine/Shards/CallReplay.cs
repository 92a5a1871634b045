using CdrEngine.Calls.Transcripts;
using CdrEngine.PacketLog;

namespace CdrEngine.Engine.Shards;

/// <summary>Tells a call's logged SIP to its actor once more, as when the actor failed.</summary>
internal static class CallReplay
{
    /// <summary>Folds the messages in order of capture, up to the one that the actor failed at.</summary>
    /// <param name="packets">The call's packets.</param>
    /// <param name="seat">The call, with the message at hand if there is one.</param>
    /// <param name="actor">Who is told. Messages of other calls that share a TCP segment are left out.</param>
    public static void Run(PacketGather packets, CallSeat seat, CallActor actor)
    {
        var transcript = new SipTranscript(seat.SipCallId);
        while (packets.MoveNext()) transcript.Visit(packets.Current);
        foreach (TranscriptMessage message in transcript.Messages)
        {
            if (message.At == seat.CurrentAt && message.Bytes.Span.SequenceEqual(seat.CurrentMessage.Span)) return;
            actor.Fold(new SipArrival
            {
                Bytes = message.Bytes,
                At = message.At,
                Source = message.Source,
                Destination = message.Destination,
                Transport = message.Transport,
                CaptureSource = seat.CaptureSource,
                IsTruncated = false,
            });
        }
    }
}
