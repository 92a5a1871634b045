using System.Buffers.Binary;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Pcap;

/// <summary>Reads pcapng files (draft-ietf-opsawg-pcapng): sections of either byte order, any number of interfaces, enhanced, simple and
/// obsolete packet blocks. All other blocks and all comments are stepped over.</summary>
/// <remarks>A damaged block (its two lengths differ) loses the rest of its section: reading goes on at the next section header, the only
/// place in the format that can be told by its bytes alone. Interfaces are numbered through all sections. A simple packet block has no
/// time: it gets that of the packet before it.</remarks>
public sealed class PcapngReader : CaptureReader
{
    private const uint InterfaceDescription = 1;
    private const uint ObsoletePacket = 2;
    private const uint SimplePacket = 3;
    private const uint EnhancedPacket = 6;
    private const int LeastBlockBytes = 12;
    private const int MaxOptionBytes = 256 * 1024;

    private static readonly byte[] SectionHeaderBytes = [0x0A, 0x0D, 0x0D, 0x0A];

    private readonly List<PcapngInterface> _interfaces = [];
    private int _sectionBase; // index of the section's first interface
    private int _overflowInterfaces;
    private bool _isBigEndian;
    private Timestamp _lastAt;

    internal PcapngReader(BlockReader input, CaptureReaderLimits limits)
        : base(input, limits)
    {
    }

    /// <inheritdoc />
    public override ReadOutcome Read(out CapturedPacket packet)
    {
        while (true)
        {
            packet = default;
            if (!Input.TryPeek(8, out ReadOnlySpan<byte> start)) return EndOrCut(start.Length);
            uint type = Word(start, 0);
            if (type == CaptureMagic.SectionHeader)
            {
                if (!TryBeginSection(out ReadOutcome fault)) return fault;
                continue;
            }

            uint length = Word(start, 4);
            long next = Input.Position + length;
            if (length < LeastBlockBytes)
            {
                if (!TryResume($"wrong length in the block at offset {Input.Position} (after packet {PacketCount}): {length} bytes", out ReadOutcome lost)) return lost;
                continue;
            }

            bool isPacket = type is EnhancedPacket or SimplePacket or ObsoletePacket;
            if (!(isPacket || type == InterfaceDescription) || length > (uint)Limits.MaxCapturedBytes + MaxOptionBytes)
            {
                if (isPacket && IsFirstSoftFault()) SoftFault = $"packet block at offset {Input.Position} (after packet {PacketCount}) of {length} bytes was skipped: above the limit";
                if (!TrySkipBlock(length, out ReadOutcome fault)) return fault;
                continue;
            }

            if (!Input.TryPeek((int)length, out ReadOnlySpan<byte> block)) return FailCut($"the block after packet {PacketCount}", Input.Position, length, block.Length);
            if (Word(block, (int)length - 4) != length)
            {
                string damage = $"wrong length in the block at offset {Input.Position} (after packet {PacketCount}): {length} at its start, {Word(block, (int)length - 4)} at its end";
                if (!TryResume(damage, out ReadOutcome lost)) return lost;
                continue;
            }

            ReadOnlySpan<byte> body = block[8..^4];
            bool isGiven = false;
            switch (type)
            {
                case InterfaceDescription:
                    AddInterface(body);
                    break;
                case EnhancedPacket:
                    isGiven = TryEnhancedPacket(body, out packet);
                    break;
                case SimplePacket:
                    isGiven = TrySimplePacket(body, out packet);
                    break;
                default:
                    isGiven = TryObsoletePacket(body, out packet);
                    break;
            }

            Input.Advance((int)(next - Input.Position));
            if (isGiven)
            {
                PacketCount++;
                _lastAt = packet.CapturedAt;
                return ReadOutcome.Packet;
            }
        }
    }

    private ReadOutcome EndOrCut(int left)
    {
        if (HasFailed) return ReadOutcome.Failed;
        if (left == 0 && Input.SourceFault is null) return ReadOutcome.End;
        return FailCut($"a block header after packet {PacketCount}", Input.Position, LeastBlockBytes, left);
    }

