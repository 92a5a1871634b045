using CdrEngine.Core;
using CdrEngine.Protocols.Pcap;
using CdrEngine.TestKit;

namespace CdrEngine.Page.Tests.Browser;

/// <summary>Calls, registrations and messages whose every field wants to be something else than text.</summary>
internal static class HostileCapture
{
    /// <summary>Texts that a page may meet, each of another kind.</summary>
    public static readonly (string Name, string Text)[] Texts =
    [
        ("script", "<script>alert(1)</script>"),
        ("image", "<img src=x onerror=alert(2)>"),
        ("attribute", "\\\" onmouseover=alert(3) x=\\\""),
        ("single", "' autofocus onfocus=alert(4) '"),
        ("uri", "javascript:alert(5)"),
        ("svg", "</text></svg><svg onload=alert(6)>"),
        ("entity", "&lt;b&gt;&#x3c;script&#x3e;&amp;"),
        ("style", "</style><style>*{display:none}</style>"),
        ("bidi", "abc\u202Egnp.exe\u202C\u2066def\u2069\u200F"),
        ("arabic", "مكتب الاستقبال ٣"),
        ("emoji", "☎️ 🦊 Zoë 👩‍👩‍👧 🇩🇪"),
        ("long", new string('W', 900)),
        ("control", "a\u0001b\u0007c\u007Fd\u001B[31me"),
        ("template", "{{7*7}} ${7*7} @(1+1) %3Cscript%3E"),
        ("comment", "--><!--<script>alert(7)</script>"),
    ];

    public static readonly Timestamp Start = Timestamp.FromUnix(1_795_160_000, 0);

    /// <summary>Writes the capture.</summary>
    public static void Write(string path)
    {
        using var frames = new FrameBuffer();
        for (int i = 0; i < Texts.Length; i++) Call(frames, i, Texts[i].Text);
        using FileStream file = File.Create(path);
        CaptureWriter.WriteAll(file, [frames]);
    }

    private static void Call(FrameBuffer frames, int index, string text)
    {
        Timestamp at = Start + TimeSpan.FromSeconds(index * 20);
        string quoted = text.Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        string user = Uri.EscapeDataString(text)[..Math.Min(300, Uri.EscapeDataString(text).Length)];
        string from = $"\"{quoted}\" <sip:{user}@192.0.2.1>";
        string to = $"\"{quoted}\" <sip:{user}@192.0.2.2>";
        string callId = $"hostile-{index}-{text.Replace(' ', '_')}"[..Math.Min(200, $"hostile-{index}-{text}".Length)];
        SipText invite = Named(SipText.Invite(callId, "a", "b"), from, to)
            .With("User-Agent", text).With("Subject", text).With("P-Asserted-Identity", from).With("X-Evil", text).With("Diversion", from)
            .WithBody("application/sdp", SipText.Sdp("192.0.2.1", 20_000 + (index * 2)).Replace("s=-", $"s={text}", StringComparison.Ordinal) + $"a=x:{text}\r\n");
        Send(frames, invite, at, isBack: false);
        Send(frames, invite, at + TimeSpan.FromMilliseconds(500), isBack: false);
        Send(frames, invite.Reply(100, text), at + TimeSpan.FromMilliseconds(520), isBack: true);
        Send(frames, invite.Reply(180, text).With("Server", text), at + TimeSpan.FromMilliseconds(900), isBack: true);
        SipText end = invite.Reply(index % 3 == 0 ? 486 : 503, text).With("Reason", $"Q.850;cause=41;text=\"{quoted}\"").With("Warning", $"399 x \"{quoted}\"");
        Send(frames, end, at + TimeSpan.FromSeconds(2), isBack: true);
        Send(frames, Named(SipText.Ack(callId, "a", "b"), from, $"{to};tag=to-tag"), at + TimeSpan.FromSeconds(2.02), isBack: false);

        SipText register = SipText.Register($"reg-{callId}", $"user{index}").With("User-Agent", text);
        Send(frames, register, at + TimeSpan.FromSeconds(3), isBack: false);
        Send(frames, register.Reply(200, text).With("Contact", $"\"{quoted}\" <sip:user{index}@192.0.2.1:5060>;expires=3600"), at + TimeSpan.FromSeconds(3.05), isBack: true);
        SipText message = Named(SipText.Request("MESSAGE", $"msg-{callId}", "a", "b"), from, to).WithBody("text/plain", text);
        Send(frames, message, at + TimeSpan.FromSeconds(4), isBack: false);
        Send(frames, message.Reply(200, text), at + TimeSpan.FromSeconds(4.03), isBack: true);
    }

    private static SipText Named(SipText message, string from, string to) => message.Set("From", $"{from};tag=from-tag").Set("To", to);

    private static void Send(FrameBuffer frames, SipText message, Timestamp at, bool isBack)
    {
        byte[] frame = PacketBuilder.UdpFrame(isBack ? "192.0.2.2:5060" : "192.0.2.1:5060", isBack ? "192.0.2.1:5060" : "192.0.2.2:5060", message.ToBytes()).Build();
        frames.Append(PacketBuilder.Captured(frame, at));
    }
}
