using CdrEngine.Core;

namespace CdrEngine.Capture.Interfaces;

/// <summary>A ring that a thread of its own empties, so that the kernel has room again while whoever reads is busy.</summary>
/// <remarks>The thread lays packets into buffers and hands those over when they are full or the ring is empty; the reader gives them back. There are so many buffers
/// and no more: when all wait for the reader the thread stops, the ring fills and the kernel counts what it drops. With every buffer comes the time up to which
/// the ring was looked at (<see cref="Horizon"/>), by which several rings are put in order of time again.</remarks>
public sealed unsafe class CaptureThread : ILiveSource
{
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int BufferBytes = 256 << 10;
    private const int WaitMilliseconds = 10;
    private const int PacketsBetweenLooks = 8192;
    private static readonly TimeSpan BetweenTendings = TimeSpan.FromSeconds(1);

    private readonly InterfaceSource _ring;
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly Queue<Buffer> _full = new();
    private readonly Stack<Buffer> _empty = new();
    private readonly AutoResetEvent _given = new(false);
    private readonly int _event;
    private readonly int _buffers;
    private long _horizon = Timestamp.MinValue.Microseconds;
    private Buffer? _reading;
    private int _readAt;
    private int _length;
    private bool _isStarted;
    private volatile bool _stopping;
    private Exception? _failure;

    /// <summary>Takes a ring, which it disposes with itself. Its thread begins with the first look at it, and has the rights and the network namespace of the
    /// thread that looks.</summary>
    /// <param name="ring">The ring; not to be used otherwise any more.</param>
    /// <param name="snapLength">Longest packet.</param>
    /// <param name="bytes">Memory for packets on their way, at least two buffers of 256 KiB.</param>
    public CaptureThread(InterfaceSource ring, int snapLength, long bytes)
    {
        _ring = ring;
        int size = Math.Max(BufferBytes, snapLength + FrameBuffer.FrameHeaderBytes + 8);
        _buffers = (int)Math.Clamp(bytes / size, 2, 1024);
        for (int i = 0; i < _buffers; i++) _empty.Push(new Buffer(size));
        _event = Native.OpenEvent(0, NonBlocking | CloseOnExec);
        if (_event < 0) throw new IOException("no eventfd for a capture thread");
        _thread = new Thread(Run) { Name = $"capture-{ring.Name}", IsBackground = true };
    }

    /// <inheritdoc />
    public string Name => _ring.Name;

    /// <inheritdoc />
    public string Origin => _ring.Origin;

    /// <inheritdoc />
    public string? Fault => _failure?.Message ?? _ring.Fault;

    /// <inheritdoc />
    public long Position => _ring.Position;

    /// <inheritdoc />
    public long Length => -1;

    /// <inheritdoc />
    public bool IsOrdered => _ring.IsOrdered;

    /// <inheritdoc />
    public long Losses => _ring.Losses;

    /// <inheritdoc />
    public Timestamp Horizon => new(Volatile.Read(ref _horizon));

    /// <inheritdoc />
    public int FillPercent
    {
        get
        {
            lock (_gate) return _full.Count * 100 / _buffers;
        }
    }

