using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using CdrEngine.Api.Access;
using CdrEngine.Api.Access.Audit;
using CdrEngine.Api.Access.Shares;
using CdrEngine.Api.Answers;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace CdrEngine.Api.Endpoints;

/// <summary>What a link to a recording opens: a page without scripts, the sound, and where that was allowed the ladder.</summary>
/// <remarks>Looking at a link uses nothing of it, since mail programs and messengers look at links by themselves: a person presses a button, which counts as one
/// opening and gives a ticket for some hours. A link that is unknown, withdrawn, expired or used up, and one whose call is gone, all look the same.</remarks>
internal sealed class SharePages(ShareStore shares, ICallReader calls, RecordingEndpoints recordings, PacketEndpoints packets, RequestAudit audit, ApiOptions options, ApiCounters counters)
{
    /// <summary>Below which everything is.</summary>
    public const string Root = "/share";

    private const string Style =
        ":root{color-scheme:light dark}body{font:16px/1.55 system-ui,sans-serif;margin:0;padding:24px 16px;color:light-dark(#171b22,#e7eaf0);background:light-dark(#f5f6f8,#0e1116)}"
        + "main{box-sizing:border-box;max-width:44em;margin:6vh auto 0;padding:24px 28px 28px;background:light-dark(#fff,#161a21);border:1px solid light-dark(#e0e4ea,#2a303a);border-radius:12px;overflow-wrap:anywhere}"
        + "h1{margin:0 0 12px;font-size:1.35em}p{margin:0 0 14px}audio{width:100%}img{max-width:100%;padding:8px;box-sizing:border-box;background:#fff;border-radius:8px}.dim{color:light-dark(#596273,#9aa4b4)}.no{color:light-dark(#b3261e,#ff8a80)}"
        + "label{display:block}input{display:block;box-sizing:border-box;width:100%;margin-top:4px}button,input{font:inherit;min-height:40px;padding:6px 14px;border-radius:8px;border:1px solid light-dark(#c4cad4,#3d4552);background:transparent;color:inherit}"
        + "button{background:light-dark(#0f766e,#4fc3b5);border-color:transparent;color:light-dark(#fff,#06201d);font-weight:600;cursor:pointer}";

    private static readonly string Policy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; media-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

    private readonly FailureBackOff _addresses = new(options.Limits, options.Time);
    private readonly FailureBackOff _phrases = new(options.Limits with { FailuresBeforeBackOff = 5, LongestBackOff = TimeSpan.FromMinutes(5) }, options.Time);
    private readonly RequestRate _rate = new(options.Limits.ShareRequestsPerMinute, options.Limits.BackOffAddresses, options.Time);
    private readonly ShareTicket _tickets = new();

