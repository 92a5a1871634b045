using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Host.Parts;

/// <summary>How far an import is.</summary>
internal sealed record ImportProgress
{
    /// <summary>Bytes read of all files.</summary>
    public long Bytes { get; init; }

    /// <summary>Bytes of all files; -1 where that is not known (standard input).</summary>
    public long TotalBytes { get; init; } = -1;

    /// <summary>Packets read.</summary>
    public long Packets { get; init; }

    /// <summary>Calls seen, open ones included.</summary>
    public long Calls { get; init; }

    /// <summary>File being read; null before the first and after the last.</summary>
    public string? CurrentFile { get; init; }

    /// <summary>Faults so far.</summary>
    public int Faults { get; init; }
}

/// <summary>What an import did.</summary>
internal sealed record ImportSummary
{
    /// <summary>Files read, faulty ones included.</summary>
    public int Files { get; init; }

    /// <summary>How many of them were imported into this data folder before. Where that is all of them, and nothing else was read, none was read again.</summary>
    public int KnownFiles { get; init; }

    /// <summary>Bytes read, or left out because they are known.</summary>
    public long Bytes { get; init; }

    /// <summary>Packets read.</summary>
    public long Packets { get; init; }

    /// <summary>True where nothing was read because all of it is there already.</summary>
    public bool IsLeftOut => Files > 0 && KnownFiles == Files && Packets == 0;

    /// <summary>Time of the first packet; null where there was none.</summary>
    public Timestamp? FirstPacketAt { get; init; }

    /// <summary>Time of the last packet.</summary>
    public Timestamp? LastPacketAt { get; init; }

    /// <summary>Time the import took.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Call records made, by outcome.</summary>
    public EnumCounts<Disposition> Calls { get; init; } = new();

    /// <summary>How many of the records were in the store already and did not change.</summary>
    public long KnownCalls { get; init; }

    /// <summary>Alerts that the rules raised over the calls; null where that was not asked for.</summary>
    public int? Alerts { get; init; }

    /// <summary>Recordings made along the way, by what became of them; empty unless the policy is to record always.</summary>
    public EnumCounts<RecordingState> Recordings { get; init; } = new();

    /// <summary>True where it was stopped before the end.</summary>
    public bool Stopped { get; init; }

    /// <summary>Files with something wrong, in order.</summary>
    public IReadOnlyList<FileFault> Faults { get; init; } = [];

    /// <summary>Every counter of every part.</summary>
    public IReadOnlyList<CounterGroup> Counters { get; init; } = [];
}

/// <summary>A file with something wrong.</summary>
/// <param name="Path">The file as given.</param>
/// <param name="Problem">One line: what and where.</param>
/// <param name="IsUnreadable">True where nothing of it could be read: no capture, missing, no right. False where what was read before
/// is kept.</param>
internal sealed record FileFault(string Path, string Problem, bool IsUnreadable);

/// <summary>The counters of one part.</summary>
/// <param name="Name">Name of the part, for example <c>decode</c>.</param>
/// <param name="Values">As <see cref="Counters{TCounter}.Describe"/> gives them.</param>
internal sealed record CounterGroup(string Name, IReadOnlyList<CounterValue> Values);
