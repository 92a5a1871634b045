using System.Text;
using System.Xml.Linq;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Core;
using CdrEngine.Page.Ladder;
using CdrEngine.Page.Tests.Browser;
using Xunit;

namespace CdrEngine.Page.Tests.Ladder;

public sealed class LadderTests
{
    private static readonly Endpoint A = new(IpAddress.FromV4(0xC0000201), 5060);
    private static readonly Endpoint B = new(IpAddress.FromV4(0xC0000202), 5060);
    private static readonly Timestamp Start = Timestamp.FromUnix(1_795_160_000, 0);

    [Fact]
    public void Retransmissions_AreFoldedIntoTheFirst_AndKeepTheirTimes()
    {
        IReadOnlyList<MessageRow> rows = LadderRows.Messages([Message("INVITE", 0, 1), Message("INVITE", 0.5, 1), Message("INVITE", 1.5, 1), Message("100 Trying", 1.6, 2, 100)]);
        Assert.Equal([1, 4], rows.Select(static row => row.Number));
        Assert.Equal(2, rows[0].Repeats.Count);
        Assert.Equal(TimeSpan.FromSeconds(1.6), rows[1].Since);
    }

    [Fact]
    public void TheSameBytesAtAnotherPlace_AreAHop_AndStay()
    {
        var there = new Endpoint(IpAddress.FromV4(0xC0000203), 5060);
        Assert.Equal(2, LadderRows.Messages([Message("INVITE", 0, 1), Message("INVITE", 0.01, 1) with { Source = B, Destination = there }]).Count);
    }

    [Fact]
    public void LongRoutine_IsFolded_UnlessItFails()
    {
        LadderMessage[] infos = [.. Enumerable.Range(0, 400).SelectMany(static i => (LadderMessage[])[Message("INFO", i, (ulong)(10 + (i * 2)), cseq: $"{i} INFO"), Message("200 OK", i + 0.1, (ulong)(11 + (i * 2)), 200, $"{i} INFO")])];
        IReadOnlyList<LadderRow> rows = LadderRows.Of(LadderRows.Messages(infos), [], folds: true);
        FoldedRow folded = Assert.Single(rows.OfType<FoldedRow>());
        Assert.Equal(800, folded.Messages + rows.OfType<MessageRow>().Count());
        Assert.True(rows.Count < 20);
        Assert.Equal(800, LadderRows.Of(LadderRows.Messages(infos), [], folds: false).OfType<MessageRow>().Count());
        infos[401] = infos[401] with { StatusCode = 481, Title = "481 Call/Transaction Does Not Exist" };
        Assert.Contains(LadderRows.Of(LadderRows.Messages(infos), [], folds: true).OfType<MessageRow>(), static row => row.Message.StatusCode == 481);
    }

    [Fact]
    public void Streams_OfTheSameTwoMachines_AreOneBar_BothWays()
    {
        StreamRecord forth = Stream(A, B, 1, 10), back = Stream(B, A, 2, 12), later = Stream(A, B, 60, 70);
        IReadOnlyList<LadderMedia> bars = LadderRows.Media([forth, back, later], Start + TimeSpan.FromSeconds(1.5));
        Assert.Equal([(true, 1), (false, 2), (false, 1)], bars.Select(static bar => (bar.IsEarly, bar.Streams.Count)));
        Assert.Equal(bars[0].To, bars[1].From);
    }

