using System.ComponentModel;
using CdrEngine.Api.Statistics;
using CdrEngine.Core;

namespace CdrEngine.Api;

/// <summary>What the API counts.</summary>
internal enum ApiCounter
{
    [Description("requests answered, whatever the answer")]
    Requests,

    [Description("requests refused as wrong (status 400 to 499)")]
    ClientErrors,

    [Description("requests that failed through a fault of ours (status 500 to 599)")]
    ServerErrors,

    [Description("requests without a token, or with one that is wrong, expired or revoked")]
    Unauthorized,

    [Description("requests whose token lacks the scope")]
    Forbidden,

    [Description("requests refused because their address gave wrong tokens too often")]
    BackedOff,

    [Description("downloads of packets and traces begun")]
    Downloads,

    [Description("requests refused because as many lists or downloads as may be were under way")]
    Busy,

    [Description("answers broken off because the client went away or through a fault of ours")]
    AnswersBroken,

    [Description("requests refused (status 503) because the store of the records did not answer")]
    StoreAway,

    [Description("connections refused because as many as may be were open from their address")]
    ConnectionsRefused,

    [Description("connections that spoke plain HTTP where TLS is asked for")]
    PlainHttp,

    [Description("downloads and acts refused, and refusals not noted, because the audit file cannot be written")]
    AuditFailed,

    [Description("times the token file became unreadable; the tokens known before stay in force")]
    TokenFileUnreadable,
}

/// <summary>The API's counters; any thread may count.</summary>
internal sealed class ApiCounters : IStatisticsSource
{
    private readonly Counters<ApiCounter> _counters = new();
    private readonly Lock _lock = new();

    public long this[ApiCounter counter] => _counters[counter];

    public void Count(ApiCounter counter)
    {
        lock (_lock) _counters.Increment(counter);
    }

    public IEnumerable<Statistic> Read() =>
        _counters.Statistics("api");
}
