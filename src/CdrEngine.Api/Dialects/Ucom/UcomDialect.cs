using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Dialects.Ucom;

/// <summary>UCOM: the calls of a client.</summary>
internal sealed class UcomDialect : Dialect
{
    // Numbers of a range of the directory that a filter by its extension asks for one by one.
    private const int MostOfRange = 1_000;

    private const int DefaultSize = 50;

    // Calls looked at for a page of those bridged.
    private const int MostLookedAt = 20_000;
    private const string Path = "/client/{client_id}/calls";

    private static readonly ApiParameter[] Parameters =
    [
        PageParameters.InPath("client_id", "The client: a tenant's name or number.", "1"),
        new("start_datetime", "Begun at or after, UTC.", new ValueShape("string", "2026-11-20 04:27:00")),
        new("end_datetime", "Begun at or before, UTC.", new ValueShape("string", "2026-11-20 05:27:00")),
        List("from_username", "Number that called.", "1001"),
        List("to_username", "Number that was called.", "2002"),
        List("bridged_username", "Number of the person that the call was connected to.", "2002"),
        List("did_number", "External number that the call came in by.", "74951234567"),
        new("extension_id", "Extension that the call belongs to.", new ValueShape("integer", "10002")) { IsList = true },
        new("flow", "Direction.", new ValueShape("string", "in") { Names = ["in", "out"] }) { IsList = true },
        Seconds("start_duration", "Lasted at least, seconds."),
        Seconds("end_duration", "Lasted at most, seconds."),
        Seconds("start_bridged_duration", "Was connected to a person for at least, seconds."),
        Seconds("end_bridged_duration", "Was connected to a person for at most, seconds."),
        new("order", "By the start: the latest or the earliest first.", new ValueShape("string", "asc") { Names = ["asc", "desc"] }) { Default = "desc" },
        PageParameters.Page("page"),
        PageParameters.Size("per_page", DefaultSize, CallQuery.MaxLimit),
    ];

    /// <inheritdoc />
    public override string Name => "ucom";

    /// <inheritdoc />
    public override string Title => "UCOM calls";

    /// <inheritdoc />
    public override IReadOnlyList<string> Prefixes => ["/client"];

    /// <inheritdoc />
    public override JsonSerializerOptions Json => UcomJson.Default.Options;

    /// <inheritdoc />
    public override Type ErrorType => typeof(UcomError);

    // Routing takes a slash at the end for none, so this serves /calls/ as well.
    /// <inheritdoc />
    public override IReadOnlyList<DialectRoute> Routes { get; } =
    [
        new(HttpMethods.Get, Path, "getClientCalls", "Calls of a client, a page at a time.", ListAsync)
        {
            Scope = ApiScopes.CallsRead,
            Parameters = Parameters,
            Gives = typeof(UcomPage),
            Errors = [StatusCodes.Status404NotFound],
        },
    ];

    /// <inheritdoc />
    public override Task WriteAsync(HttpContext context, int status, string detail, string? parameter) =>
        WriteJsonAsync(context, status, new UcomError(status, detail, parameter));

    private static async Task ListAsync(DialectRequest request)
    {
        string client = request.Path("client_id");
        if (!await request.EnterAsync(client)) return;
        UcomQuery asked = Read(request);
        if (await request.RefusedAsync()) return;
        CallSlice? slice = await request.WithinAsync("start_datetime", () => request.PageAsync(new CallPageRequest
        {
            Query = asked.Query,
            Skip = (asked.Page - 1) * asked.PerPage,
            Take = (int)asked.PerPage,
            Where = asked.Bridged ? asked.Where(request) : null,
            WhereTraits = asked.BridgedNumbers.Count > 0 ? CallTraits.None : CallTraits.ByMachine,
            Bridge = asked.Bridged && asked.BridgedNumbers.Count == 0
                ? new BridgeBounds(
                    asked.BridgedLeast is { } least ? WholeSeconds.AtLeast(least, request.Desk.Options.Rounding) : null,
                    asked.BridgedMost is { } most ? WholeSeconds.AtMost(most, request.Desk.Options.Rounding) : null)
                : null,
            WhereName = asked.Bridged ? $"bridged {asked.BridgedLeast} {asked.BridgedMost} {string.Join(',', asked.BridgedNumbers)}" : "",
        }));
        if (slice is null) return;
        long? owner = request.Desk.Directory.Find(client)?.Id;
        var extensions = new Dictionary<(string, long), UcomExtension?>();
        var linked = new LinkedCalls(request, slice.Calls.Select(static call => call.Record));
        await request.JsonAsync(new UcomPage(
            [.. slice.Calls.Select(call =>
            {
                CallFacts facts = linked.Facts(call.Record);
                return UcomMapping.Call(call.Record, facts, owner, request.Desk.Options.Rounding, More(request, UcomMapping.Extension(call.Record.Direction, facts), extensions));
            })],
            asked.Query.Ascending ? "asc" : "desc",
            asked.Page,
            asked.PerPage));
    }

