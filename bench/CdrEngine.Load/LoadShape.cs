namespace CdrEngine.Load;

/// <summary>What a load is like, from its expected calls.</summary>
public static class LoadShape
{
    /// <summary>Most calls that were open at one instant, from first INVITE to end; a call without an end counts as open for ever.</summary>
    public static int MostConcurrent(IEnumerable<ExpectedCall> calls)
    {
        ArgumentNullException.ThrowIfNull(calls);
        var changes = new List<(long At, int Change)>();
        foreach (ExpectedCall call in calls)
        {
            changes.Add((call.StartedAt, 1));
            if (call.EndedAt is { } end) changes.Add((end, -1));
        }

        // At one instant an end comes before a start: -1 sorts before 1.
        changes.Sort();
        int open = 0;
        int most = 0;
        foreach ((_, int change) in changes) most = Math.Max(most, open += change);
        return most;
    }
}
