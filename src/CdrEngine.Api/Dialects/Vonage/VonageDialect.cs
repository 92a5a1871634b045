using System.Globalization;
using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Dialects.Vonage;

/// <summary>Vonage Business telephony: calls and their legs, devices, and verbs that act on the telephone system.</summary>
internal sealed class VonageDialect : Dialect
{
    private const int CallsSize = 100;
    private const int DevicesSize = 10;
    private const string Calls = "/cc/accounts/{account_id}/calls";
    private const string Call = Calls + "/{call_id}";
    private const string Legs = Call + "/legs";
    private const string Leg = Legs + "/{leg_id}";
    private const string Devices = "/registration/accounts/{account_id}/devices";
    private const string ExampleId = "3fa85f64-5717-8562-b3fc-2c963f66afa6";

    private static readonly ApiParameter Account = PageParameters.InPath("account_id", "The account: a tenant's number or name.", "1234");
    private static readonly ApiParameter CallId = PageParameters.InPath("call_id", "The call.", ExampleId);
    private static readonly ApiParameter LegId = PageParameters.InPath("leg_id", "The leg.", ExampleId);
    private static readonly ApiParameter DeviceId = PageParameters.InPath("device_id", "Hardware address of the device, in any spelling.", "79-5C-7D-28-1B-B3");

    // Made once for a server, as its pages are remembered.
    private VonageLive? _live;

    public VonageDialect() => Routes =
    [
        Read(Calls, "listCalls", "Calls of the account, those in progress too, a page at a time.", ListAsync, typeof(VonageCalls), [Account, .. Paging(CallsSize, "begun")]),
        Act(HttpMethods.Post, Calls, "createCall", "Makes a call (click to dial).", DialAsync, typeof(VonageCallState), [Account], typeof(VonageDial)),
        Read(Call, "getCall", "A call.", CallAsync, typeof(VonageCall), [Account, CallId]),
        Act(HttpMethods.Patch, Call, "updateCall", "Sends a call on, or parks it.", ChangeCallAsync, typeof(VonageCallState), [Account, CallId], typeof(VonageCallChange)),
        Act(HttpMethods.Delete, Call, "deleteCall", "Ends a call.", EndCallAsync, typeof(VonageCallState), [Account, CallId], null),
        Read(Legs, "listLegs", "Legs of a call.", LegsAsync, typeof(IReadOnlyList<VonageLeg>), [Account, CallId]),
        Read(Leg, "getLeg", "A leg of a call.", LegAsync, typeof(VonageLeg), [Account, CallId, LegId]),
        Act(HttpMethods.Patch, Leg, "updateLeg", "Puts a leg on hold.", ChangeLegAsync, typeof(VonageLegState), [Account, CallId, LegId], typeof(VonageLegChange)),
        Act(HttpMethods.Delete, Leg, "deleteLeg", "Ends a leg.", EndLegAsync, null, [Account, CallId, LegId], null) with { Status = StatusCodes.Status204NoContent },
        Read(Devices, "listDevices", "Devices of the account, as they registered, a page at a time.", DevicesAsync, typeof(VonageDevices), [Account, .. Paging(DevicesSize, "last seen")]),
        Read(Devices + "/{device_id}", "getDevice", "A device.", DeviceAsync, typeof(VonageDevice), [Account, DeviceId]),
    ];

    /// <inheritdoc />
    public override string Name => "vonage";

    /// <inheritdoc />
    public override string Title => "Vonage Business telephony";

    /// <inheritdoc />
    public override IReadOnlyList<string> Prefixes => ["/cc/accounts", "/registration/accounts"];

    /// <inheritdoc />
    public override JsonSerializerOptions Json => VonageJson.Default.Options;

    /// <inheritdoc />
    public override Type ErrorType => typeof(VonageError);

    /// <inheritdoc />
    public override IReadOnlyList<DialectRoute> Routes { get; }

    /// <inheritdoc />
    public override Task WriteAsync(HttpContext context, int status, string detail, string? parameter) =>
        WriteJsonAsync(context, status, new VonageError(status, Problem.Title(status), detail, parameter));

    private static DialectRoute Read(string pattern, string id, string summary, DialectHandler handler, Type gives, ApiParameter[] parameters) =>
        new(HttpMethods.Get, pattern, id, summary, handler) { Scope = ApiScopes.CallsRead, Parameters = parameters, Gives = gives, Errors = [StatusCodes.Status404NotFound] };

