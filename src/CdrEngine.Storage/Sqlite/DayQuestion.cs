using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Sqlite;

/// <summary>How many calls of a day one part of a query finds: what the narrowest way to them is chosen by.</summary>
/// <param name="Profiles">By what profiles answer; null where nothing was asked of them.</param>
/// <param name="Lengths">By length alone; null where nothing was asked of it, or nothing tells.</param>
/// <param name="All">By both; null where nothing tells.</param>
internal readonly record struct SoughtCalls(long? Profiles, long? Lengths, long? All);

/// <summary>A query, ready to be asked of day after day. One thread.</summary>
/// <param name="query">The query.</param>
internal sealed class DayQuestion(CallQuery query)
{
    private static readonly string NoRest = CallCursor.TextOf(ProfileFilter.Rest(new CallQuery()));

    private string? _text;
    private string? _wholeText;
    private DayQuestion? _plain;
    private DayQuestion? _whenever;
    private readonly IdRanges? _ids = IdRanges.Of(query);
    private readonly Dictionary<int, DayQuestion?> _byIds = [];
    private IReadOnlyList<TextClause>? _clauses;
    private readonly Lazy<AskedCalls?> _calls = new(() => AskedCalls.Of(query with { From = null, To = null }));
    private readonly Lazy<AnyProfiles?> _anyByProfile = new(() =>
        query.Any.Count > 0 && IsByProfile(query with { Any = [] }) && query.Any.All(static one => one is { From: null, To: null } && IsByProfile(one)) ? new AnyProfiles([.. query.Alternatives().Select(static one => new AskedProfiles(one))]) : null);

    private readonly LengthBounds? _bounds = LengthBounds.Of(query);

    /// <summary>Whether times and what profiles answer are all that a query asks for.</summary>
    public static bool IsByProfile(CallQuery query) => CallCursor.TextOf(ProfileFilter.Rest(query)) == NoRest;

    /// <summary>The query.</summary>
    public CallQuery Query => query;

    /// <summary>The query without its times, for days that lie within them.</summary>
    public CallQuery WholeQuery { get; } = query with { From = null, To = null };

    /// <summary>The query as a text, whatever its sense.</summary>
    public string Text => _text ??= CallCursor.TextOf(query with { Ascending = false });

    /// <summary>The same of <see cref="WholeQuery"/>.</summary>
    public string WholeText => _wholeText ??= CallCursor.TextOf(WholeQuery with { Ascending = false });

    /// <summary>What it asks of profiles.</summary>
    public AskedProfiles Profiles { get; } = new(query);

    /// <summary>What it asks by key.</summary>
    public AskedKeys Keys { get; } = new(query);

    /// <summary>What it asks of a day: nothing is excepted where none of the excepted calls is of that day.</summary>
    public DayQuestion On(DateOnly day) => query.Except.Count == 0 || DayIds.Of(query.Except).Has(day) ? this : _plain ??= new DayQuestion(query with { Except = [] });

    /// <summary>What it asks of a day, of ids nothing that all calls of the day meet; null where none meets it.</summary>
    public DayQuestion? ByIds(DateOnly day)
    {
        if (_ids is null) return this;
        int place = _ids.PlaceOf(day);
        if (!_byIds.TryGetValue(place, out DayQuestion? its))
        {
            CallQuery? asked = IdRanges.On(query, day);
            _byIds.Add(place, its = asked is null ? null : ReferenceEquals(asked, query) ? this : new DayQuestion(asked));
        }

        return its;
    }

    /// <summary>Whether but for ids, of which it asks, it asks for everything.</summary>
    public bool IsOfIdsAlone => query.Ranges.Count > 0 && query.Ranges.All(static range => range.Of == TextOf.Id) && Profiles.IsEverything && IsByProfile(query with { Ranges = [] });

    /// <summary>It as <see cref="DayCalls"/> answers it, for whole days; null where it asks for something else as well.</summary>
    public AskedCalls? Calls => _calls.Value;

