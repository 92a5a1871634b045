using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CdrEngine.Protocols.Sip;

/// <summary>A SIP message as a table of offsets into the bytes it was read from; filled by <see cref="SipParser"/>, used again for the next message.</summary>
/// <remarks>Nothing is copied and no string is made until one is asked for. All spans point into the caller's bytes (or, where a header was folded,
/// into a buffer of this object) and are good until the next read or until the caller's bytes change. Not for two threads at once.</remarks>
public sealed partial class SipMessage
{
    private const int None = -1;
    private readonly ushort[] _firstOf = new ushort[SipHeaders.Count];
    private readonly ushort[] _lastOf = new ushort[SipHeaders.Count];
    private byte[] _buffer = [];
    private byte[] _own = [];
    private byte[] _unfolded = [];
    private int _unfoldedLength;
    private int _start;
    private int _length;
    private Header[] _headers;
    private int _headerCount;
    private bool _lastHeaderIsBroken;
    private int _methodLength;
    private int _uriStart;
    private int _uriLength;
    private int _phraseStart;
    private int _phraseLength;
    private int _bodyStart;
    private int _bodyLength;
    private int _sdpStart = None;
    private int _sdpLength;

    /// <summary>A message object with the given bounds (default <see cref="SipLimits.Default"/>).</summary>
    public SipMessage(SipLimits? limits = null)
    {
        Limits = limits ?? SipLimits.Default;
        _headers = new Header[Math.Clamp(Limits.MaxHeaders, 1, 32)];
    }

    /// <summary>Bounds used when this object is filled.</summary>
    public SipLimits Limits { get; }

    /// <summary>True for a request, false for a response (and before anything was read).</summary>
    public bool IsRequest { get; private set; }

    /// <summary>Method of the request, or for a response that of CSeq; <see cref="SipMethod.Unknown"/> for one the engine does not know by name.</summary>
    public SipMethod Method { get; private set; }

    /// <summary>Status code of a response, 100 to 999; 0 for a request.</summary>
    public int StatusCode { get; private set; }

    /// <summary>The whole message, start line to end of body.</summary>
    public ReadOnlySpan<byte> Bytes => Slice(0, _bodyStart + _bodyLength);

    /// <summary>Method of the request as written, or for a response that of CSeq.</summary>
    public ReadOnlySpan<byte> MethodText => IsRequest ? Slice(0, _methodLength) : CSeqMethodText;

    /// <summary>Request-URI as written, without brackets; empty for a response. Read it with <see cref="SipUri"/>.</summary>
    public ReadOnlySpan<byte> RequestUri => Slice(_uriStart, _uriLength);

    /// <summary>Reason phrase of a response (UTF-8); may be empty.</summary>
    public ReadOnlySpan<byte> ReasonPhrase => Slice(_phraseStart, _phraseLength);

    /// <summary>The body, as far as Content-Length and the bytes go.</summary>
    public ReadOnlySpan<byte> Body => Slice(_bodyStart, _bodyLength);

    /// <summary>Value of Content-Length; -1 where there is none or it is no number. The body is shorter where <see cref="IsTruncated"/>.</summary>
    public int ContentLength { get; private set; } = None;

    /// <summary>True where header or body were cut off: the bytes end before the blank line, or before Content-Length says.</summary>
    public bool IsTruncated => (Oddities & SipOddities.Truncated) != 0;

    /// <summary>What was noticed while reading; <see cref="Inspect"/> looks closer.</summary>
    public SipOddities Oddities { get; private set; }

    /// <summary>Number of header lines read; broken ones are not among them.</summary>
    public int HeaderCount => _headerCount;

    /// <summary>Number of CSeq; 0 where there is none or it is out of range.</summary>
    public uint CSeqNumber { get; private set; }

    /// <summary>Method of CSeq.</summary>
    public SipMethod CSeqMethod { get; private set; }

    /// <summary>True where Via, From, To, Call-ID and CSeq are all there.</summary>
    internal bool HasMandatoryHeaders =>
        _firstOf[(int)SipHeader.CallId] != 0 && _firstOf[(int)SipHeader.From] != 0 && _firstOf[(int)SipHeader.To] != 0
        && _firstOf[(int)SipHeader.CSeq] != 0 && _firstOf[(int)SipHeader.Via] != 0;

    /// <summary>Kind of the header line at <paramref name="index"/>, 0 to <see cref="HeaderCount"/> - 1.</summary>
    public SipHeader HeaderAt(int index) => At(index).Id;

    /// <summary>Name of the header line as written.</summary>
    public ReadOnlySpan<byte> HeaderNameAt(int index)
    {
        ref Header header = ref At(index);
        return Slice(header.NameStart, header.NameLength);
    }

    /// <summary>Value of the header line: trimmed, unfolded, commas untouched.</summary>
    public ReadOnlySpan<byte> HeaderValueAt(int index) => Value(ref At(index));

