using System.Text;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Sqlite;

/// <summary>A number that is asked for.</summary>
/// <param name="Key">What <see cref="DayCalls"/> has for it.</param>
/// <param name="InFilter">What the <see cref="KeyFilter"/> of a day has for it.</param>
/// <param name="IsAlways">Whether a day that tells of no calls of it has none.</param>
internal readonly record struct AskedNumber(ulong Key, ulong InFilter, bool IsAlways);

/// <summary>A query that <see cref="DayCalls"/> answers: by profiles, lengths, one number or any of several, and texts that groups of days tell. One thread.</summary>
internal sealed class AskedCalls
{
    private readonly Dictionary<TextGroup, GroupSet?> _inGroups = [];

    private AskedCalls(CallQuery query, IReadOnlyList<TextClause> texts)
    {
        Profiles = new AskedProfiles(query);
        Bounds = LengthBounds.Of(query);
        AsksPerson = query.PersonBillsecMax is not null;
        Codec = query.Codec is { } codec ? CallSelect.CodecItem(codec) : null;
        Flags = (long)query.Flags;
        Ranges = query.Ranges;
        RangesByText = TextRanges.ByText(Ranges);
        Texts = texts;
    }

    /// <summary>Texts and addresses; which calls of a day have them groups of days tell.</summary>
    public IReadOnlyList<TextClause> Texts { get; }

    /// <summary>Whether which calls of a day meet it is told beside, for a part of it.</summary>
    public bool AsksTexts => Ranges.Count > 0 || Texts.Count > 0;

    /// <summary>Texts held against others; which calls of a day meet them is told beside.</summary>
    public IReadOnlyList<TextRange> Ranges { get; }

    /// <summary>The same, as <see cref="TextRanges.ByText"/> has them.</summary>
    public IReadOnlyList<TextRange[]> RangesByText { get; }

    /// <summary>The calls of a group that meet all that is asked of texts, told once; null where groups do not tell all of it.</summary>
    /// <param name="group">The group.</param>
    /// <param name="tell">Tells them.</param>
    public GroupSet? InGroup(TextGroup group, Func<TextGroup, AskedCalls, GroupSet?> tell)
    {
        if (!_inGroups.TryGetValue(group, out GroupSet? told)) _inGroups.Add(group, told = tell(group, this));
        return told;
    }

    /// <summary>A codec as it stands in the list of a call; null for any.</summary>
    public string? Codec { get; }

    /// <summary>All of these flags; 0 for any.</summary>
    public long Flags { get; }

    /// <summary>Whether, of a call, nothing is asked but its profile, and texts.</summary>
    public bool IsByProfile => Any.Count == 0 && !HasNumbers && Bounds is null && Codec is null && Flags == 0;

    /// <summary>Whether neither figures nor lengths alone tell how many there are.</summary>
    public bool AsksMore => HasNumbers || Any.Count > 0 || Codec is not null || Flags != 0 || AsksTexts;

    /// <summary>Any of these numbers; empty for all.</summary>
    public IReadOnlyList<AskedNumber> Numbers { get; private init; } = [];

    /// <summary>In any of these roles.</summary>
    public int Roles { get; private init; }

    /// <summary>Whether the others of their sessions are asked for as well.</summary>
    public bool WithSessions { get; private init; }

    /// <summary>Alternatives, of which one holds; empty for none. Beside them nothing is asked.</summary>
    public IReadOnlyList<AskedCalls> Any { get; private init; } = [];

    /// <summary>Whether any numbers are asked for.</summary>
    public bool HasNumbers => Numbers.Count > 0;

    /// <summary>What is asked of profiles.</summary>
    public AskedProfiles Profiles { get; }

    /// <summary>Whether calls that a person answered have a bound of their own.</summary>
    public bool AsksPerson { get; }

    /// <summary>Tells those.</summary>
    public AskedProfiles ByPerson { get; } = new(new CallQuery { Traits = [new TraitMatch(CallTraits.ByPerson)] });

    /// <summary>Bounds of lengths; null for none.</summary>
    public LengthBounds? Bounds { get; }

