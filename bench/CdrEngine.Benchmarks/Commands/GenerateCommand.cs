using System.CommandLine;
using CdrEngine.Load;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>generate OUT.pcap</c>: a capture of calls that never were and, beside it, the records it must give.</summary>
internal static class GenerateCommand
{
    public static Command Make(TextWriter output)
    {
        var path = new Argument<string>("OUT.pcap") { Description = "File to write; OUT.pcap.expected.jsonl comes beside it." };
        var calls = new Option<int>("--calls") { Description = "Calls.", DefaultValueFactory = static _ => 1000 };
        var rate = new Option<double>("--rate") { Description = "Calls begun each second.", DefaultValueFactory = static _ => 50 };
        var talk = new Option<double>("--talk") { Description = "Mean talk time in seconds.", DefaultValueFactory = static _ => 20 };
        var seed = new Option<ulong>("--seed") { Description = "Seed of every choice.", DefaultValueFactory = static _ => 1 };
        var noRtp = new Option<bool>("--no-rtp") { Description = "Signalling only." };
        var interval = new Option<double>("--rtp-interval") { Description = "Milliseconds between the RTP packets of a stream.", DefaultValueFactory = static _ => 20 };
        var mix = new Option<string?>("--mix")
        {
            Description = $"Shares of scenarios, as CallerHangsUp=60,Busy=10; those not named do not happen. Known: {string.Join(", ", Enum.GetNames<Scenario>())}.",
        };
        var command = new Command("generate", "Write a capture and the records it must give.") { path, calls, rate, talk, seed, noRtp, interval, mix };
        command.SetAction(parsed =>
        {
            var options = new LoadOptions
            {
                Calls = parsed.GetValue(calls),
                CallsPerSecond = parsed.GetValue(rate),
                TalkSeconds = parsed.GetValue(talk),
                Seed = parsed.GetValue(seed),
                Rtp = !parsed.GetValue(noRtp),
                RtpInterval = TimeSpan.FromMilliseconds(parsed.GetValue(interval)),
                Mix = parsed.GetValue(mix) is { } text ? LoadMix.Parse(text) : LoadOptions.DefaultMix,
            };
            if (options.Calls < 1 || !(options.CallsPerSecond > 0) || !(options.TalkSeconds > 0) || options.RtpInterval < TimeSpan.FromMilliseconds(5))
                throw new BenchException("calls, rate and talk time are more than 0, the RTP interval is 5 ms or more");
            string file = parsed.GetRequiredValue(path);
            LoadSummary made = LoadGenerator.WriteFiles(options, file);
            output.WriteLine(
                $"{file}: {made.Packets:N0} packets, {made.SipMessages:N0} SIP messages, {made.RtpPackets:N0} RTP packets, "
                + $"{made.Calls:N0} calls, {made.Registrations:N0} registrations, {new FileInfo(file).Length / 1e6:N1} MB");
            return 0;
        });
        return command;
    }
}
