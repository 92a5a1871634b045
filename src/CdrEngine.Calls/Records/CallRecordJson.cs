using System.Buffers;
using System.Text.Json;
using CdrEngine.Core;

namespace CdrEngine.Calls.Records;

/// <summary>The native JSON of a call record: one object, one shape, members in a fixed order and always there.</summary>
/// <remarks>First the members that <c>design.md</c> lists, in its order, then additions; names and order only ever grow at the end.
/// Times are RFC 3339 UTC with six decimals; durations are milliseconds, exact to the microsecond (three decimals where needed); <c>billsec</c>
/// alone is rounded. What is derived (durations, coarse disposition) is written and never read back.</remarks>
public static class CallRecordJson
{
    /// <summary>A longer buffer, made by one record of thousands of digits, is not kept.</summary>
    private const int KeptBufferBytes = 256 * 1024;

    private static readonly JsonWriterOptions Compact = new() { SkipValidation = true, Encoder = PlainText.Encoder };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>One record as UTF-8 on one line, without a line end.</summary>
    public static byte[] ToUtf8(CallRecord record, BillsecRounding rounding = BillsecRounding.Nearest) => Lend(record, rounding).ToArray();

    /// <summary>As <see cref="ToUtf8"/>, for whoever is done with the bytes before this thread writes its next record: they are lent until then.</summary>
    public static ReadOnlySpan<byte> Lend(CallRecord record, BillsecRounding rounding = BillsecRounding.Nearest)
    {
        // Kept from record to record: growing a buffer for each costs more than writing it.
        ArrayBufferWriter<byte> buffer = _buffer ??= new ArrayBufferWriter<byte>(8192);
        Utf8JsonWriter writer = _writer ??= new Utf8JsonWriter(buffer, Compact);
        buffer.ResetWrittenCount();
        writer.Reset();
        Write(record, writer, rounding);
        writer.Flush();
        if (buffer.Capacity > KeptBufferBytes) (_buffer, _writer) = (null, null);
        return buffer.WrittenSpan;
    }

