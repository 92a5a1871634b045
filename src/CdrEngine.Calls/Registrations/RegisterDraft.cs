using System.Text;
using CdrEngine.Calls.Exchanges;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Registrations;

/// <summary>One Contact of a REGISTER or of its response.</summary>
internal sealed class ContactDraft
{
    /// <summary>URI as written.</summary>
    public required string Uri { get; init; }

    /// <summary>What it is known by: instance and reg-id where there is one (RFC 5626 4.2), else user, host, port and transport. Marks that a device
    /// makes anew at each start (rinstance, line) are left out, so that it is found again.</summary>
    public required string Key { get; init; }

    public string? User { get; init; }

    public string? Instance { get; init; }

    public int? RegId { get; init; }

    public string? Gruu { get; init; }

    /// <summary>Parameters of the header, and the User-Agent beside it: where else a hardware address may stand.</summary>
    public string Parameters { get; init; } = "";

    public string? UserAgent { get; init; }

    /// <summary>The hardware address that the contact or its device tells; looked for each time, so ask once.</summary>
    public string? FindMac() => HardwareAddress.Find(Instance, Parameters.Length > 0 ? $"{Uri} {Parameters}" : Uri, UserAgent);

    public IpAddress? Address { get; init; }

    /// <summary>Seconds; -1 where it says none.</summary>
    public long Expires { get; init; }
}

/// <summary>What a REGISTER asks and what its response grants, read while the messages are at hand.</summary>
internal sealed class RegisterDraft
{
    public string? Aor { get; private set; }

    public string? User { get; private set; }

    public string? Domain { get; private set; }

    public string? UserAgent { get; private set; }

    public string? AuthUser { get; private set; }

    public string? Realm { get; private set; }

    public long RequestExpires { get; private set; } = -1;

    public long ResponseExpires { get; private set; } = -1;

    public int? MinExpires { get; private set; }

    public bool IsWildcard { get; private set; }

    public List<ContactDraft> Contacts { get; } = [];

    /// <summary>Contacts of the 2xx.</summary>
    public List<ContactDraft> Listed { get; } = [];

    public IReadOnlyList<string> Path { get; private set; } = [];

    public IReadOnlyList<string> ServiceRoute { get; private set; } = [];

    public void ReadRequest(SipMessage message, TextCache texts, Counters<RegistrationCounter> counters)
    {
        Contacts.Clear();
        IsWildcard = false;
        NameAddr to = message.To;
        (Aor, User, Domain) = AddressOfRecord(to.UriText, texts);
        UserAgent = message.TryGetHeader(SipHeader.UserAgent, out ReadOnlySpan<byte> agent) ? texts.GetOrNull(agent) : null;
        RequestExpires = message.ExpiresSeconds;
        ReadCredentials(message, SipHeader.Authorization, texts);
        if (AuthUser is null) ReadCredentials(message, SipHeader.ProxyAuthorization, texts);
        Path = Values(message, SipHeader.Path, texts);
        ReadContacts(message, Contacts, texts, UserAgent, counters);
        if (message.Contact.UriText is [(byte)'*']) IsWildcard = true;
    }

    public void ReadResponse(SipMessage message, TextCache texts, Counters<RegistrationCounter> counters)
    {
        Listed.Clear();
        if (message.StatusCode == 423 && message.TryGetHeader(SipHeader.MinExpires, out ReadOnlySpan<byte> least) && SipGrammar.TryReadLeadingNumber(least, out uint seconds))
            MinExpires = (int)Math.Min(seconds, int.MaxValue);
        if (message.StatusCode >= 300) return;
        ResponseExpires = message.ExpiresSeconds;
        ServiceRoute = Values(message, SipHeader.ServiceRoute, texts);
        ReadContacts(message, Listed, texts, null, counters);
    }

    /// <summary>The URI of an address of record in one form: scheme and host in lower case, without password, parameters and headers.</summary>
    public static (string? Aor, string? User, string? Domain) AddressOfRecord(ReadOnlySpan<byte> uriText, TextCache texts)
    {
        if (!SipUri.TryParse(uriText, out SipUri uri)) return (null, null, null);
        Span<byte> text = stackalloc byte[512];
        if (uri.Scheme is not (SipUriScheme.Sip or SipUriScheme.Sips) || uriText.Length > 500)
        {
            int end = uriText.IndexOfAny((byte)';', (byte)'?');
            string other = texts.Get(end < 0 ? uriText : uriText[..end]);
            return (other, uri.User.IsEmpty ? null : uri.UserText(), null);
        }

        int length = Encoding.ASCII.GetBytes(uri.Scheme == SipUriScheme.Sips ? "sips:" : "sip:", text);
        if (!uri.User.IsEmpty)
        {
            uri.UserName.CopyTo(text[length..]);
            length += uri.UserName.Length;
            text[length++] = (byte)'@';
        }

        int host = length;
        foreach (byte c in uri.Host) text[length++] = c is >= (byte)'A' and <= (byte)'Z' ? (byte)(c | 0x20) : c;
        string domain = texts.Get(text[host..length]);
        if (uri.Port is not (0 or 5060))
        {
            text[length++] = (byte)':';
            uri.Port.TryFormat(text[length..], out int digits);
            length += digits;
        }

        string? user = uri.User.IsEmpty ? null : uri.UserName.Contains((byte)'%') ? uri.UserText() : texts.Get(uri.UserName);
        return (texts.Get(text[..length]), user, domain);
    }

