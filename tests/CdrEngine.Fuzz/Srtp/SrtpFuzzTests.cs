using System.Text;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Fuzz.Srtp;

/// <summary>Smoke runs of the SRTP target: seeded, so that a failure prints what repeats it.</summary>
public sealed class SrtpFuzzTests
{
    private static readonly byte[][] Seeds =
    [
        SrtpFuzz.Protect(Convert.FromHexString("8000fffe000000a0cafebabe00112233445566778899aabbccddeeff001122"), 0),
        SrtpFuzz.Protect(Convert.FromHexString("92e00001000000a0cafebabe0000000100000002bede000110ff000000112233"), 2),
        Convert.FromHexString("81c90007cafebabe12345678000000000000fffe00000005000000000000000080000001aabbccddeeff00112233"),
        Encoding.ASCII.GetBytes("inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==|2^20|1:4 KDR=3 UNENCRYPTED_SRTP"),
        Encoding.ASCII.GetBytes($"CLIENT_RANDOM {new string('a', 64)} {new string('b', 96)}\nEXPORTER_SECRET {new string('c', 64)} {new string('d', 64)}\n"),
        .. Hellos(),
    ];

    [Fact]
    public void Seeds_Pass()
    {
        foreach (byte[] seed in Seeds) SrtpFuzz.Run(seed);
        Assert.Equal(7, Seeds.Length);
        Assert.Equal(2, Seeds.Count(SrtpFuzz.IsOpenable));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void MutatedSeeds_Pass(int seed)
    {
        var random = new Random(seed);
        int runs = 0;
        for (; runs < 3_000; runs++)
        {
            byte[] input = (byte[])Seeds[random.Next(Seeds.Length)].Clone();
            for (int i = random.Next(5); i > 0; i--) input[random.Next(input.Length)] = (byte)random.Next(256);
            int length = random.Next(3) == 0 ? random.Next(input.Length + 1) : input.Length;
            SrtpFuzz.Run(input.AsSpan(0, length));
        }

        Assert.Equal(3_000, runs);
    }

    [Fact]
    public void TruncatedSeeds_Pass()
    {
        int runs = 0;
        foreach (byte[] seed in Seeds)
        {
            for (int length = 0; length < seed.Length; length++, runs++) SrtpFuzz.Run(seed.AsSpan(0, length));
        }

        Assert.Equal(Seeds.Sum(static seed => seed.Length), runs);
    }

    /// <summary>The first two frames with hellos of a committed handshake: Ethernet, IPv4 and UDP headers of 42 bytes, behind 24 and 16 of pcap.</summary>
    private static IEnumerable<byte[]> Hellos()
    {
        byte[] file = File.ReadAllBytes(Checkout.Fixture("pcap", "dtls", "aes128-sha256.pcap"));
        int at = 24, frame = 0;
        while (at < file.Length)
        {
            int length = BitConverter.ToInt32(file, at + 8);
            if (frame++ is 2 or 3) yield return file[(at + 16 + 42)..(at + 16 + length)];
            at += 16 + length;
        }
    }
}
