using System.Globalization;
using System.Security.Cryptography;
using CdrEngine.Calls;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Recording;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Media.Fax;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Recording;

/// <summary>Pages that another program sent by T.38, back from the packets, dot for dot (fixtures/pcap/fax/make-pages.py).</summary>
public sealed class FaxMakerTests
{
    public static TheoryData<string, FaxCoding, bool> Faxes => new()
    {
        { "pages-mh", FaxCoding.ModifiedHuffman, false },
        { "pages-mr-two-pages", FaxCoding.ModifiedRead, false },
        { "pages-mmr-ecm", FaxCoding.ModifiedModifiedRead, true },
        { "pages-mh-ecm-v3", FaxCoding.ModifiedHuffman, true },
    };

    [Theory]
    [MemberData(nameof(Faxes))]
    public void Pages_AreThoseThatWereSent(string name, FaxCoding coding, bool isCorrected)
    {
        using EngineRun run = EngineRun.OfFile(Fixture(name), new RunOptions { KeepPackets = true });
        CallRecord record = Assert.Single(run.Records);
        IReadOnlyList<FaxPage> pages = new FaxMaker(new CallOptions()).Pages(record, new PacketsInMemory(run.Packets(record)));
        Assert.Equal(Sent(name), pages.Select(static page =>
            (page.Format.Width, page.Rows, Convert.ToHexStringLower(SHA256.HashData(page.ToBits())))));
        Assert.All(pages, page => Assert.Equal((coding, 0), (page.Format.Coding, page.DamagedRows)));
        Assert.Equal((pages.Count, FaxResult.Completed, isCorrected), (record.Fax!.Pages, record.Fax.Result, record.Fax.HasErrorCorrection));
    }

    [Fact]
    public void Pages_OfACallThatBeganAsSound_AreThere()
    {
        foreach (string name in (string[])["fax-t38", "fax-t38-ecm"])
        {
            using EngineRun run = EngineRun.OfFile(Fixture(name), new RunOptions { KeepPackets = true });
            CallRecord record = run.Records.Single(static call => call.Fax is not null);
            IReadOnlyList<FaxPage> pages = new FaxMaker(new CallOptions()).Pages(record, new PacketsInMemory(run.Packets(record)));
            Assert.Equal((2, 2), (record.Fax!.Pages, pages.Count));
            foreach ((FaxPage page, int number) in pages.Select(static (page, number) => (page, number)))
            {
                // What its recipe drew: a bar of 60 and 80 bytes in rows 100 to 139.
                byte[] expected = new byte[400 * 216];
                for (int row = 100; row < 140; row++) expected.AsSpan((row * 216) + 40, 60 + (20 * number)).Fill(0xFF);
                Assert.Equal(expected, page.ToBits());
            }
        }
    }

    [Theory]
    [InlineData("pages-mh")]
    [InlineData("pages-mmr-ecm")]
    public void Pages_OfWhichOnlyTheSenderWasCaptured_AreThere(string name)
    {
        using EngineRun run = EngineRun.OfFile(Fixture(name), new RunOptions { KeepPackets = true });
        CallRecord record = Assert.Single(run.Records);
        var kept = new FrameBuffer();
        foreach (CapturedPacket packet in run.Packets(record))
        {
            // The callee's media is at 192.0.2.2:5000: source port at octet 34 of the frame.
            if ((packet.Bytes[34] << 8 | packet.Bytes[35]) != 5000) kept.Append(packet);
        }

        IReadOnlyList<FaxPage> pages = new FaxMaker(new CallOptions()).Pages(record, new PacketsInMemory(kept));
        Assert.Equal(Sent(name).Select(static sent => sent.Digest), pages.Select(static page => Convert.ToHexStringLower(SHA256.HashData(page.ToBits()))));
    }

    [Theory]
    [InlineData("pages-mh")]
    [InlineData("pages-mr-two-pages")]
    [InlineData("pages-mmr-ecm")]
    public void Packets_LostForGoodOrDamaged_GiveWhatIsLeft_AndNeverThrow(string name)
    {
        using EngineRun run = EngineRun.OfFile(Fixture(name), new RunOptions { KeepPackets = true });
        CallRecord record = Assert.Single(run.Records);
        FrameBuffer all = run.Packets(record);
        int pages = 0;
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var kept = new FrameBuffer();
            foreach (CapturedPacket packet in all)
            {
                byte[] bytes = packet.Bytes.ToArray();
                if (seed % 2 == 0 && bytes.Length < 400 && random.Next(12) == 0) bytes[random.Next(42, bytes.Length)] ^= (byte)(1 << random.Next(8));
                if (seed % 2 == 1 && random.Next(12) == 0) continue;
                kept.Append(PacketBuilder.Captured(bytes, packet.CapturedAt));
            }

            var output = new MemoryStream();
            FaxOutcome outcome = new FaxMaker(new CallOptions()).Make(record, new PacketsInMemory(kept), seed % 4 < 2 ? FaxForm.Tiff : FaxForm.Pdf, output);
            Assert.Equal(outcome.Pages > 0, output.Length > 0);
            Assert.InRange(outcome.Pages, 0, 6);
            pages += outcome.Pages;
        }

        Assert.InRange(pages, 20, 200);
    }

    [Fact]
    public void Calls_WithoutFax_OrNotToBeRecorded_HaveAReason()
    {
        using EngineRun run = EngineRun.OfFile(Fixture("pages-mh"), new RunOptions { KeepPackets = true });
        CallRecord record = Assert.Single(run.Records);
        var packets = new PacketsInMemory(run.Packets(record));
        var output = new MemoryStream();
        Assert.Equal("no_fax", new FaxMaker(new CallOptions()).Make(record with { Fax = null }, packets, FaxForm.Tiff, output).Reason);
        Assert.Equal("no_packets", new FaxMaker(new CallOptions()).Make(record, new PacketsInMemory(new FrameBuffer()), FaxForm.Tiff, output).Reason);
        var never = new FixedRecordingPolicy(new RecordingRule(RecordingPolicy.Never, RecordingSides.Both));
        Assert.Equal("policy", new FaxMaker(new CallOptions(), never).Make(record, packets, FaxForm.Tiff, output).Reason);
        Assert.Equal(0, output.Length);
        Assert.Equal((0, "limit"), Made(new FaxMaker(new CallOptions(), limits: new FaxLimits { TotalBytes = 100 })));
        Assert.Equal((1, null), Made(new FaxMaker(new CallOptions())));

        (int Pages, string? Reason) Made(FaxMaker maker)
        {
            FaxOutcome outcome = maker.Make(record, packets, FaxForm.Tiff, new MemoryStream());
            return (outcome.Pages, outcome.Reason);
        }
    }

    private static string Fixture(string name) => Checkout.Fixture("pcap", "fax", name + ".pcap");

    private static IEnumerable<(int Width, int Rows, string Digest)> Sent(string name) =>
        File.ReadLines(Checkout.Fixture("pcap", "fax", "pages.txt"))
            .Select(static line => line.Split(' '))
            .Where(line => line[0] == name)
            .Select(static line => (int.Parse(line[2], CultureInfo.InvariantCulture), int.Parse(line[3], CultureInfo.InvariantCulture), line[4]));
}
