using System.Text;
using System.Text.Json;
using CdrEngine.Calls.Records;
using Xunit;

namespace CdrEngine.Calls.Tests.Records;

/// <summary>JSON that is taken apart for records, held against the framework's.</summary>
public sealed class StoredJsonTests
{
    private static readonly string[] s_names = ["id", "name", "a", "", "a\"b", "ü", "id2", "\u0001", "streams"];

    [Fact]
    public void Values_AreThoseOfTheFramework_InWhateverOrderTheyAreAskedFor()
    {
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            byte[] utf8 = Some(random);
            using JsonDocument expected = JsonDocument.Parse(utf8);
            using var json = StoredJson.Parse(utf8, isAll: true);
            Compare(expected.RootElement, json.Root, random, 0);
        }
    }

    [Fact]
    public void What_IsNoJson_IsNone_AsForTheFramework()
    {
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            byte[] utf8 = Some(random);
            for (int i = 0; i < 20; i++)
            {
                byte[] other = random.Next(2) == 0 ? utf8[..random.Next(utf8.Length)] : (byte[])utf8.Clone();
                if (other.Length > 0 && random.Next(3) > 0) other[random.Next(other.Length)] = (byte)random.Next(256);
                Assert.Equal(IsJson(() => JsonDocument.Parse(other).Dispose()), IsJson(() => StoredJson.Parse(other, isAll: true).Dispose()));
            }
        }
    }

    [Theory]
    [InlineData("{\"a\":1} x", true)]
    [InlineData("{\"a\":1}{", true)]
    [InlineData("", false)]
    [InlineData(" ", false)]
    [InlineData("{\"a\":1", false)]
    public void First_ValueAlone_IsTaken_WhereMayStandMore(string text, bool isSome) => Assert.Equal(isSome, IsJson(() => StoredJson.Parse(Encoding.UTF8.GetBytes(text)).Dispose()));

    [Fact]
    public void Depth_BeyondWhatIsRead_IsNone()
    {
        Assert.True(IsJson(() => StoredJson.Parse(Encoding.UTF8.GetBytes(new string('[', 64) + new string(']', 64))).Dispose()));
        Assert.False(IsJson(() => StoredJson.Parse(Encoding.UTF8.GetBytes(new string('[', 65) + new string(']', 65))).Dispose()));
    }

    private static bool IsJson(Action parse)
    {
        try
        {
            parse();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void Compare(JsonElement expected, StoredValue its, Random random, int depth)
    {
        Assert.Equal(expected.ValueKind, its.ValueKind);
        Assert.Equal(Told(() => expected.GetString()), Told(() => its.GetString()));
        Assert.Equal(Told(() => expected.GetInt32()), Told(() => its.GetInt32()));
        Assert.Equal(Told(() => expected.GetInt64()), Told(() => its.GetInt64()));
        Assert.Equal(Told(() => expected.GetDouble()), Told(() => its.GetDouble()));
        Assert.Equal(Told(() => expected.GetDecimal()), Told(() => its.GetDecimal()));
        Assert.Equal(Told(() => expected.GetBoolean()), Told(() => its.GetBoolean()));
        Assert.Equal(Told(() => expected.GetDateTimeOffset()), Told(() => its.GetDateTimeOffset()));
        Assert.Equal(Told(() => expected.EnumerateArray().Count()), Told(() => its.EnumerateArray().Count()));
        Assert.Equal(Told(() => expected.TryGetProperty("id", out _)), Told(() => its.TryGetProperty("id", out _)));
        if (expected.ValueKind == JsonValueKind.Array)
        {
            foreach ((JsonElement one, StoredValue other) in expected.EnumerateArray().Zip(its.EnumerateArray())) Compare(one, other, random, depth + 1);
        }

        if (expected.ValueKind != JsonValueKind.Object) return;
        for (int i = 0; i < 2 * s_names.Length; i++)
        {
            string name = s_names[random.Next(s_names.Length)];
            bool isThere = expected.TryGetProperty(name, out JsonElement one);
            Assert.Equal(isThere, its.TryGetProperty(name, out StoredValue other));
            if (isThere && depth < 4) Compare(one, other, random, depth + 1);
        }

        Assert.Throws<KeyNotFoundException>(() => its.GetProperty("nowhere"));
    }

    // A value, or that it is none.
    private static object? Told<T>(Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            return e.GetType() == typeof(FormatException) ? "format" : "kind";
        }
    }

    private static byte[] Some(Random random)
    {
        using var to = new MemoryStream();
        using (var writer = new Utf8JsonWriter(to, new JsonWriterOptions { Indented = random.Next(3) == 0 })) Write(writer, random, 0);
        return to.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, Random random, int depth)
    {
        switch (random.Next(depth > 3 ? 7 : 10))
        {
            case 0: writer.WriteNullValue(); break;
            case 1: writer.WriteBooleanValue(random.Next(2) == 0); break;
            case 2: writer.WriteNumberValue(random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(63)); break;
            case 3: writer.WriteNumberValue(random.NextDouble() * Math.Pow(10, random.Next(-20, 20))); break;
            case 4: writer.WriteStringValue(new DateTimeOffset(random.NextInt64(0, DateTime.MaxValue.Ticks), TimeSpan.Zero)); break;
            case 5: writer.WriteStringValue(s_names[random.Next(s_names.Length)]); break;
            case 6: writer.WriteRawValue(random.Next(3) switch { 0 => "1e5", 1 => "-0.50", _ => "\"\\u00fc\\n😀\"" }); break;
            case 7:
                writer.WriteStartArray();
                for (int i = random.Next(5); i > 0; i--) Write(writer, random, depth + 1);
                writer.WriteEndArray();
                break;
            default:
                writer.WriteStartObject();
                foreach (string name in s_names.Where(_ => random.Next(2) == 0).OrderBy(_ => random.Next()))
                {
                    writer.WritePropertyName(name);
                    Write(writer, random, depth + 1);
                }

                writer.WriteEndObject();
                break;
        }
    }
}
