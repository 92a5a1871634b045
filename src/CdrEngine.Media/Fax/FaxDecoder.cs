namespace CdrEngine.Media.Fax;

/// <summary>How a page is coded.</summary>
public enum FaxCoding : byte
{
    /// <summary>Each row for itself (ITU-T T.4 4.1, MH).</summary>
    ModifiedHuffman = 0,

    /// <summary>Most rows by the one above (T.4 4.2, MR).</summary>
    ModifiedRead = 1,

    /// <summary>All rows by the one above, no ends of line (T.6, MMR).</summary>
    ModifiedModifiedRead = 2,
}

/// <summary>Takes the rows of a page.</summary>
internal interface IFaxRows
{
    /// <summary>The next row; borrowed. False to stop.</summary>
    bool Add(FaxRow row);
}

/// <summary>Reads coded pages. Never throws: where the code makes no sense, the row is the one above again, and reading goes on at the next end of
/// line; a page without ends of line (T.6) ends there.</summary>
/// <remarks>The first bit sent is the highest of its byte, as T.38 carries them.</remarks>
internal ref struct FaxDecoder
{
    private const int EndOfLineZeros = 11;

    private readonly FaxRow _row;
    private readonly FaxRow _above;
    private readonly int _width;
    private BitSource _bits;

    private FaxDecoder(ReadOnlySpan<byte> data, int width)
    {
        _bits = new BitSource(data);
        _width = width;
        _row = new FaxRow(width);
        _above = new FaxRow(width);
    }

    /// <summary>Reads a page.</summary>
    /// <param name="data">Its octets.</param>
    /// <param name="coding">How they are coded.</param>
    /// <param name="width">Dots of a row, 1 or more.</param>
    /// <param name="rows">Takes the rows.</param>
    /// <returns>Rows that were damaged and repeat the one above.</returns>
    public static int Decode(ReadOnlySpan<byte> data, FaxCoding coding, int width, IFaxRows rows)
    {
        var decoder = new FaxDecoder(data, width);
        return coding == FaxCoding.ModifiedModifiedRead ? decoder.ReadAllByAbove(rows) : decoder.ReadLines(rows, coding == FaxCoding.ModifiedRead);
    }

    private int ReadAllByAbove(IFaxRows rows)
    {
        while (!_bits.IsAtEnd)
        {
            // Two ends of line end the block; so does anything that is no row.
            if (_bits.Peek(EndOfLineZeros + 1) == 1) return 0;
            if (!ReadByAbove()) return IsPadding() ? 0 : 1;
            if (!rows.Add(_row)) return 0;
            _above.Copy(_row);
        }

        return 0;
    }

    private int ReadLines(IFaxRows rows, bool hasTags)
    {
        int damaged = 0, ends = 0;
        bool any = false, hasEnds = false, isByAbove = false, isLost = false;
        while (!_bits.IsAtEnd)
        {
            if (TrySkipEndOfLine(isLost))
            {
                // Six in a row end the page; two show that it is over, where the others were damaged.
                hasEnds = true;
                isByAbove = hasTags && _bits.Read(1) == 0;
                if (++ends >= 2 && any) return damaged;

                // What was damaged can be told from its own code only.
                if (isLost && isByAbove)
                {
                    ends = 0;
                    damaged++;
                    if (!rows.Add(_above)) return damaged;
                    continue;
                }

                isLost = false;
                continue;
            }

            if (_bits.IsAtEnd || isLost) break;
            ends = 0;
            bool isRow = isByAbove ? ReadByAbove() : ReadAlone();
            if (!isRow && _bits.IsAtEnd) break;
            if (!isRow)
            {
                damaged++;
                _row.Copy(_above);

                // Without ends of line there is no going on.
                if (!hasEnds && any) break;
                isLost = true;
                if (!any && !hasEnds) continue;
            }

            any = true;
            if (!rows.Add(_row)) return damaged;
            _above.Copy(_row);
        }

        return damaged;
    }

    // Eleven zeros or more, then a one. From within a damaged row: wherever the next one is.
    private bool TrySkipEndOfLine(bool isLost)
    {
        BitSource ahead = _bits;
        int zeros = 0;
        while (!ahead.IsAtEnd)
        {
            if (ahead.Read(1) == 0)
            {
                zeros++;
            }
            else if (zeros >= EndOfLineZeros)
            {
                _bits = ahead;
                return true;
            }
            else if (!isLost)
            {
                return false;
            }
            else
            {
                zeros = 0;
            }
        }

        // Nothing but filling is left.
        if (isLost || zeros >= EndOfLineZeros) _bits = ahead;
        return false;
    }

    private readonly bool IsPadding()
    {
        BitSource ahead = _bits;
        while (!ahead.IsAtEnd)
        {
            if (ahead.Read(1) != 0) return false;
        }

        return true;
    }

    private bool ReadAlone()
    {
        _row.Clear();
        int at = 0;
        bool isBlack = false;
        while (at < _width)
        {
            int run = ReadRun(isBlack);
            if (run < 0 || run > _width - at) return false;
            at += run;
            _row.Change(at);
            isBlack = !isBlack;
        }

        return true;
    }

    private bool ReadByAbove()
    {
        _row.Clear();
        int at = -1, above = 0;
        bool isBlack = false;
        while (at < _width)
        {
            // The first change above that lies to the right and is to the other colour.
            while (above > 0 && _above[above - 1] > at) above--;
            while (_above[above] < _width && (_above[above] <= at || ((above & 1) != 0) != isBlack)) above++;
            int mode = FaxCodes.FindMode(_bits.Peek(FaxCodes.MaxBits));
            if (mode < 0) return false;
            _bits.Skip(FaxCodes.Modes[mode].Length);
            switch ((FaxMode)mode)
            {
                case FaxMode.Pass:
                    at = _above[above + 1];
                    break;
                case FaxMode.Horizontal:
                    int first = ReadRun(isBlack), second = first < 0 ? -1 : ReadRun(!isBlack);
                    if (second < 0) return false;
                    at = Math.Max(at, 0) + first;
                    if (at + second > _width) return false;
                    _row.Change(at);
                    at += second;
                    _row.Change(at);
                    break;
                default:
                    int next = _above[above] + mode - (int)FaxMode.Vertical;
                    if (next < 0 || next < at || next > _width) return false;
                    at = next;
                    _row.Change(at);
                    isBlack = !isBlack;

                    // A row can begin black, but nothing else changes twice in one place.
                    if (at == 0 && !isBlack) return false;
                    break;
            }

            if (_bits.IsBeyondEnd) return false;
        }

        return true;
    }

    private int ReadRun(bool isBlack)
    {
        FaxCode[] codes = isBlack ? FaxCodes.Black : FaxCodes.White;
        int run = 0;
        while (true)
        {
            int place = FaxCodes.FindRun(isBlack, _bits.Peek(FaxCodes.MaxBits));
            if (place < 0) return -1;
            _bits.Skip(codes[place].Length);
            if (_bits.IsBeyondEnd) return -1;
            int part = FaxCodes.RunAt(place);
            run += part;
            if (part < 64) return run;
            if (run > _width) return -1;
        }
    }

    private ref struct BitSource(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private readonly long _length = bytes.Length * 8L;
        private long _at;

        public readonly bool IsAtEnd => _at >= _length;

        public readonly bool IsBeyondEnd => _at > _length;

        /// <summary>The next bits, at most 16, zeros beyond the end.</summary>
        public readonly int Peek(int count)
        {
            int place = (int)(_at >> 3);
            uint word = 0;
            for (int i = 0; i < 4; i++) word = (word << 8) | (place + i < _bytes.Length ? _bytes[place + i] : 0u);
            return (int)((word << (int)(_at & 7)) >> (32 - count));
        }

        public void Skip(int count) => _at += count;

        public int Read(int count)
        {
            int bits = Peek(count);
            _at += count;
            return bits;
        }
    }
}
