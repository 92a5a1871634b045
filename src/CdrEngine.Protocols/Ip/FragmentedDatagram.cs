using System.Buffers;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Ip;

/// <summary>A datagram in the making: its bytes, which of them are there, and the frames that brought them.</summary>
internal sealed class FragmentedDatagram
{
    private byte[] _bytes = [];

    // Start and end of each run of bytes that is there: sorted, disjoint, never adjacent.
    private int[] _runs = new int[8];
    private int _runCount;
    private int _end; // one past the last byte, once the last fragment was seen
    private int _cutAt; // from here on the snap length took bytes

    public FrameBuffer Frames { get; } = new();

    public FragmentKey Key { get; private set; }

    public Timestamp FirstAt { get; private set; }

    public int FragmentCount { get; private set; }

    /// <summary>Refused for good; kept so that its later fragments are refused too (RFC 5722).</summary>
    public bool IsDead { get; private set; }

    public byte Protocol { get; private set; }

    public FragmentedDatagram? Older { get; set; }

    public FragmentedDatagram? Newer { get; set; }

    public int HeldBytes => _bytes.Length + Frames.Length;

    /// <summary>The datagram when whole, up to the first byte that the capture cut.</summary>
    public ReadOnlySpan<byte> Payload => _bytes.AsSpan(0, Math.Min(_end, _cutAt));

    public int MissingBytes => Math.Max(0, _end - _cutAt);

    public bool IsWhole => _runCount == 1 && _runs[0] == 0 && _runs[1] == _end;

    public void Begin(in FragmentKey key, Timestamp at)
    {
        Key = key;
        FirstAt = at;
        FragmentCount = 0;
        IsDead = false;
        Protocol = key.Protocol;
        _runCount = 0;
        _end = -1;
        _cutAt = int.MaxValue;
    }

    /// <summary>Gives memory back.</summary>
    public void Clear()
    {
        Frames.Dispose();
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    public void Kill()
    {
        Clear();
        IsDead = true;
    }

    /// <summary>False where the fragment disagrees with what is known of the datagram's end.</summary>
    public bool AgreesOnEnd(in Fragment fragment)
    {
        int end = fragment.Offset + fragment.Length;
        if (fragment.HasMore) return _end < 0 || end <= _end;
        int last = _runCount == 0 ? 0 : _runs[(_runCount * 2) - 1];
        return _end < 0 ? end >= last : end == _end;
    }

    /// <summary>True where every byte of the fragment is there already, with the same value.</summary>
    public bool Contains(in Fragment fragment)
    {
        int start = fragment.Offset;
        int end = start + fragment.Length;
        for (int i = 0; i < _runCount; i++)
        {
            if (start < _runs[i * 2] || end > _runs[(i * 2) + 1]) continue;
            int known = Math.Clamp(Math.Min(_cutAt, _bytes.Length) - start, 0, fragment.Payload.Length);
            return _bytes.AsSpan(Math.Min(start, _bytes.Length), known).SequenceEqual(fragment.Payload[..known]);
        }

        return false;
    }

    /// <summary>True where any byte of the fragment is there already.</summary>
    public bool Overlaps(in Fragment fragment)
    {
        for (int i = 0; i < _runCount; i++)
        {
            if (fragment.Offset < _runs[(i * 2) + 1] && fragment.Offset + fragment.Length > _runs[i * 2]) return true;
        }

        return false;
    }

    /// <summary>Lays the fragment's bytes into the holes they fill; bytes that are there already stay.</summary>
    public void Fill(in Fragment fragment)
    {
        FragmentCount++;
        if (fragment.Offset == 0) Protocol = fragment.Protocol;
        int end = fragment.Offset + fragment.Length;
        if (!fragment.HasMore) _end = end;
        if (fragment.Payload.Length < fragment.Length) _cutAt = Math.Min(_cutAt, fragment.Offset + fragment.Payload.Length);
        EnsureBytes(fragment.Offset + fragment.Payload.Length);

        int at = fragment.Offset;
        for (int i = 0; i < _runCount && at < end; i++)
        {
            int runStart = _runs[i * 2];
            int runEnd = _runs[(i * 2) + 1];
            if (runEnd <= at) continue;
            if (runStart > at) CopyHole(fragment, at, Math.Min(runStart, end));
            at = Math.Max(at, runEnd);
        }

        if (at < end) CopyHole(fragment, at, end);
        AddRun(fragment.Offset, end);
    }

    private void CopyHole(in Fragment fragment, int from, int to)
    {
        to = Math.Min(to, fragment.Offset + fragment.Payload.Length);
        if (from < to) fragment.Payload[(from - fragment.Offset)..(to - fragment.Offset)].CopyTo(_bytes.AsSpan(from));
    }

    private void AddRun(int start, int end)
    {
        int first = 0;
        while (first < _runCount && _runs[(first * 2) + 1] < start) first++;
        int past = first;
        while (past < _runCount && _runs[past * 2] <= end)
        {
            start = Math.Min(start, _runs[past * 2]);
            end = Math.Max(end, _runs[(past * 2) + 1]);
            past++;
        }

        int count = _runCount - (past - first) + 1;
        if (count * 2 > _runs.Length) Array.Resize(ref _runs, _runs.Length * 2);
        Array.Copy(_runs, past * 2, _runs, (first + 1) * 2, (_runCount - past) * 2);
        _runs[first * 2] = start;
        _runs[(first * 2) + 1] = end;
        _runCount = count;
    }

    private void EnsureBytes(int needed)
    {
        if (_bytes.Length >= needed) return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 2048));
        _bytes.CopyTo(larger, 0);
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
