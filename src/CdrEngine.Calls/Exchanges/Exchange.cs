using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Exchanges;

/// <summary>How far an exchange is.</summary>
public enum ExchangeState : byte
{
    /// <summary>No final response yet.</summary>
    Open,

    /// <summary>A final response was seen at a later hop; that at the hop nearest the sender is waited for.</summary>
    AnsweredFarther,

    /// <summary>The final response asks for another try (a challenge, for example), which is waited for.</summary>
    AwaitingRetry,

    /// <summary>Over: <see cref="Exchange.Status"/> is what the sender got, 0 where it got nothing.</summary>
    Settled,
}

/// <summary>What has packets of its own.</summary>
public interface IPacketOwner
{
    /// <summary>What whoever keeps packets ties to it; of no meaning elsewhere.</summary>
    object? Packets { get; set; }
}

/// <summary>One request outside INVITE and what came of it: all its retransmissions, its hops, its authenticated retries and their responses
/// (RFC 3261 17.1.2, 22.2, 8.1.3.5).</summary>
public sealed class Exchange : IPacketOwner
{
    private readonly ulong[] _places = new ulong[ExchangeLimits.PlacesKept];

    internal Exchange(byte[] key, SipMethod method, string methodText)
    {
        Key = key;
        Method = method;
        MethodText = methodText;
    }

    /// <summary>Method of the request.</summary>
    public SipMethod Method { get; }

    /// <summary>The method as written.</summary>
    public string MethodText { get; }

    /// <summary>Call-ID.</summary>
    public required string SipCallId { get; init; }

    /// <summary>From-tag; empty without one.</summary>
    public required string FromTag { get; init; }

    /// <summary>CSeq number of the first try.</summary>
    public uint FirstCSeq { get; internal set; }

    /// <summary>CSeq number of the latest try.</summary>
    public uint CSeq { get; internal set; }

    /// <summary>First request of the first try, at whatever hop it was seen first.</summary>
    public Timestamp StartedAt { get; internal set; }

    /// <summary>First request of the latest try, at the hop nearest the sender.</summary>
    public Timestamp RequestAt { get; internal set; }

    /// <summary>Final response at the hop nearest the sender; null where there is none.</summary>
    public Timestamp? AnsweredAt { get; internal set; }

    /// <summary>Sender at the hop nearest it: the source address as the network shows it.</summary>
    public Endpoint Source { get; internal set; }

    /// <summary>Receiver at that hop.</summary>
    public Endpoint Destination { get; internal set; }

    /// <summary>Transport at that hop.</summary>
    public Transport Transport { get; internal set; }

    /// <summary>Name of the source that saw the first request.</summary>
    public string CaptureSource { get; internal set; } = "";

    /// <summary>Final status; 0 while there is none.</summary>
    public int Status { get; internal set; }

    /// <summary>Reason phrase of the final response.</summary>
    public string? Reason { get; internal set; }

    /// <summary>Requests that were the same once more at the same place.</summary>
    public int Retransmissions { get; internal set; }

    /// <summary>Final responses that asked for another try and were given one.</summary>
    public int Challenges { get; internal set; }

    /// <summary>Places of the wire the request was seen at, up to <see cref="ExchangeLimits.PlacesKept"/>.</summary>
    public int Hops { get; private set; }

    /// <summary>True where a packet of it was cut by the capture.</summary>
    public bool IsTruncated { get; internal set; }

    /// <summary>How far it is.</summary>
    public ExchangeState State { get; internal set; }

    /// <summary>What whoever reads the request keeps of it until the exchange is settled.</summary>
    public object? Content { get; set; }

    /// <inheritdoc />
    public object? Packets { get; set; }

    /// <summary>Time from the request to its final response; null without one.</summary>
    public TimeSpan? ResponseTime => AnsweredAt is { } at && at >= RequestAt ? at - RequestAt : null;

    internal byte[] Key { get; }

    /// <summary>The exchange before this one with the same key; null where there is none.</summary>
    internal Exchange? Older { get; set; }

    internal int ViaCount { get; set; }

    /// <summary>Engine time from which the list it stands in counts.</summary>
    internal Timestamp Since { get; set; }

    internal LinkedListNode<Exchange>? Node { get; set; }

    /// <summary>Whether the latest request bore credentials.</summary>
    internal bool HasCredentials { get; set; }

    /// <summary>Notes a place; false where the request was seen there before.</summary>
    internal bool AddPlace(in Endpoint source, in Endpoint destination)
    {
        ulong place = (source.Hash64() * 31) ^ destination.Hash64();
        int kept = Math.Min(Hops, _places.Length);
        for (int i = 0; i < kept; i++)
        {
            if (_places[i] == place) return false;
        }

        if (Hops < _places.Length) _places[Hops++] = place;
        return true;
    }

    internal void ForgetPlaces() => Hops = 0;
}

/// <summary>Bounds and waiting times of exchanges.</summary>
public sealed record ExchangeLimits
{
    /// <summary>Places of the wire told apart for one exchange.</summary>
    public const int PlacesKept = 8;

    /// <summary>Exchanges known at a time, settled ones that still absorb repetitions included. Default 200,000: 6,000 a second for 32 s. Past
    /// it the one that was settled first is forgotten; where none is settled the eldest ends as unanswered.</summary>
    public int MaxExchanges { get; init; } = 200_000;

    /// <summary>Exchanges with the same Call-ID, From-tag and method at a time. Default 16.</summary>
    public int MaxOfOneDialog { get; init; } = 16;

    /// <summary>How long a final response may be away. Default 32 s: 64·T1, Timer F of RFC 3261 17.1.2.2.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(32);

    /// <summary>How long the retry that a response asks for may be away. Default 32 s.</summary>
    public TimeSpan RetryTimeout { get; init; } = TimeSpan.FromSeconds(32);

    /// <summary>How long a final response of a later hop may take to the first. Default 1 s.</summary>
    public TimeSpan HopDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a settled exchange absorbs repetitions. Default 32 s: Timer J of RFC 3261 17.2.2.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(32);
}
