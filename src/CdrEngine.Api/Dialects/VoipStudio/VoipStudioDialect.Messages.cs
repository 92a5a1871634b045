using System.Globalization;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Dialects.VoipStudio;

// SIP MESSAGEs and chats.
internal sealed partial class VoipStudioDialect
{
    private const int IdBytes = 12;

    private static readonly MessageOutcome[] Final = [MessageOutcome.Delivered, MessageOutcome.Failed];

    private async Task TextsAsync(DialectRequest request)
    {
        if (await MessagesAsync(request, onlySms: true) is not { } found) return;
        IReadOnlyList<long> numbers = MessageNumbersOf(request, [.. found.Items.Select(static message => message.Id)]);
        await request.JsonAsync(new VoipStudioTexts([.. found.Items.Select((message, i) => Sms(request, message, numbers[i]))], found.Total));
    }

    private async Task ChatmsgsAsync(DialectRequest request)
    {
        if (await MessagesAsync(request, onlySms: false) is not { } found) return;
        IReadOnlyList<long> numbers = MessageNumbersOf(request, [.. found.Items.Select(static message => message.Id)]);
        string[] named = [.. found.Items.Select(static message => message.ConversationId).Where(static id => id.Length > 0).Distinct(StringComparer.Ordinal)];
        var chats = named.Zip(ChatNumbersOf(request, named)).ToDictionary(static chat => chat.First, static chat => chat.Second, StringComparer.Ordinal);
        await request.JsonAsync(new VoipStudioChatmsgs(
            [.. found.Items.Select((message, i) => Chatmsg(request, message, numbers[i], chats.TryGetValue(message.ConversationId, out long chat) ? chat : null))], found.Total));
    }

    private async Task<(IReadOnlyList<MessageRecord> Items, long Total)?> MessagesAsync(DialectRequest request, bool onlySms)
    {
        long page = request.Query.Whole("page", 1, 1, PageParameters.LastPage);
        int limit = (int)request.Query.Whole("limit", VoipStudioCalls.DefaultLimit, 1, CallQuery.MaxLimit);
        var query = new MessageQuery { Tenant = request.Tenant, Kind = onlySms ? MessageKind.Sip : null, Ascending = VoipStudioFilter.Ascending(request, "created_at") };
        string? from = null, to = null;
        bool nothing = request.Desk.Outside is null;
        foreach (VoipStudioCondition condition in VoipStudioFilter.Read(request))
        {
            switch (condition.Property)
            {
                case "created_at":
                    (Timestamp? begin, Timestamp? end) = VoipStudioFilter.Times(request, condition, query.From, query.To);
                    query = query with { From = begin, To = end };
                    break;
                case "from" or "to" when condition.Operator == "eq" && !condition.Value.EndsWith('*'):
                    nothing |= (condition.Property == "from" ? from : to) is { } known && known != condition.Value;
                    if (condition.Property == "from") from = condition.Value;
                    else to = condition.Value;
                    break;
                case "result" when condition.Operator == "eq" && Array.Find([.. Enum.GetValues<MessageOutcome>().Cast<MessageOutcome?>()], outcome => VoipStudioMapping.Result(outcome!.Value) == condition.Value) is { } asked:
                    nothing |= query.Outcome is { } earlier && earlier != asked;
                    query = query with { Outcome = asked };
                    break;
                case "chat_id" when !onlySms && VoipStudioFilter.Wholes(request, condition) is { Count: 1 } chats:
                    string? chat = request.Desk.Outside is { } outside ? IdOf(chats[0], outside.Messages.ConversationIds) : null;
                    nothing |= chat is null || (query.ConversationId is { } one && one != chat);
                    query = query with { ConversationId = chat };
                    break;
                default:
                    VoipStudioFilter.Refuse(request, condition, $"is none that this list can be asked: created_at, from, to, result{(onlySms ? "" : ", chat_id")}");
                    break;
            }
        }

        if (await request.RefusedAsync()) return null;

        query = query with { Sender = from, Receiver = to, IsFinal = onlySms && query.Outcome is null };
        IReadOnlyDictionary<string, Timestamp> cleared = request.Desk.Remarks.Cleared(ClearedList.Messages);
        if (Since(cleared, request.Tenant) is { } since) query = query with { From = query.From is { } given ? Timestamp.Max(given, since) : since };
        if (nothing || (onlySms && query.Outcome is { } wanted && !Final.Contains(wanted))) return ([], 0);
        IMessageReader messages = request.Desk.Outside!.Messages;
        var list = new CursorList<MessageRecord>(
            (cursor, take, _) =>
            {
                ListPage<MessageRecord> found = messages.ListMessages(query with { Cursor = cursor, Limit = take });
                IReadOnlySet<string> hidden = request.Desk.Remarks.HiddenMessages([.. found.Items.Select(static message => message.Id)]);
                return new CursorChunk<MessageRecord>([.. found.Items.Where(message => !hidden.Contains(message.Id) && !IsCleared(cleared, message.Tenant, message.StartedAt))], found.NextCursor);
            },
            () => Count(messages, query, cleared, request),
            CanSkip: false)
        {
            Seek = row => MessageSeek.Find(row, messages, query, part => Count(messages, part, cleared, request)),
            IsNewestFirst = !query.Ascending,
        };
        return await PagedAsync(request, $"messages|{onlySms}|{query}", page, limit, list);
    }

