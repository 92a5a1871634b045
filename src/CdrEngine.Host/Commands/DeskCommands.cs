using System.CommandLine;
using System.Globalization;
using System.Text;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Core;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;

namespace CdrEngine.Host.Commands;

/// <summary><c>registrations</c>, <c>messages</c> and <c>peers</c>: what went on outside calls, as a table or as JSON lines.</summary>
internal static class DeskCommands
{
    private const int MaxText = 40;

    /// <summary><c>registrations</c>.</summary>
    public static Command Registrations(CommandContext context, CommonFlags flags)
    {
        var list = new ListFlags();
        Option<string?> aor = Text("--aor", "AOR", "Address of record, or its user part; a prefix where it ends in *.");
        Option<string?> state = Text("--state", "STATE", $"One of {Names<RegistrationState>()}.");
        Option<string?> address = Text("--address", "IP", "Source address.");
        Option<string?> agent = Text("--user-agent", "TEXT", "Part of the User-Agent.");
        Option<string?> history = Text("--history", "ID", "The history of one registration instead.");
        Option<string?> trace = Text("--trace", "ID", "The SIP messages of its last exchange instead.");
        var command = new Command("registrations", "List registrations, the last seen first.") { aor, state, address, agent, history, trace };
        list.AddTo(command);
        command.SetAction(parsed =>
        {
            using IDeskArchive desk = context.Parts.Desk(flags.Settings(parsed));
            if (parsed.GetValue(history) is { } id) return History(desk, id, context);
            if (parsed.GetValue(trace) is { } traced) return Trace(desk.RegistrationPackets, traced, desk.Registrations.GetRegistration(traced)?.SipCallId, null, context);
            var query = new RegistrationQuery
            {
                Aor = parsed.GetValue(aor),
                State = parsed.GetValue(state) is { } name ? Named<RegistrationState>("--state", name) : null,
                Address = parsed.GetValue(address) is { } ip ? Address(ip) : null,
                UserAgent = parsed.GetValue(agent),
            };
            return List(
                list, parsed, context, (cursor, limit) => desk.Registrations.ListRegistrations(query with { Cursor = cursor, Limit = limit }), RegistrationJson.ToUtf8,
                ["LAST SEEN (UTC)", "AOR", "STATE", "SOURCE", "EXPIRES (UTC)", "USER AGENT", "ID"],
                static registration =>
                [
                    Time(registration.LastRequestAt ?? registration.LastSuccessAt), Fit(registration.Aor), EnumNames<RegistrationState>.Of(registration.State),
                    registration.Source.IsNone ? "-" : registration.Source.ToString(), Time(registration.ExpiresAt), Fit(registration.UserAgent), registration.Id,
                ]);
        });
        return command;
    }

