using System.Runtime.InteropServices;
using CdrEngine.Benchmarks.Commands;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Load;
using CdrEngine.Storage;

namespace CdrEngine.Benchmarks.Processes;

/// <summary>The real program: <c>cdrengine import FILE --data FOLDER</c> in a process of its own.</summary>
public static class ImportProcess
{
    /// <summary>Before the program's name on a command line: the environment in which ./cdrengine starts it.</summary>
    internal const string Surroundings = "env DOTNET_GCgen0size=0x8000000";

    /// <summary>The command line for /bin/sh.</summary>
    /// <param name="capture">What it reads.</param>
    /// <param name="data">Its data folder.</param>
    /// <param name="log">Whether it keeps the packets of calls.</param>
    /// <param name="settings">Further settings, as <c>name=value</c>.</param>
    public static string Command(string capture, string data, bool log, params string[] settings) => string.Join(
        ' ',
        Surroundings,
        "DOTNET_GCConserveMemory=8",
        "MALLOC_ARENA_MAX=1",
        MeasuredProcess.Quote(Runtime()),
        MeasuredProcess.Quote(EngineProgram.Path),
        "import",
        MeasuredProcess.Quote(capture),
        "--data",
        MeasuredProcess.Quote(data),
        "--set",
        $"packet-log.enabled={(log ? "on" : "off")}",
        string.Join(' ', settings.Select(static setting => $"--set {MeasuredProcess.Quote(setting)}")));

    /// <summary>How the stored records differ from those that must come: null where they do not, else one line.</summary>
    public static string? Differences(string data, string capture)
    {
        ExpectedRecords expected = ExpectedRecords.OfCapture(capture);
        using SqliteCallStore store = SqliteCallStore.Open(Path.Combine(data, "records"));
        string? cursor = null;
        do
        {
            CallPage page = store.List(new CallQuery { Limit = CallQuery.MaxLimit, Cursor = cursor });
            if (page.CursorRejected) throw new BenchException("the store refuses its own cursor");
            foreach (CallRecord record in page.Calls) expected.Take(record);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        IReadOnlyList<string> differences = expected.Differences();
        return differences.Count == 0 ? null : $"{differences.Count:N0} of {expected.Calls:N0} calls differ; the first: {differences[0]}";
    }

    // shared/Microsoft.NETCore.App/VERSION lies three folders below the dotnet command.
    internal static string Runtime()
    {
        string path = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        return File.Exists(path) ? path : "dotnet";
    }
}
