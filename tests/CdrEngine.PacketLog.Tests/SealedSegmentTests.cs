using CdrEngine.Core;
using CdrEngine.PacketLog.Sealing;
using Xunit;

namespace CdrEngine.PacketLog.Tests;

public sealed class SealedSegmentTests : IDisposable
{
    private static readonly byte[] Marker = "this-is-what-they-said"u8.ToArray();
    private readonly LogFolder _folder = new();
    private readonly string _key = KeyRing.NewKey();
    private readonly KeyRing _keys;

    public SealedSegmentTests() => _keys = Ring(_key);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void SealedPackets_ReadBackAlone_AndLieNowhereInTheClear()
    {
        ChunkList chunks = Write(_keys, 200, out List<SeenFrame> written);
        foreach (SegmentFile file in SegmentFile.List(_folder.Path))
        {
            Assert.True(SegmentFormat.IsSealed(File.ReadAllBytes(file.Path)));
            Assert.Equal(-1, File.ReadAllBytes(file.Path).AsSpan().IndexOf(Marker));
        }

        using var reader = new PacketLogReader(_folder.Path, keys: _keys);
        using (PacketGather gather = reader.Gather(chunks, PacketKindSet.All, Frames.Key)) Assert.Equal(written, Frames.All(gather));

        // Any chunk by itself.
        List<ChunkLocator> all = Frames.All(chunks);
        Assert.True(all.Count > 4);
        using var one = new ChunkList();
        one.Add(all[^2]);
        using PacketGather last = reader.Gather(one, PacketKindSet.All, Frames.Key);
        Assert.Equal(all[^2].Frames, Frames.All(last).Count);
        VerifyReport report = PacketLogVerifier.Verify(_folder.Path, _keys);
        Assert.True(report.IsWhole, string.Join('\n', report.Lines));
        Assert.Equal(200, report.Frames);
        Assert.Equal(0, report.UnopenedSegments);
    }

    [Fact]
    public void AnotherKey_OpensNothing_AndIsNamed()
    {
        ChunkList chunks = Write(_keys, 20, out _);
        using var reader = new PacketLogReader(_folder.Path, keys: Ring(KeyRing.NewKey()));
        using PacketGather gather = reader.Gather(chunks, PacketKindSet.All, Frames.Key);
        Assert.Empty(Frames.All(gather));
        Assert.Equal(chunks.Count, gather.SealedChunks);
        Assert.Equal(_keys.Current, gather.MissingKey);
        VerifyReport report = PacketLogVerifier.Verify(_folder.Path);
        Assert.True(report.IsWhole);
        Assert.Equal(report.Segments, report.UnopenedSegments);
        Assert.Equal([_keys.Current], report.MissingKeys);
    }

    [Fact]
    public void OldKeys_ReadOn_AndRewrappedFilesNeedTheNewOneOnly()
    {
        ChunkList old = Write(_keys, 20, out List<SeenFrame> written);
        string next = KeyRing.NewKey();
        KeyRing both = KeyRing.TryParse($"{next} # new\n{_key}", out _)!;
        ChunkList young = Write(both, 20, out _);
        using (var reader = new PacketLogReader(_folder.Path, keys: both))
        {
            using PacketGather first = reader.Gather(old, PacketKindSet.All, Frames.Key);
            Assert.Equal(written, Frames.All(first));
            using PacketGather second = reader.Gather(young, PacketKindSet.All, Frames.Key);
            Assert.Equal(20, Frames.All(second).Count);
        }

        foreach (SegmentFile file in SegmentFile.List(_folder.Path))
        {
            FileKeyOutcome outcome = FileKeys.Rewrap(file.Path, both, out _);
            Assert.Equal(file.Id.Run == 1 ? FileKeyOutcome.Done : FileKeyOutcome.Current, outcome);
            Assert.Equal(both.Current, FileKeys.WrappedBy(file.Path));
        }

        using var alone = new PacketLogReader(_folder.Path, keys: Ring(next));
        using PacketGather again = alone.Gather(old, PacketKindSet.All, Frames.Key);
        Assert.Equal(written, Frames.All(again));
        Assert.True(PacketLogVerifier.Verify(_folder.Path, Ring(next)).IsWhole);
        using var before = new PacketLogReader(_folder.Path, keys: _keys);
        using PacketGather none = before.Gather(old, PacketKindSet.All, Frames.Key);
        Assert.Empty(Frames.All(none));
    }