    private bool TryBeginSection(out ReadOutcome fault)
    {
        const int leastBytes = 28;
        fault = default;
        if (!Input.TryPeek(leastBytes, out ReadOnlySpan<byte> block))
        {
            fault = FailCut($"the section header after packet {PacketCount}", Input.Position, leastBytes, block.Length);
            return false;
        }

        uint order = BinaryPrimitives.ReadUInt32LittleEndian(block[8..]);
        bool isBigEndian = BinaryPrimitives.ReverseEndianness(order) == CaptureMagic.ByteOrder;
        if (!isBigEndian && order != CaptureMagic.ByteOrder)
        {
            return TryResume($"section header at offset {Input.Position} (after packet {PacketCount}) without a byte-order mark", out fault);
        }

        _isBigEndian = isBigEndian;
        uint length = Word(block, 4);
        ushort major = Half(block, 12);
        if (length < leastBytes || major != 1)
        {
            return TryResume($"section header at offset {Input.Position} (after packet {PacketCount}) of {length} bytes and version {major}.{Half(block, 14)}", out fault);
        }

        _sectionBase = _interfaces.Count;
        _overflowInterfaces = 0;
        return TrySkipBlock(length, out fault);
    }

    /// <summary>Steps over a block of any length without holding it, if its two lengths agree.</summary>
    private bool TrySkipBlock(uint length, out ReadOutcome fault)
    {
        fault = default;
        long offset = Input.Position;
        if (!Input.Skip(length - 4) || !Input.TryPeek(4, out ReadOnlySpan<byte> tail))
        {
            fault = FailCut($"the block after packet {PacketCount}", offset, length, Input.Position + Input.Buffered.Length - offset);
            return false;
        }

        uint atEnd = Word(tail, 0);
        if (atEnd != length)
        {
            return TryResume($"wrong length in the block at offset {offset} (after packet {PacketCount}): {length} at its start, {atEnd} at its end", out fault);
        }

        Input.Advance(4);
        return true;
    }

    /// <summary>After damage: goes on at the next section header, if there is one.</summary>
    private bool TryResume(string damage, out ReadOutcome fault)
    {
        long from = Input.Position;
        Input.Skip(1);
        while (Input.TryPeek(CaptureMagic.Bytes, out _))
        {
            int found = Input.Buffered.IndexOf(SectionHeaderBytes);
            if (found < 0)
            {
                Input.Advance(Input.Buffered.Length - 3);
                continue;
            }

            Input.Advance(found);
            if (!Input.TryPeek(CaptureMagic.Bytes, out ReadOnlySpan<byte> header)) break;
            if (CaptureMagic.Recognise(header) == CaptureKind.Pcapng)
            {
                if (IsFirstSoftFault()) SoftFault = $"{damage}; {Input.Position - from} bytes were skipped to the next section";
                fault = default;
                return true;
            }

            Input.Advance(1);
        }

        fault = Fail(damage);
        Input.Skip(long.MaxValue); // stay at the end: the next read must not find packets in the rubble
        return false;
    }

    private void AddInterface(ReadOnlySpan<byte> body)
    {
        if (_interfaces.Count >= Limits.MaxInterfaces)
        {
            _overflowInterfaces++;
            if (IsFirstSoftFault()) SoftFault = $"more than {Limits.MaxInterfaces} interfaces, at offset {Input.Position}: packets of further ones are skipped";
            return;
        }

        if (body.Length < 8)
        {
            if (IsFirstSoftFault()) SoftFault = $"interface description at offset {Input.Position} of {body.Length} bytes: taken as unknown";
            _interfaces.Add(new PcapngInterface((LinkType)ushort.MaxValue, 0)); // keeps the numbers of those after it
            return;
        }

        var described = new PcapngInterface((LinkType)Half(body, 0), Word(body, 4));
        ReadOnlySpan<byte> options = body[8..];
        while (options.Length >= 4)
        {
            const ushort end = 0;
            const ushort resolution = 9;
            const ushort timeOffset = 14;
            ushort code = Half(options, 0);
            int length = Half(options, 2);
            if (code == end || options.Length - 4 < length) break;
            ReadOnlySpan<byte> value = options.Slice(4, length);
            if (code == resolution && length >= 1 && !described.TrySetResolution(value[0]) && IsFirstSoftFault())
            {
                SoftFault = $"interface description at offset {Input.Position} with time resolution {value[0]:x2}, finer than can be: taken as microseconds";
            }

            if (code == timeOffset && length >= 8) described.OffsetSeconds = (long)Long(value);
            options = options[Math.Min(options.Length, 4 + ((length + 3) & ~3))..];
        }

        _interfaces.Add(described);
    }

