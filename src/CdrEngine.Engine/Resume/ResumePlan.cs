using System.Globalization;
using CdrEngine.PacketLog;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.Engine.Resume;

/// <summary>Bounds of remembering open calls.</summary>
public sealed record ResumeLimits
{
    /// <summary>Folder of the journals.</summary>
    public required string Folder { get; init; }

    /// <summary>Size of a journal's piece before it is put together with those before it. Default 16 MiB.</summary>
    public long PieceBytes { get; init; } = 16 << 20;

    /// <summary>Entries kept in memory while the disk refuses them. Default 64 MiB.</summary>
    public int WaitingBytes { get; init; } = 64 << 20;

    /// <summary>Bytes of media read back at a start; with more than that the oldest media of all calls is left unmeasured. Default 1 GiB: some four
    /// million packets, two seconds of one core.</summary>
    public long MediaBytes { get; init; } = 1L << 30;

    /// <summary>How often what was written is forced to the disk itself; zero leaves it to the system. Default 1 s.</summary>
    public TimeSpan SyncEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the journal is written, of engine time. Default 250 ms.</summary>
    public TimeSpan WriteEvery { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>What the journals are sealed with; null leaves them in the clear.</summary>
    public KeyRing? Keys { get; init; }
}

/// <summary>A call that an earlier run left open.</summary>
internal sealed class ResumedCall
{
    public required byte[] SipCallId { get; init; }

    public required string Source { get; init; }

    /// <summary>All its chunks that were on disk.</summary>
    public ChunkList Chunks { get; } = new();

    public List<JournalMessage> Messages { get; } = [];

    /// <summary>Run and sequence of what is known of it first: the order in which calls began.</summary>
    public (uint Run, long Sequence) First { get; set; } = (uint.MaxValue, long.MaxValue);

    public void Note(uint run, long sequence)
    {
        if (run < First.Run || (run == First.Run && sequence < First.Sequence)) First = (run, sequence);
    }
}

/// <summary>The open calls of runs that are no more, taken over by this run. Nobody else gets them.</summary>
public sealed class ResumePlan
{
    private const string MarkExtension = ".whole";

    private readonly string _folder;
    private readonly List<JournalFile> _taken;

    private ResumePlan(string folder, List<JournalFile> taken, List<ResumedCall> calls, bool wasStopped, long damagedBytes = 0)
    {
        DamagedBytes = damagedBytes;
        _folder = folder;
        _taken = taken;
        Calls = calls;
        WasStopped = wasStopped;
    }

    /// <summary>Calls to go on with.</summary>
    public int Count => Calls.Count;

    /// <summary>True where all the runs before had stopped in good order.</summary>
    public bool WasStopped { get; }

    /// <summary>Keys that would open journals, and are not there; their calls are lost.</summary>
    public IReadOnlyList<ulong> MissingKeys { get; private init; } = [];

    /// <summary>Bytes of the journals that could not be read: half written when the machine stopped, or damaged since.</summary>
    public long DamagedBytes { get; }

    /// <summary>In the order in which they began.</summary>
    internal IReadOnlyList<ResumedCall> Calls { get; }

    /// <summary>Takes over the journals below a folder whose runs are no more. Throws <see cref="IOException"/> or
    /// <see cref="UnauthorizedAccessException"/> where the folder cannot be read.</summary>
    /// <param name="folder">Folder of the journals.</param>
    /// <param name="log">The packet log, opened by this run.</param>
    public static ResumePlan Take(string folder, PacketLogFolder log)
    {
        if (!Directory.Exists(folder)) return new ResumePlan(folder, [], [], wasStopped: true);
        foreach (string unfinished in Directory.EnumerateFiles(folder, "*.new").Where(path => IsOfDeadRun(path, log))) File.Delete(unfinished);

        // 1. A run that died after it took over: either its own journal says all that the taken ones do, or it had not come so far.
        List<JournalFile> files = JournalFile.List(folder).FindAll(file => log.IsOver(file.TakenBy != 0 ? file.TakenBy : file.Run));
        foreach (uint taker in files.Where(static file => file.TakenBy != 0).Select(static file => file.TakenBy).Distinct().ToArray())
        {
            bool isWhole = File.Exists(MarkOf(folder, taker));
            List<JournalFile> old = files.FindAll(file => isWhole ? file.TakenBy == taker : file.Run == taker && file.TakenBy == 0);
            foreach (JournalFile file in old) File.Delete(Path.Combine(folder, file.Name));
            files.RemoveAll(old.Contains);
        }

        foreach (string mark in Directory.EnumerateFiles(folder, "r*" + MarkExtension))
        {
            if (uint.TryParse(Path.GetFileNameWithoutExtension(mark).AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out uint run) && log.IsOver(run)) File.Delete(mark);
        }

        // 2. Whoever renames a file first has it.
        var taken = new List<JournalFile>();
        foreach (JournalFile file in files)
        {
            JournalFile mine = file with { TakenBy = log.Run };
            try
            {
                File.Move(Path.Combine(folder, file.Name), Path.Combine(folder, mine.Name), overwrite: false);
                taken.Add(mine);
            }
            catch (FileNotFoundException)
            {
                // Another program took it a moment ago.
            }
        }

        // 3. What is in them.
        var calls = new List<ResumedCall>();
        bool stopped = true;
        var missing = new SortedSet<ulong>();
        long damaged = 0;
        foreach (IGrouping<(uint Run, int Shard), JournalFile> journal in taken.GroupBy(static file => (file.Run, file.Shard)))
            calls.AddRange(Read(folder, journal, log.Keys, missing, bytes => damaged += bytes, ref stopped));
        calls.Sort(static (left, right) =>
        {
            int by = left.First.CompareTo(right.First);
            return by != 0 ? by : left.SipCallId.AsSpan().SequenceCompareTo(right.SipCallId);
        });
        return new ResumePlan(folder, taken, calls, stopped, damaged) { MissingKeys = [.. missing] };
    }

