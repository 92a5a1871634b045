using System.Globalization;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Hep;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Msrp;
using CdrEngine.Protocols.Sip;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Calls.Transcripts;

/// <summary>One SIP message as it was seen at one place of the wire.</summary>
/// <param name="At">Capture time of the packet that completed it.</param>
/// <param name="Source">Sender.</param>
/// <param name="Destination">Receiver.</param>
/// <param name="Transport">How it travelled.</param>
/// <param name="Bytes">The message, as on the wire.</param>
public sealed record TranscriptMessage(Timestamp At, Endpoint Source, Endpoint Destination, Transport Transport, ReadOnlyMemory<byte> Bytes);

/// <summary>A line that an agent logged of a call and sent by HEP.</summary>
/// <param name="At">When it was logged, by the agent's clock.</param>
/// <param name="Source">First address it tells.</param>
/// <param name="Destination">Second address it tells.</param>
/// <param name="CaptureId">Number of the agent; 0 where it is not told.</param>
/// <param name="Bytes">The line, as sent.</param>
public sealed record TranscriptLine(Timestamp At, Endpoint Source, Endpoint Destination, uint CaptureId, ReadOnlyMemory<byte> Bytes);

/// <summary>Turns a call's packets back into its SIP messages, in order of capture. Give it to <see cref="ICallPackets.Visit"/>.</summary>
/// <param name="sipCallId">Only messages of this Call-ID are kept: a TCP segment may carry those of others too. Null keeps all.</param>
/// <param name="limit">Messages kept at most.</param>
/// <param name="msrpMessageId">Instead of SIP, the MSRP requests of this Message-ID and the responses to them.</param>
public sealed class SipTranscript(string? sipCallId, int limit = 10_000, string? msrpMessageId = null) : ICapturedPacketVisitor, ISipMessageSink
{
    private readonly PacketDecoder _decoder = new();
    private readonly SipStreamReassembler _streams = new(TcpLimits.Default);
    private readonly SipMessage _message = new(new SipLimits { MaxMessageBytes = TcpLimits.Default.MessageBytes });
    private readonly List<TranscriptMessage> _messages = [];
    private readonly List<TranscriptLine> _lines = [];
    private readonly HashSet<string> _transactions = new(StringComparer.Ordinal);
    private readonly IReadOnlySet<string>? _sipCallIds;

    /// <summary>Keeps the messages of several Call-IDs.</summary>
    /// <param name="sipCallIds">Only messages of these are kept.</param>
    /// <param name="limit">Messages kept at most.</param>
    public SipTranscript(IReadOnlySet<string> sipCallIds, int limit = 10_000)
        : this((string?)null, limit) => _sipCallIds = sipCallIds;

    /// <summary>The messages so far.</summary>
    public IReadOnlyList<TranscriptMessage> Messages => _messages;

    /// <summary>What agents logged of the call so far.</summary>
    public IReadOnlyList<TranscriptLine> Lines => _lines;

    /// <summary>True where there were more than the limit.</summary>
    public bool IsCut { get; private set; }

    /// <inheritdoc />
    public bool Visit(in CapturedPacket packet)
    {
        switch (_decoder.Decode(packet, out DecodedPacket decoded))
        {
            case DecodeOutcome.Udp when SipParser.LooksLikeSip(decoded.Payload):
                Keep(decoded.Payload, packet.CapturedAt, decoded.Source, decoded.Destination, Transport.Udp);
                break;
            case DecodeOutcome.Udp when HepParser.TryReadLog(decoded.Payload, out HepMessage line):
                KeepLine(line, packet.CapturedAt);
                break;
            case DecodeOutcome.Tcp:
                _streams.Add(decoded, packet, this);
                break;
        }

        return !IsCut;
    }

    /// <inheritdoc />
    public void OnMessage(in TransportedMessage message)
    {
        if (message.IsMsrp) KeepMsrp(message);
        else Keep(message.Bytes, message.CompletedAt, message.Source, message.Destination, message.Transport);
    }

