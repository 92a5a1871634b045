using CdrEngine.Calls.Transcripts;
using CdrEngine.Core;
using CdrEngine.Host.Ladder;
using Xunit;

namespace CdrEngine.Host.Tests.Ladder;

public sealed class LadderTextTests
{
    private static readonly Endpoint Alice = TestCalls.Address("192.0.2.10", 5060);
    private static readonly Endpoint Proxy = TestCalls.Address("192.0.2.1", 5060);
    private static readonly Endpoint Bob = TestCalls.Address("198.51.100.7", 5062);

    [Fact]
    public void Call_ThroughAProxy_IsDrawnAsALadder()
    {
        LadderMessage[] messages =
        [
            Request(0, Alice, Proxy, "INVITE", 1, "PCMU PCMA 192.0.2.10:4000"),
            Response(5, Proxy, Alice, 100, "Trying", "INVITE", 2),
            Request(9, Proxy, Bob, "INVITE", 3, "PCMU PCMA 192.0.2.10:4000"),
            Request(509, Proxy, Bob, "INVITE", 3, "PCMU PCMA 192.0.2.10:4000"),
            Request(1509, Proxy, Bob, "INVITE", 3, "PCMU PCMA 192.0.2.10:4000"),
            Response(1600, Bob, Proxy, 180, "Ringing", "INVITE", 4),
            Response(1604, Proxy, Alice, 180, "Ringing", "INVITE", 5),
            Response(4000, Bob, Alice, 200, "OK", "INVITE", 6, "PCMU 198.51.100.7:6000"),
            Request(4010, Alice, Bob, "ACK", 7),
            Request(64_010, Bob, Alice, "BYE", 8),
            Response(64_020, Alice, Bob, 200, "OK", "BYE", 9),
        ];
        Assert.Equal(
            """
            20261120-00112233445566778899aabb  1001 -> 2002  Call-ID abc@host
            2026-11-20T04:27:00.000123Z  answered (200), 12.500 s, talk 10.500 s, flags held authenticated

                                           192.0.2.10:5060         192.0.2.1:5060         198.51.100.7:5062
                                                  │                       │                       │
            04:27:00.000123                       │───── INVITE SDP ─────>│                       │  PCMU PCMA 192.0.2.10:4000
            04:27:00.005123  +0.005               │<───── 100 Trying ─────│                       │
            04:27:00.009123  +0.004               │                       │─── INVITE SDP ×3 ────>│  PCMU PCMA 192.0.2.10:4000; again after +0.500 +1.500
            04:27:01.600123  +1.591               │                       │<──── 180 Ringing ─────│
            04:27:01.604123  +0.004               │<──── 180 Ringing ─────│                       │
            04:27:04.000123  +2.396               │<───────────────── 200 OK SDP ─────────────────│  PCMU 198.51.100.7:6000
            04:27:04.010123  +0.010               │──────────────────── ACK ─────────────────────>│
            04:28:04.010123  +60.000              │<──────────────────── BYE ─────────────────────│
            04:28:04.020123  +0.010               │──────────────── 200 OK (BYE) ────────────────>│
                                                  │                       │                       │
            """,
            string.Join('\n', LadderText.Lines(TestCalls.Answered(), messages, colour: false)));
    }

    [Fact]
    public void Message_WithControlCharacters_IsEscaped()
    {
        string ladder = string.Join('\n', LadderText.Lines([Request(0, Alice, Proxy, "INV\e[2J", 1, "x\nSECOND")], colour: false));
        Assert.Contains("INV\\x1b[2J SDP", ladder, StringComparison.Ordinal);
        Assert.Contains("x\\x0aSECOND", ladder, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', ladder);
    }

    [Fact]
    public void Title_LongerThanItsArrow_IsCut()
    {
        string[] lines = LadderText.Lines([Response(0, Alice, Proxy, 500, new string('x', 500), "INVITE", 1)], colour: false).ToArray();
        Assert.All(lines, static line => Assert.InRange(line.Length, 0, 74));
        Assert.Contains("…", lines[2], StringComparison.Ordinal);
        Assert.EndsWith("─>│", lines[2].TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Message_ToItself_StandsBesideItsLifeline() =>
        Assert.Contains("│ ↺ OPTIONS", LadderText.Lines([Request(0, Alice, Alice, "OPTIONS", 1)], colour: false).ElementAt(2), StringComparison.Ordinal);

    [Fact]
    public void SameMessage_AtAnotherHop_IsNoRetransmission()
    {
        string[] lines = LadderText.Lines([Request(0, Alice, Proxy, "INVITE", 1), Request(1, Proxy, Bob, "INVITE", 1)], colour: false).ToArray();
        Assert.Equal(5, lines.Length);
        Assert.DoesNotContain('×', string.Concat(lines));
    }

    [Fact]
    public void Colour_OnATerminal_WrapsOnlyTheArrow()
    {
        LadderMessage[] messages = [Request(0, Alice, Proxy, "INVITE", 1), Response(1, Proxy, Alice, 486, "Busy Here", "INVITE", 2)];
        string coloured = string.Join('\n', LadderText.Lines(messages, colour: true));
        string plain = string.Join('\n', LadderText.Lines(messages, colour: false));
        Assert.Contains("\e[36m─", coloured, StringComparison.Ordinal);
        Assert.Contains("\e[31m<", coloured, StringComparison.Ordinal);
        Assert.Equal(plain, coloured.Replace("\e[36m", "").Replace("\e[31m", "").Replace("\e[0m", ""));
    }

    [Fact]
    public void Ladder_WithoutMessages_IsTheHeadAlone()
    {
        Assert.Empty(LadderText.Lines([], colour: false));
        Assert.Equal(2, LadderText.Lines(TestCalls.Answered(), [], colour: false).Count());
    }

    private static LadderMessage Request(int at, Endpoint from, Endpoint to, string method, ulong hash, string? sdp = null) => new()
    {
        At = TestCalls.Start + TimeSpan.FromMilliseconds(at),
        Source = from,
        Destination = to,
        Title = method,
        CSeq = $"1 {method}",
        Sdp = sdp,
        Hash = hash,
    };

    private static LadderMessage Response(int at, Endpoint from, Endpoint to, int status, string phrase, string method, ulong hash, string? sdp = null) =>
        Request(at, from, to, method, hash, sdp) with { Title = $"{status} {phrase}", StatusCode = status };
}
