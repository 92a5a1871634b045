using System.Buffers;
using System.IO.Pipelines;
using CdrEngine.Core;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Answers;

/// <summary>Sends what a synchronous writer writes, in bounded memory: the writer has a thread of its own and is held up while the client is
/// slow.</summary>
internal static class ResponseFeed
{
    private const int HoldAtBytes = 256 * 1024;
    private const int ResumeAtBytes = 128 * 1024;

    private static readonly PipeOptions Options = new(pauseWriterThreshold: HoldAtBytes, resumeWriterThreshold: ResumeAtBytes, useSynchronizationContext: false);

    /// <summary>Runs the writer and returns when everything is sent. What the writer throws comes out here.</summary>
    public static async Task SendAsync(HttpContext context, Action<Stream> write)
    {
        var pipe = new Pipe(Options);
        Task producer = Task.Run(() => Produce(pipe.Writer, write));
        try
        {
            await pipe.Reader.CopyToAsync(context.Response.BodyWriter, context.RequestAborted);
        }
        finally
        {
            // Where the client went away this ends the writer too: its next flush is told that nobody reads.
            await pipe.Reader.CompleteAsync();
            await producer;
        }
    }

    private static void Produce(PipeWriter writer, Action<Stream> write)
    {
        try
        {
            using var stream = new FeedStream(writer);
            write(stream);
            stream.Flush();
            writer.Complete();
        }
        catch (Exception e)
        {
            // The thread's own boundary: the reader's side rethrows it.
            writer.Complete(e);
        }
    }

    /// <summary>A stream to write to, over a pipe.</summary>
    private sealed class FeedStream(PipeWriter writer) : WriteOnlyStream
    {
        private const int FlushAtBytes = 32 * 1024;

        private int _waiting;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            while (!buffer.IsEmpty)
            {
                ReadOnlySpan<byte> part = buffer[..Math.Min(buffer.Length, FlushAtBytes)];
                writer.Write(part);
                buffer = buffer[part.Length..];
                _waiting += part.Length;
                if (_waiting >= FlushAtBytes) Flush();
            }
        }

        public override void Flush()
        {
            _waiting = 0;
            ValueTask<FlushResult> flush = writer.FlushAsync();
            FlushResult result = flush.IsCompletedSuccessfully ? flush.Result : flush.AsTask().GetAwaiter().GetResult();
            if (result.IsCompleted || result.IsCanceled) throw new OperationCanceledException("the client went away");
        }
    }
}
