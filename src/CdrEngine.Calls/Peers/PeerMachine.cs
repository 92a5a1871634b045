using System.ComponentModel;
using System.Globalization;
using System.Text;
using CdrEngine.Calls.Exchanges;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Peers;

/// <summary>Bounds of peers.</summary>
public sealed record PeerLimits
{
    /// <summary>Rows (address, direction, method, event package) kept (<c>peer.max-rows</c>). Default 100,000; the one without a request for longest is
    /// forgotten.</summary>
    public int MaxRows { get; init; } = 100_000;

    /// <summary>Mailboxes kept (<c>peer.max-mailboxes</c>). Default 100,000; the one without news for longest is forgotten.</summary>
    public int MaxMailboxes { get; init; } = 100_000;
}

/// <summary>What happened to peers.</summary>
public enum PeerCounter
{
    /// <summary>Rows.</summary>
    [Description("peers met, once for each address, direction, method and event package")]
    Rows,

    /// <summary>Evicted.</summary>
    [Description("peers forgotten because of peer.max-rows")]
    Evicted,

    /// <summary>Silent.</summary>
    [Description("times at which a peer stopped answering")]
    Silenced,

    /// <summary>Mailboxes.</summary>
    [Description("mailboxes whose state was told (message-summary)")]
    MailboxNews,

    /// <summary>Mailboxes evicted.</summary>
    [Description("mailboxes forgotten because of peer.max-mailboxes")]
    MailboxesEvicted,

    /// <summary>Dialog states.</summary>
    [Description("states of dialogs told by dialog-info")]
    DialogStates,
}

/// <summary>What a request to or from a peer says beside its method, read while it is at hand.</summary>
internal sealed class PeerDraft
{
    public required string Event { get; init; }

    public int[]? DialogStates { get; init; }

    public MailboxRecord? Mailbox { get; init; }
}

/// <summary>Counts what goes on outside calls, by peer: who asks whom what, how fast the answers come, who stopped answering.</summary>
public sealed class PeerMachine(PeerLimits limits)
{
    private const int LongestEvent = 64;
    private static readonly byte[][] DialogStateNames = ["trying"u8.ToArray(), "proceeding"u8.ToArray(), "early"u8.ToArray(), "confirmed"u8.ToArray(), "terminated"u8.ToArray()];

    private readonly Dictionary<(Endpoint Address, PeerDirection Direction, string Method, string Event), LinkedListNode<Row>> _rows = [];
    private readonly LinkedList<Row> _byUse = new();
    private readonly Dictionary<string, LinkedListNode<MailboxRecord>> _mailboxes = new(StringComparer.Ordinal);
    private readonly LinkedList<MailboxRecord> _mailboxesByUse = new();
    private readonly List<Row> _dirty = [];
    private readonly List<MailboxRecord> _news = [];
    private readonly List<string> _forgotten = [];
    private readonly TextCache _texts = new(1024);

    /// <summary>What happened.</summary>
    public Counters<PeerCounter> Counters { get; } = new();

    /// <summary>Rows kept.</summary>
    public int Count => _byUse.Count;

    /// <summary>Takes what changed since the last time.</summary>
    public void Drain(List<PeerRecord> peers, List<MailboxRecord> mailboxes, List<string> forgotten)
    {
        foreach (Row row in _dirty)
        {
            row.IsDirty = false;
            if (!row.IsForgotten) peers.Add(row.ToRecord());
        }

        _dirty.Clear();
        mailboxes.AddRange(_news);
        _news.Clear();
        forgotten.AddRange(_forgotten);
        _forgotten.Clear();
    }

    /// <summary>Every row as it stands, the one without a request for longest first.</summary>
    public IEnumerable<PeerRecord> All() => _byUse.Select(static row => row.ToRecord());

