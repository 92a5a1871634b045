using System.Globalization;
using System.Net;
using System.Text;
using CdrEngine.Calls;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Capture.Hep;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.PacketLog;
using CdrEngine.Protocols.Link;
using CdrEngine.Storage;

namespace CdrEngine.Benchmarks.Kills;

/// <summary>Says what is right of what several lives left behind.</summary>
/// <remarks>
/// 1. A packet must be there if a life took packets when it came, or shortly after, and lived a second longer (<see cref="KillOptions.Flush"/>); signalling of every call, and the media of calls
///    whose signalling is all there. The others may be there or not, and so may what was sent so late that its call may have been over and done with.
/// 2. A call of which every packet is there: its record is the scripted one.
/// 3. Any call with a record: the record is the one that an engine which was never killed makes of the packets that are there, but for the flag <c>gap</c>. One record each, where that
///    engine makes one.
/// 4. A call without a record: an engine makes none of the packets that must be there.
/// 5. SIP over TCP is written down by itself as well, sooner than its packets: what is not among the packets may have been taken, in the order in which it came.
/// 6. <c>gap</c> is flagged where a call went on beyond a kill, and nowhere else.
/// </remarks>
internal sealed class KillJudge
{
    private const int MostChoices = 3000;

    // A life that has just begun reads first what came while it was getting ready.
    private static readonly TimeSpan CatchUp = TimeSpan.FromMilliseconds(300);

    private readonly KillOptions _options;
    private readonly KillScript _script;
    private readonly IReadOnlyList<EngineProcess> _lives;
    private readonly string _data;
    private readonly TimeSpan _timers;
    private readonly List<string> _faults = [];
    private string? _nearest;

    public KillJudge(KillOptions options, KillScript script, IReadOnlyList<EngineProcess> lives, string data, TimeSpan timers)
    {
        _options = options;
        _script = script;
        _lives = lives;
        _data = data;
        _timers = timers;
    }

    /// <summary>Reads the folder and compares.</summary>
    public KillResult Judge()
    {
        using SqliteCallStore store = SqliteCallStore.Open(Path.Combine(_data, "records"));
        ILookup<string, CallRecord> records = All(store).ToLookup(static record => record.SipCallId, StringComparer.Ordinal);
        HashSet<ScriptedPacket>[] there = [.. _script.Calls.Select(call => PacketsOf(store, records[call.SipCallId]))];
        ILookup<int, ScriptedPacket> sent = _script.Packets.ToLookup(static packet => packet.Call);
        var truth = new HashSet<string>(_script.Calls.Select(static call => call.SipCallId), StringComparer.Ordinal);
        foreach (IGrouping<string, CallRecord> strange in records.Where(group => !truth.Contains(group.Key))) _faults.Add($"{strange.Key}: a record of a call that never was");

        // 1. What must be there is there.
        TimeSpan oldest = TimeSpan.Zero;
        long lost = 0;
        for (int call = 0; call < _script.Calls.Count; call++)
        {
            bool any = there[call].Count > 0;
            bool signalled = sent[call].All(packet => !packet.IsSip || there[call].Contains(packet));
            foreach (ScriptedPacket packet in sent[call].Where(packet => !there[call].Contains(packet)))
            {
                lost++;
                if (!packet.IsSip && !signalled) continue;
                if (AgeAtEnd(packet) is not { } age) continue;
                if (age > oldest) oldest = age;
                if (any && age > Allowed(packet) && packet.SentAt - packet.At < KillRound.Linger - TimeSpan.FromSeconds(1)) _faults.Add($"{Name(call)}: a packet that had been there for {age.TotalMilliseconds:0} ms is lost{Times(sent[call], there[call])}");
            }
        }

        // 2. What an engine makes of it that nobody kills: of a call that is gone, of what must have been there.
        ILookup<string, CallRecord> references = Reference(_script.Packets.Where(packet =>
            there[packet.Call].Count > 0 ? there[packet.Call].Contains(packet) : AgeAtEnd(packet) is { } age && age > Allowed(packet)));
        var result = new KillResult { Calls = _script.Calls.Count, Sent = _script.Packets.Count, Lost = lost, OldestLost = oldest };
        for (int call = 0; call < _script.Calls.Count; call++)
        {
            string id = _script.Calls[call].SipCallId;
            CallRecord[] was = [.. records[id].OrderBy(static record => record.Id, StringComparer.Ordinal)], should = [.. references[id].OrderBy(static record => record.Id, StringComparer.Ordinal)];
            if (!Equal(was, should) && _script.Calls[call].Transport == Transport.Tcp && WithJournaled(was, there[call], sent[call]) is { } taken)
            {
                there[call] = taken;
                should = was;
            }

            result += JudgeCall(call, was, should, there[call], [.. sent[call]]);
        }

        VerifyReport log = PacketLogVerifier.Verify(Path.Combine(_data, "packets"));
        if (log.DamagedChunks > 0 || log.TornBytes > 0) _faults.Add($"the packet log is damaged: {string.Join("; ", log.Lines)}");
        return result with { Faults = _faults };
    }

