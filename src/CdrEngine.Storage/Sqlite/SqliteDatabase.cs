using System.Runtime.CompilerServices;
using System.Text;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using SQLitePCL;

namespace CdrEngine.Storage.Sqlite;

/// <summary>How a file is opened.</summary>
internal enum SqliteAccess
{
    /// <summary>Read only what is there; never makes a file.</summary>
    Read,

    /// <summary>Read and write; makes the file where there is none.</summary>
    Write,
}

/// <summary>One connection to one file, with its prepared statements kept. One thread at a time.</summary>
internal sealed class SqliteDatabase : IDisposable
{
    private const int StatementsKept = 64;

    private readonly sqlite3 _handle;
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);
    private DaySums? _sums;

    /// <summary>Reads a label of a record's JSON, by its number: see <see cref="CallLabel"/>.</summary>
    public const string LabelFunction = "call_label";

    /// <summary>Reads from a record's JSON when something happened, by its number, in microseconds: see <see cref="Calls.Ports.MomentOf"/>.</summary>
    public const string MomentFunction = "call_moment";

    private SqliteDatabase(sqlite3 handle, string path)
    {
        _handle = handle;
        Path = path;
    }

    public string Path { get; }

    /// <summary>Whether the day of this connection had its indexes for closed days when it was opened.</summary>
    public bool IsSealed { get; set; }

    /// <summary>Whether the file of deleted calls is attached as <c>hidden</c>.</summary>
    public bool HasHidden { get; set; }

    /// <summary>Sums of the day, for a connection that writes calls.</summary>
    public DaySums Sums => _sums ??= new DaySums(this);

    public static SqliteDatabase Open(string path, SqliteAccess access, TimeSpan busyTimeout, int cacheKibibytes)
    {
        SqliteLibrary.EnsureLoaded();
        int flags = raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_NOMUTEX | (access == SqliteAccess.Write ? raw.SQLITE_OPEN_CREATE : 0);
        int next = access == SqliteAccess.Read ? ReadAhead.Next() : -1;
        int code = raw.sqlite3_open_v2(path, out sqlite3 handle, flags, null);
        if (code != raw.SQLITE_OK)
        {
            string message = handle is null || handle.IsInvalid ? "out of memory" : raw.sqlite3_errmsg(handle).utf8_to_string();
            handle?.Dispose();
            throw new StoreException($"{path}: {message}", code);
        }

        ReadAhead.Off(path, next);
        var database = new SqliteDatabase(handle, path);
        try
        {
            raw.sqlite3_extended_result_codes(handle, 1);
            raw.sqlite3_busy_timeout(handle, (int)busyTimeout.TotalMilliseconds);
            if (access == SqliteAccess.Write)
            {
                // Page size counts for a new file only. 16 KiB: five documents of a record fit one page, where 8 KiB hold two and waste a fifth. FULL: what is committed outlives a power cut, since the journal of open
                // calls lets go of a call then; one sync a batch.
                database.Execute("PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;");

                // A row that is replaced counts as removed for the triggers of sealed days.
                database.Execute("PRAGMA recursive_triggers = 1;");
            }
            else
            {
                database.Execute("PRAGMA query_only = 1;");
            }

            // The bytes behind a record's id, which SQLite cannot make of the text.
            raw.sqlite3_create_function(handle, "call_id_bytes", 1, raw.SQLITE_UTF8 | raw.SQLITE_DETERMINISTIC, null, static (context, _, arguments) =>
            {
                Span<byte> id = stackalloc byte[CallRow.IdBytes];
                if (CallRow.TryReadId(raw.sqlite3_value_text(arguments[0]).utf8_to_string() ?? "", out DateOnly _, id)) raw.sqlite3_result_blob(context, id);
                else raw.sqlite3_result_null(context);
            });
            // A label of a record's JSON.
            raw.sqlite3_create_function(handle, LabelFunction, 2, raw.SQLITE_UTF8 | raw.SQLITE_DETERMINISTIC, null, static (context, _, arguments) =>
            {
                if (CallLabels.Read(raw.sqlite3_value_blob(arguments[0]))[raw.sqlite3_value_int(arguments[1])] is { } label) raw.sqlite3_result_text(context, Encoding.UTF8.GetBytes(label));
                else raw.sqlite3_result_null(context);
            });
            // When something happened to a call.
            raw.sqlite3_create_function(handle, MomentFunction, 2, raw.SQLITE_UTF8 | raw.SQLITE_DETERMINISTIC, null, static (context, _, arguments) =>
            {
                if (CallMoments.Read(raw.sqlite3_value_blob(arguments[0]), (MomentOf)raw.sqlite3_value_int(arguments[1])) is { } at) raw.sqlite3_result_int64(context, at.Microseconds);
                else raw.sqlite3_result_null(context);
            });
            // Whether a document was found in memory.
            raw.sqlite3_create_function(handle, DayFound.Function, 2, raw.SQLITE_UTF8 | raw.SQLITE_DETERMINISTIC, null, static (context, _, arguments) =>
                raw.sqlite3_result_int(context, DayFound.Has(raw.sqlite3_value_blob(arguments[0]), raw.sqlite3_value_int64(arguments[1])) ? 1 : 0));
            database.Execute($"PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{cacheKibibytes};");
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Does work in one transaction that may write, which is taken back where the work throws.</summary>
    public void Transact(Action work) => Transact(() =>
    {
        work();
        return true;
    });

    /// <summary>Does work in one transaction that may write, which is taken back where the work throws, or gives false.</summary>
    public bool Transact(Func<bool> work)
    {
        Execute("BEGIN IMMEDIATE");
        try
        {
            bool keep = work();
            Execute(keep ? "COMMIT" : "ROLLBACK");
            return keep;
        }
        catch
        {
            SchemaMigrations.RollBack(this);
            throw;
        }
    }

    /// <summary>Reads several times of one state of the file, whatever is written meanwhile. May be asked for within itself.</summary>
    public void InOneState(Action read)
    {
        if (raw.sqlite3_get_autocommit(_handle) == 0)
        {
            read();
            return;
        }

        Execute("BEGIN");
        try
        {
            read();
        }
        finally
        {
            SchemaMigrations.RollBack(this);
        }
    }

    /// <summary>Reads as long as it may; false where it was broken off.</summary>
    public bool TryWithin(Func<bool> isOver, Action read)
    {
        // Asked every millisecond or so.
        const int steps = 20_000;
        raw.sqlite3_progress_handler(_handle, steps, _ => isOver() ? 1 : 0, null);
        try
        {
            read();
            return true;
        }
        catch (StoreException e) when (e.Code == raw.SQLITE_INTERRUPT)
        {
            return false;
        }
        finally
        {
            raw.sqlite3_progress_handler(_handle, 0, null, null);
        }
    }

    /// <summary>Runs statements that give no rows.</summary>
    public void Execute(string sql)
    {
        int code = raw.sqlite3_exec(_handle, sql);
        if (code != raw.SQLITE_OK) throw Failure(code);
    }

    /// <summary>The first column of the first row of a query without parameters; 0 where there is none.</summary>
    public long Scalar(string sql)
    {
        using SqliteStatement statement = Prepare(sql);
        return statement.Step() ? statement.Long(0) : 0;
    }

    /// <summary>A prepared statement, ready to bind: kept between uses. Dispose it to reset it.</summary>
    public SqliteStatement Prepare(string sql)
    {
        if (_statements.TryGetValue(sql, out SqliteStatement? kept)) return kept;
        int code = raw.sqlite3_prepare_v2(_handle, sql, out sqlite3_stmt handle);
        if (code != raw.SQLITE_OK) throw Failure(code);
        if (_statements.Count >= StatementsKept)
        {
            foreach (SqliteStatement old in _statements.Values) old.Free();
            _statements.Clear();
        }

        var statement = new SqliteStatement(this, handle);
        _statements.Add(sql, statement);
        return statement;
    }

    /// <summary>Memory its page cache takes now, bytes.</summary>
    public long PageBytes => raw.sqlite3_db_status(_handle, raw.SQLITE_DBSTATUS_CACHE_USED, out int held, out _, 0) == raw.SQLITE_OK ? held : 0;

    /// <summary>Lets go of its page cache; it is read anew as it is wanted. Not while it reads.</summary>
    public void GiveBackPages() => Execute("PRAGMA shrink_memory");

    public long LastInsertRowId => raw.sqlite3_last_insert_rowid(_handle);

    public StoreException Failure(int code) => new($"{Path}: {raw.sqlite3_errmsg(_handle).utf8_to_string()}", code);

    public void Dispose()
    {
        foreach (SqliteStatement statement in _statements.Values) statement.Free();
        _statements.Clear();
        _handle.Dispose();
    }
}

/// <summary>One prepared statement. Bind, step, read; <see cref="Dispose"/> resets it for its next use.</summary>
internal sealed class SqliteStatement(SqliteDatabase database, sqlite3_stmt handle) : IDisposable
{
    private int _bound;

    /// <summary>Binds the next parameter.</summary>
    public SqliteStatement Bind(long value) => Check(raw.sqlite3_bind_int64(handle, ++_bound, value));

    public SqliteStatement Bind(long? value) => value is { } number ? Bind(number) : Check(raw.sqlite3_bind_null(handle, ++_bound));

    public SqliteStatement Bind(double? value) =>
        Check(value is { } number ? raw.sqlite3_bind_double(handle, ++_bound, number) : raw.sqlite3_bind_null(handle, ++_bound));

    [SkipLocalsInit]
    public SqliteStatement Bind(string? value)
    {
        if (value is null) return Check(raw.sqlite3_bind_null(handle, ++_bound));
        int longest = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (longest > 1024) return BindText(Encoding.UTF8.GetBytes(value));
        Span<byte> utf8 = stackalloc byte[1024];
        return BindText(utf8[..Encoding.UTF8.GetBytes(value, utf8)]);
    }

    // An empty span has no address, which SQLite would take for null.
    public SqliteStatement BindText(ReadOnlySpan<byte> utf8) =>
        Check(utf8.IsEmpty ? raw.sqlite3_bind_text(handle, ++_bound, "") : raw.sqlite3_bind_text(handle, ++_bound, utf8));

    public SqliteStatement BindBlob(ReadOnlySpan<byte> value) =>
        Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(handle, ++_bound, 0) : raw.sqlite3_bind_blob(handle, ++_bound, value));

    /// <summary>Binds an address as <see cref="CallRow.Address(IpAddress)"/> has it.</summary>
    public SqliteStatement BindAddress(IpAddress? address)
    {
        if (address is not { } ip) return Check(raw.sqlite3_bind_null(handle, ++_bound));
        Span<byte> bytes = stackalloc byte[CallRow.AddressBytes];
        return BindBlob(bytes[..CallRow.Address(ip, bytes)]);
    }

    /// <summary>Goes to the next row; false at the end.</summary>
    public bool Step()
    {
        int code = raw.sqlite3_step(handle);
        return code switch
        {
            raw.SQLITE_ROW => true,
            raw.SQLITE_DONE => false,
            _ => throw database.Failure(code),
        };
    }

    /// <summary>Runs a statement that gives no rows, and resets it.</summary>
    public void Run()
    {
        try
        {
            Step();
        }
        finally
        {
            Dispose();
        }
    }

    public long Long(int column) => raw.sqlite3_column_int64(handle, column);

    public double? Real(int column) => IsNull(column) ? null : raw.sqlite3_column_double(handle, column);

    public string Text(int column) => raw.sqlite3_column_text(handle, column).utf8_to_string();

    /// <summary>A text as it is stored; good until the next step.</summary>
    public ReadOnlySpan<byte> TextBytes(int column) => raw.sqlite3_column_blob(handle, column);

    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(handle, column);

    /// <summary>A number, a text, bytes or null, whichever it is.</summary>
    public object? Value(int column) => raw.sqlite3_column_type(handle, column) switch
    {
        raw.SQLITE_NULL => null,
        raw.SQLITE_INTEGER => Long(column),
        raw.SQLITE_FLOAT => raw.sqlite3_column_double(handle, column),
        raw.SQLITE_BLOB => Blob(column).ToArray(),
        _ => Text(column),
    };

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    /// <summary>Resets the statement; it stays prepared, and bound: every use binds all of its parameters.</summary>
    public void Dispose()
    {
        // The code repeats what the last step said, which has been thrown.
        raw.sqlite3_reset(handle);
        _bound = 0;
    }

    public void Free() => handle.Dispose();

    private SqliteStatement Check(int code) => code == raw.SQLITE_OK ? this : throw database.Failure(code);
}
