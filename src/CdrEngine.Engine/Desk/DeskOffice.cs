using System.Collections.Concurrent;
using CdrEngine.Actors;
using CdrEngine.Calls.Desk;
using CdrEngine.Core;
using CdrEngine.Engine.Shards;
using CdrEngine.PacketLog;

namespace CdrEngine.Engine.Desk;

/// <summary>The desk with its thread and its queue.</summary>
internal sealed class DeskOffice
{
    private readonly DeskHandler _handler;
    private readonly ShardThread<ShardBatch> _thread;

    public DeskOffice(ActorSystem system, EngineOptions options, IDeskOutput output, DeskStart start, PacketLogFolder? log, IReadOnlyList<string> sources)
    {
        var pool = new ConcurrentQueue<ShardBatch>();

        // Its part of the packet log is numbered behind those of the shards.
        _handler = new DeskHandler(options, output, start, log?.OpenShard((ushort)options.Shards), sources, pool)
        {
            OnFailure = failure => system.Events.Publish(new DeskFailed(failure)),
        };
        _thread = new ShardThread<ShardBatch>(system, "desk", _handler, new ShardThreadOptions
        {
            QueueCapacity = options.QueuedBatches,
            WakeAt = options.WakeAt,
            IdleAfter = TimeSpan.FromMilliseconds(200),
        });
        Mail = new DeskMail(new CaptureEngine.Port(_thread, pool, options), keepsFrames: log is not null, options.Desk.Messages.KeepText);
        _thread.Start();
    }

    /// <summary>The switchboard's side of it.</summary>
    public DeskMail Mail { get; }

    public string? LogFault => _handler.LogFault;

    public Counters<PacketLogCounter>? LogCounters => _handler.LogCounters;

    public Task StopAsync() => _thread.StopAsync();

    /// <summary>Every counter of the desk.</summary>
    public IEnumerable<Statistic> Statistics()
    {
        DeskMachine machine = _handler.Machine;
        return
        [
            .. _handler.Counters.Statistics("desk"),
            .. machine.ExchangeCounters.Statistics("exchange"),
            .. machine.Registrations.Counters.Statistics("registration"),
            .. machine.Messages.Counters.Statistics("message"),
            .. machine.Peers.Counters.Statistics("peer"),
        ];
    }
}

/// <summary>The desk failed at a message, which was left out.</summary>
/// <param name="Failure">What it threw.</param>
public sealed record DeskFailed(Exception Failure) : ActorEvent
{
    /// <inheritdoc />
    public override string ToString() => $"desk: {Failure.GetType().Name}: {Failure.Message}";
}
