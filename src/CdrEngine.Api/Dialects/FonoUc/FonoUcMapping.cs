using System.Globalization;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.FonoUc;

/// <summary>From a record to a fonoUC CDR and recording. Pure.</summary>
internal static class FonoUcMapping
{
    /// <summary>The CDR.</summary>
    /// <param name="call">The record.</param>
    /// <param name="makes">Whether recordings are made when asked for.</param>
    /// <param name="rounding">How seconds are made whole.</param>
    public static FonoUcCdr Cdr(CallRecord call, bool makes, BillsecRounding rounding)
    {
        bool recorded = Sound.Of(call, makes);
        return new FonoUcCdr
        {
            Id = FonoUcKeys.CdrId(call),
            CallId = call.SipCallId,
            Datetime = call.StartedAt.ToDateTime().ToString("yyyy-MM-dd HH:mm:ss' +0000 UTC'", CultureInfo.InvariantCulture),
            Timestamp = FonoUcKeys.Seconds(call.StartedAt).ToString(CultureInfo.InvariantCulture),
            CallerIdName = call.Caller.Name ?? "",
            CallerIdNumber = call.Caller.Number ?? "",
            CalleeIdName = call.Callee.Name ?? "",
            CalleeIdNumber = call.Callee.Number ?? call.Dialled ?? "",
            To = Address(call.Callee, call.Dialled),
            From = Address(call.Caller, null),
            BillingSeconds = WholeSeconds.Of(call.BillableDuration, rounding).ToString(CultureInfo.InvariantCulture),
            HangupCause = HangupCause(call),
            MediaRecordingId = recorded ? FonoUcKeys.RecordingId(call.Id) : null,
            RecordingFilename = recorded ? FonoUcKeys.FileName(call.Id) : null,
        };
    }

    /// <summary>The recording of a call that has one.</summary>
    /// <param name="call">The record.</param>
    /// <param name="facts">What the packets do not show.</param>
    /// <param name="entry">State of the recording; null where it is not made yet, and then length and time are those of the call.</param>
    /// <param name="host">Scheme and host the client knows us by.</param>
    /// <param name="rounding">How seconds are made whole.</param>
    /// <param name="username">How the user that it belongs to is called by his telephone system; null where nothing tells.</param>
    public static FonoUcRecording Recording(CallRecord call, CallFacts facts, RecordingEntry? entry, string host, BillsecRounding rounding, string? username = null)
    {
        RecordingEntry? made = entry is { State: RecordingState.Available } ? entry : null;
        string id = FonoUcKeys.RecordingId(call.Id);
        string name = FonoUcKeys.FileName(call.Id);
        string to = Address(call.Callee, call.Dialled);
        TimeSpan duration = made?.Duration ?? call.BillableDuration;
        PartyFacts? owner = Owner(call.Direction, facts);
        Timestamp began = call.AnsweredAt ?? call.StartedAt;
        return new FonoUcRecording
        {
            Id = id,
            OwnerId = owner is { Id: { } number } ? number.ToString("x32", CultureInfo.InvariantCulture) : null,
            CallId = call.SipCallId,
            CalleeIdName = call.Callee.Name ?? "",
            CalleeIdNumber = call.Callee.Number ?? call.Dialled ?? "",
            CallerIdName = call.Caller.Name ?? "",
            CallerIdNumber = call.Caller.Number ?? "",
            CdrId = FonoUcKeys.CdrId(call),
            CustomChannelVars = new FonoUcChannelVars(name, id),
            Description = $"recording {name}",
            Direction = Direction(call.Direction),
            Duration = WholeSeconds.Of(duration, rounding),
            DurationMs = (long)duration.TotalMilliseconds,
            From = Address(call.Caller, null),
            InteractionId = $"{FonoUcKeys.Seconds(call.StartedAt)}-{call.Id[^8..]}",
            Name = name,
            Origin = Origin(call.Direction),
            Request = Request(call),
            Start = FonoUcKeys.Seconds(began),
            To = to,
            PvtCreated = FonoUcKeys.Seconds(made?.CreatedAt ?? call.EndedAt ?? began),
            User = owner is { Kind: "user" } ? User(owner.Name, username) : null,
            Url = $"{host}/api/v2/reports/recording/{id}",
            Attachments = new Dictionary<string, FonoUcAttachment>(StringComparer.Ordinal) { [name] = new("audio/mpeg", 0, "", made?.Bytes ?? 0, false) },
        };
    }

