using CdrEngine.PacketLog;
using CdrEngine.Storage;

namespace CdrEngine.Host.Upkeep;

/// <summary>What is under a legal hold now, and how its packets are brought to safety before their segments go.</summary>
internal sealed class HoldKeeper
{
    private readonly UpkeepStores _stores;
    private readonly Dictionary<string, uint> _copied;

    /// <summary>Looks at what is held.</summary>
    public HoldKeeper(UpkeepStores stores, bool acts)
    {
        _stores = stores;
        Held = stores.Holds.Held();
        if (acts) stores.Holds.ForgetReleased();
        _copied = stores.Holds.Copied().Where(copy => Held.Contains(copy.Key)).ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>Ids of all calls under a hold.</summary>
    public IReadOnlySet<string> Held { get; }

    /// <summary>Runs of the log that hold copies of their packets.</summary>
    public IReadOnlySet<uint> Runs => _copied.Values.ToHashSet();

    /// <summary>Whether any held call began on a day.</summary>
    public bool HoldsOn(DateOnly day)
    {
        string prefix = day.ToString("yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture);
        return Held.Any(id => id.StartsWith(prefix, StringComparison.Ordinal));
    }

    /// <summary>Copies the packets of held calls out of segments that are to go; gives what may go now. A segment with packets that cannot be copied stays.</summary>
    /// <param name="plan">Segments that are to go.</param>
    /// <param name="acts">False to only look.</param>
    /// <param name="summary">Where copies and faults are noted.</param>
    public IReadOnlyList<SegmentFile> Secure(IReadOnlyList<SegmentFile> plan, bool acts, RetentionSummary summary)
    {
        if (plan.Count == 0 || Held.Count == _copied.Count) return plan;
        HashSet<SegmentId> going = [.. plan.Select(static file => file.Id)];
        var staying = new HashSet<SegmentId>();
        foreach (string id in Held.Where(id => !_copied.ContainsKey(id)).Order(StringComparer.Ordinal))
        {
            if (_stores.Calls.GetKept(id) is not { Chunks.Length: > 0 } call) continue;
            HashSet<SegmentId> its = SegmentsOf(call.Chunks);
            if (!its.Overlaps(going)) continue;
            if (acts && !TryCopy(call, summary))
            {
                staying.UnionWith(its);
                continue;
            }

            summary.Add("held_calls", "copied", null, 1);
        }

        return staying.Count == 0 ? plan : [.. plan.Where(file => !staying.Contains(file.Id))];
    }

    private bool TryCopy(KeptCall call, RetentionSummary summary)
    {
        try
        {
            HoldCopy copy;
            using (PacketLogFolder log = PacketLogFolder.Open(_stores.Packets, keys: _stores.Keys)) copy = PacketLogHold.Copy(log, call.Chunks);
            if (copy.Sealed > 0)
            {
                summary.Fault($"{call.Id}: under a hold, and sealed by a key that is not there: its segments stay");
                return false;
            }

            // First whose the copy is, then where to look: in between both are there.
            _stores.Holds.SetCopied(call.Id, copy.Run);
            _stores.Calls.SetChunks(call.Id, copy.Chunks);
            _copied[call.Id] = copy.Run;
            if (copy.Missing + copy.Damaged > 0) summary.Fault($"{call.Id}: under a hold; {copy.Missing} of its chunks were gone and {copy.Damaged} damaged before it was copied");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StoreException)
        {
            summary.Fault($"{call.Id}: under a hold and not copied, so its segments stay: {e.Message}");
            return false;
        }
    }

    private static HashSet<SegmentId> SegmentsOf(byte[] chunks)
    {
        var segments = new HashSet<SegmentId>();
        var walk = new ChunkList.Enumerator(chunks);
        while (walk.MoveNext()) segments.Add(walk.Current.Segment);
        return segments;
    }
}
