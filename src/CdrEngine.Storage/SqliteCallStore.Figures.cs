using System.Runtime.InteropServices;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Totals;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// What is known of days without looking at their calls: sums by profile, which every writer keeps right.
public sealed partial class SqliteCallStore
{
    private const string SelectSums = $"SELECT {ProfileRow.SumColumns}, {ProfileRow.Columns} FROM call_sums s CROSS JOIN call_profiles p ON p.profile = s.profile WHERE s.hour = ?1 AND s.calls <> 0";

    // What was deleted by name, to be taken away.
    private const string SelectHidden =
        $"SELECT {ProfileRow.SumsOfCalls}, {ProfileRow.Columns} FROM hidden.hidden_calls h CROSS JOIN calls c ON c.id = h.id CROSS JOIN call_profiles p ON p.profile = c.profile "
        + "WHERE h.day = ?1 AND c.started_at >= ?2 AND c.started_at < ?3 GROUP BY p.profile";

    private readonly FiguresKept _figures;

    /// <inheritdoc />
    public void VisitHours(Timestamp from, Timestamp to, string? tenant, TrafficVisitor visit)
    {
        const long hour = 3_600_000_000;
        Timestamp first = new(from.Microseconds - (from.Microseconds % hour));
        foreach (DateOnly day in DaysOf(first, new Timestamp(to.Microseconds - 1), ascending: true))
        {
            long midnight = StartOf(day).Microseconds;
            Reading(days =>
            {
                if (days.Get(day) is not { } database) return 0;
                HiddenDay hidden = days.HiddenOf(day);
                database.InOneState(() =>
                {
                    for (int i = 0; i < ProfileRow.WholeDay; i++)
                    {
                        var at = new Timestamp(midnight + (i * hour));
                        if (at < first || at >= to) continue;
                        foreach ((CallProfile profile, CallSums sums) in HourOf(database, hidden, i, at))
                        {
                            if (tenant is null || profile.Tenant == tenant) visit(at, profile, sums);
                        }
                    }
                });
                return 0;
            });
        }
    }

    private DayFigures? FiguresOf(OpenDays days, DateOnly day)
    {
        DayStamp stamp = StampOf(days, day);
        if (_figures.Find(day, stamp) is { } known) return known;
        if (days.Get(day) is not { } database) return null;
        DayFigures figures = Load(days, database, day);
        _figures.Keep(day, stamp, figures);
        return figures;
    }

    private DayStamp StampOf(OpenDays days, DateOnly day) => days.StampOf(day, its => StampNow(days, its));

    private DayStamp StampNow(OpenDays days, DateOnly day) => _files.StampOf(day).And(days.HiddenStampOf(day));

    // All of one state of the file, though a writer goes on.
    private DayFigures Load(OpenDays days, SqliteDatabase database, DateOnly day)
    {
        var profiles = new Dictionary<int, CallSums>();
        var tenants = new Dictionary<string, CallSums>(StringComparer.Ordinal);
        CallSums all = default;
        long last = 0;
        ProfileIndex index = _figures.Index;
        HiddenDay hidden = days.HiddenOf(day);
        database.InOneState(() =>
        {
            last = LastOf(database);
            foreach ((CallProfile profile, CallSums sums) in HourOf(database, hidden, ProfileRow.WholeDay, StartOf(day)))
            {
                all.Add(sums);
                CollectionsMarshal.GetValueRefOrAddDefault(tenants, profile.Tenant, out _).Add(sums);
                CollectionsMarshal.GetValueRefOrAddDefault(profiles, index.NumberOf(profile), out _).Add(sums);
            }
        });
        return new DayFigures(last, all, tenants, index, [.. profiles.Keys], [.. profiles.Values.Select(static sums => (int)sums.Calls)]) { Each = ProfileSums.Of(profiles.Values) };
    }

    private static List<(CallProfile Profile, CallSums Sums)> HourOf(SqliteDatabase database, HiddenDay hidden, int hour, Timestamp at)
    {
        Timestamp end = at + (hour == ProfileRow.WholeDay ? TimeSpan.FromDays(1) : TimeSpan.FromHours(1));
        if (hidden.UpTo.Count > 0) return Shown(database, hidden, at, end);
        var rows = new List<(CallProfile, CallSums)>();
        using (SqliteStatement list = database.Prepare(SelectSums))
        {
            list.Bind((long)hour);
            Read(list, rows, 1);
        }

        if (!hidden.HasCalls) return rows;
        using (SqliteStatement gone = database.Prepare(SelectHidden))
        {
            gone.Bind((long)hidden.Day.DayNumber).Bind(at.Microseconds).Bind(end.Microseconds);
            Read(gone, rows, -1);
        }

        return rows;
    }

    // Where a day's calls were deleted up to some, those that are left are few or many: each is looked at.
    private static List<(CallProfile Profile, CallSums Sums)> Shown(SqliteDatabase database, HiddenDay hidden, Timestamp from, Timestamp to)
    {
        var rows = new List<(CallProfile, CallSums)>();
        var where = new SqlConditions();
        where.And("c.started_at >= ?", from.Microseconds).And("c.started_at < ?", to.Microseconds).AndShown(hidden, "c");
        string sql = $"SELECT {ProfileRow.SumsOfCalls}, {ProfileRow.Columns} FROM calls c CROSS JOIN call_profiles p ON p.profile = c.profile{where} GROUP BY p.profile LIMIT ?";
        using SqliteStatement list = where.Bound(database, sql, -1);
        Read(list, rows, 1);
        return rows;
    }

    private static void Read(SqliteStatement list, List<(CallProfile, CallSums)> rows, int sign)
    {
        while (list.Step())
        {
            CallSums sums = default;
            sums.Add(ProfileRow.Sums(list, 0), sign);
            rows.Add((ProfileRow.Profile(list, 12), sums));
        }
    }
}
