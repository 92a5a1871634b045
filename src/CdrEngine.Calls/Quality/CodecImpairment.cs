using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Calls.Quality;

/// <summary>What a codec costs by itself and how it bears loss.</summary>
/// <param name="Ie">Equipment impairment factor, on the scale given.</param>
/// <param name="Bpl">Packet-loss robustness: the larger, the better loss is concealed.</param>
/// <param name="Scale">Scale of <paramref name="Ie"/>.</param>
/// <param name="IsEstimated">True where a value is not in ITU-T G.113 but published elsewhere or taken from the nearest kin there.</param>
public readonly record struct CodecImpairment(double Ie, double Bpl, RatingScale Scale, bool IsEstimated);

/// <summary>Ie and Bpl by codec. A codec that is not in the table has no figures and gets no MOS: never a guess.</summary>
public static class CodecImpairments
{
    // The kin that stands in where G.113 gives an Ie and no Bpl.
    private const double EfrBpl = 10; // GSM-EFR's own concealment, G.113 table I.3
    private const double NoConcealment = 4.3; // G.711 without concealment, G.113 table I.3

    /// <summary>G.711 as its receivers play it, with concealment (G.711 appendix I): G.113 table I.3.</summary>
    public static readonly CodecImpairment G711 = Narrow(0, 25.1);

    /// <summary>G.711 whose losses are played as silence: G.113 table I.3.</summary>
    public static readonly CodecImpairment G711WithoutConcealment = Narrow(0, NoConcealment);

    // AMR, kbit/s: Ie. 12.2 is GSM-EFR (G.113 table I.1); the lower modes by 3GPP's characterisation tests, none of them in G.113.
    private static readonly (double Rate, double Ie)[] Amr =
    [
        (4.75, 21.5), (5.15, 20), (5.9, 17), (6.7, 14), (7.4, 11), (7.95, 10), (10.2, 6), (12.2, 5),
    ];

    // AMR-WB, kbit/s: Ie,WB of G.722.2 (G.113 appendix IV); Bpl of 12.65 and 23.85 for the modes near them.
    private static readonly (double Rate, double Ie, double Bpl)[] AmrWideband =
    [
        (6.6, 41, 4.3), (8.85, 26, 4.3), (12.65, 13, 4.3), (14.25, 10, 4.3), (15.85, 7, 4.9), (18.25, 5, 4.9), (19.85, 4, 4.9), (23.05, 1, 4.9), (23.85, 8, 4.9),
    ];

    // Opus in super-wide band, variable rate, kbit/s: values measured with P.863 by the method of P.834.2 and published outside G.113, which
    // has none. Below 14 kbit/s Opus narrows its band and the values do not hold.
    private static readonly (double Rate, double Ie, double Bpl)[] Opus =
    [
        (14, 38.1, 16.5), (16, 30.2, 11.8), (19, 23.8, 10.7), (22, 20.2, 10.5), (25, 20.2, 11.3), (28, 18.5, 10.6), (31, 16.8, 10.4),
        (34, 14.8, 10.1), (37, 12.1, 10.4), (40, 10.7, 9.8),
    ];

