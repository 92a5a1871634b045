using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Totals;

namespace CdrEngine.Storage.Sqlite;

/// <summary>What is known of a day without looking at its calls: those that were not deleted.</summary>
/// <param name="Last">The last document stored; 0 without calls.</param>
/// <param name="Sums">Sums of all.</param>
/// <param name="ByTenant">Sums by tenant; empty for calls without one.</param>
/// <param name="Index">Gave the profiles their numbers.</param>
/// <param name="Profiles">Numbers of the profiles there are.</param>
/// <param name="Calls">How many calls have each.</param>
internal sealed record DayFigures(long Last, CallSums Sums, IReadOnlyDictionary<string, CallSums> ByTenant, ProfileIndex Index, int[] Profiles, int[] Calls)
{
    // The last that were counted, 16 bytes each.
    private const int MostCounted = 16;

    private bool? _hasOpen;
    private (object Of, long Calls)[] _counted = [];

    /// <summary>The sums of each of them; null where they are not kept.</summary>
    public ProfileSums? Each { get; init; }

    /// <summary>Whether any call of the day has no end.</summary>
    public bool HasOpen => _hasOpen ??= Profiles.Any(profile => !Index.ProfileOf(profile).Traits.HasFlag(CallTraits.Ended));

    /// <summary>Sums of the calls that are asked for; null where they are not kept.</summary>
    public CallSums? SumsOf(AskedProfiles asked) =>
        asked.IsEverything ? Sums : asked.OnlyTenant is { } tenant ? ByTenant.GetValueOrDefault(tenant) : Each?.Add(i => asked.Has(Index, Profiles[i]));

    /// <summary>How many calls are asked for.</summary>
    public long CallsOf(AskedProfiles asked)
    {
        if (asked.IsEverything) return Sums.Calls;
        object question = asked.VerdictsOf(Index).Question;
        return Known(question) ?? Keep(question, Count(asked));
    }

    /// <summary>How many calls any of several ask for.</summary>
    public long CallsOf(AnyProfiles any)
    {
        object question = any.QuestionOf(Index);
        return Known(question) ?? Keep(question, Count(any.Asked));
    }

    private long Count(AskedProfiles asked)
    {
        long calls = 0;
        sbyte[] judged = asked.Judged(Index, Profiles);
        for (int i = 0; i < Profiles.Length; i++) calls += judged[Profiles[i]] > 0 ? Calls[i] : 0;
        return calls;
    }

    private long Count(IReadOnlyList<AskedProfiles> any)
    {
        long calls = 0;
        sbyte[][] judged = [.. any.Select(asked => asked.Judged(Index, Profiles))];
        for (int i = 0; i < Profiles.Length; i++)
        {
            foreach (sbyte[] its in judged)
            {
                if (its[Profiles[i]] <= 0) continue;
                calls += Calls[i];
                break;
            }
        }

        return calls;
    }

    // Lists ask the same of profiles again and again. What is written while another writes may be lost, and is counted again.
    private long? Known(object question)
    {
        foreach ((object of, long calls) in Volatile.Read(ref _counted))
        {
            if (of == question) return calls;
        }

        return null;
    }

    private long Keep(object question, long calls)
    {
        Volatile.Write(ref _counted, [(question, calls), .. Volatile.Read(ref _counted).Take(MostCounted - 1)]);
        return calls;
    }
}

/// <summary>The profiles that a query asks for, each judged once for all queries that ask the same of them. One thread.</summary>
/// <param name="query">The query.</param>
internal sealed class AskedProfiles(CallQuery query)
{
    // Days whose lengths one query puts in order.
    private const int MostOrdered = 10;

    private readonly Lazy<string> _key = new(() => CallCursor.TextOf(ProfileFilter.Only(query)));
    private ProfileIndex? _index;
    private ProfileVerdicts _verdicts = new();
    private sbyte[] _judged = [];
    private int _ordered;

    public ProfileFilter Filter { get; } = new(query);

    /// <summary>What is asked of profiles, as a text.</summary>
    public string Key => _key.Value;

    /// <summary>True where nothing is asked of profiles.</summary>
    public bool IsEverything => !Filter.AsksAnything;

    /// <summary>The tenant, where nothing else is asked of profiles; null where more or nothing is.</summary>
    public string? OnlyTenant { get; } = query.Tenant is { } tenant && !new ProfileFilter(query with { Tenant = null }).AsksAnything ? tenant : null;

    /// <summary>Whether the lengths of one more day may be put in order for it: some half a millisecond each.</summary>
    public bool MayOrder() => ++_ordered <= MostOrdered;

    /// <summary>Whether a profile is asked for.</summary>
    public bool Has(ProfileIndex index, int profile)
    {
        if (_index != index) Begin(index);
        if (profile >= _judged.Length) _judged = _verdicts.Upto(profile + 1);
        return Judge(index, profile) > 0;
    }

    /// <summary>What was found of profiles for all that ask the same of them.</summary>
    public ProfileVerdicts VerdictsOf(ProfileIndex index)
    {
        if (_index != index) Begin(index);
        return _verdicts;
    }

    /// <summary>The same of many at once: more than 0, by the number of the profile, for each of some that is asked for. What it says of others means nothing.</summary>
    public sbyte[] Judged(ProfileIndex index, ReadOnlySpan<int> profiles)
    {
        if (_index != index) Begin(index);
        int count = index.Count;
        if (count > _judged.Length) _judged = _verdicts.Upto(count);
        sbyte[] judged = _judged;
        foreach (int profile in profiles)
        {
            if (judged[profile] == 0) Judge(index, profile);
        }

        return judged;
    }

    private void Begin(ProfileIndex index)
    {
        (_index, _verdicts) = (index, index.VerdictsOf(_key.Value));
        _judged = _verdicts.Upto(0);
    }

