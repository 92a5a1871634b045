using CdrEngine.Core;

namespace CdrEngine.Calls.Alerts;

/// <summary>Counts over the last while, in parts that begin at the same instants whatever came first: so the figures depend on what happened and not on when
/// it was looked at. Only parts in which something happened are kept.</summary>
/// <remarks>The window reaches back from an instant for at least its length less one part, and at most its length.</remarks>
internal sealed class AlertWindow(TimeSpan part, int parts)
{
    /// <summary>Parts of a rule's window.</summary>
    public const int Buckets = 30;

    private readonly long _part = Math.Max(1, part.Ticks / TimeSpan.TicksPerMicrosecond);
    private readonly List<Bucket> _kept = [];

    /// <summary>What is kept, oldest first, to be written down.</summary>
    public IReadOnlyList<Bucket> Kept => _kept;

    /// <summary>The part that an instant lies in.</summary>
    public long IndexOf(Timestamp at) => at.Microseconds >= 0 ? at.Microseconds / _part : -((-at.Microseconds + _part - 1) / _part);

    /// <summary>The first instant of the next part.</summary>
    public Timestamp NextAfter(Timestamp at) => new((IndexOf(at) + 1) * _part);

    /// <summary>Counts something; not before what was counted last.</summary>
    public void Add(Timestamp at, long total, long bad, decimal sum)
    {
        long index = IndexOf(at);
        Forget(index);
        if (_kept.Count > 0 && _kept[^1].Index >= index) _kept[^1] = _kept[^1].Plus(total, bad, sum);
        else _kept.Add(new Bucket(index, total, bad, sum));
    }

    /// <summary>Puts a part back that was written down.</summary>
    public void Restore(Bucket bucket)
    {
        if (_kept.Count < parts && (_kept.Count == 0 || _kept[^1].Index < bucket.Index)) _kept.Add(bucket);
    }

    /// <summary>Everything within the window that ends with the part of an instant.</summary>
    public Bucket SumAt(Timestamp at)
    {
        long index = IndexOf(at);
        Forget(index);
        var sum = new Bucket(index, 0, 0, 0);
        foreach (Bucket bucket in _kept) sum = sum.Plus(bucket.Total, bucket.Bad, bucket.Sum);
        return sum;
    }

    private void Forget(long index)
    {
        int gone = 0;
        while (gone < _kept.Count && _kept[gone].Index <= index - parts) gone++;
        if (gone > 0) _kept.RemoveRange(0, gone);
    }

    /// <summary>One part.</summary>
    /// <param name="Index">Its number since 1970.</param>
    /// <param name="Total">Calls (packets) considered.</param>
    /// <param name="Bad">Of these against the rule.</param>
    /// <param name="Sum">Their amounts.</param>
    internal readonly record struct Bucket(long Index, long Total, long Bad, decimal Sum)
    {
        public Bucket Plus(long total, long bad, decimal sum) => new(Index, Total + total, Bad + bad, Sum + sum);
    }
}
