using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>The calls of a list as they were at one time: legs as the store tells them; of call logs those that are of one call, and beside them what memory tells of the others. Under the lock of its list.</summary>
/// <param name="mark">What was stored by then.</param>
/// <param name="rows">Sessions of the list that memory tells of; null for legs.</param>
/// <param name="hasStrays">Whether memory tells of first calls that are linked with others, though nothing went on from them.</param>
internal sealed class PortSipSource(CallMark mark, PortSipRowList? rows, bool hasStrays)
{
    // Calls that are read beside those of a page at most, among which it begins.
    private const int Beside = 30;

    // How often it is looked for by what stands there before it is by halves.
    private const int MostGuesses = 6;

    // Sessions that were read of late.
    private const int MostRead = 4_000;

    private readonly Dictionary<string, PortSipSessionRow> _read = new(StringComparer.Ordinal);

    /// <summary>Whether memory tells of some.</summary>
    public bool HasRows => rows is not null;

    /// <summary>Whether first calls are among these that are linked with others, though nothing went on from them.</summary>
    public bool HasStrays => hasStrays;

    /// <summary>How many calls of the list meet a condition.</summary>
    public long Count(PortSipOrder of, PortSipCondition? condition)
    {
        long count = of.Request.Desk.Calls.Count(of.QueryOf(condition)!, mark);
        if (rows is null) return count;
        return count + (condition is null ? rows.All.Count : rows.Count(condition));
    }

    /// <summary>How many of all lasted less than each of some whole seconds, from 1 on; null where that is not told together.</summary>
    public IReadOnlyList<long>? CountShorter(PortSipOrder of, LengthSteps lengths)
    {
        IReadOnlyList<long>? told = of.Request.Desk.Calls.CountShorter(of.QueryOf(null)!, mark, lengths);
        if (told is null || rows is null) return told;
        long[] shorter = new long[lengths.Count];
        rows.AddLengths(shorter);
        for (int i = 1; i < shorter.Length; i++) shorter[i] += shorter[i - 1];
        for (int i = 0; i < shorter.Length; i++) shorter[i] += told[i];
        return shorter;
    }

    /// <summary>When the call began, about, that stands at a place of those that meet a condition, in order of starts.</summary>
    public Timestamp? StartAt(PortSipOrder of, PortSipCondition condition, long place)
    {
        if (rows is { All.Count: > 0 })
        {
            long stored = of.Request.Desk.Calls.Count(of.QueryOf(condition)!, mark);
            if (stored == 0) return null;
            place = Math.Min((long)(place * (stored / (double)(stored + rows.Count(condition)))), stored - 1);
        }

        return Stored(of, condition, place, 1, ascending: true).Calls is [var call] ? call.Record.StartedAt : null;
    }

    /// <summary>The value of a field in a call of the list.</summary>
    public object? ValueOf(PortSipOrder of, PortSipField<PortSipRow> field, ListedCall call) =>
        _read.TryGetValue(call.Record.Id, out PortSipSessionRow? row) ? row.ValueOf(field.Name) : field.Value(PortSipCalls.Row(of.Request, call.Record, sessions: false));

