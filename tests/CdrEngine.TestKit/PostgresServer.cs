using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace CdrEngine.TestKit;

/// <summary>A PostgreSQL server of the tests' own: made anew below the temporary folder, reached by a socket there, without fsync, gone with the tests, also where these
/// are killed. Its superuser is <c>cdrengine</c>, without password.</summary>
public sealed partial class PostgresServer : IDisposable
{
    private const int StopSignal = 19;
    private const int ContinueSignal = 18;

    private static readonly string? Programs = FindPrograms();
    private static readonly Lazy<PostgresServer> Common = new(static () =>
    {
        var server = new PostgresServer();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.Dispose();
        return server;
    });

    private readonly string _folder;
    private readonly string[] _user;
    private readonly string _settings;
    private Process? _process;

    /// <summary>Makes and starts a server.</summary>
    /// <param name="isDurable">Whether what it confirms outlives a power cut, as measurements want it; tests are quicker without.</param>
    public PostgresServer(bool isDurable = false)
    {
        _settings = isDurable ? "-c shared_buffers=1GB -c max_wal_size=8GB" : "-c fsync=off -c shared_buffers=128MB -c max_wal_size=2GB";

        // PostgreSQL refuses to run as root.
        _user = Environment.UserName == "root" ? ["setpriv", $"--reuid={Unprivileged}", "--regid=nogroup", "--clear-groups"] : [];
        _folder = Run([.. _user, "mktemp", "-d", Path.Combine(Path.GetTempPath(), "cdrpg-XXXXXX")]).Trim();
        Run([.. _user, Path.Combine(Programs!, "initdb"), "-D", Path.Combine(_folder, "data"), "-U", "cdrengine", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        Start();
    }

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? Missing => Programs is null ? "needs PostgreSQL below /usr/lib/postgresql (Debian: postgresql)" : null;

    /// <summary>The one that tests share which leave it running.</summary>
    public static PostgresServer Shared => Common.Value;

    /// <summary>Connection string.</summary>
    public string Connection => $"Host={_folder};Database=postgres;Username=cdrengine";

    /// <summary>Starts it, again where it was stopped; returns when it takes connections.</summary>
    public void Start()
    {
        if (_process is not null) return;

        // The shell stops the server when its input ends, also with tests that were killed, and removes its folder unless it was told to keep it.
        string postgres = $"'{Path.Combine(Programs!, "postgres")}' -D '{_folder}/data' -k '{_folder}' -c listen_addresses='' -c max_connections=120 "
            + $"-c max_locks_per_transaction=512 {_settings} -c autovacuum_naptime=10s";
        string[] command = [.. _user, "sh", "-c", $"{postgres} >'{_folder}/log' 2>&1 & p=$!; read -r order; kill -QUIT $p 2>/dev/null; kill -CONT $p 2>/dev/null; wait $p; [ \"$order\" = keep ] || rm -rf '{_folder}'"];
        _process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardInput = true })!;
        var waited = Stopwatch.StartNew();
        while (!IsReady())
        {
            if (waited.Elapsed > TimeSpan.FromSeconds(60)) throw new InvalidOperationException($"PostgreSQL does not start: {File.ReadAllText(Path.Combine(_folder, "log"))}");
            using var pause = new ManualResetEventSlim();
            pause.Wait(20);
        }
    }

    /// <summary>Stops it at once, as a crash does; connections break.</summary>
    public void Stop()
    {
        _process?.StandardInput.WriteLine("keep");
        End();
    }

    /// <summary>Lets all of its processes hang: connections stay, and nothing answers.</summary>
    public void Freeze() => Signal(StopSignal);

    /// <summary>Lets them go on.</summary>
    public void Thaw() => Signal(ContinueSignal);

    /// <summary>Runs a statement.</summary>
    public string Query(string sql) => Run([Path.Combine(Programs!, "psql"), "-h", _folder, "-U", "cdrengine", "-d", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", sql]).Trim();

    /// <summary>Holds what a statement locks, in a session of its own that is over when the process is killed; returns once it has it.</summary>
    public Process Hold(string statement)
    {
        Process holder = Process.Start(new ProcessStartInfo(
            Path.Combine(Programs!, "psql"), ["-h", _folder, "-U", "cdrengine", "-d", "postgres", "-qAtX"])
        { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        holder.StandardInput.WriteLine($"BEGIN; {statement}; SELECT 'held';");
        holder.StandardInput.Flush();
        if (holder.StandardOutput.ReadLine() != "held") throw new InvalidOperationException($"{statement}: not held");
        return holder;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (_process is not null) Thaw();
        End();
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    private void End()
    {
        if (_process is not { } process) return;
        _process = null;
        process.StandardInput.Dispose();
        process.WaitForExit();
        process.Dispose();
    }

    private static string Unprivileged => File.ReadLines("/etc/passwd").Any(static line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";

    private static string? FindPrograms()
    {
        const string root = "/usr/lib/postgresql";
        if (!Directory.Exists(root)) return null;
        return Directory.GetDirectories(root)
            .Select(static version => Path.Combine(version, "bin"))
            .Where(static programs => File.Exists(Path.Combine(programs, "initdb")))
            .OrderByDescending(static programs => int.TryParse(programs.Split('/')[^2], CultureInfo.InvariantCulture, out int version) ? version : 0)
            .FirstOrDefault();
    }

    private static string Run(string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{string.Join(' ', command)}: exit {process.ExitCode}: {errors.GetAwaiter().GetResult()}");
    }

    private bool IsReady()
    {
        try
        {
            Query("SELECT 1");
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    // The first of its processes and those that it started.
    private void Signal(int signal)
    {
        int first = int.Parse(File.ReadLines(Path.Combine(_folder, "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture);
        foreach (int process in Directory.GetDirectories("/proc").Select(static path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out int id) ? id : 0).Where(static id => id > 0))
        {
            if (process == first || ParentOf(process) == first) _ = Kill(process, signal);
        }
    }

    private static int ParentOf(int process)
    {
        try
        {
            // Its name, in brackets, may hold anything.
            string stat = File.ReadAllText($"/proc/{process}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

/// <summary>A test that starts PostgreSQL.</summary>
public sealed class PostgresFactAttribute : Xunit.FactAttribute
{
    /// <summary>Skips with the reason where it is not installed.</summary>
    public PostgresFactAttribute() => Skip = PostgresServer.Missing;
}

/// <summary>A theory that starts PostgreSQL.</summary>
public sealed class PostgresTheoryAttribute : Xunit.TheoryAttribute
{
    /// <summary>Skips with the reason where it is not installed.</summary>
    public PostgresTheoryAttribute() => Skip = PostgresServer.Missing;
}
