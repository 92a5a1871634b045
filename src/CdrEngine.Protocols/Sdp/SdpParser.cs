using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Protocols.Sdp;

/// <summary>Reads session descriptions (RFC 8866). Never throws on what came from the wire and allocates nothing once a session object is warm.</summary>
public static class SdpParser
{
    /// <summary>Reads a description; false where the bytes are none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, SdpSession session) => TryRead(bytes, session, out _);

    /// <summary>Reads a description.</summary>
    /// <param name="bytes">The SDP body; it is copied.</param>
    /// <param name="session">Filled; what it held before is gone, whatever the outcome.</param>
    /// <param name="reason">Why the bytes were refused.</param>
    /// <returns>False where the bytes are refused. A broken line refuses nothing: it is counted (<see cref="SdpSession.BrokenLines"/>) and passed over.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, SdpSession session, out SdpRejection reason)
    {
        session.Clear();
        bytes = bytes.TrimEnd((byte)0);
        reason = bytes.IsEmpty ? SdpRejection.Empty : bytes.Length > session.Limits.MaxBytes ? SdpRejection.TooLong : SdpRejection.None;
        if (reason != SdpRejection.None) return false;

        bytes = session.Load(bytes);
        SdpMedia? media = session.Common;
        bool hasVersion = false, isInMedia = false;
        int mediaStart = 0, line = 0;
        var lineFeeds = new LineFeeds(bytes, 0);
        while (line < bytes.Length)
        {
            int lineFeed = lineFeeds.Next();
            int end = lineFeed < 0 ? bytes.Length : lineFeed;
            int next = end + 1;
            while (end > line && bytes[end - 1] is (byte)'\r' or (byte)' ' or 0) end--;
            if (end - line >= 2 && bytes[line + 1] == (byte)'=')
            {
                ReadOnlySpan<byte> value = bytes[(line + 2)..end];
                bool isRead = true;
                switch (bytes[line])
                {
                    case (byte)'v':
                        hasVersion = true;
                        break;
                    case (byte)'o':
                        isRead = ReadOrigin(session, value, line + 2);
                        break;
                    case (byte)'s':
                        if (!isInMedia) session.NameSlice = new SdpSlice(line + 2, value.Length);
                        break;
                    case (byte)'c':
                        isRead = media is null || ReadConnection(media, value, line + 2);
                        break;
                    case (byte)'m':
                        CloseLines(session, media, isInMedia, mediaStart, line);
                        media = session.AddMedia();
                        isInMedia = true;
                        mediaStart = line;
                        isRead = media is null || ReadMedia(session, media, value, line + 2);
                        break;
                    case (byte)'a':
                        isRead = media is null || ReadAttribute(session, media, isInMedia, value, line + 2);
                        break;
                    default:
                        break;
                }

                if (!isRead) session.BrokenLines++;
            }
            else if (end > line)
            {
                session.BrokenLines++;
            }

            line = next;
        }

        CloseLines(session, media, isInMedia, mediaStart, bytes.Length);
        if (!hasVersion && session.Media.IsEmpty)
        {
            session.Clear();
            reason = SdpRejection.NotSdp;
            return false;
        }

        foreach (SdpMedia each in session.Media) Inherit(each, session.Common);
        return true;
    }

    private static void CloseLines(SdpSession session, SdpMedia? media, bool isInMedia, int start, int end)
    {
        if (!isInMedia) session.SessionLines = new SdpSlice(0, end);
        else if (media is not null) media.LinesSlice = new SdpSlice(start, end - start);
    }