    /// <summary>Removes what was taken over, once this run's own journal has it.</summary>
    internal void Done()
    {
        if (_taken.Count == 0) return;
        try
        {
            File.WriteAllBytes(MarkOf(_folder, _taken[0].TakenBy), []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without the mark the taken ones are what counts, so they stay.
            return;
        }

        foreach (JournalFile file in _taken)
        {
            try
            {
                File.Delete(Path.Combine(_folder, file.Name));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The mark says that it is of no more use.
            }
        }
    }

    private static IEnumerable<ResumedCall> Read(
        string folder, IEnumerable<JournalFile> pieces, KeyRing? keys, SortedSet<ulong> missing, Action<long> damaged, ref bool stopped)
    {
        var calls = new Dictionary<long, ResumedCall>();
        bool inOrder = false;
        foreach (JournalFile piece in pieces)
        {
            foreach (ReadOnlyMemory<byte> block in JournalFile.Blocks(Path.Combine(folder, piece.Name), keys, key => missing.Add(key), damaged))
            {
                var reader = new JournalReader(block.Span);
                while (reader.MoveNext())
                {
                    inOrder = reader.Kind == JournalEntryKind.Stopped;
                    Take(ref reader, calls);
                }
            }
        }

        stopped &= inOrder;
        return calls.Values;
    }

    private static void Take(ref JournalReader reader, Dictionary<long, ResumedCall> calls)
    {
        if (reader.Kind == JournalEntryKind.Open)
        {
            calls[reader.Number] = new ResumedCall { SipCallId = reader.CallId.ToArray(), Source = reader.Source };
            return;
        }

        if (!calls.TryGetValue(reader.Number, out ResumedCall? call)) return;
        switch (reader.Kind)
        {
            case JournalEntryKind.Chunk:
                call.Chunks.Add(reader.Chunk);
                call.Note(reader.Chunk.Segment.Run, reader.Chunk.FirstSequence);
                break;
            case JournalEntryKind.Message when reader.Message is { } message:
                call.Messages.Add(message);
                call.Note(message.Run, message.Sequence);
                break;
            case JournalEntryKind.Close:
                calls.Remove(reader.Number);
                call.Chunks.Dispose();
                break;
        }
    }

    private static string MarkOf(string folder, uint run) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"r{run:000000}{MarkExtension}"));

    private static bool IsOfDeadRun(string path, PacketLogFolder log) =>
        JournalFile.TryParse(Path.GetFileName(path)[..^".new".Length], out JournalFile file) && log.IsOver(file.Run);
}

/// <summary>What came of going on with the calls of an earlier run.</summary>
/// <param name="Calls">Calls that go on.</param>
/// <param name="Lost">Calls of which nothing could be read back: retention had removed their packets.</param>
/// <param name="Packets">Packets read back.</param>
/// <param name="UnmeasuredBytes">Bytes of media that were too much to be read back; they are in the packet log, and in no figure.</param>
/// <param name="WasStopped">True where the runs before had stopped in good order, false where one had crashed.</param>
/// <param name="Elapsed">Time it took.</param>
public sealed record ResumeReport(int Calls, int Lost, long Packets, long UnmeasuredBytes, bool WasStopped, TimeSpan Elapsed);
