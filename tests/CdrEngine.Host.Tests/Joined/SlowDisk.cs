using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace CdrEngine.Host.Tests.Joined;

/// <summary>A file system in a file that stands still when told (<c>fsfreeze</c>): whoever writes to it waits, as before a disk that is busy, failing or far away.</summary>
internal sealed class SlowDisk : IDisposable
{
    private const int Blocks = 64 * 1024;

    private readonly string _path;
    private readonly string _image;
    private bool _isFrozen;

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

    /// <summary>From now on it stands still.</summary>
    public void Freeze()
    {
        Run("fsfreeze", "-f", _path);
        _isFrozen = true;
    }

    /// <summary>It goes on.</summary>
    public void Thaw()
    {
        if (!_isFrozen) return;
        Run("fsfreeze", "-u", _path);
        _isFrozen = false;
    }

    public void Dispose()
    {
        Thaw();
        Run("umount", "-l", _path);
        File.Delete(_image);
    }

    private static string? Try()
    {
        using var folder = new TemporaryFolder();
        try
        {
            using var disk = new SlowDisk(Path.Combine(folder.Path, "d"));
            disk.Freeze();
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
