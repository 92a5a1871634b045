using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.VoipStudio;

/// <summary>Which calls are asked for: by page, sense and filter.</summary>
internal sealed class VoipStudioCalls
{
    /// <summary>Records on a page where nothing is said.</summary>
    public const int DefaultLimit = 25;

    // Calls looked at for a page by a filter that no column answers.
    private const int MostLookedAt = 50_000;

    /// <summary>What calls can be filtered by.</summary>
    public static readonly IReadOnlyList<string> Members =
        ["id", "live_id", "root_live_id", "calldate", "src", "dst", "user_id", "duration", "billsec", "type", "disposition", "destination", "context", "src_codec", "dst_codec"];

    // By what is written about voice messages, and then by the conditions, of which there are few.
    private static readonly ConditionalWeakTable<IReadOnlyDictionary<string, CallRemark>, ConcurrentDictionary<string, string[]>> s_chosen = [];

    private readonly DialectRequest _request;
    private readonly List<Func<CallRecord, bool>> _conditions = [];
    private readonly List<string> _names = [];
    private readonly SortedDictionary<string, Func<CallRemark, bool>> _messages = new(StringComparer.Ordinal);
    private HashSet<CallContext>? _contexts;
    private bool? _missed;
    private bool _nothing;

    private VoipStudioCalls(DialectRequest request) => _request = request;

    /// <summary>What columns answer.</summary>
    public CallQuery Query { get; private set; } = new();

    /// <summary>Number of the page, from 1.</summary>
    public long Page { get; private init; }

    /// <summary>Records on it.</summary>
    public int Limit { get; private init; }

    /// <summary>Calls before the page.</summary>
    public long Skip => (Page - 1) * Limit;

    /// <summary>Asks for them, with what no column answers.</summary>
    /// <param name="most">So many calls are looked at for that.</param>
    public CallPageRequest Request(int most = MostLookedAt)
    {
        var page = new CallPageRequest { Query = Query };
        if (_missed is null && _conditions.Count == 0) return page;
        int lookedAt = 0;
        Func<CallRecord, bool> where = record => ++lookedAt > most ? throw new TooWideException() : Holds(record);
        page = page with { Where = where, WhereName = string.Join('\n', _names) };

        // Beside another condition every record is read.
        return _conditions.Count > 0 ? page : page with { WhereTraits = VoipStudioMapping.PassedOn, Bridge = new BridgeBounds(null, null) { Missed = _missed } };
    }

    private bool Holds(CallRecord record) =>
        (_missed is null || !VoipStudioMapping.MayBeMissed(record) || _request.Facts(record).IsMissed == _missed) && _conditions.TrueForAll(holds => holds(record));

    /// <summary>Reads page, limit, sort and filter; faults are noted in the request's reader.</summary>
    /// <param name="request">The request.</param>
    /// <param name="time">What the list calls the start of a call.</param>
    /// <param name="other">Takes a condition on a member that CDRs have not; true where it did.</param>
    /// <param name="areMessages">Whether voice messages are listed: those that were deleted are left out.</param>
    public static VoipStudioCalls Read(DialectRequest request, string time = "calldate", Func<VoipStudioCalls, VoipStudioCondition, bool>? other = null, bool areMessages = false)
    {
        var calls = new VoipStudioCalls(request)
        {
            Page = request.Query.Whole("page", 1, 1, PageParameters.LastPage),
            Limit = (int)request.Query.Whole("limit", DefaultLimit, 1, CallQuery.MaxLimit),
        };
        if (areMessages) calls.AndMessages("there", static remark => !remark.IsMessageDeleted);
        calls.Query = calls.Query with { Ascending = VoipStudioFilter.Ascending(request, time) };
        foreach (VoipStudioCondition condition in VoipStudioFilter.Read(request))
        {
            if (other?.Invoke(calls, condition) == true) continue;
            calls.Take(condition, time);
        }

        calls.TakeMessages();
        calls.TakeContexts();
        if (calls._nothing) calls.Narrow(static query => query with { Ids = ["none"] });
        return calls;
    }

