using CdrEngine.Benchmarks.Processes;
using CdrEngine.Load;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>What a load must give, and how large it is.</summary>
public sealed record LoadTruth
{
    /// <summary>Calls.</summary>
    public required int Calls { get; init; }

    /// <summary>Answered ones among them.</summary>
    public int Answered { get; init; }

    /// <summary>RTP streams.</summary>
    public int Streams { get; init; }

    /// <summary>RTP packets lost before the capture point.</summary>
    public long Lost { get; init; }

    /// <summary>Seconds from answer to end of all answered calls that have streams: what there is to record.</summary>
    public double SoundSeconds { get; init; }

    /// <summary>Calls there is something to record of.</summary>
    public int Recordable { get; init; }

    /// <summary>Most calls open at one instant.</summary>
    public int MostConcurrent { get; init; }

    /// <summary>Bytes of the capture.</summary>
    public long Bytes { get; init; }

    /// <summary>Packets of the capture.</summary>
    public long Packets { get; init; }

    /// <summary>How what lies in a data folder differs from what must: null where it does not, else one line.</summary>
    public Func<string, string?> Differences { get; init; } = static _ => null;

    /// <summary>The truth about calls.</summary>
    public static LoadTruth Of(IEnumerable<ExpectedCall> expected)
    {
        ExpectedCall[] calls = [.. expected];
        ExpectedCall[] recordable = [.. calls.Where(static call => call.AnsweredAt is not null && call.Streams.Count > 0)];
        return new LoadTruth
        {
            Calls = calls.Length,
            Answered = calls.Count(static call => call.AnsweredAt is not null),
            Streams = calls.Sum(static call => call.Streams.Count),
            Lost = calls.Sum(static call => call.Streams.Sum(static stream => stream.Lost)),
            SoundSeconds = recordable.Sum(static call => ((call.EndedAt ?? call.AnsweredAt!.Value) - call.AnsweredAt!.Value) / 1e6),
            Recordable = recordable.Length,
            MostConcurrent = LoadShape.MostConcurrent(calls),
        };
    }

    /// <summary>Writes a load and tells its truth. Beside the capture lies what must come of its calls.</summary>
    public static (LoadSummary Made, LoadTruth Truth) Write(SuiteLoad load, string capture)
    {
        if (load.Desk is { } desk)
        {
            ExpectedDesk told;
            using (FileStream pcap = File.Create(capture)) told = DeskLoad.Write(desk, pcap);

            // All of it is SIP over UDP in one packet each; the last one only tells the time.
            var made = new LoadSummary(told.Packets, told.Packets, 0, 0, told.Devices.Count);
            return (made, new LoadTruth { Calls = 0, Bytes = new FileInfo(capture).Length, Packets = told.Packets, Differences = data => DeskTruth.Differences(data, told) });
        }

        LoadSummary summary = LoadGenerator.WriteFiles(load.Calls!, capture);
        LoadTruth truth = Of(File.ReadLines(capture + ".expected.jsonl").Select(ExpectedCall.FromJson));
        return (summary, truth with { Bytes = new FileInfo(capture).Length, Packets = summary.Packets, Differences = data => ImportProcess.Differences(data, capture) });
    }
}
