namespace CdrEngine.Benchmarks.Storage;

// The native lists beside that of calls.
internal static partial class ListShapes
{
    private static IEnumerable<ListShape> NativeBesideCalls() => [.. Media(), .. Recordings(), .. Sessions(), .. Registrations(), .. Messages(), .. Others()];

    private static IEnumerable<ListShape> Media()
    {
        yield return Of("no filter", static _ => "");
        yield return Of("from, to", static value => Between(value, 72));
        yield return Of("sort=started_at", static _ => "sort=started_at");
        yield return Of("type", static value => $"type={value.Any("audio", "video", "image", "message")}");
        yield return Of("type, nobody's", static _ => "type=application");
        yield return Of("call_id", static value => $"call_id={value.Call.Id}");
        yield return Of("codec, rare", static _ => "codec=G729");
        yield return Of("codec, nobody's", static _ => "codec=EVRC0");
        yield return Of("mos_below", static value => $"mos_below=2.{value.Random.Next(1, 10)}");
        yield return Of("mos_below, nobody's", static _ => "mos_below=1.01");
        yield return Of("address", static value => $"address=10.3.0.{value.Random.Next(64)}");
        yield return Of("address, nobody's", static value => $"address=172.16.0.{value.Random.Next(64)}");
        yield return Of("flags, nobody's", static value => $"flags={value.Any("srtp", "refused")}");
        yield return Of("tenant", static value => $"tenant=tenant{value.Tenant}");

        static ListShape Of(string filter, Func<ListValues, string> query) => Native("media-sessions", "media_sessions", filter, query);
    }

    private static IEnumerable<ListShape> Recordings()
    {
        yield return Of("no filter", static _ => "");
        yield return Of("from, to", static value => Between(value, 72));
        yield return Of("sort=started_at", static _ => "sort=started_at");
        yield return Of("state", static value => $"state={value.Any("pending", "available", "failed")}");
        yield return Of("state, nobody's", static _ => "state=deleted");
        yield return Of("tenant", static value => $"tenant=tenant{value.Tenant}");

        static ListShape Of(string filter, Func<ListValues, string> query) => Native("recordings", "recordings", filter, query);
    }

    private static IEnumerable<ListShape> Sessions()
    {
        yield return Of("no filter", static _ => "");
        yield return Of("from, to", static value => Between(value, 72));
        yield return Of("sort=started_at", static _ => "sort=started_at");
        yield return Of("number", static value => $"number={value.User}");
        yield return Of("number, nobody's", static value => $"number={Uri.EscapeDataString(value.Outside)}");
        yield return Of("kind", static value => $"kind={value.Any("call", "legs", "transfer")}");
        yield return Of("kind, rare", static value => $"kind={value.Any("transfer", "pickup")}");
        yield return Of("tenant", static value => $"tenant=tenant{value.Tenant}");

        static ListShape Of(string filter, Func<ListValues, string> query) => Native("sessions", "sessions", filter, query);
    }

    private static IEnumerable<ListShape> Registrations()
    {
        yield return Of("no filter", static _ => "");
        yield return Of("from, to", static value => Between(value, 72));
        yield return Of("sort=aor", static _ => "sort=aor");
        yield return Of("sort=expires_at", static _ => "sort=expires_at");
        yield return Of("aor", static value => $"aor=sip:{value.OwnUser}@example.com");
        yield return Of("aor, a prefix", static value => $"aor=sip:{value.OwnUser[..3]}*");
        yield return Of("contact", static value => $"contact={value.OwnUser}@10.1");
        yield return Of("address", static value => $"address=10.1.{value.Random.Next(20)}.{value.Random.Next(1, 250)}");
        yield return Of("state", static value => $"state={value.Any("registered", "expired", "failed")}");
        yield return Of("user_agent", static value => $"user_agent={value.Any("yealink", "snom", "nobody")}");
        yield return Of("instance, nobody's", static _ => "instance=urn:uuid:none");
        yield return Of("mac", static value => $"mac=00:15:65:00:00:{value.Random.Next(256):x2}");
        yield return Of("realm, nobody's", static _ => "realm=example.org");
        yield return Of("expiring_before", static value => $"expiring_before={ListValues.Zulu(value.LastDay.AddDays(1))}");
        yield return Of("tenant", static value => $"tenant=tenant{value.Tenant}");

        static ListShape Of(string filter, Func<ListValues, string> query) => Native("registrations", "registrations", filter, query);
    }

    private static IEnumerable<ListShape> Messages()
    {
        yield return Of("no filter", static _ => "");
        yield return Of("from, to", static value => Between(value, 72));
        yield return Of("sort=started_at", static _ => "sort=started_at");
        yield return Of("number", static value => $"number={value.OwnUser}");
        yield return Of("number, nobody's", static value => $"number={Uri.EscapeDataString(value.Outside)}");
        yield return Of("number, a prefix", static value => $"number={value.OwnUser[..4]}*");
        yield return Of("text", static value => $"text={value.Any("call me", "on its way")}");
        yield return Of("text, rare", static value => $"text=invoice%20{value.Random.Next(1_000_000)}:");
        yield return Of("text, nobody's", static value => $"text=zz{value.Random.Next():x8}");
        yield return Of("outcome", static value => $"outcome={value.Any("delivered", "failed", "unanswered")}");
        yield return Of("outcome, nobody's", static _ => "outcome=pending");
        yield return Of("kind", static value => $"kind={value.Any("sip", "msrp")}");
        yield return Of("conversation_id", static value => $"conversation_id={value.Conversation}");
        yield return Of("sip_call_id, nobody's", static value => $"sip_call_id={value.Random.NextInt64():x}@nowhere");
        yield return Of("in_call", static value => $"in_call={value.Any("true", "false")}");
        yield return Of("tenant", static value => $"tenant=tenant{value.Tenant}");

        static ListShape Of(string filter, Func<ListValues, string> query) => Native("messages", "messages", filter, query);
    }

    private static IEnumerable<ListShape> Others()
    {
        yield return Native("conversations", "conversations", "no filter", static _ => "");
        yield return Native("conversations", "conversations", "from, to", static value => Between(value, 72));
        yield return Native("conversations", "conversations", "sort=started_at", static _ => "sort=started_at");
        yield return Native("conversations", "conversations", "party", static value => $"party={value.OwnUser}");
        yield return Native("conversations", "conversations", "party, nobody's", static value => $"party={Uri.EscapeDataString(value.Outside)}");
        yield return Native("conversations", "conversations", "tenant", static value => $"tenant=tenant{value.Tenant}");
        yield return Native("peers", "peers", "no filter", static _ => "");
        yield return Native("peers", "peers", "silent", static value => $"silent={value.Any("true", "false")}");
        yield return Native("mailboxes", "mailboxes", "no filter", static _ => "");
        yield return Native("mailboxes", "mailboxes", "account", static value => $"account=sip:{value.OwnUser}*");
        yield return Native("mailboxes", "mailboxes", "waiting", static value => $"waiting={value.Any("true", "false")}");
    }

    private static ListShape Native(string path, string items, string filter, Func<ListValues, string> query) =>
        new(ListApi.NativeOf(items), $"{path}, {filter}", value => $"/api/v1/{path}?limit=50&{query(value)}".TrimEnd('&'));
}
