using System.Text.Json;
using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Outcomes;

/// <summary>What is shown of a call beside its numbers, as PortSIP names it. The values are stored: they only ever grow.</summary>
public enum CallLabel
{
    /// <summary>Name of the caller: as on the wire, else the directory's.</summary>
    CallerName = 0,

    /// <summary>The same of the callee.</summary>
    CalleeName = 1,

    /// <summary>Host of the caller's URI.</summary>
    CallerDomain = 2,

    /// <summary>The same of the callee.</summary>
    CalleeDomain = 3,

    /// <summary>The number that a call which leaves shows of its caller: P-Asserted-Identity, Remote-Party-ID, else the caller's own.</summary>
    OutboundCallerId = 4,

    /// <summary>The number of a queue, menu, ring group, mailbox or conference that was called.</summary>
    ServiceNumber = 5,

    /// <summary>User-to-User of the INVITE (RFC 7433).</summary>
    UserData = 6,
}

/// <summary>A label that is looked for.</summary>
/// <param name="Of">Which.</param>
/// <param name="Text">Part of it, or all; case matters. See <see cref="CanBeAsked"/>.</param>
/// <param name="IsWhole">Whether it is all of the label.</param>
public sealed record LabelPart(CallLabel Of, string Text, bool IsWhole)
{
    // Stands for what a database cannot keep.
    private const char Unreadable = '\uFFFD';

    /// <summary>Whether a text can be asked for.</summary>
    public static bool CanBeAsked(string text) => text.Length > 0 && !text.AsSpan().ContainsAny('\n', '\0', Unreadable) && !text.Any(char.IsSurrogate);
}

/// <summary>Reads the labels of a call: of its record, or straight of its JSON, which costs a fraction.</summary>
public static class CallLabels
{
    /// <summary>How many there are.</summary>
    public const int Count = 7;

    /// <summary>Those of a record, in order of <see cref="CallLabel"/>; null for what it has not.</summary>
    public static string?[] Of(CallRecord record)
    {
        var source = new Source
        {
            Direction = record.Direction,
            Dialled = record.Dialled,
            Context = record.Marks?.Context,
            Caller = new Side { Number = record.Caller.Number, Name = record.Caller.Name, Uri = record.Caller.Uri, IdentityName = record.Caller.Identity?.Name },
            Callee = new Side { Number = record.Callee.Number, Name = record.Callee.Name, Uri = record.Callee.Uri, IdentityName = record.Callee.Identity?.Name, Kind = record.Callee.Identity?.Kind },
        };
        foreach ((string name, string value) in record.Headers) source.Take(name, value);
        return source.Labels();
    }

    /// <summary>One of a record; null where it has none.</summary>
    public static string? Of(CallRecord record, CallLabel label) => Of(record)[(int)label];

    /// <summary>Those of a record's JSON. Of what is none, nothing.</summary>
    public static string?[] Read(ReadOnlySpan<byte> json)
    {
        var source = new Source();
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return new string?[Count];
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName) ReadMember(ref reader, ref source);
            return source.Labels();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new string?[Count];
        }
    }

    private static void ReadMember(ref Utf8JsonReader reader, ref Source source)
    {
        if (reader.ValueTextEquals("direction"u8)) source.Direction = Named<CallDirection>(ref reader);
        else if (reader.ValueTextEquals("dialled"u8)) source.Dialled = Text(ref reader);
        else if (reader.ValueTextEquals("context"u8)) source.Context = Named<CallContext>(ref reader);
        else if (reader.ValueTextEquals("caller"u8)) source.Caller = ReadSide(ref reader);
        else if (reader.ValueTextEquals("callee"u8)) source.Callee = ReadSide(ref reader);
        else if (reader.ValueTextEquals("headers"u8)) ReadHeaders(ref reader, ref source);
        else Pass(ref reader);
    }

    private static Side ReadSide(ref Utf8JsonReader reader)
    {
        Side side = default;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) return side;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("number"u8)) side.Number = Text(ref reader);
            else if (reader.ValueTextEquals("name"u8)) side.Name = Text(ref reader);
            else if (reader.ValueTextEquals("uri"u8)) side.Uri = Text(ref reader);
            else if (reader.ValueTextEquals("identity"u8)) ReadIdentity(ref reader, ref side);
            else Pass(ref reader);
        }

        return side;
    }

    private static void ReadIdentity(ref Utf8JsonReader reader, ref Side side)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("kind"u8)) side.Kind = Named<PartyKind>(ref reader);
            else if (reader.ValueTextEquals("name"u8)) side.IdentityName = Text(ref reader);
            else Pass(ref reader);
        }
    }

    private static void ReadHeaders(ref Utf8JsonReader reader, ref Source source)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string? name = null, value = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("name"u8)) name = Text(ref reader);
                else if (reader.ValueTextEquals("value"u8)) value = Text(ref reader);
                else Pass(ref reader);
            }

            if (name is not null) source.Take(name, value ?? "");
        }
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String) return reader.GetString();
        reader.Skip();
        return null;
    }

    private static T? Named<T>(ref Utf8JsonReader reader)
        where T : struct, Enum => Text(ref reader) is { } name && EnumNames<T>.TryParse(name, out T value) ? value : null;

    private static void Pass(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    private struct Side
    {
        public string? Number;
        public string? Name;
        public string? Uri;
        public string? IdentityName;
        public PartyKind? Kind;

        public readonly string? Shown => Name ?? (string.IsNullOrEmpty(IdentityName) ? null : IdentityName);
    }

    private struct Source
    {
        public CallDirection? Direction;
        public string? Dialled;
        public CallContext? Context;
        public Side Caller;
        public Side Callee;
        private string? _asserted;
        private string? _remoteParty;
        private string? _userToUser;

        // Of a header that is there twice the first counts.
        public void Take(string name, string value)
        {
            if (name == "p-asserted-identity") _asserted ??= value;
            else if (name == "remote-party-id") _remoteParty ??= value;
            else if (name == "user-to-user") _userToUser ??= value;
        }

        // Asserted to the trunk before what the From shows (RFC 3325).
        public readonly string?[] Labels() =>
        [
            Caller.Shown,
            Callee.Shown,
            SipUriText.Host(Caller.Uri),
            SipUriText.Host(Callee.Uri),
            Direction is CallDirection.Outbound or CallDirection.Transit ? SipUriText.User(_asserted) ?? SipUriText.User(_remoteParty) ?? Caller.Number : null,
            IsService ? Dialled ?? Callee.Number : null,
            _userToUser,
        ];

        private readonly bool IsService =>
            Callee.Kind is PartyKind.Queue or PartyKind.RingGroup or PartyKind.Ivr or PartyKind.Voicemail or PartyKind.Conference
            || Context is CallContext.Queue or CallContext.RingGroup or CallContext.Ivr or CallContext.Voicemail or CallContext.Conference;
    }
}
