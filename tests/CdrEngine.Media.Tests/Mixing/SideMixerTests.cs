using CdrEngine.Media.Mixing;
using Xunit;

namespace CdrEngine.Media.Tests.Mixing;

public sealed class SideMixerTests
{
    [Fact]
    public void EachLength_IsPutTogetherSampleBySample()
    {
        var random = new Random(6);
        for (int length = 0; length <= 67; length++)
        {
            short[] left = Samples(length), right = Samples(length);
            short[] both = new short[(2 * length) + 1], one = new short[length + 1];
            both[^1] = one[^1] = 77;
            SideMixer.Interleave(left, right, both);
            SideMixer.Mix(left, right, one);
            for (int i = 0; i < length; i++)
            {
                Assert.Equal((left[i], right[i]), (both[2 * i], both[(2 * i) + 1]));
                Assert.Equal(Math.Clamp(left[i] + right[i], short.MinValue, short.MaxValue), one[i]);
            }

            Assert.Equal((77, 77), (both[^1], one[^1]));
        }

        // One in four is as loud as can be.
        short[] Samples(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(4) == 0 ? (random.Next(2) == 0 ? short.MinValue : short.MaxValue) : (short)random.Next(short.MinValue, short.MaxValue + 1))];
    }
}
