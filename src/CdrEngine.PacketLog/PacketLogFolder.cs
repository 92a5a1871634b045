using System.Globalization;
using CdrEngine.Core;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.PacketLog;

/// <summary>The packet log in its folder, opened for writing. Opening takes a run number that was never used before and repairs what crashed runs left.</summary>
/// <remarks>Layout: <c>runs/000003.lock</c> (held by the run that has the number), <c>2026-11-20/0427-sip-s00-r000003-p000.seg</c>. Several programs may
/// have the same folder open: each has its own run, and only segments of runs that nobody holds are repaired.</remarks>
public sealed class PacketLogFolder : IDisposable
{
    private readonly PacketLogLimits _limits;
    private readonly FileStream _lock;

    private PacketLogFolder(string root, PacketLogLimits limits, uint run, FileStream held, RecoveryReport recovery, KeyRing? keys, Action<string>? tell)
    {
        Root = root;
        Keys = keys;
        _limits = limits;
        Run = run;
        _lock = held;
        Recovery = recovery;
        Files = new FolderSegmentFiles(root, new DirectWrites(limits.WritesDirect, tell: tell));
    }

    /// <summary>Path of the folder.</summary>
    public string Root { get; }

    /// <summary>Number of this run.</summary>
    public uint Run { get; }

    /// <summary>What segments are sealed with; null where packets are kept in the clear.</summary>
    public KeyRing? Keys { get; }

    /// <summary>What opening found and repaired.</summary>
    public RecoveryReport Recovery { get; }

    /// <summary>Opens the log at <paramref name="root"/>, made where there is none; throws <see cref="IOException"/> or
    /// <see cref="UnauthorizedAccessException"/> where that cannot be.</summary>
    /// <param name="root">Path of the folder.</param>
    /// <param name="limits">Bounds; null for the defaults.</param>
    /// <param name="keys">What new segments are sealed with, and sealed ones are read with; null for none.</param>
    /// <param name="tell">Gets a line where something goes another way than was wished. Any thread; null tells nobody.</param>
    public static PacketLogFolder Open(string root, PacketLogLimits? limits = null, KeyRing? keys = null, Action<string>? tell = null)
    {
        limits = (limits ?? new PacketLogLimits()).Checked();
        string runs = Path.Combine(root, "runs");
        Directory.CreateDirectory(runs);
        List<SegmentFile> files = SegmentFile.List(root);
        var known = new SortedSet<uint>();
        uint last = 0;
        foreach (string path in Directory.EnumerateFiles(runs, "*.lock"))
        {
            if (!uint.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out uint run)) continue;
            known.Add(run);
            last = Math.Max(last, run);
        }