    /// <summary>Reads a query, whatever its times, order and page; null where it asks for something else as well.</summary>
    public static AskedCalls? Of(CallQuery query)
    {
        if (query.Sort != CallSort.StartedAt || query.Start is not null) return null;
        if (query.Any.Count > 0)
        {
            if (!DayQuestion.IsByProfile(query with { Any = [] }) || new ProfileFilter(query with { Any = [], Tenant = null, IsSessionStart = false }).AsksAnything) return null;
            AskedCalls?[] any = [.. query.Alternatives().Select(static one => one.From is null && one.To is null && Of(one) is { AsksTexts: false } its ? its : null)];
            return any.Any(static one => one is null) ? null : new AskedCalls(new CallQuery(), []) { Any = [.. any.OfType<AskedCalls>()] };
        }

        CallQuery plain = LengthBounds.Rest(query.WithoutNumbers()) with
        {
            SessionCalleeNumbers = [],
            Codec = null,
            Flags = CallFlags.None,
            Ranges = [],
            Address = null,
            Text = null,
            Parts = [],
            Labels = [],
        };
        if (!DayQuestion.IsByProfile(plain) || IsPrefix(query.Number) || IsPrefix(query.Caller) || IsPrefix(query.Callee)) return null;
        (IReadOnlyList<string> Numbers, int Roles, bool WithSessions)[] conditions = [.. NumbersOf(query)];
        if (conditions.Length > 1) return null;
        (IReadOnlyList<string> numbers, int roles, bool withSessions) = conditions is [var only] ? only : ([], 0, false);

        // A text that a part of a Call-ID implies only leads to it; what else is held against texts stands beside.
        bool isImplied = query.Ranges.Any(range => range is { Of: TextOf.SipCallId, Sense: TextSense.Contains } && range.Text == query.Text);
        var asked = new AskedCalls(query, new AskedTexts(query with { Text = isImplied ? null : query.Text, Ranges = [] }).Beside)
        {
            // What is of a session may be of another tenant than the call whose number it is.
            Numbers = [.. numbers.Distinct(StringComparer.Ordinal).Select(number =>
                new AskedNumber(DayCalls.KeyOf(number), query.Tenant is null || withSessions ? KeyFilter.OfNumber(number) : KeyFilter.OfNumber(number, query.Tenant), DayCallsBytes.IsAlways(Encoding.UTF8.GetBytes(number))))],
            Roles = roles,
            WithSessions = withSessions,
        };
        return LengthBounds.IsAsked(query) && asked.Bounds is null ? null : asked;
    }

    private static bool IsPrefix(string? text) => text is { Length: > 1 } && text.EndsWith('*');

    // Each list of which one number is to be there, and as what.
    private static IEnumerable<(IReadOnlyList<string> Numbers, int Roles, bool WithSessions)> NumbersOf(CallQuery query)
    {
        const int callee = CallRow.CalleeRole | CallRow.DialledRole, all = CallRow.CallerRole | callee;
        if (query.Number is not (null or "*")) yield return ([query.Number], all, false);
        if (query.Caller is not (null or "*")) yield return ([query.Caller], CallRow.CallerRole, false);
        if (query.Callee is not (null or "*")) yield return ([query.Callee], callee, false);
        if (query.User is { } user) yield return ([CallRow.UserKey(user)], CallRow.CallerRole | CallRow.CalleeRole, false);
        if (query.CallerNumbers.Count > 0) yield return (query.CallerNumbers, CallRow.CallerRole, false);
        if (query.DialledNumbers.Count > 0) yield return (query.DialledNumbers, CallRow.DialledRole, false);
        if (query.CalleeNumbers.Count > 0) yield return (query.CalleeNumbers, CallRow.CalleeRole, false);
        if (query.PartyNumbers.Count > 0) yield return (query.PartyNumbers, all, false);
        if (query.SessionCalleeNumbers.Count > 0) yield return (query.SessionCalleeNumbers, CallRow.CalleeRole, true);
    }
}
