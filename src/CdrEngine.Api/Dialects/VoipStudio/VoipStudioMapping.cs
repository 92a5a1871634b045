using System.Globalization;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.VoipStudio;

/// <summary>The calls that a call is shown with, by their integer ids.</summary>
/// <param name="Id">Its own.</param>
/// <param name="Parent">That of the call it came of; null where there is none.</param>
/// <param name="Root">That of the first call of the conversation.</param>
internal readonly record struct LiveIds(long Id, long? Parent, long Root);

/// <summary>Two parties of messages, as a chat shows them.</summary>
/// <param name="Operator">Who answers visitors.</param>
/// <param name="OperatorEntry">Who that is by the directory; null where unknown.</param>
/// <param name="Visitor">Who wrote from outside, or first.</param>
/// <param name="VisitorEntry">Who that is by the directory; null where unknown.</param>
internal sealed record ChatSides(MessageParty Operator, DirectoryEntry? OperatorEntry, MessageParty Visitor, DirectoryEntry? VisitorEntry);

/// <summary>From records to what VoIPstudio shows. Pure.</summary>
internal static class VoipStudioMapping
{
    /// <summary>Time without a message after which a chat counts as closed.</summary>
    public static readonly TimeSpan ChatGap = TimeSpan.FromMinutes(30);

    private static readonly string[] TimeFormats = ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd"];

    /// <summary>The CDR.</summary>
    public static VoipStudioCdr Cdr(CallRecord call, CallFacts facts, LiveIds ids, CallRemark remark, BillsecRounding rounding) => new()
    {
        Id = ids.Id,
        Billsec = WholeSeconds.Of(call.BillableDuration, rounding),
        CallId = ids.Id,
        Calldate = Time(call.StartedAt),
        Charge = facts.Amount,
        Clid = Clid(call.Caller.Name, call.Caller.Number),
        Context = facts.Context?.ToUpperInvariant(),
        Destination = Destination(call),
        Disposition = Disposition(call),
        Dst = Dst(call),
        DstCodec = Codec(call.Callee.Codec),
        DstId = PartyId(facts.Callee),
        DstName = facts.Callee?.Name ?? call.Callee.Name,
        DstUa = call.Callee.UserAgent,
        Duration = WholeSeconds.Of(call.Duration, rounding),
        Info = remark.Info,
        IsRoot = ids.Root == ids.Id,
        LiveId = ids.Id,
        ParentLiveId = ids.Parent,
        Rate = facts.Rate,
        RootLiveId = ids.Root,
        ServerId = ServerId(call.CaptureSource),
        SipEndpointId = null,
        Src = call.Caller.Number,
        SrcCodec = Codec(call.Caller.Codec),
        SrcId = PartyId(facts.Caller),
        SrcName = facts.Caller?.Name ?? call.Caller.Name,
        SrcUa = call.Caller.UserAgent,
        TCause = Cause(call),
        Type = Type(call, facts),
        UserId = UserId(facts),
    };

    /// <summary>The same with the notes.</summary>
    public static VoipStudioNotedCdr Noted(VoipStudioCdr cdr, string? notes) => new()
    {
        Id = cdr.Id,
        Billsec = cdr.Billsec,
        CallId = cdr.CallId,
        Calldate = cdr.Calldate,
        Charge = cdr.Charge,
        Clid = cdr.Clid,
        Context = cdr.Context,
        Destination = cdr.Destination,
        Disposition = cdr.Disposition,
        Dst = cdr.Dst,
        DstCodec = cdr.DstCodec,
        DstId = cdr.DstId,
        DstName = cdr.DstName,
        DstUa = cdr.DstUa,
        Duration = cdr.Duration,
        Info = cdr.Info,
        IsRoot = cdr.IsRoot,
        LiveId = cdr.LiveId,
        ParentLiveId = cdr.ParentLiveId,
        Rate = cdr.Rate,
        RootLiveId = cdr.RootLiveId,
        ServerId = cdr.ServerId,
        SipEndpointId = cdr.SipEndpointId,
        Src = cdr.Src,
        SrcCodec = cdr.SrcCodec,
        SrcId = cdr.SrcId,
        SrcName = cdr.SrcName,
        SrcUa = cdr.SrcUa,
        TCause = cdr.TCause,
        Type = cdr.Type,
        UserId = cdr.UserId,
        Notes = notes,
    };

