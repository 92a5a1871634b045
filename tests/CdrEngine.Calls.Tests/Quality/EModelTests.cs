using CdrEngine.Calls.Quality;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Tests.Streams;
using CdrEngine.Protocols.Rtp;
using Xunit;

namespace CdrEngine.Calls.Tests.Quality;

public sealed class EModelTests
{
    /// <summary>G.107 annex B, table B.1: R and the MOS printed beside it.</summary>
    [Theory]
    [InlineData(90, 4.34)]
    [InlineData(80, 4.03)]
    [InlineData(70, 3.60)]
    [InlineData(60, 3.10)]
    [InlineData(50, 2.58)]
    [InlineData(93.2, 4.41)]
    [InlineData(0, 1)]
    [InlineData(-5, 1)]
    [InlineData(100, 4.5)]
    [InlineData(140, 4.5)]
    [InlineData(5, 1)] // the polynomial dips below 1 for small R
    public void Rating_GivesTheMosOfTheTable(double rating, double mos) => Assert.Equal(mos, EModel.Mos(rating), 0.007);

    /// <summary>Ie,eff worked by hand from equation 7-29 with the table values of G.113.</summary>
    [Theory]
    [InlineData("G.711, no loss", 0, 25.1, 0, 1, 0)]
    [InlineData("G.711 with concealment, 1 %", 0, 25.1, 1, 1, 3.640)]
    [InlineData("G.711 with concealment, 5 %", 0, 25.1, 5, 1, 15.781)]
    [InlineData("G.711 without concealment, 1 %", 0, 4.3, 1, 1, 17.925)]
    [InlineData("G.729A, 2 %", 11, 19, 2, 1, 19.000)]
    [InlineData("G.723.1, 3 %", 15, 16.1, 3, 1, 27.565)]
    [InlineData("G.729A, 2 %, bursts of twice random", 11, 19, 2, 2, 19.400)]
    [InlineData("all lost", 0, 25.1, 100, 1, 75.939)]
    [InlineData("above all", 0, 25.1, 300, 1, 75.939)]
    [InlineData("burstR below 1 counts as 1", 0, 25.1, 1, 0.2, 3.640)]
    public void Loss_CostsWhatEquation729Says(string name, double ie, double bpl, double loss, double burstR, double expected)
    {
        double actual = EModel.EffectiveImpairment(new CodecImpairment(ie, bpl, RatingScale.Narrowband, false), loss, burstR);
        Assert.True(Math.Abs(actual - expected) < 0.001, $"{name}: {actual}");
    }

    /// <summary>Idd by equation 7-27 alone (wide band, brought back to the narrow scale): nothing to 100 ms, then as G.107 figure 4.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(100, 0)]
    [InlineData(200, 2.99)]
    [InlineData(400, 23.99)]
    public void PureDelay_CostsWhatEquation727Says(double delay, double expected) =>
        Assert.Equal(expected, EModel.DelayImpairment(RatingScale.Wideband, delay) / 1.29, 0.1);

    [Fact]
    public void DelayImpairment_StartsAtZeroAndOnlyGrows()
    {
        foreach (RatingScale scale in Enum.GetValues<RatingScale>())
        {
            Assert.Equal(0, EModel.DelayImpairment(scale, 0), 9);
            Assert.Equal(0, EModel.DelayImpairment(scale, -10), 9);
            double before = 0;
            for (int delay = 0; delay <= 1000; delay += 10)
            {
                double now = EModel.DelayImpairment(scale, delay);
                Assert.True(now >= before - 1e-9, $"{scale} {delay}");
                before = now;
            }
        }
    }

    [Fact]
    public void PerfectConnection_HasTheScalesMaximum()
    {
        Assert.Equal(93.2, EModel.Rating(CodecImpairments.G711, 0, 1, 0), 9);
        Assert.Equal(129, EModel.Rating(new CodecImpairment(0, 10, RatingScale.Wideband, false), 0, 1, 0), 9);
        Assert.Equal(148, EModel.Rating(new CodecImpairment(0, 10, RatingScale.Fullband, false), 0, 1, 0), 9);
        Assert.Equal(4.5, EModel.Mos(129, RatingScale.Wideband), 9);
        Assert.Equal(4.5, EModel.Mos(148, RatingScale.Fullband), 9);
    }

