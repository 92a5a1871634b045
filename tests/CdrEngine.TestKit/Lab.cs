using System.Diagnostics;
using Xunit;

namespace CdrEngine.TestKit;

/// <summary>One lab of real SIP servers and phones: the shared one, copied to a folder of its own and with namespaces of its own, so that several stand side by
/// side. Its mirror port is <see cref="MirrorInterface"/> in namespace <see cref="MirrorNamespace"/>.</summary>
public sealed class Lab : IDisposable
{
    /// <summary>The interface that shows every frame once.</summary>
    public const string MirrorInterface = "span0";

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(4);
    private static int s_last;

    private readonly string _prefix = $"ct{Environment.ProcessId % 100_000}{(char)('a' + Interlocked.Increment(ref s_last))}";
    private readonly string _folder = Directory.CreateTempSubdirectory("cdrlab-").FullName;

    /// <summary>Copies the lab and makes its network.</summary>
    public Lab()
    {
        string scripts = Path.Combine(_folder, "lab");
        Execute("cp", ["-r", "--no-preserve=mode", SharedFolder.Path("lab"), scripts]);
        Directory.Delete(Path.Combine(scripts, "captures"), recursive: true);

        // The address that agents are told to send HEP to is the engine's: the lab's own receiver makes room.
        File.WriteAllText(Path.Combine(scripts, "lib", "udpsink.py"), "import sys, time\nopen(sys.argv[3], 'wb').close()\nprint('ready', flush=True)\ntime.sleep(170)\n");
        Script("up");
    }

    /// <summary>Why none can be run here; null where one can.</summary>
    public static string? Missing { get; } = Examine();

    /// <summary>Namespace of the mirror port.</summary>
    public string MirrorNamespace => $"{_prefix}tap";

    /// <summary>Runs a scenario to its end.</summary>
    /// <param name="scenario">Its full name.</param>
    /// <returns>The capture that tcpdump made at the mirror port, and what the lab knows to be true of it.</returns>
    public (string Capture, string Truth) Run(string scenario)
    {
        Script("run", scenario);
        string folder = Path.Combine(_folder, "run", "runs", scenario);
        return (Path.Combine(folder, "span.pcap"), Path.Combine(folder, "truth.json"));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Script("down");
        Directory.Delete(_folder, recursive: true);
    }

    private void Script(params string[] arguments) =>
        Execute("bash", [Path.Combine(_folder, "lab", "lab.sh"), .. arguments], ("LAB_PREFIX", _prefix), ("LAB_RUN", Path.Combine(_folder, "run")));

    private static string? Examine()
    {
        if (SharedFolder.Root is null || !File.Exists(SharedFolder.Path("lab", "lab.sh"))) return "needs ../shared/lab beside the checkout";
        if (NetworkNamespace.Missing is { } missing) return missing;
        try
        {
            Execute("bash", [SharedFolder.Path("lab", "lab.sh"), "check"]);
            return null;
        }
        catch (InvalidOperationException)
        {
            return "needs the lab's packages: as root ../shared/lab/lab.sh install";
        }
    }

    private static void Execute(string program, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Longest))
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"{string.Join(' ', arguments)}: not done after {Longest.TotalMinutes} min");
        }

        if (process.ExitCode == 0) return;

        // What the programs of the lab left running may hold the pipes open: what has come is enough.
        _ = Task.WaitAll([output, error], TimeSpan.FromSeconds(1));
        string said = string.Concat(new[] { output, error }.Where(static text => text.IsCompletedSuccessfully).Select(static text => text.Result));
        throw new InvalidOperationException($"{string.Join(' ', arguments)}: exit code {process.ExitCode}: {said.Trim()}");
    }
}

/// <summary>A test that runs the lab.</summary>
public sealed class LabFactAttribute : FactAttribute
{
    /// <summary>Skips with the reason where it cannot run.</summary>
    public LabFactAttribute() => Skip = Lab.Missing;
}

/// <summary>A theory that runs the lab.</summary>
public sealed class LabTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips with the reason where it cannot run.</summary>
    public LabTheoryAttribute() => Skip = Lab.Missing;
}
