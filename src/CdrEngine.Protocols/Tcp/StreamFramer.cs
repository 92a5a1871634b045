using System.Buffers;
using CdrEngine.Core;
using CdrEngine.Protocols.Msrp;
using CdrEngine.Protocols.WebSocket;

namespace CdrEngine.Protocols.Tcp;

/// <summary>Bytes of a stream in order, ready to be cut into messages, and where the frames are that bore them.</summary>
internal ref struct Delivery
{
    /// <summary>The bytes not consumed before and the new ones.</summary>
    public required ReadOnlySpan<byte> Data { get; init; }

    /// <summary>Position of the first byte of <see cref="Data"/> in its stream.</summary>
    public required long Position { get; init; }

    /// <summary>Where in <see cref="Data"/> the newest segment begins.</summary>
    public required int SegmentStart { get; init; }

    /// <summary>Takes the messages.</summary>
    public required ISipMessageSink Sink { get; init; }

    /// <summary>Holds the frames; null where the one frame below bore all of <see cref="Data"/>.</summary>
    public StreamBuffer? Buffer { get; init; }

    /// <summary>The frame of a segment that is not held.</summary>
    public CapturedPacket Frame { get; init; }

    /// <summary>Earlier IP fragments of <see cref="Frame"/>, or null.</summary>
    public FrameBuffer? Fragments { get; init; }

    /// <summary>True once the message's frames are <see cref="Frame"/>.</summary>
    public bool HasFrames { get; set; }
}

/// <summary>Cuts the ordered bytes of a stream into SIP messages, and judges streams that carry something else.</summary>
/// <remarks>
/// <code>
/// First ------- SIP start line ---------> Sip &lt;-------------- message begins --------------+
///   |                                      |  not SIP / hole of unknown reach -> Search ---+
///   |---------- GET, 101 --------> Handshake -- sub-protocol sip --> WebSocket &lt;--> WebSocketSearch
///   +---------- TLS, HTTP, other -> ignored (whole connection)      (hole)      (frame with SIP at a segment's start)
/// </code>
/// A stream whose beginning was not seen starts in Search.
/// </remarks>
internal sealed class StreamFramer(TcpLimits limits, Counters<TcpCounter> counters)
{
    private readonly FrameBuffer _frames = new();
    private byte[] _scratch = [];

    /// <summary>Takes what can be taken; gives how many bytes are done with. The connection may be ignored afterwards.</summary>
    public int Run(TcpStream stream, ref Delivery delivery)
    {
        int at = 0;
        if (stream.Phase is StreamPhase.Search or StreamPhase.WebSocketSearch or StreamPhase.MsrpSearch) Classify(stream, ref delivery);
        while (at < delivery.Data.Length && !stream.Connection.IsIgnored)
        {
            long position = delivery.Position + at;
            if (position < stream.SkipUntil)
            {
                at += (int)Math.Min(delivery.Data.Length - at, stream.SkipUntil - position);
                continue;
            }

            bool goesOn = stream.Phase switch
            {
                StreamPhase.First => JudgeFirst(stream, delivery.Data, ref at),
                StreamPhase.Search => Search(stream, delivery.Data, ref at),
                StreamPhase.Sip => ReadSip(stream, ref delivery, ref at),
                StreamPhase.Handshake => ReadHandshake(stream, delivery.Data, ref at),
                StreamPhase.WebSocket => ReadWebSocket(stream, ref delivery, ref at),
                StreamPhase.Msrp => ReadMsrp(stream, ref delivery, ref at),
                StreamPhase.MsrpSearch => SearchMsrp(stream, delivery.Data, ref at),
                _ => Discard(stream, delivery.Data, ref at),
            };
            if (!goesOn) break;
        }

        return at;
    }

