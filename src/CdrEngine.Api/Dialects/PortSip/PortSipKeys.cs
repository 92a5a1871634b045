using CdrEngine.Calls.Ports;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>A place between the values of a field, in their order.</summary>
/// <param name="Whole">The value, where values are whole numbers or are numbered: the place before it.</param>
/// <param name="Text">The value, where values are texts; null for others.</param>
/// <param name="IsBehind">Of texts: true for the place behind it, false for the one before.</param>
internal readonly record struct PortSipKey(long Whole, string? Text = null, bool IsBehind = false) : IComparable<PortSipKey>
{
    /// <inheritdoc />
    public int CompareTo(PortSipKey other)
    {
        if (Text is null || other.Text is null) return Whole.CompareTo(other.Whole);
        int order = string.CompareOrdinal(Text, other.Text);
        return order != 0 ? order : IsBehind.CompareTo(other.IsBehind);
    }
}

/// <summary>A part of a list in order of a field of which is known how many calls stand before it and behind it.</summary>
/// <param name="At">Calls before it.</param>
/// <param name="Low">Where it begins.</param>
/// <param name="Beyond">Calls up to its end.</param>
/// <param name="High">Where it ends; null for behind all.</param>
internal readonly record struct PortSipStretch(long At, PortSipKey Low, long Beyond, PortSipKey? High)
{
    /// <summary>Whether a place lies within.</summary>
    public bool Has(PortSipKey key) => key.CompareTo(Low) > 0 && (High is not { } high || key.CompareTo(high) < 0);
}

/// <summary>The values of a field that legs are put in order by: what asks for those between two of them, and which may stand at a place of the list.</summary>
/// <param name="name">Name of the field.</param>
internal abstract class PortSipKeys(string name)
{
    /// <summary>Name of the field.</summary>
    public string Field => name;

    /// <summary>The place before all values.</summary>
    public virtual PortSipKey First => new(0);

    /// <summary>Whether what is told by <see cref="Guess"/> is near enough for what lies beside it to be read at once.</summary>
    public virtual bool IsClose => false;

    /// <summary>Whether <see cref="PortSipOrderedList.Spread"/> leads to places.</summary>
    public virtual bool AreTexts => false;

    /// <summary>Whether every call has one, and those between two places are counted by themselves instead of all before one.</summary>
    public virtual bool CountsBetween => false;

    /// <summary>The values, where they are few and each is asked for by itself; empty for others.</summary>
    public virtual IReadOnlyList<string> Words => [];

    /// <summary>The values of a field; null where its order is that of the store, or none that stores tell.</summary>
    public static PortSipKeys? Of(string field) => field switch
    {
        "rang_at" or "answered_at" or "ended_at" => new PortSipMomentKeys(field),
        "duration" or "status_code" => new PortSipNumberKeys(field),
        "direction" => new PortSipWordKeys(field, PortSipMapping.DirectionNames),
        "end_reason" => new PortSipWordKeys(field, PortSipMapping.EndReasonNames),
        "reroute_reason" => new PortSipWordKeys(field, PortSipMapping.RerouteReasonNames),
        "id" or "session_id" => new PortSipIdKeys(field),
        "started_at" => null,
        _ => new PortSipTextKeys(field),
    };

    /// <summary>What asks for the calls between two places; for all that have a value where both are left open.</summary>
    public abstract PortSipCondition Within(PortSipKey? from, PortSipKey? to);

    /// <summary>What asks for the calls that have no value.</summary>
    public PortSipCondition Null() => new PortSipComparison(Field, PortSipOperator.Equal, null, default, 0);

    /// <summary>Whether all values of a stretch are the same.</summary>
    public virtual bool IsOne(in PortSipStretch stretch) => stretch.High is { } high && high.Whole == stretch.Low.Whole + 1;

    /// <summary>Where about a place of the list may lie: within a stretch, and neither at its beginning nor at its end. Null where nothing lies there.</summary>
    /// <param name="list">The list.</param>
    /// <param name="stretch">The stretch.</param>
    /// <param name="place">The place.</param>
    public abstract PortSipKey? Guess(PortSipOrderedList list, in PortSipStretch stretch, long place);

