namespace CdrEngine.Media.Codecs;

/// <summary>Reads bits from the high end of each byte on. Past the end there are zeros; <see cref="Left"/> then is negative.</summary>
internal ref struct BitReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    /// <summary>Bits not read yet; less than 0 where more were read than there are.</summary>
    public readonly int Left => (_bytes.Length * 8) - _at;

    /// <summary>The next bits, at most 24, as a number.</summary>
    public int Read(int bits)
    {
        int value = 0;
        for (; bits > 0; bits--)
        {
            int index = _at >> 3;
            value = (value << 1) | (index < _bytes.Length ? (_bytes[index] >> (7 - (_at & 7))) & 1 : 0);
            _at++;
        }

        return value;
    }

    /// <summary>The next bit, left where it is; 0 past the end.</summary>
    public readonly int Peek() => Left > 0 ? (_bytes[_at >> 3] >> (7 - (_at & 7))) & 1 : 0;

    /// <summary>Leaves out bits.</summary>
    public void Skip(int bits) => _at += bits;

    /// <summary>Leaves out what is over of the current byte.</summary>
    public void Align() => _at = (_at + 7) & ~7;

    /// <summary>Copies bits to the beginning of <paramref name="to"/>, which is large enough; the rest of its last byte is zero.</summary>
    public void Copy(int bits, Span<byte> to)
    {
        for (int i = 0; bits > 0; bits -= 8)
        {
            int part = Math.Min(bits, 8);
            to[i++] = (byte)(Read(part) << (8 - part));
        }
    }
}