    /// <inheritdoc />
    public ReadOutcome Read(out CapturedPacket packet)
    {
        if (!Peek(out _))
        {
            _ = Native.Poll([_event], 100);
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
    public void AddDescriptors(IList<int> descriptors) => descriptors.Add(_event);

    /// <inheritdoc />
    public bool Peek(out Timestamp order)
    {
        if (!_isStarted)
        {
            _isStarted = true;
            _thread.Start();
        }

        if ((_reading is null || _readAt >= _reading.Used) && !NextBuffer())
        {
            order = default;
            return false;
        }

        if (_failure is not null) throw new InvalidOperationException($"{Name}: the capture thread has failed: {_failure.Message}", _failure);
        FrameBuffer.TryReadFrame(_reading!.Bytes.AsSpan(_readAt, _reading.Used - _readAt), out CapturedPacket packet, out _length);
        order = packet.CapturedAt;
        return true;
    }

    /// <inheritdoc />
    public void Take(out CapturedPacket packet)
    {
        if (_reading is null || _readAt >= _reading.Used) throw new InvalidOperationException("nothing stands ready");
        FrameBuffer.TryReadFrame(_reading.Bytes.AsSpan(_readAt, _reading.Used - _readAt), out packet, out _length);
        _readAt += _length;
    }

    /// <inheritdoc />
    public void Tend()
    {
        // The thread looks after its ring itself.
    }

    /// <inheritdoc />
    public IEnumerable<CounterValue> Describe() => _ring.Describe();

    /// <inheritdoc />
    public void Dispose()
    {
        _stopping = true;
        _given.Set();
        if (_isStarted) _thread.Join();
        _ring.Dispose();
        _given.Dispose();
        _ = Native.CloseSocket(_event);
    }

    // ---- the reader's side ----

    private bool NextBuffer()
    {
        lock (_gate)
        {
            if (_reading is not null)
            {
                _reading.Used = 0;
                _empty.Push(_reading);
                _reading = null;
                _given.Set();
            }

            _readAt = 0;
            if (_full.TryDequeue(out _reading)) return true;
        }

        // Nothing is left: the event is taken back, and whatever was handed over meanwhile is looked at once more.
        ulong count;
        _ = Native.Read(_event, &count, sizeof(ulong));
        lock (_gate) return _full.TryDequeue(out _reading);
    }

    // ---- the thread ----

    private void Run()
    {
        try
        {
            Empty();
        }
        catch (Exception e)
        {
            // It is thrown to the reader, on whose thread it stops the capture.
            _failure = e;
            ulong one = 1;
            _ = Native.Write(_event, &one, sizeof(ulong));
        }
    }

    private void Empty()
    {
        var descriptors = new List<int>(1);
        long tendedAt = Environment.TickCount64;
        int untilLook = PacketsBetweenLooks;
        Buffer? filling = null;
        while (!_stopping)
        {
            Timestamp before = Timestamp.From(DateTimeOffset.UtcNow);
            bool isPacket = _ring.Peek(out _);
            if (isPacket)
            {
                _ring.Take(out CapturedPacket packet);
                int needed = FrameBuffer.FrameHeaderBytes + packet.Bytes.Length;
                if (filling is not null && filling.Bytes.Length - filling.Used < needed) HandOver(ref filling);
                filling ??= EmptyBuffer();
                if (filling is null) return;
                FrameBuffer.WriteFrame(filling.Bytes.AsSpan(filling.Used), packet);
                filling.Used += needed;
                if (--untilLook > 0) continue;
            }

            untilLook = PacketsBetweenLooks;
            if (!isPacket)
            {
                HandOver(ref filling);

                // What is not in the ring by now was stamped later than a little before this look began.
                Volatile.Write(ref _horizon, (before - LiveReader.Hold).Microseconds);
                descriptors.Clear();
                _ring.AddDescriptors(descriptors);
                if (Native.Poll(descriptors, WaitMilliseconds)) _ring.Tend();
            }

            if (Environment.TickCount64 - tendedAt < (long)BetweenTendings.TotalMilliseconds) continue;
            tendedAt = Environment.TickCount64;
            _ring.Tend();
        }
    }

    private Buffer? EmptyBuffer()
    {
        while (!_stopping)
        {
            lock (_gate)
            {
                if (_empty.TryPop(out Buffer? buffer)) return buffer;
            }

            _given.WaitOne();
        }

        return null;
    }

    private void HandOver(ref Buffer? filling)
    {
        if (filling is null) return;
        lock (_gate) _full.Enqueue(filling);
        filling = null;
        ulong one = 1;
        _ = Native.Write(_event, &one, sizeof(ulong));
    }

    private sealed class Buffer(int size)
    {
        public byte[] Bytes { get; } = new byte[size];

        public int Used { get; set; }
    }
}
