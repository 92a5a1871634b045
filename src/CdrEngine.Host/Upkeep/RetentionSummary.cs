namespace CdrEngine.Host.Upkeep;

/// <summary>What retention removed, or would remove, for one reason.</summary>
/// <param name="Class">What: <c>sip_packets</c>, <c>rtp_packets</c>, <c>recordings</c>, <c>records</c>, <c>messages</c>, <c>deleted_calls</c>, <c>held_calls</c>.</param>
/// <param name="Reason"><c>age</c>, <c>size</c>, <c>deleted</c>, <c>disk</c>, or <c>copied</c> for what was brought to safety.</param>
/// <param name="Tenant">Whose, where it is one tenant's; null for all.</param>
/// <param name="Items">Segments, recordings, records, messages, calls.</param>
/// <param name="Bytes">Bytes, where they are known.</param>
internal sealed record RetentionItem(string Class, string Reason, string? Tenant, long Items, long Bytes);

/// <summary>What one pass of retention did, or would do.</summary>
internal sealed class RetentionSummary
{
    private readonly List<RetentionItem> _items = [];
    private readonly List<string> _faults = [];

    /// <summary>What, in the order in which it was done.</summary>
    public IReadOnlyList<RetentionItem> Items => _items;

    /// <summary>A line for each thing that could not be done; it is tried again.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Adds; what is nothing is left out, and the same again is added up.</summary>
    public void Add(string kind, string reason, string? tenant, long items, long bytes = 0)
    {
        if (items == 0 && bytes == 0) return;
        int at = _items.FindIndex(item => item.Class == kind && item.Reason == reason && item.Tenant == tenant);
        if (at < 0) _items.Add(new RetentionItem(kind, reason, tenant, items, bytes));
        else _items[at] = _items[at] with { Items = _items[at].Items + items, Bytes = _items[at].Bytes + bytes };
    }

    public void Fault(string line) => _faults.Add(line.ReplaceLineEndings(" "));

    /// <summary>Items of a class for a reason.</summary>
    public long this[string kind, string reason] => _items.Where(item => item.Class == kind && item.Reason == reason).Sum(static item => item.Items);
}
