using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Postgres;

/// <summary>A group of texts on the server.</summary>
/// <param name="number">Its number, never given to another.</param>
/// <param name="first">Its first day, which its parts are kept by.</param>
/// <param name="group">Its directory.</param>
internal sealed class PostgresTextGroup(long number, DateOnly first, TextGroup group)
{
    /// <summary>Its number.</summary>
    public long Number => number;

    /// <summary>Its first day.</summary>
    public DateOnly First => first;

    /// <summary>Its directory.</summary>
    public TextGroup Group => group;

    /// <summary>Its days.</summary>
    public IReadOnlyDictionary<DateOnly, TextGroupDay> Days { get; } = group.Days.ToDictionary(static day => day.Day);
}

/// <summary>Days, and the groups of texts that tell of them as they are. One thread.</summary>
internal sealed class PostgresGroupedDays
{
    /// <summary>The days.</summary>
    public Dictionary<DateOnly, (TextGroup Group, TextGroupDay Day)> Days { get; } = [];

    /// <summary>The groups.</summary>
    public Dictionary<TextGroup, PostgresTextGroup> Groups { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>Takes a group and its days out.</summary>
    public void Take(TextGroup group)
    {
        Groups.Remove(group);
        foreach (DateOnly day in Days.Where(pair => pair.Value.Group == group).Select(static pair => pair.Key).ToArray()) Days.Remove(day);
    }
}

/// <summary>What was found in groups for one question. One thread.</summary>
internal sealed class PostgresFoundTexts
{
    private readonly Dictionary<(TextGroup Group, string Clause), GroupSet> _sets = [];
    private readonly Dictionary<(TextGroup Group, TextRange Range), RangedPlaces> _ranged = [];

    /// <summary>The calls of a group that have one of some texts; null where it was not looked into.</summary>
    public GroupSet? SetOf(TextGroup group, TextClause clause) => _sets.GetValueOrDefault((group, clause.Key));

    /// <summary>The calls of a group that meet what their texts are held against; null where it does not tell.</summary>
    public RangedPlaces? MeetingOf(TextGroup group, TextRange range) => _ranged.GetValueOrDefault((group, range));

    /// <summary>Notes what a look came to; null is not noted.</summary>
    public void Keep(TextGroup group, TextClause clause, GroupSet? set)
    {
        if (set is not null) _sets[(group, clause.Key)] = set;
    }

    /// <summary>Notes what a look came to; null is not noted.</summary>
    public void Keep(TextGroup group, TextRange range, RangedPlaces? places)
    {
        if (places is not null) _ranged[(group, range)] = places;
    }
}
