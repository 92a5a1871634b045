using CdrEngine.Core;

namespace CdrEngine.Protocols.Sdp;

/// <summary>One m-line with its attributes; what the session says for all its m-lines is already in here. Good until the session is read anew.</summary>
public sealed class SdpMedia
{
    private readonly SdpSession _session;
    private SdpFormat[] _formats = new SdpFormat[8];
    private SdpCandidate[] _candidates = [];
    private SdpCrypto[] _cryptos = [];
    private int _formatCount;
    private int _candidateCount;
    private int _cryptoCount;

    internal SdpMedia(SdpSession session) => _session = session;

    /// <summary>Kind of media.</summary>
    public SdpMediaType Type { get; internal set; }

    /// <summary>Kind of media as written.</summary>
    public ReadOnlySpan<byte> TypeText => _session.Slice(TypeSlice);

    /// <summary>Port of the m-line; 0 = refused or over (RFC 3264 6, 8.2), or bundle-only (RFC 9143 6).</summary>
    public ushort Port { get; internal set; }

    /// <summary>Number of port pairs (<c>5000/2</c>: 5000 and 5002 for RTP); 1 as a rule.</summary>
    public int PortCount { get; internal set; }

    /// <summary>Transport protocol as written: <c>RTP/AVP</c>, <c>RTP/SAVPF</c>, <c>UDP/TLS/RTP/SAVPF</c>, <c>udptl</c>, …</summary>
    public ReadOnlySpan<byte> Protocol => _session.Slice(ProtocolSlice);

    /// <summary>True for a protocol that carries RTP.</summary>
    public bool IsRtp { get; internal set; }

    /// <summary>True for a secure profile (SAVP, SAVPF), or where a crypto line is present on any RTP profile.</summary>
    public bool IsSecure { get; internal set; }

    /// <summary>True for T.38 fax (<c>m=image … udptl t38</c>).</summary>
    public bool IsT38 { get; internal set; }

    /// <summary>True where the port is 0 and nothing says that it is bundled.</summary>
    public bool IsRefused => Port == 0 && !IsBundleOnly;

    /// <summary>Address of the c-line as written, that of the session where the m-line has none; empty without either.</summary>
    public ReadOnlySpan<byte> ConnectionText => _session.Slice(ConnectionSlice);

    /// <summary>True where the c-line has an address and not a host name.</summary>
    public bool HasAddress { get; internal set; }

    /// <summary>Address of the c-line; of no meaning unless <see cref="HasAddress"/>.</summary>
    public IpAddress Address { get; internal set; }

    /// <summary>Where RTP (or T.38) is to be sent; none for port 0, a host name, or 0.0.0.0.</summary>
    public Endpoint RtpEndpoint => HasAddress && Port != 0 && !Address.IsUnspecified ? new Endpoint(Address, Port) : default;

    /// <summary>Where RTCP is to be sent: <c>a=rtcp</c> (RFC 3605), else the RTP port with rtcp-mux, else the port above; none where there is none for RTP
    /// or the media is no RTP.</summary>
    public Endpoint RtcpEndpoint
    {
        get
        {
            Endpoint rtp = RtpEndpoint;
            if (rtp.IsNone || !IsRtp) return default;
            if (RtcpPort != 0) return new Endpoint(HasRtcpAddress ? RtcpAddress : Address, RtcpPort);
            if (HasRtcpMux) return rtp;
            return Port == ushort.MaxValue ? default : new Endpoint(Address, (ushort)(Port + 1));
        }
    }

    /// <summary>True where RTP and RTCP may share the port (RFC 5761).</summary>
    public bool HasRtcpMux { get; internal set; }

    /// <summary>Direction, that of the session where the m-line has none.</summary>
    public SdpDirection Direction { get; internal set; }

    /// <summary>True where the sender puts the other side on hold: sendonly, inactive, or an address of 0.0.0.0 (RFC 3264 8.4) that is no ICE placeholder.</summary>
    public bool IsHold => Direction is SdpDirection.SendOnly or SdpDirection.Inactive || (HasAddress && Address.IsUnspecified && Port is not (0 or 9));

    /// <summary>Formats in order of preference.</summary>
    public ReadOnlySpan<SdpFormat> Formats => _formats.AsSpan(0, _formatCount);

    /// <summary>Crypto lines in order (RFC 4568).</summary>
    public ReadOnlySpan<SdpCrypto> Cryptos => _cryptos.AsSpan(0, _cryptoCount);

    /// <summary>ICE candidates in order, those with a host name (mDNS) left out.</summary>
    public ReadOnlySpan<SdpCandidate> Candidates => _candidates.AsSpan(0, _candidateCount);

