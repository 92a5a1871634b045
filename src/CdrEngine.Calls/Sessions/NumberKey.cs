using CdrEngine.Calls.Transactions;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Sessions;

/// <summary>A number or name as two machines may write it differently: digits without what stands between them, or a name in lower case.</summary>
/// <param name="Packed">The last 15 digits as a number, with how many there are above them; or a hash of the name with the top bit set. Every call keeps
/// some, so they are small.</param>
internal readonly record struct NumberKey(ulong Packed)
{
    private const ulong IsName = 0x8000_0000_0000_0000;
    private const int DigitsAt = 56;
    private const int MostDigits = 15;

    private static readonly byte[][] Nobody =
    [
        "anonymous"u8.ToArray(), "unknown"u8.ToArray(), "unavailable"u8.ToArray(), "restricted"u8.ToArray(), "private"u8.ToArray(), "invalid"u8.ToArray(),
        "asterisk"u8.ToArray(), "freeswitch"u8.ToArray(), "sip"u8.ToArray(), "-"u8.ToArray(), "0"u8.ToArray(),
    ];

    public bool IsNone => Packed == 0;

    /// <summary>How many digits, up to 15; 0 for a name.</summary>
    public int Digits => (Packed & IsName) != 0 ? 0 : (int)(Packed >> DigitsAt);

    private ulong Value => Packed & ((1UL << DigitsAt) - 1);

    /// <summary>Equal for numbers that agree in their last six digits (all of them where there are fewer) and for equal names.</summary>
    public ulong Short => Digits < 6 ? Packed : (Value % 1_000_000) + (6UL << DigitsAt);

    /// <summary>Reads a URI's user; none where it says nobody in particular.</summary>
    public static NumberKey Of(SipUri uri) => Of(uri.Scheme == SipUriScheme.Tel ? uri.Opaque : uri.UserName);

    /// <summary>Reads the user part; none where it says nobody in particular.</summary>
    public static NumberKey Of(ReadOnlySpan<byte> user)
    {
        int parameters = user.IndexOf((byte)';');
        if (parameters >= 0) user = user[..parameters];
        if (user.IsEmpty || user.Length > 64) return default;
        ulong value = 0;
        int digits = 0;
        bool isNumber = true;
        for (int i = 0; i < user.Length && isNumber; i++)
        {
            byte b = user[i];
            if ((uint)(b - '0') <= 9)
            {
                value = ((value % 100_000_000_000_000) * 10) + (uint)(b - '0');
                digits = Math.Min(digits + 1, MostDigits);
            }
            else if (!(b == '+' && i == 0) && b is not ((byte)'-' or (byte)'.' or (byte)'(' or (byte)')' or (byte)' '))
            {
                isNumber = false;
            }
        }

        foreach (byte[] nobody in Nobody)
        {
            if (user.Length == nobody.Length && SipGrammar.EqualsIgnoreCase(user, nobody)) return default;
        }

        if (isNumber && digits > 0) return new NumberKey(value | ((ulong)digits << DigitsAt));
        Span<byte> lower = stackalloc byte[64];
        for (int i = 0; i < user.Length; i++) lower[i] = user[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(user[i] | 0x20) : user[i];

        return new NumberKey((Hash64.Of(lower[..user.Length]) & 0x00FF_FFFF_FFFF_FFFF) | IsName);
    }

    /// <summary>True where one number alone is evidence enough: the last nine digits agree, or all of the shorter one where it has at least six,
    /// or both are the same short number or name.</summary>
    public bool IsSurely(NumberKey other)
    {
        if (Digits == 0 || other.Digits == 0) return this == other;
        int shorter = Math.Min(Digits, other.Digits);
        if (shorter < 6) return this == other;
        ulong unit = 1;
        for (int i = Math.Min(shorter, 9); i > 0; i--) unit *= 10;
        return Value % unit == other.Value % unit;
    }
}

/// <summary>A few numbers, each once.</summary>
internal struct NumberSet
{
    private const int Most = 4;
    private Room _numbers;

    public int Count { get; private set; }

    public readonly NumberKey this[int index] => _numbers[index];

    public void Add(NumberKey number)
    {
        if (number.IsNone || Count == Most) return;
        for (int i = 0; i < Count; i++)
        {
            if (_numbers[i] == number) return;
        }

        _numbers[Count++] = number;
    }

    /// <summary>True where one is an extension or a name: not a number of the public network.</summary>
    public readonly bool IsInternal
    {
        get
        {
            for (int i = 0; i < Count; i++)
            {
                if (_numbers[i].Digits < 7) return true;
            }

            return false;
        }
    }

    /// <summary>True where one of each agree in their last six digits.</summary>
    public readonly bool Meets(NumberSet others)
    {
        for (int i = 0; i < Count; i++)
        {
            for (int k = 0; k < others.Count; k++)
            {
                if (_numbers[i].Short == others._numbers[k].Short) return true;
            }
        }

        return false;
    }

    /// <summary>True where one of each are surely the same.</summary>
    public readonly bool SurelyMeets(NumberSet others)
    {
        for (int i = 0; i < Count; i++)
        {
            for (int k = 0; k < others.Count; k++)
            {
                if (_numbers[i].IsSurely(others._numbers[k])) return true;
            }
        }

        return false;
    }

    [System.Runtime.CompilerServices.InlineArray(Most)]
    private struct Room
    {
        private NumberKey _first;
    }
}
