using System.Data;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

// How calls are spread over the texts that groups of days have, and over Call-IDs: of all calls, whatever is asked for.
internal sealed partial class PostgresCallStore
{
    /// <inheritdoc />
    public ITextSpread? SpreadOf(CallQuery query, TextOf of)
    {
        if (of == TextOf.SipCallId) return SpreadOfCallIds();
        if (TextRanges.FieldAt(of) is not { } field) return null;
        return _database.Read(session =>
        {
            using NpgsqlTransaction moment = session.Connection.BeginTransaction(IsolationLevel.RepeatableRead);
            return _groups.SpreadOf(session, _groups.Of(session, DaysOf(session, new CallQuery()).Days), field);
        });
    }
}
