using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Host.Ladder;
using CdrEngine.Host.Parts;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>Reads the data folder for the commands.</summary>
internal sealed class CallArchive : ICallArchive
{
    private readonly SqliteCallStore _store;
    private readonly StoredCallPackets _packets;

    public CallArchive(string data)
    {
        _store = SqliteCallStore.Open(DataFolder.Records(data));
        _packets = new StoredCallPackets(_store, DataFolder.Packets(data));
    }

    /// <inheritdoc />
    public ICallReader Calls => _store;

    /// <inheritdoc />
    public bool WritePcap(string id, Stream to) => CallCapture.Write(_packets, id, PacketKinds.All, to);

    /// <inheritdoc />
    public bool WriteTrace(string id, TextWriter to)
    {
        if (Read(id) is not { } transcript) return false;
        transcript.WriteText(to);
        return true;
    }

    /// <inheritdoc />
    public IReadOnlyList<LadderMessage> Messages(string id) => Read(id) is { } transcript ? [.. transcript.Messages.Select(LadderMessages.From)] : [];

    /// <inheritdoc />
    public void Dispose() => _store.Dispose();

    private SipTranscript? Read(string id)
    {
        CallRecord? record = _store.Get(id);
        if (record is null) return null;
        var transcript = new SipTranscript(record.SipCallId);
        return _packets.Visit(id, PacketKinds.Signalling, transcript) ? transcript : null;
    }
}

/// <summary>Makes ladder messages of SIP messages.</summary>
internal static class LadderMessages
{
    public static LadderMessage From(TranscriptMessage message)
    {
        var parsed = new Protocols.Sip.SipMessage(new Protocols.Sip.SipLimits { MaxMessageBytes = int.MaxValue });
        Protocols.Sip.SipParser.TryRead(message.Bytes, parsed, out _, out _);
        string title = parsed.IsRequest
            ? Encoding.UTF8.GetString(parsed.MethodText)
            : $"{parsed.StatusCode} {Encoding.UTF8.GetString(parsed.ReasonPhrase)}";
        return new LadderMessage
        {
            At = message.At,
            Source = message.Source,
            Destination = message.Destination,
            Title = title,
            StatusCode = parsed.IsRequest ? 0 : parsed.StatusCode,
            CSeq = $"{parsed.CSeqNumber} {Encoding.UTF8.GetString(parsed.CSeqMethodText)}",
            Sdp = SdpHint(parsed.SdpBody),
            Hash = Hash(message.Bytes.Span),
        };
    }

    private static string? SdpHint(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty) return null;
        var session = new Protocols.Sdp.SdpSession();
        if (!Protocols.Sdp.SdpParser.TryRead(body, session)) return "SDP unreadable";
        var parts = new List<string>();
        foreach (Protocols.Sdp.SdpMedia media in session.Media)
        {
            if (media.IsRefused)
            {
                parts.Add($"{Encoding.UTF8.GetString(media.TypeText)} refused");
                continue;
            }

            var words = new List<string>();
            foreach (Protocols.Sdp.SdpFormat format in media.Formats)
            {
                string name = Encoding.UTF8.GetString(format.EncodingName);
                if (name.Length > 0 && words.Count < 4) words.Add(name);
            }

            if (!media.RtpEndpoint.IsNone) words.Add(media.RtpEndpoint.ToString());
            if (media.Direction != Protocols.Sdp.SdpDirection.SendRecv) words.Add(media.Direction.ToString().ToLowerInvariant());
            parts.Add(string.Join(' ', words));
        }

        return string.Join(" | ", parts);
    }

    /// <summary>FNV-1a: tells equal messages apart from different ones on one screen, nothing more.</summary>
    private static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        ulong hash = 14695981039346656037;
        foreach (byte b in bytes) hash = (hash ^ b) * 1099511628211;
        return hash;
    }
}