    // By sums: what there is, less what is hidden or, for who sees all tenants, cleared by one of them.
    private static long Count(IMessageReader messages, MessageQuery query, IReadOnlyDictionary<string, Timestamp> cleared, DialectRequest request)
    {
        long count = Shown(query);
        if (request.Tenant is not null) return count;
        foreach ((string tenant, Timestamp at) in cleared)
        {
            if (tenant.Length > 0 && !(query.From >= at)) count -= Shown(query with { Tenant = tenant, To = query.To is { } to && to < at ? to : at });
        }

        return count;

        long Shown(MessageQuery some) => messages.CountMessages(some) - request.Desk.Remarks.CountHidden(some);
    }

    private static VoipStudioSms Sms(DialectRequest request, MessageRecord message, long number) => VoipStudioMapping.Sms(message, number, WhoIs(request, message, message.From), WhoIs(request, message, message.To));

    private static VoipStudioChatmsg Chatmsg(DialectRequest request, MessageRecord message, long number, long? chat) =>
        VoipStudioMapping.Chatmsg(message, number, chat, WhoIs(request, message, message.From), WhoIs(request, message, message.To));

    private static DirectoryEntry? WhoIs(DialectRequest request, MessageRecord message, MessageParty party) =>
        party.Number is { } number ? request.Desk.Directory.WhoHas(message.Tenant, number) : null;

    private static async Task TextAsync(DialectRequest request)
    {
        if (await OneMessageAsync(request, request.Path("id"), onlySms: true) is { } message) await request.JsonAsync(new VoipStudioOneSms(Sms(request, message, MessageNumbersOf(request, [message.Id])[0]), NoLinks));
    }

    private static async Task ChatmsgAsync(DialectRequest request)
    {
        if (await OneMessageAsync(request, request.Path("id"), onlySms: false) is not { } message) return;
        long? chat = message.ConversationId.Length == 0 ? null : ChatNumbersOf(request, [message.ConversationId])[0];
        await request.JsonAsync(new VoipStudioOneChatmsg(Chatmsg(request, message, MessageNumbersOf(request, [message.Id])[0], chat), NoLinks));
    }

    private static async Task<MessageRecord?> OneMessageAsync(DialectRequest request, string text, bool onlySms)
    {
        if (!TryNumber(text, out long number))
        {
            await BadIdAsync(request, text);
            return null;
        }

        MessageRecord? message = request.Desk.Outside is { } outside && IdOf(number, outside.Messages.MessageIds) is { } id ? outside.Messages.GetMessage(id) : null;
        if (message is not null && onlySms && (message.Kind != MessageKind.Sip || !Final.Contains(message.Outcome))) message = null;
        if (message is not null && (request.Desk.Remarks.HiddenMessages([message.Id]).Count > 0 || IsCleared(request.Desk.Remarks.Cleared(ClearedList.Messages), message.Tenant, message.StartedAt))) message = null;
        return await MineAsync(request, message, message?.Tenant) ? message : null;
    }

