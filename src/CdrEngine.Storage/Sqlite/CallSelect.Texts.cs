using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Sqlite;

// What drives by the texts of calls.
internal sealed partial class CallSelect
{
    // What is common is met soon in order of time: so many times the root of the day's calls is where collecting and sorting costs as much as going through them for a page.
    private const int RootsCollected = 10;

    // Calls of a day, one in so many, from which on reading them in order costs less than finding each.
    private const int OftenFound = 4;

    // One part in so many of the ids of a day, up to which these drive.
    private const int NarrowIds = 20;

    /// <summary>The index of ids.</summary>
    internal const string IdIndex = "calls_by_id";

    // So many times as many are looked at where profiles, in memory, take most of them away.
    private const int NarrowedFrom = 20;

    // The documents that an index of texts names, and the calls that a page is made of, are of one state of the day.
    private static T InOneState<T>(SqliteDatabase database, CallQuery query, SelectFrame frame, Func<SqliteDatabase, CallQuery, SelectFrame, T> read)
    {
        if (frame.Found is null && string.IsNullOrEmpty(query.Text) && query.Parts.Count == 0 && query.Labels.Count == 0 && query.Ranges.Count == 0 && query.Any.Count == 0 && query.Without is null) return read(database, query, frame);
        T result = default!;
        database.InOneState(() =>
        {
            (CallQuery rest, SelectFrame its) = Found(database, query, frame);
            result = read(database, rest, its);
        });
        return result;
    }

    // What is left to be asked, where the day is as it was when its calls were found; all of it where it is not.
    private static (CallQuery Query, SelectFrame Frame) Found(SqliteDatabase database, CallQuery query, SelectFrame frame) =>
        frame.Found is not { } found ? (query, frame) : found.IsOf(database) ? (found.Rest with { Ascending = query.Ascending }, frame) : (query, frame with { Found = null });

    // Few drive, and of what anything else drives, or what is met soon in order of time, each is held against them.
    private bool DriveByFound(DayFound found, bool isDriven)
    {
        if (found.Documents.Count == 0) _isNothing = true;
        long most = _adds || _counts || _query.Sort != CallSort.StartedAt ? Math.Max(RareRows, _frame.Stored / OftenFound)
            : Math.Max(RareRows, (long)(RootsCollected * Math.Sqrt(_frame.Stored)));
        if (_counts && found.IsAll && _query.From is null && _query.To is null && _query.Start is null && _frame is { Mark: null, After: null, Hidden.IsNothing: true })
        {
            _textCalls = found.Documents.Count;
            return true;
        }

        if (!isDriven && found.Documents.Count <= most)
        {
            Drive($"SELECT o.started_at, o.id FROM calls o INDEXED BY {DayTexts.Index} WHERE o.document IN (SELECT value FROM json_each(?))", DayTexts.Json(found.Documents));
            return true;
        }

        And($"{DayFound.Function}(?, c.document)", found.Bits);
        return isDriven;
    }

    // The longest text drives, being the rarest as a rule.
    private bool DriveByText(SqliteDatabase database)
    {
        var asked = new AskedProfiles(_query);
        bool narrows = _frame.Profiles is not null && !asked.IsEverything;
        bool isAlone = _counts && _needles.Count == 1 && _frame.Mark is null && _frame.Hidden.IsNothing && _frame.After is null && (narrows || asked.IsEverything)
            && _query.From is null && _query.To is null && DayQuestion.IsByProfile(_query with { Text = null, Parts = [], Labels = [] });
        long stored = _frame.Stored > 0 ? _frame.Stored : database.Scalar("SELECT ifnull(max(document), 0) FROM call_documents");
        long most = _adds || _counts || _query.Sort != CallSort.StartedAt ? Math.Max(RareRows, stored / OftenFound)
            : Math.Max(RareRows, (long)(RootsCollected * Math.Sqrt(stored)));
        if (DayTexts.Find(database, _needles[0], isAlone ? long.MaxValue : narrows ? most * NarrowedFrom : most, out bool isOfSeal, _frame.Texts) is not { } documents) return false;
        bool isTold = asked.IsEverything || (narrows && isOfSeal && _frame.Profiles!.Narrow(documents, asked));
        if (documents.Count == 0) _isNothing = true;
        if (isAlone && isTold)
        {
            (_textCalls, _needles) = (documents.Count, []);
            return true;
        }

        if (documents.Count > most) return false;
        Drive($"SELECT o.started_at, o.id FROM calls o INDEXED BY {DayTexts.Index} WHERE o.document IN (SELECT value FROM json_each(?))", DayTexts.Json(documents));
        _needles = [.. _needles.Skip(1)];
        return true;
    }

