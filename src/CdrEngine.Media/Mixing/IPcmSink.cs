using System.Diagnostics.CodeAnalysis;

namespace CdrEngine.Media.Mixing;

/// <summary>What sound is given to a sink: 16-bit linear samples.</summary>
/// <param name="SampleRateHz">Samples a second of each channel.</param>
/// <param name="Channels">1, or 2 with the caller left and the callee right.</param>
/// <param name="Frames">Samples of each channel that will come in all; known beforehand, because a recording is as long as its call.</param>
public readonly record struct PcmFormat(int SampleRateHz, int Channels, long Frames)
{
    /// <summary>Length.</summary>
    public TimeSpan Duration => SampleRateHz <= 0 ? TimeSpan.Zero : new TimeSpan((long)((Int128)Frames * TimeSpan.TicksPerSecond / SampleRateHz));
}

/// <summary>Takes sound as it is made.</summary>
public interface IPcmSink
{
    /// <summary>Takes the next samples, interleaved where there are two channels; borrowed for the call.</summary>
    void Write(ReadOnlySpan<short> interleaved);

    /// <summary>No more will come; what is held is given on.</summary>
    void Complete();
}

/// <summary>Opens a sink once it is known that there is something to hear.</summary>
/// <param name="format">What will come.</param>
/// <param name="sink">The sink.</param>
/// <param name="reason">Why there is none.</param>
public delegate bool PcmSinkFactory(PcmFormat format, [NotNullWhen(true)] out IPcmSink? sink, [NotNullWhen(false)] out string? reason);

/// <summary>Gives the same sound to several sinks.</summary>
public sealed class PcmTee(params IReadOnlyList<IPcmSink> sinks) : IPcmSink
{
    /// <inheritdoc />
    public void Write(ReadOnlySpan<short> interleaved)
    {
        foreach (IPcmSink sink in sinks) sink.Write(interleaved);
    }

    /// <inheritdoc />
    public void Complete()
    {
        foreach (IPcmSink sink in sinks) sink.Complete();
    }
}
