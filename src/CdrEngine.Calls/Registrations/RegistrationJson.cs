using System.Text.Json;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Registrations;

/// <summary>The JSON of registrations and their events. Members are always there and only ever grow at the end.</summary>
public static class RegistrationJson
{
    /// <summary>One record as UTF-8 on one line, without a line end.</summary>
    public static byte[] ToUtf8(RegistrationRecord registration) => JsonScratch.ToUtf8(registration, Write);

    /// <summary>Writes one record as one object.</summary>
    public static void Write(RegistrationRecord registration, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, registration.Id);
        writer.WriteString("aor"u8, registration.Aor);
        writer.WriteString("user"u8, registration.User);
        writer.WriteString("domain"u8, registration.Domain);
        writer.WriteString("state"u8, EnumNames<RegistrationState>.Of(registration.State));
        writer.WriteString("contact"u8, registration.Contact);
        CallRecordJson.WriteEndpoint(writer, "source"u8, Known(registration.Source));
        CallRecordJson.WriteEndpoint(writer, "server"u8, Known(registration.Server));
        writer.WriteString("transport"u8, EnumNames<Transport>.Of(registration.Transport));
        if (registration.IsBehindNat is { } behindNat) writer.WriteBoolean("behind_nat"u8, behindNat);
        else writer.WriteNull("behind_nat"u8);
        CallRecordJson.WriteTime(writer, "expires_at"u8, registration.ExpiresAt);
        WriteNumber(writer, "expires", registration.Expires);
        CallRecordJson.WriteTime(writer, "registered_at"u8, registration.RegisteredAt);
        CallRecordJson.WriteTime(writer, "ended_at"u8, registration.EndedAt);
        CallRecordJson.WriteTime(writer, "last_request_at"u8, registration.LastRequestAt);
        CallRecordJson.WriteTime(writer, "last_success_at"u8, registration.LastSuccessAt);
        CallRecordJson.WriteTime(writer, "last_failure_at"u8, registration.LastFailureAt);
        writer.WriteNumber("sip_status"u8, registration.SipStatus);
        writer.WriteString("sip_reason"u8, registration.SipReason);
        WriteNumber(writer, "min_expires", registration.MinExpires);
        CallRecordJson.WriteSpan(writer, "response_ms"u8, registration.ResponseTime);
        writer.WriteNumber("challenges"u8, registration.Challenges);
        writer.WriteNumber("refreshes"u8, registration.Refreshes);
        writer.WriteNumber("moves"u8, registration.Moves);
        writer.WriteNumber("failures"u8, registration.Failures);
        writer.WriteNumber("retransmissions"u8, registration.Retransmissions);
        writer.WriteString("user_agent"u8, registration.UserAgent);
        writer.WriteString("instance"u8, registration.Instance);
        WriteNumber(writer, "reg_id", registration.RegId);
        writer.WriteString("mac"u8, registration.Mac);
        writer.WriteString("gruu"u8, registration.Gruu);
        writer.WriteString("auth_user"u8, registration.AuthUser);
        writer.WriteString("realm"u8, registration.Realm);
        writer.WriteString("sip_call_id"u8, registration.SipCallId);
        writer.WriteNumber("cseq"u8, registration.CSeq);
        WriteTexts(writer, "path"u8, registration.Path);
        WriteTexts(writer, "service_route"u8, registration.ServiceRoute);
        writer.WriteString("capture_source"u8, registration.CaptureSource);
        writer.WritePropertyName("last_event"u8);
        if (registration.LastEvent is { } happened) Write(happened, writer);
        else writer.WriteNullValue();
        writer.WriteString("tenant"u8, registration.Tenant);
        writer.WriteEndObject();
    }

    /// <summary>Writes one event as one object.</summary>
    public static void Write(RegistrationEvent happened, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("sequence"u8, happened.Sequence);
        writer.WriteString("kind"u8, EnumNames<RegistrationEventKind>.Of(happened.Kind));
        CallRecordJson.WriteTime(writer, "at"u8, happened.At);
        CallRecordJson.WriteTime(writer, "last_at"u8, happened.LastAt);
        writer.WriteNumber("count"u8, happened.Count);
        CallRecordJson.WriteEndpoint(writer, "source"u8, Known(happened.Source));
        CallRecordJson.WriteEndpoint(writer, "before"u8, happened.Before);
        writer.WriteString("contact"u8, happened.Contact);
        WriteNumber(writer, "expires", happened.Expires);
        writer.WriteNumber("sip_status"u8, happened.SipStatus);
        writer.WriteString("reason"u8, happened.Reason);
        writer.WriteString("user_agent"u8, happened.UserAgent);
        CallRecordJson.WriteSpan(writer, "response_ms"u8, happened.ResponseTime);
        writer.WriteEndObject();
    }

    /// <summary>One event as UTF-8.</summary>
    public static byte[] ToUtf8(RegistrationEvent happened) => JsonScratch.ToUtf8(happened, Write);

    /// <summary>Reads what <see cref="ToUtf8(RegistrationRecord)"/> wrote; false for anything else.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> utf8, out RegistrationRecord? registration)
    {
        registration = Read(utf8, ReadRegistration);
        return registration is not null;
    }

    /// <summary>Reads what <see cref="ToUtf8(RegistrationEvent)"/> wrote; false for anything else.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> utf8, out RegistrationEvent? happened)
    {
        happened = Read(utf8, ReadEvent);
        return happened is not null;
    }

    internal static T? Read<T>(ReadOnlyMemory<byte> utf8, Func<StoredValue, T> read)
        where T : class
    {
        try
        {
            using var json = StoredJson.Parse(utf8.Span, isAll: true);
            return read(json.Root);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or OverflowException or KeyNotFoundException)
        {
            return null;
        }
    }

    internal static void WriteNumber(Utf8JsonWriter writer, string name, int? value)
    {
        if (value is { } number) writer.WriteNumber(name, number);
        else writer.WriteNull(name);
    }

    internal static void WriteTexts(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (string text in texts) writer.WriteStringValue(text);
        writer.WriteEndArray();
    }

    internal static int? Number(StoredValue parent, string name) =>
        parent.TryGetProperty(name, out StoredValue value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : null;

    internal static Endpoint? Known(Endpoint endpoint) => endpoint.IsNone ? null : endpoint;

    private static RegistrationRecord ReadRegistration(StoredValue json) => new()
    {
        Id = CallRecordJson.RequiredText(json, "id"),
        Aor = CallRecordJson.RequiredText(json, "aor"),
        User = CallRecordJson.Text(json, "user"),
        Domain = CallRecordJson.Text(json, "domain"),
        State = CallRecordJson.Named<RegistrationState>(json, "state"),
        Contact = CallRecordJson.Text(json, "contact"),
        Source = CallRecordJson.Address(json, "source") ?? default,
        Server = CallRecordJson.Address(json, "server") ?? default,
        Transport = CallRecordJson.Named<Transport>(json, "transport"),
        IsBehindNat = json.TryGetProperty("behind_nat", out StoredValue nat) && nat.ValueKind != JsonValueKind.Null ? nat.GetBoolean() : null,
        ExpiresAt = CallRecordJson.Time(json, "expires_at"),
        Expires = Number(json, "expires"),
        RegisteredAt = CallRecordJson.Time(json, "registered_at"),
        EndedAt = CallRecordJson.Time(json, "ended_at"),
        LastRequestAt = CallRecordJson.Time(json, "last_request_at"),
        LastSuccessAt = CallRecordJson.Time(json, "last_success_at"),
        LastFailureAt = CallRecordJson.Time(json, "last_failure_at"),
        SipStatus = CallRecordJson.Int(json, "sip_status"),
        SipReason = CallRecordJson.Text(json, "sip_reason"),
        MinExpires = Number(json, "min_expires"),
        ResponseTime = CallRecordJson.Span(json, "response_ms"),
        Challenges = CallRecordJson.Int(json, "challenges"),
        Refreshes = CallRecordJson.Int(json, "refreshes"),
        Moves = CallRecordJson.Int(json, "moves"),
        Failures = CallRecordJson.Int(json, "failures"),
        Retransmissions = CallRecordJson.Int(json, "retransmissions"),
        UserAgent = CallRecordJson.Text(json, "user_agent"),
        Instance = CallRecordJson.Text(json, "instance"),
        RegId = Number(json, "reg_id"),
        Mac = CallRecordJson.Text(json, "mac"),
        Gruu = CallRecordJson.Text(json, "gruu"),
        AuthUser = CallRecordJson.Text(json, "auth_user"),
        Realm = CallRecordJson.Text(json, "realm"),
        SipCallId = CallRecordJson.Text(json, "sip_call_id"),
        CSeq = CallRecordJson.Integer(json, "cseq"),
        Path = CallRecordJson.Strings(json, "path"),
        ServiceRoute = CallRecordJson.Strings(json, "service_route"),
        CaptureSource = CallRecordJson.Text(json, "capture_source") ?? "",
        LastEvent = json.TryGetProperty("last_event", out StoredValue happened) && happened.ValueKind == JsonValueKind.Object ? ReadEvent(happened) : null,
        Tenant = CallRecordJson.Text(json, "tenant"),
    };

    private static RegistrationEvent ReadEvent(StoredValue json) => new(
        CallRecordJson.Int(json, "sequence"),
        CallRecordJson.Named<RegistrationEventKind>(json, "kind"),
        CallRecordJson.Time(json, "at") ?? throw new FormatException("at"),
        CallRecordJson.Time(json, "last_at") ?? throw new FormatException("last_at"),
        CallRecordJson.Int(json, "count"))
    {
        Source = CallRecordJson.Address(json, "source") ?? default,
        Before = CallRecordJson.Address(json, "before"),
        Contact = CallRecordJson.Text(json, "contact"),
        Expires = Number(json, "expires"),
        SipStatus = CallRecordJson.Int(json, "sip_status"),
        Reason = CallRecordJson.Text(json, "reason"),
        UserAgent = CallRecordJson.Text(json, "user_agent"),
        ResponseTime = CallRecordJson.Span(json, "response_ms"),
    };
}