    /// <summary>A CDR as the cells of a line, in the order of the vendor's table.</summary>
    public static IReadOnlyList<(string Name, Func<VoipStudioCdr, string> Value, bool IsFromWire)> Columns { get; } =
    [
        ("id", static cdr => Text(cdr.Id), false),
        ("duration", static cdr => Text(cdr.Duration), false),
        ("live_id", static cdr => Text(cdr.LiveId), false),
        ("parent_live_id", static cdr => Text(cdr.ParentLiveId), false),
        ("user_id", static cdr => Text(cdr.UserId), false),
        ("sip_endpoint_id", static cdr => Text(cdr.SipEndpointId), false),
        ("server_id", static cdr => Text(cdr.ServerId), false),
        ("type", static cdr => cdr.Type ?? "", false),
        ("calldate", static cdr => cdr.Calldate, false),
        ("clid", static cdr => cdr.Clid ?? "", true),
        ("src_id", static cdr => cdr.SrcId, false),
        ("src_name", static cdr => cdr.SrcName ?? "", true),
        ("src", static cdr => cdr.Src ?? "", true),
        ("src_ua", static cdr => cdr.SrcUa ?? "", true),
        ("src_codec", static cdr => cdr.SrcCodec ?? "", true),
        ("dst_id", static cdr => cdr.DstId, false),
        ("dst", static cdr => cdr.Dst ?? "", true),
        ("dst_name", static cdr => cdr.DstName ?? "", true),
        ("dst_ua", static cdr => cdr.DstUa ?? "", true),
        ("dst_codec", static cdr => cdr.DstCodec ?? "", true),
        ("billsec", static cdr => Text(cdr.Billsec), false),
        ("disposition", static cdr => cdr.Disposition, false),
        ("destination", static cdr => cdr.Destination ?? "", false),
        ("context", static cdr => cdr.Context ?? "", false),
        ("rate", static cdr => cdr.Rate?.ToString(CultureInfo.InvariantCulture) ?? "", false),
        ("charge", static cdr => cdr.Charge?.ToString(CultureInfo.InvariantCulture) ?? "", false),
        ("t_cause", static cdr => cdr.TCause ?? "", true),
        ("info", static cdr => cdr.Info ?? "", true),
        ("call_id", static cdr => Text(cdr.CallId), false),
        ("is_root", static cdr => cdr.IsRoot ? "true" : "false", false),
        ("root_live_id", static cdr => Text(cdr.RootLiveId), false),
    ];

    /// <summary>The recording of a call.</summary>
    public static VoipStudioMonitor Monitor(CallRecord call, long id, string? token) => new() { Id = id, CreatedAt = Time(call.StartedAt), Token = token };

    /// <summary>Whether a call has a recording in the eyes of a client: it is there, being made, or would be made when asked for.</summary>
    public static bool IsAudible(CallRecord call, bool makes) => call.Recording.State switch
    {
        RecordingState.Available => true,
        RecordingState.Pending => call.AnsweredAt is not null,
        RecordingState.None => makes && call.Recording.Reason is null && call.Disposition == Calls.Records.Disposition.Answered && !call.Flags.HasFlag(CallFlags.NoRtp),
        _ => false,
    };

    /// <summary>A media session of a call.</summary>
    public static VoipStudioMsdr Msdr(CallRecord call, MediaSessionRecord session, CallFacts facts, long id, BillsecRounding rounding) => new()
    {
        Id = id,
        CallId = call.SipCallId,
        CreatedAt = Time(session.StartedAt ?? call.StartedAt),
        Dst = Dst(call),
        DstId = PartyId(facts.Callee),
        DstUa = call.Callee.UserAgent,
        Duration = WholeSeconds.Of(session.Duration, rounding),
        MediaSessionId = id,
        Src = call.Caller.Number,
        SrcId = PartyId(facts.Caller),
        SrcUa = call.Caller.UserAgent,
        TCause = Cause(call),
        Type = EnumNames<MediaSessionType>.Of(session.Type),
        UserId = UserId(facts),
    };

    /// <summary>A voice message.</summary>
    public static VoipStudioVoicemessage Voicemessage(CallRecord call, CallFacts facts, LiveIds ids, CallRemark remark, long? extension, BillsecRounding rounding) => new()
    {
        Id = ids.Id,
        Caller = call.Caller.Number,
        Callerid = call.Caller.E164?.TrimStart('+') ?? call.Caller.Number,
        Dialled = call.Dialled,
        Duration = WholeSeconds.Of(call.BillableDuration, rounding),
        ExtensionId = facts.Callee is { Kind: "voicemail" or "user", Id: { } mailbox } ? mailbox : extension,
        Folder = remark.Folder,
        IsNew = !remark.IsHeard,
        LiveId = ids.Id,
        Origtime = Time(call.StartedAt),
        ParentLiveId = ids.Parent,
        Transcript = remark.Transcript,
    };