    /// <summary>Calls of the list that meet a condition, in order of their starts.</summary>
    /// <param name="of">Asks.</param>
    /// <param name="condition">The condition; null for all.</param>
    /// <param name="skip">Calls before them.</param>
    /// <param name="take">How many.</param>
    /// <param name="ascending">The earliest first.</param>
    /// <param name="wantsTotal">Whether all that meet it are counted.</param>
    /// <param name="mostInAll">Of more than this none is read; null for any number.</param>
    public CallSlice Page(PortSipOrder of, PortSipCondition? condition, long skip, int take, bool ascending, bool wantsTotal = false, long? mostInAll = null)
    {
        if (rows is null) return Stored(of, condition, skip, take, ascending, wantsTotal, mostInAll);
        PortSipRows met = condition is null ? rows.All : rows.Meeting(condition);
        if (mostInAll is { } most)
        {
            // As many as are told by memory are not the store's to read.
            if (met.Count > most) return new CallSlice { Calls = [], HasMore = true, Total = met.Count + CountStored() };
            mostInAll = most - met.Count;
        }

        if (skip == 0)
        {
            CallSlice first = Stored(of, condition, 0, take, ascending, wantsTotal, mostInAll);
            if (mostInAll is { } left && first.Total > left) return first with { Total = first.Total + met.Count };
            return Merged(first.Calls, 0, first.HasMore, first.Total + met.Count);
        }

        long stored = CountStored();
        long? total = wantsTotal ? stored + met.Count : null;
        if (skip >= stored + met.Count || (mostInAll is { } few && stored > few)) return new CallSlice { Calls = [], Total = total };
        if (stored == 0) return Merged([], (int)skip, false, total);
        (long before, CallSlice about, long from) = Find(stored);
        int have = (int)(before - from);
        if (about.Calls.Count - have < take && about.HasMore) (about, have) = (Stored(of, condition, before, take, ascending), 0);
        return Merged(about.Calls.Skip(have).ToList(), (int)(skip - before), about.HasMore, total);

        long CountStored() => of.Request.Desk.Calls.Count(of.QueryOf(condition)!, mark);

        PortSipSessionRow At(int place) => met[ascending ? place : met.Count - 1 - place];

        // How many of memory's stand before a call of the store.
        int Before(CallRecord call) => ascending ? met.Before(call) : met.Count - met.Before(call);

        // How many of the store's stand before the page, and some about it, the first of which has so many before it: single calls are looked at, nearer each time, until the page lies beside one.
        (long Before, CallSlice About, long From) Find(long stored)
        {
            double share = stored / (double)(stored + met.Count);

            // The page begins with the low one or behind it, and not behind the high one; of as many as stand between two of the store's in the list no more can be the store's.
            long low = 0, high = stored, at = (long)(skip * share);
            for (int step = 0; ; step++)
            {
                if (step >= MostGuesses) at = (low + high) / 2;
                at = Math.Clamp(at, low, Math.Max(low, high - 1));
                if (high - low <= Beside) return Read(low, high);
                if (Stored(of, condition, at, 1, ascending).Calls is not [var call]) return Read(at, at);
                long rank = at + Before(call.Record);
                if (rank >= skip) (low, high) = (Math.Max(low, at - (rank - skip)), at);
                else (low, high) = (at + 1, Math.Min(high, at + (skip - rank)));
                at += (long)((skip - rank) * share);
            }
        }

        // All that the page may begin with, and so many behind it as a page has.
        (long Before, CallSlice About, long From) Read(long low, long high)
        {
            CallSlice some = Stored(of, condition, low, take + (int)(high - low), ascending);
            int inFront = 0;
            while (inFront < some.Calls.Count && low + inFront + Before(some.Calls[inFront].Record) < skip) inFront++;
            return (low + inFront, some, low);
        }

        CallSlice Merged(IReadOnlyList<ListedCall> calls, int at, bool hasMore, long? total)
        {
            var page = new List<(ListedCall? Call, PortSipSessionRow? Row)>();
            int next = 0, skipped = at;
            while (page.Count < take && (next < calls.Count || skipped < met.Count))
            {
                bool isStored = next < calls.Count && (skipped >= met.Count || Before(calls[next].Record) <= skipped);

                // Behind the last that was read of the store others may come before what memory has.
                if (!isStored && next == calls.Count && hasMore) break;
                page.Add(isStored ? (calls[next++], null) : (null, At(skipped++)));
            }

            PortSipSessionRow[] told = [.. page.Select(static one => one.Row).OfType<PortSipSessionRow>()];
            IReadOnlyDictionary<string, ListedCall> found = of.Request.Desk.Calls.FindAll([.. told.Select(static row => row.Id)]);
            if (_read.Count + told.Length > MostRead) _read.Clear();
            foreach (PortSipSessionRow row in told) _read[row.Id] = row;
            return new CallSlice
            {
                // Those that are no more are left out.
                Calls = [.. page.Select(one => one.Call ?? found.GetValueOrDefault(one.Row!.Id)).OfType<ListedCall>()],
                HasMore = hasMore || next < calls.Count || skipped < met.Count,
                Total = total,
            };
        }
    }

    private CallSlice Stored(PortSipOrder of, PortSipCondition? condition, long skip, int take, bool ascending, bool wantsTotal = false, long? mostInAll = null) =>
        of.Request.Desk.Calls.Page(new CallPageRequest { Query = of.QueryOf(condition)! with { Ascending = ascending }, Skip = skip, Take = take, Until = mark, WantsTotal = wantsTotal, MostInAll = mostInAll });
}