    /// <summary>Whether <see cref="DayCalls"/> may answer it, less what it leaves out.</summary>
    public bool MayBeKnown => Base is { } all ? all.MayBeKnown && Excluded?.MayBeKnown == true : Calls is not null;

    /// <summary>The same of days of which it is known that all calls, or none, meet <see cref="CallQuery.Moments"/>.</summary>
    public bool MayBeKnownOfDays => Base is { } all ? all.MayBeKnownOfDays && Excluded?.MayBeKnownOfDays == true : WheneverItHappened.Calls is not null;

    /// <summary>It, whenever that happened which it asks to have happened.</summary>
    public DayQuestion WheneverItHappened => query.Moments.Count == 0 ? this : _whenever ??= new DayQuestion(Whenever());

    /// <summary>What calls have to which it happened.</summary>
    public static CallTraits TraitOf(MomentOf of) => of switch { MomentOf.Rang => CallTraits.Rang, MomentOf.Answered => CallTraits.Answered, _ => CallTraits.Ended };

    /// <summary>What it leaves out; null for nothing.</summary>
    public DayQuestion? Excluded { get; } = query.Excluded() is { } excluded ? new DayQuestion(excluded) : null;

    /// <summary>It with all that it leaves out; null where that is nothing.</summary>
    public DayQuestion? Base { get; } = query.Without is null ? null : new DayQuestion(query with { Without = null });

    /// <summary>Its alternatives; empty for none.</summary>
    public IReadOnlyList<DayQuestion> Any { get; } = [.. query.Alternatives().Select(static one => new DayQuestion(one))];

    /// <summary>What its alternatives ask of profiles, where that is all that they ask, and nothing is asked beside; null for anything else.</summary>
    public AnyProfiles? AnyByProfile => _anyByProfile.Value;

    /// <summary>Texts it asks for.</summary>
    public IReadOnlyList<TextNeedle> Needles { get; } = NeedlesOf(query);

    /// <summary>What texts answer of it.</summary>
    public AskedTexts Texts { get; } = new(query);

    /// <summary>Whether what it asks for may be told in memory: by texts, or by profiles alone.</summary>
    public bool MayBeFound => Texts.IsAsked || (IsByProfileAlone && !Profiles.IsEverything);

    /// <summary>Whether times and what profiles answer are all that it asks for.</summary>
    public bool IsByProfileAlone { get; } = IsByProfile(query);

    /// <summary>Whether profiles, lengths and times are all that it asks for.</summary>
    public bool IsCounted { get; } = IsByProfile(LengthBounds.Rest(query));

    /// <summary>Whether voice messages are all that it asks for.</summary>
    public bool IsVoice { get; } = DayVoice.IsAllOf(query);

    /// <summary>Whether it asks for lengths.</summary>
    public bool AsksLength { get; } = LengthBounds.IsAsked(query);

    /// <summary>How many calls of a day it seeks, as far as that is known without looking at them.</summary>
    /// <param name="day">The day.</param>
    /// <param name="figures">Its figures.</param>
    /// <param name="seal">Its seal; null for none.</param>
    /// <returns>Null where there are none for sure.</returns>
    public SoughtCalls? SoughtIn(DateOnly day, DayFigures figures, DaySeal? seal)
    {
        if (seal is not null && (!Keys.MayBeIn(day, seal.Keys) || !HasValues(seal) || !Needles.All(seal.MayHave))) return null;
        if (Any.Count > 0) return Any.Any(one => one.SoughtIn(day, figures, seal) is not null) ? default(SoughtCalls) : null;
        LengthBounds? within = seal?.Lengths is null ? null : _bounds;
        long? lasted = within is { } asked ? seal!.Lengths!.CallsOf(asked) : null;
        if (lasted == 0) return null;

        // Where lengths leave few, these lead, and how many calls have the profiles does not matter.
        if (lasted <= DayLengths.FewCalls) return (Profiles.IsEverything ? lasted : seal!.Lengths!.CallsOf(Profiles, within!.Value)) is { } few and > 0 ? new SoughtCalls(null, lasted, few) : null;
        long? byProfile = Profiles.IsEverything ? null : figures.CallsOf(Profiles);
        if (byProfile == 0) return null;
        if (within is not { } bounds || lasted is not { } byLength || seal?.Lengths is not { } lengths) return new SoughtCalls(byProfile, null, byProfile);
        long all = byProfile is null ? byLength : lengths.CallsOf(Profiles, bounds);
        return all == 0 ? null : new SoughtCalls(byProfile, byLength, all);
    }

