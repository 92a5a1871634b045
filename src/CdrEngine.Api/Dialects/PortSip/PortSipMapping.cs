using System.Globalization;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>From records and sessions to PortSIP's legs and call logs, and back from its enumerations to ours. Pure.</summary>
internal static class PortSipMapping
{
    /// <summary>The reason of a leg that was not sent on.</summary>
    public const string NotRerouted = "NONE";

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>Every direction.</summary>
    public static IReadOnlyList<string> DirectionNames { get; } = ["INBOUND_CALL", "OUTBOUND_CALL", "INTERNAL_CALL", "INBOUND_TO_OUTBOUND_CALL"];

    /// <summary>Every reason of an end.</summary>
    public static IReadOnlyList<string> EndReasonNames { get; } =
        ["CALLER_DISCONNECTED", "CALLEE_DISCONNECTED", "CALLER_CANCELED", "NO_ANSWER", "BUSY", "REJECTED", "FAILED", "SERVER_DISCONNECTED"];

    /// <summary>Every reason for being sent on.</summary>
    public static IReadOnlyList<string> RerouteReasonNames { get; } = [NotRerouted, "TRANSFER", "FORWARD", "NO_ANSWER", "BUSY", "REFER"];

    /// <summary>A call as one leg.</summary>
    /// <param name="record">Its record.</param>
    /// <param name="facts">What the packets do not show.</param>
    /// <param name="rounding">How seconds are made whole.</param>
    public static PortSipFields Fields(CallRecord record, CallFacts facts, BillsecRounding rounding) => Fields(record, facts, rounding, CallLabels.Of(record));

    // What lists find calls by (CallLabels) is shown as it is stored; what facts tell is the same of a record that holds them.
    private static PortSipFields Fields(CallRecord record, CallFacts facts, BillsecRounding rounding, string?[] labels) => new()
    {
        Caller = record.Caller.Number,
        CallerDomain = labels[(int)CallLabel.CallerDomain],
        CallerDisplayName = record.Caller.Name ?? facts.Caller?.Name,
        Callee = record.Callee.Number,
        CalleeDomain = labels[(int)CallLabel.CalleeDomain],
        CalleeDisplayName = record.Callee.Name ?? facts.Callee?.Name,
        StartedAt = Time(record.StartedAt),
        RangAt = Time(record.RangAt),
        AnsweredAt = Time(record.AnsweredAt),
        EndedAt = Time(record.EndedAt),
        CallId = record.SipCallId,
        Direction = Direction(record.Direction),
        EndReason = EndReason(record),
        RerouteReason = RerouteReason(record),
        StatusCode = Status(record.SipStatus),
        Destination = record.Dialled,
        OutboundCallerId = labels[(int)CallLabel.OutboundCallerId],
        DidCid = Enters(record.Direction) ? record.Dialled : null,
        Trunk = facts.Trunk,
        Duration = WholeSeconds.Of(record.Duration, rounding),
        ServiceNumber = IsService(facts) ? record.Dialled ?? record.Callee.Number : null,
        UserData = labels[(int)CallLabel.UserData],
    };

    /// <summary>The legs of a call: one for each target that its INVITE reached, in order of appearance; the call itself where it reached one.</summary>
    public static IEnumerable<PortSipLeg> Legs(CallRecord record, CallFacts facts, BillsecRounding rounding)
    {
        PortSipFields whole = Fields(record, facts, rounding);
        var cost = new PortSipCost(facts.Amount, facts.BilledAccount);
        if (record.Legs.Count < 2)
        {
            yield return new PortSipLeg(whole, cost);
            yield break;
        }

        // Only the one that was answered is paid for. The one that the record took for its callee is told by its tag.
        foreach (Leg leg in record.Legs)
        {
            bool chosen = leg.Outcome == LegOutcome.Answered;
            PortSipFields fields = chosen
                ? whole
                : whole with
                {
                    Callee = SipUriText.User(leg.Contact) ?? record.Dialled,
                    CalleeDomain = SipUriText.Host(leg.Contact),
                    CalleeDisplayName = null,
                    RangAt = Time(leg.RangAt),
                    AnsweredAt = Time(leg.AnsweredAt),
                    EndedAt = Time(leg.EndedAt),
                    EndReason = EndReason(leg, record),
                    StatusCode = Status(leg.SipStatus),
                    Duration = leg.EndedAt is { } ended && ended > record.StartedAt ? WholeSeconds.Of(ended - record.StartedAt, rounding) : 0,
                };
            yield return new PortSipLeg(fields, chosen ? cost : new PortSipCost(null, facts.BilledAccount));
        }
    }

