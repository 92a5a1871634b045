using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;

namespace CdrEngine.Engine.Shards;

/// <summary>An RTP packet of a flow with nothing to decide, on its way to its shard: 128 bytes, two lines of the cache.</summary>
[StructLayout(LayoutKind.Sequential, Size = 128)]
internal struct StraightItem
{
    public StraightRtp Rtp;

    /// <summary>Number of the flow in its shard.</summary>
    public int Flow;

    /// <summary>Length of the frame with its header, as <see cref="FrameBuffer.WriteFrame(Span{byte}, in CapturedPacket)"/> lays it, in the batch's bytes; 0 where frames are not kept, and
    /// <see cref="Start"/> is all there is.</summary>
    public int LaidLength;

    /// <summary>Engine time.</summary>
    public Timestamp Clock;

    /// <summary>Place in the order of capture.</summary>
    public long Sequence;

    public int LaidOffset;

    /// <summary>The RTP header within what is laid.</summary>
    public int RtpOffset;

    private StartBytes _start;

    /// <summary>The datagram's first bytes.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Start => MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<StartBytes, byte>(ref _start), Math.Min((int)Rtp.Bytes, StartBytes.Count));

    /// <summary>Copies the datagram's first bytes out of its frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CopyStart(ReadOnlySpan<byte> frame, int rtpOffset)
    {
        ref byte to = ref Unsafe.As<StartBytes, byte>(ref _start);
        if (frame.Length - rtpOffset >= StartBytes.Count)
        {
            // What lies behind a shorter datagram pads its frame: it is never looked at.
            Unsafe.CopyBlockUnaligned(ref to, ref Unsafe.Add(ref MemoryMarshal.GetReference(frame), rtpOffset), StartBytes.Count);
            return;
        }

        frame[rtpOffset..].CopyTo(MemoryMarshal.CreateSpan(ref to, StartBytes.Count));
    }

    [InlineArray(Count)]
    private struct StartBytes
    {
        /// <summary>The fixed header, the 32 bytes of sound that are looked at, and a little more: a telephone-event is shorter.</summary>
        public const int Count = 48;

        private byte _first;
    }
}
