using System.Globalization;
using System.Text;
using CdrEngine.Replay;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>The engine measured layer upon layer in one warm process, so that the slow one shows.</summary>
internal static class Layers
{
    private static readonly (string Name, ReplayOptions Options)[] Stack =
    [
        ("read", new ReplayOptions { Depth = ReplayDepth.Read }),
        ("+ decode", new ReplayOptions { Depth = ReplayDepth.Decode }),
        ("+ calls and streams", new ReplayOptions()),
        ("+ records into SQLite", new ReplayOptions { Records = true }),
        ("+ packet log", new ReplayOptions { Records = true, Log = true }),
    ];

    /// <summary>A table of processor time and allocation for each packet: the median of <paramref name="runs"/> after one that warms up.</summary>
    public static string Measure(string capture, int runs, CancellationToken stop)
    {
        var text = new StringBuilder();
        text.Append("| layer | CPU ns/packet | packets/CPU s | SIP messages/CPU s | bytes allocated/packet | collector held all, ms |\n");
        text.Append("|---|--:|--:|--:|--:|--:|\n");
        foreach ((string name, ReplayOptions options) in Stack)
        {
            EngineReplay.Run([capture], options);
            var all = new List<ReplayFigures>();
            for (int run = 0; run < runs; run++)
            {
                stop.ThrowIfCancellationRequested();
                all.Add(EngineReplay.Run([capture], options));
            }

            ReplayFigures median = all.OrderBy(static figures => figures.Cpu).ElementAt(all.Count / 2);
            string sip = median.SipMessages == 0 ? "" : median.SipMessagesPerCpuSecond.ToString("N0", CultureInfo.InvariantCulture);
            text.Append(string.Create(CultureInfo.InvariantCulture, $"| {name} | {median.CpuNanosecondsPerPacket:N1} | {median.Packets / median.Cpu.TotalSeconds:N0} "));
            text.Append(string.Create(CultureInfo.InvariantCulture, $"| {sip} | {median.AllocatedBytesPerPacket:N1} | {median.Paused.TotalMilliseconds:N0} |\n"));
        }

        return text.ToString();
    }
}
