namespace CdrEngine.Core;

/// <summary>What one attempt to read from a source gave.</summary>
public enum ReadOutcome : byte
{
    /// <summary>A packet.</summary>
    Packet,

    /// <summary>Nothing now; try again later (live sources only).</summary>
    Idle,

    /// <summary>The source ended in good order.</summary>
    End,

    /// <summary>The source ended early or is no capture; <see cref="IPacketSource.Fault"/> says why. What was read before is good.</summary>
    Failed,
}

/// <summary>Where packets come from: a capture file, an interface, a HEP listener. Used by one thread.</summary>
public interface IPacketSource : IDisposable
{
    /// <summary>Name as shown in records and statistics: a file's path as it was given, an interface's name.</summary>
    string Name { get; }

    /// <summary>One line saying what was wrong with the source and where, or null. Kept after a soft fault too.</summary>
    string? Fault { get; }

    /// <summary>Bytes of the input consumed so far; for progress.</summary>
    long Position { get; }

    /// <summary>Bytes of the input in all, or -1 where unknown (standard input, live).</summary>
    long Length { get; }

    /// <summary>Reads the next packet; its bytes stay valid until the next call.</summary>
    ReadOutcome Read(out CapturedPacket packet);
}
