using System.CommandLine;

namespace CdrEngine.Host.Commands;

/// <summary><c>bench</c>: the measurements live in <c>bench/</c> with the sources; <c>./cdrengine</c> starts them from there.</summary>
internal static class BenchCommand
{
    public static Command Make()
    {
        var command = new Command("bench", "Generate load and measure. Needs the sources: ./cdrengine bench …")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        command.SetAction(static int (_) =>
            throw new CommandException("the measurements come with the sources: run ./cdrengine bench in a checkout"));
        return command;
    }
}
