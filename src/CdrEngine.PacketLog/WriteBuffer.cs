namespace CdrEngine.PacketLog;

/// <summary>Bytes on their way to a file, outside the managed heap: made when they are first needed, given back by <see cref="Dispose"/>. One thread at a time.</summary>
/// <remarks>Within the heap a mebibyte would be a large object, and pinned ones have a small budget of their own: the buffers of two shards set off a collection of everything at the
/// start, which moved the next one behind the end of a short import (docs/decisions/0038-the-start-and-a-collection-too-early.md). They begin at a multiple of
/// <see cref="DirectWrites.Block"/>, so that a byte that lies in the buffer as far into a block as it will in the file can be written past the page cache.</remarks>
/// <param name="length">Bytes there are.</param>
internal sealed unsafe class WriteBuffer(int length) : IDisposable
{
    private PlainMemory? _memory;

    /// <summary>Bytes there are.</summary>
    public int Length => length;

    /// <summary>All of them, as they were left; at first they may hold anything. Not to be used once this is disposed of.</summary>
    public Span<byte> Span => new((_memory ??= new PlainMemory(length, DirectWrites.Block)).First, length);

    /// <summary>Gives the memory back. Whoever asks for <see cref="Span"/> again gets other memory.</summary>
    public void Dispose()
    {
        _memory?.Dispose();
        _memory = null;
    }
}
