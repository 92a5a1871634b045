using System.Diagnostics;
using Xunit;

namespace CdrEngine.TestKit;

/// <summary>A small file system of a test's own, in memory; gone when it is disposed of.</summary>
public sealed class SmallDisk : IDisposable
{
    /// <summary>Mounts one.</summary>
    /// <param name="mebibytes">Its size.</param>
    public SmallDisk(int mebibytes)
    {
        Path = Directory.CreateTempSubdirectory("cdrengine-disk-").FullName;
        if (Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "tmpfs", Path) != 0) throw new InvalidOperationException("mount failed");
    }

    /// <summary>Why none can be mounted here; null where one can.</summary>
    public static string? Missing { get; } = Examine();

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <inheritdoc />
    public void Dispose()
    {
        Run("umount", "-l", Path);
        Directory.Delete(Path);
    }

    private static string? Examine()
    {
        try
        {
            using var disk = new SmallDisk(1);
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return "needs the right to mount a file system (root)";
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}

/// <summary>A test that mounts a small disk.</summary>
public sealed class SmallDiskFactAttribute : FactAttribute
{
    /// <summary>Skips with the reason where it cannot.</summary>
    public SmallDiskFactAttribute() => Skip = SmallDisk.Missing;
}
