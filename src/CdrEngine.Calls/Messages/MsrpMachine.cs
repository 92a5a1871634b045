using System.Text;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Exchanges;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Msrp;
using CdrEngine.Protocols.Sdp;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Messages;

/// <summary>One message on its way by MSRP: its chunks so far.</summary>
public sealed class MsrpTransfer : IPacketOwner
{
    internal MsrpTransfer(string key, MsrpSession? session)
    {
        Key = key;
        Session = session;
    }

    /// <inheritdoc />
    public object? Packets { get; set; }

    internal string Key { get; }

    internal MsrpSession? Session { get; }

    internal string MessageId { get; init; } = "";

    internal string FromUri { get; init; } = "";

    internal string ToUri { get; init; } = "";

    internal Timestamp StartedAt { get; init; }

    internal Endpoint Source { get; init; }

    internal Endpoint Destination { get; init; }

    internal string CaptureSource { get; init; } = "";

    internal Transport Transport { get; init; }

    internal string? ContentType { get; set; }

    internal byte[] Content { get; set; } = [];

    /// <summary>Bytes held, from the first one on.</summary>
    internal int Held { get; set; }

    /// <summary>Ranges seen, merged, in order.</summary>
    internal List<(long Start, long End)> Seen { get; } = [];

    internal long Total { get; set; } = -1;

    internal int Chunks { get; set; }

    internal bool IsLastSeen { get; set; }

    internal bool IsAborted { get; set; }

    internal bool WantsResponse { get; set; }

    internal int Status { get; set; }

    internal string? Comment { get; set; }

    internal Timestamp LastChunkAt { get; set; }

    internal Timestamp? AnsweredAt { get; set; }

    internal List<string> Transactions { get; } = [];

    internal Timestamp Since { get; set; }

    internal bool IsTold { get; set; }

    /// <summary>What notifications about it name.</summary>
    internal string? NotificationId { get; set; }

    internal LinkedListNode<MsrpTransfer>? Node { get; set; }
}

/// <summary>One end of an MSRP session that a call announced.</summary>
internal sealed class MsrpSession
{
    public required string SipCallId { get; init; }

    public required int MediaIndex { get; init; }

    public required MessageParty Owner { get; init; }

    public required string OwnerKey { get; init; }

    public required MessageParty Other { get; init; }

    public required string OtherKey { get; init; }

    public required LinkedListNode<string> Node { get; init; }
}

/// <summary>Messages by MSRP (RFC 4975): knows the sessions that calls announce, puts chunks together, ties responses and reports to their message.</summary>
/// <remarks>
/// A message is told once its last chunk is answered, or wants no answer, or nothing more of it comes. Chunks seen again at another hop bear the same
/// Message-ID and the same bytes, and count once.
/// </remarks>
public sealed class MsrpMachine(MessageLimits limits, MessageMachine messages, IExchangePackets packets)
{
    private const int TransactionsKept = 64;
    private const int RangesKept = 256;

    private readonly Dictionary<string, MsrpSession> _sessions = new(StringComparer.Ordinal);
    private readonly LinkedList<string> _sessionsByAge = new();
    private readonly Dictionary<string, MsrpTransfer> _open = new(StringComparer.Ordinal);
    private readonly LinkedList<MsrpTransfer> _byUse = new();
    private readonly Dictionary<string, MsrpTransfer> _transactions = new(StringComparer.Ordinal);
    private readonly ContentReader _contents = new(limits);
    private readonly SdpSession _sdp = new();
    private Timestamp _now = Timestamp.MinValue;

    /// <summary>Sessions known.</summary>
    public int Sessions => _sessions.Count;