    private void ReadCredentials(SipMessage message, SipHeader header, TextCache texts)
    {
        foreach (ReadOnlySpan<byte> credentials in message.GetHeaders(header))
        {
            if (!SipDigest.TryGet(credentials, "username"u8, out ReadOnlySpan<byte> user)) continue;
            AuthUser = texts.GetOrNull(user);
            Realm = SipDigest.TryGet(credentials, "realm"u8, out ReadOnlySpan<byte> realm) ? texts.GetOrNull(realm) : null;
            return;
        }
    }

    private static void ReadContacts(SipMessage message, List<ContactDraft> into, TextCache texts, string? userAgent, Counters<RegistrationCounter> counters)
    {
        foreach (ReadOnlySpan<byte> value in message.GetValues(SipHeader.Contact))
        {
            NameAddr contact = NameAddr.Parse(value);
            if (contact.IsEmpty || contact.UriText is [(byte)'*']) continue;
            if (into.Count >= RegistrationLimits.ContactsOfOneMessage)
            {
                counters.Increment(RegistrationCounter.ContactLimit);
                continue;
            }

            into.Add(ReadContact(contact, texts, userAgent));
        }
    }

    private static ContactDraft ReadContact(in NameAddr contact, TextCache texts, string? userAgent)
    {
        SipUri uri = contact.Uri;
        string text = texts.Get(contact.UriText);
        string? instance = contact.Parameters.TryGet("+sip.instance"u8, out ReadOnlySpan<byte> written) ? texts.GetOrNull(written.Trim("<>\" "u8)) : null;
        int? regId = contact.Parameters.TryGetNumber("reg-id"u8, out uint flow) && flow <= int.MaxValue ? (int)flow : null;
        long expires = contact.Parameters.TryGetNumber("expires"u8, out uint seconds) ? seconds : -1;
        string parameters = contact.Parameters.Text.IsEmpty ? "" : texts.Get(contact.Parameters.Text);
        return new ContactDraft
        {
            Uri = text,
            Key = instance is not null ? $"{instance.ToLowerInvariant()};{regId ?? 0}" : KeyOf(uri, text, texts),
            User = uri.User.IsEmpty ? null : texts.Get(uri.UserName),
            Instance = instance,
            RegId = regId,
            Gruu = contact.Parameters.TryGet("pub-gruu"u8, out ReadOnlySpan<byte> gruu) ? texts.GetOrNull(gruu) : null,
            Parameters = parameters,
            UserAgent = userAgent,
            Address = uri.TryGetAddress(out IpAddress address) ? address : null,
            Expires = expires,
        };
    }

    private static string KeyOf(in SipUri uri, string text, TextCache texts)
    {
        if (uri.Scheme is not (SipUriScheme.Sip or SipUriScheme.Sips)) return text;
        Span<byte> key = stackalloc byte[512];
        if (uri.User.Length + uri.Host.Length > 400) return text;
        int length = uri.UserName.Length;
        uri.UserName.CopyTo(key);
        key[length++] = (byte)'@';
        foreach (byte c in uri.Host) key[length++] = c is >= (byte)'A' and <= (byte)'Z' ? (byte)(c | 0x20) : c;
        key[length++] = (byte)':';
        (uri.Port == 0 ? (ushort)5060 : uri.Port).TryFormat(key[length..], out int digits);
        length += digits;
        if (uri.Parameters.TryGet("transport"u8, out ReadOnlySpan<byte> transport) && transport.Length <= 16 && !SipGrammar.EqualsIgnoreCase(transport, "udp"u8))
        {
            key[length++] = (byte)';';
            foreach (byte c in transport) key[length++] = c is >= (byte)'A' and <= (byte)'Z' ? (byte)(c | 0x20) : c;
        }

        return texts.Get(key[..length]);
    }

    private static IReadOnlyList<string> Values(SipMessage message, SipHeader header, TextCache texts)
    {
        if (!message.HasHeader(header)) return [];
        var values = new List<string>();
        foreach (ReadOnlySpan<byte> value in message.GetValues(header))
        {
            if (values.Count >= 8) break;
            values.Add(texts.Get(NameAddr.Parse(value).UriText));
        }

        return values;
    }
}
