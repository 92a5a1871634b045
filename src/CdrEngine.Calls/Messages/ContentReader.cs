using System.Buffers;
using System.IO.Compression;
using System.Text;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Messages;

/// <summary>What a message's body was found to be.</summary>
internal enum ContentKind : byte
{
    /// <summary>Something said to somebody.</summary>
    Message,

    /// <summary>A notification about another message (RFC 5438).</summary>
    Notification,

    /// <summary>Somebody is writing (RFC 3994).</summary>
    Composing,
}

/// <summary>A body, unwrapped.</summary>
internal sealed record Content
{
    public ContentKind Kind { get; init; }

    public string? Type { get; init; }

    public string? Charset { get; init; }

    public long Size { get; init; }

    public string? Text { get; init; }

    public bool IsCut { get; init; }

    public bool IsBroken { get; init; }

    /// <summary>imdn.Message-ID of the message, or the message-id that a notification is about.</summary>
    public string? MessageId { get; init; }

    public NotificationKind Notification { get; init; }

    public string? NotificationStatus { get; init; }

    /// <summary>From and To of a CPIM wrapper.</summary>
    public string? CpimFrom { get; init; }

    public string? CpimTo { get; init; }
}

/// <summary>Reads bodies of messages: plain, encoded, multipart, wrapped in CPIM (RFC 3862), notifications (RFC 5438) and notices of writing (RFC 3994).</summary>
internal sealed class ContentReader(MessageLimits limits)
{
    private const int DeepestNesting = 3;

    // What is told in an envelope is told in few bytes.
    private const int LongestNotification = 16 * 1024;

    /// <summary>Reads a body.</summary>
    public Content Read(ReadOnlySpan<byte> body, ReadOnlySpan<byte> contentType, ReadOnlySpan<byte> contentEncoding) =>
        Read(body, contentType, contentEncoding, DeepestNesting);

    private Content Read(ReadOnlySpan<byte> body, ReadOnlySpan<byte> contentType, ReadOnlySpan<byte> contentEncoding, int levels)
    {
        byte[]? plain = null;
        try
        {
            bool isBroken = false;
            int size = body.Length;
            if (!contentEncoding.IsEmpty && !SipGrammar.EqualsIgnoreCase(contentEncoding, "identity"u8))
            {
                plain = ArrayPool<byte>.Shared.Rent(limits.MaxTextBytes + 1);
                int length = Inflate(body, contentEncoding, plain.AsSpan(0, limits.MaxTextBytes + 1));
                isBroken = length < 0;
                body = plain.AsSpan(0, Math.Max(length, 0));
                if (!isBroken) size = length;
            }

            if (SipBody.IsType(contentType, "message/cpim"u8) && levels > 0 && !isBroken) return ReadCpim(body, levels);
            if (SipBody.IsType(contentType, "message/imdn+xml"u8)) return ReadNotification(body);
            if (SipBody.IsType(contentType, "application/im-iscomposing+xml"u8)) return new Content { Kind = ContentKind.Composing, Type = "application/im-iscomposing+xml", Size = size };
            if (levels > 0 && SipBody.TryGetBoundary(contentType, out ReadOnlySpan<byte> boundary) && FirstOf(body, boundary, levels) is { } part) return part;
            return Plain(body, contentType, size, isBroken);
        }
        finally
        {
            if (plain is not null) ArrayPool<byte>.Shared.Return(plain);
        }
    }

    // The first text, else the first part that is anything.
    private Content? FirstOf(ReadOnlySpan<byte> body, ReadOnlySpan<byte> boundary, int levels)
    {
        Content? first = null;
        foreach (SipBodyPart part in new SipBodyParts(body, boundary))
        {
            part.TryGetHeader(SipHeader.ContentEncoding, out ReadOnlySpan<byte> encoding);
            Content content = Read(part.Body, part.ContentType, encoding, levels - 1);
            if (content.Text is not null || content.Kind != ContentKind.Message) return content;
            first ??= content;
        }

        return first;
    }

