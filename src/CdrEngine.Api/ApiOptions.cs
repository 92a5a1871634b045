using System.Net;
using CdrEngine.Api.Access.Tls;
using CdrEngine.Calls.Records;

namespace CdrEngine.Api;

/// <summary>What the API is told at its start.</summary>
public sealed record ApiOptions
{
    /// <summary>The one address it listens on; port 0 takes a free one.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>Folder of tokens and audit, made with access for the owner only where there is none.</summary>
    public required string AccessFolder { get; init; }

    /// <summary>Whether a token is asked for. Where it is not and the address is a loopback one, requests must name the host by an address or
    /// <c>localhost</c>, so that a web page elsewhere cannot reach it by a name of its own (DNS rebinding).</summary>
    public bool Auth { get; init; } = true;

    /// <summary>Records on a page where the request does not say: 1..1000.</summary>
    public int PageSize { get; init; } = 50;

    /// <summary>Calls that are read and judged one by one for a page of a list whose filter or order no index answers; more are refused.</summary>
    public int MostJudged { get; init; } = 20_000;

    /// <summary>Sessions of several calls of which it is kept in memory what call logs tell of them, some 400 bytes each, from the first list on that asks for it; of more they are judged.</summary>
    public int MostSessions { get; init; } = 1_000_000;

    /// <summary>Folder in which that outlives the process, made with access for the owner only where there is none; null to keep it in memory alone.</summary>
    public string? CallLogFolder { get; init; }

    /// <summary>How <c>billsec</c> is rounded.</summary>
    public BillsecRounding Rounding { get; init; }

    /// <summary>Version of the program, as <c>stats</c> and the OpenAPI document tell it.</summary>
    public string Version { get; init; } = "0.0.0";

    /// <summary>The clock of uptime, back-off, tokens and audit.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Is told of each fault of ours (one line, no text of the wire); null to leave it at the counter.</summary>
    public Action<string>? OnFault { get; init; }

    /// <summary>Lines that <c>readyz</c> adds for those who look after the engine; null for none. Open to everybody, so it names nothing of the calls.</summary>
    public Func<IReadOnlyList<string>>? ReadyNotes { get; init; }

    /// <summary>Asked by <c>/readyz</c>: why the engine cannot do its work, as a sentence without secrets, since anybody may ask; null while it can.</summary>
    public Func<string?>? Unready { get; init; }

    /// <summary>TLS; null for plain HTTP.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary>Links by which others hear a recording without a token.</summary>
    public ShareOptions Shares { get; init; } = new();

    /// <summary>Bounds.</summary>
    public ApiLimits Limits { get; init; } = new();
}

/// <summary>Links to recordings.</summary>
/// <param name="Enabled">Whether there are any.</param>
/// <param name="Longest">Longest time that one may be good. Default 30 days.</param>
/// <param name="Most">Most that are in force at once.</param>
public sealed record ShareOptions(bool Enabled, TimeSpan Longest, int Most)
{
    /// <summary>The defaults.</summary>
    public ShareOptions()
        : this(true, TimeSpan.FromDays(30), Access.Shares.ShareStore.DefaultMost)
    {
    }
}

/// <summary>Bounds of the API.</summary>
public sealed record ApiLimits
{
    /// <summary>Open connections. Default 512: people, dashboards and scripts of one site with much to spare.</summary>
    public int Connections { get; init; } = 512;

    /// <summary>Open connections from one address (IPv6: /64), other than of this machine; 0 sets no bound. Default 128: a browser opens six, and some people sit
    /// behind one address.</summary>
    public int ConnectionsPerAddress { get; init; } = 128;

    /// <summary>Whether connections of this machine count too. Default no: a proxy on it may stand for everybody.</summary>
    internal bool CountsLoopback { get; init; }

    /// <summary>Largest body of a request, bytes; most resources take less. Default 4 MiB, the longest transcript.</summary>
    public long RequestBodyBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Longest first line of a request, bytes. Default 8 KiB.</summary>
    public int RequestLineBytes { get; init; } = 8 * 1024;

    /// <summary>Header fields of a request. Default 64.</summary>
    public int HeaderCount { get; init; } = 64;

    /// <summary>Bytes of all header fields of a request. Default 16 KiB.</summary>
    public int HeaderBytes { get; init; } = 16 * 1024;

    /// <summary>Time in which the head of a request, and the handshake of TLS before it, has to be there. Default 10 s.</summary>
    public TimeSpan HeadersTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time that a connection may be idle between requests. Default 60 s.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Bytes a second that a client has to send of a body, and take of an answer, after ten seconds' grace. Default 1 KiB.</summary>
    public int LeastBytesPerSecond { get; init; } = 1024;

    /// <summary>Packet, trace and ladder answers made at once, each with a thread. Default 8; what comes on top waits for
    /// <see cref="LongestWait"/> and is then told to come again (503).</summary>
    public int Downloads { get; init; } = 8;

    /// <summary>Lists asked of the store at once, each with a thread, so that slow ones leave threads for the rest. Default 16; beyond as with
    /// <see cref="Downloads"/>.</summary>
    public int Lists { get; init; } = 16;

    /// <summary>Longest wait for a free list or download. Default 5 s.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait of a request for a recording that is being made; then it is told to come again (202). Default 20 s, in which some
    /// hours of telephone sound are made, and short of the minute after which many proxies give up.</summary>
    public TimeSpan RecordingWait { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Time between two signs of life on a stream of events on which nothing happens. Default 15 s, below the half minute or so after which
    /// proxies give up on a silent answer.</summary>
    public TimeSpan EventHeartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Longest value of a query parameter, characters. Default 256.</summary>
    public int ParameterLength { get; init; } = 256;

    /// <summary>SIP messages of a call in a trace. Default 10,000, as many as a call of hours with a retransmitting peer has.</summary>
    public int TraceMessages { get; init; } = 10_000;

    /// <summary>SIP messages drawn in a ladder. Default 1,000; the rest is told as a number.</summary>
    public int LadderMessages { get; init; } = 1_000;

    /// <summary>Columns of a ladder. Default 16; further addresses share the last.</summary>
    public int LadderColumns { get; init; } = 16;

    /// <summary>Wrong tokens from one address before it is told to wait. Default 10.</summary>
    public int FailuresBeforeBackOff { get; init; } = 10;

    /// <summary>Wrong secrets for one token, from whatever addresses, before it is refused from addresses that it was not rightly shown from. Default 100:
    /// more than all a site's scripts give with a token that was changed, before somebody sees it.</summary>
    public int TokenFailuresBeforeBackOff { get; init; } = 100;

    /// <summary>Longest back-off of one address. Default 60 s; it begins with 1 s and doubles with each further failure.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Addresses whose failures are remembered, and as many tokens. Default 4,096; the one that failed longest ago makes room.</summary>
    public int BackOffAddresses { get; init; } = 4_096;

    /// <summary>Requests for links to recordings from one address in a minute. Default 240: a player that jumps about makes some.</summary>
    public int ShareRequestsPerMinute { get; init; } = 240;

    /// <summary>Size at which the audit file is put aside and a new one begun, bytes. Default 64 MiB, some 200,000 entries.</summary>
    public long AuditFileBytes { get; init; } = Access.Audit.AuditTrail.DefaultFileBytes;
}

/// <summary>What a start of the API tells.</summary>
/// <param name="Url">Where it listens, without a slash at the end.</param>
/// <param name="NewAdminToken">The administrator's token where this start made it; it is kept nowhere and shown once. Else null.</param>
public sealed record ApiStarted(string Url, string? NewAdminToken);
