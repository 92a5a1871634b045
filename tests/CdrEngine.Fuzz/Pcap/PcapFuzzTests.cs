using CdrEngine.Core;
using CdrEngine.Fuzz.Link;
using CdrEngine.Protocols.Pcap;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Fuzz.Pcap;

/// <summary>A second or so of the target on every run of the tests. A failure names its seed.</summary>
public sealed class PcapFuzzTests
{
    [Fact]
    public void CaptureReader_MutatedFiles_HoldsItsInvariants()
    {
        byte[][] samples = [Sample(CaptureContainer.Pcap, false), Sample(CaptureContainer.Pcap, true), Sample(CaptureContainer.Pcapng, false), Sample(CaptureContainer.Pcapng, true)];
        for (int seed = 0; seed < 3000; seed++)
        {
            var mutator = new FrameMutator(seed);
            byte[] input = mutator.Mutate(samples[seed % samples.Length], samples[mutator.Next(samples.Length)]);
            try
            {
                CaptureReaderTarget.Run(input);
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}: {exception}");
            }
        }
    }

    private static byte[] Sample(CaptureContainer container, bool nanoseconds)
    {
        using var stream = new MemoryStream();
        using (CaptureWriter writer = CaptureWriter.Create(stream, new CaptureFormat(container, LinkType.Ethernet, nanoseconds)))
        {
            for (int i = 0; i < 8; i++) writer.Write(PacketBuilder.UdpFrame("10.0.0.1:5060", "10.0.0.2:5060", new string('x', i)).Capture(Timestamp.FromUnix(i, i)));
        }

        return container == CaptureContainer.Pcapng ? [.. stream.ToArray(), .. stream.ToArray()] : stream.ToArray();
    }
}
