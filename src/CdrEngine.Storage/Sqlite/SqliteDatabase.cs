using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using CdrEngine.Core;

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
internal sealed unsafe class SqliteDatabase : IDisposable
{
    private const int StatementsKept = 64;

    // 0 once it is closed.
    private nint _handle;
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);
    private DaySums? _sums;

    private SqliteDatabase(nint handle, string path)
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
        int flags = Sqlite3.OpenReadWrite | Sqlite3.OpenNoMutex | (access == SqliteAccess.Write ? Sqlite3.OpenCreate : 0);
        int next = access == SqliteAccess.Read ? ReadAhead.Next() : -1;
        nint handle = 0;
        int code;
        fixed (byte* name = Sqlite3.ZeroEnded(path)) code = Sqlite3.Open(name, &handle, flags, null);
        if (code != Sqlite3.Ok)
        {
            string message = handle == 0 ? "out of memory" : Sqlite3.Text(Sqlite3.ErrorMessage(handle));
            _ = Sqlite3.Close(handle);
            throw new StoreException($"{path}: {message}", code);
        }

        ReadAhead.Off(path, next);
        var database = new SqliteDatabase(handle, path);
        try
        {
            _ = Sqlite3.ExtendedResultCodes(handle, 1);
            _ = Sqlite3.BusyTimeout(handle, (int)busyTimeout.TotalMilliseconds);
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

            SqlFunctions.Add(handle);
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
        if (Sqlite3.GetAutocommit(Handle) == 0)
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
        GCHandle asked = GCHandle.Alloc(isOver);
        try
        {
            Sqlite3.ProgressHandler(Handle, steps, &IsOver, GCHandle.ToIntPtr(asked));
            read();
            return true;
        }
        catch (StoreException e) when (e.Code == Sqlite3.Interrupted)
        {
            return false;
        }
        finally
        {
            if (_handle != 0) Sqlite3.ProgressHandler(_handle, 0, null, 0);
            asked.Free();
        }
    }

    /// <summary>Runs statements that give no rows.</summary>
    public void Execute(string sql)
    {
        int code;
        fixed (byte* text = Sqlite3.ZeroEnded(sql)) code = Sqlite3.Execute(Handle, text, 0, 0, 0);
        if (code != Sqlite3.Ok) throw Failure(code);
    }

    /// <summary>The first column of the first row of a query without parameters; 0 where there is none.</summary>
    public long Scalar(string sql)
    {
        using SqliteStatement statement = Prepare(sql);
        return statement.Step() ? statement.Long(0) : 0;
    }

    /// <summary>A prepared statement, ready to bind: kept between uses. Dispose it to reset it; until then it is never freed for another.</summary>
    public SqliteStatement Prepare(string sql)
    {
        if (_statements.TryGetValue(sql, out SqliteStatement? kept)) return kept.Begun();
        nint handle = 0;
        int code;
        byte[] utf8 = Sqlite3.ZeroEnded(sql);
        fixed (byte* text = utf8) code = Sqlite3.Prepare(Handle, text, utf8.Length, &handle, 0);
        if (code != Sqlite3.Ok) throw Failure(code);
        if (_statements.Count >= StatementsKept) FreeUnused();
        var statement = new SqliteStatement(this, handle);
        _statements.Add(sql, statement);
        return statement.Begun();
    }

    /// <summary>Memory its page cache takes now, bytes.</summary>
    public long PageBytes
    {
        get
        {
            int held, most;
            return Sqlite3.DbStatus(Handle, Sqlite3.CacheUsed, &held, &most, 0) == Sqlite3.Ok ? held : 0;
        }
    }

    /// <summary>Lets go of its page cache; it is read anew as it is wanted. Not while it reads.</summary>
    public void GiveBackPages() => Execute("PRAGMA shrink_memory");

    public long LastInsertRowId => Sqlite3.LastInsertRowId(Handle);

    // Nothing may be asked of a connection that is closed: the library would read memory that is another's.
    private nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(Path);

    public StoreException Failure(int code) => new($"{Path}: {Sqlite3.Text(Sqlite3.ErrorMessage(Handle))}", code);

    public void Dispose()
    {
        foreach (SqliteStatement statement in _statements.Values) statement.Free();
        _statements.Clear();
        nint handle = _handle;
        _handle = 0;
        if (handle != 0) _ = Sqlite3.Close(handle);
    }

    // Rows of one are gone through while others are prepared: what is in use stays.
    private void FreeUnused()
    {
        foreach ((string sql, SqliteStatement statement) in _statements.Where(static kept => !kept.Value.IsInUse).ToArray())
        {
            statement.Free();
            _statements.Remove(sql);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int IsOver(nint asked) => ((Func<bool>)GCHandle.FromIntPtr(asked).Target!)() ? 1 : 0;
}

/// <summary>One prepared statement. Bind, step, read; <see cref="Dispose"/> resets it for its next use.</summary>
internal sealed unsafe class SqliteStatement(SqliteDatabase database, nint statement) : IDisposable
{
    private nint _handle = statement;
    private int _bound;

    // As of its connection: none is used after its end.
    private nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(database.Path);

    /// <summary>Whether it was given to somebody who has not disposed it yet.</summary>
    public bool IsInUse { get; private set; }

    /// <summary>It, given to somebody.</summary>
    public SqliteStatement Begun()
    {
        IsInUse = true;
        return this;
    }

    /// <summary>Binds the next parameter.</summary>
    public SqliteStatement Bind(long value) => Check(Sqlite3.BindInt64(Handle, ++_bound, value));

    public SqliteStatement Bind(long? value) => value is { } number ? Bind(number) : BindNull();

    public SqliteStatement Bind(double? value) => value is { } number ? Check(Sqlite3.BindDouble(Handle, ++_bound, number)) : BindNull();

    [SkipLocalsInit]
    public SqliteStatement Bind(string? value)
    {
        if (value is null) return BindNull();
        int longest = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (longest > 1024) return BindText(Encoding.UTF8.GetBytes(value));
        Span<byte> utf8 = stackalloc byte[1024];
        return BindText(utf8[..Encoding.UTF8.GetBytes(value, utf8)]);
    }

    // An empty span has no address, which SQLite would take for null.
    public SqliteStatement BindText(ReadOnlySpan<byte> utf8)
    {
        byte none = 0;
        fixed (byte* text = utf8) return Check(Sqlite3.BindText(Handle, ++_bound, utf8.IsEmpty ? &none : text, utf8.Length, Sqlite3.Transient));
    }

    public SqliteStatement BindBlob(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) return Check(Sqlite3.BindZeroBlob(Handle, ++_bound, 0));
        fixed (byte* bytes = value) return Check(Sqlite3.BindBlob(Handle, ++_bound, bytes, value.Length, Sqlite3.Transient));
    }

    /// <summary>Binds an address as <see cref="CallRow.Address(IpAddress)"/> has it.</summary>
    public SqliteStatement BindAddress(IpAddress? address)
    {
        if (address is not { } ip) return BindNull();
        Span<byte> bytes = stackalloc byte[CallRow.AddressBytes];
        return BindBlob(bytes[..CallRow.Address(ip, bytes)]);
    }

    /// <summary>Goes to the next row; false at the end.</summary>
    public bool Step()
    {
        int code = Sqlite3.Step(Handle);
        return code switch
        {
            Sqlite3.Row => true,
            Sqlite3.Done => false,
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

    public long Long(int column) => Sqlite3.ColumnInt64(Handle, column);

    public double? Real(int column) => IsNull(column) ? null : Sqlite3.ColumnDouble(Handle, column);

    public string Text(int column)
    {
        // The text first: it may be made of another type, which settles how long it is. Who asks for one that may be null has asked for that before.
        byte* text = Sqlite3.ColumnText(Handle, column);
        return text is null ? null! : Encoding.UTF8.GetString(text, Sqlite3.ColumnBytes(Handle, column));
    }

    /// <summary>A text as it is stored; good until the next step.</summary>
    public ReadOnlySpan<byte> TextBytes(int column) => Blob(column);

    public ReadOnlySpan<byte> Blob(int column)
    {
        byte* bytes = Sqlite3.ColumnBlob(Handle, column);
        return new ReadOnlySpan<byte>(bytes, bytes is null ? 0 : Sqlite3.ColumnBytes(Handle, column));
    }

    /// <summary>A number, a text, bytes or null, whichever it is.</summary>
    public object? Value(int column) => Sqlite3.ColumnType(Handle, column) switch
    {
        Sqlite3.Null => null,
        Sqlite3.Integer => Long(column),
        Sqlite3.Float => Sqlite3.ColumnDouble(Handle, column),
        Sqlite3.BlobType => Blob(column).ToArray(),
        _ => Text(column),
    };

    public bool IsNull(int column) => Sqlite3.ColumnType(Handle, column) == Sqlite3.Null;

    /// <summary>Resets the statement; it stays prepared, and bound: every use binds all of its parameters.</summary>
    public void Dispose()
    {
        // The code repeats what the last step said, which has been thrown.
        if (_handle != 0) _ = Sqlite3.Reset(_handle);
        _bound = 0;
        IsInUse = false;
    }

    /// <summary>Ends it.</summary>
    public void Free()
    {
        nint handle = _handle;
        _handle = 0;
        if (handle != 0) _ = Sqlite3.Finalize(handle);
    }

    private SqliteStatement BindNull() => Check(Sqlite3.BindNull(Handle, ++_bound));

    private SqliteStatement Check(int code) => code == Sqlite3.Ok ? this : throw database.Failure(code);
}
