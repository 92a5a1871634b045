using System.Text;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

/// <summary>The calls of a day as <see cref="DayCallsBytes"/> wants them: those that were read already, and their numbers from the server.</summary>
/// <param name="session">A connection.</param>
/// <param name="day">The day.</param>
internal sealed class PostgresDayCallRows(PostgresSession session, DateOnly day) : IDayCallRows
{
    private readonly List<(long Document, byte[] Id, string? Session, string Codecs, long Flags)> _calls = [];
    private readonly Dictionary<DayId, long> _documents = [];

    /// <inheritdoc />
    public DateOnly Day => day;

    /// <inheritdoc />
    public (long First, long Last, long Count) Span => _calls.Count == 0 ? (1, 0, 0) : (_calls.Min(static call => call.Document), _calls.Max(static call => call.Document), _calls.Count);

    /// <summary>Adds a call; they come in order of time and id.</summary>
    public void Add(long document, byte[] id, string? session, string codecs, long flags)
    {
        _calls.Add((document, id, session, codecs, flags));
        _documents[DayId.Of(id)] = document;
    }

    /// <inheritdoc />
    public IEnumerable<(long Document, byte[] Id)> Calls() => _calls.Select(static call => (call.Document, call.Id));

    /// <inheritdoc />
    public IEnumerable<(byte[] Number, long Document, int Roles)> Numbers()
    {
        using PostgresRows rows = session.Query("SELECT n.number, n.id, n.roles FROM call_numbers n WHERE n.day = ? ORDER BY n.number", day);
        while (rows.Step())
        {
            if (DocumentOf(rows.Blob(1)) is { } document) yield return (Encoding.UTF8.GetBytes(rows.Text(0)), document, (int)rows.Long(2));
        }
    }

    /// <inheritdoc />
    public IEnumerable<(string Session, long Document)> Sessions() =>
        _calls.Where(static call => call.Session is not null).OrderBy(static call => call.Session, StringComparer.Ordinal).Select(static call => (call.Session!, call.Document));

    /// <inheritdoc />
    public long? DocumentOf(byte[] id) => _documents.TryGetValue(DayId.Of(id), out long document) ? document : null;

    /// <inheritdoc />
    public IEnumerable<(string Value, long Document)> Codecs() => _calls.Select(static call => (call.Codecs, call.Document));

    /// <inheritdoc />
    public IEnumerable<(long Value, long Document)> Flags() => _calls.Select(static call => (call.Flags, call.Document));
}
