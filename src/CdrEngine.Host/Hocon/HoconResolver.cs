namespace CdrEngine.Host.Hocon;

/// <summary>Turns nodes into values: resolves substitutions by path, then by environment, joins what stands side by side, merges objects.</summary>
/// <remarks>A field is a stack of assignments. A substitution that meets the field it is itself being resolved for sees only the
/// assignments below, which is what makes <c>path = ${path} [more]</c> work and a true circle an error.</remarks>
internal sealed class HoconResolver(ObjectNode root, Func<string, string?> environment)
{
    /// <summary>Most values resolved in all: substitutions of substitutions can double at each step, and a settings file has a few hundred.</summary>
    internal const int MaxValues = 100_000;

    /// <summary>Deepest chain of fields being resolved for each other; the resolver recurses.</summary>
    internal const int MaxDepth = 500;

    // Fields being resolved, innermost last, each with the index of the assignment being looked at.
    private readonly List<(HoconField Field, int Index)> _open = [];
    private int _resolved;

    public HoconValue Resolve() => Value(root) ?? HoconValue.OfObject(root.Position);

    // Null: an optional substitution found nothing.
    private HoconValue? Value(HoconNode node)
    {
        if (++_resolved > MaxValues) throw new HoconException(node.Position, $"more than {MaxValues} values; do substitutions repeat each other?");
        return node switch
        {
            ScalarNode scalar => HoconValue.OfText(scalar.Position, scalar.Text, scalar.IsQuoted),
            SubstitutionNode substitution => Substitute(substitution),
            SelfNode => Below(_open[^1].Field, _open[^1].Index),
            ListNode list => List(list),
            ObjectNode members => Object(members),
            JoinNode join => Join(join),
            _ => throw new InvalidOperationException($"no rule for {node.GetType().Name}"),
        };
    }

    private HoconValue List(ListNode node)
    {
        HoconValue list = HoconValue.OfList(node.Position);
        foreach (HoconNode item in node.Items)
        {
            if (Value(item) is { } value) list.Items.Add(value);
        }

        return list;
    }

    private HoconValue Object(ObjectNode node)
    {
        HoconValue members = HoconValue.OfObject(node.Position);
        foreach ((string key, HoconField field) in node.Fields)
        {
            if (Below(field, field.Assignments.Count) is { } value) members.Members[key] = new HoconMember(field.Position, value);
        }

        return members;
    }

    // The value of a field from its first `count` assignments: the last of them, laid over the earlier ones where both are objects.
    private HoconValue? Below(HoconField field, int count)
    {
        while (count > 0)
        {
            int index = count - 1;
            HoconValue? top = Assignment(field, index);
            if (top is not null)
            {
                if (top.Kind != HoconKind.Object || index == 0) return top;
                return Below(field, index) is { Kind: HoconKind.Object } lower ? Merged(lower, top) : top;
            }

            count = index;
        }

        return null;
    }

    private HoconValue? Substitute(SubstitutionNode node)
    {
        HoconValue? value = node.Scope.Length > 0 ? Lookup(root, [.. node.Scope, .. node.Path], out _) : null;
        bool circle = false;
        value ??= Lookup(root, node.Path, out circle);
        if (value is not null) return value;

        string name = string.Join('.', node.Path);
        if (environment(name) is { } text) return HoconValue.OfText(node.Position, text, isQuoted: true);
        if (node.IsOptional) return null;
        throw new HoconException(node.Position, circle
            ? $"{node} refers to itself, and nothing was set before"
            : $"{node} is neither a key nor an environment variable");
    }

    private HoconValue? Lookup(ObjectNode parent, ReadOnlySpan<string> path, out bool circle)
    {
        circle = false;
        return parent.Fields.TryGetValue(path[0], out HoconField? field) ? Lookup(field, path[1..], field.Assignments.Count, out circle) : null;
    }