    /// <summary>Reads what a request says.</summary>
    internal PeerDraft Read(SipMessage message, in MessageContext context)
    {
        string package = "";
        if (message.TryGetHeader(SipHeader.Event, out ReadOnlySpan<byte> value))
        {
            int end = value.IndexOf((byte)';');
            ReadOnlySpan<byte> name = SipGrammar.Trim(end < 0 ? value : value[..end]);
            package = _texts.Get(name.Length > LongestEvent ? name[..LongestEvent] : name);
        }

        return new PeerDraft
        {
            Event = package,
            DialogStates = message.Method == SipMethod.Notify && SipBody.IsType(message.ContentType, "application/dialog-info+xml"u8) ? ReadStates(message.Body) : null,
            Mailbox = message.Method == SipMethod.Notify && SipBody.IsType(message.ContentType, "application/simple-message-summary"u8)
                ? ReadSummary(message.Body, message.To, context.At)
                : null,
        };
    }

    /// <summary>Counts a settled exchange for both its ends.</summary>
    internal void Settle(Exchange exchange, PeerDraft draft, bool isCutShort)
    {
        // Phones that register are many, and are counted as registrations.
        if (exchange.Method is not (SipMethod.Register or SipMethod.Message)) CountFor(new Endpoint(exchange.Source.Address, 0), PeerDirection.Sent, exchange, draft, isCutShort);
        CountFor(exchange.Destination, PeerDirection.Received, exchange, draft, isCutShort);
        if (draft.Mailbox is { } mailbox) Note(mailbox);
    }

    private void CountFor(Endpoint address, PeerDirection direction, Exchange exchange, PeerDraft draft, bool isCutShort)
    {
        (Endpoint, PeerDirection, string, string) key = (address, direction, exchange.MethodText, draft.Event);
        if (!_rows.TryGetValue(key, out LinkedListNode<Row>? node))
        {
            if (_byUse.Count >= limits.MaxRows) Forget(_byUse.First!);
            node = _byUse.AddLast(new Row(address, direction, exchange.MethodText, draft.Event) { FirstAt = exchange.StartedAt });
            _rows.Add(key, node);
            Counters.Increment(PeerCounter.Rows);
        }
        else
        {
            _byUse.Remove(node);
            _byUse.AddLast(node);
        }

        if (node.Value.Count(exchange, isCutShort)) Counters.Increment(PeerCounter.Silenced);
        if (draft.DialogStates is { } states)
        {
            for (int i = 0; i < states.Length; i++)
            {
                node.Value.DialogStates[i] += states[i];
                if (direction == PeerDirection.Sent) Counters.Add(PeerCounter.DialogStates, states[i]);
            }
        }

        if (node.Value.IsDirty) return;
        node.Value.IsDirty = true;
        _dirty.Add(node.Value);
    }

    private void Forget(LinkedListNode<Row> node)
    {
        Row row = node.Value;
        Counters.Increment(PeerCounter.Evicted);
        row.IsForgotten = true;
        _byUse.Remove(node);
        _rows.Remove((row.Address, row.Direction, row.Method, row.Event));
        _forgotten.Add(row.Id);
    }

    private void Note(MailboxRecord mailbox)
    {
        Counters.Increment(PeerCounter.MailboxNews);
        if (_mailboxes.Remove(mailbox.Account, out LinkedListNode<MailboxRecord>? before)) _mailboxesByUse.Remove(before);
        else if (_mailboxesByUse.Count >= limits.MaxMailboxes)
        {
            Counters.Increment(PeerCounter.MailboxesEvicted);
            _mailboxes.Remove(_mailboxesByUse.First!.Value.Account);
            _mailboxesByUse.RemoveFirst();
        }

        _mailboxes.Add(mailbox.Account, _mailboxesByUse.AddLast(mailbox));
        _news.Add(mailbox);
    }

