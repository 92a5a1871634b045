using System.Globalization;
using System.Text;
using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Endpoints;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CdrEngine.Api.Dialects.VoipStudio;

/// <summary>VoIPstudio History: CDRs, recordings, media sessions, voice messages, messages, chats, call tracking, statements.</summary>
internal sealed partial class VoipStudioDialect : Dialect
{
    private const string Root = "/v1.1/voipstudio";
    private const string TokenHeader = "X-Auth-Token";
    private const string BasicPrefix = "basic:";
    private const string LinkPrefix = "link:";
    private const string SharedRoute = "getMonitorMp3";
    private const string Mp3Type = RecordingEndpoints.Mp3Type;

    // Candidates up to which a filter that no column answers is counted exactly.
    private const int MostJudged = 10_000;
    private const int MostIds = 200;
    private static readonly TimeSpan LinkLife = TimeSpan.FromHours(24);
    private static readonly VoipStudioLinks NoLinks = new();

    private static readonly ApiParameter Filter = new("filter", "Conditions that all hold, as JSON.", new ValueShape("string", "[{\"property\":\"src\",\"operator\":\"eq\",\"value\":\"1001\"}]"));
    private static readonly ApiParameter Sort = new("sort", "Sense of the list, as JSON: the latest first where it is left out.", new ValueShape("string", "[{\"property\":\"id\",\"direction\":\"ASC\"}]"));

    private static readonly ApiParameter[] Listing = [PageParameters.Page("page"), PageParameters.Size("limit", VoipStudioCalls.DefaultLimit, CallQuery.MaxLimit), Sort, Filter];
    private static readonly ApiParameter[] One = [PageParameters.InPath("id", "Its id.", "2855442334", "integer")];
    private static readonly ApiParameter[] Several = [PageParameters.InPath("id", "Ids, with commas between.", "2855442334,2855442335")];
    private static readonly int[] NotFound = [StatusCodes.Status404NotFound];
    private static readonly int[] KeepErrors = [StatusCodes.Status404NotFound, StatusCodes.Status507InsufficientStorage];
    private static readonly int[] SoundErrors =
        [StatusCodes.Status202Accepted, StatusCodes.Status206PartialContent, StatusCodes.Status304NotModified, StatusCodes.Status404NotFound, StatusCodes.Status410Gone, StatusCodes.Status416RangeNotSatisfiable];

    private readonly CursorPages _pages = new(256, TimeSpan.FromMinutes(10), TimeProvider.System);
    private DialectDesk? _desk;

