using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Postgres;

/// <summary>A query, ready to be held against the seals of days. One thread.</summary>
internal sealed class PostgresQuestion
{
    private readonly DayQuestion _asked;
    private readonly double? _mosBelow;

    private readonly ulong? _address;
    private readonly DayIds? _except;
    private readonly bool _hasBounds;

    public PostgresQuestion(CallQuery query)
    {
        _asked = new DayQuestion(Cleaned(query));
        _mosBelow = query.MosBelow;
        _address = query.Address is { } address ? DayCalls.KeyOf(CallRow.Address(address)) : null;
        _hasBounds = LengthBounds.Of(Query) is not null;
        _except = query.Except.Count == 0 ? null : DayIds.Of(query.Except);
        if (query.Tenant is not "" && query.Ranges.Count == 0 && query.Without is null && !query.Any.Any(static one => one.MosBelow is not null || one.Address is not null))
            Calls = AskedCalls.Of(Query with { From = null, To = null, MosBelow = null, Address = null, Except = [], Text = null, Parts = [], Labels = [] });

        // Which calls have texts is found out otherwise here.
        if (Calls is { AsksTexts: true }) Calls = null;

        Texts = PostgresTextQuestion.Of(Query, isAlternative: false);
        Whenever = query.Moments.Count == 0 ? null : new PostgresQuestion(_asked.WheneverItHappened.Query);

        // Of a tenant without a name columns and profiles say different things.
        AsksSeals = query.Tenant is not "" && (!_asked.Profiles.IsEverything || _asked.AsksSeal || _mosBelow is not null || Calls is not null || query.Without is not null || Whenever is not null);
    }

    /// <summary>Whether seals tell anything of it.</summary>
    public bool AsksSeals { get; }

    /// <summary>It as <see cref="DayCalls"/> answers it, but for texts, scores and addresses; null where it asks for something else as well.</summary>
    public AskedCalls? Calls { get; }

    /// <summary>It as groups of texts and memory together answer it; null where texts are no part of it, or it asks for something else as well.</summary>
    public PostgresTextQuestion? Texts { get; }

    /// <summary>The same of days of which it is known that all calls meet <see cref="CallQuery.Moments"/>; null where it asks for none.</summary>
    public PostgresQuestion? Whenever { get; }

    /// <summary>Texts it asks for, the longest first.</summary>
    public IReadOnlyList<TextNeedle> Needles => _asked.Needles;

    /// <summary>The calls of a whole day that it finds, before texts, in order; null where the seal does not tell.</summary>
    /// <param name="day">The day.</param>
    /// <param name="seal">Its seal.</param>
    /// <param name="documents">Calls of which the answer is a part; null for those of the day.</param>
    /// <param name="areNumbered">Whether these are the calls that have the numbers asked for.</param>
    public IEnumerable<int>? PlacesIn(DateOnly day, PostgresDaySeal seal, IEnumerable<long>? documents = null, bool areNumbered = false)
    {
        if (Calls is not { } calls || seal.Seal.Calls is not { } known || _except?.Has(day) == true) return null;
        IEnumerable<int>? places = documents is null ? known.Find(calls, seal.Seal.Keys, Query.Ascending) : known.Narrow(documents, calls, areNumbered ? null : seal.Seal.Keys, Query.Ascending);
        return places is null ? null : Narrowed(places, seal);
    }

    /// <summary>The calls of a day that it finds, before texts and whatever the times it asks for, in order; null where the seal does not tell.</summary>
    /// <param name="day">The day.</param>
    /// <param name="seal">Its seal.</param>
    /// <param name="among">The calls that lie within these times.</param>
    public IEnumerable<int>? PlacesAmong(DateOnly day, PostgresDaySeal seal, DayPlaces among) =>
        Calls is { } calls && seal.Seal.Calls is { } known && _except?.Has(day) != true && known.Find(calls, seal.Seal.Keys, Query.Ascending, among) is { } places ? Narrowed(places, seal) : null;

    /// <summary>The calls of a whole day that it finds, in order, by those that meet what it asks of texts; null where the seal does not tell.</summary>
    /// <param name="day">The day.</param>
    /// <param name="seal">Its seal.</param>
    /// <param name="met">Those calls.</param>
    public IEnumerable<int>? PlacesOf(DateOnly day, PostgresDaySeal seal, DayPlaces met) =>
        Texts is { } texts && seal.Seal.Calls is { } known && _except?.Has(day) != true && known.Find(texts.Calls, seal.Seal.Keys, Query.Ascending, met) is { } places ? Narrowed(places, seal) : null;

    /// <summary>How many these are; null where the seal does not tell it otherwise than by going through them.</summary>
    /// <param name="seal">The seal.</param>
    /// <param name="met">The calls that meet what it asks of texts.</param>
    public long? CountOf(PostgresDaySeal seal, DayPlaces met) =>
        _mosBelow is null && _address is null && Texts is { } texts && seal.Seal.Calls is { } known ? known.Count(texts.Calls, seal.Seal.Keys, met) : null;

    private IEnumerable<int>? Narrowed(IEnumerable<int> places, PostgresDaySeal seal) => _mosBelow is null && _address is null ? places : seal.Columns?.Narrow(places, _mosBelow, _address);

    /// <summary>What it asks of profiles.</summary>
    public AskedProfiles Profiles => _asked.Profiles;

