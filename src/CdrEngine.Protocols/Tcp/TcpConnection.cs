using CdrEngine.Core;

namespace CdrEngine.Protocols.Tcp;

/// <summary>What the next bytes of a stream are expected to be.</summary>
internal enum StreamPhase : byte
{
    /// <summary>The very first bytes of the connection: they say what it is.</summary>
    First,

    /// <summary>Anything: a message has to be found.</summary>
    Search,

    /// <summary>A SIP message, or a keep-alive before one.</summary>
    Sip,

    /// <summary>An HTTP header section that may turn the stream into a WebSocket.</summary>
    Handshake,

    /// <summary>A WebSocket frame.</summary>
    WebSocket,

    /// <summary>WebSocket, but where a frame begins is not known.</summary>
    WebSocketSearch,

    /// <summary>A chunk or a response of MSRP.</summary>
    Msrp,

    /// <summary>MSRP, but where a chunk begins is not known.</summary>
    MsrpSearch,
}

/// <summary>One direction of a TCP connection.</summary>
internal sealed class TcpStream
{
    public TcpStream(TcpConnection connection)
    {
        Connection = connection;
        HoleEntry = new ActivityEntry<TcpStream>(this);
        BufferEntry = new ActivityEntry<TcpStream>(this);
    }

    public TcpConnection Connection { get; }

    public ActivityEntry<TcpStream> HoleEntry { get; }

    public ActivityEntry<TcpStream> BufferEntry { get; }

    public Endpoint Source { get; set; }

    public Endpoint Destination { get; set; }

    // Sequence. Positions count bytes from the first one expected, which has position 0; they never wrap.
    public bool IsStarted { get; set; }

    public bool IsExactStart { get; set; }

    public uint FirstSequence { get; set; }

    public uint NextSequence { get; set; }

    public long NextPosition { get; set; }

    public long AcknowledgedPosition { get; set; }

    public long CutPosition { get; set; }

    public bool HasStray { get; set; }

    public uint StraySequence { get; set; }

    public bool IsFinished { get; set; }

    public Timestamp HoleOpenedAt { get; set; }

    public long HolePosition { get; set; }

    public StreamBuffer? Buffer { get; set; }

    public int AccountedBytes { get; set; }

    public Arrival Latest { get; set; }

    // Framing. What is relative counts from the first byte not consumed.
    public StreamPhase Phase { get; set; }

    public bool IsSynced { get; set; }

    public bool IsUnverified { get; set; }

    public long SkipUntil { get; set; }

    public int SearchedBytes { get; set; }

    public bool HasScan { get; set; }

    public int WebSocketScanned { get; set; }

    public int WebSocketPayloadBytes { get; set; }

    /// <summary>Bytes of the chunk at hand that are known not to hold its end.</summary>
    public int MsrpScanned { get; set; }

    public ref SipHeaderScan Scan => ref _scan;

    private SipHeaderScan _scan;

    /// <summary>Forgets everything but the addresses. The buffer must have been given back.</summary>
    public void Reset()
    {
        IsStarted = false;
        IsExactStart = false;
        FirstSequence = 0;
        NextSequence = 0;
        NextPosition = 0;
        IsFinished = false;
        HasStray = false;
        AcknowledgedPosition = 0;
        CutPosition = -1;
        HolePosition = -1;
        Latest = default;
        IsSynced = false;
        SkipUntil = 0;
        Restart(StreamPhase.Search);
    }

    /// <summary>The next byte is the first of the stream.</summary>
    public void Start(uint sequence, bool isExact)
    {
        Reset();
        IsStarted = true;
        IsExactStart = isExact;
        FirstSequence = sequence;
        NextSequence = sequence;
        Phase = isExact ? StreamPhase.First : StreamPhase.Search;
    }

    /// <summary>Leaves the message begun, if any, and expects something else.</summary>
    public void Restart(StreamPhase phase)
    {
        Phase = phase;
        IsUnverified = false;
        SearchedBytes = 0;
        NextMessage();
    }

