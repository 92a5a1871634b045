using System.Buffers.Binary;
using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Sctp;
using CdrEngine.Protocols.Tcp;
using Xunit;

namespace CdrEngine.Fuzz;

public sealed class TcpFuzzTests
{
    [Fact]
    public void Tcp_SeededScripts_HoldWhatMustHold()
    {
        var total = new Counters<TcpCounter>();
        for (int seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            byte[] script = new byte[random.Next(1200)];
            random.NextBytes(script);
            // Half of the scripts speak of one connection in order most of the time, so that messages come out.
            for (int i = 0; seed % 2 == 0 && i + 3 < script.Length; i += 4)
            {
                script[i] &= random.Next(4) == 0 ? (byte)0xFF : (byte)0x8B;
                script[i + 1] &= random.Next(8) == 0 ? (byte)0x7F : (byte)0x1F;
                script[i + 3] |= random.Next(4) == 0 ? (byte)0 : (byte)1;
            }

            Guard(seed, () => total.Add(TcpFuzz.Run(script)));
        }

        AssertAllMet(total);
    }

    [Fact]
    public void Sctp_SeededScripts_HoldWhatMustHold()
    {
        const string message = "INVITE sip:b@c SIP/2.0\r\nVia: SIP/2.0/SCTP a\r\nCall-ID: x\r\nl: 0\r\n\r\n";
        var total = new Counters<SctpCounter>();
        for (int seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var script = new List<byte>();
            // Some directions carry no SIP at all.
            bool isForeign = seed % 8 == 0;
            for (int packet = 0; packet < 30; packet++)
            {
                var chunks = new List<byte>();
                for (int chunk = random.Next(3); chunk >= 0; chunk--)
                {
                    byte[] header = new byte[16];
                    header[0] = (byte)(random.Next(8) == 0 ? random.Next(256) : 0);
                    header[1] = (byte)random.Next(8);
                    byte[] text = Encoding.Latin1.GetBytes(message + new string('x', random.Next(4) == 0 ? random.Next(90) : 0));
                    int from = random.Next(3) == 0 ? random.Next(text.Length) : 0;
                    if (isForeign) text[from] = 0;
                    BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)(16 + text.Length - from + (random.Next(12) == 0 ? random.Next(-90, 40) : 0)));
                    BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), (uint)(random.Next(isForeign ? 200 : 20) - 5));
                    chunks.AddRange(header);
                    chunks.AddRange(text[from..]);
                    while (chunks.Count % 4 != 0) chunks.Add(0);
                }

                script.AddRange([(byte)(isForeign ? 0 : random.Next(8)), 0, (byte)random.Next(60), (byte)Math.Min(255, (chunks.Count + 1) / 2)]);
                if (chunks.Count % 2 != 0) chunks.Add(0);
                script.AddRange(chunks.Take(510));
            }

            byte[] input = [.. script];
            Guard(seed, () => total.Add(TcpFuzz.RunSctp(input)));
        }

        AssertAllMet(total);
    }

    /// <summary>The smoke test is worth something only where the scripts reach everything that is counted.</summary>
    private static void AssertAllMet<TCounter>(Counters<TCounter> total)
        where TCounter : unmanaged, Enum =>
        Assert.Empty(total.Describe().Where(static c => c.Value == 0).Select(static c => c.Name));

    private static void Guard(int seed, Action run)
    {
        try
        {
            run();
        }
        catch (Exception exception)
        {
            Assert.Fail($"seed {seed}: {exception}");
        }
    }
}
