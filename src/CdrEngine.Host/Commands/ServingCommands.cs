using System.CommandLine;
using System.Net;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;
using CdrEngine.Host.Service;

namespace CdrEngine.Host.Commands;

/// <summary><c>run</c>: captures, or imports, and serves.</summary>
internal static class RunCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        Option<string[]> interfaces = CommonFlags.Flag<string[]>(
            "--interface", "IFACE", "Interface to capture from; any is all of them (setting capture.interfaces). May be given again.");
        interfaces.Aliases.Add("-i");
        Option<string?> hep = CommonFlags.Flag<string?>("--hep", "ADDR:PORT", "Address on which HEP is received, UDP and TCP (setting hep.listen).");
        Option<string[]> read = CommonFlags.Flag<string[]>(
            "--read", "FILE", "Capture file or folder to read instead; - is standard input. May be given again.");
        var command = new Command("run", "Capture from interfaces and HEP agents, or read captures, and serve the API, until stopped.")
        {
            interfaces,
            hep,
            read,
            flags.Listen,
        };
        Option<string?> user = CommonFlags.Flag<string?>(
            "--user", "NAME", "Started by root: become this user once interfaces and ports are open, and make the data folder its own.");
        command.Options.Add(user);
        command.SetAction((parsed, _) =>
        {
            Settings settings = Sources(flags.Settings(parsed), parsed.GetValue(interfaces) ?? [], parsed.GetValue(hep));
            string[] files = parsed.GetValue(read) ?? [];
            bool isLive = settings.Capture.Interfaces.Count > 0 || settings.Hep.Listen is not null;
            bool asked = parsed.GetResult(interfaces) is not null || parsed.GetResult(hep) is not null;
            if (parsed.GetValue(user) is not null && (files.Length > 0 || !isLive)) throw new CommandException("--user goes with live capture only");
            if (files.Length > 0)
                return asked ? throw new CommandException("--read goes with neither --interface nor --hep: files have a time of their own") : Serving.RunAsync(files, settings, context);
            return isLive
                ? Serving.CaptureAsync(settings, parsed.GetValue(user), context)
                : throw new CommandException("nothing to capture: give -i IFACE, --hep ADDR:PORT or --read FILE, or set capture.interfaces or hep.listen");
        });
        return command;
    }

    // What is asked for on the command line stands instead of what the settings say, for both kinds together.
    private static Settings Sources(Settings settings, string[] interfaces, string? hep)
    {
        if (interfaces.Length == 0 && hep is null) return settings;
        IPEndPoint? listen = null;
        if (hep is not null && (!IPEndPoint.TryParse(hep, out listen) || listen.Port == 0))
            throw new CommandException($"--hep: '{hep}' is no address with a port; write 0.0.0.0:9060 or [::]:9060");
        return settings with { Capture = settings.Capture with { Interfaces = interfaces }, Hep = settings.Hep with { Listen = listen } };
    }
}

/// <summary><c>serve</c>: serves what was recorded.</summary>
internal static class ServeCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        var command = new Command("serve", "Serve the API over what was recorded, until stopped.") { flags.Listen };
        command.SetAction((parsed, _) => Serving.RunAsync([], flags.Settings(parsed), context));
        return command;
    }
}

/// <summary><c>demo</c>: imports the bundled captures and serves them.</summary>
internal static class DemoCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        var command = new Command("demo", "Import the bundled captures, a dozen different calls and two conversations of several, and serve them, until stopped.") { flags.Listen };
        command.SetAction((parsed, _) =>
        {
            Settings settings = flags.Settings(parsed);
            return Serving.RunAsync(context.Parts.DemoCaptures, WithDirectory(settings, context), context);
        });
        return command;
    }

    // Whoever has a directory of their own sees the calls by it.
    private static Settings WithDirectory(Settings settings, CommandContext context) =>
        settings.Directory.File.Length > 0 || settings.Directory.Candidates.Any(File.Exists)
            ? settings
            : settings with { Directory = settings.Directory with { File = context.Parts.DemoDirectory } };
}

/// <summary>What the serving commands share.</summary>
internal static class Serving
{
    /// <summary>Serves until stopped; first reads the captures given. Records appear in the API as they are written.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> captures, Settings settings, CommandContext context)
    {
        IApiServer server = context.Parts.Server(settings);
        await using (server)
        {
            // The token comes before the import, which may take hours and whose records can be read while it runs.
            ApiStart start = await StartAsync(server, settings, context);
            int code = captures.Count > 0 ? ImportCommand.Import(captures, settings, context) : ExitCode.Success;
            context.Out.WriteLine($"listening on {start.Url} until Ctrl-C");
            context.Out.Flush();
            await Stopped(context.Stop);
            await server.StopAsync();
            return code;
        }
    }

    /// <summary>Captures and serves until stopped.</summary>
    public static async Task<int> CaptureAsync(Settings settings, string? user, CommandContext context)
    {
        using var manager = new ServiceManager(context.Environment);
        using ILiveRunner live = context.Parts.Live(settings);
        IApiServer server = context.Parts.Server(settings);
        await using (server)
        {
            ApiStart start = await StartAsync(server, settings, context);
            Task<LiveSummary> capture = Task.Factory.StartNew(
                () => live.Run(new LiveService(user, manager.Alive), context.Stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            context.Out.WriteLine($"capturing from {WireText.Escape(string.Join(", ", live.Sources))}, listening on {start.Url} until Ctrl-C");
            context.Out.Flush();
            manager.Ready();
            await using CancellationTokenRegistration stopping = context.Stop.Register(manager.Stopping);
            LiveSummary summary = await capture;
            await server.StopAsync();
            foreach (FileFault fault in summary.Faults) context.Error.WriteLine(WireText.Escape($"cdrengine: {fault.Path}: {fault.Problem}"));
            foreach (string line in ImportSummaryText.Lines(summary)) context.Out.WriteLine(line);
            context.Out.Flush();
            return ExitCode.Success;
        }
    }

    private static async Task<ApiStart> StartAsync(IApiServer server, Settings settings, CommandContext context)
    {
        ApiStart start = await server.StartAsync(context.Stop);
        SettingsAudit.Note(settings, context);
        if (start.NewAdminToken is { } token)
        {
            context.Out.WriteLine($"administrator's token, shown this once: {token}");
            context.Out.WriteLine($"try: curl -H 'Authorization: Bearer {token}' {start.Url}/api/v1/calls");
            context.Out.Flush();
        }

        return start;
    }

    private static async Task Stopped(CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = stop.Register(stopped.SetResult);
        await stopped.Task;
    }
}