    /// <summary>Value of the first line of that header; false and empty where there is none. Not for <see cref="SipHeader.Unknown"/>.</summary>
    public bool TryGetHeader(SipHeader name, out ReadOnlySpan<byte> value)
    {
        int first = (int)name < _firstOf.Length && name != SipHeader.Unknown ? _firstOf[(int)name] : 0;
        if (first == 0)
        {
            value = default;
            return false;
        }

        value = Value(ref _headers[first - 1]);
        return true;
    }

    /// <summary>Value of the first line of the header with that name, long or compact, known or not, case aside.</summary>
    public bool TryGetHeader(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        SipHeader known = SipHeaders.Find(name);
        if (known != SipHeader.Unknown) return TryGetHeader(known, out value);
        for (int next = _firstOf[0]; next != 0; next = _headers[next - 1].Next)
        {
            ref Header header = ref _headers[next - 1];
            if (!SipGrammar.EqualsIgnoreCase(Slice(header.NameStart, header.NameLength), name)) continue;
            value = Value(ref header);
            return true;
        }

        value = default;
        return false;
    }

    /// <summary>True where the message has that header.</summary>
    public bool HasHeader(SipHeader name) => (int)name < _firstOf.Length && _firstOf[(int)name] != 0;

    /// <summary>The lines of that header in order, each as a whole; with <see cref="SipHeader.Unknown"/> all lines of headers without a number.</summary>
    public SipHeaderLines GetHeaders(SipHeader name) => new(this, FirstOf(name));

    /// <summary>The values of that header in order over all its lines: lists are split at commas outside quotes and angle brackets.</summary>
    public SipHeaderValues GetValues(SipHeader name) => new(this, FirstOf(name), SipHeaders.Kind(name) == SipHeaderKind.List);

    /// <summary>Forgets everything. Called by the reader before it starts.</summary>
    public void Clear()
    {
        Array.Clear(_firstOf);
        _unfoldedLength = 0;
        _length = 0;
        _headerCount = 0;
        _lastHeaderIsBroken = false;
        _methodLength = _uriStart = _uriLength = _phraseStart = _phraseLength = _bodyStart = _bodyLength = 0;
        _sdpStart = None;
        IsRequest = false;
        Method = CSeqMethod = SipMethod.Unknown;
        StatusCode = 0;
        CSeqNumber = 0;
        ContentLength = None;
        Oddities = SipOddities.None;
    }

    /// <summary>Index + 1 of the first line of a header; 0 where there is none.</summary>
    internal int FirstOf(SipHeader name) => (int)name < _firstOf.Length ? _firstOf[(int)name] : 0;

    /// <summary>Value of the line with this index + 1, and the index + 1 of the next line of the same header (0 after the last).</summary>
    internal ReadOnlySpan<byte> ValueAndNext(int indexPlusOne, out int next)
    {
        ref Header header = ref _headers[indexPlusOne - 1];
        next = header.Next;
        return Value(ref header);
    }

    internal byte[] OwnBuffer(int length)
    {
        if (_own.Length < length) _own = new byte[Math.Max(length, Math.Max(2048, _own.Length * 2))];
        return _own;
    }

    internal void Attach(byte[] buffer, int start, int length)
    {
        _buffer = buffer;
        _start = start;
        _length = length;
    }

    internal void SetRequestLine(SipMethod method, int methodLength, int uriStart, int uriLength)
    {
        IsRequest = true;
        Method = method;
        _methodLength = methodLength;
        _uriStart = uriStart;
        _uriLength = uriLength;
    }

    internal void SetStatusLine(int status, int phraseStart, int phraseLength)
    {
        StatusCode = status;
        _phraseStart = phraseStart;
        _phraseLength = phraseLength;
    }

    /// <summary>Adds a header line; false where there are too many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool AddHeader(SipHeader id, int nameStart, int nameLength, int valueStart, int valueLength, ref SipOddities oddities)
    {
        int index = _headerCount;
        if (index == _headers.Length && !Grow()) return false;
        ref Header header = ref _headers[index];
        header.NameStart = nameStart;
        header.NameLength = nameLength;
        header.ValueStart = valueStart;
        header.ValueLength = valueLength;
        header.Next = 0;
        header.Id = id;
        header.Fold = FoldState.None;
        _headerCount = ++index;
        _lastHeaderIsBroken = false;
        ref ushort first = ref _firstOf[(int)id];
        if (first == 0)
        {
            first = (ushort)index;
        }
        else
        {
            _headers[_lastOf[(int)id] - 1].Next = (ushort)index;
            if (SipHeaders.Kind(id) == SipHeaderKind.Single) oddities |= SipOddities.DuplicateSingletonHeader;
        }

        _lastOf[(int)id] = (ushort)index;
        return true;
    }

