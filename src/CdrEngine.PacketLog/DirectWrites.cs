namespace CdrEngine.PacketLog;

/// <summary>Whether the files of a log are written past the system's page cache, and whether its file system takes that. Any thread.</summary>
/// <remarks>A packet log is written once and seldom read. Through the page cache each byte of it is copied once more, into memory that has to be found for it and that databases could use;
/// docs/decisions/0043-packets-past-the-page-cache.md has the figures. What is too short for that, and the ends that do not fill a block, go through it all the same.</remarks>
internal sealed class DirectWrites
{
    /// <summary>Such a write begins and ends in the file, and begins in memory, at a multiple of this. The blocks of disks are as long or shorter.</summary>
    public const int Block = 4096;

    /// <summary>Fewer bytes go through the page cache: a write past it waits for the disk.</summary>
    public const int LeastBytes = 64 << 10;

    private readonly Action<string>? _tell;
    private int _isOn;

    /// <summary>Makes the switch of a folder.</summary>
    /// <param name="isOn">Whether it is wanted.</param>
    /// <param name="disk">Who does it; null for the system, and nobody where the system is none that can.</param>
    /// <param name="tell">Gets one line where the file system refuses it. Called by whoever writes; null tells nobody.</param>
    public DirectWrites(bool isOn, IDirectDisk? disk = null, Action<string>? tell = null)
    {
        Disk = disk ?? LinuxDirectDisk.Here;
        _isOn = isOn && Disk is not null ? 1 : 0;
        _tell = tell;
    }

    /// <summary>Whether it is wanted and has not been refused.</summary>
    public bool IsOn => Volatile.Read(ref _isOn) != 0;

    /// <summary>Who does it.</summary>
    public IDirectDisk? Disk { get; }

    /// <summary>How many of the first bytes of something written at an offset are before the next block.</summary>
    public static int BeforeBlock(long offset) => (int)(-offset & (Block - 1));

    /// <summary>Where in its block a byte of a file lies.</summary>
    public static int InBlock(long offset) => (int)(offset & (Block - 1));

    /// <summary>Goes over to the page cache, for all files, and says so once.</summary>
    public void Refuse(string path, string reason)
    {
        if (Interlocked.Exchange(ref _isOn, 0) != 0)
            _tell?.Invoke($"packet log: {Path.GetDirectoryName(path)}: the file system takes no writes past the page cache ({reason}); they go through it (packet-log.writes)");
    }
}
