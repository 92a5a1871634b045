using System.Collections.Concurrent;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

/// <summary>Statements that connections keep, with the plan made for any values. Planning for one day costs the server a tenth of a millisecond or two, more than the answer, and a page may be of sixty days. Any thread.</summary>
/// <param name="most">Statements that a connection keeps at most: some 20 kB of the server's memory each. One that has more lets go of all of them.</param>
internal sealed class PostgresPlans(int most = PostgresPlans.MostKept)
{
    // Four of each day of a year.
    private const int MostKept = 1_500;

    // Connections that are known; the server gives the numbers of old ones again, and then one lets go early.
    private const int MostKnown = 1_000;

    private readonly ConcurrentDictionary<int, HashSet<string>> _kept = new();

    /// <summary>Statements that the connections keep: for tests.</summary>
    public int Kept => _kept.Values.Sum(static its => its.Count);

    /// <summary>Lets the connection keep the statements of a batch, told by their text, where it does not keep them yet.</summary>
    public void Keep(NpgsqlConnection connection, NpgsqlBatch batch)
    {
        if (_kept.Count >= MostKnown) _kept.Clear();
        HashSet<string> its = _kept.GetOrAdd(connection.ProcessID, static _ => new HashSet<string>(StringComparer.Ordinal));
        foreach (NpgsqlBatchCommand command in batch.BatchCommands) its.Add(command.CommandText);
        if (its.Count > most)
        {
            connection.UnprepareAll();
            its.Clear();
            foreach (NpgsqlBatchCommand command in batch.BatchCommands) its.Add(command.CommandText);
        }

        batch.Prepare();
    }
}
