using System.Net.Sockets;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

/// <summary>The connections of one store to the server. Nothing is connected before the first question, and each question finds out anew whether the server is
/// there. Any thread.</summary>
internal sealed class PostgresDatabase : IDisposable
{
    private const string Silence = "it does not answer";
    private const int StatementsOfAWrite = 2;

    // Making indexes and analysing wait for the server's own vacuuming of a table, which gives way once it has been waited for for a second, and on a busy machine later.
    private const string Patience = "SET statement_timeout = 0; SET lock_timeout = '30s'";
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly NpgsqlDataSource _source;
    private readonly SemaphoreSlim _seats;
    private readonly SemaphoreSlim _writers = new(2);
    private readonly Lock _preparing = new();
    private readonly PostgresOptions _options;
    private readonly string _place;
    private readonly PostgresWarming? _warming;
    private readonly PostgresPlans _plans = new();
    private volatile bool _isReady;
    private volatile bool _disposed;

    /// <summary>The connections to a server.</summary>
    /// <param name="options">Where it is.</param>
    /// <param name="warming">What connections that asked something meet in the background; null for nothing.</param>
    public PostgresDatabase(PostgresOptions options, PostgresWarming? warming = null)
    {
        if (!options.IsWellFormed(out string? fault)) throw new StoreException($"storage.postgresql: {fault}");
        _options = options;
        _place = options.Place();
        _warming = warming;
        _seats = new SemaphoreSlim(options.Readers);
        _source = new NpgsqlDataSourceBuilder(options.Connection().ConnectionString).Build();
    }

    /// <summary>Asks something. A connection that turns out to be of a server before its restart is replaced, once.</summary>
    public T Read<T>(Func<PostgresSession, T> question)
    {
        return Guarded(_seats, _options.Timeout + _options.ConnectTimeout + Grace, () =>
        {
            try
            {
                return With(question, mayWarm: true);
            }
            catch (StoreException e) when (e.InnerException is NpgsqlException and not PostgresException { SqlState: not ("57P01" or "57P02") } && e.InnerException.InnerException is not (TimeoutException or SocketException))
            {
                _source.Clear();
                return With(question);
            }
        });
    }

    /// <summary>Changes something in one transaction, which is taken back where the work throws or gives false.</summary>
    /// <param name="name">Whoever writes under the same name waits for this one's end, in any process.</param>
    /// <param name="work">The work.</param>
    /// <param name="isLong">Whether it may take its time, as making indexes does.</param>
    public bool Transact(string name, Func<PostgresSession, bool> work, bool isLong = false) =>
        Guarded(_writers, isLong ? System.Threading.Timeout.InfiniteTimeSpan : (_options.Timeout * StatementsOfAWrite) + _options.ConnectTimeout + Grace, () => With(session =>
        {
            session.IsLong = isLong;
            if (isLong) session.Script(Patience);
            using NpgsqlTransaction transaction = session.Connection.BeginTransaction();
            Lock(session, name);
            if (!work(session)) return false;
            session.RunQueued();
            transaction.Commit();
            return true;
        }));

    /// <summary>Changes something in one transaction, which is taken back where the work throws.</summary>
    public void Transact(string name, Action<PostgresSession> work, bool isLong = false) => Transact(
        name,
        session =>
        {
            work(session);
            return true;
        },
        isLong);

    /// <summary>Waits for all who write under a name, as <see cref="Transact(string, Func{PostgresSession, bool}, bool)"/> does, from within such work of another name: they wait until it is over.</summary>
    public void Lock(PostgresSession session, string name) => session.Execute("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", $"cdrengine {_options.Schema} {name}");

    /// <summary>Does what cannot be done in a transaction, and may take its time.</summary>
    public void Maintain(Action<PostgresSession> work) => Guarded(_writers, System.Threading.Timeout.InfiniteTimeSpan, () => With(session =>
    {
        session.IsLong = true;
        session.Script(Patience);
        work(session);
        return true;
    }));

    public void Dispose()
    {
        _disposed = true;
        _source.Dispose();
    }

    // The driver's own time-out asks the server to cancel, and waits for that without end where the server hangs. So whoever waits here waits for a time of ours; the thread that
    // hangs keeps its seat until the server goes on or its connection breaks, which bounds how many there are.
    private T Guarded<T>(SemaphoreSlim seats, TimeSpan most, Func<T> work)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!seats.Wait(most == System.Threading.Timeout.InfiniteTimeSpan ? _options.Timeout : most)) throw new StoreException($"{_place}: {Silence}", new TimeoutException(), mayPass: true);
        Task<T> task = Task.Run(() =>
        {
            try
            {
                return work();
            }
            finally
            {
                seats.Release();
            }
        });
        if (Ended(task, most)) return task.GetAwaiter().GetResult();

        // Nobody is told any more what it comes to.
        _ = task.ContinueWith(static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        throw new StoreException($"{_place}: {Silence}", new TimeoutException(), mayPass: true);
    }

    private static bool Ended(Task task, TimeSpan most)
    {
        try
        {
            return task.Wait(most);
        }
        catch (AggregateException)
        {
            // Thrown as it is by whoever asks for the result.
            return true;
        }
    }

    private T With<T>(Func<PostgresSession, T> work, bool mayWarm = false)
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = _source.OpenConnection();
            var session = new PostgresSession(connection, _plans);
            if (!_isReady) Prepare(session);
            T answer = work(session);
            if (mayWarm && _warming?.TryTake(connection, _plans) == true) connection = null;
            return answer;
        }
        catch (PostgresException e)
        {
            // A table that is not there: the database was made anew.
            if (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName) _isReady = false;
            throw Failure(e, $"{e.MessageText} ({e.SqlState})");
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or IOException or TimeoutException)
        {
            throw Failure(e, e.InnerException is TimeoutException or SocketException ? e.InnerException.Message : e.Message);
        }
        catch (Exception e) when (e is NullReferenceException or ObjectDisposedException && e.Source == nameof(Npgsql) && !_disposed)
        {
            // The driver's own, where its connection breaks while it is used by two of its parts.
            throw Failure(e, $"the connection broke ({e.Message})");
        }
        finally
        {
            connection?.Dispose();
        }
    }

    private void Prepare(PostgresSession session)
    {
        lock (_preparing)
        {
            if (_isReady) return;
            PostgresSchema.Embedded.Apply(session, _options.Schema, _place);
            _isReady = true;
        }
    }

    private StoreException Failure(Exception cause, string text)
    {
        bool isData = cause is PostgresException { SqlState: var state } && state[..2] is "22" or "23" or "54";
        bool mayPass = cause is not PostgresException { SqlState: var code } || code[..2] is "08" or "25" or "28" or "3D" or "40" or "53" or "55" or "57" or "58" or "XX" || code == PostgresErrorCodes.UndefinedTable;
        return new StoreException($"{_place}: {text.ReplaceLineEndings(" ")}", cause, mayPass) { IsAboutData = isData };
    }
}
