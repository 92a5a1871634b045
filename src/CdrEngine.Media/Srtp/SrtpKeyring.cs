using System.Buffers.Binary;
using CdrEngine.Core;
using CdrEngine.Protocols.Sdp;

namespace CdrEngine.Media.Srtp;

/// <summary>How the media of a side is protected, by its latest SDP.</summary>
public enum SrtpProtection : byte
{
    /// <summary>Not, or nothing was seen that says so.</summary>
    Plain = 0,

    /// <summary>By keys in the SDP (RFC 4568).</summary>
    Sdes = 1,

    /// <summary>By keys agreed on in the media path (RFC 5764): out of an observer's reach but by a key log.</summary>
    Dtls = 2,

    /// <summary>A secure profile without either: MIKEY (RFC 3830), ZRTP, or an SDP that was cut.</summary>
    Other = 3,
}

/// <summary>The SRTP keys of one call, by side and m-line, learnt from its SDP and its DTLS handshakes; opens the packets of a side.</summary>
/// <remarks>
/// Sides are 0 for the caller and 1 for the callee. A key in a side's SDP protects what that side <em>sends</em> (RFC 4568 5.1.1, 6.1). Feed it in packet
/// order: each description by <see cref="Learn"/>, each datagram of the media ports by one of the others. A later offer with another key does not end
/// the earlier one: both are tried, newest first; a repeated key keeps its roll-over counters, through hold too. Not for two threads at once.
/// </remarks>
public sealed partial class SrtpKeyring : IDisposable
{
    private readonly SrtpLimits _limits;
    private readonly Dictionary<int, Source> _sources = [];
    private readonly List<Source> _ordered = [];

    /// <summary>A keyring without keys.</summary>
    /// <param name="limits">Bounds; <see cref="SrtpLimits.Default"/> where null.</param>
    /// <param name="keyLog">Secrets for DTLS-SRTP; null for none. Stays the caller's.</param>
    public SrtpKeyring(SrtpLimits? limits = null, DtlsKeyLog? keyLog = null)
    {
        _limits = limits ?? SrtpLimits.Default;
        _keyLog = keyLog;
    }

    /// <summary>What happened so far.</summary>
    public Counters<SrtpCounter> Counters { get; } = new();

    /// <summary>How what that side sends is protected, by its latest description.</summary>
    public SrtpProtection Protection(int side, int mediaIndex) => Find(side, mediaIndex)?.Protection ?? SrtpProtection.Plain;

    /// <summary>True where a key is known for what that side sends.</summary>
    public bool HasKey(int side, int mediaIndex) => Find(side, mediaIndex) is { Receivers.Count: > 0 };

    /// <summary>Takes over what a side's description says of an m-line: its crypto lines, or that it is not secured.</summary>
    /// <param name="side">0 caller, 1 callee: whose description it is.</param>
    /// <param name="mediaIndex">Place of the m-line, from 0.</param>
    /// <param name="media">The m-line; nothing of it is kept but keys. A refused one (port 0) changes nothing.</param>
    public void Learn(int side, int mediaIndex, SdpMedia media)
    {
        ArgumentNullException.ThrowIfNull(media);
        if (media.IsRefused || (!media.IsRtp && media.Cryptos.IsEmpty)) return;
        Source? source = FindOrAdd(side, mediaIndex);
        if (source is null) return;
        source.Protection = ProtectionOf(media);
        source.IsMandatory = media.Protocol.EndsWith("SAVP"u8) || media.Protocol.EndsWith("SAVPF"u8);
        source.IsDescribed = true;
        source.IsUnsupported = false;
        AddKeys(source, media);
    }

    /// <summary>Takes over the keys of a description that is still to come: for a first pass over a recorded call, so that what the callee sends
    /// before its answer (RFC 3264 5.1) can be opened in the second. Says nothing of whether the media is secured now.</summary>
    /// <param name="side">0 caller, 1 callee: whose description it is.</param>
    /// <param name="mediaIndex">Place of the m-line, from 0.</param>
    /// <param name="media">The m-line.</param>
    public void LearnKeys(int side, int mediaIndex, SdpMedia media)
    {
        ArgumentNullException.ThrowIfNull(media);
        if (media.Cryptos.IsEmpty || media.IsRefused || FindOrAdd(side, mediaIndex) is not { } source) return;
        AddKeys(source, media);
    }

