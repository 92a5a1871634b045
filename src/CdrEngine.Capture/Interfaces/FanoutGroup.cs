namespace CdrEngine.Capture.Interfaces;

/// <summary>How packets are dealt to rings that share an interface.</summary>
public enum FanoutMode : byte
{
    /// <summary>By addresses and ports: both directions of a stream to the same ring (PACKET_FANOUT_HASH). A ring that is full passes on to the next.</summary>
    Hash = 0,

    /// <summary>By the adapter's receive queue (PACKET_FANOUT_QM): what one processor received it also hands over.</summary>
    Queue = 5,
}

/// <summary>Rings that share the packets of one interface (PACKET_FANOUT of packet(7)). Each packet comes to one of them.</summary>
/// <remarks>Which ring gets a packet does not matter to results: all are put in order of their stamps again before anything looks at them, fragments of a datagram
/// too. So the kernel is not asked to put fragments together (PACKET_FANOUT_FLAG_DEFRAG), which would change what was on the wire.
/// The kernel chooses a number that no other program has; it is kept while any ring of the group is open.</remarks>
public sealed class FanoutGroup
{
    private const int Rollover = 0x1000; // PACKET_FANOUT_FLAG_ROLLOVER
    private const int UniqueId = 0x2000; // PACKET_FANOUT_FLAG_UNIQUEID
    private readonly Lock _gate = new();
    private int _members;
    private int _id;

    /// <summary>A group without rings.</summary>
    public FanoutGroup(FanoutMode mode) => Mode = mode;

    /// <summary>How packets are dealt.</summary>
    public FanoutMode Mode { get; }

    /// <summary>Takes an open and bound packet socket into the group; false where the kernel refuses.</summary>
    internal bool Join(int descriptor)
    {
        lock (_gate)
        {
            int mode = (int)Mode | (Mode == FanoutMode.Hash ? Rollover : 0);
            if (_members > 0)
            {
                if (!Native.SetOption(descriptor, Native.LevelPacket, Native.OptionFanout, (mode << 16) | _id)) return false;
            }
            else
            {
                if (!Native.SetOption(descriptor, Native.LevelPacket, Native.OptionFanout, (mode | UniqueId) << 16)) return false;
                _id = Native.GetNumber(descriptor, Native.LevelPacket, Native.OptionFanout) & 0xFFFF;
            }

            _members++;
            return true;
        }
    }

    /// <summary>A socket of the group was closed.</summary>
    internal void Leave()
    {
        lock (_gate) _members--;
    }
}
