namespace CdrEngine.Calls.Sessions;

/// <summary>What links calls to sessions, and its bounds.</summary>
public sealed record SessionOptions
{
    /// <summary>False links nothing: every call is its own session.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Names of headers that are equal in the calls of one session, or hold the Call-ID of the other call. Default: the names in use
    /// (Homer's X-CID, X-Call-ID, IMS's P-Charging-Vector, of which the icid-value counts).</summary>
    public IReadOnlyList<string> Headers { get; init; } = ["X-Call-ID", "X-CID", "P-Charging-Vector"];

    /// <summary>Beginnings and ends that machines put on a Call-ID, for example <c>_b2b-1</c>. Default: that of OpenSIPS and Homer.</summary>
    public IReadOnlyList<string> CallIdAffixes { get; init; } = ["_b2b-1"];

    /// <summary>Addresses that are one machine, each item a list separated by commas or blanks. Default: none; each address is its own machine.</summary>
    public IReadOnlyList<string> Machines { get; init; } = [];

    /// <summary>Codes in front of an extension by which the call that rings there is picked up. Default: <c>*8</c> and <c>**</c>.</summary>
    public IReadOnlyList<string> PickupCodes { get; init; } = ["*8", "**"];

    /// <summary>Numbers at which calls are parked; one that ends in <c>*</c> is all that begin so. Default: none.</summary>
    public IReadOnlyList<string> Orbits { get; init; } = [];

    /// <summary>Time between the set-ups of two calls linked by their numbers. Default 2 s.</summary>
    public TimeSpan NumberWindow { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Time between a REFER or a 3xx and the INVITE it asks for. Default 32 s: 64·T1 of RFC 3261.</summary>
    public TimeSpan ReferWindow { get; init; } = TimeSpan.FromSeconds(32);

    /// <summary>Time between the same RTP into and out of a machine. Default 2 s.</summary>
    public TimeSpan MediaWindow { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A call linked by numbers that goes on this long after the one it was made of is not of it. Default 5 s.</summary>
    public TimeSpan EndWindow { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Bounds.</summary>
    public SessionLimits Limits { get; init; } = new();
}

/// <summary>Bounds of linking.</summary>
public sealed record SessionLimits
{
    /// <summary>Calls of one session; further ones stay alone. Default 256: a ring group of 200 phones.</summary>
    public int CallsPerSession { get; init; } = 256;

    /// <summary>Links of one call. Default 256.</summary>
    public int LinksPerCall { get; init; } = 256;

    /// <summary>Headers, Session-IDs, SDP sessions and media addresses remembered; the oldest go first. Default 1,048,576: four minutes at a
    /// thousand calls a second.</summary>
    public int Keys { get; init; } = 1 << 20;

    /// <summary>Numbers of calls being set up. Default 65,536: two seconds at some eight thousand calls a second.</summary>
    public int Numbers { get; init; } = 1 << 16;

    /// <summary>Sightings of RTP. Default 65,536.</summary>
    public int Sightings { get; init; } = 1 << 16;

    /// <summary>REFER and 3xx that wait for their INVITE. Default 4096.</summary>
    public int Pending { get; init; } = 4096;

    /// <summary>Live calls that one key may name before it is taken for no key at all. Default 16.</summary>
    public int CallsPerKey { get; init; } = 16;

    /// <summary>RTP packets looked at of each stream. Default 8.</summary>
    public int PacketsPerStream { get; init; } = 8;
}
