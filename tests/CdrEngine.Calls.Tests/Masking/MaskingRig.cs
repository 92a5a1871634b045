using CdrEngine.Calls.Masking;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Protocols.Pcap;
using CdrEngine.TestKit;

namespace CdrEngine.Calls.Tests.Masking;

/// <summary>Packets before and after masking.</summary>
internal sealed class MaskingRig : IDisposable
{
    private readonly FrameBuffer _original = new();
    private readonly FrameBuffer _masked = new();

    public int Count => _original.Count;

    public int MaskedCount => _masked.Count;

    public MaskingVisitor? Visitor { get; private set; }

    public static MaskingRig Read(string file)
    {
        var rig = new MaskingRig();
        using CaptureFileSource source = CaptureFileSource.Open(file);
        while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet) rig._original.Append(packet);
        return rig;
    }

    /// <summary>Adds a frame, 20 ms after the one before unless told.</summary>
    public MaskingRig Add(byte[] frame, double seconds = -1, LinkType link = LinkType.Ethernet)
    {
        long at = 1_800_000_000_000_000 + (seconds < 0 ? _original.Count * 20_000L : (long)(seconds * 1e6));
        _original.Append(PacketBuilder.Captured(frame, new Timestamp(at), link));
        return this;
    }

    public MaskingRig Mask(MaskingPlan plan)
    {
        _masked.Clear();
        Visitor = new MaskingVisitor(new Keeper(_masked), plan);
        foreach (CapturedPacket packet in _original) Visitor.Visit(packet);
        Visitor.Complete();
        return this;
    }

    public byte[][] Masked => Frames(_masked);

    public byte[][] Original => Frames(_original);

    public long this[MaskingCounter counter] => Visitor!.Counters[counter];

    /// <summary>Time, length on the wire, captured length and link type of each packet.</summary>
    public static List<(Timestamp, int, int, LinkType, ushort)> Shape(FrameBuffer frames)
    {
        var shape = new List<(Timestamp, int, int, LinkType, ushort)>();
        foreach (CapturedPacket packet in frames) shape.Add((packet.CapturedAt, packet.OriginalLength, packet.Bytes.Length, packet.LinkType, packet.NanosecondRemainder));
        return shape;
    }

    public bool KeepsItsShape => Shape(_original).SequenceEqual(Shape(_masked));

    public string Trace(bool masked)
    {
        var transcript = new SipTranscript((string?)null);
        foreach (CapturedPacket packet in masked ? _masked : _original) transcript.Visit(packet);
        using var text = new StringWriter();
        transcript.WriteText(text);
        return text.ToString();
    }

    /// <summary>Writes packets to a file of its own; the caller deletes it.</summary>
    public string Save(bool masked)
    {
        string path = Path.Combine(Path.GetTempPath(), $"masking-{Guid.NewGuid():N}.pcap");
        using FileStream file = File.Create(path);
        CaptureWriter.WriteAll(file, [masked ? _masked : _original]);
        return path;
    }

    public void Dispose()
    {
        _original.Dispose();
        _masked.Dispose();
    }

    private static byte[][] Frames(FrameBuffer buffer)
    {
        var frames = new List<byte[]>();
        foreach (CapturedPacket packet in buffer) frames.Add(packet.Bytes.ToArray());
        return [.. frames];
    }

    private sealed class Keeper(FrameBuffer kept) : ICapturedPacketVisitor
    {
        public bool Visit(in CapturedPacket packet)
        {
            kept.Append(packet);
            return true;
        }
    }
}
