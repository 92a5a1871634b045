using System.Text;
using Xunit;

namespace CdrEngine.Host.Tests.Output;

/// <summary>Reads ID3v2.4 to the letter (id3v2.4.0-structure): text frames in UTF-8, nothing between and nothing behind them.</summary>
internal static class StrictId3
{
    public static List<(string Id, string Text)> Read(byte[] file)
    {
        Assert.Equal("ID3\x04\x00\x00"u8.ToArray(), file[..6]);
        int end = 10 + Size(file.AsSpan(6));
        var frames = new List<(string Id, string Text)>();
        for (int at = 10; at < end;)
        {
            string id = Encoding.ASCII.GetString(file, at, 4);
            Assert.Matches("^[A-Z0-9]{4}$", id);
            int length = Size(file.AsSpan(at + 4));
            Assert.InRange(length, 2, end - at - 10);
            Assert.Equal([0, 0, 3], file[(at + 8)..(at + 11)]);
            frames.Add((id, new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(file, at + 11, length - 1)));
            at += 10 + length;
        }

        // Then sound: an MPEG frame begins with eleven ones.
        Assert.Equal(0xFF, file[end]);
        Assert.Equal(0xE0, file[end + 1] & 0xE0);
        return frames;
    }

    private static int Size(ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes[..4]) Assert.InRange(value, 0, 0x7F);
        return (bytes[0] << 21) | (bytes[1] << 14) | (bytes[2] << 7) | bytes[3];
    }
}