    // RFC 8866 5: session-level values hold for every m-line that does not say otherwise
    private static void Inherit(SdpMedia media, SdpMedia common)
    {
        if (!media.HasConnection)
        {
            media.ConnectionSlice = common.ConnectionSlice;
            media.HasAddress = common.HasAddress;
            media.Address = common.Address;
        }

        if (!media.HasDirection) media.Direction = common.Direction;
        if (media.FingerprintSlice.Length == 0) media.FingerprintSlice = common.FingerprintSlice;
        if (media.Setup == SdpSetup.None) media.Setup = common.Setup;
        if (media.IceUserSlice.Length == 0) media.IceUserSlice = common.IceUserSlice;
        if (media.PTimeMilliseconds == 0) media.PTimeMilliseconds = common.PTimeMilliseconds;
        if (media.Cryptos.IsEmpty && media.IsRtp)
        {
            foreach (SdpCrypto crypto in common.Cryptos) media.AddCrypto(crypto);
        }

        media.IsSecure |= media.IsRtp && !media.Cryptos.IsEmpty;
        media.HasRtcpMux |= common.HasRtcpMux;
    }

    // o=<username> <sess-id> <sess-version> <nettype> <addrtype> <unicast-address>
    private static bool ReadOrigin(SdpSession session, ReadOnlySpan<byte> value, int offset)
    {
        var words = new SdpWords(value, offset);
        words.Next(out SdpSlice user);
        words.Next(out SdpSlice id);
        words.Next(out SdpSlice version);
        words.Next();
        words.Next();
        words.Next(out SdpSlice address);
        if (address.Length == 0) return false;
        session.OriginUser = user;
        session.OriginId = id;
        session.OriginVersion = version;
        session.OriginAddress = address;
        return true;
    }

    // c=<nettype> <addrtype> <connection-address>; a multicast address may be followed by /ttl/count. The first c-line of an m-line counts.
    private static bool ReadConnection(SdpMedia media, ReadOnlySpan<byte> value, int offset)
    {
        if (media.HasConnection) return true;
        var words = new SdpWords(value, offset);
        words.Next();
        words.Next();
        ReadOnlySpan<byte> text = words.Next(out SdpSlice where);
        if (text.IsEmpty) return false;
        int slash = text.IndexOf((byte)'/');
        if (slash >= 0)
        {
            text = text[..slash];
            where = where with { Length = slash };
        }

        media.HasConnection = true;
        media.ConnectionSlice = where;
        media.HasAddress = IpAddress.TryParse(text, out IpAddress address);
        media.Address = address;
        return true;
    }

    // m=<media> <port>[/<number of ports>] <proto> <fmt> …
    private static bool ReadMedia(SdpSession session, SdpMedia media, ReadOnlySpan<byte> value, int offset)
    {
        var words = new SdpWords(value, offset);
        ReadOnlySpan<byte> type = words.Next(out SdpSlice where);
        media.TypeSlice = where;
        media.Type = TypeOf(type);
        ReadOnlySpan<byte> port = words.Next();
        ReadOnlySpan<byte> protocol = words.Next(out where);
        media.ProtocolSlice = where;
        media.IsRtp = Contains(protocol, "RTP/"u8);
        media.IsSecure = media.IsRtp && Contains(protocol, "SAVP"u8);

        bool isRead = !protocol.IsEmpty;
        int slash = port.IndexOf((byte)'/');
        if (slash >= 0)
        {
            if (SipGrammar.TryReadNumber(port[(slash + 1)..], out uint count) && count is > 0 and <= 1024) media.PortCount = (int)count;
            else isRead = false;
            port = port[..slash];
        }

        if (SipGrammar.TryReadNumber(port, out uint number) && number <= ushort.MaxValue) media.Port = (ushort)number;
        else isRead = false;

        bool isT38 = false;
        while (!words.IsAtEnd)
        {
            ReadOnlySpan<byte> format = words.Next(out where);
            isT38 |= SipGrammar.EqualsIgnoreCase(format, "t38"u8);
            int payloadType = media.IsRtp && SipGrammar.TryReadNumber(format, out uint pt) && pt <= 127 ? (int)pt : -1;
            if (!media.AddFormat(new SdpFormat(session, where, payloadType))) session.IgnoredItems++;
        }

        media.IsT38 = isT38 && media.Type == SdpMediaType.Image;
        return isRead && !media.Formats.IsEmpty;
    }

