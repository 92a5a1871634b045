using System.Diagnostics;
using System.Text;
using CdrEngine.Calls;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Exchanges;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Benchmarks.Calls;

/// <summary>What a REGISTER message costs the desk (bar: 150,000 a CPU second, parsing included), and what a binding weighs.</summary>
public static class DeskBenchmarks
{
    /// <summary>Runs all and prints a line each; some seconds.</summary>
    public static void Run(TextWriter output)
    {
        Measure(output, 10_000, isChallenged: false);
        Measure(output, 100_000, isChallenged: false);
        Measure(output, 10_000, isChallenged: true);
    }

    private static void Measure(TextWriter output, int devices, bool isChallenged)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var machine = new DeskMachine(new DeskOptions(), new NoPackets());
        var message = new SipMessage();
        var changes = new DeskChanges();
        var at = Timestamp.FromUnix(1_800_000_000, 0);
        Pass(0);
        machine.Advance(at + TimeSpan.FromSeconds(40));
        long weight = (GC.GetTotalMemory(forceFullCollection: true) - before) / devices;
        double best = double.MaxValue;
        int messages = 0;
        for (int pass = 1; pass <= 3; pass++) best = Math.Min(best, Pass(pass));
        output.WriteLine(
            $"desk: {devices,7} devices{(isChallenged ? ", challenged" : "")}: {messages / best,9:N0} REGISTER messages a CPU second, {weight} bytes a binding, {machine.Registrations.Live} bound");

        // One refresh of all, spread over a minute.
        double Pass(int pass)
        {
            var texts = new List<(byte[] Bytes, bool IsRequest, int Device)>(devices * 4);
            for (int device = 0; device < devices; device++)
            {
                int cseq = 1 + (pass * 2);
                if (isChallenged)
                {
                    texts.Add((Text(device, cseq, 0, false), true, device));
                    texts.Add((Text(device, cseq, 401, false), false, device));
                    cseq++;
                }

                texts.Add((Text(device, cseq, 0, isChallenged), true, device));
                texts.Add((Text(device, cseq, 200, false), false, device));
            }

            messages = texts.Count;
            var server = new Endpoint(IpAddress.FromV4(0xC000_020A), 5060);
            TimeSpan step = TimeSpan.FromSeconds(60) / texts.Count;
            TimeSpan processor = Process.GetCurrentProcess().TotalProcessorTime;
            int count = 0;
            foreach ((byte[] bytes, bool isRequest, int device) in texts)
            {
                at += step;
                machine.Advance(at);
                SipParser.TryRead(bytes, message, out _, out _);
                var phone = new Endpoint(IpAddress.FromV4(0x0A00_0000u + (uint)device), 5060);
                var context = new MessageContext(at, isRequest ? phone : server, isRequest ? server : phone, Transport.Udp);
                if (machine.Apply(message, context) is { } exchange) machine.Conclude(message, exchange);
                if (++count % 4096 != 0) continue;
                machine.Drain(changes);
                changes.Clear();
            }

            machine.Drain(changes);
            changes.Clear();
            TimeSpan used = Process.GetCurrentProcess().TotalProcessorTime - processor;
            return used.TotalSeconds;
        }
    }

    private static byte[] Text(int device, int cseq, int status, bool hasCredentials) => Encoding.ASCII.GetBytes(
        $"{(status == 0 ? "REGISTER sip:example.com SIP/2.0" : $"SIP/2.0 {status} OK")}\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK{device}.{cseq};rport\r\nMax-Forwards: 70\r\nFrom: <sip:{device}@example.com>;tag=t{device}\r\n"
        + $"To: <sip:{device}@example.com>{(status == 0 ? "" : ";tag=s")}\r\nCall-ID: registration-{device}@10.0.0.1\r\nCSeq: {cseq} REGISTER\r\n"
        + $"Contact: <sip:{device}@10.0.0.1:5060>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-{device:x12}>\"{(status == 0 ? "" : ";expires=3600")}\r\n"
        + (status == 401 ? "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n\"\r\n" : "")
        + (hasCredentials ? $"Authorization: Digest username=\"{device}\", realm=\"example.com\", nonce=\"n\", uri=\"sip:example.com\", response=\"00112233445566778899aabbccddeeff\"\r\n" : "")
        + $"Expires: 3600\r\nUser-Agent: Yealink SIP-T46S 66.85.0.5\r\nAllow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, OPTIONS, INFO, MESSAGE\r\nContent-Length: 0\r\n\r\n");

    private sealed class NoPackets : IExchangePackets
    {
        public byte[] Seal(IPacketOwner owner) => [];

        public byte[] Together(byte[] first, byte[] second) => first;
    }
}
