using System.Globalization;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Dialects.Common;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Access.Audit;

/// <summary>By which way an endpoint is reached, where that is neither the native API nor a dialect. Metadata of an endpoint.</summary>
/// <param name="Name">One of <see cref="AuditVia"/>.</param>
public sealed record AuditWay(string Name);

/// <summary>Notes what requests do: who and from where is taken from the request.</summary>
/// <param name="trail">The audit.</param>
/// <param name="options">Settings.</param>
/// <param name="counters">The API's counters.</param>
internal sealed class RequestAudit(AuditTrail trail, ApiOptions options, ApiCounters counters)
{
    /// <summary>Refusals noted in a minute. Anybody can be refused as often as they like, so that what is beyond is only counted, and told by the next entry.</summary>
    public const int RefusalsPerMinute = 60;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long _minuteBegan;
    private int _refusals;
    private long _unnoted;

    /// <summary>Notes what is about to be done. False where that cannot be written, and then the request is answered: what cannot be accounted for is not done.</summary>
    /// <param name="context">The request.</param>
    /// <param name="action">What is done.</param>
    /// <param name="about">What it is done to; null for nothing.</param>
    /// <param name="tenant">Tenant whose record it is; null for that of who asks.</param>
    /// <param name="detail">More about it.</param>
    public async Task<bool> AccountAsync(HttpContext context, string action, string? about, string? tenant = null, string? detail = null)
    {
        if (TryWrite(Entry(context, action, about, tenant) with { Detail = detail })) return true;
        context.Response.Headers.ContentDisposition = default;
        context.Response.Headers.ETag = default;
        await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The audit cannot be written, so nothing is done or given out.");
        return false;
    }

    /// <summary>Notes that somebody was refused: a wrong credential, or a right one that does not allow it. Where that cannot be written it stays refused.</summary>
    public void Refused(HttpContext context, string action, string? who, string? tenant, string detail)
    {
        long unnoted;
        lock (_lock)
        {
            long now = options.Time.GetTimestamp();
            if (_minuteBegan == 0 || options.Time.GetElapsedTime(_minuteBegan, now) >= Minute) (_minuteBegan, _refusals) = (now, 0);
            if (_refusals++ >= RefusalsPerMinute)
            {
                _unnoted++;
                return;
            }

            (unnoted, _unnoted) = (_unnoted, 0);
        }

        string more = unnoted == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {unnoted} refusals before it were not noted one by one");
        TryWrite(Entry(context, action, context.Request.Path.Value, tenant) with { Who = who, Result = AuditResult.Denied, Detail = detail + more });
    }

    private AuditEntry Entry(HttpContext context, string action, string? about, string? tenant)
    {
        AccessToken? token = AccessGate.Token(context);
        return new AuditEntry(action)
        {
            Who = WhoIs(token),
            Via = Way(context),
            Remote = Remote(context),
            Object = about,
            Tenant = tenant ?? token?.Tenant,
        };
    }

    private static string? WhoIs(AccessToken? token) => token is null ? null : token.Id.Contains(':', StringComparison.Ordinal) ? token.Id : $"token:{token.Id}";

    private static string Way(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<AuditWay>()?.Name ?? context.GetEndpoint()?.Metadata.GetMetadata<Dialect>()?.Name ?? AuditVia.Api;

    private static string? Remote(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString() : null;

    private bool TryWrite(AuditEntry entry)
    {
        try
        {
            trail.Write(entry);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            counters.Count(ApiCounter.AuditFailed);
            options.OnFault?.Invoke($"audit: {e.Message.ReplaceLineEndings(" ")}");
            return false;
        }
    }
}