    /// <summary>Learns the sessions that a call's SDP announces.</summary>
    public void Learn(SipMessage message, in MessageContext context)
    {
        if (message.SdpBody.IsEmpty || !SdpParser.TryRead(message.SdpBody, _sdp)) return;

        // What a request offers is its sender's; what a response bears is that of who was asked.
        NameAddr owner = message.IsRequest ? message.From : message.To;
        NameAddr other = message.IsRequest ? message.To : message.From;
        int index = -1;
        foreach (SdpMedia media in _sdp.Media)
        {
            index++;
            if (media.Type != SdpMediaType.Message) continue;
            foreach (ReadOnlySpan<byte> path in media.GetAttributes("path"u8))
            {
                string uri = Encoding.UTF8.GetString(MsrpMessage.LastOf(path));
                if (uri.Length is 0 or > 512) continue;
                Learn(uri, index, message, owner, other, context);
            }
        }
    }

    /// <summary>Lets time pass.</summary>
    public void Advance(Timestamp now)
    {
        if (now < _now)
        {
            foreach (MsrpTransfer transfer in _byUse) transfer.Since = now;
        }

        _now = now;
        while (_byUse.First is { } oldest && now - oldest.Value.Since >= limits.MsrpIdle) Close(oldest.Value);
    }

    /// <summary>The capture is over: what is under way is told as it stands, and sessions are forgotten.</summary>
    public void Complete()
    {
        while (_byUse.First is { } oldest) Close(oldest.Value);
        _sessions.Clear();
        _sessionsByAge.Clear();
        _now = Timestamp.MinValue;
    }

    /// <summary>Takes one chunk, response or report.</summary>
    /// <returns>The message it is of, whose packets its own are; null where of none, or of one told before.</returns>
    public MsrpTransfer? Apply(in MsrpMessage message, in MessageContext context)
    {
        messages.Counters.Increment(MessageCounter.MsrpChunks);
        if (!message.IsRequest) return OnResponse(message, context);
        return message.Method switch
        {
            MsrpMethod.Send => OnSend(message, context),
            MsrpMethod.Report => OnReport(message, context),
            _ => null,
        };
    }

    /// <summary>Ends what <see cref="Apply"/> began, once the packets are with the transfer: a message that is complete is told.</summary>
    public void Conclude(MsrpTransfer transfer)
    {
        if (transfer.IsTold) return;
        bool isAnswered = transfer.Status != 0 || !transfer.WantsResponse;
        if (transfer.IsAborted || (transfer.IsLastSeen && isAnswered && IsWhole(transfer)) || transfer.Status >= 300) Tell(transfer, isCutShort: false);
    }

    private void Learn(string uri, int index, SipMessage message, in NameAddr owner, in NameAddr other, in MessageContext context)
    {
        string key = KeyOf(uri);
        if (_sessions.Remove(key, out MsrpSession? known)) _sessionsByAge.Remove(known.Node);
        else if (_sessions.Count >= limits.MaxMsrpSessions && _sessionsByAge.First is { } oldest)
        {
            _sessions.Remove(oldest.Value);
            _sessionsByAge.RemoveFirst();
        }

        Endpoint at = message.IsRequest ? context.Source : context.Destination;
        _sessions.Add(key, new MsrpSession
        {
            SipCallId = CallIdText.Of(message.CallId),
            MediaIndex = index,
            Owner = messages.Party(owner, at, default),
            OwnerKey = messages.KeyOf(owner.UriText),
            Other = messages.Party(other, default, default),
            OtherKey = messages.KeyOf(other.UriText),
            Node = _sessionsByAge.AddLast(key),
        });
    }

    private MsrpTransfer? OnSend(in MsrpMessage message, in MessageContext context)
    {
        if (!message.HasBody || message.MessageId.IsEmpty || (message.Body.IsEmpty && message.Continuation == MsrpContinuation.Last && message.ByteRange.Total is 0 or -1))
        {
            messages.Counters.Increment(MessageCounter.MsrpEmpty);
            return null;
        }

        string from = Text(MsrpMessage.LastOf(message.FromPath));
        string to = Text(MsrpMessage.LastOf(message.ToPath));
        string key = $"{KeyOf(from)}\0{Text(message.MessageId)}";
        if (!_open.TryGetValue(key, out MsrpTransfer? transfer)) transfer = Open(key, from, to, message, context);
        Touch(transfer);
        if (transfer.IsTold) return null;
        transfer.WantsResponse |= message.WantsResponse;
        Track(transfer, message, context);
        Add(transfer, message);
        transfer.LastChunkAt = context.At;
        if (message.Continuation == MsrpContinuation.Last) transfer.IsLastSeen = true;
        if (message.Continuation == MsrpContinuation.Aborted) transfer.IsAborted = true;
        return transfer;
    }

