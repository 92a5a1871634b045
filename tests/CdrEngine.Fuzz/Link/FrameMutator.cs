namespace CdrEngine.Fuzz.Link;

/// <summary>Changes bytes the way damaged and hostile traffic does: flips, lengths at their limits, cuts, doubling, splices.</summary>
internal sealed class FrameMutator(int seed)
{
    private static readonly byte[] Edges = [0x00, 0x01, 0x04, 0x05, 0x07, 0x08, 0x0F, 0x10, 0x11, 0x20, 0x2C, 0x3F, 0x40, 0x45, 0x47, 0x60, 0x7F, 0x80, 0x81, 0x88, 0xFE, 0xFF];
    private readonly Random _random = new(seed);

    public int Next(int bound) => _random.Next(bound);

    public byte[] Mutate(byte[] original, byte[] other)
    {
        byte[] bytes = [.. original];
        for (int round = _random.Next(1, 5); round > 0; round--)
        {
            if (bytes.Length == 0) return bytes;
            int at = _random.Next(bytes.Length);
            switch (_random.Next(8))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1 or 2:
                    bytes[at] = Edges[_random.Next(Edges.Length)];
                    break;
                case 3:
                    bytes[at] = (byte)_random.Next(256);
                    break;
                case 4:
                    bytes = bytes[..at];
                    break;
                case 5:
                    bytes = [.. bytes[..at], .. bytes[_random.Next(bytes.Length)..]];
                    break;
                case 6:
                    bytes = [.. bytes[..at], .. other[Math.Min(at, other.Length)..]];
                    break;
                default:
                    bytes[at] = (byte)(bytes[at] + (_random.Next(2) == 0 ? 1 : -1));
                    break;
            }
        }

        return bytes;
    }
}
