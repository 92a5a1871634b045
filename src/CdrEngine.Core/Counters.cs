using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Text;

namespace CdrEngine.Core;

/// <summary>A set of named counters, one for each value of an enumeration. Written by one thread, read by any.</summary>
/// <remarks>The values of <typeparamref name="TCounter"/> must be 0..n-1. Every drop, oddity and limit has a value in one of these, so
/// that nothing is lost in silence; <see cref="Describe"/> gives the names for stats, REST and metrics.</remarks>
public sealed class Counters<TCounter>
    where TCounter : unmanaged, Enum
{
    private static readonly CounterNames Known = new(typeof(TCounter));
    private readonly long[] _counts = new long[Known.Count];

    /// <summary>The value of one counter.</summary>
    public long this[TCounter counter] => Volatile.Read(ref _counts[Index(counter)]);

    /// <summary>Adds one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Increment(TCounter counter) => _counts[Index(counter)]++;

    /// <summary>Adds <paramref name="amount"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(TCounter counter, long amount) => _counts[Index(counter)] += amount;

    /// <summary>Adds every counter of <paramref name="other"/>.</summary>
    public void Add(Counters<TCounter> other)
    {
        for (int i = 0; i < _counts.Length; i++) _counts[i] += Volatile.Read(ref other._counts[i]);
    }

    /// <summary>All counters: name in snake case, value, and the description given by <see cref="DescriptionAttribute"/>.</summary>
    public IEnumerable<CounterValue> Describe() => Known.Describe(_counts);

    /// <summary>All counters, as those of a part of the program.</summary>
    public IEnumerable<Statistic> Statistics(string area) => Known.Describe(_counts).Select(counter => Statistic.Of(area, counter));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Index(TCounter counter) => Unsafe.SizeOf<TCounter>() switch
    {
        1 => Unsafe.BitCast<TCounter, byte>(counter),
        4 => Unsafe.BitCast<TCounter, int>(counter),
        _ => Convert.ToInt32(counter),
    };
}

/// <summary>What the counters of one enumeration are called. Not generic: there are a dozen such enumerations, and code over each is compiled for each.</summary>
internal sealed class CounterNames(Type counter)
{
    private readonly string[] _fields = Enum.GetNames(counter);
    private (string Name, string Description)[]? _described;

    /// <summary>Number of counters.</summary>
    public int Count => _fields.Length;

    /// <summary>Names, values and meanings.</summary>
    public IEnumerable<CounterValue> Describe(long[] counts)
    {
        (string Name, string Description)[] described = _described ??= Described();
        for (int i = 0; i < described.Length; i++) yield return new CounterValue(described[i].Name, Volatile.Read(ref counts[i]), described[i].Description);
    }

    private (string, string)[] Described()
    {
        var described = new (string, string)[_fields.Length];
        for (int i = 0; i < described.Length; i++)
        {
            var description = (DescriptionAttribute?)Attribute.GetCustomAttribute(counter.GetField(_fields[i])!, typeof(DescriptionAttribute));
            described[i] = (SnakeCaseName.Of(_fields[i]), description?.Description ?? "");
        }

        return described;
    }
}

/// <summary>Turns a .NET name into the form used at every edge.</summary>
public static class SnakeCaseName
{
    /// <summary><c>NoAnswer</c> becomes <c>no_answer</c>.</summary>
    public static string Of(string name)
    {
        var text = new StringBuilder(name.Length + 8);
        for (int i = 0; i < name.Length; i++)
        {
            if (char.IsAsciiLetterUpper(name[i]) && i > 0 && !char.IsAsciiLetterUpper(name[i - 1])) text.Append('_');
            text.Append(char.ToLowerInvariant(name[i]));
        }

        return text.ToString();
    }
}