    /// <summary>The bytes from the end of <paramref name="window"/> to before <paramref name="to"/> will never come.</summary>
    /// <param name="stream">The stream; its window is dropped by the caller.</param>
    /// <param name="window">Bytes not consumed.</param>
    /// <param name="position">Position of the first of them.</param>
    /// <param name="to">Position of the next byte that will be delivered.</param>
    public void OnHole(TcpStream stream, ReadOnlySpan<byte> window, long position, long to)
    {
        if (to <= stream.SkipUntil) return;
        if (IsInMessage(stream, window)) counters.Increment(TcpCounter.MessagesCut);
        switch (stream.Phase)
        {
            case StreamPhase.Sip when stream.HasScan && stream.Scan.IsComplete && position + stream.Scan.MessageBytes >= to:
                // The header said where this message ends, and the hole lies inside: the next message begins right there.
                stream.SkipUntil = position + stream.Scan.MessageBytes;
                stream.NextMessage();
                break;
            case StreamPhase.WebSocket when TryFindFrameEnd(stream, window, position, out long end) && end >= to:
                stream.SkipUntil = end;
                stream.NextMessage();
                break;
            case StreamPhase.WebSocket or StreamPhase.WebSocketSearch:
                stream.Restart(StreamPhase.WebSocketSearch);
                break;
            case StreamPhase.Msrp or StreamPhase.MsrpSearch:
                stream.Restart(StreamPhase.MsrpSearch);
                break;
            default:
                stream.Restart(StreamPhase.Search);
                break;
        }
    }

    /// <summary>True where a message has begun and is not complete.</summary>
    public static bool IsInMessage(TcpStream stream, ReadOnlySpan<byte> window) => stream.Phase switch
    {
        StreamPhase.Sip => stream.HasScan && !stream.IsUnverified,
        StreamPhase.WebSocket or StreamPhase.Msrp => window.Length > 0,
        _ => false,
    };

    private static bool LooksLikeTls(ReadOnlySpan<byte> bytes, bool isFirst) =>
        bytes.Length >= 5 && bytes[0] is >= 0x14 and <= 0x17 && (!isFirst || bytes[0] == 0x16) && bytes[1] == 3 && bytes[2] <= 4
        && ((bytes[3] << 8) | bytes[4]) <= 0x4800;