    [Theory]
    [InlineData("PCMU", 160, 20, 0, 25.1, RatingScale.Narrowband, false)]
    [InlineData("G729", 20, 20, 11, 19, RatingScale.Narrowband, false)]
    [InlineData("G723", 24, 30, 15, 16.1, RatingScale.Narrowband, false)]
    [InlineData("G723", 20, 30, 19, 16.1, RatingScale.Narrowband, true)]
    [InlineData("GSM-EFR", 31, 20, 5, 10, RatingScale.Narrowband, false)]
    [InlineData("GSM", 33, 20, 20, 10, RatingScale.Narrowband, true)]
    [InlineData("G726-32", 80, 20, 7, 4.3, RatingScale.Narrowband, true)]
    [InlineData("AMR", 33, 20, 5, 10, RatingScale.Narrowband, true)] // 12.2 kbit/s, octet-aligned
    [InlineData("AMR", 14, 20, 21.5, 10, RatingScale.Narrowband, true)] // 4.75 kbit/s
    [InlineData("AMR", 21, 20, 11, 10, RatingScale.Narrowband, true)] // 7.4 kbit/s
    [InlineData("AMR", 22, 20, 10, 10, RatingScale.Narrowband, true)] // 7.95 kbit/s
    [InlineData("AMR", 32, 20, 5, 10, RatingScale.Narrowband, true)] // 12.2 kbit/s, bandwidth-efficient
    [InlineData("G722", 160, 20, 13, 4.5, RatingScale.Wideband, true)]
    [InlineData("AMR-WB", 34, 20, 13, 4.3, RatingScale.Wideband, true)] // 12.65 kbit/s
    [InlineData("AMR-WB", 62, 20, 8, 4.9, RatingScale.Wideband, true)] // 23.85 kbit/s
    [InlineData("OPUS", 100, 20, 10.7, 9.8, RatingScale.Fullband, true)]
    [InlineData("OPUS", 45, 20, 25.93, 11.07, RatingScale.Fullband, true)]
    public void Codec_HasItsFigures(string name, double bytes, double time, double ie, double bpl, RatingScale scale, bool estimated)
    {
        CodecImpairment found = CodecImpairments.Find(PayloadFormat.Of(name, 8000), bytes, time)!.Value;
        Assert.Equal((scale, estimated), (found.Scale, found.IsEstimated));
        Assert.Equal(ie, found.Ie, 0.01);
        Assert.Equal(bpl, found.Bpl, 0.01);
    }

    [Theory]
    [InlineData("SPEEX", 40)]
    [InlineData("ILBC", 38)]
    [InlineData("BV32", 80)]
    [InlineData("SILK", 60)]
    [InlineData("OPUS", 20)] // 8 kbit/s: narrow band, for which no figures are known
    [InlineData("NEVER-HEARD-OF", 160)]
    public void UnknownCodec_HasNone(string name, double bytes) => Assert.Null(CodecImpairments.Find(PayloadFormat.Of(name, 8000), bytes, 20));

    [Theory]
    [InlineData(0, 0, 100, 1)]
    [InlineData(10, 10, 1000, 1)] // single losses: below random, counts as random
    [InlineData(20, 4, 1000, 4.9)]
    [InlineData(100, 1, 100, 1)]
    public void BurstRatio_ComparesRunsWithRandomLoss(long lost, long runs, long expected, double ratio) =>
        Assert.Equal(ratio, EModel.BurstRatio(lost, runs, expected), 9);

    [Fact]
    public void MoreLossOrMoreLate_NeverImprovesMos()
    {
        double before = 5;
        for (int lost = 0; lost <= 250; lost += 10)
        {
            var flow = new FlowUnderTest();
            var random = new Random(3);
            int[] order = [.. Enumerable.Range(1, 498).OrderBy(_ => random.Next())];
            HashSet<int> gone = [.. order.Take(lost)];
            for (int i = 0; i < 500; i++)
            {
                if (!gone.Contains(i)) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)));
            }

            StreamRecord record = flow.Record();
            Assert.True(record.Mos <= before + 0.02, $"{lost}");
            Assert.InRange(record.Mos!.Value, 1, 4.5);
            before = record.Mos.Value;
        }
    }
}
