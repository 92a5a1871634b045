using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using CdrEngine.Protocols.Sdp;

namespace CdrEngine.Media.Srtp;

/// <summary>Opens the SRTP and SRTCP packets that one key protects: a cryptographic context of RFC 3711 3.2 seen from the side, for as many
/// synchronisation sources as use it.</summary>
/// <remarks>An observer asks no replay list: a packet seen twice is opened twice. No allocation per packet once a source is known. Not for two
/// threads at once. Keys are cleared on Dispose and have no text form.</remarks>
public sealed class SrtpReceiver : IDisposable
{
    private const int RtpHeaderBytes = 12;
    private const int RtcpHeaderBytes = 8;
    private const int IndexWordBytes = 4;
    private const int NotFound = -1;

    private readonly SrtpLimits _limits;
    private readonly SrtpSuiteShape _shape;
    private readonly SrtpMasterKey[] _keys;
    private readonly int _mkiBytes;
    private readonly bool _isRtpPlain;
    private readonly int _rtpTagBytes;
    private Stream[] _streams = new Stream[2];
    private int _streamCount;
    private int _lastStream;
    private long _clock;
    private int _unknownFailures;
    private byte[] _associated = [];

    private SrtpReceiver(SrtpSuite suite, SrtpMasterKey[] keys, SrtpKeyLine.Options options, SrtpLimits limits)
    {
        Suite = suite;
        _limits = limits;
        _shape = SrtpSuites.Shape(suite);
        _keys = keys;
        _mkiBytes = keys[0].Mki.Length;

        // The tag of AEAD cannot be left out, nor its cipher (RFC 7714 14.1).
        _isRtpPlain = options.IsRtpPlain && !_shape.IsAead;
        _rtpTagBytes = options.IsRtpUnauthenticated && !_shape.IsAead ? 0 : _shape.RtpTagBytes;
    }

    /// <summary>The suite.</summary>
    public SrtpSuite Suite { get; }

    /// <summary>False where the line says UNAUTHENTICATED_SRTP (RFC 4568 6.3.3): any RTP packet is then taken as genuine.</summary>
    public bool IsRtpAuthenticated => _rtpTagBytes > 0;

    /// <summary>Packets that needed a search for their roll-over counter, and whose tag was then right.</summary>
    public long RollOversFound { get; private set; }

    /// <summary>Number of synchronisation sources known.</summary>
    public int StreamCount => _streamCount;

    /// <summary>A receiver for a crypto line.</summary>
    /// <param name="crypto">Suite, keys and session parameters.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="receiver">Null where false.</param>
    /// <param name="reason">UnsupportedSuite, BadKeyLine or KeyLength where false.</param>
    public static bool TryCreate(in SdpCrypto crypto, SrtpLimits limits, out SrtpReceiver? receiver, out SrtpRejection reason) =>
        TryCreate(crypto.Suite, crypto.KeyParameters, limits, out receiver, out reason);

    /// <summary>A receiver for the suite and the key parameters of a crypto line (<c>inline:…</c>, RFC 4568 9.2).</summary>
    public static bool TryCreate(ReadOnlySpan<byte> suiteName, ReadOnlySpan<byte> keyParameters, SrtpLimits limits, out SrtpReceiver? receiver, out SrtpRejection reason)
    {
        ArgumentNullException.ThrowIfNull(limits);
        receiver = null;
        reason = SrtpRejection.UnsupportedSuite;
        SrtpSuite suite = SrtpSuites.FromName(suiteName);
        if (suite == SrtpSuite.None) return false;
        if (!SrtpKeyLine.TryRead(suite, keyParameters, limits, out List<SrtpMasterKey> keys, out SrtpKeyLine.Options options, out reason)) return false;
        receiver = new SrtpReceiver(suite, [.. keys], options, limits);
        return true;
    }

