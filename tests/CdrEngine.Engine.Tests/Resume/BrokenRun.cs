using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Desk;
using CdrEngine.Engine.Live;
using CdrEngine.Engine.Resume;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.PacketLog;

namespace CdrEngine.Engine.Tests.Resume;

/// <summary>Engines one after the other over one data folder, each going on where the last one stopped or crashed.</summary>
internal sealed class BrokenRun : IRecordOutput, IDisposable
{
    private readonly Dictionary<string, RecordEmission> _latest = new(StringComparer.Ordinal);
    private readonly List<string> _folders = [];
    private readonly int _shards;
    private readonly Func<ResumeLimits, ResumeLimits>? _adjust;
    private PacketLogFolder? _log;
    private CaptureEngine? _engine;

    public BrokenRun(int shards = 1, Func<ResumeLimits, ResumeLimits>? adjust = null)
    {
        _shards = shards;
        _adjust = adjust;
        _folders.Add(Directory.CreateTempSubdirectory("cdrengine-broken-").FullName);
    }

    /// <summary>Folder of the engine at work.</summary>
    public string Folder => _folders[^1];

    public CaptureEngine Engine => _engine!;

    public LiveHub? Live { get; init; }

    /// <summary>Takes what goes on outside calls; null for nobody.</summary>
    public IDeskOutput? Desk { get; init; }

    /// <summary>What the last start found.</summary>
    public ResumeReport Report { get; private set; } = null!;

    /// <summary>Final records told, repeats included, by id.</summary>
    public Dictionary<string, int> Finals { get; } = new(StringComparer.Ordinal);

    public bool KeepsRecords { get; set; } = true;

    public IReadOnlyList<CallRecord> Records =>
        [.. _latest.Values.Select(static emission => emission.Record).OrderBy(static record => record.StartedAt).ThenBy(static record => record.Id, StringComparer.Ordinal)];

    public long Taken => 0;

    public bool IsKept(long taken) => KeepsRecords;

    /// <summary>Starts an engine that goes on with what is open.</summary>
    public BrokenRun Start(Timestamp? now = null)
    {
        _log = PacketLogFolder.Open(Path.Combine(Folder, "packets"), new PacketLogLimits { ChunkAge = TimeSpan.FromMilliseconds(750) });
        var limits = new ResumeLimits { Folder = Path.Combine(Folder, "open-calls") };
        if (_adjust is not null) limits = _adjust(limits);
        _engine = new CaptureEngine(new EngineOptions { Shards = _shards, Resume = limits, Live = Live }, this, _log, Desk);
        Report = _engine.Resume(ResumePlan.Take(limits.Folder, _log), now ?? Timestamp.MinValue);
        _engine.SelectSource(_engine.AddSource("scene"));
        return this;
    }

    public BrokenRun Play(PacketTape tape, int from, int until)
    {
        int index = 0;
        foreach (CapturedPacket packet in tape.Frames)
        {
            if (index >= from && index < until) Engine.Process(packet);
            index++;
        }

        return this;
    }

    /// <summary>A stop in good order.</summary>
    public BrokenRun Stop()
    {
        Engine.SuspendAsync().GetAwaiter().GetResult();
        _log!.Dispose();
        return this;
    }

    /// <summary>What a crash at this moment would leave: the next engine starts from a copy of what is on disk now. The one at work is ended, and
    /// whatever it still tells is not taken.</summary>
    public BrokenRun Crash()
    {
        string copy = Directory.CreateTempSubdirectory("cdrengine-broken-").FullName;
        foreach (string path in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            string to = Path.Combine(copy, Path.GetRelativePath(Folder, path));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            using FileStream target = new(to, FileMode.Create);
            if (path.EndsWith(".lock", StringComparison.Ordinal)) continue;
            using FileStream source = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            source.CopyTo(target);
        }

        var kept = new Dictionary<string, RecordEmission>(_latest, StringComparer.Ordinal);
        var finals = new Dictionary<string, int>(Finals, StringComparer.Ordinal);
        Engine.CompleteAsync().GetAwaiter().GetResult();
        _log!.Dispose();
        _latest.Clear();
        foreach ((string id, RecordEmission emission) in kept) _latest[id] = emission;
        Finals.Clear();
        foreach ((string id, int times) in finals) Finals[id] = times;
        _folders.Add(copy);
        return this;
    }

    /// <summary>The end of the capture.</summary>
    public BrokenRun Complete()
    {
        Engine.CompleteAsync().GetAwaiter().GetResult();
        _log!.Dispose();
        return this;
    }

    public long Counter(string name) => Engine.Statistics().Where(counter => $"{counter.Area}.{counter.Name}" == name).Sum(static counter => counter.Value);

    public CallRecord Call(string sipCallId) => Records.Single(record => record.SipCallId == sipCallId);

    public FrameBuffer Packets(CallRecord record, PacketKindSet kinds = PacketKindSet.All)
    {
        using var reader = new PacketLogReader(Path.Combine(Folder, "packets"));
        using PacketGather gather = reader.Gather(_latest[record.Id].Chunks.Span, kinds);
        var frames = new FrameBuffer();
        while (gather.MoveNext()) frames.Append(gather.Current);
        if (gather.MissingChunks + gather.DamagedChunks > 0) throw new InvalidDataException($"{record.Id}: {gather.MissingChunks} chunks missing, {gather.DamagedChunks} damaged");
        return frames;
    }

    public string Json()
    {
        var text = new StringBuilder();
        foreach (CallRecord record in Records) text.Append(Encoding.UTF8.GetString(CallRecordJson.ToUtf8(record))).Append('\n');
        return text.ToString();
    }

    public void Emit(in RecordEmission emission)
    {
        lock (_latest)
        {
            if (emission.Revision == RecordRevision.Final) Finals[emission.Record.Id] = Finals.GetValueOrDefault(emission.Record.Id) + 1;
            _latest[emission.Record.Id] = emission;
        }
    }

    public void Dispose()
    {
        Engine.CompleteAsync().GetAwaiter().GetResult();
        _log?.Dispose();
        foreach (string folder in _folders) Directory.Delete(folder, recursive: true);
    }
}
