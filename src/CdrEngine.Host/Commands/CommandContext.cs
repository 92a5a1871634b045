using CdrEngine.Host.Parts;

namespace CdrEngine.Host.Commands;

/// <summary>What surrounds a command: where it prints, what it may use, when it stops.</summary>
internal sealed class CommandContext
{
    public required IParts Parts { get; init; }

    /// <summary>Standard output: what was asked for.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Standard error: progress, faults, errors.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Standard output for bytes.</summary>
    public required Func<Stream> OpenBinaryOutput { get; init; }

    public required bool OutIsTerminal { get; init; }

    public required bool ErrorIsTerminal { get; init; }

    /// <summary>Characters of a line of the terminal; a generous guess where there is none.</summary>
    public required int Width { get; init; }

    public required Func<string, string?> Environment { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Fires when the user or the system asks to stop.</summary>
    public required CancellationToken Stop { get; init; }

    /// <summary>Colours on a terminal, unless NO_COLOR (https://no-color.org) is set.</summary>
    public bool Colour => OutIsTerminal && string.IsNullOrEmpty(Environment("NO_COLOR"));
}

/// <summary>Ends a command with one line on standard error.</summary>
internal sealed class CommandException(string message, int exitCode = ExitCode.Failure) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}

/// <summary>Exit codes; others' scripts rely on them.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>Not done: wrong usage or settings, nothing with that id, capture would fail (doctor).</summary>
    public const int Failure = 1;

    /// <summary>Done, but a file given was no capture or could not be read (import, run).</summary>
    public const int UnreadableFile = 2;
}
