using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Dialects.FonoUc;

/// <summary>fonoUC: login, CDRs and recordings of an account.</summary>
internal sealed class FonoUcDialect : Dialect
{
    private const string Root = "/api/v2";
    private const string AccountHeader = "X-Account-ID";
    private const string JsonType = "application/json";
    private const string Mp3Type = "audio/mpeg";
    private const int DefaultSize = 50;

    // Calls looked at for one page of recordings; a page may end early where sound is rare, and its key goes on behind them.
    private const int MostLookedAt = 10_000;

    private static readonly HeaderParameter Account = new(AccountHeader, "The account: a tenant's name or number. Where it is left out, that of the login.", new ValueShape("string", "1"));

    private static readonly ApiParameter[] Page =
    [
        Account,
        new("startDate", "Begun at or after: Unix seconds, or milliseconds in 13 digits.", new ValueShape("string", "1795150020") { Pattern = "^[0-9]{1,13}$" }),
        new("endDate", "Begun at or before, as `startDate`.", new ValueShape("string", "1795153620") { Pattern = "^[0-9]{1,13}$" }),
        PageParameters.Size("pageSize", DefaultSize, CallQuery.MaxLimit),
        new("startKey", "Where to go on: `next_start_key` of the page before.", new ValueShape("string", "63962369220") { Pattern = "^[0-9]{11}([0-9]{35})?$" }),
    ];

    private readonly FonoUcLogins _logins = new();

    public FonoUcDialect() => Routes =
    [
        new(HttpMethods.Post, $"{Root}/login", "login", "Gives an access token and a refresh token for a user name, a password (a token) and a domain (its tenant).", LoginAsync)
        {
            Scope = null,
            Takes = typeof(FonoUcLogin),
            Gives = typeof(FonoUcTokens),
            LargestBody = 16 * 1024,
            Errors = [StatusCodes.Status401Unauthorized],
        },
        new(HttpMethods.Post, $"{Root}/refresh", "refresh", "Gives a new pair for a refresh token, which is good once.", RefreshAsync)
        {
            Scope = null,
            Takes = typeof(FonoUcRefresh),
            Gives = typeof(FonoUcTokens),
            LargestBody = 16 * 1024,
            Errors = [StatusCodes.Status401Unauthorized],
        },
        new(HttpMethods.Post, $"{Root}/logout", "logout", "Ends the login whose access token is sent.", LogoutAsync) { Status = StatusCodes.Status204NoContent },
        new(HttpMethods.Get, $"{Root}/reports/cdrs", "getCdrs", "CDRs of an account, the earliest first.", CdrsAsync)
        {
            Parameters = Page,
            Gives = typeof(FonoUcCdrs),
            Errors = [StatusCodes.Status404NotFound],
        },
        new(HttpMethods.Get, $"{Root}/reports/recordings", "getRecordings", "Recordings of an account, the earliest first.", RecordingsAsync)
        {
            Scope = ApiScopes.RecordingsRead,
            Parameters = Page,
            Gives = typeof(FonoUcRecordings),
            Errors = [StatusCodes.Status404NotFound],
        },
        new(HttpMethods.Get, $"{Root}/reports/recording/{{recording_id}}", "getRecording", "A recording: its metadata, or with Accept: audio/mpeg its sound.", RecordingAsync)
        {
            Scope = ApiScopes.RecordingsRead,
            Parameters = [Account, PageParameters.InPath("recording_id", "Id of the recording.", "202611-00112233445566778899aabb20261120")],
            Gives = typeof(FonoUcRecordings),
            MediaTypes = [Mp3Type],
            Errors = [StatusCodes.Status202Accepted, StatusCodes.Status206PartialContent, StatusCodes.Status304NotModified, StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status410Gone, StatusCodes.Status416RangeNotSatisfiable],
        },
    ];

    /// <inheritdoc />
    public override string Name => "fonouc";

    /// <inheritdoc />
    public override string Title => "fonoUC reports";

    /// <inheritdoc />
    public override IReadOnlyList<string> Prefixes => [Root];

    /// <inheritdoc />
    public override JsonSerializerOptions Json => FonoUcJson.Default.Options;

    /// <inheritdoc />
    public override Type ErrorType => typeof(FonoUcError);

    /// <inheritdoc />
    public override IReadOnlyList<DialectRoute> Routes { get; }

    // A token of ours is taken as well as what a login gave.
    /// <inheritdoc />
    public override AccessToken? Find(HttpContext context, string presented, TokenStore tokens) =>
        tokens.Find(presented) ?? _logins.Find(presented, tokens.Now)?.Token(tokens);

    /// <inheritdoc />
    public override Task WriteAsync(HttpContext context, int status, string detail, string? parameter) =>
        WriteJsonAsync(context, status, new FonoUcError("error", Problem.Title(status), detail, parameter));

