using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;

namespace CdrEngine.Host.Progress;

/// <summary>Works out speed and time left from what is looked at now and then.</summary>
internal sealed class ProgressMeter
{
    /// <summary>Speed is that of the last ten seconds: a large file changes its pace, and an average since the start would lag behind.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _time;
    private readonly Queue<(long At, long Bytes, long Packets)> _samples = new();

    /// <summary>Begins now.</summary>
    public ProgressMeter(TimeProvider time)
    {
        _time = time;
        _samples.Enqueue((time.GetTimestamp(), 0, 0));
    }

    /// <summary>Takes a look.</summary>
    public ProgressView See(ImportProgress progress)
    {
        long now = _time.GetTimestamp();
        _samples.Enqueue((now, progress.Bytes, progress.Packets));
        while (_samples.Count > 2 && _time.GetElapsedTime(_samples.Peek().At, now) > Window) _samples.Dequeue();

        (long at, long bytes, long packets) = _samples.Peek();
        double seconds = _time.GetElapsedTime(at, now).TotalSeconds;
        double packetRate = seconds > 0 ? (progress.Packets - packets) / seconds : 0;
        double byteRate = seconds > 0 ? (progress.Bytes - bytes) / seconds : 0;
        bool known = progress.TotalBytes > 0;
        double? left = known && byteRate > 0 ? Math.Max(0, progress.TotalBytes - progress.Bytes) / byteRate : null;
        return new ProgressView
        {
            Progress = progress,
            Fraction = known ? Math.Clamp((double)progress.Bytes / progress.TotalBytes, 0, 1) : null,
            PacketsPerSecond = (long)packetRate,
            Left = left is { } wait && wait < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(Math.Ceiling(wait)) : null,
        };
    }
}

/// <summary>How far an import is, with its speed.</summary>
internal sealed record ProgressView
{
    public required ImportProgress Progress { get; init; }

    /// <summary>0..1; null where the size is not known.</summary>
    public required double? Fraction { get; init; }

    public required long PacketsPerSecond { get; init; }

    /// <summary>Time left, in whole seconds; null where it cannot be told.</summary>
    public required TimeSpan? Left { get; init; }

    /// <summary>All but the file, in one line.</summary>
    public string Figures()
    {
        string bytes = Fraction is null ? Units.Bytes(Progress.Bytes) : $"{Units.Bytes(Progress.Bytes)} of {Units.Bytes(Progress.TotalBytes)}";
        string faults = Progress.Faults == 0 ? "" : $", {Progress.Faults} fault{(Progress.Faults == 1 ? "" : "s")}";
        string left = Left is { } time ? $", {(int)time.TotalHours:00}:{time.Minutes:00}:{time.Seconds:00} left" : "";
        return $"{bytes}, {Units.Count(PacketsPerSecond)} packets/s, {Units.Count(Progress.Calls)} calls{faults}{left}";
    }

    /// <summary>A plain line for a log: <c> 42%  420.0 MB of 1.0 GB, 1,500,000 packets/s, 12,000 calls, 00:00:04 left  trunk.pcap</c>.</summary>
    public string Line()
    {
        string part = Fraction is { } fraction ? $"{(int)(fraction * 100),3}%  " : "";
        return WireText.Escape($"{part}{Figures()}{(Progress.CurrentFile is { } file ? $"  {Path.GetFileName(file)}" : "")}");
    }
}
