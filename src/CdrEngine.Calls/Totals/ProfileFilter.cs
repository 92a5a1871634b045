using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Calls.Totals;

/// <summary>What of a query profiles answer.</summary>
/// <param name="query">The query.</param>
public sealed class ProfileFilter(CallQuery query)
{
    private readonly string? _tenant = query.Tenant;
    private readonly string? _callerCodec = query.CallerCodec is { } codec ? CallProfile.Folded(codec) : null;
    private readonly string? _calleeCodec = query.CalleeCodec is { } codec ? CallProfile.Folded(codec) : null;
    private readonly CallTraits _has = (query.IsVoicemail ? CallTraits.Voicemail : CallTraits.None) | (query.IsSessionStart ? CallTraits.SessionStart : CallTraits.None);

    /// <summary>Whether it asks anything of a profile at all.</summary>
    public bool AsksAnything => AsksOutcome || _tenant is not null || query.Context is not null || query.IsSessionStart;

    /// <summary>Whether it asks what came of a call: all but tenant, context and place in a session.</summary>
    public bool AsksOutcome => query.Dispositions.Count > 0 || query.Direction is not null || query.Directions.Count > 0 || query.IsVoicemail || AsksFurther;

    /// <summary>Whether it asks what only profiles tell, and no column of a call.</summary>
    public bool AsksFurther => query.Traits.Count > 0 || query.SipStatuses.Count > 0 || query.Causes.Count > 0 || query.HangupBys.Count > 0 || query.RerouteReasons.Count > 0 || query.Trunk is not null
        || query.TrunkPart is not null || query.CallerCodec is not null || query.CalleeCodec is not null;

    /// <summary>The query without what profiles answer, and without times, order and page: what is left must be asked of each call.</summary>
    public static CallQuery Rest(CallQuery query) => query with
    {
        Dispositions = [],
        Direction = null,
        Directions = [],
        Tenant = null,
        Context = null,
        IsVoicemail = false,
        IsSessionStart = false,
        Traits = [],
        SipStatuses = [],
        Causes = [],
        HangupBys = [],
        RerouteReasons = [],
        Trunk = null,
        TrunkPart = null,
        CallerCodec = null,
        CalleeCodec = null,
        From = null,
        To = null,
        Start = null,
        Cursor = null,
        Sort = CallSort.StartedAt,
        Ascending = false,
        Limit = CallQuery.MaxLimit,
    };

    /// <summary>What profiles answer of a query, and nothing else of it: the other side of <see cref="Rest"/>.</summary>
    public static CallQuery Only(CallQuery query) => new()
    {
        Dispositions = query.Dispositions,
        Direction = query.Direction,
        Directions = query.Directions,
        Tenant = query.Tenant,
        Context = query.Context,
        IsVoicemail = query.IsVoicemail,
        IsSessionStart = query.IsSessionStart,
        Traits = query.Traits,
        SipStatuses = query.SipStatuses,
        Causes = query.Causes,
        HangupBys = query.HangupBys,
        RerouteReasons = query.RerouteReasons,
        Trunk = query.Trunk,
        TrunkPart = query.TrunkPart,
        CallerCodec = query.CallerCodec,
        CalleeCodec = query.CalleeCodec,
    };

    /// <summary>Whether calls of a profile meet what it answers.</summary>
    public bool Meets(in CallProfile profile)
    {
        if (_tenant is not null && profile.Tenant != _tenant) return false;
        if ((profile.Traits & _has) != _has) return false;
        if (query.Dispositions.Count > 0 && !query.Dispositions.Contains(profile.Disposition)) return false;
        if (query.Direction is { } direction && profile.Direction != direction) return false;
        if (query.Directions.Count > 0 && !(profile.Direction is { } way && query.Directions.Contains(way))) return false;
        if (query.Context is { } context && profile.Context != context) return false;
        return !AsksFurther || MeetsFurther(profile);
    }

    private bool MeetsFurther(in CallProfile profile)
    {
        if (query.SipStatuses.Count > 0 && !query.SipStatuses.Contains(profile.SipStatus)) return false;
        if (query.Causes.Count > 0 && !query.Causes.Contains(profile.Cause ?? 0)) return false;
        if (query.HangupBys.Count > 0 && !query.HangupBys.Contains(profile.HangupBy)) return false;
        if (query.RerouteReasons.Count > 0 && !query.RerouteReasons.Contains(profile.Reroute)) return false;
        if (query.Trunk is { } trunk && profile.Trunk != trunk) return false;
        if (query.TrunkPart is { } part && !profile.Trunk.Contains(part, StringComparison.Ordinal)) return false;
        if (_callerCodec is not null && profile.CallerCodec != _callerCodec) return false;
        if (_calleeCodec is not null && profile.CalleeCodec != _calleeCodec) return false;
        if (query.Traits.Count == 0) return true;
        for (int i = 0; i < query.Traits.Count; i++)
        {
            if (query.Traits[i].Meets(profile.Traits, profile.Direction)) return true;
        }

        return false;
    }
}
