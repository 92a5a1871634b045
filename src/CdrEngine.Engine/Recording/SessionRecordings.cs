using System.Security.Cryptography;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;

namespace CdrEngine.Engine.Recording;

/// <summary>Finds recordings of sessions in the cache of recordings, or makes them there. One is made at a time: whoever asks for another waits.</summary>
public sealed class SessionRecordings : ISessionRecordings, IDisposable
{
    private readonly SessionRecorder _recorder;
    private readonly ICallPackets _packets;
    private readonly RecordingFiles _files;
    private readonly RecorderOptions _options;
    private readonly SemaphoreSlim _seat = new(1, 1);

    /// <summary>Puts it together.</summary>
    public SessionRecordings(SessionRecorder recorder, ICallPackets packets, RecordingFiles files, RecorderOptions options)
    {
        _recorder = recorder;
        _packets = packets;
        _files = files;
        _options = options;
    }

    /// <inheritdoc />
    public SessionSound FindOrMake(SessionRecord session, RecordingKind kind, RecordingChannels channels, CancellationToken stop)
    {
        // A conversation is heard whole or not at all: where one voice of any of its calls may not be kept, each call has its own recording.
        if (!session.Calls.All(call => _options.Policy.For(call) is { Policy: not RecordingPolicy.Never, Sides: RecordingSides.Both }))
            return new SessionSound(null, RecordingWorkshop.PolicyReason);
        if (session.EndedAt is null) return new SessionSound(null, "in_progress");
        string version = "s" + VersionOf(session);
        string outlinePath = _files.CachePathOf(session.Id, new RecordingVariant(RecordingKind.Waveform, RecordingChannels.Stereo), version);
        string path = kind == RecordingKind.Waveform ? outlinePath : _files.CachePathOf(session.Id, new RecordingVariant(RecordingKind.Mp3, channels), version);
        if (File.Exists(path)) return new SessionSound(path, null);
        _seat.Wait(stop);
        try
        {
            if (File.Exists(path)) return new SessionSound(path, null);

            // Whoever looks at the outline will listen: to read the packets once is enough.
            RecordingOutcome? outcome = null;
            var outline = new MemoryStream();
            _files.Write(_files.CachePathOf(session.Id, new RecordingVariant(RecordingKind.Mp3, channels), version), output =>
            {
                outcome = _recorder.Make(session, _packets, new RecordingRequest { Channels = channels, Stop = stop }, output, outline);
                return outcome.State == RecordingState.Available;
            });
            if (outline.Length > 0)
            {
                _files.Write(outlinePath, output =>
                {
                    outline.WriteTo(output);
                    return true;
                });
            }

            return outcome!.State == RecordingState.Available ? new SessionSound(path, null) : new SessionSound(null, outcome.Reason ?? "no_rtp");
        }
        finally
        {
            _seat.Release();
        }
    }

    /// <inheritdoc />
    public void Dispose() => _seat.Dispose();

    // Another telling of any of its calls is another recording.
    private static string VersionOf(SessionRecord session)
    {
        string what = string.Join('|', session.Calls.Select(static call => $"{call.Id} {call.AnsweredAt} {call.EndedAt}"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(what)).AsSpan(0, 8));
    }
}
