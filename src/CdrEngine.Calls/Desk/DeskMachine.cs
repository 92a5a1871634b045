using CdrEngine.Calls.Exchanges;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Desk;

/// <summary>Bounds and policies of all that goes on outside calls.</summary>
public sealed record DeskOptions
{
    /// <summary>Of requests and their responses.</summary>
    public ExchangeLimits Exchanges { get; init; } = new();

    /// <summary>Of registrations.</summary>
    public RegistrationLimits Registrations { get; init; } = new();

    /// <summary>Of messages.</summary>
    public MessageLimits Messages { get; init; } = new();

    /// <summary>Of peers.</summary>
    public PeerLimits Peers { get; init; } = new();
}

/// <summary>Keeps the packets of exchanges, for the desk.</summary>
public interface IExchangePackets
{
    /// <summary>Ends the keeping of packets; where they lie, encoded, or empty where none are kept.</summary>
    byte[] Seal(IPacketOwner owner);

    /// <summary>One list of two.</summary>
    byte[] Together(byte[] first, byte[] second);
}

/// <summary>What the desk has to tell since the last time.</summary>
public sealed class DeskChanges
{
    /// <summary>Registrations that changed, each once, with what happened to it.</summary>
    public List<StoredRegistration> Registrations { get; } = [];

    /// <summary>Ids of registrations forgotten.</summary>
    public List<string> ForgottenRegistrations { get; } = [];

    /// <summary>Messages told, in order; one told again has changed.</summary>
    public List<StoredMessage> Messages { get; } = [];

    /// <summary>Peers whose figures changed.</summary>
    public List<PeerRecord> Peers { get; } = [];

    /// <summary>Ids of peers forgotten.</summary>
    public List<string> ForgottenPeers { get; } = [];

    /// <summary>News of mailboxes, in order.</summary>
    public List<MailboxRecord> Mailboxes { get; } = [];

    /// <summary>True where there is nothing to tell.</summary>
    public bool IsEmpty => Registrations.Count + ForgottenRegistrations.Count + Messages.Count + Peers.Count + ForgottenPeers.Count + Mailboxes.Count == 0;

    /// <summary>Empties all lists.</summary>
    public void Clear()
    {
        Registrations.Clear();
        ForgottenRegistrations.Clear();
        Messages.Clear();
        Peers.Clear();
        ForgottenPeers.Clear();
        Mailboxes.Clear();
    }
}

/// <summary>All that SIP says outside calls: registrations, messages, and who asks whom what. A pure machine: packets in order in, changes out.</summary>
public sealed class DeskMachine : IExchangeSink
{
    private readonly IExchangePackets _packets;
    private readonly ExchangeTable _exchanges;
    private Exchange? _answered;

    /// <summary>A desk that knows nothing yet.</summary>
    /// <param name="options">Bounds.</param>
    /// <param name="packets">Keeps packets.</param>
    public DeskMachine(DeskOptions options, IExchangePackets packets)
    {
        _packets = packets;
        _exchanges = new ExchangeTable(options.Exchanges, this);
        Registrations = new RegistrarMachine(options.Registrations);
        Messages = new MessageMachine(options.Messages) { ChunksTogether = packets.Together };
        Peers = new PeerMachine(options.Peers);
        Msrp = new MsrpMachine(options.Messages, Messages, packets);
    }

    /// <summary>Registrations.</summary>
    public RegistrarMachine Registrations { get; }

    /// <summary>Messages.</summary>
    public MessageMachine Messages { get; }

    /// <summary>Messages by MSRP.</summary>
    public MsrpMachine Msrp { get; }

    /// <summary>Peers.</summary>
    public PeerMachine Peers { get; }

    /// <summary>What happened to requests.</summary>
    public Counters<ExchangeCounter> ExchangeCounters => _exchanges.Counters;

    /// <summary>Whether a message is the desk's: one of a method that exists outside calls.</summary>
    public static bool Takes(SipMethod method) => method is SipMethod.Register or SipMethod.Message or SipMethod.Options or SipMethod.Subscribe or SipMethod.Notify
        or SipMethod.Publish or SipMethod.Refer or SipMethod.Info or SipMethod.Unknown;

