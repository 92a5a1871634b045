namespace CdrEngine.Benchmarks.Processes;

/// <summary>This program as a process of its own that makes recordings: <c>recordings FOLDER --format FORM</c>. The engine itself makes unasked only MP3; WAV
/// is made when somebody asks for it.</summary>
public static class RecordProcess
{
    /// <summary>The command line for /bin/sh.</summary>
    public static string Command(string data, string format) => string.Join(
        ' ',
        ImportProcess.Surroundings,
        MeasuredProcess.Quote(ImportProcess.Runtime()),
        MeasuredProcess.Quote(Path.Combine(AppContext.BaseDirectory, "CdrEngine.Benchmarks.dll")),
        "recordings",
        MeasuredProcess.Quote(data),
        "--format",
        format);
}