    public VoipStudioDialect() => Routes =
    [
        Get("cdrs", "getCdrs", "CDRs, a page at a time.", CdrsAsync, Listing, typeof(VoipStudioCdrs)),
        Get("cdrs.csv", "getCdrsCsv", "All CDRs as CSV.", context => CsvAsync(context, null), [Sort, Filter], null) with { MediaTypes = ["text/csv"] },
        Get("cdrs/calltracking", "getCallTrackingCdrs", "CDRs whose dialled number is a tracking number.", TrackingCdrsAsync, Listing, typeof(VoipStudioCdrs)),
        Get("cdrs/dictionaries", "getCdrDictionary", "Codes of the members of CDRs.", request => DictionaryAsync(request, VoipStudioDictionaries.Cdrs), [], typeof(VoipStudioDictionary)) with { Scope = null },
        Get("cdrs/{id}", "getCdr", "A CDR.", CdrAsync, One, typeof(VoipStudioOneCdr)) with { Errors = NotFound },
        Get("cdrs/{id}/notes", "getCdrNotes", "A CDR with its notes.", NotesAsync, One, typeof(VoipStudioOneNotedCdr)) with { Errors = NotFound },
        Get("cdrs/{id}.trace", "getCdrTrace", "The SIP messages of a call as text.", CdrTraceAsync, One, null) with { Scope = ApiScopes.PacketsRead, MediaTypes = [PacketEndpoints.TextType], Errors = NotFound },
        Get("cdrs/{id}.pcap", "getCdrPcap", "The packets of a call.", CdrPcapAsync, One, null) with { Scope = ApiScopes.PacketsRead, MediaTypes = [PacketEndpoints.PcapType], Errors = NotFound },
        new(HttpMethods.Patch, $"{Root}/cdrs", "updateCdrs", "Sets info and notes of CDRs; answers with the last of them.", PatchCdrsAsync)
        {
            Scope = ApiScopes.CallsWrite,
            Takes = typeof(VoipStudioCdrChange[]),
            Gives = typeof(VoipStudioOneCdr),
            Errors = KeepErrors,
        },
        new(HttpMethods.Patch, $"{Root}/cdrs/{{id}}", "updateCdr", "Sets info and notes of a CDR.", PatchCdrAsync)
        {
            Scope = ApiScopes.CallsWrite,
            Parameters = One,
            Takes = typeof(VoipStudioCdrChange),
            Gives = typeof(VoipStudioOneCdr),
            Errors = KeepErrors,
        },
        Delete("cdrs/{id}", "deleteCdrs", "Deletes calls.", DeleteCdrsAsync, StatusCodes.Status204NoContent),
        DeleteAll("cdrs", "deleteAllCdrs", "Deletes every call that the token's tenant may see.", DeleteAllCdrsAsync, StatusCodes.Status204NoContent),
        Get("users/{id}/cdrs", "getUserCdrs", "CDRs of a user.", UserCdrsAsync, [.. One, .. Listing], typeof(VoipStudioCdrs)),
        Get("users/{id}/cdrs.csv", "getUserCdrsCsv", "All CDRs of a user as CSV.", UserCsvAsync, [.. One, Sort, Filter], null) with { MediaTypes = ["text/csv"] },

        Get("monitors", "getMonitors", "Recordings, a page at a time.", MonitorsAsync, Listing, typeof(VoipStudioMonitors)) with { Scope = ApiScopes.RecordingsRead },
        Get("monitors/{id}", "getMonitor", "A recording.", MonitorAsync, One, typeof(VoipStudioOneMonitor)) with { Scope = ApiScopes.RecordingsRead, Errors = NotFound },
        Get("monitors/{id}/ai", "getMonitorText", "What was written about a recording.", MonitorTextAsync, One, typeof(VoipStudioOneMonitorText)) with { Scope = ApiScopes.RecordingsRead, Errors = NotFound },
        Get("monitors/{id}.mp3", SharedRoute, "The sound of a recording; also with `token` of the recording instead of a credential.", MonitorSoundAsync, One, null) with
        {
            Scope = ApiScopes.RecordingsRead,
            Parameters = [.. One, new("token", "Secret of a link, which stands for a credential.", new ValueShape("string", "00112233445566778899aabbccddeeff") { Pattern = "^[0-9a-f]{32}$" })],
            MediaTypes = [Mp3Type],
            Errors = SoundErrors,
        },
        new(HttpMethods.Patch, $"{Root}/monitors/{{id}}", "updateMonitor", "Stores what was made of a recording.", PatchMonitorAsync)
        {
            Scope = ApiScopes.CallsWrite,
            Parameters = One,
            Takes = typeof(VoipStudioMonitorChange),
            Gives = typeof(VoipStudioOneMonitor),
            LargestBody = 4 * 1024 * 1024,
            Errors = KeepErrors,
        },
        Delete("monitors/{id}", "deleteMonitors", "Deletes recordings.", DeleteMonitorsAsync, StatusCodes.Status204NoContent),
        DeleteAll("monitors", "deleteAllMonitors", "Deletes every recording that the token's tenant may see.", DeleteAllMonitorsAsync, StatusCodes.Status202Accepted),

        Get("msdrs", "getMsdrs", "Media sessions, a page at a time.", MsdrsAsync, Listing, typeof(VoipStudioMsdrs)),
        Get("msdrs/dictionaries", "getMsdrDictionary", "Codes of the members of media-session records.", request => DictionaryAsync(request, VoipStudioDictionaries.Msdrs), [], typeof(VoipStudioDictionary)) with { Scope = null },
        Get("msdrs/{id}", "getMsdr", "A media session.", MsdrAsync, One, typeof(VoipStudioOneMsdr)) with { Errors = NotFound },
        Get("msdrs/{id}.trace", "getMsdrTrace", "The SIP messages that negotiated a media session.", MsdrTraceAsync, One, null) with { Scope = ApiScopes.PacketsRead, MediaTypes = [PacketEndpoints.TextType], Errors = NotFound },
        Get("msdrs/{id}.pcap", "getMsdrPcap", "The packets of a media session.", MsdrPcapAsync, One, null) with { Scope = ApiScopes.PacketsRead, MediaTypes = [PacketEndpoints.PcapType], Errors = NotFound },
        Get("mediasessions/dictionaries", "getMediaSessionDictionary", "Types and states of media sessions.", request => DictionaryAsync(request, VoipStudioDictionaries.MediaSessions), [], typeof(VoipStudioDictionary)) with { Scope = null },

        Get("voicemessages", "getVoicemessages", "Voice messages, a page at a time.", VoicemessagesAsync, Listing, typeof(VoipStudioVoicemessages)) with { Scope = ApiScopes.RecordingsRead },
        Get("voicemessages/{id}", "getVoicemessage", "A voice message.", VoicemessageAsync, One, typeof(VoipStudioOneVoicemessage)) with { Scope = ApiScopes.RecordingsRead, Errors = NotFound },
        Get("voicemessages/{id}.mp3", "getVoicemessageMp3", "The caller's voice.", VoicemessageSoundAsync, One, null) with { Scope = ApiScopes.RecordingsRead, MediaTypes = [Mp3Type], Errors = SoundErrors },
        new(HttpMethods.Patch, $"{Root}/voicemessages", "updateVoicemessages", "Puts voice messages into folders; answers with the last of them.", PatchVoicemessagesAsync)
        {
            Scope = ApiScopes.CallsWrite,
            Takes = typeof(VoipStudioFolderChange[]),
            Gives = typeof(VoipStudioOneVoicemessage),
            Errors = KeepErrors,
        },
        Delete("voicemessages/{id}", "deleteVoicemessages", "Deletes voice messages.", DeleteVoicemessagesAsync, StatusCodes.Status204NoContent) with { Errors = KeepErrors },
        DeleteAll("voicemessages", "deleteAllVoicemessages", "Deletes every voice message that the token's tenant may see.", DeleteAllVoicemessagesAsync, StatusCodes.Status202Accepted),

        Get("sms", "getSms", "SIP MESSAGEs with a final answer, a page at a time.", TextsAsync, Listing, typeof(VoipStudioTexts)),
        Get("sms/dictionaries", "getSmsDictionary", "Codes of the members of SIP MESSAGEs.", request => DictionaryAsync(request, VoipStudioDictionaries.Sms), [], typeof(VoipStudioDictionary)) with { Scope = null },
        Get("sms/{id}", "getSmsOne", "A SIP MESSAGE.", TextAsync, One, typeof(VoipStudioOneSms)) with { Errors = NotFound },
        Get("chats", "getChats", "Chats, a page at a time.", ChatsAsync, Listing, typeof(VoipStudioChats)),
        Get("chats/{id}", "getChat", "A chat.", ChatAsync, One, typeof(VoipStudioOneChat)) with { Errors = NotFound },
        Get("chatmsgs", "getChatmsgs", "Messages of chats, a page at a time.", ChatmsgsAsync, Listing, typeof(VoipStudioChatmsgs)),
        Get("chatmsgs/{id}", "getChatmsg", "A message of a chat.", ChatmsgAsync, One, typeof(VoipStudioOneChatmsg)) with { Errors = NotFound },
        Delete("chatmsgs/{id}", "deleteChatmsgs", "Deletes messages.", DeleteChatmsgsAsync, StatusCodes.Status204NoContent) with { Errors = KeepErrors },
        DeleteAll("chatmsgs", "deleteAllChatmsgs", "Deletes every message that the token's tenant may see.", DeleteAllChatmsgsAsync, StatusCodes.Status204NoContent),

        Get("calltracking/cdrs", "getTrackingNumbers", "Tracking numbers of the directory.", TrackingNumbersAsync, [Listing[0], Listing[1]], typeof(VoipStudioTrackingNumbers)),
        Get("statements", "getStatements", "Lines of rated calls, a page at a time.", StatementsAsync, Listing, typeof(VoipStudioStatements)),
        DeleteAll("statements", "deleteAllStatements", "Clears the lines of rated calls.", DeleteAllStatementsAsync, StatusCodes.Status204NoContent),
    ];