    /// <summary>A SIP MESSAGE.</summary>
    public static VoipStudioSms Sms(MessageRecord message, long id, DirectoryEntry? from, DirectoryEntry? to) => new()
    {
        Id = id,
        CreatedAt = Time(message.StartedAt),
        From = message.From.Number,
        FromId = PartyId(from),
        FromName = from?.Name ?? message.From.Name,
        Message = message.Text,
        Result = Result(message.Outcome),
        To = message.To.Number,
        ToId = PartyId(to),
        ToName = to?.Name ?? message.To.Name,
        Type = message.IsInCall ? "CHAT" : "SMS",
        UserId = UserOf(from) ?? UserOf(to),
    };

    /// <summary>A message of a chat.</summary>
    public static VoipStudioChatmsg Chatmsg(MessageRecord message, long id, long? chat, DirectoryEntry? from, DirectoryEntry? to) => new()
    {
        Id = id,
        ChatId = chat,
        CreatedAt = Time(message.StartedAt),
        From = message.From.Number,
        FromName = from?.Name ?? message.From.Name,
        Message = message.Text,
        Result = Result(message.Outcome),
        To = message.To.Number,
        ToName = to?.Name ?? message.To.Name,
    };

    /// <summary>A chat. Where a visitor is, and on which page, no packet shows.</summary>
    /// <param name="chat">The conversation.</param>
    /// <param name="id">Its integer id.</param>
    /// <param name="customer">Number of the tenant.</param>
    /// <param name="sides">Who is who; null where no message of it is there any more.</param>
    /// <param name="now">Wall time, to tell whether it goes on.</param>
    public static VoipStudioChat Chat(ConversationRecord chat, long id, long? customer, ChatSides? sides, Timestamp now) => new()
    {
        Id = id,
        CreatedAt = Time(chat.StartedAt),
        CustomerId = customer,
        Duration = Math.Max(0, (chat.EndedAt.Microseconds - chat.StartedAt.Microseconds) / Timestamp.MicrosecondsPerSecond),
        OperatorId = UserOf(sides?.OperatorEntry),
        OperatorUa = sides?.Operator.UserAgent,
        State = now - chat.EndedAt <= ChatGap ? 1 : 2,
        VisitorCity = null,
        VisitorCountry = null,
        VisitorEmail = sides?.VisitorEntry?.Email,
        VisitorGeo = null,
        VisitorId = sides?.Visitor.AssertedUri ?? sides?.Visitor.Uri,
        VisitorIp = sides is { Visitor.Address: var address } && address != default ? address.Address.ToString() : null,
        VisitorName = sides?.VisitorEntry?.Name ?? sides?.Visitor.Name,
        VisitorReferer = null,
        VisitorUa = sides?.Visitor.UserAgent,
        WebsiteId = null,
    };

    /// <summary>Who is visitor and who operator: a user of the directory is the operator; where both or none are, the one who wrote first is the visitor.</summary>
    public static ChatSides Sides(MessageRecord first, DirectoryEntry? from, DirectoryEntry? to)
    {
        bool toVisitor = from is { Kind: PartyKind.User } && to is not { Kind: PartyKind.User };
        return toVisitor ? new ChatSides(first.From, from, first.To, to) : new ChatSides(first.To, to, first.From, from);
    }

    /// <summary>A tracking number of the directory: what the directory does not hold is null.</summary>
    /// <param name="entry">Whose it is.</param>
    /// <param name="number">The number.</param>
    /// <param name="isFull">Whether it is one in full international form; else an extension.</param>
    public static VoipStudioTrackingNumber TrackingNumber(DirectoryEntry entry, string number, bool isFull) => new()
    {
        Id = number.TrimStart('+'),
        CallFlow = null,
        Channels = null,
        CliHide = null,
        CliPrefix = null,
        CreatedAt = null,
        E164 = isFull ? number.TrimStart('+') : null,
        EscEnabled = null,
        FaxEmail = null,
        FaxEnabled = null,
        Flag = null,
        HasFaxPassword = null,
        Info = null,
        Name = entry.Name,
        Rate = null,
        SmsEmail = null,
        SmsEnabled = null,
        Status = null,
        TargetId = entry.Id == 0 ? null : entry.Id,
        TargetType = null,
        TelVerified = null,
        Uri = null,
    };