    /// <summary>A receiver for a master key and salt, as DTLS-SRTP gives them.</summary>
    /// <param name="suite">Suite.</param>
    /// <param name="masterKey">As long as the suite asks for (<see cref="SrtpSuites.KeyBytes"/>).</param>
    /// <param name="masterSalt">As long as the suite asks for (<see cref="SrtpSuites.SaltBytes"/>).</param>
    /// <param name="mki">Master key identifier that packets carry; empty without.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="receiver">Null where false.</param>
    /// <param name="reason">UnsupportedSuite or KeyLength where false.</param>
    public static bool TryCreate(
        SrtpSuite suite, ReadOnlySpan<byte> masterKey, ReadOnlySpan<byte> masterSalt, ReadOnlySpan<byte> mki, SrtpLimits limits,
        out SrtpReceiver? receiver, out SrtpRejection reason)
    {
        ArgumentNullException.ThrowIfNull(limits);
        receiver = null;
        reason = SrtpRejection.UnsupportedSuite;
        SrtpSuiteShape shape = SrtpSuites.Shape(suite);
        if (shape.KeyBytes == 0) return false;
        reason = SrtpRejection.KeyLength;
        if (masterKey.Length != shape.KeyBytes || masterSalt.Length != shape.SaltBytes) return false;
        reason = SrtpRejection.None;
        var key = new SrtpMasterKey(suite, masterKey, masterSalt, mki, rateExponent: -1);
        receiver = new SrtpReceiver(suite, [key], new SrtpKeyLine.Options { RateExponent = -1 }, limits);
        return true;
    }

    /// <summary>True where both hold the same suite, keys and parameters: a repeated offer, whose counters go on.</summary>
    public bool IsSameKey(SrtpReceiver other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Suite != other.Suite || _keys.Length != other._keys.Length || _isRtpPlain != other._isRtpPlain || _rtpTagBytes != other._rtpTagBytes) return false;
        for (int i = 0; i < _keys.Length; i++)
        {
            if (!_keys[i].IsSame(other._keys[i])) return false;
        }

