using CdrEngine.Calls.Dormant;
using CdrEngine.Calls.Legs;
using CdrEngine.Calls.Negotiation;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transactions;
using CdrEngine.Core;
using CdrEngine.Protocols.Sdp;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls;

// Offers and answers, hold, and digits by INFO.
public sealed partial class CallMachine
{
    private readonly MediaBook _media = new();
    private List<HeldInterval>? _held;
    private List<(DtmfDigit Digit, int Place, ulong Message)>? _digits;
    private PendingHold _pendingOfCaller;
    private PendingHold _pendingOfCallee;
    private bool _callerHolds;
    private bool _calleeHolds;
    private bool _reinviteHasOffer;
    private int _rtpSides;

    /// <summary>An offer inside the dialog that waits for its answer: a refused one changes nothing (RFC 3264 8).</summary>
    private record struct PendingHold(bool IsSet, bool IsHold, MediaDirection Direction, Timestamp At)
    {
        public static void Carry(StateCarrier carrier, ref PendingHold hold)
        {
            bool isSet = carrier.Flag(hold.IsSet), isHold = carrier.Flag(hold.IsHold);
            MediaDirection direction = hold.Direction;
            carrier.Name(ref direction);
            hold = new PendingHold(isSet, isHold, direction, carrier.Time(hold.At));
        }
    }

    /// <summary>Everything announced for media so far, in order.</summary>
    public IEnumerable<MediaDescription> MediaDescriptions
    {
        get
        {
            for (int i = 0; i < _media.Count; i++) yield return _media[i];
        }
    }

    /// <summary>True while one side keeps the other on hold.</summary>
    public bool IsHeld => _callerHolds || _calleeHolds;

    /// <summary>Which side sent a media packet, which m-line and which payload types apply to it, by what the SDP announced.</summary>
    /// <param name="source">Sender of the packet; behind a NAT it may be none that was announced.</param>
    /// <param name="destination">Receiver of the packet.</param>
    public MediaMatch MatchMedia(Endpoint source, Endpoint destination) => _media.Match(source, destination);

    /// <summary>Which side sent a media packet; unknown where neither address was announced.</summary>
    public PartySide SideOf(Endpoint source, Endpoint destination) => _media.Match(source, destination).From;

    /// <summary>Takes the SDP of a message; false where it has none.</summary>
    private bool LearnMedia(ref Step step, MediaRole role)
    {
        ReadOnlySpan<byte> body = step.Message.SdpBody;
        if (body.IsEmpty) return false;

        // 1. Whose; and nothing to learn where another hop or a repeated response says the same again.
        PartySide side = step.Sender == PartySide.Callee ? PartySide.Callee : PartySide.Caller;
        LegState? leg = side == PartySide.Callee ? LegOf(ref step) : null;
        int legIndex = leg is null ? (side == PartySide.Callee ? _legs.Count : -1) : _legs.IndexOf(leg);
        ulong hash = Hash64.Of(body);
        bool isOfInitialInvite = !step.Message.IsRequest && step.Message.CSeqMethod == SipMethod.Invite && IsOfInitialInvite(ref step);
        bool isInDialog = _phase == Phase.Confirmed && step.IsNew && !isOfInitialInvite;
        if (!isInDialog && _media.Knows(legIndex, hash)) return true;
        SdpSession sdp = step.Effects.Sdp;
        if (!SdpParser.TryRead(body, sdp))
        {
            _counters.Increment(CallCounter.MalformedSdp);
            return false;
        }

        // 2. Each m-line.
        int index = 0;
        MediaDescription? main = null;
        foreach (SdpMedia media in sdp.Media)
        {
            MediaDescription description = MediaBook.Describe(
                media, sdp.TransportOf(media), index++, side, legIndex, leg?.ToTag, step.Place, role, step.At);
            if (main is null || (description is { Media: "audio", IsAccepted: true } && !(main is { Media: "audio", IsAccepted: true }))) main = description;
            if (role == MediaRole.Answer && description.IsAccepted)
            {
                if (description.IsSrtp) _flags |= CallFlags.Srtp;
                if (description.IsT38) _flags |= CallFlags.T38;
            }

            if (!_media.Add(description, hash, _options.Limits.MediaDescriptionsPerCall))
            {
                _counters.Increment(CallCounter.MediaLimit);
                _flags |= CallFlags.Limited;
            }

            step.Effects.Add(description);
        }

        // 3. Hold: only inside the dialog; an announcement that is answered sendonly was never a conversation to be held.
        if (isInDialog && main is not null) NoteHold(side, main, role, step.At);
        return true;
    }