    private static DialectRoute Act(string method, string pattern, string id, string summary, DialectHandler handler, Type? gives, ApiParameter[] parameters, Type? takes) =>
        new(method, pattern, id, summary, handler)
        {
            Scope = ApiScopes.CallsControl,
            Parameters = parameters,
            Takes = takes,
            LargestBody = 16 * 1024,
            Gives = gives,
            Errors = [StatusCodes.Status404NotFound, StatusCodes.Status409Conflict, StatusCodes.Status501NotImplemented],
        };

    private static ApiParameter[] Paging(int size, string when) =>
    [
        PageParameters.Page("page"),
        PageParameters.Size("page_size", size, CallQuery.MaxLimit),
        new("order", "The latest or the earliest first.", new ValueShape("string", "asc") { Names = ["asc", "desc"] }) { Default = "desc" },
        Second("start:gte", $"Those {when} at or after, seconds since 1970."),
        Second("start:lte", $"Those {when} at or before, seconds since 1970."),
        Second("start_time", "As start:gte."),
        Second("end_time", "As start:lte."),
    ];

    private static ApiParameter Second(string name, string description) => new(name, description, new ValueShape("integer", "1595955770") { Minimum = 0, Maximum = QuerySeconds.Max });

    private async Task ListAsync(DialectRequest request)
    {
        if (await EnterAsync(request) is not { } account) return;
        PageAsked asked = PageAsked.Read(request, CallsSize);
        if (await request.RefusedAsync()) return;
        var query = new CallQuery { From = asked.From, To = asked.To, Tenant = request.Tenant, Ascending = asked.Ascending };
        (IReadOnlyList<CallRecord> Calls, long Total)? page = null;
        await request.Desk.Lists.RunAsync(request.Http, async () => page = await PageAsync(request, query, asked));
        if (page is not { } found) return;
        long pages = asked.Pages(found.Total);
        await request.JsonAsync(new VonageCalls
        {
            Calls = [.. found.Calls.Select(call => VonageMapping.Call(call, account.Id))],
            CurrentPage = asked.Page,
            FirstPageUri = asked.Uri(1),
            NextPage = asked.Page < pages ? asked.Page + 1 : null,
            NextPageUri = asked.Page < pages ? asked.Uri(asked.Page + 1) : null,
            Order = asked.Order,
            PageSize = asked.Size,
            Pages = pages,
            PreviousPageUri = asked.Page > 1 ? asked.Uri(Math.Min(asked.Page - 1, Math.Max(1, pages))) : null,
        });
    }

    // Calls in progress stand among the stored ones. What is in progress is taken before the stored calls are, and what has been stored in between is shown
    // as stored.
    private async Task<(IReadOnlyList<CallRecord> Calls, long Total)> PageAsync(DialectRequest request, CallQuery query, PageAsked asked)
    {
        DialectDesk desk = request.Desk;
        VonageLive pages = LazyInitializer.EnsureInitialized(ref _live, () => new VonageLive(desk.Options.Time));
        CancellationToken gone = request.Http.RequestAborted;
        string key = $"{request.Viewer}|{query.Tenant}|{query.From}|{query.To}|{query.Ascending}";
        IReadOnlyList<CallPosition>? live = asked.Page == 1 ? null : pages.Recall(key);
        var open = new Dictionary<string, CallRecord>(StringComparer.Ordinal);
        bool begins = live is null;
        if (live is null)
        {
            foreach (LiveCall call in await VonageLive.TakeAsync(desk.Live, query, gone)) open[call.Record.Id] = call.Record;
            live = [.. open.Values.Select(VonageLive.Position)];
        }

        CallSlice Stored(long skip, int take, bool total) => desk.Calls.Page(new CallPageRequest
        {
            Query = query,
            Skip = skip,
            Take = take,
            Viewer = request.Viewer,
            WantsTotal = total,
            GoesOn = asked.Page > 1,
        });

        int before = VonageLive.Before(
            live,
            asked.Skip,
            at => Stored(at, 1, total: false).Calls is [var call] ? VonageLive.Position(call.Record) : null,
            (left, right) => VonageLive.Compare(left, right, query.Ascending) < 0);
        CallSlice slice = Stored(asked.Skip - before, asked.Size, total: true);
        if (begins)
        {
            live = [.. live.Where(call => desk.Calls.Find(call.Id) is null)];
            pages.Note(key, live);
        }

        var calls = new List<CallRecord>(asked.Size);
        int stored = 0;
        while (calls.Count < asked.Size && (before < live.Count || stored < slice.Calls.Count))
        {
            bool isLive = before < live.Count && (stored == slice.Calls.Count || VonageLive.Compare(live[before], VonageLive.Position(slice.Calls[stored].Record), query.Ascending) <= 0);
            if (!isLive)
            {
                calls.Add(slice.Calls[stored++].Record);
                continue;
            }

            // One that has ended since is shown as it ended, and not a second time among the stored ones.
            CallPosition position = live[before++];
            if (stored < slice.Calls.Count && slice.Calls[stored].Record.Id == position.Id) continue;
            CallRecord? record = open.GetValueOrDefault(position.Id) ?? desk.Calls.Find(position.Id)?.Record ?? (await desk.Live.FindAsync(position.Id, gone))?.Record;
            if (record is not null) calls.Add(record);
        }

        return (calls, (slice.Total ?? 0) + live.Count);
    }

