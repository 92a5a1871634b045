namespace CdrEngine.Calls.Quality;

/// <summary>Which band an R factor belongs to: the scales differ and are not to be mixed.</summary>
public enum RatingScale : byte
{
    /// <summary>Narrow band, 300..3400 Hz: ITU-T G.107, R up to 93.2 with the default values.</summary>
    Narrowband = 0,

    /// <summary>Wide band, 50..7000 Hz: ITU-T G.107.1, R up to 129.</summary>
    Wideband = 1,

    /// <summary>Full band, 20..20000 Hz: ITU-T G.107.2, R up to 148.</summary>
    Fullband = 2,
}

/// <summary>The E-model: what a listener would say of a connection with this codec, loss and delay (ITU-T G.107, G.107.1, G.107.2).</summary>
/// <remarks>All parameters of the terminals and rooms have the default values of G.107 table 2, so that R = Ro − Is − Id − Ie,eff becomes
/// 93.2 − Id − Ie,eff. Delay zero means listening only: Id is then 0.</remarks>
public static class EModel
{
    // Defaults of G.107 table 2 as far as they enter the delay terms.
    private const double ReceiveLoudness = 2; // RLR, dB
    private const double TalkerEchoLoudness = 65; // TELR, dB: echo is controlled
    private const double WeightedEchoPathLoss = 110; // WEPL, dB
    private const double NoisePower = -61.18; // No, dBm0p, from Nc -70, Nfor -64, Ps = Pr = 35 dB(A)
    private const double BasicSignalToNoise = 94.77; // Ro

    private static readonly double EchoAtZeroDelay = ListenerEcho(0);

    /// <summary>R of a perfect connection: 93.2, 129 or 148.</summary>
    public static double MaximumRating(RatingScale scale) => scale switch
    {
        RatingScale.Wideband => 129,
        RatingScale.Fullband => 148,
        _ => 93.2,
    };

    /// <summary>R = maximum − Id − Ie,eff, 0 or more.</summary>
    /// <param name="codec">Impairment of the codec.</param>
    /// <param name="lossPercent">Ppl: packets lost or late, 0..100.</param>
    /// <param name="burstR">BurstR: 1 for random loss, larger for bursts; below 1 counts as 1.</param>
    /// <param name="oneWayDelayMilliseconds">Mouth to ear delay; 0 for listening only.</param>
    public static double Rating(in CodecImpairment codec, double lossPercent, double burstR, double oneWayDelayMilliseconds) =>
        Math.Max(0, MaximumRating(codec.Scale) - DelayImpairment(codec.Scale, oneWayDelayMilliseconds) - EffectiveImpairment(codec, lossPercent, burstR));

    /// <summary>Ie,eff (G.107 7.5, equation 7-29): what codec and loss cost together.</summary>
    /// <param name="codec">Impairment of the codec.</param>
    /// <param name="lossPercent">Ppl, 0..100.</param>
    /// <param name="burstR">BurstR, 1 or more. G.107.1 and G.107.2 are defined for random loss; the same division is used there.</param>
    public static double EffectiveImpairment(in CodecImpairment codec, double lossPercent, double burstR)
    {
        double loss = Math.Clamp(lossPercent, 0, 100);
        double ceiling = codec.Scale == RatingScale.Fullband ? 132 : 95; // G.107.2 7.5
        return loss == 0 ? codec.Ie : codec.Ie + ((ceiling - codec.Ie) * loss / ((loss / Math.Max(burstR, 1)) + codec.Bpl));
    }

    /// <summary>Id (G.107 7.4): talker echo, listener echo and pure delay with default terminals; for wide and full band the pure delay on
    /// that band's scale. 0 for a delay of 0.</summary>
    /// <param name="scale">Band.</param>
    /// <param name="oneWayDelayMilliseconds">Mouth to ear, T = Ta = Tr / 2.</param>
    public static double DelayImpairment(RatingScale scale, double oneWayDelayMilliseconds)
    {
        double delay = Math.Max(oneWayDelayMilliseconds, 0);
        return scale switch
        {
            RatingScale.Wideband => 1.29 * PureDelay(delay),
            RatingScale.Fullband => 1.48 * PureDelay(delay),
            _ => TalkerEcho(delay) + ListenerEcho(delay) - EchoAtZeroDelay + PureDelay(delay),
        };
    }

    /// <summary>MOS of an R factor (G.107 annex B), limited to 1..4.5; R of the wider bands is first brought to 0..100 (annexes A of G.107.1
    /// and G.107.2).</summary>
    public static double Mos(double rating, RatingScale scale = RatingScale.Narrowband)
    {
        double r = scale switch
        {
            RatingScale.Wideband => rating / 1.29,
            RatingScale.Fullband => rating / 1.48,
            _ => rating,
        };
        if (r <= 0) return 1;
        if (r >= 100) return 4.5;
        return Math.Clamp(1 + (0.035 * r) + (r * (r - 60) * (100 - r) * 7e-6), 1, 4.5);
    }

    /// <summary>BurstR (G.107 7.5): mean run of loss seen, over the mean run that random loss of the same rate would show, 1 / (1 − p).</summary>
    /// <param name="lost">Packets lost.</param>
    /// <param name="runs">Runs they formed.</param>
    /// <param name="expected">Packets sent.</param>
    /// <returns>1 or more; 1 where nothing was lost.</returns>
    public static double BurstRatio(long lost, long runs, long expected)
    {
        if (lost <= 0 || runs <= 0 || expected <= 0) return 1;
        return Math.Max(1, (double)lost / runs * (1 - Math.Min(1, (double)lost / expected)));
    }

    /// <summary>Idd, equations 7-27 and 7-28: no cost up to 100 ms.</summary>
    private static double PureDelay(double delay)
    {
        if (delay <= 100) return 0;
        double x = Math.Log2(delay / 100);
        return 25 * (Math.Pow(1 + Math.Pow(x, 6), 1 / 6.0) - (3 * Math.Pow(1 + Math.Pow(x / 3, 6), 1 / 6.0)) + 2);
    }

    /// <summary>Idte, equations 7-19 to 7-23, for the default sidetone of 15 dB.</summary>
    private static double TalkerEcho(double delay)
    {
        double loudness = TalkerEchoLoudness - (40 * Math.Log10((1 + (delay / 10)) / (1 + (delay / 150)))) + (6 * Math.Exp(-0.3 * delay * delay));
        double re = 80 + (2.5 * (loudness - 14));
        double half = ((-1.5 * (NoisePower - ReceiveLoudness)) - re) / 2;
        return (half + Math.Sqrt((half * half) + 100) - 1) * (1 - Math.Exp(-delay));
    }

    /// <summary>Idle, equations 7-25 and 7-26.</summary>
    private static double ListenerEcho(double delay)
    {
        double rle = 10.5 * (WeightedEchoPathLoss + 7) * Math.Pow((2 * delay) + 1, -0.25);
        double half = (BasicSignalToNoise - rle) / 2;
        return half + Math.Sqrt((half * half) + 169);
    }
}
