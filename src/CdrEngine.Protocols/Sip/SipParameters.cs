using System.Text;

namespace CdrEngine.Protocols.Sip;

/// <summary>Parameters parted by semicolons, <c>;name=value;flag</c> (RFC 3261 25.1 generic-param); a view, nothing is copied.</summary>
/// <remarks>White space around names, equal signs and semicolons is passed over, and so are empty parameters. Values keep their quotes in
/// <see cref="SipParameter.RawValue"/>.</remarks>
public readonly ref struct SipParameters
{
    /// <summary>A view of the text; a semicolon at its start may be there or not.</summary>
    public SipParameters(ReadOnlySpan<byte> text) => Text = text;

    /// <summary>The text as written.</summary>
    public ReadOnlySpan<byte> Text { get; }

    /// <summary>Enumerates the parameters in order.</summary>
    public Enumerator GetEnumerator() => new(Text);

    /// <summary>Finds the first parameter of that name, case aside; its value without quotes, empty for a parameter without a value.</summary>
    public bool TryGet(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        // as the enumerator does, but values of other names are not looked at
        ReadOnlySpan<byte> rest = Text;
        while (true)
        {
            int start = 0;
            while (start < rest.Length && (rest[start] == (byte)';' || SipGrammar.IsBlank(rest[start]))) start++;
            rest = rest[start..];
            if (rest.Length < name.Length) break;
            if (SipGrammar.EqualsIgnoreCase(rest[..name.Length], name))
            {
                ReadOnlySpan<byte> after = rest[name.Length..];
                if (after.IsEmpty || after[0] is (byte)'=' or (byte)';' || SipGrammar.IsBlank(after[0]))
                {
                    var found = new Enumerator(rest);
                    if (found.MoveNext() && found.Current.Name.Length == name.Length)
                    {
                        value = found.Current.Value;
                        return true;
                    }
                }
            }

            int end = rest.IndexOfAny((byte)';', (byte)'"');
            if (end >= 0 && rest[end] == (byte)'"') end = SipGrammar.IndexOutside(rest, (byte)';');
            if (end < 0) break;
            rest = rest[end..];
        }

        value = default;
        return false;
    }

    /// <summary>True where there is a parameter of that name.</summary>
    public bool Contains(ReadOnlySpan<byte> name) => TryGet(name, out _);

    /// <summary>Value of a parameter that is a number; false where it is missing or none.</summary>
    public bool TryGetNumber(ReadOnlySpan<byte> name, out uint number)
    {
        number = 0;
        return TryGet(name, out ReadOnlySpan<byte> value) && SipGrammar.TryReadNumber(value, out number);
    }

    /// <summary>The text.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Text);

    /// <summary>Goes through parameters.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> text)
        {
            _rest = text;
            Current = default;
        }

        /// <summary>The parameter.</summary>
        public SipParameter Current { get; private set; }

        /// <summary>Moves to the next parameter.</summary>
        public bool MoveNext()
        {
            while (!_rest.IsEmpty)
            {
                int end = _rest.IndexOf((byte)';');
                if (end >= 0 && _rest[..end].Contains((byte)'"')) end = SipGrammar.IndexOutside(_rest, (byte)';');
                ReadOnlySpan<byte> text = SipGrammar.Trim(end < 0 ? _rest : _rest[..end]);
                _rest = end < 0 ? default : _rest[(end + 1)..];
                if (text.IsEmpty) continue;
                int equals = text.IndexOf((byte)'=');
                Current = equals < 0
                    ? new SipParameter(text, default, hasValue: false)
                    : new SipParameter(SipGrammar.Trim(text[..equals]), SipGrammar.Trim(text[(equals + 1)..]), hasValue: true);
                return true;
            }

            return false;
        }
    }
}

/// <summary>One parameter.</summary>
public readonly ref struct SipParameter
{
    internal SipParameter(ReadOnlySpan<byte> name, ReadOnlySpan<byte> rawValue, bool hasValue)
    {
        Name = name;
        RawValue = rawValue;
        HasValue = hasValue;
    }

    /// <summary>Its name as written.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>Its value as written, quotes included; empty without one.</summary>
    public ReadOnlySpan<byte> RawValue { get; }

    /// <summary>True where there is an equal sign.</summary>
    public bool HasValue { get; }

    /// <summary>Its value without quotes (escapes untouched).</summary>
    public ReadOnlySpan<byte> Value => SipGrammar.Unquote(RawValue);
}
