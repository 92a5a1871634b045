using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Storage.Sqlite;

/// <summary>What queries of the desk ask, as conditions: the same on both databases but for the name of one function.</summary>
internal static class QueryConditions
{
    /// <summary>The function that tells where a text stands in another, 0 for nowhere, in SQLite.</summary>
    public const string InSqlite = "instr";

    /// <summary>The same in PostgreSQL.</summary>
    public const string InPostgres = "strpos";

    /// <summary>That a message was taken or refused.</summary>
    public const string Final = "outcome IN (1, 2)";

    /// <summary>Of registrations.</summary>
    public static SqlConditions Of(RegistrationQuery query, string placeOf)
    {
        var where = new SqlConditions();
        if (query.Aor is { } aor) where.AndText("(aor @ OR \"user\" @)", aor, times: 2);
        if (query.Contact is { } contact) where.And($"{placeOf}(contact, ?) > 0", contact);
        if (query.Address is { } address) where.And("source = ?", CallRow.Address(address));
        if (query.State is { } state) where.And("state = ?", (long)state);
        if (query.UserAgent is { } agent) where.And($"{placeOf}(user_agent, ?) > 0", agent.ToLowerInvariant());
        if (query.Instance is { } instance) where.And("instance = ?", instance);
        if (query.Mac is { } mac) where.And("mac = ?", mac);
        if (query.Realm is { } realm) where.And("realm = ?", realm);
        if (query.ExpiringBefore is { } before) where.And("state = 0 AND expires_at > 0 AND expires_at < ?", before.Microseconds);
        if (query.From is { } from) where.And("last_seen_at >= ?", from.Microseconds);
        if (query.To is { } to) where.And("last_seen_at < ?", to.Microseconds);
        if (query.Tenant is { } tenant) where.And("tenant = ?", tenant);
        return where;
    }

    /// <summary>Of messages <c>m</c> and their documents <c>d</c>.</summary>
    public static SqlConditions Of(MessageQuery query, string placeOf)
    {
        var where = new SqlConditions();
        if (query.From is { } from) where.And("m.started_at >= ?", from.Microseconds);
        if (query.To is { } to) where.And("m.started_at < ?", to.Microseconds);
        if (query.Number is { } number) where.AndText("(m.from_number @ OR m.to_number @)", number, times: 2);
        if (query.Sender is { } sender) where.And("m.from_number = ?", sender);
        if (query.Receiver is { } receiver) where.And("m.to_number = ?", receiver);
        if (query.Outcome is { } outcome) where.And("m.outcome = ?", (long)outcome);
        if (query.IsFinal) where.And("m." + Final);
        if (query.Kind is { } kind) where.And("m.kind = ?", (long)kind);
        if (query.ConversationId is { } id) where.And("m.conversation = ?", id);
        if (query.SipCallId is { } sipCallId) where.And("m.sip_call_hash = ?", CallRow.SipCallHash(sipCallId));
        if (query.InCall is { } inCall) where.And("m.in_call = ?", inCall ? 1L : 0L);
        if (query.Tenant is { } tenant) where.And("m.tenant = ?", tenant);
        if (query.Text is { } text) where.And($"{placeOf}(d.search, ?) > 0", text.ToLowerInvariant());
        return where;
    }

    /// <summary>Of media sessions <c>m</c>: all but whose call they are.</summary>
    public static SqlConditions And(this SqlConditions where, MediaSessionQuery query, string placeOf)
    {
        if (query.From is { } from) where.And("m.started_at >= ?", from.Microseconds);
        if (query.To is { } to) where.And("m.started_at < ?", to.Microseconds);
        if (query.Type is { } type) where.And("m.type = ?", (long)type);
        if (query.Codec is { } codec) where.And($"{placeOf}(m.codecs, ?) > 0", CallSelect.CodecItem(codec));
        if (query.MosBelow is { } mos) where.And("m.mos < ?", mos);
        if (query.Address is { } address) where.And($"{placeOf}(m.addresses, ?) > 0", MediaSessionRows.Item(address));
        if (query.Flags != MediaSessionFlags.None) where.And("(m.flags & ?) = ?", (long)query.Flags, (long)query.Flags);
        if (query.Tenant is { } tenant) where.And("m.tenant = ?", tenant);
        return where;
    }

    /// <summary>Of conversations <c>c</c>.</summary>
    public static SqlConditions Of(ConversationQuery query)
    {
        var where = new SqlConditions();
        if (query.From is { } from) where.And("c.started_at >= ?", from.Microseconds);
        if (query.To is { } to) where.And("c.started_at < ?", to.Microseconds);
        if (query.Party is { } party)
        {
            string user = party + "@";
            where.And("(c.first = ? OR c.second = ? OR c.first BETWEEN ? AND ? OR c.second BETWEEN ? AND ?)", party, party, user, user + "\U0010FFFF", user, user + "\U0010FFFF");
        }

        if (query.Tenant is { } tenant) where.And("c.tenant = ?", tenant);
        return where;
    }
}
