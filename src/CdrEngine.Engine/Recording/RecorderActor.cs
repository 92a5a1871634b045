using CdrEngine.Actors;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Engine.Recording;

/// <summary>One recording to make.</summary>
/// <param name="CallId">Of which call.</param>
/// <param name="Variant">In which form.</param>
internal sealed record RecorderJob(string CallId, RecordingVariant Variant);

/// <summary>A recorder: makes one recording at a time on a thread of its own, and says when it is done.</summary>
internal sealed class RecorderActor(RecordingWorkshop workshop, ActorRef<PoolMessage> pool, CancellationToken stop) : Actor<RecorderMessage>
{
    private RecorderThread? _thread;

    protected override void PreStart() => _thread = new RecorderThread(Context.Name);

    protected override void PostStop() => _thread?.Dispose();

    protected override void Receive(RecorderMessage message)
    {
        switch (message)
        {
            case RecorderMessage.Make { Job: var job }:
                Context.PipeToSelf(
                    _thread!.Run(() => workshop.Make(job.CallId, job.Variant, stop)),
                    RecorderMessage (answer) => new RecorderMessage.Done(job, answer),
                    RecorderMessage (_) => new RecorderMessage.Done(job, null));
                break;
            case RecorderMessage.Done done:
                pool.Tell(new PoolMessage.Finished(Context.Self, done.Job, done.Answer));
                break;
        }
    }
}

/// <summary>What a recorder is told.</summary>
internal abstract record RecorderMessage
{
    /// <summary>Make this.</summary>
    public sealed record Make(RecorderJob Job) : RecorderMessage;

    /// <summary>It is made; null where it was stopped.</summary>
    public sealed record Done(RecorderJob Job, RecordingAnswer? Answer) : RecorderMessage;
}
