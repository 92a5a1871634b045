using System.CommandLine;
using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Host.Hocon;

namespace CdrEngine.Host.Commands;

/// <summary>The filters of <c>calls</c> and how they become a <see cref="CallQuery"/>.</summary>
internal sealed class CallFilters
{
    private static readonly string[] TimeFormats =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.FFFFFF",
        "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFK",
        "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.FFFFFF",
    ];

    private readonly Option<string?> _from = Text("--from", "TIME", "Started at or after: 2026-11-20, 2026-11-20T10:00, 2026-11-20T10:00:00+01:00 (else UTC).");
    private readonly Option<string?> _to = Text("--to", "TIME", "Started before.");
    private readonly Option<string?> _number = Text("--number", "NUMBER", "Number of the caller, the callee or the dialled one; 49* is a prefix.");
    private readonly Option<string?> _caller = Text("--caller", "NUMBER", "Number of the caller.");
    private readonly Option<string?> _callee = Text("--callee", "NUMBER", "Number of the callee or the dialled one.");
    private readonly Option<string?> _address = Text("--address", "IP", "IP address of either party.");
    private readonly Option<string[]> _disposition = Texts("--disposition", $"Outcome: {Names<Disposition>()}. May be given again: any of them.");
    private readonly Option<string?> _direction = Text("--direction", "DIRECTION", $"Direction: {Names<CallDirection>()}.");
    private readonly Option<string?> _context = Text("--context", "CONTEXT", $"What the call was, by the directory: {Names<CallContext>()}.");
    private readonly Option<string?> _tenant = Text("--tenant", "NAME", "Tenant, by the directory.");
    private readonly Option<string?> _user = Text("--user", "ID", "Id of the directory's user who called or was called.");
    private readonly Option<string?> _codec = Text("--codec", "CODEC", "Codec either side sent: PCMU, G722/8000.");
    private readonly Option<string?> _mosBelow = Text("--mos-below", "MOS", "Worst MOS of a stream below this.");
    private readonly Option<string[]> _flag = Texts("--flag", $"Flag that is set: {Names<CallFlags>()}. May be given again: all of them.");
    private readonly Option<string?> _durationMin = Text("--min-duration", "TIME", "Lasted at least: 30s, 5m.");
    private readonly Option<string?> _durationMax = Text("--max-duration", "TIME", "Lasted at most.");
    private readonly Option<string?> _callId = Text("--call-id", "ID", "Call-ID header, exactly.");
    private readonly Option<string?> _session = Text("--session", "ID", "Session the call belongs to.");
    private readonly Option<string?> _text = Text("--text", "TEXT", "Part of a number, name, URI, user agent or Call-ID.");
    private readonly Option<string?> _sort = Text("--sort", "KEY", $"Order by {Names<CallSort>()}.");
    private readonly Option<bool> _ascending = new("--ascending") { Description = "The smallest or oldest first." };
    private readonly Option<string?> _limit = Text("--limit", "N", "At most this many; all where left out.");

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[]
        {
            _from, _to, _number, _caller, _callee, _address, _disposition, _direction, _context, _tenant, _user, _codec, _mosBelow, _flag, _durationMin, _durationMax,
            _callId, _session, _text, _sort, _ascending, _limit,
        })
        {
            command.Add(option);
        }
    }

    /// <summary>What the flags ask for.</summary>
    /// <exception cref="CommandException">A value does not fit.</exception>
    public CallQuery Query(ParseResult parsed) => new()
    {
        From = Time(parsed, _from),
        To = Time(parsed, _to),
        Number = parsed.GetValue(_number),
        Caller = parsed.GetValue(_caller),
        Callee = parsed.GetValue(_callee),
        Address = Address(parsed),
        Dispositions = [.. Split(parsed, _disposition).Select(text => Named<Disposition>(_disposition, text))],
        Direction = parsed.GetValue(_direction) is { } direction ? Named<CallDirection>(_direction, direction) : null,
        Context = parsed.GetValue(_context) is { } context ? Named<CallContext>(_context, context) : null,
        Tenant = parsed.GetValue(_tenant),
        User = User(parsed),
        Codec = parsed.GetValue(_codec),
        MosBelow = Mos(parsed),
        Flags = Split(parsed, _flag).Aggregate(CallFlags.None, (flags, text) => flags | Named<CallFlags>(_flag, text)),
        DurationMin = Span(parsed, _durationMin),
        DurationMax = Span(parsed, _durationMax),
        SipCallId = parsed.GetValue(_callId),
        SessionId = parsed.GetValue(_session),
        Text = parsed.GetValue(_text),
        Sort = parsed.GetValue(_sort) is { } sort ? Named<CallSort>(_sort, sort) : CallSort.StartedAt,
        Ascending = parsed.GetValue(_ascending),
    };

    /// <summary>Most records to list.</summary>
    public long Count(ParseResult parsed)
    {
        if (parsed.GetValue(_limit) is not { } text) return long.MaxValue;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count > 0
            ? count
            : throw new CommandException($"--limit: '{text}' is no whole number above 0");
    }

    private static Option<string?> Text(string name, string value, string description) => CommonFlags.Flag<string?>(name, value, description);

    private static Option<string[]> Texts(string name, string description) => CommonFlags.Flag<string[]>(name, "NAME", description);

    private static IEnumerable<string> NameList<T>()
        where T : struct, Enum =>
        EnumNames<T>.All.Where(static pair => pair.Value is not CallFlags.None).Select(static pair => pair.Name);

    private static string Names<T>()
        where T : struct, Enum => string.Join(", ", NameList<T>());

    // Given again, or with commas between.
    private static IEnumerable<string> Split(ParseResult parsed, Option<string[]> option) =>
        (parsed.GetValue(option) ?? []).SelectMany(static text => text.Split(','));

    private static T Named<T>(Option option, string text)
        where T : struct, Enum =>
        EnumNames<T>.TryParse(text.Trim(), out T value)
            ? value
            : throw new CommandException($"{option.Name}: '{text}' is none of {Names<T>()}{EditDistance.DidYouMean(text, NameList<T>())}");

    /// <summary>A time as the flags take it; null where the text is none.</summary>
    public static Timestamp? TryReadTime(string text) =>
        DateTimeOffset.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? Timestamp.From(time)
            : null;

    /// <summary>The time that a flag names; null where it is left out.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    internal static Timestamp? Time(ParseResult parsed, Option<string?> option)
    {
        if (parsed.GetValue(option) is not { } text) return null;
        return TryReadTime(text)
            ?? throw new CommandException($"{option.Name}: '{text}' is no time; write 2026-11-20, 2026-11-20T10:00 or 2026-11-20T10:00:00+01:00");
    }

    private static TimeSpan? Span(ParseResult parsed, Option<string?> option)
    {
        if (parsed.GetValue(option) is not { } text) return null;
        return HoconUnits.TryReadDuration(text, out TimeSpan span) is { } problem ? throw new CommandException($"{option.Name}: {problem}") : span;
    }

    private long? User(ParseResult parsed)
    {
        if (parsed.GetValue(_user) is not { } text) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long id) && id > 0 ? id : throw new CommandException($"--user: '{text}' is no id of a user");
    }

    private IpAddress? Address(ParseResult parsed)
    {
        if (parsed.GetValue(_address) is not { } text) return null;
        return IpAddress.TryParse(text, out IpAddress address) ? address : throw new CommandException($"--address: '{text}' is no IP address");
    }

    private double? Mos(ParseResult parsed)
    {
        if (parsed.GetValue(_mosBelow) is not { } text) return null;
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double mos)
            ? mos
            : throw new CommandException($"--mos-below: '{text}' is no number such as 3.5");
    }
}
