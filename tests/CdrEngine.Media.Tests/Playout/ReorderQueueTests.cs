using CdrEngine.Media.Playout;
using CdrEngine.Protocols.Rtp;
using Xunit;

namespace CdrEngine.Media.Tests.Playout;

public sealed class ReorderQueueTests
{
    /// <summary>Against a sorted list, over thousands of packets that overtake each other and leave from the front, with as many waiting as there may be.</summary>
    [Fact]
    public void AnyOrder_IsGivenBackBySequence_AndTheOldestIsKnown()
    {
        var random = new Random(7);
        var queue = new ReorderQueue(new Stack<HeldPacket>());
        var model = new SortedDictionary<long, (long At, byte[] Payload)>();
        long next = 0;
        for (int step = 0; step < 20_000; step++)
        {
            // It fills up and runs empty in turns.
            bool adds = model.Count == 0 || (model.Count < 256 && random.Next(5) < (step / 2000 % 2 == 0 ? 3 : 2));
            if (adds)
            {
                long sequence = next + random.Next(1, 40);
                if (model.ContainsKey(sequence)) continue;
                next = Math.Max(next, sequence - 20);
                byte[] payload = new byte[random.Next(0, 200)];
                random.NextBytes(payload);
                long at = random.Next(1_000_000);
                model.Add(sequence, (at, payload));
                queue.Add(new PlacedPacket { Place = new TrackedPacket(TrackedKind.Sound, sequence, (int)(sequence % 3), 0, sequence), Format = PayloadFormat.Unknown, Fmtp = null, Marker = payload.Length % 2 == 0, At = at, Payload = payload });
            }
            else
            {
                (long sequence, (long At, byte[] Payload) first) = model.First();
                PlacedPacket head = queue.Head;
                Assert.Equal((sequence, (int)(sequence % 3), first.At, first.Payload.Length % 2 == 0), (queue.HeadSequence, queue.HeadEpoch, head.At, head.Marker));
                Assert.Equal(first.Payload, head.Payload.ToArray());
                queue.RemoveHead();
                model.Remove(sequence);
            }

            Assert.Equal(model.Count, queue.Count);
            if (model.Count > 0 && random.Next(3) == 0) Assert.Equal(model.Values.Min(static held => held.At), queue.OldestAt);
        }
    }
}