    /// <summary>Places of a group that were last found for it.</summary>
    public List<int> Places { get; } = [];

    /// <summary>Texts that are looked for in groups of days: its own, those of its alternatives, and those that lead to what it holds against texts.</summary>
    public IReadOnlyList<TextClause> Clauses => _clauses ??=
        [.. Texts.EachClause().Concat(query.Ranges.Where(static range => TextRanges.ClauseOf(range) is null).Select(TextRanges.NeedleOf).OfType<TextNeedle>().Select(static needle => new TextClause([needle]))).DistinctBy(static clause => clause.Key)];

    /// <summary>Groups of days whose texts were looked for already.</summary>
    public HashSet<TextGroup> Ready { get; } = [];

    /// <summary>Whether it asks what a seal tells.</summary>
    public bool AsksSeal => Keys.AsksAnything || AsksLength || query.Codec is not null || query.Flags != CallFlags.None || Needles.Count > 0 || Any.Count > 0 || query.Ranges.Count > 0;

    /// <summary>The texts that a query asks for, the longest first.</summary>
    /// <param name="query">The query.</param>
    /// <param name="stored">How a database stores a text; null for as it is.</param>
    public static IReadOnlyList<TextNeedle> NeedlesOf(CallQuery query, Func<string, string>? stored = null)
    {
        if (string.IsNullOrEmpty(query.Text) && query.Parts.Count == 0 && query.Labels.Count == 0) return [];
        var needles = new List<TextNeedle>();
        if (!string.IsNullOrEmpty(query.Text)) needles.Add(new TextNeedle(stored?.Invoke(query.Text) ?? query.Text, TextFields.Searched));
        needles.AddRange(query.Parts.Select(static part => new TextNeedle(part.Text, part.Of switch
        {
            NumberOf.Caller => TextFields.Caller | TextFields.CallerInFull,
            NumberOf.Callee => TextFields.Callee | TextFields.CalleeInFull,
            _ => TextFields.Dialled,
        })));
        needles.AddRange(query.Labels.Select(static part => new TextNeedle(part.Text, (TextFields)((int)TextFields.FirstLabel << (int)part.Of), part.IsWhole)));
        return [.. needles.OrderByDescending(static needle => needle.Utf8.Length)];
    }

    private CallQuery Whenever()
    {
        IReadOnlyList<TraitMatch> traits = query.Moments.Aggregate(query.Traits, static (all, moment) => TraitMatch.Both(all, [new TraitMatch(TraitOf(moment.Of))]));

        // What contradicts itself leaves no combination; no id is this text.
        return query with { Moments = [], Traits = traits, Ids = traits.Count == 0 ? ["none"] : query.Ids };
    }

    // Whether any call of the day has the codec and the flags.
    private bool HasValues(DaySeal seal)
    {
        if (query.Codec is { } codec && seal.Codecs is { } codecs)
        {
            string item = CallSelect.CodecItem(codec);
            if (!codecs.Any(list => list.Contains(item, StringComparison.Ordinal))) return false;
        }

        return query.Flags == CallFlags.None || seal.Flags is not { } flags || flags.Any(value => (value & (long)query.Flags) == (long)query.Flags);
    }

    /// <summary>How many calls of a whole day it finds, where figures and seal tell; null where they do not.</summary>
    public long? CountIn(DayFigures figures, DaySeal? seal)
    {
        if (!IsCounted) return null;
        if (!AsksLength) return figures.CallsOf(Profiles);
        return _bounds is { } bounds && seal?.Lengths is { } lengths ? lengths.CallsOf(Profiles, bounds) : null;
    }
}
