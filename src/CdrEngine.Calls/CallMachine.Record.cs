using System.Text;
using CdrEngine.Calls.Legs;
using CdrEngine.Calls.Negotiation;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transactions;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls;

// The scribe: what is known becomes a record. Texts are made once, when first seen.
public sealed partial class CallMachine
{
    /// <summary>Stamps of one capture that differ by less are packets in disorder.</summary>
    private static readonly TimeSpan MostDisorder = TimeSpan.FromSeconds(10);

    private List<KeyValuePair<string, string>>? _headers;
    private string _captureSource = "";
    private Transport _transport;
    private Identity? _from;
    private Identity? _to;
    private string? _fromTag;
    private string? _callerAgent;
    private string? _dialled;

    /// <summary>The record of the call as it stands: final where <see cref="IsFinal"/>, else a snapshot with what is known so far.</summary>
    /// <param name="streams">Its RTP streams, in order of their first packet.</param>
    /// <param name="digits">Digits found in its RTP, as events (RFC 4733) and as tones, in order of time; tones that are a trace of another digit are left out, those of SIP INFO are added, all in order of time.</param>
    /// <param name="fax">Its fax; null where there was none.</param>
    /// <param name="heard">Streams that receivers report on (<see cref="Streams.RtcpMeter.Heard"/>): one never captured is no one-way audio.</param>
    public CallRecord ToRecord(
        IReadOnlyList<StreamRecord> streams, IReadOnlyList<DtmfDigit>? digits = null, FaxRecord? fax = null, IReadOnlyList<Streams.RtcpHeard>? heard = null)
    {
        // 1. The end, and the final that told it.
        int final = IsOver && !WasAnswered ? (_endKind == EndKind.Final ? DecidingFinal() : BestFinalKnown()) : -1;
        if (_endKind is EndKind.NoFinal) final = -1;
        Timestamp? endedAt = EndedAt(final);
        LegState? winner = Winner();
        Disposition disposition = DispositionOf(final);
        IReadOnlyList<HeldInterval> held = HeldOf(endedAt);
        IReadOnlyList<OneWayInterval> oneWay = OneWayOf(winner, streams, endedAt, held, heard);
        CallFlags flags = FlagsOf(winner, streams, endedAt, oneWay);
        if (fax is not null) flags |= CallFlags.T38;

        // 2. The rest.
        Party caller = CallerParty(streams), callee = CalleeParty(winner, streams);
        var record = new CallRecord
        {
            Id = Id,
            SessionId = Id,
            SipCallId = SipCallId,
            State = State,
            Disposition = disposition,
            SipStatus = WasAnswered ? (_answered.IsSet ? winner?.Status ?? 200 : 0) : final >= 0 ? _transactions[final].Status : 0,
            SipReason = final >= 0 ? _transactions[final].Phrase : null,
            Cause = CauseOf(final, disposition),
            HangupBy = HangupOf(final, disposition),
            Dialled = _dialled,
            Caller = caller,
            Callee = callee,
            StartedAt = StartedAt,
            TryingAt = _trying.OrNull,
            RangAt = _rang180.OrNull ?? _rang183.OrNull,
            EarlyMediaAt = _earlyMedia.OrNull,
            AnsweredAt = _answered.OrNull,
            EndedAt = endedAt,
            ByeConfirmedAt = _byeConfirmed.OrNull,
            PostDialDelay = _first18x.IsSet && !flags.HasFlag(CallFlags.MissingInvite) ? NotNegative(_first18x.At - StartedAt) : null,
            PostDialDelayAuthenticated = AuthenticatedDelay(),
            Transport = _transport,
            CaptureSource = _captureSource,
            Flags = flags,
            MissingByeReason = flags.HasFlag(CallFlags.MissingBye) ? _endReason : null,
            Retransmissions = _retransmissions,
            Messages = _messages,
            Hops = _places.ToHops(),
            Legs = LegsOf(winner, final, endedAt),
            Streams = streams,
            Dtmf = DigitsOf(digits ?? []),
            MediaSessions = _media.ToRecords(MediaLeg(winner), _places, endedAt, Id, caller, callee),
            Held = held,
            Headers = _headers is null ? [] : [.. _headers],
            OneWay = oneWay,
            Fax = fax,
        };

        // Without streams the SDP and the parties are all there is to say of a media session.
        if (streams.Count > 0) Records.MediaSessions.Settle(record);
        return record;
    }

