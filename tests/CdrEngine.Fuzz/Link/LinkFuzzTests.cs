using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Fuzz.Link;

/// <summary>A second or so of each target on every run of the tests. A failure names its seed.</summary>
public sealed class LinkFuzzTests
{
    [Fact]
    public void PacketDecoder_MutatedSamples_HoldsItsInvariants()
    {
        byte[][] samples = [.. PacketSamples.All.Values.Where(static b => b.LinkType == LinkType.Ethernet).Select(static b => b.Build())];
        for (int seed = 0; seed < 10_000; seed++)
        {
            var mutator = new FrameMutator(seed);
            byte[] input = mutator.Mutate(samples[seed % samples.Length], samples[mutator.Next(samples.Length)]);
            Try(seed, () => PacketDecoderTarget.Run(input));
        }
    }

    [Fact]
    public void PacketDecoder_EveryLinkType_NeverThrows()
    {
        byte[][] samples = [.. PacketSamples.All.Values.Select(static b => b.Build())];
        for (int seed = 0; seed < 3000; seed++)
        {
            var mutator = new FrameMutator(seed);
            byte[] input = mutator.Mutate(samples[seed % samples.Length], samples[mutator.Next(samples.Length)]);
            Try(seed, () => PacketDecoderTarget.RunAllLinkTypes(input));
        }
    }

    [Fact]
    public void Fragments_RandomScripts_AgreeWithTheByteMap()
    {
        var total = new Counters<DecodeCounter>();
        for (int seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            byte[] script = new byte[1 + (4 * random.Next(1, 40))];
            random.NextBytes(script);
            Try(seed, () => total.Add(FragmentTarget.Run(script)));
        }

        DecodeCounter[] reached =
        [
            DecodeCounter.Reassembled, DecodeCounter.Sctp, DecodeCounter.BadFragment, DecodeCounter.FragmentDuplicate, DecodeCounter.Ipv4FragmentOverlap,
            DecodeCounter.Ipv6FragmentOverlap,
        ];
        Assert.All(reached, counter => Assert.True(total[counter] > 10, $"{counter} was met {total[counter]} times"));
    }

    private static void Try(int seed, Action run)
    {
        try
        {
            run();
        }
        catch (Exception exception)
        {
            Assert.Fail($"seed {seed}: {exception}");
        }
    }
}
