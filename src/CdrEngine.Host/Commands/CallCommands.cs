using System.CommandLine;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Ladder;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;

namespace CdrEngine.Host.Commands;

/// <summary><c>show ID</c>: the ladder in the terminal; of a session of several calls its story too.</summary>
internal static class ShowCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        Argument<string> id = OneCall.Argument();
        var alone = new Option<bool>("--call") { Description = "This call alone, where it is the first of a session of several." };
        var command = new Command("show", "Draw a call's SIP messages as a ladder; for a session of several calls tell what happened, then draw all of them.") { id, alone };
        command.SetAction(parsed =>
        {
            using ICallArchive archive = context.Parts.Archive(flags.Settings(parsed));
            CallRecord call = OneCall.Find(archive.Calls, parsed.GetRequiredValue(id));
            if (!parsed.GetValue(alone) && call.SessionId == call.Id && archive.Sessions.GetSession(call.Id) is { Calls.Count: > 1 } session)
            {
                foreach (string line in SessionText.Story(session)) context.Out.WriteLine(line);
                context.Out.WriteLine();
                IReadOnlyList<LadderMessage> all = archive.Messages(session);
                foreach (string line in LadderText.Lines(all, context.Colour)) context.Out.WriteLine(line);
                return all.Count > 0 ? ExitCode.Success : throw OneCall.WithoutPackets(call);
            }

            IReadOnlyList<LadderMessage> messages = archive.Messages(call.Id);
            foreach (string line in LadderText.Lines(call, messages, context.Colour)) context.Out.WriteLine(line);
            return messages.Count > 0 ? ExitCode.Success : throw OneCall.WithoutPackets(call);
        });
        return command;
    }
}

/// <summary><c>pcap ID</c>: a call's packets.</summary>
internal static class PcapCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        Argument<string> id = OneCall.Argument();
        Option<bool> whole = OneCall.Whole();
        var command = new Command("pcap", "Write a call's packets, as captured, to standard output.") { id, whole };
        command.SetAction(parsed =>
        {
            if (context.OutIsTerminal) throw new CommandException("a capture does not belong on a terminal; add > call.pcap");
            Settings settings = flags.Settings(parsed);
            using ICallArchive archive = context.Parts.Archive(settings);
            CallRecord call = OneCall.Find(archive.Calls, parsed.GetRequiredValue(id));
            CommandAudit.Write(settings, context, parsed.GetValue(whole) ? "download_session_pcap" : "download_pcap_all", call.Id, call.Tenant);
            using Stream output = context.OpenBinaryOutput();
            bool isWritten = parsed.GetValue(whole) ? archive.WritePcap(OneCall.SessionOf(archive, call), output) : archive.WritePcap(call.Id, output);
            return isWritten ? ExitCode.Success : throw OneCall.WithoutPackets(call);
        });
        return command;
    }
}

/// <summary><c>mp3 ID</c> and <c>wav ID</c>: a call's recording.</summary>
internal static class RecordingCommand
{
    public static Command Mp3(CommandContext context, CommonFlags flags) => Make("mp3", "MP3", RecordingKind.Mp3, context, flags);

    public static Command Wav(CommandContext context, CommonFlags flags) => Make("wav", "WAV", RecordingKind.Wav, context, flags);

    private static Command Make(string name, string format, RecordingKind kind, CommandContext context, CommonFlags flags)
    {
        Argument<string> id = OneCall.Argument();
        var mono = new Option<bool>("--mono") { Description = "Both sides mixed into one channel; else caller left, callee right." };
        Option<bool> whole = OneCall.Whole();
        var command = new Command(name, $"Write a call's recording as {format} to standard output; made now where it is not there yet.") { id, mono };
        if (kind == RecordingKind.Mp3) command.Add(whole);
        command.SetAction(parsed =>
        {
            if (context.OutIsTerminal) throw new CommandException($"a recording does not belong on a terminal; add > call.{name}");
            Settings settings = flags.Settings(parsed);
            using ICallArchive archive = context.Parts.Archive(settings);
            CallRecord call = OneCall.Find(archive.Calls, parsed.GetRequiredValue(id));
            CommandAudit.Write(settings, context, kind == RecordingKind.Mp3 && parsed.GetValue(whole) ? "download_session_mp3" : $"download_{name}", call.Id, call.Tenant);
            using Stream output = context.OpenBinaryOutput();
            var variant = new RecordingVariant(kind, parsed.GetValue(mono) ? RecordingChannels.Mono : RecordingChannels.Stereo);
            string? fault = kind == RecordingKind.Mp3 && parsed.GetValue(whole)
                ? archive.WriteRecording(OneCall.SessionOf(archive, call), variant.Channels, output, context.Stop)
                : archive.WriteRecording(call.Id, variant, output, context.Stop);
            return fault is { } reason
                ? throw new CommandException($"there is no recording of {call.Id}: {reason}")
                : ExitCode.Success;
        });
        return command;
    }
}

