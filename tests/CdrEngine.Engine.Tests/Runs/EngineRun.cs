using System.Collections.Concurrent;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.PacketLog;

namespace CdrEngine.Engine.Tests.Runs;

/// <summary>How a tape is run.</summary>
internal sealed record RunOptions
{
    public int Shards { get; init; } = 1;

    public int BatchItems { get; init; } = 512;

    public int BatchBytes { get; init; } = 128 * 1024;

    /// <summary>Whether packets are kept in a packet log of the run's own.</summary>
    public bool KeepPackets { get; init; }

    /// <summary>Changes the engine's options.</summary>
    public Func<EngineOptions, EngineOptions>? Adjust { get; init; }

    /// <summary>Is told the time of each packet before the engine is given it.</summary>
    public Action<CaptureEngine, Timestamp>? Before { get; init; }
}

/// <summary>One run of the engine over a tape, from the first packet to the last record. Dispose it to remove its packet log.</summary>
internal sealed class EngineRun : IRecordOutput, IDisposable
{
    private readonly Dictionary<string, RecordEmission> _latest = [];
    private readonly Dictionary<string, long> _statistics = [];
    private readonly List<string> _repeated = [];
    private readonly List<RecordEmission> _told = [];
    private readonly string? _folder;

    private EngineRun(PacketTape tape, RunOptions options)
    {
        if (options.KeepPackets) _folder = Directory.CreateTempSubdirectory("cdrengine-run-").FullName;
        using PacketLogFolder? log = _folder is null ? null : PacketLogFolder.Open(_folder);
        var settings = new EngineOptions { Shards = options.Shards, BatchItems = options.BatchItems, BatchBytes = options.BatchBytes };
        if (options.Adjust is { } adjust) settings = adjust(settings);
        var engine = new CaptureEngine(settings, this, log);
        using IDisposable failures = engine.Events.Subscribe(happened => Events.Enqueue(happened.ToString() ?? ""));
        tape.PlayTo(engine, options.Before);
        engine.CompleteAsync().GetAwaiter().GetResult();
        foreach ((string area, string name, long value, _) in engine.Statistics()) _statistics[$"{area}.{name}"] = value;
        LogFault = engine.LogFault;
        StraightPackets = engine.StraightPackets;
        if (_repeated.Count > 0) throw new InvalidOperationException($"final more than once: {string.Join(", ", _repeated)}");
    }

    /// <summary>The last revision of each record, by start, then id.</summary>
    public IReadOnlyList<CallRecord> Records =>
        [.. _latest.Values.Select(static emission => emission.Record).OrderBy(static record => record.StartedAt).ThenBy(static record => record.Id, StringComparer.Ordinal)];

    /// <summary>Everything that was told of a Call-ID, in order: revision and record.</summary>
    public IReadOnlyList<string> TellingsOf(string sipCallId) =>
        [.. _told.Where(told => told.Record.SipCallId == sipCallId).Select(static told => $"{told.Revision} {Encoding.UTF8.GetString(CallRecordJson.ToUtf8(told.Record))}")];

    /// <summary>Everything that was told.</summary>
    public IReadOnlyList<RecordEmission> Told => _told;

    /// <summary>Every counter by <c>area.name</c>.</summary>
    public IReadOnlyDictionary<string, long> Statistics => _statistics;

    /// <summary>Records told for the first time.</summary>
    public int Finals { get; private set; }

    /// <summary>Failures of actors and other events.</summary>
    public ConcurrentQueue<string> Events { get; } = [];

    public string? LogFault { get; }

    /// <summary>Packets of media about which there was nothing to decide.</summary>
    public long StraightPackets { get; }

    /// <summary>Every counter by <c>area.name</c>.</summary>
    public IReadOnlyDictionary<string, long> Statistics => _statistics;

    /// <summary>A counter by <c>area.name</c>; fails where there is none.</summary>
    public long this[string counter] => _statistics[counter];

    public static EngineRun Of(PacketTape tape, RunOptions? options = null) => new(tape, options ?? new RunOptions());

    public static EngineRun OfFile(string path, RunOptions? options = null) => Of(PacketTape.OfFiles(path), options);

    /// <summary>The only record of a Call-ID.</summary>
    public CallRecord Call(string sipCallId) => Records.Single(record => record.SipCallId == sipCallId);

    /// <summary>The last revision of every record as JSON, a line each, by id.</summary>
    public string Json()
    {
        var text = new StringBuilder();
        foreach (RecordEmission emission in _latest.Values.OrderBy(static emission => Key(emission.Record), StringComparer.Ordinal))
            text.Append(Encoding.UTF8.GetString(CallRecordJson.ToUtf8(emission.Record))).Append('\n');
        return text.ToString();
    }

    /// <summary>The packets of a call, gathered from the log by the chunks that its record lists.</summary>
    public FrameBuffer Packets(CallRecord record, PacketKindSet kinds = PacketKindSet.All)
    {
        using var reader = new PacketLogReader(_folder ?? throw new InvalidOperationException("the run keeps no packets"));
        using PacketGather gather = reader.Gather(_latest[Key(record)].Chunks.Span, kinds);
        var frames = new FrameBuffer();
        while (gather.MoveNext()) frames.Append(gather.Current);
        if (gather.MissingChunks + gather.DamagedChunks > 0) throw new InvalidDataException($"{record.Id}: {gather.MissingChunks} chunks missing, {gather.DamagedChunks} damaged");
        return frames;
    }

    /// <summary>The SIP messages of a call, read back from the log.</summary>
    public IReadOnlyList<TranscriptMessage> Transcript(CallRecord record)
    {
        var transcript = new SipTranscript(record.SipCallId);
        foreach (CapturedPacket packet in Packets(record, PacketKindSet.Sip)) transcript.Visit(packet);
        return transcript.Messages;
    }

    public void Emit(in RecordEmission emission)
    {
        lock (_latest)
        {
            if (emission.Revision == RecordRevision.Final)
            {
                if (_latest.ContainsKey(Key(emission.Record))) _repeated.Add($"{emission.Record.Id} ({emission.Record.SipCallId})");
                Finals++;
            }

            _latest[Key(emission.Record)] = emission;
            _told.Add(emission);
        }
    }

    // The same call may be in two captures of one run: one is a part of the other.
    private static string Key(CallRecord record) => $"{record.Id} {record.CaptureSource}";

    public void Dispose()
    {
        if (_folder is not null) Directory.Delete(_folder, recursive: true);
    }
}
