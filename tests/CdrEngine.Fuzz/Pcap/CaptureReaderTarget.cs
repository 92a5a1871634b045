using CdrEngine.Core;
using CdrEngine.Protocols.Pcap;
using Xunit;

namespace CdrEngine.Fuzz.Pcap;

/// <summary>Any bytes as a capture file: never an exception, no more bytes out than in, the same answers in whatever pieces it comes, and an
/// obvious parser agrees on pcap.</summary>
public static class CaptureReaderTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        byte[] file = input.ToArray();
        Answer whole = Read(file, int.MaxValue, 4096);
        Assert.Equal(whole, Read(file, 3, 64));
        Assert.Equal(whole, Read(file, 61, 100));
        Assert.True(whole.Bytes <= file.Length);
        Assert.True(whole.Outcome == ReadOutcome.End || whole.Fault is not null);
        if (Obvious(file) is { } packets) Assert.Equal(packets, whole.Packets);
    }

    private static Answer Read(byte[] file, int pieceBytes, int bufferBytes)
    {
        CaptureReader? reader = CaptureReader.Open(new BlockReader(new Pieces(file, pieceBytes), bufferBytes), CaptureReaderLimits.Default, out string? fault);
        if (reader is null) return new Answer("", 0, ReadOutcome.Failed, fault);
        var packets = new System.Text.StringBuilder();
        long bytes = 0;
        ReadOutcome outcome;
        while ((outcome = reader.Read(out CapturedPacket packet)) == ReadOutcome.Packet)
        {
            Assert.InRange(packet.NanosecondRemainder, 0, 999);
            Assert.True(packet.OriginalLength >= packet.Bytes.Length);
            bytes += packet.Bytes.Length;
            packets.Append($"{packet.CapturedAt.Microseconds} {packet.OriginalLength} {Convert.ToHexString(packet.Bytes)}\n");
        }

        Assert.Equal(outcome, reader.Read(out _));
        return new Answer(packets.ToString(), bytes, outcome, reader.Fault);
    }

    /// <summary>Little-endian pcap 2.4 in microseconds with lengths that make sense, record by record; null for all else.</summary>
    private static string? Obvious(byte[] file)
    {
        if (file.Length < 24) return null;
        using var reader = new BinaryReader(new MemoryStream(file));
        if (reader.ReadUInt32() != 0xA1B2_C3D4 || reader.ReadUInt16() != 2 || reader.ReadUInt16() != 4) return null;
        reader.BaseStream.Position = 24;
        var packets = new System.Text.StringBuilder();
        while (file.Length - reader.BaseStream.Position >= 16)
        {
            long seconds = reader.ReadUInt32();
            long microseconds = reader.ReadUInt32();
            uint captured = reader.ReadUInt32();
            uint original = reader.ReadUInt32();
            if (captured > file.Length - reader.BaseStream.Position) break;
            if (captured > 256 * 1024) break;
            if (original > int.MaxValue) original = captured;
            packets.Append($"{(seconds * 1_000_000) + microseconds} {Math.Max(original, captured)} {Convert.ToHexString(reader.ReadBytes((int)captured))}\n");
        }

        return packets.ToString();
    }

    private sealed record Answer(string Packets, long Bytes, ReadOutcome Outcome, string? Fault);

    private sealed class Pieces(byte[] file, int pieceBytes) : IBlockSource
    {
        private int _at;

        public int Read(Span<byte> destination)
        {
            int count = Math.Min(Math.Min(file.Length - _at, destination.Length), pieceBytes);
            file.AsSpan(_at, count).CopyTo(destination);
            _at += count;
            return count;
        }
    }
}
