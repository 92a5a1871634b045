using CdrEngine.Core;

namespace CdrEngine.Calls;

/// <summary>Where and when a SIP message was seen.</summary>
/// <param name="At">Capture time of the packet that completed the message.</param>
/// <param name="Source">Sender.</param>
/// <param name="Destination">Receiver.</param>
/// <param name="Transport">How it travelled.</param>
/// <param name="CaptureSource">Name of the source that saw it.</param>
/// <param name="Truncated">True where the capture cut a packet of it.</param>
public readonly record struct MessageContext(
    Timestamp At, Endpoint Source, Endpoint Destination, Transport Transport, string CaptureSource = "", bool Truncated = false);
