using CdrEngine.Core;

namespace CdrEngine.Protocols.Sdp;

/// <summary>Where a piece of text lies in the bytes of a session.</summary>
internal readonly record struct SdpSlice(int Start, int Length);

/// <summary>The o-line (RFC 8866 5.2): who made the description; a view.</summary>
public readonly ref struct SdpOrigin
{
    /// <summary>User name; <c>-</c> where there is none.</summary>
    public ReadOnlySpan<byte> UserName { get; internal init; }

    /// <summary>Session id: with user name and address it names the session.</summary>
    public ReadOnlySpan<byte> SessionId { get; internal init; }

    /// <summary>Version: grows by one with every new description of the session (RFC 3264 8).</summary>
    public ReadOnlySpan<byte> Version { get; internal init; }

    /// <summary>Address as written; a host name or a literal.</summary>
    public ReadOnlySpan<byte> AddressText { get; internal init; }

    /// <summary>True where there is no o-line that could be read.</summary>
    public bool IsEmpty => SessionId.IsEmpty;

    /// <summary>The address where it is a literal.</summary>
    public bool TryGetAddress(out IpAddress address) => IpAddress.TryParse(AddressText, out address);
}

/// <summary>One format of an m-line, with its rtpmap and fmtp; a view into the session, good until the session is read anew.</summary>
public readonly struct SdpFormat
{
    private readonly SdpSession? _session;
    private readonly SdpSlice _text;

    internal SdpFormat(SdpSession session, SdpSlice text, int payloadType)
    {
        _session = session;
        _text = text;
        PayloadType = payloadType;
    }

    /// <summary>RTP payload type, 0 to 127; -1 for a format that is no number or belongs to no RTP profile.</summary>
    public int PayloadType { get; }

    /// <summary>The format as written in the m-line.</summary>
    public ReadOnlySpan<byte> Text => Slice(_text);

    /// <summary>True where there is an rtpmap line. Without one a static payload type means what RFC 3551 6 says.</summary>
    public bool HasRtpMap => !EncodingSlice.Equals(default);

    /// <summary>Encoding name of the rtpmap as written (<c>PCMU</c>, <c>telephone-event</c>); empty without one.</summary>
    public ReadOnlySpan<byte> EncodingName => Slice(EncodingSlice);

    /// <summary>RTP clock rate in Hz from the rtpmap; 0 without one.</summary>
    public int ClockRate { get; internal init; }

    /// <summary>Number of channels from the rtpmap; 1 where it says none.</summary>
    public int Channels { get; internal init; }

    /// <summary>Format parameters after the payload type (RFC 8866 6.15); empty without.</summary>
    public ReadOnlySpan<byte> Fmtp => Slice(FmtpSlice);

    internal SdpSlice EncodingSlice { get; init; }

    internal SdpSlice FmtpSlice { get; init; }

    internal SdpFormat WithRtpMap(SdpSlice encoding, int clockRate, int channels) =>
        new(_session!, _text, PayloadType) { EncodingSlice = encoding, ClockRate = clockRate, Channels = channels, FmtpSlice = FmtpSlice };

    internal SdpFormat WithFmtp(SdpSlice fmtp) =>
        new(_session!, _text, PayloadType) { EncodingSlice = EncodingSlice, ClockRate = ClockRate, Channels = Channels, FmtpSlice = fmtp };

    private ReadOnlySpan<byte> Slice(SdpSlice slice) => _session is null ? default : _session.Slice(slice);
}

/// <summary>One crypto line (RFC 4568 4); a view into the session.</summary>
public readonly struct SdpCrypto
{
    private readonly SdpSession? _session;
    private readonly SdpSlice _suite;
    private readonly SdpSlice _keys;

    internal SdpCrypto(SdpSession session, int tag, SdpSlice suite, SdpSlice keys)
    {
        _session = session;
        _suite = suite;
        _keys = keys;
        Tag = tag;
    }

    /// <summary>Tag: the answer repeats that of the offer it takes.</summary>
    public int Tag { get; }

    /// <summary>Crypto suite, such as <c>AES_CM_128_HMAC_SHA1_80</c>.</summary>
    public ReadOnlySpan<byte> Suite => Slice(_suite);

    /// <summary>Key and session parameters as written (<c>inline:…</c>). A secret: never to a log.</summary>
    public ReadOnlySpan<byte> KeyParameters => Slice(_keys);

    private ReadOnlySpan<byte> Slice(SdpSlice slice) => _session is null ? default : _session.Slice(slice);
}

/// <summary>One ICE candidate (RFC 8839 5.1) whose address is a literal.</summary>
/// <param name="Component">1 for RTP, 2 for RTCP.</param>
/// <param name="Type">Its kind.</param>
/// <param name="IsUdp">True for UDP, false for TCP (RFC 6544).</param>
/// <param name="Endpoint">Address and port.</param>
/// <param name="Priority">Its priority.</param>
/// <param name="Related">The base of a reflexive or relayed candidate; none where it is not written.</param>
public readonly record struct SdpCandidate(int Component, SdpCandidateType Type, bool IsUdp, Endpoint Endpoint, uint Priority, Endpoint Related);

/// <summary>Takes words parted by spaces off a line.</summary>
internal ref struct SdpWords
{
    private readonly ReadOnlySpan<byte> _line;
    private readonly int _offset;
    private int _at;

    public SdpWords(ReadOnlySpan<byte> line, int offset)
    {
        _line = line;
        _offset = offset;
        _at = 0;
        Skip();
    }

    /// <summary>Where the rest of the line lies.</summary>
    public readonly SdpSlice Rest => new(_offset + _at, _line.Length - _at);

    public readonly bool IsAtEnd => _at == _line.Length;

    public ReadOnlySpan<byte> Next() => Next(out _);

    public ReadOnlySpan<byte> Next(out SdpSlice where)
    {
        int start = _at;
        while (_at < _line.Length && _line[_at] is not ((byte)' ' or (byte)'\t')) _at++;
        where = new SdpSlice(_offset + start, _at - start);
        ReadOnlySpan<byte> word = _line[start.._at];
        Skip();
        return word;
    }

    private void Skip()
    {
        while (_at < _line.Length && _line[_at] is (byte)' ' or (byte)'\t') _at++;
    }
}

/// <summary>The attributes (a-lines) of one name in order; values are empty for attributes without one.</summary>
public ref struct SdpAttributes
{
    private readonly ReadOnlySpan<byte> _name;
    private ReadOnlySpan<byte> _rest;

    internal SdpAttributes(ReadOnlySpan<byte> lines, ReadOnlySpan<byte> name)
    {
        _rest = lines;
        _name = name;
        Current = default;
    }

    /// <summary>Value of the attribute.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>This enumerator.</summary>
    public readonly SdpAttributes GetEnumerator() => this;

    /// <summary>Moves to the next attribute of the name.</summary>
    public bool MoveNext()
    {
        while (!_rest.IsEmpty)
        {
            int end = _rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (end < 0 ? _rest : _rest[..end]).TrimEnd("\r\0 "u8);
            _rest = end < 0 ? default : _rest[(end + 1)..];
            if (!line.StartsWith("a="u8)) continue;
            line = line[2..];
            int colon = line.IndexOf((byte)':');
            if (!(colon < 0 ? line : line[..colon]).SequenceEqual(_name)) continue;
            Current = colon < 0 ? default : line[(colon + 1)..];
            return true;
        }

        return false;
    }
}
