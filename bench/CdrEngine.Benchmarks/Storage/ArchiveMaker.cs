using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using CdrEngine.Benchmarks.Commands;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>Archives of any number of calls, by seed: everything that an engine stores, day after day, through the stores that it stores with. Days that are over are sealed, as
/// the engine does it; the last one is not over. An archive can be made larger by more days.</summary>
internal static class ArchiveMaker
{
    private const int Batch = 2_000;
    private const int BatchesAhead = 4;
    private const int CallsOfAMessage = 5;
    private const int DaysBetweenSeals = 10;
    private const long DayMicroseconds = 86_400_000_000;

    /// <summary>Makes an archive, or goes on with it.</summary>
    /// <param name="writer">Told how it goes.</param>
    /// <param name="stores">Where.</param>
    /// <param name="calls">Calls of all days, about.</param>
    /// <param name="days">Days.</param>
    /// <param name="recordsOnly">Only calls: nothing that others write about them, and nothing beside them.</param>
    /// <param name="stop">Ends it between two days; made again with the same figures it goes on.</param>
    public static void Make(TextWriter writer, ArchiveStores stores, int calls, int days, bool recordsOnly, CancellationToken stop)
    {
        int each = Math.Max(1, calls / days);
        int done = Done(stores, each);
        long start = Stopwatch.GetTimestamp(), stored = 0;
        for (int day = done; day < days && !stop.IsCancellationRequested; day++)
        {
            stored += StoreDay(stores, day, each, recordsOnly);
            stores.Made = string.Create(CultureInfo.InvariantCulture, $"{each} {day + 1}");
            if ((day + 1) % DaysBetweenSeals != 0) continue;
            stores.Calls.Seal(DayOf(day), CancellationToken.None);
            stores.Messages.Seal(DayOf(day), CancellationToken.None);
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{day + 1} days, {stored / Stopwatch.GetElapsedTime(start).TotalSeconds:N0} calls a second"));
            writer.Flush();
        }

        stop.ThrowIfCancellationRequested();
        if (days > done && !recordsOnly) StoreDesk(stores, days);
        stores.Calls.Seal(DayOf(days - 1), stop);
        stores.Messages.Seal(DayOf(days - 1), stop);
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(long)each * days:N0} calls of {days} days, {stored:N0} of them stored in {Stopwatch.GetElapsedTime(start).TotalSeconds:N0} s"));
    }

    /// <summary>A day of an archive, from 0.</summary>
    public static DateOnly DayOf(int day) => StoredCalls.FirstDay.AddDays(day);

    /// <summary>The first microsecond of a day since 1970.</summary>
    public static long StartOf(DateOnly day) => Timestamp.From(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero)).Microseconds;

    /// <summary>The calls of a day in order of time, in batches as the engine writes them.</summary>
    public static IEnumerable<StoredCall[]> Batches(Random random, DateOnly day, int calls)
    {
        long midnight = StartOf(day);
        var batch = new List<StoredCall>(Batch + 1);
        for (int made = 0; made < calls;)
        {
            StoredCall[] next = StoredCalls.Conversation(random, midnight + (DayMicroseconds / calls * made) + random.Next(1000), mayBeTwo: made < calls - 1);
            batch.AddRange(next);
            made += next.Length;
            if (batch.Count < Batch && made < calls) continue;
            yield return [.. batch];
            batch.Clear();
        }
    }

    /// <summary>Days that are made, of so many calls each; throws where they have others, or were not made by this.</summary>
    public static int Done(ArchiveStores stores, int each)
    {
        if (stores.Made is not { Length: > 0 } made) return stores.Calls.Days().Count == 0 ? 0 : throw new BenchException("there are days already that were not made by this command");
        int[] parts = [.. made.Split(' ').Select(static part => int.Parse(part, CultureInfo.InvariantCulture))];
        return parts[0] == each ? parts[1] : throw new BenchException($"its days have {parts[0]} calls, not {each}: go on with as many for each day");
    }

    // Calls are made by one thread while another stores them.
    private static int StoreDay(ArchiveStores stores, int day, int calls, bool recordsOnly)
    {
        var random = new Random(day + 1);
        using var ahead = new BlockingCollection<StoredCall[]>(BatchesAhead);
        Task making = Task.Run(() =>
        {
            try
            {
                foreach (StoredCall[] batch in Batches(random, DayOf(day), calls)) ahead.Add(batch);
            }
            finally
            {
                ahead.CompleteAdding();
            }
        });
        int stored = 0;
        var marks = new Random(-day - 1);
        foreach (StoredCall[] batch in ahead.GetConsumingEnumerable())
        {
            if (stores.Calls.Write(batch).Fault is { } fault) throw new BenchException(fault);
            stored += batch.Length;
            if (recordsOnly) continue;
            Record(stores, marks, batch);
            Remark(stores, marks, batch);
        }

        making.GetAwaiter().GetResult();
        if (recordsOnly) return stored;
        foreach (StoredMessage[] batch in StoredDesk.Messages(marks, StartOf(DayOf(day)), Math.Max(1, calls / CallsOfAMessage)).Chunk(Batch)) stores.Messages.Write(batch);
        return stored;
    }

    // What was to be recorded was, but for one in ten.
    private static void Record(ArchiveStores stores, Random random, StoredCall[] batch)
    {
        foreach (CallRecord call in batch.Select(static one => one.Record).Where(static record => record.Recording.State == RecordingState.Pending))
        {
            RecordingState state = random.Next(20) switch { 0 => RecordingState.Failed, 1 => RecordingState.Pending, _ => RecordingState.Available };
            if (state == RecordingState.Pending) continue;
            stores.Calls.SetRecording(new RecordingEntry
            {
                CallId = call.Id,
                State = state,
                Reason = state == RecordingState.Failed ? "no_packets" : null,
                Bytes = state == RecordingState.Available ? (long)(call.BillableDuration.TotalSeconds * 4_000) : 0,
                Duration = state == RecordingState.Available ? call.BillableDuration : TimeSpan.Zero,
                SampleRateHz = state == RecordingState.Available ? 8_000 : 0,
                Channels = state == RecordingState.Available ? 2 : 0,
                Attempts = 1,
                CreatedAt = call.EndedAt ?? call.StartedAt,
            });
        }
    }

    // Of voice messages most were heard and some put away; one call in a hundred has a note, one recorded call in ten a transcript.
    private static void Remark(ArchiveStores stores, Random random, StoredCall[] batch)
    {
        var changes = new List<RemarkChange>();
        foreach (CallRecord call in batch.Select(static one => one.Record))
        {
            if (call.Marks?.Context == CallContext.Voicemail && random.Next(5) > 1)
            {
                int folder = random.Next(6) switch { 0 => 2, < 3 => 1, _ => 0 };
                changes.Add(new RemarkChange(call.Id, remark => remark with { IsHeard = true, Folder = folder }));
            }
            else if (random.Next(100) == 0)
            {
                string note = string.Create(CultureInfo.InvariantCulture, $"ticket {random.Next(1_000_000)}: calls back");
                changes.Add(new RemarkChange(call.Id, remark => remark with { Notes = note, Info = "customer" }));
            }
            else if (call.Recording.State == RecordingState.Pending && random.Next(10) == 0)
            {
                int score = random.Next(101);
                changes.Add(new RemarkChange(call.Id, remark => remark with { Transcript = "Good morning. Good morning, it is about the invoice.", Summary = "An invoice.", Sentiment = "neutral", Score = score }));
            }
        }

        if (changes.Count > 0 && !stores.Remarks.Change(changes, "bench", batch[^1].Record.StartedAt)) throw new BenchException("there are as many remarks as may be");
    }

    private static void StoreDesk(ArchiveStores stores, int days)
    {
        foreach (DeskChanges changes in StoredDesk.Changes(new Random(3), new Timestamp(StartOf(DayOf(days)) - 1))) stores.Registrations.Write(changes);
    }
}
