namespace CdrEngine.Calls.Ports;

/// <summary>What is served of a recording.</summary>
/// <param name="Kind">MP3, WAV, or the peaks for a picture of it.</param>
/// <param name="Channels">Stereo or mono.</param>
/// <param name="Sides">Whose voice is in it, as far as the rule of the recording allows.</param>
public readonly record struct RecordingVariant(RecordingKind Kind, RecordingChannels Channels, RecordingSides Sides = RecordingSides.Both)
{
    /// <summary>The one that is kept and has a state: MP3, stereo.</summary>
    public static RecordingVariant Default => new(RecordingKind.Mp3, RecordingChannels.Stereo);
}

/// <summary>Forms of a recording.</summary>
public enum RecordingKind
{
    /// <summary>MP3.</summary>
    Mp3 = 0,

    /// <summary>WAV.</summary>
    Wav = 1,

    /// <summary>Peaks as JSON.</summary>
    Waveform = 2,
}

/// <summary>What came of asking for a recording.</summary>
public sealed record RecordingAnswer
{
    /// <summary>Its state as it is now. Pending where it is still being made when the wait was over.</summary>
    public required RecordingEntry Entry { get; init; }

    /// <summary>The file, where it is there. Whole, and never changed in place.</summary>
    public string? Path { get; init; }

    /// <summary>True where too much was to be made already; nothing was begun, and the same may be asked again later.</summary>
    public bool IsBusy { get; init; }

    /// <summary>How long to wait before asking again, where that is of use; null where it is not.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>Gives out recordings, and has them made where they are not there yet.</summary>
public interface IRecordings
{
    /// <summary>The recording of a call; made first where the policy allows it. Those who ask for the same at the same time wait for the same
    /// making.</summary>
    /// <param name="callId">Id of a record that is there.</param>
    /// <param name="variant">In which form.</param>
    /// <param name="retry">Whether a failure, or that there was nothing to record, is not taken for an answer but tried again.</param>
    /// <param name="wait">Longest wait for the making.</param>
    /// <param name="stop">Gives up waiting; the making goes on.</param>
    Task<RecordingAnswer> GetAsync(string callId, RecordingVariant variant, bool retry, TimeSpan wait, CancellationToken stop = default);
}
