namespace CdrEngine.TestKit;

/// <summary>Spoils bytes the way wires, gateways and attackers do; the same random gives the same damage.</summary>
public static class SipMutation
{
    private static readonly byte[] Favourites = [0, (byte)'\r', (byte)'\n', (byte)' ', (byte)'\t', (byte)':', (byte)';', (byte)',', (byte)'"', (byte)'<', (byte)'>', (byte)'\\', (byte)'=', (byte)'/', (byte)'[', (byte)']', (byte)'%', (byte)'@', (byte)'-', 0x80, 0xFF];

    /// <summary>One to six changes: a byte replaced, removed, doubled, inserted; a piece cut out, repeated, moved; the end cut off.</summary>
    public static void Apply(ref byte[] bytes, Random random)
    {
        var list = new List<byte>(bytes);
        int changes = random.Next(1, 7);
        for (int i = 0; i < changes && list.Count > 0; i++)
        {
            int at = random.Next(list.Count);
            int length = Math.Min(random.Next(1, 40), list.Count - at);
            byte favourite = Favourites[random.Next(Favourites.Length)];
            switch (random.Next(8))
            {
                case 0:
                    list[at] = favourite;
                    break;
                case 1:
                    list[at] = (byte)random.Next(256);
                    break;
                case 2:
                    list.RemoveAt(at);
                    break;
                case 3:
                    list.Insert(at, favourite);
                    break;
                case 4:
                    list.RemoveRange(at, length);
                    break;
                case 5:
                    list.InsertRange(random.Next(list.Count), list.GetRange(at, length));
                    break;
                case 6:
                    list.InsertRange(at, Enumerable.Repeat(favourite, random.Next(1, 50)));
                    break;
                default:
                    if (random.Next(4) == 0) list.RemoveRange(at, list.Count - at);
                    break;
            }
        }

        bytes = [.. list];
    }
}