    /// <summary>The Q.850 name in upper case. A call that the caller gave up is <c>ORIGINATOR_CANCEL</c>, whatever its cause; without a cause the outcome tells.</summary>
    public static string HangupCause(CallRecord call) => call.Disposition switch
    {
        Disposition.Cancelled => "ORIGINATOR_CANCEL",
        _ when call.Cause is { } cause => Q850Names.Of(cause.Q850),
        Disposition.Answered => "NORMAL_CLEARING",
        Disposition.Busy => "USER_BUSY",
        Disposition.NoAnswer => "NO_ANSWER",
        Disposition.Rejected => "CALL_REJECTED",
        Disposition.InvalidNumber => "UNALLOCATED_NUMBER",
        Disposition.Redirected => "REDIRECTION_TO_NEW_DESTINATION",
        Disposition.NoResponse => "NO_USER_RESPONSE",
        Disposition.InProgress => "",
        _ => "NORMAL_UNSPECIFIED",
    };

    /// <summary>Direction as the account sees it: calls within it arrive at it; null without a direction.</summary>
    public static string? Direction(CallDirection? direction) => direction switch
    {
        CallDirection.Inbound or CallDirection.Internal or CallDirection.Transit => "inbound",
        CallDirection.Outbound => "outbound",
        _ => null,
    };

    /// <summary>Direction in words; null without one.</summary>
    public static string? Origin(CallDirection? direction) => direction switch
    {
        CallDirection.Inbound => "inbound from offnet to account",
        CallDirection.Internal => "inbound from onnet to account",
        CallDirection.Transit => "inbound from offnet to offnet",
        CallDirection.Outbound => "outbound from account to offnet",
        _ => null,
    };

    /// <summary>User and host of a party, the number alone where its URI tells no more, empty where nothing is known.</summary>
    public static string Address(Party party, string? dialled)
    {
        string? user = SipUriText.User(party.Uri);
        string? host = SipUriText.Address(party.Uri) is { } whole ? whole[(whole.LastIndexOf('@') + 1)..] : null;
        return user is not null && host is not null && host != user ? $"{user}@{host}" : user ?? host ?? party.Number ?? dialled ?? "";
    }

    /// <summary>A full name as first and last: what stands before the last space, and behind it.</summary>
    public static FonoUcUser User(string? name, string? username)
    {
        if (string.IsNullOrWhiteSpace(name)) return new FonoUcUser(username, null, null);
        string text = name.Trim();
        int space = text.LastIndexOf(' ');
        return space < 0 ? new FonoUcUser(username, text, null) : new FonoUcUser(username, text[..space].TrimEnd(), text[(space + 1)..]);
    }

    /// <summary>Whose recording it is: of a call that goes out who called, else who was called; null where the directory has nobody.</summary>
    public static PartyFacts? Owner(CallDirection? direction, CallFacts facts)
    {
        PartyFacts? party = direction == CallDirection.Outbound ? facts.Caller : facts.Callee;
        return party is { Kind: "contact" } ? null : party;
    }

    // What was asked for: the number dialled at the host of the callee.
    private static string Request(CallRecord call) => call.Dialled is { } dialled && SipUriText.Host(call.Callee.Uri) is { } host ? $"{dialled}@{host}" : call.Dialled ?? Address(call.Callee, null);
}
