using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Directories;
using CdrEngine.Host.Parts;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>Reads the data folder for the commands.</summary>
internal sealed class CallArchive : ICallArchive
{
    private readonly SqliteCallStore _store;
    private readonly ICallPackets _packets;
    private readonly Settings _settings;

    public CallArchive(Settings settings)
    {
        string data = settings.DataDirectory;
        _settings = settings;
        _store = SqliteCallStore.Open(DataFolder.Records(data));
        _packets = ShownPackets.Of(_store, settings);
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
    public string? WriteRecording(string id, RecordingVariant variant, Stream to, CancellationToken stop)
    {
        using DirectoryHolder directory = DirectoryHolder.Open(_settings);
        using var recorder = new RecorderPart(_settings, RecordingPolicies.Of(_settings, directory));

        // Whoever types the command wants it tried.
        RecordingAnswer answer = recorder.Workshop.FindOrMake(id, variant, retry: true, stop);
        if (answer.Path is null) return answer.Entry.Reason ?? EnumNames<RecordingState>.Of(answer.Entry.State);
        using FileStream file = File.OpenRead(answer.Path);
        file.CopyTo(to);
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

    private SipTranscript? Read(string id)
    {
        CallRecord? record = _store.Get(id);
        if (record is null) return null;
        var transcript = new SipTranscript(record.SipCallId);
        return _packets.Visit(id, PacketKinds.Signalling, transcript) ? transcript : null;
    }
}