    private MsrpTransfer Open(string key, string from, string to, in MsrpMessage message, in MessageContext context)
    {
        if (_byUse.Count >= limits.MaxOpen && _byUse.First is { } oldest)
        {
            messages.Counters.Increment(MessageCounter.MsrpLimit);
            Close(oldest.Value);
        }

        MsrpSession? session = _sessions.GetValueOrDefault(KeyOf(from)) ?? _sessions.GetValueOrDefault(KeyOf(to));
        if (session is null) messages.Counters.Increment(MessageCounter.MsrpUnannounced);
        var transfer = new MsrpTransfer(key, session)
        {
            MessageId = Text(message.MessageId),
            FromUri = from,
            ToUri = to,
            StartedAt = context.At,
            Source = context.Source,
            Destination = context.Destination,
            CaptureSource = context.CaptureSource,
            Transport = context.Transport,
        };
        transfer.Node = _byUse.AddLast(transfer);
        _open.Add(key, transfer);
        return transfer;
    }

    private void Track(MsrpTransfer transfer, in MsrpMessage message, in MessageContext context)
    {
        string transaction = TransactionOf(message, context.Source, context.Destination);
        if (transfer.Transactions.Count >= TransactionsKept)
        {
            _transactions.Remove(transfer.Transactions[0]);
            transfer.Transactions.RemoveAt(0);
        }

        if (_transactions.TryAdd(transaction, transfer)) transfer.Transactions.Add(transaction);
    }

    private void Add(MsrpTransfer transfer, in MsrpMessage message)
    {
        MsrpByteRange range = message.ByteRange;
        long start = range.Start;
        long end = start + message.Body.Length - 1;
        if (range.Total >= 0) transfer.Total = range.Total;
        transfer.ContentType ??= message.ContentType.IsEmpty ? null : Text(message.ContentType);
        bool isNew = Note(transfer.Seen, start, end);
        if (!isNew) return;
        transfer.Chunks++;

        // What lies within the bound is held; the rest is only counted.
        int room = limits.MaxTextBytes + 1;
        if (start > room || message.Body.IsEmpty) return;
        int take = (int)Math.Min(message.Body.Length, room - start + 1);
        int needed = (int)(start - 1) + take;
        if (transfer.Content.Length < needed)
        {
            byte[] larger = new byte[Math.Min(room, Math.Max(needed, transfer.Content.Length * 2))];
            transfer.Content.CopyTo(larger, 0);
            transfer.Content = larger;
        }

        message.Body[..take].CopyTo(transfer.Content.AsSpan((int)(start - 1)));
        transfer.Held = Math.Max(transfer.Held, needed);
    }

    // Adds a range to those seen; false where all of it was seen before: another hop, or sent again.
    private static bool Note(List<(long Start, long End)> seen, long start, long end)
    {
        if (end < start) return true;
        foreach ((long from, long to) in seen)
        {
            if (from <= start && end <= to) return false;
        }

        if (seen.Count >= RangesKept) return true;
        seen.Add((start, end));
        seen.Sort();
        for (int i = 1; i < seen.Count;)
        {
            if (seen[i].Start > seen[i - 1].End + 1)
            {
                i++;
                continue;
            }

            seen[i - 1] = (seen[i - 1].Start, Math.Max(seen[i - 1].End, seen[i].End));
            seen.RemoveAt(i);
        }

        return true;
    }