    /// <inheritdoc />
    public override string Name => "voipstudio";

    /// <inheritdoc />
    public override string Title => "VoIPstudio History";

    /// <inheritdoc />
    public override IReadOnlyList<string> Prefixes => [Root];

    /// <inheritdoc />
    public override JsonSerializerOptions Json => VoipStudioJson.Default.Options;

    /// <inheritdoc />
    public override Type ErrorType => typeof(VoipStudioError);

    /// <inheritdoc />
    public override IReadOnlyList<DialectRoute> Routes { get; }

    /// <inheritdoc />
    public override string Challenge => "Basic realm=\"cdrengine\", charset=\"UTF-8\"";

    /// <inheritdoc />
    public override object SecurityScheme => new { type = "apiKey", @in = "header", name = TokenHeader };

    /// <inheritdoc />
    public override void Attach(DialectDesk desk) => _desk = desk;

    // The token's own header, HTTP Basic, a bearer token as everywhere else here, or the secret of a link.
    /// <inheritdoc />
    public override string? Presented(HttpContext context)
    {
        IHeaderDictionary headers = context.Request.Headers;
        if (headers[TokenHeader] is [{ Length: > 0 } own]) return own.Trim();
        if (headers.Authorization is [{ } authorization])
        {
            const string basic = "Basic ";
            if (!authorization.StartsWith(basic, StringComparison.OrdinalIgnoreCase)) return AccessGate.Presented(context);
            byte[] bytes = new byte[authorization.Length];
            return Convert.TryFromBase64String(authorization[basic.Length..].Trim(), bytes, out int length) ? BasicPrefix + Encoding.UTF8.GetString(bytes, 0, length) : BasicPrefix;
        }

        return context.Request.Query["token"] is [{ Length: > 0 } secret] && IsShared(context) ? LinkPrefix + secret : null;
    }

