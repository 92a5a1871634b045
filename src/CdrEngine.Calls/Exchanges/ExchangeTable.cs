using System.Text;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Exchanges;

/// <summary>What a message was to its exchange.</summary>
public enum ExchangeStep : byte
{
    /// <summary>Nothing new: a repetition, a further hop, a stray, a provisional response.</summary>
    Nothing,

    /// <summary>The first request: read it.</summary>
    Begun,

    /// <summary>The request again as the last response asked: read it anew.</summary>
    Retried,

    /// <summary>The request again at a hop nearer its sender: addresses have changed.</summary>
    Nearer,

    /// <summary>The final response of a farther hop: read it, a nearer one may follow.</summary>
    Answered,

    /// <summary>The final response nearest the sender: read it; the exchange is settled, or waits for a retry, after <see cref="ExchangeTable.Settle"/>.</summary>
    AnsweredNearest,
}

/// <summary>Is told what exchanges come to.</summary>
public interface IExchangeSink
{
    /// <summary>The exchange is over. Its status is what the sender got, 0 where it got nothing in time.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="isCutShort">True where the capture ended while the answer was waited for.</param>
    void OnSettled(Exchange exchange, bool isCutShort);
}

/// <summary>Requests outside INVITE with their responses: hops and retransmissions are one request, an authenticated retry goes on with the first try.</summary>
/// <remarks>
/// <code>
/// request ----&gt; Open -- final, another hop --&gt; AnsweredFarther -- hop delay, or final of the nearest hop --+
///                 |                                                                                      v
///                 +-- final, nearest hop --&gt; 401 407 423 3xx, not refused for good --&gt; AwaitingRetry   Settled --&gt; forgotten after the linger
///                 |                              ^     request with a higher CSeq --&gt; Open                 ^
///                 +-- answer timeout ------------|--------------- retry timeout ------------------------+
/// </code>
/// Keyed by method, Call-ID and From-tag; CSeq tells exchanges of one dialog apart. Every wait counts from engine time and each kind of wait is as
/// long for all, so that lists in order of arrival are lists in order of deadline.
/// </remarks>
public sealed class ExchangeTable(ExchangeLimits limits, IExchangeSink sink)
{
    private readonly Dictionary<byte[], Exchange> _exchanges = new(ByteKeyComparer.Instance);
    private readonly LinkedList<Exchange> _open = new();
    private readonly LinkedList<Exchange> _farther = new();
    private readonly LinkedList<Exchange> _awaiting = new();
    private readonly LinkedList<Exchange> _settled = new();
    private readonly TextCache _texts = new(1024);
    private byte[] _key = new byte[512];
    private int _count;
    private Timestamp _now = Timestamp.MinValue;

    /// <summary>What happened.</summary>
    public Counters<ExchangeCounter> Counters { get; } = new();

    /// <summary>Exchanges known, settled ones included.</summary>
    public int Count => _count;

    /// <summary>Lets time pass; exchanges whose wait is over are settled.</summary>
    public void Advance(Timestamp now)
    {
        if (now < _now) Rebase(now);
        _now = now;
        while (_farther.First is { } farther && now - farther.Value.Since >= limits.HopDelay) Conclude(farther.Value);
        while (_open.First is { } open && now - open.Value.Since >= limits.AnswerTimeout) Close(open.Value, isCutShort: false);
        while (_awaiting.First is { } awaiting && now - awaiting.Value.Since >= limits.RetryTimeout) Close(awaiting.Value, isCutShort: false);
        while (_settled.First is { } settled && now - settled.Value.Since >= limits.Linger) Forget(settled.Value);
    }

    /// <summary>The capture is over: what waits is settled as it stands, and all is forgotten.</summary>
    public void Complete()
    {
        while (_farther.First is { } farther) Close(farther.Value, isCutShort: false);
        while (_open.First is { } open) Close(open.Value, isCutShort: true);
        while (_awaiting.First is { } awaiting) Close(awaiting.Value, isCutShort: true);
        while (_settled.First is { } settled) Forget(settled.Value);
        _now = Timestamp.MinValue;
    }