    private static async Task<bool> MineAsync(DialectRequest request, object? found, string? tenant)
    {
        if (found is not null && (request.Tenant is null || request.Tenant == tenant)) return true;
        if (found is null) await request.ErrorAsync(StatusCodes.Status404NotFound, "There is none with this id.");
        else await request.ErrorAsync(StatusCodes.Status403Forbidden, "It belongs to another tenant.");
        return false;
    }

    private async Task ChatsAsync(DialectRequest request)
    {
        long page = request.Query.Whole("page", 1, 1, PageParameters.LastPage);
        int limit = (int)request.Query.Whole("limit", VoipStudioCalls.DefaultLimit, 1, CallQuery.MaxLimit);
        var query = new ConversationQuery { Tenant = request.Tenant, Ascending = VoipStudioFilter.Ascending(request, "created_at") };
        foreach (VoipStudioCondition condition in VoipStudioFilter.Read(request))
        {
            if (condition.Property == "created_at")
            {
                (Timestamp? from, Timestamp? to) = VoipStudioFilter.Times(request, condition, query.From, query.To);
                query = query with { From = from, To = to };
            }
            else
            {
                VoipStudioFilter.Refuse(request, condition, "is none that this list can be asked: created_at");
            }
        }

        if (await request.RefusedAsync()) return;
        if (request.Desk.Outside is not { } outside)
        {
            await request.JsonAsync(new VoipStudioChats([], 0));
            return;
        }

        var list = new CursorList<ConversationRecord>(
            (cursor, take, skip) =>
            {
                ListPage<ConversationRecord> found = outside.Messages.ListConversations(query with { Cursor = cursor, Limit = take, Skip = skip });
                return new CursorChunk<ConversationRecord>(found.Items, found.NextCursor);
            },
            () => outside.Messages.CountConversations(query),
            CanSkip: true);
        if (await PagedAsync(request, $"chats|{query}", page, limit, list) is { } shown) await request.JsonAsync(new VoipStudioChats(Chats(request, shown.Items), shown.Total));
    }

    // What is told of each beside it is asked for at once, where the store answers that.
    private static IReadOnlyList<VoipStudioChat> Chats(DialectRequest request, IReadOnlyList<ConversationRecord> chats)
    {
        IMessageReader messages = request.Desk.Outside!.Messages;
        var ranges = new List<(string First, string Last)>(chats.Count);
        foreach (ConversationRecord chat in chats)
        {
            if (Range(CallNumber.Of(chat.Id), out string begin, out string end, out _)) ranges.Add((begin, end));
        }

        if (ranges.Count != chats.Count || messages.FirstMessages(chats, request.Tenant) is not { } firsts || messages.ConversationIds(ranges) is not { } ids) return [.. chats.Select(chat => Chat(request, chat))];
        return [.. chats.Select((chat, i) => Chat(request, chat, firsts.GetValueOrDefault(chat.Id), NumberAmong(chat.Id, ids[i])))];
    }

    private static async Task ChatAsync(DialectRequest request)
    {
        if (!TryNumber(request.Path("id"), out long number))
        {
            await BadIdAsync(request, request.Path("id"));
            return;
        }

        ConversationRecord? chat = request.Desk.Outside is { } outside && IdOf(number, outside.Messages.ConversationIds) is { } id ? outside.Messages.GetConversation(id) : null;
        if (await MineAsync(request, chat, chat?.Tenant)) await request.JsonAsync(new VoipStudioOneChat(Chat(request, chat!), NoLinks));
    }

    private static VoipStudioChat Chat(DialectRequest request, ConversationRecord chat)
    {
        IMessageReader messages = request.Desk.Outside!.Messages;

        // A chat starts with its first message: no other day needs to be looked at.
        MessageRecord? first = messages.ListMessages(new MessageQuery
        {
            ConversationId = chat.Id,
            Tenant = request.Tenant,
            From = chat.StartedAt,
            To = new Timestamp(chat.StartedAt.Microseconds + 1),
            Ascending = true,
            Limit = 1,
        }).Items.FirstOrDefault();
        return Chat(request, chat, first, NumberOf(chat.Id, messages.ConversationIds));
    }

