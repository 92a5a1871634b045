using CdrEngine.Core;

namespace CdrEngine.Calls.Alerts;

/// <summary>One group of a rule: its figures and its alert, where it has one.</summary>
internal sealed class GroupState(AlertGroup group, GroupFigures figures)
{
    private readonly List<(Timestamp At, string Id, Timestamp StartedAt)> _recent = [];

    public AlertGroup Group { get; } = group;

    public GroupFigures Figures { get; } = figures;

    /// <summary>The alert that goes on; null for none.</summary>
    public Alert? Open { get; set; }

    /// <summary>Since when the figure lets it go; null where it does not.</summary>
    public Timestamp? CalmSince { get; set; }

    /// <summary>When it is said again that it goes on; null for never.</summary>
    public Timestamp? RemindAt { get; set; }

    /// <summary>When somebody is to look at it though nothing happens; null where nobody is.</summary>
    public Timestamp? CheckAt { get; set; }

    /// <summary>Whether the alert has figures that nobody was told of.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Place among the groups of its rule by when it was last heard of.</summary>
    public LinkedListNode<GroupState>? Place { get; set; }

    /// <summary>Newest calls against the rule.</summary>
    public IReadOnlyList<(Timestamp At, string Id, Timestamp StartedAt)> Recent => _recent;

    /// <summary>Notes a call against the rule: for the alert that goes on, or for one that may come.</summary>
    public void Note(Timestamp at, CallOver call, AlertLimits limits)
    {
        if (Open is { } open)
        {
            Open = open with
            {
                CallCount = open.CallCount + 1,
                Calls = open.Calls.Count < limits.Calls ? [.. open.Calls, call.Key] : open.Calls,
                CallsFrom = open.CallsFrom is { } from && from <= call.StartedAt ? from : call.StartedAt,
                CallsTo = open.CallsTo is { } to && to >= call.StartedAt ? to : call.StartedAt,
            };
            IsDirty = true;
        }

        Keep(at, call.Key, call.StartedAt, limits);
    }

    /// <summary>Remembers a call; the oldest goes for the newest.</summary>
    public void Keep(Timestamp at, string id, Timestamp startedAt, AlertLimits limits)
    {
        if (_recent.Count >= limits.Calls) _recent.RemoveAt(0);
        _recent.Add((at, id, startedAt));
    }
}