        foreach (SegmentFile file in files) last = Math.Max(last, file.Id.Run);
        (uint mine, FileStream held) = TakeRun(runs, last + 1);
        return new PacketLogFolder(root, limits, mine, held, Repair(runs, files, known, mine), keys, tell);
    }

    /// <summary>Whether a run is no more: it ended, or crashed. False for this one.</summary>
    public bool IsOver(uint run)
    {
        if (run == Run) return false;
        var held = new Dictionary<uint, FileStream?>();
        bool over = IsDead(Path.Combine(Root, "runs"), run, held);
        foreach (FileStream? file in held.Values) file?.Dispose();
        return over;
    }

    /// <summary>Where its segments are written.</summary>
    internal FolderSegmentFiles Files { get; }

    /// <summary>The part of one shard; dispose it before the folder.</summary>
    public PacketLogShard OpenShard(ushort shard) => new(Files, shard, Run, _limits, Keys);

    /// <summary>A reader of this log.</summary>
    public PacketLogReader OpenReader() => new(Root, _limits, Keys);

    /// <summary>Gives the run up. Its number stays taken: the newest lock file is never removed.</summary>
    public void Dispose() => _lock.Dispose();

    private static (uint Run, FileStream Held) TakeRun(string runs, uint run)
    {
        for (; ; run++)
        {
            string path = LockPath(runs, run);
            try
            {
                return (run, new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another program took the number a moment ago.
            }
        }
    }

    private static RecoveryReport Repair(string runs, List<SegmentFile> files, SortedSet<uint> known, uint mine)
    {
        var report = new RecoveryReport();
        var dead = new Dictionary<uint, FileStream?>();
        try
        {
            foreach (SegmentFile file in files)
            {
                if (file.IsOpen && file.Id.Run != mine && IsDead(runs, file.Id.Run, dead)) report.Repair(file);
            }

            foreach (uint run in known)
            {
                // Of dead runs the lock files go; the numbers stay behind in this run's own.
                if (run < mine && IsDead(runs, run, dead)) File.Delete(LockPath(runs, run));
            }
        }
        finally
        {
            foreach (FileStream? held in dead.Values) held?.Dispose();
        }

        return report;
    }

    private static bool IsDead(string runs, uint run, Dictionary<uint, FileStream?> dead)
    {
        if (dead.ContainsKey(run)) return true;
        try
        {
            string path = LockPath(runs, run);
            dead.Add(run, File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None) : null);
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string LockPath(string runs, uint run) => Path.Combine(runs, run.ToString("000000", CultureInfo.InvariantCulture) + ".lock");
}

/// <summary>One segment's file.</summary>
/// <param name="Id">Which segment, by its path.</param>
/// <param name="Path">Full path.</param>
/// <param name="Bytes">Size.</param>
/// <param name="IsOpen">True while a run is writing it, or where one crashed.</param>
public sealed record SegmentFile(SegmentId Id, string Path, long Bytes, bool IsOpen)
{
    /// <summary>All segments below a root, in order of <see cref="Id"/>; empty where there is no such folder.</summary>
    public static List<SegmentFile> List(string root)
    {
        var files = new List<SegmentFile>();
        if (!Directory.Exists(root)) return files;
        foreach (DirectoryInfo day in new DirectoryInfo(root).EnumerateDirectories("????-??-??"))
        {
            foreach (FileInfo file in day.EnumerateFiles())
            {
                if (SegmentId.TryParse(file.FullName, out SegmentId id, out bool open)) files.Add(new SegmentFile(id, file.FullName, Length(file), open));
            }
        }

        files.Sort(static (left, right) => left.Id.CompareTo(right.Id));
        return files;
    }

    private static long Length(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            // Renamed or removed by another program between the listing and here.
            return 0;
        }
    }
}

/// <summary>What was found in segments that a crashed run left.</summary>
public sealed class RecoveryReport
{
    private readonly List<SegmentId> _segments = [];
    private readonly List<string> _lines = [];

    /// <summary>Segments finished in the crashed run's place, in order; their chunks are good. A replay reads these.</summary>
    public IReadOnlyList<SegmentId> Segments => _segments;

    /// <summary>One line for each repair that lost something, and for each that failed.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>Good chunks in <see cref="Segments"/>.</summary>
    public int Chunks { get; private set; }

    /// <summary>Segments whose torn tail was cut.</summary>
    public int TornSegments { get; private set; }

    /// <summary>Bytes cut.</summary>
    public long TornBytes { get; private set; }

    /// <summary>Damaged chunks before the tail, left in place.</summary>
    public int DamagedChunks { get; private set; }

    /// <summary>Files without a readable segment header, set aside as <c>.damaged</c> or, where too short to hold one, removed.</summary>
    public int UnreadableSegments { get; private set; }

    internal void Repair(SegmentFile file)
    {
        try
        {
            bool keep = Scan(file, out long goodLength, out long fileLength);
            if (!keep)
            {
                UnreadableSegments++;
                TornBytes += fileLength;
                if (fileLength < SegmentFormat.SegmentHeaderBytes) File.Delete(file.Path);
                else File.Move(file.Path, file.Path + ".damaged", overwrite: true);
                _lines.Add($"{file.Path}: no segment header, {fileLength} bytes set aside");
                return;
            }

            if (goodLength < fileLength)
            {
                using (var stream = new FileStream(file.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) stream.SetLength(goodLength);
                TornSegments++;
                TornBytes += fileLength - goodLength;
                _lines.Add($"{file.Path}: torn tail of {fileLength - goodLength} bytes cut");
            }

            File.Move(file.Path, Path.ChangeExtension(file.Path, SegmentId.Extension), overwrite: false);
            _segments.Add(file.Id);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _lines.Add($"{file.Path}: not repaired: {e.Message}");
        }
    }

    private bool Scan(SegmentFile file, out long goodLength, out long fileLength)
    {
        using SegmentScanner scanner = SegmentScanner.Open(file.Path);
        while (scanner.MoveNext())
        {
            // Only the figures are wanted.
        }

        Chunks += scanner.Chunks;
        DamagedChunks += scanner.DamagedChunks;
        goodLength = scanner.GoodLength;
        fileLength = scanner.FileLength;
        return scanner.HeaderOutcome == ParseOutcome.Message && scanner.Id == file.Id;
    }
}
