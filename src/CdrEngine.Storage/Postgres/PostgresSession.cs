using System.Globalization;
using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace CdrEngine.Storage.Postgres;

/// <summary>One connection at work. One thread.</summary>
/// <param name="connection">The connection.</param>
/// <param name="plans">Statements that connections keep; null where none does.</param>
internal sealed class PostgresSession(NpgsqlConnection connection, PostgresPlans? plans = null)
{
    // What is asked for decides the plan elsewhere; of statements that are kept it does not, and a day that has little now may have much when it is asked again: indexes serve in any case.
    private static readonly string[] s_planOnce = ["SET plan_cache_mode = force_generic_plan", "SET enable_seqscan = off"];
    private static readonly string[] s_planEach = ["SET plan_cache_mode = force_custom_plan", "SET enable_seqscan = on"];

    private NpgsqlBatch? _queued;

    /// <summary>Whether statements may take as long as they like.</summary>
    public bool IsLong { get; set; }

    /// <summary>The connection, for copying rows in.</summary>
    public NpgsqlConnection Connection => connection;

    /// <summary>Runs a question; dispose the rows before the next.</summary>
    /// <param name="sql">With <c>?</c> for the arguments in order, or <c>$1</c>.</param>
    /// <param name="arguments">Numbers, texts, bytes, days, or arrays of these.</param>
    public PostgresRows Query(string sql, params ReadOnlySpan<object?> arguments)
    {
        NpgsqlCommand command = Command(Positional(sql));
        Add(command.Parameters, arguments);
        try
        {
            return new PostgresRows(command, command.ExecuteReader());
        }
        catch
        {
            command.Dispose();
            throw;
        }
    }

    /// <summary>Runs several questions with one message; none is sent where there are none.</summary>
    /// <param name="questions">As for <see cref="Query"/>.</param>
    /// <param name="keepsPlans">Whether the connection keeps the statements, planned once for any arguments: for those of which there are few, such as one for each day. No argument is null then.</param>
    /// <returns>The rows of all of them, each with the number of its question, from 0: those of the first in front. A row holds until the next is asked for, and nothing else may be asked before the end.</returns>
    public IEnumerable<(int Question, PostgresRows Row)> QueryAll(IEnumerable<(string Sql, object?[] Arguments)> questions, bool keepsPlans = false)
    {
        using PostgresRows? rows = Send(questions, keepsPlans && plans is not null);
        if (rows is null) yield break;
        int question = 0;
        do
        {
            while (rows.Step()) yield return (question, rows);
            question++;
        }
        while (rows.NextAnswer());
    }

    /// <summary>The plan of a statement as connections keep it, for whatever arguments: for tests.</summary>
    /// <param name="sql">As for <see cref="Query"/>.</param>
    /// <param name="arguments">As literals, with commas.</param>
    public List<string> ExplainKept(string sql, string arguments)
    {
        Script($"{string.Join("; ", s_planOnce)}; PREPARE explained AS {Positional(sql)}");
        var lines = new List<string>();
        using (PostgresRows rows = Query($"EXPLAIN (COSTS OFF) EXECUTE explained ({arguments})"))
        {
            while (rows.Step()) lines.Add(rows.Text(0));
        }

        Script($"DEALLOCATE explained; {string.Join("; ", s_planEach)}");
        return lines;
    }

    /// <summary>Runs a statement; gives how many rows it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> arguments)
    {
        using NpgsqlCommand command = Command(Positional(sql));
        Add(command.Parameters, arguments);
        return command.ExecuteNonQuery();
    }

    /// <summary>Runs several statements without arguments, as they stand.</summary>
    public void Script(string sql)
    {
        using NpgsqlCommand command = Command(sql);
        command.ExecuteNonQuery();
    }

    /// <summary>The first column of the first row; 0 where there is none.</summary>
    public long Scalar(string sql, params ReadOnlySpan<object?> arguments)
    {
        using PostgresRows rows = Query(sql, arguments);
        return rows.Step() && !rows.IsNull(0) ? rows.Long(0) : 0;
    }

    /// <summary>Keeps a statement for <see cref="RunQueued"/>, which sends all of them at once.</summary>
    public void Queue(string sql, params ReadOnlySpan<object?> arguments)
    {
        _queued ??= new NpgsqlBatch(connection);
        var command = new NpgsqlBatchCommand(Positional(sql));
        Add(command.Parameters, arguments);
        _queued.BatchCommands.Add(command);
    }

