namespace CdrEngine.Media.Dtmf;

/// <summary>A digit heard as a pair of tones in the sound itself.</summary>
/// <param name="Digit">0-9, *, #, A-D.</param>
/// <param name="StartSample">First sample of it, counted from the first sample given to the detector; right within 5 ms.</param>
/// <param name="Samples">Its length in samples of 8 kHz; right within 10 ms.</param>
public readonly record struct InbandDigit(char Digit, long StartSample, int Samples)
{
    /// <summary>Start, from the first sample given to the detector.</summary>
    public TimeSpan Start => TimeSpan.FromMicroseconds(StartSample * (1_000_000.0 / InbandDtmfDetector.SampleRateHz));

    /// <summary>Length.</summary>
    public TimeSpan Duration => TimeSpan.FromMicroseconds(Samples * (1_000_000.0 / InbandDtmfDetector.SampleRateHz));
}