    private void AddKeys(Source source, SdpMedia media)
    {
        // Last first, so that the line preferred by its sender ends up at the front.
        for (int i = media.Cryptos.Length - 1; i >= 0; i--)
        {
            if (SrtpReceiver.TryCreate(media.Cryptos[i], _limits, out SrtpReceiver? receiver, out SrtpRejection reason))
            {
                Add(source, receiver!);
                continue;
            }

            bool isUnsupported = reason == SrtpRejection.UnsupportedSuite;
            source.IsUnsupported |= isUnsupported;
            Counters.Increment(isUnsupported ? SrtpCounter.UnsupportedSuites : SrtpCounter.BadKeyLines);
        }
    }

    /// <summary>Adds a key from elsewhere for what a side sends.</summary>
    /// <returns>False where key or salt has another length than the suite asks for, the suite is not known, or there are too many sources.</returns>
    public bool AddKey(int side, int mediaIndex, SrtpSuite suite, ReadOnlySpan<byte> masterKey, ReadOnlySpan<byte> masterSalt) =>
        AddKey(side, mediaIndex, suite, masterKey, masterSalt, mki: default, SrtpProtection.Sdes);

    /// <summary>Opens an RTP packet that a side sent on an m-line.</summary>
    /// <param name="side">0 caller, 1 callee: who sent it.</param>
    /// <param name="mediaIndex">M-line to which its address pair belongs.</param>
    /// <param name="packet">The whole datagram.</param>
    /// <param name="plain">Takes the RTP packet; as long as <paramref name="packet"/> is enough. Must not overlap it.</param>
    /// <param name="length">Bytes of the RTP packet; 0 where false.</param>
    /// <param name="reason">Why not.</param>
    /// <returns>True with the plain packet; a packet of media that is not secured is handed on as it is. False for a packet that cannot be opened.</returns>
    public bool TryUnprotect(int side, int mediaIndex, ReadOnlySpan<byte> packet, Span<byte> plain, out int length, out SrtpRejection reason)
    {
        length = 0;
        Source? source = Find(side, mediaIndex);
        if (packet.Length < 12)
        {
            reason = SrtpRejection.TooShort;
            Counters.Increment(SrtpCounter.Malformed);
            return false;
        }

        reason = SrtpRejection.NoKey;
        if (source is not null)
        {
            // 1. The key that opened the last packet; else all by the estimate, newest first; then all by search.
            if (source.Current is { } current && current.TryUnprotect(packet, plain, SrtpEffort.Estimate, hint: 0, out length, out reason))
            {
                return Opened(SrtpCounter.RtpOpened);
            }

            if (source.Receivers.Count > 0)
            {
                if (TryAll(source, packet, plain, SrtpEffort.Estimate, out length, out reason)) return Opened(SrtpCounter.RtpOpened);
                if (reason == SrtpRejection.Authentication && TryAll(source, packet, plain, SrtpEffort.Search, out length, out reason))
                {
                    Counters.Increment(SrtpCounter.RollOverFound);
                    return Opened(SrtpCounter.RtpOpened);
                }
            }

        }

        if (IsSecured(side, mediaIndex, source))
        {
            // 2. A key the SDP gave for elsewhere: bundled m-lines, sides mistaken for each other.
            if (source is not null && reason is SrtpRejection.NoKey or SrtpRejection.Authentication or SrtpRejection.UnknownMki
                && TryStray(source, packet, plain, out length))
            {
                reason = SrtpRejection.None;
                Counters.Increment(SrtpCounter.StrayKey);
                return Opened(SrtpCounter.RtpOpened);
            }

            return Refused(source, ref reason);
        }

        return HandOn(packet, plain, out length, out reason);
    }

