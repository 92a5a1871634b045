using CdrEngine.Calls.Ports;
using Xunit;

namespace CdrEngine.Storage.Tests;

public sealed class RecordOutboxTests
{
    [Fact]
    public void Records_AddedBeforeARestart_DrainInOrderWithAllTheyHad()
    {
        using var folder = new StoreFolder();
        List<StoredCall> calls = TestCalls.Many(25, 1);
        calls[3] = calls[3] with { Revision = RecordRevision.Updated, Chunks = default, Tenant = "" };
        using (RecordOutbox outbox = RecordOutbox.Open(folder.Outbox))
        {
            foreach (StoredCall call in calls) Assert.True(outbox.TryAdd(call));
        }

        using RecordOutbox again = RecordOutbox.Open(folder.Outbox);
        Assert.Equal(25, again.Count);
        var drained = new List<StoredCall>();
        Assert.Equal(25, again.Drain(10, batch =>
        {
            Assert.True(batch.Count <= 10);
            drained.AddRange(batch);
            return [];
        }));
        Same(calls, drained);
        Assert.Equal(0, again.Count);
        Assert.Equal(0, again.Length);
        Assert.Equal(0, again.Drain(10, batch => throw new InvalidOperationException($"{batch.Count} left")));
    }

    [Fact]
    public void Tail_TornAtAnyByte_IsCutAndTheRestKept()
    {
        using var folder = new StoreFolder();
        List<StoredCall> calls = TestCalls.Many(3, 2);
        long second;
        using (RecordOutbox outbox = RecordOutbox.Open(folder.Outbox))
        {
            outbox.TryAdd(calls[0]);
            outbox.TryAdd(calls[1]);
            second = outbox.Length;
            outbox.TryAdd(calls[2]);
        }

        string path = Directory.GetFiles(folder.Outbox).Single();
        byte[] whole = File.ReadAllBytes(path);
        for (int length = (int)second; length < whole.Length; length += 41)
        {
            File.WriteAllBytes(path, whole[..length]);
            using (RecordOutbox torn = RecordOutbox.Open(folder.Outbox))
            {
                Assert.Equal(2, torn.Count);
                Assert.Equal(length - second, torn.TornBytes);
                Assert.True(torn.TryAdd(calls[2]));
            }

            using RecordOutbox again = RecordOutbox.Open(folder.Outbox);
            Assert.Equal(3, again.Count);
        }

        whole[second + 20] ^= 1;
        File.WriteAllBytes(path, whole);
        using RecordOutbox damaged = RecordOutbox.Open(folder.Outbox);
        Assert.Equal(2, damaged.Count);
    }

    [Fact]
    public void Size_AtItsBound_Refuses()
    {
        using var folder = new StoreFolder();
        using RecordOutbox outbox = RecordOutbox.Open(folder.Outbox, maxBytes: 10_000);
        int taken = TestCalls.Many(50, 3).Count(outbox.TryAdd);
        Assert.InRange(taken, 1, 10);
        Assert.Equal(taken, outbox.Count);
        Assert.InRange(outbox.Length, 1, 10_000);
        Assert.Equal(taken, outbox.Drain(100, _ => []));
        Assert.True(outbox.TryAdd(TestCalls.Many(1, 4)[0]));
    }

    [Fact]
    public void Drain_ThatFailsAtOnce_LeavesAllAsItWas()
    {
        using var folder = new StoreFolder();
        using RecordOutbox outbox = RecordOutbox.Open(folder.Outbox);
        foreach (StoredCall call in TestCalls.Many(30, 5)) outbox.TryAdd(call);
        long length = outbox.Length;
        int asked = 0;
        Assert.Equal(0, outbox.Drain(10, batch =>
        {
            asked++;
            return batch;
        }));
        Assert.Equal(1, asked);
        Assert.Equal((30, length), (outbox.Count, outbox.Length));
    }

    [Fact]
    public void Drain_ThatFailsForSome_KeepsThoseAndWhatCameMeanwhile()
    {
        using var folder = new StoreFolder();
        List<StoredCall> calls = TestCalls.Many(40, 6);
        using (RecordOutbox outbox = RecordOutbox.Open(folder.Outbox))
        {
            foreach (StoredCall call in calls[..30]) outbox.TryAdd(call);
            int next = 30;
            Assert.Equal(24, outbox.Drain(10, batch =>
            {
                outbox.TryAdd(calls[next++]);
                return [.. batch.Take(2)];
            }));
            Assert.Equal(9, outbox.Count);
        }

        using RecordOutbox again = RecordOutbox.Open(folder.Outbox);
        var left = new List<StoredCall>();
        again.Drain(100, batch =>
        {
            left.AddRange(batch);
            return [];
        });
        Same([calls[0], calls[1], calls[10], calls[11], calls[20], calls[21], calls[30], calls[31], calls[32]], left);
    }

    [Fact]
    public void Outbox_OfAnotherProgram_IsLeftAloneUntilItIsGone()
    {
        using var folder = new StoreFolder();
        List<StoredCall> calls = TestCalls.Many(4, 7);
        RecordOutbox first = RecordOutbox.Open(folder.Outbox);
        first.TryAdd(calls[0]);
        RecordOutbox second = RecordOutbox.Open(folder.Outbox);
        second.TryAdd(calls[1]);
        Assert.Equal(1, second.Count);
        second.Dispose();
        first.Dispose();
        using RecordOutbox third = RecordOutbox.Open(folder.Outbox);
        Assert.Equal(2, third.Count);
        Assert.Single(Directory.GetFiles(folder.Outbox));
    }

    private static void Same(IReadOnlyList<StoredCall> expected, IReadOnlyList<StoredCall> actual)
    {
        Assert.Equal(expected.Select(Text), actual.Select(Text));

        static string Text(StoredCall call) => $"{TestCalls.Json(call.Record)}|{call.Revision}|{Convert.ToHexString(call.Chunks.Span)}|{call.Tenant ?? "none"}";
    }
}
