using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transactions;
using CdrEngine.Core;
using CdrEngine.Protocols.Sdp;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Sessions;

// What two calls of one conversation have in common: a header, a Session-ID, a Call-ID but for its affix, an SDP session, a media address.
public sealed partial class SessionLinker
{
    /// <summary>Entries of one key that are looked at: a name that more have is the name of none.</summary>
    private const int WalkMost = 512;

    private static readonly TimeSpan KeysAreYoung = TimeSpan.FromSeconds(10);

    private void LearnKeys(SessionCall call, SipMessage message, SdpSession? sdp, IpAddress from, IpAddress to, Timestamp now)
    {
        if (message.IsRequest && message.Method == SipMethod.Invite && message.ToTag.IsEmpty)
        {
            foreach (byte[] header in _headers) LearnHeader(call, message, header, now);
        }

        if (message.HasHeader(SipHeader.SessionId)) LearnSessionId(call, message, now);
        if (call.KeyCount == 0 || message.IsRequest) LearnCallId(call, message, now);
        if (sdp is not null) LearnSdp(call, sdp, from, to, now);
    }

    private void LearnHeader(SessionCall call, SipMessage message, byte[] header, Timestamp now)
    {
        if (!message.TryGetHeader(header, out ReadOnlySpan<byte> value) || value.IsEmpty) return;
        if (value.StartsWith("icid-value="u8))
        {
            int end = value.IndexOf((byte)';');
            value = SipGrammar.Unquote(value[11..(end < 0 ? value.Length : end)]);
        }

        ulong key = Hash64.Mix(Hash64.Of(value), 0x4845_4144);
        if (!call.AddKey(key)) return;

        // The header may hold the other call's Call-ID.
        if (_calls.Find(value) is { } named && named != call && !named.IsClosed && !named.RunsBeside(call))
            Link(Outer(named, call), named == Outer(named, call) ? call : named, LinkMethod.Header, 1, LinkRelation.Downstream, key);
        LinkByKey(call, key, LinkMethod.Header, 1, now);
    }

    private void LearnSessionId(SessionCall call, SipMessage message, Timestamp now)
    {
        if (!message.TryGetSessionId(out SipSessionId id) || (id.Local == 0 && id.Remote == 0)) return;
        (UInt128 low, UInt128 high) = id.Local < id.Remote ? (id.Local, id.Remote) : (id.Remote, id.Local);
        ulong key = Hash64.Mix((ulong)low ^ ((ulong)(low >> 64) * 3), (ulong)high ^ ((ulong)(high >> 64) * 5) ^ 0x5345_5353);
        if (call.AddKey(key)) LinkByKey(call, key, LinkMethod.SessionId, 1, now);
    }

    private void LearnCallId(SessionCall call, SipMessage message, Timestamp now)
    {
        if (_affixes.Length == 0 || !message.ToTag.IsEmpty) return;
        ReadOnlySpan<byte> plain = call.CallIdBytes;
        foreach (byte[] affix in _affixes)
        {
            if (plain.Length > affix.Length && plain.EndsWith(affix)) plain = plain[..^affix.Length];
            else if (plain.Length > affix.Length && plain.StartsWith(affix)) plain = plain[affix.Length..];
        }

        if (plain.Length == call.CallIdBytes.Length) return;
        ulong key = Hash64.Mix(Hash64.Of(plain), 0x4341_4C4C);
        if (!call.AddKey(key)) return;
        if (_calls.Find(plain) is { } named && named != call && !named.IsClosed && named.IsOpen && !named.RunsBeside(call))
            Link(named, call, LinkMethod.CallId, 0.98, LinkRelation.Downstream, key);
        LinkByKey(call, key, LinkMethod.CallId, 0.98, now);
    }

    /// <summary>What came to a machine in one call and leaves it in another: a description that both only have in common may be the machine's own.</summary>
    private void LearnSdp(SessionCall call, SdpSession sdp, IpAddress from, IpAddress to, Timestamp now)
    {
        SdpOrigin origin = sdp.Origin;
        if (!origin.IsEmpty && origin.SessionId.Length > 1)
        {
            ulong key = Hash64.Mix(Hash64.Mix(Hash64.Of(origin.SessionId), Hash64.Of(origin.UserName)), Hash64.Of(origin.AddressText) ^ 0x4F52_4947);
            LinkBySdp(call, key, 0.9, from, to, now);
        }

        foreach (SdpMedia media in sdp.Media)
        {
            Endpoint endpoint = sdp.TransportOf(media).RtpEndpoint;
            if (endpoint.Port == 0 || endpoint.Address.IsUnspecified) continue;
            LinkBySdp(call, Hash64.Mix(endpoint.Hash64(), 0x4D45_4449), 0.95, from, to, now);
        }
    }