    private KillResult JudgeCall(int call, CallRecord[] records, CallRecord[] references, HashSet<ScriptedPacket> there, ScriptedPacket[] sent)
    {
        var result = new KillResult();
        if (records.Length != references.Length)
        {
            _faults.Add($"{Name(call)}: {records.Length} records, and there should be {references.Length}: {string.Join(", ", records.Select(static record => $"{record.Id} {record.Disposition} {record.Flags}"))}{Times(sent, there)}");
            return result;
        }

        if (records.Length == 0) return result with { Gone = 1 };
        if (there.Count == 0)
        {
            _faults.Add($"{Name(call)}: a record without packets: {Text(records[0])}{Times(sent, there)}");
            return result;
        }

        bool crossed = false;
        for (int i = 0; i < records.Length; i++)
        {
            string was = Text(records[i]), should = Text(references[i], like: records[i]);
            if (was != should) _faults.Add($"{Name(call)}: the record should be\n    {should}\n  and is\n    {was}{(_nearest is null ? "" : $"\n  and might be\n    {_nearest}")}{Times(sent, there)}");
            crossed |= CheckGap(call, records[i], there, sent);
        }

        result = result with { Crossed = crossed ? 1 : 0, Gaps = records.Any(static record => record.Flags.HasFlag(CallFlags.Gap)) ? 1 : 0 };
        if (sent.Any(packet => !there.Contains(packet))) return result with { Cut = 1 };
        IReadOnlyList<string> differences = records.Length == 1 ? _script.Calls[call].Differences(records[0]) : ["more than one record"];
        if (differences.Count > 0) _faults.Add($"{Name(call)}: {string.Join("; ", differences)}");
        return result with { Exact = 1 };
    }

    // Both in order of their ids.
    private static bool Equal(CallRecord[] left, CallRecord[] right) =>
        left.Length == right.Length && left.Zip(right, static (one, other) => Text(one) == Text(other, like: one)).All(static equal => equal);

    // Of each life, some of the messages that are not among the packets, one behind the other: which of them give these records; null where none do.
    private HashSet<ScriptedPacket>? WithJournaled(CallRecord[] records, HashSet<ScriptedPacket> there, IEnumerable<ScriptedPacket> sent)
    {
        // The sources are open a little before the program says so.
        _nearest = null;
        ScriptedPacket[][] missing = [.. sent.Where(packet => packet.IsSip && !there.Contains(packet)).GroupBy(packet => _lives.First(life => packet.SentAt < life.EndedAt)).Select(static group => group.ToArray())];
        int choices = missing.Aggregate(1, static (product, group) => Math.Min(MostChoices, product * Ranges(group.Length)));
        for (int choice = 1; choice < choices; choice++)
        {
            var taken = new HashSet<ScriptedPacket>(there);
            int rest = choice;
            foreach (ScriptedPacket[] group in missing)
            {
                (int from, int until) = Range(rest % Ranges(group.Length), group.Length);
                taken.UnionWith(group[from..until]);
                rest /= Ranges(group.Length);
            }

            CallRecord[] told = [.. Reference(taken.OrderBy(static packet => packet.At)).SelectMany(static group => group).OrderBy(static record => record.Id, StringComparer.Ordinal)];
            if (Equal(records, told)) return taken;
            if (records.Length == 1 && told.Length == 1 && told[0].Id == records[0].Id) _nearest = Text(told[0]);
        }

        return null;
    }

    private static int Ranges(int length) => (length * (length + 1) / 2) + 1;

    // Of all ranges of so many, the one with this number; 0 is empty.
    private static (int From, int Until) Range(int number, int length)
    {
        if (number == 0) return (0, 0);
        number--;
        for (int from = 0; ; from++)
        {
            if (number < length - from) return (from, from + number + 1);
            number -= length - from;
        }
    }

