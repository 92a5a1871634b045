using System.CommandLine;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Parts;

namespace CdrEngine.Host.Commands;

/// <summary><c>run</c>: imports and serves.</summary>
internal static class RunCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        Option<string[]> read = CommonFlags.Flag<string[]>(
            "--read", "FILE", "Capture file or folder to read; - is standard input. May be given again.");
        read.Required = true;
        var command = new Command(
            "run", "Read captures and serve the API, until stopped. Live interfaces and HEP are not in this version.")
        {
            read,
            flags.Listen,
        };
        command.SetAction((parsed, _) => Serving.RunAsync(parsed.GetRequiredValue(read), flags.Settings(parsed), context));
        return command;
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
        var command = new Command("demo", "Import the bundled captures, a dozen different calls, and serve them, until stopped.") { flags.Listen };
        command.SetAction((parsed, _) => Serving.RunAsync(context.Parts.DemoCaptures, flags.Settings(parsed), context));
        return command;
    }
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
            ApiStart start = await server.StartAsync(context.Stop);

            // Before the import, which may take hours and whose records can be read while it runs.
            if (start.NewAdminToken is { } token)
            {
                context.Out.WriteLine($"administrator's token, shown this once: {token}");
                context.Out.WriteLine($"try: curl -H 'Authorization: Bearer {token}' {start.Url}/api/v1/calls");
                context.Out.Flush();
            }

            int code = captures.Count > 0 ? ImportCommand.Import(captures, settings, context) : ExitCode.Success;
            context.Out.WriteLine($"listening on {start.Url} until Ctrl-C");
            context.Out.Flush();
            await Stopped(context.Stop);
            await server.StopAsync();
            return code;
        }
    }

    private static async Task Stopped(CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = stop.Register(stopped.SetResult);
        await stopped.Task;
    }
}
