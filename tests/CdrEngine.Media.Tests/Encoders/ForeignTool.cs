using System.Diagnostics;

namespace CdrEngine.Media.Tests.Encoders;

/// <summary>Runs another program as a second opinion.</summary>
internal static class ForeignTool
{
    /// <summary>Its standard output, as bytes.</summary>
    public static byte[] Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        return process.ExitCode == 0 ? output.ToArray() : throw new InvalidOperationException($"{program}: exit {process.ExitCode}: {errors.GetAwaiter().GetResult()}");
    }

    /// <summary>The samples of a file, interleaved, by ffmpeg.</summary>
    public static short[] Decode(string file, int channels)
    {
        byte[] raw = Run("ffmpeg", "-v", "error", "-i", file, "-f", "s16le", "-ac", channels.ToString(System.Globalization.CultureInfo.InvariantCulture), "-");
        var samples = new short[raw.Length / 2];
        Buffer.BlockCopy(raw, 0, samples, 0, samples.Length * 2);
        return samples;
    }
}

/// <summary>A file that is gone after the test.</summary>
internal sealed class ScratchFile(string extension) : IDisposable
{
    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"cdrengine-{Guid.NewGuid():N}{extension}");

    public void Dispose() => File.Delete(Path);
}
