using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Engine.Recording;

/// <summary>Finds recordings and makes them, on the caller's thread. Any number of threads; two that make the same at once both make it, and the
/// later stays.</summary>
public sealed class RecordingWorkshop
{
    /// <summary>Reason where the settings do not allow a recording.</summary>
    public const string PolicyReason = "policy";

    private const string NoCallReason = "no_call";

    private readonly ICallReader _calls;
    private readonly ICallPackets _packets;
    private readonly IRecordingStore _store;
    private readonly IRecordingMaker _maker;

    /// <summary>Puts it together.</summary>
    public RecordingWorkshop(ICallReader calls, ICallPackets packets, IRecordingStore store, IRecordingMaker maker, RecordingFiles files, RecorderOptions options)
    {
        _calls = calls;
        _packets = packets;
        _store = store;
        _maker = maker;
        Files = files;
        Options = options;
    }

    /// <summary>The files.</summary>
    public RecordingFiles Files { get; }

    /// <summary>How they are made.</summary>
    public RecorderOptions Options { get; }

    /// <summary>The answer that can be given at once: the file is there, or there is a reason for none that holds. Null where it is to be made.</summary>
    /// <param name="callId">Id of a record.</param>
    /// <param name="variant">Form.</param>
    /// <param name="retry">Whether a reason for none is not taken for an answer.</param>
    public RecordingAnswer? Find(string callId, RecordingVariant variant, bool retry)
    {
        RecordingEntry? entry = _store.GetRecording(callId);
        CallRecord? call = _calls.Get(callId);
        if (call is null) return new RecordingAnswer { Entry = Entry(callId, RecordingState.None, NoCallReason) };
        RecordingRule rule = Options.Policy.For(call);
        if (variant == RecordingVariant.Default)
        {
            string path = Files.PathOf(callId);
            if (entry is { State: RecordingState.Available } && File.Exists(path)) return new RecordingAnswer { Entry = entry, Path = path };
        }
        else
        {
            string path = Files.CachePathOf(callId, variant, VersionOf(call, rule));
            if (File.Exists(path) && Touched(path)) return new RecordingAnswer { Entry = entry ?? Entry(callId, RecordingState.Available), Path = path };
        }

        if (entry is { State: RecordingState.Deleted } && !retry) return new RecordingAnswer { Entry = entry };
        if (rule.Policy == RecordingPolicy.Never || IsSilent(rule, variant)) return new RecordingAnswer { Entry = Entry(callId, RecordingState.None, PolicyReason) };
        if (entry is null && NotToRecord(call) is { } reason) return new RecordingAnswer { Entry = Entry(callId, RecordingState.None, reason) };
        if (retry || entry is null) return null;
        if (entry.State == RecordingState.None) return new RecordingAnswer { Entry = entry };
        if (entry.State == RecordingState.Failed && DueIn(entry) is { Ticks: > 0 } wait) return new RecordingAnswer { Entry = entry, RetryAfter = wait };
        return null;
    }

    /// <summary>Makes it, whatever is known, and keeps its state. Failures are answers; only being stopped throws, and leaves it pending.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> fired.</exception>
    public RecordingAnswer Make(string callId, RecordingVariant variant, CancellationToken stop)
    {
        RecordingEntry? before = null;
        try
        {
            before = _store.GetRecording(callId);
            if (_calls.Get(callId) is not { } call) return new RecordingAnswer { Entry = Entry(callId, RecordingState.None, NoCallReason) };
            RecordingRule rule = Options.Policy.For(call);
            if ((rule.Policy == RecordingPolicy.Never || IsSilent(rule, variant) ? PolicyReason : NotToRecord(call)) is { } reason)
            {
                // Told anew each time, but for a row that waits.
                RecordingEntry none = Entry(callId, RecordingState.None, reason);
                return new RecordingAnswer { Entry = before is { State: RecordingState.Pending or RecordingState.Failed } ? Settle(none) : none };
            }

            bool isKept = variant == RecordingVariant.Default;
            RecordingEntry began = Entry(callId, RecordingState.Pending) with { Attempts = (before?.Attempts ?? 0) + 1 };

            // So that a program that is killed meanwhile takes it up again.
            if (isKept) _store.SetRecording(began);
            string path = isKept ? Files.PathOf(callId) : Files.CachePathOf(callId, variant, VersionOf(call, rule));
            RecordingOutcome outcome = Write(call, rule, variant, path, stop, out long bytes);
            RecordingEntry made = began with
            {
                State = outcome.State,
                Reason = outcome.Reason,
                PartReason = outcome.PartReason,
                Bytes = bytes,
                Duration = outcome.Duration,
                SampleRateHz = outcome.SampleRateHz,
                Channels = outcome.Channels,
                CreatedAt = Timestamp.From(Options.Time.GetUtcNow()),
            };

            // Another form has no state of its own, but that there can be none holds for all of them; that one voice is missing does not.
            if (isKept || (variant.Sides == RecordingSides.Both && outcome.State != RecordingState.Available && before is not { State: RecordingState.Available })) Settle(made);
            return new RecordingAnswer { Entry = made, Path = outcome.State == RecordingState.Available ? path : null };
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e)
        {
            // The boundary of one recording: whatever goes wrong with it, others are made.
            return new RecordingAnswer { Entry = Failed(callId, before, e) };
        }
    }

