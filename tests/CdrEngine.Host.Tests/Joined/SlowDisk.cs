using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace CdrEngine.Host.Tests.Joined;

/// <summary>A file system in a file that stands still again and again (<c>fsfreeze</c>): whoever writes to it waits, as before a disk that is busy, failing or far away.</summary>
internal sealed class SlowDisk : IDisposable
{
    private const int Blocks = 64 * 1024;
    private static readonly TimeSpan Frozen = TimeSpan.FromMilliseconds(600);
    private static readonly TimeSpan Thawed = TimeSpan.FromMilliseconds(80);

    private readonly string _path;
    private readonly string _image;
    private readonly ManualResetEventSlim _stop = new();
    private Task _work = Task.CompletedTask;
    private int _stalls;

    public SlowDisk(string path)
    {
        _path = path;
        _image = Path.Combine(Path.GetTempPath(), $"cdrengine-disk-{Guid.NewGuid():N}.img");
        Directory.CreateDirectory(path);
        Run("mkfs.ext4", "-q", "-F", "-b", "1024", _image, Blocks.ToString(CultureInfo.InvariantCulture));
        try
        {
            Run("mount", "-o", "loop", _image, path);
        }
        catch (InvalidOperationException)
        {
            File.Delete(_image);
            throw;
        }
    }

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? Missing { get; } = Try();

    /// <summary>How often it has stood still.</summary>
    public int Stalls => Volatile.Read(ref _stalls);

    /// <summary>From now on it stands still most of the time.</summary>
    public void Slow()
    {
        _stop.Reset();
        _work = Task.Factory.StartNew(Stall, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>From now on it is quick.</summary>
    public void Fast()
    {
        _stop.Set();
        _work.Wait();
    }

    public void Dispose()
    {
        Fast();
        Run("umount", "-l", _path);
        File.Delete(_image);
        _stop.Dispose();
    }

    private void Stall()
    {
        while (!_stop.IsSet)
        {
            Run("fsfreeze", "-f", _path);
            try
            {
                _stop.Wait(Frozen);
            }
            finally
            {
                Run("fsfreeze", "-u", _path);
            }

            Interlocked.Increment(ref _stalls);
            _stop.Wait(Thawed);
        }
    }

    private static string? Try()
    {
        using var folder = new TemporaryFolder();
        try
        {
            using var disk = new SlowDisk(Path.Combine(folder.Path, "d"));
            Run("fsfreeze", "-f", disk._path);
            Run("fsfreeze", "-u", disk._path);
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return "needs loop devices, mkfs.ext4 and fsfreeze (CAP_SYS_ADMIN)";
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {errors}");
    }
}

/// <summary>A test on a disk that stands still.</summary>
internal sealed class SlowDiskFactAttribute : FactAttribute
{
    /// <summary>Skips with the reason where there can be none.</summary>
    public SlowDiskFactAttribute() => Skip = SlowDisk.Missing;
}
