using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace CdrEngine.Engine.Recording;

/// <summary>A thread of low priority that does one piece of work after another. Recordings are made here, so that capture and calls, whose threads
/// have the usual priority, get the processors first.</summary>
internal sealed partial class RecorderThread : IDisposable
{
    /// <summary>Nice value: about a ninth of the processor time of a usual thread where both want it (nice(2)).</summary>
    private const int Niceness = 10;

    private readonly BlockingCollection<Action> _work = new(boundedCapacity: 1);

    public RecorderThread(string name)
    {
        var thread = new Thread(Run) { Name = name, IsBackground = true, Priority = ThreadPriority.BelowNormal };
        thread.Start();
    }

    /// <summary>Runs a function on the thread; the task ends with it.</summary>
    public Task<T> Run<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (OperationCanceledException)
            {
                done.SetCanceled();
            }
            catch (Exception e)
            {
                // The thread's own boundary: whoever waits is told.
                done.SetException(e);
            }
        });
        return done.Task;
    }

    /// <summary>Ends the thread after the work it is at.</summary>
    public void Dispose() => _work.CompleteAdding();

    private void Run()
    {
        // .NET has no thread priorities on Linux; there the nice value is a thread's own, and any thread may raise its own.
        if (OperatingSystem.IsLinux()) _ = SetPriority(which: 0, who: 0, Niceness);
        foreach (Action work in _work.GetConsumingEnumerable()) work();
        _work.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