    // The first of its packets came before a kill, and it had not ended by then.
    private bool CheckGap(int call, CallRecord record, HashSet<ScriptedPacket> there, ScriptedPacket[] sent)
    {
        Timestamp began = there.Min(static packet => packet.SentAt);
        Timestamp ended = !IsInferred(record) ? there.Where(packet => packet.At <= record.EndedAt).Max(static packet => packet.SentAt) : Timestamp.MaxValue;
        bool isFlagged = record.Flags.HasFlag(CallFlags.Gap);
        bool must = _lives.Any(life => life.EndedAt > began && life.EndedAt < ended && life.EndedAt < ByTimer(record) && life != _lives[^1]);

        // A packet that came within a breath of the kill, or that waited while a life was getting ready, may have been taken by either.
        TimeSpan near = TimeSpan.FromMilliseconds(400);
        bool may = must || _lives.Any(life => life != _lives[^1] && life.EndedAt > began - near && life.EndedAt < (ended == Timestamp.MaxValue ? ended : ended + near));
        // What came while a life was getting ready began before it looked.
        may |= Enumerable.Range(1, _lives.Count - 1).Any(life => began > _lives[life - 1].EndedAt && began < _lives[life].ReadingAt);
        bool unsure = _lives.Any(life => life != _lives[^1] && ((life.EndedAt - began).Duration() < near || (ended != Timestamp.MaxValue && (life.EndedAt - ended).Duration() < near)));
        if (must && !isFlagged && !unsure && !_lives.Any(life => began > life.EndedAt && began < life.ReadingAt)) _faults.Add($"{Name(call)}: it went on beyond a kill and has no gap ({record.Flags}): {Text(record)}{Times(sent, there)}");
        if (!may && isFlagged) _faults.Add($"{Name(call)}: no kill touched it and it is flagged gap ({record.Flags}): {Text(record)}{Times(sent, there)}");
        return must;
    }

    // A call that only its timer ends is open until then.
    private Timestamp ByTimer(CallRecord record) => !IsInferred(record) ? Timestamp.MaxValue : (record.EndedAt ?? record.StartedAt) + _timers;

    private static bool IsInferred(CallRecord record) => record.MissingByeReason is not null || record.Flags.HasFlag(CallFlags.Unconfirmed);

    // How long before the end of the life that took it a packet came; null where none was there for it.
    private TimeSpan? AgeAtEnd(ScriptedPacket packet)
    {
        EngineProcess? life = LifeOf(packet);
        if (life is null || life.ReadingAt == Timestamp.MaxValue) return null;
        Timestamp taken = packet.SentAt > life.ReadingAt + CatchUp ? packet.SentAt : life.ReadingAt + CatchUp;
        return taken >= life.EndedAt ? null : life.EndedAt - taken;
    }

    private TimeSpan Allowed(ScriptedPacket packet)
    {
        TimeSpan allowed = _options.Flush + _options.Slack;
        if (LifeOf(packet) is { } life) allowed += life.Stalled + life.WaitedSince(packet.SentAt > life.ReadingAt ? packet.SentAt : life.ReadingAt);
        return allowed;
    }

    private EngineProcess? LifeOf(ScriptedPacket packet) => _lives.LastOrDefault(life => life.OpenAt <= packet.SentAt && packet.SentAt < life.EndedAt);

