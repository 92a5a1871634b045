using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;

namespace CdrEngine.Api.Dialects.PortSip;

// What outlives a restart. Each file is right by itself: it says which state the days of it were in, and so what has changed since is told as while the program is at work. No order of writing is needed, and two
// programs may write the same files.
internal sealed partial class PortSipSessions
{
    // Yesterday may still get calls that began before midnight.
    private const int DaysNotKept = 2;

    private readonly Dictionary<DateOnly, Day> _kept = [];
    private readonly Lock _queue = new();
    private readonly Dictionary<DateOnly, PortSipDayFile?> _waiting = [];
    private readonly SemaphoreSlim _hasWork = new(0);
    private bool _isReadBack;
    private string? _header;

    /// <summary>Writes what is to be kept, one day after the other, until it ends; then what is left.</summary>
    public async Task KeepAsync(DialectDesk desk, CancellationToken stop)
    {
        if (desk.Options.CallLogFolder is not { } path) return;
        var folder = new PortSipDayFolder(path);
        bool isTold = false;
        do
        {
            await _hasWork.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                Write(folder);
                isTold = false;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // What waits is tried again with the next list.
                if (!isTold) desk.Options.OnFault?.Invoke($"call logs are not kept for the next start: {e.Message.ReplaceLineEndings(" ")}");
                isTold = true;
            }
        }
        while (!stop.IsCancellationRequested);
    }

    private void Write(PortSipDayFolder folder)
    {
        while (true)
        {
            DateOnly day;
            PortSipDayFile? what;
            lock (_queue)
            {
                if (_waiting.Count == 0) return;
                (day, what) = _waiting.First();
            }

            if (what is null || _header is null) folder.Remove(day);
            else folder.Write(day, what, _header);
            lock (_queue)
            {
                if (_waiting.TryGetValue(day, out PortSipDayFile? now) && now == what) _waiting.Remove(day);
            }
        }
    }

    // Once, before anything is looked at. Gives the sessions that have to be told anew, since days that they reach are not known as they were.
    private HashSet<string> ReadBack(DialectDesk desk, IReadOnlyDictionary<DateOnly, string> stamps)
    {
        var stale = new HashSet<string>(StringComparer.Ordinal);
        if (_isReadBack || desk.Options.CallLogFolder is not { } folder) return stale;
        _isReadBack = true;
        _header ??= HeaderOf(desk);
        IReadOnlyDictionary<DateOnly, PortSipDayFile> found = new PortSipDayFolder(folder).Read(_header, stamps.ContainsKey, text => _texts.GetOrAdd(text, text), s_atOnce);
        foreach ((DateOnly day, PortSipDayFile its) in found) _days[day] = _kept[day] = new Day(its.Stamp, its.States, new PortSipDayRows(its.Rows));
        foreach (PortSipDayFile its in found.Values)
        {
            foreach (PortSipSessionRow row in its.Rows)
            {
                foreach (DateOnly day in row.Reached ?? [])
                {
                    if (!its.Reached.TryGetValue((row.Id, day), out long then) || StateOf(row.Id, day) != then) stale.Add(row.Id);
                }
            }
        }

        return stale;
    }

    // What is known otherwise than it was kept.
    private void Keep(DialectDesk desk)
    {
        if (_header is null) return;
        DateOnly end = DateOnly.FromDateTime(desk.Options.Time.GetUtcNow().UtcDateTime).AddDays(1 - DaysNotKept);
        lock (_queue)
        {
            foreach (DateOnly gone in _kept.Keys.Where(day => !_days.ContainsKey(day)).ToArray())
            {
                _kept.Remove(gone);
                _waiting[gone] = null;
            }

            foreach ((DateOnly day, Day its) in _days)
            {
                if (day >= end || its.Told is not { } told || its.Stamp.Length == 0 || ReferenceEquals(_kept.GetValueOrDefault(day), its)) continue;
                _kept[day] = its;
                var reached = new Dictionary<(string, DateOnly), long>();
                foreach (PortSipSessionRow row in told.Rows)
                {
                    foreach (DateOnly other in row.Reached ?? [])
                    {
                        if (StateOf(row.Id, other) is { } state) reached[(row.Id, other)] = state;
                    }
                }

                _waiting[day] = new PortSipDayFile(its.Stamp, its.States, told.Rows) { Reached = reached };
            }

            if (_waiting.Count > 0) _hasWork.Release();
        }
    }

    private long? StateOf(string session, DateOnly day) => _days.TryGetValue(day, out Day? its) && its.States.TryGetValue(session, out long state) ? state : null;

    // A program that was built anew may tell otherwise, and so does another setting.
    private static string? HeaderOf(DialectDesk desk) => desk.Calls.Identity is { } store
        ? $"{typeof(PortSipSessions).Module.ModuleVersionId:N}|{typeof(SessionStory).Module.ModuleVersionId:N}|{EnumNames<BillsecRounding>.Of(desk.Options.Rounding)}|{store}"
        : null;

    // Calls that say another session's name lead to no change of this one.
    private static DateOnly[]? ReachOf(SessionRecord session, DateOnly began)
    {
        DateOnly[] reached = [.. session.Calls.Select(call => call.SessionId == session.Id ? DayOf(call.StartedAt) : DateOnly.MinValue).Where(day => day != began).Distinct()];
        return reached.Length == 0 ? null : reached;
    }
}