    private void NoteHold(PartySide side, MediaDescription main, MediaRole role, Timestamp at)
    {
        ref PendingHold own = ref Pending(side);
        if (role == MediaRole.Offer)
        {
            own = new PendingHold(true, main.IsHold, main.Direction, at);
            return;
        }

        // An answer tells about its sender only where the offer left it the choice (RFC 3264 6.1).
        PendingHold offer = Pending(Opposite(side));
        if (!offer.IsSet) return;
        if (offer.Direction == MediaDirection.SendRecv) own = new PendingHold(true, main.IsHold, main.Direction, at);
        else if (offer.Direction == MediaDirection.SendOnly && main.Direction == MediaDirection.RecvOnly) own = new PendingHold(true, false, main.Direction, at);
    }

    private ref PendingHold Pending(PartySide side)
    {
        if (side == PartySide.Callee) return ref _pendingOfCallee;
        return ref _pendingOfCaller;
    }

    private void CommitHold()
    {
        if (_pendingOfCaller.IsSet) SetHold(PartySide.Caller, ref _callerHolds, _pendingOfCaller);
        if (_pendingOfCallee.IsSet) SetHold(PartySide.Callee, ref _calleeHolds, _pendingOfCallee);
        DropPendingOffers();
    }

    private void DropPendingOffers() => _pendingOfCaller = _pendingOfCallee = default;

    private void SetHold(PartySide side, ref bool holds, PendingHold pending)
    {
        if (holds == pending.IsHold) return;
        holds = pending.IsHold;
        _held ??= [];
        if (holds)
        {
            _flags |= CallFlags.Held;
            if (_held.Count < _options.Limits.HeldIntervalsPerCall) _held.Add(new HeldInterval(side, pending.At, null));
            else DetailLimit();
            return;
        }

        for (int i = _held.Count - 1; i >= 0; i--)
        {
            if (_held[i].By != side || _held[i].To is not null) continue;
            _held[i] = _held[i] with { To = pending.At };
            return;
        }
    }

    // application/dtmf-relay: "Signal=5 CR LF Duration=160"; application/dtmf: the digit alone.
    private void LearnDigit(ref Step step)
    {
        SipMessage message = step.Message;
        char digit;
        TimeSpan? duration = null;
        if (message.TryGetBody("application/dtmf-relay"u8, out ReadOnlySpan<byte> body)) digit = ReadRelay(body, out duration);
        else if (message.TryGetBody("application/dtmf"u8, out body)) digit = DigitOf(body);
        else return;
        if (digit == '\0') return;
        _digits ??= [];
        if (step.IsNew)
        {
            if (_digits.Count < _options.Limits.DigitsPerCall) _digits.Add((new DtmfDigit(digit, step.At, duration, step.Sender, DtmfMethod.Info), step.Place, step.Logical));
            else DetailLimit();
            if (_isEmitted) Dirty(step.At);
            return;
        }

        for (int i = _digits.Count - 1; i >= 0; i--)
        {
            if (_digits[i].Message != step.Logical) continue;
            if (_places.IsNearer(step.Place, _digits[i].Place)) _digits[i] = (_digits[i].Digit with { At = step.At }, step.Place, step.Logical);
            return;
        }
    }

    private static char ReadRelay(ReadOnlySpan<byte> body, out TimeSpan? duration)
    {
        duration = null;
        char digit = '\0';
        while (!body.IsEmpty)
        {
            int end = body.IndexOfAny((byte)'\r', (byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? body : body[..end];
            body = end < 0 ? default : body[(end + 1)..];
            int equals = line.IndexOf((byte)'=');
            if (equals < 0) continue;
            ReadOnlySpan<byte> name = SipGrammar.Trim(line[..equals]), value = SipGrammar.Trim(line[(equals + 1)..]);
            if (SipGrammar.EqualsIgnoreCase(name, "Signal"u8)) digit = DigitOf(value);
            else if (SipGrammar.EqualsIgnoreCase(name, "Duration"u8) && SipGrammar.TryReadLeadingNumber(value, out uint ms) && ms <= 3_600_000)
                duration = TimeSpan.FromMilliseconds(ms);
        }

        return digit;
    }

    private static char DigitOf(ReadOnlySpan<byte> text)
    {
        text = SipGrammar.Trim(text);
        if (text.Length == 2 && text[0] == (byte)'1')
        {
            // Some write the event numbers of RFC 4733: 10 *, 11 #, 12..15 A..D.
            return text[1] switch
            {
                (byte)'0' => '*',
                (byte)'1' => '#',
                >= (byte)'2' and <= (byte)'5' => (char)('A' + (text[1] - '2')),
                _ => '\0',
            };
        }

        if (text.Length != 1) return '\0';
        char c = char.ToUpperInvariant((char)text[0]);
        return c is (>= '0' and <= '9') or '*' or '#' or (>= 'A' and <= 'D') ? c : '\0';
    }

    private void DetailLimit()
    {
        _counters.Increment(CallCounter.DetailLimit);
        _flags |= CallFlags.Limited;
    }
}