    private Content Plain(ReadOnlySpan<byte> body, ReadOnlySpan<byte> contentType, int size, bool isBroken)
    {
        int semicolon = contentType.IndexOf((byte)';');
        ReadOnlySpan<byte> type = SipGrammar.Trim(semicolon < 0 ? contentType : contentType[..semicolon]);
        string? charset = semicolon >= 0 && new SipParameters(contentType[semicolon..]).TryGet("charset"u8, out ReadOnlySpan<byte> written)
            ? Encoding.UTF8.GetString(written)
            : null;
        string? name = type.IsEmpty ? null : Encoding.UTF8.GetString(type).ToLowerInvariant();
        bool isText = name is null || name.StartsWith("text/", StringComparison.Ordinal) || name is "application/json" or "application/xml"
            || name.EndsWith("+xml", StringComparison.Ordinal) || name.EndsWith("+json", StringComparison.Ordinal);
        bool isCut = body.Length > limits.MaxTextBytes;
        if (isCut) body = body[..limits.MaxTextBytes];
        return new Content
        {
            Type = name,
            Charset = charset,
            Size = size,
            Text = limits.KeepText && isText && !isBroken && body.Length > 0 ? Decode(body, charset) : null,
            IsCut = isCut && isText,
            IsBroken = isBroken,
        };
    }

    private static string Decode(ReadOnlySpan<byte> body, string? charset) => charset?.ToLowerInvariant() switch
    {
        "iso-8859-1" or "latin1" or "windows-1252" or "cp1252" => Encoding.Latin1.GetString(body),
        "utf-16" or "utf-16be" when body is [0xFF, 0xFE, ..] => Encoding.Unicode.GetString(body[2..]),
        "utf-16" or "utf-16be" => Encoding.BigEndianUnicode.GetString(body is [0xFE, 0xFF, ..] ? body[2..] : body),
        "utf-16le" => Encoding.Unicode.GetString(body),
        _ => Encoding.UTF8.GetString(WithoutTornEnd(body)),
    };

    // Where the text was cut, its last character may be torn.
    private static ReadOnlySpan<byte> WithoutTornEnd(ReadOnlySpan<byte> body)
    {
        int start = body.Length - 1;
        while (start > body.Length - 4 && start > 0 && (body[start] & 0xC0) == 0x80) start--;
        if (start < 0 || body[start] < 0xC0) return body;
        int length = body[start] >= 0xF0 ? 4 : body[start] >= 0xE0 ? 3 : 2;
        return start + length > body.Length ? body[..start] : body;
    }

    /// <summary>Bytes without their encoding; -1 where it is not known or is broken. What finds no room is left out.</summary>
    private static int Inflate(ReadOnlySpan<byte> body, ReadOnlySpan<byte> encoding, Span<byte> plain)
    {
        bool isGzip = SipGrammar.EqualsIgnoreCase(encoding, "gzip"u8);
        if (!isGzip && !SipGrammar.EqualsIgnoreCase(encoding, "deflate"u8)) return -1;
        try
        {
            using var packed = new MemoryStream(body.ToArray());

            // "deflate" is the zlib format (RFC 9110 8.4.1.2).
            using Stream stream = isGzip ? new GZipStream(packed, CompressionMode.Decompress) : new ZLibStream(packed, CompressionMode.Decompress);
            int filled = 0;
            while (filled < plain.Length)
            {
                int count = stream.Read(plain[filled..]);
                if (count == 0) break;
                filled += count;
            }

            return filled;
        }
        catch (InvalidDataException)
        {
            return -1;
        }
    }

    private Content ReadCpim(ReadOnlySpan<byte> body, int levels)
    {
        string? from = null, to = null, messageId = null;
        bool isNotification = false;
        while (TakeLine(ref body, out ReadOnlySpan<byte> line) && line.Length > 0)
        {
            int colon = line.IndexOf((byte)':');
            if (colon <= 0) continue;
            ReadOnlySpan<byte> name = SipGrammar.Trim(line[..colon]);
            ReadOnlySpan<byte> value = SipGrammar.Trim(line[(colon + 1)..]);
            if (SipGrammar.EqualsIgnoreCase(name, "From"u8)) from = Encoding.UTF8.GetString(NameAddr.Parse(value).UriText);
            else if (SipGrammar.EqualsIgnoreCase(name, "To"u8)) to = Encoding.UTF8.GetString(NameAddr.Parse(value).UriText);
            else if (EndsWith(name, ".Message-ID"u8)) messageId = Encoding.UTF8.GetString(value);
        }

        // The headers of the content, which are those of MIME (RFC 3862 3).
        ReadOnlySpan<byte> type = default, encoding = default, disposition = default;
        while (TakeLine(ref body, out ReadOnlySpan<byte> line) && line.Length > 0)
        {
            int colon = line.IndexOf((byte)':');
            if (colon <= 0) continue;
            ReadOnlySpan<byte> name = SipGrammar.Trim(line[..colon]);
            if (SipGrammar.EqualsIgnoreCase(name, "Content-Type"u8)) type = SipGrammar.Trim(line[(colon + 1)..]);
            else if (SipGrammar.EqualsIgnoreCase(name, "Content-Encoding"u8)) encoding = SipGrammar.Trim(line[(colon + 1)..]);
            else if (SipGrammar.EqualsIgnoreCase(name, "Content-Disposition"u8)) disposition = SipGrammar.Trim(line[(colon + 1)..]);
        }

        isNotification = SipBody.IsType(disposition, "notification"u8);
        Content inner = Read(body, type.IsEmpty ? "text/plain"u8 : type, encoding, levels - 1);
        return inner with
        {
            MessageId = inner.Kind == ContentKind.Notification || isNotification ? inner.MessageId : messageId ?? inner.MessageId,
            CpimFrom = from ?? inner.CpimFrom,
            CpimTo = to ?? inner.CpimTo,
        };
    }