    private static async Task CallAsync(DialectRequest request)
    {
        if (await FindAsync(request) is { } found) await request.JsonAsync(VonageMapping.Call(found.Call.Record, found.Account));
    }

    private static async Task LegsAsync(DialectRequest request)
    {
        if (await FindAsync(request) is { } found) await request.JsonAsync(VonageMapping.Legs(found.Call.Record, found.Account));
    }

    private static async Task LegAsync(DialectRequest request)
    {
        if (await FindLegAsync(request) is { } found) await request.JsonAsync(found.Leg);
    }

    private static async Task DevicesAsync(DialectRequest request)
    {
        if (await EnterAsync(request) is not { } account) return;
        PageAsked asked = PageAsked.Read(request, DevicesSize);
        if (await request.RefusedAsync()) return;

        // In order of address of record: that of the last sight changes with every refresh, and pages would with it.
        var query = new RegistrationQuery
        {
            From = asked.From,
            To = asked.To,
            Tenant = request.Tenant,
            Sort = RegistrationSort.Aor,
            Ascending = asked.Ascending,
            Skip = asked.Skip,
            Limit = asked.Size,
        };
        IReadOnlyList<RegistrationRecord>? devices = null;
        long total = 0;
        await request.Desk.Lists.RunAsync(request.Http, () =>
        {
            total = request.Desk.Outside?.Registrations.CountRegistrations(query) ?? 0;
            devices = request.Desk.Outside?.Registrations.ListRegistrations(query).Items ?? [];
            return Task.CompletedTask;
        });
        if (devices is null) return;
        long pages = asked.Pages(total);
        await request.JsonAsync(new VonageDevices
        {
            CurrentPage = asked.Page,
            Devices = [.. devices.Select(device => VonageMapping.Device(device, account.Id, Owner(request, device)))],
            FirstPageUri = asked.Uri(1),
            NextPage = asked.Page < pages ? (asked.Page + 1).ToString(CultureInfo.InvariantCulture) : null,
            NextPageUri = asked.Page < pages ? asked.Uri(asked.Page + 1) : null,
            Order = asked.Order,
            PageSize = asked.Size,
            Pages = pages,
            PreviousPageUri = asked.Page > 1 ? asked.Uri(Math.Min(asked.Page - 1, Math.Max(1, pages))) : null,
        });
    }

    private static async Task DeviceAsync(DialectRequest request)
    {
        if (await EnterAsync(request) is not { } account) return;
        string text = request.Path("device_id");
        if (VonageMapping.MacDigits(text) is not { } digits)
        {
            await request.ErrorAsync(StatusCodes.Status400BadRequest, $"device_id: '{QueryCheck.Shown(text)}' is no hardware address such as 79-5C-7D-28-1B-B3.", "device_id");
            return;
        }

        IRegistrationReader? registrations = request.Desk.Outside?.Registrations;
        string mac = string.Join(':', digits.Chunk(2).Select(static pair => new string(pair)));
        RegistrationRecord? device = registrations?.ListRegistrations(new RegistrationQuery { Mac = mac, Tenant = request.Tenant, Limit = 1 }).Items.FirstOrDefault();

        // What its packets do not show, the directory may: the one device of whoever registered.
        if (device is null && registrations is not null && request.Desk.Directory.OwnerOf(request.Tenant, digits) is { Devices.Count: 1 } owner)
        {
            device = owner.Usernames.Concat(owner.Extensions)
                .SelectMany(name => registrations.ListRegistrations(new RegistrationQuery { Aor = name, Tenant = request.Tenant, Limit = 10 }).Items)
                .Where(found => found.Mac is null && ReferenceEquals(Owner(request, found), owner))
                .MaxBy(static found => found.LastRequestAt ?? Timestamp.MinValue);
        }

        if (device is null) await request.ErrorAsync(StatusCodes.Status404NotFound, "There is no device with this address.");
        else await request.JsonAsync(VonageMapping.Device(device, account.Id, Owner(request, device)));
    }