    /// <summary>A session as its user sees it: where it began, who was talked to at last first, when it was over.</summary>
    /// <param name="session">The session.</param>
    /// <param name="rounding">How seconds are made whole.</param>
    public static PortSipFields Fields(SessionRecord session, BillsecRounding rounding)
    {
        CallRecord root = Root(session);
        PortSipFields first = Fields(root, CallFacts.Of(root), rounding);
        if (session.Calls.Count == 1) return first;
        CallRecord? talk = session.Calls.Where(static call => call.AnsweredAt is not null && !call.Links.Any(static link => link.Relation == LinkRelation.Downstream)).MinBy(static call => call.AnsweredAt);
        PortSipFields told = talk is null ? first : Fields(talk, CallFacts.Of(talk), rounding);
        return first with
        {
            Callee = told.Callee,
            CalleeDomain = told.CalleeDomain,
            CalleeDisplayName = told.CalleeDisplayName,
            RangAt = Time(session.Calls.Where(static call => call.RangAt is not null).Select(static call => call.RangAt).Min()),
            AnsweredAt = Time(session.AnsweredAt),
            EndedAt = Time(session.EndedAt),
            EndReason = EndReason(session),
            RerouteReason = session.Calls.Select(RerouteReason).FirstOrDefault(static reason => reason != NotRerouted) ?? NotRerouted,
            StatusCode = told.StatusCode,
            Duration = WholeSeconds.Of(session.Duration, rounding),
        };
    }

    /// <summary>What a session cost: the sum of its calls that are paid in the currency of the first.</summary>
    public static PortSipCost Cost(SessionRecord session)
    {
        CallFacts[] paid = [.. session.Calls.Select(static call => CallFacts.Of(call)).Where(static call => call.Amount is not null)];
        string? account = paid.Length > 0 ? paid[0].BilledAccount : session.Calls.Select(static call => CallFacts.Of(call).BilledAccount).FirstOrDefault(static account => account is not null);
        return new PortSipCost(paid.Length > 0 ? paid.Where(call => call.Currency == paid[0].Currency).Sum(static call => call.Amount ?? 0) : null, account);
    }

    /// <summary>The call that a session is named after, else its first.</summary>
    public static CallRecord Root(SessionRecord session) => session.Calls.FirstOrDefault(call => call.Id == session.Id) ?? session.Calls[0];

    /// <summary>RFC 3339 in UTC, whole seconds; null for null.</summary>
    public static string? Time(Timestamp? at) => at?.ToDateTime().ToString(TimeFormat, CultureInfo.InvariantCulture);