    /// <summary>What asks for those that have a value.</summary>
    protected PortSipCondition NotNull() => new PortSipComparison(Field, PortSipOperator.NotEqual, null, default, 0);

    /// <summary>Both conditions, or the one that there is.</summary>
    protected PortSipCondition Both(PortSipComparison? from, PortSipComparison? to) => from is not null && to is not null ? new PortSipJunction(false, from, to) : (PortSipCondition?)from ?? to ?? NotNull();
}

/// <summary>Moments, in whole seconds. Stores have calls in order of their starts, and what happens to a call happens soon after.</summary>
internal sealed class PortSipMomentKeys(string name) : PortSipKeys(name)
{
    /// <inheritdoc />
    public override bool IsClose => true;

    /// <inheritdoc />
    public override PortSipCondition Within(PortSipKey? from, PortSipKey? to)
    {
        return Both(At(PortSipOperator.GreaterOrEqual, from), At(PortSipOperator.Less, to));

        PortSipComparison? At(PortSipOperator comparison, PortSipKey? key)
        {
            if (key is not { Whole: var seconds }) return null;
            var time = new Timestamp(seconds * Timestamp.MicrosecondsPerSecond);
            return new PortSipComparison(Field, comparison, time.ToString(), time, 0);
        }
    }

    /// <inheritdoc />
    public override PortSipKey? Guess(PortSipOrderedList list, in PortSipStretch stretch, long place)
    {
        // As many happened before a time as began before it, less those that go on then.
        long begun = Math.Clamp(place + list.Drift, 0, list.Happened - 1);
        if (list.StartAt(begun) is { } start)
        {
            var key = new PortSipKey(start.Microseconds / Timestamp.MicrosecondsPerSecond);
            if (stretch.Has(key))
            {
                list.Begun = (key, begun);
                return key;
            }
        }

        long end = stretch.High?.Whole ?? stretch.Low.Whole + (1L << 32);
        return end - stretch.Low.Whole < 2 ? null : new PortSipKey(stretch.Low.Whole + ((end - stretch.Low.Whole) / 2));
    }
}

/// <summary>Whole numbers from 0 on, of which small ones are met most.</summary>
internal sealed class PortSipNumberKeys(string name) : PortSipKeys(name)
{
    // Calls at either end of a list by length.
    private const int Ends = 250;

    // What divides statuses, what divides most first.
    private static readonly int[] s_statuses = [201, 200, 487, 488, 480, 481, 486, 404, 405, 403, 408, 409, 500, 503, 504, 600, 603, 604, 401, 402, 400, 700];

    /// <inheritdoc />
    public override PortSipCondition Within(PortSipKey? from, PortSipKey? to)
    {
        return from is null && to is null && Field == "duration" ? At(PortSipOperator.GreaterOrEqual, new PortSipKey(0))! : Both(At(PortSipOperator.GreaterOrEqual, from), At(PortSipOperator.Less, to));

        PortSipComparison? At(PortSipOperator comparison, PortSipKey? key) =>
            key is { Whole: var number } ? new PortSipComparison(Field, comparison, number.ToString(System.Globalization.CultureInfo.InvariantCulture), default, number) : null;
    }

    /// <inheritdoc />
    public override PortSipKey? Guess(PortSipOrderedList list, in PortSipStretch stretch, long place)
    {
        long low = stretch.Low.Whole;
        if (Field == "status_code")
        {
            // Nearly all calls have one of a few.
            foreach (int status in s_statuses)
            {
                if (stretch.Has(new PortSipKey(status))) return new PortSipKey(status);
            }
        }
        else if (Math.Min(place, list.Happened - place) <= Ends && list.LengthAt(place) is { } length)
        {
            // The store has lengths in order, so that what stands at either end is told by it.
            PortSipKey before = new(length), behind = new(length + 1);
            if (stretch.Has(before)) return before;
            if (stretch.Has(behind)) return behind;
        }

        if (stretch.High is not { Whole: var high }) return new PortSipKey(Math.Max(low * 4, 1024));
        if (high - low < 2) return null;

        // Where they are far apart each doubling has about as many of them, and as many stand beside each other where they are not.
        double part = (place - stretch.At) / (double)Math.Max(1, stretch.Beyond - stretch.At);
        double middle = high - low > low + 32 ? Math.Sqrt((low + 1.0) * (high + 1.0)) - 1 : low + (part * (high - low));
        return new PortSipKey(Math.Clamp((long)middle, low + 1, high - 1));
    }
}