    /// <summary><c>messages</c>.</summary>
    public static Command Messages(CommandContext context, CommonFlags flags)
    {
        var list = new ListFlags();
        Option<string?> number = Text("--number", "NUMBER", "Number of either party; a prefix where it ends in *.");
        Option<string?> text = Text("--text", "TEXT", "Part of the text, of a name or of a URI.");
        Option<string?> outcome = Text("--outcome", "OUTCOME", $"One of {Names<MessageOutcome>()}.");
        Option<string?> conversation = Text("--conversation", "ID", "Of this conversation.");
        Option<string?> trace = Text("--trace", "ID", "One message with its responses as text instead.");
        var command = new Command("messages", "List messages (SIP MESSAGE and MSRP), the newest first.") { number, text, outcome, conversation, trace };
        list.AddTo(command);
        command.SetAction(parsed =>
        {
            using IDeskArchive desk = context.Parts.Desk(flags.Settings(parsed));
            if (parsed.GetValue(trace) is { } traced)
            {
                MessageRecord? found = desk.Messages.GetMessage(traced);
                return Trace(desk.MessagePackets, traced, found?.SipCallId, found?.Kind == MessageKind.Msrp ? found.MessageId : null, context);
            }

            var query = new MessageQuery
            {
                Number = parsed.GetValue(number),
                Text = parsed.GetValue(text),
                Outcome = parsed.GetValue(outcome) is { } name ? Named<MessageOutcome>("--outcome", name) : null,
                ConversationId = parsed.GetValue(conversation),
            };
            return List(
                list, parsed, context, (cursor, limit) => desk.Messages.ListMessages(query with { Cursor = cursor, Limit = limit }), MessageJson.ToUtf8,
                ["STARTED (UTC)", "FROM", "TO", "OUTCOME", "SIP", "TEXT", "ID"],
                static message =>
                [
                    Time(message.StartedAt), Fit(message.From.Number ?? message.From.Uri), Fit(message.To.Number ?? message.To.Uri), EnumNames<MessageOutcome>.Of(message.Outcome),
                    message.SipStatus == 0 ? "" : message.SipStatus.ToString(CultureInfo.InvariantCulture),
                    Fit(message.Text ?? $"({message.ContentType}, {message.Size.ToString(CultureInfo.InvariantCulture)} bytes)"), message.Id,
                ]);
        });
        return command;
    }

    /// <summary><c>peers</c>.</summary>
    public static Command Peers(CommandContext context, CommonFlags flags)
    {
        var list = new ListFlags();
        var silent = new Option<bool>("--silent") { Description = "Only those that stopped answering." };
        Option<string?> method = Text("--method", "METHOD", "OPTIONS, SUBSCRIBE, NOTIFY, …");
        Option<string?> address = Text("--address", "IP", "Address of the peer.");
        var command = new Command("peers", "List who asks whom what outside calls, with response times, the latest first.") { silent, method, address };
        list.AddTo(command);
        command.SetAction(parsed =>
        {
            using IDeskArchive desk = context.Parts.Desk(flags.Settings(parsed));
            var query = new PeerQuery
            {
                Silent = parsed.GetValue(silent) ? true : null,
                Method = parsed.GetValue(method)?.ToUpperInvariant(),
                Address = parsed.GetValue(address) is { } ip ? Address(ip) : null,
            };
            return List(
                list, parsed, context, (cursor, limit) => desk.Registrations.ListPeers(query with { Cursor = cursor, Limit = limit }), PeerJson.ToUtf8,
                ["LAST (UTC)", "PEER", "SIDE", "METHOD", "EVENT", "REQUESTS", "ANSWERED", "P95", "SILENT SINCE (UTC)"],
                static peer =>
                [
                    Time(peer.LastAt), peer.Address.Port == 0 ? peer.Address.Address.ToString() : peer.Address.ToString(), EnumNames<PeerDirection>.Of(peer.Direction), Fit(peer.Method),
                    Fit(peer.Event), Units.Count(peer.Requests), Units.Count(peer.Answered),
                    peer.ResponseP95 is { } time ? $"{time.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture)} ms" : "", peer.UnansweredSince is null ? "" : Time(peer.UnansweredSince),
                ]);
        });
        return command;
    }

    private static int History(IDeskArchive desk, string id, CommandContext context)
    {
        if (desk.Registrations.GetRegistration(id) is null) throw new CommandException($"no registration has the id '{id}'");
        int before = int.MaxValue;
        while (true)
        {
            IReadOnlyList<RegistrationEvent> events = desk.Registrations.History(id, 1000, before);
            foreach (RegistrationEvent happened in events) context.Out.WriteLine(Encoding.UTF8.GetString(RegistrationJson.ToUtf8(happened)));
            if (events.Count < 1000) break;
            before = events[^1].Sequence;
        }

        context.Out.Flush();
        return ExitCode.Success;
    }

