using System.Runtime.InteropServices;
using System.Text;
using CdrEngine.Host;
using CdrEngine.Host.Commands;
using CdrEngine.Host.Service;

// Scripts read what we print, so it is UTF-8 whatever the locale, and buffered: a list of a million calls is a million small writes.
using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), 1 << 16);
using TextWriter error = JournalWriter.Wrap(
    new StreamWriter(Console.OpenStandardError(), new UTF8Encoding(false), 1 << 10) { AutoFlush = true }, Environment.GetEnvironmentVariable);
Console.SetError(error);
using var stop = new CancellationTokenSource();

// The first signal asks for an orderly end, the second is left to the system.
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

return await CommandLine.RunAsync(args, new CommandContext
{
    Parts = new Wiring(),
    Out = output,
    Error = error,
    OpenBinaryOutput = Console.OpenStandardOutput,
    OutIsTerminal = !Console.IsOutputRedirected,
    ErrorIsTerminal = !Console.IsErrorRedirected,
    Width = TerminalWidth(),
    Environment = Environment.GetEnvironmentVariable,
    Time = TimeProvider.System,
    Stop = stop.Token,
});

void Stop(PosixSignalContext signal)
{
    signal.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
}

static int TerminalWidth()
{
    try
    {
        return Console.IsOutputRedirected || Console.WindowWidth <= 0 ? 160 : Console.WindowWidth;
    }
    catch (IOException)
    {
        return 160;
    }
}