    private static VoipStudioChat Chat(DialectRequest request, ConversationRecord chat, MessageRecord? first, long number)
    {
        ChatSides? sides = first is null ? null : VoipStudioMapping.Sides(first, WhoIs(request, first, first.From), WhoIs(request, first, first.To));
        long? customer = chat.Tenant is null ? null : request.Desk.Directory.Find(chat.Tenant)?.Id;
        return VoipStudioMapping.Chat(chat, number, customer, sides, Now(request));
    }

    private static async Task DeleteChatmsgsAsync(DialectRequest request)
    {
        string text = request.Path("id");
        string[] parts = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (parts.Length is 0 or > MostIds)
        {
            await BadIdAsync(request, text);
            return;
        }

        var messages = new List<MessageRecord>(parts.Length);
        foreach (string part in parts)
        {
            if (await OneMessageAsync(request, part, onlySms: false) is not { } message) return;
            messages.Add(message);
        }

        if (!await AuditAsync(request, messages.Select(static message => (message.Id, message.Tenant)), "delete_message")) return;
        if (request.Desk.Remarks.HideMessages(messages, By(request), Now(request))) await request.EmptyAsync(StatusCodes.Status204NoContent);
        else await FullAsync(request);
    }

    private static async Task DeleteAllChatmsgsAsync(DialectRequest request)
    {
        if (!await MayClearAsync(request, "messages")) return;
        request.Desk.Remarks.Clear(ClearedList.Messages, request.Tenant, By(request), Now(request));
        await request.EmptyAsync(StatusCodes.Status204NoContent);
    }

    // Messages have ids like calls, so they have numbers like them: those of one day whose first bits are the same are told apart by their place.
    private static long NumberOf(string id, Func<string, string, IReadOnlyList<string>> between)
    {
        long number = CallNumber.Of(id);
        return Range(number, out string first, out string last, out _) ? NumberAmong(id, between(first, last)) : number;
    }

    // Those of a page, at once where the store answers that.
    private static IReadOnlyList<long> NumbersOf(
        IReadOnlyList<string> ids, Func<IReadOnlyList<(string First, string Last)>, IReadOnlyList<IReadOnlyList<string>>?> betweenAll, Func<string, string, IReadOnlyList<string>> between)
    {
        var ranges = new List<(string First, string Last)>(ids.Count);
        foreach (string id in ids)
        {
            if (Range(CallNumber.Of(id), out string first, out string last, out _)) ranges.Add((first, last));
        }

        if (ranges.Count != ids.Count || betweenAll(ranges) is not { } all) return [.. ids.Select(id => NumberOf(id, between))];
        return [.. ids.Select((id, i) => NumberAmong(id, all[i]))];
    }

    private static IReadOnlyList<long> MessageNumbersOf(DialectRequest request, IReadOnlyList<string> ids) =>
        ids.Count == 0 ? [] : NumbersOf(ids, request.Desk.Outside!.Messages.MessageIds, request.Desk.Outside.Messages.MessageIds);

    private static IReadOnlyList<long> ChatNumbersOf(DialectRequest request, IReadOnlyList<string> ids) =>
        ids.Count == 0 ? [] : NumbersOf(ids, request.Desk.Outside!.Messages.ConversationIds, request.Desk.Outside.Messages.ConversationIds);

    private static long NumberAmong(string id, IReadOnlyList<string> ids) => ids.Count > 1 ? CallNumber.Of(id, Math.Max(0, ids.ToList().IndexOf(id))) : CallNumber.Of(id);

    private static string? IdOf(long number, Func<string, string, IReadOnlyList<string>> between) =>
        Range(number, out string first, out string last, out int rank) && between(first, last) is var ids && rank < ids.Count ? ids[rank] : null;

    private static bool Range(long number, out string first, out string last, out int rank)
    {
        Span<byte> low = stackalloc byte[IdBytes], high = stackalloc byte[IdBytes];
        first = last = "";
        if (!CallNumber.TryRead(number, out DateOnly day, low, high, out rank)) return false;
        string begin = day.ToString("yyyyMMdd'-'", CultureInfo.InvariantCulture);
        first = begin + Convert.ToHexStringLower(low);
        last = begin + Convert.ToHexStringLower(high);
        return true;
    }
}
