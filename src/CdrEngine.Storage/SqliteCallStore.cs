using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage;

/// <summary>Call records in SQLite, one file for each UTC day: <c>records/2026-11-20.db</c>. Inserting stays cheap whatever the age of the archive,
/// and retention removes files. Any number of threads may read while one writes.</summary>
/// <remarks><see cref="CallSort.StartedAt"/> reads days one after the other until the page is full. Of the other orders each day
/// between <see cref="CallQuery.From"/> and <see cref="CallQuery.To"/> gives its best rows, which are merged: from an index where the day is over, and by lengths only days that have better ones than
/// those found are asked at all. A page by MOS reads each day.</remarks>
public sealed partial class SqliteCallStore : ICallStore
{
    private readonly DayFiles _files;
    private readonly SqliteStoreLimits _limits;
    private readonly SchemaMigrations _schema;
    private readonly Lock _writing = new();
    private readonly OpenDays _writer;
    private readonly DayReaders _readers;
    private readonly HiddenCalls _hidden;
    private long _unreadableRecords;
    private bool _disposed;

    // What a thread has open that asks several questions.
    [ThreadStatic]
    private static (SqliteCallStore Of, OpenDays Days)? s_together;

    // Of what texts in order may take, orders of ids take one part in so many: ten million calls.
    internal const int IdOrderPart = 4;

    internal SqliteCallStore(string folder, SqliteStoreLimits limits, SchemaMigrations schema)
    {
        SqliteLibrary.EnsureLoaded();
        _files = new DayFiles(folder);
        _limits = limits;
        _schema = schema;
        _writer = new OpenDays(limits.OpenDays, OpenForWriting);
        _readers = new DayReaders(limits.Readers, limits.ReaderDays, limits.PageBytes, OpenForReading);
        _hidden = new HiddenCalls(Path.Combine(folder, HiddenCalls.FileName), limits.BusyTimeout);
        _counts = new DayAnswers<long>(limits.DayCounts);
        _met = new DayAnswers<DayPlaces?>(limits.DayTexts);
        _figures = new FiguresKept(limits.ProfilesKept);
        _seals = new SealsKept<DaySeal>(limits.SealBytes);
        _media = new DayAnswers<MediaFigures?>(limits.DayCounts);
        _walks = new Walks(limits.Walks, limits.WalkAge);
        _callIds = new CallIdsKept(limits.TextRankBytes / 4 * 3);
        _idOrders = new IdOrdersKept(limits.TextRankBytes / IdOrderPart);
        _texts = new ArchiveTexts(folder, limits.TextBytes, limits.TextRankBytes);
    }

