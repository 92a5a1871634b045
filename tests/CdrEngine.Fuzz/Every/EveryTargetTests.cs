using System.Diagnostics;
using System.Globalization;
using CdrEngine.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace CdrEngine.Fuzz.Every;

/// <summary>Every target for a set time by seed, under bounds of time and memory for each input. <c>CDRENGINE_FUZZ_SECONDS=60 ./test EveryTargetTests</c> takes a minute for each.</summary>
/// <remarks>Inputs that once failed are kept in <c>tests/fixtures/fuzz/TARGET</c> and are run first. A failure writes its input there. With <c>CDRENGINE_FUZZ_CORPUS=FOLDER</c> the inputs that cost the
/// most so far for their length, in time or in memory, are kept in <c>FOLDER/TARGET</c>, a few small ones of each target; the next run on that folder reads them first and spoils them further, and goes on
/// behind the seed at which the last one ended.</remarks>
public sealed class EveryTargetTests(ITestOutputHelper output)
{
    private const double DefaultSeconds = 0.7;
    private static readonly TimeSpan LongestInput = TimeSpan.FromSeconds(2);
    private static readonly Dictionary<string, FuzzTarget> Targets = WireTargets.All.Concat(FileTargets.All).ToDictionary(static target => target.Name, StringComparer.Ordinal);

    public static TheoryData<string> Names() => [.. Targets.Keys.Order(StringComparer.Ordinal)];

    public static TheoryData<string> HotNames() => [.. Targets.Values.Where(static target => target.HotPath is not null).Select(static target => target.Name).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Target_ForItsTime_HoldsItsWord(string name)
    {
        FuzzTarget target = Targets[name];
        double seconds = double.TryParse(Environment.GetEnvironmentVariable("CDRENGINE_FUZZ_SECONDS"), NumberStyles.Float, CultureInfo.InvariantCulture, out double asked) ? asked : DefaultSeconds;
        FuzzCorpus corpus = FuzzCorpus.Open(Environment.GetEnvironmentVariable("CDRENGINE_FUZZ_CORPUS"), name);
        byte[][] kept = [.. Kept(name), .. corpus.Inputs];
        foreach (byte[] find in kept) Try(target, find, "kept", corpus);
        foreach (byte[] seed in target.Seeds) Try(target, seed, "seed", corpus);
        byte[][] samples = [.. target.Seeds, .. kept];
        long began = Stopwatch.GetTimestamp();
        int inputs = 0;
        for (; Stopwatch.GetElapsedTime(began).TotalSeconds < seconds; inputs++) Try(target, Input(samples, corpus.NextSeed + inputs), $"input {corpus.NextSeed + inputs} of {samples.Length} samples", corpus);
        corpus.Save(corpus.NextSeed + inputs);
        output.WriteLine($"{name}: {inputs:N0} inputs in {seconds:0.0} s, {kept.Length} kept");
        Assert.InRange(inputs, 1, int.MaxValue);
    }

    [Theory]
    [MemberData(nameof(HotNames))]
    public void HotPath_OnAnyInput_AllocatesNothing(string name)
    {
        FuzzTarget target = Targets[name];
        byte[][] inputs = [.. Enumerable.Range(0, 3000).Select(i => Input([.. target.Seeds], i))];

        // What grows with the largest input grows once.
        foreach (byte[] input in inputs) target.HotPath!(input);
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (byte[] input in inputs) target.HotPath!(input);

        // Nothing for an input; a table that holds fragments back may take a page once.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 * 1024);
    }

    private static byte[] Input(byte[][] samples, int number)
    {
        var random = new Random(number);
        byte[] bytes = [.. samples[random.Next(samples.Length)]];
        byte[] other = samples[random.Next(samples.Length)];
        switch (random.Next(10))
        {
            case 0:
                bytes = new byte[random.Next(200)];
                random.NextBytes(bytes);
                return bytes;
            case 1 when bytes.Length > 0:
                // The same piece very often: what is quadratic shows.
                int at = random.Next(bytes.Length), length = Math.Min(random.Next(1, 20), bytes.Length - at);
                return [.. bytes[..at], .. Enumerable.Repeat(bytes[at..(at + length)], random.Next(2, 500)).SelectMany(static piece => piece), .. bytes[(at + length)..]];
            case 2:
                return new Link.FrameMutator(number).Mutate(bytes, other);
            default:
                if (bytes.Length > 0) SipMutation.Apply(ref bytes, random);
                for (int i = random.Next(3); i > 0 && bytes.Length > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                return bytes;
        }
    }

    private static void Try(FuzzTarget target, byte[] input, string which, FuzzCorpus corpus)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long began = Stopwatch.GetTimestamp();
        try
        {
            target.Run([.. input]);
        }
        catch (Exception exception)
        {
            Keep(target.Name, input);
            Assert.Fail($"{target.Name}, {which}, {Convert.ToHexString(input)}: {exception}");
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        corpus.Note(input, elapsed, allocated);
        if (elapsed <= LongestInput && allocated <= target.AllocationBytes + (input.Length * 2000L)) return;
        Keep(target.Name, input);
        Assert.Fail($"{target.Name}, {which}, {input.Length} bytes: {elapsed.TotalSeconds:0.0} s, {allocated:N0} bytes allocated: {Convert.ToHexString(input.AsSpan(0, Math.Min(input.Length, 500)))}");
    }

    private static byte[][] Kept(string name)
    {
        string folder = Checkout.Fixture("fuzz", name);
        return Directory.Exists(folder) ? [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)] : [];
    }

    private static void Keep(string name, byte[] input)
    {
        string folder = Checkout.Fixture("fuzz", name);
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, $"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(input))[..16]}.bin"), input);
    }
}