    /// <summary>The messages as text: before each a line with time, sender, receiver and transport. Bytes that are no UTF-8 become U+FFFD,
    /// control characters other than tab and line ends become <c>\xNN</c>, so that a terminal is safe from them.</summary>
    /// <remarks>What agents logged stands between them by its time, under <c>LOG</c> in place of the transport.</remarks>
    public void WriteText(TextWriter output)
    {
        int line = 0;
        foreach (TranscriptMessage message in _messages)
        {
            for (; line < _lines.Count && _lines[line].At < message.At; line++) Write(output, _lines[line]);
            Write(output, message);
        }

        for (; line < _lines.Count; line++) Write(output, _lines[line]);
    }

    /// <summary>Some of the messages as text, likewise.</summary>
    public static void WriteText(TextWriter output, IEnumerable<TranscriptMessage> messages)
    {
        foreach (TranscriptMessage message in messages) Write(output, message);
    }

    private static void Write(TextWriter output, TranscriptMessage message) =>
        Write(output, $"{message.At} {message.Source} -> {message.Destination} {message.Transport.ToString().ToUpperInvariant()}\n\n", message.Bytes);

    private static void Write(TextWriter output, TranscriptLine line) =>
        Write(output, string.Create(CultureInfo.InvariantCulture, $"{line.At} {line.Source} -> {line.Destination} LOG #{line.CaptureId}\n\n"), line.Bytes);

    private static void Write(TextWriter output, string head, ReadOnlyMemory<byte> bytes)
    {
        output.Write(head);
        foreach (char c in Encoding.UTF8.GetString(bytes.Span))
        {
            if (c == '\r') continue;
            if (char.IsControl(c) && c is not ('\n' or '\t')) output.Write($"\\x{(int)c:x2}");
            else output.Write(c);
        }

        output.Write("\n\n");
    }

    private void KeepLine(in HepMessage line, Timestamp at)
    {
        if (msrpMessageId is not null) return;
        string callId = CallIdText.Of(line.CorrelationId);
        if (!IsAskedFor(callId)) return;
        if (_lines.Count >= limit) IsCut = true;
        else _lines.Add(new TranscriptLine(at, line.Source, line.Destination, line.CaptureId, line.Payload.ToArray()));
    }

    private bool IsAskedFor(string callId) => (sipCallId is null || callId == sipCallId) && (_sipCallIds is null || _sipCallIds.Contains(callId));

    // A segment may bear what others write: only what names the message, and what answers that.
    private void KeepMsrp(in TransportedMessage message)
    {
        if (msrpMessageId is null || MsrpParser.TryRead(message.Bytes, out MsrpMessage parsed, out _, out _) != ParseOutcome.Message) return;
        string transaction = Encoding.UTF8.GetString(parsed.TransactionId);
        bool isIts = parsed.IsRequest ? Encoding.UTF8.GetString(parsed.MessageId) == msrpMessageId : _transactions.Contains(transaction);
        if (!isIts) return;
        if (_messages.Count >= limit)
        {
            IsCut = true;
            return;
        }

        _transactions.Add(transaction);
        _messages.Add(new TranscriptMessage(message.CompletedAt, message.Source, message.Destination, message.Transport, message.Bytes.ToArray()));
    }

    private void Keep(ReadOnlySpan<byte> bytes, Timestamp at, Endpoint source, Endpoint destination, Transport transport)
    {
        if (msrpMessageId is not null) return;
        byte[] copy = bytes.ToArray();
        if (SipParser.TryRead(copy, _message, out _, out _) != ParseOutcome.Message) return;
        if (!IsAskedFor(CallIdText.Of(_message.CallId))) return;
        if (_messages.Count >= limit)
        {
            IsCut = true;
            return;
        }

        _messages.Add(new TranscriptMessage(at, source, destination, transport, copy));
    }
}
