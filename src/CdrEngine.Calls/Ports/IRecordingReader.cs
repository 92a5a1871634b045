namespace CdrEngine.Calls.Ports;

/// <summary>Opens the files that recordings are given out as; they may lie sealed.</summary>
public interface IRecordingReader
{
    /// <summary>Opens a file named by <see cref="RecordingAnswer.Path"/> or <see cref="SessionSound"/>.</summary>
    OpenedRecording Open(string path);
}

/// <summary>A file of sound.</summary>
/// <param name="Stream">What was recorded, in the clear; can seek. Null where it is gone, or does not open.</param>
/// <param name="ChangedAt">When the file was written.</param>
/// <param name="Fault">Why it does not open, for those who look after the engine; null where it does, or is gone.</param>
public readonly record struct OpenedRecording(Stream? Stream, DateTimeOffset ChangedAt, string? Fault);
