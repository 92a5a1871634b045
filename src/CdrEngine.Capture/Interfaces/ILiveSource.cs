using CdrEngine.Core;

namespace CdrEngine.Capture.Interfaces;

/// <summary>A source that never ends by itself. Used by one thread, which waits on several of them at once (<see cref="LiveReader"/>).</summary>
public interface ILiveSource : IPacketSource
{
    /// <summary>Adds the file descriptors to wait on for reading; none while the source is away.</summary>
    void AddDescriptors(IList<int> descriptors);

    /// <summary>True where a packet stands ready; <paramref name="order"/> is its place in time among those of other sources. The packet of the
    /// last <see cref="Take"/> is given back by it.</summary>
    bool Peek(out Timestamp order);

    /// <summary>Takes the packet that <see cref="Peek"/> announced; its bytes stay valid until the next call of either.</summary>
    void Take(out CapturedPacket packet);

    /// <summary>Looks after the source about once a second: counts what the kernel dropped, opens it again where it went away.</summary>
    void Tend();

    /// <summary>True where packets may still come with a stamp of up to <see cref="LiveReader.Hold"/> ago, so that others wait for them.</summary>
    bool IsOrdered { get; }

    /// <summary>While nothing stands ready: a time before which nothing more will come, as far as the source itself knows. A ring that is read directly
    /// knows no more than its reader.</summary>
    Timestamp Horizon => Timestamp.MaxValue;

    /// <summary>How full the room is in which packets wait for us, in percent; roughly.</summary>
    int FillPercent => 0;

    /// <summary>Packets lost before they reached us, and moments in which the source was away: whenever this grows, calls that are open have
    /// a gap.</summary>
    long Losses { get; }

    /// <summary>Every counter, for stats.</summary>
    IEnumerable<CounterValue> Describe();

    /// <summary>Name of the sender of the packet last taken where it is more exact than <see cref="IPacketSource.Name"/>; otherwise that. The same
    /// object as long as the name is the same.</summary>
    string Origin { get; }
}
