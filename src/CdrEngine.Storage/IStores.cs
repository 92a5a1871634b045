using CdrEngine.Calls.Ports;
using CdrEngine.Core;

namespace CdrEngine.Storage;

/// <summary>Everything that is kept of calls: records, packet places, media sessions, recordings, deletions. Any number of threads may read while one writes.</summary>
public interface ICallStore : ICallReader, ICallBatchStore, IMediaSessionReader, IRecordingStore, ICallPager, ICallEraser, ICallTotals, ITrafficReader, IDisposable
{
    /// <summary>Stored records that could not be read back since the start; they are left out of answers.</summary>
    long UnreadableRecords { get; }

    /// <summary>Days that have records, ascending.</summary>
    IReadOnlyList<DateOnly> Days();

    /// <summary>Calls stored for a day; counts rows, so ask seldom.</summary>
    long Count(DateOnly day);

    /// <summary>Removes all records of a day; false where there are none or they cannot be removed.</summary>
    bool DropDay(DateOnly day);

    /// <summary>The stored JSON of a record, UTF-8, as it was written: without what became of its recording. Null where there is none.</summary>
    byte[]? Json(string id);

    /// <summary>Where a call's packets lie, as the packet log encodes it; null where nothing is known.</summary>
    byte[]? GetChunks(string id);

    /// <summary>Gives days that are over the indexes that rare outcomes, lengths and tenants are found by.</summary>
    /// <param name="before">Days before this one.</param>
    /// <param name="stop">Ends it between two days.</param>
    /// <returns>How many days were given them.</returns>
    /// <exception cref="StoreException">A day cannot be written.</exception>
    int Seal(DateOnly before, CancellationToken stop = default);

    /// <summary>Reads some records of a day in order of their start and writes those back that <paramref name="remark"/> changes, all in one transaction.
    /// What was done stays done where it is interrupted between parts; doing it again changes nothing.</summary>
    /// <param name="day">Day; must be one of <see cref="Days"/>.</param>
    /// <param name="from">Records that started at or after.</param>
    /// <param name="to">Records that started before.</param>
    /// <param name="after">Where the part before ended; null for the first.</param>
    /// <param name="most">Records of the part at most.</param>
    /// <param name="write">False to only look.</param>
    /// <param name="remark">Changes what the directory says of a record, and nothing else of it.</param>
    /// <exception cref="StoreException">The day cannot be read or written; <see cref="StoreException.IsTransient"/> says whether later may do.</exception>
    RemarkReport Remark(DateOnly day, Timestamp? from, Timestamp? to, RemarkPosition? after, int most, bool write, RemarkRecord remark);
}

/// <summary>Registrations with their history, peers and mailboxes. Any number of threads may read while one writes.</summary>
public interface IRegistrationDatabase : IRegistrationReader, IRegistrationStore, IDisposable
{
    /// <summary>Where the packets of a registration's last exchange lie, as the packet log encodes it; null where nothing is known.</summary>
    byte[]? GetChunks(string id);

    /// <summary>Registrations stored.</summary>
    long Count();
}

/// <summary>Messages and conversations, by day. Any number of threads may read while one writes.</summary>
public interface IMessageDatabase : IMessageReader, IMessageStore, IDisposable
{
    /// <summary>Days that have messages, ascending.</summary>
    IReadOnlyList<DateOnly> Days();

    /// <summary>Removes all messages of a day; false where there are none or they cannot be removed.</summary>
    bool DropDay(DateOnly day);

    /// <summary>Where a message's packets lie, as the packet log encodes it; null where nothing is known.</summary>
    byte[]? GetChunks(string id);

    /// <summary>Notes which messages have which texts, and of days that are over what they are asked without being looked at.</summary>
    /// <param name="before">Days before this one are over.</param>
    /// <param name="stop">Ends it between two days.</param>
    /// <returns>How many days that are over were given it.</returns>
    /// <exception cref="StoreException">A day cannot be written.</exception>
    int Seal(DateOnly before, CancellationToken stop = default);
}

/// <summary>Remarks, links, cleared lists and deleted messages of the dialects.</summary>
public interface IRemarkDatabase : ICallRemarks, IDisposable
{
    /// <summary>Forgets what belongs to calls and messages of days before this one: there are none any more.</summary>
    /// <param name="first">The first day that is still there.</param>
    void RemoveBefore(DateOnly first);
}

/// <summary>Reports and their results.</summary>
public interface IReportDatabase : IReportStore, IDisposable;

/// <summary>Alerts, and what the evaluation of rules goes on with.</summary>
public interface IAlertDatabase : IAlertStore, IDisposable;

/// <summary>What is to be sent by webhooks.</summary>
public interface IWebhookDatabase : IWebhookStore, IDisposable;

/// <summary>Settings and the files imported. Any thread, one at a time.</summary>
public interface ICatalog : IDisposable
{
    /// <summary>A setting; null where it was never set.</summary>
    string? Setting(string name);

    /// <summary>Sets a setting.</summary>
    void Set(string name, string value);

    /// <summary>The file with this fingerprint; null where it was not imported.</summary>
    ImportedFile? FindImport(string fingerprint);

    /// <summary>The one import that read every one of these files, and was the last to read it; null where there is none.</summary>
    ImportedRun? FindRun(IReadOnlyList<string> fingerprints);

    /// <summary>Remembers an import that came to its end, in one transaction; the same fingerprint again replaces what was known of it.</summary>
    void AddImport(ImportedRun run, IReadOnlyList<ImportedFile> files);
}
