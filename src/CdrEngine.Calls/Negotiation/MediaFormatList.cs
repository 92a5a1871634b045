using System.Collections;
using System.Runtime.CompilerServices;
using CdrEngine.Protocols.Sdp;

namespace CdrEngine.Calls.Negotiation;

/// <summary>The payload types of an m-line in its order, and their names. Immutable, and one object for the many calls whose phones offer the same: phones of one make all do.</summary>
internal sealed class MediaFormatList : IReadOnlyList<MediaFormat>
{
    /// <summary>Longer ones are made anew each time.</summary>
    private const int LongestKept = 16;

    /// <summary>No payload type at all.</summary>
    private static readonly MediaFormatList Empty = new([]);

    // Each slot holds the last one that fell on it. What is read is compared as a whole, so threads need not agree.
    private static readonly MediaFormatList?[] Kept = new MediaFormatList?[256];

    private readonly MediaFormat[] _formats;

    private MediaFormatList(MediaFormat[] formats)
    {
        _formats = formats;
        Codecs = Array.FindAll(Array.ConvertAll(formats, static format => format.Codec), static codec => codec is not null)!;
    }

    /// <inheritdoc />
    public int Count => _formats.Length;

    /// <summary>Their names, without those that nothing names.</summary>
    public IReadOnlyList<string> Codecs { get; }

    /// <inheritdoc />
    public MediaFormat this[int index] => _formats[index];

    /// <summary>The formats of an m-line; those that are no payload type are left out.</summary>
    public static MediaFormatList Of(ReadOnlySpan<SdpFormat> formats)
    {
        if (formats.Length > LongestKept) return new MediaFormatList(Read(formats));
        Room room = default;
        int count = 0;
        uint hash = 0;
        foreach (SdpFormat format in formats)
        {
            if (StaticFormats.Of(format) is not { } known) continue;
            room[count++] = known;
            hash = (hash * 31) + (uint)RuntimeHelpers.GetHashCode(known);
        }

        if (count == 0) return Empty;
        ref MediaFormatList? slot = ref Kept[(hash ^ (hash >> 16)) & (uint)(Kept.Length - 1)];
        if (slot is { } kept && kept.Holds(room[..count])) return kept;
        var made = new MediaFormatList(room[..count].ToArray());
        slot = made;
        return made;
    }

    /// <inheritdoc />
    public IEnumerator<MediaFormat> GetEnumerator() => ((IEnumerable<MediaFormat>)_formats).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static MediaFormat[] Read(ReadOnlySpan<SdpFormat> formats)
    {
        var all = new List<MediaFormat>(formats.Length);
        foreach (SdpFormat format in formats)
        {
            if (StaticFormats.Of(format) is { } known) all.Add(known);
        }

        return [.. all];
    }

    private bool Holds(ReadOnlySpan<MediaFormat> formats)
    {
        if (_formats.Length != formats.Length) return false;
        for (int i = 0; i < formats.Length; i++)
        {
            if (!ReferenceEquals(_formats[i], formats[i])) return false;
        }

        return true;
    }

    [InlineArray(LongestKept)]
    private struct Room
    {
        private MediaFormat _first;
    }
}
