using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transactions;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Sessions;

// Numbers and time: what is left where machines share nothing else. One candidate only.
public sealed partial class SessionLinker
{
    private const int MostSwitches = 4096;
    private const ulong ByNumber = 0x4E55_4D42;
    private const ulong ByCancel = 0x4341_4E43;
    private const ulong ByPickup = 0x5049_434B;
    private const ulong ByOrbit = 0x4F52_4249;

    /// <summary>A machine cancels the phone that rang and answers the one that picked up at once.</summary>
    private static readonly TimeSpan PickupWindow = TimeSpan.FromMilliseconds(500);

    private static ulong KeyOf(IpAddress machine, ulong number, ulong what) => Hash64.Mix(Hash64.Mix(machine.Low ^ (machine.High * 3), number), what);

    private static void LearnNumbers(SessionCall call, SipMessage message)
    {
        NameAddr from = message.From;
        NameAddr to = message.To;
        SipUri fromUri = from.Uri;
        SipUri toUri = to.Uri;
        call.Callers.Add(NumberKey.Of(fromUri));
        if (message.HasHeader(SipHeader.PAssertedIdentity))
        {
            foreach (ReadOnlySpan<byte> value in message.GetValues(SipHeader.PAssertedIdentity)) call.Callers.Add(NumberKey.Of(NameAddr.Parse(value).Uri));
        }

        if (message.HasHeader(SipHeader.RemotePartyId)) call.Callers.Add(NumberKey.Of(message.RemotePartyId.Uri));
        if (SipUri.TryParse(message.RequestUri, out SipUri requested))
        {
            call.Callees.Add(NumberKey.Of(requested));
            call.CalleeText ??= NumberText(requested);
        }

        call.Callees.Add(NumberKey.Of(toUri));
        if (message.HasHeader(SipHeader.PCalledPartyId)) LearnFirst(ref call.Callees, message, SipHeader.PCalledPartyId);
        if (message.HasHeader(SipHeader.Diversion))
        {
            foreach (ReadOnlySpan<byte> value in message.GetValues(SipHeader.Diversion)) call.Diverters.Add(NumberKey.Of(SipDiversion.Parse(value).Address.Uri));
        }

        if (message.HasHeader(SipHeader.HistoryInfo))
        {
            foreach (ReadOnlySpan<byte> value in message.GetValues(SipHeader.HistoryInfo)) call.Diverters.Add(NumberKey.Of(SipHistoryInfo.Parse(value).Address.Uri));
        }

        call.CallerText ??= NumberText(fromUri);
        call.CalleeText ??= NumberText(toUri);
    }

    private static void LearnFirst(ref NumberSet numbers, SipMessage message, SipHeader header)
    {
        foreach (ReadOnlySpan<byte> value in message.GetValues(header))
        {
            numbers.Add(NumberKey.Of(NameAddr.Parse(value).Uri));
            return;
        }
    }

    /// <summary>So that a call that begins where this one has come to finds it.</summary>
    private void AnnounceNumbers(SessionCall call, IpAddress reached, Timestamp now)
    {
        for (int i = 0; i < call.Callers.Count; i++) _numbers.Add(KeyOf(reached, call.Callers[i].Short, ByNumber), call, now, _options.NumberWindow);
        for (int i = 0; i < call.Callees.Count; i++) _numbers.Add(KeyOf(reached, call.Callees[i].Short, ByNumber), call, now, _options.NumberWindow);
    }

    private void LinkByNumbers(SessionCall call, Timestamp now)
    {
        IpAddress machine = call.BeginsAt;
        Timestamp since = now - _options.NumberWindow;
        _found.Clear();
        Gather(call, call.Callers, machine, since);
        Gather(call, call.Callees, machine, since);
        Gather(call, call.Diverters, machine, since);
        if (_found.Count == 0) return;

        // Both numbers, else one of them in more than its last six digits.
        SessionCall? best = null;
        int bestFit = 0;
        bool isAmbiguous = false;
        foreach (SessionCall other in _found)
        {
            int fit = Fit(call, other);
            if (fit == 0 || fit < bestFit) continue;
            isAmbiguous = fit == bestFit;
            if (fit > bestFit) best = other;
            bestFit = fit;
        }

        if (isAmbiguous) Counters.Increment(SessionCounter.Ambiguous);
        else if (best is not null) Link(best, call, LinkMethod.Numbers, bestFit == 2 ? 0.8 : 0.6, LinkRelation.Downstream);
    }