    private bool TryEnhancedPacket(ReadOnlySpan<byte> body, out CapturedPacket packet)
    {
        packet = default;
        if (body.Length < 20) return Misses("too short for its header");
        ulong ticks = ((ulong)Word(body, 4) << 32) | Word(body, 8);
        return TryPacket(body[20..], Word(body, 0), ticks, hasTime: true, Word(body, 12), Word(body, 16), out packet);
    }

    /// <summary>Appendix A of the draft: as the enhanced block, but a 16-bit interface and a drop count.</summary>
    private bool TryObsoletePacket(ReadOnlySpan<byte> body, out CapturedPacket packet)
    {
        packet = default;
        if (body.Length < 20) return Misses("too short for its header");
        ulong ticks = ((ulong)Word(body, 4) << 32) | Word(body, 8);
        return TryPacket(body[20..], Half(body, 0), ticks, hasTime: true, Word(body, 12), Word(body, 16), out packet);
    }

    /// <summary>Of the first interface, captured as far as its snap length and the block reach.</summary>
    private bool TrySimplePacket(ReadOnlySpan<byte> body, out CapturedPacket packet)
    {
        packet = default;
        if (body.Length < 4) return Misses("too short for its header");
        uint original = Word(body, 0);
        uint captured = Math.Min(original, (uint)(body.Length - 4));
        if (_sectionBase < _interfaces.Count && _interfaces[_sectionBase].SnapLength is > 0 and var snap) captured = Math.Min(captured, snap);
        return TryPacket(body[4..], 0, 0, hasTime: false, captured, original, out packet);
    }

    private bool TryPacket(
        ReadOnlySpan<byte> data, uint interfaceId, ulong ticks, bool hasTime, uint captured, uint original, out CapturedPacket packet)
    {
        packet = default;
        if (interfaceId >= (uint)(_interfaces.Count - _sectionBase)) return Misses(_overflowInterfaces > 0 ? "of an interface beyond the limit" : "of an interface that was not described");
        if (captured > (uint)data.Length) return Misses("with more captured bytes than the block holds");
        if (captured > (uint)Limits.MaxCapturedBytes) return Misses("with more captured bytes than the limit");
        int index = _sectionBase + (int)interfaceId;
        PcapngInterface source = _interfaces[index];
        if (!source.IsRemarkedOn)
        {
            NoteUnknownLinkType(source.LinkType);
            source.IsRemarkedOn = true;
            _interfaces[index] = source;
        }

        ushort remainder = 0;
        packet = new CapturedPacket
        {
            CapturedAt = hasTime ? source.ToTimestamp(ticks, out remainder) : _lastAt,
            NanosecondRemainder = remainder,
            LinkType = source.LinkType,
            InterfaceId = index,
            OriginalLength = (int)Math.Clamp(original, captured, int.MaxValue),
            Bytes = data[..(int)captured],
        };
        return true;
    }

    /// <summary>Notes a packet block that is skipped.</summary>
    private bool Misses(string why)
    {
        if (IsFirstSoftFault()) SoftFault = $"packet block at offset {Input.Position} (after packet {PacketCount}) {why}: skipped";
        return false;
    }

    private ushort Half(ReadOnlySpan<byte> bytes, int offset) => _isBigEndian
        ? BinaryPrimitives.ReadUInt16BigEndian(bytes[offset..])
        : BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);

    private uint Word(ReadOnlySpan<byte> bytes, int offset) => _isBigEndian
        ? BinaryPrimitives.ReadUInt32BigEndian(bytes[offset..])
        : BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    private ulong Long(ReadOnlySpan<byte> bytes) => _isBigEndian
        ? BinaryPrimitives.ReadUInt64BigEndian(bytes)
        : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
}