    private static Content ReadNotification(ReadOnlySpan<byte> body)
    {
        if (body.Length > LongestNotification) body = body[..LongestNotification];
        string text = Encoding.UTF8.GetString(body);
        NotificationKind kind = Element(text, "display-notification") is not null ? NotificationKind.Display
            : Element(text, "processing-notification") is not null ? NotificationKind.Processing
            : NotificationKind.Delivery;
        return new Content
        {
            Kind = ContentKind.Notification,
            Type = "message/imdn+xml",
            Size = body.Length,
            MessageId = Element(text, "message-id")?.Trim() is { Length: > 0 } id ? id : null,
            Notification = kind,
            NotificationStatus = Element(text, "status") is { } status ? FirstTag(status) : null,
        };
    }

    /// <summary>What stands in the first element of a local name, whatever its prefix; null without one. No entities are resolved.</summary>
    private static string? Element(string xml, string name)
    {
        for (int at = xml.IndexOf(name, StringComparison.Ordinal); at > 0; at = xml.IndexOf(name, at + 1, StringComparison.Ordinal))
        {
            int open = xml.LastIndexOf('<', at);
            if (open < 0 || xml[open..at].Contains('/') || (at - open > 1 && xml[at - 1] != ':')) continue;
            int end = xml.IndexOf('>', at);
            if (end < 0) return null;
            if (at + name.Length != end && !char.IsWhiteSpace(xml[at + name.Length]) && xml[at + name.Length] != '/') continue;
            if (xml[end - 1] == '/') return "";
            int close = xml.IndexOf("</", end, StringComparison.Ordinal);
            while (close >= 0 && !Closes(xml, close, name)) close = xml.IndexOf("</", close + 2, StringComparison.Ordinal);
            return close < 0 ? null : xml[(end + 1)..close];
        }

        return null;
    }

    private static bool Closes(string xml, int at, string name)
    {
        int end = xml.IndexOf('>', at);
        if (end < 0) return false;
        ReadOnlySpan<char> tag = xml.AsSpan(at + 2, end - at - 2).Trim();
        return tag.EndsWith(name, StringComparison.Ordinal) && (tag.Length == name.Length || tag[^(name.Length + 1)] == ':');
    }

    // <delivered/>: the name of the first element inside.
    private static string? FirstTag(string xml)
    {
        int open = xml.IndexOf('<');
        if (open < 0) return null;
        int end = xml.IndexOfAny(['>', '/', ' '], open + 1);
        if (end < 0) return null;
        string tag = xml[(open + 1)..end];
        int colon = tag.IndexOf(':');
        tag = colon < 0 ? tag : tag[(colon + 1)..];
        return tag.Length is > 0 and <= 32 && tag.All(static c => char.IsAsciiLetter(c) || c == '-') ? tag : null;
    }

    private static bool EndsWith(ReadOnlySpan<byte> name, ReadOnlySpan<byte> end) =>
        name.Length >= end.Length && SipGrammar.EqualsIgnoreCase(name[^end.Length..], end);

    private static bool TakeLine(scoped ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> line)
    {
        if (text.IsEmpty)
        {
            line = default;
            return false;
        }

        int end = text.IndexOf((byte)'\n');
        line = end < 0 ? text : text[..end];
        text = end < 0 ? default : text[(end + 1)..];
        if (line is [.., (byte)'\r']) line = line[..^1];
        return true;
    }
}