    private static int[] ReadStates(ReadOnlySpan<byte> body)
    {
        int[] counts = new int[DialogStateNames.Length];
        for (int at = body.IndexOf("state"u8); at >= 0 && at < body.Length;)
        {
            // <state>confirmed</state>, with or without a prefix and attributes; not the state attribute of dialog-info itself.
            ReadOnlySpan<byte> rest = body[(at + 5)..];
            bool isElement = at > 0 && (body[at - 1] is (byte)'<' or (byte)':') && !rest.IsEmpty && (rest[0] is (byte)'>' or (byte)' ');
            int end = rest.IndexOf((byte)'>');
            if (isElement && end >= 0 && !body[..at].EndsWith("/"u8))
            {
                ReadOnlySpan<byte> text = rest[(end + 1)..];
                int close = text.IndexOf((byte)'<');
                ReadOnlySpan<byte> state = SipGrammar.Trim(close < 0 ? text : text[..close]).Trim("\r\n"u8);
                for (int i = 0; i < DialogStateNames.Length; i++)
                {
                    if (state.SequenceEqual(DialogStateNames[i])) counts[i]++;
                }
            }

            int next = rest.IndexOf("state"u8);
            if (next < 0) break;
            at += 5 + next;
        }

        return counts;
    }

    // Messages-Waiting: yes / Message-Account: sip:… / Voice-Message: 2/8 (0/2) (RFC 3842 5.2).
    private MailboxRecord? ReadSummary(ReadOnlySpan<byte> body, in NameAddr to, Timestamp at)
    {
        bool isWaiting = false, isSummary = false;
        string? account = null;
        int?[] counts = new int?[4];
        while (!body.IsEmpty)
        {
            int end = body.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = SipGrammar.Trim(end < 0 ? body : body[..end]);
            body = end < 0 ? default : body[(end + 1)..];
            int colon = line.IndexOf((byte)':');
            if (colon <= 0) continue;
            ReadOnlySpan<byte> name = SipGrammar.Trim(line[..colon]);
            ReadOnlySpan<byte> value = SipGrammar.Trim(line[(colon + 1)..]);
            if (SipGrammar.EqualsIgnoreCase(name, "Messages-Waiting"u8))
            {
                isSummary = true;
                isWaiting = SipGrammar.EqualsIgnoreCase(value, "yes"u8);
            }
            else if (SipGrammar.EqualsIgnoreCase(name, "Message-Account"u8))
            {
                account = RegisterDraft.AddressOfRecord(value, _texts).Aor;
            }
            else if (SipGrammar.EqualsIgnoreCase(name, "Voice-Message"u8))
            {
                ReadCounts(value, counts);
            }
        }

        account ??= RegisterDraft.AddressOfRecord(to.UriText, _texts).Aor;
        return isSummary && account is not null ? new MailboxRecord(account, isWaiting, counts[0], counts[1], counts[2], counts[3], at) : null;
    }

    private static void ReadCounts(ReadOnlySpan<byte> value, int?[] counts)
    {
        int index = 0;
        while (index < counts.Length && !value.IsEmpty)
        {
            int start = value.IndexOfAnyInRange((byte)'0', (byte)'9');
            if (start < 0) return;
            value = value[start..];
            if (!SipGrammar.TryReadLeadingNumber(value, out uint number)) return;
            counts[index++] = (int)Math.Min(number, int.MaxValue);
            int end = value.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            value = end < 0 ? default : value[end..];
        }
    }

    /// <summary>One row of figures.</summary>
    private sealed class Row
    {
        // Steps a fifth apart from 100 µs: 64 of them reach beyond the 32 s after which nothing counts as an answer.
        private const int Steps = 72;
        private readonly int[] _histogram = new int[Steps];
        private readonly long[] _byClass = new long[5];
        private long _requests, _answered, _unanswered, _retransmissions, _sumMicroseconds;
        private long _minMicroseconds = long.MaxValue, _maxMicroseconds;
        private int _lastStatus;
        private Timestamp? _lastAnswerAt, _unansweredSince;
        private Timestamp _lastAt = Timestamp.MinValue;
        private long _timed;