    private ILookup<string, CallRecord> Reference(IEnumerable<ScriptedPacket> packets)
    {
        var output = new Output();
        var engine = new CaptureEngine(
            new EngineOptions
            {
                Shards = 1,
                Sessions = new SessionOptions { Enabled = false },
                Timers = new CallTimers { Linger = KillRound.Linger, SetupTimeout = _timers, RtpTimeout = _timers, HeldTimeout = _timers, MaxDuration = _timers },
            },
            output);
        var reader = new HepReader("kill", new HepOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), MaxSkew = TimeSpan.MaxValue });
        engine.BeginSource("kill");
        Timestamp last = Timestamp.MinValue;
        foreach (ScriptedPacket packet in packets)
        {
            reader.Read(packet.Hep, packet.At, out _);
            engine.Process(reader.Packet);
            last = packet.At;
        }

        if (last != Timestamp.MinValue)
        {
            for (int second = 1; second <= 20; second++) engine.Tick(last + TimeSpan.FromSeconds(second));
        }

        engine.CompleteAsync().GetAwaiter().GetResult();
        return output.Records.Values.ToLookup(static record => record.SipCallId, StringComparer.Ordinal);
    }

    // Which of the packets sent lie in the packets of these records.
    private HashSet<ScriptedPacket> PacketsOf(SqliteCallStore store, IEnumerable<CallRecord> records)
    {
        var found = new HashSet<ScriptedPacket>();
        var decoder = new PacketDecoder(new DecoderLimits());
        foreach (CallRecord record in records)
        {
            using var reader = new PacketLogReader(Path.Combine(_data, "packets"));
            using PacketGather gather = reader.Gather(store.GetChunks(record.Id) ?? [], PacketKindSet.All);
            while (gather.MoveNext())
            {
                CapturedPacket frame = gather.Current;
                if (decoder.Decode(frame, out DecodedPacket decoded) is not (DecodeOutcome.Udp or DecodeOutcome.Tcp)) continue;
                if (!Index.TryGetValue((frame.CapturedAt, ScriptedPacket.HashOf(decoded.Payload)), out ScriptedPacket? packet))
                    _faults.Add($"{record.SipCallId}: a packet that was never sent");
                else if (!found.Add(packet))
                    _faults.Add($"{record.SipCallId}: a packet is in its log twice");
            }

            if (gather.MissingChunks + gather.DamagedChunks > 0) _faults.Add($"{record.SipCallId}: {gather.MissingChunks} chunks are missing, {gather.DamagedChunks} damaged");
        }

        return found;
    }

    private Dictionary<(Timestamp At, ulong Payload), ScriptedPacket> Index =>
        field ??= _script.Packets.ToDictionary(static packet => (packet.At, packet.Payload));

    private static IEnumerable<CallRecord> All(SqliteCallStore store)
    {
        string? cursor = null;
        do
        {
            CallPage page = store.List(new CallQuery { Limit = CallQuery.MaxLimit, Cursor = cursor });
            foreach (CallRecord record in page.Calls) yield return record;
            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }

    // What must be equal. Where a kill cut a stream, what it measured between its packets is not, and the record says gap.
    private static string Text(CallRecord record, CallRecord? like = null)
    {
        // One-way audio is not raised where a gap explains it.
        CallFlags unlike = CallFlags.Gap | ((like ?? record).Flags.HasFlag(CallFlags.Gap) ? CallFlags.OneWayAudio | CallFlags.NoRtp : CallFlags.None);
        CallRecord compared = record with
        {
            Flags = record.Flags & ~unlike,
            CaptureSource = "",
            Recording = new RecordingInfo(),
            Marks = null,
            Streams = [],
            MediaSessions = [],
            OneWay = [],
        };
        var text = new StringBuilder(Encoding.UTF8.GetString(CallRecordJson.ToUtf8(compared)));
        foreach (StreamRecord stream in record.Streams.OrderBy(static stream => stream.Ssrc).ThenBy(static stream => stream.From))
            text.Append(CultureInfo.InvariantCulture, $" {stream.Ssrc:x8} {stream.From} {stream.Codec} {stream.Packets} {stream.Octets}");
        return text.ToString();
    }

    // For whoever looks into a fault: seconds of the clock.
    private string Times(IEnumerable<ScriptedPacket> sent, HashSet<ScriptedPacket> there)
    {
        static string Second(Timestamp at) => at == Timestamp.MaxValue ? "never" : string.Create(CultureInfo.InvariantCulture, $"{at.Microseconds % 1_000_000_000 / 1e6:0.000}");
        return $"\n  lives (open, reading, ended): {string.Join(" | ", _lives.Select(life => $"{Second(life.OpenAt)} {Second(life.ReadingAt)} {Second(life.EndedAt)}"))}"
            + $"\n  messages: {string.Join(" ", sent.Where(static packet => packet.IsSip).Select(packet => $"{Second(packet.SentAt)}{(there.Contains(packet) ? "" : "!")}"))}";
    }

    private string Name(int call) => $"{_script.Calls[call].SipCallId} ({_script.Calls[call].Scenario}, {_script.Calls[call].Transport})";

    private sealed class Output : IRecordOutput
    {
        public Dictionary<string, CallRecord> Records { get; } = new(StringComparer.Ordinal);

        public void Emit(in RecordEmission emission)
        {
            lock (Records) Records[emission.Record.Id] = emission.Record;
        }
    }
}
