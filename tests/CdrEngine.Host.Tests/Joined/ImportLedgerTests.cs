using System.Buffers.Binary;
using System.Text;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;
using CdrEngine.Storage;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Host.Tests.Joined;

/// <summary>Importing again what was imported before.</summary>
public sealed class ImportLedgerTests
{
    [Fact]
    public void Import_OfTheSameFileTwice_IsLeftOutTheSecondTime_UnderAnyName()
    {
        using var folder = new TemporaryFolder();
        ImportSummary first = Import(folder, [Capture("held.pcap")]);
        Assert.Equal((0, false), (first.KnownFiles, first.IsLeftOut));
        string copy = Path.Combine(folder.Path, "copy.cap");
        File.Copy(Capture("held.pcap"), copy);
        string[] segments = Segments(folder);
        ImportSummary second = Import(folder, [copy]);
        Assert.True(second.IsLeftOut);
        Assert.Equal(0, second.Packets);
        Assert.Equal(segments, Segments(folder));
        string line = Assert.Single(ImportSummaryText.Lines(second));
        Assert.StartsWith("1 file, ", line, StringComparison.Ordinal);
        Assert.EndsWith("imported into this folder before, with the same settings; not read again (--again reads it)", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Import_Again_ReadsItOnceMore_AndEveryRecordIsUnchanged()
    {
        using var folder = new TemporaryFolder();
        Import(folder, [Capture("held.pcap")]);
        string before = Records(folder);
        int segments = Segments(folder).Length;
        ImportSummary again = Import(folder, [Capture("held.pcap")], again: true);
        Assert.Equal(again.Calls.Sum, again.KnownCalls);
        Assert.Equal(before, Records(folder));

        // The packets lie in new segments now, and the call's file is made from those.
        Assert.True(Segments(folder).Length > segments);
        foreach (string old in Segments(folder).Where(static path => path.Contains("r000001", StringComparison.Ordinal))) File.Delete(old);
        using var archive = new CallArchive(Load(folder));
        using var pcap = new MemoryStream();
        Assert.True(archive.WritePcap(archive.Calls.List(new CallQuery()).Calls[0].Id, pcap));
    }

    [Fact]
    public void Import_OfFilesKnownFromDifferentImports_ReadsAll_ThenLeavesThemOut()
    {
        using var folder = new TemporaryFolder();
        Import(folder, [Capture("held.pcap")]);
        Import(folder, [Capture("forked.pcap"), Capture("early-media.pcap")]);
        Assert.True(Import(folder, [Capture("early-media.pcap")]).IsLeftOut);
        ImportSummary both = Import(folder, [Capture("held.pcap"), Capture("forked.pcap")]);
        Assert.Equal((2, false), (both.KnownFiles, both.IsLeftOut));
        Assert.Contains("imported before, but under other settings, not together, or not all of it was there any more: read again", ImportSummaryText.Lines(both));
        Assert.True(Import(folder, [Capture("held.pcap"), Capture("forked.pcap")]).IsLeftOut);
        ImportSummary more = Import(folder, [Capture("forked.pcap"), Capture("ipv6-tcp.pcap")]);
        Assert.Contains("1 of them had been imported before and was read again: a call may go on from one file into the next", ImportSummaryText.Lines(more));
    }

    [Fact]
    public void Import_OfACaptureThatGoesOnInANewFile_GivesTheRecordsOfTheWhole()
    {
        using TemporaryFolder pieces = new(), whole = new();
        (string first, string second) = Cut(Capture("answered.pcap"), pieces);
        Import(pieces, [first]);
        ImportSummary both = Import(pieces, [first, second]);
        Assert.False(both.IsLeftOut);
        Import(whole, [Capture("answered.pcap")]);
        Assert.Equal(Records(whole).Replace("answered.pcap", "first.pcap", StringComparison.Ordinal), Records(pieces));
    }

    [Fact]
    public void Import_ThatWasStopped_IsNotRemembered()
    {
        using var folder = new TemporaryFolder();
        using (var runner = new ImportRunner(Load(folder), new StatisticsBoard()))
            Assert.True(runner.Run([Capture("held.pcap")], new CancellationToken(canceled: true)).Stopped);
        Assert.False(Import(folder, [Capture("held.pcap")]).IsLeftOut);
    }

    [Fact]
    public void Import_UnderOtherSettings_OrWhereItsPacketsOrRecordsAreGone_ReadsAgain()
    {
        using var folder = new TemporaryFolder();
        Import(folder, [Capture("held.pcap")], "packet-log.enabled=off");
        Assert.False(Import(folder, [Capture("held.pcap")]).IsLeftOut);
        Assert.True(Import(folder, [Capture("held.pcap")], "api.page-size=7").IsLeftOut);
        Assert.False(Import(folder, [Capture("held.pcap")], "call.keep-headers=[X-Other]").IsLeftOut);
        Assert.False(Import(folder, [Capture("held.pcap")]).IsLeftOut);
        foreach (string segment in Segments(folder)) File.Delete(segment);
        Assert.False(Import(folder, [Capture("held.pcap")]).IsLeftOut);
        Assert.True(Import(folder, [Capture("held.pcap")]).IsLeftOut);
        foreach (string day in Directory.GetFiles(DataFolder.Records(folder.Path), "2*.db")) File.Delete(day);
        Assert.False(Import(folder, [Capture("held.pcap")]).IsLeftOut);
    }

    [Theory]
    [InlineData(3_000)]
    [InlineData(1 << 20)]
    [InlineData((1 << 20) + 1)]
    [InlineData(5_000_000)]
    public void Fingerprint_ChangesWithLengthBeginningMiddleAndEnd(int length)
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        var seen = new HashSet<string> { Fingerprint(folder, bytes) };
        Assert.False(seen.Add(Fingerprint(folder, bytes)));
        Assert.True(seen.Add(Fingerprint(folder, bytes[..^1])));
        Assert.True(seen.Add(Fingerprint(folder, [.. bytes, 0])));

        // One byte at each end; in between where a capture that was rewritten differs, everywhere from some packet on.
        foreach (Range changed in new Range[] { new(0, 1), new(^1, ^0), new(length / 3, ^0), new(0, length / 3) })
        {
            byte[] other = [.. bytes];
            foreach (ref byte b in other.AsSpan(changed)) b ^= 1;
            Assert.True(seen.Add(Fingerprint(folder, other)));
        }
    }

    [Fact]
    public void Fingerprint_OfWhatIsNoFile_IsNone()
    {
        using var folder = new TemporaryFolder();
        var ledger = new ImportLedger(Load(folder));
        Assert.Null(ledger.Fingerprint("-"));
        Assert.Null(ledger.Fingerprint("/dev/null"));
        Assert.Null(ledger.Fingerprint(Path.Combine(folder.Path, "missing.pcap")));
        Assert.False(ledger.IsKnown([], []));
    }

    private static string Fingerprint(TemporaryFolder folder, byte[] bytes)
    {
        string path = Path.Combine(folder.Path, "f.pcap");
        File.WriteAllBytes(path, bytes);
        return new ImportLedger(Load(folder)).Fingerprint(path)!;
    }

    private static ImportSummary Import(TemporaryFolder folder, string[] files, string setting = "api.auth=off", bool again = false)
    {
        using var runner = new ImportRunner(Load(folder, setting), new StatisticsBoard());
        ImportSummary summary = runner.Run(files, CancellationToken.None, again);
        Assert.Empty(summary.Faults);
        return summary;
    }

    private static string Records(TemporaryFolder folder)
    {
        using SqliteCallStore store = SqliteCallStore.Open(DataFolder.Records(folder.Path));
        var text = new StringBuilder();
        foreach (CallRecord call in store.List(new CallQuery { Limit = CallQuery.MaxLimit }).Calls) text.Append(Encoding.UTF8.GetString(CallRecordJson.ToUtf8(call))).Append('\n');
        Assert.True(text.Length > 0);
        return text.ToString();
    }

    private static string[] Segments(TemporaryFolder folder) =>
        [.. Directory.GetFiles(DataFolder.Packets(folder.Path), "*.seg", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    // In the middle of a call, as a capture program does that begins a new file.
    private static (string First, string Second) Cut(string path, TemporaryFolder folder)
    {
        byte[] all = File.ReadAllBytes(path);
        const int header = 24;
        int at = header;
        while (at < all.Length / 2) at += 16 + (int)BinaryPrimitives.ReadUInt32LittleEndian(all.AsSpan(at + 8));
        string first = Path.Combine(folder.Path, "first.pcap"), second = Path.Combine(folder.Path, "second.pcap");
        File.WriteAllBytes(first, all[..at]);
        File.WriteAllBytes(second, [.. all[..header], .. all[at..]]);
        return (first, second);
    }

    private static string Capture(string name) => Checkout.Path("tests", "fixtures", "pcap", "load", name);

    private static Settings Load(TemporaryFolder folder, string setting = "api.auth=off") => SettingsLoader.Load(
        new SettingsFlags { DataDirectory = folder.Path, Listen = "127.0.0.1:0", Set = [setting] }, static _ => null);
}
