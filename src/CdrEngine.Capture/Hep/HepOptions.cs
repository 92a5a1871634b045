using System.Net;

namespace CdrEngine.Capture.Hep;

/// <summary>How HEP is received.</summary>
public sealed record HepOptions
{
    /// <summary>Address and port, for UDP and TCP both.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>The key agents must send; empty asks for none. Default empty.</summary>
    public string AuthKey { get; init; } = "";

    /// <summary>How far an agent's clock may be off before the time of arrival is taken instead. Default 1 min.</summary>
    public TimeSpan MaxSkew { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Bytes of the socket's buffer. Default 8 MiB; the kernel gives at most net.core.rmem_max.</summary>
    public int ReceiveBufferBytes { get; init; } = 8 << 20;

    /// <summary>Most TCP connections at once. Default 64.</summary>
    public int MaxConnections { get; init; } = 64;

    /// <summary>Most capture ids that become names of sources. Default 256.</summary>
    public int MaxAgents { get; init; } = 256;
}
