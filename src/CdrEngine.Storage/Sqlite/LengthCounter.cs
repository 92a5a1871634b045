using CdrEngine.Calls.Ports;

namespace CdrEngine.Storage.Sqlite;

/// <summary>How many calls are shorter than each of many lengths, added up day by day. One thread.</summary>
internal sealed class LengthCounter
{
    // Lengths that can be told together.
    private const int MostSteps = 65_536;

    private readonly uint _first;
    private readonly uint _step;

    // Calls shorter than the first, then those from one to the next, at last those of the last and longer.
    private readonly long[] _calls;

    private LengthCounter(uint first, uint step, int count) => (_first, _step, _calls) = (first, step, new long[count + 1]);

    /// <summary>Counts from nothing on; null for lengths that cannot be told from what is kept of calls, and for calls of which it is not kept.</summary>
    public static LengthCounter? Of(LengthSteps lengths, DayQuestion asked)
    {
        if (asked.Query.Moments.Count > 0 || !(asked.MayBeKnown || (asked.IsCounted && !asked.AsksLength))) return null;
        if (lengths.Count is < 1 or > MostSteps || lengths.Step <= TimeSpan.Zero || lengths.Step.Ticks % TimeSpan.TicksPerMillisecond != 0) return null;
        long first = CallRow.Microseconds(lengths.First), last = CallRow.Microseconds(lengths.First + ((lengths.Count - 1) * lengths.Step));
        return DayLengths.AtLeast(first) is { } least && DayLengths.AtLeast(last) is { } most ? new LengthCounter(least, lengths.Count == 1 ? 1 : (most - least) / (uint)(lengths.Count - 1), lengths.Count) : null;
    }

    /// <summary>Adds some calls of one length, as it is kept.</summary>
    public void Add(uint kept, long calls) => _calls[kept < _first ? 0 : (int)Math.Min(((kept - _first) / _step) + 1, (uint)_calls.Length - 1)] += calls;

    /// <summary>Adds calls by their lengths, as they are kept.</summary>
    public void Add(ReadOnlySpan<uint> kept)
    {
        foreach (uint its in kept) Add(its, 1);
    }

    /// <summary>How many calls are shorter than each of the lengths.</summary>
    public long[] Below()
    {
        long[] below = new long[_calls.Length - 1];
        long sum = 0;
        for (int i = 0; i < below.Length; i++) below[i] = sum += _calls[i];
        return below;
    }
}
