using System.Diagnostics;
using System.Globalization;
using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Sdp;
using CdrEngine.Protocols.Sip;
using CdrEngine.TestKit;

namespace CdrEngine.Benchmarks.Protocols.Sip;

/// <summary>Cost of reading SIP and SDP, layer by layer, beside a naive reader of the same messages in the same run.</summary>
public static class SipBenchmarks
{
    private const int Rounds = 200;
    private static long _sink;

    /// <summary>Prints one line for each layer and message: best of many short rounds (the machine may be shared), bytes allocated per message.</summary>
    public static void Run(TextWriter output)
    {
        // once for the compiler, whose optimised code comes late on a busy machine
        RunOnce(TextWriter.Null);
        RunOnce(output);
    }

    private static void RunOnce(TextWriter output)
    {
        byte[] invite = SipText.Invite("3848276298220188511@pc33.atlanta.example.com", "\"Alice\" <sip:alice@atlanta.example.com>", "\"Bob\" <sip:bob@biloxi.example.com>", fromTag: "1928301774")
            .With("Allow", "INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY").With("Supported", "100rel, timer, replaces").With("User-Agent", "Phone 2.1")
            .With("Session-Expires", "1800;refresher=uac").WithSdp("192.0.2.101", 49172).ToBytes();
        byte[] ok = SipText.Invite("3848276298220188511@pc33.atlanta.example.com", "alice", "bob").WithTopVia("SIP/2.0/UDP proxy.example.com;branch=z9hG4bK77ef")
            .Reply(200).With("Contact", "<sip:bob@192.0.2.4>").WithSdp("192.0.2.4", 3456).ToBytes();
        byte[] bye = SipText.Bye("3848276298220188511@pc33.atlanta.example.com", "alice", "bob").ToBytes();
        byte[] rtp = new byte[172];
        rtp[0] = 0x80;

        var message = new SipMessage();
        var session = new SdpSession();
        output.WriteLine("SIP and SDP reading, ns per message (best of {0}), bytes allocated", Rounds);
        Line(output, "shape test, RTP packet", 400_000, rtp, bytes => SipParser.LooksLikeSip(bytes) ? 1 : 0);
        Line(output, "shape test, INVITE", 400_000, invite, bytes => SipParser.LooksLikeSip(bytes) ? 1 : 0);
        foreach ((string name, byte[] bytes) in new[] { ("INVITE", invite), ("200 OK", ok), ("BYE", bye) })
        {
            Line(output, name + ": headers", 200_000, bytes, each => SipParser.TryRead(each, message, out int consumed, out _) == ParseOutcome.Message ? consumed : 0);
            Line(output, name + ": headers, SDP located", 200_000, bytes, each => SipParser.TryRead(each, message, out _, out _) == ParseOutcome.Message ? message.SdpBody.Length : 0);
            Line(output, name + ": + Call-ID, tags, branch, CSeq", 200_000, bytes, each => SipParser.TryRead(each, message, out _, out _) == ParseOutcome.Message
                ? message.SdpBody.Length + message.CallId.Length + message.FromTag.Length + message.ToTag.Length + message.TopViaBranch.Length + (int)message.CSeqNumber
                : 0);
        }

        Line(output, "INVITE: headers and SDP in full", 200_000, invite, each =>
            SipParser.TryRead(each, message, out _, out _) == ParseOutcome.Message && SdpParser.TryRead(message.SdpBody, session) ? session.Media[0].Port : 0);
        Line(output, "INVITE: inspected (strict)", 50_000, invite, each => SipParser.TryRead(each, message, out _, out _) == ParseOutcome.Message ? (int)message.Inspect() : 0);
        Line(output, "INVITE: naive GetString, Split, Dictionary", 40_000, invite, Naive);
        GC.KeepAlive(_sink);
    }

    private static void Line(TextWriter output, string name, int count, byte[] bytes, Func<byte[], int> read)
    {
        for (int i = 0; i < Math.Min(count, 50_000); i++) _sink += read(bytes);
        double best = double.MaxValue;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < Rounds; round++)
        {
            int times = count / Rounds;
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < times; i++) _sink += read(bytes);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / times);
        }

        allocated = (GC.GetAllocatedBytesForCurrentThread() - allocated) / count;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-44} {bytes.Length,5} B {best,9:F1} ns {allocated,7} B"));
    }

    /// <summary>How it is usually written: the peer to be measured against.</summary>
    private static int Naive(byte[] bytes)
    {
        string text = Encoding.UTF8.GetString(bytes);
        int blank = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        string[] lines = text[..blank].Split("\r\n");
        var headers = new Dictionary<string, List<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (string line in lines.AsSpan(1))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string name = line[..colon].Trim();
            if (!headers.TryGetValue(name, out List<string>? values)) headers[name] = values = [];
            values.Add(line[(colon + 1)..].Trim());
        }

        int media = 0;
        foreach (string line in text[(blank + 4)..].Split("\r\n"))
        {
            if (line.StartsWith("m=", StringComparison.Ordinal)) media = int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
        }

        return headers["Call-ID"][0].Length + headers["From"][0].Length + media;
    }
}
