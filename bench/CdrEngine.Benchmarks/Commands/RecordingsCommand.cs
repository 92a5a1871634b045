using System.CommandLine;
using System.Globalization;
using CdrEngine.Benchmarks.Media;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>recordings FOLDER</c>: a recording of every answered call of a data folder, and the encoder's share.</summary>
internal static class RecordingsCommand
{
    public static Command Make(TextWriter output)
    {
        var folder = new Argument<string>("FOLDER") { Description = "Data folder of an import with a packet log. The recordings are kept there." };
        var format = new Option<string>("--format") { Description = "wav or mp3.", DefaultValueFactory = static _ => "mp3" };
        format.AcceptOnlyFromAmong("wav", "mp3");
        var most = new Option<int>("--most") { Description = "At most so many calls.", DefaultValueFactory = static _ => int.MaxValue };
        var command = new Command("recordings", "Make a recording of every answered call of a data folder and print what it took.") { folder, format, most };
        command.SetAction((parsed, stop) =>
        {
            RecordingKind kind = parsed.GetValue(format) == "wav" ? RecordingKind.Wav : RecordingKind.Mp3;
            RecordingFigures made = RecordingRun.Make(parsed.GetRequiredValue(folder), kind, parsed.GetValue(most), stop);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{made.Made:N0} recordings, {made.Sound.TotalMinutes:N1} min of sound, {made.Cpu.TotalSeconds:N2} s CPU ({made.Sound.TotalMinutes / made.Cpu.TotalSeconds:N1} min a CPU second)"));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{GC.GetTotalAllocatedBytes() / 1e6:N0} MB allocated, {GC.CollectionCount(0)} collections"));
            if (kind == RecordingKind.Mp3) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"libmp3lame: {made.EncoderCpu.TotalSeconds:N2} s, {made.EncoderShare:P1} of it"));
            return Task.FromResult(0);
        });
        return command;
    }
}
