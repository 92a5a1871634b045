using CdrEngine.Api.Access;
using CdrEngine.Api.Access.Audit;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Endpoints;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Ports;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CdrEngine.Api.Pages;

/// <summary>Pages for people, served beside the API on its listener. Made by the project that draws them, joined in Host.</summary>
public abstract class ApiPages
{
    /// <summary>Adds the routes of the pages, once, before the server starts.</summary>
    internal abstract void Map(IEndpointRouteBuilder app, PageDesk desk);

    /// <summary>How errors look at a path; null where it is not the pages' to say.</summary>
    internal abstract IErrorForm? FormOf(PathString path);

    /// <summary>The token that somebody signed in with whom a request comes from; null for nobody. Asked for requests that only read and bring no token of their own.</summary>
    internal abstract AccessToken? SignedIn(HttpContext context);
}

/// <summary>What the pages are given: the ports of the API, and what guards and accounts for them.</summary>
internal sealed record PageDesk
{
    /// <summary>Settings of the server.</summary>
    public required ApiOptions Options { get; init; }

    /// <summary>Tokens; null where none is asked for.</summary>
    public required TokenStore? Tokens { get; init; }

    /// <summary>Counts wrong tokens.</summary>
    public required AccessGate Gate { get; init; }

    /// <summary>Who did what.</summary>
    public required RequestAudit Audit { get; init; }

    /// <summary>Counters.</summary>
    public required ApiCounters Counters { get; init; }

    /// <summary>Records, those of calls in progress by id too.</summary>
    public required ICallReader Calls { get; init; }

    /// <summary>Packets, in places of their own.</summary>
    public required Downloads Downloads { get; init; }

    /// <summary>Media sessions and recordings.</summary>
    public required ApiMedia Media { get; init; }

    /// <summary>Conversations.</summary>
    public required ISessionReader Sessions { get; init; }

    /// <summary>Calls in progress.</summary>
    public required ApiLive Live { get; init; }

    /// <summary>Registrations, messages and peers; null where there are none.</summary>
    public required ApiDesk? Outside { get; init; }

    /// <summary>Notes on calls.</summary>
    public required ICallRemarks Remarks { get; init; }

    /// <summary>Alerts and rules; null where there are none.</summary>
    public ApiAlerts? Alerts { get; init; }

    /// <summary>Figures for dashboards; null where there are none.</summary>
    public ITrafficReader? Traffic { get; init; }

    /// <summary>Counters of the other parts.</summary>
    public required IStatisticsSource Statistics { get; init; }

    /// <summary>Adds up calls; null where nothing does.</summary>
    public required ICallTotals? Totals { get; init; }

    /// <summary>Is cancelled when the server stops.</summary>
    public required CancellationToken Stopping { get; init; }
}