    // What is held against labels is told by the segments of texts, as far as they go: reading them from the record takes as long as reading the day.
    private void AndRanges(SqliteDatabase database)
    {
        foreach (TextRange range in _query.Ranges)
        {
            if (range.Of == TextOf.Id)
            {
                AndId(range);
                continue;
            }

            string condition = TextRanges.Condition(range, TextRanges.TextOf(range), QueryConditions.InSqlite, out bool binds);
            if (range.Label is not null && TextRanges.OfSegments(database, range) is { } told)
                And($"({DayFound.Function}(?, c.document) OR ({TextRanges.BesideSegments} AND {condition}))", [told.Met, told.Last, .. binds ? (object?[])[range.Text] : []]);
            else And(condition, binds ? [range.Text] : []);
        }
    }

    // A bound of another day is met by all or by none.
    private void AndId(TextRange range)
    {
        byte[] id = new byte[CallRow.IdBytes];
        bool? meets = IdRanges.Meets(range, _day);
        if (meets == false) And("0");
        else if (meets is null && range.Sense != TextSense.Contains && CallRow.TryReadId(range.Text, out _, id)) And(TextRanges.Condition(range, "c.id", QueryConditions.InSqlite, out _), id);
        else if (meets is null) And(TextRanges.Condition(range, string.Create(CultureInfo.InvariantCulture, $"('{_day:yyyyMMdd}-' || lower(hex(c.id)))"), QueryConditions.InSqlite, out _), range.Text);
    }

    // Ids that stand close together lead to few calls: the sums that they are made of are spread evenly.
    private bool DriveByIds()
    {
        TextRange[] ranges = [.. _query.Ranges.Where(range => range.Of == TextOf.Id && IdRanges.Meets(range, _day) is null)];
        if (ranges.Length == 0 || IdRanges.Within(ranges, _day) is not { } ids || ids.Behind - UInt128.Min(ids.First, ids.Behind) > (UInt128.One << (8 * CallRow.IdBytes)) / NarrowIds) return false;

        // What stands behind all ids of the day is no id.
        bool isLast = ids.Behind >> (8 * CallRow.IdBytes) != 0;
        Drive($"SELECT s.started_at, s.id FROM calls s INDEXED BY {IdIndex} WHERE s.id >= ? AND s.id {(isLast ? "<=" : "<")} ?", IdRanges.BytesOf(ids.First), IdRanges.BytesOf(ids.Behind));
        return true;
    }

    private void AndMoments()
    {
        foreach (MomentRange range in _query.Moments)
        {
            string ofRecord = string.Create(CultureInfo.InvariantCulture, $"(SELECT {SqlFunctions.Moment}(d.json, {(int)range.Of}) FROM call_documents d WHERE d.document = c.document)");
            string hasIt = string.Create(CultureInfo.InvariantCulture, $"+c.profile IN (SELECT p.profile FROM call_profiles p WHERE (p.traits & {(int)DayQuestion.TraitOf(range.Of)}) <> 0)");
            And(MomentConditions.Of(range, ofRecord, hasIt, out object[] arguments), arguments);
        }
    }

    private void AndTexts()
    {
        foreach (TextNeedle needle in _needles)
        {
            var text = new Utf8(needle.Utf8);
            if (needle.IsNowhere)
            {
                And("0");
            }
            else if (needle.Fields == TextFields.Searched)
            {
                And("instr((SELECT d.search FROM call_documents d WHERE d.document = c.document), ?) > 0", text);
            }
            else if (needle.Label is { } label)
            {
                string its = string.Create(CultureInfo.InvariantCulture, $"(SELECT {SqlFunctions.Label}(d.json, {label}) FROM call_documents d WHERE d.document = c.document)");
                And(DayTexts.LabelCondition(needle, its), text);
            }
            else
            {
                string condition = DayTexts.NumberCondition(needle.Fields, "c", out int times);
                And(condition, [.. Enumerable.Repeat<object?>(text, times)]);
            }
        }
    }
}