    /// <summary>Reads an instant of RFC 3339: with a fraction and an offset as well; null for anything else.</summary>
    public static Timestamp? ReadTime(string text) =>
        DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset at)
        && at.Year is >= 1970 and < 2200
            ? Timestamp.From(at)
            : null;

    /// <summary>The name of a direction; null where there is none.</summary>
    public static string? Direction(CallDirection? direction) => direction switch
    {
        CallDirection.Inbound => "INBOUND_CALL",
        CallDirection.Outbound => "OUTBOUND_CALL",
        CallDirection.Internal => "INTERNAL_CALL",
        CallDirection.Transit => "INBOUND_TO_OUTBOUND_CALL",
        _ => null,
    };

    /// <summary>The direction with a name of <see cref="DirectionNames"/>.</summary>
    public static CallDirection ReadDirection(string name) => name switch
    {
        "INBOUND_CALL" => CallDirection.Inbound,
        "OUTBOUND_CALL" => CallDirection.Outbound,
        "INTERNAL_CALL" => CallDirection.Internal,
        _ => CallDirection.Transit,
    };

    /// <summary>Why a call ended; null while it goes on, and where an answered one ended without anybody being seen to end it.</summary>
    public static string? EndReason(CallRecord record) => EndReason(record.Disposition, record.HangupBy, record.EndedAt is not null);

    /// <summary>Why a call ended. Hanging up at once counts as the caller's.</summary>
    /// <param name="disposition">How it came out.</param>
    /// <param name="by">Who ended it.</param>
    /// <param name="over">Whether it is over.</param>
    public static string? EndReason(Disposition disposition, HangupBy by, bool over) => disposition switch
    {
        Disposition.Answered when !over => null,
        Disposition.Answered => by switch
        {
            HangupBy.Caller or HangupBy.Both => "CALLER_DISCONNECTED",
            HangupBy.Callee => "CALLEE_DISCONNECTED",
            HangupBy.Server => "SERVER_DISCONNECTED",
            _ => null,
        },
        Disposition.Cancelled => "CALLER_CANCELED",
        Disposition.NoAnswer or Disposition.NoResponse => "NO_ANSWER",
        Disposition.Busy => "BUSY",
        Disposition.Rejected => "REJECTED",
        Disposition.InvalidNumber or Disposition.Failed or Disposition.Redirected => "FAILED",
        _ => null,
    };

    /// <summary>The outcomes of calls that have a reason of an end, and of answered ones by whom they were ended.</summary>
    public static (IReadOnlyList<Disposition> Dispositions, IReadOnlyList<HangupBy>? By) ReadEndReason(string name) => name switch
    {
        "CALLER_CANCELED" => ([Disposition.Cancelled], null),
        "NO_ANSWER" => ([Disposition.NoAnswer, Disposition.NoResponse], null),
        "BUSY" => ([Disposition.Busy], null),
        "REJECTED" => ([Disposition.Rejected], null),
        "FAILED" => ([Disposition.InvalidNumber, Disposition.Failed, Disposition.Redirected], null),
        "CALLER_DISCONNECTED" => ([Disposition.Answered], [HangupBy.Caller, HangupBy.Both]),
        "CALLEE_DISCONNECTED" => ([Disposition.Answered], [HangupBy.Callee]),
        _ => ([Disposition.Answered], [HangupBy.Server]),
    };

    /// <summary>Why a leg ended that is not the one answered.</summary>
    public static string? EndReason(Leg leg, CallRecord record) => leg.Outcome switch
    {
        LegOutcome.Failed => leg.SipStatus switch
        {
            486 or 600 => "BUSY",
            401 or 403 or 407 or 603 or 607 or 608 => "REJECTED",
            408 or 480 or 487 => "NO_ANSWER",
            _ => "FAILED",
        },
        LegOutcome.Cancelled => record.Disposition == Disposition.Cancelled ? "CALLER_CANCELED" : "SERVER_DISCONNECTED",
        LegOutcome.ForkLoser => "SERVER_DISCONNECTED",
        LegOutcome.Abandoned => "NO_ANSWER",
        LegOutcome.Answered => EndReason(record),
        _ => null,
    };

    /// <summary>Why a call came to where it came, or went on from there: by its transfer, else by the diversion it tells of (RFC 5806, RFC 4458).</summary>
    public static string RerouteReason(CallRecord record) => RerouteReasonNames[(int)Rerouting.Of(record)];

    /// <summary>The reason with a name of <see cref="RerouteReasonNames"/>.</summary>
    public static RerouteReason ReadRerouteReason(string name) => (RerouteReason)RerouteReasonNames.ToList().IndexOf(name);

    private static string? EndReason(SessionRecord session)
    {
        if (session.EndedAt is null || session.Disposition != Disposition.Answered) return EndReason(session.Disposition, HangupBy.None, session.EndedAt is not null);
        HangupBy by = session.HangupBy switch
        {
            null => HangupBy.None,
            "system" => HangupBy.Server,
            var party when party == session.Caller.Number => HangupBy.Caller,
            _ => HangupBy.Callee,
        };
        return EndReason(Disposition.Answered, by, over: true);
    }

    private static int? Status(int status) => status == 0 ? null : status;

    private static bool Enters(CallDirection? direction) => direction is CallDirection.Inbound or CallDirection.Transit;

    private static bool IsService(CallFacts facts) =>
        facts.Callee?.Kind is "queue" or "ring_group" or "ivr" or "voicemail" or "conference" || facts.Context is "queue" or "ring_group" or "ivr" or "voicemail" or "conference";
}