    /// <summary>What people look for in a call, without what takes time to tell: no legs, hops, headers, streams, digits and media sessions. Made at
    /// each step of every call while somebody may watch.</summary>
    public CallRecord ToOutline() => new()
    {
        Id = Id,
        SessionId = Id,
        SipCallId = SipCallId,
        State = State,
        Disposition = IsOver ? DispositionOf(WasAnswered ? -1 : BestFinalKnown()) : Disposition.InProgress,
        Dialled = _dialled,
        Caller = CallerParty([]),
        Callee = CalleeParty(Winner(), []),
        StartedAt = StartedAt,
        TryingAt = _trying.OrNull,
        RangAt = _rang180.OrNull ?? _rang183.OrNull,
        EarlyMediaAt = _earlyMedia.OrNull,
        AnsweredAt = _answered.OrNull,
        EndedAt = IsOver ? EndedAt(WasAnswered ? -1 : BestFinalKnown()) : null,
        Transport = _transport,
        CaptureSource = _captureSource,
        Flags = _flags,
        Retransmissions = _retransmissions,
        Messages = _messages,
        Held = HeldOf(null),
    };

    // ---- learning ----------------------------------------------------------------------------------------------------------

    private void LearnCaller(SipMessage message, bool isRequestOfCaller)
    {
        _from = IdentityOf(message.From);
        _to = IdentityOf(message.To);
        _fromTag = TextOf(message.FromTag);
        if (isRequestOfCaller)
        {
            _callerAgent = CommonTextOf(message.UserAgent);
            if (SipUri.TryParse(message.RequestUri, out SipUri uri) && message.Method == SipMethod.Invite)
                _dialled = _to.Number is { } number && Ascii.Equals(uri.UserName, number) && !uri.UserName.Contains((byte)'%') ? number : NumberOf(uri);
        }

        _dialled ??= _to?.Number;
    }

    private Identity IdentityOf(NameAddr address)
    {
        SipUri uri = address.Uri;
        string? name = address.DisplayName.IsEmpty ? null : SipGrammar.UnescapeQuoted(address.DisplayName[..Math.Min(address.DisplayName.Length, _options.Limits.TextBytes)]);
        return new Identity(NumberOf(uri), name, TextOf(address.UriText));
    }

    private string? NumberOf(SipUri uri)
    {
        ReadOnlySpan<byte> user = uri.UserName;
        return user.IsEmpty ? null : SipGrammar.UnescapeUri(user[..Math.Min(user.Length, _options.Limits.TextBytes)]);
    }

    private string? TextOf(ReadOnlySpan<byte> text) =>
        text.IsEmpty ? null : Encoding.UTF8.GetString(text[..Math.Min(text.Length, _options.Limits.TextBytes)]);

    private string? CommonTextOf(ReadOnlySpan<byte> text) => _options.Texts.GetOrNull(text[..Math.Min(text.Length, _options.Limits.TextBytes)]);

    private void KeepHeaders(ref Step step)
    {
        SipMessage message = step.Message;
        bool isWorthIt = message.IsRequest
            ? message.Method is SipMethod.Invite or SipMethod.Refer
            : message.CSeqMethod == SipMethod.Invite && message.StatusCode is > 100 and < 300;
        if (!isWorthIt) return;
        int before = _headers?.Count ?? 0;
        for (int i = 0; i < message.HeaderCount; i++)
        {
            string? name = KeptName(message, i);
            if (name is null) continue;
            bool isKnown = false;
            for (int k = 0; k < before; k++) isKnown |= ReferenceEquals(_headers![k].Key, name) || _headers[k].Key == name;
            if (isKnown) continue;
            _headers ??= [];
            if (_headers.Count >= _options.Limits.KeptHeaders)
            {
                DetailLimit();
                return;
            }

            _headers.Add(new KeyValuePair<string, string>(name, TextOf(message.HeaderValueAt(i)) ?? ""));
        }
    }

