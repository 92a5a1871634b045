using CdrEngine.Calls.Records;

namespace CdrEngine.Api.Dialects.Common;

/// <summary>Which calls have a recording in the eyes of a client that knows only yes and no.</summary>
internal static class Sound
{
    /// <summary>True where the recording is there or being made, or would be made when asked for: an answered call with audio of which nothing says
    /// that it cannot be.</summary>
    /// <param name="call">The record.</param>
    /// <param name="makes">Whether recordings are made when asked for.</param>
    public static bool Of(CallRecord call, bool makes) => call.Recording.State switch
    {
        RecordingState.Available or RecordingState.Pending => true,
        RecordingState.None => makes && call.Recording.Reason is null && call.AnsweredAt is not null && call.Streams.Any(static stream => stream.Packets > 0),
        _ => false,
    };
}