    private static bool IsWhole(MsrpTransfer transfer) =>
        transfer.Seen.Count == 0 ? transfer.Total <= 0
        : transfer.Seen.Count == 1 && transfer.Seen[0].Start == 1 && (transfer.Total < 0 || transfer.Seen[0].End >= transfer.Total);

    private MsrpTransfer? OnResponse(in MsrpMessage message, in MessageContext context)
    {
        if (!_transactions.TryGetValue(TransactionOf(message, context.Destination, context.Source), out MsrpTransfer? transfer) || transfer.IsTold) return null;
        Touch(transfer);

        // The worst of its chunks tells what became of it.
        if (message.StatusCode > transfer.Status)
        {
            transfer.Status = message.StatusCode;
            transfer.Comment = message.Comment.IsEmpty ? null : Text(message.Comment);
        }

        transfer.AnsweredAt = context.At;
        return transfer;
    }

    private MsrpTransfer? OnReport(in MsrpMessage message, in MessageContext context)
    {
        messages.Counters.Increment(MessageCounter.MsrpReports);

        // A report goes to who sent the message.
        string key = $"{KeyOf(Text(MsrpMessage.LastOf(message.ToPath)))}\0{Text(message.MessageId)}";
        if (!_open.TryGetValue(key, out MsrpTransfer? transfer)) return null;
        int status = message.ReportStatus;
        Touch(transfer);
        if (!transfer.IsTold)
        {
            if (status >= 300)
            {
                transfer.Status = Math.Max(transfer.Status, status);
                transfer.AnsweredAt = context.At;
            }
            else if (transfer.IsLastSeen && status >= 200)
            {
                transfer.Status = Math.Max(transfer.Status, status);
                transfer.AnsweredAt ??= context.At;
                Conclude(transfer);
            }
        }

        if (transfer.Session is { } session)
        {
            (string sender, string receiver) = Ends(transfer, session);
            messages.Notify(
                new Content { Kind = ContentKind.Notification, MessageId = transfer.NotificationId ?? transfer.Key, Notification = NotificationKind.Delivery, NotificationStatus = status < 300 ? "delivered" : "failed" },
                receiver, sender, context.At, []);
        }

        return transfer.IsTold ? null : transfer;
    }

    private void Touch(MsrpTransfer transfer)
    {
        transfer.Since = _now;
        _byUse.Remove(transfer.Node!);
        _byUse.AddLast(transfer.Node!);
    }

    private void Close(MsrpTransfer transfer)
    {
        if (!transfer.IsTold) Tell(transfer, isCutShort: true);
        _byUse.Remove(transfer.Node!);
        _open.Remove(transfer.Key);
        foreach (string transaction in transfer.Transactions) _transactions.Remove(transaction);
    }

