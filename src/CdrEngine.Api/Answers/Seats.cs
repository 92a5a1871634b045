using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Answers;

/// <summary>Places for work that holds a thread. Whoever finds none waits without one, and is told to come again where that takes too long.</summary>
internal sealed class Seats(int count, TimeSpan longestWait, ApiCounters counters)
{
    private readonly SemaphoreSlim _free = new(count);

    /// <summary>Does the work in a place of its own; else answers 503 with Retry-After.</summary>
    public async Task RunAsync(HttpContext context, Func<Task> work)
    {
        if (!await _free.WaitAsync(longestWait, context.RequestAborted))
        {
            counters.Count(ApiCounter.Busy);
            context.Response.Headers.RetryAfter = "2";
            await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "As many of these as may be are under way; come again in a moment.");
            return;
        }

        try
        {
            await work();
        }
        finally
        {
            _free.Release();
        }
    }
}
