using System.Buffers.Binary;

namespace CdrEngine.Protocols.Pcap;

/// <summary>What a file is, by its first bytes.</summary>
public enum CaptureKind : byte
{
    /// <summary>No capture that the engine reads.</summary>
    None,

    /// <summary>pcap, in any of its variants.</summary>
    Pcap,

    /// <summary>pcapng.</summary>
    Pcapng,

    /// <summary>gzip; a capture only if one is inside.</summary>
    Gzip,
}

/// <summary>Recognises capture files by their first bytes.</summary>
public static class CaptureMagic
{
    /// <summary>Bytes that <see cref="Recognise"/> wants to see.</summary>
    public const int Bytes = 12;

    internal const uint PcapMicroseconds = 0xA1B2_C3D4;
    internal const uint PcapNanoseconds = 0xA1B2_3C4D;
    internal const uint PcapModified = 0xA1B2_CD34; // Kuznetzov's patch: eight more bytes in each record header
    internal const uint SectionHeader = 0x0A0D_0D0A;
    internal const uint ByteOrder = 0x1A2B_3C4D;

    /// <summary>What begins with <paramref name="bytes"/>; <see cref="CaptureKind.None"/> for fewer than four (twelve for pcapng).</summary>
    public static CaptureKind Recognise(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B) return CaptureKind.Gzip;
        if (bytes.Length < 4) return CaptureKind.None;
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (IsPcap(magic) || IsPcap(BinaryPrimitives.ReverseEndianness(magic))) return CaptureKind.Pcap;
        if (magic != SectionHeader || bytes.Length < Bytes) return CaptureKind.None;
        uint order = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        return order == ByteOrder || BinaryPrimitives.ReverseEndianness(order) == ByteOrder ? CaptureKind.Pcapng : CaptureKind.None;
    }

    internal static bool IsPcap(uint magic) => magic is PcapMicroseconds or PcapNanoseconds or PcapModified;

    /// <summary>One line about a file that is none: what it is where that is plain, else how it begins.</summary>
    internal static string Describe(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return "is empty";
        string? known = bytes switch
        {
            [0x28, 0xB5, 0x2F, 0xFD, ..] => "is compressed with zstd, which is not read; unpack it first",
            [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', ..] => "is compressed with xz, which is not read; unpack it first",
            [(byte)'B', (byte)'Z', (byte)'h', ..] => "is compressed with bzip2, which is not read; unpack it first",
            [(byte)'P', (byte)'K', 3, 4, ..] => "is a zip archive, which is not read; unpack it first",
            [(byte)'s', (byte)'n', (byte)'o', (byte)'o', (byte)'p', 0, ..] => "is a snoop capture, which is not read; convert it with editcap",
            _ => null,
        };
        return known ?? $"is no capture: it begins with {Convert.ToHexStringLower(bytes[..Math.Min(bytes.Length, 4)])}";
    }
}
