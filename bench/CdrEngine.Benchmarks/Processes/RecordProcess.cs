using System.Diagnostics;
using CdrEngine.Benchmarks.Commands;

namespace CdrEngine.Benchmarks.Processes;

/// <summary>This program as a process of its own that makes recordings: <c>recordings FOLDER --format FORM</c>. The engine itself makes unasked only MP3; WAV
/// is made when somebody asks for it.</summary>
public static class RecordProcess
{
    private static readonly Lazy<string> Folder = new(MakeFolder);

    /// <summary>The command line for /bin/sh. The engine's assemblies and settings are those of the program that is measured.</summary>
    /// <exception cref="BenchException">The program is missing, or its files cannot be copied.</exception>
    public static string Command(string data, string format) => string.Join(
        ' ',
        ImportProcess.Surroundings,
        MeasuredProcess.Quote(ImportProcess.Runtime()),
        "exec",
        "--runtimeconfig",
        MeasuredProcess.Quote(Path.ChangeExtension(EngineProgram.Path, ".runtimeconfig.json")),
        MeasuredProcess.Quote(Path.Combine(Folder.Value, "CdrEngine.Benchmarks.dll")),
        "recordings",
        MeasuredProcess.Quote(data),
        "--format",
        format);

    // This program beside the engine's assemblies, which are compiled ahead there and are not here. Gone with this process.
    private static string MakeFolder()
    {
        string program = Path.GetDirectoryName(EngineProgram.Path)!;
        if (Path.GetFullPath(program) == Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)) return program;
        string folder = Directory.CreateTempSubdirectory("cdrengine-recorder-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        Copy(AppContext.BaseDirectory, folder);
        Copy(program, folder);
        return folder;
    }

    private static void Copy(string from, string to)
    {
        using Process copy = Process.Start("cp", ["-r", $"{from}/.", to]);
        copy.WaitForExit();
        if (copy.ExitCode != 0) throw new BenchException($"{from} cannot be copied");
    }
}
