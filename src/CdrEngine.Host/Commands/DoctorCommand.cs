using System.CommandLine;
using CdrEngine.Host.Diagnosis;

namespace CdrEngine.Host.Commands;

/// <summary><c>doctor</c>: what this machine lacks.</summary>
internal static class DoctorCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        var command = new Command(
            "doctor", "Say what is missing: capture rights, libraries, memory, clock, disk. Exit code 1 where capture would fail.");
        command.SetAction(parsed =>
        {
            IReadOnlyList<Finding> findings = Doctor.Examine(flags.Settings(parsed));
            foreach (string line in FindingsText.Lines(findings, context.Colour)) context.Out.WriteLine(line);
            return findings.Any(static finding => finding.State == FindingState.Fails) ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }
}