    // Each extension of a page is looked up once.
    private static UcomExtension? More(DialectRequest request, PartyFacts? extension, Dictionary<(string Kind, long Id), UcomExtension?> known)
    {
        if (extension is not { Id: { } id } || !EnumNames<PartyKind>.TryParse(extension.Kind, out PartyKind kind)) return null;
        if (known.TryGetValue((extension.Kind, id), out UcomExtension? more)) return more;
        IApiDirectory directory = request.Desk.Directory;
        DirectoryEntry? group = directory.GroupsOf(request.Tenant, kind, id).FirstOrDefault(static group => group.Id > 0);
        return known[(extension.Kind, id)] = new UcomExtension(directory.Entry(request.Tenant, kind, id)?.Numbers.FirstOrDefault(), group?.Id);
    }

    // Numbers of whatever is shown with one of these ids, but for contacts, who are nobody's extension.
    private static HashSet<string> NumbersOf(DialectRequest request, IReadOnlyList<long> ids)
    {
        IApiDirectory directory = request.Desk.Directory;
        var numbers = new HashSet<string>(ids.SelectMany(id => directory.NumbersOf(request.Tenant, id)), StringComparer.Ordinal);
        foreach ((PartyKind kind, _) in EnumNames<PartyKind>.All)
        {
            if (kind == PartyKind.Contact) continue;
            foreach (long id in ids)
            {
                if (id <= 0 || directory.Entry(request.Tenant, kind, id) is not { } entry) continue;
                if (kind != PartyKind.User) numbers.UnionWith(entry.Extensions.Concat(entry.Numbers).Concat(entry.Usernames));

                // Of a range each number is asked for, where these are not too many.
                foreach (NumberRange range in entry.Ranges)
                {
                    for (long i = 0; range.Count <= MostOfRange && i < range.Count; i++) numbers.Add(range[i]);
                }
            }
        }

        return numbers;
    }

    // A call is its caller's where it goes out, its callee's where it comes in.
    private static CallQuery OfExtensions(DialectRequest request, CallQuery query, HashSet<string> numbers)
    {
        CallDirection[] Ways(string flow) => [.. UcomMapping.Directions(flow).Where(direction => query.Directions.Count == 0 || query.Directions.Contains(direction))];

        // A number that was asked for may be one of these in another spelling.
        bool IsOneOf(string number) => numbers.Contains(number)
            || (request.Desk.Directory.WhoHas(request.Tenant, number) is { } owner && owner.Extensions.Concat(owner.Numbers).Concat(owner.Usernames).Any(numbers.Contains));
        string[] callers = query.CallerNumbers.Count == 0 ? [.. numbers] : [.. query.CallerNumbers.Where(IsOneOf)];
        CallDirection[] goesOut = Ways("out"), comesIn = Ways("in");
        var either = new List<CallQuery>();
        if (goesOut.Length > 0 && callers.Length > 0) either.Add(query with { Directions = goesOut, CallerNumbers = callers });
        if (comesIn.Length > 0) either.Add(query with { Directions = comesIn, CalleeNumbers = [.. numbers] });
        return either switch
        {
            [] => query with { Ids = ["none"] },
            [var one] => one,
            _ => new CallQuery { From = query.From, To = query.To, Ascending = query.Ascending, Any = [.. either.Select(static one => one with { From = null, To = null })] },
        };
    }

