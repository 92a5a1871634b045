using System.CommandLine;
using System.Globalization;
using CdrEngine.Benchmarks.Live;
using CdrEngine.Benchmarks.Suite;
using CdrEngine.TestKit;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>live</c>: how many frames a second a veth pair brings without a loss, to us and to others, in turns.</summary>
internal static class LiveCommand
{
    private const string Near = "ba";
    private const string Far = "bb";

    public static Command Make(TextWriter output)
    {
        var rates = new Option<int[]>("--rate")
        {
            Description = "Frames a second to try, rising; may be given again.",
            DefaultValueFactory = static _ => [100_000, 150_000, 200_000, 250_000, 300_000, 350_000, 400_000, 450_000, 500_000, 600_000],
        };
        var seconds = new Option<double>("--seconds") { Description = "How long each rate is sent.", DefaultValueFactory = static _ => 3 };
        var rounds = new Option<int>("--rounds") { Description = "How often all is done; a rate counts as taken where every round took it.", DefaultValueFactory = static _ => 2 };
        var command = new Command("live", "Replay calls into a veth pair at rising rates: the highest without a drop, beside tcpdump and sngrep.") { rates, seconds, rounds };
        command.SetAction((parsed, stop) => Task.FromResult(Run(
            parsed.GetRequiredValue(rates), TimeSpan.FromSeconds(parsed.GetValue(seconds)), Math.Max(1, parsed.GetValue(rounds)), output, stop)));
        return command;
    }

    private static int Run(int[] rates, TimeSpan time, int rounds, TextWriter output, CancellationToken stop)
    {
        if (NetworkNamespace.Missing is { } missing) throw new BenchException(missing);
        IReadOnlyList<LiveReceiver> all = LiveReceiver.All(Far);
        LiveReceiver[] receivers = [.. all.Where(static receiver => receiver.IsHere)];
        foreach (LiveReceiver absent in all.Except(receivers)) output.WriteLine($"not here, left out: {absent.Name}");
        using FrameFlood flood = FrameFlood.Make((int)(rates.Max() * time.TotalSeconds * 1.05));
        using var network = new NetworkNamespace();
        network.AddPair(Near, Far);
        output.WriteLine($"{flood.Count:N0} frames of generated calls; {Texts.Processor()}, load average {Texts.LoadAverage()}");
        output.WriteLine($"| frames/s asked | sent | {string.Join(" | ", receivers.Select(static receiver => receiver.Name))} |");
        output.WriteLine($"|--:|--:|{string.Concat(receivers.Select(static _ => "--:|"))}");
        int[] taken = new int[receivers.Length];
        bool[] isOver = new bool[receivers.Length];
        foreach (int rate in rates)
        {
            // In turns, so that whatever else the machine does hits all alike.
            long[] lost = new long[receivers.Length];
            bool[] isKnown = new bool[receivers.Length];
            double[] cpu = new double[receivers.Length];
            double sentRate = 0;
            int sends = 0;
            for (int round = 0; round < rounds; round++)
            {
                for (int i = 0; i < receivers.Length; i++)
                {
                    if (isOver[i] || stop.IsCancellationRequested) continue;
                    (int Sent, TimeSpan Elapsed) sent = default;
                    (long? drops, TimeSpan used) = receivers[i].Run(network.Name, () => (sent = network.Run(() => flood.Send(Near, rate, time))).Sent);
                    isKnown[i] = drops is not null;
                    lost[i] = Math.Max(lost[i], drops ?? 0);
                    cpu[i] += used.TotalMicroseconds / sent.Sent / rounds;
                    sentRate += sent.Sent / sent.Elapsed.TotalSeconds;
                    sends++;
                }
            }

            if (sends == 0) break;
            sentRate /= sends;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {rate:N0} | {sentRate:N0} | {string.Join(" | ", receivers.Select((_, i) => Cell(i)))} |"));
            for (int i = 0; i < receivers.Length; i++)
            {
                if (isOver[i] || !isKnown[i]) continue;
                if (lost[i] == 0) taken[i] = (int)Math.Min(rate, sentRate);
                else isOver[i] = true;
            }

            // More than the sender can give is no rate.
            if (sentRate < rate * 0.95) break;

            string Cell(int i) => isOver[i] ? "-"
                : !isKnown[i] ? "does not say"
                : string.Create(CultureInfo.InvariantCulture, $"{(lost[i] == 0 ? "none lost" : $"{lost[i]:N0} lost")}, {cpu[i]:N2} us");
        }

        output.WriteLine();
        output.WriteLine("| receiver | highest rate without a drop | of tcpdump -w /dev/null |");
        output.WriteLine("|---|--:|--:|");
        for (int i = 0; i < receivers.Length; i++)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {receivers[i].Name} | {taken[i]:N0} | {(taken[0] == 0 ? 0 : 100.0 * taken[i] / taken[0]):N0} % |"));
        return 0;
    }
}
