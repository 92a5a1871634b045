using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Texts;

/// <summary>What was last found in groups of days, as much of it as fits. A group never changes, so it holds until it is forgotten. Any thread.</summary>
/// <param name="mostKept">Bytes of what texts were found in.</param>
/// <param name="mostRanks">Bytes of texts in order.</param>
internal sealed class TextGroupAnswers(long mostKept, long mostRanks)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(TextGroup Group, string Clause), GroupSet> _sets = [];
    private readonly Dictionary<(TextGroup Group, TextRange Range, TextRange? And), RangedPlaces> _ranged = [];
    private readonly Dictionary<(TextGroup Group, int Field), (TextRanks? Ranks, long Used)> _ranks = [];
    private long _held;
    private long _heldRanks;
    private long _used;

    /// <summary>The look for the calls of a group that have one of some texts.</summary>
    public GroupLook<GroupSet> LookFor(TextGroup group, TextClause clause)
    {
        lock (_lock)
        {
            if (_sets.TryGetValue((group, clause.Key), out GroupSet? kept)) return new GroupLook<GroupSet>(group) { Result = kept };
        }

        GroupLook<GroupSet> look = null!;
        return look = new GroupLook<GroupSet>(group) { Steps = Steps() };

        IEnumerable<GroupRead> Steps()
        {
            var found = new GroupSet.Builder(group.Span);
            foreach (TextNeedle needle in clause.Any)
            {
                foreach (GroupRead step in group.Finding(needle, found)) yield return step;
            }

            look.Result = found.Build();
            Keep(group, clause, look.Result);
        }
    }

    /// <summary>The look for the calls of a group that meet what their texts are held against; null where groups do not tell.</summary>
    /// <param name="group">The group.</param>
    /// <param name="range">What they are held against.</param>
    /// <param name="and">What the same texts are held against as well, by their order as <paramref name="range"/> is; null for nothing.</param>
    public GroupLook<RangedPlaces>? LookFor(TextGroup group, TextRange range, TextRange? and = null)
    {
        if (TextRanges.ClauseOf(range) is { } clause)
        {
            GroupLook<GroupSet> first = LookFor(group, clause);
            GroupLook<RangedPlaces> told = null!;
            return told = first.Result is { } known ? new GroupLook<RangedPlaces>(group) { Result = new RangedPlaces(known, null) } : new GroupLook<RangedPlaces>(group) { Steps = Told() };

            IEnumerable<GroupRead> Told()
            {
                foreach (GroupRead step in first.Steps) yield return step;
                told.Result = new RangedPlaces(first.Result!, null);
            }
        }

        if (TextRanges.FieldOf(range) is not { } field) return null;
        lock (_lock)
        {
            if (_ranged.TryGetValue((group, range, and), out RangedPlaces? kept)) return new GroupLook<RangedPlaces>(group) { Result = kept };
        }

        GroupLook<RangedPlaces> look = null!;
        return look = new GroupLook<RangedPlaces>(group) { Steps = Steps() };

        IEnumerable<GroupRead> Steps()
        {
            if (!TryRanks(group, field, out TextRanks? ranks))
            {
                TextRanks.Builder builder = group.RanksFor(field);
                foreach (GroupRead step in group.Ranking(field, builder)) yield return step;
                Keep(group, field, ranks = builder.Build());
            }

            if (ranks is null) yield break;
            var placed = new List<PlacedRange>();
            foreach (TextRange its in and is null ? [range] : new[] { range, and })
            {
                var place = new TextPlace(Encoding.UTF8.GetBytes(its.Text));
                foreach (GroupRead step in group.Placing(field, place, ranks.Near(its.Text))) yield return step;
                placed.Add(new PlacedRange(its, place.Below, place.IsThere));
            }

            GroupSet? listed = null;
            if (ranks.Within(placed) is var (first, last) && group.IsShort(field, first, last))
            {
                var found = new GroupSet.Builder(group.Span);
                foreach (GroupRead step in group.Listing(field, first, last, found)) yield return step;
                listed = found.Build();
            }

            look.Result = ranks.Meeting(placed, listed);
            Keep((group, range, and), look.Result);
        }
    }

    /// <summary>The look for which text of a field each call of a group has; no answer where that is not told.</summary>
    public GroupLook<TextRanks> LookFor(TextGroup group, int field)
    {
        if (TryRanks(group, field, out TextRanks? known)) return new GroupLook<TextRanks>(group) { Result = known };
        GroupLook<TextRanks> look = null!;
        return look = new GroupLook<TextRanks>(group) { Steps = Steps() };

        IEnumerable<GroupRead> Steps()
        {
            TextRanks.Builder builder = group.RanksFor(field);
            foreach (GroupRead step in group.Ranking(field, builder)) yield return step;
            Keep(group, field, look.Result = builder.Build());
        }
    }

    /// <summary>Forgets what was found in groups that are no more.</summary>
    /// <param name="isThere">Whether a group is.</param>
    public void Forget(Func<TextGroup, bool> isThere)
    {
        lock (_lock)
        {
            if (_sets.Count == 0 && _ranged.Count == 0 && _ranks.Count == 0) return;
            if (!_sets.Keys.All(key => isThere(key.Group)) || !_ranged.Keys.All(key => isThere(key.Group))) ForgetSets();
            foreach ((TextGroup Group, int Field) gone in _ranks.Keys.Where(key => !isThere(key.Group)).ToArray()) ForgetRanks(gone);
        }
    }

    private void Keep(TextGroup group, TextClause clause, GroupSet set)
    {
        lock (_lock)
        {
            // Cheaper than an order of use, and seldom.
            if (_held + set.Size > mostKept) ForgetSets();
            if (_sets.TryAdd((group, clause.Key), set)) _held += set.Size + (2 * clause.Key.Length);
        }
    }

    private void Keep((TextGroup Group, TextRange Range, TextRange? And) key, RangedPlaces places)
    {
        lock (_lock)
        {
            if (_held + places.Size > mostKept) ForgetSets();
            if (_ranged.TryAdd(key, places)) _held += places.Size + (2 * (key.Range.Text.Length + (key.And?.Text.Length ?? 0)));
        }
    }

    private bool TryRanks(TextGroup group, int field, out TextRanks? ranks)
    {
        lock (_lock)
        {
            ranks = null;
            if (!_ranks.TryGetValue((group, field), out (TextRanks? Ranks, long Used) kept)) return false;
            _ranks[(group, field)] = kept with { Used = ++_used };
            ranks = kept.Ranks;
            return true;
        }
    }

    private void Keep(TextGroup group, int field, TextRanks? ranks)
    {
        lock (_lock)
        {
            if (!_ranks.TryAdd((group, field), (ranks, ++_used))) return;
            _heldRanks += ranks?.Size ?? 0;
            while (_heldRanks > mostRanks && _ranks.Count > 1) ForgetRanks(_ranks.MinBy(static pair => pair.Value.Used).Key);
        }
    }

    private void ForgetRanks((TextGroup Group, int Field) of)
    {
        if (_ranks.Remove(of, out (TextRanks? Ranks, long Used) gone)) _heldRanks -= gone.Ranks?.Size ?? 0;
    }

    private void ForgetSets()
    {
        _sets.Clear();
        _ranged.Clear();
        _held = 0;
    }
}
