using System.ComponentModel;

namespace CdrEngine.Media.Playout;

/// <summary>What became of the packets of a recording.</summary>
public enum PlayoutCounter
{
    /// <summary>Packets decoded.</summary>
    [Description("Packets decoded")]
    Decoded = 0,

    /// <summary>Packets of streams that another one nearer the speaker stands for.</summary>
    [Description("Packets of streams that another one nearer the speaker stands for")]
    NotHeard = 1,

    /// <summary>Packets seen before.</summary>
    [Description("Packets seen before")]
    Duplicate = 2,

    /// <summary>Packets whose sequence number belongs nowhere.</summary>
    [Description("Packets whose sequence number belongs nowhere")]
    Stray = 3,

    /// <summary>Packets that came after their successors and were put in their place.</summary>
    [Description("Packets that came after their successors and were put in their place")]
    Inserted = 4,

    /// <summary>Packets too late even for a recording.</summary>
    [Description("Packets too late even for a recording")]
    TooLate = 5,

    /// <summary>Packets that never came.</summary>
    [Description("Packets that never came")]
    Lost = 6,

    /// <summary>Packets of digits, comfort noise or repair: time, but no sound.</summary>
    [Description("Packets of digits, comfort noise or repair")]
    NoSound = 7,

    /// <summary>Packets the decoder refused.</summary>
    [Description("Packets the decoder refused")]
    Malformed = 8,

    /// <summary>Packets of a codec without decoder.</summary>
    [Description("Packets of a codec without decoder")]
    Unsupported = 9,

    /// <summary>Holes filled by concealment.</summary>
    [Description("Holes filled by concealment")]
    Concealed = 10,

    /// <summary>Times the line from RTP time to wall time was drawn anew within a segment.</summary>
    [Description("Times the line from RTP time to wall time was drawn anew")]
    Corrected = 11,

    /// <summary>Packets of streams beyond the limit.</summary>
    [Description("Packets of streams beyond the limit")]
    BeyondLimit = 12,
}
