namespace CdrEngine.Protocols.Sip;

/// <content>The header fields that calls are made of, each read when asked for.</content>
public sealed partial class SipMessage
{
    /// <summary>Call-ID; empty without one.</summary>
    public ReadOnlySpan<byte> CallId => Header1(SipHeader.CallId);

    /// <summary>Method of CSeq as written; empty without one.</summary>
    public ReadOnlySpan<byte> CSeqMethodText
    {
        get
        {
            ReadOnlySpan<byte> value = Header1(SipHeader.CSeq);
            int start = 0;
            while (start < value.Length && (uint)value[start] - '0' <= 9) start++;
            if (start == value.Length || !SipGrammar.IsBlank(value[start])) return default;
            value = SipGrammar.Trim(value[start..]);
            int end = value.IndexOfAny((byte)' ', (byte)'\t');
            return end < 0 ? value : value[..end];
        }
    }

    /// <summary>From; empty without one.</summary>
    public NameAddr From => NameAddr.Parse(Header1(SipHeader.From));

    /// <summary>To; empty without one.</summary>
    public NameAddr To => NameAddr.Parse(Header1(SipHeader.To));

    /// <summary>First Contact; empty without one. All of them: <see cref="GetValues"/>.</summary>
    public NameAddr Contact => FirstAddress(SipHeader.Contact);

    /// <summary>Tag of From; empty without one.</summary>
    public ReadOnlySpan<byte> FromTag => NameAddr.TagOf(Header1(SipHeader.From));

    /// <summary>Tag of To; empty without one.</summary>
    public ReadOnlySpan<byte> ToTag => NameAddr.TagOf(Header1(SipHeader.To));

    /// <summary>Via on top; all empty without one that can be read.</summary>
    public SipVia TopVia => SipVia.TryParse(FirstValue(SipHeader.Via), out SipVia via) ? via : default;

    /// <summary>Branch of the Via on top; empty without one.</summary>
    public ReadOnlySpan<byte> TopViaBranch => TopVia.Branch;

    /// <summary>Number of Via values over all lines.</summary>
    public int ViaCount => GetValues(SipHeader.Via).Count();

    /// <summary>Content-Type as written, parameters included; empty without one.</summary>
    public ReadOnlySpan<byte> ContentType => Header1(SipHeader.ContentType);

    /// <summary>User-Agent, else Server; empty without either.</summary>
    public ReadOnlySpan<byte> UserAgent => TryGetHeader(SipHeader.UserAgent, out ReadOnlySpan<byte> agent) ? agent : Header1(SipHeader.Server);

    /// <summary>First P-Asserted-Identity (RFC 3325); empty without one. There may be a second, a tel URI: <see cref="GetValues"/>.</summary>
    public NameAddr AssertedIdentity => FirstAddress(SipHeader.PAssertedIdentity);

    /// <summary>First P-Preferred-Identity (RFC 3325); empty without one.</summary>
    public NameAddr PreferredIdentity => FirstAddress(SipHeader.PPreferredIdentity);

    /// <summary>First Remote-Party-ID; empty without one. Its parameters: party, privacy, screen.</summary>
    public NameAddr RemotePartyId => FirstAddress(SipHeader.RemotePartyId);

    /// <summary>Refer-To (RFC 3515); empty without one. <c>Uri.TryGetHeader("Replaces")</c> gives the dialog of an attended transfer.</summary>
    public NameAddr ReferTo => NameAddr.Parse(Header1(SipHeader.ReferTo));

    /// <summary>Referred-By (RFC 3892); empty without one.</summary>
    public NameAddr ReferredBy => NameAddr.Parse(Header1(SipHeader.ReferredBy));

    /// <summary>RSeq (RFC 3262 7.1); 0 without one.</summary>
    public uint RSeq => SipGrammar.TryReadLeadingNumber(Header1(SipHeader.RSeq), out uint number) ? number : 0;

    /// <summary>Expires in seconds (RFC 3261 20.19); -1 without one or where it is out of range.</summary>
    public long ExpiresSeconds => SipGrammar.TryReadLeadingNumber(Header1(SipHeader.Expires), out uint seconds) ? seconds : -1;

    /// <summary>Max-Forwards (RFC 3261 20.22); -1 without one or where it is out of range (0 to 255).</summary>
    public int MaxForwards => SipGrammar.TryReadNumber(Header1(SipHeader.MaxForwards), out uint hops) && hops <= 255 ? (int)hops : -1;

