using System.Net.Sockets;
using System.Runtime.InteropServices;
using CdrEngine.Capture.Interfaces;
using CdrEngine.Core;
using CdrEngine.Protocols.Hep;

namespace CdrEngine.Capture.Hep;

/// <summary>A HEP listener on UDP and TCP: what agents send becomes packets like any other.</summary>
/// <remarks>Nothing blocks and nothing is waited for here: <see cref="LiveReader"/> waits on the descriptors. Agents that send nonsense over TCP
/// are disconnected; over UDP each datagram stands for itself.</remarks>
public sealed class HepSource : ILiveSource
{
    private const int LevelSocket = 1;
    private const int OptionMemoryInfo = 55; // SO_MEMINFO: nine numbers, the last counts drops
    private const int MemoryInfoBytes = 36;
    private const int MostTurns = 64;
    private const int WaitMilliseconds = 100;
    private const int MostChoices = 16;

    private readonly HepOptions _options;
    private readonly HepReader _reader;
    private readonly Socket _datagrams;
    private readonly Socket _listener;
    private readonly List<HepConnection> _connections = [];
    private readonly byte[] _buffer = new byte[HepConnection.BufferBytes];
    private int _turn;
    private bool _standsReady;
    private uint _drops;

    private HepSource(HepOptions options, Socket datagrams, Socket listener)
    {
        _options = options;
        _datagrams = datagrams;
        _listener = listener;
        Name = $"hep:{datagrams.LocalEndPoint}";
        _reader = new HepReader(Name, options);
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <inheritdoc />
    public string Origin => _reader.Origin;

    /// <inheritdoc />
    public string? Fault => null;

    /// <inheritdoc />
    public long Position { get; private set; }

    /// <inheritdoc />
    public long Length => -1;

    /// <inheritdoc />
    public bool IsOrdered => false;

    /// <inheritdoc />
    public long Losses { get; private set; }

    /// <summary>What is counted.</summary>
    public Counters<HepCounter> Counters => _reader.Counters;

    /// <summary>Messages refused, by reason.</summary>
    public Counters<HepRejection> Rejections => _reader.Rejections;

    /// <summary>Begins to listen. Port 0 takes one that is free by UDP and by TCP.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="problem">One line where null is given back.</param>
    public static HepSource? Open(HepOptions options, out string? problem)
    {
        for (int attempt = 1; ; attempt++)
        {
            Socket? datagrams = null;
            Socket? listener = null;
            try
            {
                datagrams = new Socket(options.Listen.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
                datagrams.ReceiveBufferSize = options.ReceiveBufferBytes;
                datagrams.Bind(options.Listen);

                // The same port where the system chose one.
                listener = new Socket(options.Listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                listener.Bind(datagrams.LocalEndPoint!);
                listener.Listen(16);
                problem = null;
                return new HepSource(options, datagrams, listener);
            }
            catch (SocketException e)
            {
                // A port that the system chose for UDP may be somebody's by TCP: another one then.
                bool again = listener is not null && options.Listen.Port == 0 && e.SocketErrorCode == SocketError.AddressAlreadyInUse && attempt < MostChoices;
                datagrams?.Dispose();
                listener?.Dispose();
                if (again) continue;
                problem = e.Message.ReplaceLineEndings(" ");
                return null;
            }
        }
    }

    /// <inheritdoc />
    public ReadOutcome Read(out CapturedPacket packet)
    {
        if (!Peek(out _))
        {
            var descriptors = new List<int>();
            AddDescriptors(descriptors);
            _ = Native.Poll(descriptors, WaitMilliseconds);
            if (!Peek(out _))
            {
                packet = default;
                return ReadOutcome.Idle;
            }
        }

        Take(out packet);
        return ReadOutcome.Packet;
    }

    /// <inheritdoc />
    public void AddDescriptors(IList<int> descriptors)
    {
        descriptors.Add((int)_datagrams.Handle);
        descriptors.Add((int)_listener.Handle);
        foreach (HepConnection connection in _connections) descriptors.Add((int)connection.Socket.Handle);
    }

    /// <inheritdoc />
    public bool Peek(out Timestamp order)
    {
        order = Timestamp.MinValue;

        // Messages that are no packets are passed over, but not for ever: other sources want to be read too.
        for (int turn = 0; turn < MostTurns && !_standsReady; turn++)
        {
            if (!TakeDatagram() && !TakeFromStreams()) break;
        }

        return _standsReady;
    }

    /// <inheritdoc />
    public void Take(out CapturedPacket packet)
    {
        if (!_standsReady) throw new InvalidOperationException("nothing stands ready");
        _standsReady = false;
        packet = _reader.Packet;
    }

    /// <inheritdoc />
    public void Tend()
    {
        Span<byte> information = stackalloc byte[MemoryInfoBytes];
        if (_datagrams.GetRawSocketOption(LevelSocket, OptionMemoryInfo, information) < MemoryInfoBytes) return;
        uint drops = MemoryMarshal.Read<uint>(information[(MemoryInfoBytes - sizeof(uint))..]);
        uint more = unchecked(drops - _drops);
        _drops = drops;
        Counters.Add(HepCounter.KernelDropped, more);
        Losses += more;
    }

    /// <inheritdoc />
    public IEnumerable<CounterValue> Describe() => Counters.Describe().Concat(Rejections.Describe());

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (HepConnection connection in _connections) connection.Dispose();
        _connections.Clear();
        _datagrams.Dispose();
        _listener.Dispose();
    }

    /// <summary>Reads one datagram; false where there is none.</summary>
    private bool TakeDatagram()
    {
        int length = _datagrams.Receive(_buffer, SocketFlags.None, out SocketError error);
        if (error != SocketError.Success) return false;
        Position += length;
        if (_reader.Read(_buffer.AsSpan(0, length), Now(), out _) == ParseOutcome.NeedMore) Counters.Increment(HepCounter.CutDatagrams);
        _standsReady = _reader.HasPacket;
        return true;
    }

    /// <summary>Takes the next message of the connections in turn; false where none has one.</summary>
    private bool TakeFromStreams()
    {
        if (_listener.Poll(0, SelectMode.SelectRead)) Accept();
        for (int i = 0; i < _connections.Count; i++)
        {
            _turn = (_turn + 1) % _connections.Count;
            HepConnection connection = _connections[_turn];
            if (TakeFrom(connection)) return true;
            Position += connection.Fill();
            if (TakeFrom(connection)) return true;
            if (!connection.IsOver) continue;
            connection.Dispose();
            _connections.RemoveAt(_turn--);
            return _connections.Count > 0;
        }

        return false;
    }

    private bool TakeFrom(HepConnection connection)
    {
        if (connection.Unread.IsEmpty) return false;
        ParseOutcome outcome = _reader.Read(connection.Unread, Now(), out int consumed);
        if (outcome == ParseOutcome.NeedMore) return false;
        if (outcome == ParseOutcome.Malformed && consumed == 0)
        {
            // Where the next message begins cannot be known.
            Counters.Increment(HepCounter.ConnectionsBroken);
            connection.Break();
            return false;
        }

        connection.Advance(consumed);
        _standsReady = _reader.HasPacket;
        return true;
    }

    private void Accept()
    {
        Socket socket;
        try
        {
            socket = _listener.Accept();
        }
        catch (SocketException)
        {
            // Whoever knocked is gone again, or the process has no descriptor left for it: others go on being read.
            Counters.Increment(HepCounter.ConnectionsRefused);
            return;
        }

        if (_connections.Count >= _options.MaxConnections)
        {
            Counters.Increment(HepCounter.ConnectionsRefused);
            socket.Dispose();
            return;
        }

        Counters.Increment(HepCounter.Connections);
        socket.Blocking = false;
        _connections.Add(new HepConnection(socket));
    }

    private static Timestamp Now() => Timestamp.From(DateTimeOffset.UtcNow);
}
