using CdrEngine.Calls.Streams;
using CdrEngine.Media.Fax;
using CdrEngine.Protocols.T38;

namespace CdrEngine.Engine.Recording;

/// <summary>Puts the pages of a fax together from what the machines said (T.30, Annex A for error correction).</summary>
/// <remarks>
/// <para>Without error correction a page is the octets between two commands of its sender; what comes before the receiver has confirmed the
/// check of the line is that check, and nothing but zeros. A page that the receiver refused (RTN, PIN) is left out, as its sender sends it again.</para>
/// <para>With error correction a page is blocks of numbered frames. A block is known by the page and block counters behind it (PPS), so that
/// frames sent again for one fall into their place whether or not the answers of the other side were captured.</para>
/// </remarks>
internal sealed class FaxCollector(FaxLimits limits) : IFaxListener
{
    private const int FramesPerBlock = 256;
    private const int MaxFrame = 4 + 256;

    private readonly List<FaxPage> _pages = [];
    private readonly byte[] _frame = new byte[MaxFrame];
    private readonly byte[]?[] _frames = new byte[]?[FramesPerBlock];
    private readonly List<byte> _page = [];
    private int _frameLength;
    private bool _isFrameCut;
    private bool _hasFormat;
    private FaxFormat _format;
    private string? _unsupported;
    private bool _isCorrected;
    private bool _isChecking;
    private bool _isSenderCallee;
    private int _totalBytes;

    // The block whose end was told last: not yet on the page, because its frames may come again.
    private byte[]?[]? _block;
    private (int Epoch, int Page, int Block) _blockKey = (-1, 0, 0);
    private bool _isPageOver;
    private int _epoch;

    // The page whose end was told last, without error correction: refused or not is not known yet.
    private byte[]? _untold;

    /// <summary>The pages, once all was told.</summary>
    public IReadOnlyList<FaxPage> Pages => _pages;

    /// <summary>Why pages are missing; null where none are known to be.</summary>
    public string? Reason { get; private set; }

    /// <inheritdoc />
    public void OnFrame(in T30Frame frame, bool isCallee)
    {
        switch (frame.Command)
        {
            case T30Command.Dcs:
                Settle();
                _isSenderCallee = isCallee;
                if (!_isCorrected || !frame.HasErrorCorrection) EndBlocks();
                _isCorrected = frame.HasErrorCorrection;
                _isChecking = true;
                _page.RemoveRange(0, _isCorrected ? 0 : _page.Count);
                Learn(frame);
                break;
            case T30Command.Cfr when isCallee != _isSenderCallee:
                EndCheck();
                break;
            case T30Command.Pps when isCallee == _isSenderCallee:
                EndBlock(frame);
                break;
            case T30Command.Eom or T30Command.Mps or T30Command.Eop or T30Command.PriEom or T30Command.PriMps or T30Command.PriEop when isCallee == _isSenderCallee:
                EndPlainPage();
                break;
            case T30Command.Rtn or T30Command.Pin when isCallee != _isSenderCallee:
                _untold = null;
                break;
            case T30Command.Mcf or T30Command.Rtp or T30Command.Pip when isCallee != _isSenderCallee:
                Settle();
                break;
        }
    }

    /// <inheritdoc />
    public void OnImage(in IfpField field, bool isCallee)
    {
        if (!_hasFormat || isCallee != _isSenderCallee) return;
        switch (field.Type)
        {
            case FaxFieldType.ImageData:
                if (field.Octets.Length <= limits.PageBytes - _page.Count) _page.AddRange(field.Octets);
                else Reason ??= "limit";
                break;
            case FaxFieldType.ImageSignalEnd:
                // Where the answer was not captured, the check ends with its signal.
                EndCheck();
                break;
            case FaxFieldType.HdlcData:
                int kept = Math.Min(field.Octets.Length, MaxFrame - _frameLength);
                field.Octets[..kept].CopyTo(_frame.AsSpan(_frameLength));
                _frameLength += kept;
                _isFrameCut |= kept < field.Octets.Length;
                break;
            case FaxFieldType.HdlcGood or FaxFieldType.HdlcGoodSignalEnd:
                if (!_isFrameCut && FaxDataFrame.TryRead(_frame.AsSpan(0, _frameLength), out FaxDataFrame frame)) _frames[frame.Number] = frame.Data.ToArray();
                _frameLength = 0;
                _isFrameCut = false;
                break;
            default:
                _frameLength = 0;
                _isFrameCut = false;
                break;
        }
    }