    private void LinkBySdp(SessionCall call, ulong key, double score, IpAddress from, IpAddress to, Timestamp now)
    {
        if (!call.AddKey(Hash64.Mix(key ^ from.Low, to.Low ^ (from.High * 3) ^ (to.High * 5)))) return;
        SessionCall? one = null;
        int walked = 0;
        bool isAmbiguous = false;
        uint leaves = Sighting.Of(from);
        foreach (Sighting seen in _sdp.Find(key, Timestamp.MinValue))
        {
            SessionCall other = seen.Call;
            if (++walked > WalkMost) isAmbiguous = true;
            if (isAmbiguous) break;
            if (other == call || other == one || other.IsClosed || !other.IsOpen || seen.To != leaves || !(IsMadeOf(call, other) || IsMadeOf(other, call))) continue;
            isAmbiguous = one is not null && (one.Group is null || one.Group != other.Group);
            one ??= other;
        }

        _sdp.Add(key, new Sighting(call, Sighting.Of(from), Sighting.Of(to), 0), now, KeysAreYoung);
        if (isAmbiguous) Counters.Increment(SessionCounter.Ambiguous);
        else if (one is not null) LinkLeg(call, one, LinkMethod.Sdp, score, key);
    }

    private void LinkLeg(SessionCall call, SessionCall other, LinkMethod method, double score, ulong key)
    {
        SessionCall outer = IsMadeOf(call, other) ? other : IsMadeOf(other, call) ? call : Outer(other, call);
        Link(outer, outer == other ? call : other, method, score, LinkRelation.Downstream, key);
    }

    /// <summary>Links a call with the one other that has the same name for the conversation, then puts it under that name.</summary>
    private void LinkByKey(SessionCall call, ulong key, LinkMethod method, double score, Timestamp now)
    {
        _found.Clear();
        SessionCall? beside = null;
        int walked = 0;
        foreach (SessionCall other in _keys.Find(key, Timestamp.MinValue))
        {
            if (++walked > WalkMost) break;
            if (other == call || other.IsClosed || _found.Contains(other)) continue;
            if (other.RunsBeside(call)) beside ??= other;
            else _found.Add(other);
        }

        _keys.Add(key, call, now, KeysAreYoung);
        if (walked > WalkMost || Conversations(_found) > _options.Limits.CallsPerKey)
        {
            Counters.Increment(SessionCounter.CommonKeys);
            return;
        }

        if (beside is not null && LinkBeside(call, beside, key, method, score)) return;

        // The call that ends where this one begins; where several do, the one that was to reach the same number; where none does, the first of all.
        SessionCall? one = null;
        bool isAmbiguous = false;
        foreach (SessionCall other in _found)
        {
            if (!other.IsOpen && call.InviteAt - other.EndedAt > _options.ReferWindow) continue;
            bool fits = IsMadeOf(call, other);
            bool oneFits = one is not null && IsMadeOf(call, one);
            if (one is null || (fits && !oneFits) || (!fits && !oneFits))
            {
                one = other;
                isAmbiguous = false;
            }
            else if (fits && (one.Group is null || one.Group != other.Group))
            {
                bool isHere = call.Callees.Meets(other.Callees);
                bool isThere = call.Callees.Meets(one.Callees);
                if (isHere && !isThere) one = other;
                isAmbiguous = isHere == isThere;
            }
        }

        if (isAmbiguous) Counters.Increment(SessionCounter.Ambiguous);
        else if (one is not null) LinkLeg(call, one, method, score, key);
    }

    private static int Conversations(List<SessionCall> calls)
    {
        int count = 0;
        SessionGroup? last = null;
        foreach (SessionCall call in calls)
        {
            if (call.Group is null || call.Group != last) count++;
            last = call.Group;
        }

        return count;
    }

    /// <summary>Two calls over the same stretch of wire with one key. One after the other, the second is another try of the first. At the same time,
    /// neither made by a machine of a call that was seen, the key does not name a conversation: what it linked was not so.</summary>
    private bool LinkBeside(SessionCall call, SessionCall beside, ulong key, LinkMethod method, double score)
    {
        if (method is not (LinkMethod.Header or LinkMethod.SessionId)) return false;
        if (!beside.IsOpen && !beside.IsAnswered)
            return beside.Callers.Meets(call.Callers) && call.InviteAt - beside.EndedAt < _options.ReferWindow && Link(beside, call, method, score, LinkRelation.RetriedAs, key);
        if (beside.Upstream is not null || call.Upstream is not null || !beside.IsOpen || beside.Callers.Meets(call.Callers)) return false;
        if (beside.Edges is not { } edges) return true;
        for (int i = edges.Count - 1; i >= 0; i--)
        {
            if (edges[i].Key != key) continue;
            Counters.Increment(SessionCounter.Undone);
            Unlink(edges[i]);
        }

        return true;
    }

    /// <summary>True where one call begins at the machine where the other ends, and began after it.</summary>
    private static bool IsMadeOf(SessionCall inner, SessionCall outer) =>
        outer.Order < inner.Order && outer.EndsAt(inner.BeginsAt) && !inner.RunsBeside(outer);

    private static SessionCall Outer(SessionCall one, SessionCall other) => one.Order < other.Order ? one : other;
}
