using System.Collections.Concurrent;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Live;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.PacketLog;

namespace CdrEngine.Engine.Tests.Live;

/// <summary>An engine with its live state, fed by hand.</summary>
internal sealed class LiveEngine : IRecordOutput, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, CallRecord> _records = new(StringComparer.Ordinal);
    private readonly string? _folder;
    private readonly PacketLogFolder? _log;

    public LiveEngine(int shards = 1, bool keepPackets = false, LiveOptions? options = null, LiveMark? mark = null)
    {
        if (keepPackets) _folder = Directory.CreateTempSubdirectory("cdrengine-live-").FullName;
        _log = _folder is null ? null : PacketLogFolder.Open(_folder);
        Hub = new LiveHub(options);
        Engine = new CaptureEngine(new EngineOptions { Shards = shards, Live = Hub, LiveMark = mark }, this, _log);
        Engine.SelectSource(Engine.AddSource("scene"));
    }

    public LiveHub Hub { get; }

    public CaptureEngine Engine { get; }

    public IReadOnlyList<CallRecord> Records => [.. _records.Values.OrderBy(static record => record.StartedAt)];

    /// <summary>Plays a scene and returns when the shards have worked it off.</summary>
    public void Play(Scene scene)
    {
        PacketTape tape = scene.Tape("scene");
        Play(tape, 0, tape.Count);
    }

    /// <summary>As above, for some packets of a tape.</summary>
    public void Play(PacketTape tape, int from, int until)
    {
        int index = 0;
        foreach (CapturedPacket packet in tape.Frames)
        {
            if (index >= from && index < until) Engine.Process(packet);
            index++;
        }

        Engine.Flush();
        SpinWait.SpinUntil(() => Engine.IsIdle, TimeSpan.FromSeconds(120));
    }

    public async Task<List<string>> List(LiveQuery query) => [.. (await Hub.Board.ListAsync(query)).Calls.Select(static call => call.Record.SipCallId)];

    public int Count(byte[] chunks)
    {
        using var reader = new PacketLogReader(_folder!);
        using PacketGather gather = reader.Gather(chunks, PacketKindSet.All);
        int count = 0;
        while (gather.MoveNext()) count++;
        return count;
    }

    public async Task CompleteAsync() => await Engine.CompleteAsync();

    public void Emit(in RecordEmission emission) => _records[emission.Record.Id] = emission.Record;

    public async ValueTask DisposeAsync()
    {
        await Engine.CompleteAsync();
        await Hub.DisposeAsync();
        _log?.Dispose();
        if (_folder is not null) Directory.Delete(_folder, recursive: true);
    }
}
