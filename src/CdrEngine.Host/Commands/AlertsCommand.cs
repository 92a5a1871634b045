using System.CommandLine;
using System.Globalization;
using System.Text;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;

namespace CdrEngine.Host.Commands;

/// <summary><c>alerts</c>: lists alerts, or tells what a rule would have raised over stored calls.</summary>
internal static class AlertsCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        Option<string?> format = CommonFlags.Flag<string?>("--format", "table|json", "table (default), json: one alert a line.");
        Option<string?> state = CommonFlags.Flag<string?>("--state", "STATE", $"Any of {string.Join(", ", EnumNames<AlertState>.All.Select(static item => item.Name))}, with commas between.");
        Option<string?> rule = CommonFlags.Flag<string?>("--rule", "NAME", "Of the rule of this name.");
        Option<string?> trial = CommonFlags.Flag<string?>("--trial", "RULE", "What this rule would have raised over stored calls, with the settings as they are now; nothing is stored.");
        Option<string?> from = CommonFlags.Flag<string?>("--from", "TIME", "Raised at or after: 2026-11-20, 2026-11-20T10:00, 2026-11-20T10:00:00+01:00 (else UTC). With --trial a week ago where it is left out.");
        Option<string?> to = CommonFlags.Flag<string?>("--to", "TIME", "Raised before.");
        Option<string?> limit = CommonFlags.Flag<string?>("--limit", "N", "At most this many; all where left out.");
        var command = new Command("alerts", "List alerts, the last raised first, or try a rule over stored calls.") { format, state, rule, trial, from, to, limit };
        command.SetAction(parsed =>
        {
            Settings settings = flags.Settings(parsed);
            bool isJson = parsed.GetValue(format) switch
            {
                null or "table" => false,
                "json" => true,
                string other => throw new CommandException($"--format: '{other}' is none of table, json"),
            };
            Timestamp? first = Time("--from", parsed.GetValue(from)), last = Time("--to", parsed.GetValue(to));
            long most = Count(parsed.GetValue(limit));
            if (parsed.GetValue(trial) is { } tried) return Try(context, settings, tried, first, last, isJson, most);
            var query = new AlertQuery { From = first, To = last, Rule = parsed.GetValue(rule), States = States(parsed.GetValue(state)) };
            return List(context, settings, query, isJson, most);
        });
        return command;
    }

    private static int List(CommandContext context, Settings settings, AlertQuery query, bool isJson, long most)
    {
        using IAlertArchive archive = context.Parts.Alerts(settings);
        long shown = 0;
        string? cursor = null;
        do
        {
            context.Stop.ThrowIfCancellationRequested();
            ListPage<Alert> page = archive.Alerts.List(query with { Limit = (int)Math.Min(most - shown, CallQuery.MaxLimit), Cursor = cursor });
            foreach (Alert alert in page.Items) Write(context, alert, isJson);
            shown += page.Items.Count;
            cursor = page.NextCursor;
        }
        while (cursor is not null && shown < most);
        if (!isJson) context.Out.WriteLine(shown == 1 ? "1 alert" : $"{Units.Count(shown)} alerts");
        context.Out.Flush();
        return ExitCode.Success;
    }

    private static int Try(CommandContext context, Settings settings, string name, Timestamp? from, Timestamp? to, bool isJson, long most)
    {
        AlertRule rule = settings.Alerts.Rules.FirstOrDefault(rule => rule.Name == name)
            ?? throw new CommandException($"--trial: there is no rule '{name}'; there are {string.Join(", ", settings.Alerts.Rules.Select(static rule => rule.Name))}");
        if (!rule.IsOverCalls) throw new CommandException($"--trial: {name} is not about calls; registrations and the capture's figures are not kept to be counted again");
        using ICallArchive archive = context.Parts.Archive(settings);
        Timestamp end = to ?? Timestamp.From(context.Time.GetUtcNow());
        StoredAlertReport report = StoredAlerts.Run(archive.Calls, new AlertEvaluator([rule with { IsEnabled = true }]), from ?? end - TimeSpan.FromDays(7), end, stop: context.Stop);
        foreach (Alert alert in report.Alerts.Take((int)Math.Min(most, int.MaxValue))) Write(context, alert, isJson);
        if (!isJson) context.Out.WriteLine($"{(report.Alerts.Count == 1 ? "1 alert" : $"{Units.Count(report.Alerts.Count)} alerts")} over {Units.Count(report.Calls)} calls");
        context.Out.Flush();
        return ExitCode.Success;
    }

    private static void Write(CommandContext context, Alert alert, bool isJson)
    {
        if (isJson)
        {
            context.Out.WriteLine(Encoding.UTF8.GetString(AlertJson.ToUtf8(alert)));
            return;
        }

        string until = alert.ClearedAt is { } cleared ? Text(cleared) : "goes on            ";
        context.Out.WriteLine(WireText.Escape($"{Text(alert.RaisedAt)}  {until}  {EnumNames<AlertSeverity>.Of(alert.Severity),-8}  {EnumNames<AlertState>.Of(alert.State),-12}  {alert.Id}  {alert.Rule}: {AlertText.Subject(alert)}: {AlertText.Finding(alert)}"));
    }

    private static string Text(Timestamp at) => at.ToDateTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static AlertState[] States(string? text) => text is null ? [] : Array.ConvertAll(text.Split(','), static name => EnumNames<AlertState>.TryParse(name, out AlertState state)
        ? state
        : throw new CommandException($"--state: '{name}' is none of {string.Join(", ", EnumNames<AlertState>.All.Select(static item => item.Name))}"));

    private static Timestamp? Time(string flag, string? text) => text is null ? null : CallFilters.TryReadTime(text) ?? throw new CommandException($"{flag}: '{text}' is no time");

    private static long Count(string? text)
    {
        if (text is null) return long.MaxValue;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count > 0 ? count : throw new CommandException($"--limit: '{text}' is no count");
    }
}
