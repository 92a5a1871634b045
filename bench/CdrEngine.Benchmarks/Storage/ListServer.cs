using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using CdrEngine.Benchmarks.Commands;
using CdrEngine.Benchmarks.Processes;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>The real program, <c>cdrengine serve</c>, over an archive: a process of its own with a data folder that leads to the archive, a directory of its tenants and users, and two
/// clients: an administrator and a tenant.</summary>
internal sealed partial class ListServer : IDisposable
{
    /// <summary>The tenant of <see cref="TenantClient"/>.</summary>
    public const int Tenant = 7;

    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(2);

    private readonly string _data;
    private readonly Process _process;

    private ListServer(string data, Process process, string url, string token)
    {
        _data = data;
        _process = process;
        Admin = Client(url, token);
        string made = Run(data, "token", "create", "bench", "--tenant", $"tenant{Tenant}", "--scope", "calls:read", "--scope", "recordings:read");
        TenantClient = Client(url, Token().Match(made).Value);
    }

    /// <summary>Sees everything.</summary>
    public HttpClient Admin { get; }

    /// <summary>Sees one tenant.</summary>
    public HttpClient TenantClient { get; }

    /// <summary>Memory that the program has in use now, bytes.</summary>
    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts it.</summary>
    /// <param name="archive">Folder of an archive in files; null for one on a server, which the settings name.</param>
    /// <param name="settings">Further settings.</param>
    public static ListServer Start(string? archive, IEnumerable<string> settings)
    {
        string data = Directory.CreateTempSubdirectory("cdrengine-lists-").FullName;
        if (archive is not null)
        {
            Directory.CreateSymbolicLink(Path.Combine(data, "records"), Path.GetFullPath(archive));
            if (Directory.Exists(ArchiveStores.MessagesOf(archive))) Directory.CreateSymbolicLink(Path.Combine(data, "messages"), Path.GetFullPath(ArchiveStores.MessagesOf(archive)));
            string registrations = ArchiveStores.RegistrationsOf(archive);
            if (File.Exists(registrations)) File.CreateSymbolicLink(Path.Combine(data, Path.GetFileName(registrations)), Path.GetFullPath(registrations));
        }

        File.WriteAllText(Path.Combine(data, "directory.conf"), DirectoryText());
        Process process = Process.Start(Command(data, ["serve", "--listen", "127.0.0.1:0", .. settings.SelectMany(static setting => (string[])["--set", setting])])) ?? throw new BenchException("dotnet does not start");
        string? token = null;
        var url = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is not { } text) return;
            if (text.StartsWith("administrator's token", StringComparison.Ordinal)) token = text.Split(' ')[^1];
            if (text.StartsWith("listening on ", StringComparison.Ordinal)) url.TrySetResult(text.Split(' ')[2]);
        };
        process.ErrorDataReceived += static (_, line) =>
        {
            if (line.Data is { } text) Console.Error.WriteLine(text);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!url.Task.Wait(StartsWithin) || token is null)
        {
            process.Kill();
            throw new BenchException("the program does not start to serve");
        }

        return new ListServer(data, process, url.Task.Result, token);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Admin.Dispose();
        TenantClient.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        foreach (string link in (string[])["records", "messages"])
        {
            if (new DirectoryInfo(Path.Combine(_data, link)) is { Exists: true, LinkTarget: not null } there) there.Delete();
        }

        Directory.Delete(_data, recursive: true);
    }

    private static HttpClient Client(string url, string token)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(url), Timeout = TimeSpan.FromMinutes(5) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    private static string Run(string data, params string[] arguments)
    {
        using Process process = Process.Start(Command(data, arguments)) ?? throw new BenchException("dotnet does not start");
        string printed = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? printed : throw new BenchException($"cdrengine {arguments[0]}: {process.StandardError.ReadToEnd()}");
    }

    // As ./cdrengine starts it.
    private static ProcessStartInfo Command(string data, IEnumerable<string> arguments)
    {
        string dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        var start = new ProcessStartInfo(dotnet, [EngineProgram.Path, .. arguments, "--data", data]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_GCgen0size"] = "0x2000000";
        return start;
    }

    private static string DirectoryText()
    {
        var text = new StringBuilder("directory {\n  tenants {\n");
        for (int i = 0; i < StoredCalls.Tenants; i++) text.Append(CultureInfo.InvariantCulture, $"    tenant{i} {{ id = {i + 1} }}\n");
        text.Append("  }\n  users = [\n");
        for (int i = 0; i < StoredCalls.Users; i++)
            text.Append(CultureInfo.InvariantCulture, $"    {{ id = {StoredCalls.FirstUser + i}, tenant = tenant{i % StoredCalls.Tenants}, name = \"User {i}\", extensions = [\"{StoredCalls.FirstUser + i}\"] }}\n");
        return text.Append("  ]\n}\n").ToString();
    }

    [GeneratedRegex("cdr_[A-Za-z0-9_-]+")]
    private static partial Regex Token();
}
