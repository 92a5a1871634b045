namespace CdrEngine.Benchmarks.Suite;

/// <summary>How long tools of the suite may take.</summary>
/// <param name="Limit">Longest run; a tool is stopped then and has no figures.</param>
/// <param name="OnceAfter">A peer that took longer than this, and one of ours that makes recordings, is asked once, not in every round. Ours else always is.</param>
public sealed record SuitePatience(TimeSpan Limit, TimeSpan OnceAfter)
{
    /// <summary>A minute, and ten seconds: with them a whole suite takes less than twenty minutes.</summary>
    public static SuitePatience Default { get; } = new(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10));

    /// <summary>Whether a tool that took so long is not asked again.</summary>
    public bool IsOnce(SuiteTool tool, TimeSpan took)
    {
        ArgumentNullException.ThrowIfNull(tool);
        return (!tool.IsOurs || tool.IsRecorder) && took > OnceAfter;
    }
}
