using System.Globalization;
using System.Security.Cryptography;

namespace CdrEngine.Fuzz.Every;

/// <summary>Inputs of one target that cost more than all before them, kept from run to run; empty and forgetful where no folder is given.</summary>
internal sealed class FuzzCorpus
{
    private const int MostKept = 24;
    private const int LongestKept = 8 * 1024;

    // An input that costs half as much again as the dearest is another kind of input; less is noise of the clock.
    private const double Dearer = 1.5;
    private const string SeedFile = "next-seed";

    private readonly string? _folder;
    private readonly Queue<byte[]> _found = new();
    private double _mostTime;
    private double _mostBytes;

    private FuzzCorpus(string? folder, byte[][] inputs, int nextSeed)
    {
        _folder = folder;
        Inputs = inputs;
        NextSeed = nextSeed;
    }

    /// <summary>What earlier runs kept.</summary>
    public IReadOnlyList<byte[]> Inputs { get; }

    /// <summary>The seed to begin with.</summary>
    public int NextSeed { get; }

    /// <summary>Opens that of a target.</summary>
    /// <param name="root">Folder of all targets; null for none.</param>
    /// <param name="name">The target.</param>
    public static FuzzCorpus Open(string? root, string name)
    {
        if (string.IsNullOrEmpty(root)) return new FuzzCorpus(null, [], 0);
        string folder = Path.Combine(root, name);
        if (!Directory.Exists(folder)) return new FuzzCorpus(folder, [], 0);
        string seed = Path.Combine(folder, SeedFile);
        int next = File.Exists(seed) && int.TryParse(File.ReadAllText(seed), NumberStyles.None, CultureInfo.InvariantCulture, out int known) ? known : 0;
        return new FuzzCorpus(folder, [.. Directory.GetFiles(folder, "*.bin").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)], next);
    }

    /// <summary>Notes what an input cost.</summary>
    public void Note(byte[] input, TimeSpan elapsed, long allocated)
    {
        if (_folder is null || input.Length is 0 or > LongestKept) return;
        double time = elapsed.TotalMicroseconds / input.Length, bytes = (double)allocated / input.Length;
        if (time <= _mostTime * Dearer && bytes <= _mostBytes * Dearer) return;
        (_mostTime, _mostBytes) = (Math.Max(_mostTime, time), Math.Max(_mostBytes, bytes));
        if (_found.Count == MostKept) _found.Dequeue();
        _found.Enqueue(input);
    }

    /// <summary>Keeps the dearest of this run and of those before, as many as may be, and where to go on.</summary>
    public void Save(int nextSeed)
    {
        if (_folder is null) return;
        Directory.CreateDirectory(_folder);
        byte[][] all = [.. Inputs.Concat(_found).DistinctBy(NameOf).TakeLast(MostKept)];
        HashSet<string> names = [.. all.Select(NameOf)];
        foreach (string path in Directory.GetFiles(_folder, "*.bin").Where(path => !names.Contains(Path.GetFileName(path)))) File.Delete(path);
        foreach (byte[] input in all) File.WriteAllBytes(Path.Combine(_folder, NameOf(input)), input);
        File.WriteAllText(Path.Combine(_folder, SeedFile), nextSeed.ToString(CultureInfo.InvariantCulture));
    }

    private static string NameOf(byte[] input) => $"{Convert.ToHexStringLower(SHA256.HashData(input))[..16]}.bin";
}
