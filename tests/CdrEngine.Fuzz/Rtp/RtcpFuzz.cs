using CdrEngine.Protocols.Rtcp;

namespace CdrEngine.Fuzz.Rtp;

/// <summary>Fuzz target: any bytes through the RTCP walker. Nothing may throw, every view stays inside the input, and what was walked
/// together with the rejection accounts for all of it.</summary>
public static class RtcpFuzz
{
    /// <summary>One input; throws where the walker breaks its word.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        var reader = new RtcpReader(input);
        int at = 0;
        while (reader.MoveNext())
        {
            RtcpPacket packet = reader.Current;
            int length = (((input[at + 2] * 256) + input[at + 3]) + 1) * 4;
            if ((byte)packet.Type != input[at + 1] || packet.Body.Length > length - 4) throw Fault("a packet is not where the lengths say", input);
            at += length;
            Touch(packet);
        }

        if (reader.Rejection == RtcpRejection.None && at != input.Length) throw Fault("stopped early without a reason", input);
        if (reader.Rejection != RtcpRejection.None && at == input.Length) throw Fault("a reason after the end", input);
    }

    private static void Touch(RtcpPacket packet)
    {
        _ = packet.SenderSsrc + packet.ApplicationName + packet.FeedbackMediaSsrc + (uint)packet.SenderInfo.GetHashCode();
        for (int i = 0; i < packet.ReportCount; i++) _ = packet.Report(i).GetHashCode();
        if (packet.Type == RtcpType.Bye)
        {
            for (int i = 0; i < packet.Count; i++) packet.ByeSource(i);
        }

        int bytes = packet.ByeReason.Length;
        foreach (SdesItem item in packet.Items) bytes += 2 + item.Text.Length;
        foreach (XrBlock block in packet.Blocks)
        {
            bytes += 4 + block.Body.Length;
            block.TryReadReferenceTime(out _);
            block.TryReadVoipMetrics(out _);
            for (int i = 0; i < block.DlrrCount; i++) _ = block.Dlrr(i).GetHashCode();
        }

        if (bytes > packet.Body.Length) throw new InvalidOperationException($"parts of {packet.Type} are longer than its body");
    }

    private static InvalidOperationException Fault(string what, ReadOnlySpan<byte> input) => new($"{what}: {Convert.ToHexString(input)}");
}
