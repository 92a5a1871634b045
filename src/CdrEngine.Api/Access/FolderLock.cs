using System.Diagnostics;

namespace CdrEngine.Api.Access;

/// <summary>One writer at a time over all processes that share a folder. The kernel lets go of it when a process dies.</summary>
internal static class FolderLock
{
    /// <summary>How long a writer waits for another process.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(2);

    // EAGAIN of flock: another process has the lock.
    private const int Busy = 11;

    /// <summary>Takes it; it is given back by disposal.</summary>
    /// <exception cref="IOException">Another holds it for too long, or the folder cannot be written.</exception>
    public static FileStream Hold(string folder, string name)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        long began = Stopwatch.GetTimestamp();
        using var pause = new ManualResetEventSlim();
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(folder, name), options);
            }
            catch (IOException e) when (e.HResult == Busy && Stopwatch.GetElapsedTime(began) < LongestWait)
            {
                pause.Wait(BetweenTries);
            }
        }
    }
}
