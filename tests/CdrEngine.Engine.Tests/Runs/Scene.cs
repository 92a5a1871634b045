using System.Buffers.Binary;
using System.Globalization;
using CdrEngine.Core;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Runs;

/// <summary>A capture told by hand: calls and media at times in seconds, put in order at the end.</summary>
internal sealed class Scene
{
    public static readonly Timestamp Start = Timestamp.FromUnix(1_800_000_000, 0);
    private readonly List<(double At, int Order, byte[] Frame)> _packets = [];
    private int _identification;

    public static Timestamp Time(double seconds) => new(Start.Microseconds + (long)Math.Round(seconds * 1e6));

    public static void ExpectBetween(Timestamp at, double from, double until) => Assert.InRange((at - Start).TotalSeconds, from, until);

    public Scene Frame(double at, PacketBuilder frame)
    {
        _packets.Add((at, _packets.Count, frame.Build()));
        return this;
    }

    public Scene Sip(double at, string from, string to, SipText text) => Frame(at, PacketBuilder.UdpFrame(from, to, text.ToBytes(), ++_identification));

    /// <summary>A call between two phones: INVITE, 180 after 0.1 s, 200, ACK, BYE of the caller; each may be left out.</summary>
    /// <param name="callId">Call-ID.</param>
    /// <param name="at">INVITE.</param>
    /// <param name="answer">200, or none.</param>
    /// <param name="bye">BYE, or none.</param>
    /// <param name="caller">Caller's host; its SIP is on 5060.</param>
    /// <param name="callee">Callee's host.</param>
    /// <param name="callerSdp">Address and port offered, as "host port"; by default the caller's host and 4000.</param>
    /// <param name="calleeSdp">Address and port answered; by default the callee's host and 5000.</param>
    /// <param name="lateOffer">Whether the offer is in the 200 and the answer in the ACK.</param>
    public Scene Call(
        string callId, double at, double? answer = null, double? bye = null, string caller = "192.0.2.1", string callee = "192.0.2.2", string? callerSdp = null, string? calleeSdp = null, bool lateOffer = false)
    {
        string there = $"{caller}:5060";
        string here = $"{callee}:5060";
        string tag = $"f-{callId}";
        SipText invite = SipText.Invite(callId, "alice@example.com", "bob@example.com", fromTag: tag);
        if (!lateOffer) Offer(invite, callerSdp ?? $"{caller} 4000");
        Sip(at, there, here, invite);
        Sip(at + 0.1, here, there, invite.Reply(180));
        if (answer is { } answered)
        {
            Sip(answered, here, there, Offer(invite.Reply(200), calleeSdp ?? $"{callee} 5000"));
            SipText ack = SipText.Ack(callId, "alice@example.com", "bob@example.com", fromTag: tag);
            if (lateOffer) Offer(ack, callerSdp ?? $"{caller} 4000");
            Sip(answered + 0.01, there, here, ack);
        }

        if (bye is not { } ended) return this;
        SipText hangup = SipText.Bye(callId, "alice@example.com", "bob@example.com", fromTag: tag);
        Sip(ended, there, here, hangup);
        return Sip(ended + 0.01, here, there, hangup.Reply(200));
    }

    /// <summary>PCMU, 20 ms.</summary>
    public Scene Rtp(double from, double until, string source, string destination, uint ssrc, ushort sequence = 1000)
    {
        for (int i = 0; from + (i * 0.02) < until; i++)
        {
            byte[] packet = new byte[172];
            packet[0] = 0x80;
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)(sequence + i));
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), (uint)(160 * i));
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), ssrc);
            Frame(from + (i * 0.02), PacketBuilder.UdpFrame(source, destination, packet, ++_identification & 0xFFFF));
        }

        return this;
    }

    /// <summary>A datagram that is neither SIP nor media.</summary>
    public Scene Noise(double at, int size = 40) => Frame(at, PacketBuilder.UdpFrame("198.51.100.77:123", "198.51.100.78:123", new byte[size], ++_identification & 0xFFFF));

    /// <summary>The packets in order of time, from a source of this name. <paramref name="stamp"/> may lie about the time of a packet.</summary>
    public PacketTape Tape(string name = "scene", Func<int, Timestamp, Timestamp>? stamp = null)
    {
        PacketTape tape = new PacketTape().Source(name);
        AddTo(tape, stamp);
        return tape;
    }

    public void AddTo(PacketTape tape, Func<int, Timestamp, Timestamp>? stamp = null)
    {
        int index = 0;
        foreach ((double at, _, byte[] frame) in _packets.OrderBy(static packet => packet.At).ThenBy(static packet => packet.Order))
        {
            Timestamp time = Time(at);
            tape.Add(PacketBuilder.Captured(frame, stamp is null ? time : stamp(index, time)));
            index++;
        }
    }

    public EngineRun Run(Func<EngineOptions, EngineOptions>? adjust = null, bool keepPackets = false) =>
        EngineRun.Of(Tape(), new RunOptions { Adjust = adjust, KeepPackets = keepPackets });

    private static SipText Offer(SipText text, string sdp)
    {
        string[] parts = sdp.Split(' ');
        return text.WithSdp(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
