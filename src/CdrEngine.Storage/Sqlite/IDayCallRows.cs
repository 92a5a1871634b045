namespace CdrEngine.Storage.Sqlite;

/// <summary>The calls of a day that <see cref="DayCalls"/> is made of, wherever they are stored. Each list is read to its end before the next begins.</summary>
internal interface IDayCallRows
{
    /// <summary>The day.</summary>
    DateOnly Day { get; }

    /// <summary>The first document of the day, its last, and how many calls there are.</summary>
    (long First, long Last, long Count) Span { get; }

    /// <summary>Documents and ids in order of time and id.</summary>
    IEnumerable<(long Document, byte[] Id)> Calls();

    /// <summary>Numbers that calls have, those of one number together: these in UTF-8, the documents, and as what they have them.</summary>
    IEnumerable<(byte[] Number, long Document, int Roles)> Numbers();

    /// <summary>Sessions that calls name, those of one session together, and the documents.</summary>
    IEnumerable<(string Session, long Document)> Sessions();

    /// <summary>The document of a call by the bytes of its id; null where the day has none.</summary>
    long? DocumentOf(byte[] id);

    /// <summary>The codecs of calls, as they are stored.</summary>
    IEnumerable<(string Value, long Document)> Codecs();

    /// <summary>The flags of calls.</summary>
    IEnumerable<(long Value, long Document)> Flags();
}

/// <summary>Those of a day's file.</summary>
/// <param name="database">The file.</param>
/// <param name="day">The day.</param>
internal sealed class SqliteDayCallRows(SqliteDatabase database, DateOnly day) : IDayCallRows
{
    /// <inheritdoc />
    public DateOnly Day => day;

    /// <inheritdoc />
    public (long First, long Last, long Count) Span { get; } = (
        database.Scalar("SELECT ifnull(min(document), 1) FROM calls"), database.Scalar("SELECT ifnull(max(document), 0) FROM calls"), database.Scalar("SELECT count(*) FROM calls"));

    /// <inheritdoc />
    public IEnumerable<(long Document, byte[] Id)> Calls() => Rows("SELECT document, id FROM calls ORDER BY started_at, id", static row => (row.Long(0), row.Blob(1).ToArray()));

    /// <inheritdoc />
    public IEnumerable<(byte[] Number, long Document, int Roles)> Numbers() => Rows(
        "SELECT n.number, c.document, n.roles FROM call_numbers n CROSS JOIN calls c ON c.started_at = n.started_at AND c.id = n.id ORDER BY n.number",
        static row => (row.TextBytes(0).ToArray(), row.Long(1), (int)row.Long(2)));

    /// <inheritdoc />
    public IEnumerable<(string Session, long Document)> Sessions() =>
        Rows("SELECT session_id, document FROM calls WHERE session_id IS NOT NULL ORDER BY session_id", static row => (row.Text(0), row.Long(1)));

    /// <inheritdoc />
    public long? DocumentOf(byte[] id)
    {
        using SqliteStatement find = database.Prepare("SELECT document FROM calls WHERE id = ?1").BindBlob(id.AsSpan());
        return find.Step() ? find.Long(0) : null;
    }

    /// <inheritdoc />
    public IEnumerable<(string Value, long Document)> Codecs() => Rows("SELECT codecs, document FROM calls", static row => (row.Text(0), row.Long(1)));

    /// <inheritdoc />
    public IEnumerable<(long Value, long Document)> Flags() => Rows("SELECT flags, document FROM calls", static row => (row.Long(0), row.Long(1)));

    private IEnumerable<T> Rows<T>(string sql, Func<SqliteStatement, T> read)
    {
        using SqliteStatement list = database.Prepare(sql);
        while (list.Step()) yield return read(list);
    }
}
