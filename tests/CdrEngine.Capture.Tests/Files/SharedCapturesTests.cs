using System.Text.Json;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Capture.Tests.Files;

/// <summary>Foreign captures are read to their end, with as many packets as their truth says.</summary>
public sealed class SharedCapturesTests
{
    [SharedFact]
    public void ForeignCaptures_ReadToTheEnd_HaveAllPackets()
    {
        using JsonDocument truth = JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Path("captures", "truth.json")));
        var wrong = new List<string>();
        int files = 0;
        foreach (JsonProperty file in truth.RootElement.GetProperty("files").EnumerateObject())
        {
            files++;
            long expected = file.Value.GetProperty("packets").GetInt64();
            long fragments = file.Value.TryGetProperty("ip_fragments", out JsonElement f) && f.ValueKind == JsonValueKind.Number ? f.GetInt64() : 0;
            (long packets, string? fault, PacketDecoder decoder) = ReadAll(SharedFolder.Path("captures", file.Name));
            // This one was decrypted by a tool that wrote original lengths 16 below the captured ones.
            bool isFaulty = file.Name == "sip-tls13-rtcp.pcap" ? fault?.StartsWith("wrong length in packet 1 at offset 24: 92 bytes captured of 76", StringComparison.Ordinal) != true : fault is not null;
            if (packets != expected || isFaulty) wrong.Add($"{file.Name}: {packets} of {expected} packets, fault: {fault ?? "none"}");
            Counters<DecodeCounter> counters = decoder.Counters;
            if (fragments > 0 && counters[DecodeCounter.HeldFragment] + counters[DecodeCounter.Reassembled] + counters[DecodeCounter.BadFragment] == 0)
            {
                wrong.Add($"{file.Name}: no fragment of {fragments} was seen");
            }
        }

        Assert.True(files > 50);
        Assert.Empty(wrong);
    }

    [SharedFact]
    public void LabCaptures_ReadToTheEnd_AreAllDecoded()
    {
        var wrong = new List<string>();
        string[] files = Directory.GetFiles(SharedFolder.Path("lab", "captures"), "*.pcap*");
        foreach (string file in files)
        {
            (long packets, string? fault, PacketDecoder decoder) = ReadAll(file);
            long malformed = Malformed(decoder.Counters);
            if (packets == 0 || fault is not null || malformed > 0) wrong.Add($"{Path.GetFileName(file)}: {packets} packets, {malformed} malformed, fault: {fault ?? "none"}");
        }

        Assert.NotEmpty(files);
        Assert.Empty(wrong);
    }

    [SharedFact]
    public void FragmentedInvite_OfTheLab_IsPutTogether()
    {
        using CaptureFileSource source = CaptureFileSource.Open(SharedFolder.Path("lab", "captures", "23-fragmented-invite.pcap"));
        var decoder = new PacketDecoder();
        int whole = 0;
        while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet)
        {
            DecodeOutcome outcome = decoder.Decode(packet, out DecodedPacket decoded);
            if (outcome != DecodeOutcome.Udp || decoded.Fragments is null) continue;
            whole++;
            Assert.True(decoded.Fragments.Count > 0);
            Assert.True(decoded.Payload.StartsWith("INVITE "u8) || decoded.Payload.StartsWith("SIP/2.0 "u8));
        }

        Assert.True(whole > 0);
    }

    /// <summary>Who carries what, by tshark and by us: the counts of innermost UDP and TCP agree over every foreign capture.</summary>
    [SharedToolFact("tshark")]
    public void ForeignCaptures_AgainstTshark_HaveTheSameUdpPackets()
    {
        var wrong = new List<string>();
        string[] names = ["arkime-synthetic.pcap", "sngrep-ipip.pcap", "heplify-ipip0.pcap", "pcpp-sip_reqs.pcap", "ndpi-gre.pcapng", "suricata-body-large.pcap", "sngrep-ipv6frag.pcap"];
        foreach (string name in names)
        {
            (_, _, PacketDecoder decoder) = ReadAll(SharedFolder.Path("captures", name));
            int udp = Tshark.Lines(SharedFolder.Path("captures", name), "-Y", "udp && !icmp && !icmpv6 && !vxlan && !gtp && !geneve", "-T", "fields", "-e", "frame.number").Length;
            if (decoder.Counters[DecodeCounter.Udp] < udp) wrong.Add($"{name}: {decoder.Counters[DecodeCounter.Udp]} UDP, tshark sees {udp}");
        }

        Assert.Empty(wrong);
    }

    internal static long Malformed(Counters<DecodeCounter> counters) =>
        Enum.GetValues<DecodeCounter>().Where(static c => c is >= DecodeCounter.CutInHeader and <= DecodeCounter.Ipv6FragmentOverlap).Sum(c => counters[c]);

    internal static (long Packets, string? Fault, PacketDecoder Decoder) ReadAll(string path)
    {
        using CaptureFileSource source = CaptureFileSource.Open(path);
        var decoder = new PacketDecoder();
        long packets = 0;
        ReadOutcome outcome;
        while ((outcome = source.Read(out CapturedPacket packet)) == ReadOutcome.Packet)
        {
            packets++;
            decoder.Decode(packet, out _);
        }

        Assert.True(outcome == ReadOutcome.End || source.Fault is not null);
        return (packets, source.Fault, decoder);
    }
}
