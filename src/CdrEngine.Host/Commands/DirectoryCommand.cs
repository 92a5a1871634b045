using System.CommandLine;
using System.Globalization;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Directories;
using CdrEngine.Host.Output;

namespace CdrEngine.Host.Commands;

/// <summary><c>directory check</c> and <c>directory lookup</c>.</summary>
internal static class DirectoryCommand
{
    public static Command Make(CommandContext context, CommonFlags flags) => new("directory", "Check a directory file, or ask it about a number.")
    {
        Check(context, flags),
        Lookup(context, flags),
    };

    /// <summary>The directory that a flag or the settings name.</summary>
    /// <exception cref="CommandException">There is none, or there are mistakes in it.</exception>
    public static DirectoryHolder Open(Settings settings, string? file, CommandContext context)
    {
        if (file is not null) settings = settings with { Directory = settings.Directory with { File = file } };
        DirectoryHolder holder = DirectoryHolder.Open(settings, environment: context.Environment);
        return holder.Current is not null
            ? holder
            : throw new CommandException($"there is no directory; give --directory FILE, set directory.file, or write {string.Join(" or ", settings.Directory.Candidates)}");
    }

    private static Command Check(CommandContext context, CommonFlags flags)
    {
        var file = new Argument<string?>("FILE") { Arity = ArgumentArity.ZeroOrOne, Description = "The file; without it the one that is in force." };
        var command = new Command("check", "Check a directory file as a whole. Prints every mistake with file, line and column; exit code 1 where there is one.") { file };
        command.SetAction(parsed =>
        {
            Settings settings = flags.Settings(parsed);
            string path = parsed.GetValue(file)
                ?? (settings.Directory.File.Length > 0 ? settings.Directory.File : settings.Directory.Candidates.FirstOrDefault(File.Exists))
                ?? throw new CommandException("which file?");
            DirectoryLoad load = DirectoryLoad.Read(path, settings.Call.BillsecRounding, context.Environment);
            foreach (DirectoryProblem problem in load.Problems) context.Error.WriteLine(WireText.Escape(problem.ToString()));
            if (load.Directory is null) throw new CommandException($"{path}: {load.Problems.Count} mistake{(load.Problems.Count == 1 ? "" : "s")}");
            context.Out.WriteLine(WireText.Escape($"{path}: right: {DirectoryText.Summary(load.Directory)}"));
            return ExitCode.Success;
        });
        return command;
    }

    private static Command Lookup(CommandContext context, CommonFlags flags)
    {
        var number = new Argument<string>("NUMBER") { Description = "Number in any spelling: 030 123, 0049…, +49…, an extension, a SIP or tel URI." };
        Option<string?> file = CommonFlags.Flag<string?>("--directory", "FILE", "The file; without it the one that is in force.");
        Option<string?> tenant = CommonFlags.Flag<string?>("--tenant", "NAME", "As a call of this tenant.");
        Option<string?> trunk = CommonFlags.Flag<string?>("--trunk", "NAME", "As written on this trunk.");
        Option<string?> at = CommonFlags.Flag<string?>("--at", "TIME", "Price of a call that starts then (now).");
        var command = new Command("lookup", "Say what a number is, whose it is, and what a call to it costs.") { number, file, tenant, trunk, at };
        command.SetAction(parsed =>
        {
            using DirectoryHolder holder = Open(flags.Settings(parsed), parsed.GetValue(file), context);
            CallDirectory directory = holder.Current!;
            Tenant? whose = parsed.GetValue(tenant) is { } name ? directory.Tenant(name) ?? throw new CommandException($"there is no tenant '{name}'") : null;
            Trunk? on = parsed.GetValue(trunk) is { } way ? directory.Trunk(way) ?? throw new CommandException($"there is no trunk '{way}'") : null;
            Timestamp time = CallFilters.Time(parsed, at) ?? Timestamp.From(context.Time.GetUtcNow());
            foreach (string line in Lines(directory, directory.Lookup(parsed.GetRequiredValue(number), whose, on), on, time)) context.Out.WriteLine(WireText.Escape(line));
            return ExitCode.Success;
        });
        return command;
    }

    private static IEnumerable<string> Lines(CallDirectory directory, DirectoryAnswer answer, Trunk? trunk, Timestamp time)
    {
        yield return $"kind      {EnumNames<NumberKind>.Of(answer.Kind)}";
        yield return $"e164      {answer.E164 ?? "none"}";
        yield return answer.Entry is { } entry ? $"identity  {EnumNames<PartyKind>.Of(entry.Kind)} {entry.Id} {entry.Name}" : "identity  none";
        yield return $"tenant    {(answer.Entry?.Tenant ?? answer.Tenant)?.Name ?? "none"}";
        RateTable? table = trunk?.Rates ?? answer.Tenant?.Rates ?? directory.DefaultRates;
        if (answer.E164 is not { } number || table?.Find(number, time) is not { } rate)
        {
            yield return "rate      none";
            yield break;
        }

        string prefix = rate.Prefix.Length == 0 ? "*" : "+" + rate.Prefix;
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"rate      {rate.PerMinute} {table.Currency} a minute, {rate.Connection} a call, {rate.FirstIncrement}/{rate.NextIncrement}, {rate.Name} ({prefix}, table {table.Name})");
    }
}
