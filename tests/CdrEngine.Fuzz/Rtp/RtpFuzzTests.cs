using Xunit;

namespace CdrEngine.Fuzz.Rtp;

/// <summary>Smoke runs of the media fuzz targets: seeded, so that a failure prints what repeats it.</summary>
public sealed class RtpFuzzTests
{
    private delegate void Target(ReadOnlySpan<byte> input);

    private static readonly byte[][] RtpSeeds =
    [
        [0x80, 0x00, 0, 1, 0, 0, 0, 160, 0, 0, 0, 7, 1, 2, 3, 4],
        [0xB2, 0xE0, 0x12, 0x34, 1, 2, 3, 4, 0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 1, 0, 0, 0, 2, 0xBE, 0xDE, 0, 1, 0x10, 0xFF, 0, 0, 0xAA, 0, 0, 3],
        [0x80, 0xE5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 5, 10, 0, 160],
    ];

    private static readonly byte[][] RtcpSeeds =
    [
        Convert.FromHexString("81C8000C11111111E00000018000000000000140000000000A00064022222222" + "40FFFFFE00010007000000500001800000008000"
            + "81CA000411111111010361406206017800000000" + "81CB00021111111103627965"),
        Convert.FromHexString("80CF001111111111" + "04000002E000000180000000" + "05000003333333330001800000008000"
            + "07000008222222220A141E28006401900050003CE2C40F105D7F2A7F30000028005000C8"),
        Convert.FromHexString("81CE00020000000100000002" + "A0C900020000000100000004"),
    ];

    [Fact]
    public void RtpTarget_OnSeededBytes_HoldsItsWord() => Smoke(RtpFuzz.Run, RtpSeeds, 100_000);

    [Fact]
    public void RtcpTarget_OnSeededBytes_HoldsItsWord() => Smoke(RtcpFuzz.Run, RtcpSeeds, 100_000);

    private static void Smoke(Target target, byte[][] seeds, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            var random = new Random(round);
            byte[] input = Mutate(seeds[round % seeds.Length], random);
            try
            {
                target(input);
            }
            catch (Exception exception)
            {
                Assert.Fail($"round {round}, {Convert.ToHexString(input)}: {exception.Message}");
            }
        }
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        if (random.Next(8) == 0)
        {
            byte[] noise = new byte[random.Next(0, 80)];
            random.NextBytes(noise);
            return noise;
        }

        byte[] copy = [.. seed, .. random.Next(6) == 0 ? seed : []];
        for (int changes = random.Next(0, 5); changes > 0; changes--) copy[random.Next(copy.Length)] = (byte)random.Next(256);
        return random.Next(3) == 0 ? copy[..random.Next(copy.Length + 1)] : copy;
    }
}