    private static bool ReadAttribute(SdpSession session, SdpMedia media, bool isInMedia, ReadOnlySpan<byte> line, int offset)
    {
        int colon = line.IndexOf((byte)':');
        if (colon < 0) return ReadFlag(media, line);
        ReadOnlySpan<byte> name = line[..colon];
        ReadOnlySpan<byte> value = line[(colon + 1)..];
        offset += colon + 1;
        switch (name.Length)
        {
            case 3 when name.SequenceEqual("mid"u8):
                media.MidSlice = new SdpSlice(offset, value.Length);
                return true;
            case 4 when name.SequenceEqual("fmtp"u8):
                return ReadFmtp(media, value, offset);
            case 4 when name.SequenceEqual("rtcp"u8):
                return ReadRtcp(media, value, offset);
            case 5 when name.SequenceEqual("ptime"u8):
                if (!SipGrammar.TryReadLeadingNumber(SipGrammar.Trim(value), out uint ptime) || ptime > 10_000) return false;
                media.PTimeMilliseconds = (int)ptime;
                return true;
            case 5 when name.SequenceEqual("setup"u8):
                media.Setup = SetupOf(SipGrammar.Trim(value));
                return media.Setup != SdpSetup.None;
            case 5 when name.SequenceEqual("group"u8):
                if (!isInMedia) session.AddGroup(new SdpSlice(offset, value.Length));
                return true;
            case 6 when name.SequenceEqual("rtpmap"u8):
                return ReadRtpMap(media, value, offset);
            case 6 when name.SequenceEqual("crypto"u8):
                return ReadCrypto(session, media, value, offset);
            case 9 when name.SequenceEqual("candidate"u8):
                return ReadCandidate(session, media, value, offset);
            case 9 when name.SequenceEqual("ice-ufrag"u8):
                media.IceUserSlice = new SdpSlice(offset, value.Length);
                return true;
            case 11 when name.SequenceEqual("fingerprint"u8):
                if (media.FingerprintSlice.Length == 0) media.FingerprintSlice = new SdpSlice(offset, value.Length);
                return true;
            default:
                return (name[..Math.Min(name.Length, 3)].SequenceEqual("T38"u8) && ReadT38(media, name, value, offset)) || !name.IsEmpty;
        }
    }

    private static bool ReadFlag(SdpMedia media, ReadOnlySpan<byte> name)
    {
        switch (name.Length)
        {
            case 8 when name.SequenceEqual("sendrecv"u8):
                return SetDirection(media, SdpDirection.SendRecv);
            case 8 when name.SequenceEqual("sendonly"u8):
                return SetDirection(media, SdpDirection.SendOnly);
            case 8 when name.SequenceEqual("recvonly"u8):
                return SetDirection(media, SdpDirection.RecvOnly);
            case 8 when name.SequenceEqual("inactive"u8):
                return SetDirection(media, SdpDirection.Inactive);
            case 8 when name.SequenceEqual("rtcp-mux"u8):
                media.HasRtcpMux = true;
                return true;
            case 11 when name.SequenceEqual("bundle-only"u8):
                media.IsBundleOnly = true;
                return true;
            default:
                return !name.IsEmpty;
        }
    }

    private static bool SetDirection(SdpMedia media, SdpDirection direction)
    {
        media.Direction = direction;
        media.HasDirection = true;
        return true;
    }

