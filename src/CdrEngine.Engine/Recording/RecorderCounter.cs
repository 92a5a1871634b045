using System.ComponentModel;

namespace CdrEngine.Engine.Recording;

/// <summary>What making recordings counts.</summary>
public enum RecorderCounter
{
    /// <summary>Made.</summary>
    [Description("recordings made")]
    Made,

    /// <summary>Nothing to record.</summary>
    [Description("calls with nothing to record, or that may not be")]
    Nothing,

    /// <summary>Failed.</summary>
    [Description("recordings that failed")]
    Failed,

    /// <summary>Other forms.</summary>
    [Description("other forms of recordings made (WAV, mono, peaks)")]
    Forms,

    /// <summary>Tried again.</summary>
    [Description("failed recordings tried again by themselves")]
    Retried,

    /// <summary>Refused.</summary>
    [Description("requests for recordings refused because the queue was full")]
    Busy,

    /// <summary>Left in the store.</summary>
    [Description("calls to be recorded that wait in the store because the queue was full")]
    Overflowed,

    /// <summary>Stopped.</summary>
    [Description("recordings given up because the program ended; they are taken up again")]
    Stopped,

    /// <summary>Bytes.</summary>
    [Description("bytes of recordings written")]
    Bytes,
}
