using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace CdrEngine.Protocols.Rtp;

/// <summary>What each of the 128 payload types means: the static table of RFC 3551 6, over it what the SDP says. Immutable; a change is
/// another map, so that one map may serve any number of flows and threads.</summary>
/// <remarks>Maps of equal content are one object: an exchange has few different answers, and a map of its own for each of twenty thousand
/// calls would cost a kilobyte each.</remarks>
public sealed class PayloadTypeMap
{
    /// <summary>Payload types there are.</summary>
    public const int Count = 128;

    /// <summary>Maps kept for sharing; what comes later from the wire is not shared.</summary>
    private const int MaxInterned = 4096;

    private static readonly ConcurrentDictionary<PayloadTypeMap, PayloadTypeMap> Interned = new(new ByContent());

    /// <summary>RFC 3551 6 only: for media that no SDP announced.</summary>
    public static readonly PayloadTypeMap Static = new(StaticTable());

    private readonly PayloadFormat[] _formats;

    private PayloadTypeMap(PayloadFormat[] formats) => _formats = formats;

    /// <summary>The format of a payload type; <see cref="PayloadFormat.Unknown"/> where nobody named it. Only the low seven bits count.</summary>
    public PayloadFormat this[int payloadType] => _formats[payloadType & 0x7F];

    /// <summary>This map with one payload type changed; this map itself where nothing changes.</summary>
    /// <param name="payloadType">0..127; anything else gives this map.</param>
    /// <param name="format">Its meaning.</param>
    public PayloadTypeMap With(int payloadType, PayloadFormat format)
    {
        if (payloadType is < 0 or >= Count || ReferenceEquals(_formats[payloadType], format)) return this;
        var copy = (PayloadFormat[])_formats.Clone();
        copy[payloadType] = format;
        return Intern(copy);
    }

    /// <summary>This map with the entries of an SDP laid over it, in order; this map itself where nothing changes. Copies once.</summary>
    /// <param name="entries">Payload types 0..127 (others are left out) and their formats.</param>
    public PayloadTypeMap With(ReadOnlySpan<(int PayloadType, PayloadFormat Format)> entries)
    {
        PayloadFormat[]? copy = null;
        foreach ((int payloadType, PayloadFormat format) in entries)
        {
            if (payloadType is < 0 or >= Count) continue;
            if (ReferenceEquals((copy ?? _formats)[payloadType], format)) continue;
            copy ??= (PayloadFormat[])_formats.Clone();
            copy[payloadType] = format;
        }

        return copy is null ? this : Intern(copy);
    }

    /// <summary>True where both maps mean the same.</summary>
    public bool Matches(PayloadTypeMap other) => ReferenceEquals(this, other) || _formats.AsSpan().SequenceEqual(other._formats);

    private static PayloadTypeMap Intern(PayloadFormat[] formats)
    {
        var map = new PayloadTypeMap(formats);
        if (Static.Matches(map)) return Static;
        if (Interned.TryGetValue(map, out PayloadTypeMap? known)) return known;
        return Interned.Count >= MaxInterned ? map : Interned.GetOrAdd(map, map);
    }

    private sealed class ByContent : IEqualityComparer<PayloadTypeMap>
    {
        public bool Equals(PayloadTypeMap? x, PayloadTypeMap? y) => x is not null && y is not null && x.Matches(y);

        public int GetHashCode([DisallowNull] PayloadTypeMap map)
        {
            var hash = default(HashCode);
            for (int i = 96; i < Count; i++) hash.Add(map._formats[i].EncodingName, StringComparer.Ordinal);
            return hash.ToHashCode();
        }
    }

    private static PayloadFormat[] StaticTable()
    {
        var table = new PayloadFormat[Count];
        Array.Fill(table, PayloadFormat.Unknown);
        // RFC 3551 6, tables 4 and 5. Types 1, 2 and 19 are reserved there; 2 is what many phones still use for G.726-32.
        table[0] = PayloadFormat.Of("PCMU", 8000);
        table[2] = PayloadFormat.Of("G726-32", 8000);
        table[3] = PayloadFormat.Of("GSM", 8000);
        table[4] = PayloadFormat.Of("G723", 8000);
        table[5] = PayloadFormat.Of("DVI4", 8000);
        table[6] = PayloadFormat.Of("DVI4", 16000);
        table[7] = PayloadFormat.Of("LPC", 8000);
        table[8] = PayloadFormat.Of("PCMA", 8000);
        table[9] = PayloadFormat.Of("G722", 8000);
        table[10] = PayloadFormat.Of("L16", 44100, 2);
        table[11] = PayloadFormat.Of("L16", 44100);
        table[12] = PayloadFormat.Of("QCELP", 8000);
        table[13] = PayloadFormat.Of("CN", 8000);
        table[14] = PayloadFormat.Of("MPA", 90000);
        table[15] = PayloadFormat.Of("G728", 8000);
        table[16] = PayloadFormat.Of("DVI4", 11025);
        table[17] = PayloadFormat.Of("DVI4", 22050);
        table[18] = PayloadFormat.Of("G729", 8000);
        table[25] = PayloadFormat.Of("CELB", 90000, isVideo: true);
        table[26] = PayloadFormat.Of("JPEG", 90000, isVideo: true);
        table[28] = PayloadFormat.Of("NV", 90000, isVideo: true);
        table[31] = PayloadFormat.Of("H261", 90000, isVideo: true);
        table[32] = PayloadFormat.Of("MPV", 90000, isVideo: true);
        table[33] = PayloadFormat.Of("MP2T", 90000, isVideo: true);
        table[34] = PayloadFormat.Of("H263", 90000, isVideo: true);
        return table;
    }
}