    /// <summary>A folded line belongs to the header before it (RFC 3261 7.3.1); false where there is none.</summary>
    internal bool ExtendLastHeader(ReadOnlySpan<byte> bytes, int end)
    {
        if (_lastHeaderIsBroken) return true;
        if (_headerCount == 0) return false;
        ref Header header = ref _headers[_headerCount - 1];
        while (end > header.ValueStart && SipGrammar.IsBlank(bytes[end - 1])) end--;
        if (header.ValueLength == 0)
        {
            // nothing on the first line: the value starts here and may not be folded at all
            int start = header.ValueStart;
            while (start < end && SipGrammar.IsBlank(bytes[start])) start++;
            header.ValueStart = start;
            header.ValueLength = Math.Max(end - start, 0);
            return true;
        }

        if (end <= header.ValueStart + header.ValueLength) return true;
        header.ValueLength = end - header.ValueStart;
        header.Fold = FoldState.Folded;
        return true;
    }

    /// <summary>The line just read is no header: what is folded under it is none either.</summary>
    internal void BreakLastHeader() => _lastHeaderIsBroken = true;

    internal void ReadCSeq(ref SipOddities oddities)
    {
        if (!TryGetHeader(SipHeader.CSeq, out ReadOnlySpan<byte> value)) return;
        int digits = 0;
        while (digits < value.Length && (uint)value[digits] - '0' <= 9) digits++;
        if (SipGrammar.TryReadNumber(value[..digits], out uint number)) CSeqNumber = number;
        else oddities |= SipOddities.BadCSeq;
        ReadOnlySpan<byte> method = CSeqMethodText;
        if (method.IsEmpty) oddities |= SipOddities.BadCSeq;
        CSeqMethod = SipMethods.Find(method);
        if (!IsRequest) Method = CSeqMethod;
        else if (Method != CSeqMethod || (Method == SipMethod.Unknown && !method.SequenceEqual(MethodText))) oddities |= SipOddities.MethodMismatch;
    }

    internal int ReadContentLength(ref SipOddities oddities)
    {
        int next = FirstOf(SipHeader.ContentLength);
        if (next == 0)
        {
            oddities |= SipOddities.MissingContentLength;
            return None;
        }

        int length = None;
        bool isFirst = true;
        while (next != 0)
        {
            ReadOnlySpan<byte> value = ValueAndNext(next, out next);
            bool isNumber = SipGrammar.TryReadNumber(value, out uint number) && number <= int.MaxValue;
            if (!isNumber) oddities |= SipOddities.BadContentLength;
            else if (isFirst) length = (int)number;
            else if (number != length) oddities |= SipOddities.ContentLengthMismatch;
            isFirst = false;
        }

        return length;
    }

    internal void Complete(int bodyStart, int bodyLength, int contentLength, SipOddities oddities)
    {
        _bodyStart = bodyStart;
        _bodyLength = bodyLength;
        ContentLength = contentLength;
        Oddities = oddities;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadOnlySpan<byte> Slice(int start, int length) => new(_buffer, _start + start, length);

    private ref Header At(int index)
    {
        if ((uint)index >= (uint)_headerCount) ThrowNoSuchHeader(index);
        return ref _headers[index];
    }

    [DoesNotReturn]
    private void ThrowNoSuchHeader(int index) => throw new ArgumentOutOfRangeException(nameof(index), index, $"0 to {_headerCount - 1}");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadOnlySpan<byte> Value(ref Header header) =>
        header.Fold == FoldState.None ? Slice(header.ValueStart, header.ValueLength) : UnfoldedValue(ref header);

    // Done once per folded header and message: each fold, with the white space around it, becomes one space (RFC 3261 7.3.1).
    private ReadOnlySpan<byte> UnfoldedValue(ref Header header)
    {
        if (header.Fold == FoldState.Folded)
        {
            ReadOnlySpan<byte> raw = Slice(header.ValueStart, header.ValueLength);
            if (_unfolded.Length - _unfoldedLength < raw.Length)
            {
                // spans given out before stay good: they hold on to the former array
                byte[] larger = new byte[Math.Max(1024, (_unfoldedLength + raw.Length) * 2)];
                _unfolded.AsSpan(0, _unfoldedLength).CopyTo(larger);
                _unfolded = larger;
            }

            int start = _unfoldedLength, at = start;
            for (int i = 0; i < raw.Length; i++)
            {
                byte c = raw[i];
                if (c == (byte)'\n')
                {
                    while (at > start && SipGrammar.IsBlank(_unfolded[at - 1])) at--;
                    while (i + 1 < raw.Length && SipGrammar.IsBlank(raw[i + 1])) i++;
                    c = (byte)' ';
                }

                _unfolded[at++] = c;
            }

            header.ValueStart = start;
            header.ValueLength = at - start;
            header.Fold = FoldState.Unfolded;
            _unfoldedLength = at;
        }

        return _unfolded.AsSpan(header.ValueStart, header.ValueLength);
    }

    private bool Grow()
    {
        int most = Math.Min(Limits.MaxHeaders, ushort.MaxValue - 1);
        if (_headers.Length >= most) return false;
        Array.Resize(ref _headers, Math.Min(_headers.Length * 2, most));
        return true;
    }

    private enum FoldState : byte
    {
        None,
        Folded,
        Unfolded,
    }

    private struct Header
    {
        public int NameStart;
        public int NameLength;
        public int ValueStart;
        public int ValueLength;
        public ushort Next;
        public SipHeader Id;
        public FoldState Fold;
    }
}
