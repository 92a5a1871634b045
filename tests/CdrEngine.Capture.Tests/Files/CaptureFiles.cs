using System.IO.Compression;
using CdrEngine.Capture.Files;
using CdrEngine.Core;

namespace CdrEngine.Capture.Tests.Files;

/// <summary>What tests of capture files do with them.</summary>
internal static class CaptureFiles
{
    /// <summary>Packs a file.</summary>
    public static byte[] Gzip(byte[] bytes, CompressionLevel level = CompressionLevel.Fastest)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, level)) gzip.Write(bytes);
        return packed.ToArray();
    }

    /// <summary>Reads all packets of a file, and says how it ended.</summary>
    public static (int Packets, ReadOutcome Outcome) Drain(CaptureFileSource source)
    {
        int packets = 0;
        ReadOutcome outcome;
        while ((outcome = source.Read(out _)) == ReadOutcome.Packet) packets++;
        return (packets, outcome);
    }
}
