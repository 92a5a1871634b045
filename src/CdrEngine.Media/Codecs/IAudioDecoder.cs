namespace CdrEngine.Media.Codecs;

/// <summary>Turns the payloads of one RTP stream into sound. Holds state from packet to packet, so each stream has its own, and one thread
/// uses it at a time. Never throws on what came from the wire.</summary>
public interface IAudioDecoder : IDisposable
{
    /// <summary>Samples a second of what is written, Hz; may differ from the RTP clock (G.722: 16000 over a clock of 8000, RFC 3551 4.5.2).</summary>
    int SampleRateHz { get; }

    /// <summary>Channels of what is written, interleaved; 1 or more.</summary>
    int Channels { get; }

    /// <summary>Decodes one payload.</summary>
    /// <param name="payload">The RTP payload, padding taken off. Empty (a keep-alive, RFC 6263) gives 0.</param>
    /// <param name="pcm">Where the interleaved samples go. <see cref="AudioDecoders.MaxSamplesPerPacket"/> values hold anything; where a
    /// smaller one does not hold the payload's sound, the payload counts as malformed and nothing is decoded.</param>
    /// <returns>Samples of each channel written; -1 where the payload is malformed, and then what <paramref name="pcm"/> holds means nothing.</returns>
    int Decode(ReadOnlySpan<byte> payload, Span<short> pcm);

    /// <summary>Fills a gap that lost packets left: what the codec's own concealment gives, else the last pitch periods fading out, for at
    /// most <see cref="AudioDecoders.MaxConcealMilliseconds"/> since the last decoded packet (also over several calls); silence from there on.</summary>
    /// <param name="samples">Samples of each channel wanted; less than 0 counts as 0.</param>
    /// <param name="pcm">Where the interleaved samples go.</param>
    /// <returns>Samples of each channel written: those wanted, or what <paramref name="pcm"/> holds if that is less.</returns>
    int Conceal(int samples, Span<short> pcm);
}

/// <summary>A decoder whose payloads may carry a second, coarser copy of the packet before (Opus in-band FEC, RFC 6716 2.1.7).</summary>
public interface IRecoveringDecoder : IAudioDecoder
{
    /// <summary>The sound lost just before <paramref name="nextPayload"/>, as told by it; concealment where it does not tell. To be called
    /// before that payload itself is decoded.</summary>
    /// <param name="nextPayload">The payload that came after the gap.</param>
    /// <param name="samples">Samples of each channel that are missing before it.</param>
    /// <param name="pcm">Where the interleaved samples go.</param>
    /// <returns>As <see cref="IAudioDecoder.Conceal"/>; -1 where the payload is malformed.</returns>
    int Recover(ReadOnlySpan<byte> nextPayload, int samples, Span<short> pcm);
}
