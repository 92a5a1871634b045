using System.Text;
using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Calls.Transcripts;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>Registrations, messages, conversations, peers and mailboxes.</summary>
/// <param name="desk">Where they are.</param>
/// <param name="calls">Calls that messages were sent in.</param>
/// <param name="registrationDownloads">Packets of registrations.</param>
/// <param name="messageDownloads">Packets of messages.</param>
/// <param name="options">Settings.</param>
/// <param name="counters">The API's counters.</param>
internal sealed class DeskEndpoints(
    ApiDesk desk, ICallReader calls, Downloads registrationDownloads, Downloads messageDownloads, ApiOptions options, ApiCounters counters)
{
    private const int MaxEvents = 1000;

    /// <summary>Events of a history asked for.</summary>
    public static readonly ApiParameter HistoryLimit = new("limit", $"Events, 1 to {MaxEvents}; the latest first.", new ValueShape("integer", "100") { Minimum = 1, Maximum = MaxEvents }) { Default = "100" };

    /// <summary>Events before this number.</summary>
    public static readonly ApiParameter HistoryBefore = new("before", "Only events with a lower sequence: the lowest of the page before.", new ValueShape("integer", "17") { Minimum = 1, Maximum = int.MaxValue });

    private readonly Seats _seats = new(options.Limits.Lists, options.Limits.LongestWait, counters);

    /// <summary>True where a text has the shape of a registration's id.</summary>
    public static bool IsRegistrationId(string id) => id.Length == 24 && !id.AsSpan().ContainsAnyExcept("0123456789abcdef");

    /// <summary><c>GET registrations</c>.</summary>
    public Task RegistrationsAsync(HttpContext context) => ListAsync(
        context, new RegistrationQuery { Limit = options.PageSize }, DeskParameters.Registrations, static (query, tenant) => query with { Tenant = tenant }, static query => query.Tenant, "registrations",
        desk.Registrations.ListRegistrations, RegistrationJson.Write);

    /// <summary><c>GET registrations/{id}</c>.</summary>
    public Task RegistrationAsync(HttpContext context) => OneAsync(context, FindRegistration(context), static record => record.Tenant, RegistrationJson.ToUtf8, "registration");

    /// <summary><c>GET registrations/{id}/history</c>.</summary>
    public async Task HistoryAsync(HttpContext context)
    {
        int limit = 100, before = int.MaxValue;
        if (context.Request.Query.TryGetValue(HistoryLimit.Name, out var given) && ValueText.Whole(given[0]!, 1, MaxEvents, out limit) is { } problem)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, $"limit: '{QueryCheck.Shown(given[0]!)}' {problem}.", HistoryLimit.Name);
            return;
        }

        if (context.Request.Query.TryGetValue(HistoryBefore.Name, out given) && ValueText.Whole(given[0]!, 1, int.MaxValue, out before) is { } fault)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, $"before: '{QueryCheck.Shown(given[0]!)}' {fault}.", HistoryBefore.Name);
            return;
        }

        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;
        if (FindRegistration(context) is not { } registration || !AccessGate.MaySee(context, registration.Tenant))
        {
            await UnknownAsync(context, "registration");
            return;
        }

        IReadOnlyList<RegistrationEvent> events = desk.Registrations.History(registration.Id, limit, before);
        await ListAnswer.WriteAsync(context, "events", events, RegistrationJson.Write, nextCursor: null, isPaged: false);
    }

    /// <summary><c>GET registrations/{id}.pcap</c>.</summary>
    public Task RegistrationPcapAsync(HttpContext context)
    {
        RegistrationRecord? registration = FindRegistration(context);
        return PcapAsync(context, registration?.Id, registration?.Tenant, "registration", registrationDownloads);
    }

    /// <summary><c>GET registrations/{id}.trace</c>.</summary>
    public Task RegistrationTraceAsync(HttpContext context)
    {
        RegistrationRecord? registration = FindRegistration(context);
        return TraceAsync(context, registration?.Id, registration?.Tenant, registration?.SipCallId, null, "registration", registrationDownloads);
    }

    /// <summary><c>GET messages</c>.</summary>
    public async Task MessagesAsync(HttpContext context)
    {
        if (await ListRequest.ReadAsync(
            context, new MessageQuery { Limit = options.PageSize }, DeskParameters.Messages, static query => query.Tenant, static (query, tenant) => query with { Tenant = tenant }) is not { } query) return;
        if (context.Request.Query.TryGetValue("call_id", out var callId))
        {
            // What was sent in a call bears the call's Call-ID; a list of what belongs to a call that is not there is empty.
            CallRecord? call = calls.Get(callId[0]!);
            if (call is not null && !AccessGate.MaySee(context, call)) call = null;
            query = query with { InCall = true, SipCallId = call?.SipCallId ?? "" };
        }

        await AnswerAsync(context, query, "messages", desk.Messages.ListMessages, MessageJson.Write);
    }

    /// <summary><c>GET messages/{id}</c>.</summary>
    public Task MessageAsync(HttpContext context) => OneAsync(context, FindMessage(context), static record => record.Tenant, MessageJson.ToUtf8, "message");

    /// <summary><c>GET messages/{id}.pcap</c>.</summary>
    public Task MessagePcapAsync(HttpContext context)
    {
        MessageRecord? message = FindMessage(context);
        return PcapAsync(context, message?.Id, message?.Tenant, "message", messageDownloads);
    }

    /// <summary><c>GET messages/{id}.trace</c>.</summary>
    public Task MessageTraceAsync(HttpContext context)
    {
        MessageRecord? message = FindMessage(context);
        return TraceAsync(context, message?.Id, message?.Tenant, message?.SipCallId, message?.Kind == MessageKind.Msrp ? message.MessageId : null, "message", messageDownloads);
    }

    /// <summary><c>GET conversations</c>.</summary>
    public Task ConversationsAsync(HttpContext context) => ListAsync(
        context, new ConversationQuery { Limit = options.PageSize }, DeskParameters.Conversations, static (query, tenant) => query with { Tenant = tenant }, static query => query.Tenant, "conversations",
        desk.Messages.ListConversations, MessageJson.Write);

    /// <summary><c>GET conversations/{id}</c>.</summary>
    public Task ConversationAsync(HttpContext context) => OneAsync(
        context, context.Request.RouteValues["id"] is string id && CallId.IsWellFormed(id) ? desk.Messages.GetConversation(id) : null, static record => record.Tenant,
        MessageJson.ToUtf8, "conversation");

    /// <summary><c>GET peers</c>.</summary>
    public Task PeersAsync(HttpContext context) => ListAsync(
        context, new PeerQuery { Limit = options.PageSize }, DeskParameters.Peers, static (query, tenant) => query with { Tenant = tenant }, static query => query.Tenant, "peers",
        desk.Registrations.ListPeers, PeerJson.Write);

    /// <summary><c>GET mailboxes</c>.</summary>
    public Task MailboxesAsync(HttpContext context) => ListAsync(
        context, new MailboxQuery { Limit = options.PageSize }, DeskParameters.Mailboxes, static (query, tenant) => query with { Tenant = tenant }, static query => query.Tenant, "mailboxes",
        desk.Registrations.ListMailboxes, PeerJson.Write);

    private static Task UnknownAsync(HttpContext context, string what) =>
        Problem.WriteAsync(context, StatusCodes.Status404NotFound, $"There is no {what} with this id.");

    private RegistrationRecord? FindRegistration(HttpContext context) =>
        context.Request.RouteValues["id"] is string id && IsRegistrationId(id) ? desk.Registrations.GetRegistration(id) : null;

    private MessageRecord? FindMessage(HttpContext context) =>
        context.Request.RouteValues["id"] is string id && CallId.IsWellFormed(id) ? desk.Messages.GetMessage(id) : null;

    private async Task ListAsync<TQuery, T>(
        HttpContext context, TQuery query, IReadOnlyList<ListParameter<TQuery>> parameters, Func<TQuery, string?, TQuery> of, Func<TQuery, string?> asked, string name,
        Func<TQuery, ListPage<T>> list, Action<T, Utf8JsonWriter> write)
        where TQuery : class
    {
        if (await ListRequest.ReadAsync(context, query, parameters, asked, of) is { } narrowed) await AnswerAsync(context, narrowed, name, list, write);
    }

    private async Task AnswerAsync<TQuery, T>(HttpContext context, TQuery query, string name, Func<TQuery, ListPage<T>> list, Action<T, Utf8JsonWriter> write)
    {
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;

        // The place is given back before the answer is sent: a slow client holds a page in memory, and no thread.
        ListPage<T>? page = null;
        await _seats.RunAsync(context, () =>
        {
            page = list(query);
            return Task.CompletedTask;
        });
        if (page is null) return;
        if (page.CursorRejected) await ListAnswer.CursorRejectedAsync(context);
        else await ListAnswer.WriteAsync(context, name, page.Items, write, page.NextCursor);
    }

    private static async Task OneAsync<T>(HttpContext context, T? found, Func<T, string?> tenant, Func<T, byte[]> write, string what)
        where T : class
    {
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;
        if (found is null || !AccessGate.MaySee(context, tenant(found))) await UnknownAsync(context, what);
        else await Body.WriteAsync(context, CallEndpoints.JsonType, write(found));
    }

    private static async Task PcapAsync(HttpContext context, string? id, string? tenant, string what, Downloads downloads)
    {
        if (!await Negotiation.TakesAsync(context, PacketEndpoints.PcapType, PacketEndpoints.PcapngType)) return;

        if (id is null || !AccessGate.MaySee(context, tenant))
        {
            await UnknownAsync(context, what);
            return;
        }

        await downloads.WithSeatAsync(context, async stored =>
        {
            if (CallCapture.Choose(stored, id, PacketKinds.All) is not { } format)
            {
                await PacketEndpoints.NoPacketsAsync(context);
                return;
            }

            context.Response.ContentType = format.MediaType;
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"{id}{format.FileExtension}\"";
            await downloads.SendAsync(context, id, $"download_{what}_pcap", tenant, to => CallCapture.Write(stored, id, PacketKinds.All, format, to));
        });
    }

    private async Task TraceAsync(HttpContext context, string? id, string? tenant, string? sipCallId, string? msrpMessageId, string what, Downloads downloads)
    {
        if (!await Negotiation.TakesAsync(context, PacketEndpoints.TextType)) return;

        if (id is null || !AccessGate.MaySee(context, tenant))
        {
            await UnknownAsync(context, what);
            return;
        }

        await downloads.WithSeatAsync(context, async stored =>
        {
            var transcript = new SipTranscript(sipCallId, options.Limits.TraceMessages, msrpMessageId);
            if (!stored.Visit(id, PacketKinds.All, transcript))
            {
                await PacketEndpoints.NoPacketsAsync(context);
                return;
            }

            context.Response.ContentType = PacketEndpoints.TextType + "; charset=utf-8";
            context.Response.Headers.ContentDisposition = $"inline; filename=\"{id}.trace.txt\"";
            await downloads.SendAsync(context, id, $"download_{what}_trace", tenant, to =>
            {
                using var text = new StreamWriter(to, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
                transcript.WriteText(text);
            });
        });
    }
}
