using System.Text;
using CdrEngine.Benchmarks.Commands;

// Tables are UTF-8 whatever the locale.
using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = true };
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
};
return await BenchCommands.RunAsync(args, output, Console.Error, stop.Token);