    /// <summary>Opens the records below <paramref name="folder"/> (made where there is none). Throws <see cref="StoreException"/> where SQLite is
    /// missing or the folder cannot be made.</summary>
    public static SqliteCallStore Open(string folder, SqliteStoreLimits? limits = null)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{folder}: {e.Message}", e);
        }

        return new SqliteCallStore(folder, limits ?? new SqliteStoreLimits(), SchemaMigrations.Records);
    }

    /// <inheritdoc />
    public long UnreadableRecords => Interlocked.Read(ref _unreadableRecords);

    /// <inheritdoc />
    public IReadOnlyList<DateOnly> Days() => _files.List();

    /// <inheritdoc />
    public WriteReport Write(IReadOnlyList<StoredCall> calls)
    {
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            int inserted = 0, replaced = 0, unchanged = 0;
            var failed = new List<StoredCall>();
            string? fault = null;
            int[] outcomes = new int[3];
            foreach ((DateOnly day, List<StoredCall> batch) in ByDay(calls, failed))
            {
                Array.Clear(outcomes);
                if (TryWriteDay(day, batch, outcomes, ref fault))
                {
                    inserted += outcomes[(int)UpsertOutcome.Inserted];
                    replaced += outcomes[(int)UpsertOutcome.Replaced];
                    unchanged += outcomes[(int)UpsertOutcome.Unchanged];
                }
                else
                {
                    failed.AddRange(batch);
                }
            }

            if (failed.Count > 0) fault ??= $"{failed[0].Record.Id}: not a record id";
            return new WriteReport { Inserted = inserted, Replaced = replaced, Unchanged = unchanged, Failed = failed, Fault = fault };
        }
    }

    /// <inheritdoc />
    public CallRecord? Get(string id)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(id, out DateOnly day, bytes)) return null;
        return Reading(days =>
        {
            if (days.Get(day) is not { } database) return null;
            if (IsHidden(database, day, bytes)) return null;
            using SqliteStatement find = database.Prepare(RecordingRows.SelectCallById);
            return find.BindBlob(bytes.AsSpan()).Step() ? ReadCall(find) : null;
        });
    }

    /// <inheritdoc />
    public byte[]? Json(string id) => Column(id, "SELECT d.json FROM calls c JOIN call_documents d ON d.document = c.document WHERE c.id = ?1");

    /// <inheritdoc />
    public byte[]? GetChunks(string id) => Column(id, "SELECT k.chunks FROM calls c JOIN call_chunks k ON k.document = c.document WHERE c.id = ?1");

    /// <inheritdoc />
    public CallPage List(CallQuery query)
    {
        CallCursor? after = null;
        if (query.Cursor is { } text && !CallCursor.TryDecode(text, query, out after)) return new CallPage { Calls = [], CursorRejected = true };
        int limit = Math.Clamp(query.Limit, 1, CallQuery.MaxLimit);
        return Reading(days =>
        {
            List<FoundCall> found = query.Sort != CallSort.StartedAt ? Merged(days, query, after, limit + 1)
                : query.Skip > 0 && after is null ? Plain(days, query, Begin(days, query), query.Skip, limit + 1)
                : InOrderOfTime(days, query, after, limit + 1);
            bool more = found.Count > limit;
            if (more) found.RemoveAt(limit);
            FoundCall? last = more ? found[^1] : null;
            List<CallRecord> records = Read(days, found);
            return new CallPage
            {
                Calls = records,
                CursorBehind = records.Count == found.Count ? count => CursorOf(found[count - 1], query) : null,
                NextCursor = last is null ? null : CursorOf(last, query),
            };
        });
    }

    internal static string CursorOf(FoundCall call, CallQuery query) => new CallCursor(call.Key, call.Day, call.Id).Encode(query);

    /// <inheritdoc />
    public long Count(DateOnly day) => Reading(days => days.Get(day) is { } database ? database.Scalar("SELECT count(*) FROM calls") : 0);

    /// <inheritdoc />
    public bool DropDay(DateOnly day)
    {
        lock (_writing)
        {
            _writer.Close(day);
            string path = _files.PathOf(day);
            if (!File.Exists(path)) return false;
            try
            {
                // Before it, so that a day whose texts cannot be removed is kept and tried again; behind it, since another program may have put them together meanwhile.
                _texts.Forget(day);
                File.Delete(path);
                _texts.Forget(day);
                File.Delete(path + "-wal");
                File.Delete(path + "-shm");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }
            finally
            {
                // What is stored for the day later is numbered anew.
                _hidden.ForgetDay(day);
                _callIds.Forget(day);
                _idOrders.Forget(day);

                // Readers that have the file open let go of it before their next query.
                _readers.Renew();
            }

            return true;
        }
    }

    /// <summary>Writes back what the write-ahead logs hold and closes all files.</summary>
    public void Dispose()
    {
        lock (_writing)
        {
            if (_disposed) return;
            _disposed = true;
            _writer.Dispose();
        }

        _readers.Dispose();
        _helpers.Dispose();
        _texts.Dispose();
        _hidden.Dispose();
    }

    /// <summary>The plan for a query on one day, for tests of the indexes.</summary>
    internal List<string> Explain(CallQuery query, DateOnly day) => Reading(days =>
    {
        SqliteDatabase database = days.Get(day) ?? throw new StoreException($"no records of {day}");
        CallCursor? after = null;
        if (query.Cursor is { } text) CallCursor.TryDecode(text, query, out after);
        return CallSelect.Build(database, query, Frame(days, day) with { After = after, Limit = query.Limit + 1 }).Explain(database);
    });

    // Days in order. A batch has calls of one day, or two: they are found from the end.
    private static List<DayBatch> ByDay(IReadOnlyList<StoredCall> calls, List<StoredCall> failed)
    {
        var days = new List<DayBatch>();
        Span<byte> id = stackalloc byte[CallRow.IdBytes];
        foreach (StoredCall call in calls)
        {
            if (!CallRow.TryReadId(call.Record.Id, out DateOnly day, id))
            {
                failed.Add(call);
                continue;
            }

            int at = days.Count;
            while (at > 0 && days[at - 1].Day > day) at--;
            if (at == 0 || days[at - 1].Day != day) days.Insert(at++, new DayBatch(day, []));
            days[at - 1].Batch.Add(call);
        }

        return days;
    }

    private sealed record DayBatch(DateOnly Day, List<StoredCall> Batch);

    private bool TryWriteDay(DateOnly day, List<StoredCall> batch, int[] outcomes, ref string? fault)
    {
        SqliteDatabase? database = null;
        try
        {
            // A file removed or moved away under an open connection would take writes and keep none of them.
            if (!File.Exists(_files.PathOf(day))) _writer.Close(day);
            database = _writer.Get(day)!;
            database.Execute("BEGIN IMMEDIATE");
            Span<byte> id = stackalloc byte[CallRow.IdBytes];
            foreach (StoredCall call in batch)
            {
                CallRow.TryReadId(call.Record.Id, out _, id);
                outcomes[(int)CallUpsert.Write(database, call, id)]++;
            }

            database.Sums.Flush();
            database.Execute("COMMIT");
            return true;
        }
        catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException)
        {
            fault ??= e.Message;
            if (database is not null) SchemaMigrations.RollBack(database);
            database?.Sums.Forget();

            // A lock passes; after anything else the next attempt begins with a new connection.
            if (e is not StoreException { IsTransient: true, Code: var code } || (code & 0xFF) is not (5 or 6)) _writer.Close(day);
            return false;
        }
    }

    private SqliteDatabase OpenForWriting(DateOnly day)
    {
        Directory.CreateDirectory(_files.Folder);
        SqliteDatabase database = SqliteDatabase.Open(_files.PathOf(day), SqliteAccess.Write, _limits.BusyTimeout, _limits.WriterCacheKibibytes);
        try
        {
            _schema.Apply(database);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private SqliteDatabase? OpenForReading(DateOnly day)
    {
        string path = _files.PathOf(day);
        if (!File.Exists(path)) return null;
        SqliteDatabase database = SqliteDatabase.Open(path, SqliteAccess.Read, _limits.BusyTimeout, _limits.ReaderCacheKibibytes);
        try
        {
            if (_schema.VersionOf(database) < _schema.Version)
            {
                lock (_writing) _writer.Get(day);
            }

            database.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA mmap_size = {_limits.ReaderMapBytes}"));
            database.IsSealed = database.Scalar(DaySeal.HasSchema) > 0;
            _hidden.Attach(database);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public T Together<T>(Func<T> ask) => s_together?.Of == this ? ask() : Reading(days =>
    {
        (SqliteCallStore, OpenDays)? others = s_together;
        s_together = (this, days);
        try
        {
            return ask();
        }
        finally
        {
            s_together = others;
        }
    });

    private T Reading<T>(Func<OpenDays, T> read)
    {
        if (s_together is { } together && together.Of == this) return read(together.Days);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_hidden.HasAppeared()) _readers.Renew();
        return _readers.Read(days =>
        {
            days.Hidden = _hidden.Now();
            return read(days);
        });
    }

    private byte[]? Column(string id, string sql)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(id, out DateOnly day, bytes)) return null;
        return Reading(days =>
        {
            if (days.Get(day) is not { } database || IsHidden(database, day, bytes)) return null;
            using SqliteStatement find = database.Prepare(sql);
            return find.BindBlob(bytes.AsSpan()).Step() ? find.Blob(0).ToArray() : null;
        });
    }

    // A position and ids bound the days as the times do.
    private List<DateOnly> DaysOf(CallQuery query)
    {
        Timestamp? from = query.From, to = query.To;
        if (query.Start is { } start && query.Sort == CallSort.StartedAt)
        {
            if (query.Ascending) from = from is { } f && f > start.StartedAt ? f : start.StartedAt;
            else to = to is { } t && t < start.StartedAt ? t : start.StartedAt;
        }

        List<DateOnly> days = DaysOf(from, to, query.Ascending);
        days.RemoveAll(day => !IdRanges.MayMeet(query, day));
        if (query.Ids.Count == 0) return days;
        var named = DayIds.Of(query.Ids);
        days.RemoveAll(day => !named.Has(day));
        return days;
    }

    private SelectFrame Frame(OpenDays days, DateOnly day) => new(day) { PrefixRows = _limits.PrefixRows, Hidden = days.HiddenOf(day) };

    private List<DateOnly> DaysOf(Timestamp? from, Timestamp? to, bool ascending)
    {
        List<DateOnly> days = _files.List();
        if (from is { } earliest)
        {
            DateOnly first = DateOnly.FromDateTime(earliest.ToDateTime());
            days.RemoveAll(day => day < first);
        }

        if (to is { } latest)
        {
            DateOnly last = DateOnly.FromDateTime(latest.ToDateTime());
            days.RemoveAll(day => day > last);
        }

        if (!ascending) days.Reverse();
        return days;
    }

    // The record of a row that begins with document, state and reason of the recording.
    private CallRecord? ReadCall(SqliteStatement row)
    {
        if (!CallRecordJson.TryRead(row.Blob(0), out CallRecord? record))
        {
            Interlocked.Increment(ref _unreadableRecords);
            return null;
        }

        return row.IsNull(1) ? record : record! with { Recording = RecordingRows.Info(record.Id, (RecordingState)row.Long(1), row.IsNull(2) ? null : row.Text(2)) };
    }
}
