using System.Runtime.CompilerServices;

namespace CdrEngine.Calls.Streams;

/// <summary>What a sequence number was to the stream.</summary>
internal enum SequenceVerdict : byte
{
    /// <summary>Later than all before: the usual case.</summary>
    Forward,

    /// <summary>Earlier than the latest, within MAX_MISORDER, not seen before.</summary>
    Late,

    /// <summary>Seen before.</summary>
    Duplicate,

    /// <summary>Too far off to belong to the segment; counted, and remembered in case the next one follows it.</summary>
    Stray,

    /// <summary>Follows the stray before it: the source started again there (RFC 3550 A.1).</summary>
    Restart,
}

/// <summary>Sequence numbers of one source: RFC 3550 A.1 with a bitmap of the last 128, so that duplicates, late and lost packets are told
/// apart exactly and runs of loss are taken only from what can no longer be filled.</summary>
/// <remarks>
/// Differences from A.1, each on purpose: no probation (MIN_SEQUENTIAL), the flow's own tests vouch for the source; the packet that announced
/// a jump counts as received in the new segment; the memory of a stray ends with the next packet that is none, so that two sources with one
/// SSRC do not make the stream jump to and fro.
/// A packet from before the first of its segment is late but outside what is expected: a late first packet is no loss.
/// </remarks>
internal struct SequenceTracker
{
    /// <summary>RFC 3550 A.1: a step forward of this or more is a jump.</summary>
    public const int MaxDropout = 3000;

    /// <summary>RFC 3550 A.1: a step back of more than this is a jump.</summary>
    public const int MaxMisorder = 100;

    private const int WindowBits = 128;
    private const uint NoStray = 0x1_0000;

    // In order of use: what every packet touches comes first and fills a cache line with the runs' first fields.
    private ulong _recent; // bit i: the packet i before the latest was seen, 0..63
    private ulong _older; // the same, 64..127
    private long _extendedMax;
    private long _base;
    private uint _afterStray;
    private ushort _max;
    private ushort _segments;
    private LossRuns _runs;
    private long _closedExpected;
    private long _missing; // expected and not seen, this segment and those before

    /// <summary>Starts with the first packet.</summary>
    public SequenceTracker(ushort first)
    {
        _afterStray = NoStray;
        _segments = 0;
        Begin(first);
    }

    /// <summary>Latest sequence number of the segment.</summary>
    public readonly ushort Max => _max;

    /// <summary>Segments, 1 or more: how often the source started, plus once.</summary>
    public readonly ushort Segments => _segments;

    /// <summary>Packets seen before.</summary>
    public uint Duplicates { get; private set; }

    /// <summary>Packets that came after a later one.</summary>
    public uint OutOfOrder { get; private set; }

    /// <summary>Packets too far off to belong to any segment.</summary>
    public uint Strays { get; private set; }

    /// <summary>Packets that the sequence numbers say were sent, all segments (RFC 3550 A.3).</summary>
    public readonly long Expected => _closedExpected + (_extendedMax - _base + 1);

    /// <summary>Different ones of them received.</summary>
    public readonly long Unique => Expected - _missing;

    /// <summary>Never seen; 0 or more because each gap is filled once at most.</summary>
    public readonly long Lost => _missing;

    /// <summary>Takes the next packet by its sequence number.</summary>
    /// <param name="sequence">Sequence number.</param>
    /// <param name="step">How far forward of the latest, 1..2999; only for <see cref="SequenceVerdict.Forward"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SequenceVerdict Add(ushort sequence, out int step)
    {
        step = (ushort)(sequence - _max);
        if (step == 1)
        {
            AddNext(sequence);
            return SequenceVerdict.Forward;
        }

        return AddOther(sequence, step);
    }

    /// <summary>Takes the packet that follows the latest one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddNext(ushort sequence)
    {
        if (_extendedMax - (WindowBits - 1) >= _base)
        {
            if ((long)_older < 0) _runs.Received();
            else _runs.Lost();
        }

        _older = (_older << 1) | (_recent >> 63);
        _recent = (_recent << 1) | 1;
        _extendedMax++;
        _max = sequence;
        _afterStray = NoStray;
    }

    /// <summary>Runs and bursts up to now, as if the stream ended here; this tracker goes on unchanged.</summary>
    public readonly LossRuns RunsSoFar()
    {
        SequenceTracker copy = this;
        copy.Drain(WindowBits);
        copy._runs.End();
        return copy._runs;
    }

    private SequenceVerdict AddOther(ushort sequence, int step)
    {
        if (step == 0)
        {
            _afterStray = NoStray;
            Duplicates++;
            return SequenceVerdict.Duplicate;
        }

        if (step < MaxDropout)
        {
            Shift(step);
            _extendedMax += step;
            _missing += step - 1;
            _max = sequence;
            _afterStray = NoStray;
            return SequenceVerdict.Forward;
        }

        int back = 0x1_0000 - step;
        if (back <= MaxMisorder)
        {
            _afterStray = NoStray;
            return AddLate(back);
        }

        if (sequence == _afterStray)
        {
            Strays--; // the one before was the first of this segment after all
            Close();
            Begin((ushort)(sequence - 1));
            Shift(1);
            _extendedMax++;
            _max = sequence;
            _afterStray = NoStray;
            return SequenceVerdict.Restart;
        }

        if ((ushort)(sequence + 1) == _afterStray)
        {
            Duplicates++;
            return SequenceVerdict.Duplicate;
        }

        _afterStray = (ushort)(sequence + 1);
        Strays++;
        return SequenceVerdict.Stray;
    }

    private SequenceVerdict AddLate(int back)
    {
        ref ulong word = ref (back < 64 ? ref _recent : ref _older);
        ulong bit = 1UL << (back & 63);
        if ((word & bit) != 0)
        {
            Duplicates++;
            return SequenceVerdict.Duplicate;
        }

        word |= bit;
        OutOfOrder++;
        if (_extendedMax - back >= _base) _missing--;
        return SequenceVerdict.Late;
    }

    private void Begin(ushort first)
    {
        _recent = 1;
        _older = 0;
        _max = first;
        _extendedMax = first;
        _base = first;
        _segments++;
    }

    private void Close()
    {
        Drain(WindowBits);
        _runs.End();
        _closedExpected += _extendedMax - _base + 1;
    }

    /// <summary>Moves the window forward: what falls out of it is settled.</summary>
    private void Shift(int step)
    {
        Drain(Math.Min(step, WindowBits));
        for (int i = WindowBits; i < step; i++) _runs.Lost();
        if (step < 64)
        {
            _older = (_older << step) | (_recent >> (64 - step));
            _recent = (_recent << step) | 1;
        }
        else if (step < WindowBits)
        {
            _older = _recent << (step - 64);
            _recent = 1;
        }
        else
        {
            _older = 0;
            _recent = 1;
        }
    }

    /// <summary>Settles the oldest <paramref name="count"/> places of the window, as far as they are in the segment.</summary>
    private void Drain(int count)
    {
        long settled = Math.Min(_extendedMax - _base, WindowBits - 1);
        for (long back = settled; back >= WindowBits - count; back--)
        {
            bool received = ((back < 64 ? _recent >> (int)back : _older >> (int)(back - 64)) & 1) != 0;
            if (received) _runs.Received();
            else _runs.Lost();
        }
    }
}
