using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Ports;

/// <summary>Makes the sound of a call from its packets.</summary>
public interface IRecordingMaker
{
    /// <summary>Writes the recording of one call and returns when it is whole. Works on the caller's thread; several threads may each make one.</summary>
    /// <param name="record">The call's final record.</param>
    /// <param name="packets">Where its packets are.</param>
    /// <param name="request">What is wanted.</param>
    /// <param name="output">Where it goes; a file that can seek, empty, left open. What is written is only of use where the outcome is
    /// <see cref="RecordingState.Available"/>.</param>
    /// <returns>What came of it. That a call cannot be recorded (no audio, no key, no codec) is an outcome with a reason; exceptions are for
    /// what has nothing to do with the call, such as a full disk.</returns>
    RecordingOutcome Make(CallRecord record, ICallPackets packets, RecordingRequest request, Stream output);

    /// <summary>Writes the outline of the same sound for a page to draw, as JSON: the peaks of each channel. The request's format does not
    /// matter; all else is as for <see cref="Make"/>.</summary>
    RecordingOutcome Outline(CallRecord record, ICallPackets packets, RecordingRequest request, Stream json);
}

/// <summary>What recording is wanted.</summary>
public sealed record RecordingRequest
{
    /// <summary>MP3 or WAV.</summary>
    public RecordingFormat Format { get; init; } = RecordingFormat.Mp3;

    /// <summary>Stereo (caller left, callee right) or a mix of both.</summary>
    public RecordingChannels Channels { get; init; } = RecordingChannels.Stereo;

    /// <summary>Whose voice is in it; the other side is silence.</summary>
    public RecordingSides Sides { get; init; } = RecordingSides.Both;

    /// <summary>Where it begins.</summary>
    public RecordingStart From { get; init; } = RecordingStart.Answer;

    /// <summary>Is cancelled when nobody wants it any more; an implementation looks now and then and throws
    /// <see cref="OperationCanceledException"/>.</summary>
    public CancellationToken Stop { get; init; }
}

/// <summary>What came of making a recording.</summary>
public sealed record RecordingOutcome
{
    /// <summary><see cref="RecordingState.Available"/>; <see cref="RecordingState.None"/> where the call has nothing to record
    /// (<c>no_rtp</c>, <c>not_answered</c>, <c>policy</c>) or nothing that can be heard, now or later (<c>srtp_no_key</c>, a codec turned off);
    /// <see cref="RecordingState.Failed"/> where it could not be made and another attempt may do better.</summary>
    public required RecordingState State { get; init; }

    /// <summary>Why there is none: a word, then perhaps a colon and what to do (<c>srtp_no_key</c>, <c>codec_unsupported: G.729 needs
    /// libbcg729-0</c>); else null.</summary>
    public string? Reason { get; init; }

    /// <summary>Why a part of it is silent although there were packets (<c>srtp_no_key</c>, <c>codec_unsupported: …</c>); null where none is, or
    /// where there is no recording.</summary>
    public string? PartReason { get; init; }

    /// <summary>Length of the sound.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Samples a second: 8000, 16000 or 48000; 0 where there is none.</summary>
    public int SampleRateHz { get; init; }

    /// <summary>1 or 2; 0 where there is none.</summary>
    public int Channels { get; init; }

    /// <summary>Bytes written.</summary>
    public long Bytes { get; init; }
}

/// <summary>How sound is packed.</summary>
public enum RecordingFormat
{
    /// <summary>MPEG audio layer III.</summary>
    Mp3 = 0,

    /// <summary>RIFF WAVE, 16-bit linear.</summary>
    Wav = 1,
}

/// <summary>How the two sides are laid into channels.</summary>
public enum RecordingChannels
{
    /// <summary>Caller left, callee right.</summary>
    Stereo = 0,

    /// <summary>Both mixed.</summary>
    Mono = 1,
}

/// <summary>Whose voice is recorded.</summary>
public enum RecordingSides
{
    /// <summary>Both.</summary>
    Both = 0,

    /// <summary>The caller's.</summary>
    Caller = 1,

    /// <summary>The callee's.</summary>
    Callee = 2,
}

/// <summary>Where a recording begins.</summary>
public enum RecordingStart
{
    /// <summary>At the answer.</summary>
    Answer = 0,

    /// <summary>At the first media before the answer, where there is some.</summary>
    EarlyMedia = 1,
}