    /// <summary>Nothing more will be said.</summary>
    public void Complete()
    {
        Settle();
        EndBlocks();
        if (!_isCorrected && !_isChecking && _page.Count > 0 && !IsFilling(_page)) AddPage([.. _page]);
        _page.Clear();
    }

    private static bool IsFilling(List<byte> octets) => octets.TrueForAll(static octet => octet == 0);

    private void EndCheck()
    {
        // The check is zeros for 1.5 s; a line may have damaged some. A page that came without a word is none of it.
        if (_isChecking && (_page.Count == 0 || _page.Count(static octet => octet == 0) * 4 >= _page.Count * 3)) _page.Clear();
        _isChecking = false;
    }

    private void EndPlainPage()
    {
        Settle();
        _isChecking = false;
        if (_page.Count > 0 && !IsFilling(_page)) _untold = [.. _page];
        _page.Clear();
    }

    private void Settle()
    {
        if (_untold is { } page) AddPage(page);
        _untold = null;
    }

    private void EndBlock(in T30Frame frame)
    {
        // PPS: what ends, page counter, block counter, frames less one (T.30 A.4.3.1).
        var key = (_epoch, frame.Number(1), frame.Number(2));
        if (key != _blockKey || _block is null)
        {
            EndBlockBefore(key.Item2 != _blockKey.Page || _epoch != _blockKey.Epoch);
            _block = new byte[]?[frame.Number(3) + 1];
            _blockKey = key;
        }

        for (int i = 0; i < _block.Length; i++) _block[i] = _frames[i] ?? _block[i];
        Array.Clear(_frames);
        _isPageOver = frame.PageEnd != T30Command.Other;
        if (frame.PageEnd == T30Command.Eom) _epoch++;
    }

    // The block that came before goes onto its page, and the page to the others where it was its last.
    private void EndBlockBefore(bool isAnotherPage)
    {
        if (_block is { } block)
        {
            foreach (byte[]? data in block)
            {
                if (data is null) continue;
                if (data.Length > limits.PageBytes - _page.Count) Reason ??= "limit";
                else _page.AddRange(data);
            }
        }

        _block = null;
        if (!isAnotherPage && !_isPageOver) return;
        if (_page.Count > 0) AddPage([.. _page]);
        _page.Clear();
    }

    private void EndBlocks()
    {
        if (_block is null && !_isCorrected) return;
        EndBlockBefore(isAnotherPage: true);
        Array.Clear(_frames);
    }

    private void AddPage(byte[] octets)
    {
        if (_unsupported is { } unsupported)
        {
            Reason ??= unsupported;
            return;
        }

        if (_pages.Count >= limits.Pages || octets.Length > limits.TotalBytes - _totalBytes)
        {
            Reason ??= "limit";
            return;
        }

        _totalBytes += octets.Length;
        if (FaxPage.Read(octets, _format, limits) is { } page) _pages.Add(page);
    }

    // T.30 table 2, what is sent: the bits that say how a page looks.
    private void Learn(in T30Frame frame)
    {
        _hasFormat = true;
        _unsupported = frame.Bit(78) || frame.Bit(79) ? "coding_unsupported: JBIG" : frame.Bit(68) ? "coding_unsupported: JPEG" : null;
        FaxCoding coding = frame.Bit(31) ? FaxCoding.ModifiedModifiedRead : frame.Bit(16) ? FaxCoding.ModifiedRead : FaxCoding.ModifiedHuffman;

        // 215, 255 or 303 mm at 8.04 dots a millimetre; 300 an inch and 16 a millimetre are wider.
        bool is300 = frame.Bit(42), is16 = frame.Bit(43);
        (int normal, int at300) = (frame.Bit(17), frame.Bit(18)) switch
        {
            (true, false) => (2048, 3072),
            (false, true) => (2432, 3648),
            _ => (1728, 2592),
        };
        int width = is300 ? at300 : is16 ? normal * 2 : normal;
        double across = is300 ? 300 : is16 ? 408 : 204;
        double down = is300 ? 300 : is16 || frame.Bit(41) ? 391 : frame.Bit(15) ? 196 : 98;
        _format = new FaxFormat(coding, width, across, down);
    }
}
