using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.PacketLog;

/// <summary>Where a writer puts its segments; a disk in the engine, something that fails on demand in tests.</summary>
internal interface ISegmentFiles
{
    /// <summary>Makes the file of a new segment; throws <see cref="IOException"/> where that cannot be, also where it is already there.</summary>
    ISegmentFile Create(SegmentId id);
}

/// <summary>One segment's file while it is written.</summary>
internal interface ISegmentFile : IDisposable
{
    /// <summary>Writes all of <paramref name="bytes"/> at an offset or throws <see cref="IOException"/>; the same write may be tried again.</summary>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Writes a part of a buffer, as above. The file may keep the buffer; gives the one to go on with, of the same length, which may hold anything.</summary>
    WriteBuffer Write(WriteBuffer buffer, int from, int to, long offset)
    {
        Write(buffer.Span[from..to], offset);
        return buffer;
    }

    /// <summary>Makes sure that what was written is on the disk itself, so that a power cut does not take it.</summary>
    void Sync();

    /// <summary>Gives the file its final name.</summary>
    void Finish();
}

/// <summary>Segments in day folders below a root.</summary>
internal sealed class FolderSegmentFiles(string root, DirectWrites direct) : ISegmentFiles
{
    public ISegmentFile Create(SegmentId id)
    {
        string path = id.OpenPathBelow(root);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return new FolderSegmentFile(
            File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete), path, id.PathBelow(root), direct);
    }

    /// <summary>A file in its folder.</summary>
    /// <remarks>Whole blocks go past the page cache, by a second descriptor; what is before and behind them goes through it, so that readers see at once all that was written, nothing has to be
    /// filled up or cut later, and no byte is written twice: a purge may have overwritten it meanwhile.</remarks>
    private sealed class FolderSegmentFile(SafeFileHandle handle, string openPath, string path, DirectWrites direct) : ISegmentFile
    {
        private SafeFileHandle? _direct;
        private bool _isRefused;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            int head = DirectWrites.BeforeBlock(offset);
            int blocks = (bytes.Length - head) & -DirectWrites.Block;
            if (blocks >= DirectWrites.LeastBytes && IsAligned(bytes[head..]) && Opened() is { } file)
            {
                if (head > 0) RandomAccess.Write(handle, bytes[..head], offset);
                head += WriteBlocks(file, bytes.Slice(head, blocks), offset + head);
                bytes = bytes[head..];
                offset += head;
            }

            if (!bytes.IsEmpty) RandomAccess.Write(handle, bytes, offset);
        }

        public void Sync() => RandomAccess.FlushToDisk(handle);

        public void Finish()
        {
            Dispose();
            File.Move(openPath, path, overwrite: false);
        }

        public void Dispose()
        {
            _direct?.Dispose();
            handle.Dispose();
        }

        private static unsafe bool IsAligned(ReadOnlySpan<byte> bytes) =>
            ((nuint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes)) & (DirectWrites.Block - 1)) == 0;

        private SafeFileHandle? Opened()
        {
            if (_direct is not null || _isRefused) return direct.IsOn ? _direct : null;
            if (!direct.IsOn) return null;
            _direct = direct.Disk!.Open(openPath, out int error);
            if (_direct is not null) return _direct;
            _isRefused = true;
            RefuseWhere(error);
            return null;
        }

        // How many bytes were written; the others, if any, the page cache may take.
        private int WriteBlocks(SafeFileHandle file, ReadOnlySpan<byte> blocks, long offset)
        {
            int done = 0;
            while (done < blocks.Length && DirectWrites.InBlock(done) == 0)
            {
                nint written = direct.Disk!.Write(file, blocks[done..], offset + done, out int error);
                if (written > 0)
                {
                    done += (int)written;
                    continue;
                }

                if (!RefuseWhere(error)) throw new IOException($"{Marshal.GetPInvokeErrorMessage(error)} : '{openPath}'", error);
                break;
            }

            return done;
        }

        // Whether an error says that it is not for us to write so. Any other is the disk's own, and no way around it would make it good.
        private bool RefuseWhere(int error)
        {
            if (error is not (0 or LinuxDirectDisk.InvalidArgument or LinuxDirectDisk.NotSupported)) return false;
            direct.Refuse(openPath, error == 0 ? "nothing was written" : Marshal.GetPInvokeErrorMessage(error));
            return true;
        }
    }
}