/// <summary><c>fax ID</c>: the pages of a call's fax.</summary>
internal static class FaxCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        Argument<string> id = OneCall.Argument();
        var pdf = new Option<bool>("--pdf") { Description = "As PDF; else TIFF." };
        var command = new Command("fax", "Write the pages of a call's fax by T.38 to standard output.") { id, pdf };
        command.SetAction(parsed =>
        {
            FaxForm form = parsed.GetValue(pdf) ? FaxForm.Pdf : FaxForm.Tiff;
            if (context.OutIsTerminal) throw new CommandException($"a fax does not belong on a terminal; add > fax.{EnumNames<FaxForm>.Of(form)}");
            Settings settings = flags.Settings(parsed);
            using ICallArchive archive = context.Parts.Archive(settings);
            CallRecord call = OneCall.Find(archive.Calls, parsed.GetRequiredValue(id));
            CommandAudit.Write(settings, context, $"download_fax_{EnumNames<FaxForm>.Of(form)}", call.Id, call.Tenant);
            using Stream output = context.OpenBinaryOutput();
            FaxOutcome outcome = archive.WriteFax(call, form, output, context.Stop);
            return outcome.Pages > 0 ? ExitCode.Success : throw new CommandException($"there are no pages of a fax of {call.Id}: {outcome.Reason}");
        });
        return command;
    }
}

/// <summary><c>trace ID</c>: a call's SIP messages as text.</summary>
internal static class TraceCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        Argument<string> id = OneCall.Argument();
        Option<bool> whole = OneCall.Whole();
        var command = new Command("trace", "Write a call's SIP messages as text to standard output.") { id, whole };
        command.SetAction(parsed =>
        {
            Settings settings = flags.Settings(parsed);
            using ICallArchive archive = context.Parts.Archive(settings);
            CallRecord call = OneCall.Find(archive.Calls, parsed.GetRequiredValue(id));
            CommandAudit.Write(settings, context, parsed.GetValue(whole) ? "download_session_trace" : "download_trace", call.Id, call.Tenant);

            // A file gets the bytes of the wire; a terminal must not obey them.
            TextWriter output = context.OutIsTerminal ? new EscapingWriter(context.Out) : context.Out;
            bool written = parsed.GetValue(whole) ? archive.WriteTrace(OneCall.SessionOf(archive, call), output) : archive.WriteTrace(call.Id, output);
            return written ? ExitCode.Success : throw OneCall.WithoutPackets(call);
        });
        return command;
    }
}

/// <summary>Finds the one call that an argument names.</summary>
internal static class OneCall
{
    /// <summary><c>--session</c>: all calls of the conversation.</summary>
    public static Option<bool> Whole() => new("--session") { Description = "Of the whole session that the call belongs to." };

    /// <summary>The session of a call; it alone where it belongs to none.</summary>
    public static SessionRecord SessionOf(ICallArchive archive, CallRecord call) => archive.Sessions.GetSession(call.SessionId) ?? SessionStory.Tell(call.Id, [call]);

    public static Argument<string> Argument() => new("ID") { Description = "A call's id, or its Call-ID header." };

    /// <summary>The record with this id, else the only one with this Call-ID.</summary>
    /// <exception cref="CommandException">There is none, or more than one.</exception>
    public static CallRecord Find(ICallReader calls, string id)
    {
        if (calls.Get(id) is { } call) return call;
        CallPage page = calls.List(new CallQuery { SipCallId = id, Limit = 10 });
        return page.Calls.Count switch
        {
            1 => page.Calls[0],
            0 => throw new CommandException($"no call has the id or Call-ID '{id}'"),
            _ => throw new CommandException(
                $"{page.Calls.Count} calls have the Call-ID '{id}': {string.Join(", ", page.Calls.Select(static found => found.Id))}"),
        };
    }

    /// <summary>What to throw where there is a record and no packet.</summary>
    public static CommandException WithoutPackets(CallRecord call) => new($"the packets of {call.Id} are gone or were not kept");
}
