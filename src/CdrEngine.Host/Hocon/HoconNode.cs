namespace CdrEngine.Host.Hocon;

/// <summary>A piece of a configuration as written, before substitutions are resolved.</summary>
internal abstract class HoconNode(HoconPosition position)
{
    public HoconPosition Position { get; } = position;
}

/// <summary>A text, number, boolean or null; which of them it is, its reader decides.</summary>
internal sealed class ScalarNode(HoconPosition position, string text, bool isQuoted) : HoconNode(position)
{
    public string Text { get; } = text;

    public bool IsQuoted { get; } = isQuoted;

    /// <summary>Blank between two pieces: kept where texts are joined, dropped between lists and objects.</summary>
    public bool IsBlank => !IsQuoted && string.IsNullOrWhiteSpace(Text);
}

internal sealed class ListNode(HoconPosition position) : HoconNode(position)
{
    public List<HoconNode> Items { get; } = [];
}

/// <summary>Several pieces side by side: texts are joined, lists appended, objects merged.</summary>
internal sealed class JoinNode(HoconPosition position, List<HoconNode> pieces) : HoconNode(position)
{
    public List<HoconNode> Pieces { get; } = pieces;
}

/// <summary><c>${a.b}</c> or <c>${?a.b}</c>.</summary>
internal sealed class SubstitutionNode(HoconPosition position, string[] path, bool isOptional, string[] scope) : HoconNode(position)
{
    public string[] Path { get; } = path;

    public bool IsOptional { get; } = isOptional;

    /// <summary>Where the file with this piece was included; the path is looked up below it first.</summary>
    public string[] Scope { get; } = scope;

    public override string ToString() => $"${{{(IsOptional ? "?" : "")}{string.Join('.', Path)}}}";
}

/// <summary>What the key being assigned was before: the left side of <c>+=</c>.</summary>
internal sealed class SelfNode(HoconPosition position) : HoconNode(position);

/// <summary>A key with everything that was assigned to it, earliest first. The last one counts; the earlier ones are what a value that
/// refers to itself sees, what an object is merged onto, and what stays where an optional substitution finds nothing.</summary>
internal sealed class HoconField(HoconPosition position)
{
    public HoconPosition Position { get; set; } = position;

    public List<HoconNode> Assignments { get; } = [];

    public void Assign(HoconNode value)
    {
        if (value is ObjectNode added && Assignments.Count > 0 && Assignments[^1] is ObjectNode present)
            present.Merge(added);
        else
            Assignments.Add(value);
    }
}

internal sealed class ObjectNode(HoconPosition position) : HoconNode(position)
{
    public OrderedDictionary<string, HoconField> Fields { get; } = new(StringComparer.Ordinal);

    public HoconField Field(string key, HoconPosition at)
    {
        if (Fields.TryGetValue(key, out HoconField? field))
            field.Position = at;
        else
            Fields.Add(key, field = new HoconField(at));
        return field;
    }

    /// <summary>The field at a path, making the objects between.</summary>
    public HoconField Field(ReadOnlySpan<string> path, HoconPosition at)
    {
        ObjectNode parent = this;
        foreach (string key in path[..^1])
        {
            HoconField between = parent.Field(key, at);
            if (between.Assignments.Count == 0 || between.Assignments[^1] is not ObjectNode child)
                between.Assignments.Add(child = new ObjectNode(at));
            parent = child;
        }

        return parent.Field(path[^1], at);
    }

    /// <summary>Lays another object over this one. The other is used up: its nodes become part of this one.</summary>
    public void Merge(ObjectNode over)
    {
        foreach ((string key, HoconField field) in over.Fields)
        {
            HoconField mine = Field(key, field.Position);
            foreach (HoconNode value in field.Assignments) mine.Assign(value);
        }
    }
}
