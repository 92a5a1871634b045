using System.CommandLine;
using System.CommandLine.Parsing;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Hocon;
using CdrEngine.Host.Output;
using CdrEngine.Storage;

namespace CdrEngine.Host.Commands;

/// <summary>The commands, their flags, and the one boundary at which errors become a line and an exit code.</summary>
internal static class CommandLine
{
    private static readonly ParserConfiguration Configuration = new() { ResponseFileTokenReplacer = null };

    // In the order of the help.
    private static readonly (string Name, Func<CommandContext, CommonFlags, Command> Make)[] Commands =
    [
        ("import", ImportCommand.Make),
        ("run", RunCommand.Make),
        ("serve", ServeCommand.Make),
        ("demo", DemoCommand.Make),
        ("calls", CallsCommand.Make),
        ("sessions", SessionsCommand.Make),
        ("show", ShowCommand.Make),
        ("pcap", PcapCommand.Make),
        ("trace", TraceCommand.Make),
        ("mp3", RecordingCommand.Mp3),
        ("wav", RecordingCommand.Wav),
        ("fax", FaxCommand.Make),
        ("registrations", DeskCommands.Registrations),
        ("messages", DeskCommands.Messages),
        ("peers", DeskCommands.Peers),
        ("alerts", AlertsCommand.Make),
        ("directory", DirectoryCommand.Make),
        ("rate", RateCommand.Make),
        ("store", StoreCommand.Make),
        ("token", TokenCommand.Make),
        ("retention", RetentionCommand.Make),
        ("purge", RetentionCommand.Purge),
        ("hold", HoldCommand.Make),
        ("keys", KeysCommand.Make),
        ("backup", BackupCommands.Backup),
        ("restore", BackupCommands.Restore),
        ("verify", CheckCommands.Verify),
        ("repair", CheckCommands.Repair),
        ("upgrade", UpgradeCommand.Make),
        ("share", ShareCommand.Make),
        ("audit", AuditCommand.Make),
        ("doctor", DoctorCommand.Make),
        ("bench", static (_, _) => BenchCommand.Make()),
    ];

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CommandContext context)
    {
        ParseResult parsed = Parse(context, arguments);
        try
        {
            int code = parsed.Errors.Count > 0 ? Misused(parsed, context)
                : StrayFlag(parsed) is { } flag ? Unknown(flag, parsed, context)
                : await parsed.InvokeAsync(
                    new InvocationConfiguration
                    {
                        Output = context.Out,
                        Error = context.Error,
                        EnableDefaultExceptionHandler = false,
                        ProcessTerminationTimeout = null,
                    },
                    context.Stop);
            context.Out.Flush();
            return code;
        }
        catch (CommandException e)
        {
            return Failed(e.Message, e.ExitCode, context);
        }
        catch (HoconException e)
        {
            return Failed(e.Message, ExitCode.Failure, context);
        }
        catch (IOException e) when (IsBrokenPipe(e))
        {
            // The reader of our output (head, less) has seen enough.
            return ExitCode.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StoreException)
        {
            return Failed(HoconFiles.OneLine(e), ExitCode.Failure, context);
        }
        catch (OperationCanceledException) when (context.Stop.IsCancellationRequested)
        {
            return Failed("stopped", ExitCode.Failure, context);
        }
    }

    // Help and version have texts in several languages, and finding them takes longer than all other parsing. So they are made where
    // they are asked for, or where something is wrong and help is pointed at.
    private static ParseResult Parse(CommandContext context, IReadOnlyList<string> arguments)
    {
        // The command that the first argument names is all that is needed then; its flags alone take a hundredth of a second to make.
        string? only = arguments.Count > 0 && Array.Exists(Commands, command => command.Name == arguments[0]) ? arguments[0] : null;
        if (only is not null)
        {
            ParseResult plain = Filled(new Command(RootCommand.ExecutableName), context, only).Parse(arguments, Configuration);
            if (plain.Errors.Count == 0 && !plain.Tokens.Any(IsElsewhere)) return plain;
        }

        return Filled(new RootCommand("Captures SIP and RTP, assembles every call, and serves call records, packets and traces."), context, only).Parse(arguments, Configuration);
    }

    // What only the whole command line may know: its own flags, and what stands where none of this command's does.
    private static bool IsElsewhere(Token token) => token.Type != TokenType.Option && (token.Value.StartsWith('-') || token.Value is "/h" or "/?");

    private static Command Filled(Command root, CommandContext context, string? only)
    {
        var flags = new CommonFlags(context);
        foreach ((string name, Func<CommandContext, CommonFlags, Command> make) in Commands)
        {
            if (only is null || only == name) root.Add(make(context, flags));
        }

        flags.AddTo(root);
        return root;
    }

    private static int Misused(ParseResult parsed, CommandContext context)
    {
        string? unmatched = parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null;
        if ((StrayFlag(parsed) ?? unmatched) is { } token) return Unknown(token, parsed, context);
        bool isRoot = parsed.CommandResult.Command is RootCommand;
        return Failed($"{(isRoot ? "which command?" : parsed.Errors[0].Message.TrimEnd('.'))} ({Help(parsed)})", ExitCode.Failure, context);
    }

    private static int Unknown(string token, ParseResult parsed, CommandContext context)
    {
        Command command = parsed.CommandResult.Command;
        bool isFlag = token.StartsWith('-');
        IEnumerable<string> known = isFlag
            ? command.Options.Concat(parsed.RootCommandResult.Command.Options).Select(static option => option.Name)
            : command.Subcommands.Select(static subcommand => subcommand.Name);
        string kind = isFlag ? "flag" : command is RootCommand ? "command" : "argument";
        string of = command is RootCommand ? "" : $" of {command.Name}";
        string hint = token.Length > 2 ? EditDistance.DidYouMean(token, known) : "";
        return Failed($"'{token}' is no {kind}{of}{hint} ({Help(parsed)})", ExitCode.Failure, context);
    }

    // A misspelt flag where paths are welcome would be taken for a path; only after -- may a path begin with a hyphen.
    private static string? StrayFlag(ParseResult parsed) => parsed.Tokens.Any(static token => token.Type == TokenType.DoubleDash)
        ? null
        : parsed.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(static argument => argument.Tokens)
            .Select(static token => token.Value)
            .FirstOrDefault(static value => value.Length > 1 && value[0] == '-');

    private static string Help(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand ? "cdrengine --help" : $"cdrengine {parsed.CommandResult.Command.Name} --help";

    private static int Failed(string problem, int code, CommandContext context)
    {
        context.Out.Flush();
        context.Error.WriteLine($"cdrengine: {WireText.Escape(problem)}");
        return code;
    }

    // EPIPE; .NET ignores the signal and reports the write.
    private static bool IsBrokenPipe(IOException e) => (e.HResult & 0xFFFF) == 32;
}

