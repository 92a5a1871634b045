using System.Globalization;
using System.Reflection;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

/// <summary>Numbered steps that bring a schema of the server up to date; its table <c>schema_version</c> says how many it has had.</summary>
internal sealed class PostgresSchema(IReadOnlyList<string> steps)
{
    /// <summary>Tables with a partition for each day of records.</summary>
    public static readonly string[] RecordTables = ["calls", "call_numbers", "call_documents", "media_sessions", "recordings"];

    /// <summary>Tables with a partition for each month of records.</summary>
    public static readonly string[] MonthTables = ["day_numbers", "day_calls", "text_grams", "text_terms", "text_group_parts"];

    /// <summary>The same for messages.</summary>
    public static readonly string[] MessageTables = ["messages", "message_documents", "conversations"];

    /// <summary>The same by month.</summary>
    public static readonly string[] MessageMonthTables = ["message_text_grams", "message_text_terms"];

    public static PostgresSchema Embedded { get; } = new(Read());

    /// <summary>Version this program writes.</summary>
    public int Version => steps.Count;

    /// <summary>Applies what is missing, all in one transaction.</summary>
    public void Apply(PostgresSession session, string schema, string place)
    {
        if (VersionOf(session, schema, place) == Version) return;
        using NpgsqlTransaction transaction = session.Connection.BeginTransaction();
        session.Execute("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", $"cdrengine {schema} schema");

        // Asked again behind the lock: another program may just have done it.
        int version = VersionOf(session, schema, place);
        if (session.Scalar("SELECT count(*) FROM pg_namespace WHERE nspname = ?", schema) == 0) session.Script($"CREATE SCHEMA {schema}");
        if (version == 0)
        {
            if (session.Scalar("SELECT count(*) FROM pg_database WHERE datname = current_database() AND pg_encoding_to_char(encoding) = 'UTF8'") == 0)
                throw new StoreException($"{place}: the database is not UTF8");
            session.Script("CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)");
        }

        for (; version < Version; version++) session.Script(steps[version]);
        session.Execute("DELETE FROM schema_version");
        session.Execute("INSERT INTO schema_version VALUES (?)", (long)Version);
        transaction.Commit();
    }

    /// <summary>Makes the partitions of a day of records.</summary>
    public static void MakeRecordDay(PostgresSession session, DateOnly day) => Make(session, RecordTables, day);

    /// <summary>Makes the partitions of a day of messages.</summary>
    public static void MakeMessageDay(PostgresSession session, DateOnly day) => Make(session, MessageTables, day);

    /// <summary>Drops the partitions of a day of records.</summary>
    public static void DropRecordDay(PostgresSession session, DateOnly day) => Drop(session, RecordTables, day);

    /// <summary>Drops the partitions of a day of messages.</summary>
    public static void DropMessageDay(PostgresSession session, DateOnly day) => Drop(session, MessageTables, day);

    /// <summary>The partition of a table for a day.</summary>
    public static string Partition(string table, DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"{table}_{day:yyyyMMdd}");

    /// <summary>Makes the partitions of a month, where there are none.</summary>
    public static void EnsureMonth(PostgresSession session, string[] tables, DateOnly day)
    {
        foreach (string table in tables)
        {
            using PostgresRows rows = session.Query("SELECT make_month(?, ?)", table, MonthOf(day));
        }
    }

    /// <summary>The partition of a table for the month of a day.</summary>
    public static string MonthPartition(string table, DateOnly day) => Partition(table, MonthOf(day));

    /// <summary>Drops the partitions of months that no day is left of.</summary>
    /// <param name="session">A connection.</param>
    /// <param name="tables">Tables with a partition for each month.</param>
    /// <param name="days">Table of the days that there are.</param>
    /// <param name="day">A day that was dropped.</param>
    public static void DropMonth(PostgresSession session, string[] tables, string days, DateOnly day)
    {
        DateOnly first = MonthOf(day);
        if (session.Scalar($"SELECT count(*) FROM {days} WHERE day >= ? AND day < ?", first, first.AddMonths(1)) == 0) Drop(session, tables, first);
    }

    private static DateOnly MonthOf(DateOnly day) => new(day.Year, day.Month, 1);

    private static void Make(PostgresSession session, string[] tables, DateOnly day)
    {
        foreach (string table in tables)
        {
            using PostgresRows rows = session.Query("SELECT make_partition(?, ?)", table, day);
        }
    }

    private static void Drop(PostgresSession session, string[] tables, DateOnly day) =>
        session.Script($"DROP TABLE IF EXISTS {string.Join(", ", tables.Select(table => Partition(table, day)))}");

    private int VersionOf(PostgresSession session, string schema, string place)
    {
        if (session.Scalar("SELECT count(*) FROM pg_tables WHERE schemaname = ? AND tablename = 'schema_version'", schema) == 0) return 0;
        long version = session.Scalar("SELECT max(version) FROM schema_version");
        if (version > Version)
            throw new StoreException($"{place}: written by a newer cdrengine (schema {version}, this program knows {Version}): use that program");
        return (int)version;
    }

    private static List<string> Read()
    {
        const string prefix = "Schema/Postgres/";
        Assembly assembly = typeof(PostgresSchema).Assembly;
        var steps = new List<string>();
        foreach (string name in assembly.GetManifestResourceNames().Where(static name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            if (int.Parse(name.AsSpan(prefix.Length, 4), CultureInfo.InvariantCulture) != steps.Count + 1) throw new InvalidOperationException($"{name}: a number is missing before it");
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            steps.Add(reader.ReadToEnd());
        }

        return steps;
    }
}
