using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Protocols.Pcap;
using CdrEngine.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace CdrEngine.Capture.Tests.Files;

/// <summary>Captures that lie about themselves: what came before the lie is read, memory stays small, and one line says what is wrong.</summary>
public sealed class HostileFileTests(ITestOutputHelper output)
{
    private const int GoodPackets = 5;
    private const int BombBytes = 96 << 20;

    // The table of interfaces may grow to its limit.
    private const long MostBytes = 24 << 20;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);

    /// <summary>What stands behind five good packets, whether it is a fault of the file, and the packets that can be read all the same.</summary>
    public static TheoryData<string, bool, int> Lies => new()
    {
        { "block of 4 GiB", true, GoodPackets },
        { "block of no length", true, GoodPackets },
        { "block of 13 bytes", true, GoodPackets },
        { "lengths that differ", true, GoodPackets },
        { "section that says 4 GiB", true, GoodPackets },
        { "section of 2^63 bytes", false, GoodPackets + 1 },
        { "section of version 9", true, GoodPackets },
        { "a hundred thousand sections", false, GoodPackets },
        { "interfaces beyond the limit", true, GoodPackets + 1 },
        { "option of 64 KiB in 8 bytes", false, GoodPackets + 1 },
        { "options without an end", false, GoodPackets + 1 },
        { "packet of an interface that is not there", true, GoodPackets + 1 },
        { "packet that says 2 GiB", true, GoodPackets + 1 },
        { "packet that says 4 GiB captured", true, GoodPackets + 1 },
        { "simple packet of 4 GiB", false, GoodPackets + 2 },
        { "unknown blocks without end", false, GoodPackets + 1 },
        { "time resolution of 2^127", true, GoodPackets + 1 },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public void Pcapng_ThatLies_CostsNothing_AndGivesWhatCameBefore(string lie, bool isFault, int packets)
    {
        byte[] file = [.. Good(), .. Lie(lie)];
        long before = GC.GetAllocatedBytesForCurrentThread(), began = Stopwatch.GetTimestamp();
        using CaptureFileSource source = CaptureFileSource.FromStream("lie.pcapng", new MemoryStream(file), CaptureReaderLimits.Default);
        (long read, ReadOutcome outcome) = CaptureFiles.Drain(source);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        output.WriteLine($"{lie}: {file.Length:N0} bytes, {read} packets, {allocated:N0} bytes allocated, {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms; {source.Fault}");
        Assert.Equal((lie, packets), (lie, (int)read));
        Assert.Equal((lie, isFault), (lie, source.Fault is not null));
        Assert.True(source.Fault is null || !source.Fault.Contains('\n', StringComparison.Ordinal));
        Assert.NotEqual(ReadOutcome.Packet, outcome);
        Assert.InRange(allocated, 0, MostBytes);
        Assert.True(Stopwatch.GetElapsedTime(began) < Longest);
    }

    [Theory]
    [InlineData("empty packets")]
    [InlineData("one packet without end")]
    [InlineData("pcapng of empty blocks")]
    [InlineData("zeros")]
    [InlineData("gzip in gzip")]
    public void GzipBomb_IsReadInPieces_AndNeverHeld(string kind)
    {
        byte[] start = kind switch
        {
            "empty packets" => Good(pcapng: false)[..24],
            "one packet without end" => [.. Good(pcapng: false)[..24], .. new byte[8], 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0x7F],
            "pcapng of empty blocks" => Good(),
            _ => [],
        };
        byte[] packed = Bomb(start, kind == "pcapng of empty blocks" ? Block(0x0BAD, []) : new byte[64]);
        if (kind == "gzip in gzip") packed = CaptureFiles.Gzip(packed, CompressionLevel.Optimal);
        Assert.InRange(packed.Length, 100, 1 << 20);
        long before = GC.GetAllocatedBytesForCurrentThread(), began = Stopwatch.GetTimestamp();
        using CaptureFileSource source = CaptureFileSource.FromStream("bomb.pcap.gz", new MemoryStream(packed), CaptureReaderLimits.Default);
        (long read, _) = CaptureFiles.Drain(source);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        output.WriteLine($"{kind}: {packed.Length:N0} bytes packed, {BombBytes:N0} unpacked, {read:N0} packets, {allocated:N0} bytes allocated, {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms; {source.Fault}");
        Assert.InRange(allocated, 0, MostBytes);
        Assert.True(Stopwatch.GetElapsedTime(began) < Longest);
        Assert.Equal(kind switch { "empty packets" => BombBytes / 64 * 4, "pcapng of empty blocks" => GoodPackets, _ => 0 }, read);
        if (kind is "one packet without end" or "zeros" or "gzip in gzip") Assert.NotNull(source.Fault);
    }

    private static byte[] Lie(string name) => name switch
    {
        "block of 4 GiB" => Raw(6, uint.MaxValue - 3, new byte[40]),
        "block of no length" => Raw(6, 0, new byte[40]),
        "block of 13 bytes" => Raw(6, 13, new byte[40]),
        "lengths that differ" => [.. Block(6, new byte[40])[..^4], 9, 9, 9, 9],
        "section that says 4 GiB" => Raw(0x0A0D0D0A, uint.MaxValue - 3, [.. Words(0x1A2B3C4D), 1, 0, 0, 0, .. new byte[8]]),
        "section of 2^63 bytes" => [.. Block(0x0A0D0D0A, [.. Words(0x1A2B3C4D), 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 127]), .. Interface(), .. Packet(0, 4)],
        "section of version 9" => Block(0x0A0D0D0A, [.. Words(0x1A2B3C4D), 9, 0, 0, 0, .. new byte[8]]),
        "a hundred thousand sections" => Many(Block(0x0A0D0D0A, [.. Words(0x1A2B3C4D), 1, 0, 0, 0, .. new byte[8]]), 100_000),
        "interfaces beyond the limit" => [.. Packet(0, 4), .. Many(Interface(), 200_000), .. Packet(150_000, 4)],
        "option of 64 KiB in 8 bytes" => [.. Block(1, [1, 0, 0, 0, 0, 0, 4, 0, 9, 0, 255, 255, 1, 2, 3, 4]), .. Packet(1, 4)],
        "options without an end" => [.. Block(1, [1, 0, 0, 0, 0, 0, 4, 0, .. Many([9, 0, 0, 0], 50_000)]), .. Packet(1, 4)],
        "packet of an interface that is not there" => [.. Packet(77, 4), .. Packet(0, 4)],
        "packet that says 2 GiB" => [.. Block(6, [.. Words(0, 0, 0, int.MaxValue, int.MaxValue), 1, 2, 3, 4]), .. Packet(0, 4)],
        "packet that says 4 GiB captured" => [.. Block(6, [.. Words(0, 0, 0, uint.MaxValue, 4), 1, 2, 3, 4]), .. Packet(0, 4)],
        "simple packet of 4 GiB" => [.. Block(3, [.. Words(uint.MaxValue), 1, 2, 3, 4]), .. Packet(0, 4)],
        "unknown blocks without end" => [.. Many(Block(0x0BAD, new byte[8]), 100_000), .. Packet(0, 4)],
        "time resolution of 2^127" => [.. Block(1, [1, 0, 0, 0, 0, 0, 4, 0, 9, 0, 1, 0, 255, 0, 0, 0]), .. Packet(1, 4)],
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such lie"),
    };

    private static byte[] Interface() => Block(1, [1, 0, 0, 0, 0, 0, 4, 0]);

    private static byte[] Packet(uint interfaceId, int bytes) => Block(6, [.. Words(interfaceId, 0, 1, (uint)bytes, (uint)bytes), .. new byte[bytes]]);

    private static byte[] Block(uint type, byte[] body) => [.. Raw(type, (uint)(body.Length + 12), body), .. Words((uint)(body.Length + 12))];

    private static byte[] Raw(uint type, uint length, byte[] body) => [.. Words(type, length), .. body];

    private static byte[] Words(params uint[] words)
    {
        byte[] bytes = new byte[words.Length * 4];
        for (int i = 0; i < words.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * 4), words[i]);
        return bytes;
    }

    private static byte[] Many(byte[] piece, int times)
    {
        byte[] all = new byte[piece.Length * times];
        for (int i = 0; i < times; i++) piece.CopyTo(all, i * piece.Length);
        return all;
    }

    private static byte[] Good(bool pcapng = true)
    {
        using var stream = new MemoryStream();
        using (CaptureWriter writer = CaptureWriter.Create(stream, new CaptureFormat(pcapng ? CaptureContainer.Pcapng : CaptureContainer.Pcap, LinkType.Ethernet, false)))
        {
            for (int i = 0; i < GoodPackets; i++) writer.Write(PacketBuilder.UdpFrame("10.0.0.1:5060", "10.0.0.2:5060", "x").Capture(Timestamp.FromUnix(i, 1)));
        }

        return stream.ToArray();
    }

    private static byte[] Bomb(byte[] start, byte[] filling)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(start);
            byte[] block = Many(filling, (1 << 20) / filling.Length);
            for (int i = 0; i < BombBytes >> 20; i++) gzip.Write(block);
        }

        return packed.ToArray();
    }
}
