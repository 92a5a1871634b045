using System.Runtime.CompilerServices;
using CdrEngine.Core;

namespace CdrEngine.Capture.Interfaces;

/// <summary>A network interface of this machine, read through a ring shared with the kernel (AF_PACKET, TPACKET_V3).</summary>
/// <remarks>
/// The kernel fills blocks of packets and hands them over when full or a few milliseconds old; a packet's bytes are used where they lie, and its
/// block goes back after its last packet. Nothing is allocated or copied per packet. Stamps are the kernel's, in nanoseconds. An interface
/// that is down, gone or not there yet is told once and looked for every second (<see cref="Tend"/>).
/// </remarks>
public sealed unsafe class InterfaceSource : ILiveSource
{
    private const int WaitMilliseconds = 100;

    // struct tpacket_block_desc
    private const int BlockStatus = 8;
    private const int BlockPackets = 12;
    private const int BlockFirst = 16;

    // struct tpacket3_hdr
    private const int EntryNext = 0;
    private const int EntrySeconds = 4;
    private const int EntryNanoseconds = 8;
    private const int EntryCaptured = 12;
    private const int EntryLength = 16;
    private const int EntryStatus = 20;
    private const int EntryOffset = 24;
    private const int EntryTag = 32;
    private const int EntryTagProtocol = 36;
    private const int EntryHardware = 48 + 8; // in the sockaddr_ll behind it
    private const int EntryPacketType = 48 + 10;
    private const int EntryBytes = 48 + 20;

    private const uint ToUser = 1;
    private const uint Losing = 1 << 2;
    private const uint HasTag = 1 << 4;
    private const uint HasTagProtocol = 1 << 6;
    private const uint HasAdapterStamp = 1u << 31;
    private const byte Outgoing = 4;
    private const int MacAddressesBytes = 12;

    private const ushort HardwareEthernet = 1;
    private const ushort HardwarePpp = 512;
    private const ushort HardwareLoopback = 772;
    private const ushort HardwareRawIp = 519;
    private const ushort HardwareNone = 0xFFFE;

    private readonly InterfaceOptions _options;
    private readonly ulong[] _filter;
    private PacketRing? _ring;
    private byte* _block;   // the one being read; null between two
    private byte* _entry;   // the packet that stands ready, or the one taken last
    private uint _left;     // packets of the block not yet taken, the one that stands ready included
    private int _blockIndex;
    private bool _standsReady;
    private bool _isDown;