    /// <summary>Opens an RTCP packet that a side sent on an m-line; see <see cref="TryUnprotect"/>.</summary>
    public bool TryUnprotectRtcp(int side, int mediaIndex, ReadOnlySpan<byte> packet, Span<byte> plain, out int length, out SrtpRejection reason)
    {
        length = 0;
        Source? source = Find(side, mediaIndex);
        reason = SrtpRejection.NoKey;
        if (source is not null)
        {
            foreach (SrtpReceiver receiver in source.Receivers)
            {
                if (receiver.TryUnprotectRtcp(packet, plain, out length, out reason)) return Opened(SrtpCounter.RtcpOpened);
            }

        }

        if (IsSecured(side, mediaIndex, source))
        {
            foreach (Source other in _ordered)
            {
                if (ReferenceEquals(other, source)) continue;
                foreach (SrtpReceiver receiver in other.Receivers)
                {
                    if (!receiver.TryUnprotectRtcp(packet, plain, out length, out _)) continue;
                    reason = SrtpRejection.None;
                    Counters.Increment(SrtpCounter.StrayKey);
                    return Opened(SrtpCounter.RtcpOpened);
                }
            }

            return Refused(source, ref reason);
        }

        return HandOn(packet, plain, out length, out reason);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Source source in _ordered)
        {
            foreach (SrtpReceiver receiver in source.Receivers) receiver.Dispose();
            source.Receivers.Clear();
            source.Current = null;
        }
    }

    private static SrtpProtection ProtectionOf(SdpMedia media)
    {
        if (!media.Cryptos.IsEmpty) return SrtpProtection.Sdes;
        if (!media.Fingerprint.IsEmpty || media.Protocol.StartsWith("UDP/TLS/"u8)) return SrtpProtection.Dtls;
        return media.IsSecure ? SrtpProtection.Other : SrtpProtection.Plain;
    }

    /// <summary>Secured by the sender's description, and not declined by the other's: an offer of RTP/AVP with keys (RFC 8643) is answered without any
    /// by those who do not take them.</summary>
    /// <remarks>Before a side has described itself, the offer's profile says it: SAVP leaves no choice (RFC 4568 5.1.2).</remarks>
    private bool IsSecured(int side, int mediaIndex, Source? source)
    {
        Source? other = Find(side ^ 1, mediaIndex);
        if (source is not { IsDescribed: true }) return other is { IsDescribed: true, IsMandatory: true };
        return source.Protection != SrtpProtection.Plain && other is not { IsDescribed: true, Protection: SrtpProtection.Plain };
    }

    private static bool TryAll(Source source, ReadOnlySpan<byte> packet, Span<byte> plain, SrtpEffort effort, out int length, out SrtpRejection reason)
    {
        length = 0;
        List<SrtpReceiver> receivers = source.Receivers;
        reason = SrtpRejection.NoKey;
        uint hint = receivers.Count > 1 ? RollOverOf(receivers, packet) : 0;
        SrtpRejection last = SrtpRejection.NoKey;

        // Without a tag anything opens: such a key is asked last, and only by the estimate.
        for (int round = 0; round < 2; round++)
        {
            foreach (SrtpReceiver receiver in receivers)
            {
                if (receiver.IsRtpAuthenticated == (round == 1)) continue;
                if (effort == SrtpEffort.Estimate && ReferenceEquals(receiver, source.Current) && hint == 0)
                {
                    last = SrtpRejection.Authentication;
                    continue; // was asked before all others
                }

                if (receiver.TryUnprotect(packet, plain, effort, hint, out length, out reason))
                {
                    source.Current = receiver.IsRtpAuthenticated ? receiver : null;
                    return true;
                }

                // A wrong tag says more than a missing MKI.
                if (last != SrtpRejection.Authentication) last = reason;
            }
        }

        reason = last;
        return false;
    }

    /// <summary>The counter a source had under whichever key: a sender that changes its key goes on counting, or begins with 0.</summary>
    private static uint RollOverOf(List<SrtpReceiver> receivers, ReadOnlySpan<byte> packet)
    {
        uint ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet[8..]);
        foreach (SrtpReceiver receiver in receivers)
        {
            if (receiver.TryGetRollOver(ssrc, out uint rollOver)) return rollOver;
        }

        return 0;
    }

    private bool TryStray(Source source, ReadOnlySpan<byte> packet, Span<byte> plain, out int length)
    {
        length = 0;

        // Many keys for one packet: what nothing opens is tried seldom.
        source.StrayFailures = source.StrayFailures == int.MaxValue ? _limits.MaxFailedSearches : source.StrayFailures + 1;
        if (source.StrayFailures > _limits.MaxFailedSearches && source.StrayFailures % Math.Max(1, _limits.SearchInterval) != 0) return false;
        uint ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet[8..]);
        foreach (Source other in _ordered)
        {
            if (ReferenceEquals(other, source)) continue;
            foreach (SrtpReceiver receiver in other.Receivers)
            {
                // Only a key that has opened this very source before is worth a search.
                SrtpEffort effort = receiver.TryGetRollOver(ssrc, out _) ? SrtpEffort.Search : SrtpEffort.Estimate;
                if (!receiver.IsRtpAuthenticated || !receiver.TryUnprotect(packet, plain, effort, hint: 0, out length, out _)) continue;
                source.StrayFailures = 0;
                source.Current = receiver;
                return true;
            }
        }

        return false;
    }

    private bool Opened(SrtpCounter counter)
    {
        Counters.Increment(counter);
        return true;
    }

    private bool Refused(Source? source, ref SrtpRejection reason)
    {
        if (source is null || source.Receivers.Count == 0) reason = source is { IsUnsupported: true } ? SrtpRejection.UnsupportedSuite : SrtpRejection.NoKey;
        Counters.Increment(reason switch
        {
            SrtpRejection.NoKey or SrtpRejection.UnsupportedSuite => SrtpCounter.NoKey,
            SrtpRejection.Authentication or SrtpRejection.UnknownMki => SrtpCounter.Unauthentic,
            _ => SrtpCounter.Malformed,
        });
        return false;
    }

    private bool HandOn(ReadOnlySpan<byte> packet, Span<byte> plain, out int length, out SrtpRejection reason)
    {
        reason = SrtpRejection.OutputTooSmall;
        length = 0;
        if (!packet.TryCopyTo(plain)) return false;
        reason = SrtpRejection.None;
        length = packet.Length;
        Counters.Increment(SrtpCounter.Plain);
        return true;
    }

    private bool AddKey(
        int side, int mediaIndex, SrtpSuite suite, ReadOnlySpan<byte> masterKey, ReadOnlySpan<byte> masterSalt, ReadOnlySpan<byte> mki, SrtpProtection protection)
    {
        if (!SrtpReceiver.TryCreate(suite, masterKey, masterSalt, mki, _limits, out SrtpReceiver? receiver, out _)) return false;
        Source? source = FindOrAdd(side, mediaIndex);
        if (source is null)
        {
            receiver!.Dispose();
            return false;
        }

        source.Protection = protection;
        source.IsDescribed = true;
        Add(source, receiver!);
        return true;
    }

    /// <summary>To the front; the same key again only moves there, with its counters.</summary>
    private void Add(Source source, SrtpReceiver receiver)
    {
        List<SrtpReceiver> receivers = source.Receivers;
        for (int i = 0; i < receivers.Count; i++)
        {
            if (!receivers[i].IsSameKey(receiver)) continue;
            receiver.Dispose();
            receiver = receivers[i];
            receivers.RemoveAt(i);
            receivers.Insert(0, receiver);
            return;
        }

        Counters.Increment(SrtpCounter.KeysLearnt);
        receivers.Insert(0, receiver);
        if (receivers.Count <= Math.Max(1, _limits.MaxKeysPerSource)) return;
        SrtpReceiver dropped = receivers[^1];
        receivers.RemoveAt(receivers.Count - 1);
        dropped.Dispose();
        foreach (Source each in _ordered)
        {
            if (ReferenceEquals(each.Current, dropped)) each.Current = null;
        }

        Counters.Increment(SrtpCounter.KeysDropped);
    }

    private static int KeyOf(int side, int mediaIndex) => (mediaIndex << 1) | (side & 1);

    private Source? Find(int side, int mediaIndex) => _sources.GetValueOrDefault(KeyOf(side, mediaIndex));

    private Source? FindOrAdd(int side, int mediaIndex)
    {
        if (Find(side, mediaIndex) is { } known) return known;
        if (_ordered.Count >= _limits.MaxSources)
        {
            Counters.Increment(SrtpCounter.SourcesDropped);
            return null;
        }

        var source = new Source();
        _sources.Add(KeyOf(side, mediaIndex), source);
        _ordered.Add(source);
        return source;
    }

    private sealed class Source
    {
        public List<SrtpReceiver> Receivers { get; } = [];

        public SrtpProtection Protection { get; set; }

        /// <summary>A description was seen, not only keys.</summary>
        public bool IsDescribed { get; set; }

        /// <summary>The profile is a secure one: the answer must be too.</summary>
        public bool IsMandatory { get; set; }

        public bool IsUnsupported { get; set; }

        /// <summary>What opened the last packet; may belong to another source.</summary>
        public SrtpReceiver? Current { get; set; }

        public int StrayFailures { get; set; }
    }
}
