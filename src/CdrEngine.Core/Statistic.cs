namespace CdrEngine.Core;

/// <summary>One counter as <see cref="Counters{TCounter}.Describe"/> gives it.</summary>
/// <param name="Name">Its name in snake case.</param>
/// <param name="Value">Its value now.</param>
/// <param name="Description">What it counts, in a sentence.</param>
/// <remarks>A class: lists and queries over values of four members are code that is compiled for each of them, at each start (docs/decisions/0038).</remarks>
public sealed record CounterValue(string Name, long Value, string Description);

/// <summary>One counter of one part of the program, for stats, REST and metrics.</summary>
/// <param name="Area">The part that counts: <c>packets</c>, <c>storage</c> …</param>
/// <param name="Name">Its name in snake case, one of a kind within the area.</param>
/// <param name="Value">Its value now.</param>
/// <param name="Description">What it counts, in a sentence.</param>
public sealed record Statistic(string Area, string Name, long Value, string Description)
{
    /// <summary>Counters of a part.</summary>
    public static Statistic Of(string area, CounterValue counter) => new(area, counter.Name, counter.Value, counter.Description);
}