    private string? KeptName(SipMessage message, int index)
    {
        switch (message.HeaderAt(index))
        {
            case SipHeader.PAssertedIdentity: return "p-asserted-identity";
            case SipHeader.PPreferredIdentity: return "p-preferred-identity";
            case SipHeader.RemotePartyId: return "remote-party-id";
            case SipHeader.Diversion: return "diversion";
            case SipHeader.HistoryInfo: return "history-info";
            case SipHeader.ReferredBy: return "referred-by";
            case SipHeader.ReferTo: return "refer-to";
            case SipHeader.Replaces: return "replaces";
            case SipHeader.SessionId: return "session-id";
            case SipHeader.PChargingVector: return "p-charging-vector";
            case SipHeader.PCalledPartyId: return "p-called-party-id";
            case SipHeader.Privacy: return "privacy";
            case SipHeader.UserToUser: return "user-to-user";
            case SipHeader.Unknown: break;
            default: return null;
        }

        ReadOnlySpan<byte> name = message.HeaderNameAt(index);
        foreach (string further in _options.Limits.FurtherHeaders)
        {
            if (further.Length == name.Length && Ascii.EqualsIgnoreCase(name, further)) return further.ToLowerInvariant();
        }

        return null;
    }

    // ---- telling -----------------------------------------------------------------------------------------------------------

    private Timestamp? EndedAt(int final)
    {
        switch (_endKind)
        {
            case EndKind.None:
                return null;
            case EndKind.Bye:
                return NotBeforeStart(_byeAt);
            case EndKind.Final or EndKind.InnerFinal when final >= 0:
                return NotBeforeStart(_transactions[final].FinalAt);
            case EndKind.Inferred:
                Timestamp evidence = HasRtpSinceAnswer ? _lastRtpAt : _lastSip.At;
                return _answered.IsSet ? Timestamp.Max(evidence, _answered.At) : NotBeforeStart(evidence);
            default:
                return NotBeforeStart(Timestamp.Max(_lastSip.At, _lastRtpAt));
        }
    }

    // An end stamped before the start: a little where hops were captured in disorder. More than that is a clock that was set back so late that nothing but the end itself told of it; then the
    // last evidence before it is the end.
    private Timestamp NotBeforeStart(Timestamp at)
    {
        if (at >= StartedAt) return at;
        return IsClockSetAt(at) ? Timestamp.Max(LastLifeAt, StartedAt) : StartedAt;
    }

    private bool IsClockSetAt(Timestamp end) => StartedAt - end > MostDisorder;

    private static TimeSpan NotNegative(TimeSpan span) => span < TimeSpan.Zero ? TimeSpan.Zero : span;

    private Disposition DispositionOf(int final)
    {
        if (WasAnswered) return IsOver || _answered.IsSet ? Disposition.Answered : Disposition.InProgress;
        if (!IsOver) return Disposition.InProgress;
        switch (_endKind)
        {
            case EndKind.Bye or EndKind.Inferred:
                return Disposition.Answered;
            case EndKind.CancelUnconfirmed:
                return Disposition.Cancelled;
        }

        if (final >= 0) return DispositionTable.Of(_transactions[final].Status, _transactions[final].FinalReason.Q850, IsCancelledByCaller(_transactions[final].Attempt));
        return _first18x.IsSet ? Disposition.NoAnswer : Disposition.NoResponse;
    }

