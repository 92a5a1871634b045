using System.Text;
using CdrEngine.Protocols.Msrp;
using CdrEngine.Protocols.Sdp;

namespace CdrEngine.Engine.Routing;

/// <summary>Calls by the MSRP sessions their SDP announced: where many calls share one connection or one relay, addresses do not tell them apart.</summary>
/// <param name="capacity">Sessions kept; beyond, further ones are not learnt.</param>
internal sealed class MsrpTable(int capacity)
{
    private readonly Dictionary<string, CallEntry> _calls = new(StringComparer.Ordinal);

    /// <summary>Learns the sessions of an SDP body; true where it has any.</summary>
    public bool Learn(CallEntry call, SdpSession sdp)
    {
        bool any = false;
        foreach (SdpMedia media in sdp.Media)
        {
            if (media.Type != SdpMediaType.Message) continue;
            foreach (ReadOnlySpan<byte> path in media.GetAttributes("path"u8))
            {
                any = true;
                if (KeyOf(MsrpMessage.LastOf(path)) is not { } key) continue;
                if (_calls.TryGetValue(key, out CallEntry? before)) before.MsrpSessions?.Remove(key);
                else if (_calls.Count >= capacity) continue;
                _calls[key] = call;
                (call.MsrpSessions ??= []).Add(key);
            }
        }

        return any;
    }

    /// <summary>The call of a request, by its sender's session, else its receiver's; null where none announced it, and for responses without paths.</summary>
    public CallEntry? Find(in MsrpMessage message) => Find(message.FromPath) ?? Find(message.ToPath);

    /// <summary>Forgets the sessions of a call.</summary>
    public void Forget(CallEntry call)
    {
        if (call.MsrpSessions is not { } sessions) return;
        foreach (string key in sessions) _calls.Remove(key);
        call.MsrpSessions = null;
    }

    private CallEntry? Find(ReadOnlySpan<byte> path) => KeyOf(MsrpMessage.LastOf(path)) is { } key ? _calls.GetValueOrDefault(key) : null;

    private static string? KeyOf(ReadOnlySpan<byte> uri) => uri.Length <= 512 && MsrpUri.TryParse(uri, out MsrpUri parsed) && !parsed.SessionId.IsEmpty
        ? $"{Encoding.UTF8.GetString(parsed.Host).ToLowerInvariant()}:{parsed.Port}/{Encoding.UTF8.GetString(parsed.SessionId)}"
        : null;
}