    private sbyte Judge(ProfileIndex index, int profile)
    {
        if (_judged[profile] == 0) _judged[profile] = Filter.Meets(index.ProfileOf(profile)) ? (sbyte)1 : (sbyte)-1;
        return _judged[profile];
    }
}

/// <summary>Profiles that any of several ask for. One thread.</summary>
/// <param name="asked">They.</param>
internal sealed class AnyProfiles(IReadOnlyList<AskedProfiles> asked)
{
    private (ProfileIndex Of, object Question)? _question;

    /// <summary>They.</summary>
    public IReadOnlyList<AskedProfiles> Asked => asked;

    /// <summary>Stands for what they ask together: made once for all days.</summary>
    public object QuestionOf(ProfileIndex index)
    {
        if (_question is not { } known || known.Of != index) _question = known = (index, index.VerdictsOf(string.Join('\n', asked.Select(static one => one.Key))).Question);
        return known.Question;
    }
}

/// <summary>What was found of profiles by their numbers for one thing that is asked of them: whoever asks the same later finds it. What is written while others grow it may be lost, and is found again.
/// Any thread.</summary>
internal sealed class ProfileVerdicts
{
    private readonly Lock _lock = new();
    private sbyte[] _judged = [];

    /// <summary>Stands for what is asked: the same for all who ask it, and lighter to hold on to than what was found.</summary>
    public object Question { get; } = new();

    /// <summary>Room for so many profiles at least: 0 where nothing was found yet, more than 0 for one that is asked for, less for one that is not.</summary>
    public sbyte[] Upto(int count)
    {
        lock (_lock)
        {
            if (count > _judged.Length) Array.Resize(ref _judged, Math.Max(count, _judged.Length * 2));
            return _judged;
        }
    }
}

/// <summary>Numbers for profiles, so that what is kept of days is small. Any thread.</summary>
internal sealed class ProfileIndex
{
    // A quarter of a megabyte each at most.
    private const int MostVerdicts = 64;

    private readonly Dictionary<string, ProfileVerdicts> _verdicts = new(StringComparer.Ordinal);
    private readonly Dictionary<CallProfile, int> _numbers = [];
    private readonly List<CallProfile> _profiles = [];

    public int Count
    {
        get
        {
            lock (_numbers) return _profiles.Count;
        }
    }

    public int NumberOf(in CallProfile profile)
    {
        lock (_numbers)
        {
            if (_numbers.TryGetValue(profile, out int number)) return number;
            _numbers.Add(profile, number = _profiles.Count);
            _profiles.Add(profile);
            return number;
        }
    }

    /// <summary>What was found for something that is asked of profiles, said as a text.</summary>
    public ProfileVerdicts VerdictsOf(string asked)
    {
        lock (_verdicts)
        {
            if (_verdicts.TryGetValue(asked, out ProfileVerdicts? known)) return known;

            // Cheaper than an order of use, and seldom.
            if (_verdicts.Count >= MostVerdicts) _verdicts.Clear();
            _verdicts.Add(asked, known = new ProfileVerdicts());
            return known;
        }
    }

    public CallProfile ProfileOf(int number)
    {
        lock (_numbers) return _profiles[number];
    }
}

/// <summary>The figures of days, as long as nothing is written to them; the day asked for longest ago is forgotten first. Any thread.</summary>
/// <param name="capacity">Profiles of all days together.</param>
internal sealed class FiguresKept(int capacity)
{
    private const int MostProfiles = 250_000;

    private readonly Dictionary<DateOnly, LinkedListNode<(DateOnly Day, string Stamp, DayFigures Figures)>> _kept = [];
    private readonly LinkedList<(DateOnly Day, string Stamp, DayFigures Figures)> _byUse = new();
    private readonly Lock _lock = new();
    private ProfileIndex _index = new();
    private int _held;

    /// <summary>Gives numbers to profiles. One that has come to know too many is let go of, with all that was kept.</summary>
    public ProfileIndex Index
    {
        get
        {
            lock (_lock)
            {
                if (_index.Count < MostProfiles) return _index;
                _kept.Clear();
                _byUse.Clear();
                _held = 0;
                return _index = new ProfileIndex();
            }
        }
    }

    /// <summary>The figures of a day in this state; null where they are not known.</summary>
    public DayFigures? Find(DateOnly day, DayStamp stamp)
    {
        lock (_lock)
        {
            if (!_kept.TryGetValue(day, out LinkedListNode<(DateOnly Day, string Stamp, DayFigures Figures)>? node) || node.Value.Stamp != stamp.Text) return null;
            _byUse.Remove(node);
            _byUse.AddLast(node);
            return node.Value.Figures;
        }
    }

    /// <summary>Keeps figures, where their day is not being written to.</summary>
    public void Keep(DateOnly day, DayStamp stamp, DayFigures figures)
    {
        if (!stamp.IsSettled || figures.Profiles.Length > capacity / 4) return;
        lock (_lock)
        {
            if (_kept.TryGetValue(day, out LinkedListNode<(DateOnly Day, string Stamp, DayFigures Figures)>? old)) Remove(old);
            while (_held + figures.Profiles.Length > capacity && _byUse.First is { } least) Remove(least);
            _kept.Add(day, _byUse.AddLast((day, stamp.Text, figures)));
            _held += SizeOf(figures);
        }
    }

    private static int SizeOf(DayFigures figures) => figures.Profiles.Length + (figures.ByTenant.Count * 16) + 16;

    private void Remove(LinkedListNode<(DateOnly Day, string Stamp, DayFigures Figures)> node)
    {
        _kept.Remove(node.Value.Day);
        _byUse.Remove(node);
        _held -= SizeOf(node.Value.Figures);
    }
}
