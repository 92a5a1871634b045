namespace CdrEngine.Media.Fax;

/// <summary>Writes rows as ITU-T T.6: the densest form that every reader of TIFF and PDF knows.</summary>
internal sealed class FaxEncoder : IFaxRows
{
    private readonly FaxRow _above;
    private readonly int _mostRows;
    private readonly int _mostBytes;
    private byte[] _bytes = new byte[4096];
    private int _length;
    private uint _pending;
    private int _pendingBits;

    /// <summary>A page without rows.</summary>
    /// <param name="width">Dots of a row.</param>
    /// <param name="mostRows">Rows taken; the page ends there.</param>
    /// <param name="mostBytes">Bytes written, about; the page ends there.</param>
    public FaxEncoder(int width, int mostRows, int mostBytes)
    {
        _above = new FaxRow(width);
        _mostRows = mostRows;
        _mostBytes = mostBytes;
    }

    /// <summary>Rows so far.</summary>
    public int Rows { get; private set; }

    /// <inheritdoc />
    public bool Add(FaxRow row)
    {
        if (Rows >= _mostRows || _length >= _mostBytes) return false;
        Rows++;
        int width = row.Width, at = -1, next = 0, above = 0;
        bool isBlack = false;
        while (at < width)
        {
            // a1 is the next change of this row, b1 and b2 those above it (T.4 4.2.1.1).
            while (next < row.Count && (row[next] < at || ((next & 1) != 0) != isBlack || (row[next] == at && at >= 0))) next++;
            while (above > 0 && _above[above - 1] > at) above--;
            while (_above[above] < width && (_above[above] <= at || ((above & 1) != 0) != isBlack)) above++;
            int a1 = row[next], b1 = _above[above], b2 = _above[above + 1];
            if (b2 < a1)
            {
                Put(FaxCodes.Modes[(int)FaxMode.Pass]);
                at = b2;
            }
            else if (Math.Abs(a1 - b1) <= 3)
            {
                Put(FaxCodes.Modes[(int)FaxMode.Vertical + a1 - b1]);
                at = a1;
                isBlack = !isBlack;
            }
            else
            {
                Put(FaxCodes.Modes[(int)FaxMode.Horizontal]);
                PutRun(isBlack, a1 - Math.Max(at, 0));
                PutRun(!isBlack, row[next + 1] - a1);
                at = row[next + 1];
            }
        }

        _above.Copy(row);
        return true;
    }

    /// <summary>The page, ended (EOFB, T.6 2.4.1.1).</summary>
    public byte[] ToArray()
    {
        Put(new FaxCode(1, 12));
        Put(new FaxCode(1, 12));
        if (_pendingBits > 0) Put(new FaxCode(0, (byte)(8 - _pendingBits)));
        return _bytes[.._length];
    }

    private void PutRun(bool isBlack, int run)
    {
        FaxCode[] codes = isBlack ? FaxCodes.Black : FaxCodes.White;
        for (; run > FaxCodes.LongestRun; run -= FaxCodes.LongestRun) Put(codes[FaxCodes.PlaceOf(FaxCodes.LongestRun)]);
        if (run >= 64) Put(codes[FaxCodes.PlaceOf(run & ~63)]);
        Put(codes[run & 63]);
    }

    private void Put(FaxCode code)
    {
        _pending = (_pending << code.Length) | code.Bits;
        for (_pendingBits += code.Length; _pendingBits >= 8; _pendingBits -= 8)
        {
            if (_length == _bytes.Length) Array.Resize(ref _bytes, _length * 2);
            _bytes[_length++] = (byte)(_pending >> (_pendingBits - 8));
        }
    }
}