    /// <summary>Whether packets of a method are kept here: of registrations and messages, which are records.</summary>
    public static bool KeepsPackets(SipMethod method) => method is SipMethod.Register or SipMethod.Message;

    /// <summary>Takes one message.</summary>
    /// <param name="message">The message, with a Call-ID.</param>
    /// <param name="context">Where and when.</param>
    /// <param name="isInCall">Whether it was sent within a call, whose packets then bear it.</param>
    /// <returns>The exchange it belongs to, whose packets its own are; null where to none.</returns>
    public Exchange? Apply(SipMessage message, in MessageContext context, bool isInCall = false)
    {
        ExchangeStep step = _exchanges.Apply(message, context, out Exchange? exchange);
        _answered = step == ExchangeStep.AnsweredNearest ? exchange : null;
        switch (step)
        {
            case ExchangeStep.Begun or ExchangeStep.Retried:
                ReadRequest(exchange!, message, context, isInCall);
                break;
            case ExchangeStep.Answered:
                ReadResponse(exchange!, message);
                break;
        }

        return exchange;
    }

    /// <summary>Ends what <see cref="Apply"/> began, once the message's packets are with the exchange: an exchange that has its final response is settled.</summary>
    public void Conclude(SipMessage message, Exchange exchange)
    {
        if (_answered != exchange) return;
        _answered = null;
        ReadResponse(exchange, message);
        _exchanges.Settle(exchange, ExchangeTable.AsksForRetry(exchange, message));
    }

    /// <summary>Lets time pass.</summary>
    public void Advance(Timestamp now)
    {
        _exchanges.Advance(now);
        Registrations.Advance(now);
        Msrp.Advance(now);
        Messages.Advance(now);
    }

    /// <summary>The capture is over: exchanges end as they stand. Registrations go on with the next one.</summary>
    public void CaptureEnded()
    {
        _exchanges.Complete();
        Msrp.Complete();
        Messages.Complete();
    }

    /// <summary>Takes what there is to tell.</summary>
    public void Drain(DeskChanges changes)
    {
        Registrations.Drain(changes.Registrations, changes.ForgottenRegistrations);
        Messages.Drain(changes.Messages);
        Peers.Drain(changes.Peers, changes.Mailboxes, changes.ForgottenPeers);
    }

    /// <inheritdoc />
    void IExchangeSink.OnSettled(Exchange exchange, bool isCutShort)
    {
        byte[] chunks = _packets.Seal(exchange);
        PeerDraft peer = exchange.Content as PeerDraft ?? new PeerDraft { Event = "" };
        Peers.Settle(exchange, peer, isCutShort);
        switch (exchange.Content)
        {
            // What the end of the capture cut short may have come out either way.
            case RegisterDraft draft when exchange.Status != 0 || !isCutShort:
                Registrations.Settle(exchange, draft, chunks);
                break;
            case MessageDraft draft:
                Messages.Settle(exchange, draft, chunks, isCutShort);
                break;
        }
    }

    private void ReadRequest(Exchange exchange, SipMessage message, in MessageContext context, bool isInCall)
    {
        switch (exchange.Method)
        {
            case SipMethod.Register:
                var draft = exchange.Content as RegisterDraft ?? new RegisterDraft();
                draft.ReadRequest(message, Registrations.Texts, Registrations.Counters);
                exchange.Content = draft;
                break;
            case SipMethod.Message:
                exchange.Content = Messages.Read(message, context, isInCall);
                break;
            default:
                exchange.Content = Peers.Read(message, context);
                break;
        }
    }

    private void ReadResponse(Exchange exchange, SipMessage message)
    {
        switch (exchange.Content)
        {
            case RegisterDraft draft:
                draft.ReadResponse(message, Registrations.Texts, Registrations.Counters);
                break;
            case MessageDraft draft:
                if (message.TryGetHeader(SipHeader.Server, out ReadOnlySpan<byte> agent) || message.TryGetHeader(SipHeader.UserAgent, out agent))
                    draft.AnsweringAgent = Messages.Texts.GetOrNull(agent.Length > 256 ? agent[..256] : agent);
                break;
        }
    }
}
