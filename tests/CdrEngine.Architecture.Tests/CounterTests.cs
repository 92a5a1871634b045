using System.ComponentModel;
using System.Reflection;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Architecture.Tests;

/// <summary>Every counter says what it counts.</summary>
public sealed class CounterTests
{
    public static TheoryData<Type> Enumerations => [.. Types().OrderBy(static type => type.FullName, StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Enumerations))]
    public void Counter_HasADescriptionForEachValue_AndValuesFromZero(Type enumeration)
    {
        FieldInfo[] values = enumeration.GetFields(BindingFlags.Public | BindingFlags.Static);
        Assert.NotEmpty(values);
        Assert.Empty(values.Where(static value => string.IsNullOrWhiteSpace(value.GetCustomAttribute<DescriptionAttribute>()?.Description)).Select(static value => value.Name));
        Assert.Equal(Enumerable.Range(0, values.Length).Select(static number => (long)number), values.Select(static value => Convert.ToInt64(value.GetRawConstantValue())).Order());
    }

    [Fact]
    public void CounterDescriptions_AreReached()
    {
        // The scan must find what a part holds in a field; otherwise the theory above proves nothing.
        Assert.Contains(typeof(Sample), Closed([typeof(Holder)]));
        Assert.Equal(new CounterValue("first_one", 0, "The first"), new Counters<Sample>().Describe().First());
    }

    private static IEnumerable<Type> Types()
    {
        Type[] ours = Assemblies.Ours.SelectMany(static assembly => assembly.GetTypes()).ToArray();
        return Closed(ours).Concat(ours.Where(static type => type.IsEnum && type.Name.EndsWith("Counter", StringComparison.Ordinal))).Append(typeof(Sample)).Distinct();
    }

    private static IEnumerable<Type> Closed(IEnumerable<Type> types) => types
        .SelectMany(static type => type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static))
        .Select(static field => field.FieldType)
        .Where(static type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Counters<>))
        .Select(static type => type.GetGenericArguments()[0])
        .Where(static type => type is { IsGenericParameter: false, IsEnum: true });

    private enum Sample
    {
        [Description("The first")]
        FirstOne,
    }

    private sealed class Holder
    {
        public Counters<Sample> Counters { get; } = new();
    }
}

/// <summary>The assemblies of <c>src</c>.</summary>
internal static class Assemblies
{
    public static readonly Assembly[] Ours = Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll")
        .Where(static path => Path.GetFileName(path) is var name && (name == "cdrengine.dll" || (name.StartsWith("CdrEngine.", StringComparison.Ordinal) && !name.Contains("Test", StringComparison.Ordinal))))
        .Select(Assembly.LoadFrom)
        .ToArray();
}
