using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transactions;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Sessions;

// What messages say outright: Replaces, REFER with its NOTIFY, 3xx; and Diversion, which tells of a forward without naming a call.
public sealed partial class SessionLinker
{
    private const int MaxText = 128;

    private static string? NumberText(SipUri uri)
    {
        ReadOnlySpan<byte> user = uri.Scheme == SipUriScheme.Tel ? uri.Opaque : uri.UserName;
        int parameters = user.IndexOf((byte)';');
        if (parameters >= 0) user = user[..parameters];
        return user.IsEmpty ? null : SipGrammar.UnescapeUri(user[..Math.Min(user.Length, MaxText)]);
    }

    private static string? NumberText(NameAddr address) => NumberText(address.Uri);

    /// <summary>User and host of a URI, whatever its parameters.</summary>
    private static ulong UriHash(NameAddr address)
    {
        SipUri uri = address.Uri;
        if (uri.Host.IsEmpty && uri.Opaque.IsEmpty) return 0;
        Span<byte> host = stackalloc byte[MaxText];
        ReadOnlySpan<byte> text = uri.Host[..Math.Min(uri.Host.Length, MaxText)];
        for (int i = 0; i < text.Length; i++) host[i] = text[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(text[i] | 0x20) : text[i];
        return Hash64.Mix(Hash64.Of(uri.UserName.IsEmpty ? uri.Opaque : uri.UserName), Hash64.Of(host[..text.Length])) | 1;
    }

    private void LearnReplaces(SessionCall call, SipMessage message, Timestamp now)
    {
        if (!message.TryGetReplaces(out SipReplaces replaces) || _calls.Find(replaces.CallId) is not { } replaced || replaced == call || replaced.IsClosed) return;
        Link(call, replaced, LinkMethod.Replaces, 1, LinkRelation.Replaced);
        PendingTarget? refer = _pending.FindLast(pending => pending.Replaced == replaced && !pending.IsDone);
        if (refer is not null) return;

        // A dialog that only rings is picked up; one that talks is taken over: by whoever was told to (Referred-By), else off a park or hold.
        TransferKind kind = !replaced.IsAnswered ? TransferKind.Pickup : message.HasHeader(SipHeader.ReferredBy) ? TransferKind.Attended : TransferKind.Retrieval;
        string? from = kind == TransferKind.Attended ? NumberText(message.ReferredBy) : replaced.CalleeText;
        string? to = kind == TransferKind.Attended ? call.CalleeText : call.CallerText;
        var transfer = new TransferRecord { Kind = kind, Role = TransferRole.Target, From = from, To = to, At = now };
        SetTransfer(call, transfer, replaced);
        SetTransfer(replaced, transfer with { Role = kind == TransferKind.Attended ? TransferRole.Consultation : TransferRole.Original }, call);
    }

    private void OnRefer(SessionCall call, SipMessage message, IpAddress recipient, Timestamp now)
    {
        ulong sender = CallTag(message.FromTag);
        foreach (PendingTarget known in _pending)
        {
            if (known.IsRedirect || known.Call != call || known.CSeq != message.CSeqNumber || known.Sender != sender) continue;

            // A later hop: the REFER goes on to who is to call.
            known.Recipient = recipient;
            return;
        }

        NameAddr target = message.ReferTo;
        if (target.IsEmpty) return;
        SessionCall? replaced = null;
        SipUri uri = target.Uri;
        if (uri.TryGetHeader("Replaces"u8, out ReadOnlySpan<byte> escaped) && escaped.Length <= 1024)
        {
            Span<byte> plain = stackalloc byte[1024];
            if (SipReplaces.TryParseEscaped(escaped, plain, out SipReplaces replaces)) replaced = _calls.Find(replaces.CallId);
            if (replaced == call) replaced = null;
        }

        bool isAttended = uri.TryGetHeader("Replaces"u8, out _);
        string? from = NumberText(message.ReferredBy) ?? NumberText(message.From);
        string? to = NumberText(uri);
        AddPending(new PendingTarget
        {
            Call = call,
            At = now,
            IsRedirect = false,
            Target = NumberKey.Of(uri),
            TargetText = to,
            From = from,
            CSeq = message.CSeqNumber,
            Sender = sender,
            ReferredBy = message.HasHeader(SipHeader.ReferredBy) ? UriHash(message.ReferredBy) : UriHash(message.From),
            Recipient = recipient,
            Replaced = replaced,
            IsAttended = isAttended,
        });
        var transfer = new TransferRecord
        {
            Kind = isAttended ? TransferKind.Attended : TransferKind.Blind,
            Role = TransferRole.Original,
            From = from,
            To = to,
            At = now,
        };
        SetTransfer(call, transfer, null);
        if (IsOrbit(uri.UserName)) ParkAt(call, NumberKey.Of(uri), recipient, now);
        if (replaced is null || replaced.IsClosed) return;
        SetTransfer(replaced, transfer with { Role = TransferRole.Consultation }, call);
        Link(call, replaced, LinkMethod.Replaces, 1, LinkRelation.TransferredTo);
    }

    private void OnReferRefused(SessionCall call, SipMessage message)
    {
        foreach (PendingTarget pending in _pending)
        {
            if (pending.IsRedirect || pending.Call != call || pending.CSeq != message.CSeqNumber || pending.IsDone) continue;
            pending.IsDone = true;
            Outcome(call, TransferOutcome.Failed, message.StatusCode);
            return;
        }
    }

    /// <summary>The transferee tells how the call it made goes (RFC 3515 2.4.5).</summary>
    private void OnNotify(SessionCall call, SipMessage message)
    {
        if (call.Transfer is not { Role: TransferRole.Original } || !message.TryGetHeader(SipHeader.Event, out ReadOnlySpan<byte> package)) return;
        if (!package.StartsWith("refer"u8) || !message.TryGetBody("message/sipfrag"u8, out ReadOnlySpan<byte> body)) return;
        if (body.Length < 11 || !body.StartsWith("SIP/2.0 "u8) || !SipGrammar.TryReadLeadingNumber(body[8..], out uint status) || status is < 200 or > 699) return;
        Outcome(call, status < 300 ? TransferOutcome.Succeeded : TransferOutcome.Failed, (int)status);
    }

    private void Outcome(SessionCall call, TransferOutcome outcome, int status)
    {
        if (call.Transfer is not { } transfer || (transfer.Outcome == outcome && transfer.SipStatus == status)) return;
        SetTransfer(call, transfer with { Outcome = outcome, SipStatus = status }, call.TransferPeer);
        if (call.Edges is not { } edges) return;
        foreach (SessionEdge edge in edges)
        {
            SessionCall peer = edge.Peer(call);
            if (peer.Transfer is { Role: TransferRole.Consultation } announced && peer.TransferPeer == call) SetTransfer(peer, announced with { Outcome = outcome, SipStatus = status }, call);
        }
    }

    private void OnRedirect(SessionCall call, SipMessage message, Timestamp now)
    {
        NameAddr contact = message.Contact;
        if (contact.IsEmpty || _pending.Exists(pending => pending.IsRedirect && pending.Call == call && pending.CSeq == message.CSeqNumber)) return;
        SipUri uri = contact.Uri;
        AddPending(new PendingTarget
        {
            Call = call,
            At = now,
            IsRedirect = true,
            Target = NumberKey.Of(uri),
            TargetText = NumberText(uri),
            From = call.CalleeText,
            CSeq = message.CSeqNumber,
            Recipient = call.BeginsAt,
        });
    }

    private void AddPending(PendingTarget pending)
    {
        int old = 0;
        while (old < _pending.Count && pending.At - _pending[old].At > _options.ReferWindow) old++;
        if (old > 0) _pending.RemoveRange(0, old);
        if (_pending.Count >= _options.Limits.Pending)
        {
            Counters.Increment(SessionCounter.PendingEvicted);
            _pending.RemoveAt(0);
        }

        _pending.Add(pending);
    }

    /// <summary>Whether a new call is what a REFER or a 3xx asked for.</summary>
    private void MatchPending(SessionCall call, SipMessage message, IpAddress source, Timestamp now)
    {
        if (_pending.Count == 0) return;
        NumberKey target = SipUri.TryParse(message.RequestUri, out SipUri uri) ? NumberKey.Of(uri) : default;
        ulong referredBy = message.HasHeader(SipHeader.ReferredBy) ? UriHash(message.ReferredBy) : 0;
        for (int i = _pending.Count - 1; i >= 0; i--)
        {
            PendingTarget pending = _pending[i];
            if (now - pending.At > _options.ReferWindow) return;
            if (pending.IsDone || pending.Call == call || pending.Call.IsClosed) continue;
            if (pending.IsRedirect)
            {
                if (pending.Recipient != source || !Is(target, pending.Target) || !pending.Call.Callers.Meets(call.Callers)) continue;
                pending.IsDone = true;
                var forward = new TransferRecord { Kind = TransferKind.Forward, Role = TransferRole.Target, From = pending.From, To = pending.TargetText, At = pending.At };
                SetTransfer(call, forward, pending.Call);
                SetTransfer(pending.Call, forward with { Role = TransferRole.Original }, call);
                Link(pending.Call, call, LinkMethod.Redirect, 1, LinkRelation.RedirectedTo);
                return;
            }

            // Who was asked calls where it was asked to. Behind a machine that hides the address Referred-By has to say it.
            bool isReferredBy = referredBy != 0 && referredBy == pending.ReferredBy;
            if (referredBy != 0 && !isReferredBy && pending.ReferredBy != 0) continue;
            bool replacesIt = pending.Replaced is { } replaced && Between(call, replaced) is { Method: LinkMethod.Replaces };
            if (!replacesIt && !(Is(target, pending.Target) && (isReferredBy || DoesAsAsked(call, pending, source, now)))) continue;
            pending.IsDone = true;
            TransferRecord transfer = pending.Call.Transfer is { Role: TransferRole.Original } told && told.At == pending.At
                ? told
                : new TransferRecord { Kind = TransferKind.Blind, Role = TransferRole.Original, From = pending.From, To = pending.TargetText, At = pending.At };
            SetTransfer(pending.Call, transfer, call);
            SetTransfer(call, transfer with { Role = TransferRole.Target, Outcome = TransferOutcome.Unknown, SipStatus = 0 }, pending.Call);
            Link(pending.Call, call, LinkMethod.Refer, pending.Recipient == source ? 1 : 0.95, LinkRelation.TransferredTo);
            return;
        }
    }

    /// <summary>Without Referred-By: who was asked calls, in the name of one of the two that were talking. One asked to take the place of a call that
    /// is there says so by Replaces; a machine that is both ends of it calls nobody.</summary>
    private bool DoesAsAsked(SessionCall call, PendingTarget pending, IpAddress source, Timestamp now)
    {
        if (pending.IsAttended || pending.Recipient != source) return false;
        SessionCall original = pending.Call;
        if (call.Callers.Count == 0) return original.Callers.Count == 0 && now - pending.At <= _options.NumberWindow;
        return call.Callers.Meets(original.Callers) || call.Callers.Meets(original.Callees);
    }

    private static bool Is(NumberKey called, NumberKey target) => !called.IsNone && called.Short == target.Short && called.IsSurely(target);

    /// <summary>A call that was sent on says so itself (RFC 5806, RFC 7044).</summary>
    private void LearnForward(SessionCall call, SipMessage message, Timestamp now)
    {
        if (call.Transfer is not null || call.Diverters.Count == 0) return;
        string? from = null;
        foreach (ReadOnlySpan<byte> value in message.GetValues(SipHeader.Diversion))
        {
            from = NumberText(SipDiversion.Parse(value).Address);
            break;
        }

        if (from is null)
        {
            // The last target but the one it has now.
            foreach (ReadOnlySpan<byte> value in message.GetValues(SipHeader.HistoryInfo))
            {
                SipHistoryInfo entry = SipHistoryInfo.Parse(value);
                if (entry.Cause >= 0) from = NumberText(entry.Address);
            }
        }

        if (from is null || from == call.CalleeText) return;
        SetTransfer(
            call,
            new TransferRecord { Kind = TransferKind.Forward, Role = TransferRole.Target, From = from, To = call.CalleeText, At = now },
            call.Upstream?.Peer(call));
    }

    private static ulong CallTag(ReadOnlySpan<byte> tag) => tag.IsEmpty ? 0 : Hash64.Of(tag) | 1;

}
