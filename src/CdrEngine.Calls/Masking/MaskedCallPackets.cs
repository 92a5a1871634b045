using CdrEngine.Calls.Ports;

namespace CdrEngine.Calls.Masking;

/// <summary>A call's packets with their digits hidden by policy: whatever is made of them (capture file, trace, ladder) has none.</summary>
/// <param name="packets">The packets as captured.</param>
/// <param name="planOf">The plan of a call by its record id; null where nothing of it is to be hidden.</param>
public sealed class MaskedCallPackets(ICallPackets packets, Func<string, MaskingPlan?> planOf) : ICallPackets
{
    /// <inheritdoc />
    public bool Visit(string id, PacketKinds kinds, ICapturedPacketVisitor visitor)
    {
        if (planOf(id) is not { Mask: not DtmfMask.None } plan) return packets.Visit(id, kinds, visitor);
        var masking = new MaskingVisitor(visitor, plan);
        bool isKnown = packets.Visit(id, kinds, masking);
        masking.Complete();
        return isKnown;
    }
}
