using CdrEngine.Host.Commands;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;
using Spectre.Console;

namespace CdrEngine.Host.Progress;

/// <summary>Shows an import on standard error while it runs: a bar on a terminal, otherwise a line a second.</summary>
internal static class ProgressDisplay
{
    private const int BarMilliseconds = 100;
    private const int LineMilliseconds = 1000;

    /// <summary>Returns when the import has ended, however it ended.</summary>
    public static void Follow(IImportRunner runner, Task import, CommandContext context)
    {
        var meter = new ProgressMeter(context.Time);
        if (context.ErrorIsTerminal) Bar(runner, import, meter, context);
        else Lines(runner, import, meter, context);
    }

    private static void Lines(IImportRunner runner, Task import, ProgressMeter meter, CommandContext context)
    {
        while (!Ended(import, LineMilliseconds)) context.Error.WriteLine(meter.See(runner.Progress).Line());
    }

    private static void Bar(IImportRunner runner, Task import, ProgressMeter meter, CommandContext context)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            Interactive = InteractionSupport.Yes,
            ColorSystem = string.IsNullOrEmpty(context.Environment("NO_COLOR")) ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(context.Error),
        });
        console.Profile.Width = Math.Max(40, context.Width);
        console.Progress()
            .AutoClear(true)
            .HideCompleted(false)
            .Columns(new ProgressBarColumn { Width = 30 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(shown =>
            {
                ProgressTask task = shown.AddTask("reading", maxValue: 1);
                do
                {
                    ProgressView view = meter.See(runner.Progress);
                    task.IsIndeterminate = view.Fraction is null;
                    task.Value = view.Fraction ?? 0;
                    string file = view.Progress.CurrentFile is { } path ? "  " + WireText.Fit(WireText.Escape(Path.GetFileName(path)), 24) : "";
                    task.Description = Markup.Escape(view.Figures() + file);
                }
                while (!Ended(import, BarMilliseconds));
            });
    }

    // Waits without throwing: the caller takes the result or the exception.
    private static bool Ended(Task task, int milliseconds) => ((IAsyncResult)task).AsyncWaitHandle.WaitOne(milliseconds);
}