    /// <summary>Writes one record as one object.</summary>
    public static void Write(CallRecord record, Utf8JsonWriter writer, BillsecRounding rounding = BillsecRounding.Nearest)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, record.Id);
        writer.WriteString("session_id"u8, record.SessionId);
        writer.WriteString("sip_call_id"u8, record.SipCallId);
        writer.WriteString("state"u8, EnumNames<CallState>.Of(record.State));
        writer.WriteString("disposition"u8, EnumNames<Disposition>.Of(record.Disposition));
        writer.WriteNumber("sip_status"u8, record.SipStatus);
        WriteCause(writer, record.Cause);
        writer.WriteString("hangup_by"u8, EnumNames<HangupBy>.Of(record.HangupBy));
        writer.WriteString("direction"u8, record.Direction is { } direction ? EnumNames<CallDirection>.Of(direction) : null);
        writer.WriteString("dialled"u8, record.Dialled);
        WriteParty(writer, "caller"u8, record.Caller);
        WriteParty(writer, "callee"u8, record.Callee);
        WriteTime(writer, "started_at"u8, record.StartedAt);
        WriteTime(writer, "trying_at"u8, record.TryingAt);
        WriteTime(writer, "rang_at"u8, record.RangAt);
        WriteTime(writer, "early_media_at"u8, record.EarlyMediaAt);
        WriteTime(writer, "answered_at"u8, record.AnsweredAt);
        WriteTime(writer, "ended_at"u8, record.EndedAt);
        WriteSpan(writer, "duration_ms"u8, record.Duration);
        WriteSpan(writer, "ring_ms"u8, record.RingDuration);
        WriteSpan(writer, "pdd_ms"u8, record.PostDialDelay);
        writer.WriteNumber("billsec"u8, Billsec.Seconds(record.BillableDuration, rounding));
        WriteSpan(writer, "billsec_ms"u8, record.BillableDuration);
        writer.WriteString("transport"u8, EnumNames<Transport>.Of(record.Transport));
        writer.WriteString("capture_source"u8, record.CaptureSource);
        WriteFlags(writer, record.Flags);
        WriteLegs(writer, record.Legs);
        writer.WriteStartArray("streams"u8);
        for (int i = 0; i < record.Streams.Count; i++) StreamRecordJson.Write(record.Streams[i], writer);
        writer.WriteEndArray();
        WriteDtmf(writer, record.Dtmf);
        writer.WriteStartArray("media_sessions"u8);
        for (int i = 0; i < record.MediaSessions.Count; i++) MediaSessionJson.Write(record.MediaSessions[i], writer);
        writer.WriteEndArray();
        WriteRecording(writer, record.Recording);

        // Additions to the list of design.md.
        writer.WriteString("disposition_class"u8, DispositionClass.Of(record.Disposition));
        writer.WriteString("sip_reason"u8, record.SipReason);
        writer.WriteString("cause_source"u8, record.Cause is { } cause ? EnumNames<CauseSource>.Of(cause.Source) : null);
        WriteTime(writer, "bye_confirmed_at"u8, record.ByeConfirmedAt);
        WriteSpan(writer, "pdd_authenticated_ms"u8, record.PostDialDelayAuthenticated);
        writer.WriteString("missing_bye_reason"u8, record.MissingByeReason is { } reason ? EnumNames<EndReason>.Of(reason) : null);
        writer.WriteNumber("messages"u8, record.Messages);
        writer.WriteNumber("retransmissions"u8, record.Retransmissions);
        WriteHops(writer, record.Hops);
        WriteHeld(writer, record.Held);
        WriteHeaders(writer, record.Headers);
        OneWayJson.Write(writer, record.OneWay);
        FaxRecordJson.Write(writer, record.Fax);
        CallMarksJson.Write(record.Marks, writer);
        CallLinkJson.Write(writer, record.Links);
        CallLinkJson.Write(writer, record.Transfer);
        writer.WriteEndObject();
    }

    /// <summary>Reads what <see cref="Write"/> wrote; unknown members are passed over, missing optional ones have their defaults. False where
    /// the text is no JSON, or a required member (id, sip_call_id, started_at) or a value is not readable.</summary>
    public static bool TryRead(ReadOnlySpan<byte> utf8, out CallRecord? record)
    {
        record = null;
        try
        {
            using var json = StoredJson.Parse(utf8);
            record = Read(json.Root);

            // Records written before media sessions had ids say all that is needed to make them whole.
            if (record.MediaSessions.Count > 0 && record.MediaSessions[0].Id.Length == 0) record = MediaSessions.Complete(record);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            // The reader's own boundary: a stored row that is damaged is an answer, not a failure of the caller.
        }

        return record is not null;
    }

    internal static void WriteTime(Utf8JsonWriter writer, ReadOnlySpan<byte> name, Timestamp? at)
    {
        if (at is not { } time)
        {
            writer.WriteNull(name);
            return;
        }

        Span<byte> text = stackalloc byte[Timestamp.FormattedBytes];
        time.Format(text);
        writer.WriteString(name, text);
    }

    internal static void WriteEndpoint(Utf8JsonWriter writer, ReadOnlySpan<byte> name, Endpoint? endpoint)
    {
        if (endpoint is not { } address)
        {
            writer.WriteNull(name);
            return;
        }

        Span<byte> text = stackalloc byte[Endpoint.MaxFormattedBytes];
        writer.WriteString(name, text[..address.Format(text)]);
    }

    internal static void WriteSpan(Utf8JsonWriter writer, ReadOnlySpan<byte> name, TimeSpan? span)
    {
        if (span is not { } value)
        {
            writer.WriteNull(name);
            return;
        }

        // Exact to the microsecond, without zeros at the end: 12, 12.5, 12.345.
        long microseconds = value.Ticks / TimeSpan.TicksPerMicrosecond;
        (long whole, long rest) = Math.DivRem(Math.Abs(microseconds), 1000);
        Span<byte> text = stackalloc byte[32];
        int length = 0;
        if (microseconds < 0) text[length++] = (byte)'-';
        whole.TryFormat(text[length..], out int digits);
        length += digits;
        if (rest > 0)
        {
            text[length++] = (byte)'.';
            for (long unit = 100; rest > 0; unit /= 10)
            {
                text[length++] = (byte)('0' + (rest / unit));
                rest %= unit;
            }
        }

        writer.WritePropertyName(name);
        writer.WriteRawValue(text[..length], skipInputValidation: true);
    }

    internal static void WriteRounded(Utf8JsonWriter writer, ReadOnlySpan<byte> name, double? value, int decimals)
    {
        if (value is { } number && double.IsFinite(number)) writer.WriteNumber(name, Rounded(number, decimals));
        else writer.WriteNull(name);
    }

    internal static string? Text(StoredValue parent, string name) =>
        parent.TryGetProperty(name, out StoredValue value) && value.ValueKind != JsonValueKind.Null ? value.GetString() : null;

    internal static string RequiredText(StoredValue parent, string name) =>
        Text(parent, name) ?? throw new FormatException($"{name} is missing");

    internal static TEnum Named<TEnum>(StoredValue parent, string name)
        where TEnum : struct, Enum
    {
        string? text = Text(parent, name);
        if (text is null) return default;
        return EnumNames<TEnum>.TryParse(text, out TEnum value) ? value : throw new FormatException($"{name}: {text}");
    }

    internal static TEnum? NamedOrNull<TEnum>(StoredValue parent, string name)
        where TEnum : struct, Enum => Text(parent, name) is null ? null : Named<TEnum>(parent, name);

    internal static long Integer(StoredValue parent, string name) =>
        parent.TryGetProperty(name, out StoredValue value) && value.ValueKind != JsonValueKind.Null ? value.GetInt64() : 0;

    internal static int Int(StoredValue parent, string name) => checked((int)Math.Clamp(Integer(parent, name), int.MinValue, int.MaxValue));

    internal static double? Real(StoredValue parent, string name) =>
        parent.TryGetProperty(name, out StoredValue value) && value.ValueKind != JsonValueKind.Null ? value.GetDouble() : null;

    internal static Timestamp? Time(StoredValue parent, string name) =>
        parent.TryGetProperty(name, out StoredValue value) && value.ValueKind != JsonValueKind.Null
            ? Timestamp.From(value.GetDateTimeOffset())
            : null;

    internal static TimeSpan? Span(StoredValue parent, string name) =>
        parent.TryGetProperty(name, out StoredValue value) && value.ValueKind != JsonValueKind.Null
            ? TimeSpan.FromTicks((long)(value.GetDecimal() * TimeSpan.TicksPerMillisecond))
            : null;

    internal static Endpoint? Address(StoredValue parent, string name) => Text(parent, name) is { } text ? ParseEndpoint(text) : null;

    internal static IEnumerable<StoredValue> Items(StoredValue parent, string name) =>
        parent.TryGetProperty(name, out StoredValue value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];

    internal static List<string> Strings(StoredValue parent, string name)
    {
        var texts = new List<string>();
        foreach (StoredValue item in Items(parent, name)) texts.Add(item.GetString() ?? "");
        return texts;
    }

    // Through decimal, so that 3.10 and 3.1 are the same text whatever way the double came about.
    private static decimal Rounded(double value, int decimals)
    {
        decimal rounded = Math.Round((decimal)Math.Clamp(value, -1e15, 1e15), decimals, MidpointRounding.AwayFromZero);
        return rounded / 1.0000000000000000000000000000m;
    }

    private static void WriteCause(Utf8JsonWriter writer, Cause? cause)
    {
        if (cause is null)
        {
            writer.WriteNull("cause"u8);
            return;
        }

        writer.WriteStartObject("cause"u8);
        writer.WriteNumber("q850"u8, cause.Q850);
        writer.WriteString("text"u8, cause.Text);
        writer.WriteEndObject();
    }

    private static void WriteParty(Utf8JsonWriter writer, ReadOnlySpan<byte> name, Party party)
    {
        writer.WriteStartObject(name);
        writer.WriteString("number"u8, party.Number);
        writer.WriteString("name"u8, party.Name);
        writer.WriteString("uri"u8, party.Uri);
        if (party.Address is { } address)
        {
            Span<byte> text = stackalloc byte[IpAddress.MaxFormattedBytes];
            writer.WriteString("ip"u8, text[..address.Address.Format(text)]);
            writer.WriteNumber("port"u8, address.Port);
        }
        else
        {
            writer.WriteNull("ip"u8);
            writer.WriteNull("port"u8);
        }

        writer.WriteString("user_agent"u8, party.UserAgent);
        writer.WriteString("codec"u8, party.Codec);
        writer.WriteString("tag"u8, party.Tag);
        writer.WriteString("e164"u8, party.E164);
        CallMarksJson.WriteIdentity(party.Identity, writer);
        writer.WriteEndObject();
    }

    private static void WriteFlags(Utf8JsonWriter writer, CallFlags flags)
    {
        writer.WriteStartArray("flags"u8);
        if (flags != CallFlags.None)
        {
            foreach ((CallFlags flag, string name) in EnumNames<CallFlags>.Each)
            {
                if (flag != CallFlags.None && flags.HasFlag(flag)) writer.WriteStringValue(name);
            }
        }

        writer.WriteEndArray();
    }

    private static void WriteLegs(Utf8JsonWriter writer, IReadOnlyList<Leg> legs)
    {
        writer.WriteStartArray("legs"u8);
        for (int i = 0; i < legs.Count; i++)
        {
            Leg leg = legs[i];
            writer.WriteStartObject();
            writer.WriteString("to_tag"u8, leg.ToTag);
            WriteEndpoint(writer, "callee"u8, leg.Callee);
            writer.WriteString("contact"u8, leg.Contact);
            writer.WriteString("outcome"u8, EnumNames<LegOutcome>.Of(leg.Outcome));
            writer.WriteNumber("sip_status"u8, leg.SipStatus);
            WriteTime(writer, "rang_at"u8, leg.RangAt);
            WriteTime(writer, "answered_at"u8, leg.AnsweredAt);
            WriteTime(writer, "ended_at"u8, leg.EndedAt);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteDtmf(Utf8JsonWriter writer, IReadOnlyList<DtmfDigit> digits)
    {
        writer.WriteStartArray("dtmf"u8);
        foreach (DtmfDigit digit in digits)
        {
            writer.WriteStartObject();
            writer.WriteString("digit"u8, digit.Digit.ToString());
            WriteTime(writer, "at"u8, digit.At);
            WriteSpan(writer, "duration_ms"u8, digit.Duration);
            writer.WriteString("from"u8, EnumNames<PartySide>.Of(digit.From));
            writer.WriteString("method"u8, EnumNames<DtmfMethod>.Of(digit.Method));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteRecording(Utf8JsonWriter writer, RecordingInfo recording)
    {
        writer.WriteStartObject("recording"u8);
        writer.WriteString("state"u8, EnumNames<RecordingState>.Of(recording.State));
        writer.WriteString("reason"u8, recording.Reason);
        writer.WriteString("url"u8, recording.Url);
        writer.WriteEndObject();
    }

    private static void WriteHops(Utf8JsonWriter writer, IReadOnlyList<Hop> hops)
    {
        writer.WriteStartArray("hops"u8);
        for (int i = 0; i < hops.Count; i++)
        {
            Hop hop = hops[i];
            writer.WriteStartObject();
            WriteEndpoint(writer, "src"u8, hop.Source);
            WriteEndpoint(writer, "dst"u8, hop.Destination);
            writer.WriteString("transport"u8, EnumNames<Transport>.Of(hop.Transport));
            WriteTime(writer, "first_seen_at"u8, hop.FirstSeenAt);
            writer.WriteNumber("messages"u8, hop.Messages);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteHeld(Utf8JsonWriter writer, IReadOnlyList<HeldInterval> held)
    {
        writer.WriteStartArray("held"u8);
        foreach (HeldInterval interval in held)
        {
            writer.WriteStartObject();
            writer.WriteString("by"u8, EnumNames<PartySide>.Of(interval.By));
            WriteTime(writer, "from"u8, interval.From);
            WriteTime(writer, "to"u8, interval.To);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteHeaders(Utf8JsonWriter writer, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        writer.WriteStartArray("headers"u8);
        for (int i = 0; i < headers.Count; i++)
        {
            (string name, string value) = headers[i];
            writer.WriteStartObject();
            writer.WriteString("name"u8, name);
            writer.WriteString("value"u8, value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static CallRecord Read(StoredValue root) => new()
    {
        Id = RequiredText(root, "id"),
        SessionId = Text(root, "session_id") ?? RequiredText(root, "id"),
        SipCallId = RequiredText(root, "sip_call_id"),
        State = Named<CallState>(root, "state"),
        Disposition = Named<Disposition>(root, "disposition"),
        SipStatus = Int(root, "sip_status"),
        SipReason = Text(root, "sip_reason"),
        Cause = ReadCause(root),
        HangupBy = Named<HangupBy>(root, "hangup_by"),
        Direction = NamedOrNull<CallDirection>(root, "direction"),
        Dialled = Text(root, "dialled"),
        Caller = ReadParty(root, "caller"),
        Callee = ReadParty(root, "callee"),
        StartedAt = Time(root, "started_at") ?? throw new FormatException("started_at is missing"),
        TryingAt = Time(root, "trying_at"),
        RangAt = Time(root, "rang_at"),
        EarlyMediaAt = Time(root, "early_media_at"),
        AnsweredAt = Time(root, "answered_at"),
        EndedAt = Time(root, "ended_at"),
        ByeConfirmedAt = Time(root, "bye_confirmed_at"),
        PostDialDelay = Span(root, "pdd_ms"),
        PostDialDelayAuthenticated = Span(root, "pdd_authenticated_ms"),
        Transport = Named<Transport>(root, "transport"),
        CaptureSource = Text(root, "capture_source") ?? "",
        Flags = ReadFlags(root),
        MissingByeReason = NamedOrNull<EndReason>(root, "missing_bye_reason"),
        Retransmissions = Int(root, "retransmissions"),
        Messages = Int(root, "messages"),
        Hops = ReadAll(root, "hops", static hop => new Hop(
            Address(hop, "src") ?? default,
            Address(hop, "dst") ?? default,
            Named<Transport>(hop, "transport"),
            Time(hop, "first_seen_at") ?? default,
            Int(hop, "messages"))),
        Legs = ReadAll(root, "legs", ReadLeg),
        Streams = ReadAll(root, "streams", StreamRecordJson.Read),
        Dtmf = ReadAll(root, "dtmf", static digit => new DtmfDigit(
            RequiredText(digit, "digit")[0],
            Time(digit, "at") ?? default,
            Span(digit, "duration_ms"),
            Named<PartySide>(digit, "from"),
            Named<DtmfMethod>(digit, "method"))),
        MediaSessions = ReadAll(root, "media_sessions", MediaSessionJson.Read),
        Recording = ReadRecording(root),
        Held = ReadAll(root, "held", static held => new HeldInterval(
            Named<PartySide>(held, "by"), Time(held, "from") ?? default, Time(held, "to"))),
        Headers = ReadAll(root, "headers", static header =>
            new KeyValuePair<string, string>(RequiredText(header, "name"), Text(header, "value") ?? "")),
        OneWay = ReadAll(root, "one_way", OneWayJson.Read),
        Fax = FaxRecordJson.Read(root),
        Marks = CallMarksJson.Read(root),
        Links = ReadAll(root, "links", CallLinkJson.ReadLink),
        Transfer = CallLinkJson.ReadTransfer(root),
    };

    private static List<T> ReadAll<T>(StoredValue root, string name, Func<StoredValue, T> read)
    {
        var all = new List<T>();
        foreach (StoredValue item in Items(root, name)) all.Add(read(item));
        return all;
    }

    private static Cause? ReadCause(StoredValue root) =>
        root.TryGetProperty("cause", out StoredValue cause) && cause.ValueKind == JsonValueKind.Object
            ? new Cause(Int(cause, "q850"), Text(cause, "text") ?? "", Named<CauseSource>(root, "cause_source"))
            : null;

    private static Party ReadParty(StoredValue root, string name)
    {
        if (!root.TryGetProperty(name, out StoredValue party) || party.ValueKind != JsonValueKind.Object) return new Party();
        Endpoint? address = Text(party, "ip") is { } ip && IpAddress.TryParse(ip, out IpAddress parsed)
            ? new Endpoint(parsed, (ushort)Math.Clamp(Integer(party, "port"), 0, ushort.MaxValue))
            : null;
        return new Party
        {
            Number = Text(party, "number"),
            Name = Text(party, "name"),
            Uri = Text(party, "uri"),
            Address = address,
            UserAgent = Text(party, "user_agent"),
            Codec = Text(party, "codec"),
            Tag = Text(party, "tag"),
            E164 = Text(party, "e164"),
            Identity = CallMarksJson.ReadIdentity(party),
        };
    }

    private static CallFlags ReadFlags(StoredValue root)
    {
        CallFlags flags = CallFlags.None;
        foreach (string name in Strings(root, "flags"))
        {
            flags |= EnumNames<CallFlags>.TryParse(name, out CallFlags flag) ? flag : throw new FormatException($"flag {name}");
        }

        return flags;
    }

    private static Leg ReadLeg(StoredValue leg) => new()
    {
        ToTag = Text(leg, "to_tag") ?? "",
        Callee = Address(leg, "callee"),
        Contact = Text(leg, "contact"),
        Outcome = Named<LegOutcome>(leg, "outcome"),
        SipStatus = Int(leg, "sip_status"),
        RangAt = Time(leg, "rang_at"),
        AnsweredAt = Time(leg, "answered_at"),
        EndedAt = Time(leg, "ended_at"),
    };

    private static RecordingInfo ReadRecording(StoredValue root)
    {
        if (!root.TryGetProperty("recording", out StoredValue recording) || recording.ValueKind != JsonValueKind.Object) return new RecordingInfo();
        return new RecordingInfo
        {
            State = Named<RecordingState>(recording, "state"),
            Reason = Text(recording, "reason"),
            Url = Text(recording, "url"),
        };
    }

    private static Endpoint ParseEndpoint(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon > 0 && IpAddress.TryParse(text[..colon], out IpAddress address) && ushort.TryParse(text.AsSpan(colon + 1), out ushort port))
        {
            return new Endpoint(address, port);
        }

        throw new FormatException($"no endpoint: {text}");
    }
}