    /// <summary>User name in Authorization, else Proxy-Authorization (RFC 8760, RFC 7616 3.4), without quotes; empty without.</summary>
    public ReadOnlySpan<byte> AuthorizationUser
    {
        get
        {
            foreach (ReadOnlySpan<byte> credentials in GetHeaders(SipHeader.Authorization))
            {
                if (SipDigest.TryGet(credentials, "username"u8, out ReadOnlySpan<byte> user)) return user;
            }

            foreach (ReadOnlySpan<byte> credentials in GetHeaders(SipHeader.ProxyAuthorization))
            {
                if (SipDigest.TryGet(credentials, "username"u8, out ReadOnlySpan<byte> user)) return user;
            }

            return default;
        }
    }

    /// <summary>Reason for this protocol (<c>Q.850</c>, <c>SIP</c>; RFC 3326), the first one; with an empty protocol the first of all.</summary>
    public bool TryGetReason(ReadOnlySpan<byte> protocol, out SipReason reason)
    {
        foreach (ReadOnlySpan<byte> value in GetValues(SipHeader.Reason))
        {
            if (SipReason.TryParse(value, out reason) && (protocol.IsEmpty || SipGrammar.EqualsIgnoreCase(reason.Protocol, protocol))) return true;
        }

        reason = default;
        return false;
    }

    /// <summary>Session-Expires (RFC 4028); false without one or where it has no number.</summary>
    public bool TryGetSessionExpires(out SipSessionExpires expires) => SipSessionExpires.TryParse(Header1(SipHeader.SessionExpires), out expires);

    /// <summary>Replaces (RFC 3891); false without one or where call-id or a tag is missing.</summary>
    public bool TryGetReplaces(out SipReplaces replaces) => SipReplaces.TryParse(Header1(SipHeader.Replaces), out replaces);

    /// <summary>Session-ID (RFC 7989); false without one.</summary>
    public bool TryGetSessionId(out SipSessionId id) => SipSessionId.TryParse(Header1(SipHeader.SessionId), out id);

    /// <summary>RAck (RFC 3262 7.2); false without one or where it cannot be read.</summary>
    public bool TryGetRAck(out SipRAck rack) => SipRAck.TryParse(Header1(SipHeader.RAck), out rack);

    /// <summary>True where a header that lists option tags or methods (Supported, Require, Allow, …) has that one, case aside.</summary>
    public bool HasToken(SipHeader header, ReadOnlySpan<byte> token)
    {
        foreach (ReadOnlySpan<byte> value in GetValues(header))
        {
            if (SipGrammar.EqualsIgnoreCase(value, token)) return true;
        }

        return false;
    }

    /// <summary>The SDP in the body: the body itself, or the first SDP part of a multipart body (one level of nesting); empty without.</summary>
    /// <remarks>A body without Content-Type that begins as SDP does is taken for SDP; one with a Content-Encoding is not read.</remarks>
    public ReadOnlySpan<byte> SdpBody
    {
        get
        {
            if (_bodyLength == 0) return default;
            if (_sdpStart == None) FindSdp();
            return Slice(_sdpStart, _sdpLength);
        }
    }

    /// <summary>Finds a body of that type (<c>application/isup</c>), be it the whole body or a part of it (one level of nesting).</summary>
    public bool TryGetBody(ReadOnlySpan<byte> mediaType, out ReadOnlySpan<byte> body) => SipBody.TryFind(Body, ContentType, mediaType, out body);

    private ReadOnlySpan<byte> Header1(SipHeader name)
    {
        int first = _firstOf[(int)name];
        return first == 0 ? default : Value(ref _headers[first - 1]);
    }

    private ReadOnlySpan<byte> FirstValue(SipHeader name)
    {
        SipHeaderValues values = GetValues(name);
        return values.MoveNext() ? values.Current : default;
    }

    private NameAddr FirstAddress(SipHeader name) => NameAddr.Parse(FirstValue(name));

    private void FindSdp()
    {
        _sdpStart = _bodyStart;
        _sdpLength = 0;
        ReadOnlySpan<byte> body = Body;
        if (HasHeader(SipHeader.ContentEncoding) && !SipGrammar.EqualsIgnoreCase(Header1(SipHeader.ContentEncoding), "identity"u8)) return;
        ReadOnlySpan<byte> type = ContentType;
        ReadOnlySpan<byte> sdp;
        if (type.IsEmpty) sdp = body.StartsWith("v=0"u8) ? body : default;
        else SipBody.TryFind(body, type, "application/sdp"u8, out sdp);
        if (sdp.IsEmpty) return;
        body.Overlaps(sdp, out int offset);
        _sdpStart = _bodyStart + offset;
        _sdpLength = sdp.Length;
    }
}