    [Fact]
    public void TornTail_IsCut_WithoutAnyKey()
    {
        ChunkList chunks = Write(_keys, 60, out List<SeenFrame> written);
        SegmentFile file = SegmentFile.List(_folder.Path).Single(static file => file.Id.Kind == PacketKind.Rtp);
        string open = Path.ChangeExtension(file.Path, SegmentId.OpenExtension);
        File.Move(file.Path, open);
        using (var stream = new FileStream(open, FileMode.Open)) stream.SetLength(stream.Length - 1000);
        using (PacketLogFolder log = PacketLogFolder.Open(_folder.Path)) Assert.Equal(1, log.Recovery.TornSegments);
        using var reader = new PacketLogReader(_folder.Path, keys: _keys);
        using PacketGather gather = reader.Gather(chunks, PacketKindSet.All, Frames.Key);
        List<SeenFrame> left = Frames.All(gather);
        Assert.InRange(left.Count, 1, written.Count - 1);
        Assert.All(left, frame => Assert.Contains(frame, written));
        Assert.True(PacketLogVerifier.Verify(_folder.Path, _keys).IsWhole);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AnyByteFlipped_IsFound(bool isSealed)
    {
        Write(isSealed ? _keys : null, 6, out _);
        KeyRing? keys = isSealed ? _keys : null;
        Assert.True(PacketLogVerifier.Verify(_folder.Path, keys).IsWhole);
        foreach (SegmentFile file in SegmentFile.List(_folder.Path))
        {
            byte[] bytes = File.ReadAllBytes(file.Path);
            for (int at = 0; at < bytes.Length; at += at < 400 ? 1 : 7)
            {
                bytes[at] ^= 0x10;
                File.WriteAllBytes(file.Path, bytes);
                Assert.False(PacketLogVerifier.Verify(_folder.Path, keys).IsWhole, $"{file.Path} at {at}");
                bytes[at] ^= 0x10;
            }

            File.WriteAllBytes(file.Path, bytes);
        }
    }

    [Fact]
    public void PurgedCall_LeavesZeros_AndTheOthersWhole()
    {
        foreach (KeyRing? keys in new[] { null, _keys })
        {
            ChunkList chunks = Write(keys, 40, out _);
            ChunkList other = Write(keys, 40, out List<SeenFrame> others, new CallKey(9, 9), "another-call");
            byte[] list = chunks.ToArray();
            Assert.Equal(new PurgeReport(0, 0, 0, chunks.Count), PacketLogPurge.Purge(_folder.Path, list, PacketKindSet.All, new CallKey(7, 7)));
            PurgeReport media = PacketLogPurge.Purge(_folder.Path, list, PacketKindSet.Rtp, Frames.Key);
            Assert.True(media.Chunks > 0);
            using var reader = new PacketLogReader(_folder.Path, keys: _keys);
            using (PacketGather gather = reader.Gather(chunks, PacketKindSet.All, Frames.Key)) Assert.Equal(20, Frames.All(gather).Count);
            Assert.Equal(chunks.Count, media.Chunks + PacketLogPurge.Purge(_folder.Path, list, PacketKindSet.All, Frames.Key).Chunks);
            using (PacketGather gather = reader.Gather(chunks, PacketKindSet.All, Frames.Key)) Assert.Empty(Frames.All(gather));
            using (PacketGather gather = reader.Gather(other, PacketKindSet.All)) Assert.Equal(others, Frames.All(gather));
            VerifyReport report = PacketLogVerifier.Verify(_folder.Path, _keys);
            Assert.True(report.IsWhole, string.Join('\n', report.Lines));
            Assert.True(report.PurgedChunks >= chunks.Count);
            foreach (SegmentFile file in SegmentFile.List(_folder.Path)) Assert.Equal(-1, File.ReadAllBytes(file.Path).AsSpan().IndexOf(Marker));
        }
    }

    [Fact]
    public void HeldCall_IsCopied_AndStaysWhenTheSharedSegmentsGo()
    {
        ChunkList chunks = Write(null, 40, out List<SeenFrame> written);
        HoldCopy copy;
        using (PacketLogFolder log = PacketLogFolder.Open(_folder.Path)) copy = PacketLogHold.Copy(log, chunks.Encoded);
        Assert.Equal((40, 0, 0), (copy.Frames, copy.Missing, copy.Damaged));
        var policy = new PacketLogRetentionPolicy { SipAge = TimeSpan.Zero, RtpAge = TimeSpan.Zero, TotalBytes = 0, HeldRuns = new HashSet<uint> { copy.Run } };
        Timestamp later = Frames.Noon + TimeSpan.FromDays(1);
        PacketLogRetention.Execute(PacketLogRetention.Plan(SegmentFile.List(_folder.Path), policy, later));
        Assert.Equal(2, SegmentFile.List(_folder.Path).Count);
        using (var reader = new PacketLogReader(_folder.Path))
        {
            using PacketGather gather = reader.Gather(copy.Chunks, PacketKindSet.All, Frames.Key);
            Assert.Equal(written.Select(static frame => frame.Bytes), Frames.All(gather).Select(static frame => frame.Bytes));
        }

        PacketLogRetention.Execute(PacketLogRetention.Plan(SegmentFile.List(_folder.Path), policy with { HeldRuns = new HashSet<uint>() }, later));
        Assert.Empty(SegmentFile.List(_folder.Path));
    }

    [Fact]
    public void SealedStream_SeeksAndRewrites_LikeAFile()
    {
        string path = Path.Combine(_folder.Path, "sound");
        byte[] bytes = Frames.Payload(3 * SealedStream.BlockBytes + 77, 4);
        Marker.CopyTo(bytes, 70_000);
        using (SealedStream stream = SealedStream.Create(new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite), _keys))
        {
            for (int at = 0; at < bytes.Length; at += 1000) stream.Write(bytes.AsSpan(at, Math.Min(1000, bytes.Length - at)));
            stream.Position = 10;
            stream.Write("HEAD"u8);
            stream.Position = stream.Length;
        }

        "HEAD"u8.CopyTo(bytes.AsSpan(10));
        Assert.Equal(-1, File.ReadAllBytes(path).AsSpan().IndexOf(Marker));
        using (Stream stream = SealedStream.Open(File.OpenRead(path), _keys))
        {
            Assert.Equal(bytes.Length, stream.Length);
            using var all = new MemoryStream();
            stream.CopyTo(all);
            Assert.Equal(bytes, all.ToArray());
            stream.Position = 65_530;
            byte[] part = new byte[20];
            stream.ReadExactly(part);
            Assert.Equal(bytes.AsSpan(65_530, 20).ToArray(), part);
        }

        var wrong = Assert.Throws<SealedFileException>(() => SealedStream.Open(File.OpenRead(path), Ring(KeyRing.NewKey())));
        Assert.Contains(KeyRing.Show(_keys.Current), wrong.Message, StringComparison.Ordinal);
        byte[] stored = File.ReadAllBytes(path);
        File.WriteAllBytes(path, stored[..^100]);
        Assert.Throws<SealedFileException>(() => SealedStream.Open(File.OpenRead(path), _keys));
    }