    /// <summary>Sends what is queued.</summary>
    public void RunQueued()
    {
        if (_queued is not { } batch) return;
        _queued = null;
        using (batch) batch.ExecuteNonQuery();
    }

    /// <summary>Question marks become numbered places. None of our texts has one elsewhere.</summary>
    public static string Positional(string sql)
    {
        if (!sql.Contains('?')) return sql;
        var text = new StringBuilder(sql.Length + 16);
        int number = 0;
        foreach (char c in sql)
        {
            if (c == '?') text.Append('$').Append((++number).ToString(CultureInfo.InvariantCulture));
            else text.Append(c);
        }

        return text.ToString();
    }

    private PostgresRows? Send(IEnumerable<(string Sql, object?[] Arguments)> questions, bool keepsPlans)
    {
        var batch = new NpgsqlBatch(connection);
        try
        {
            if (IsLong) batch.Timeout = 0;
            if (keepsPlans) Add(batch, s_planOnce);
            foreach ((string sql, object?[] arguments) in questions)
            {
                var command = new NpgsqlBatchCommand(Positional(sql));
                Add(command.Parameters, arguments);
                batch.BatchCommands.Add(command);
            }

            if (batch.BatchCommands.Count == (keepsPlans ? s_planOnce.Length : 0))
            {
                batch.Dispose();
                return null;
            }

            if (keepsPlans)
            {
                Add(batch, s_planEach);
                plans!.Keep(connection, batch);
            }

            return new PostgresRows(batch, batch.ExecuteReader());
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    private static void Add(NpgsqlBatch batch, string[] statements)
    {
        foreach (string statement in statements) batch.BatchCommands.Add(new NpgsqlBatchCommand(statement));
    }

    private NpgsqlCommand Command(string sql)
    {
        var command = new NpgsqlCommand(sql, connection);
        if (IsLong) command.CommandTimeout = 0;
        return command;
    }

    private static void Add(NpgsqlParameterCollection parameters, ReadOnlySpan<object?> arguments)
    {
        foreach (object? argument in arguments)
        {
            parameters.Add(argument switch
            {
                null => new NpgsqlParameter { Value = DBNull.Value },
                string text => new NpgsqlParameter { Value = PostgresText.Clean(text), NpgsqlDbType = NpgsqlDbType.Text },
                string?[] texts => new NpgsqlParameter { Value = Array.ConvertAll(texts, PostgresText.CleanOrNull), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
                int number => new NpgsqlParameter { Value = (long)number, NpgsqlDbType = NpgsqlDbType.Bigint },
                _ => new NpgsqlParameter { Value = argument },
            });
        }
    }
}

/// <summary>The rows of an answer.</summary>
internal sealed class PostgresRows(IDisposable command, NpgsqlDataReader reader) : IDisposable
{
    /// <summary>Goes on with the rows of the next question of several; false behind the last.</summary>
    public bool NextAnswer() => reader.NextResult();

    public bool Step() => reader.Read();

    public long Long(int column) => reader.GetInt64(column);

    public double? Real(int column) => reader.IsDBNull(column) ? null : reader.GetDouble(column);

    public string Text(int column) => reader.GetString(column);

    public string? TextOrNull(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    public long? LongOrNull(int column) => reader.IsDBNull(column) ? null : reader.GetInt64(column);

    public byte[] Blob(int column) => reader.GetFieldValue<byte[]>(column);

    public byte[]? BlobOrNull(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<byte[]>(column);

    public DateOnly Day(int column) => reader.GetFieldValue<DateOnly>(column);

    public bool IsNull(int column) => reader.IsDBNull(column);

    public void Dispose()
    {
        reader.Dispose();
        command.Dispose();
    }
}

/// <summary>Texts as PostgreSQL takes them: no zero character, no half of a pair.</summary>
internal static class PostgresText
{
    private const char Replacement = '\uFFFD';

    public static string? CleanOrNull(string? text) => text is null ? null : Clean(text);

    public static string Clean(string text)
    {
        if (IsClean(text)) return text;
        var clean = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) clean.Append(text[i]).Append(text[++i]);
            else clean.Append(text[i] == '\0' || char.IsSurrogate(text[i]) ? Replacement : text[i]);
        }

        return clean.ToString();
    }

    private static bool IsClean(string text)
    {
        foreach (char c in text)
        {
            if (c == '\0' || char.IsSurrogate(c)) return false;
        }

        return true;
    }
}