    [Fact]
    public void Drawing_OfHostileMessages_IsWellFormed_AndHoldsNothingThatRuns()
    {
        LadderMessage[] messages = [.. HostileCapture.Texts.Select(static (text, i) => Message(text.Text, i, (ulong)i, i % 2 == 0 ? 0 : 503, $"1 {text.Text}") with { Sdp = text.Text })];
        IReadOnlyList<MessageRow> rows = LadderRows.Messages(messages);
        var drawing = new LadderDrawing(rows, [], new Dictionary<Endpoint, string> { [A] = HostileCapture.Texts[0].Text }, TimeZoneInfo.Utc);
        XElement svg = XElement.Parse(drawing.Draw("x", HostileCapture.Texts[1].Text, LadderRows.Of(rows, [], folds: true), static number => $"/calls/1/messages/{number}", new HashSet<int> { 1 }).ToString());
        Assert.All(svg.DescendantsAndSelf(), static element =>
        {
            Assert.Contains(element.Name.LocalName, (string[])["svg", "title", "g", "a", "rect", "line", "path", "text", "tspan"]);
            Assert.DoesNotContain(element.Attributes(), static attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.OrdinalIgnoreCase));
        });
        Assert.All(svg.Descendants().Where(static element => element.Name.LocalName == "a"), static link => Assert.StartsWith("/calls/", link.Attribute("href")!.Value));
    }

    [Fact]
    public void Lines_ShowControls_AndKnowSdp()
    {
        IReadOnlyList<SipLine> lines = SipLines.Of("INVITE sip:b SIP/2.0\r\nX-A: b\u0007\r\n folded\r\nContent-Type: application/sdp\r\n\r\nv=0\r\na=x\r\n"u8);
        Assert.Equal(["start", "header", "body", "header", "blank", "sdp", "sdp"], lines.Select(static line => line.Kind));
        Assert.Equal(" b\\x07", lines[1].Text);
    }

    [Fact]
    public void Difference_SetsLinesLevel_AndNamesThoseThatDiffer()
    {
        IReadOnlyList<SipLine> left = SipLines.Of("INVITE sip:b SIP/2.0\r\nVia: 1\r\nCSeq: 1 INVITE\r\nTo: b\r\n\r\n"u8);
        IReadOnlyList<SipLine> right = SipLines.Of("INVITE sip:b SIP/2.0\r\nVia: 2\r\nRoute: x\r\nCSeq: 2 INVITE\r\nTo: b\r\n\r\n"u8);
        var pairs = SipDifference.Of(left, right);
        Assert.Equal([("INVITE sip:b SIP/2.0", "INVITE sip:b SIP/2.0", true), ("Via: 1", "Via: 2", false), (null, "Route: x", false), ("CSeq: 1 INVITE", "CSeq: 2 INVITE", false), ("To: b", "To: b", true)],
            pairs.Where(static pair => (pair.Left ?? pair.Right)!.Value.Kind != "blank").Select(static pair => (pair.Left?.Whole, pair.Right?.Whole, pair.IsSame)));
        Assert.All(SipDifference.Of(left, left), static pair => Assert.True(pair.IsSame));
    }

    [Fact]
    public void Difference_OfAnyTwo_LosesNoLine()
    {
        var random = new Random(5);
        for (int i = 0; i < 200; i++)
        {
            IReadOnlyList<SipLine> left = Lines(random), right = Lines(random);
            var pairs = SipDifference.Of(left, right);
            Assert.Equal(left.Select(static line => line.Whole), pairs.Where(static pair => pair.Left is not null).Select(static pair => pair.Left!.Value.Whole));
            Assert.Equal(right.Select(static line => line.Whole), pairs.Where(static pair => pair.Right is not null).Select(static pair => pair.Right!.Value.Whole));
        }
    }

    private static IReadOnlyList<SipLine> Lines(Random random) =>
        SipLines.Of(Encoding.UTF8.GetBytes("OPTIONS sip:b SIP/2.0\r\n" + string.Concat(Enumerable.Range(0, random.Next(0, 12)).Select(_ => $"{(char)('A' + random.Next(5))}: {random.Next(3)}\r\n"))));

    private static LadderMessage Message(string title, double seconds, ulong hash, int status = 0, string cseq = "1 INVITE") => new()
    {
        At = Start + TimeSpan.FromSeconds(seconds),
        Source = status == 0 ? A : B,
        Destination = status == 0 ? B : A,
        Title = title,
        StatusCode = status,
        CSeq = cseq,
        Hash = hash,
    };

    private static StreamRecord Stream(Endpoint from, Endpoint to, double start, double end) => new()
    {
        Ssrc = 1,
        Source = from,
        Destination = to,
        PayloadType = 0,
        Packets = 1,
        Octets = 1,
        Expected = 1,
        Lost = 0,
        Duplicates = 0,
        OutOfOrder = 0,
        StartedAt = Start + TimeSpan.FromSeconds(start),
        EndedAt = Start + TimeSpan.FromSeconds(end),
    };
}