    private async Task LoginAsync(DialectRequest request)
    {
        if (await request.BodyAsync<FonoUcLogin>() is not { } login) return;
        foreach ((string name, string? value) in (ReadOnlySpan<(string, string?)>)[("username", login.Username), ("password", login.Password)])
        {
            if (!string.IsNullOrEmpty(value)) continue;
            await request.ErrorAsync(StatusCodes.Status400BadRequest, $"{name} is missing.", name);
            return;
        }

        if (request.Desk.Tokens is not { } tokens)
        {
            await GiveAsync(request, "", login.Username!, null, login.Domain);
            return;
        }

        if (await request.Desk.Gate.MustWaitAsync(request.Http, login.Password!)) return;
        AccessToken? token = tokens.Find(login.Password!);
        bool named = token is not null && (login.Username == token.Id || login.Username == token.Name);
        string? domain = string.IsNullOrEmpty(login.Domain) ? null : login.Domain;
        ApiAccount? account = domain is null ? null : request.Desk.Directory.Find(domain);

        // A domain that there is not is as wrong as a password: which domains there are is nobody's business.
        bool mine = domain is null || (account is not null && (token?.Tenant is null || account.Tenant is null || account.Tenant == token.Tenant));
        if (!named || !mine)
        {
            request.Desk.Gate.Failed(request.Http, login.Password!);
            await request.ErrorAsync(StatusCodes.Status401Unauthorized, "User name, password and domain do not belong together.");
            return;
        }

        request.Desk.Gate.Succeeded(request.Http, token!.Id);
        AccessGate.Seat(request.Http, token with { Tenant = token.Tenant ?? account?.Tenant });
        if (await request.AccountAsync("sign_in", null)) await GiveAsync(request, token.Id, login.Username!, token.Tenant ?? account?.Tenant, domain);
    }

    private async Task RefreshAsync(DialectRequest request)
    {
        if (await request.BodyAsync<FonoUcRefresh>() is not { } body) return;
        if (string.IsNullOrEmpty(body.RefreshToken))
        {
            await request.ErrorAsync(StatusCodes.Status400BadRequest, "refresh_token is missing.", "refresh_token");
            return;
        }

        if (await request.Desk.Gate.MustWaitAsync(request.Http, "")) return;
        FonoUcLogins.Login? login = _logins.Take(body.RefreshToken, request.Desk.Options.Time.GetUtcNow());
        AccessToken? token = login is null || request.Desk.Tokens is null ? null : login.Token(request.Desk.Tokens);
        if (login is null || (token is null && request.Desk.Tokens is not null))
        {
            request.Desk.Gate.Failed(request.Http, "");
            await request.ErrorAsync(StatusCodes.Status401Unauthorized, "The refresh token is not known here, was used before, has expired or was withdrawn.");
            return;
        }

        if (token is not null) AccessGate.Seat(request.Http, token);
        if (await request.AccountAsync("sign_in_again", null)) await GiveAsync(request, login.TokenId, token?.Name ?? "", login.Tenant, login.Domain);
    }

    private Task GiveAsync(DialectRequest request, string tokenId, string username, string? tenant, string? domain)
    {
        (string access, string refresh) = _logins.Make(tokenId, tenant, domain, request.Desk.Options.Time.GetUtcNow());
        return request.JsonAsync(new FonoUcTokens(new FonoUcAccount(tokenId, username, tenant, domain), access, refresh));
    }

    private async Task LogoutAsync(DialectRequest request)
    {
        if (!await request.AccountAsync("sign_out", null)) return;
        if (Presented(request.Http) is { } access) _logins.End(access);
        await request.EmptyAsync(StatusCodes.Status204NoContent);
    }

    private static async Task CdrsAsync(DialectRequest request)
    {
        if (await QueryAsync(request) is not { } query) return;
        if (await request.ListAsync(query with { Limit = query.Limit == CallQuery.MaxLimit ? query.Limit : query.Limit + 1 }) is not { } page) return;
        IReadOnlyList<CallRecord> calls = page.Calls;
        string? next = null;
        if (calls.Count > query.Limit)
        {
            next = FonoUcKeys.StartKey(calls[query.Limit], calls[query.Limit - 1].StartedAt);
            calls = [.. calls.Take(query.Limit)];
        }
        else if (page.NextCursor is { } cursor && calls.Count > 0)
        {
            // As many as can be asked for at once: the one behind is asked for alone.
            CallPage? rest = await request.ListAsync(query with { Cursor = cursor, Limit = 1 });
            if (rest is null) return;
            if (rest.Calls.Count > 0) next = FonoUcKeys.StartKey(rest.Calls[0], calls[^1].StartedAt);
        }

        BillsecRounding rounding = request.Desk.Options.Rounding;
        await request.JsonAsync(new FonoUcCdrs(
            [.. calls.Select(call => FonoUcMapping.Cdr(call, request.Desk.MakesRecordings, rounding)), new FonoUcEnd(next, calls.Count)]));
    }

