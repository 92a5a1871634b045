using CdrEngine.Calls.Records;

namespace CdrEngine.Host.Parts;

/// <summary>What a live capture did.</summary>
internal sealed record LiveSummary
{
    /// <summary>What was read.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Packets taken.</summary>
    public long Packets { get; init; }

    /// <summary>Packets lost before they could be taken, and times at which a source was away.</summary>
    public long Lost { get; init; }

    /// <summary>Time it ran.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Call records made, by outcome.</summary>
    public EnumCounts<Disposition> Calls { get; init; } = new();

    /// <summary>What went wrong behind the engine.</summary>
    public IReadOnlyList<FileFault> Faults { get; init; } = [];

    /// <summary>Every counter of every part.</summary>
    public IReadOnlyList<CounterGroup> Counters { get; init; } = [];
}
