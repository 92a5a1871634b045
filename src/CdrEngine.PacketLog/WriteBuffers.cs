using System.Numerics;

namespace CdrEngine.PacketLog;

/// <summary>Buffers of few lengths, used again and again: memory that is touched for the first time costs the system more than what is written from it. Not for several threads at once.</summary>
/// <param name="longest">Bytes of the longest; the others are powers of two.</param>
/// <param name="mostIdle">Bytes kept of buffers that nobody uses.</param>
internal sealed class WriteBuffers(int longest, long mostIdle) : IDisposable
{
    private readonly Dictionary<int, Stack<WriteBuffer>> _idle = [];

    /// <summary>Bytes of buffers that nobody uses.</summary>
    public long IdleBytes { get; private set; }

    /// <summary>A buffer of the shortest length that holds so many bytes; it may hold anything.</summary>
    public WriteBuffer Rent(int bytes)
    {
        int length = Math.Max(DirectWrites.Block, (int)BitOperations.RoundUpToPowerOf2((uint)bytes));
        if (bytes <= longest && length > longest) length = longest;
        if (!_idle.TryGetValue(length, out Stack<WriteBuffer>? idle) || !idle.TryPop(out WriteBuffer? buffer)) return new WriteBuffer(length);
        IdleBytes -= length;
        return buffer;
    }

    /// <summary>Takes back a buffer that was rented, or any other.</summary>
    public void Return(WriteBuffer buffer)
    {
        if (IdleBytes + buffer.Length > mostIdle)
        {
            buffer.Dispose();
            return;
        }

        if (!_idle.TryGetValue(buffer.Length, out Stack<WriteBuffer>? idle)) _idle.Add(buffer.Length, idle = new Stack<WriteBuffer>());
        idle.Push(buffer);
        IdleBytes += buffer.Length;
    }

    /// <summary>Gives the memory of those that nobody uses back.</summary>
    public void Dispose()
    {
        foreach (Stack<WriteBuffer> idle in _idle.Values)
        {
            while (idle.TryPop(out WriteBuffer? buffer)) buffer.Dispose();
        }

        IdleBytes = 0;
    }
}