    // a=rtpmap:<payload type> <encoding name>/<clock rate>[/<channels>]
    private static bool ReadRtpMap(SdpMedia media, ReadOnlySpan<byte> value, int offset)
    {
        var words = new SdpWords(value, offset);
        if (!SipGrammar.TryReadNumber(words.Next(), out uint payloadType) || payloadType > 127) return false;
        ReadOnlySpan<byte> map = words.Next(out SdpSlice where);
        int slash = map.IndexOf((byte)'/');
        ReadOnlySpan<byte> rate = slash < 0 ? default : map[(slash + 1)..];
        int second = rate.IndexOf((byte)'/');
        int channels = 1;
        if (second >= 0)
        {
            if (SipGrammar.TryReadNumber(rate[(second + 1)..], out uint count) && count is > 0 and <= 255) channels = (int)count;
            rate = rate[..second];
        }

        bool isRead = SipGrammar.TryReadNumber(rate, out uint hertz) && hertz <= 10_000_000;
        if ((slash < 0 ? map.Length : slash) == 0) return false;
        var encoding = where with { Length = slash < 0 ? map.Length : slash };
        foreach (ref SdpFormat format in media.WritableFormats())
        {
            if (format.PayloadType == payloadType) format = format.WithRtpMap(encoding, isRead ? (int)hertz : 0, channels);
        }

        return isRead;
    }

    // a=fmtp:<format> <format specific parameters>
    private static bool ReadFmtp(SdpMedia media, ReadOnlySpan<byte> value, int offset)
    {
        var words = new SdpWords(value, offset);
        ReadOnlySpan<byte> name = words.Next();
        if (name.IsEmpty) return false;
        foreach (ref SdpFormat format in media.WritableFormats())
        {
            if (format.Text.SequenceEqual(name)) format = format.WithFmtp(words.Rest);
        }

        return true;
    }

    // a=rtcp:<port> [<nettype> <addrtype> <connection-address>] (RFC 3605 2.1)
    private static bool ReadRtcp(SdpMedia media, ReadOnlySpan<byte> value, int offset)
    {
        var words = new SdpWords(value, offset);
        if (!SipGrammar.TryReadNumber(words.Next(), out uint port) || port is 0 or > ushort.MaxValue) return false;
        media.RtcpPort = (ushort)port;
        words.Next();
        words.Next();
        ReadOnlySpan<byte> text = words.Next();
        media.HasRtcpAddress = IpAddress.TryParse(text, out IpAddress address) && !address.IsUnspecified;
        media.RtcpAddress = address;
        return true;
    }

    // a=crypto:<tag> <crypto-suite> <key-params> [<session-params>] (RFC 4568 9.1)
    private static bool ReadCrypto(SdpSession session, SdpMedia media, ReadOnlySpan<byte> value, int offset)
    {
        var words = new SdpWords(value, offset);
        if (!SipGrammar.TryReadNumber(words.Next(), out uint tag) || tag > int.MaxValue) return false;
        words.Next(out SdpSlice suite);
        if (suite.Length == 0 || words.IsAtEnd) return false;
        if (!media.AddCrypto(new SdpCrypto(session, (int)tag, suite, words.Rest))) session.IgnoredItems++;
        return true;
    }

    // a=candidate:<foundation> <component> <transport> <priority> <address> <port> typ <type> [raddr <address>] [rport <port>] … (RFC 8839 5.1)
    private static bool ReadCandidate(SdpSession session, SdpMedia media, ReadOnlySpan<byte> value, int offset)
    {
        var words = new SdpWords(value, offset);
        words.Next();
        if (!SipGrammar.TryReadNumber(words.Next(), out uint component) || component is 0 or > 256) return false;
        ReadOnlySpan<byte> transport = words.Next();
        if (!SipGrammar.TryReadNumber(words.Next(), out uint priority)) return false;
        ReadOnlySpan<byte> host = words.Next();
        if (!SipGrammar.TryReadNumber(words.Next(), out uint port) || port > ushort.MaxValue) return false;
        if (!words.Next().SequenceEqual("typ"u8) || !TryCandidateType(words.Next(), out SdpCandidateType type)) return false;
        if (!IpAddress.TryParse(host, out IpAddress address))
        {
            session.UnresolvedCandidates++;
            return true;
        }

        IpAddress relatedAddress = default;
        ushort relatedPort = 0;
        while (!words.IsAtEnd)
        {
            ReadOnlySpan<byte> name = words.Next();
            ReadOnlySpan<byte> text = words.Next();
            if (name.SequenceEqual("raddr"u8) && IpAddress.TryParse(text, out IpAddress related)) relatedAddress = related;
            else if (name.SequenceEqual("rport"u8) && SipGrammar.TryReadNumber(text, out uint number) && number <= ushort.MaxValue) relatedPort = (ushort)number;
        }

        bool isUdp = SipGrammar.EqualsIgnoreCase(transport, "UDP"u8);
        var candidate = new SdpCandidate(
            (int)component, type, isUdp, new Endpoint(address, (ushort)port), priority, relatedAddress == default ? default : new Endpoint(relatedAddress, relatedPort));
        if (!media.AddCandidate(candidate)) session.IgnoredItems++;
        return true;
    }

