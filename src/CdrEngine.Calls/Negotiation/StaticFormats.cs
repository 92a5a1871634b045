using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using CdrEngine.Calls.Transactions;
using CdrEngine.Protocols.Sdp;

namespace CdrEngine.Calls.Negotiation;

/// <summary>Codec names: those that RFC 3551 6 fixes for payload types without an rtpmap, and one string for each common rtpmap.</summary>
internal static class StaticFormats
{
    private const int LongestKept = 64;

    private static readonly MediaFormat?[] Static = Build();
    private static readonly MediaFormat[] Unnamed = BuildUnnamed();

    // Each slot holds the last one that fell on it. What is read is compared as a whole, so threads need not agree.
    private static readonly MediaFormat?[] Kept = new MediaFormat?[512];

    // One string per common name and rate, so that a call's SDP does not make the same text a thousand times a second.
    private static readonly MediaFormat[] Common =
    [
        .. Static.OfType<MediaFormat>(),
        Format(0, "telephone-event", 8000, 1), Format(0, "telephone-event", 16000, 1), Format(0, "telephone-event", 48000, 1),
        Format(0, "opus", 48000, 2), Format(0, "G7221", 16000, 1), Format(0, "iLBC", 8000, 1), Format(0, "speex", 8000, 1), Format(0, "speex", 16000, 1),
        Format(0, "AMR", 8000, 1), Format(0, "AMR-WB", 16000, 1), Format(0, "GSM-EFR", 8000, 1), Format(0, "EVS", 16000, 1), Format(0, "CN", 16000, 1),
        Format(0, "red", 8000, 1), Format(0, "red", 48000, 2), Format(0, "H264", 90000, 1), Format(0, "VP8", 90000, 1), Format(0, "VP9", 90000, 1),
        Format(0, "H263-1998", 90000, 1), Format(0, "rtx", 90000, 1), Format(0, "L16", 8000, 1), Format(0, "L16", 16000, 1),
    ];

    /// <summary>The format of an m-line by its rtpmap, else by RFC 3551; null for a format that is no payload type.</summary>
    public static MediaFormat? Of(in SdpFormat format)
    {
        if (format.PayloadType is < 0 or > 127) return null;
        byte payloadType = (byte)format.PayloadType;
        ReadOnlySpan<byte> fmtp = format.Fmtp[..Math.Min(format.Fmtp.Length, 512)];
        if (!format.HasRtpMap) return WithFmtp(Static[payloadType] ?? Unnamed[payloadType], payloadType, fmtp);
        foreach (MediaFormat common in Common)
        {
            if (common.ClockRateHz == format.ClockRate && common.Channels == format.Channels && Ascii.Equals(format.EncodingName, common.EncodingName)) return WithFmtp(common, payloadType, fmtp);
        }

        string name = Encoding.UTF8.GetString(format.EncodingName[..Math.Min(format.EncodingName.Length, 64)]);
        return Format(payloadType, name, format.ClockRate, format.Channels) with { Fmtp = fmtp.IsEmpty ? null : Encoding.UTF8.GetString(fmtp) };
    }

    // One object for the same codec under the same number with the same parameters, as far as they were seen lately. Of short parameters only: what is kept has a bound.
    private static MediaFormat WithFmtp(MediaFormat known, byte payloadType, ReadOnlySpan<byte> fmtp)
    {
        if (known.PayloadType == payloadType && fmtp.IsEmpty) return known;
        if (fmtp.Length > LongestKept) return known with { PayloadType = payloadType, Fmtp = Encoding.UTF8.GetString(fmtp) };
        ulong hash = Hash64.Mix(Hash64.Of(fmtp), (uint)RuntimeHelpers.GetHashCode(known) ^ ((ulong)payloadType << 32));
        ref MediaFormat? slot = ref Kept[hash & (ulong)(Kept.Length - 1)];
        if (slot is { } kept && kept.PayloadType == payloadType && ReferenceEquals(kept.Codec, known.Codec) && kept.Channels == known.Channels && Ascii.Equals(fmtp, kept.Fmtp)) return kept;
        MediaFormat made = known with { PayloadType = payloadType, Fmtp = fmtp.IsEmpty ? null : Encoding.UTF8.GetString(fmtp) };
        slot = made;
        return made;
    }

    private static MediaFormat Format(byte payloadType, string name, int rate, int channels)
    {
        string codec = channels > 1
            ? string.Create(CultureInfo.InvariantCulture, $"{name}/{rate}/{channels}")
            : string.Create(CultureInfo.InvariantCulture, $"{name}/{rate}");
        return new MediaFormat(payloadType, codec, name, rate, Math.Max(channels, 1), null);
    }

    private static MediaFormat?[] Build()
    {
        var all = new MediaFormat?[128];
        (byte Type, string Name, int Rate, int Channels)[] table =
        [
            (0, "PCMU", 8000, 1), (3, "GSM", 8000, 1), (4, "G723", 8000, 1), (5, "DVI4", 8000, 1), (6, "DVI4", 16000, 1), (7, "LPC", 8000, 1),
            (8, "PCMA", 8000, 1), (9, "G722", 8000, 1), (10, "L16", 44100, 2), (11, "L16", 44100, 1), (12, "QCELP", 8000, 1), (13, "CN", 8000, 1),
            (14, "MPA", 90000, 1), (15, "G728", 8000, 1), (16, "DVI4", 11025, 1), (17, "DVI4", 22050, 1), (18, "G729", 8000, 1),
            (25, "CelB", 90000, 1), (26, "JPEG", 90000, 1), (28, "nv", 90000, 1), (31, "H261", 90000, 1), (32, "MPV", 90000, 1),
            (33, "MP2T", 90000, 1), (34, "H263", 90000, 1),
        ];
        foreach ((byte type, string name, int rate, int channels) in table) all[type] = Format(type, name, rate, channels);
        return all;
    }

    private static MediaFormat[] BuildUnnamed()
    {
        var all = new MediaFormat[128];
        for (int type = 0; type < all.Length; type++) all[type] = new MediaFormat((byte)type, null, null, 0, 1, null);
        return all;
    }
}
