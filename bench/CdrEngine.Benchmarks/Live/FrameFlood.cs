using System.Diagnostics;
using System.Runtime.InteropServices;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Load;

namespace CdrEngine.Benchmarks.Live;

/// <summary>Frames of generated calls in memory, sent into an interface at a rate, many with each system call.</summary>
internal sealed unsafe partial class FrameFlood : IDisposable
{
    private const int FramesPerCall = 32;
    private static readonly TimeSpan Nap = TimeSpan.FromMicroseconds(100);

    private readonly byte* _bytes;
    private readonly long[] _offsets;

    private FrameFlood(byte* bytes, long[] offsets)
    {
        _bytes = bytes;
        _offsets = offsets;
    }

    /// <summary>Frames there are.</summary>
    public int Count => _offsets.Length - 1;

    /// <summary>Makes G.711 calls, all alike, enough for so many frames.</summary>
    public static FrameFlood Make(int frames)
    {
        // A call of 10 s is 1,000 packets of media and seven of signalling.
        var options = new LoadOptions
        {
            Seed = 4,
            Calls = Math.Max(50, frames / 1000),
            CallsPerSecond = Math.Max(50, frames / 1000) / 4.0,
            TalkSeconds = 10,
            Mix = new Dictionary<Scenario, double> { [Scenario.CallerHangsUp] = 1 },
            TcpShare = 0,
            VlanShare = 0,
            FragmentShare = 0,
            IPv6Share = 0,
            ProxyShare = 0,
            LossShare = 0,
            MirrorShare = 0,
            RegistersPerCall = 0,
        };
        string file = Path.Combine(Path.GetTempPath(), $"cdrengine-flood-{Environment.ProcessId}.pcap");
        try
        {
            LoadGenerator.WriteFiles(options, file);
            return Read(file);
        }
        finally
        {
            File.Delete(file);
            File.Delete(file + ".expected.jsonl");
        }
    }

    /// <summary>Sends the first frames, in order, at a rate; gives what was sent and how long it took. Call it on a thread of the interface's namespace.</summary>
    public (int Sent, TimeSpan Elapsed) Send(string to, int framesPerSecond, TimeSpan time)
    {
        int count = (int)Math.Min(Count, framesPerSecond * time.TotalSeconds);
        int socket = Open(to);
        MessageHeader* messages = (MessageHeader*)NativeMemory.AllocZeroed(FramesPerCall, (nuint)sizeof(MessageHeader));
        Vector* vectors = (Vector*)NativeMemory.AllocZeroed(FramesPerCall, (nuint)sizeof(Vector));
        try
        {
            long began = Stopwatch.GetTimestamp();
            int sent = 0;
            while (sent < count)
            {
                int due = (int)Math.Min(count, Stopwatch.GetElapsedTime(began).TotalSeconds * framesPerSecond);
                if (due - sent < Math.Min(FramesPerCall, count - sent))
                {
                    // The other processor is the receiver's, and this one's when there is nothing to send.
                    _ = Sleep((uint)Nap.TotalMicroseconds);
                    continue;
                }

                int batch = Math.Min(FramesPerCall, count - sent);
                for (int i = 0; i < batch; i++)
                {
                    vectors[i] = new Vector { Base = _bytes + _offsets[sent + i], Length = (nuint)(_offsets[sent + i + 1] - _offsets[sent + i]) };
                    messages[i].Vectors = vectors + i;
                    messages[i].VectorCount = 1;
                }

                int taken = SendMany(socket, messages, (uint)batch, 0);
                if (taken > 0) sent += taken;
            }

            return (sent, Stopwatch.GetElapsedTime(began));
        }
        finally
        {
            NativeMemory.Free(messages);
            NativeMemory.Free(vectors);
            _ = CloseSocket(socket);
        }
    }

    /// <inheritdoc />
    public void Dispose() => NativeMemory.Free(_bytes);

    private static FrameFlood Read(string file)
    {
        byte* bytes = (byte*)NativeMemory.Alloc((nuint)new FileInfo(file).Length);
        var offsets = new List<long> { 0 };
        long at = 0;
        using CaptureFileSource source = CaptureFileSource.Open(file);
        while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet)
        {
            packet.Bytes.CopyTo(new Span<byte>(bytes + at, packet.Bytes.Length));
            at += packet.Bytes.Length;
            offsets.Add(at);
        }

        return new FrameFlood(bytes, [.. offsets]);
    }

    private static int Open(string name)
    {
        int socket = OpenSocket(17, 3, 0);
        byte* request = stackalloc byte[40];
        new Span<byte>(request, 40).Clear();
        for (int i = 0; i < name.Length; i++) request[i] = (byte)name[i];
        if (socket < 0 || Control(socket, 0x8933, request) != 0) throw new IOException($"{name}: {Marshal.GetLastPInvokeErrorMessage()}");
        byte* address = stackalloc byte[20];
        new Span<byte>(address, 20).Clear();
        *(ushort*)address = 17;
        *(int*)(address + 4) = *(int*)(request + 16);
        if (Bind(socket, address, 20) != 0) throw new IOException($"{name}: {Marshal.GetLastPInvokeErrorMessage()}");

        // PACKET_QDISC_BYPASS: straight to the driver.
        int one = 1;
        _ = SetOption(socket, 263, 20, &one, sizeof(int));
        return socket;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int OpenSocket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseSocket(int socket);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int socket, ulong request, void* argument);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(int socket, void* address, uint length);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(int socket, int level, int option, void* value, uint length);

    [LibraryImport("libc", EntryPoint = "sendmmsg", SetLastError = true)]
    private static partial int SendMany(int socket, MessageHeader* messages, uint count, int flags);

    [LibraryImport("libc", EntryPoint = "usleep")]
    private static partial int Sleep(uint microseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct Vector
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary>struct mmsghdr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public Vector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
        public uint Sent;
    }
}
