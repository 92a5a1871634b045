using System.Text.Json;
using CdrEngine.Benchmarks.Storage;

namespace CdrEngine.Benchmarks.Growth;

/// <summary>What was measured of one series.</summary>
/// <param name="Series">Its name.</param>
/// <param name="Commit">Of the program.</param>
/// <param name="LoadAverage">Of the machine, before.</param>
/// <param name="Start">CPU seconds and peak bytes of the program over one call.</param>
/// <param name="Points">Points, the smallest first.</param>
/// <param name="Left">What was left out, and why.</param>
public sealed record GrowthNote(string Series, string Commit, string LoadAverage, (double CpuSeconds, double PeakBytes) Start, IReadOnlyList<GrowthPoint> Points, IReadOnlyList<string> Left)
{
    /// <summary>What else there is to say of it, a paragraph each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}

/// <summary>What a page of growth is made of, in two files beside it: so that it can be measured in several runs, a series at a time, when the machine is free.</summary>
public sealed class GrowthNotes
{
    private static readonly JsonSerializerOptions Json = new() { IncludeFields = true };

    private readonly string? _file;
    private readonly List<GrowthNote> _notes;

    /// <summary>Reads what there is.</summary>
    /// <param name="stem">Beginning of the names of the page's files; null where nothing is kept.</param>
    public GrowthNotes(string? stem)
    {
        _file = stem is null ? null : stem + "-growth.jsonl";
        Stored = stem is null ? null : stem + "-growth-stored.jsonl";
        _notes = _file is not null && File.Exists(_file) ? [.. File.ReadLines(_file).Where(static line => line.Length > 0).Select(static line => JsonSerializer.Deserialize<GrowthNote>(line, Json)!)] : [];
    }

    /// <summary>File of what was measured of stored calls, lines of <see cref="StoredBenchmarks.Read"/>; null where nothing is kept.</summary>
    public string? Stored { get; }

    /// <summary>What was measured of a series; null where nothing was.</summary>
    public GrowthNote? Find(string series) => _notes.Find(note => note.Series == series);

    /// <summary>Keeps what was measured of a series, in place of what was kept of it before.</summary>
    public void Put(GrowthNote note)
    {
        _notes.RemoveAll(old => old.Series == note.Series);
        _notes.Add(note);
        if (_file is not null) File.WriteAllLines(_file, _notes.Select(static one => JsonSerializer.Serialize(one, Json)));
    }
}