        return true;
    }

    /// <summary>Opens an SRTP packet: checks its tag, deciphers its payload.</summary>
    /// <param name="packet">The whole datagram.</param>
    /// <param name="plain">Takes the RTP packet; as long as <paramref name="packet"/> is enough. Must not overlap it.</param>
    /// <param name="length">Bytes of the RTP packet; 0 where false.</param>
    /// <param name="reason">Why not.</param>
    /// <returns>False for any packet whose tag is wrong; never throws on what is in the packet.</returns>
    public bool TryUnprotect(ReadOnlySpan<byte> packet, Span<byte> plain, out int length, out SrtpRejection reason) =>
        TryUnprotect(packet, plain, SrtpEffort.Search, hint: 0, out length, out reason);

    /// <summary>Opens an SRTCP packet (RFC 3711 3.4, RFC 7714 9): checks its tag, deciphers it, takes off index, MKI and tag.</summary>
    /// <param name="packet">The whole datagram.</param>
    /// <param name="plain">Takes the compound RTCP packet; as long as <paramref name="packet"/> is enough. Must not overlap it.</param>
    /// <param name="length">Bytes of the RTCP packet; 0 where false.</param>
    /// <param name="reason">Why not.</param>
    /// <returns>False for any packet whose tag is wrong; never throws on what is in the packet.</returns>
    public bool TryUnprotectRtcp(ReadOnlySpan<byte> packet, Span<byte> plain, out int length, out SrtpRejection reason)
    {
        length = 0;
        reason = SrtpRejection.TooShort;
        int tagBytes = _shape.RtcpTagBytes;
        int trailer = IndexWordBytes + _mkiBytes + tagBytes;
        if (packet.Length < RtcpHeaderBytes + trailer) return false;
        reason = SrtpRejection.Malformed;
        if (packet[0] >> 6 != 2 || (packet[1] & 0xE0) != 0xC0) return false;
        reason = SrtpRejection.OutputTooSmall;
        int body = packet.Length - trailer;
        if (plain.Length < body) return false;

        // HMAC: RTCP, E and index, MKI, tag. AEAD: RTCP, tag, E and index, MKI.
        int wordAt = _shape.IsAead ? body + tagBytes : body;
        reason = SrtpRejection.UnknownMki;
        SrtpMasterKey? master = FindKey(packet.Slice(wordAt + IndexWordBytes, _mkiBytes));
        if (master is null) return false;
        ReadOnlySpan<byte> word = packet.Slice(wordAt, IndexWordBytes);
        uint indexWord = BinaryPrimitives.ReadUInt32BigEndian(word);
        bool isEnciphered = (indexWord & 0x8000_0000) != 0;
        uint index = indexWord & 0x7FFF_FFFF;
        uint ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
        SrtpSessionKeys keys = master.Rtcp(index);
        reason = SrtpRejection.Authentication;
        if (_shape.IsAead)
        {
            int clear = isEnciphered ? RtcpHeaderBytes : body;
            if (_associated.Length < clear + IndexWordBytes) _associated = new byte[Math.Max(256, clear + IndexWordBytes)];
            packet[..clear].CopyTo(_associated);
            word.CopyTo(_associated.AsSpan(clear));
            ReadOnlySpan<byte> associated = _associated.AsSpan(0, clear + IndexWordBytes);
            if (!keys.TryOpenAead(ssrc, index, associated, packet[clear..body], packet.Slice(body, tagBytes), plain[clear..body])) return false;
            packet[..clear].CopyTo(plain);
        }
        else
        {
            if (!keys.IsAuthentic(packet[..(body + IndexWordBytes)], default, packet[^tagBytes..])) return false;
            packet[..RtcpHeaderBytes].CopyTo(plain);
            if (isEnciphered) keys.Counter(ssrc, index, packet[RtcpHeaderBytes..body], plain[RtcpHeaderBytes..body]);
            else packet[RtcpHeaderBytes..body].CopyTo(plain[RtcpHeaderBytes..]);
        }

        length = body;
        reason = SrtpRejection.None;
        return true;
    }

    /// <summary>Roll-over counter of a source; false for one that is not known.</summary>
    internal bool TryGetRollOver(uint ssrc, out uint rollOver)
    {
        int at = Find(ssrc);
        rollOver = at == NotFound ? 0 : _streams[at].RollOver;
        return at != NotFound;
    }

    /// <summary>As the public form, with a say in how hard to try.</summary>
    /// <param name="packet">The whole datagram.</param>
    /// <param name="plain">Takes the RTP packet.</param>
    /// <param name="effort">Estimate: the counter of RFC 3711 3.3.1 only, for a source not heard before 0 and <paramref name="hint"/>. Search: others too.</param>
    /// <param name="hint">Roll-over counter the source had under another key.</param>
    /// <param name="length">Bytes of the RTP packet.</param>
    /// <param name="reason">Why not.</param>
    internal bool TryUnprotect(ReadOnlySpan<byte> packet, Span<byte> plain, SrtpEffort effort, uint hint, out int length, out SrtpRejection reason)
    {
        length = 0;
        if (!TryMeasure(packet, out int header, out int body, out reason)) return false;
        if (plain.Length < body)
        {
            reason = SrtpRejection.OutputTooSmall;
            return false;
        }

        int mkiAt = _shape.IsAead ? body + _rtpTagBytes : body;
        SrtpMasterKey? master = FindKey(packet.Slice(mkiAt, _mkiBytes));
        if (master is null)
        {
            reason = SrtpRejection.UnknownMki;
            return false;
        }

        ushort sequence = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        uint ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet[8..]);
        int at = Find(ssrc);
        uint estimate = at == NotFound ? 0 : Estimate(_streams[at], sequence);
        reason = SrtpRejection.None;
        if (TryOpen(master, packet, header, body, ssrc, Index(estimate, sequence), plain))
        {
            Accept(at, ssrc, estimate, sequence, isFound: false);
            length = body;
            return true;
        }

        if (at == NotFound && hint != 0 && TryOpen(master, packet, header, body, ssrc, Index(hint, sequence), plain))
        {
            Accept(at, ssrc, hint, sequence, isFound: false);
            length = body;
            return true;
        }

        if (effort == SrtpEffort.Search && MaySearch(at) && TrySearch(master, packet, header, body, ssrc, sequence, at, estimate, plain, out uint found))
        {
            RollOversFound++;
            Accept(at, ssrc, found, sequence, isFound: true);
            length = body;
            return true;
        }

        reason = SrtpRejection.Authentication;
        return false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SrtpMasterKey key in _keys) key.Dispose();
    }

    /// <summary>For published test vectors, which give session keys: opens with them, without state.</summary>
    internal static bool TryOpenWith(SrtpSuite suite, SrtpSessionKeys keys, ReadOnlySpan<byte> packet, uint rollOver, Span<byte> plain, out int length)
    {
        SrtpSuiteShape shape = SrtpSuites.Shape(suite);
        length = 0;
        if (!TryMeasure(packet, shape.RtpTagBytes, out int header, out int body, out _)) return false;
        ushort sequence = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        uint ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet[8..]);
        if (!TryOpen(shape, shape.RtpTagBytes, isPlain: false, keys, packet, header, body, ssrc, Index(rollOver, sequence), plain)) return false;
        length = body;
        return true;
    }

    /// <summary>Where the header ends (its extension is not enciphered) and where the payload does.</summary>
    private bool TryMeasure(ReadOnlySpan<byte> packet, out int header, out int body, out SrtpRejection reason) =>
        TryMeasure(packet, _mkiBytes + _rtpTagBytes, out header, out body, out reason);

    private static bool TryMeasure(ReadOnlySpan<byte> packet, int trailer, out int header, out int body, out SrtpRejection reason)
    {
        header = RtpHeaderBytes;
        body = packet.Length - trailer;
        reason = SrtpRejection.TooShort;
        if (body < RtpHeaderBytes) return false;
        reason = SrtpRejection.Malformed;
        if (packet[0] >> 6 != 2 || (packet[1] & 0xE0) == 0xC0) return false;
        header += (packet[0] & 0x0F) * 4;
        if ((packet[0] & 0x10) != 0)
        {
            if (header + 4 > body) return false;
            header += 4 + (BinaryPrimitives.ReadUInt16BigEndian(packet[(header + 2)..]) * 4);
        }

        return header <= body;
    }

    private static ulong Index(uint rollOver, ushort sequence) => ((ulong)rollOver << 16) | sequence;

    /// <summary>The likely roll-over counter (RFC 3711 3.3.1, appendix A).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Estimate(Stream stream, ushort sequence)
    {
        if (stream.Highest < 0x8000) return sequence - stream.Highest > 0x8000 && stream.RollOver > 0 ? stream.RollOver - 1 : stream.RollOver;
        return stream.Highest - 0x8000 > sequence ? stream.RollOver + 1 : stream.RollOver;
    }

    private bool TryOpen(SrtpMasterKey master, ReadOnlySpan<byte> packet, int header, int body, uint ssrc, ulong index, Span<byte> plain) =>
        TryOpen(_shape, _rtpTagBytes, _isRtpPlain, master.Rtp(index), packet, header, body, ssrc, index, plain);

    private static bool TryOpen(
        SrtpSuiteShape shape, int tagBytes, bool isPlain, SrtpSessionKeys keys, ReadOnlySpan<byte> packet, int header, int body, uint ssrc, ulong index, Span<byte> plain)
    {
        if (shape.IsAead)
        {
            if (!keys.TryOpenAead(ssrc, index, packet[..header], packet[header..body], packet.Slice(body, tagBytes), plain[header..body])) return false;
        }
        else
        {
            Span<byte> rollOver = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(rollOver, (uint)(index >> 16));
            if (tagBytes > 0 && !keys.IsAuthentic(packet[..body], rollOver, packet[^tagBytes..])) return false;
            if (isPlain) packet[header..body].CopyTo(plain[header..]);
            else keys.Counter(ssrc, index, packet[header..body], plain[header..body]);
        }

        packet[..header].CopyTo(plain);
        return true;
    }

    /// <summary>Other roll-over counters, by the tag: for a new source from 1 on (capture began in mid-call); for a known one those ahead (a gap or
    /// a hold in which it wrapped unseen), the one before, and 0 (a sender that began anew with the same key).</summary>
    private bool TrySearch(
        SrtpMasterKey master, ReadOnlySpan<byte> packet, int header, int body, uint ssrc, ushort sequence, int at, uint estimate, Span<byte> plain, out uint found)
    {
        uint first = at == NotFound ? 0 : _streams[at].RollOver;
        for (uint ahead = 0; ahead <= (uint)_limits.MaxRollOverSearch; ahead++)
        {
            found = unchecked(first + ahead);
            if (found != estimate && TryOpen(master, packet, header, body, ssrc, Index(found, sequence), plain)) return true;
        }

        found = first == 0 ? 0 : first - 1;
        if (first > 0 && found != estimate && TryOpen(master, packet, header, body, ssrc, Index(found, sequence), plain)) return true;
        found = 0;
        return first > 1 && TryOpen(master, packet, header, body, ssrc, Index(0, sequence), plain);
    }

    /// <summary>A source that keeps failing is not searched for each packet: the tap may carry what no key fits, and a search costs some dozens of tags.</summary>
    private bool MaySearch(int at)
    {
        if (_rtpTagBytes == 0) return false;
        int failures = at == NotFound ? ++_unknownFailures : ++_streams[at].Failures;
        if (failures == int.MaxValue) failures = _limits.MaxFailedSearches;
        return failures <= _limits.MaxFailedSearches || failures % Math.Max(1, _limits.SearchInterval) == 0;
    }

    private void Accept(int at, uint ssrc, uint rollOver, ushort sequence, bool isFound)
    {
        _clock++;
        if (at == NotFound)
        {
            _unknownFailures = 0;
            at = AddStream();
            _streams[at] = new Stream { Ssrc = ssrc, RollOver = rollOver, Highest = sequence };
        }

        ref Stream stream = ref _streams[at];
        _lastStream = at;
        stream.UsedAt = _clock;
        stream.Failures = 0;
        if (isFound || rollOver > stream.RollOver || (rollOver == stream.RollOver && sequence > stream.Highest))
        {
            stream.RollOver = rollOver;
            stream.Highest = sequence;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Find(uint ssrc)
    {
        if (_lastStream < _streamCount && _streams[_lastStream].Ssrc == ssrc) return _lastStream;
        for (int i = 0; i < _streamCount; i++)
        {
            if (_streams[i].Ssrc == ssrc) return i;
        }

        return NotFound;
    }

    private int AddStream()
    {
        int most = Math.Max(1, _limits.MaxStreamsPerKey);
        if (_streamCount < most)
        {
            if (_streamCount == _streams.Length) Array.Resize(ref _streams, Math.Min(most, _streamCount * 2));
            return _streamCount++;
        }

        int oldest = 0;
        for (int i = 1; i < _streamCount; i++)
        {
            if (_streams[i].UsedAt < _streams[oldest].UsedAt) oldest = i;
        }

        return oldest;
    }

    private SrtpMasterKey? FindKey(ReadOnlySpan<byte> mki)
    {
        if (_mkiBytes == 0) return _keys[0];
        foreach (SrtpMasterKey key in _keys)
        {
            if (key.Mki.SequenceEqual(mki)) return key;
        }

        return null;
    }

    private struct Stream
    {
        public uint Ssrc;
        public uint RollOver;
        public ushort Highest;
        public int Failures;
        public long UsedAt;
    }
}

/// <summary>How hard to look for a packet's roll-over counter.</summary>
internal enum SrtpEffort : byte
{
    /// <summary>By the estimate only.</summary>
    Estimate,

    /// <summary>By the estimate, then by search within the limits.</summary>
    Search,
}