    private void Gather(SessionCall call, NumberSet numbers, IpAddress machine, Timestamp since)
    {
        for (int i = 0; i < numbers.Count; i++)
        {
            foreach (SessionCall other in _numbers.Find(KeyOf(machine, numbers[i].Short, ByNumber), since))
            {
                if (other == call || !other.IsOpen || other.IsClosed || other.InviteAt < since || _found.Contains(other)) continue;
                if (!IsMadeOf(call, other) || IsServed(call, other)) continue;
                _found.Add(other);
                if (_found.Count == WalkMost) return;
            }
        }
    }

    /// <summary>2 where both numbers agree, 1 where one does beyond doubt and the other is no contradiction, else 0.</summary>
    private int Fit(SessionCall inner, SessionCall outer)
    {
        bool caller = inner.Callers.Meets(outer.Callers);
        bool callee = inner.Callees.Meets(outer.Callees) || inner.Diverters.Meets(outer.Callees);
        if (IsSentBack(inner, outer))
        {
            // Back to where it came from: only through a machine that is known to make calls of others. A trunk is no such machine, though calls go
            // out to it and come in from it with the same numbers.
            return caller && callee && outer.Upstream is null && _switches.Contains(inner.BeginsAt) ? 2 : 0;
        }

        if (caller && callee) return 2;

        // The caller alone: a group or a forward. Nobody but the one whose call it is gives his number to a machine.
        if (caller) return inner.Callers.SurelyMeets(outer.Callers) ? 1 : 0;

        // The number called alone: a machine that puts its own number in the place of an extension where it calls the public network, and makes one
        // call at a time.
        if (!callee || HasOpenInner(outer) || !outer.Callers.IsInternal || inner.Callers.Count == 0 || inner.Callers.IsInternal || inner.Callees.IsInternal) return 0;
        return inner.Callees.SurelyMeets(outer.Callees) || inner.Diverters.SurelyMeets(outer.Callees) ? 1 : 0;
    }

    /// <summary>True where one call goes back to where the other came from.</summary>
    private static bool IsSentBack(SessionCall inner, SessionCall outer) => inner.FirstReached == outer.BeginsAt;

    private static bool HasOpenInner(SessionCall outer)
    {
        if (outer.Edges is not { } edges) return false;
        foreach (SessionEdge edge in edges)
        {
            if (edge.One == outer && edge.Relation == LinkRelation.Downstream && edge.Other.IsOpen) return true;
        }

        return false;
    }

    /// <summary>Notes that a machine makes calls of others, learnt from calls that did not go back to where they came from.</summary>
    private void LearnSwitch(SessionCall outer, SessionCall inner)
    {
        if (_switches.Count < MostSwitches && !IsSentBack(inner, outer) && outer.EndsAt(inner.BeginsAt)) _switches.Add(inner.BeginsAt);
    }

    /// <summary>True where the machine has already made a call to the same number and place for the outer one, and it is still on: then it makes no
    /// second one.</summary>
    private static bool IsServed(SessionCall call, SessionCall outer)
    {
        if (outer.Edges is not { } edges) return false;
        foreach (SessionEdge edge in edges)
        {
            if (edge.One != outer || edge.Relation != LinkRelation.Downstream || !edge.Other.IsOpen) continue;
            if (edge.Other.FirstReached == call.FirstReached && edge.Other.Callees.Meets(call.Callees)) return true;
        }

        return false;
    }

    // ---- feature codes: pick-up and parking where no header tells ---------------------------------------------------------

    private static bool StartsWithAny(ReadOnlySpan<byte> number, byte[][] codes, out int length)
    {
        foreach (byte[] code in codes)
        {
            length = code.Length;
            if (number.StartsWith(code)) return true;
        }

        length = 0;
        return false;
    }

    private bool IsOrbit(ReadOnlySpan<byte> number)
    {
        foreach (byte[] orbit in _orbits)
        {
            if (orbit[^1] == (byte)'*' ? number.StartsWith(orbit.AsSpan(0, orbit.Length - 1)) : number.SequenceEqual(orbit)) return true;
        }

        return false;
    }

    /// <summary>At most three bytes for each of <see cref="MaxText"/> characters.</summary>
    private const int MostTextBytes = 3 * MaxText;

    private static ReadOnlySpan<byte> Utf8(string? text, Span<byte> room) =>
        text is not null && System.Text.Encoding.UTF8.TryGetBytes(text, room, out int length) ? room[..length] : default;

