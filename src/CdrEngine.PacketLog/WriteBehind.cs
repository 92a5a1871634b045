namespace CdrEngine.PacketLog;

/// <summary>Segment files that a thread of their own writes, so that a slow disk never holds up whoever has packets to lay down.</summary>
/// <remarks>What waits is bounded. A write that finds no room is refused like one that the disk refuses, and its writer drops chunks and counts them; signalling
/// is refused last: media may fill three quarters only. A write that fails is tried again every second; until it succeeds all others are refused.</remarks>
internal sealed class WriteBehind : ISegmentFiles, IDisposable
{
    private const int MediaQuarters = 3;
    private const long MostIdle = 4 << 20;
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(30);

    private readonly ISegmentFiles _files;
    private readonly long _limit;
    private readonly object _gate = new();
    private readonly Queue<Step> _steps = new();
    private readonly WriteBuffers _buffers;
    private readonly Thread _thread;
    private long _waitingBytes;
    private long _handed;
    private long _done;
    private string? _fault;
    private bool _ending;

    /// <summary>Begins to write.</summary>
    /// <param name="files">Where to.</param>
    /// <param name="limit">Bytes that may wait.</param>
    /// <param name="bufferBytes">Bytes of a buffer of those who write.</param>
    public WriteBehind(ISegmentFiles files, long limit, int bufferBytes)
    {
        _files = files;
        _limit = limit;
        _buffers = new WriteBuffers(bufferBytes, MostIdle);
        _thread = new Thread(Run) { Name = "packet-log", IsBackground = true };
        _thread.Start();
    }

    private enum StepKind : byte
    {
        Write,
        Sync,
        Finish,
        Close,
    }

    /// <summary>Number of the last step handed over.</summary>
    public long Handed => Volatile.Read(ref _handed);

    /// <summary>Bytes that wait.</summary>
    public long WaitingBytes => Volatile.Read(ref _waitingBytes);

    /// <summary>Whether everything up to a step is on disk.</summary>
    public bool IsDone(long step) => Volatile.Read(ref _done) >= step;

    /// <summary>Waits until everything handed over so far is on disk; false where that takes too long.</summary>
    public bool Wait(TimeSpan most)
    {
        long step = Handed;
        long deadline = Environment.TickCount64 + (long)most.TotalMilliseconds;
        lock (_gate)
        {
            while (_done < step)
            {
                long left = deadline - Environment.TickCount64;
                if (left <= 0) return false;
                Monitor.Wait(_gate, (int)left);
            }
        }

        return true;
    }

    /// <inheritdoc />
    public ISegmentFile Create(SegmentId id) => new QueuedFile(this, id);

    /// <summary>Writes what waits and ends; a disk that does not take it is given up after half a minute.</summary>
    public void Dispose()
    {
        _ = Wait(LongestEnd);
        lock (_gate)
        {
            _ending = true;
            Monitor.PulseAll(_gate);
        }

        if (_thread.Join(LongestEnd)) _buffers.Dispose();
    }

    // A buffer that is full by half is taken as it is, for an empty one; of less there is a copy, so that memory waits for the disk for the sake of what is in it.
    private WriteBuffer Hand(QueuedFile file, WriteBuffer buffer, int from, int to, long offset)
    {
        if ((to - from) < buffer.Length / 2)
        {
            Hand(file, buffer.Span[from..to], offset);
            return buffer;
        }

        lock (_gate)
        {
            Admit(file, buffer.Length);
            WriteBuffer next = _buffers.Rent(buffer.Length);
            Hand(new Step(StepKind.Write, file, buffer, from, to, offset));
            return next;
        }
    }

    private void Hand(QueuedFile file, ReadOnlySpan<byte> bytes, long offset)
    {
        lock (_gate)
        {
            // As far into a block as in the file: see WriteBuffer.
            int from = DirectWrites.InBlock(offset);
            Admit(file, bytes.Length);
            WriteBuffer copy = _buffers.Rent(from + bytes.Length);
            bytes.CopyTo(copy.Span[from..]);
            Hand(new Step(StepKind.Write, file, copy, from, from + bytes.Length, offset));
        }
    }

    private void Admit(QueuedFile file, int bytes)
    {
        if (_fault is not null) throw new IOException(_fault);
        long limit = file.Id.Kind == PacketKind.Rtp ? _limit / 4 * MediaQuarters : _limit;
        if (_waitingBytes > 0 && _waitingBytes + bytes > limit) throw new IOException("the disk is slower than the packets come");
    }

    private void Hand(Step step)
    {
        lock (_gate)
        {
            _steps.Enqueue(step);
            Volatile.Write(ref _waitingBytes, _waitingBytes + step.Length);
            Volatile.Write(ref _handed, _handed + 1);
            Monitor.PulseAll(_gate);
        }
    }

    private void Run()
    {
        while (true)
        {
            Step step;
            lock (_gate)
            {
                while (_steps.Count == 0)
                {
                    if (_ending) return;
                    Monitor.Wait(_gate);
                }

                step = _steps.Peek();
            }

            string? fault = Perform(step);
            lock (_gate)
            {
                _fault = fault;
                if (fault is not null && !_ending)
                {
                    Monitor.Wait(_gate, BetweenTries);
                    continue;
                }

                _steps.Dequeue();
                Volatile.Write(ref _waitingBytes, _waitingBytes - step.Length);
                Volatile.Write(ref _done, _done + 1);
                if (step.Buffer is not null) _buffers.Return(step.Buffer);
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Takes a step; gives why it failed.</summary>
    private string? Perform(in Step step)
    {
        try
        {
            switch (step.Kind)
            {
                case StepKind.Write:
                    step.File.Inner ??= _files.Create(step.File.Id);
                    step.File.Inner.Write(step.Buffer!.Span[step.From..step.To], step.Offset);
                    break;
                case StepKind.Sync:
                    step.File.Inner?.Sync();
                    break;
                case StepKind.Finish:
                    step.File.Inner?.Finish();
                    break;
                default:
                    step.File.Inner?.Dispose();
                    break;
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A file that cannot get its final name keeps that of one being written; the next start finishes it.
            return step.Kind == StepKind.Write ? e.Message : null;
        }
    }

    private readonly record struct Step(StepKind Kind, QueuedFile File, WriteBuffer? Buffer = null, int From = 0, int To = 0, long Offset = 0)
    {
        public int Length => Buffer?.Length ?? 0;
    }

    private sealed class QueuedFile(WriteBehind behind, SegmentId id) : ISegmentFile
    {
        public SegmentId Id => id;

        /// <summary>The file itself: made with the first write. The writing thread's alone.</summary>
        public ISegmentFile? Inner { get; set; }

        public void Write(ReadOnlySpan<byte> bytes, long offset) => behind.Hand(this, bytes, offset);

        public WriteBuffer Write(WriteBuffer buffer, int from, int to, long offset) => behind.Hand(this, buffer, from, to, offset);

        public void Sync() => behind.Hand(new Step(StepKind.Sync, this));

        public void Finish() => behind.Hand(new Step(StepKind.Finish, this));

        public void Dispose() => behind.Hand(new Step(StepKind.Close, this));
    }
}
