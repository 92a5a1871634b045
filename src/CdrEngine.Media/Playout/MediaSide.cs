namespace CdrEngine.Media.Playout;

/// <summary>Whose voice it is.</summary>
public enum MediaSide : byte
{
    /// <summary>The caller's: left.</summary>
    Caller = 0,

    /// <summary>The callee's: right.</summary>
    Callee = 1,
}
