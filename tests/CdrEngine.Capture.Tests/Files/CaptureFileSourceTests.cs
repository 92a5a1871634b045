using System.IO.Compression;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Protocols.Pcap;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Capture.Tests.Files;

/// <summary>Files as they lie on a disk: whole, packed, cut off, or something else.</summary>
public sealed class CaptureFileSourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("captures").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void PlainFile_ReadToTheEnd_GivesPacketsAndProgress()
    {
        string path = Write("a.pcap", Capture(10));
        using CaptureFileSource source = CaptureFileSource.Open(path);
        Assert.True(source.IsOpen);
        Assert.Equal(path, source.Name);
        Assert.Equal(new FileInfo(path).Length, source.Length);
        Assert.Equal((10, ReadOutcome.End), CaptureFiles.Drain(source));
        Assert.Equal(source.Length, source.Position);
        Assert.Null(source.Fault);
    }

    [Fact]
    public void GzipOfEither_ReadToTheEnd_GivesTheSamePackets()
    {
        foreach (byte[] capture in new[] { Capture(300), Capture(300, pcapng: true) })
        {
            string path = Write("a.gz", CaptureFiles.Gzip(capture));
            using CaptureFileSource source = CaptureFileSource.Open(path);
            Assert.Equal((300, ReadOutcome.End), CaptureFiles.Drain(source));
            Assert.Equal(new FileInfo(path).Length, source.Position);
            Assert.Null(source.Fault);
        }
    }

    [Fact]
    public void GzipOfSeveralMembers_ReadToTheEnd_IsOneCapture()
    {
        byte[] capture = Capture(20);
        string path = Write("a.gz", [.. CaptureFiles.Gzip(capture[..300]), .. CaptureFiles.Gzip(capture[300..])]);
        using CaptureFileSource source = CaptureFileSource.Open(path);
        Assert.Equal((20, ReadOutcome.End), CaptureFiles.Drain(source));
    }

    [Fact]
    public void GzipCutAnywhere_NeverThrows_AndSaysSo()
    {
        byte[] packed = CaptureFiles.Gzip(Capture(50));
        for (int cut = 2; cut < packed.Length; cut++)
        {
            using CaptureFileSource source = CaptureFileSource.FromStream("cut", new MemoryStream(packed[..cut]), CaptureReaderLimits.Default);
            (int packets, ReadOutcome outcome) = CaptureFiles.Drain(source);
            Assert.True(outcome == ReadOutcome.Failed, $"cut at {cut} of {packed.Length}: {packets} packets, {outcome}");
            Assert.InRange(packets, 0, 50);
            Assert.NotNull(source.Fault);
        }
    }

    [Fact]
    public void GzipDamaged_KeepsWhatWasReadAndSaysSo()
    {
        byte[] packed = CaptureFiles.Gzip(Capture(2000));
        packed[packed.Length * 3 / 4] ^= 0xFF;
        using CaptureFileSource source = CaptureFileSource.FromStream("damaged", new MemoryStream(packed), CaptureReaderLimits.Default);
        (int packets, ReadOutcome outcome) = CaptureFiles.Drain(source);
        Assert.Equal(ReadOutcome.Failed, outcome);
        Assert.InRange(packets, 0, 2000);
        Assert.NotNull(source.Fault);
    }

    [Theory]
    [InlineData(0, "is empty")]
    [InlineData(10, "cut off in the file header: 24 bytes were due, 10 are there")]
    [InlineData(24 + 10, "cut off in the header of packet 1 at offset 24: 16 bytes were due, 10 are left")]
    [InlineData(24 + 16 + 30, "cut off in packet 1 at offset 24: 61 bytes were due, 46 are left")]
    [InlineData(24 + 61 + 20, "cut off in packet 2 at offset 85: 61 bytes were due, 20 are left")]
    public void PcapCutOff_SaysWhatAndWhere(int length, string fault)
    {
        string path = Write("cut.pcap", Capture(3)[..length]);
        using CaptureFileSource source = CaptureFileSource.Open(path);
        (int packets, ReadOutcome outcome) = CaptureFiles.Drain(source);
        Assert.Equal(ReadOutcome.Failed, outcome);
        Assert.Equal(length > 24 + 61 ? 1 : 0, packets);
        Assert.Equal(fault, source.Fault);
        Assert.Equal(ReadOutcome.Failed, source.Read(out _));
    }

    [ToolFact("mkfifo")]
    public async Task NamedPipe_IsReadAsItIsWritten()
    {
        string path = Path.Combine(_folder, "pipe");
        using (System.Diagnostics.Process mkfifo = System.Diagnostics.Process.Start("mkfifo", [path])) await mkfifo.WaitForExitAsync();
        Assert.Equal([path], CaptureFolder.Expand([path]).Files); // without eating its first bytes
        Task write = Task.Run(() => File.WriteAllBytes(path, CaptureFiles.Gzip(Capture(500))));
        using CaptureFileSource source = CaptureFileSource.Open(path);
        Assert.Equal(-1, source.Length);
        Assert.Equal((500, ReadOutcome.End), CaptureFiles.Drain(source));
        Assert.Null(source.Fault);
        await write;
    }

    [Fact]
    public void MissingFile_IsAFaultAndNoException()
    {
        using CaptureFileSource source = CaptureFileSource.Open(Path.Combine(_folder, "none.pcap"));
        Assert.False(source.IsOpen);
        Assert.Equal("does not exist", source.Fault);
        Assert.Equal(ReadOutcome.Failed, source.Read(out _));
        using CaptureFileSource folder = CaptureFileSource.Open(_folder);
        Assert.StartsWith("cannot be read: ", folder.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherFiles_AreNamedForWhatTheyAre()
    {
        (byte[] Bytes, string Fault)[] table =
        [
            ("hello, world"u8.ToArray(), "is no capture: it begins with 68656c6c"),
            ([0x28, 0xB5, 0x2F, 0xFD, 0, 0], "is compressed with zstd, which is not read; unpack it first"),
            ([.. "PK"u8, 3, 4, 0, 0], "is a zip archive, which is not read; unpack it first"),
            (CaptureFiles.Gzip(CaptureFiles.Gzip(Capture(1))), "is compressed twice, which is not read; unpack it first"),
            ([.. "snoop\0\0\0"u8, 0, 0, 0, 2], "is a snoop capture, which is not read; convert it with editcap"),
        ];
        foreach ((byte[] bytes, string fault) in table)
        {
            using CaptureFileSource source = CaptureFileSource.Open(Write("other", bytes));
            Assert.False(source.IsOpen);
            Assert.Equal(fault, source.Fault);
        }
    }

    [Fact]
    public void Folder_Expanded_GivesCapturesInNaturalOrder()
    {
        byte[] capture = Capture(1);
        Write("call-10.pcap", capture);
        Write("call-9.pcap", capture);
        Write("call-9.txt", "not one"u8.ToArray());
        Write("call-2.pcap.gz", CaptureFiles.Gzip(capture));
        Write("noise.gz", CaptureFiles.Gzip("not one"u8.ToArray()));
        Write(".hidden.pcap", capture);
        Write("empty.pcap", []);
        Write("day-2/x.cap", Capture(1, pcapng: true));
        Write("day-2/.git/y.cap", capture);
        Write("day-10/x", capture);
        File.CreateSymbolicLink(Path.Combine(_folder, "loop"), _folder);

        CaptureFileList list = CaptureFolder.Expand([_folder]);
        Assert.Equal(
            ["call-2.pcap.gz", "call-9.pcap", "call-10.pcap", "day-2/x.cap", "day-10/x"],
            list.Files.Select(file => Path.GetRelativePath(_folder, file)));
        Assert.Empty(list.Errors);
    }

    [Fact]
    public void PathsGiven_KeepTheirOrder_AndErrorsAreOneLineEach()
    {
        string good = Write("b.pcap", Capture(1));
        string other = Write("a.txt", "not one"u8.ToArray());
        string bare = Path.Combine(_folder, "bare");
        Directory.CreateDirectory(bare);
        CaptureFileList list = CaptureFolder.Expand(["-", good, other, bare, Path.Combine(_folder, "none"), good]);
        Assert.Equal(["-", good, good], list.Files);
        Assert.Equal([$"{other}: is no capture: it begins with 6e6f7420", $"{bare}: holds no capture", $"{Path.Combine(_folder, "none")}: does not exist"], list.Errors);
    }

    [Theory]
    [InlineData("a2", "a10", -1)]
    [InlineData("a10", "a2", 1)]
    [InlineData("a02", "a2", -1)]
    [InlineData("a2b", "a2", 1)]
    [InlineData("a", "b", -1)]
    [InlineData("2", "a", -1)]
    [InlineData("x99999999999999999999998", "x99999999999999999999999", -1)]
    [InlineData("same", "same", 0)]
    public void NaturalOrder_ComparesNumbersAsNumbers(string left, string right, int sign)
    {
        Assert.Equal(sign, Math.Sign(NaturalOrder.Instance.Compare(left, right)));
        Assert.Equal(-sign, Math.Sign(NaturalOrder.Instance.Compare(right, left)));
    }

    private static byte[] Capture(int packets, bool pcapng = false)
    {
        using var stream = new MemoryStream();
        using (CaptureWriter writer = CaptureWriter.Create(stream, new CaptureFormat(pcapng ? CaptureContainer.Pcapng : CaptureContainer.Pcap, LinkType.Ethernet, false)))
        {
            for (int i = 0; i < packets; i++) writer.Write(PacketBuilder.UdpFrame("10.0.0.1:5060", "10.0.0.2:5060", $"{i:000}").Capture(Timestamp.FromUnix(i, 1)));
        }

        return stream.ToArray();
    }

    private string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