    private Cause? CauseOf(int final, Disposition disposition)
    {
        if (!IsOver) return null;
        if (_endKind == EndKind.Bye) return Given(_byeReason) ?? Mapped(Q850.NormalClearing);
        if (disposition == Disposition.Answered) return null;
        if (disposition == Disposition.Cancelled)
        {
            ReasonGiven given = CancelReasonOf(final >= 0 ? _transactions[final].Attempt : _attempts.Count - 1);
            if (!given.IsGiven && final >= 0) given = _transactions[final].FinalReason;
            return Given(given) ?? Mapped(Q850.NormalClearing);
        }

        if (final < 0) return null;
        int cause = Q850.FromStatus(_transactions[final].Status, _first18x.IsSet);
        return Given(_transactions[final].FinalReason) ?? (cause < 0 ? null : Mapped(cause));
    }

    private static Cause? Given(ReasonGiven reason) =>
        reason.IsGiven ? new Cause(reason.Q850, reason.Text ?? Q850.Text(reason.Q850), CauseSource.Header) : null;

    private static Cause Mapped(int q850) => new(q850, Q850.Text(q850), CauseSource.Mapped);

    private ReasonGiven CancelReasonOf(int attempt)
    {
        for (int i = 0; i < _transactionCount; i++)
        {
            if (_transactions[i].Attempt == attempt && _transactions[i].CancelReason.IsGiven && IsAwaited(i)) return _transactions[i].CancelReason;
        }

        return ReasonGiven.None;
    }

    private HangupBy HangupOf(int final, Disposition disposition)
    {
        switch (_endKind)
        {
            case EndKind.Bye:
                return HangupByBye();
            case EndKind.CancelUnconfirmed:
                return HangupBy.Caller;
            case EndKind.Final or EndKind.InnerFinal when disposition == Disposition.Cancelled:
                return HangupBy.Caller;
            case EndKind.Final or EndKind.InnerFinal when final >= 0:
                return !_first18x.IsSet && _transactions[final].Status is >= 500 and < 600 ? HangupBy.Server : HangupBy.Callee;
            default:
                return HangupBy.None;
        }
    }

    private HangupBy HangupByBye()
    {
        // A machine between the parties that ends both sides sends each a BYE in the other's name: neither comes from its own end.
        if (_byePlacesOfCaller != 0 && _byePlacesOfCallee != 0)
        {
            ulong outside = 0;
            for (int i = 0; i < _places.Count; i++)
            {
                if (!_places[i].HasInvite) outside |= PlaceBit(i);
            }

            bool isOwnOfCaller = (_byePlacesOfCaller & (PlaceBit(_places.Nearest()) | outside)) != 0;
            bool isOwnOfCallee = (_byePlacesOfCallee & (PlaceBit(CalleePlace(Winner())) | outside)) != 0;
            if (!isOwnOfCaller && !isOwnOfCallee) return HangupBy.Server;
        }

        if (_isGlare) return HangupBy.Both;
        return _byeSide switch
        {
            PartySide.Caller => HangupBy.Caller,
            PartySide.Callee => HangupBy.Callee,
            _ => HangupBy.None,
        };
    }

    private int CalleePlace(LegState? leg)
    {
        if (leg is { Farthest: >= 0 }) return leg.Farthest;
        return _places.Farthest();
    }

    private TimeSpan? AuthenticatedDelay()
    {
        if (!_first18x.IsSet) return null;
        for (int i = _attempts.Count - 1; i >= 0; i--)
        {
            InviteAttempt attempt = _attempts[i];
            if (attempt.IsAuthenticated && attempt.Invite.IsSet && attempt.Invite.At <= _first18x.At) return NotNegative(_first18x.At - attempt.Invite.At);
        }

        return null;
    }

    private Party CallerParty(IReadOnlyList<StreamRecord> streams)
    {
        int place = _places.Nearest();
        return new Party
        {
            Number = _from?.Number,
            Name = _from?.Name,
            Uri = _from?.Uri,
            Address = place >= 0 ? _places[place].CallerSide : null,
            UserAgent = _callerAgent,
            Codec = CodecOf(streams, PartySide.Caller),
            Tag = _fromTag,
        };
    }

