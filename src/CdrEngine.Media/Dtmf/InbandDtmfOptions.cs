namespace CdrEngine.Media.Dtmf;

/// <summary>What counts as a digit (ITU-T Q.24 Annex A, the column of most administrations, with the margin a receiver needs).</summary>
public sealed record InbandDtmfOptions
{
    /// <summary>Q.24 with margins.</summary>
    public static readonly InbandDtmfOptions Default = new();

    /// <summary>Least level of each tone, dBm0. Default -30: Q.24 asks for -25 (AT&amp;T) to -29 (Australia).</summary>
    public double LeastLevelDbm0 { get; init; } = -30;

    /// <summary>How much stronger the low tone may be, dB. Default 9: Q.24 asks for 8 to be taken.</summary>
    public double MostReverseTwistDb { get; init; } = 9;

    /// <summary>How much stronger the high tone may be, dB. Default 5: Q.24 asks for 4 to be taken.</summary>
    public double MostForwardTwistDb { get; init; } = 5;

    /// <summary>Deviation of frequency that is still a digit, as a fraction. Default 0.025: Q.24 asks for 1.5 % to be taken and 3.5 % to be refused.</summary>
    public double MostDeviation { get; init; } = 0.025;

    /// <summary>Share of the sound's power that the two tones must have, 0..1. Default 0.8 (tones 6 dB over all else): speech has harmonics and
    /// formants beside any pair it hits, which is what keeps it from being taken for digits (talk-off).</summary>
    public double LeastPurity { get; init; } = 0.8;

    /// <summary>Steps of 5 ms that must agree. Default 4, with which tones of 40 ms are always taken and of 20 ms never (Q.24: 40 and 20 to 24 ms).</summary>
    public int LeastSteps { get; init; } = 4;

    /// <summary>Steps of 5 ms without the digit that end it. Default 4: a break of 10 ms does not make two digits of one, a pause of 40 ms does.</summary>
    public int PauseSteps { get; init; } = 4;

    /// <summary>Digits kept. Default 512; later ones are counted only.</summary>
    public int MostDigits { get; init; } = 512;
}
