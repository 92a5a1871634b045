using System.Globalization;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.Ucom;

/// <summary>From a record to a UCOM call, and back from its enumerations to ours. Pure.</summary>
internal static class UcomMapping
{
    /// <summary>Best rate there is: that of MOS, whose scale ends at 5 (ITU-T P.800).</summary>
    public const int MaxRate = 5;

    private const string TimeFormat = "yyyy-MM-dd HH:mm:ss";

    private static readonly string[] TimeFormats = [TimeFormat, "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd"];

    /// <summary>The call.</summary>
    /// <param name="record">The record.</param>
    /// <param name="facts">What the packets do not show.</param>
    /// <param name="client">Numeric id of the client it belongs to; null where it has none.</param>
    /// <param name="rounding">How seconds are made whole.</param>
    /// <param name="more">What the directory says beside of the call's extension; null for nothing.</param>
    public static UcomCall Call(CallRecord record, CallFacts facts, long? client, BillsecRounding rounding, UcomExtension? more = null)
    {
        BridgeFacts? bridge = Bridge(record, facts);
        PartyFacts? extension = Extension(record.Direction, facts);
        bool entered = record.Direction is CallDirection.Inbound or CallDirection.Transit;
        return new UcomCall
        {
            BridgedDomain = bridge?.Domain,
            BridgedDuration = bridge is { Ended: { } ended } ? WholeSeconds.Of(ended < bridge.At ? TimeSpan.Zero : ended - bridge.At, rounding) : null,
            BridgedTimeGmt = Time(bridge?.At),
            BridgedUsername = bridge?.Number,
            CallUuid = Common.CallUuid.Of(record.Id).ToString("D"),
            ClientOwnerId = client,
            DidDomain = entered ? SipUriText.Host(record.Callee.Uri) : null,
            DidNumber = entered ? record.Dialled : null,
            Duration = WholeSeconds.Of(record.Duration, rounding),
            ExtNumberReg = more?.Number,
            ExtensionGroupOwnerId = more?.Group,
            ExtensionId = extension?.Id,
            ExtensionName = extension?.Name,
            ExtensionType = extension?.Kind,
            Flow = Flow(record.Direction),
            FromDomain = SipUriText.Host(record.Caller.Uri),
            FromScreenName = record.Caller.Name,
            FromUsername = record.Caller.Number,
            HangupCause = record.Cause is { } cause ? Q850Names.Of(cause.Q850) : null,
            HangupDisposition = HangupDisposition(record),
            HangupTimeGmt = Time(record.EndedAt),
            InitTimeGmt = Time(record.StartedAt)!,
            Result = Result(record.Disposition, bridge is not null),
            StartTimeGmt = Time(record.AnsweredAt),
            ToDomain = SipUriText.Host(record.Callee.Uri),
            ToUsername = record.Dialled ?? record.Callee.Number,
            DiversionNumber = Diversion(record),
            QualityRate = Quality(record.Streams),
        };
    }

    /// <summary>Seconds in UTC; null for null.</summary>
    public static string? Time(Timestamp? at) => at?.ToDateTime().ToString(TimeFormat, CultureInfo.InvariantCulture);

    /// <summary>Reads what <see cref="Time"/> writes, with a T between or without a time of day as well; null for anything else.</summary>
    public static Timestamp? ReadTime(string text) =>
        DateTimeOffset.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset at) ? Timestamp.From(at) : null;

    /// <summary><c>in</c> or <c>out</c>, as the client's extension sees it: a call between extensions belongs to the one that called; null without a direction.</summary>
    public static string? Flow(CallDirection? direction) => direction switch
    {
        CallDirection.Inbound or CallDirection.Transit => "in",
        CallDirection.Outbound or CallDirection.Internal => "out",
        _ => null,
    };

    /// <summary>The directions that are shown as a flow.</summary>
    public static IReadOnlyList<CallDirection> Directions(string flow) => flow == "in" ? [CallDirection.Inbound, CallDirection.Transit] : [CallDirection.Outbound, CallDirection.Internal];

    /// <summary>What came of the call.</summary>
    /// <param name="disposition">Outcome.</param>
    /// <param name="bridged">Whether a person answered.</param>
    public static string Result(Disposition disposition, bool bridged) => disposition switch
    {
        Disposition.Answered => bridged ? "bridged" : "answered",
        Disposition.Busy => "busy",
        Disposition.NoAnswer or Disposition.Cancelled or Disposition.InProgress => "not answered",
        Disposition.Rejected => "rejected",
        _ => "failed",
    };

    /// <summary>Who broke it off, empty where that is not known. A timeout of the server (408, 487 without the caller's CANCEL) is <c>internal_cancel</c>;
    /// whatever the callee's side refuses with is <c>callee_refuse</c>.</summary>
    public static string HangupDisposition(CallRecord record) => record.Disposition switch
    {
        Disposition.Answered => record.HangupBy switch
        {
            HangupBy.Caller => "caller_bye",
            HangupBy.Callee => "callee_bye",
            HangupBy.Server => "internal_cancel",
            _ => "",
        },
        Disposition.Cancelled => "caller_cancel",
        Disposition.Busy or Disposition.Rejected or Disposition.InvalidNumber => "callee_refuse",
        Disposition.NoAnswer => record.SipStatus is 408 or 487 || record.HangupBy == HangupBy.Server ? "internal_cancel" : "callee_refuse",
        Disposition.Failed => record.HangupBy == HangupBy.Server ? "internal_cancel" : record.SipStatus >= 400 ? "callee_refuse" : "",
        _ => "",
    };

    /// <summary>The connection to a person: behind the machine that answered, or the answer itself where a person gave it; null where nothing tells.</summary>
    public static BridgeFacts? Bridge(CallRecord record, CallFacts facts)
    {
        if (facts.Bridge is { } bridge) return bridge;
        if (facts.AnsweredByPerson != true || record.AnsweredAt is not { } answered) return null;
        return new BridgeFacts(record.Callee.Number, SipUriText.Host(record.Callee.Uri), answered, record.EndedAt);
    }

    /// <summary>The extension a call belongs to: who called where it goes out, who was called where it comes in; null where the directory has none.</summary>
    public static PartyFacts? Extension(CallDirection? direction, CallFacts facts)
    {
        PartyFacts? party = Flow(direction) switch { "in" => facts.Callee, "out" => facts.Caller, _ => null };
        return party is { Kind: "contact" } ? null : party;
    }

    /// <summary>The worse of the streams' listening quality (MOS-LQ, 1 to 5), to the nearest whole; null where none has one.</summary>
    public static UcomQuality? Quality(IReadOnlyList<StreamRecord> streams)
    {
        double? worst = null;
        foreach (StreamRecord stream in streams)
        {
            if (stream.Mos is { } mos && double.IsFinite(mos) && !(worst <= mos)) worst = mos;
        }

        return worst is { } rate ? new UcomQuality(Math.Clamp((int)Math.Round(rate, MidpointRounding.AwayFromZero), 1, MaxRate), MaxRate) : null;
    }

    /// <summary>Number in the topmost Diversion header (RFC 5806 4: the latest diversion); null without one.</summary>
    public static string? Diversion(CallRecord record)
    {
        foreach ((string name, string value) in record.Headers)
        {
            if (name == "diversion") return SipUriText.User(value);
        }

        return null;
    }
}

/// <summary>What the directory says of an extension, beside who it is.</summary>
/// <param name="Number">The number it has outside; null for none.</param>
/// <param name="Group">Id of the group it is a member of; null for none.</param>
internal sealed record UcomExtension(string? Number, long? Group);