    private Party CalleeParty(LegState? winner, IReadOnlyList<StreamRecord> streams)
    {
        LegState? leg = winner ?? (_legs.Count > 0 ? _legs[^1] : null);
        int place = CalleePlace(leg);
        Identity? identity = leg?.Identity ?? _to;
        return new Party
        {
            Number = identity?.Number ?? _to?.Number,
            Name = identity?.Name ?? _to?.Name,
            Uri = identity?.Uri ?? _to?.Uri,
            Address = place >= 0 ? _places[place].CalleeSide : null,
            UserAgent = leg?.UserAgent,
            Codec = CodecOf(streams, PartySide.Callee),
            Tag = leg?.ToTag,
        };
    }

    private static string? CodecOf(IReadOnlyList<StreamRecord> streams, PartySide side)
    {
        StreamRecord? most = null;
        foreach (StreamRecord stream in streams)
        {
            if (stream.From == side && stream.Codec is not null && (most is null || stream.Packets > most.Packets)) most = stream;
        }

        return most?.Codec;
    }

    private IReadOnlyList<Leg> LegsOf(LegState? winner, int final, Timestamp? endedAt)
    {
        if (_legs.Count == 0) return [];
        var legs = new Leg[_legs.Count];
        for (int i = 0; i < legs.Length; i++)
        {
            LegState leg = _legs[i];
            LegOutcome outcome = OutcomeOf(leg, winner, final);
            legs[i] = new Leg
            {
                ToTag = leg.ToTag,
                Callee = leg.Farthest >= 0 ? _places[leg.Farthest].CalleeSide : null,
                Contact = leg.Contact,
                Outcome = outcome,
                SipStatus = leg.Status != 0 ? leg.Status : outcome is LegOutcome.Cancelled or LegOutcome.Failed && final >= 0 ? _transactions[final].Status : 0,
                RangAt = leg.Rang.OrNull,
                AnsweredAt = leg.Answered.OrNull,
                EndedAt = leg == winner && _endKind is EndKind.Bye or EndKind.Inferred ? endedAt : leg.EndedAt ?? endedAt,
            };
        }

        return legs;
    }

    private LegOutcome OutcomeOf(LegState leg, LegState? winner, int final)
    {
        if (leg.IsConfirmed) return leg == winner || winner is null ? LegOutcome.Answered : LegOutcome.ForkLoser;
        if (leg.IsAbandoned) return LegOutcome.Abandoned;
        if (leg.Status == 487) return LegOutcome.Cancelled;
        if (leg.Status != 0) return LegOutcome.Failed;
        if (!IsOver) return LegOutcome.Early;
        if (winner is not null) return LegOutcome.Abandoned;
        if (_endKind == EndKind.CancelUnconfirmed || (final >= 0 && _transactions[final].Status == 487)) return LegOutcome.Cancelled;
        return final >= 0 ? LegOutcome.Failed : LegOutcome.Abandoned;
    }

    private IReadOnlyList<DtmfDigit> DigitsOf(IReadOnlyList<DtmfDigit> ofRtp)
    {
        if (_digits is null) return Streams.InbandDigits.WithoutTraces(ofRtp);
        var digits = new List<DtmfDigit>(_digits.Count + ofRtp.Count);
        foreach ((DtmfDigit digit, _, _) in _digits) digits.Add(digit);
        digits.AddRange(ofRtp);
        return Streams.InbandDigits.WithoutTraces([.. digits.OrderBy(static digit => digit.At)]);
    }

    private IReadOnlyList<HeldInterval> HeldOf(Timestamp? endedAt)
    {
        if (_held is null) return [];
        var held = new HeldInterval[_held.Count];
        for (int i = 0; i < held.Length; i++) held[i] = _held[i].To is null ? _held[i] with { To = endedAt } : _held[i];
        return held;
    }

