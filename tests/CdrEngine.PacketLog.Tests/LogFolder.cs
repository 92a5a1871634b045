using CdrEngine.Core;

namespace CdrEngine.PacketLog.Tests;

/// <summary>A folder of one test, removed with it.</summary>
internal sealed class LogFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("cdrengine-log-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>Packets and what is read back, as values.</summary>
internal static class Frames
{
    public static readonly Timestamp Noon = Timestamp.From(new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));

    public static readonly CallKey Key = new(0x0102030405060708, 0x1112131415161718);

    public static byte[] Payload(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static CapturedPacket Packet(long sequence, Timestamp at, byte[] bytes) => new()
    {
        Sequence = sequence,
        CapturedAt = at,
        LinkType = LinkType.Ethernet,
        OriginalLength = bytes.Length + 3,
        NanosecondRemainder = (ushort)(sequence % 1000),
        InterfaceId = (int)(sequence % 5),
        Bytes = bytes,
    };

    public static SeenFrame See(in CapturedPacket packet) => new(
        packet.Sequence, packet.CapturedAt, packet.LinkType, packet.OriginalLength, packet.NanosecondRemainder, packet.InterfaceId,
        Convert.ToHexString(packet.Bytes));

    public static List<SeenFrame> All(PacketGather gather)
    {
        var seen = new List<SeenFrame>();
        while (gather.MoveNext()) seen.Add(See(gather.Current));
        return seen;
    }

    public static List<ChunkLocator> All(ChunkList list)
    {
        var chunks = new List<ChunkLocator>();
        foreach (ChunkLocator chunk in list) chunks.Add(chunk);
        return chunks;
    }
}

/// <summary>All that a frame says.</summary>
internal sealed record SeenFrame(
    long Sequence, Timestamp At, LinkType LinkType, int OriginalLength, ushort Nanoseconds, int InterfaceId, string Bytes);
