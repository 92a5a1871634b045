using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Recording;

namespace CdrEngine.Engine.Tests.Recording;

/// <summary>A clock that moves only when told; its timers are real, and far away.</summary>
internal sealed class StillClock : TimeProvider
{
    private DateTimeOffset _now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now;

    public void Move(TimeSpan by) => _now += by;
}

/// <summary>States of recordings in memory, as the store keeps them.</summary>
internal sealed class FakeStates : IRecordingStore
{
    private readonly SortedDictionary<string, RecordingEntry> _entries = new(StringComparer.Ordinal);

    /// <summary>When set, every write fails with it.</summary>
    public Exception? Failure { get; set; }

    public RecordingEntry? GetRecording(string callId)
    {
        lock (_entries) return _entries.GetValueOrDefault(callId);
    }

    public bool SetRecording(RecordingEntry entry)
    {
        if (Failure is { } failure) throw failure;
        lock (_entries) _entries[entry.CallId] = entry;
        return true;
    }

    public RecordingPage ListRecordings(RecordingQuery query)
    {
        lock (_entries)
        {
            IEnumerable<RecordingEntry> found = _entries.Values.Where(entry => query.State is null || entry.State == query.State);
            return new RecordingPage { Recordings = [.. (query.Ascending ? found : found.Reverse()).Take(query.Limit)] };
        }
    }

    public int CountOf(RecordingState state)
    {
        lock (_entries) return _entries.Values.Count(entry => entry.State == state);
    }
}

/// <summary>Makes recordings out of nothing, as told.</summary>
internal sealed class FakeMaker : IRecordingMaker
{
    private int _made;
    private int _atOnce;

    /// <summary>Makings begun.</summary>
    public int Made => Volatile.Read(ref _made);

    /// <summary>Most makings at the same time.</summary>
    public int MostAtOnce { get; private set; }

    public List<RecordingRequest> Requests { get; } = [];

    public List<string> Order { get; } = [];

    /// <summary>Is waited for in each making; none unless set.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>What happens after half of the bytes are written: an outcome other than available, or a throw.</summary>
    public Func<string, RecordingOutcome?>? Halfway { get; set; }

    public RecordingOutcome Make(CallRecord record, ICallPackets packets, RecordingRequest request, Stream output)
    {
        lock (Requests)
        {
            _made++;
            MostAtOnce = Math.Max(MostAtOnce, ++_atOnce);
            Requests.Add(request);
            Order.Add(record.Id);
        }

        try
        {
            output.Write(Encoding.UTF8.GetBytes($"{request.Format} "));
            Gate.Wait(TimeSpan.FromSeconds(120), request.Stop);
            if (Halfway?.Invoke(record.Id) is { } outcome) return outcome;
            output.Write(Encoding.UTF8.GetBytes(record.Id));
            return new RecordingOutcome { State = RecordingState.Available, Duration = record.BillableDuration, SampleRateHz = 8000, Channels = request.Channels == RecordingChannels.Mono ? 1 : 2, Bytes = output.Position };
        }
        finally
        {
            lock (Requests) _atOnce--;
        }
    }

    public RecordingOutcome Outline(CallRecord record, ICallPackets packets, RecordingRequest request, Stream json) => Make(record, packets, request, json);
}

/// <summary>A policy that asks a function.</summary>
internal sealed class ByCallPolicy(Func<CallRecord, RecordingRule> rule) : IRecordingPolicy
{
    public bool MayRecord => true;

    public bool MayRecordUnasked => true;

    public RecordingRule For(CallRecord record) => rule(record);
}

/// <summary>A workshop over fakes and a real folder.</summary>
internal sealed class RecorderRig : ICallReader, ICallPackets, IDisposable
{
    private readonly Dictionary<string, CallRecord> _calls = new(StringComparer.Ordinal);

    public RecorderRig(Func<RecorderOptions, RecorderOptions>? change = null)
    {
        var options = new RecorderOptions { Time = Clock, RetryFirst = TimeSpan.FromMinutes(1), RetryMost = TimeSpan.FromMinutes(5) };
        Workshop = new RecordingWorkshop(this, this, States, Maker, RecordingFiles.Open(Folder, options.CacheBytes), change?.Invoke(options) ?? options);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("cdrengine-recordings-").FullName;

    public StillClock Clock { get; } = new();

    public FakeStates States { get; } = new();

    public FakeMaker Maker { get; } = new();

    public RecordingWorkshop Workshop { get; }

    public string Add(int index, Func<CallRecord, CallRecord>? change = null)
    {
        Timestamp start = Timestamp.From(new DateTimeOffset(2026, 11, 20, 4, 0, index, TimeSpan.Zero));
        string id = CallId.Derive($"call-{index}", "tag", start);
        var call = new CallRecord
        {
            Id = id,
            SessionId = id,
            SipCallId = $"call-{index}",
            State = CallState.Ended,
            Disposition = Disposition.Answered,
            StartedAt = start,
            AnsweredAt = start + TimeSpan.FromSeconds(1),
            EndedAt = start + TimeSpan.FromSeconds(11),
        };
        lock (_calls) _calls[id] = change?.Invoke(call) ?? call;
        return id;
    }

    /// <summary>As the store has it where the policy is to record always.</summary>
    public string AddPending(int index)
    {
        string id = Add(index);
        States.SetRecording(new RecordingEntry { CallId = id, State = RecordingState.Pending });
        return id;
    }

    public CallRecord? Get(string id)
    {
        lock (_calls) return _calls.GetValueOrDefault(id);
    }

    public CallPage List(CallQuery query) => throw new NotSupportedException();

    public bool Visit(string id, PacketKinds kinds, ICapturedPacketVisitor visitor) => false;

    /// <summary>Every file below the folder, by its path in it.</summary>
    public string[] Files() => [.. Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Folder, path)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