    // A told transfer stays for a while, so that later hops and reports find it.
    private void Tell(MsrpTransfer transfer, bool isCutShort)
    {
        transfer.IsTold = true;
        byte[] chunks = packets.Seal(transfer);
        bool isIncomplete = transfer.IsAborted || !transfer.IsLastSeen || !IsWhole(transfer);
        if (isIncomplete) messages.Counters.Increment(MessageCounter.MsrpIncomplete);
        Content content = _contents.Read(transfer.Content.AsSpan(0, transfer.Held), Encoding.UTF8.GetBytes(transfer.ContentType ?? ""), default);
        transfer.Content = [];
        if (content.Kind == ContentKind.Composing)
        {
            messages.Counters.Increment(MessageCounter.Composing);
            return;
        }

        (MessageParty sender, MessageParty receiver, string fromKey, string toKey) = Parties(transfer);
        if (content.Kind == ContentKind.Notification)
        {
            messages.Notify(content, fromKey, toKey, transfer.StartedAt, chunks);
            return;
        }

        messages.Counters.Increment(MessageCounter.Msrp);
        if (content.IsCut) messages.Counters.Increment(MessageCounter.TextCut);
        long size = transfer.Total >= 0 ? transfer.Total : transfer.Seen.Count > 0 ? transfer.Seen[^1].End : 0;
        bool isWrapped = SipBody.IsType(Encoding.UTF8.GetBytes(transfer.ContentType ?? ""), "message/cpim"u8);
        var record = new MessageRecord
        {
            Id = CallId.Derive($"{transfer.Session?.SipCallId}\0{transfer.MessageId}", transfer.FromUri, transfer.StartedAt),
            Kind = MessageKind.Msrp,
            SipCallId = transfer.Session?.SipCallId ?? "",
            IsInCall = transfer.Session is not null,
            MediaIndex = transfer.Session?.MediaIndex,
            MessageId = transfer.MessageId,
            From = sender with { Address = transfer.Source },
            To = receiver with { Address = transfer.Destination },
            StartedAt = transfer.StartedAt,
            EndedAt = transfer.AnsweredAt,
            ResponseTime = transfer.AnsweredAt is { } at && at >= transfer.LastChunkAt ? at - transfer.LastChunkAt : null,
            Outcome = transfer.Status >= 300 || transfer.IsAborted ? MessageOutcome.Failed
                : transfer.Status > 0 || (transfer.IsLastSeen && !transfer.WantsResponse) ? MessageOutcome.Delivered
                : isCutShort ? MessageOutcome.Pending
                : MessageOutcome.Unanswered,
            SipStatus = transfer.Status,
            SipReason = transfer.IsAborted ? "aborted" : transfer.Comment,
            Transport = transfer.Transport,
            ContentType = content.Type,
            Charset = content.Charset,
            Size = isWrapped ? content.Size : size,
            Text = content.Text,
            IsTextCut = content.Text is not null && (content.IsCut || size > limits.MaxTextBytes),
            IsIncomplete = isIncomplete,
            Chunks = Math.Max(transfer.Chunks, 1),
            CaptureSource = transfer.CaptureSource,
        };

        // Reports name the Message-ID of MSRP, notifications that of CPIM; the latter are rarer and go by it where it is there.
        transfer.NotificationId = content.MessageId ?? transfer.Key;
        messages.Tell(record, fromKey, toKey, chunks, transfer.NotificationId);
    }

    private static (string Sender, string Receiver) Ends(MsrpTransfer transfer, MsrpSession session) =>
        IsOwners(transfer, session) ? (session.OwnerKey, session.OtherKey) : (session.OtherKey, session.OwnerKey);

    private static bool IsOwners(MsrpTransfer transfer, MsrpSession session) => session.Node.Value == KeyOf(transfer.FromUri);

    private (MessageParty From, MessageParty To, string FromKey, string ToKey) Parties(MsrpTransfer transfer)
    {
        if (transfer.Session is { } session)
        {
            return IsOwners(transfer, session)
                ? (session.Owner, session.Other, session.OwnerKey, session.OtherKey)
                : (session.Other, session.Owner, session.OtherKey, session.OwnerKey);
        }

        // Nobody said whose sessions these are: the URIs are all there is.
        return (new MessageParty { Uri = transfer.FromUri }, new MessageParty { Uri = transfer.ToUri }, KeyOf(transfer.FromUri), KeyOf(transfer.ToUri));
    }

    // A session's URI without what does not tell it apart: scheme, user and parameters (RFC 4975 6.1).
    private static string KeyOf(string uri) => MsrpUri.TryParse(Encoding.UTF8.GetBytes(uri), out MsrpUri parsed)
        ? $"{Encoding.UTF8.GetString(parsed.Host).ToLowerInvariant()}:{parsed.Port}/{Encoding.UTF8.GetString(parsed.SessionId)}"
        : uri;

    private static string TransactionOf(in MsrpMessage message, Endpoint sender, Endpoint receiver) => $"{Encoding.UTF8.GetString(message.TransactionId)}|{sender}|{receiver}";

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes.Length > 512 ? bytes[..512] : bytes);
}
