using System.Globalization;
using System.Text.RegularExpressions;
using CdrEngine.Benchmarks.Commands;
using CdrEngine.Benchmarks.Processes;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>What a peer left behind.</summary>
/// <param name="File">The capture.</param>
/// <param name="Folder">Folder for its output.</param>
/// <param name="Printed">File with what it printed.</param>
public sealed record PeerOutput(string File, string Folder, string Printed);

/// <summary>What a peer found, in words, and whether it is what the load holds.</summary>
/// <param name="IsRight">Whether it is.</param>
/// <param name="Text">For the table.</param>
public readonly record struct PeerVerdict(bool IsRight, string Text);

/// <summary>Compares what a peer found with the truth.</summary>
public delegate PeerVerdict PeerCheck(PeerOutput output, LoadTruth truth);

/// <summary>What the peers say, read.</summary>
public static partial class PeerChecks
{
    private static readonly TimeSpan CheckLimit = TimeSpan.FromMinutes(2);

    /// <summary>A copy is as long as the capture.</summary>
    public static PeerVerdict Copy(PeerOutput output, LoadTruth truth)
    {
        var copy = new FileInfo(Path.Combine(output.Folder, "copy.pcap"));
        long bytes = copy.Exists ? copy.Length : 0;
        return bytes == truth.Bytes ? new PeerVerdict(true, "every byte") : new PeerVerdict(false, string.Create(CultureInfo.InvariantCulture, $"{bytes:N0} of {truth.Bytes:N0} bytes"));
    }

    /// <summary>Streams and lost packets of <c>tshark -z rtp,streams</c>.</summary>
    public static PeerVerdict TsharkStreams(PeerOutput output, LoadTruth truth)
    {
        (int streams, long lost) = (0, 0);
        foreach (string line in File.ReadLines(output.Printed))
        {
            if (StreamLine().Match(line) is not { Success: true } match) continue;
            streams++;
            lost += long.Parse(match.Groups["lost"].Value, CultureInfo.InvariantCulture);
        }

        return new PeerVerdict(
            streams == truth.Streams && lost == truth.Lost,
            string.Create(CultureInfo.InvariantCulture, $"{streams:N0} of {truth.Streams:N0} streams, {lost:N0} of {truth.Lost:N0} lost"));
    }

    /// <summary>Call-IDs of INVITE transactions, and those of them with a 200: columns Call-ID and status of <c>tshark -T fields</c>.</summary>
    public static PeerVerdict TsharkCalls(PeerOutput output, LoadTruth truth)
    {
        var calls = new HashSet<string>(StringComparer.Ordinal);
        var answered = new HashSet<string>(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(output.Printed))
        {
            string[] fields = line.Split('\t');
            if (fields.Length < 2 || fields[0].Length == 0) continue;

            // Several messages in one TCP segment stand with commas between; they are of one call here.
            string call = fields[0].Split(',')[0];
            calls.Add(call);
            if (fields[1].Split(',').Contains("200", StringComparer.Ordinal)) answered.Add(call);
        }

        return new PeerVerdict(
            calls.Count == truth.Calls && answered.Count == truth.Answered,
            string.Create(CultureInfo.InvariantCulture, $"{calls.Count:N0} of {truth.Calls:N0} calls, {answered.Count:N0} of {truth.Answered:N0} answered"));
    }

    /// <summary>The last count of dialogs that sngrep prints.</summary>
    public static PeerVerdict SngrepDialogs(PeerOutput output, LoadTruth truth) =>
        Calls(DialogCount().Matches(File.ReadAllText(output.Printed)).LastOrDefault() is { } last ? long.Parse(last.Groups[1].Value, CultureInfo.InvariantCulture) : 0, truth);

    /// <summary>A capture for each call in the folder.</summary>
    public static PeerVerdict FilePerCall(PeerOutput output, LoadTruth truth) =>
        Calls(Directory.EnumerateFiles(output.Folder, "*.pcap", SearchOption.AllDirectories).LongCount(), truth);

    /// <summary>A command of the user's, which prints how many calls there were: the last whole number of what it prints counts.</summary>
    /// <param name="command">For /bin/sh; <c>{file}</c>, <c>{out}</c> and <c>{stdout}</c> are put in.</param>
    public static PeerCheck Counting(string command) => (output, truth) =>
    {
        string printed = Path.GetTempFileName();
        try
        {
            ProcessCost cost = MeasuredProcess.Run(SuiteTools.Fill(command, output.File, output.Folder, output.Printed), CheckLimit, CancellationToken.None, printed);
            if (cost.Fault is { } fault) return new PeerVerdict(false, $"check: {fault}");
            return WholeNumber().Matches(File.ReadAllText(printed)).LastOrDefault() is { } last && long.TryParse(last.Value, CultureInfo.InvariantCulture, out long calls)
                ? Calls(calls, truth)
                : throw new BenchException($"'{command}' is to print a number of calls and printed none");
        }
        finally
        {
            File.Delete(printed);
        }
    };

    private static PeerVerdict Calls(long calls, LoadTruth truth) =>
        new(calls == truth.Calls, string.Create(CultureInfo.InvariantCulture, $"{calls:N0} of {truth.Calls:N0} calls"));

    // start end source port destination port 0xSSRC payload packets lost (percent%) …
    [GeneratedRegex(@"^\s*[\d.]+\s+[\d.]+\s+\S+\s+\d+\s+\S+\s+\d+\s+0x[0-9A-Fa-f]+\s+\S.*?\s\d+\s+(?<lost>-?\d+) \(", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StreamLine();

    [GeneratedRegex(@"Dialog count: (\d+)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DialogCount();

    [GeneratedRegex(@"\d+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WholeNumber();
}