    /// <summary>The next byte begins a message.</summary>
    public void NextMessage()
    {
        HasScan = false;
        _scan = default;
        WebSocketScanned = 0;
        WebSocketPayloadBytes = 0;
        MsrpScanned = 0;
    }
}

/// <summary>A TCP connection: two directions and what is known of both together.</summary>
internal sealed class TcpConnection
{
    public TcpConnection()
    {
        Forward = new TcpStream(this);
        Backward = new TcpStream(this);
        Entry = new ActivityEntry<TcpConnection>(this);
    }

    public TcpStream Forward { get; }

    public TcpStream Backward { get; }

    public ActivityEntry<TcpConnection> Entry { get; }

    public ulong Hash { get; set; }

    public Timestamp LastSeen { get; set; }

    public bool IsIgnored { get; set; }

    public bool IsClosed { get; set; }

    public bool AskedForSip { get; set; }

    public TcpStream StreamFrom(in Endpoint source) => Forward.Source == source ? Forward : Backward;

    public TcpStream Other(TcpStream stream) => ReferenceEquals(stream, Forward) ? Backward : Forward;

    public bool Joins(in Endpoint one, in Endpoint other) =>
        (Forward.Source == one && Forward.Destination == other) || (Forward.Source == other && Forward.Destination == one);

    public void Open(in Endpoint source, in Endpoint destination, ulong hash)
    {
        Hash = hash;
        IsIgnored = false;
        IsClosed = false;
        AskedForSip = false;
        Forward.Reset();
        Backward.Reset();
        Forward.Source = source;
        Forward.Destination = destination;
        Backward.Source = destination;
        Backward.Destination = source;
    }
}

/// <summary>Finds connections by their two addresses, in either order; open addressing, no allocation but to grow.</summary>
internal sealed class ConnectionTable
{
    private TcpConnection?[] _slots = new TcpConnection?[256];

    public int Count { get; private set; }

    public static ulong HashOf(in Endpoint one, in Endpoint other)
    {
        // Symmetric in its two arguments, so that both directions meet in one slot.
        ulong hash = (one.Hash64() + other.Hash64()) * 0x9E37_79B9_7F4A_7C15;
        return hash ^ (hash >> 29);
    }

    public TcpConnection? Find(ulong hash, in Endpoint one, in Endpoint other)
    {
        int mask = _slots.Length - 1;
        for (int i = (int)hash & mask; ; i = (i + 1) & mask)
        {
            TcpConnection? connection = _slots[i];
            if (connection is null || (connection.Hash == hash && connection.Joins(one, other))) return connection;
        }
    }

    public void Add(TcpConnection connection)
    {
        if (Count >= _slots.Length / 2) Grow();
        Place(connection);
        Count++;
    }

    public void Remove(TcpConnection connection)
    {
        int mask = _slots.Length - 1;
        int hole = (int)connection.Hash & mask;
        while (!ReferenceEquals(_slots[hole], connection)) hole = (hole + 1) & mask;
        for (int next = (hole + 1) & mask; _slots[next] is { } moving; next = (next + 1) & mask)
        {
            // Whoever stands at or before the hole in its own probe order may close it.
            int home = (int)moving.Hash & mask;
            if (((next - home) & mask) < ((next - hole) & mask)) continue;
            _slots[hole] = moving;
            hole = next;
        }

        _slots[hole] = null;
        Count--;
    }

    private void Place(TcpConnection connection)
    {
        int mask = _slots.Length - 1;
        int i = (int)connection.Hash & mask;
        while (_slots[i] is not null) i = (i + 1) & mask;
        _slots[i] = connection;
    }

    private void Grow()
    {
        TcpConnection?[] old = _slots;
        _slots = new TcpConnection?[old.Length * 2];
        foreach (TcpConnection? connection in old)
        {
            if (connection is not null) Place(connection);
        }
    }
}
