using System.Buffers.Binary;

namespace CdrEngine.Protocols.Tests.T38;

/// <summary>Writes UDPTL and fax messages, slow and obvious.</summary>
internal static class FaxBytes
{
    public static byte[] Udptl(int number, byte[] primary, params byte[][] earlier) =>
        [(byte)(number >> 8), (byte)number, .. Octets(primary), 0, .. Length(earlier.Length), .. earlier.SelectMany(Octets)];

    public static byte[] Parity(int number, byte[] primary, byte span, params byte[][] entries) =>
        [(byte)(number >> 8), (byte)number, .. Octets(primary), 0x80, 1, span, .. Length(entries.Length), .. entries.SelectMany(Octets)];

    public static byte[] Indicator(int value) => value < 16 ? [(byte)(value << 1)] : [(byte)(0x20 | ((value - 16) >> 2)), (byte)((value - 16) << 6)];

    /// <summary>Data in the older encoding (version 0) or the newer.</summary>
    public static byte[] Data(int modulation, int version, params (int Type, byte[]? Octets)[] fields)
    {
        byte[] head = modulation < 9 ? [(byte)(0xC0 | (modulation << 1))] : [(byte)(0xE0 | ((modulation - 9) >> 2)), (byte)((modulation - 9) << 6)];
        return [.. head, .. Length(fields.Length), .. fields.SelectMany(field => Field(version, field.Type, field.Octets))];
    }

    public static byte[] Octets(byte[] bytes) => [.. Length(bytes.Length), .. bytes];

    private static byte[] Field(int version, int type, byte[]? octets)
    {
        int has = octets is null ? 0 : 0x80;
        byte[] head = version < 1 ? [(byte)(has | (type << 4))] : type < 8 ? [(byte)(has | (type << 3))] : [(byte)(has | 0x40 | ((type - 8) >> 2)), (byte)((type - 8) << 6)];
        if (octets is null) return head;
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)(octets.Length - 1));
        return [.. head, .. length, .. octets];
    }

    private static byte[] Length(int length) => length < 128 ? [(byte)length] : [(byte)(0x80 | (length >> 8)), (byte)length];
}
