using System.Text.Json;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>Every list that the APIs have, with every filter that their texts name and those of the native API; beside them what a filter can be at its worst: a value that
/// nobody has, one that nearly all have, one that is met once in thousands of calls.</summary>
internal static partial class ListShapes
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<ListShape> All { get; } = [.. Native(), .. NativeBesideCalls(), .. Ucom(), .. Vonage(), .. FonoUc(), .. VoipStudio(), .. PortSip()];

    private static IEnumerable<ListShape> Native()
    {
        yield return Of("no filter", static _ => "");
        yield return Of("from, to", static value => Between(value, 72));
        yield return Of("sort=started_at", static _ => "sort=started_at");
        yield return Of("number", static value => $"number={value.User}");
        yield return Of("number, nobody's", static value => $"number={Uri.EscapeDataString(value.Outside)}");
        yield return Of("number, a prefix", static value => $"number={Uri.EscapeDataString(value.Outside[..8])}*");
        yield return Of("number, a common prefix", static value => $"caller={Uri.EscapeDataString(value.Outside[..4])}*");
        yield return Of("caller", static value => $"caller={value.User}");
        yield return Of("callee", static value => $"callee={value.User}");
        yield return Of("address", static value => $"address=10.1.{value.Random.Next(7)}.{value.Random.Next(1, 250)}");
        yield return Of("disposition", static value => $"disposition={value.Any("busy", "rejected", "no_answer", "failed", "invalid_number", "cancelled")}");
        yield return Of("direction", static value => $"direction={value.Any("inbound", "outbound", "internal", "transit")}");
        yield return Of("context", static value => $"context={value.Any("ivr", "queue", "voicemail", "tracking", "fax", "pstn_call")}");
        yield return Of("tenant", static value => $"tenant=tenant{value.Tenant}");
        yield return Of("user", static value => $"user={value.OwnUser}");
        yield return Of("trunk", static value => $"trunk={value.Any("carrier-a", "carrier-b")}");
        yield return Of("sip_status", static value => $"sip_status={value.Any("200", "404", "486", "503", "486,603")}");
        yield return Of("cause", static value => $"cause={value.Any("0", "17")}");
        yield return Of("session_id", static value => $"session_id={value.Call.Id}");
        yield return Of("codec, rare", static _ => "codec=G729");
        yield return Of("codec, nobody's", static _ => "codec=EVRC0");
        yield return Of("mos_below", static value => $"mos_below=2.{value.Random.Next(1, 10)}");
        yield return Of("flags", static value => $"flags={value.Any("linked", "held", "one_way_audio")}");
        yield return Of("flags, nobody's", static _ => "flags=clock_set");
        yield return Of("duration_min, rare", static value => $"duration_min={value.Seconds(3_000, 14_000)}");
        yield return Of("duration_max", static value => $"duration_max={value.Seconds(1, 30)}");
        yield return Of("billsec_min", static value => $"billsec_min={value.Seconds(300, 4_000)}");
        yield return Of("billsec_max, direction", static value => $"billsec_max={value.Seconds(1, 20)}&direction=transit");
        yield return Of("recorded", static _ => "recorded=true");
        yield return Of("sip_call_id", static value => $"sip_call_id={Uri.EscapeDataString(value.Call.SipCallId)}");
        yield return Of("sip_call_id, nobody's", static value => $"sip_call_id={value.Random.NextInt64():x}@nowhere");
        yield return Of("text, a number", static value => $"text={value.User}");
        yield return Of("text, nobody's", static value => $"text=zz{value.Random.Next():x8}");

        static ListShape Of(string filter, Func<ListValues, string> query) => new(ListApi.Native, filter, value => $"/api/v1/calls?limit=50&{query(value)}".TrimEnd('&'));
    }

    private static IEnumerable<ListShape> Ucom()
    {
        yield return Of("no filter", static _ => "") with { Far = 5_000 };
        yield return Of("start_datetime, end_datetime", static value => $"start_datetime={ListValues.Blank(value.Hour)}&end_datetime={ListValues.Blank(value.LastDay)}") with { Far = 50 };
        yield return Of("order=asc", static _ => "order=asc") with { Far = 5_000 };
        yield return Of("from_username", static value => $"from_username={value.User}") with { Far = 3 };
        yield return Of("from_username, five", static value => $"from_username={string.Join(',', Enumerable.Range(0, 5).Select(_ => value.User))}") with { Far = 10 };
        yield return Of("from_username, nobody's", static value => $"from_username={Uri.EscapeDataString(value.Outside)}") with { Far = 1 };
        yield return Of("to_username", static value => $"to_username={value.User}") with { Far = 2 };
        yield return Of("to_username, common", static _ => "to_username=%2B4930100") with { Far = 200 };
        yield return Of("did_number", static value => $"did_number={Uri.EscapeDataString(value.Did)}") with { Far = 3 };
        yield return Of("extension_id", static value => $"extension_id={value.OwnUser}") with { Far = 4 };
        yield return Of("flow", static value => $"flow={value.Any("in", "out")}") with { Far = 2_000 };
        yield return Of("start_duration, rare", static value => $"start_duration={value.Seconds(3_000, 14_000)}") with { Far = 2 };
        yield return Of("start_duration", static value => $"start_duration={value.Seconds(1, 600)}") with { Far = 20 };
        yield return Of("end_duration", static value => $"end_duration={value.Seconds(0, 60)}") with { Far = 200 };
        yield return Of("bridged_username", static value => $"bridged_username={value.User}") with { Far = 1 };
        yield return Of("bridged_username, nobody's", static value => $"bridged_username={Uri.EscapeDataString(value.Outside)}") with { Far = 1 };
        yield return Of("start_bridged_duration", static value => $"start_bridged_duration={value.Seconds(1, 300)}") with { Far = 100 };
        yield return Of("start_bridged_duration, rare", static value => $"start_bridged_duration={value.Seconds(3_000, 14_000)}") with { Far = 1 };
        yield return Of("end_bridged_duration", static value => $"end_bridged_duration={value.Seconds(1, 300)}") with { Far = 100 };
        yield return Of("end_bridged_duration, rare", static _ => "end_bridged_duration=0") with { Far = 2 };
        yield return Of("all of them", static value =>
            $"start_datetime={ListValues.Blank(value.Hour)}&flow=in&did_number={Uri.EscapeDataString(value.Did)}&start_duration=20&end_duration=600&start_bridged_duration=10&end_bridged_duration=500") with
        { Far = 1 };

        static ListShape Of(string filter, Func<ListValues, string> query) => new(ListApi.Ucom, filter, value => $"/client/{value.Account}/calls?{query(value)}".TrimEnd('?'));
    }

    private static IEnumerable<ListShape> Vonage()
    {
        yield return Of("no filter", static _ => "");
        yield return Of("order=asc", static _ => "order=asc");
        yield return Of("start:gte", static value => $"start:gte={ListValues.Unix(value.Hour)}");
        yield return Of("start:lte", static value => $"start:lte={ListValues.Unix(value.Hour)}");
        yield return Of("start:gte, start:lte", static value => Between(value.Hour, value.Random.Next(1, 72), "start:gte", "start:lte"));
        yield return new ListShape(ListApi.VonageDevices, "devices", static value => $"/registration/accounts/{value.Account}/devices");

        static ListShape Of(string filter, Func<ListValues, string> query) => new(ListApi.Vonage, filter, value => $"/cc/accounts/{value.Account}/calls?{query(value)}".TrimEnd('?'));
    }

    private static IEnumerable<ListShape> FonoUc()
    {
        yield return Of(ListApi.FonoUc, "cdrs", "cdrs, no filter", static _ => "");
        yield return Of(ListApi.FonoUc, "cdrs", "cdrs, startDate, endDate", static value => Between(value.Hour, value.Random.Next(1, 72), "startDate", "endDate"));
        yield return Of(ListApi.FonoUc, "cdrs", "cdrs, startDate", static value => $"startDate={ListValues.Unix(value.Hour)}");
        yield return Of(ListApi.FonoUcRecordings, "recordings", "recordings, no filter", static _ => "");
        yield return Of(ListApi.FonoUcRecordings, "recordings", "recordings, startDate, endDate", static value => Between(value.Hour, value.Random.Next(1, 72), "startDate", "endDate"));

        static ListShape Of(ListApi api, string list, string filter, Func<ListValues, string> query) => new(api, filter, value => $"/api/v2/reports/{list}?{query(value)}".TrimEnd('?'));
    }

    private static IEnumerable<ListShape> VoipStudio()
    {
        yield return Plain("cdrs", "no filter");
        yield return Of("calldate", static value => Condition("calldate", "gte", ListValues.Blank(value.Hour)));
        yield return Of("src", static value => Condition("src", "eq", value.User));
        yield return Of("src, nobody's", static value => Condition("src", "eq", value.Outside));
        yield return Of("src like", static value => Condition("src", "like", value.Outside[..8] + "%"));
        yield return Of("dst", static value => Condition("dst", "eq", value.Did));
        yield return Of("dst like", static value => Condition("dst", "like", value.Did[..^2] + "%"));
        yield return Of("dst like, common", static value => Condition("dst", "like", value.Did[..4] + "%"));
        yield return Of("user_id", static value => Condition("user_id", "eq", value.OwnUser));
        yield return Of("id", static value => Condition("id", "eq", value.Call.Number));
        yield return Of("live_id", static value => Condition("live_id", "eq", value.Call.Number));
        yield return Of("root_live_id", static value => Condition("root_live_id", "eq", value.Call.Number));
        yield return Of("duration, rare", static value => Condition("duration", "gt", value.Seconds(3_000, 14_000)));
        yield return Of("duration", static value => Condition("duration", "gt", value.Seconds(1, 300)));
        yield return Of("billsec", static value => Condition("billsec", "lt", value.Seconds(1, 60)));
        yield return Of("type", static value => Condition("type", "eq", value.Any("O", "I", "M")));
        yield return Of("type O and M", static _ => """[{"property":"type","operator":"in","value":["O","M"]}]""");
        yield return Of("disposition", static value => Condition("disposition", "eq", value.Any("INITIAL", "RINGING", "CONNECTED", "ON_HOLD", "VM")));
        yield return Of("destination", static value => Condition("destination", "eq", value.Any("in", "out", "webcall", "callmeback")));
        yield return Of("destination out and webcall", static _ => """[{"property":"destination","operator":"in","value":["out","webcall"]}]""");
        yield return Of("context", static value => Condition("context", "eq", value.Any("IVR", "QUEUE", "VOICEMAIL", "TRACKING", "PSTN_CALL")));
        yield return Of("src_codec, rare", static _ => Condition("src_codec", "eq", "G729"));
        yield return Of("dst_codec", static _ => Condition("dst_codec", "eq", "PCMU"));
        yield return Of("src_codec, nobody's", static _ => Condition("src_codec", "eq", "EVRC0"));
        yield return Of("src and type and duration", static value =>
            $$"""[{"property":"src","operator":"eq","value":"{{value.User}}"},{"property":"type","operator":"eq","value":"O"},{"property":"duration","operator":"gt","value":"60"}]""");
        yield return Plain("monitors", "monitors");
        yield return List("monitors", "monitors, created_at", static value => Condition("created_at", "gte", ListValues.Blank(value.Hour)));
        yield return Plain("voicemessages", "voicemessages");
        yield return List("voicemessages", "voicemessages, origtime", static value => Condition("origtime", "gte", ListValues.Blank(value.Hour)));
        yield return List("voicemessages", "voicemessages, folder", static value => Condition("folder", "eq", value.Any("0", "1", "2")));
        yield return List("voicemessages", "voicemessages, is_new", static value => Condition("is_new", "eq", value.Any("true", "false")));
        yield return Plain("statements", "statements");
        yield return List("statements", "statements, created_at", static value => Condition("created_at", "lt", ListValues.Blank(value.Hour)));
        yield return Plain("cdrs/calltracking", "cdrs/calltracking");
        yield return List("cdrs/calltracking", "cdrs/calltracking, dst", static value => Condition("dst", "eq", value.Did));
        yield return Plain("calltracking/cdrs", "calltracking/cdrs");
        yield return Plain("msdrs", "msdrs");
        yield return List("msdrs", "msdrs, created_at", static value => Condition("created_at", "gte", ListValues.Blank(value.Hour)));
        yield return List("msdrs", "msdrs, type", static value => Condition("type", "eq", value.Any("audio", "video", "message", "image")));
        yield return List("msdrs", "msdrs, type nobody's", static _ => Condition("type", "eq", "application"));
        yield return List("msdrs", "msdrs, live_id", static value => Condition("live_id", "eq", value.Call.Number));
        yield return Plain("sms", "sms");
        yield return List("sms", "sms, created_at", static value => Condition("created_at", "gte", ListValues.Blank(value.Hour)));
        yield return List("sms", "sms, from", static value => Condition("from", "eq", value.OwnUser));
        yield return List("sms", "sms, to", static value => Condition("to", "eq", value.OwnUser));
        yield return List("sms", "sms, from and to", static value =>
            $$"""[{"property":"from","operator":"eq","value":"{{value.OwnUser}}"},{"property":"to","operator":"eq","value":"{{value.OwnUser}}"}]""");
        yield return List("sms", "sms, from nobody's", static value => Condition("from", "eq", value.Outside));
        yield return List("sms", "sms, result", static value => Condition("result", "eq", value.Any("DELIVERED", "FAILED")));
        yield return Plain("chats", "chats");
        yield return List("chats", "chats, created_at", static value => Condition("created_at", "lt", ListValues.Blank(value.Hour)));
        yield return Plain("chatmsgs", "chatmsgs");
        yield return List("chatmsgs", "chatmsgs, from", static value => Condition("from", "eq", value.OwnUser));
        yield return List("chatmsgs", "chatmsgs, result", static value => Condition("result", "eq", value.Any("DELIVERED", "FAILED")));
        yield return List("chatmsgs", "chatmsgs, chat_id", static value => Condition("chat_id", "eq", value.Chat));
        yield return new ListShape(ListApi.VoipStudio, "users/{id}/cdrs", static value => $"/v1.1/voipstudio/users/{value.OwnUser}/cdrs");

        static ListShape Plain(string list, string filter) => new(ListApi.VoipStudio, filter, _ => $"/v1.1/voipstudio/{list}");

        static ListShape Of(string filter, Func<ListValues, string> json) => List("cdrs", filter, json);

        static ListShape List(string list, string filter, Func<ListValues, string> json) => new(ListApi.VoipStudio, filter, value => $"/v1.1/voipstudio/{list}?filter={Uri.EscapeDataString(json(value))}");

        static string Condition(string property, string operation, string value) => $$"""[{"property":"{{property}}","operator":"{{operation}}","value":{{JsonSerializer.Serialize(value)}}}]""";
    }

    private static IEnumerable<ListShape> PortSip()
    {
        yield return new ListShape(ListApi.PortSip, "cdrs, no filter", static _ => "/api/cdrs");
        yield return new ListShape(ListApi.PortSip, "cdrs, orderby=started_at desc", static _ => "/api/cdrs?orderby=started_at%20desc");
        yield return new ListShape(ListApi.PortSip, "cdrs, orderby=ended_at desc", static _ => "/api/cdrs?orderby=ended_at%20desc");
        yield return new ListShape(ListApi.PortSip, "cdrs, orderby=rang_at", static _ => "/api/cdrs?orderby=rang_at");
        foreach (string order in (string[])["answered_at", "duration", "duration desc", "direction", "end_reason desc", "reroute_reason", "status_code", "caller", "callee desc", "caller_domain", "callee_domain desc", "caller_display_name", "callee_display_name desc", "call_id", "destination", "outbound_caller_id", "did_cid", "trunk", "service_number", "user_data desc", "id", "id desc"])
            yield return new ListShape(ListApi.PortSip, $"cdrs, orderby={order}", _ => $"/api/cdrs?orderby={Uri.EscapeDataString(order)}");
        yield return new ListShape(ListApi.PortSip, "cdrs, orderby=caller, direction", static value => $"/api/cdrs?orderby=caller&filter=direction%20eq%20{value.Any("INBOUND_CALL", "OUTBOUND_CALL", "INTERNAL_CALL")}");
        yield return new ListShape(ListApi.PortSip, "cdrs, orderby=id, direction", static value => $"/api/cdrs?orderby=id&filter=direction%20eq%20{value.Any("INBOUND_CALL", "OUTBOUND_CALL", "INTERNAL_CALL")}");
        yield return new ListShape(ListApi.PortSip, "cdrs, orderby=id, id gt", static value => $"/api/cdrs?orderby=id&filter={Uri.EscapeDataString($"id gt '{value.Call.Text}'")}");
        yield return new ListShape(ListApi.PortSip, "cdrs, orderby=callee_display_name, status_code", static value => $"/api/cdrs?orderby=callee_display_name&filter=status_code%20eq%20{value.Any("200", "486")}");
        yield return new ListShape(ListApi.PortSip, "cdrs, orderby=ended_at, caller ne", static value => $"/api/cdrs?orderby=ended_at&filter={Uri.EscapeDataString($"caller ne '{value.User}'")}");
        yield return new ListShape(ListApi.PortSip, "calllogs, no filter", static _ => "/api/calllogs");
        foreach (string order in (string[])["ended_at desc", "answered_at", "duration", "duration desc", "end_reason", "reroute_reason desc", "status_code", "caller", "callee desc", "callee_display_name", "direction", "call_id", "trunk"])
            yield return new ListShape(ListApi.PortSip, $"calllogs, orderby={order}", _ => $"/api/calllogs?orderby={Uri.EscapeDataString(order)}");
        yield return new ListShape(ListApi.PortSip, "calllogs, orderby=duration desc, callee", static value => $"/api/calllogs?orderby=duration%20desc&filter={Uri.EscapeDataString($"callee eq '{value.User}'")}");
        yield return Log("caller", static value => $"caller eq '{value.User}'");
        yield return Log("callee", static value => $"callee eq '{value.User}'");
        yield return Log("callee ne", static value => $"callee ne '{value.User}'");
        yield return Log("contains(callee_display_name)", static value => $"contains(callee_display_name,'er {value.Random.Next(100, 200)}')");
        yield return Log("duration, rare", static value => $"duration gt {value.Seconds(3_000, 14_000)}");
        yield return Log("duration", static value => $"duration lt {value.Seconds(1, 60)}");
        yield return Log("end_reason", static value => $"end_reason eq {value.Any("CALLER_DISCONNECTED", "CALLEE_DISCONNECTED", "CALLER_CANCELED", "NO_ANSWER", "BUSY", "REJECTED", "FAILED")}");
        yield return Log("reroute_reason", static value => $"reroute_reason eq {value.Any("NONE", "TRANSFER", "FORWARD", "REFER")}");
        yield return Log("status_code", static value => $"status_code eq {value.Any("200", "404", "486", "503")}");
        yield return Log("answered_at gt", static value => $"answered_at gt {ListValues.Zulu(value.Hour)}");
        yield return Log("answered_at eq null", static _ => "answered_at eq null");
        yield return Log("two conditions", static value => $"direction eq INBOUND_CALL and status_code eq 486 and started_at ge {ListValues.Zulu(value.Hour)}");
        yield return new ListShape(ListApi.PortSip, "search", static value => $"/api/cdrs?search={value.User}");
        yield return new ListShape(ListApi.PortSip, "search, nobody's", static value => $"/api/cdrs?search=zz{value.Random.Next():x8}");
        yield return Of("started_at", static value => $"started_at ge {ListValues.Zulu(value.Hour)} and started_at lt {ListValues.Zulu(value.LastDay)}");
        yield return Of("caller", static value => $"caller eq '{value.User}'");
        yield return Of("caller, nobody's", static value => $"caller eq '{value.Outside}'");
        yield return Of("callee", static value => $"callee eq '{value.User}'");
        yield return Of("destination", static value => $"destination eq '{value.Did}'");
        yield return Of("did_cid", static value => $"did_cid eq '{value.Did}'");
        yield return Of("call_id", static value => $"call_id eq '{value.Call.SipCallId}'");
        yield return Of("id", static value => $"id eq '{value.Call.Text}'");
        yield return Of("id gt", static value => $"id gt '{value.Call.Text}'");
        yield return Of("id le, direction", static value => $"id le '{value.Call.Text}' and direction eq {value.Any("INBOUND_CALL", "OUTBOUND_CALL", "INTERNAL_CALL")}");
        yield return Of("direction", static value => $"direction eq {value.Any("INBOUND_CALL", "OUTBOUND_CALL", "INTERNAL_CALL", "INBOUND_TO_OUTBOUND_CALL")}");
        yield return Of("end_reason", static value => $"end_reason eq {value.Any("CALLER_DISCONNECTED", "CALLEE_DISCONNECTED", "CALLER_CANCELED", "NO_ANSWER", "BUSY", "REJECTED", "FAILED", "SERVER_DISCONNECTED")}");
        yield return Of("reroute_reason", static value => $"reroute_reason eq {value.Any("NONE", "TRANSFER", "FORWARD", "NO_ANSWER", "BUSY", "REFER")}");
        yield return Of("status_code", static value => $"status_code eq {value.Any("200", "404", "486", "503")}");
        yield return Of("duration, rare", static value => $"duration gt {value.Seconds(3_000, 14_000)}");
        yield return Of("duration", static value => $"duration lt {value.Seconds(1, 60)}");
        yield return Of("trunk", static value => $"trunk eq '{value.Any("carrier-a", "carrier-b")}'");
        yield return Of("answered_at ne null", static _ => "answered_at ne null");
        yield return Of("rang_at eq null", static _ => "rang_at eq null");
        yield return Of("caller or callee", static value => $"caller eq '{value.User}' or callee eq '{value.User}'");
        yield return Of("caller ne", static value => $"caller ne '{value.User}'");
        yield return Of("caller ne or callee eq", static value => $"caller ne '{value.User}' or callee eq '{value.User}'");
        yield return Of("caller ne and callee eq", static value => $"caller ne '{value.User}' and callee eq '{value.User}'");
        yield return Of("callee_display_name ne", static value => $"callee_display_name ne 'User {value.Random.Next(StoredCalls.Users)}' and direction eq INBOUND_CALL");
        yield return Of("end_reason ne", static value => $"end_reason ne {value.Any("BUSY", "REJECTED", "FAILED")}");
        yield return Of("callee gt", static value => $"callee gt '{value.User}'");
        yield return Of("caller_display_name lt", static value => $"caller_display_name lt 'User {value.Random.Next(1, 9)}'");
        yield return Of("contains(call_id)", static value => $"contains(call_id,'{value.Call.SipCallId[2..12]}')");
        yield return Of("contains(call_id), common", static value => $"contains(call_id,'{value.Any("@192.0.2.1", "@198.51", "a")}')");
        yield return Of("contains(caller)", static value => $"contains(caller,'{value.Outside[3..11]}')");
        yield return Of("caller_display_name, nobody's", static value => $"caller_display_name eq 'nobody {value.Random.Next()}'");
        yield return Of("caller_display_name", static value => $"caller_display_name eq 'User {value.Random.Next(StoredCalls.Users)}'");
        yield return Of("caller_display_name, common", static _ => "caller_display_name eq 'Ada Young'");
        yield return Of("contains(callee_display_name)", static value => $"contains(callee_display_name,'er {value.Random.Next(100, 200)}')");
        yield return Of("caller_domain", static _ => "caller_domain eq 'example.com'");
        yield return Of("outbound_caller_id", static value => $"outbound_caller_id eq '{value.User}'");
        yield return Of("contains(service_number)", static value => $"contains(service_number,'{value.Did[^3..]}')");
        yield return Of("user_data, nobody's", static value => $"contains(user_data,'{value.Random.Next():x8}')");
        yield return Of("answered_at gt", static value => $"answered_at gt {ListValues.Zulu(value.Hour)}");
        yield return Of("ended_at lt", static value => $"ended_at lt {ListValues.Zulu(value.Hour)}");
        yield return Of("rang_at ge, rang_at lt", static value => $"rang_at ge {ListValues.Zulu(value.Hour)} and rang_at lt {ListValues.Zulu(value.Hour.AddHours(value.Random.Next(1, 72)))}");
        yield return Of("answered_at ne", static value => $"answered_at ne {ListValues.Zulu(value.Hour)}");
        yield return Of("outbound_caller_id eq null", static _ => "outbound_caller_id eq null");
        yield return Of("contains(end_reason)", static value => $"contains(end_reason,'{value.Any("CANCEL", "DISCONNECTED", "BUS")}')");
        yield return Of("contains(trunk)", static value => $"contains(trunk,'{value.Any("er-b", "rier")}')");
        yield return Of("two conditions", static value => $"direction eq INBOUND_CALL and status_code eq 486 and started_at ge {ListValues.Zulu(value.Hour)}");

        static ListShape Of(string filter, Func<ListValues, string> condition) => new(ListApi.PortSip, filter, value => $"/api/cdrs?filter={Uri.EscapeDataString(condition(value))}");

        static ListShape Log(string filter, Func<ListValues, string> condition) => new(ListApi.PortSip, $"calllogs, {filter}", value => $"/api/calllogs?filter={Uri.EscapeDataString(condition(value))}");
    }

    private static string Between(ListValues value, int most)
    {
        DateTime from = value.Hour;
        return $"from={ListValues.Zulu(from)}&to={ListValues.Zulu(from.AddHours(value.Random.Next(1, most)))}";
    }

    private static string Between(DateTime from, int hours, string first, string last) => $"{first}={ListValues.Unix(from)}&{last}={ListValues.Unix(from.AddHours(hours))}";
}