/// <summary>Words, each of which is asked for by itself.</summary>
internal sealed class PortSipWordKeys(string name, IReadOnlyList<string> names) : PortSipKeys(name)
{
    private readonly string[] _words = [.. names.Order(StringComparer.Ordinal)];

    /// <inheritdoc />
    public override IReadOnlyList<string> Words => _words;

    /// <inheritdoc />
    public override PortSipCondition Within(PortSipKey? from, PortSipKey? to) =>
        from is { Whole: var word } && to is not null ? new PortSipComparison(Field, PortSipOperator.Equal, _words[word], default, 0) : NotNull();

    /// <inheritdoc />
    public override PortSipKey? Guess(PortSipOrderedList list, in PortSipStretch stretch, long place) => null;
}

/// <summary>Texts, character by character.</summary>
internal sealed class PortSipTextKeys(string name) : PortSipKeys(name)
{
    // Where so many led to nothing, calls are not spread as is told: some of them are looked at.
    private const int MostGuesses = 6;

    /// <inheritdoc />
    public override PortSipKey First => new(0, "");

    /// <inheritdoc />
    public override bool AreTexts => true;

    /// <inheritdoc />
    public override bool IsClose => true;

    /// <inheritdoc />
    public override bool IsOne(in PortSipStretch stretch) => stretch.High is { IsBehind: true } high && !stretch.Low.IsBehind && high.Text == stretch.Low.Text;

    /// <inheritdoc />
    public override PortSipCondition Within(PortSipKey? from, PortSipKey? to)
    {
        // Before the empty one stands nothing.
        PortSipComparison? least = from is { } begin && begin != First ? At(begin.IsBehind ? PortSipOperator.Greater : PortSipOperator.GreaterOrEqual, begin.Text!) : null;
        return Both(least, to is { } end ? At(end.IsBehind ? PortSipOperator.LessOrEqual : PortSipOperator.Less, end.Text!) : null);

        PortSipComparison At(PortSipOperator comparison, string text) => new(Field, comparison, text, default, 0);
    }

    /// <inheritdoc />
    public override PortSipKey? Guess(PortSipOrderedList list, in PortSipStretch stretch, long place)
    {
        double part = (place - stretch.At) / (double)Math.Max(1, stretch.Beyond - stretch.At);
        if (list.Guesses <= MostGuesses && list.Spread is { } spread && spread.Between(Bound(stretch.Low), stretch.High is { } high ? Bound(high) : null, part) is { } text && Beside(text, stretch) is { } known) return known;
        PortSipKey[] sample = list.Sample(stretch);
        return sample.Length == 0 ? null : sample[Math.Clamp((int)(part * sample.Length), 0, sample.Length - 1)];
    }

    // The first text that is not before a place.
    private static string Bound(PortSipKey key) => key.IsBehind ? key.Text + '\u0001' : key.Text!;

    /// <summary>The places beside a text that lie within a stretch, the one before it first.</summary>
    public static PortSipKey? Beside(string text, in PortSipStretch stretch)
    {
        // A text that cannot be asked for is divided from others by what of it can.
        int length = 0;
        while (length < text.Length && TextRange.CanBeAsked(text[length].ToString())) length++;
        PortSipKey before = new(0, text[..length]), behind = before with { IsBehind = true };
        return stretch.Has(before) ? before : length == text.Length && stretch.Has(behind) ? behind : null;
    }
}