    private static async Task DialAsync(DialectRequest request)
    {
        if (await ControlAsync(request) is not { } part || await request.BodyAsync<VonageDial>() is not { } body) return;
        if (!VonageMapping.DialTypes.Contains(body.Type ?? "click2dial"))
        {
            await RefuseAsync(request, "type", body.Type!, $"is none of {string.Join(", ", VonageMapping.DialTypes)}");
            return;
        }

        if (body.Type == "odr")
        {
            await request.ErrorAsync(StatusCodes.Status501NotImplemented, "Calls of the type odr are not made here.", "type");
            return;
        }

        if (await EndAsync(request, body.From, "from", ControlEndKind.Extension, ControlEndKind.Device, ControlEndKind.FeatureCode) is not { } from
            || await EndAsync(request, body.To, "to", ControlEndKind.Pstn, ControlEndKind.Extension, ControlEndKind.Device, ControlEndKind.FeatureCode) is not { } to) return;

        // Nobody makes calls from, and at the cost of, another tenant's extensions.
        if (request.Tenant is not null && request.Desk.Directory.WhoHas(request.Tenant, from.Number) is null)
        {
            await request.ErrorAsync(StatusCodes.Status403Forbidden, "from.destination is not the account's.", "from.destination");
            return;
        }

        if (!await request.AccountAsync("control_dial", $"{from.Number} > {to.Number}")) return;
        ControlAnswer answer = await part.Control.DialAsync(from, to, request.Http.RequestAborted);

        // The call is known by its packets, once there are some.
        if (await DoneAsync(request, answer)) await request.JsonAsync(new VonageCallState(part.Account, null, "initiated", to.Number));
    }

    private static async Task ChangeCallAsync(DialectRequest request)
    {
        if (await ControlAsync(request) is not { } part || await request.BodyAsync<VonageCallChange>() is not { } body) return;
        if (!VonageMapping.CallStates.Contains(body.State ?? "active"))
        {
            await RefuseAsync(request, "state", body.State!, $"is none of {string.Join(", ", VonageMapping.CallStates)}");
            return;
        }

        // Which party goes on follows from the leg that the Call-ID is of.
        if (body.From is not null && await EndAsync(request, body.From, "from", ControlEndKind.Pstn, ControlEndKind.Device, ControlEndKind.Extension) is null) return;
        bool parks = body.State == "parked";
        ControlEnd? to = null;
        if (!parks || body.To is not null)
        {
            to = await EndAsync(request, body.To, "to", ControlEndKind.Pstn, ControlEndKind.Device, ControlEndKind.Extension);
            if (to is null) return;
        }

        if (await OpenAsync(request) is not { } found
            || !await request.AccountAsync(parks ? "control_park" : "control_redirect", found.Call.Record.Id, found.Call.Tenant, parks ? null : to!.Number)) return;
        CancellationToken gone = request.Http.RequestAborted;
        string sip = found.Call.Record.SipCallId;
        ControlAnswer answer = parks ? await part.Control.ParkAsync(sip, gone) : await part.Control.RedirectAsync(sip, to!, gone);
        if (await DoneAsync(request, answer)) await request.JsonAsync(new VonageCallState(part.Account, request.Path("call_id"), body.State ?? "active", to?.Number ?? Destination(found.Call)));
    }

    private static async Task EndCallAsync(DialectRequest request)
    {
        if (await ControlAsync(request) is not { } part || await OpenAsync(request) is not { } found) return;
        if (await EndAsync(request, part.Control, found.Call)) await request.JsonAsync(new VonageCallState(part.Account, request.Path("call_id"), "terminated", Destination(found.Call)));
    }