    /// <summary>Takes one message.</summary>
    /// <param name="message">The message, with a Call-ID.</param>
    /// <param name="context">Where and when.</param>
    /// <param name="exchange">What it belongs to; null where to nothing.</param>
    public ExchangeStep Apply(SipMessage message, in MessageContext context, out Exchange? exchange)
    {
        ReadOnlySpan<byte> key = KeyOf(message);
        Exchange? head = _exchanges.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out Exchange? known) ? known : null;
        return message.IsRequest ? OnRequest(message, context, key, head, out exchange) : OnResponse(message, context, head, out exchange);
    }

    /// <summary>Ends the step <see cref="ExchangeStep.AnsweredNearest"/>, after its response was read.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="asksForRetry">Whether the response is one that the sender is expected to follow with another try.</param>
    public void Settle(Exchange exchange, bool asksForRetry)
    {
        if (asksForRetry) Move(exchange, ExchangeState.AwaitingRetry, _awaiting);
        else Close(exchange, isCutShort: false);
    }

    /// <summary>Whether a final response asks for another try: a challenge that was not refused for good, an interval too brief, another target.</summary>
    public static bool AsksForRetry(Exchange exchange, SipMessage response)
    {
        int status = response.StatusCode;
        if (status is 401 or 407)
        {
            // Credentials that answer a challenge of this exchange and are refused again are wrong, unless the nonce was too old (RFC 7616 3.3).
            return !exchange.HasCredentials || exchange.Challenges == 0 || IsStale(response, status == 401 ? SipHeader.WwwAuthenticate : SipHeader.ProxyAuthenticate);
        }

        return status is 423 or 421 or 420 or 494 || (status is >= 300 and < 400);
    }

    private static bool IsStale(SipMessage response, SipHeader header)
    {
        foreach (ReadOnlySpan<byte> challenge in response.GetHeaders(header))
        {
            if (SipDigest.TryGet(challenge, "stale"u8, out ReadOnlySpan<byte> stale) && SipGrammar.EqualsIgnoreCase(stale, "true"u8)) return true;
        }

        return false;
    }

    private ExchangeStep OnRequest(SipMessage message, in MessageContext context, ReadOnlySpan<byte> key, Exchange? head, out Exchange? exchange)
    {
        uint cseq = message.CSeqNumber;
        int chain = 0;
        for (Exchange? at = head; at is not null; at = at.Older)
        {
            chain++;
            if (at.CSeq == cseq)
            {
                exchange = at;
                return Again(at, message, context);
            }
        }

        exchange = null;
        if (head is not null && cseq < head.CSeq)
        {
            Counters.Increment(ExchangeCounter.StaleRequests);
            return ExchangeStep.Nothing;
        }

        if (head is { State: ExchangeState.AwaitingRetry })
        {
            Retry(head, message, context);
            exchange = head;
            return ExchangeStep.Retried;
        }

        if (chain >= limits.MaxOfOneDialog) DropOldest(head!);
        if (_count >= limits.MaxExchanges) Evict();

        // What made room may have been of this very dialog.
        head = _exchanges.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out Exchange? still) ? still : null;
        exchange = Begin(message, context, key, head);
        return ExchangeStep.Begun;
    }

    private Exchange Begin(SipMessage message, in MessageContext context, ReadOnlySpan<byte> key, Exchange? head)
    {
        var exchange = new Exchange(head?.Key ?? key.ToArray(), message.Method, _texts.Get(message.MethodText))
        {
            SipCallId = head?.SipCallId ?? CallIdText.Of(message.CallId),
            FromTag = head?.FromTag ?? Encoding.UTF8.GetString(message.FromTag),
            FirstCSeq = message.CSeqNumber,
            StartedAt = context.At,
            CaptureSource = context.CaptureSource,
            Older = head,
        };
        Take(exchange, message, context);
        _exchanges[exchange.Key] = exchange;
        _count++;
        Move(exchange, ExchangeState.Open, _open);
        Counters.Increment(ExchangeCounter.Begun);
        return exchange;
    }

    private void Retry(Exchange exchange, SipMessage message, in MessageContext context)
    {
        exchange.Challenges++;
        exchange.Status = 0;
        exchange.Reason = null;
        exchange.AnsweredAt = null;
        exchange.ForgetPlaces();
        Take(exchange, message, context);
        Move(exchange, ExchangeState.Open, _open);
        Counters.Increment(ExchangeCounter.Retries);
    }

    private static void Take(Exchange exchange, SipMessage message, in MessageContext context)
    {
        exchange.CSeq = message.CSeqNumber;
        exchange.RequestAt = context.At;
        exchange.HasCredentials = message.HasHeader(SipHeader.Authorization) || message.HasHeader(SipHeader.ProxyAuthorization);
        TakeAddresses(exchange, message, context);
        exchange.AddPlace(context.Source, context.Destination);
    }

    private static void TakeAddresses(Exchange exchange, SipMessage message, in MessageContext context)
    {
        exchange.ViaCount = message.ViaCount;
        exchange.Source = context.Source;
        exchange.Destination = context.Destination;
        exchange.Transport = context.Transport;
        exchange.IsTruncated |= context.Truncated;
    }

    private ExchangeStep Again(Exchange exchange, SipMessage message, in MessageContext context)
    {
        if (!exchange.AddPlace(context.Source, context.Destination))
        {
            exchange.Retransmissions++;
            Counters.Increment(ExchangeCounter.Retransmissions);
            return ExchangeStep.Nothing;
        }

        Counters.Increment(ExchangeCounter.Hops);
        if (exchange.State == ExchangeState.Settled || message.ViaCount >= exchange.ViaCount) return ExchangeStep.Nothing;

        // The mirror showed a later hop first.
        TakeAddresses(exchange, message, context);
        exchange.RequestAt = context.At;
        return ExchangeStep.Nearer;
    }

    private ExchangeStep OnResponse(SipMessage message, in MessageContext context, Exchange? head, out Exchange? exchange)
    {
        exchange = head;
        while (exchange is not null && exchange.CSeq != message.CSeqNumber) exchange = exchange.Older;
        if (exchange is null)
        {
            Counters.Increment(ExchangeCounter.OrphanResponses);
            return ExchangeStep.Nothing;
        }

        if (message.StatusCode < 200) return ExchangeStep.Nothing;
        if (exchange.State is ExchangeState.Settled or ExchangeState.AwaitingRetry)
        {
            Counters.Increment(ExchangeCounter.FurtherResponses);
            return ExchangeStep.Nothing;
        }

        // A server behind several addresses may answer from another one; whom it answers is told by the receiver.
        bool isNearest = context.Destination == exchange.Source
            || (context.Destination.Address == exchange.Source.Address && context.Source.Address == exchange.Destination.Address);
        if (!isNearest && exchange.State == ExchangeState.AnsweredFarther)
        {
            Counters.Increment(ExchangeCounter.FurtherResponses);
            return ExchangeStep.Nothing;
        }

        exchange.Status = message.StatusCode;
        exchange.Reason = _texts.Get(message.ReasonPhrase);
        exchange.AnsweredAt = context.At;
        exchange.IsTruncated |= context.Truncated;
        if (isNearest) return ExchangeStep.AnsweredNearest;
        Move(exchange, ExchangeState.AnsweredFarther, _farther);
        return ExchangeStep.Answered;
    }

    // Nothing came nearer in time: what the farther hop got counts, retries included.
    private void Conclude(Exchange exchange)
    {
        if (exchange.Status is 401 or 407 or 423 && !(exchange.HasCredentials && exchange.Challenges > 0)) Move(exchange, ExchangeState.AwaitingRetry, _awaiting);
        else Close(exchange, isCutShort: false);
    }

    private void Close(Exchange exchange, bool isCutShort)
    {
        bool isAnswered = exchange.Status != 0;
        Counters.Increment(isAnswered ? ExchangeCounter.Answered : isCutShort ? ExchangeCounter.CutShort : ExchangeCounter.Unanswered);
        Move(exchange, ExchangeState.Settled, _settled);
        sink.OnSettled(exchange, isCutShort);
        exchange.Content = null;
    }

    private void Move(Exchange exchange, ExchangeState state, LinkedList<Exchange> to)
    {
        exchange.State = state;
        exchange.Since = _now;
        if (exchange.Node is { } node) node.List!.Remove(node);
        else node = exchange.Node = new LinkedListNode<Exchange>(exchange);
        to.AddLast(node);
    }

    private void Forget(Exchange exchange)
    {
        exchange.Node!.List!.Remove(exchange.Node);
        _count--;
        Exchange head = _exchanges[exchange.Key];
        if (head == exchange)
        {
            if (exchange.Older is { } older) _exchanges[exchange.Key] = older;
            else _exchanges.Remove(exchange.Key);
            return;
        }

        for (Exchange at = head; at.Older is not null; at = at.Older)
        {
            if (at.Older != exchange) continue;
            at.Older = exchange.Older;
            return;
        }
    }

    private void DropOldest(Exchange head)
    {
        Exchange oldest = head;
        while (oldest.Older is not null) oldest = oldest.Older;
        GiveUp(oldest);
    }

    private void Evict() => GiveUp((_settled.First ?? _open.First ?? _awaiting.First ?? _farther.First!).Value);

    private void GiveUp(Exchange exchange)
    {
        if (exchange.State != ExchangeState.Settled)
        {
            Counters.Increment(ExchangeCounter.Evicted);
            Close(exchange, isCutShort: true);
        }

        Forget(exchange);
    }

    // Time was set back: every wait begins anew, in its order.
    private void Rebase(Timestamp now)
    {
        foreach (LinkedList<Exchange> list in (LinkedList<Exchange>[])[_open, _farther, _awaiting, _settled])
        {
            foreach (Exchange exchange in list) exchange.Since = now;
        }
    }

    private ReadOnlySpan<byte> KeyOf(SipMessage message)
    {
        ReadOnlySpan<byte> callId = message.CallId;
        ReadOnlySpan<byte> tag = message.FromTag;
        ReadOnlySpan<byte> method = message.CSeqMethod == SipMethod.Unknown ? message.CSeqMethodText : default;
        int length = 2 + callId.Length + tag.Length + method.Length;
        if (_key.Length < length) _key = new byte[length * 2];
        _key[0] = (byte)message.CSeqMethod;
        callId.CopyTo(_key.AsSpan(1));
        _key[1 + callId.Length] = 0;
        tag.CopyTo(_key.AsSpan(2 + callId.Length));
        method.CopyTo(_key.AsSpan(2 + callId.Length + tag.Length));
        return _key.AsSpan(0, length);
    }
}