    /// <summary>Narrows what columns answer, of alternatives each.</summary>
    public void Narrow(Func<CallQuery, CallQuery> change) => Query = Query.Any.Count == 0 ? change(Query) : Query with { Any = [.. Query.Any.Select(change)] };

    /// <summary>Narrows voice messages by what is written about them, which is asked of those of which anything is: all others are as new ones are.</summary>
    /// <param name="name">Tells the condition from others.</param>
    /// <param name="holds">The condition.</param>
    public void AndMessages(string name, Func<CallRemark, bool> holds) => _messages[name] = holds;

    // Those that do not meet it are left out where new ones meet it, else only those that do are looked for.
    private void TakeMessages()
    {
        if (_messages.Count == 0) return;
        bool areNew = _messages.Values.All(static holds => holds(CallRemark.None));

        // The same list of ids as long as nothing changes: stores remember what they find of it by it.
        IReadOnlyDictionary<string, CallRemark> remarks = _request.Desk.Remarks.OfMessages();
        string[] others = s_chosen.GetOrCreateValue(remarks).GetOrAdd(string.Join('|', _messages.Keys), _ =>
            [.. remarks.Where(remark => _messages.Values.All(holds => holds(remark.Value)) != areNew).Select(static remark => remark.Key).Order(StringComparer.Ordinal)]);
        if (areNew) Query = Query with { Except = others };
        else Ids(others);
    }

    /// <summary>Narrows by what no column answers.</summary>
    public void And(string name, Func<CallRecord, bool> holds)
    {
        _names.Add(name);
        _conditions.Add(holds);
    }

    private void Take(VoipStudioCondition condition, string time)
    {
        string property = condition.Property == time ? "calldate" : condition.Property;
        switch (property)
        {
            case "calldate":
                (Timestamp? from, Timestamp? to) = VoipStudioFilter.Times(_request, condition, Query.From, Query.To);
                Query = Query with { From = from, To = to };
                break;
            case "id" or "live_id":
                if (VoipStudioFilter.Wholes(_request, condition) is { } numbers)
                    Ids([.. numbers.Select(number => _request.Desk.Calls.FindByNumber(number)?.Record.Id).OfType<string>()]);
                break;
            case "root_live_id":
                if (VoipStudioFilter.Wholes(_request, condition) is { Count: 1 } roots)
                {
                    if (_request.Desk.Calls.FindByNumber(roots[0])?.Record.Id is { } root && (Query.SessionId ?? root) == root) Query = Query with { SessionId = root };
                    else _nothing = true;
                }
                else
                {
                    VoipStudioFilter.Refuse(_request, condition, "asks for other than one value");
                }

                break;
            case "src" or "caller":
                Number(condition, prefix => Query with { Caller = prefix }, Query.Caller, Query.CallerNumbers, list => Query with { CallerNumbers = list });
                break;
            case "dst" or "dialled":
                Number(condition, Dialled, Query.Ranges.Count == 0 ? null : "*", Query.DialledNumbers, list => Query with { DialledNumbers = list });
                break;
            case "user_id":
                if (VoipStudioFilter.Wholes(_request, condition) is { Count: 1 } users)
                {
                    if ((Query.User ?? users[0]) == users[0]) Query = Query with { User = users[0] };
                    else _nothing = true;
                }
                else
                {
                    VoipStudioFilter.Refuse(_request, condition, "asks for other than one value");
                }

                break;
            case "duration":
                Seconds(condition, Query.DurationMin, Query.DurationMax, (least, most) => Query with { DurationMin = least, DurationMax = most });
                break;
            case "billsec":
                Seconds(condition, Query.BillsecMin, Query.BillsecMax, (least, most) => Query with { BillsecMin = least, BillsecMax = most });
                break;
            case "type":
                Type(condition);
                break;
            case "disposition":
                Disposition(condition);
                break;
            case "destination":
                Destination(condition);
                break;
            case "context":
                Context(condition);
                break;
            case "src_codec" or "dst_codec":
                Codec(condition, property == "src_codec");
                break;
            default:
                VoipStudioFilter.Refuse(_request, condition, $"is on none of the members that this list can be filtered by: {string.Join(", ", Members)}");
                break;
        }
    }