    /// <summary>The one text that it asks for; null for none or several.</summary>
    public TextNeedle? OnlyNeedle => _asked.Needles.Count == 1 && _asked.Any.Count == 0 ? _asked.Needles[0] : null;

    /// <summary>Whether it asks for nothing but voice messages.</summary>
    public bool IsVoice => _asked.IsVoice;

    /// <summary>The query in the characters that the database has.</summary>
    public CallQuery Query => _asked.Query;

    /// <summary>How many calls of a day it may find at most; 0 where there are none for sure, null where nothing tells.</summary>
    public long? MostIn(DateOnly day, PostgresDaySeal seal)
    {
        if (_mosBelow is { } mos && !(seal.MosLeast < mos)) return 0;
        if (_asked.SoughtIn(day, seal.Figures, seal.Seal) is not { } sought) return 0;
        return sought.All ?? sought.Lengths ?? sought.Profiles;
    }

    /// <summary>Whether <see cref="MostIn"/> is how many it finds on a whole day, deleted ones among them.</summary>
    public bool IsMostAll(PostgresDaySeal seal) => _asked.IsCounted && !_asked.IsVoice && (!_asked.AsksLength || (_hasBounds && seal.Seal.Lengths is not null));

    /// <summary>How many calls of a whole day it finds, deleted ones among them; null where the seal does not tell.</summary>
    public long? CountIn(DateOnly day, PostgresDaySeal seal)
    {
        if (_asked.IsVoice && seal.Seal.Voice is { } voice) return voice.Count(_asked.WholeQuery, day);
        return _asked.On(day).CountIn(seal.Figures, seal.Seal);
    }

    /// <summary>Adds how long the calls lasted that it finds on a whole day, deleted ones among them; false where the seal does not tell it of profiles alone.</summary>
    /// <param name="day">The day.</param>
    /// <param name="seal">Its seal.</param>
    /// <param name="counter">What they are added to.</param>
    public bool AddLengths(DateOnly day, PostgresDaySeal seal, LengthCounter counter)
    {
        if (seal.Seal.Lengths is not { } lengths || _asked.On(day) is not { IsCounted: true, AsksLength: false } its) return false;
        lengths.AddTo(counter, its.Profiles);
        return true;
    }

    /// <summary>How many calls of a whole day are on a list of which some are judged, as <see cref="CallPageRequest.Bridge"/> has it; null where the seal does not tell.</summary>
    /// <param name="seal">The seal.</param>
    /// <param name="parts">What is judged of it, and what is not.</param>
    /// <param name="bounds">What is asked of those that are judged.</param>
    public long? BridgedIn(PostgresDaySeal seal, JudgedParts parts, BridgeBounds bounds) => parts.CountIn(_asked, seal.Figures, seal.Seal, bounds);

    // As the database has the texts that it asks for. Call-IDs are found by the hash of what was sent.
    private static CallQuery Cleaned(CallQuery query)
    {
        if (AreClean(query)) return query;
        return query with
        {
            Number = PostgresText.CleanOrNull(query.Number),
            Caller = PostgresText.CleanOrNull(query.Caller),
            Callee = PostgresText.CleanOrNull(query.Callee),
            Codec = PostgresText.CleanOrNull(query.Codec),
            SessionId = PostgresText.CleanOrNull(query.SessionId),
            Text = PostgresText.CleanOrNull(query.Text),
            Parts = [.. query.Parts.Select(static part => part with { Text = PostgresText.Clean(part.Text) })],
            Labels = [.. query.Labels.Select(static part => part with { Text = PostgresText.Clean(part.Text) })],
            CallerNumbers = Clean(query.CallerNumbers),
            DialledNumbers = Clean(query.DialledNumbers),
            CalleeNumbers = Clean(query.CalleeNumbers),
            PartyNumbers = Clean(query.PartyNumbers),
            SessionCalleeNumbers = Clean(query.SessionCalleeNumbers),
            Trunk = PostgresText.CleanOrNull(query.Trunk),
            TrunkPart = PostgresText.CleanOrNull(query.TrunkPart),
            CallerCodec = PostgresText.CleanOrNull(query.CallerCodec),
            CalleeCodec = PostgresText.CleanOrNull(query.CalleeCodec),
            Tenant = PostgresText.CleanOrNull(query.Tenant),
            Any = [.. query.Any.Select(Cleaned)],
        };
    }

    private static bool AreClean(CallQuery query)
    {
        foreach (string? text in (ReadOnlySpan<string?>)[query.Number, query.Caller, query.Callee, query.Codec, query.SessionId, query.Text, query.Trunk, query.TrunkPart, query.CallerCodec, query.CalleeCodec, query.Tenant])
        {
            if (text is not null && !ReferenceEquals(PostgresText.Clean(text), text)) return false;
        }

        foreach (IReadOnlyList<string> texts in (ReadOnlySpan<IReadOnlyList<string>>)[query.CallerNumbers, query.DialledNumbers, query.CalleeNumbers, query.PartyNumbers, query.SessionCalleeNumbers])
        {
            if (texts.Any(static text => !ReferenceEquals(PostgresText.Clean(text), text))) return false;
        }

        return query.Parts.All(static part => ReferenceEquals(PostgresText.Clean(part.Text), part.Text)) && query.Labels.All(static part => ReferenceEquals(PostgresText.Clean(part.Text), part.Text))
            && query.Any.All(AreClean);
    }

    private static IReadOnlyList<string> Clean(IReadOnlyList<string> texts) => [.. texts.Select(PostgresText.Clean)];
}
