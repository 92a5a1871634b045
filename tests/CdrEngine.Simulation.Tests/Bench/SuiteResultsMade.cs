using CdrEngine.Benchmarks.Processes;
using CdrEngine.Benchmarks.Suite;

namespace CdrEngine.Simulation.Tests.Bench;

/// <summary>Results that nobody measured.</summary>
internal static class SuiteResultsMade
{
    public static SuiteRun Run(double cpuSeconds, int peakMegabytes) => new(new ProcessCost
    {
        Elapsed = TimeSpan.FromSeconds(cpuSeconds * 2),
        Cpu = TimeSpan.FromSeconds(cpuSeconds),
        PeakBytes = peakMegabytes * 1_000_000L,
        WrittenBytes = 0,
    });

    public static ToolResult Tool(string name, bool ours, params SuiteRun[] runs) => new() { Tool = name, IsOurs = ours, Runs = runs };

    public static LoadResult LoadOf(string name, params ToolResult[] tools) => new()
    {
        Name = name,
        Description = "a load",
        Packets = 1000,
        SipMessages = 500,
        RtpPackets = 400,
        Calls = 20,
        MostConcurrent = 10,
        Bytes = 1_000_000,
        Tools = tools,
    };
}