    private static async Task RecordingsAsync(DialectRequest request)
    {
        if (await QueryAsync(request) is not { } query) return;
        var found = new List<CallRecord>();
        string? next = null;
        Timestamp? last = null;
        int lookedAt = 0;
        string? cursor = null;
        do
        {
            if (await request.ListAsync(query with { Cursor = cursor, Limit = Math.Min(query.Limit + 1, CallQuery.MaxLimit), IsAudible = request.Desk.MakesRecordings, Recorded = request.Desk.MakesRecordings ? null : true }) is not { } page) return;
            cursor = page.NextCursor;
            foreach (CallRecord call in page.Calls)
            {
                lookedAt++;
                if (found.Count == query.Limit || lookedAt > MostLookedAt)
                {
                    next = FonoUcKeys.StartKey(call, last);
                    break;
                }

                if (Sound.Of(call, request.Desk.MakesRecordings)) found.Add(call);
                last = call.StartedAt;
            }
        }
        while (next is null && cursor is not null);
        await request.JsonAsync(new FonoUcRecordings([.. found.Select(call => Describe(request, call))], next));
    }

    private static async Task RecordingAsync(DialectRequest request)
    {
        if (!await EnterAsync(request)) return;
        string text = request.Path("recording_id");
        if (!FonoUcKeys.TryReadRecordingId(text, out string id))
        {
            await request.ErrorAsync(StatusCodes.Status400BadRequest, "recording_id: it is none such as 202611-00112233445566778899aabb20261120.", "recording_id");
            return;
        }

        if (await request.AllowedAsync(request.Desk.Calls.Find(id)) is not { Record: var call }) return;
        switch (Negotiation.Choose(request.Http.Request, JsonType, Mp3Type))
        {
            case Mp3Type:
                await request.Desk.Recordings.SendAsync(request.Http, call, RecordingVariant.Default, retry: false, Mp3Type, ".mp3");
                break;
            case null:
                await Negotiation.RefuseAsync(request.Http, JsonType, Mp3Type);
                break;
            case var _ when Sound.Of(call, request.Desk.MakesRecordings):
                await request.JsonAsync(new FonoUcRecordings([Describe(request, call)], null));
                break;
            default:
                await request.ErrorAsync(StatusCodes.Status404NotFound, "There is no recording of this call.");
                break;
        }
    }

    private static FonoUcRecording Describe(DialectRequest request, CallRecord call)
    {
        RecordingEntry? entry = call.Recording.State == RecordingState.Available ? request.Desk.Media.States.GetRecording(call.Id) : null;
        HttpRequest http = request.Http.Request;
        CallFacts facts = request.Facts(call);
        DirectoryEntry? user = FonoUcMapping.Owner(call.Direction, facts) is { Kind: "user", Id: { } id } ? request.Desk.Directory.Entry(request.Tenant, PartyKind.User, id) : null;
        return FonoUcMapping.Recording(call, facts, entry, $"{http.Scheme}://{http.Host}", request.Desk.Options.Rounding, user?.Email ?? user?.Usernames.FirstOrDefault());
    }

    private static async Task<bool> EnterAsync(DialectRequest request)
    {
        string? account = request.Header(AccountHeader);
        if (await request.RefusedAsync()) return false;
        return account is null || await request.EnterAsync(account);
    }

    private static async Task<CallQuery?> QueryAsync(DialectRequest request)
    {
        if (!await EnterAsync(request)) return null;
        QueryReader read = request.Query;
        Timestamp? from = read.Time("startDate", FonoUcKeys.ReadUnix, "1795150020");
        Timestamp? to = read.Time("endDate", FonoUcKeys.ReadUnix, "1795153620");
        var query = new CallQuery
        {
            From = from,

            // Its last second, or millisecond, included.
            To = to is { } end ? end + (read.Text("endDate")!.Length == 13 ? TimeSpan.FromMilliseconds(1) : TimeSpan.FromSeconds(1)) : null,
            Limit = (int)read.Whole("pageSize", DefaultSize, 1, CallQuery.MaxLimit),
            Ascending = true,
        };
        if (read.Text("startKey") is { } key)
        {
            query = query with { Start = FonoUcKeys.ReadStartKey(key) };
            if (query.Start is null) read.Refuse("startKey", key, "is no next_start_key of a page");
        }

        if (to < from) read.Refuse("endDate", read.Text("endDate")!, "lies before startDate");
        return await request.RefusedAsync() ? null : query;
    }
}
