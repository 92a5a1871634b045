using CdrEngine.Core;
using CdrEngine.Protocols.T38;

namespace CdrEngine.Fuzz.T38;

/// <summary>Fuzz target: any bytes as UDPTL, its message and its frames. Nothing may throw, every view lies inside the input, and what is
/// taken apart adds up to the whole.</summary>
public static class T38Fuzz
{
    /// <summary>One input; throws where the readers break their word.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        ParseOutcome outcome = UdptlPacket.TryRead(input, out UdptlPacket packet, out UdptlRejection reason);
        if ((outcome == ParseOutcome.Message) != (reason == UdptlRejection.None)) throw Fault("outcome and reason differ", input);
        if (outcome != ParseOutcome.Message) return;
        int bytes = 2 + Octets(packet.Primary) + 1 + (packet.IsParity ? 2 : 0) + Length(packet.RecoveryCount), count = 0;
        Message(packet.Primary, input);
        foreach (ReadOnlySpan<byte> earlier in packet.Recovery)
        {
            count++;
            bytes += Octets(earlier);
            Message(earlier, input);
        }

        // A length may be written longer than it need be; never shorter.
        if (count != packet.RecoveryCount || bytes + packet.TrailingBytes > input.Length) throw Fault("the parts are not the whole", input);
    }

    private static void Message(ReadOnlySpan<byte> message, ReadOnlySpan<byte> input)
    {
        Span<char> station = stackalloc char[20];
        for (int version = 0; version < 2; version++)
        {
            if (IfpPacket.TryRead(message, version, out IfpPacket packet, out _) != ParseOutcome.Message) continue;
            int fields = 0, octets = 0;
            foreach (IfpField field in packet.Fields)
            {
                fields++;
                octets += field.Octets.Length;
                if (!T30Frame.TryRead(field.Octets, out T30Frame frame)) continue;
                _ = frame.ReadStation(station) + frame.RateBitsPerSecond + (int)frame.PageEnd + (frame.HasErrorCorrection ? 1 : 0);
            }

            if (fields != packet.FieldCount || octets > message.Length) throw Fault("the fields are not the message", input);
        }
    }

    private static int Octets(ReadOnlySpan<byte> octets) => Length(octets.Length) + octets.Length;

    private static int Length(int length) => length < 128 ? 1 : 2;

    private static InvalidOperationException Fault(string what, ReadOnlySpan<byte> input) => new($"{what}: {Convert.ToHexString(input)}");
}
