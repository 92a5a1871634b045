namespace CdrEngine.Core;

/// <summary>The three answers of every parser: a value, need more, malformed with a reason.</summary>
public enum ParseOutcome : byte
{
    /// <summary>A whole message was read.</summary>
    Message,

    /// <summary>The input ends before the message does; nothing was consumed.</summary>
    NeedMore,

    /// <summary>The input can never become a message; a reason is given beside.</summary>
    Malformed,
}
