using CdrEngine.Calls.Transcripts;
using CdrEngine.Core;
using CdrEngine.Engine.Resume;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.PacketLog;
using CdrEngine.PacketLog.Sealing;
using CdrEngine.Protocols.Sip;
using CdrEngine.Storage;

namespace CdrEngine.Host.Upkeep;

/// <summary>Makes a backup of an engine at work one moment's. Packets are copied last, so calls that began meanwhile, and what others sent meanwhile, are in the copy and nothing in it names
/// them: such chunks are overwritten there, as a purge does it.</summary>
internal sealed class BackupCut
{
    /// <summary>Calls of earlier days than this before the backup are looked up one by one.</summary>
    private static readonly TimeSpan LongestListed = TimeSpan.FromDays(1);

    private readonly Dictionary<SegmentId, long> _lengths = [];
    private readonly DateTimeOffset _now;

    private BackupCut(string packets, DateTimeOffset now)
    {
        _now = now;
        foreach (SegmentFile file in SegmentFile.List(packets))
        {
            _lengths[file.Id] = file.Bytes;
            IsAtWork |= file.IsOpen;
        }
    }

    /// <summary>Whether something writes packets, or was when it crashed.</summary>
    public bool IsAtWork { get; }

    /// <summary>Notes how far packets go: what is there is named by a journal or a record once the journals have been written.</summary>
    public static BackupCut Begin(string packets, DateTimeOffset now) => new(packets, now);

    /// <summary>Overwrites in the copy what nothing in it names; gives the segments in which there was something.</summary>
    /// <param name="copy">Settings whose data folder is the copy.</param>
    /// <param name="open">What the copied journals tell.</param>
    public IReadOnlySet<SegmentId> Run(Settings copy, OpenCallsCopied open)
    {
        string packets = DataFolder.Packets(copy.DataDirectory);
        List<Candidate> candidates = Candidates(packets);
        if (candidates.Count == 0) return new HashSet<SegmentId>();
        HashSet<(SegmentId, long)> named = Named(copy, open, [.. candidates.Select(static candidate => candidate.Chunk.Segment)]);
        candidates.RemoveAll(candidate => named.Contains((candidate.Chunk.Segment, candidate.Chunk.Offset)));
        HashSet<CallKey> calls = CallsAmong(packets, SealingKeys.Of(copy), candidates);
        calls.UnionWith(open.Keys);

        // Messages and registrations have packets too; nothing is told anew of those.
        using var unnamed = new ChunkList();
        foreach (Candidate candidate in candidates.Where(candidate => calls.Contains(candidate.Key))) unnamed.Add(candidate.Chunk);
        PacketLogPurge.Purge(packets, unnamed.Encoded, PacketKindSet.All, null);
        var touched = new HashSet<SegmentId>();
        foreach (ChunkLocator chunk in unnamed) touched.Add(chunk.Segment);
        return touched;
    }

    private List<Candidate> Candidates(string packets)
    {
        var candidates = new List<Candidate>();
        foreach (SegmentFile file in SegmentFile.List(packets))
        {
            long known = _lengths.GetValueOrDefault(file.Id);
            if (file.Bytes <= known || file.Id.Shard == SegmentId.HeldShard) continue;
            using SegmentScanner scanner = SegmentScanner.Open(file.Path);
            while (scanner.MoveNext())
            {
                if (scanner.Locator.Offset + scanner.Locator.Length > known) candidates.Add(new Candidate(scanner.Locator, scanner.Header.Key));
            }
        }

        return candidates;
    }

    private HashSet<(SegmentId Segment, long Offset)> Named(Settings copy, OpenCallsCopied open, HashSet<SegmentId> segments)
    {
        var named = new HashSet<(SegmentId Segment, long Offset)>();
        foreach (ChunkLocator chunk in open.Chunks) named.Add((chunk.Segment, chunk.Offset));
        foreach (StoredCall waiting in RecordOutbox.Read(DataFolder.Outbox(copy.DataDirectory))) Add(waiting.Chunks.Span);
        using (ICallStore store = Stores.Calls(copy, StoreUse.Command))
        using (ICallKeeping keeping = Stores.Keeping(copy))
        {
            DateOnly since = DateOnly.FromDateTime((_now - LongestListed).UtcDateTime);
            foreach (DateOnly day in keeping.Days().Where(day => day >= since))
            {
                for (KeptCall? after = null; ;)
                {
                    IReadOnlyList<KeptCall> page = keeping.ListKept(new KeptQuery(day) { After = after });
                    foreach (KeptCall call in page) Add(call.Chunks);
                    if (page.Count < 1000) break;
                    after = page[^1];
                }
            }

            foreach (string callId in open.Over.Distinct(StringComparer.Ordinal))
            {
                foreach (Calls.Records.CallRecord call in store.List(new Calls.Ports.CallQuery { SipCallId = callId, Limit = 20 }).Calls)
                {
                    if (call.StartedAt.ToDateTime() < since.ToDateTime(TimeOnly.MinValue) && keeping.GetKept(call.Id) is { } kept) Add(kept.Chunks);
                }
            }
        }

        using IMessageKeeping? messages = Stores.MessageKeeping(copy);
        foreach (DateOnly day in messages?.Days() ?? [])
        {
            if (day < DateOnly.FromDateTime((_now - LongestListed).UtcDateTime)) continue;
            foreach (KeptMessage message in messages!.ListKept(day, null, Timestamp.MaxValue, int.MaxValue)) Add(message.Chunks);
        }

        return named;

        void Add(ReadOnlySpan<byte> chunks)
        {
            var walk = new ChunkList.Enumerator(chunks);
            while (walk.MoveNext())
            {
                if (segments.Contains(walk.Current.Segment)) named.Add((walk.Current.Segment, walk.Current.Offset));
            }
        }
    }

    // Whose chunks hold what begins calls or goes on with them.
    private static HashSet<CallKey> CallsAmong(string packets, KeyRing? keys, List<Candidate> candidates)
    {
        var calls = new HashSet<CallKey>();
        using var reader = new PacketLogReader(packets, keys: keys);
        var message = new SipMessage(new SipLimits());
        foreach (Candidate candidate in candidates)
        {
            if (candidate.Chunk.Segment.Kind != PacketKind.Sip || calls.Contains(candidate.Key)) continue;
            using var chunk = new ChunkList();
            chunk.Add(candidate.Chunk);
            var transcript = new SipTranscript((string?)null);
            using (PacketGather gather = reader.Gather(chunk, PacketKindSet.Sip, candidate.Key))
            {
                while (gather.MoveNext()) transcript.Visit(gather.Current);
            }

            foreach (TranscriptMessage sent in transcript.Messages)
            {
                if (SipParser.TryRead(sent.Bytes, message, out _, out _) != ParseOutcome.Message || CallKey.Of(message.CallId) != candidate.Key) continue;
                if (message.CSeqMethod is SipMethod.Register or SipMethod.Message) continue;
                calls.Add(candidate.Key);
                break;
            }
        }

        return calls;
    }

    private readonly record struct Candidate(ChunkLocator Chunk, CallKey Key);
}
