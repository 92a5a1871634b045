using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Sdp;
using CdrEngine.Protocols.Sip;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Calls.Transcripts;

/// <summary>Makes what the ladder shows of parsed messages. Keeps its buffers; used by one thread.</summary>
public sealed class LadderReader
{
    private const int MaxCodecs = 4;
    private const int MaxText = 200;

    private readonly SdpSession _sdp = new();
    private readonly SipMessage _message = new(new SipLimits { MaxMessageBytes = TcpLimits.Default.MessageBytes });

    /// <summary>One message of a transcript.</summary>
    public LadderMessage Read(TranscriptMessage message)
    {
        // Its parts were parsed once already to get into the transcript; whatever the outcome, what was read of it is shown.
        _ = SipParser.TryRead(message.Bytes, _message, out _, out _);
        return Read(_message, message.At, message.Source, message.Destination);
    }

    /// <summary>One message. Nothing of it is borrowed afterwards.</summary>
    /// <param name="message">The message as parsed.</param>
    /// <param name="at">When its last packet was captured.</param>
    /// <param name="source">Sender.</param>
    /// <param name="destination">Receiver.</param>
    public LadderMessage Read(SipMessage message, Timestamp at, Endpoint source, Endpoint destination) => new()
    {
        At = at,
        Source = source,
        Destination = destination,
        Title = message.IsRequest ? Text(message.MethodText) : $"{message.StatusCode} {Text(message.ReasonPhrase)}".TrimEnd(),
        StatusCode = message.IsRequest ? 0 : message.StatusCode,
        CSeq = $"{message.CSeqNumber} {Text(message.CSeqMethodText)}",
        Sdp = Describe(message.SdpBody),
        Hash = Hash(message.Bytes),
    };

    // The first m-line that is not refused, for nearly all calls the only one: codecs, address, direction unless it is the usual one.
    private string? Describe(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty) return null;
        if (!SdpParser.TryRead(body, _sdp)) return "not readable";
        var words = new List<string>();
        foreach (SdpMedia media in _sdp.Media)
        {
            if (media.IsRefused) continue;
            if (media.Type != SdpMediaType.Audio) words.Add(Text(media.TypeText));
            int shown = Math.Min(media.Formats.Length, MaxCodecs);
            foreach (SdpFormat format in media.Formats[..shown]) words.Add(Text(format.HasRtpMap ? format.EncodingName : format.Text));
            if (media.Formats.Length > shown) words.Add("…");
            if (media.HasAddress) words.Add(new Endpoint(media.Address, media.Port).ToString());
            if (media.Direction != SdpDirection.SendRecv) words.Add(media.Direction.ToString().ToLowerInvariant());
            break;
        }

        if (_sdp.Media.Length == 0) words.Add("no media");
        else if (words.Count == 0) words.Add("all refused");
        if (_sdp.Media.Length > 1) words.Add($"({_sdp.Media.Length} m-lines)");
        return string.Join(' ', words);
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, MaxText)]);

    // FNV-1a, 64 bits: only the messages of one call are told apart by it.
    private static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        ulong hash = 0xCBF2_9CE4_8422_2325;
        foreach (byte b in bytes) hash = (hash ^ b) * 0x0000_0100_0000_01B3;
        return hash;
    }
}
