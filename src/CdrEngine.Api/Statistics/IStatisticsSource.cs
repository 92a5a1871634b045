using System.Collections.Concurrent;
using CdrEngine.Core;

namespace CdrEngine.Api.Statistics;

/// <summary>Where <c>stats</c> and <c>metrics</c> get the counters of the other parts from.</summary>
public interface IStatisticsSource
{
    /// <summary>Every counter: part of the engine, name (snake case), value, what it counts. Any thread may ask at any time. Where an area and name
    /// come twice the values are added.</summary>
    IEnumerable<Statistic> Read();
}

/// <summary>A board on which the parts pin their counters as they run, whole lists at a time; the last list of a part stays after its end.</summary>
public sealed class StatisticsBoard : IStatisticsSource
{
    private readonly ConcurrentDictionary<string, IReadOnlyList<Statistic>> _parts = new(StringComparer.Ordinal);

    /// <summary>Replaces what a part had pinned.</summary>
    /// <param name="part">The part, for example <c>import</c>; a fixed name, so that the board stays small.</param>
    /// <param name="counters">Its counters; the list is not changed afterwards.</param>
    public void Post(string part, IReadOnlyList<Statistic> counters) => _parts[part] = counters;

    /// <summary>Why the engine behind the API cannot do its work now, in one line; null while it can. Whoever does the work says so.</summary>
    public string? Unready { get; set; }

    /// <summary>What <c>/readyz</c> adds for those who look after the engine, in one line without anything of the calls; null for nothing.</summary>
    public string? Note { get; set; }

    /// <inheritdoc />
    public IEnumerable<Statistic> Read() =>
        _parts.OrderBy(static part => part.Key, StringComparer.Ordinal).SelectMany(static part => part.Value);
}
