using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

// When things happened: told by columns where these tell it, else by the record.
internal sealed partial class PostgresCallSelect
{
    private void AndMoments()
    {
        foreach (MomentRange range in _query.Moments)
        {
            string name = range.Of switch { MomentOf.Rang => "rang_at", MomentOf.Answered => "answered_at", _ => "ended_at" };
            string ofRecord = "(SELECT (extract(epoch FROM (convert_from(d.json, 'UTF8')::json ->> '" + name + "')::timestamptz) * 1000000)::bigint "
                + $"FROM call_documents d WHERE {Within("d")} AND d.day = c.day AND d.document = c.document)";
            string hasIt = string.Create(CultureInfo.InvariantCulture, $"(c.traits & {(int)DayQuestion.TraitOf(range.Of)}) <> 0");
            _where.And(MomentConditions.Of(range, ofRecord, hasIt, out object[] arguments), arguments);
        }
    }
}
