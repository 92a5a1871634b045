namespace CdrEngine.Protocols.Tcp;

/// <summary>A place in an <see cref="ActivityList{T}"/>; made once with its owner, so that joining and leaving allocate nothing.</summary>
internal sealed class ActivityEntry<T>(T owner)
    where T : class
{
    public T Owner { get; } = owner;

    public ActivityEntry<T>? Previous { get; set; }

    public ActivityEntry<T>? Next { get; set; }

    public ActivityList<T>? List { get; set; }
}

/// <summary>A linked list in the order of last activity: first is who was active least recently. The order depends on packets alone.</summary>
internal sealed class ActivityList<T>
    where T : class
{
    private ActivityEntry<T>? _first;
    private ActivityEntry<T>? _last;

    /// <summary>Who was active least recently, or null.</summary>
    public T? First => _first?.Owner;

    /// <summary>Puts an entry at the end, out of whatever list it was in.</summary>
    public void Touch(ActivityEntry<T> entry)
    {
        if (_last == entry) return;
        Leave(entry);
        entry.List = this;
        entry.Previous = _last;
        if (_last is null) _first = entry;
        else _last.Next = entry;
        _last = entry;
    }

    /// <summary>Takes an entry out of its list, if any.</summary>
    public static void Leave(ActivityEntry<T> entry)
    {
        ActivityList<T>? list = entry.List;
        if (list is null) return;
        if (entry.Previous is null) list._first = entry.Next;
        else entry.Previous.Next = entry.Next;
        if (entry.Next is null) list._last = entry.Previous;
        else entry.Next.Previous = entry.Previous;
        entry.Previous = null;
        entry.Next = null;
        entry.List = null;
    }
}