    private void LinkFeatureCodes(SessionCall call, Timestamp now)
    {
        if (call.Upstream is not null || call.CalleeText is null) return;
        Span<byte> room = stackalloc byte[MostTextBytes];
        ReadOnlySpan<byte> dialled = Utf8(call.CalleeText, room);
        if (StartsWithAny(dialled, _pickupCodes, out int length))
        {
            // The code alone takes any ringing phone, and at a busy switch there are many: then Replaces or the media must tell.
            if (length == dialled.Length || call.Edges?.Exists(static edge => edge.Method == LinkMethod.Replaces) == true) return;

            ulong key = KeyOf(call.LastReached, 0, ByPickup);
            _numbers.Add(key, call, now, PickupWindow);
            SessionCall? rang = null;
            foreach (SessionCall other in _numbers.Find(KeyOf(call.LastReached, 0, ByCancel), now - PickupWindow))
            {
                if (!IsPickupOf(call, dialled[length..], other)) continue;
                if (rang is not null) return;
                rang = other;
            }

            if (rang is not null) Pickup(rang, call, now);
        }
        else if (IsOrbit(dialled))
        {
            SessionCall? parked = null;
            foreach (SessionCall other in _numbers.Find(KeyOf(call.LastReached, NumberKey.Of(dialled).Short, ByOrbit), now - TimeSpan.FromHours(1)))
            {
                if (other == call || !other.IsOpen || other.IsClosed || other.Callers.Meets(call.Callers)) continue;
                if (parked is not null) return;
                parked = other;
            }

            if (parked is not null)
            {
                var transfer = new TransferRecord { Kind = TransferKind.Retrieval, Role = TransferRole.Target, From = call.CalleeText, To = call.CallerText, At = now, Outcome = TransferOutcome.Succeeded };
                SetTransfer(call, transfer, parked);
                if (Link(parked, call, LinkMethod.Numbers, 0.7, LinkRelation.ReplacedBy)) return;
            }

            ParkAt(call, NumberKey.Of(dialled), call.LastReached, now);
        }
    }

    private void ParkAt(SessionCall call, NumberKey orbit, IpAddress machine, Timestamp now) =>
        _numbers.Add(KeyOf(machine, orbit.Short, ByOrbit), call, now, TimeSpan.Zero);

    /// <summary>A call that rang has ended unanswered: somebody may have picked it up.</summary>
    private void NoteCancelled(SessionCall call, Timestamp now)
    {
        if (_pickupCodes.Length == 0 || call.Upstream is not { } upstream || !upstream.Peer(call).IsOpen) return;
        _numbers.Add(KeyOf(call.BeginsAt, 0, ByCancel), call, now, TimeSpan.Zero);
        SessionCall? taker = null;
        Span<byte> room = stackalloc byte[MostTextBytes];
        foreach (SessionCall other in _numbers.Find(KeyOf(call.BeginsAt, 0, ByPickup), now - PickupWindow))
        {
            ReadOnlySpan<byte> dialled = Utf8(other.CalleeText, room);
            if (!StartsWithAny(dialled, _pickupCodes, out int length) || !IsPickupOf(other, dialled[length..], call)) continue;
            if (taker is not null) return;
            taker = other;
        }

        if (taker is not null) Pickup(call, taker, now);
    }

    private static bool IsPickupOf(SessionCall taker, ReadOnlySpan<byte> extension, SessionCall rang)
    {
        if (rang == taker || rang.IsClosed || rang.IsAnswered || rang.Upstream is null || !taker.IsOpen || taker.IsClosed) return false;
        Span<byte> room = stackalloc byte[MostTextBytes];
        return rang.CalleeText is { } called && Utf8(called, room).SequenceEqual(extension);
    }

    private void Pickup(SessionCall rang, SessionCall taker, Timestamp now)
    {
        SessionCall outer = rang.Upstream!.Peer(rang);
        if (outer.Group is not null && outer.Group == taker.Group) return;
        if (!Link(rang, taker, LinkMethod.Numbers, 0.7, LinkRelation.ReplacedBy)) return;
        var transfer = new TransferRecord
        {
            Kind = TransferKind.Pickup,
            Role = TransferRole.Target,
            From = rang.CalleeText,
            To = taker.CallerText,
            At = now,
            Outcome = TransferOutcome.Succeeded,
        };
        SetTransfer(taker, transfer, rang);
        SetTransfer(rang, transfer with { Role = TransferRole.Original }, taker);
    }
}
