using System.Text;
using CdrEngine.Core;
using CdrEngine.Engine.Resume;
using CdrEngine.PacketLog;
using CdrEngine.PacketLog.Sealing;
using Xunit;

namespace CdrEngine.Engine.Tests.Resume;

public sealed class OpenCallsPurgeTests : IDisposable
{
    private static readonly Endpoint There = new(IpAddress.FromV4(1), 2);
    private readonly string _folder = Directory.CreateTempSubdirectory("cdrengine-journal-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CallThatIsOver_LeavesNoByte_AndTheOthersAreAsTheyWere(bool isSealed)
    {
        KeyRing? keys = isSealed ? KeyRing.TryParse(KeyRing.NewKey(), out _) : null;
        string longId = new('q', 700), again = "again@purge";
        string path = Write(keys, 1, writer =>
        {
            writer.Open(1, "gone@purge"u8, "hep");
            writer.Open(2, "stays@purge"u8, "hep");
            writer.Open(3, Encoding.ASCII.GetBytes(longId), "");
            writer.Open(4, Encoding.ASCII.GetBytes(again), "");
            writer.Open(9, "x"u8, "");
            for (int i = 0; i < 5; i++)
            {
                Chunk(writer, 1, i);
                Chunk(writer, 2, i);
                writer.Message(1, 1, i, new Timestamp(1), new Timestamp(1), Transport.Tcp, There, There, Encoding.ASCII.GetBytes($"BYE sip:secret{i}@purge"));
                writer.Message(2, 1, i, new Timestamp(1), new Timestamp(1), Transport.Tcp, There, There, "BYE sip:kept@purge"u8);
            }
        });
        string later = Write(keys, 2, writer =>
        {
            writer.Close(1);
            writer.Close(3);
            writer.Close(4);
            writer.Close(9);
            writer.Open(5, Encoding.ASCII.GetBytes(again), "");
            Chunk(writer, 5, 7);
        });
        byte[][] before = [File.ReadAllBytes(path), File.ReadAllBytes(later)];
        HashSet<string> ids = ["gone@purge", longId, again, "x", "stays@purge", "nobody@purge"];
        Assert.Equal(5 + 4, OpenCallsPurge.Run(_folder, keys, ids));
        Assert.Equal(0, OpenCallsPurge.Run(_folder, keys, ids));
        Assert.Equal(before[0].Length, File.ReadAllBytes(path).Length);
        Assert.Equal(before[1], File.ReadAllBytes(later));

        // What is open goes on with all that it had.
        Assert.Equal(["again@purge", "stays@purge"], OpenCallsCopy.CallIds(_folder, keys).Order(StringComparer.Ordinal));
        string text = Encoding.Latin1.GetString([.. new[] { path, later }.SelectMany(file => JournalFile.Blocks(file, keys).SelectMany(static block => block.ToArray()))]);
        foreach (string gone in new[] { "gone@", "secret", longId[..20] }) Assert.DoesNotContain(gone, text, StringComparison.Ordinal);
        Assert.Equal(5, text.Split("sip:kept@purge").Length - 1);
        long damaged = 0;
        foreach (string file in new[] { path, later })
        {
            foreach (ReadOnlyMemory<byte> _ in JournalFile.Blocks(file, keys, null, bytes => damaged += bytes))
            {
            }
        }

        Assert.Equal(0, damaged);
        using var copies = new TemporaryCopies();
        OpenCallsCopied copied = OpenCallsCopy.Copy(_folder, copies.Path, keys, static (_, _) => false);
        Assert.Equal((2, 6), (copied.Calls, copied.Chunks.Count));
        Assert.Equal([64L, 64, 64, 64, 64, 64], copied.Chunks.Select(static chunk => chunk.Offset % 1000));
    }

    private static void Chunk(JournalWriter writer, long number, int i) =>
        writer.Chunk(number, new ChunkLocator(new SegmentId(PacketKind.Sip, 0, 5, 1, 0), 64 + (((number * 10) + i) * 1000), 900, new Timestamp(i), new Timestamp(i + 2), 3, i));

    private string Write(KeyRing? keys, int piece, Action<JournalWriter> write)
    {
        using BlockSeal? seal = keys is null ? null : new BlockSeal(keys);
        var writer = new JournalWriter(seal);
        write(writer);
        string path = Path.Combine(_folder, new JournalFile(1, 0, piece, piece, 0).Name);
        File.WriteAllBytes(path, writer.Block().ToArray());
        return path;
    }

    private sealed class TemporaryCopies : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("cdrengine-journal-copy-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
