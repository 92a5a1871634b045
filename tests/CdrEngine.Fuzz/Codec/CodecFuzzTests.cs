using CdrEngine.Media.Codecs;
using Xunit;
using Xunit.Abstractions;

namespace CdrEngine.Fuzz.Codec;

/// <summary>Smoke runs of the codecs: every beginning of each seed, then seeded changes; a failure names codec and round, which repeat it.</summary>
public sealed class CodecFuzzTests(ITestOutputHelper output)
{
    private const int Rounds = 100_000;

    public static TheoryData<string> Names => [.. CodecSeeds.All.Select(static seed => seed.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void CodecTarget_OnCutAndChangedPayloads_HoldsItsWord(string name)
    {
        (_, var format, string? fmtp, byte[][] seeds) = CodecSeeds.All.Single(seed => seed.Name == name);
        if (!AudioDecoders.TryCreate(format, fmtp, out IAudioDecoder? decoder, out string? reason))
        {
            // Without the library there is nothing to feed; that its absence is said is all that can be checked.
            Assert.StartsWith("codec_unsupported: ", reason, StringComparison.Ordinal);
            output.WriteLine(reason);
            return;
        }

        using var target = new CodecFuzz(decoder);
        foreach (byte[] seed in seeds)
        {
            for (int length = 0; length <= seed.Length; length++) target.Run(seed.AsSpan(0, length), AudioDecoders.MaxSamplesPerPacket);
        }

        Assert.InRange(target.Decoded, seeds.Length, int.MaxValue);
        for (int round = 0; round < Rounds; round++)
        {
            var random = new Random(round);
            byte[] input = Mutate(seeds, random);
            int room = random.Next(8) == 0 ? random.Next(AudioDecoders.MaxSamplesPerPacket + 1) : AudioDecoders.MaxSamplesPerPacket;
            try
            {
                if (random.Next(16) == 0) target.RunGap(input, random.Next(-10, 4_000), room);
                target.Run(input, room);
            }
            catch (Exception exception)
            {
                Assert.Fail($"{name}, round {round}, {Convert.ToHexString(input)}: {exception}");
            }
        }

        output.WriteLine($"{name}: {target.Decoded} decoded, {target.Malformed} malformed");
        Assert.InRange(target.Decoded, Rounds / 50, int.MaxValue);
    }

    private static byte[] Mutate(byte[][] seeds, Random random)
    {
        byte[] seed = seeds[random.Next(seeds.Length)];
        if (random.Next(16) == 0)
        {
            byte[] noise = new byte[random.Next(0, 80)];
            random.NextBytes(noise);
            return noise;
        }

        byte[] copy = [.. seed, .. random.Next(10) == 0 ? seeds[random.Next(seeds.Length)] : []];
        for (int changes = random.Next(0, 5); changes > 0; changes--)
        {
            int at = random.Next(copy.Length);
            copy[at] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)(copy[at] ^ (1 << random.Next(8)));
        }

        // What a whole speech frame is filled with is as hostile as its framing.
        if (random.Next(8) == 0 && copy.Length > 4) random.NextBytes(copy.AsSpan(random.Next(1, 4)));
        return random.Next(6) == 0 ? copy[..random.Next(copy.Length + 1)] : copy;
    }
}
