using System.Buffers;

namespace CdrEngine.Calls.Directory;

/// <summary>How digits without any prefix are read.</summary>
public enum BareNumber
{
    /// <summary>As a number within the country.</summary>
    National = 0,

    /// <summary>As a number within the area; the plan needs an area code.</summary>
    Subscriber = 1,

    /// <summary>As country code and number, the plus left out.</summary>
    International = 2,
}

/// <summary>How numbers are written in one place: on one trunk, or inside one tenant.</summary>
/// <remarks>A number is read in this order, and the first that fits decides: anonymous; a name; a plus; a code with <c>*</c> or <c>#</c>; a number of
/// <see cref="Short"/>; the length of an extension; the prefix for an outside line is taken off; an international prefix, the longest first; the national
/// prefix; no prefix, by <see cref="NationalLengthMin"/>, <see cref="AreaCode"/> and <see cref="Bare"/>. An E.164 number has 4 to 15 digits.</remarks>
public sealed record NumberPlan
{
    /// <summary>Most digits of an E.164 number (ITU-T E.164 6.1).</summary>
    public const int MaxDigits = 15;

    /// <summary>Fewest digits that are taken for an international number.</summary>
    public const int MinDigits = 4;

    private static readonly SearchValues<char> Dialled = SearchValues.Create("0123456789*#");

    /// <summary>Its name in the directory.</summary>
    public required string Name { get; init; }

    /// <summary>Country code, digits: <c>49</c>.</summary>
    public required string CountryCode { get; init; }

    /// <summary>What is dialled before an area code; empty where there is nothing, as in Italy or Spain.</summary>
    public string NationalPrefix { get; init; } = "";

    /// <summary>What is dialled before a country code: <c>00</c>, <c>011</c>; the longest is tried first.</summary>
    public IReadOnlyList<string> InternationalPrefixes { get; init; } = ["00"];

    /// <summary>Area code, without the national prefix; empty where there is none.</summary>
    public string AreaCode { get; init; } = "";

    /// <summary>What is dialled for an outside line; empty where nothing is.</summary>
    public string OutsidePrefix { get; init; } = "";

    /// <summary>Lengths of extensions.</summary>
    public IReadOnlyList<int> ExtensionLengths { get; init; } = [];

    /// <summary>Emergency and service numbers, which stay as they are.</summary>
    public IReadOnlyList<string> Short { get; init; } = [];

    /// <summary>Fewest digits of a number within the country, without prefixes; 0 where not told.</summary>
    public int NationalLengthMin { get; init; }

    /// <summary>Most digits of a number within the country; 0 where not told.</summary>
    public int NationalLengthMax { get; init; }

    /// <summary>How digits without any prefix are read.</summary>
    public BareNumber Bare { get; init; }

    /// <summary>Reads a number that <see cref="NumberText.Reduce"/> has reduced.</summary>
    /// <param name="bare">The reduced number.</param>
    /// <param name="buffer">For what is made of it; at least <see cref="NumberText.MaxLength"/> characters, not overlapping.</param>
    /// <param name="value">What it is: an E.164 number with its plus, or the text as it was given.</param>
    public NumberKind Read(ReadOnlySpan<char> bare, Span<char> buffer, out ReadOnlySpan<char> value)
    {
        value = bare;
        if (bare.IsEmpty) return NumberKind.None;
        if (bare[0] == '+') return bare[1..].ContainsAnyExceptInRange('0', '9') ? NumberKind.Name : International("", bare[1..], bare, buffer, ref value);
        if (bare.ContainsAnyExcept(Dialled)) return NumberText.IsHidden(bare) ? NumberKind.Anonymous : NumberKind.Name;
        if (bare.ContainsAny('*', '#')) return NumberKind.Code;
        foreach (string number in Short)
        {
            if (bare.SequenceEqual(number)) return NumberKind.Short;
        }

        if (Contains(ExtensionLengths, bare.Length)) return NumberKind.Extension;
        ReadOnlySpan<char> digits = bare;
        if (OutsidePrefix.Length > 0 && digits.Length > OutsidePrefix.Length && digits.StartsWith(OutsidePrefix))
        {
            digits = digits[OutsidePrefix.Length..];
            foreach (string number in Short)
            {
                if (!digits.SequenceEqual(number)) continue;
                value = digits;
                return NumberKind.Short;
            }
        }

        string? prefix = null;
        foreach (string candidate in InternationalPrefixes)
        {
            if (digits.StartsWith(candidate) && candidate.Length > (prefix?.Length ?? 0)) prefix = candidate;
        }

        if (prefix is not null) return International("", digits[prefix.Length..], bare, buffer, ref value);
        if (NationalPrefix.Length > 0 && digits.StartsWith(NationalPrefix)) return International(CountryCode, digits[NationalPrefix.Length..], bare, buffer, ref value);
        return WithoutPrefix(digits, bare, buffer, ref value);
    }

    private NumberKind WithoutPrefix(ReadOnlySpan<char> digits, ReadOnlySpan<char> bare, Span<char> buffer, ref ReadOnlySpan<char> value)
    {
        if (Bare == BareNumber.International) return International("", digits, bare, buffer, ref value);
        if (NationalLengthMax > 0)
        {
            if (Bare == BareNumber.National && IsNational(digits.Length)) return International(CountryCode, digits, bare, buffer, ref value);
            if (digits.StartsWith(CountryCode) && IsNational(digits.Length - CountryCode.Length) && !IsNational(digits.Length)) return International("", digits, bare, buffer, ref value);
            if (AreaCode.Length > 0 && IsNational(digits.Length + AreaCode.Length)) return Local(digits, bare, buffer, ref value);
            if (IsNational(digits.Length)) return International(CountryCode, digits, bare, buffer, ref value);
            return NumberKind.Digits;
        }

        return Bare == BareNumber.Subscriber && AreaCode.Length > 0
            ? Local(digits, bare, buffer, ref value)
            : International(CountryCode, digits, bare, buffer, ref value);
    }

    private bool IsNational(int length) => length >= NationalLengthMin && length <= NationalLengthMax;

    private NumberKind Local(ReadOnlySpan<char> digits, ReadOnlySpan<char> bare, Span<char> buffer, ref ReadOnlySpan<char> value)
    {
        if (digits.Length + AreaCode.Length + CountryCode.Length > MaxDigits) return NumberKind.Digits;
        Span<char> area = stackalloc char[MaxDigits];
        AreaCode.CopyTo(area);
        digits.CopyTo(area[AreaCode.Length..]);
        return International(CountryCode, area[..(AreaCode.Length + digits.Length)], bare, buffer, ref value);
    }

    private static NumberKind International(scoped ReadOnlySpan<char> country, scoped ReadOnlySpan<char> digits, ReadOnlySpan<char> bare, Span<char> buffer, ref ReadOnlySpan<char> value)
    {
        int length = country.Length + digits.Length;
        if (length is < MinDigits or > MaxDigits || (country.IsEmpty && digits[0] == '0')) return NumberKind.Digits;

        // As it came where it came so: then the text of the record serves.
        if (bare[0] == '+' && length == bare.Length - 1) return NumberKind.E164;
        buffer[0] = '+';
        country.CopyTo(buffer[1..]);
        digits.CopyTo(buffer[(1 + country.Length)..]);
        value = buffer[..(length + 1)];
        return NumberKind.E164;
    }

    private static bool Contains(IReadOnlyList<int> lengths, int length)
    {
        for (int i = 0; i < lengths.Count; i++)
        {
            if (lengths[i] == length) return true;
        }

        return false;
    }
}
