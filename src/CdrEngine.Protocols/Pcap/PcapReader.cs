using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Pcap;

/// <summary>Reads pcap files (draft-ietf-opsawg-pcap): microseconds or nanoseconds, either byte order, and the modified variant with longer
/// record headers.</summary>
public sealed class PcapReader : CaptureReader
{
    private const int FileHeaderBytes = 24;
    private const int RecordHeaderBytes = 16;
    private const int ModifiedRecordHeaderBytes = 24;

    private readonly bool _isSwapped;
    private readonly bool _isNanoseconds;
    private readonly int _majorVersion;
    private readonly int _minorVersion;
    private readonly int _recordHeaderBytes;
    private readonly LinkType _linkType;

    private PcapReader(BlockReader input, CaptureReaderLimits limits, ReadOnlySpan<byte> header)
        : base(input, limits)
    {
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(header);
        _isSwapped = !CaptureMagic.IsPcap(magic);
        if (_isSwapped) magic = BinaryPrimitives.ReverseEndianness(magic);
        _isNanoseconds = magic == CaptureMagic.PcapNanoseconds;
        _recordHeaderBytes = magic == CaptureMagic.PcapModified ? ModifiedRecordHeaderBytes : RecordHeaderBytes;
        _majorVersion = _isSwapped ? BinaryPrimitives.ReadUInt16BigEndian(header[4..]) : BinaryPrimitives.ReadUInt16LittleEndian(header[4..]);
        _minorVersion = _isSwapped ? BinaryPrimitives.ReadUInt16BigEndian(header[6..]) : BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        _linkType = (LinkType)(ushort)Word(header, 20); // the upper half holds the length of the frame check sequence
    }

    /// <summary>Opens at the file header; null with a reason where that is cut or of a version nobody wrote.</summary>
    public static new PcapReader? Open(BlockReader input, CaptureReaderLimits limits, out string? fault)
    {
        if (!input.TryPeek(FileHeaderBytes, out ReadOnlySpan<byte> header))
        {
            fault = $"cut off in the file header: {FileHeaderBytes} bytes were due, {header.Length} are there";
            return null;
        }

        var reader = new PcapReader(input, limits, header);
        if (reader._majorVersion != 2)
        {
            fault = $"is a pcap of version {reader._majorVersion}.{reader._minorVersion}, only 2.x is known";
            return null;
        }

        input.Advance(FileHeaderBytes);
        reader.NoteUnknownLinkType(reader._linkType);
        fault = null;
        return reader;
    }

    /// <inheritdoc />
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override ReadOutcome Read(out CapturedPacket packet)
    {
        packet = default;
        if (!Input.TryPeek(_recordHeaderBytes, out ReadOnlySpan<byte> header)) return EndOrCut(header.Length);
        uint seconds = Word(header, 0);
        uint fraction = Word(header, 4);
        uint captured = Word(header, 8);
        uint original = Word(header, 12);
        // Versions before 2.3 wrote the two lengths the other way round; some writers of 2.3 did, some did not.
        if (_minorVersion < 3 || (_minorVersion == 3 && captured > original)) (captured, original) = (original, captured);
        if (captured > (uint)Limits.MaxCapturedBytes)
        {
            return FailLength(captured);
        }

        int whole = _recordHeaderBytes + (int)captured;
        if (!Input.TryPeek(whole, out ReadOnlySpan<byte> record)) return FailCutRecord(whole, record.Length);
        if (original < captured || original > int.MaxValue) original = CorrectOriginal(captured, original);
        PacketCount++;
        Input.Advance(whole);
        uint microseconds = fraction;
        uint remainder = 0;
        if (_isNanoseconds) (microseconds, remainder) = Math.DivRem(fraction, 1000u);
        packet = new CapturedPacket
        {
            CapturedAt = Timestamp.FromUnix(seconds, microseconds),
            NanosecondRemainder = (ushort)remainder,
            LinkType = _linkType,
            OriginalLength = (int)original,
            Bytes = record[_recordHeaderBytes..],
        };
        return ReadOutcome.Packet;
    }

    // Faults are told apart from what every packet passes: their texts would be compiled, and what holds them cleared, with it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private ReadOutcome FailLength(uint captured) =>
        Fail($"wrong length in packet {PacketCount + 1} at offset {Input.Position}: {captured} captured bytes, the limit is {Limits.MaxCapturedBytes}");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ReadOutcome FailCutRecord(int needed, int left) => FailCut($"packet {PacketCount + 1}", Input.Position, needed, left);

    private ReadOutcome EndOrCut(int left)
    {
        if (left == 0 && Input.SourceFault is null) return ReadOutcome.End;
        return FailCut($"the header of packet {PacketCount + 1}", Input.Position, _recordHeaderBytes, left);
    }

    private uint CorrectOriginal(uint captured, uint original)
    {
        if (IsFirstSoftFault())
        {
            SoftFault = $"wrong length in packet {PacketCount + 1} at offset {Input.Position}: {captured} bytes captured of {original}; the captured length was used";
        }

        return captured;
    }

    private uint Word(ReadOnlySpan<byte> bytes, int offset) => _isSwapped
        ? BinaryPrimitives.ReadUInt32BigEndian(bytes[offset..])
        : BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);
}
