namespace CdrEngine.Storage.Postgres;

/// <summary>Writes partitions anew that rows were removed from, so that these are in no file of the tables any more. What the server's write-ahead log, its archives and its backups hold is
/// for whoever runs the server.</summary>
internal static class PostgresScrubbing
{
    /// <summary>Notes, in the transaction that removes, what is to be written anew.</summary>
    public static void Note(PostgresSession session, IEnumerable<string> partitions) => session.Execute(
        "INSERT INTO purged_partitions (partition) SELECT unnest(?::text[]) ON CONFLICT DO NOTHING", (object)partitions.ToArray());

    /// <summary>Writes anew what is noted; gives a line for each that could not be now.</summary>
    /// <param name="database">The server.</param>
    /// <param name="tables">Tables whose partitions are meant.</param>
    public static IReadOnlyList<string> Run(PostgresDatabase database, IReadOnlyList<string> tables)
    {
        List<string> partitions = database.Read(session =>
        {
            var noted = new List<string>();
            using PostgresRows rows = session.Query(
                "SELECT p.partition FROM purged_partitions p WHERE left(p.partition, length(p.partition) - 9) = ANY (?) ORDER BY p.partition", (object)tables.ToArray());
            while (rows.Step()) noted.Add(rows.Text(0));
            return noted;
        });
        var faults = new List<string>();
        foreach (string partition in partitions)
        {
            try
            {
                database.Maintain(session =>
                {
                    // A day that was dropped meanwhile has nothing left to write.
                    if (session.Scalar("SELECT count(*) FROM pg_class WHERE oid = to_regclass(?)", partition) > 0) session.Script($"VACUUM (FULL, ANALYZE) {partition}");
                    session.Execute("DELETE FROM purged_partitions WHERE partition = ?", partition);
                });
            }
            catch (StoreException e)
            {
                faults.Add(e.Message);
            }
        }

        return faults;
    }
}
