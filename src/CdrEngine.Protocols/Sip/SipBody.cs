namespace CdrEngine.Protocols.Sip;

/// <summary>Bodies and their parts (RFC 3261 7.4, RFC 2046 5.1, RFC 5621).</summary>
public static class SipBody
{
    private const int DeepestNesting = 1;

    /// <summary>True where a Content-Type names this media type, parameters and case aside.</summary>
    public static bool IsType(ReadOnlySpan<byte> contentType, ReadOnlySpan<byte> mediaType)
    {
        int semicolon = contentType.IndexOf((byte)';');
        ReadOnlySpan<byte> type = SipGrammar.Trim(semicolon < 0 ? contentType : contentType[..semicolon]);
        if (SipGrammar.EqualsIgnoreCase(type, mediaType)) return true;

        // SLASH lets white space stand around it (RFC 3261 25.1)
        int slash = type.IndexOf((byte)'/'), wanted = mediaType.IndexOf((byte)'/');
        return slash > 0 && wanted > 0 && type.Length > mediaType.Length
            && SipGrammar.EqualsIgnoreCase(SipGrammar.Trim(type[..slash]), mediaType[..wanted])
            && SipGrammar.EqualsIgnoreCase(SipGrammar.Trim(type[(slash + 1)..]), mediaType[(wanted + 1)..]);
    }

    /// <summary>Finds the first body of a type: the body itself, or a part of it where it is multipart, one level of nesting deep.</summary>
    public static bool TryFind(ReadOnlySpan<byte> body, ReadOnlySpan<byte> contentType, ReadOnlySpan<byte> mediaType, out ReadOnlySpan<byte> found) =>
        TryFind(body, contentType, mediaType, DeepestNesting, out found);

    /// <summary>The boundary of a multipart Content-Type, without quotes; false for any other type.</summary>
    public static bool TryGetBoundary(ReadOnlySpan<byte> contentType, out ReadOnlySpan<byte> boundary)
    {
        boundary = default;
        int slash = contentType.IndexOf((byte)'/');
        int semicolon = contentType.IndexOf((byte)';');
        return slash > 0 && semicolon > slash && SipGrammar.EqualsIgnoreCase(SipGrammar.Trim(contentType[..slash]), "multipart"u8)
            && new SipParameters(contentType[semicolon..]).TryGet("boundary"u8, out boundary) && !boundary.IsEmpty;
    }

    private static bool TryFind(
        ReadOnlySpan<byte> body, ReadOnlySpan<byte> contentType, ReadOnlySpan<byte> mediaType, int levels, out ReadOnlySpan<byte> found)
    {
        if (IsType(contentType, mediaType))
        {
            found = body;
            return true;
        }

        found = default;
        if (!TryGetBoundary(contentType, out ReadOnlySpan<byte> boundary)) return false;
        foreach (SipBodyPart part in new SipBodyParts(body, boundary))
        {
            if (IsType(part.ContentType, mediaType))
            {
                found = part.Body;
                return true;
            }

            if (levels > 0 && TryFind(part.Body, part.ContentType, mediaType, levels - 1, out found)) return true;
        }

        return false;
    }
}

