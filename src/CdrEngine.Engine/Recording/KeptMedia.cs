using System.Buffers;
using System.Runtime.InteropServices;
using CdrEngine.Core;
using CdrEngine.Media.Playout;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Engine.Recording;

/// <summary>The open media of a call as the survey saw it, so that a call of some minutes is read, checked and understood once and not twice. What is longer, encrypted or redundant is read again.</summary>
internal sealed class KeptMedia(int bytes) : IDisposable
{
    /// <summary>Formats told apart; few calls have more than two.</summary>
    private const int MostKinds = 64;

    private readonly List<Kind> _kinds = [];
    private Entry[] _entries = ArrayPool<Entry>.Shared.Rent(256);
    private byte[] _payloads = ArrayPool<byte>.Shared.Rent(Math.Min(bytes, 64 * 1024));
    private int _count;
    private int _used;

    /// <summary>True while all packets of the survey are here.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>Says that a packet cannot be kept.</summary>
    public void GiveUp() => IsWhole = false;

    /// <summary>Keeps a packet.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="place">What the survey said of it.</param>
    public void Add(in RecordingPacket packet, in SurveyedPlace place)
    {
        if (!IsWhole) return;
        int kind = KindOf(packet);
        if (kind < 0 || _used + packet.Payload.Length > bytes)
        {
            IsWhole = false;
            return;
        }

        if (_count == _entries.Length) Grow(ref _entries, _count, _count * 2);
        if (_payloads.Length - _used < packet.Payload.Length) Grow(ref _payloads, _used, Math.Max(_used * 2, _used + packet.Payload.Length));
        packet.Payload.CopyTo(_payloads.AsSpan(_used));
        _entries[_count++] = new Entry
        {
            Place = place,
            At = packet.At,
            Ssrc = packet.Ssrc,
            RtpTimestamp = packet.RtpTimestamp,
            SequenceNumber = packet.SequenceNumber,
            Marker = packet.Marker,
            Kind = (byte)kind,
            Offset = _used,
            Length = packet.Payload.Length,
        };
        _used += packet.Payload.Length;
    }

    /// <summary>Gives all packets to a timeline, in order; it may stop before the last.</summary>
    public void PlayTo(RecordingTimeline timeline, CancellationToken stop)
    {
        ReadOnlySpan<Kind> kinds = CollectionsMarshal.AsSpan(_kinds);
        for (int i = 0; i < _count && timeline.SinkReason is null; i++)
        {
            if ((i & 1023) == 0) stop.ThrowIfCancellationRequested();
            ref Entry entry = ref _entries[i];
            ref readonly Kind kind = ref kinds[entry.Kind];
            var packet = new RecordingPacket
            {
                Side = kind.Side,
                Flow = kind.Flow,
                Rank = kind.Rank,
                Ssrc = entry.Ssrc,
                Format = kind.Format,
                Fmtp = kind.Fmtp,
                SequenceNumber = entry.SequenceNumber,
                RtpTimestamp = entry.RtpTimestamp,
                Marker = entry.Marker,
                At = entry.At,
                Payload = _payloads.AsSpan(entry.Offset, entry.Length),
            };
            timeline.Add(packet, entry.Place);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        IsWhole = false;
        if (_entries.Length > 0) ArrayPool<Entry>.Shared.Return(_entries);
        if (_payloads.Length > 0) ArrayPool<byte>.Shared.Return(_payloads);
        _entries = [];
        _payloads = [];
    }

    private int KindOf(in RecordingPacket packet)
    {
        ReadOnlySpan<Kind> kinds = CollectionsMarshal.AsSpan(_kinds);
        for (int i = 0; i < kinds.Length; i++)
        {
            if (kinds[i].Is(packet)) return i;
        }

        if (_kinds.Count == MostKinds) return -1;
        _kinds.Add(new Kind(packet.Side, packet.Flow, packet.Rank, packet.Format, packet.Fmtp));
        return _kinds.Count - 1;
    }

    private static void Grow<T>(ref T[] array, int used, int size)
    {
        T[] larger = ArrayPool<T>.Shared.Rent(size);
        array.AsSpan(0, used).CopyTo(larger);
        ArrayPool<T>.Shared.Return(array);
        array = larger;
    }

    private readonly record struct Kind(MediaSide Side, int Flow, int Rank, PayloadFormat Format, string? Fmtp)
    {
        public bool Is(in RecordingPacket packet) =>
            packet.Flow == Flow && packet.Side == Side && packet.Rank == Rank && ReferenceEquals(packet.Format, Format) && packet.Fmtp == Fmtp;
    }

    private struct Entry
    {
        public SurveyedPlace Place;
        public Timestamp At;
        public uint Ssrc;
        public uint RtpTimestamp;
        public int Offset;
        public int Length;
        public ushort SequenceNumber;
        public bool Marker;
        public byte Kind;
    }
}