    private static async Task ChangeLegAsync(DialectRequest request)
    {
        if (await ControlAsync(request) is not { } part || await request.BodyAsync<VonageLegChange>() is not { } body) return;
        if (!VonageMapping.LegStates.Contains(body.State ?? ""))
        {
            await RefuseAsync(request, "state", body.State ?? "", $"is none of {string.Join(", ", VonageMapping.LegStates)}");
            return;
        }

        if (await OpenLegAsync(request) is not { } call || !await request.AccountAsync("control_hold", call.Record.Id, call.Tenant)) return;
        ControlAnswer answer = await part.Control.HoldAsync(call.Record.SipCallId, request.Http.RequestAborted);
        if (await DoneAsync(request, answer)) await request.JsonAsync(new VonageLegState(part.Account, request.Path("call_id"), body.State!, Destination(call), request.Path("leg_id")));
    }

    private static async Task EndLegAsync(DialectRequest request)
    {
        if (await ControlAsync(request) is not { } part || await OpenLegAsync(request) is not { } call) return;
        if (await EndAsync(request, part.Control, call)) await request.EmptyAsync(StatusCodes.Status204NoContent);
    }

    private static async Task<bool> EndAsync(DialectRequest request, ICallControl control, ListedCall call) =>
        await request.AccountAsync("control_hangup", call.Record.Id, call.Tenant) && await DoneAsync(request, await control.HangUpAsync(call.Record.SipCallId, request.Http.RequestAborted));

    private static string? Destination(ListedCall call) => call.Record.Dialled ?? call.Record.Callee.Number;

    private static Task RefuseAsync(DialectRequest request, string parameter, string value, string problem) =>
        request.ErrorAsync(StatusCodes.Status400BadRequest, $"{parameter}: '{QueryCheck.Shown(value)}' {problem}.", parameter);

    // The account, and what acts; null where there is neither, and then the request is answered.
    private static async Task<(long? Account, ICallControl Control)?> ControlAsync(DialectRequest request)
    {
        if (await EnterAsync(request) is not { } account) return null;
        if (request.Desk.Control is { } control) return (account.Id, control);
        await request.ErrorAsync(
            StatusCodes.Status501NotImplemented, "The engine watches the telephone system and does not act on it: no control adapter is set up (control.adapter in the settings).");
        return null;
    }

    private static async Task<ControlEnd?> EndAsync(DialectRequest request, VonageEnd? end, string name, params ControlEndKind[] kinds)
    {
        if (VonageMapping.Kind(end?.Type) is not { } kind || !kinds.Contains(kind))
        {
            await RefuseAsync(request, $"{name}.type", end?.Type ?? "", "is no kind of end that is known here");
            return null;
        }

        if (end!.Destination is { Text: { } number } && ControlEnd.IsSound(number)) return new ControlEnd(kind, number);
        await RefuseAsync(request, $"{name}.destination", end.Destination?.Text ?? "", "is no number: letters, digits and + * # . _ -, at most 64");
        return null;
    }

    private static async Task<bool> DoneAsync(DialectRequest request, ControlAnswer answer)
    {
        if (answer.Outcome == ControlOutcome.Done) return true;
        int status = answer.Outcome switch
        {
            ControlOutcome.NoSuchCall or ControlOutcome.Refused => StatusCodes.Status409Conflict,
            ControlOutcome.Unsupported => StatusCodes.Status501NotImplemented,
            _ => StatusCodes.Status503ServiceUnavailable,
        };
        await request.ErrorAsync(status, answer.Detail);
        return false;
    }

    private static async Task<ApiAccount?> EnterAsync(DialectRequest request)
    {
        string account = request.Path("account_id");
        return await request.EnterAsync(account) ? request.Desk.Directory.Find(account) ?? new ApiAccount(request.Tenant, null) : null;
    }

    // The call of the path, stored or in progress; null where there is none, and then the request is answered.
    private static async Task<(ListedCall Call, long? Account)?> FindAsync(DialectRequest request)
    {
        if (await EnterAsync(request) is not { } account) return null;
        string text = request.Path("call_id");
        if (!Guid.TryParseExact(text, "D", out _))
        {
            await RefuseAsync(request, "call_id", text, "is no UUID");
            return null;
        }

        ListedCall? call = null;
        if (CallUuid.TryRead(text, out string id, out int part) && part == 0)
        {
            // A call that goes on after all may have a record of before; one that ended a moment ago may have none yet.
            LiveCall? live = await request.Desk.Live.FindAsync(id, request.Http.RequestAborted);
            call = live is { Record.EndedAt: not null } ? request.Desk.Calls.Find(id) : null;
            if (call is null && live is not null) call = new ListedCall(live.Record, live.Tenant, 0);
            call ??= request.Desk.Calls.Find(id);
        }

        return await request.AllowedAsync(call) is { } allowed ? (allowed, account.Id) : null;
    }

