using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>What indexes answer of a condition: a query that finds all calls that meet it, and perhaps others.</summary>
internal sealed partial class PortSipNarrowing
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Microsecond = TimeSpan.FromMicroseconds(1);

    // Alternatives that a filter is taken apart into; with more of them it is judged.
    private const int MostAlternatives = 32;

    private Timestamp? _from;
    private Timestamp? _to;
    private TimeSpan? _least;
    private TimeSpan? _most;
    private IReadOnlyList<string>? _callers;
    private IReadOnlyList<string>? _callees;
    private IReadOnlyList<string>? _dialled;
    private IReadOnlyList<string>? _callIds;
    private IReadOnlyList<string>? _ids;
    private IReadOnlyList<string>? _except;
    private IReadOnlyList<Disposition>? _dispositions;
    private IReadOnlyList<CallDirection>? _directions;
    private IReadOnlyList<HangupBy>? _hangups;
    private IReadOnlyList<int>? _statuses;
    private IReadOnlyList<RerouteReason>? _reroutes;
    private IReadOnlyList<string>? _trunks;
    private IReadOnlyList<TraitMatch>? _traits;
    private IReadOnlyList<NumberPart>? _parts;
    private IReadOnlyList<LabelPart>? _labels;
    private IReadOnlyList<TextRange>? _ranges;
    private IReadOnlyList<MomentRange>? _moments;
    private string? _trunkPart;
    private string? _text;
    private IReadOnlyList<PortSipNarrowing> _any = [];
    private PortSipNarrowing? _without;

    private PortSipNarrowing()
    {
    }

    /// <summary>True where the query finds no other calls than those that meet the condition.</summary>
    public bool IsExact { get; private set; } = true;

    /// <summary>What indexes answer of a condition.</summary>
    /// <param name="condition">The condition; null for none.</param>
    /// <param name="context">What it is asked of.</param>
    public static PortSipNarrowing Of(PortSipCondition? condition, PortSipNarrowingContext context)
    {
        condition = condition is null ? null : Spelt(condition, context);
        PortSipNarrowing hull = Hull(condition, context);
        if (hull.IsExact || condition is null) return hull;
        if (Without(condition, context) is { } without) return without;
        if (Joined(condition, context) is { } joined) return joined;
        if (Alternatives(condition, context) is not { } all) return hull;
        PortSipNarrowing[] any = [.. all.Where(static one => !one.IsNothing())];
        return any switch
        {
            [] => all[0],
            [var one] => one,

            // What one of them leaves to everything is not narrowed by the others.
            _ when any.All(static one => one.Dimensions() > 0) => new PortSipNarrowing { _any = any, IsExact = any.All(static one => one.IsExact) },
            _ => hull,
        };
    }

    private static PortSipNarrowing Hull(PortSipCondition? condition, PortSipNarrowingContext context) => condition switch
    {
        null => new PortSipNarrowing(),
        PortSipJunction { IsOr: false } both => Hull(both.Left, context).And(Hull(both.Right, context)),
        PortSipJunction either => Hull(either.Left, context).Or(Hull(either.Right, context)),
        PortSipComparison comparison => Of(comparison, context),
        _ => Everything(),
    };

    // The conditions of which one is to hold, each made of comparisons that all hold; null where these are too many.
    private static List<PortSipNarrowing>? Alternatives(PortSipCondition condition, PortSipNarrowingContext context)
    {
        if (condition is not PortSipJunction junction) return [Hull(condition, context)];
        if (Alternatives(junction.Left, context) is not { } left || Alternatives(junction.Right, context) is not { } right) return null;
        if ((junction.IsOr ? left.Count + right.Count : left.Count * right.Count) > MostAlternatives) return null;
        return junction.IsOr ? [.. left, .. right] : [.. left.SelectMany(one => right.Select(one.And))];
    }

    /// <summary>The query.</summary>
    public CallQuery Query()
    {
        CallQuery found = _any.Count > 0 ? new CallQuery { Any = [.. _any.Select(static one => one.Query())] } : Plain();
        return _without is { } leftOut ? found with { Without = leftOut.Query() } : found;
    }

    // A list from which everything was struck finds nothing.
    private bool IsNothing() => _callers is [] || _callees is [] || _dialled is [] || _callIds is [] || _ids is [] || _dispositions is [] || _directions is []
            || _hangups is [] || _statuses is [] || _reroutes is [] || _trunks is [] || _traits is []
            || (_from is { } from && _to is { } to && from >= to) || (_least is { } least && _most is { } most && least > most);

    private CallQuery Plain()
    {
        return new CallQuery
        {
            From = _from,
            To = _to,
            DurationMin = _least,
            DurationMax = _most,
            CallerNumbers = _callers ?? [],
            CalleeNumbers = _callees ?? [],
            DialledNumbers = _dialled ?? [],
            SipCallId = _callIds is [var callId] ? callId : null,

            // No id is this text.
            Ids = IsNothing() ? ["none"] : _ids ?? [],
            Except = _except ?? [],
            Dispositions = _dispositions ?? [],
            Directions = _directions ?? [],
            HangupBys = _hangups ?? [],
            SipStatuses = _statuses ?? [],
            RerouteReasons = _reroutes ?? [],
            Trunk = _trunks is [var trunk] ? trunk : null,
            Traits = _traits ?? [],
            Parts = _parts ?? [],
            Labels = _labels ?? [],
            Ranges = _ranges ?? [],
            Moments = _moments ?? [],
            TrunkPart = _trunkPart,
            Text = _text,
        };
    }

    private static PortSipNarrowing Everything() => new() { IsExact = false };

    private static PortSipNarrowing Of(PortSipComparison comparison, PortSipNarrowingContext context)
    {
        string? text = comparison.Text;
        bool equal = comparison.Operator == PortSipOperator.Equal && text is not null;
        if (Ranged(comparison, context) is { } ranged) return ranged;
        if (Null(comparison, context) is { } ofNull) return ofNull;
        switch (comparison.Field)
        {
            case "started_at" when text is not null:
                return Started(comparison);
            case "duration" when text is not null && !context.Sessions:
                return Lasted(comparison, context.Rounding);
            case "answered_at" or "rang_at" or "ended_at" when text is not null && !context.Sessions && comparison.Operator != PortSipOperator.NotEqual:
                return Happened(comparison);
            case "answered_at" or "rang_at" or "ended_at" when text is not null && comparison.Operator is PortSipOperator.Less or PortSipOperator.LessOrEqual or PortSipOperator.Equal:
                // None of these comes before the start.
                return new PortSipNarrowing { _to = Floor(comparison.Time) + Second, IsExact = false };
            case "caller" when comparison.Operator == PortSipOperator.Contains:
                return Contains(text!, NumberOf.Caller);
            case "callee" when comparison.Operator == PortSipOperator.Contains && !context.Sessions:
                return Contains(text!, NumberOf.Callee);
            case "destination" when comparison.Operator == PortSipOperator.Contains:
                return Contains(text!, NumberOf.Dialled);
            case "did_cid" when comparison.Operator == PortSipOperator.Contains:
                return Contains(text!, NumberOf.Dialled).And(new PortSipNarrowing { _directions = [CallDirection.Inbound, CallDirection.Transit] });
            case "caller_display_name" or "caller_domain" or "outbound_caller_id" or "service_number" or "user_data" when LabelPart.CanBeAsked(text ?? "") && (comparison.Operator == PortSipOperator.Contains || equal):
            case "callee_display_name" or "callee_domain" when !context.Sessions && LabelPart.CanBeAsked(text ?? "") && (comparison.Operator == PortSipOperator.Contains || equal):
                return new PortSipNarrowing { _labels = [new LabelPart(LabelOf(comparison.Field), text!, equal)] };
            case "trunk" when comparison.Operator == PortSipOperator.Contains && !context.Sessions:
                return new PortSipNarrowing { _trunkPart = text };
            case "call_id" when comparison.Operator == PortSipOperator.Contains && TextRange.CanBeAsked(text!):
                // It is part of what a text search looks at, which leads to those that few calls have.
                return new PortSipNarrowing { _text = Lines(text!), _ranges = [new TextRange(TextOf.SipCallId, TextSense.Contains, text!)] };
            case "call_id" when comparison.Operator == PortSipOperator.Contains:
                // It is part of what a text search looks at.
                return Lines(text!) is { } line ? new PortSipNarrowing { _text = line, IsExact = false } : Everything();
            case "caller" when equal:
                return new PortSipNarrowing { _callers = [text!] };
            case "callee" when equal && !context.Sessions:
                return new PortSipNarrowing { _callees = [text!] };
            case "destination" when equal:
                return new PortSipNarrowing { _dialled = [text!] };
            case "did_cid" when equal:
                return new PortSipNarrowing { _dialled = [text!], _directions = [CallDirection.Inbound, CallDirection.Transit] };
            case "call_id" when equal:
                return new PortSipNarrowing { _callIds = [text!] };
            case "id" or "session_id" when equal:
                return new PortSipNarrowing { _ids = context.RecordIdOf(text!) is { } id ? [id] : [] };
            case "direction" when equal:
                return new PortSipNarrowing { _directions = [PortSipMapping.ReadDirection(text!)] };
            case "end_reason" when equal && !context.Sessions:
                (IReadOnlyList<Disposition> dispositions, IReadOnlyList<HangupBy>? by) = PortSipMapping.ReadEndReason(text!);
                return new PortSipNarrowing { _dispositions = dispositions, _hangups = by, _traits = by is null ? null : [new TraitMatch(CallTraits.Ended)] };
            case "status_code" when !context.Sessions:
                return new PortSipNarrowing { _statuses = [.. Enumerable.Range(0, 1000).Where(status => Meets(comparison, status))] };
            case "reroute_reason" when text is not null && !context.Sessions:
                return new PortSipNarrowing { _reroutes = [.. PortSipMapping.RerouteReasonNames.Where(name => PortSipJudge.Meets(comparison, name)).Select(PortSipMapping.ReadRerouteReason)] };
            case "trunk" when equal && !context.Sessions:
                return new PortSipNarrowing { _trunks = [text!] };
            case "answered_at" or "rang_at" or "ended_at" when text is null && !context.Sessions:
                CallTraits trait = TraitOf(comparison.Field);
                return new PortSipNarrowing { _traits = [comparison.Operator == PortSipOperator.Equal ? new TraitMatch(CallTraits.None, trait) : new TraitMatch(trait)] };
            case "outbound_caller_id" when text is not null && comparison.Operator != PortSipOperator.NotEqual:
                return new PortSipNarrowing { _directions = [CallDirection.Outbound, CallDirection.Transit], IsExact = false };
            case "did_cid" when text is not null && comparison.Operator != PortSipOperator.NotEqual:
                return new PortSipNarrowing { _directions = [CallDirection.Inbound, CallDirection.Transit], IsExact = false };
            default:
                return Everything();
        }
    }

    private static CallLabel LabelOf(string field) => field switch
    {
        "caller_display_name" => CallLabel.CallerName,
        "callee_display_name" => CallLabel.CalleeName,
        "caller_domain" => CallLabel.CallerDomain,
        "callee_domain" => CallLabel.CalleeDomain,
        "outbound_caller_id" => CallLabel.OutboundCallerId,
        "service_number" => CallLabel.ServiceNumber,
        _ => CallLabel.UserData,
    };

    private static PortSipNarrowing Contains(string text, NumberOf of) =>
        NumberPart.IsPlain(text) ? new PortSipNarrowing { _parts = [new NumberPart(of, text)] }

        // Numbers in full have no letters, so that those on the wire are all that is looked at; a text search leads to them.
        : TextRange.CanBeAsked(text) ? new PortSipNarrowing { _text = Lines(text), _ranges = [new TextRange(of switch { NumberOf.Caller => TextOf.Caller, NumberOf.Callee => TextOf.Callee, _ => TextOf.Dialled }, TextSense.Contains, text)] }
        : of == NumberOf.Dialled && Lines(text) is { } line ? new PortSipNarrowing { _text = line, IsExact = false }
        : Everything();

    // What a text search can look for: it looks at lines.
    private static string? Lines(string text) => text.AsSpan().ContainsAny('\n', '\0') || text.Any(char.IsSurrogate) ? null : text;

    // Status 0 is shown as null, which equals nothing else and is neither more nor less than anything.
    private static bool Meets(PortSipComparison comparison, int status)
    {
        bool isNull = status == 0;
        if (comparison.Text is null) return isNull == (comparison.Operator == PortSipOperator.Equal);
        if (isNull) return comparison.Operator == PortSipOperator.NotEqual;
        int order = ((decimal)status).CompareTo(comparison.Number);
        return comparison.Operator switch
        {
            PortSipOperator.Equal => order == 0,
            PortSipOperator.NotEqual => order != 0,
            PortSipOperator.Greater => order > 0,
            PortSipOperator.GreaterOrEqual => order >= 0,
            PortSipOperator.Less => order < 0,
            PortSipOperator.LessOrEqual => order <= 0,
            _ => false,
        };
    }

    // Starts are shown in whole seconds, what is behind them cut off.
    private static PortSipNarrowing Started(PortSipComparison comparison)
    {
        Timestamp floor = Floor(comparison.Time);
        bool whole = floor == comparison.Time;
        Timestamp ceiling = whole ? floor : floor + Second;
        return comparison.Operator switch
        {
            PortSipOperator.Equal when whole => new PortSipNarrowing { _from = floor, _to = floor + Second },
            PortSipOperator.Equal => new PortSipNarrowing { _ids = [] },
            PortSipOperator.Greater => new PortSipNarrowing { _from = floor + Second },
            PortSipOperator.GreaterOrEqual => new PortSipNarrowing { _from = ceiling },
            PortSipOperator.Less => new PortSipNarrowing { _to = ceiling },
            PortSipOperator.LessOrEqual => new PortSipNarrowing { _to = floor + Second },
            _ => Everything(),
        };
    }

    private static PortSipNarrowing Lasted(PortSipComparison comparison, BillsecRounding rounding)
    {
        long floor = (long)decimal.Floor(decimal.Clamp(comparison.Number, -1, WholeSeconds.Max));
        bool whole = floor == comparison.Number;
        TimeSpan AtMost(long seconds) => seconds < 0 ? -Microsecond : WholeSeconds.AtMost(seconds, rounding);
        return comparison.Operator switch
        {
            PortSipOperator.Equal when whole && floor >= 0 => new PortSipNarrowing { _least = WholeSeconds.AtLeast(floor, rounding), _most = AtMost(floor) },
            PortSipOperator.Equal => new PortSipNarrowing { _ids = [] },
            PortSipOperator.Greater => new PortSipNarrowing { _least = WholeSeconds.AtLeast(floor + 1, rounding) },
            PortSipOperator.GreaterOrEqual => new PortSipNarrowing { _least = WholeSeconds.AtLeast(whole ? floor : floor + 1, rounding) },
            PortSipOperator.Less => NoneBelowZero(AtMost(whole ? floor - 1 : floor)),
            PortSipOperator.LessOrEqual => NoneBelowZero(AtMost(floor)),
            _ => Everything(),
        };
    }

    private static PortSipNarrowing NoneBelowZero(TimeSpan most) => most < TimeSpan.Zero ? new PortSipNarrowing { _ids = [] } : new PortSipNarrowing { _most = most };

    private static Timestamp Floor(Timestamp at)
    {
        long rest = at.Microseconds % Timestamp.MicrosecondsPerSecond;
        return new Timestamp(at.Microseconds - (rest < 0 ? rest + Timestamp.MicrosecondsPerSecond : rest));
    }

    private PortSipNarrowing And(PortSipNarrowing other) => new()
    {
        IsExact = IsExact && other.IsExact && (_trunkPart is null || other._trunkPart is null),
        _from = _from is { } from && other._from is { } otherFrom ? Timestamp.Max(from, otherFrom) : _from ?? other._from,
        _to = _to is { } to && other._to is { } otherTo ? (to < otherTo ? to : otherTo) : _to ?? other._to,
        _least = _least is { } least && other._least is { } otherLeast ? (least > otherLeast ? least : otherLeast) : _least ?? other._least,
        _most = _most is { } most && other._most is { } otherMost ? (most < otherMost ? most : otherMost) : _most ?? other._most,
        _callers = Both(_callers, other._callers),
        _callees = Both(_callees, other._callees),
        _dialled = Both(_dialled, other._dialled),
        _callIds = Both(_callIds, other._callIds),
        _ids = Both(_ids, other._ids),
        _except = _except is { } except && other._except is { } otherExcept ? [.. except.Union(otherExcept)] : _except ?? other._except,
        _dispositions = Both(_dispositions, other._dispositions),
        _directions = Both(_directions, other._directions),
        _hangups = Both(_hangups, other._hangups),
        _statuses = Both(_statuses, other._statuses),
        _reroutes = Both(_reroutes, other._reroutes),
        _trunks = Both(_trunks, other._trunks),
        _traits = _traits is { } traits && other._traits is { } otherTraits ? TraitMatch.Both(traits, otherTraits) : _traits ?? other._traits,
        _parts = _parts is { } parts && other._parts is { } otherParts ? [.. parts.Union(otherParts)] : _parts ?? other._parts,
        _labels = _labels is { } labels && other._labels is { } otherLabels ? [.. labels.Union(otherLabels)] : _labels ?? other._labels,
        _ranges = _ranges is { } ranges && other._ranges is { } otherRanges ? [.. ranges.Union(otherRanges)] : _ranges ?? other._ranges,
        _moments = _moments is { } moments && other._moments is { } otherMoments ? [.. moments.Union(otherMoments)] : _moments ?? other._moments,
        _trunkPart = Longer(_trunkPart, other._trunkPart),
        _text = Longer(_text, other._text),
    };

    // Of two texts that both are to be there one may be looked for; neither is all that is asked.
    private static string? Longer(string? one, string? other) => one is null || other?.Length > one.Length ? other ?? one : one;

    // Of each dimension the hull. It is exact where both say something of one and the same list only.
    private PortSipNarrowing Or(PortSipNarrowing other)
    {
        PortSipNarrowing hull = new()
        {
            _from = _from is { } from && other._from is { } otherFrom ? (from < otherFrom ? from : otherFrom) : null,
            _to = _to is { } to && other._to is { } otherTo ? Timestamp.Max(to, otherTo) : null,
            _least = _least is { } least && other._least is { } otherLeast ? (least < otherLeast ? least : otherLeast) : null,
            _most = _most is { } most && other._most is { } otherMost ? (most > otherMost ? most : otherMost) : null,
            _callers = Either(_callers, other._callers),
            _callees = Either(_callees, other._callees),
            _dialled = Either(_dialled, other._dialled),
            _ids = Either(_ids, other._ids),
            _dispositions = Either(_dispositions, other._dispositions),
            _directions = Either(_directions, other._directions),
            _hangups = Either(_hangups, other._hangups),
            _statuses = Either(_statuses, other._statuses),
            _reroutes = Either(_reroutes, other._reroutes),
            _traits = Either(_traits, other._traits),
        };
        bool oneList = Dimensions() == 1 && other.Dimensions() == 1 && hull.Dimensions() == 1 && _from is null && _to is null && _least is null && _most is null;
        hull.IsExact = IsExact && other.IsExact && oneList;
        return hull;
    }

    private int Dimensions() => Of(_from) + Of(_to) + Of(_least) + Of(_most) + Of(_callers) + Of(_callees) + Of(_dialled) + Of(_callIds) + Of(_ids) + Of(_except) + Of(_dispositions) + Of(_directions)
        + Of(_hangups) + Of(_statuses) + Of(_reroutes) + Of(_trunks) + Of(_traits) + Of(_parts) + Of(_labels) + Of(_ranges) + Of(_moments) + Of(_trunkPart) + Of(_text);

    private static int Of(object? dimension) => dimension is null ? 0 : 1;

    private static IReadOnlyList<T>? Both<T>(IReadOnlyList<T>? one, IReadOnlyList<T>? other) => one is null ? other : other is null ? one : [.. one.Intersect(other)];

    private static IReadOnlyList<T>? Either<T>(IReadOnlyList<T>? one, IReadOnlyList<T>? other) => one is null || other is null ? null : [.. one.Union(other)];
}

/// <summary>What a condition is asked of.</summary>
/// <param name="Sessions">True for sessions, of which the first call is looked for; false for legs.</param>
/// <param name="Rounding">How seconds are made whole.</param>
/// <param name="RecordIdOf">The record's id of an item's; null where there is none.</param>
internal sealed record PortSipNarrowingContext(bool Sessions, BillsecRounding Rounding, Func<string, string?> RecordIdOf);