    private int MediaLeg(LegState? winner) => winner is null ? -1 : _legs.IndexOf(winner);

    private CallFlags FlagsOf(LegState? winner, IReadOnlyList<StreamRecord> streams, Timestamp? endedAt, IReadOnlyList<OneWayInterval> oneWay)
    {
        CallFlags flags = _flags;
        if ((_endKind == EndKind.Bye && IsClockSetAt(_byeAt)) || (_endKind == EndKind.Final && DecidingFinal() is var final and >= 0 && IsClockSetAt(_transactions[final].FinalAt))) flags |= CallFlags.ClockSet;
        if (!IsOver || !WasAnswered) return flags;
        if (_answered.IsSet && winner is { IsAcked: false }) flags |= CallFlags.NoAck;
        bool expectsBoth = ExpectsRtpBothWays(winner, out bool expectsAny);
        if (expectsAny && streams.Count == 0 && _lastRtpAt == Timestamp.MinValue) return flags | CallFlags.NoRtp;
        if (!expectsBoth) return flags;

        // Without stream figures the sides seen must do.
        bool isOneSided = streams.Count == 0 && _rtpSides is 1 << (int)PartySide.Caller or 1 << (int)PartySide.Callee && endedAt - _answered.OrNull >= OneWay.Shortest;
        if (isOneSided && (flags & (CallFlags.Gap | CallFlags.ClockSet | CallFlags.Held)) == 0) flags |= CallFlags.OneWayAudio;
        if (oneWay.Count > 0 && oneWay.Any(OneWay.IsFlagged)) flags |= CallFlags.OneWayAudio;
        return flags;
    }

    // Packets that the capture lost leave every gap unexplained, and a clock that was set tells of gaps that were none: nothing is told then.
    private IReadOnlyList<OneWayInterval> OneWayOf(
        LegState? winner, IReadOnlyList<StreamRecord> streams, Timestamp? endedAt, IReadOnlyList<HeldInterval> held, IReadOnlyList<Streams.RtcpHeard>? heard)
    {
        if (!IsOver || !WasAnswered || streams.Count == 0 || (_flags & (CallFlags.Gap | CallFlags.ClockSet)) != 0 || !ExpectsRtpBothWays(winner, out _)) return [];
        StreamRecord[] sound = [.. streams.Where(stream => stream.MediaIndex < 0 || IsSound(stream.MediaIndex))];
        return OneWay.Find(sound, _answered.OrNull, endedAt, held, heard);
    }

    private bool IsSound(int mediaIndex)
    {
        MediaDescription? description = _media.NewestOf(PartySide.Caller, mediaIndex) ?? _media.NewestOf(PartySide.Callee, mediaIndex);
        return description is null || string.Equals(description.Media, "audio", StringComparison.OrdinalIgnoreCase);
    }

    private bool ExpectsRtpBothWays(LegState? winner, out bool expectsAny)
    {
        expectsAny = false;
        if (_flags.HasFlag(CallFlags.T38)) return false;
        MediaDescription? caller = _media.NewestOf(PartySide.Caller, 0), callee = null;
        int leg = MediaLeg(winner);
        for (int i = _media.Count - 1; i >= 0 && callee is null; i--)
        {
            if (_media[i] is { Side: PartySide.Callee, Index: 0 } candidate && (leg < 0 || candidate.Leg == leg)) callee = candidate;
        }

        if (caller is not { IsRtp: true, IsAccepted: true } || callee is not { IsRtp: true, IsAccepted: true }) return false;
        expectsAny = caller.Direction != MediaDirection.Inactive && callee.Direction != MediaDirection.Inactive;

        // A call that was on hold at some time is a conversation at the others; its times on hold are known.
        return _held is not null || (caller.Direction == MediaDirection.SendRecv && callee.Direction == MediaDirection.SendRecv);
    }
}
