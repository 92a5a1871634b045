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

    /// <summary>Makes sure that what was written is on the disk itself, so that a power cut does not take it.</summary>
    void Sync();

    /// <summary>Gives the file its final name.</summary>
    void Finish();
}

/// <summary>Segments in day folders below a root.</summary>
internal sealed class FolderSegmentFiles(string root) : ISegmentFiles
{
    public ISegmentFile Create(SegmentId id)
    {
        string path = id.OpenPathBelow(root);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return new FolderSegmentFile(
            File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete), path, id.PathBelow(root));
    }

    private sealed class FolderSegmentFile(SafeFileHandle handle, string openPath, string path) : ISegmentFile
    {
        public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(handle, bytes, offset);

        public void Sync() => RandomAccess.FlushToDisk(handle);

        public void Finish()
        {
            handle.Dispose();
            File.Move(openPath, path, overwrite: false);
        }

        public void Dispose() => handle.Dispose();
    }
}