    /// <summary>Finds it, or makes it here and now.</summary>
    public RecordingAnswer FindOrMake(string callId, RecordingVariant variant, bool retry, CancellationToken stop) =>
        Find(callId, variant, retry) ?? Make(callId, variant, stop);

    /// <summary>Removes a recording in all its forms; it stays known that it was. False where there was none.</summary>
    public bool Delete(string callId, string reason)
    {
        bool any = Files.Delete(callId);
        if (any && _store.GetRecording(callId) is { } entry)
            _store.SetRecording(Entry(callId, RecordingState.Deleted, reason) with { Attempts = entry.Attempts, Duration = entry.Duration });
        return any;
    }

    /// <summary>How long until a failure is to be tried again: zero where it is due, the longest pause where it is left alone.</summary>
    public TimeSpan DueIn(RecordingEntry failed)
    {
        if (failed.Attempts >= Options.Attempts) return Options.RetryMost;
        TimeSpan left = Options.PauseAfter(failed.Attempts) - (Timestamp.From(Options.Time.GetUtcNow()) - failed.CreatedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>The states that wait: pending, oldest first.</summary>
    public IReadOnlyList<RecordingEntry> Pending(int limit) => !Options.Policy.MayRecord
        ? []
        : _store.ListRecordings(new RecordingQuery { State = RecordingState.Pending, Ascending = true, Limit = limit }).Recordings;

    /// <summary>Failures of the newest calls that are due for another attempt.</summary>
    public IReadOnlyList<RecordingEntry> Due(int limit) => !Options.Policy.MayRecord
        ? []
        : [.. _store.ListRecordings(new RecordingQuery { State = RecordingState.Failed, Limit = limit }).Recordings
            .Where(entry => entry.Attempts < Options.Attempts && DueIn(entry) == TimeSpan.Zero)];

    // One voice is asked for and the rule allows the other only.
    private static bool IsSilent(RecordingRule rule, RecordingVariant variant) =>
        variant.Sides != RecordingSides.Both && rule.Sides != RecordingSides.Both && rule.Sides != variant.Sides;

    private static bool Touched(string path)
    {
        // The order in which the cache lets go; where the file system does not note it by itself.
        try
        {
            File.SetLastAccessTimeUtc(path, DateTime.UtcNow);
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    private static RecordingEntry Entry(string callId, RecordingState state, string? reason = null) => new() { CallId = callId, State = state, Reason = reason };

    private string? NotToRecord(CallRecord call)
    {
        if (call.State != CallState.Ended) return "in_progress";
        if (call.AnsweredAt is null && !(Options.From == RecordingStart.EarlyMedia && call.EarlyMediaAt is not null)) return "not_answered";
        return null;
    }

    // A later telling of the call, or another rule, is another recording.
    private string VersionOf(CallRecord call, RecordingRule rule)
    {
        string what = string.Create(CultureInfo.InvariantCulture, $"{call.AnsweredAt}|{call.EndedAt}|{rule.Sides}|{Options.From}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(what)).AsSpan(0, 8));
    }

    private RecordingOutcome Write(CallRecord call, RecordingRule rule, RecordingVariant variant, string path, CancellationToken stop, out long bytes)
    {
        RecordingOutcome? outcome = null;
        var request = new RecordingRequest
        {
            Format = variant.Kind == RecordingKind.Mp3 ? RecordingFormat.Mp3 : RecordingFormat.Wav,
            Channels = variant.Channels,
            Sides = variant.Sides == RecordingSides.Both ? rule.Sides : variant.Sides,
            From = Options.From,
            Stop = stop,
        };
        bytes = Files.Write(path, output =>
        {
            outcome = variant.Kind == RecordingKind.Waveform
                ? _maker.Outline(call, _packets, request, output)
                : _maker.Make(call, _packets, request, output);
            stop.ThrowIfCancellationRequested();
            return outcome.State == RecordingState.Available;
        }) ?? 0;
        return outcome!;
    }

    private RecordingEntry Settle(RecordingEntry entry)
    {
        RecordingEntry settled = entry.CreatedAt.Microseconds == 0 ? entry with { CreatedAt = Timestamp.From(Options.Time.GetUtcNow()) } : entry;
        _store.SetRecording(settled);
        return settled;
    }

    private RecordingEntry Failed(string callId, RecordingEntry? before, Exception e)
    {
        // What the system says of a disk is for the operator; what our own faults say is for the log.
        string reason = e is IOException or UnauthorizedAccessException ? $"disk: {e.Message.ReplaceLineEndings(" ")}" : $"fault: {e.GetType().Name}";
        RecordingEntry failed = Entry(callId, RecordingState.Failed, reason) with
        {
            Attempts = (before?.Attempts ?? 0) + 1,
            CreatedAt = Timestamp.From(Options.Time.GetUtcNow()),
        };
        try
        {
            _store.SetRecording(failed);
        }
        catch (Exception again) when (again is not OperationCanceledException)
        {
            // The store is what failed: the answer still tells it, and the row stays as it was.
        }

        return failed;
    }
}