    private HoconValue? Lookup(HoconField field, ReadOnlySpan<string> rest, int count, out bool circle)
    {
        circle = false;
        if (count == 0) return null;
        int open = OpenIndex(field);
        if (rest.IsEmpty)
        {
            if (open < 0) return Below(field, count);
            circle = true;
            return Below(field, Math.Min(count, open));
        }

        HoconValue? top;
        if (field.Assignments[count - 1] is ObjectNode members)
        {
            // Only the child asked for is resolved, so that siblings may refer to each other.
            top = Lookup(members, rest, out circle);
        }
        else if (_open.Contains((field, count - 1)))
        {
            return Lookup(field, rest, count - 1, out circle);
        }
        else
        {
            HoconValue? whole = Assignment(field, count - 1);
            if (whole is { Kind: not HoconKind.Object }) return null;
            top = whole?.At(rest);
        }

        if (top is { Kind: not HoconKind.Object }) return top;
        HoconValue? lower = Lookup(field, rest, count - 1, out _);
        return top is null ? lower : lower is { Kind: HoconKind.Object } ? Merged(lower, top) : top;
    }

    private HoconValue? Assignment(HoconField field, int index)
    {
        HoconNode node = field.Assignments[index];
        if (_open.Count >= MaxDepth) throw new HoconException(node.Position, $"substitutions go more than {MaxDepth} deep");
        _open.Add((field, index));
        HoconValue? value = Value(node);
        _open.RemoveAt(_open.Count - 1);
        return value;
    }

    private int OpenIndex(HoconField field)
    {
        for (int i = _open.Count - 1; i >= 0; i--)
        {
            if (ReferenceEquals(_open[i].Field, field)) return _open[i].Index;
        }

        return -1;
    }

    private HoconValue? Join(JoinNode node)
    {
        var pieces = new List<HoconValue>(node.Pieces.Count);
        bool texts = false;
        foreach (HoconNode piece in node.Pieces)
        {
            bool blank = piece is ScalarNode { IsBlank: true };
            if (Value(piece) is not { } value) continue;
            pieces.Add(value);
            texts |= !blank && value.Kind is HoconKind.Text or HoconKind.Null;
        }

        if (!texts) pieces.RemoveAll(static piece => piece is { Kind: HoconKind.Text, IsQuoted: false } && string.IsNullOrWhiteSpace(piece.Text));
        if (pieces.Count <= 1) return pieces.Count == 0 ? null : pieces[0];
        HoconKind kind = texts ? HoconKind.Text : pieces[0].Kind;
        HoconValue? other = pieces.Find(piece => texts ? piece.Kind is HoconKind.List or HoconKind.Object : piece.Kind != kind);
        if (other is not null)
            throw new HoconException(other.Position, $"{Word(other.Kind)} cannot be joined to {Word(kind)}; is a comma or newline missing?");

        switch (kind)
        {
            case HoconKind.Text:
                string text = string.Concat(pieces.Select(static piece => piece.Kind == HoconKind.Null ? "null" : piece.Text));
                return HoconValue.OfText(node.Position, text, isQuoted: true);
            case HoconKind.List:
                HoconValue list = HoconValue.OfList(node.Position);
                foreach (HoconValue piece in pieces) list.Items.AddRange(piece.Items);
                return list;
            default:
                HoconValue merged = pieces[0];
                foreach (HoconValue piece in pieces.Skip(1)) merged = Merged(merged, piece);
                return merged;
        }
    }

    private static string Word(HoconKind kind) => kind switch
    {
        HoconKind.List => "a list",
        HoconKind.Object => "an object",
        _ => "a text",
    };

    private static HoconValue Merged(HoconValue lower, HoconValue upper)
    {
        HoconValue merged = HoconValue.OfObject(upper.Position);
        foreach ((string key, HoconMember member) in lower.Members) merged.Members[key] = member;
        foreach ((string key, HoconMember member) in upper.Members)
        {
            bool both = member.Value.Kind == HoconKind.Object
                && merged.Members.TryGetValue(key, out HoconMember below)
                && below.Value.Kind == HoconKind.Object;
            merged.Members[key] = both ? new HoconMember(member.KeyPosition, Merged(merged.Members[key].Value, member.Value)) : member;
        }

        return merged;
    }
}