    /// <summary>A line of a rated call.</summary>
    public static VoipStudioStatement Statement(CallRecord call, CallFacts facts, long id, BillsecRounding rounding) => new()
    {
        Id = id,
        CreatedAt = Time(call.StartedAt),
        LiveId = id,
        Src = call.Caller.Number,
        Dst = Dst(call),
        Destination = facts.Destination,
        Duration = WholeSeconds.Of(call.Duration, rounding),
        Billsec = WholeSeconds.Of(call.BillableDuration, rounding),
        Rate = facts.Rate,
        Charge = facts.Amount,
        Currency = facts.Currency,
        Account = facts.BilledAccount,
    };

    /// <summary>A time as the vendor writes it, UTC.</summary>
    public static string Time(Timestamp at) => at.ToDateTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>A time as clients write it; null for any other text.</summary>
    public static Timestamp? ReadTime(string text) =>
        DateTimeOffset.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset at) ? Timestamp.From(at) : null;

    /// <summary><c>"Name" &lt;number&gt;</c>, without what is not known; null where nothing is.</summary>
    public static string? Clid(string? name, string? number)
    {
        string? quoted = string.IsNullOrEmpty(name) ? null : $"\"{name.Replace("\"", "", StringComparison.Ordinal)}\"";
        return (quoted, number) switch
        {
            (null, null or "") => null,
            (null, _) => $"<{number}>",
            (_, null or "") => quoted,
            _ => $"{quoted} <{number}>",
        };
    }

    /// <summary>The number at the destination: the one dialled, else the callee's.</summary>
    public static string? Dst(CallRecord call) => call.Dialled ?? call.Callee.Number;

    /// <summary>A codec without its clock rate.</summary>
    public static string? Codec(string? codec) => codec?.Split('/')[0];

    /// <summary><c>10002</c> for a user, <c>contact:N</c>, <c>IVRn</c>, <c>Queuen</c>; empty for all else.</summary>
    public static string PartyId(PartyFacts? party) => party is { Id: { } id }
        ? party.Kind switch
        {
            "user" => Text(id),
            "contact" => $"contact:{Text(id)}",
            "ivr" => $"IVR{Text(id)}",
            "queue" => $"Queue{Text(id)}",
            _ => "",
        }
        : "";

    /// <summary>The user who made the call; of a call that came in the user who got it.</summary>
    public static long? UserId(CallFacts facts) => facts.Caller is { Kind: "user", Id: { } caller } ? caller : facts.Callee is { Kind: "user", Id: { } callee } ? callee : null;

    /// <summary><c>VM</c> where a mailbox answered; <c>ON_HOLD</c> where the call ended held, or is held; else how far it came.</summary>
    public static string Disposition(CallRecord call)
    {
        if (call.AnsweredAt is null) return call.RangAt is null ? "INITIAL" : "RINGING";
        if (Voicemail.Answered(call)) return "VM";
        return call.Held.Any(held => held.To is null || held.To >= call.EndedAt) ? "ON_HOLD" : "CONNECTED";
    }

    /// <summary>The traits that a disposition is told by.</summary>
    public static IReadOnlyList<TraitMatch> Traits(string disposition) => disposition switch
    {
        "INITIAL" => [new TraitMatch(CallTraits.None, CallTraits.Answered | CallTraits.Rang)],
        "RINGING" => [new TraitMatch(CallTraits.Rang, CallTraits.Answered)],
        "VM" => [new TraitMatch(CallTraits.Voicemail)],
        "ON_HOLD" => [new TraitMatch(CallTraits.Answered | CallTraits.EndedHeld, CallTraits.Voicemail)],
        _ => [new TraitMatch(CallTraits.Answered, CallTraits.Voicemail | CallTraits.EndedHeld)],
    };

    /// <summary>What calls have of which others tell whether nobody took them (<see cref="MissedCall"/>).</summary>
    public const CallTraits PassedOn = CallTraits.ByMachine | CallTraits.PassedOn;

    /// <summary>Of calls that come in: traits of those of type <c>M</c>, and of those with <see cref="PassedOn"/> that may be.</summary>
    public static IReadOnlyList<TraitMatch> Missed { get; } =
    [
        new TraitMatch(CallTraits.Ended, CallTraits.Answered),
        new TraitMatch(CallTraits.Ended | CallTraits.Answered | CallTraits.ByMachine, CallTraits.Voicemail),
    ];

    /// <summary>Of calls that come in: traits of those of type <c>I</c>, and of those with <see cref="PassedOn"/> that may be.</summary>
    public static IReadOnlyList<TraitMatch> NotMissed { get; } =
    [
        new TraitMatch(CallTraits.None, CallTraits.Ended),
        new TraitMatch(CallTraits.Answered, CallTraits.ByMachine),
        new TraitMatch(CallTraits.Answered | CallTraits.PassedOn),
        new TraitMatch(CallTraits.Voicemail),
    ];

    /// <summary><c>M</c> for a call from outside that neither a person nor a mailbox answered, behind a machine either; else <c>I</c> or <c>O</c>; null without a direction. Of a call between
    /// users, <c>O</c>: it belongs to the one who called.</summary>
    public static string? Type(CallRecord call, CallFacts facts) => call.Direction switch
    {
        null => null,
        CallDirection.Inbound or CallDirection.Transit => facts.IsMissed == true ? "M" : "I",
        _ => "O",
    };

    /// <summary>Whether others tell of which type a call is.</summary>
    public static bool MayBeMissed(CallRecord call) => call.Direction is CallDirection.Inbound or CallDirection.Transit;

    /// <summary>The directions that a type is found among.</summary>
    public static IReadOnlyList<CallDirection> Directions(string type) => type is "O" or "out" ? [CallDirection.Outbound, CallDirection.Internal] : [CallDirection.Inbound, CallDirection.Transit];

    /// <summary><c>in</c> or <c>out</c>; <c>webcall</c> for a call that came in by WebSocket from nobody the directory has as a user; null without a direction.</summary>
    public static string? Destination(CallRecord call) => call.Direction switch
    {
        CallDirection.Inbound or CallDirection.Transit => call.Transport is Core.Transport.Ws or Core.Transport.Wss && call.Caller.Identity?.Kind != PartyKind.User ? "webcall" : "in",
        CallDirection.Outbound or CallDirection.Internal => "out",
        _ => null,
    };

    /// <summary>The number of the capture node, where its source has one: the capture id of HEP, <c>hep:192.0.2.1:9060#12</c>.</summary>
    public static long? ServerId(string source) =>
        source.StartsWith("hep:", StringComparison.Ordinal) && long.TryParse(source.AsSpan(source.LastIndexOf('#') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long id) ? id : null;

    /// <summary>Why the call ended: the text of its Reason header, else that of its cause, else of its final status; null while nothing tells.</summary>
    public static string? Cause(CallRecord call)
    {
        if (call.Cause is { Source: CauseSource.Header, Text: { Length: > 0 } text } said && SaysMore(text, said.Q850)) return text;
        if (call.Cause is { } cause) return CauseText(cause.Q850);
        if (Q850.FromStatus(call.SipStatus, call.RangAt is not null) is >= 0 and var mapped) return CauseText(mapped);
        return call.State == CallState.Ended && call.AnsweredAt is not null && call.HangupBy != HangupBy.None ? CauseText(Q850.NormalClearing) : null;
    }

    // Not the cause's own name in another spelling (NORMAL_CLEARING), and no number of somebody's own.
    private static bool SaysMore(string text, int cause) => text.Any(char.IsLetter) && text != Q850Names.Of(cause)
        && !text.Equals(Q850.Text(cause), StringComparison.OrdinalIgnoreCase) && !text.Equals(CauseText(cause), StringComparison.OrdinalIgnoreCase);

    /// <summary>The vendor's words for a cause.</summary>
    public static string CauseText(int cause) => cause switch
    {
        1 => "Unallocated number",
        Q850.NormalClearing => "Normal Clearing",
        19 => "No answer",
        28 => "Invalid number format",
        _ => Q850.Text(cause),
    };

    /// <summary>What became of a message.</summary>
    public static string Result(MessageOutcome outcome) => outcome switch
    {
        MessageOutcome.Delivered => "DELIVERED",
        MessageOutcome.Failed => "FAILED",
        MessageOutcome.Unanswered => "UNANSWERED",
        _ => "PENDING",
    };

    /// <summary>Folder of voice messages by number or name; null for none.</summary>
    public static int? Folder(string text) => text.ToUpperInvariant() switch
    {
        "0" or "INBOX" => 0,
        "1" or "OLD" => 1,
        "2" or "TRASH" => 2,
        _ => null,
    };

    /// <summary>A party of the directory as in <see cref="PartyId(PartyFacts?)"/>.</summary>
    public static string PartyId(DirectoryEntry? entry) => entry is null ? "" : PartyId(PartyFacts.Of(entry.Identity));

    /// <summary>The id of a user; null for whoever is none.</summary>
    public static long? UserOf(DirectoryEntry? entry) => entry is { Kind: PartyKind.User, Id: > 0 and var id } ? id : null;

    private static string Text(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";
}
