using System.Collections.Concurrent;

namespace CdrEngine.Protocols.Rtp;

/// <summary>What a payload type carries.</summary>
public enum PayloadKind : byte
{
    /// <summary>Something else, or not known.</summary>
    Other = 0,

    /// <summary>Sound.</summary>
    Audio = 1,

    /// <summary>Pictures.</summary>
    Video = 2,

    /// <summary>Digits and signals (RFC 4733).</summary>
    TelephoneEvent = 3,

    /// <summary>Comfort noise (RFC 3389).</summary>
    ComfortNoise = 4,

    /// <summary>Repair of sound: parity (RFC 5109, 8627) and retransmissions (RFC 4588). Nothing of its own.</summary>
    Repair = 5,
}

/// <summary>One payload format: codec, clock, kind. Immutable and interned: equal formats are the same object.</summary>
public sealed class PayloadFormat
{
    /// <summary>Formats kept for sharing; what comes later from the wire is not shared (an attacker may invent names without end).</summary>
    private const int MaxInterned = 4096;

    // With room for the static formats and what calls usually offer. Growing it, and asking for its count, would take all its locks.
    private static readonly ConcurrentDictionary<FormatKey, PayloadFormat> Interned = new(concurrencyLevel: 4, capacity: 131);

    private static int _interned;

    /// <summary>A payload type that nobody named: no codec, no clock.</summary>
    public static readonly PayloadFormat Unknown = new("", 0, 1, PayloadKind.Other);

    private PayloadFormat(string encodingName, int clockRateHz, int channels, PayloadKind kind)
    {
        EncodingName = encodingName;
        ClockRateHz = clockRateHz;
        Channels = channels;
        Kind = kind;
        MicrosecondsPerTick = clockRateHz > 0 ? 1_000_000.0 / clockRateHz : 0;
        IsG711 = encodingName is "PCMU" or "PCMA" && clockRateHz == 8000 && channels == 1;
        Codec = encodingName.Length == 0 ? null : channels > 1 ? $"{encodingName}/{clockRateHz}/{channels}" : $"{encodingName}/{clockRateHz}";
    }

    /// <summary>Encoding name in upper case, for example <c>PCMU</c>; empty where unknown.</summary>
    public string EncodingName { get; }

    /// <summary>RTP clock rate in Hz (G.722: 8000, RFC 3551 4.5.2); 0 where unknown.</summary>
    public int ClockRateHz { get; }

    /// <summary>Audio channels, 1 or more.</summary>
    public int Channels { get; }

    /// <summary>What it carries.</summary>
    public PayloadKind Kind { get; }

    /// <summary>Microseconds of one timestamp unit; 0 where the clock is unknown.</summary>
    public double MicrosecondsPerTick { get; }

    /// <summary><c>PCMU/8000</c>, with <c>/channels</c> where there is more than one; null where unknown.</summary>
    public string? Codec { get; }

    /// <summary>True for what a listener hears or sees: jitter and loss figures are taken from it.</summary>
    public bool IsMedia => Kind is not (PayloadKind.TelephoneEvent or PayloadKind.ComfortNoise or PayloadKind.Repair);

    /// <summary>True for G.711 of either law at its own rate, one channel: sound that can be looked into byte by byte.</summary>
    public bool IsG711 { get; }

    /// <summary>The format of an <c>a=rtpmap</c> line (RFC 8866 6.6).</summary>
    /// <param name="encodingName">Name in any case.</param>
    /// <param name="clockRateHz">Clock rate, Hz; 0 or less gives a format without clock.</param>
    /// <param name="channels">Channels; less than 1 counts as 1.</param>
    /// <param name="isVideo">True under an <c>m=video</c> line.</param>
    public static PayloadFormat Of(string encodingName, int clockRateHz, int channels = 1, bool isVideo = false)
    {
        string name = encodingName.ToUpperInvariant();
        int clock = Math.Max(clockRateHz, 0);
        int count = Math.Max(channels, 1);

        // RFC 3551 4.5.2: the G.722 clock is 8000 by an old mistake that became the rule; some offers state 16000 all the same, and their
        // senders still step by 8000 a second.
        if (name == "G722" && clock == 16_000) clock = 8_000;
        var key = new FormatKey(name, clock, count, isVideo);
        if (Interned.TryGetValue(key, out PayloadFormat? known)) return known;
        var format = new PayloadFormat(name, clock, count, KindOf(name, isVideo));
        if (Volatile.Read(ref _interned) >= MaxInterned) return format;
        PayloadFormat shared = Interned.GetOrAdd(key, format);
        if (ReferenceEquals(shared, format)) Interlocked.Increment(ref _interned);
        return shared;
    }

    /// <inheritdoc />
    public override string ToString() => Codec ?? "unknown";

    private static PayloadKind KindOf(string name, bool isVideo) => name switch
    {
        "TELEPHONE-EVENT" or "TONE" => PayloadKind.TelephoneEvent,
        "CN" => PayloadKind.ComfortNoise,
        "H261" or "H263" or "H263-1998" or "H263-2000" or "H264" or "H264-SVC" or "H265" or "VP8" or "VP9" or "AV1" or "JPEG" or "MPV" or "NV"
            or "CELB" or "MP2T" or "THEORA" => PayloadKind.Video,
        "RED" or "T140" or "RAW" => isVideo ? PayloadKind.Video : PayloadKind.Other,
        "ULPFEC" or "PARITYFEC" or "FLEXFEC" or "FLEXFEC-03" or "RTX" => isVideo ? PayloadKind.Video : PayloadKind.Repair,
        "" => PayloadKind.Other,
        _ => isVideo ? PayloadKind.Video : PayloadKind.Audio,
    };

    private readonly record struct FormatKey(string Name, int Clock, int Channels, bool Video);
}
