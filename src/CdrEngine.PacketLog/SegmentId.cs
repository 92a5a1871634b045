using System.Globalization;
using CdrEngine.Core;

namespace CdrEngine.PacketLog;

/// <summary>Names one segment; its path follows from it, so that no table of segments is needed.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Shard">Shard that wrote it, 0..65535.</param>
/// <param name="Minute">Minutes since 1970-01-01T00:00Z of the packets it was begun for.</param>
/// <param name="Run">Which opening of the log wrote it, from 1; never used again, so that a restart or re-import overwrites nothing.</param>
/// <param name="Part">0, and one more each time the writer went back in time, so that a minute may come again in one run.</param>
public readonly record struct SegmentId(PacketKind Kind, ushort Shard, uint Minute, uint Run, uint Part) : IComparable<SegmentId>
{
    /// <summary>Ending of a finished segment's file.</summary>
    public const string Extension = ".seg";

    /// <summary>Ending of a segment being written; renamed at its end, or at the next start after a crash.</summary>
    public const string OpenExtension = ".open";

    /// <summary>Last minute of the year 9999; later ones are clamped to it, earlier ones than 1970 to 0.</summary>
    public const uint LastMinute = 4_223_371_679;

    /// <summary>Shard number of segments that hold the packets of one call each, copied out of shared ones because they are to be kept longer.</summary>
    public const ushort HeldShard = ushort.MaxValue;

    /// <summary>The minute a packet time falls into, clamped to 0..<see cref="LastMinute"/>.</summary>
    public static uint MinuteOf(Timestamp at) =>
        (uint)Math.Clamp(at.Microseconds / (60 * Timestamp.MicrosecondsPerSecond), 0, LastMinute);

    /// <summary>Start of <see cref="Minute"/>.</summary>
    public Timestamp Start => new(Minute * 60L * Timestamp.MicrosecondsPerSecond);

    /// <summary>Folder below the log's: the UTC day, for example <c>2026-11-20</c>.</summary>
    public string Day => Start.ToDateTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>File name without its ending, for example <c>0427-sip-s00-r000003-p000</c>; names of a day sort by minute.</summary>
    public string Name => string.Create(
        CultureInfo.InvariantCulture, $"{Start.ToDateTime():HHmm}-{(Kind == PacketKind.Sip ? "sip" : "rtp")}-s{Shard:00}-r{Run:000000}-p{Part:000}");

    /// <summary>Path of the finished file below <paramref name="root"/>.</summary>
    public string PathBelow(string root) => Path.Combine(root, Day, Name + Extension);

    /// <summary>Path of the file while it is written.</summary>
    public string OpenPathBelow(string root) => Path.Combine(root, Day, Name + OpenExtension);

    /// <summary>Reads a path as the two methods above make it; false for any other file.</summary>
    public static bool TryParse(string path, out SegmentId id, out bool open)
    {
        id = default;
        string extension = Path.GetExtension(path);
        open = extension == OpenExtension;
        if (!open && extension != Extension) return false;
        string[] parts = Path.GetFileNameWithoutExtension(path).Split('-');
        string day = Path.GetFileName(Path.GetDirectoryName(path)) ?? "";
        if (parts.Length != 5 || parts[1] is not ("sip" or "rtp")
            || !DateTime.TryParseExact($"{day} {parts[0]}", "yyyy-MM-dd HHmm", CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTime minute)
            || !Number(parts[2], 's', out uint shard) || shard > ushort.MaxValue
            || !Number(parts[3], 'r', out uint run) || !Number(parts[4], 'p', out uint part) || minute < DateTime.UnixEpoch) return false;
        id = new SegmentId(
            parts[1] == "sip" ? PacketKind.Sip : PacketKind.Rtp, (ushort)shard, (uint)((minute - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMinute), run, part);
        return true;
    }

    /// <summary>By minute, then run, part, kind and shard.</summary>
    public int CompareTo(SegmentId other)
    {
        int by = Minute.CompareTo(other.Minute);
        if (by == 0) by = Run.CompareTo(other.Run);
        if (by == 0) by = Part.CompareTo(other.Part);
        if (by == 0) by = Kind.CompareTo(other.Kind);
        return by != 0 ? by : Shard.CompareTo(other.Shard);
    }

    private static bool Number(string text, char prefix, out uint value)
    {
        value = 0;
        return text.Length > 1 && text[0] == prefix
            && uint.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