    /// <summary>The figures of a codec; null where none are known.</summary>
    /// <param name="format">Payload format.</param>
    /// <param name="payloadBytes">Mean payload of its packets, bytes: tells the mode of a codec that has several.</param>
    /// <param name="packetMilliseconds">Time of one packet; 0 where unknown, then 20 ms is taken (30 for G.723.1).</param>
    public static CodecImpairment? Find(PayloadFormat format, double payloadBytes, double packetMilliseconds)
    {
        double time = packetMilliseconds > 0 ? packetMilliseconds : 20;
        double kilobits = payloadBytes * 8 / time;
        return format.EncodingName switch
        {
            "PCMU" or "PCMA" => G711,
            "G729" or "G729A" or "G729AB" or "G729B" => Narrow(11, 19), // G.113 table I.3, G.729-A with VAD
            "G723" or "G7231" => G723(payloadBytes),
            "GSM" => Estimated(20, EfrBpl), // Ie: G.113 table I.1, GSM-FR
            "GSM-HR-08" => Estimated(23, EfrBpl), // Ie: G.113 table I.1, GSM-HR
            "GSM-EFR" => Narrow(5, EfrBpl), // G.113 tables I.1 and I.3
            "G728" => Estimated(7, EfrBpl), // Ie: G.113 table I.1, 16 kbit/s
            "G726-40" or "AAL2-G726-40" => Estimated(2, NoConcealment), // Ie of G.726: G.113 table I.1
            "G726-32" or "AAL2-G726-32" or "G721" => Estimated(7, NoConcealment),
            "G726-24" or "AAL2-G726-24" => Estimated(25, NoConcealment),
            "G726-16" or "AAL2-G726-16" => Estimated(50, NoConcealment),
            "AMR" => Estimated(Nearest(Amr, kilobits - HeaderKilobits(time)).Ie, EfrBpl),
            "G722" => new CodecImpairment(13, 4.5, RatingScale.Wideband, IsEstimated: true), // Ie,WB of 64 kbit/s: G.113 appendix IV
            "G7221" => kilobits > 28 ? Wide(13, 4.5) : Wide(19, 4.5), // 32 and 24 kbit/s: G.113 appendix IV
            "AMR-WB" => WidebandAmr(kilobits - HeaderKilobits(time)),
            "OPUS" => FullbandOpus(kilobits),
            _ => null,
        };
    }

    /// <summary>Frames of 20 and 24 bytes are the 5.3 and the 6.3 kbit/s mode (RFC 3551 4.5.3); Ie: G.113 tables I.1 and I.3.</summary>
    private static CodecImpairment G723(double payloadBytes) =>
        payloadBytes > 0 && payloadBytes % 24 > 0 && payloadBytes % 20 == 0 ? Estimated(19, 16.1) : Narrow(15, 16.1);

    /// <summary>Two bytes of mode request, table of contents and filling a packet; close enough to tell all modes of both payload formats of
    /// RFC 4867 apart.</summary>
    private static double HeaderKilobits(double packetMilliseconds) => 16 / packetMilliseconds;

    private static (double Rate, double Ie) Nearest((double Rate, double Ie)[] modes, double kilobits)
    {
        (double Rate, double Ie) nearest = modes[0];
        foreach ((double Rate, double Ie) mode in modes)
        {
            if (Math.Abs(mode.Rate - kilobits) < Math.Abs(nearest.Rate - kilobits)) nearest = mode;
        }

        return nearest;
    }

    private static CodecImpairment WidebandAmr(double kilobits)
    {
        (double Rate, double Ie, double Bpl) nearest = AmrWideband[0];
        foreach ((double Rate, double Ie, double Bpl) mode in AmrWideband)
        {
            if (Math.Abs(mode.Rate - kilobits) < Math.Abs(nearest.Rate - kilobits)) nearest = mode;
        }

        return Wide(nearest.Ie, nearest.Bpl);
    }

    private static CodecImpairment? FullbandOpus(double kilobits)
    {
        if (kilobits < Opus[0].Rate) return null;
        for (int i = 1; i < Opus.Length; i++)
        {
            if (kilobits > Opus[i].Rate) continue;
            double share = (kilobits - Opus[i - 1].Rate) / (Opus[i].Rate - Opus[i - 1].Rate);
            return Full(double.Lerp(Opus[i - 1].Ie, Opus[i].Ie, share), double.Lerp(Opus[i - 1].Bpl, Opus[i].Bpl, share));
        }

        return Full(Opus[^1].Ie, Opus[^1].Bpl);
    }

    private static CodecImpairment Narrow(double ie, double bpl) => new(ie, bpl, RatingScale.Narrowband, IsEstimated: false);

    private static CodecImpairment Estimated(double ie, double bpl) => new(ie, bpl, RatingScale.Narrowband, IsEstimated: true);

    private static CodecImpairment Wide(double ie, double bpl) => new(ie, bpl, RatingScale.Wideband, IsEstimated: true);

    private static CodecImpairment Full(double ie, double bpl) => new(ie, bpl, RatingScale.Fullband, IsEstimated: true);
}