    // Deriving a passphrase costs a tenth of a second of a processor.
    private readonly Seats _derivations = new(1, options.Limits.LongestWait, counters);

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder app)
    {
        string[] get = [HttpMethods.Get, HttpMethods.Head];
        void Add(string pattern, string[] methods, string name, RequestDelegate handler) =>
            app.MapMethods(pattern, methods, handler).WithDisplayName(name).WithMetadata(new AuditWay(AuditVia.Share));
        Add($"{Root}/{{link}}", get, "share", AskAsync);
        Add($"{Root}/{{link}}", [HttpMethods.Post], "share opening", OpenAsync);
        Add($"{Root}/{{link}}/{{ticket}}", get, "share opened", ShowAsync);
        Add($"{Root}/{{link}}/{{ticket}}/sound.mp3", get, "share sound", SoundAsync);
        Add($"{Root}/{{link}}/{{ticket}}/ladder.svg", get, "share ladder", LadderAsync);
    }

    /// <summary>Looks at a link without using it.</summary>
    private async Task AskAsync(HttpContext context)
    {
        if (await FindAsync(context) is not { } found) return;
        if (found.Link.IsUsedUp) await NothingAsync(context);
        else await PageAsync(context, StatusCodes.Status200OK, found.Link, Form(found.Link, isWrong: false));
    }

    private async Task OpenAsync(HttpContext context)
    {
        if (await FindAsync(context) is not { } found) return;
        ShareLink link = found.Link;
        if (link.Passphrase is { } kept && !await IsPassphraseAsync(context, link, kept)) return;
        if (link.IsUsedUp)
        {
            await NothingAsync(context);
            return;
        }

        // Noted before it is used: what cannot be accounted for is not opened.
        if (!await audit.AccountAsync(context, "open_share", link.CallId, link.Tenant)) return;
        if (!shares.Use(link.Id))
        {
            await NothingAsync(context);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = $"{context.Request.PathBase.Add(context.Request.Path).ToUriComponent().TrimEnd('/')}/{_tickets.Make(link, options.Time.GetUtcNow())}";
    }

    private async Task ShowAsync(HttpContext context)
    {
        if (await OpenedAsync(context) is not { } found) return;
        string at = context.Request.PathBase.Add(context.Request.Path).ToUriComponent().TrimEnd('/');
        string ladder = found.Link.Ladder ? $"<p><img src=\"{at}/ladder.svg\" alt=\"SIP messages of the call\"></p>" : "";
        await PageAsync(context, StatusCodes.Status200OK, found.Link, $"{About(found.Call)}<p><audio controls preload=\"none\" aria-label=\"The recording\" src=\"{at}/sound.mp3\"></audio></p>{ladder}");
    }

    private async Task SoundAsync(HttpContext context)
    {
        if (await OpenedAsync(context) is { } found)
            await recordings.SendAsync(context, found.Call, RecordingVariant.Default, retry: false, RecordingEndpoints.Mp3Type, ".mp3");
    }

    private async Task LadderAsync(HttpContext context)
    {
        if (await OpenedAsync(context) is not { } found) return;
        if (!found.Link.Ladder) await NothingAsync(context);
        else if (await audit.AccountAsync(context, "view_ladder", found.Call.Id, found.Call.Tenant)) await packets.SendLadderAsync(context, found.Call);
    }

    private async Task<(ShareLink Link, CallRecord Call)?> OpenedAsync(HttpContext context)
    {
        if (await FindAsync(context) is not { } found) return null;
        if (context.Request.RouteValues["ticket"] is string ticket && _tickets.IsGood(found.Link, ticket, options.Time.GetUtcNow())) return found;

        // The ticket ran out, or the engine began anew: the link is opened once more, if it may be.
        await NothingAsync(context);
        return null;
    }

    // The link of the path and its call; null where there is nothing to open, and then the request is answered.
    private async Task<(ShareLink Link, CallRecord Call)?> FindAsync(HttpContext context)
    {
        IPAddress? remote = context.Connection.RemoteIpAddress;
        if (_addresses.Remaining(remote) is { Ticks: > 0 } wait)
        {
            await WaitAsync(context, wait);
            return null;
        }

        if (!_rate.Takes(ClientNetwork.Of(remote)))
        {
            await WaitAsync(context, TimeSpan.FromMinutes(1));
            return null;
        }

        string text = context.Request.RouteValues["link"] as string ?? "";
        if (shares.Find(text) is not { } link)
        {
            _addresses.Failed(remote);
            counters.Count(ApiCounter.Unauthorized);
            ShareLink? known = ShareStore.IdIn(text) is { } id ? shares.Get(id) : null;
            audit.Refused(context, "open_share", known is null ? null : $"share:{known.Id}", known?.Tenant, known is null ? "not known here" : known.IsInForce(options.Time.GetUtcNow()) ? "wrong secret" : "expired or withdrawn");
            await NothingAsync(context);
            return null;
        }

        _addresses.Succeeded(remote);
        if (calls.Get(link.CallId) is not { } call || call.Tenant != link.Tenant)
        {
            await NothingAsync(context);
            return null;
        }

        AccessGate.Seat(context, new AccessToken { Id = $"share:{link.Id}", Name = "share", Hash = "", Scopes = [], Tenant = link.Tenant, Created = link.Created });
        return (link, call);
    }

    private async Task<bool> IsPassphraseAsync(HttpContext context, ShareLink link, string kept)
    {
        ulong key = ulong.Parse(link.Id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        if (_phrases.Remaining(key) is { Ticks: > 0 } wait)
        {
            await WaitAsync(context, wait);
            return false;
        }

        string? given = await GivenAsync(context);
        bool isRight = false, isSeated = false;
        await _derivations.RunAsync(context, () =>
        {
            isSeated = true;
            isRight = given is not null && Passphrase.Is(kept, given);
            return Task.CompletedTask;
        });
        if (!isSeated) return false;
        if (isRight)
        {
            _phrases.Succeeded(key);
            return true;
        }

        _phrases.Failed(key);
        counters.Count(ApiCounter.Unauthorized);
        audit.Refused(context, "open_share", $"share:{link.Id}", link.Tenant, "wrong passphrase");
        await PageAsync(context, StatusCodes.Status401Unauthorized, link, Form(link, isWrong: true));
        return false;
    }

    private static async Task<string?> GivenAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType) return null;
        try
        {
            var limits = new FormOptions { ValueCountLimit = 4, KeyLengthLimit = 64, ValueLengthLimit = 4 * Passphrase.Longest, BufferBodyLengthLimit = 8 * 1024, MultipartBodyLengthLimit = 8 * 1024 };
            IFormCollection form = await new FormFeature(context.Request, limits).ReadFormAsync(context.RequestAborted);
            return form["passphrase"] is [{ Length: > 0 and <= Passphrase.Longest } one] ? one : null;
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Form(ShareLink link, bool isWrong)
    {
        string ask = link.Passphrase is null ? "" : "<p><label>Passphrase <input type=\"password\" name=\"passphrase\" autocomplete=\"off\" required maxlength=\"128\"></label></p>";
        string wrong = isWrong ? "<p class=\"no\">This is not the passphrase.</p>" : "";
        return $"<p>Somebody shares the recording of a telephone call with you.</p>{wrong}<form method=\"post\">{ask}<p><button>Open</button></p></form>";
    }

    // When and how long; who called whom is told by whoever shares it.
    private static string About(CallRecord call) => string.Create(
        CultureInfo.InvariantCulture, $"<p class=\"dim\">{call.StartedAt.ToDateTime():yyyy-MM-dd HH:mm:ss} UTC, {(call.BillableDuration > TimeSpan.Zero ? call.BillableDuration : call.Duration):h\\:mm\\:ss}</p>");

    private static Task NothingAsync(HttpContext context) =>
        PageAsync(context, StatusCodes.Status404NotFound, null, "<p>This link opens nothing: it is mistyped, has ended, was withdrawn or was used as often as it may be.</p>");

    private Task WaitAsync(HttpContext context, TimeSpan wait)
    {
        counters.Count(ApiCounter.BackedOff);
        context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return PageAsync(context, StatusCodes.Status429TooManyRequests, null, "<p>Too many tries; wait a little.</p>");
    }

    private static Task PageAsync(HttpContext context, int status, ShareLink? link, string body)
    {
        context.Response.StatusCode = status;
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers["X-Robots-Tag"] = "noindex, nofollow";
        string title = link is { Name.Length: > 0 } ? WebUtility.HtmlEncode(new string([.. link.Name.Where(static c => !Ladder.XmlText.IsHarmful(c))])) : "Recording";
        string html = $"<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title><link rel=\"icon\" href=\"data:,\"><style>{Style}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>\n";
        return Body.WriteAsync(context, "text/html; charset=utf-8", Encoding.UTF8.GetBytes(html));
    }
}