    private static int Trace(ICallPackets packets, string id, string? sipCallId, string? msrpMessageId, CommandContext context)
    {
        var transcript = new SipTranscript(sipCallId, msrpMessageId: msrpMessageId);
        if (!packets.Visit(id, PacketKinds.All, transcript)) throw new CommandException($"the packets of '{id}' are gone or were not kept, or there is no such record");

        // A file gets the bytes of the wire; a terminal must not obey them.
        transcript.WriteText(context.OutIsTerminal ? new EscapingWriter(context.Out) : context.Out);
        context.Out.Flush();
        return ExitCode.Success;
    }

    private static int List<T>(
        ListFlags list, ParseResult parsed, CommandContext context, Func<string?, int, ListPage<T>> page, Func<T, byte[]> json, string[] titles, Func<T, string[]> row)
    {
        long limit = list.Count(parsed);
        bool asJson = list.IsJson(parsed);
        int[]? widths = null;
        long count = 0;
        string? cursor = null;
        do
        {
            context.Stop.ThrowIfCancellationRequested();
            ListPage<T> found = page(cursor, (int)Math.Min(limit, CallQuery.MaxLimit));
            cursor = found.NextCursor;
            limit -= found.Items.Count;
            count += found.Items.Count;
            if (asJson)
            {
                foreach (T item in found.Items) context.Out.WriteLine(Encoding.UTF8.GetString(json(item)));
                continue;
            }

            string[][] rows = [.. found.Items.Select(row)];
            if (widths is null && rows.Length > 0)
            {
                widths = [.. titles.Select((title, column) => Math.Max(title.Length, rows.Max(cells => cells[column].Length)))];
                Line(context.Out, titles, widths);
            }

            foreach (string[] cells in rows) Line(context.Out, cells, widths!);
        }
        while (cursor is not null && limit > 0);
        if (!asJson) context.Out.WriteLine(count == 1 ? "1 entry" : $"{Units.Count(count)} entries");
        context.Out.Flush();
        return ExitCode.Success;
    }

    private static void Line(TextWriter to, string[] cells, int[] widths) =>
        to.WriteLine(string.Join("  ", cells.Select((cell, column) => column == cells.Length - 1 ? cell : cell.PadRight(widths[column]))));

    private static string Fit(string? text) => WireText.Fit(WireText.Escape((text ?? "-").ReplaceLineEnds()), MaxText);

    private static string ReplaceLineEnds(this string text) => text.Replace('\r', ' ').Replace('\n', ' ');

    private static string Time(Timestamp? at) => at?.ToDateTime().ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture) ?? "-";

    private static Option<string?> Text(string name, string value, string description) => CommonFlags.Flag<string?>(name, value, description);

    private static string Names<T>()
        where T : struct, Enum => string.Join(", ", EnumNames<T>.All.Select(static pair => pair.Name));

    private static T Named<T>(string option, string text)
        where T : struct, Enum =>
        EnumNames<T>.TryParse(text, out T value) ? value : throw new CommandException($"{option}: '{text}' is none of {Names<T>()}");

    private static IpAddress Address(string text) =>
        IpAddress.TryParse(text, out IpAddress address) ? address : throw new CommandException($"--address: '{text}' is no IP address");

    /// <summary>Flags that every list takes.</summary>
    private sealed class ListFlags
    {
        private readonly Option<string?> _format = Text("--format", "table|json", "table (default), or json: one record a line.");
        private readonly Option<string?> _limit = Text("--limit", "N", "Records at most.");

        public void AddTo(Command command)
        {
            command.Add(_format);
            command.Add(_limit);
        }

        public bool IsJson(ParseResult parsed) => (parsed.GetValue(_format) ?? "table") switch
        {
            "table" => false,
            "json" => true,
            var other => throw new CommandException($"--format: '{other}' is none of table, json"),
        };

        public long Count(ParseResult parsed)
        {
            if (parsed.GetValue(_limit) is not { } text) return long.MaxValue;
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count > 0
                ? count
                : throw new CommandException($"--limit: '{text}' is no whole number above 0");
        }
    }
}
