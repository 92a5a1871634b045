using CdrEngine.Core;
using CdrEngine.Protocols.Link;

namespace CdrEngine.Protocols.Pcap;

/// <summary>Reads the packets of one capture, one after another. Used by one thread.</summary>
/// <remarks>Faults are of two kinds. After a soft one reading goes on, for the place of the next packet is certain: <see cref="Fault"/> says
/// what was the first. After a hard one it does not: <see cref="Read"/> gives <see cref="ReadOutcome.Failed"/> from then on.</remarks>
public abstract class CaptureReader
{
    private string? _softFault;
    private long _furtherSoftFaults;
    private string? _hardFault;

    private protected CaptureReader(BlockReader input, CaptureReaderLimits limits)
    {
        Input = input;
        Limits = limits;
    }

    /// <summary>Packets given so far.</summary>
    public long PacketCount { get; private protected set; }

    /// <summary>One line: what was wrong and where (packet number from 1, offset in the unpacked input), or null.</summary>
    public string? Fault
    {
        get
        {
            string? soft = _furtherSoftFaults == 0 ? _softFault : $"{_softFault} (and {_furtherSoftFaults} more like it)";
            if (_hardFault is null) return soft;
            return soft is null ? _hardFault : $"{_hardFault}; before that: {soft}";
        }
    }

    private protected bool HasFailed => _hardFault is not null;

    private protected BlockReader Input { get; }

    private protected CaptureReaderLimits Limits { get; }

    /// <summary>Opens a capture of any kind but gzip; null with a reason for anything else.</summary>
    public static CaptureReader? Open(BlockReader input, CaptureReaderLimits limits, out string? fault)
    {
        input.TryPeek(CaptureMagic.Bytes, out ReadOnlySpan<byte> start);
        switch (CaptureMagic.Recognise(start))
        {
            case CaptureKind.Pcap:
                return PcapReader.Open(input, limits, out fault);
            case CaptureKind.Pcapng:
                fault = null;
                return new PcapngReader(input, limits);
            case CaptureKind.Gzip:
                fault = "is compressed twice, which is not read; unpack it first";
                return null;
            default:
                fault = input.SourceFault is null || !start.IsEmpty ? CaptureMagic.Describe(start) : $"cannot be read: {input.SourceFault}";
                return null;
        }
    }

    /// <summary>Reads the next packet; its bytes stay valid until the next call. Never <see cref="ReadOutcome.Idle"/>.</summary>
    public abstract ReadOutcome Read(out CapturedPacket packet);

    /// <summary>The first fault after which reading went on; set it only where <see cref="IsFirstSoftFault"/>.</summary>
    private protected string? SoftFault
    {
        get => _softFault;
        set => _softFault = value;
    }

    /// <summary>Counts a fault after which reading goes on; only the first is put into words.</summary>
    private protected bool IsFirstSoftFault()
    {
        if (_softFault is null) return true;
        _furtherSoftFaults++;
        return false;
    }

    /// <summary>Notes the fault that ends the reading.</summary>
    private protected ReadOutcome Fail(string fault)
    {
        _hardFault ??= fault;
        return ReadOutcome.Failed;
    }

    /// <summary>The input ended where more was due.</summary>
    private protected ReadOutcome FailCut(string what, long offset, long needed, long left) => Fail(Input.SourceFault is { } fault
        ? $"broke off in {what} at offset {offset}: {fault}"
        : $"cut off in {what} at offset {offset}: {needed} bytes were due, {left} are left");

    private protected void NoteUnknownLinkType(LinkType linkType)
    {
        if (PacketDecoder.Knows(linkType) || !IsFirstSoftFault()) return;
        SoftFault = $"unknown link type {(int)linkType}, from packet {PacketCount + 1} at offset {Input.Position} on: such packets are counted but not decoded";
    }
}
