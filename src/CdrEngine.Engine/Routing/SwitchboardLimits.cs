namespace CdrEngine.Engine.Routing;

/// <summary>Bounds and waiting times of the switchboard.</summary>
public sealed record SwitchboardLimits
{
    /// <summary>Open calls at a time; past it one is ended early, a flood's own first. Default 200,000.</summary>
    public int MaxCalls { get; init; } = 200_000;

    /// <summary>Media addresses learnt for one call. Default 64: 16 m-lines with RTP and RTCP on both sides.</summary>
    public int MaxEndpointsPerCall { get; init; } = 64;

    /// <summary>Address pairs measured for one call. Default 64.</summary>
    public int MaxFlowsPerCall { get; init; } = 64;

    /// <summary>SSRCs of one address pair that may belong to different calls. Default 64.</summary>
    public int MaxClaimsPerFlow { get; init; } = 64;

    /// <summary>How long an ended call still owns its media addresses (<c>call.linger</c>). Default 4 s.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long an ended call is still known, so that late messages find it. Default 32 s: 64·T1, the longest a BYE or a 2xx is
    /// sent again (RFC 3261 17.1.2.2, 13.3.1.4).</summary>
    public TimeSpan Late { get; init; } = TimeSpan.FromSeconds(32);

    /// <summary>As <see cref="Late"/>, for a call whose final response invites another try (<c>call.retry-kept</c>). Default 180 s.</summary>
    public TimeSpan RetryKept { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary>Silence after which an unanswered call is forgotten: beyond the set-up timer of the call itself. Default 240 s.</summary>
    public TimeSpan UnansweredIdle { get; init; } = TimeSpan.FromSeconds(240);

    /// <summary>Silence after which an answered call is forgotten: beyond every timer of the call itself. Default 4 h 5 min.</summary>
    public TimeSpan AnsweredIdle { get; init; } = TimeSpan.FromMinutes(245);

    /// <summary>Media that comes before its SDP.</summary>
    public MediaHoldLimits MediaHold { get; init; } = new();
}
