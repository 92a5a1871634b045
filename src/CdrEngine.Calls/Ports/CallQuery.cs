using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>What calls to list: every member that is set narrows the answer (and), lists within a member widen it (or).</summary>
public sealed record CallQuery
{
    /// <summary>Most records on a page that anyone may ask for.</summary>
    public const int MaxLimit = 1000;

    /// <summary>Started at or after.</summary>
    public Timestamp? From { get; init; }

    /// <summary>Started before.</summary>
    public Timestamp? To { get; init; }

    /// <summary>Number of the caller, the callee or the dialled one, as on the wire or in full international form; a prefix where it ends in <c>*</c>.</summary>
    public string? Number { get; init; }

    /// <summary>Number of the caller; a prefix where it ends in <c>*</c>.</summary>
    public string? Caller { get; init; }

    /// <summary>Number of the callee or the dialled one; a prefix where it ends in <c>*</c>.</summary>
    public string? Callee { get; init; }

    /// <summary>IP address of either party.</summary>
    public IpAddress? Address { get; init; }

    /// <summary>Any of these outcomes; empty for all.</summary>
    public IReadOnlyList<Disposition> Dispositions { get; init; } = [];

    /// <summary>Direction.</summary>
    public CallDirection? Direction { get; init; }

    /// <summary>Codec either side sent, for example <c>PCMU/8000</c> or <c>PCMU</c>; case does not matter.</summary>
    public string? Codec { get; init; }

    /// <summary>Worst stream MOS below this; calls without a MOS do not match.</summary>
    public double? MosBelow { get; init; }

    /// <summary>All of these flags set.</summary>
    public CallFlags Flags { get; init; }

    /// <summary>Duration (ended − started) at least.</summary>
    public TimeSpan? DurationMin { get; init; }

    /// <summary>Duration at most.</summary>
    public TimeSpan? DurationMax { get; init; }

    /// <summary>Exact Call-ID header.</summary>
    public string? SipCallId { get; init; }

    /// <summary>Session the call belongs to.</summary>
    public string? SessionId { get; init; }

    /// <summary>Only calls that a session is named after: those that stand alone, and the first of those that do not.</summary>
    public bool IsSessionStart { get; init; }

    /// <summary>Part of a number, name, URI, user agent or Call-ID; case does not matter.</summary>
    public string? Text { get; init; }

    /// <summary>Parts of numbers, all of which are there; empty for all.</summary>
    public IReadOnlyList<NumberPart> Parts { get; init; } = [];

    /// <summary>Names, domains and the like, all of which are there; empty for all.</summary>
    public IReadOnlyList<LabelPart> Labels { get; init; } = [];

    /// <summary>Texts held against others, all of which meet; empty for all.</summary>
    public IReadOnlyList<TextRange> Ranges { get; init; } = [];

    /// <summary>Times between which things happened, all of which did; empty for all.</summary>
    public IReadOnlyList<MomentRange> Moments { get; init; } = [];

    /// <summary>Alternatives, of which one holds; empty for none. Of an alternative its filters count, and beside them times, text, tenant and <see cref="IsSessionStart"/> of this
    /// query, which then has no other filters. The text of an alternative counts where this query has none.</summary>
    public IReadOnlyList<CallQuery> Any { get; init; } = [];

    /// <summary>Calls that are left out, by a query that finds none which this one, without it, does not find as well; null for none. Its times, text, tenant and
    /// <see cref="IsSessionStart"/> are those of this query besides.</summary>
    public CallQuery? Without { get; init; }

    /// <summary>Any of these numbers called, exactly; empty for all.</summary>
    public IReadOnlyList<string> CallerNumbers { get; init; } = [];

    /// <summary>Any of these numbers was dialled, exactly; empty for all.</summary>
    public IReadOnlyList<string> DialledNumbers { get; init; } = [];

    /// <summary>Any of these numbers is the callee (who answered, else who was called), exactly; empty for all.</summary>
    public IReadOnlyList<string> CalleeNumbers { get; init; } = [];

    /// <summary>Any of these numbers is the caller, the callee or the dialled one, exactly; empty for all.</summary>
    public IReadOnlyList<string> PartyNumbers { get; init; } = [];

    /// <summary>Any of these directions, besides <see cref="Direction"/>; empty for all. Calls without a direction match none.</summary>
    public IReadOnlyList<CallDirection> Directions { get; init; } = [];

    /// <summary>Billable duration (ended − answered) at least.</summary>
    public TimeSpan? BillsecMin { get; init; }

    /// <summary>Billable duration at most.</summary>
    public TimeSpan? BillsecMax { get; init; }

    /// <summary>Whether a recording is there (<see cref="RecordingState.Available"/>); null for either.</summary>
    public bool? Recorded { get; init; }

    /// <summary>Only calls that a voice mailbox answered (<see cref="Outcomes.Voicemail"/>).</summary>
    public bool IsVoicemail { get; init; }

    /// <summary>Only answered calls with media whose recording is there, or of which nothing says that it cannot be made.</summary>
    public bool IsAudible { get; init; }

    /// <summary>Any of these numbers is the callee of the call, or of another call of its session that began on the same day; empty for all.</summary>
    public IReadOnlyList<string> SessionCalleeNumbers { get; init; } = [];

    /// <summary>Of calls that a person answered: billable duration at most. What a machine passed on to a person is not held against it.</summary>
    public TimeSpan? PersonBillsecMax { get; init; }

    /// <summary>Any of these combinations of traits; empty for all.</summary>
    public IReadOnlyList<TraitMatch> Traits { get; init; } = [];

    /// <summary>Any of these final statuses, 0 for none seen; empty for all.</summary>
    public IReadOnlyList<int> SipStatuses { get; init; } = [];

