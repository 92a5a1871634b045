using System.Text;
using System.Text.Json;
using CdrEngine.Host.Commands;
using CdrEngine.TestKit;

namespace CdrEngine.Host.Tests.Upkeep;

/// <summary>Commands over a data folder of a test's own, with the real parts behind them.</summary>
internal sealed class UpkeepRig : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _settings = [];

    public UpkeepRig(params string[] settings)
    {
        _settings.AddRange(settings);
        Data = Path.Combine(_folder.Path, "data");
    }

    public string Folder => _folder.Path;

    /// <summary>The data folder that commands are given unless they name another.</summary>
    public string Data { get; set; }

    public string Out { get; private set; } = "";

    public string Error { get; private set; } = "";

    public byte[] Binary { get; private set; } = [];

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public static string[] Demo { get; } = [.. Directory.GetFiles(Checkout.Path("demo"), "*.pcap").Order(StringComparer.Ordinal)];

    public void Set(string setting) => _settings.Add(setting);

    /// <summary>Runs a command; gives its exit code.</summary>
    public int Run(params string[] arguments)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        var binary = new MemoryStream();
        string[] all = [.. arguments, .. arguments.Contains("--data") ? [] : (string[])["--data", Data], .. _settings.SelectMany(static setting => new[] { "--set", setting })];
        int code = CommandLine.RunAsync(all, new CommandContext
        {
            Parts = new Wiring(),
            Out = output,
            Error = error,
            OpenBinaryOutput = () => binary,
            OutIsTerminal = false,
            ErrorIsTerminal = false,
            Width = 120,
            Environment = static _ => null,
            Time = Time,
            Stop = CancellationToken.None,
        }).GetAwaiter().GetResult();
        (Out, Error, Binary) = (output.ToString(), error.ToString(), binary.ToArray());
        return code;
    }

    /// <summary>Runs a command that must succeed, and gives what it printed.</summary>
    public string Do(params string[] arguments)
    {
        int code = Run(arguments);
        return code == 0 ? Out : throw new InvalidOperationException($"{string.Join(' ', arguments)}: {code}: {Error}");
    }

    /// <summary>Runs a command with JSON output, whatever its exit code.</summary>
    public JsonElement Json(params string[] arguments)
    {
        Run([.. arguments, "--format", "json"]);
        return JsonDocument.Parse(Out).RootElement.Clone();
    }

    public void Import(params string[] files) => Do(["import", .. files]);

    /// <summary>All records as <c>calls --format json</c> gives them, by id.</summary>
    public SortedDictionary<string, string> Calls(string? data = null)
    {
        string lines = Do("calls", "--format", "json", "--data", data ?? Data);
        var calls = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)) calls[JsonDocument.Parse(line).RootElement.GetProperty("id").GetString()!] = line;
        return calls;
    }

    /// <summary>A call's packets as a capture; empty where there are none.</summary>
    public byte[] Pcap(string id, string? data = null)
    {
        Run("pcap", id, "--data", data ?? Data);
        return Binary;
    }

    /// <summary>Files of a folder that hold some bytes.</summary>
    public static List<string> FilesWith(string folder, string text)
    {
        byte[] wanted = Encoding.UTF8.GetBytes(text);
        return [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(path => File.ReadAllBytes(path).AsSpan().IndexOf(wanted) >= 0).Order(StringComparer.Ordinal)];
    }

    public void Dispose() => _folder.Dispose();
}
