using System.Collections.Concurrent;
using System.Globalization;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

/// <summary>Lets connections meet the tables of a store in the background. What a connection of the server's meets for the first time costs it a millisecond or two, and a page may be of forty days: of a
/// year that is told once for each connection, between two questions. Any thread.</summary>
/// <param name="days">The table of the days that there are.</param>
/// <param name="questions">Questions about all days from <c>$1</c> to <c>$2</c>, which are planned and not asked.</param>
internal sealed class PostgresWarming(string days, params string[] questions)
{
    // Days that are planned for with one question: each holds its locks until its end.
    private const int DaysTogether = 32;

    // Fewer cost no page anything worth the while.
    private const int LeastDays = 40;

    // Connections that are known; the server gives the numbers of old ones again, and then one goes without.
    private const int MostKnown = 1_000;

    private readonly ConcurrentDictionary<int, bool> _known = new();
    private int _isAtWork;
    private long _warmed;

    /// <summary>The statement of a day that connections keep the plan of, with arguments that find nothing; null for none.</summary>
    public Func<DateOnly, (string Sql, object?[] Arguments)>? Kept { get; init; }

    /// <summary>Connections so far that have met all tables: for tests.</summary>
    public long Warmed => Interlocked.Read(ref _warmed);

    /// <summary>Takes a connection that is new: it is closed when it has met the tables. One at a time; others are taken when they are next returned.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="plans">What it keeps.</param>
    /// <returns>Whether it was taken.</returns>
    public bool TryTake(NpgsqlConnection connection, PostgresPlans plans)
    {
        if (connection.FullState != System.Data.ConnectionState.Open) return false;
        int process = connection.ProcessID;
        if (_known.ContainsKey(process) || Interlocked.Exchange(ref _isAtWork, 1) != 0) return false;
        if (_known.Count >= MostKnown) _known.Clear();
        _known[process] = true;

        // A thread of its own for some seconds: those that answer are wanted.
        _ = Task.Factory.StartNew(() => Run(connection, plans), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return true;
    }

    private void Run(NpgsqlConnection connection, PostgresPlans plans)
    {
        try
        {
            using (connection)
            {
                var session = new PostgresSession(connection, plans);
                List<DateOnly> all = [];
                using (PostgresRows rows = session.Query(string.Create(CultureInfo.InvariantCulture, $"SELECT d.day FROM {days} d ORDER BY d.day DESC")))
                {
                    while (rows.Step()) all.Add(rows.Day(0));
                }

                if (all.Count < LeastDays) return;
                foreach (DateOnly[] some in all.Chunk(DaysTogether))
                {
                    foreach (string question in questions)
                    {
                        using PostgresRows plan = session.Query("EXPLAIN " + question, some[^1], some[0]);
                    }

                    // Planned and kept; nothing is found.
                    if (Kept is { } kept) _ = session.QueryAll(some.Select(kept), keepsPlans: true).Count();
                }

                Interlocked.Increment(ref _warmed);
            }
        }
        catch (Exception e) when (e is NpgsqlException or System.Net.Sockets.SocketException or IOException or TimeoutException or ObjectDisposedException or InvalidOperationException)
        {
            // Whoever asks next is told of it, if it goes on; nothing depends on this.
        }
        finally
        {
            Volatile.Write(ref _isAtWork, 0);
        }
    }
}
