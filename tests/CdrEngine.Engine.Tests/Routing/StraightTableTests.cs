using CdrEngine.Core;
using CdrEngine.Engine.Routing;
using System.Runtime.CompilerServices;
using Xunit;

namespace CdrEngine.Engine.Tests.Routing;

public sealed class StraightTableTests
{
    [Fact]
    public void RandomPutsAndRemovals_AgreeWithADictionary()
    {
        var random = new Random(7);
        var table = new StraightTable();
        var expected = new Dictionary<StraightKey, uint>();
        for (int step = 0; step < 60_000; step++)
        {
            // Few addresses, so that flows come back, and runs of neighbours form and break.
            StraightKey key = StraightTable.KeyOf(At(random.Next(60), random.Next(20)), At(random.Next(3), 4000));
            if (random.Next(5) < (step / 20_000 == 1 ? 1 : 3))
            {
                uint ssrc = (uint)random.Next();
                table.Put(new StraightFlow { Addresses = key.Addresses, Ports = key.Ports, Ssrc = ssrc, FlowAndOne = step + 1 });
                expected[key] = ssrc;
            }
            else
            {
                table.Remove(key);
                expected.Remove(key);
            }

            Assert.Equal(expected.Count, table.Count);
            if (step % 500 == 0) Check(table, expected);
        }

        Check(table, expected);
        table.Clear();
        Assert.All(expected.Keys, key => Assert.True(Unsafe.IsNullRef(ref table.Find(key))));
    }

    [Fact]
    public void KeyOfAddresses_IsThatOfTheirHeader()
    {
        byte[] header = new byte[28];
        ((ReadOnlySpan<byte>)[192, 0, 2, 1, 198, 51, 100, 7, 0x0F, 0xA0, 0x13, 0x88]).CopyTo(header.AsSpan(12));
        Assert.Equal(
            StraightTable.KeyAt(ref header[0]),
            StraightTable.KeyOf(new Endpoint(IpAddress.FromV4([192, 0, 2, 1]), 4000), new Endpoint(IpAddress.FromV4([198, 51, 100, 7]), 5000)));
    }

    private static Endpoint At(int host, int port) => new(IpAddress.FromV4(0xC000_0200 + (uint)host), (ushort)port);

    private static void Check(StraightTable table, Dictionary<StraightKey, uint> expected)
    {
        for (int host = 0; host < 60; host++)
        {
            for (int port = 0; port < 20; port++)
            {
                for (int to = 0; to < 3; to++)
                {
                    StraightKey key = StraightTable.KeyOf(At(host, port), At(to, 4000));
                    ref StraightFlow found = ref table.Find(key);
                    Assert.Equal(expected.ContainsKey(key), !Unsafe.IsNullRef(ref found));
                    if (expected.TryGetValue(key, out uint ssrc)) Assert.Equal(ssrc, found.Ssrc);
                }
            }
        }
    }
}
