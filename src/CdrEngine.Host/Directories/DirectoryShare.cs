using CdrEngine.Host.Configuration;

namespace CdrEngine.Host.Directories;

/// <summary>The one directory of a process, which its parts share and which lasts as long as it.</summary>
internal sealed class DirectoryShare
{
    private readonly Lock _lock = new();
    private DirectoryHolder? _holder;

    /// <summary>The directory; opened at the first call.</summary>
    public DirectoryHolder Of(Settings settings, Action<string> tell)
    {
        lock (_lock) return _holder ??= DirectoryHolder.Open(settings, tell);
    }

    /// <summary>The directory, read anew when it changes.</summary>
    public DirectoryHolder Watched(Settings settings, Action<string> tell)
    {
        DirectoryHolder holder = Of(settings, tell);
        holder.Watch();
        return holder;
    }
}