    // A user's number means nothing here: the token tells who it is. A name that is no number has to be the token's.
    /// <inheritdoc />
    public override AccessToken? Find(HttpContext context, string presented, TokenStore tokens)
    {
        if (presented.StartsWith(LinkPrefix, StringComparison.Ordinal)) return Linked(context, presented[LinkPrefix.Length..]);
        if (!presented.StartsWith(BasicPrefix, StringComparison.Ordinal)) return tokens.Find(presented);
        string[] parts = presented[BasicPrefix.Length..].Split(':', 2);
        if (parts.Length != 2 || tokens.Find(parts[1]) is not { } token) return null;
        return parts[0].All(char.IsAsciiDigit) || parts[0] == token.Id || parts[0] == token.Name ? token : null;
    }

    /// <inheritdoc />
    public override Task WriteAsync(HttpContext context, int status, string detail, string? parameter)
    {
        string message = status switch
        {
            StatusCodes.Status400BadRequest => "Validation error",
            StatusCodes.Status403Forbidden => "Access denied",
            StatusCodes.Status404NotFound => "Resource not found",
            _ => Problem.Title(status),
        };
        return WriteJsonAsync(context, status, new VoipStudioError(status, message, [new VoipStudioFault(parameter, detail)]));
    }

    private static DialectRoute Get(string path, string id, string summary, DialectHandler handler, IReadOnlyList<ApiParameter> parameters, Type? gives) =>
        new(HttpMethods.Get, $"{Root}/{path}", id, summary, handler) { Parameters = parameters, Gives = gives };

