namespace CdrEngine.Protocols.Sip;

/// <summary>The lines of one header in order: <c>foreach (ReadOnlySpan&lt;byte&gt; line in message.GetHeaders(SipHeader.Via))</c>.</summary>
public ref struct SipHeaderLines
{
    private readonly SipMessage _message;
    private int _next;

    internal SipHeaderLines(SipMessage message, int first)
    {
        _message = message;
        _next = first;
        Current = default;
    }

    /// <summary>Value of the line: trimmed and unfolded.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>This enumerator.</summary>
    public readonly SipHeaderLines GetEnumerator() => this;

    /// <summary>Moves to the next line.</summary>
    public bool MoveNext()
    {
        if (_next == 0) return false;
        Current = _message.ValueAndNext(_next, out _next);
        return true;
    }
}

/// <summary>The values of one header in order, over all its lines and the commas in them. Empty values are passed over.</summary>
public ref struct SipHeaderValues
{
    private readonly SipMessage _message;
    private readonly bool _isList;
    private ReadOnlySpan<byte> _rest;
    private int _next;

    internal SipHeaderValues(SipMessage message, int first, bool isList)
    {
        _message = message;
        _isList = isList;
        _next = first;
        _rest = default;
        Current = default;
    }

    /// <summary>The value, trimmed.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>This enumerator.</summary>
    public readonly SipHeaderValues GetEnumerator() => this;

    /// <summary>Moves to the next value.</summary>
    public bool MoveNext()
    {
        while (true)
        {
            if (_rest.IsEmpty)
            {
                if (_next == 0) return false;
                _rest = _message.ValueAndNext(_next, out _next);
                if (!_isList)
                {
                    Current = _rest;
                    _rest = default;
                    return true;
                }
            }

            Current = SipList.Take(ref _rest);
            if (!Current.IsEmpty) return true;
        }
    }

    /// <summary>Number of values from here on.</summary>
    public int Count()
    {
        int count = 0;
        while (MoveNext()) count++;
        return count;
    }
}

/// <summary>Lists whose items are parted by commas (RFC 3261 7.3.1).</summary>
public static class SipList
{
    /// <summary>Takes the first item off the list, trimmed (it may be empty). Commas in quoted strings and angle brackets part nothing.</summary>
    public static ReadOnlySpan<byte> Take(scoped ref ReadOnlySpan<byte> list)
    {
        int comma = list.IndexOf((byte)',');
        if (comma >= 0 && list[..comma].ContainsAny((byte)'"', (byte)'<')) comma = SipGrammar.IndexOutside(list, (byte)',');
        ReadOnlySpan<byte> item = SipGrammar.Trim(comma < 0 ? list : list[..comma]);
        list = comma < 0 ? default : list[(comma + 1)..];
        return item;
    }
}