    private static bool ReadT38(SdpMedia media, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, int offset)
    {
        ReadOnlySpan<byte> trimmed = SipGrammar.Trim(value);
        if (name.SequenceEqual("T38FaxVersion"u8) && SipGrammar.TryReadNumber(trimmed, out uint version) && version < 100) media.T38Version = (int)version;
        else if (name.SequenceEqual("T38MaxBitRate"u8) && SipGrammar.TryReadNumber(trimmed, out uint rate) && rate < 1_000_000) media.T38MaxBitRate = (int)rate;
        else if (name.SequenceEqual("T38FaxRateManagement"u8)) media.T38RateSlice = new SdpSlice(offset, value.Length);
        else if (name.SequenceEqual("T38FaxUdpEC"u8)) media.T38CorrectionSlice = new SdpSlice(offset, value.Length);
        return true;
    }

    private static bool TryCandidateType(ReadOnlySpan<byte> text, out SdpCandidateType type)
    {
        (SdpCandidateType Found, bool IsKnown) answer = text.Length switch
        {
            4 when text.SequenceEqual("host"u8) => (SdpCandidateType.Host, true),
            5 when text.SequenceEqual("srflx"u8) => (SdpCandidateType.ServerReflexive, true),
            5 when text.SequenceEqual("prflx"u8) => (SdpCandidateType.PeerReflexive, true),
            5 when text.SequenceEqual("relay"u8) => (SdpCandidateType.Relay, true),
            _ => default,
        };
        type = answer.Found;
        return answer.IsKnown;
    }

    private static SdpSetup SetupOf(ReadOnlySpan<byte> text) => text.Length switch
    {
        6 when text.SequenceEqual("active"u8) => SdpSetup.Active,
        7 when text.SequenceEqual("passive"u8) => SdpSetup.Passive,
        7 when text.SequenceEqual("actpass"u8) => SdpSetup.ActPass,
        8 when text.SequenceEqual("holdconn"u8) => SdpSetup.HoldConn,
        _ => SdpSetup.None,
    };

    private static SdpMediaType TypeOf(ReadOnlySpan<byte> text) => text.Length switch
    {
        4 when SipGrammar.EqualsIgnoreCase(text, "text"u8) => SdpMediaType.Text,
        5 when SipGrammar.EqualsIgnoreCase(text, "audio"u8) => SdpMediaType.Audio,
        5 when SipGrammar.EqualsIgnoreCase(text, "video"u8) => SdpMediaType.Video,
        5 when SipGrammar.EqualsIgnoreCase(text, "image"u8) => SdpMediaType.Image,
        7 when SipGrammar.EqualsIgnoreCase(text, "message"u8) => SdpMediaType.Message,
        11 when SipGrammar.EqualsIgnoreCase(text, "application"u8) => SdpMediaType.Application,
        _ => SdpMediaType.Other,
    };

    private static bool Contains(ReadOnlySpan<byte> text, ReadOnlySpan<byte> wanted)
    {
        for (int i = 0; i + wanted.Length <= text.Length; i++)
        {
            if (SipGrammar.EqualsIgnoreCase(text.Slice(i, wanted.Length), wanted)) return true;
        }

        return false;
    }
}
