using System.Globalization;
using System.Text.Json;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;
using Xunit;

namespace CdrEngine.Host.Tests.Output;

public sealed class OutputTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"x\"", "\"say \"\"x\"\"\"")]
    [InlineData("two\r\nlines", "\"two\r\nlines\"")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+4930123", "'+4930123")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\t=1", "\"'\t=1\"")]
    [InlineData("\r=1", "\"'\r=1\"")]
    [InlineData("\n=1", "\"'\n=1\"")]
    [InlineData("=cmd|'/c x'!A0,\"", "\"'=cmd|'/c x'!A0,\"\"\"")]
    [InlineData("", "")]
    [InlineData("1=1", "1=1")]
    public void CsvCell_FromTheWire_IsQuotedAndNoFormula(string text, string expected) => Assert.Equal(expected, CsvText.Cell(text, isFromWire: true));

    [Fact]
    public void CsvCell_OfOurOwn_IsLeftAlone() => Assert.Equal("-1", CsvText.Cell("-1", isFromWire: false));

    [Fact]
    public void Csv_OfCalls_HasAHeadAndOneLineEach()
    {
        CallRecord hostile = TestCalls.Answered() with { Caller = new Party { Number = "=1+1", Name = "A, \"B\"" } };
        string[] lines = Csv(hostile, TestCalls.Busy()).Split("\r\n");
        Assert.Equal(4, lines.Length);
        string[] head = lines[0].Split(',');
        Assert.Equal(head.Length, head.Distinct().Count());
        Assert.StartsWith("id,session_id,sip_call_id,state,disposition,", lines[0], StringComparison.Ordinal);
        Assert.Contains(",'=1+1,\"A, \"\"B\"\"\",", lines[1], StringComparison.Ordinal);
        Assert.Contains(",2026-11-20T04:27:00.000123Z,", lines[1], StringComparison.Ordinal);
        Assert.Contains(",12500,", lines[1], StringComparison.Ordinal);
        Assert.Contains(",200.5,11,10500,udp,", lines[1], StringComparison.Ordinal);
        Assert.Contains(",held authenticated,", lines[1], StringComparison.Ordinal);
        Assert.Equal(head.Length, lines[2].Split(',').Length);
        Assert.Equal("", lines[3]);
    }

    [Fact]
    public void Csv_WithoutACall_IsTheHeadAlone() => Assert.Equal(2, Csv().Split("\r\n").Length);

    [Fact]
    public void CsvColumns_AreNamedAsTheJsonMembers()
    {
        // Every flat column must be found in the native JSON, at its name or split at the first underscore; the sums of streams are ours.
        string[] ownSums = ["streams", "packets", "lost", "jitter_ms", "mos", "mos_min", "legs", "flags"];
        using JsonDocument json = JsonDocument.Parse(CallRecordJson.ToUtf8(TestCalls.Answered() with
        {
            Cause = new Cause(16, "x", CauseSource.Mapped),
            Caller = new Party { Identity = new PartyIdentity(PartyKind.User, 1, "x") },
            Callee = new Party { Identity = new PartyIdentity(PartyKind.User, 1, "x") },
        }));
        JsonElement root = json.RootElement;
        string[] strangers = CallColumns.All.Select(static column => column.Name).Except(ownSums).Where(name =>
        {
            if (root.TryGetProperty(name, out _)) return false;
            int cut = name.IndexOf('_');
            string inner = name[(cut + 1)..];
            return cut < 0 || !root.TryGetProperty(name[..cut], out JsonElement nested)
                || !(nested.TryGetProperty(inner, out _)
                    || (inner.StartsWith("identity_", StringComparison.Ordinal) && nested.GetProperty("identity").TryGetProperty(inner["identity_".Length..], out _))
                    || (inner == "address" && nested.TryGetProperty("ip", out _)));
        }).ToArray();
        Assert.Empty(strangers);
    }

    [Fact]
    public void Table_OfCalls_AlignsAndEscapes()
    {
        var text = new StringWriter();
        var table = new CallTable(text, BillsecRounding.Nearest, colour: false);
        table.Write([TestCalls.Answered() with { Caller = new Party { Number = "10\e[31m01" } }, TestCalls.Busy()]);
        table.End();
        Assert.Equal(
            """
            STARTED (UTC)            CALLER        CALLEE  OUTCOME   SIP  TALK  MOS  FLAGS               ID
            2026-11-20 04:27:00.000  10\x1b[31m01  2002    answered  200  11 s       held authenticated  20261120-00112233445566778899aabb
            2026-11-20 04:27:00.000  1001          2002    busy      486                                 20261120-ffeeddccbbaa99887766554433
            2 calls

            """,
            text.ToString());
    }

    [Fact]
    public void JsonLines_OfCalls_AreOneRecordALine()
    {
        var text = new StringWriter();
        var json = new CallJsonLines(text, BillsecRounding.Floor);
        json.Write([TestCalls.Answered(), TestCalls.Busy()]);
        json.End();
        string[] lines = text.ToString().Split('\n');
        Assert.Equal(3, lines.Length);
        using JsonDocument first = JsonDocument.Parse(lines[0]);
        Assert.Equal(10, first.RootElement.GetProperty("billsec").GetInt32());
        using JsonDocument second = JsonDocument.Parse(lines[1]);
        Assert.Equal("busy", second.RootElement.GetProperty("disposition").GetString());
    }

    [Theory]
    [InlineData("plain äöü 漢字 😀", "plain äöü 漢字 😀")]
    [InlineData("\e[2J\a", "\\x1b[2J\\x07")]
    [InlineData("line\r\nline\t", "line\\x0d\\x0aline\\x09")]
    [InlineData("\u009b31m\u007f", "\\x9b31m\\x7f")]
    [InlineData("a\u202Eb\u200Bc\u2066", "a\\u202eb\\u200bc\\u2066")]
    public void WireText_WithWhatATerminalObeys_IsEscaped(string text, string expected) => Assert.Equal(expected, WireText.Escape(text));

    // Apart, because an attribute cannot hold half a character.
    [Fact]
    public void WireText_WithHalfACharacter_IsEscaped() => Assert.Equal("\\ud83d x \\ude00", WireText.Escape("\uD83D x \uDE00"));

    [Theory]
    [InlineData("short", 5, "short")]
    [InlineData("longer", 5, "long…")]
    [InlineData("abc😀def", 5, "abc…")]
    [InlineData("abc", 0, "…")]
    public void WireText_TooWide_IsCut(string text, int width, string expected) => Assert.Equal(expected, WireText.Fit(text, width));

    [Fact]
    public void EscapingWriter_ForATrace_KeepsLinesAndNothingElse()
    {
        var text = new StringWriter();
        using (var writer = new EscapingWriter(text))
        {
            writer.Write("INVITE sip:a SIP/2.0\r\nX: \e[1m\r\n");
            writer.Write(['a', '\a']);
            writer.Write('\n');
        }

        Assert.Equal("INVITE sip:a SIP/2.0\nX: \\x1b[1m\na\\x07\n", text.ToString());
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.0 kB")]
    [InlineData(999_950, "1.0 MB")]
    [InlineData(1_880_000_000, "1.9 GB")]
    public void Bytes_AreShownInPowersOfAThousand(long bytes, string expected) => Assert.Equal(expected, Units.Bytes(bytes));

    [Theory]
    [InlineData(0.25, "0.25 s")]
    [InlineData(12.34, "12.3 s")]
    [InlineData(245, "4:05")]
    [InlineData(3723, "1:02:03")]
    public void Elapsed_IsShownAsLongAsItIs(double seconds, string expected) => Assert.Equal(expected, Units.Elapsed(TimeSpan.FromSeconds(seconds)));

    private static EnumCounts<Disposition> Counts(params (Disposition Value, long Count)[] counts)
    {
        long[] all = new long[Enum.GetValues<Disposition>().Length];
        foreach ((Disposition value, long count) in counts) all[(int)value] = count;
        return new EnumCounts<Disposition>(all);
    }

    [Fact]
    public void ImportSummary_NamesEveryCounterThatIsNotZero()
    {
        var summary = new ImportSummary
        {
            Files = 3,
            Bytes = 1_234_567,
            Packets = 5_000,
            FirstPacketAt = TestCalls.Start,
            LastPacketAt = TestCalls.Start + TimeSpan.FromMinutes(5),
            Elapsed = TimeSpan.FromMilliseconds(500),
            Calls = Counts((Disposition.Busy, 2), (Disposition.Answered, 1_200), (Disposition.Failed, 0)),
            KnownCalls = 2,
            Faults = [new FileFault("a.txt", "no capture", IsUnreadable: true), new FileFault("b.pcap", "cut off", IsUnreadable: false)],
            Counters =
            [
                new CounterGroup("decode", [new("vlan", 1_500, "Frames with a VLAN tag"), new("unknown_link", 0, "Frames of a link type not known")]),
                new CounterGroup("sip", [new("no_call_id", 7, "Messages without Call-ID")]),
            ],
        };
        Assert.Equal(
            """
            read 3 files, 1.2 MB, 5,000 packets in 0.50 s (10,000 packets/s)
            captured from 2026-11-20 04:27:00.000 to 2026-11-20 04:32:00.000 UTC
            1,202 calls: 1,200 answered, 2 busy
            2 of them were recorded before and did not change
            1 file could not be read
            1 file had a fault; what was read of it is kept
            decode:
              1,500  vlan        Frames with a VLAN tag
            sip:
                  7  no_call_id  Messages without Call-ID
            """,
            string.Join('\n', ImportSummaryText.Lines(summary)));
    }

    [Fact]
    public void ImportSummary_OfNothing_IsShort() => Assert.Equal(
        ["read 0 files, 0 B, 0 packets in 0.00 s (0 packets/s)", "no calls"], ImportSummaryText.Lines(new ImportSummary()));

    [Fact]
    public void Numbers_DoNotDependOnTheCulture()
    {
        Assert.Same(CultureInfo.InvariantCulture, CultureInfo.CurrentCulture);
        Assert.Equal("1,234,567", Units.Count(1_234_567));
    }

    private static string Csv(params CallRecord[] calls)
    {
        var text = new StringWriter();
        var csv = new CallCsv(text, BillsecRounding.Nearest);
        if (calls.Length > 0) csv.Write(calls);
        csv.End();
        return text.ToString();
    }
}
