namespace CdrEngine.Protocols.Ip;

/// <summary>One fragment as its headers describe it.</summary>
internal readonly ref struct Fragment
{
    /// <summary>The captured bytes.</summary>
    public required ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>Where they belong in the datagram, in bytes.</summary>
    public required int Offset { get; init; }

    /// <summary>Length on the wire; more than <see cref="Payload"/> where the snap length cut it.</summary>
    public required int Length { get; init; }

    /// <summary>Further fragments follow.</summary>
    public required bool HasMore { get; init; }

    /// <summary>The protocol that this fragment names; for IPv6 that of the first fragment counts.</summary>
    public required byte Protocol { get; init; }
}

/// <summary>What became of a fragment.</summary>
internal enum FragmentVerdict : byte
{
    /// <summary>Kept, or dropped as a copy of one that is there.</summary>
    Held,

    /// <summary>Its datagram is whole.</summary>
    Completed,

    /// <summary>Against the rules.</summary>
    Refused,
}