/// <summary>Flags that every command takes.</summary>
internal sealed class CommonFlags(CommandContext context)
{
    private readonly Option<string?> _data = Flag<string?>("--data", "DIR", "Folder of records and packets (setting data-dir).");
    private readonly Option<string?> _config = Flag<string?>("--config", "FILE", "HOCON file with settings; hocon/reference.conf explains them all.");
    private readonly Option<string[]> _set = Flag<string[]>("--set", "KEY=VALUE", "One setting, for example call.linger=2s. May be given again.");

    /// <summary><c>--listen</c>, for the commands that serve.</summary>
    public Option<string?> Listen { get; } = Flag<string?>("--listen", "ADDR:PORT", "Address of the API (setting api.listen).");

    public void AddTo(Command root)
    {
        foreach (Option option in new Option[] { _data, _config, _set })
        {
            option.Recursive = true;
            root.Add(option);
        }
    }

    /// <summary>The settings in force for this command.</summary>
    /// <exception cref="HoconException">A setting is wrong.</exception>
    public Settings Settings(ParseResult parsed) => SettingsLoader.Load(
        new SettingsFlags
        {
            ConfigFile = parsed.GetValue(_config),
            DataDirectory = parsed.GetValue(_data),
            Listen = parsed.GetResult(Listen) is null ? null : parsed.GetValue(Listen),
            Set = parsed.GetValue(_set) ?? [],
        },
        context.Environment);

    public static Option<T> Flag<T>(string name, string value, string description) => new(name) { HelpName = value, Description = description };
}
