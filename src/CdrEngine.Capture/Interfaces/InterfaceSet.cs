namespace CdrEngine.Capture.Interfaces;

/// <summary>How the packets of one interface are spread over rings and threads.</summary>
public sealed record InterfaceSetOptions
{
    /// <summary>Rings for media, each emptied by a thread of its own where there are several. With one, whoever reads empties it. Default 1.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>How packets are dealt to several rings.</summary>
    public FanoutMode Mode { get; init; }

    /// <summary>Bytes of a ring of its own for signalling and all else that is no media; 0 keeps everything in one ring. Default 8 MiB.</summary>
    public long SignallingRingBytes { get; init; } = 8L << 20;
}

/// <summary>Opens one interface as the rings that read it.</summary>
public static class InterfaceSet
{
    /// <summary>Opens all rings of an interface; see <see cref="InterfaceSource.Open"/>.</summary>
    /// <param name="name">The interface.</param>
    /// <param name="options">How each ring is read; the bytes of the ring are shared among several.</param>
    /// <param name="set">How many there are.</param>
    /// <param name="problem">One line where null is given back.</param>
    public static IReadOnlyList<ILiveSource>? Open(string name, InterfaceOptions options, InterfaceSetOptions set, out string? problem)
    {
        var opened = new List<ILiveSource>();
        int threads = Math.Max(1, set.Threads);
        bool isSorted = set.SignallingRingBytes > 0 && name != InterfaceOptions.Any;
        if (isSorted)
        {
            InterfaceOptions signalling = options with { Share = RingShare.Signalling, RingBytes = set.SignallingRingBytes };
            if (InterfaceSource.Open(name, signalling, out problem) is not { } source) return null;
            opened.Add(source);
        }

        FanoutGroup? group = threads > 1 ? new FanoutGroup(set.Mode) : null;
        long bytes = Math.Max(options.RingBytes / threads, 2L * options.BlockBytes);
        for (int i = 0; i < threads; i++)
        {
            InterfaceOptions media = options with
            {
                Share = isSorted ? RingShare.Media : RingShare.All,
                RingBytes = bytes,
                Fanout = group,
                IsSecond = opened.Count > 0,
            };
            if (InterfaceSource.Open(name, media, out problem) is not { } source)
            {
                foreach (ILiveSource one in opened) one.Dispose();
                return null;
            }

            opened.Add(threads > 1 ? new CaptureThread(source, options.SnapLength, bytes) : source);
        }

        problem = null;
        return opened;
    }
}