    /// <summary>Any of these Q.850 causes, 0 for none told; empty for all.</summary>
    public IReadOnlyList<int> Causes { get; init; } = [];

    /// <summary>Ended by any of these; empty for all.</summary>
    public IReadOnlyList<HangupBy> HangupBys { get; init; } = [];

    /// <summary>Sent on for any of these reasons; empty for all.</summary>
    public IReadOnlyList<RerouteReason> RerouteReasons { get; init; } = [];

    /// <summary>Name of the trunk, exactly; empty for calls over none, null for all.</summary>
    public string? Trunk { get; init; }

    /// <summary>Part of the name of the trunk; case matters. Null for all.</summary>
    public string? TrunkPart { get; init; }

    /// <summary>Codec that the caller sent, by its name without clock rate (<c>PCMU</c>); case does not matter. Empty for calls of which none is known, null for all.</summary>
    public string? CallerCodec { get; init; }

    /// <summary>The same of the callee.</summary>
    public string? CalleeCodec { get; init; }

    /// <summary>Any of these record ids; empty for all. A text that is no id matches nothing.</summary>
    public IReadOnlyList<string> Ids { get; init; } = [];

    /// <summary>None of these record ids; empty for none.</summary>
    public IReadOnlyList<string> Except { get; init; } = [];

    /// <summary>Where to begin, that record included: it and what stands behind it in the order asked for. Only with
    /// <see cref="CallSort.StartedAt"/>; a <see cref="Cursor"/> goes before it.</summary>
    public CallPosition? Start { get; init; }

    /// <summary>Tenant; null for all (an administrator's view).</summary>
    public string? Tenant { get; init; }

    /// <summary>What the call was, by the directory.</summary>
    public CallContext? Context { get; init; }

    /// <summary>Id of the directory's user who called or was called.</summary>
    public long? User { get; init; }

    /// <summary>Order.</summary>
    public CallSort Sort { get; init; } = CallSort.StartedAt;

    /// <summary>True for the smallest first. Equal keys stand in order of id, in the same sense.</summary>
    public bool Ascending { get; init; }

    /// <summary>Records on the page, 1..<see cref="MaxLimit"/>; clamped.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Records before the first page, with <see cref="CallSort.StartedAt"/>; with a <see cref="Cursor"/> it does not matter.</summary>
    public long Skip { get; init; }

    /// <summary>Where to go on: <see cref="CallPage.NextCursor"/> of the page before; null for the first.</summary>
    public string? Cursor { get; init; }

    /// <summary>It without what it asks of numbers and users of a call itself.</summary>
    public CallQuery WithoutNumbers() => this with { User = null, Number = null, Caller = null, Callee = null, CallerNumbers = [], DialledNumbers = [], CalleeNumbers = [], PartyNumbers = [] };

    /// <summary>The alternatives, each as a query of its own in the order of this one.</summary>
    public IEnumerable<CallQuery> Alternatives() => Any.Select(one => one with
    {
        From = Latest(From, one.From),
        To = Earliest(To, one.To),
        Text = Text ?? one.Text,
        Tenant = Tenant,
        IsSessionStart = IsSessionStart,
        Start = Start,
        Sort = Sort,
        Ascending = Ascending,
        Limit = Limit,
        Cursor = Cursor,
        Without = Without,
    });

    /// <summary>What <see cref="Without"/> leaves out, as a query of its own; null for none.</summary>
    public CallQuery? Excluded() => Without is { } without
        ? without with { From = Latest(From, without.From), To = Earliest(To, without.To), Text = Text ?? without.Text, Tenant = Tenant, IsSessionStart = IsSessionStart, Ascending = Ascending, Limit = Limit }
        : null;

    private static Timestamp? Latest(Timestamp? one, Timestamp? other) => one is { } first && other is { } second ? Timestamp.Max(first, second) : one ?? other;

    private static Timestamp? Earliest(Timestamp? one, Timestamp? other) => one is { } first && other is { } second ? (first < second ? first : second) : one ?? other;
}

/// <summary>Part of a number.</summary>
/// <param name="Of">Whose.</param>
/// <param name="Text">The part, one character or more, none of which has a capital or small form: see <see cref="IsPlain"/>.</param>
public sealed record NumberPart(NumberOf Of, string Text)
{
    /// <summary>Whether a text can be asked for: digits, for example.</summary>
    public static bool IsPlain(string text)
    {
        foreach (char c in text)
        {
            if (char.ToLowerInvariant(c) != c || char.ToUpperInvariant(c) != c || char.IsSurrogate(c) || c is '\n' or '\0') return false;
        }

        return text.Length > 0;
    }
}

/// <summary>Whose number.</summary>
public enum NumberOf
{
    /// <summary>The caller's, as on the wire or in full international form.</summary>
    Caller = 0,

    /// <summary>The callee's, as on the wire or in full international form.</summary>
    Callee = 1,

    /// <summary>The one that was dialled, as on the wire.</summary>
    Dialled = 2,
}

/// <summary>What a list of calls is sorted by.</summary>
public enum CallSort
{
    /// <summary>Start of the call.</summary>
    StartedAt = 0,

    /// <summary>Ended less started.</summary>
    Duration = 1,

    /// <summary>Ended less answered.</summary>
    Billsec = 2,

    /// <summary>Worst stream MOS; calls without one come last either way.</summary>
    Mos = 3,
}

/// <summary>The place of a call in a list by time.</summary>
/// <param name="StartedAt">Start of the call.</param>
/// <param name="Id">Id of its record; a text that is none stands before all of the same start.</param>
public readonly record struct CallPosition(Timestamp StartedAt, string Id);
