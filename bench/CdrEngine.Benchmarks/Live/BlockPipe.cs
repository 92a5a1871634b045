using System.Collections.Concurrent;

namespace CdrEngine.Benchmarks.Live;

/// <summary>Bytes from one thread to another in blocks, a few of them at a time: a file that is never there as a whole.</summary>
internal sealed class BlockPipe : IDisposable
{
    private const int BlockBytes = 1 << 20;
    private const int Blocks = 8;
    private readonly BlockingCollection<(byte[] Bytes, int Length)> _full = new(Blocks);
    private readonly ConcurrentBag<byte[]> _empty = [];
    private readonly CancellationTokenSource _abandoned = new();

    public BlockPipe()
    {
        Input = new Writer(this);
        Output = new Reader(this);
    }

    public Stream Input { get; }

    public Stream Output { get; }

    /// <summary>The writer is done.</summary>
    public void Complete()
    {
        if (!_abandoned.IsCancellationRequested) Input.Flush();
        _full.CompleteAdding();
    }

    /// <summary>The reader is: whoever writes is told by <see cref="OperationCanceledException"/>.</summary>
    public void Abandon() => _abandoned.Cancel();

    public void Dispose()
    {
        _full.Dispose();
        _abandoned.Dispose();
    }

    private byte[] Block() => _empty.TryTake(out byte[]? block) ? block : new byte[BlockBytes];

    private abstract class Side : Stream
    {
        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }

    private sealed class Writer(BlockPipe pipe) : Side
    {
        private byte[] _block = pipe.Block();
        private int _used;

        public override bool CanRead => false;

        public override bool CanWrite => true;

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                int part = Math.Min(bytes.Length, BlockBytes - _used);
                bytes[..part].CopyTo(_block.AsSpan(_used));
                _used += part;
                bytes = bytes[part..];
                if (_used == BlockBytes) Send();
            }
        }

        public override void Flush()
        {
            // Only the end sends a block that is not full.
            if (_used > 0 && !pipe._full.IsAddingCompleted) Send();
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private void Send()
        {
            pipe._full.Add((_block, _used), pipe._abandoned.Token);
            _block = pipe.Block();
            _used = 0;
        }
    }

    private sealed class Reader(BlockPipe pipe) : Side
    {
        private byte[]? _block;
        private int _at;
        private int _length;

        public override bool CanRead => true;

        public override bool CanWrite => false;

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (_block is null || _at == _length)
            {
                if (_block is not null) pipe._empty.Add(_block);
                _block = null;
                if (!pipe._full.TryTake(out (byte[] Bytes, int Length) next, Timeout.Infinite)) return 0;
                (_block, _length, _at) = (next.Bytes, next.Length, 0);
            }

            int part = Math.Min(buffer.Length, _length - _at);
            _block.AsSpan(_at, part).CopyTo(buffer);
            _at += part;
            return part;
        }

        public override void Flush()
        {
            // Nothing is held back.
        }

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