    private InterfaceSource(string name, InterfaceOptions options, ulong[] filter)
    {
        Name = name;
        _options = options;
        _filter = filter;
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <inheritdoc />
    public string Origin => Name;

    /// <summary>Why nothing can be read now, in one line without the name; null while it can.</summary>
    public string? Fault { get; private set; }

    /// <inheritdoc />
    public long Position => Counters[InterfaceCounter.Bytes];

    /// <inheritdoc />
    public long Length => -1;

    /// <inheritdoc />
    public bool IsOrdered => _ring is not null && !_isDown;

    /// <inheritdoc />
    public long Losses { get; private set; }

    /// <inheritdoc />
    public int FillPercent
    {
        get
        {
            if (_ring is null) return 0;

            // Blocks are filled one after the other: where one ahead of us is handed over, all before it are.
            if (IsHandedOver(_ring.Blocks * 7 / 8)) return 87;
            return IsHandedOver(_ring.Blocks / 2) ? 50 : 0;
        }
    }

    /// <summary>What is counted.</summary>
    public Counters<InterfaceCounter> Counters { get; } = new();

    /// <summary>Opens an interface. One that is not there (yet) is no problem; a wrong filter, a missing right or too large a ring is.</summary>
    /// <param name="name">Its name, or <see cref="InterfaceOptions.Any"/>.</param>
    /// <param name="options">How to read it.</param>
    /// <param name="problem">One line where null is given back.</param>
    public static InterfaceSource? Open(string name, InterfaceOptions options, out string? problem)
    {
        if (name.Length is 0 or > 15 || name.Any(static c => c is '/' or <= ' ' or > '~'))
        {
            problem = "no name of an interface";
            return null;
        }

        if (name == InterfaceOptions.Any && options.Share != RingShare.All) throw new ArgumentException("frames of 'any' begin differently and cannot be sorted by share", nameof(options));
        if (name == InterfaceOptions.Any && options.Filter.Length > 0)
        {
            problem = "'any' takes no filter, since its packets begin differently; name the interfaces";
            return null;
        }

        if (PacketFilter.Compile(options.Filter, options.SnapLength, out problem) is not { } filter) return null;
        var source = new InterfaceSource(name, options, ShareFilter.Of(options.Share, filter));
        if (source.TryOpen(out problem)) return source;
        source.Dispose();
        return null;
    }

    /// <inheritdoc />
    public ReadOutcome Read(out CapturedPacket packet)
    {
        if (!Peek(out _))
        {
            var descriptors = new List<int>(1);
            AddDescriptors(descriptors);
            if (Native.Poll(descriptors, WaitMilliseconds)) Tend();
            if (!Peek(out _))
            {
                packet = default;
                return ReadOutcome.Idle;
            }
        }

        Take(out packet);
        return ReadOutcome.Packet;
    }

    /// <inheritdoc />
    public void AddDescriptors(IList<int> descriptors)
    {
        // While it is down the socket may have an error to tell at every poll; a descriptor that is not waited on cannot spin.
        if (_ring is not null && !_isDown) descriptors.Add(_ring.Descriptor);
    }

    /// <inheritdoc />
    public bool Peek(out Timestamp order)
    {
        while (!_standsReady)
        {
            if (_block is null ? !NextBlock() : !NextEntry())
            {
                order = default;
                return false;
            }
        }

        order = Stamp(out _);
        return true;
    }

    /// <inheritdoc />
    public void Take(out CapturedPacket packet)
    {
        if (!_standsReady) throw new InvalidOperationException("nothing stands ready");
        _standsReady = false;
        byte* start = _entry + Field<ushort>(EntryOffset);
        int captured = (int)Field<uint>(EntryCaptured);
        int length = (int)Field<uint>(EntryLength);
        LinkType link = LinkOf(Field<ushort>(EntryHardware))!.Value;
        uint status = Field<uint>(EntryStatus);
        if ((status & HasTag) != 0 && link == LinkType.Ethernet && captured >= MacAddressesBytes + 2)
        {
            start = PutTagBack(start, status);
            captured += 4;
            length += 4;
        }

        Counters.Increment(InterfaceCounter.Packets);
        Counters.Add(InterfaceCounter.Bytes, captured);
        if ((status & HasAdapterStamp) != 0) Counters.Increment(InterfaceCounter.AdapterStamps);
        if (length > captured) Counters.Increment(InterfaceCounter.Truncated);
        packet = new CapturedPacket
        {
            CapturedAt = Stamp(out ushort remainder),
            NanosecondRemainder = remainder,
            LinkType = link,
            OriginalLength = length,
            Bytes = new ReadOnlySpan<byte>(start, captured),
        };
    }

    /// <inheritdoc />
    public void Tend()
    {
        if (_ring is null)
        {
            if (!TryOpen(out string? problem) && problem is not null) Notice(problem);
            return;
        }

        Count();
        int error = _ring.TakeError();
        if (_ring.Index == 0) return;
        int index = Native.IndexOf(_ring.Descriptor, Name);
        if (index != _ring.Index)
        {
            // What the ring holds still is read first.
            if (Peek(out _)) return;
            Close();
            Outage(index == 0 ? "the interface is gone; looking for it every second" : "another interface has the name now");
            return;
        }

        bool isUp = Native.IsUp(_ring.Descriptor, Name);
        if (isUp == !_isDown)
        {
            // Down and up again since the last look.
            if (isUp && error == Native.ErrorNetworkDown) Blink();
            return;
        }

        _isDown = !isUp;
        if (_isDown)
        {
            Outage("the interface is down; waiting for it");
        }
        else
        {
            if (!_options.IsSecond) Losses++;
            Fault = null;
            Tell("the interface is up again");
        }
    }

    /// <inheritdoc />
    public IEnumerable<CounterValue> Describe() => Counters.Describe();

    /// <inheritdoc />
    public void Dispose() => Close();

    private bool TryOpen(out string? problem)
    {
        PacketRing? ring = PacketRing.Open(Name, _options, _filter, out problem, out int error);
        if (ring is null)
        {
            if (error != Native.ErrorNoDevice) return false;
            if (Fault is null) Outage("no such interface; looking for it every second");
            problem = null;
            return true;
        }

        bool returns = Fault is not null;
        _ring = ring;
        _blockIndex = 0;
        Fault = null;
        if (_options.WantsAdapterStamps && !ring.HasAdapterStamps) Tell("the adapter offers no stamps of its own; the kernel's are taken");
        _isDown = ring.Index != 0 && !Native.IsUp(ring.Descriptor, Name);
        if (_isDown)
        {
            _ = ring.TakeError();
            Outage("the interface is down; waiting for it");
        }
        else if (returns)
        {
            if (!_options.IsSecond) Losses++;
            Tell("the interface is back");
        }

        return true;
    }

    private void Close()
    {
        _standsReady = false;
        _block = null;
        _entry = null;
        _left = 0;
        _ring?.Dispose();
        _ring = null;
        _isDown = false;
    }

    private bool IsHandedOver(int ahead)
    {
        byte* block = _ring!.Memory + ((long)((_blockIndex + ahead) % _ring.Blocks) * _ring.BlockBytes);
        return (Volatile.Read(ref *(uint*)(block + BlockStatus)) & ToUser) != 0;
    }

    private void Outage(string what)
    {
        if (!_options.IsSecond)
        {
            Counters.Increment(InterfaceCounter.Outages);
            Losses++;
        }

        Notice(what);
    }

    private void Blink()
    {
        if (_options.IsSecond) return;
        Counters.Increment(InterfaceCounter.Outages);
        Losses++;
        _options.OnNotice?.Invoke("the interface was down for a moment");
    }

    private void Notice(string what)
    {
        if (Fault == what) return;
        Fault = what;
        Tell(what);
    }

    private void Tell(string what)
    {
        if (!_options.IsSecond) _options.OnNotice?.Invoke(what);
    }

    /// <summary>Begins the next block where the kernel has handed it over.</summary>
    private bool NextBlock()
    {
        if (_ring is null) return false;
        byte* block = _ring.Memory + ((long)_blockIndex * _ring.BlockBytes);
        uint status = Volatile.Read(ref *(uint*)(block + BlockStatus));
        if ((status & ToUser) == 0) return false;
        _block = block;
        _left = *(uint*)(block + BlockPackets);
        _entry = block + *(uint*)(block + BlockFirst);
        _standsReady = _left > 0 && IsGood();
        if ((status & Losing) != 0) Count();
        return true;
    }

    /// <summary>Goes to the block's next packet, or gives the block back after its last. Always true: there is more to look at.</summary>
    private bool NextEntry()
    {
        if (_left > 1)
        {
            uint next = Field<uint>(EntryNext);
            _left--;
            _entry += next;
            if (next > 0 && _entry + EntryBytes <= _block + _ring!.BlockBytes)
            {
                _standsReady = IsGood();
                return true;
            }

            Counters.Increment(InterfaceCounter.BadEntries);
        }

        Volatile.Write(ref *(uint*)(_block + BlockStatus), 0);
        _block = null;
        _left = 0;
        _blockIndex = (_blockIndex + 1) % _ring!.Blocks;
        return true;
    }

    /// <summary>Whether the entry is a packet for us.</summary>
    private bool IsGood()
    {
        ushort hardware = Field<ushort>(EntryHardware);
        if (hardware == HardwareLoopback && _entry[EntryPacketType] == Outgoing)
        {
            Counters.Increment(InterfaceCounter.LoopbackCopies);
            return false;
        }

        if (LinkOf(hardware) is null)
        {
            Counters.Increment(InterfaceCounter.UnknownLink);
            return false;
        }

        // The kernel wrote these; but a bound costs little, and what lies behind the ring is not ours.
        if (_entry + Field<ushort>(EntryOffset) + Field<uint>(EntryCaptured) <= _block + _ring!.BlockBytes) return true;
        Counters.Increment(InterfaceCounter.BadEntries);
        return false;
    }

    private static LinkType? LinkOf(ushort hardware) => hardware switch
    {
        HardwareEthernet or HardwareLoopback => LinkType.Ethernet,
        HardwareNone or HardwareRawIp or HardwarePpp => LinkType.Raw,
        _ => null,
    };

    /// <summary>Moves the MAC addresses four bytes to the front, where the ring has room for them, and writes the tag behind them.</summary>
    private byte* PutTagBack(byte* start, uint status)
    {
        byte* to = start - 4;
        new ReadOnlySpan<byte>(start, MacAddressesBytes).CopyTo(new Span<byte>(to, MacAddressesBytes));
        int protocol = (status & HasTagProtocol) != 0 ? Field<ushort>(EntryTagProtocol) : 0x8100;
        int tag = (int)Field<uint>(EntryTag);
        to[12] = (byte)(protocol >> 8);
        to[13] = (byte)protocol;
        to[14] = (byte)(tag >> 8);
        to[15] = (byte)tag;
        Counters.Increment(InterfaceCounter.VlanRestored);
        return to;
    }

    private Timestamp Stamp(out ushort remainder)
    {
        uint nanoseconds = Field<uint>(EntryNanoseconds);
        uint microseconds = nanoseconds / 1000;
        remainder = (ushort)(nanoseconds - (microseconds * 1000));
        return Timestamp.FromUnix(Field<uint>(EntrySeconds), microseconds);
    }

    private void Count()
    {
        Native.Statistics statistics = _ring!.TakeStatistics();
        Counters.Add(InterfaceCounter.KernelDropped, statistics.Drops);
        Counters.Add(InterfaceCounter.RingFull, statistics.Freezes);
        Losses += statistics.Drops;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T Field<T>(int offset)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(_entry + offset);
}
