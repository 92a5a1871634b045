using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.Load;
using CdrEngine.Protocols.Pcap;
using CdrEngine.TestKit;

namespace CdrEngine.Engine.Tests.Runs;

/// <summary>Packets in memory, with the names of the sources they come from, to be played to an engine as often as wanted.</summary>
internal sealed class PacketTape
{
    private readonly FrameBuffer _frames = new();
    private readonly List<(int At, string Name)> _sources = [];

    /// <summary>Packets on it.</summary>
    public int Count => _frames.Count;

    /// <summary>The packets, in order.</summary>
    public FrameBuffer Frames => _frames;

    /// <summary>Capture files one after the other.</summary>
    public static PacketTape OfFiles(params IEnumerable<string> files)
    {
        var tape = new PacketTape();
        foreach (string file in files)
        {
            using CaptureFileSource source = CaptureFileSource.Open(file);
            tape.Append(source, Path.GetFileName(file));
        }

        return tape;
    }

    /// <summary>A generated load and the records it must give.</summary>
    public static PacketTape OfLoad(LoadOptions options, out List<ExpectedCall> expected)
    {
        var calls = new List<ExpectedCall>();
        using var pcap = new MemoryStream();
        LoadGenerator.Write(options, pcap, calls.Add);
        pcap.Position = 0;
        using CaptureFileSource source = CaptureFileSource.FromStream("load.pcap", pcap, CaptureReaderLimits.Default);
        var tape = new PacketTape();
        tape.Append(source, "load.pcap");
        expected = calls;
        return tape;
    }

    /// <summary>A capture in memory.</summary>
    public static PacketTape OfPcap(MemoryStream pcap, string name)
    {
        pcap.Position = 0;
        using CaptureFileSource source = CaptureFileSource.FromStream(name, pcap, CaptureReaderLimits.Default);
        var tape = new PacketTape();
        tape.Append(source, name);
        return tape;
    }

    /// <summary>Names the source of what is added next.</summary>
    public PacketTape Source(string name)
    {
        _sources.Add((Count, name));
        return this;
    }

    /// <summary>Adds a frame.</summary>
    public PacketTape Add(Timestamp at, PacketBuilder frame)
    {
        _frames.Append(frame.Capture(at));
        return this;
    }

    /// <summary>Adds a frame.</summary>
    public PacketTape Add(in CapturedPacket packet)
    {
        _frames.Append(packet);
        return this;
    }

    /// <summary>The same packets with each source cut in pieces of its own name before the given packets.</summary>
    public PacketTape SplitAt(params IEnumerable<int> packets)
    {
        var split = new PacketTape();
        split._frames.Append(_frames);
        split._sources.AddRange(_sources);
        foreach (int packet in packets)
        {
            string name = _sources.Last(source => source.At <= packet).Name;
            split._sources.Add((packet, name));
        }

        split._sources.Sort(static (left, right) => left.At.CompareTo(right.At));
        return split;
    }

    /// <summary>The packets in order of time, those of equal time as they were added.</summary>
    public PacketTape Sorted()
    {
        var order = new List<(Timestamp At, int Index)>();
        var bytes = new List<byte[]>();
        foreach (CapturedPacket packet in _frames)
        {
            byte[] frame = new byte[FrameBuffer.FrameHeaderBytes + packet.Bytes.Length];
            FrameBuffer.WriteFrame(frame, packet);
            order.Add((packet.CapturedAt, bytes.Count));
            bytes.Add(frame);
        }

        var sorted = new PacketTape();
        sorted._sources.AddRange(_sources);
        foreach ((_, int index) in order.OrderBy(static entry => entry.At).ThenBy(static entry => entry.Index))
        {
            FrameBuffer.TryReadFrame(bytes[index], out CapturedPacket packet, out _);
            sorted._frames.Append(packet);
        }

        return sorted;
    }

    /// <summary>Plays all to an engine.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="before">Is told the time of each packet before the engine is given it.</param>
    public void PlayTo(CaptureEngine engine, Action<CaptureEngine, Timestamp>? before = null)
    {
        int index = 0;
        int source = 0;
        foreach (CapturedPacket packet in _frames)
        {
            while (source < _sources.Count && _sources[source].At <= index) engine.BeginSource(_sources[source++].Name);
            before?.Invoke(engine, packet.CapturedAt);
            engine.Process(packet);
            index++;
        }
    }

    private void Append(CaptureFileSource source, string name)
    {
        Source(name);
        while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet) _frames.Append(packet);
    }
}
