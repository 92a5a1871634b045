using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Directories;
using CdrEngine.Host.Parts;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>Reads the data folder for the commands.</summary>
internal sealed class CallArchive : ICallArchive
{
    private readonly ICallStore _store;
    private readonly ICallPackets _packets;
    private readonly Settings _settings;

    public CallArchive(Settings settings)
    {
        _settings = settings;
        _store = Stores.Calls(settings, StoreUse.Command);
        _packets = ShownPackets.Of(_store, settings);
    }

    /// <inheritdoc />
    public ICallReader Calls => _store;

    /// <inheritdoc />
    public ISessionReader Sessions => new SessionArchive(_store);

    /// <inheritdoc />
    public bool WritePcap(SessionRecord session, Stream to) =>
        CallCapture.Write(new SessionPackets(_packets, session.Calls), session.Id, PacketKinds.All, to);

    /// <inheritdoc />
    public bool WriteTrace(SessionRecord session, TextWriter to)
    {
        if (Read(session) is not { } transcript) return false;
        transcript.WriteText(to);
        return true;
    }

    /// <inheritdoc />
    public string? WriteRecording(SessionRecord session, RecordingChannels channels, Stream to, CancellationToken stop)
    {
        using var recorder = new RecorderPart(_settings);
        SessionSound sound = recorder.Sessions.FindOrMake(session, RecordingKind.Mp3, channels, stop);
        if (sound.Path is null) return sound.Reason;
        return Copy(recorder, sound.Path, to);
    }

    /// <inheritdoc />
    public IReadOnlyList<LadderMessage> Messages(SessionRecord session) =>
        Read(session) is { } transcript ? [.. transcript.Messages.Select(new LadderReader().Read)] : [];

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
    public string? WriteRecording(string id, RecordingVariant variant, Stream to, CancellationToken stop)
    {
        using DirectoryHolder directory = DirectoryHolder.Open(_settings);
        using var recorder = new RecorderPart(_settings, RecordingPolicies.Of(_settings, directory));

        // Whoever types the command wants it tried.
        RecordingAnswer answer = recorder.Workshop.FindOrMake(id, variant, retry: true, stop);
        if (answer.Path is null) return answer.Entry.Reason ?? EnumNames<RecordingState>.Of(answer.Entry.State);
        return Copy(recorder, answer.Path, to);
    }

    private static string? Copy(RecorderPart recorder, string path, Stream to)
    {
        OpenedRecording opened = recorder.Workshop.Files.Open(path);
        if (opened.Stream is null) return opened.Fault ?? $"{path}: removed just now";
        using (opened.Stream) opened.Stream.CopyTo(to);
        return null;
    }

    /// <inheritdoc />
    public FaxOutcome WriteFax(CallRecord call, FaxForm form, Stream to, CancellationToken stop)
    {
        using var recorder = new RecorderPart(_settings);
        return recorder.Faxes.Make(call, recorder.Packets, form, to, stop);
    }

    /// <inheritdoc />
    public IReadOnlyList<LadderMessage> Messages(string id) =>
        Read(id) is { } transcript ? [.. transcript.Messages.Select(new LadderReader().Read)] : [];

    /// <inheritdoc />
    public void Dispose() => _store.Dispose();

    private SipTranscript? Read(SessionRecord session)
    {
        var transcript = new SipTranscript(session.Calls.Select(static call => call.SipCallId).ToHashSet(StringComparer.Ordinal));
        return new SessionPackets(_packets, session.Calls).Visit(session.Id, PacketKinds.Signalling, transcript) ? transcript : null;
    }

    private SipTranscript? Read(string id)
    {
        CallRecord? record = _store.Get(id);
        if (record is null) return null;
        var transcript = new SipTranscript(record.SipCallId);
        return _packets.Visit(id, PacketKinds.Signalling, transcript) ? transcript : null;
    }
}
