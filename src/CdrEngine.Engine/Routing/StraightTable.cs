using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CdrEngine.Core;

namespace CdrEngine.Engine.Routing;

/// <summary>The flows whose next packet of the same SSRC goes where the last one went, with nothing to decide: by address pair as it stands in an IPv4 and
/// UDP header.</summary>
/// <remarks>Thirty-two bytes a flow, two to a cache line, at most half of them in use; what a packet touches here is one line. <see cref="MediaRouter"/> puts a flow
/// in after a packet that left nothing open, and takes it out before anything about it changes.</remarks>
internal sealed class StraightTable
{
    private const int SlotBytes = 32;
    private const int LineBytes = 64;
    private const int FewestSlots = 256;

    private byte[] _memory = [];
    private nint _first;
    private int _shift;
    private int _mask;

    public StraightTable() => Allocate(FewestSlots);

    /// <summary>Flows in the table.</summary>
    public int Count { get; private set; }

    /// <summary>The addresses of an IPv4 header that starts here, and the ports behind it, as they stand there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StraightKey KeyAt(ref byte ip) =>
        new(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref ip, 12)), Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref ip, 20)));

    /// <summary>The same of two addresses of IPv4.</summary>
    public static StraightKey KeyOf(Endpoint source, Endpoint destination)
    {
        Span<byte> bytes = stackalloc byte[12];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)source.Address.Low);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], (uint)destination.Address.Low);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[8..], source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[10..], destination.Port);
        return new StraightKey(MemoryMarshal.Read<ulong>(bytes), MemoryMarshal.Read<uint>(bytes[8..]));
    }

    /// <summary>The flow between these addresses; a null reference where it is not here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref StraightFlow Find(StraightKey key)
    {
        for (int at = Home(key); ; at = (at + 1) & _mask)
        {
            ref StraightFlow slot = ref Slot(at);
            if (slot.Key == key && slot.IsUsed) return ref slot;
            if (!slot.IsUsed) return ref Unsafe.NullRef<StraightFlow>();
        }
    }

    /// <summary>Puts a flow in, or changes what is known of it.</summary>
    public void Put(StraightFlow flow)
    {
        ref StraightFlow known = ref Find(flow.Key);
        if (!Unsafe.IsNullRef(ref known))
        {
            known = flow;
            return;
        }

        if ((Count + 1) * 2 > _mask + 1) Grow();
        Insert(flow);
        Count++;
    }

    /// <summary>Takes a flow out, if it is there.</summary>
    public void Remove(StraightKey key)
    {
        int hole = Home(key);
        while (Slot(hole).Key != key || !Slot(hole).IsUsed)
        {
            if (!Slot(hole).IsUsed) return;
            hole = (hole + 1) & _mask;
        }

        // Close the gap (no tombstones): move back each later one of the run that may not stand after the hole.
        for (int next = (hole + 1) & _mask; Slot(next).IsUsed; next = (next + 1) & _mask)
        {
            int home = Home(Slot(next).Key);
            bool staysReachable = hole <= next ? hole < home && home <= next : hole < home || home <= next;
            if (staysReachable) continue;
            Slot(hole) = Slot(next);
            hole = next;
        }

        Slot(hole) = default;
        Count--;
    }

    public void Clear()
    {
        Array.Clear(_memory);
        Count = 0;
    }

    private void Insert(StraightFlow flow)
    {
        int at = Home(flow.Key);
        while (Slot(at).IsUsed) at = (at + 1) & _mask;
        Slot(at) = flow;
    }

    private void Grow()
    {
        var old = new StraightFlow[Count];
        int count = 0;
        for (int at = 0; at <= _mask; at++)
        {
            if (Slot(at).IsUsed) old[count++] = Slot(at);
        }

        Allocate((_mask + 1) * 2);
        foreach (StraightFlow flow in old) Insert(flow);
    }

    // Pinned, so that slots can be laid on the lines of the cache.
    private void Allocate(int slots)
    {
        _memory = GC.AllocateArray<byte>((slots * SlotBytes) + LineBytes, pinned: true);
        nint start = Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0);
        _first = ((start + LineBytes - 1) & -LineBytes) - start;
        _mask = slots - 1;
        _shift = 64 - BitOperations.Log2((uint)slots);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Home(StraightKey key) => (int)(((key.Addresses ^ (key.Ports * 0x9E37_79B9_7F4A_7C15)) * 0xD6E8_FEB8_6659_FD93) >> _shift);

    // Places are within the mask, and there is memory for all of them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref StraightFlow Slot(int at) =>
        ref Unsafe.As<byte, StraightFlow>(ref Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(_memory), _first + ((nint)at * SlotBytes)));
}

/// <summary>Two addresses of IPv4 and two ports, in the order of the wire.</summary>
/// <param name="Addresses">Sender and receiver.</param>
/// <param name="Ports">Likewise.</param>
internal readonly record struct StraightKey(ulong Addresses, uint Ports);

/// <summary>A flow with nothing to decide.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct StraightFlow
{
    public ulong Addresses;
    public uint Ports;

    /// <summary>The SSRC this holds for; another one has to be looked at.</summary>
    public uint Ssrc;

    /// <summary>See <see cref="FlowEntry.LastPacketAt"/>.</summary>
    public Timestamp LastPacketAt;

    /// <summary>Number of the flow in its shard, and one: 0 is nothing.</summary>
    public int FlowAndOne;

    public int Shard;

    public readonly bool IsUsed => FlowAndOne != 0;

    public readonly StraightKey Key => new(Addresses, Ports);
}
