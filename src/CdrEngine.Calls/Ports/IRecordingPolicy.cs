using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Ports;

/// <summary>When recordings are made.</summary>
public enum RecordingPolicy
{
    /// <summary>When one is asked for.</summary>
    OnDemand = 0,

    /// <summary>Of every answered call, once its record is written.</summary>
    Always = 1,

    /// <summary>Not at all; those there are can still be had.</summary>
    Never = 2,
}

/// <summary>What holds for the recording of one call.</summary>
/// <param name="Policy">When it is made.</param>
/// <param name="Sides">Whose voice is in it.</param>
public readonly record struct RecordingRule(RecordingPolicy Policy, RecordingSides Sides);

/// <summary>Says what holds for the recording of each call.</summary>
/// <remarks>Asked twice: when the record is written, to know whether its recording is due, and whenever somebody wants the recording, so that what
/// holds is what is ruled now. Depends on the record only. Any number of threads.</remarks>
public interface IRecordingPolicy
{
    /// <summary>False only where no call at all may be recorded.</summary>
    bool MayRecord { get; }

    /// <summary>True where some call may be recorded without being asked for.</summary>
    bool MayRecordUnasked { get; }

    /// <summary>The rule of a call.</summary>
    /// <param name="record">Its record, as it is stored: with its marks, and with digits masked.</param>
    RecordingRule For(CallRecord record);
}

/// <summary>One rule for all calls.</summary>
/// <param name="rule">The rule.</param>
public sealed class FixedRecordingPolicy(RecordingRule rule) : IRecordingPolicy
{
    /// <inheritdoc />
    public bool MayRecord => rule.Policy != RecordingPolicy.Never;

    /// <inheritdoc />
    public bool MayRecordUnasked => rule.Policy == RecordingPolicy.Always;

    /// <inheritdoc />
    public RecordingRule For(CallRecord record) => rule;
}
