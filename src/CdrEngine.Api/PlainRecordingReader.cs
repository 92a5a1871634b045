using CdrEngine.Calls.Ports;

namespace CdrEngine.Api;

/// <summary>Opens files that lie in the clear.</summary>
public sealed class PlainRecordingReader : IRecordingReader
{
    /// <inheritdoc />
    public OpenedRecording Open(string path)
    {
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 64 * 1024, FileOptions.Asynchronous);
            return new OpenedRecording(file, new DateTimeOffset(File.GetLastWriteTimeUtc(file.SafeFileHandle), TimeSpan.Zero), null);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new OpenedRecording(null, default, null);
        }
    }
}