    private void Ids(IReadOnlyList<string> ids)
    {
        Query = Query with { Ids = Query.Ids.Count == 0 ? ids : [.. Query.Ids.Intersect(ids, StringComparer.Ordinal)] };
        _nothing |= Query.Ids.Count == 0;
    }

    private void Number(VoipStudioCondition condition, Func<string, CallQuery?> prefixed, string? known, IReadOnlyList<string> numbers, Func<IReadOnlyList<string>, CallQuery> listed)
    {
        if (condition.Operator == "like")
        {
            string begin = condition.Value.TrimEnd('%', '*');
            bool isOne = begin.Length > 0 && begin.Length < condition.Value.Length && !begin.AsSpan().ContainsAny('%', '*') && known is null;
            if (isOne && prefixed(begin + "*") is { } narrowed) Query = narrowed;
            else VoipStudioFilter.Refuse(_request, condition, "asks for other than how one number begins, as 4420%");
            return;
        }

        if (!VoipStudioFilter.IsEquality(_request, condition)) return;
        IReadOnlyList<string> left = numbers.Count == 0 ? condition.Values : [.. numbers.Intersect(condition.Values, StringComparer.Ordinal)];
        _nothing |= left.Count == 0;
        if (left.Count > 0) Query = listed(left);
    }

    // The number dialled alone: who answered may have any other. Null where its beginning cannot be asked for.
    private CallQuery? Dialled(string prefix)
    {
        string begin = prefix[..^1], beyond = begin[..^1] + (char)(begin[^1] + 1);
        return TextRange.CanBeAsked(begin) && TextRange.CanBeAsked(beyond)
            ? Query with { Ranges = [new TextRange(TextOf.Dialled, TextSense.GreaterOrEqual, begin), new TextRange(TextOf.Dialled, TextSense.Less, beyond)] }
            : null;
    }

    private void Seconds(VoipStudioCondition condition, TimeSpan? least, TimeSpan? most, Func<TimeSpan?, TimeSpan?, CallQuery> bounded)
    {
        if (!long.TryParse(condition.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) || seconds > WholeSeconds.Max || condition.Operator is "in" or "like")
        {
            VoipStudioFilter.Refuse(_request, condition, "has no whole number of seconds, or an operator that does not go with it");
            return;
        }

        BillsecRounding rounding = _request.Desk.Options.Rounding;
        long? from = condition.Operator switch { "gt" => seconds + 1, "gte" or "eq" => seconds, _ => null };
        long? to = condition.Operator switch { "lt" => seconds - 1, "lte" or "eq" => seconds, _ => null };
        if (to < 0)
        {
            _nothing = true;
            return;
        }

        if (from is { } atLeast && WholeSeconds.AtLeast(atLeast, rounding) is var low && !(least > low)) least = low;
        if (to is { } atMost && WholeSeconds.AtMost(atMost, rounding) is var high && !(most < high)) most = high;
        Query = bounded(least, most);
    }

    private void Directed(IEnumerable<CallDirection> directions)
    {
        CallDirection[] left = [.. directions.Where(direction => Query.Directions.Count == 0 || Query.Directions.Contains(direction)).Distinct().Order()];
        Query = Query with { Directions = left };
        _nothing |= left.Length == 0;
    }

    private void Type(VoipStudioCondition condition)
    {
        if (!Words(condition, VoipStudioDictionaries.Types)) return;
        Directed(condition.Values.SelectMany(VoipStudioMapping.Directions));

        // Outbound ones are told by their direction alone; the others both come in.
        bool comesIn = condition.Values.Contains("I"), isMissed = condition.Values.Contains("M"), isOut = condition.Values.Contains("O");
        if (comesIn == isMissed) return;
        _nothing |= _missed == comesIn;
        _missed = isMissed;
        _names.Add(isMissed ? "missed" : "not missed");
        Meeting(isMissed ? VoipStudioMapping.Missed : VoipStudioMapping.NotMissed, isOut ? "O" : null);
    }