    private static async Task<(ListedCall Call, VonageLeg Leg)?> FindLegAsync(DialectRequest request)
    {
        if (await FindAsync(request) is not { } found) return null;
        string text = request.Path("leg_id");
        if (!Guid.TryParseExact(text, "D", out Guid asked))
        {
            await RefuseAsync(request, "leg_id", text, "is no UUID");
            return null;
        }

        string id = asked.ToString("D");
        VonageLeg? leg = VonageMapping.Legs(found.Call.Record, found.Account).FirstOrDefault(leg => leg.LegId == id);
        if (leg is not null) return (found.Call, leg);
        await request.ErrorAsync(StatusCodes.Status404NotFound, "The call has no leg with this id.");
        return null;
    }

    // The call of the path where it is in progress.
    private static async Task<(ListedCall Call, long? Account)?> OpenAsync(DialectRequest request)
    {
        if (await FindAsync(request) is not { } found) return null;
        if (found.Call.Record.EndedAt is null) return found;
        await request.ErrorAsync(StatusCodes.Status409Conflict, "The call is over.");
        return null;
    }

    // The call of a leg in progress. A leg that another one was chosen before is not the telephone system's any more.
    private static async Task<ListedCall?> OpenLegAsync(DialectRequest request)
    {
        if (await FindLegAsync(request) is not { } found) return null;
        if (found.Leg is { EndTime: null, Status: "ringing" or "on-call" }) return found.Call;
        await request.ErrorAsync(StatusCodes.Status409Conflict, "The leg is over.");
        return null;
    }

    private static DirectoryEntry? Owner(DialectRequest request, RegistrationRecord device) =>
        device is { Mac: null, User: { } user } ? request.Desk.Directory.WhoHas(device.Tenant ?? request.Tenant, user) : null;

    /// <summary>Which page is asked for.</summary>
    private sealed record PageAsked(string Path, long Page, int Size, bool Ascending, Timestamp? From, Timestamp? To, string Filters)
    {
        public string Order => Ascending ? "asc" : "desc";

        public long Skip => (Page - 1) * Size;

        public static PageAsked Read(DialectRequest request, int size)
        {
            QueryReader query = request.Query;
            long page = query.Whole("page", 1, 1, PageParameters.LastPage);
            long asked = query.Whole("page_size", size, 1, CallQuery.MaxLimit);
            bool ascending = query.Word("order", "asc", "desc") == "asc";
            long? from = query.WholeOrNull("start:gte", 0, QuerySeconds.Max), to = query.WholeOrNull("start:lte", 0, QuerySeconds.Max);
            long? otherFrom = query.WholeOrNull("start_time", 0, QuerySeconds.Max), otherTo = query.WholeOrNull("end_time", 0, QuerySeconds.Max);
            string filters = string.Concat(new (string Name, long? Value)[] { ("start:gte", from), ("start:lte", to), ("start_time", otherFrom), ("end_time", otherTo) }
                .Where(static filter => filter.Value is not null)
                .Select(static filter => string.Create(CultureInfo.InvariantCulture, $"&{filter.Name}={filter.Value}")));
            if (otherFrom > from || from is null) from = otherFrom;
            if (otherTo < to || to is null) to = otherTo;
            return new PageAsked(
                request.Http.Request.Path.Value ?? "", page, (int)asked, ascending,
                from is { } first ? Timestamp.FromUnix(first, 0) : null, to is { } last ? Timestamp.FromUnix(last + 1, 0) : null, filters);
        }

        public long Pages(long total) => (total + Size - 1) / Size;

        // As the vendor writes it: path and query, without host.
        public string Uri(long page) => string.Create(
            CultureInfo.InvariantCulture, $"{new PathString(Path).ToUriComponent()}?page_size={Size}&order={Order}{Filters}{(page > 1 ? $"&page={page}" : "")}");
    }

    /// <summary>Seconds of a query.</summary>
    private static class QuerySeconds
    {
        /// <summary>The end of the year 9999.</summary>
        public const long Max = 253_402_300_799;
    }
}
