using CdrEngine.Calls.Dormant;
using CdrEngine.Core;

namespace CdrEngine.Calls.Hops;

/// <summary>A place of the wire at which a call's messages pass: a pair of addresses, looked at from the caller's side.</summary>
internal struct Place
{
    /// <summary>The end nearer the caller.</summary>
    public Endpoint CallerSide;

    /// <summary>The end nearer the callee.</summary>
    public Endpoint CalleeSide;

    /// <summary>Transport of the first message.</summary>
    public Transport Transport;

    /// <summary>First message.</summary>
    public Timestamp FirstSeenAt;

    /// <summary>Messages either way.</summary>
    public int Messages;

    /// <summary>Via header values of the first initial INVITE here (RFC 3261 16.6: each proxy puts one on top).</summary>
    public int ViaCount;

    /// <summary>Max-Forwards of the first initial INVITE here; -1 where absent.</summary>
    public int MaxForwards;

    /// <summary>Whether an initial INVITE passed here: only such places are hops.</summary>
    public bool HasInvite;

    /// <summary>Carries it into a small form or out of it.</summary>
    public void Carry(StateCarrier carrier)
    {
        carrier.Address(ref CallerSide);
        carrier.Address(ref CalleeSide);
        carrier.Name(ref Transport);
        carrier.Time(ref FirstSeenAt);
        carrier.Number(ref Messages);
        carrier.Number(ref ViaCount);
        carrier.Number(ref MaxForwards);
        carrier.Flag(ref HasInvite);
    }
}