    private static UcomQuery Read(DialectRequest request)
    {
        QueryReader query = request.Query;
        BillsecRounding rounding = request.Desk.Options.Rounding;
        var asked = new UcomQuery
        {
            Page = query.Whole("page", 1, 1, PageParameters.LastPage),
            PerPage = query.Whole("per_page", DefaultSize, 1, CallQuery.MaxLimit),
            BridgedLeast = query.WholeOrNull("start_bridged_duration", 0, WholeSeconds.Max),
            BridgedMost = query.WholeOrNull("end_bridged_duration", 0, WholeSeconds.Max),
            BridgedNumbers = query.Texts("bridged_username"),
        };
        var directions = new HashSet<CallDirection>();
        foreach (string flow in query.Texts("flow"))
        {
            if (flow is "in" or "out") directions.UnionWith(UcomMapping.Directions(flow));
            else query.Refuse("flow", flow, "is none of in, out");
        }

        IReadOnlyList<string> dids = query.Texts("did_number");
        IReadOnlyList<string> called = query.Texts("to_username");
        if (dids.Count > 0)
        {
            // A DID is the number dialled of a call that comes in; asked with others, both are to hold.
            if (directions.Count == 0) directions.UnionWith(UcomMapping.Directions("in"));
            else directions.IntersectWith(UcomMapping.Directions("in"));
            called = called.Count == 0 ? dids : [.. called.Intersect(dids, StringComparer.Ordinal)];
        }

        IReadOnlyList<long> extensions = query.Wholes("extension_id");
        HashSet<string> numbers = NumbersOf(request, extensions);
        bool nothing = (extensions.Count > 0 && numbers.Count == 0) || (dids.Count > 0 && (called.Count == 0 || directions.Count == 0));
        var found = new CallQuery
        {
            From = query.Time("start_datetime", UcomMapping.ReadTime, "2026-11-20 04:27:00"),
            To = query.Time("end_datetime", UcomMapping.ReadTime, "2026-11-20 05:27:00") is { } last ? last + TimeSpan.FromSeconds(1) : null,
            CallerNumbers = query.Texts("from_username"),
            DialledNumbers = called,
            Directions = [.. directions.Order()],
            SessionCalleeNumbers = asked.BridgedNumbers,
            DurationMin = query.WholeOrNull("start_duration", 0, WholeSeconds.Max) is { } least ? WholeSeconds.AtLeast(least, rounding) : null,
            DurationMax = query.WholeOrNull("end_duration", 0, WholeSeconds.Max) is { } most ? WholeSeconds.AtMost(most, rounding) : null,

            // Whom a call is bridged to, it is from its answer to its end at most.
            BillsecMin = asked.BridgedLeast is { } bridged ? WholeSeconds.AtLeast(bridged, rounding) : null,
            Dispositions = asked.Bridged ? [Disposition.Answered] : [],
            Traits = asked.Bridged ? [new TraitMatch(CallTraits.ByPerson), new TraitMatch(CallTraits.ByMachine | CallTraits.PassedOn)] : [],
            PersonBillsecMax = asked.BridgedMost is { } bridgedMost ? WholeSeconds.AtMost(bridgedMost, rounding) : null,
            Ascending = query.Word("order", "asc", "desc") == "asc",

            // No id is this text: asked for what cannot be, the answer is an empty page.
            Ids = nothing ? ["none"] : [],
        };
        return asked with { Query = extensions.Count == 0 || nothing ? found : OfExtensions(request, found, numbers) };
    }

    private static ApiParameter List(string name, string description, string example) => new(name, description + " Repeat it, or put commas between.", new ValueShape("string", example)) { IsList = true };

    private static ApiParameter Seconds(string name, string description) => new(name, description, new ValueShape("integer", "30") { Minimum = 0, Maximum = WholeSeconds.Max });

    /// <summary>What was asked for.</summary>
    private sealed record UcomQuery
    {
        public CallQuery Query { get; init; } = new();

        public long Page { get; init; }

        public long PerPage { get; init; }

        public long? BridgedLeast { get; init; }

        public long? BridgedMost { get; init; }

        public IReadOnlyList<string> BridgedNumbers { get; init; } = [];

        // Calls that a machine passed on are looked at one by one, so many for a page at the most.
        public Func<CallRecord, bool> Where(DialectRequest request)
        {
            int lookedAt = 0;
            return record => ++lookedAt > MostLookedAt
                ? throw new TooWideException()
                : UcomMapping.Bridge(record, request.Facts(record)) is { } bridge && Meets(bridge, request.Desk.Options.Rounding);
        }

        public bool Bridged => BridgedLeast is not null || BridgedMost is not null || BridgedNumbers.Count > 0;

        public bool Meets(BridgeFacts bridge, BillsecRounding rounding)
        {
            if (BridgedNumbers.Count > 0 && !BridgedNumbers.Contains(bridge.Number, StringComparer.Ordinal)) return false;
            if (BridgedLeast is null && BridgedMost is null) return true;
            if (bridge.Ended is not { } ended) return false;
            long seconds = WholeSeconds.Of(ended < bridge.At ? TimeSpan.Zero : ended - bridge.At, rounding);
            return !(seconds < BridgedLeast) && !(seconds > BridgedMost);
        }
    }
}
