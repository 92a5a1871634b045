using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.Vonage;

/// <summary>From a record to a Vonage call, its legs and a device, and back from its enumerations to ours. Pure.</summary>
internal static class VonageMapping
{
    /// <summary>States a call can be asked into.</summary>
    public static IReadOnlyList<string> CallStates { get; } = ["active", "parked"];

    /// <summary>States a leg can be asked into.</summary>
    public static IReadOnlyList<string> LegStates { get; } = ["held"];

    /// <summary>Ways to make a call.</summary>
    public static IReadOnlyList<string> DialTypes { get; } = ["click2dial", "click2dialme", "odr", "default"];

    /// <summary>The call.</summary>
    /// <param name="record">The record.</param>
    /// <param name="account">Numeric id of the account; null where it has none.</param>
    public static VonageCall Call(CallRecord record, long? account) => new()
    {
        AccountId = account,
        CallId = CallUuid.Of(record.Id).ToString("D"),
        Direction = Direction(record.Direction),
        EndTime = Seconds(record.EndedAt),
        From = Number(Shown(record.Caller)),
        Legs = Legs(record, account),
        StartTime = Seconds(record.StartedAt)!.Value,
        Status = Status(record),
        To = Number(record.Dialled ?? Shown(record.Callee)),
    };

    /// <summary>Its legs: one for each dialog, in order; one for the call itself where it came to none.</summary>
    public static IReadOnlyList<VonageLeg> Legs(CallRecord record, long? account)
    {
        string callId = CallUuid.Of(record.Id).ToString("D");
        VonageNumber? from = Number(Shown(record.Caller));
        VonageLeg Make(int part, string status, Timestamp? ended, string? to) => new()
        {
            AccountId = account,
            CallId = callId,
            Direction = Direction(record.Direction),
            EndTime = Seconds(ended),
            From = from,
            LegId = CallUuid.Of(record.Id, part).ToString("D"),
            StartTime = Seconds(record.StartedAt)!.Value,
            Status = status,
            To = Number(to),
        };
        if (record.Legs.Count == 0) return [Make(1, Status(record), record.EndedAt, Shown(record.Callee) ?? record.Dialled)];
        var legs = new List<VonageLeg>(record.Legs.Count);
        foreach (Leg leg in record.Legs.Take(CallUuid.MaxPart))
        {
            string? to = leg.ToTag == record.Callee.Tag || record.Legs.Count == 1 ? Shown(record.Callee) : Dialable(SipUriText.User(leg.Contact));
            legs.Add(Make(legs.Count + 1, Status(leg), leg.EndedAt ?? record.EndedAt, to ?? record.Dialled ?? Shown(record.Callee)));
        }

        return legs;
    }

    /// <summary>The device.</summary>
    /// <param name="registration">Its registration.</param>
    /// <param name="account">Numeric id of the account; null where it has none.</param>
    /// <param name="owner">Who has it by the directory; null where nobody is known.</param>
    public static VonageDevice Device(RegistrationRecord registration, long? account, DirectoryEntry? owner) => new()
    {
        AccountId = account,
        DeviceIp = registration.Source.IsNone ? null : registration.Source.Address.ToString(),
        LastRequest = Seconds(registration.LastRequestAt),
        LastSuccess = Seconds(registration.LastSuccessAt),
        MacAddress = Mac(registration.Mac) ?? (owner is { Devices.Count: 1 } ? Mac(owner.Devices[0]) : null),
        Registration = new VonageRegistration(Seconds(registration.LastSuccessAt)),

        // Devices fetch their settings by HTTP, which is not watched.
        Provisioned = new VonageProvisioned(null, null),
    };

    /// <summary>Whole seconds since 1970; null for null.</summary>
    public static long? Seconds(Timestamp? at) => at is { } known ? (long)Math.Floor(known.Microseconds / 1e6m) : null;

    /// <summary><c>inbound</c> or <c>outbound</c>, as the account's extension sees it: a call between extensions belongs to the one that called; null without a direction.</summary>
    public static string? Direction(CallDirection? direction) => direction switch
    {
        CallDirection.Inbound or CallDirection.Transit => "inbound",
        CallDirection.Outbound or CallDirection.Internal => "outbound",
        _ => null,
    };

    /// <summary>Where a call stands. One that was answered is <c>on-call</c>, also when it is over: there is no other word for it, and its end tells.</summary>
    public static string Status(CallRecord record) => record.Disposition switch
    {
        Disposition.InProgress => record.State == CallState.Answered ? "on-call" : "ringing",
        Disposition.Answered => "on-call",
        Disposition.Busy => "busy",
        Disposition.NoAnswer or Disposition.Cancelled or Disposition.Redirected => "unanswered",
        _ => "failed",
    };

    /// <summary>Where a leg stands.</summary>
    public static string Status(Leg leg) => leg.Outcome switch
    {
        LegOutcome.Early => "ringing",
        LegOutcome.Answered => "on-call",
        LegOutcome.Failed => leg.SipStatus switch
        {
            486 or 600 => "busy",
            408 or 480 or 487 => "unanswered",
            _ => "failed",
        },
        _ => "unanswered",
    };

    /// <summary>A hardware address with hyphens and upper case; null for null and for what is none.</summary>
    public static string? Mac(string? address)
    {
        if (address is null) return null;
        string digits = string.Concat(address.Where(char.IsAsciiHexDigit)).ToUpperInvariant();
        return digits.Length == 12 ? string.Join('-', digits.Chunk(2).Select(static pair => new string(pair))) : null;
    }

    /// <summary>Twelve digits of a hardware address in any spelling; null for anything else.</summary>
    public static string? MacDigits(string text)
    {
        string digits = string.Concat(text.Where(static c => c is not ('-' or ':' or '.'))).ToLowerInvariant();
        return digits.Length == 12 && digits.All(char.IsAsciiHexDigit) ? digits : null;
    }

    /// <summary>The end of a call that a client names; null for a kind that is none.</summary>
    public static ControlEndKind? Kind(string? type) => type switch
    {
        "extension" => ControlEndKind.Extension,
        "device" => ControlEndKind.Device,
        "pstn" => ControlEndKind.Pstn,
        "feature_code" => ControlEndKind.FeatureCode,
        _ => null,
    };

    // People of the telephone system by their extension, everybody else by the whole number.
    private static string? Shown(Party party) => party.Identity is { Kind: PartyKind.User } ? party.Number : party.E164 ?? party.Number;

    private static VonageNumber? Number(string? text) => text is null ? null : new VonageNumber(text);

    // Contacts often have made-up users; digits are a number or an extension.
    private static string? Dialable(string? user) => user is { Length: > 0 } && user.All(char.IsAsciiDigit) ? user : null;
}