/// <summary>One part of a multipart body.</summary>
public readonly ref struct SipBodyPart
{
    internal SipBodyPart(ReadOnlySpan<byte> headers, ReadOnlySpan<byte> body)
    {
        Headers = headers;
        Body = body;
    }

    /// <summary>The header lines of the part, without the blank line.</summary>
    public ReadOnlySpan<byte> Headers { get; }

    /// <summary>The content, as written.</summary>
    public ReadOnlySpan<byte> Body { get; }

    /// <summary>Content-Type of the part, <c>text/plain</c> where none is written (RFC 2046 5.1).</summary>
    public ReadOnlySpan<byte> ContentType => TryGetHeader(SipHeader.ContentType, out ReadOnlySpan<byte> type) ? type : "text/plain"u8;

    /// <summary>Finds a header of the part; what is folded under it is left out.</summary>
    public bool TryGetHeader(SipHeader name, out ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> rest = Headers;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            int colon = line.IndexOf((byte)':');
            if (colon <= 0 || SipHeaders.Find(SipGrammar.Trim(line[..colon])) != name) continue;
            value = SipGrammar.Trim(line[(colon + 1)..]);

            // a folded boundary parameter is common enough to be heeded: the value then runs on to the next line
            while (!rest.IsEmpty && rest[0] is (byte)' ' or (byte)'\t')
            {
                end = rest.IndexOf((byte)'\n');
                ReadOnlySpan<byte> next = end < 0 ? rest : rest[..end];
                Headers.Overlaps(value, out int start);
                Headers.Overlaps(next, out int nextStart);
                value = SipGrammar.Trim(Headers[start..(nextStart + next.Length)]);
                rest = end < 0 ? default : rest[(end + 1)..];
            }

            return true;
        }

        value = default;
        return false;
    }
}

/// <summary>The parts of a multipart body in order (RFC 2046 5.1.1); preamble and epilogue are left out. A missing last delimiter is forgiven.</summary>
public ref struct SipBodyParts
{
    private readonly ReadOnlySpan<byte> _boundary;
    private ReadOnlySpan<byte> _rest;
    private bool _isStarted;

    /// <summary>The parts of a body with that boundary.</summary>
    public SipBodyParts(ReadOnlySpan<byte> body, ReadOnlySpan<byte> boundary)
    {
        _boundary = boundary;
        _rest = body;
        _isStarted = false;
        Current = default;
    }

    /// <summary>The part.</summary>
    public SipBodyPart Current { get; private set; }

    /// <summary>This enumerator.</summary>
    public readonly SipBodyParts GetEnumerator() => this;

    /// <summary>Moves to the next part.</summary>
    public bool MoveNext()
    {
        if (!_isStarted)
        {
            _isStarted = true;
            if (!SkipDelimiter(out _, out bool isLast) || isLast) return false;
        }

        if (_rest.IsEmpty) return false;
        ReadOnlySpan<byte> part = _rest;
        if (SkipDelimiter(out int length, out bool isEnd))
        {
            part = part[..length];
            if (isEnd) _rest = default;
        }
        else
        {
            _rest = default;
        }

        Current = Split(part);
        return true;
    }

    // Moves _rest behind the next delimiter line; length = what lies before it, without the line end that belongs to the delimiter.
    private bool SkipDelimiter(out int length, out bool isLast)
    {
        int from = 0;
        while (true)
        {
            length = 0;
            isLast = false;
            int found = _rest[from..].IndexOf(_boundary);
            if (found < 0) return false;
            found += from;
            from = found + 1;
            if (found < 2 || _rest[found - 1] != (byte)'-' || _rest[found - 2] != (byte)'-') continue;
            if (found > 2 && _rest[found - 3] != (byte)'\n') continue;
            int after = found + _boundary.Length;
            isLast = after + 1 < _rest.Length && _rest[after] == (byte)'-' && _rest[after + 1] == (byte)'-';
            if (!isLast && after < _rest.Length && !SipGrammar.IsBlank(_rest[after])) continue;
            length = found - 2;
            if (length > 0 && _rest[length - 1] == (byte)'\n') length--;
            if (length > 0 && _rest[length - 1] == (byte)'\r') length--;
            int lineEnd = _rest[after..].IndexOf((byte)'\n');
            _rest = lineEnd < 0 ? default : _rest[(after + lineEnd + 1)..];
            return true;
        }
    }

    private static SipBodyPart Split(ReadOnlySpan<byte> part)
    {
        int line = 0;
        while (line < part.Length)
        {
            int end = part[line..].IndexOf((byte)'\n');
            if (end < 0) break;
            int lineLength = end > 0 && part[line + end - 1] == (byte)'\r' ? end - 1 : end;
            if (lineLength == 0) return new SipBodyPart(part[..line], part[(line + end + 1)..]);
            line += end + 1;
        }

        return new SipBodyPart(part, default);
    }
}
