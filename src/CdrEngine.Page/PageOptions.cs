namespace CdrEngine.Page;

/// <summary>What the page is told at its start.</summary>
public sealed record PageOptions
{
    /// <summary>Time without a request after which a sign-in ends. Default 30 minutes.</summary>
    public TimeSpan SessionIdle { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Longest life of a sign-in. Default 12 hours, a working day with room.</summary>
    public TimeSpan SessionLife { get; init; } = TimeSpan.FromHours(12);

    /// <summary>Sign-ins at once. Default 1,000; the one not used for longest makes room.</summary>
    public int Sessions { get; init; } = 1000;
}