    /// <summary>A data frame at the start of a segment whose payload begins as SIP does: enough to know a WebSocket in mid-stream.</summary>
    private static bool LooksLikeWebSocketSip(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 16 || WebSocketFrame.TryRead(bytes, out WebSocketFrame frame) != ParseOutcome.Message) return false;
        if (frame.Opcode is not (WebSocketOpcode.Text or WebSocketOpcode.Binary) || frame.IsCompressed) return false;
        Span<byte> head = stackalloc byte[16];
        ReadOnlySpan<byte> payload = bytes[frame.HeaderBytes..];
        if (frame.PayloadBytes < head.Length || payload.Length < head.Length) return false;
        frame.Unmask(payload[..head.Length], head);
        if (head.StartsWith("SIP/2.0 "u8)) return SipFraming.CheckStart(head, 64, out _) != StartLineShape.NotSip;
        int space = head.IndexOf((byte)' ');
        return space > 0 && SipFraming.IsKnownMethod(head[..space]);
    }

    /// <summary>Looks at the start of a segment while no message boundary is known.</summary>
    private void Classify(TcpStream stream, ref Delivery delivery)
    {
        ReadOnlySpan<byte> segment = delivery.Data[delivery.SegmentStart..];
        long position = delivery.Position + delivery.SegmentStart;
        bool isSynced = stream.IsSynced || stream.Connection.Other(stream).IsSynced;
        if (MsrpParser.LooksLikeMsrp(segment) == ParseOutcome.Message)
        {
            if (!stream.IsSynced) counters.Increment(TcpCounter.MsrpStreams);
            stream.SkipUntil = position;
            stream.Restart(StreamPhase.Msrp);
        }
        else if (stream.Phase == StreamPhase.MsrpSearch)
        {
            return;
        }
        else if (LooksLikeWebSocketSip(segment))
        {
            if (!isSynced) counters.Increment(TcpCounter.WebSocketStreams);
            stream.SkipUntil = position;
            stream.Restart(StreamPhase.WebSocket);
        }
        else if (stream.Phase == StreamPhase.WebSocketSearch || isSynced)
        {
            return;
        }
        else if (LooksLikeTls(segment, isFirst: false))
        {
            Ignore(stream, TcpCounter.IgnoredTls);
        }
        else if (WebSocketHandshake.LooksLikeHttp(segment))
        {
            if (!WebSocketHandshake.MayBeHandshake(segment))
            {
                Ignore(stream, TcpCounter.IgnoredHttp);
                return;
            }

            stream.SkipUntil = position;
            stream.Restart(StreamPhase.Handshake);
        }
    }

    private bool JudgeFirst(TcpStream stream, ReadOnlySpan<byte> data, ref int at)
    {
        if (SkipBlank(data, ref at)) return true;
        ReadOnlySpan<byte> rest = data[at..];
        if (rest[0] == 0x16 && rest.Length < 5) return false;
        if (LooksLikeTls(rest, isFirst: true))
        {
            Ignore(stream, TcpCounter.IgnoredTls);
            return false;
        }

        switch (SipFraming.CheckStart(rest, limits.StartLineBytes, out _))
        {
            case StartLineShape.NeedMore:
                return false;
            case StartLineShape.Sip:
                stream.Restart(StreamPhase.Sip);
                return true;
        }

        switch (MsrpParser.LooksLikeMsrp(rest))
        {
            case ParseOutcome.NeedMore:
                return false;
            case ParseOutcome.Message:
                counters.Increment(TcpCounter.MsrpStreams);
                stream.Restart(StreamPhase.Msrp);
                return true;
        }

        // "HTTP/1.1 101" has to be there whole before it can be told from other answers.
        if (rest[0] == (byte)'H' && rest.Length < 12 && "HTTP/1.1 101"u8.StartsWith(rest)) return false;
        if (WebSocketHandshake.MayBeHandshake(rest))
        {
            stream.Restart(StreamPhase.Handshake);
            return true;
        }

        Ignore(stream, WebSocketHandshake.LooksLikeHttp(rest) ? TcpCounter.IgnoredHttp : TcpCounter.IgnoredOther);
        return false;
    }

    private bool Search(TcpStream stream, ReadOnlySpan<byte> data, ref int at)
    {
        bool isFound = SipFraming.FindStart(data[at..], limits.StartLineBytes, out int offset);
        counters.Add(TcpCounter.SearchedBytes, offset);
        stream.SearchedBytes += offset;
        at += offset;
        if (isFound)
        {
            stream.Phase = StreamPhase.Sip;
            stream.IsUnverified = true;
            stream.NextMessage();
            return true;
        }

        GiveUpSearch(stream);
        return false;
    }

    private bool Discard(TcpStream stream, ReadOnlySpan<byte> data, ref int at)
    {
        counters.Add(TcpCounter.SearchedBytes, data.Length - at);
        stream.SearchedBytes += data.Length - at;
        at = data.Length;
        GiveUpSearch(stream);
        return false;
    }

    private void GiveUpSearch(TcpStream stream)
    {
        if (stream.SearchedBytes <= limits.SearchBytes) return;
        stream.SearchedBytes = 0;
        if (!stream.Connection.Other(stream).IsSynced) Ignore(stream, TcpCounter.IgnoredOther);
    }

    private bool ReadSip(TcpStream stream, ref Delivery delivery, ref int at)
    {
        ReadOnlySpan<byte> data = delivery.Data;
        if (!stream.HasScan)
        {
            if (SkipBlank(data, ref at)) return true;
            switch (SipFraming.CheckStart(data[at..], limits.StartLineBytes, out int lineBytes))
            {
                case StartLineShape.NeedMore:
                    return false;
                case StartLineShape.NotSip:
                    LoseSync(stream, ref at);
                    return true;
            }

            if (stream.IsUnverified && HidesRequest(data.Slice(at, lineBytes), out int hidden))
            {
                SearchOn(stream, hidden);
                at += hidden;
                return true;
            }

            stream.Scan = SipHeaderScan.After(lineBytes);
            stream.HasScan = true;
        }

        ref SipHeaderScan scan = ref stream.Scan;
        ReadOnlySpan<byte> rest = data[at..];
        if (!scan.IsComplete)
        {
            bool isComplete = SipFraming.ScanHeaders(rest, ref scan, stopsAtStrangeLine: stream.IsUnverified);
            if (stream.IsUnverified && (scan.StrangeOffset > 0 || (isComplete && !(scan.HasVia && scan.HasCallId))))
            {
                LoseSync(stream, ref at);
                return true;
            }

            if ((isComplete ? scan.Offset : rest.Length) > limits.HeaderBytes)
            {
                counters.Increment(TcpCounter.HeaderTooLarge);
                LoseSync(stream, ref at);
                return true;
            }

            if (!isComplete) return false;
            stream.IsUnverified = false;
            if (scan.IsContentLengthInvalid) counters.Increment(TcpCounter.InvalidContentLength);
            else if (scan.ContentLength < 0) counters.Increment(TcpCounter.MissingContentLength);
        }

        long total = scan.MessageBytes;
        if (total > limits.MessageBytes)
        {
            counters.Increment(TcpCounter.MessageTooLarge);
            stream.SkipUntil = delivery.Position + at + total;
            stream.NextMessage();
            return true;
        }

        if (rest.Length < total) return false;
        long position = delivery.Position + at;
        stream.IsSynced = true;
        stream.SearchedBytes = 0;
        stream.NextMessage();
        at += (int)total;
        counters.Increment(TcpCounter.Messages);
        delivery.Buffer?.Mark(position, position + total);
        Emit(stream, ref delivery, rest[..(int)total], position + total, Transport.Tcp);
        return true;
    }

    /// <summary>What stands here is no message. None begins in lines that look like headers either, so that a search never reads them again;
    /// the line end before what follows stays, to show that a line begins.</summary>
    private void LoseSync(TcpStream stream, ref int at)
    {
        if (!stream.IsUnverified) counters.Increment(TcpCounter.SyncLost);
        ref SipHeaderScan scan = ref stream.Scan;
        int skipped = !stream.HasScan ? 1 : (scan.StrangeOffset > 0 ? scan.StrangeOffset : scan.Offset) - 1;
        SearchOn(stream, skipped);
        at += skipped;
    }

    private void SearchOn(TcpStream stream, int skipped)
    {
        counters.Add(TcpCounter.SearchedBytes, skipped);
        stream.SearchedBytes += skipped;
        stream.Phase = StreamPhase.Search;
        stream.IsUnverified = false;
        stream.NextMessage();
    }

    /// <summary>True for <c>SIP/2.0 200 OKINVITE sip:… SIP/2.0</c>: a body that is a status line without line end, and the request behind it.</summary>
    private bool HidesRequest(ReadOnlySpan<byte> line, out int start)
    {
        start = 0;
        line = line.TrimEnd("\r\n"u8);
        return line.StartsWith("SIP/2.0 "u8) && line.EndsWith(" SIP/2.0"u8)
            && SipFraming.TryFindRequestStart(line[..^7], limits.StartLineBytes, out start) && start > 0;
    }

    private bool ReadHandshake(TcpStream stream, ReadOnlySpan<byte> data, ref int at)
    {
        ReadOnlySpan<byte> rest = data[at..];
        int end = rest.IndexOf("\r\n\r\n"u8);
        if (end < 0 && rest.Length <= limits.HandshakeBytes) return false;
        HandshakeVerdict verdict = end < 0 ? HandshakeVerdict.NotSip : WebSocketHandshake.Judge(rest[..(end + 4)]);
        if (verdict == HandshakeVerdict.AgreedToWebSocket && !stream.Connection.AskedForSip) verdict = HandshakeVerdict.NotSip;
        if (verdict == HandshakeVerdict.NotSip)
        {
            Ignore(stream, TcpCounter.IgnoredHttp);
            return false;
        }

        if (verdict == HandshakeVerdict.Asked) stream.Connection.AskedForSip = true;
        counters.Increment(TcpCounter.WebSocketStreams);
        stream.Restart(StreamPhase.WebSocket);
        at += end + 4;
        return true;
    }

    private bool ReadWebSocket(TcpStream stream, ref Delivery delivery, ref int at)
    {
        ReadOnlySpan<byte> rest = delivery.Data[at..];
        long position = delivery.Position + at;
        while (true)
        {
            int scanned = stream.WebSocketScanned;
            ParseOutcome outcome = WebSocketFrame.TryRead(rest[scanned..], out WebSocketFrame frame);
            if (outcome == ParseOutcome.NeedMore) return false;
            if (outcome == ParseOutcome.Malformed || frame.PayloadBytes > int.MaxValue)
            {
                counters.Increment(TcpCounter.WebSocketMalformed);
                stream.Restart(StreamPhase.WebSocketSearch);
                return true;
            }

            long frameBytes = frame.HeaderBytes + frame.PayloadBytes;
            bool isWhole = rest.Length - scanned >= frameBytes;
            if (frame.IsControl)
            {
                // A control frame may stand between the fragments of a message (RFC 6455 5.4).
                if (!isWhole) return false;
                counters.Increment(TcpCounter.WebSocketControls);
                if (scanned == 0)
                {
                    at += (int)frameBytes;
                    return true;
                }

                stream.WebSocketScanned += (int)frameBytes;
                continue;
            }

            bool isBeginning = frame.Opcode != WebSocketOpcode.Continuation;
            if (isBeginning && scanned > 0)
            {
                counters.Increment(TcpCounter.WebSocketMalformed);
                at += scanned;
                stream.NextMessage();
                return true;
            }

            bool isTooLarge = stream.WebSocketPayloadBytes + frame.PayloadBytes > limits.MessageBytes;
            bool isOrphan = !isBeginning && scanned == 0;
            if (isTooLarge || isOrphan || (isBeginning && frame.IsCompressed))
            {
                if (isTooLarge && !isOrphan) counters.Increment(TcpCounter.MessageTooLarge);
                else if (isBeginning) counters.Increment(TcpCounter.WebSocketCompressed);
                stream.SkipUntil = position + scanned + frameBytes;
                stream.NextMessage();
                return true;
            }

            if (!isWhole) return false;
            stream.WebSocketScanned += (int)frameBytes;
            stream.WebSocketPayloadBytes += (int)frame.PayloadBytes;
            if (!frame.IsFinal) continue;
            int total = stream.WebSocketScanned;
            EmitWebSocket(stream, ref delivery, rest[..total], position);
            stream.NextMessage();
            at += total;
            return true;
        }
    }

    /// <summary>Takes the frames of one whole message apart and gives its payload on where it is SIP (RFC 7118 5: one message each).</summary>
    private void EmitWebSocket(TcpStream stream, ref Delivery delivery, ReadOnlySpan<byte> frames, long position)
    {
        int total = stream.WebSocketPayloadBytes;
        ReadOnlySpan<byte> payload = default;
        int filled = 0;
        for (int at = 0; at < frames.Length;)
        {
            WebSocketFrame.TryRead(frames[at..], out WebSocketFrame frame);
            int length = (int)frame.PayloadBytes;
            int next = at + frame.HeaderBytes + length;
            ReadOnlySpan<byte> bytes = frames[(at + frame.HeaderBytes)..next];
            if (!frame.IsControl)
            {
                delivery.Buffer?.Mark(position + at, position + next);
                if (length == total && !frame.IsMasked)
                {
                    payload = bytes;
                }
                else
                {
                    if (filled == 0) Reserve(total);
                    frame.Unmask(bytes, _scratch.AsSpan(filled));
                    filled += length;
                    payload = _scratch.AsSpan(0, filled);
                }
            }

            at = next;
        }

        payload = payload.TrimStart("\r\n"u8);
        if (SipFraming.CheckStart(payload, limits.StartLineBytes, out _) != StartLineShape.Sip)
        {
            counters.Increment(TcpCounter.WebSocketNotSip);
            delivery.Buffer?.Unmark();
            return;
        }

        stream.IsSynced = true;
        stream.SearchedBytes = 0;
        counters.Increment(TcpCounter.WebSocketMessages);
        Emit(stream, ref delivery, payload, position + frames.Length, Transport.Ws);
    }

    private bool ReadMsrp(TcpStream stream, ref Delivery delivery, ref int at)
    {
        if (!stream.HasScan && SkipBlank(delivery.Data, ref at)) return true;
        ReadOnlySpan<byte> rest = delivery.Data[at..];
        int scanned = stream.MsrpScanned;
        switch (MsrpParser.FindEnd(rest, ref scanned, out int length))
        {
            case ParseOutcome.NeedMore:
                stream.MsrpScanned = scanned;
                if (rest.Length <= limits.MessageBytes) return false;
                counters.Increment(TcpCounter.MessageTooLarge);
                stream.Restart(StreamPhase.MsrpSearch);
                at += 1;
                return true;
            case ParseOutcome.Malformed:
                counters.Increment(TcpCounter.SyncLost);
                stream.Restart(StreamPhase.MsrpSearch);
                return true;
        }

        long position = delivery.Position + at;
        stream.IsSynced = true;
        stream.SearchedBytes = 0;
        stream.MsrpScanned = 0;
        at += length;
        if (length > limits.MessageBytes)
        {
            counters.Increment(TcpCounter.MessageTooLarge);
            return true;
        }

        counters.Increment(TcpCounter.MsrpChunks);
        delivery.Buffer?.Mark(position, position + length);
        Emit(stream, ref delivery, rest[..length], position + length, Transport.Tcp, isMsrp: true);
        return true;
    }

    // The next line that begins a chunk; what may be the beginning of one is left for the next segment.
    private bool SearchMsrp(TcpStream stream, ReadOnlySpan<byte> data, ref int at)
    {
        int from = at;
        while (at < data.Length)
        {
            int found = data[at..].IndexOf((byte)'M');
            if (found < 0)
            {
                at = data.Length;
                break;
            }

            at += found;
            bool isLineStart = at > 0 && data[at - 1] == (byte)'\n';
            ParseOutcome outcome = isLineStart ? MsrpParser.LooksLikeMsrp(data[at..]) : ParseOutcome.Malformed;
            if (outcome == ParseOutcome.Message)
            {
                counters.Add(TcpCounter.SearchedBytes, at - from);
                stream.Restart(StreamPhase.Msrp);
                return true;
            }

            if (outcome == ParseOutcome.NeedMore) break;
            at++;
        }

        counters.Add(TcpCounter.SearchedBytes, at - from);
        stream.SearchedBytes += at - from;
        GiveUpSearch(stream);
        return false;
    }

    private static bool TryFindFrameEnd(TcpStream stream, ReadOnlySpan<byte> window, long position, out long end)
    {
        end = 0;
        int scanned = stream.WebSocketScanned;
        if (scanned >= window.Length || WebSocketFrame.TryRead(window[scanned..], out WebSocketFrame frame) != ParseOutcome.Message) return false;
        if (frame.PayloadBytes > int.MaxValue) return false;
        end = position + scanned + frame.HeaderBytes + frame.PayloadBytes;
        return true;
    }

    private void Emit(TcpStream stream, ref Delivery delivery, ReadOnlySpan<byte> bytes, long end, Transport transport, bool isMsrp = false)
    {
        if (delivery.Buffer is { } buffer)
        {
            _frames.Clear();
            buffer.CollectMarked(_frames);
        }
        else if (!delivery.HasFrames)
        {
            _frames.Clear();
            if (delivery.Fragments is { } fragments) _frames.Append(fragments);
            _frames.Append(delivery.Frame);
            delivery.HasFrames = true;
        }

        delivery.Sink.OnMessage(new TransportedMessage
        {
            Bytes = bytes,
            IsMsrp = isMsrp,
            Transport = transport,
            Source = stream.Source,
            Destination = stream.Destination,
            CompletedAt = stream.Latest.At,
            Frames = _frames,
        });
        delivery.Buffer?.Release(end);
    }

    private void Ignore(TcpStream stream, TcpCounter kind)
    {
        stream.Connection.IsIgnored = true;
        counters.Increment(kind);
    }

    /// <summary>Line ends between messages are keep-alives, or what a lax sender put after a body (RFC 3261 7.5, RFC 5626 4.4.1).</summary>
    private bool SkipBlank(ReadOnlySpan<byte> data, ref int at)
    {
        int start = at;
        while (at < data.Length && data[at] is (byte)'\r' or (byte)'\n') at++;
        if (at == start) return false;
        counters.Increment(TcpCounter.KeepAlives);
        return true;
    }

    private void Reserve(int bytes)
    {
        if (_scratch.Length >= bytes) return;
        if (_scratch.Length > 0) ArrayPool<byte>.Shared.Return(_scratch);
        _scratch = ArrayPool<byte>.Shared.Rent(bytes);
    }
}
