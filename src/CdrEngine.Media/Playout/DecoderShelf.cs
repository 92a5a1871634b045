using System.Diagnostics.CodeAnalysis;
using CdrEngine.Media.Codecs;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Media.Playout;

/// <summary>Makes the decoder of a payload format, as <see cref="AudioDecoders.TryCreate(PayloadFormat, string?, out IAudioDecoder?, out string?)"/> does.</summary>
/// <param name="format">What the payload type means.</param>
/// <param name="fmtp">Its parameters; null where none.</param>
/// <param name="decoder">The decoder; whoever asked disposes of it.</param>
/// <param name="reason">Why there is none.</param>
public delegate bool AudioDecoderFactory(
    PayloadFormat format, string? fmtp, [NotNullWhen(true)] out IAudioDecoder? decoder, [NotNullWhen(false)] out string? reason);

/// <summary>The decoders of one stream: another payload format is another decoder. A few are kept, because some senders alternate.</summary>
internal sealed class DecoderShelf(TimelineContext context) : IDisposable
{
    private const int Most = 4;

    private readonly List<(PayloadFormat Format, string? Fmtp, IAudioDecoder? Decoder)> _shelf = new(1);

    /// <summary>The decoder of a format; null where there is none, with the reason left in the context.</summary>
    public IAudioDecoder? Find(PayloadFormat format, string? fmtp)
    {
        for (int i = 0; i < _shelf.Count; i++)
        {
            if (ReferenceEquals(_shelf[i].Format, format) && _shelf[i].Fmtp == fmtp) return _shelf[i].Decoder;
        }

        if (_shelf.Count >= Most)
        {
            _shelf[0].Decoder?.Dispose();
            _shelf.RemoveAt(0);
        }

        if (!context.Decoders(format, fmtp, out IAudioDecoder? decoder, out string? reason)) context.DecoderReason ??= reason;
        _shelf.Add((format, fmtp, decoder));
        return decoder;
    }

    public void Dispose()
    {
        foreach ((_, _, IAudioDecoder? decoder) in _shelf) decoder?.Dispose();
        _shelf.Clear();
    }
}
