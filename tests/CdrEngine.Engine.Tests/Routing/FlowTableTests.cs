using CdrEngine.Core;
using CdrEngine.Engine.Routing;
using Xunit;

namespace CdrEngine.Engine.Tests.Routing;

public sealed class FlowTableTests
{
    [Theory]
    [InlineData(1, 40)]
    [InlineData(2, 400)]
    [InlineData(3, 4000)]
    public void RandomUse_AgreesWithADictionary(int seed, int pairs)
    {
        var random = new Random(seed);
        var table = new FlowTable();
        var oracle = new Dictionary<(Endpoint, Endpoint), FlowEntry>();
        for (int step = 0; step < 60_000; step++)
        {
            (Endpoint Source, Endpoint Destination) pair = (Phone(random.Next(pairs)), Phone(random.Next(3)));
            ulong hash = FlowTable.HashOf(pair.Source, pair.Destination);
            FlowEntry? known = oracle.GetValueOrDefault(pair);
            Assert.Same(known, table.Find(hash, pair.Source, pair.Destination));
            if (known is null)
            {
                var entry = new FlowEntry { Source = pair.Source, Destination = pair.Destination, Hash = hash };
                table.Add(entry);
                oracle.Add(pair, entry);
            }
            else if (random.Next(3) > 0)
            {
                table.Remove(known);
                oracle.Remove(pair);
                Assert.True(known.Removed);
            }

            Assert.Equal(oracle.Count, table.Count);
        }

        foreach (((Endpoint source, Endpoint destination), FlowEntry entry) in oracle) Assert.Same(entry, table.Find(entry.Hash, source, destination));
    }

    [Fact]
    public void EntriesOfOneHash_AreToldApartAndRemovedAlone()
    {
        // Same hash on purpose, at the end of the table so that the run wraps round.
        var table = new FlowTable();
        FlowEntry[] entries = [.. Enumerable.Range(0, 10).Select(static i => new FlowEntry { Source = Phone(i), Destination = Phone(99), Hash = ulong.MaxValue })];
        foreach (FlowEntry entry in entries) table.Add(entry);
        for (int i = 0; i < entries.Length; i += 2) table.Remove(entries[i]);
        for (int i = 0; i < entries.Length; i++)
            Assert.Same(i % 2 == 0 ? null : entries[i], table.Find(ulong.MaxValue, entries[i].Source, entries[i].Destination));
        table.Remove(entries[0]);
        Assert.Equal(5, table.Count);
        table.Clear();
        Assert.Equal(0, table.Count);
        Assert.Null(table.Find(ulong.MaxValue, entries[1].Source, entries[1].Destination));
    }

    [Fact]
    public void Hash_TellsTheDirectionsApart()
    {
        Assert.NotEqual(FlowTable.HashOf(Phone(1), Phone(2)), FlowTable.HashOf(Phone(2), Phone(1)));
        Assert.NotEqual(0ul, FlowTable.HashOf(Phone(1), Phone(1)));
    }

    private static Endpoint Phone(int index) => new(IpAddress.FromV4(0x0A00_0000u + (uint)(index / 2)), (ushort)(4000 + (index % 2)));
}
