using System.Text;
using CdrEngine.Core;

namespace CdrEngine.Media.Encoders;

/// <summary>What a recording says of itself. Texts may come from the wire: they are cleaned and cut before they are written.</summary>
public sealed record RecordingTags
{
    /// <summary>Who called, for people.</summary>
    public string? Caller { get; init; }

    /// <summary>Who answered, for people.</summary>
    public string? Callee { get; init; }

    /// <summary>The record's id.</summary>
    public string? Id { get; init; }

    /// <summary>Call-ID of SIP.</summary>
    public string? SipCallId { get; init; }

    /// <summary>First instant of the recording.</summary>
    public Timestamp? StartedAt { get; init; }

    /// <summary>Length.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>The tags as ID3v2.4 (id3.org, id3v2.4.0-structure), texts in UTF-8; empty where there is nothing to say.</summary>
    public byte[] ToId3()
    {
        var frames = new MemoryStream();
        string? caller = Clean(Caller), callee = Clean(Callee);
        Text(frames, "TIT2", caller is null && callee is null ? null : $"{caller ?? "?"} \u2192 {callee ?? "?"}");
        Text(frames, "TPE1", caller);
        Text(frames, "TPE2", callee);
        Text(frames, "TDRC", StartedAt?.ToString()[..19]);
        Text(frames, "TLEN", Duration is { } duration ? ((long)duration.TotalMilliseconds).ToString(System.Globalization.CultureInfo.InvariantCulture) : null);
        Text(frames, "TXXX", Named("started_at", StartedAt?.ToString()));
        Text(frames, "TXXX", Named("call_id", Clean(Id)));
        Text(frames, "TXXX", Named("sip_call_id", Clean(SipCallId)));
        if (frames.Length == 0) return [];

        var tag = new MemoryStream();
        tag.Write("ID3\x04\x00\x00"u8);
        Size(tag, (int)frames.Length);
        frames.Position = 0;
        frames.CopyTo(tag);
        return tag.ToArray();
    }

    /// <summary>A text without control characters, at most 256 characters long; null where nothing is left.</summary>
    internal static string? Clean(string? text)
    {
        const int longest = 256;
        if (text is null) return null;
        var clean = new StringBuilder(Math.Min(text.Length, longest));
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength > longest) break;

            // Format characters too: those that turn the direction of writing make one number look like another.
            System.Globalization.UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            if (category is not (System.Globalization.UnicodeCategory.Control or System.Globalization.UnicodeCategory.Format
                or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator)) clean.Append(rune);
        }

        string result = clean.ToString().Trim();
        return result.Length == 0 ? null : result;
    }

    private static string? Named(string name, string? value) => value is null ? null : $"{name}\0{value}";

    private static void Text(MemoryStream frames, string id, string? text)
    {
        if (text is null) return;
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        frames.Write(Encoding.ASCII.GetBytes(id));
        Size(frames, bytes.Length + 1);
        frames.WriteByte(0);
        frames.WriteByte(0);
        frames.WriteByte(3);
        frames.Write(bytes);
    }

    // Seven bits to a byte, so that no player takes a size for a frame of sound.
    private static void Size(MemoryStream output, int size)
    {
        for (int shift = 21; shift >= 0; shift -= 7) output.WriteByte((byte)((size >> shift) & 0x7F));
    }
}