    /// <summary>Fingerprint of the DTLS certificate, hash function and value as written (RFC 8122), the session's where the m-line has none; empty without.</summary>
    public ReadOnlySpan<byte> Fingerprint => _session.Slice(FingerprintSlice);

    /// <summary>DTLS role, the session's where the m-line has none.</summary>
    public SdpSetup Setup { get; internal set; }

    /// <summary>Identification tag (RFC 5888); empty without.</summary>
    public ReadOnlySpan<byte> Mid => _session.Slice(MidSlice);

    /// <summary>True for an m-line that exists only in a bundle (RFC 9143).</summary>
    public bool IsBundleOnly { get; internal set; }

    /// <summary>Packet time in milliseconds (RFC 8866 6.4); 0 where none is written.</summary>
    public int PTimeMilliseconds { get; internal set; }

    /// <summary>ICE user name fragment, the session's where the m-line has none; empty without.</summary>
    public ReadOnlySpan<byte> IceUserFragment => _session.Slice(IceUserSlice);

    /// <summary>T.38 version; -1 where none is written.</summary>
    public int T38Version { get; internal set; }

    /// <summary>T.38 bit rate in bits per second; 0 where none is written.</summary>
    public int T38MaxBitRate { get; internal set; }

    /// <summary>T.38 rate management: <c>transferredTCF</c>, <c>localTCF</c>; empty without.</summary>
    public ReadOnlySpan<byte> T38RateManagement => _session.Slice(T38RateSlice);

    /// <summary>T.38 error correction: <c>t38UDPRedundancy</c>, <c>t38UDPFEC</c>; empty without.</summary>
    public ReadOnlySpan<byte> T38ErrorCorrection => _session.Slice(T38CorrectionSlice);

    /// <summary>The lines of this m-line and what follows it.</summary>
    public ReadOnlySpan<byte> Lines => _session.Slice(LinesSlice);

    internal SdpSlice TypeSlice { get; set; }

    internal SdpSlice ProtocolSlice { get; set; }

    internal SdpSlice ConnectionSlice { get; set; }

    internal SdpSlice FingerprintSlice { get; set; }

    internal SdpSlice MidSlice { get; set; }

    internal SdpSlice IceUserSlice { get; set; }

    internal SdpSlice T38RateSlice { get; set; }

    internal SdpSlice T38CorrectionSlice { get; set; }

    internal SdpSlice LinesSlice { get; set; }

    internal bool HasConnection { get; set; }

    internal bool HasDirection { get; set; }

    internal ushort RtcpPort { get; set; }

    internal bool HasRtcpAddress { get; set; }

    internal IpAddress RtcpAddress { get; set; }

    /// <summary>The a-lines of that name (case-sensitive) of this m-line.</summary>
    public SdpAttributes GetAttributes(ReadOnlySpan<byte> name) => new(Lines, name);

    /// <summary>Finds a format by payload type; false where the m-line does not list it.</summary>
    public bool TryGetFormat(int payloadType, out SdpFormat format)
    {
        foreach (SdpFormat candidate in Formats)
        {
            if (candidate.PayloadType != payloadType) continue;
            format = candidate;
            return true;
        }

        format = default;
        return false;
    }

    internal void Clear()
    {
        Type = SdpMediaType.Other;
        Port = RtcpPort = 0;
        PortCount = 1;
        IsRtp = IsSecure = IsT38 = HasAddress = HasRtcpMux = IsBundleOnly = HasConnection = HasDirection = HasRtcpAddress = false;
        Address = RtcpAddress = default;
        Direction = SdpDirection.SendRecv;
        Setup = SdpSetup.None;
        PTimeMilliseconds = T38MaxBitRate = 0;
        T38Version = -1;
        TypeSlice = ProtocolSlice = ConnectionSlice = FingerprintSlice = MidSlice = IceUserSlice = T38RateSlice = T38CorrectionSlice = LinesSlice = default;
        _formatCount = _candidateCount = _cryptoCount = 0;
    }

    internal bool AddFormat(in SdpFormat format) => Add(ref _formats, ref _formatCount, format, _session.Limits.MaxFormats);

    internal bool AddCandidate(in SdpCandidate candidate) => Add(ref _candidates, ref _candidateCount, candidate, _session.Limits.MaxCandidates);

    internal bool AddCrypto(in SdpCrypto crypto) => Add(ref _cryptos, ref _cryptoCount, crypto, _session.Limits.MaxCryptos);

    internal Span<SdpFormat> WritableFormats() => _formats.AsSpan(0, _formatCount);

    private static bool Add<T>(ref T[] items, ref int count, in T item, int most)
    {
        if (count >= most) return false;
        if (count == items.Length) Array.Resize(ref items, Math.Min(Math.Max(8, count * 2), most));
        items[count++] = item;
        return true;
    }
}