    // What is said of those that come in, beside those that go out, which stand for themselves.
    private void Meeting(IReadOnlyList<TraitMatch> incoming, string? outgoing)
    {
        if (outgoing is null) Traits(incoming);
        else Traits([TraitMatch.Of(VoipStudioMapping.Directions(outgoing)), .. incoming]);
    }

    private void Traits(IReadOnlyList<TraitMatch> matches)
    {
        IReadOnlyList<TraitMatch> both = TraitMatch.Both(Query.Traits, matches);
        _nothing |= both.Count == 0;
        if (both.Count > 0) Query = Query with { Traits = both };
    }

    private void Disposition(VoipStudioCondition condition)
    {
        if (!Words(condition, VoipStudioDictionaries.Dispositions)) return;
        string[] values = [.. condition.Values.Distinct(StringComparer.Ordinal)];
        if (values is ["VM"]) Query = Query with { IsVoicemail = true };
        else Traits([.. values.SelectMany(VoipStudioMapping.Traits)]);
    }

    private void Destination(VoipStudioCondition condition)
    {
        if (!Words(condition, VoipStudioDictionaries.Destinations)) return;
        string[] seen = [.. condition.Values.Where(static value => value != "callmeback")];

        // Nothing on the wire tells a call that was asked for on a web page from any other.
        _nothing |= seen.Length == 0;
        if (seen.Length == 0) return;
        Directed(seen.SelectMany(VoipStudioMapping.Directions));
        bool both = seen.Contains("in") && seen.Contains("webcall");
        if (!both && seen.Any(static value => value != "out")) Meeting([seen.Contains("webcall") ? new TraitMatch(CallTraits.FromWeb) : new TraitMatch(CallTraits.None, CallTraits.FromWeb)], seen.Contains("out") ? "out" : null);
    }

    private void Context(VoipStudioCondition condition)
    {
        if (!Words(condition, VoipStudioDictionaries.Contexts)) return;
        var contexts = condition.Values.Select(static value => EnumNames<CallContext>.TryParse(value.ToLowerInvariant(), out CallContext context) ? context : default).ToHashSet();
        if (_contexts is null) _contexts = contexts;
        else _contexts.IntersectWith(contexts);
    }

    // Several are alternatives, each with all else that is asked.
    private void TakeContexts()
    {
        _nothing |= _contexts is { Count: 0 };
        if (_contexts is not { Count: > 0 } contexts) return;
        if (contexts.Count == 1) Query = Query with { Context = contexts.First() };
        else Query = new CallQuery { From = Query.From, To = Query.To, Ascending = Query.Ascending, Any = [.. contexts.Order().Select(context => Query with { Context = context })] };
    }

    private void Codec(VoipStudioCondition condition, bool source)
    {
        if (condition.Operator != "eq")
        {
            VoipStudioFilter.Refuse(_request, condition, "has an operator other than eq");
            return;
        }

        // A call without a codec shows null, which equals nothing.
        string codec = CallProfile.Folded(condition.Value);
        _nothing |= codec.Length == 0 || ((source ? Query.CallerCodec : Query.CalleeCodec) ?? codec) != codec;
        Query = source ? Query with { CallerCodec = codec } : Query with { CalleeCodec = codec };
    }

    private bool Words(VoipStudioCondition condition, IReadOnlyList<VoipStudioTerm> terms)
    {
        if (!VoipStudioFilter.IsEquality(_request, condition)) return false;
        if (condition.Values.All(value => terms.Any(term => term.Code == value))) return true;
        VoipStudioFilter.Refuse(_request, condition, $"has a value that is none of {string.Join(", ", terms.Select(static term => term.Code))}");
        return false;
    }
}
