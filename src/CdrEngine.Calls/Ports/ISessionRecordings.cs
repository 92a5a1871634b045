using CdrEngine.Calls.Sessions;

namespace CdrEngine.Calls.Ports;

/// <summary>Makes the sound of a session: that of who stays in it, across its transfers.</summary>
public interface ISessionRecordings
{
    /// <summary>The recording of a session, or its outline; both made first where they are not there. Works on the caller's thread.</summary>
    /// <param name="session">The session.</param>
    /// <param name="kind">MP3, or the outline; the outline is of both sides whatever the channels.</param>
    /// <param name="channels">Stereo: who stays left, whoever talks with them right.</param>
    /// <param name="stop">Gives it up.</param>
    /// <returns>The outcome, and the file where there is one: whole, and never changed in place.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> fired.</exception>
    SessionSound FindOrMake(SessionRecord session, RecordingKind kind, RecordingChannels channels, CancellationToken stop);
}

/// <summary>What came of making the sound of a session.</summary>
/// <param name="Path">The file; null where there is none.</param>
/// <param name="Reason">Why there is none; null where there is one.</param>
public readonly record struct SessionSound(string? Path, string? Reason);
