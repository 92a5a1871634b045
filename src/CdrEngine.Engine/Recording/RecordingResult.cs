using System.Diagnostics.CodeAnalysis;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Media.Mixing;
using CdrEngine.Media.Playout;

namespace CdrEngine.Engine.Recording;

/// <summary>Opens the sink of a recording.</summary>
/// <param name="format">What will come.</param>
/// <param name="startedAt">First instant of the recording.</param>
/// <param name="sink">The sink.</param>
/// <param name="reason">Why there is none.</param>
public delegate bool RecordingSinkFactory(
    PcmFormat format, Timestamp startedAt, [NotNullWhen(true)] out IPcmSink? sink, [NotNullWhen(false)] out string? reason);

/// <summary>What came of recording a call.</summary>
public sealed record RecordingResult
{
    /// <summary>Whether there is one.</summary>
    public required RecordingState State { get; init; }

    /// <summary>Why there is none; null where there is one.</summary>
    public string? Reason { get; init; }

    /// <summary>Why a part of it is silent although there were packets: <c>srtp_no_key</c>, <c>codec_unsupported: …</c>; null where none is.</summary>
    public string? PartReason { get; init; }

    /// <summary>First instant.</summary>
    public Timestamp StartedAt { get; init; }

    /// <summary>Rate, channels, length; all zero where there is none.</summary>
    public PcmFormat Format { get; init; }

    /// <summary>What became of the packets; null where there is none.</summary>
    public Counters<PlayoutCounter>? Counters { get; init; }

    internal static RecordingResult None(string reason) => new() { State = RecordingState.None, Reason = reason };

    internal static RecordingResult Failed(string reason) => new() { State = RecordingState.Failed, Reason = reason };
}