    private static DialectRoute Delete(string path, string id, string summary, DialectHandler handler, int status) =>
        new(HttpMethods.Delete, $"{Root}/{path}", id, summary, handler) { Scope = ApiScopes.CallsDelete, Parameters = Several, Status = status, Errors = NotFound };

    private static DialectRoute DeleteAll(string path, string id, string summary, DialectHandler handler, int status) =>
        new(HttpMethods.Delete, $"{Root}/{path}", id, summary, handler) { Scope = ApiScopes.DeleteAll, Status = status };

    private static bool IsShared(HttpContext context) => context.GetEndpoint()?.DisplayName == $"voipstudio {SharedRoute}";

    // Good for the sound of the one recording.
    private AccessToken? Linked(HttpContext context, string secret)
    {
        if (_desk is not { } desk || !IsShared(context)) return null;
        DateTimeOffset now = desk.Options.Time.GetUtcNow();
        if (desk.Remarks.LinkedCall(secret, Timestamp.From(now)) is not { } call) return null;
        if (context.GetRouteValue("id") is not string id || !long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out long number)) return null;
        if (desk.Calls.FindByNumber(number) is not { } found || found.Record.Id != call) return null;
        return new AccessToken { Id = "link:voipstudio", Name = "link", Hash = "", Scopes = [ApiScopes.RecordingsRead], Tenant = found.Tenant, Created = now };
    }

    private static Task DictionaryAsync(DialectRequest request, IReadOnlyList<VoipStudioTerm> terms) => request.JsonAsync(new VoipStudioDictionary(terms, terms.Count));

    // A page of calls, and how many there are: counted by columns; where records decide, exactly as long as few come into question.
    private static async Task<(IReadOnlyList<ListedCall> Calls, long Total)?> FoundAsync(DialectRequest request, VoipStudioCalls asked)
    {
        if (await request.RefusedAsync()) return null;
        CallPageRequest page = asked.Request(MostJudged) with { Skip = asked.Skip, Take = asked.Limit, WantsTotal = true };
        if (page.Where is null || page.Bridge is not null)
        {
            try
            {
                return await request.PageAsync(page) is { } told ? (told.Calls, told.Total ?? 0) : null;
            }
            catch (TooWideException)
            {
                // Days that are not over, or over a moment ago, tell no more of so many than how many they are at most.
            }
        }

        long? candidates = null;
        await request.Desk.Lists.RunAsync(request.Http, () =>
        {
            candidates = request.Desk.Calls.Count(asked.Query with { Tenant = request.Tenant });
            return Task.CompletedTask;
        });
        if (candidates is not { } count) return null;
        if (asked.Skip >= count && asked.Skip > 0) return ([], count);
        page = asked.Request() with { Skip = asked.Skip, Take = asked.Limit, WantsTotal = page.Bridge is null && count <= MostJudged };
        try
        {
            return await request.PageAsync(page) is { } slice ? (slice.Calls, slice.Total ?? count) : null;
        }
        catch (TooWideException)
        {
            await request.ErrorAsync(StatusCodes.Status400BadRequest, "filter: too few of the calls that come into question meet it; narrow it by calldate.", "filter");
            return null;
        }
    }

    // Several ids of a path, each of a call that may be seen; null where not, and then the request is answered.
    private static async Task<IReadOnlyList<ListedCall>?> SeveralAsync(DialectRequest request)
    {
        string text = request.Path("id");
        string[] parts = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (parts.Length is 0 or > MostIds)
        {
            await BadIdAsync(request, text);
            return null;
        }

        var calls = new List<ListedCall>(parts.Length);
        foreach (string part in parts)
        {
            if (await CallAsync(request, part) is not { } call) return null;
            calls.Add(call);
        }

        return calls;
    }

    private static Task<ListedCall?> CallAsync(DialectRequest request) => CallAsync(request, request.Path("id"));

    private static async Task<ListedCall?> CallAsync(DialectRequest request, string id)
    {
        if (TryNumber(id, out long number)) return await request.AllowedAsync(request.Desk.Calls.FindByNumber(number));
        await BadIdAsync(request, id);
        return null;
    }

    private static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static Task BadIdAsync(DialectRequest request, string id) =>
        request.ErrorAsync(StatusCodes.Status400BadRequest, $"id: '{QueryCheck.Shown(id)}' is no integer, or there are more than {MostIds}.", "id");

    private static Timestamp Now(DialectRequest request) => Timestamp.From(request.Desk.Options.Time.GetUtcNow());

    private static string By(DialectRequest request) => request.Token?.Id ?? "";

    private static Task FullAsync(DialectRequest request) => request.ErrorAsync(StatusCodes.Status507InsufficientStorage, "As much as may be is kept already.");

    // A filter does not narrow the deletion of all: whoever sends one expects something else.
    private static async Task<bool> MayClearAsync(DialectRequest request, string what)
    {
        if (request.Http.Request.Query.ContainsKey("filter"))
        {
            await request.ErrorAsync(StatusCodes.Status400BadRequest, "filter: this deletes everything; send ids to delete some.", "filter");
            return false;
        }

        return await request.AccountAsync($"delete_all_{what}", request.Tenant ?? "*", request.Tenant);
    }

    private static async Task<bool> AuditAsync(DialectRequest request, IEnumerable<(string Id, string? Tenant)> records, string action)
    {
        foreach ((string id, string? tenant) in records)
        {
            if (!await request.AccountAsync(action, id, tenant)) return false;
        }

        return true;
    }

    // What was cleared for the viewer: a start for whoever has a tenant, a condition for who sees all.
    private static void AfterClearing(DialectRequest request, ClearedList list, VoipStudioCalls asked)
    {
        IReadOnlyDictionary<string, Timestamp> cleared = request.Desk.Remarks.Cleared(list);
        if (cleared.Count == 0) return;
        Timestamp? from = Since(cleared, request.Tenant);
        if (from is { } begin) asked.Narrow(query => query with { From = query.From is { } given ? Timestamp.Max(given, begin) : begin });
        if (request.Tenant is not null || !cleared.Keys.Any(static tenant => tenant.Length > 0)) return;
        asked.And($"cleared {string.Join(',', cleared.OrderBy(static pair => pair.Key, StringComparer.Ordinal))}", record => !IsCleared(cleared, record.Tenant, record.StartedAt));
    }

    private static bool IsCleared(IReadOnlyDictionary<string, Timestamp> cleared, string? tenant, Timestamp at) =>
        (cleared.TryGetValue("", out Timestamp all) && at < all) || (tenant is not null && cleared.TryGetValue(tenant, out Timestamp own) && at < own);

    private static Timestamp? Since(IReadOnlyDictionary<string, Timestamp> cleared, string? tenant)
    {
        Timestamp? since = cleared.TryGetValue("", out Timestamp all) ? all : null;
        if (tenant is not null && cleared.TryGetValue(tenant, out Timestamp own)) since = since is { } known ? Timestamp.Max(known, own) : own;
        return since;
    }

    // Numbers of related calls; those of other tenants are nobody's business.
    private sealed class Relations(DialectRequest request)
    {
        private readonly Dictionary<string, long?> _numbers = new(StringComparer.Ordinal);

        public LiveIds Of(ListedCall call, CallFacts facts)
        {
            _numbers[call.Record.Id] = call.Number;
            return new LiveIds(call.Number, NumberOf(facts.ParentId), NumberOf(facts.RootId) ?? call.Number);
        }

        private long? NumberOf(string? id)
        {
            if (id is null) return null;
            if (_numbers.TryGetValue(id, out long? known)) return known;
            ListedCall? call = request.Desk.Calls.Find(id);
            long? number = call is not null && (request.Tenant is null || request.Tenant == call.Tenant) ? call.Number : null;
            return _numbers[id] = number;
        }
    }

    // The members of an object that a client sent; a fault of it is answered. Texts may be null.
    private sealed class Members(DialectRequest request, IReadOnlyDictionary<string, JsonElement> members)
    {
        private (string Name, string Problem)? _fault;

        public bool Has(string name) => members.ContainsKey(name);

        public void Only(params ReadOnlySpan<string> names)
        {
            foreach (string name in members.Keys)
            {
                if (!names.Contains(name)) _fault ??= (name, "cannot be changed");
            }
        }

        public string? Text(string name, int most)
        {
            if (!members.TryGetValue(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null) return null;
            string? text = null;
            try
            {
                if (value.ValueKind == JsonValueKind.String) text = value.GetString();
            }
            catch (InvalidOperationException)
            {
                // Half of a surrogate pair.
            }

            if (text is null) _fault ??= (name, "is no text");
            else if (text.Length > most) _fault ??= (name, $"is longer than {most} characters");
            return text;
        }

        public string? Raw(string name, int most)
        {
            if (!members.TryGetValue(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null) return null;
            string text = value.GetRawText();
            if (text.Length > most) _fault ??= (name, $"is longer than {most} characters");
            return text;
        }

        public long? Whole(string name, long least, long most)
        {
            if (!members.TryGetValue(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null) return null;
            if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= least && number <= most) return number;
            _fault ??= (name, $"is no whole number from {least} to {most}");
            return null;
        }

        public void Refuse(string name, string problem) => _fault ??= (name, problem);

        public async Task<bool> RefusedAsync()
        {
            if (_fault is not { } fault) return false;
            await request.ErrorAsync(StatusCodes.Status400BadRequest, $"{QueryCheck.Shown(fault.Name)} {fault.Problem}.", QueryCheck.Shown(fault.Name));
            return true;
        }
    }

    // The objects of an array; empty arrays within it are passed over, as the vendor's own example has one. Null where the request is answered.
    private static async Task<IReadOnlyList<IReadOnlyDictionary<string, JsonElement>>?> ObjectsAsync(DialectRequest request)
    {
        if (await request.BodyAsync<JsonElement[]>() is not { } items) return null;
        var objects = new List<IReadOnlyDictionary<string, JsonElement>>();
        foreach (JsonElement item in items)
        {
            if (item.ValueKind == JsonValueKind.Array && item.GetArrayLength() == 0) continue;
            if (item.ValueKind != JsonValueKind.Object || objects.Count == CallQuery.MaxLimit)
            {
                await request.ErrorAsync(StatusCodes.Status400BadRequest, $"body: it is an array of at most {CallQuery.MaxLimit} objects.", "body");
                return null;
            }

            objects.Add(MembersOf(item));
        }

        if (objects.Count > 0) return objects;
        await request.ErrorAsync(StatusCodes.Status400BadRequest, "body: it is an array of objects, each with an id.", "body");
        return null;
    }

    private static Dictionary<string, JsonElement> MembersOf(JsonElement item)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        try
        {
            foreach (JsonProperty member in item.EnumerateObject()) members[member.Name] = member.Value;
        }
        catch (InvalidOperationException)
        {
            // A name with half of a surrogate pair is none that may be changed.
            members["?"] = default;
        }

        return members;
    }
}