        public Row(Endpoint address, PeerDirection direction, string method, string package)
        {
            Address = address;
            Direction = direction;
            Method = method;
            Event = package;
            Span<byte> hash = stackalloc byte[Sha256.HashBytes];
            Sha256.Hash(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{address}\0{(int)direction}\0{method}\0{package}")), hash);
            Id = Hex.Lower(hash[..12]);
        }

        public string Id { get; }

        public Endpoint Address { get; }

        public PeerDirection Direction { get; }

        public string Method { get; }

        public string Event { get; }

        public Timestamp FirstAt { get; init; }

        public long[] DialogStates { get; } = new long[5];

        public bool IsDirty { get; set; }

        public bool IsForgotten { get; set; }

        /// <summary>Counts an exchange; true where it is the first after an answer that was not answered.</summary>
        public bool Count(Exchange exchange, bool isCutShort)
        {
            _requests++;
            _retransmissions += exchange.Retransmissions;
            _lastAt = Timestamp.Max(_lastAt, exchange.RequestAt);
            if (exchange.Status == 0)
            {
                // What the end of the capture cut short may have been answered.
                if (isCutShort) return false;
                _unanswered++;
                if (_unansweredSince is not null || (_lastAnswerAt is { } answer && answer > exchange.RequestAt)) return false;
                _unansweredSince = exchange.RequestAt;
                return true;
            }

            _answered++;
            _lastStatus = exchange.Status;
            _byClass[Math.Clamp(exchange.Status / 100, 2, 6) - 2]++;
            Timestamp answeredAt = exchange.AnsweredAt ?? exchange.RequestAt;
            if (_lastAnswerAt is null || answeredAt > _lastAnswerAt) _lastAnswerAt = answeredAt;
            if (_unansweredSince is { } since && answeredAt >= since) _unansweredSince = null;
            if (exchange.ResponseTime is not { } time) return false;
            long microseconds = time.Ticks / TimeSpan.TicksPerMicrosecond;
            _timed++;
            _sumMicroseconds += microseconds;
            _minMicroseconds = Math.Min(_minMicroseconds, microseconds);
            _maxMicroseconds = Math.Max(_maxMicroseconds, microseconds);
            _histogram[StepOf(microseconds)]++;
            return false;
        }

        public PeerRecord ToRecord() => new()
        {
            Id = Id,
            Address = Address,
            Direction = Direction,
            Method = Method,
            Event = Event,
            Requests = _requests,
            Answered = _answered,
            Unanswered = _unanswered,
            ByClass = [.. _byClass],
            Retransmissions = _retransmissions,
            ResponseMin = _timed == 0 ? null : TimeSpan.FromMicroseconds(_minMicroseconds),
            ResponseMean = _timed == 0 ? null : TimeSpan.FromMicroseconds(_sumMicroseconds / _timed),
            ResponseMax = _timed == 0 ? null : TimeSpan.FromMicroseconds(_maxMicroseconds),
            ResponseP95 = _timed == 0 ? null : TimeSpan.FromMicroseconds(Math.Min(Percentile95(), _maxMicroseconds)),
            LastStatus = _lastStatus,
            FirstAt = FirstAt,
            LastAt = _lastAt,
            LastAnswerAt = _lastAnswerAt,
            UnansweredSince = _unansweredSince,
            DialogStates = [.. DialogStates],
        };

        private long Percentile95()
        {
            long wanted = ((_timed * 95) + 99) / 100;
            long seen = 0;
            for (int step = 0; step < Steps; step++)
            {
                seen += _histogram[step];
                if (seen >= wanted) return UpperEnd(step);
            }

            return _maxMicroseconds;
        }

        private static int StepOf(long microseconds)
        {
            int step = 0;
            while (step < Steps - 1 && UpperEnd(step) < microseconds) step++;
            return step;
        }

        private static long UpperEnd(int step) => UpperEnds[step];

        private static readonly long[] UpperEnds = MakeUpperEnds();

        // Whole numbers, so that they are the same on every machine.
        private static long[] MakeUpperEnds()
        {
            long[] ends = new long[Steps];
            long end = 100;
            for (int i = 0; i < Steps; i++)
            {
                ends[i] = end;
                end = end * 6 / 5;
            }

            return ends;
        }
    }
}