    [Fact]
    public void Sealing_AllocatesNothingPerPacket()
    {
        var limits = new PacketLogLimits { WriteBufferBytes = 8 << 20 };
        using PacketLogFolder log = PacketLogFolder.Open(_folder.Path, limits, _keys);
        using PacketLogShard shard = log.OpenShard(0);
        using CallChunks call = shard.Open(Frames.Key);
        byte[] bytes = new byte[200];
        shard.Advance(Frames.Noon);
        for (int i = 1; i <= 4000; i++) call.Append(PacketKind.Rtp, Frames.Packet(i, Frames.Noon, bytes));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 4001; i <= 14_000; i++) call.Append(PacketKind.Rtp, Frames.Packet(i, Frames.Noon, bytes));

        // The list of the call's chunks grows, a few hundred bytes in all.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16_384);
    }

    [Theory]
    [InlineData("", "there is no key in it")]
    [InlineData("# only a remark", "there is no key in it")]
    [InlineData("secret", "line 1: a key is 32 bytes")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n0000000000000000000000000000000000000000000000000000000000000000", "line 2: the same key again")]
    public void NoKeys_AreOneLine_WithoutTheSecret(string text, string fault)
    {
        Assert.Null(KeyRing.TryParse(text, out string? told));
        Assert.StartsWith(fault, told, StringComparison.Ordinal);
        if (text.Length > 0) Assert.DoesNotContain("secret", told, StringComparison.Ordinal);
    }

    private static KeyRing Ring(string key) => KeyRing.TryParse(key, out _)!;

    private ChunkList Write(KeyRing? keys, int packets, out List<SeenFrame> written, CallKey? key = null, string? marker = null)
    {
        byte[] mark = marker is null ? Marker : System.Text.Encoding.ASCII.GetBytes(marker);
        written = [];
        using PacketLogFolder log = PacketLogFolder.Open(_folder.Path, keys: keys);
        var chunks = new ChunkList();
        using (PacketLogShard shard = log.OpenShard(0))
        {
            shard.Advance(Frames.Noon);
            using CallChunks call = shard.Open(key ?? Frames.Key);
            for (int i = 1; i <= packets; i++)
            {
                byte[] bytes = [.. Frames.Payload(500 + i, i), .. mark];
                CapturedPacket packet = Frames.Packet(i, Frames.Noon + TimeSpan.FromMilliseconds(i), bytes);
                written.Add(Frames.See(packet));
                call.Append(i % 2 == 0 ? PacketKind.Rtp : PacketKind.Sip, packet);
                if (i % 10 == 0) call.Seal();
            }

            call.Seal();
            chunks.Add(call.Sealed);
        }

        return chunks;
    }
}
