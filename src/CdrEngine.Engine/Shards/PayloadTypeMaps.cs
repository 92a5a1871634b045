using CdrEngine.Calls.Negotiation;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Engine.Shards;

/// <summary>Makes the payload type map of a flow from what the SDP says, and shares equal maps: most calls of a system use the same few.</summary>
internal sealed class PayloadTypeMaps
{
    private const int Remembered = 16;
    private readonly List<PayloadTypeMap> _recent = [];
    private readonly List<(int, PayloadFormat)> _entries = [];

    /// <summary>The receiver's numbering laid over the sender's, over the static table.</summary>
    public PayloadTypeMap For(in MediaMatch match)
    {
        _entries.Clear();
        Add(match.Sender);
        Add(match.Receiver);
        if (_entries.Count == 0) return PayloadTypeMap.Static;
        PayloadTypeMap map = PayloadTypeMap.Static.With(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_entries));
        if (ReferenceEquals(map, PayloadTypeMap.Static)) return map;
        int known = _recent.FindIndex(map.Matches);
        if (known >= 0) return _recent[known];
        if (_recent.Count >= Remembered) _recent.RemoveAt(0);
        _recent.Add(map);
        return map;
    }

    private void Add(MediaDescription? description)
    {
        if (description is null) return;
        bool video = string.Equals(description.Media, "video", StringComparison.OrdinalIgnoreCase);
        for (int i = 0; i < description.Formats.Count; i++)
        {
            MediaFormat format = description.Formats[i];
            if (format.EncodingName is { Length: > 0 } name)
                _entries.Add((format.PayloadType, PayloadFormat.Of(name, format.ClockRateHz, format.Channels, video)));
        }
    }
}
