namespace CdrEngine.Storage.Texts;

/// <summary>Parts of the bytes of a group that a look wants together before it goes on: whoever has the bytes gives them all at once, from a file or from a server. One thread.</summary>
/// <param name="parts">Where each begins, and how long it is.</param>
internal sealed class GroupRead(params (long At, int Length)[] parts)
{
    private readonly byte[][] _bytes = new byte[parts.Length][];

    /// <summary>The parts.</summary>
    public IReadOnlyList<(long At, int Length)> Parts => parts;

    /// <summary>What was given for a part.</summary>
    public byte[] this[int part]
    {
        get => _bytes[part];
        set => _bytes[part] = value;
    }

    /// <summary>Goes on with several looks at once: what each wants next is wanted together.</summary>
    public static IEnumerable<GroupRead> Together(IEnumerable<IEnumerable<GroupRead>> looks)
    {
        List<IEnumerator<GroupRead>> open = [.. looks.Select(static look => look.GetEnumerator())];
        try
        {
            while (true)
            {
                List<IEnumerator<GroupRead>> next = open.FindAll(static look => look.MoveNext());
                foreach (IEnumerator<GroupRead> over in open.Except(next)) over.Dispose();
                open = next;
                if (open.Count == 0) yield break;
                var all = new GroupRead([.. open.SelectMany(static look => look.Current.Parts)]);
                yield return all;
                int at = 0;
                foreach (GroupRead its in open.Select(static look => look.Current))
                {
                    for (int part = 0; part < its.Parts.Count; part++) its[part] = all[at++];
                }
            }
        }
        finally
        {
            foreach (IEnumerator<GroupRead> look in open) look.Dispose();
        }
    }
}

/// <summary>A look into a group: what it reads, step by step, and what it comes to. One thread.</summary>
/// <param name="group">The group.</param>
internal abstract class GroupLook(TextGroup group)
{
    /// <summary>The group.</summary>
    public TextGroup Group => group;

    /// <summary>What is read, each step by what the one before gave; nothing where the answer was known.</summary>
    public IEnumerable<GroupRead> Steps { get; init; } = [];
}

/// <summary>A look with an answer.</summary>
/// <param name="group">The group.</param>
internal sealed class GroupLook<T>(TextGroup group) : GroupLook(group)
    where T : class
{
    /// <summary>The answer, once all steps were made; null where the group does not tell.</summary>
    public T? Result { get; set; }
}
