using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using CdrEngine.Core;
using CdrEngine.Host.Hocon;

namespace CdrEngine.Host.Configuration;

/// <summary>The keys that were read, so that any other is found out.</summary>
internal sealed class KnownKeys
{
    private readonly HashSet<string> _sections = new(StringComparer.Ordinal);
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);

    // In the order in which they were read: of two that come as near the first is suggested.
    private readonly List<string> _inOrder = [];

    public void AddSection(string path)
    {
        if (_sections.Add(path)) Add(path);
    }

    public void Add(string path)
    {
        if (_keys.Add(path)) _inOrder.Add(path);
    }

    /// <summary>Stops at the first key of the tree that nobody read.</summary>
    /// <exception cref="HoconException">There is a key that was not read.</exception>
    public void RefuseOthers(HoconValue tree) => Refuse(tree, "");

    private void Refuse(HoconValue section, string prefix)
    {
        foreach ((string key, HoconMember member) in section.Members)
        {
            string path = prefix + key;
            if (!_keys.Contains(path)) throw new HoconException(member.KeyPosition, Unknown(path));
            if (_sections.Contains(path)) Refuse(member.Value, path + ".");
        }
    }

    private string Unknown(string path)
    {
        // A slip of the finger first; then a key that stands elsewhere; then whatever comes nearest.
        string last = path[(path.LastIndexOf('.') + 1)..];
        string? nearest = EditDistance.Nearest(path, _inOrder);
        if (nearest is null || EditDistance.Between(path, nearest) > 2)
        {
            nearest = _inOrder.Find(known => known.EndsWith("." + path, StringComparison.Ordinal))
                ?? _inOrder.Find(known => known.EndsWith("." + last, StringComparison.Ordinal))
                ?? nearest;
        }

        return $"unknown key '{path}'; did you mean '{nearest}'?";
    }
}

/// <summary>Reads the keys of one section by type. Each error names file, line, column, key and what would fit.</summary>
internal sealed class SettingsReader(HoconValue section, string prefix, KnownKeys known)
{
    private readonly HoconValue _section = section;
    private readonly string _prefix = prefix;

    public SettingsReader Section(string key)
    {
        string path = _prefix + key;
        known.AddSection(path);
        HoconValue value = Require(key);
        return value.Kind == HoconKind.Object
            ? new SettingsReader(value, path + ".", known)
            : throw new HoconException(value.Position, $"'{path}' holds further keys; write {path} {{ … }}");
    }

    /// <summary>The names that stand in this section, for a section whose keys are the user's own.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            var names = new List<string>(_section.Members.Count);
            foreach ((string name, _) in _section.Members) names.Add(name);
            return names;
        }
    }

    /// <summary>A section of the user's own naming, with what it leaves out taken from others: the last that has a key goes first.</summary>
    public SettingsReader Section(string key, params ReadOnlySpan<SettingsReader> defaults)
    {
        SettingsReader own = Section(key);
        HoconValue merged = HoconValue.OfObject(own._section.Position);
        foreach (SettingsReader layer in (SettingsReader[])[.. defaults, own])
        {
            foreach ((string name, HoconMember member) in layer._section.Members) merged.Members[name] = member;
        }

        return new SettingsReader(merged, own._prefix, known);
    }

    /// <summary>Whether a key stands here.</summary>
    public bool Has(string key) => _section.Members.ContainsKey(key);

    /// <summary>What is wrong with the section itself, at its own place.</summary>
    public HoconException FailHere(string problem) => new(_section.Position, $"{_prefix.TrimEnd('.')}: {problem}");

    /// <summary>A number with decimals.</summary>
    public double Number(string key, double min, double max)
    {
        string text = Scalar(key).Text;
        if (!double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)) throw Fail(key, $"'{text}' is no number");
        return number >= min && number <= max ? number : throw Fail(key, string.Create(CultureInfo.InvariantCulture, $"{number} is outside {min} to {max}"));
    }

    public string Text(string key)
    {
        string text = Scalar(key).Text;
        return text.Length > 0 ? text : throw Fail(key, "it is empty");
    }

    public string TextOrEmpty(string key) => Scalar(key).Text;

    /// <summary>An address with a port, or null where the text is empty.</summary>
    public IPEndPoint? AddressOrNone(string key) => Scalar(key).Text.Length == 0 ? null : Address(key);

    /// <summary>A list of texts; one text alone is a list of one.</summary>
    public IReadOnlyList<string> TextList(string key, int most)
    {
        HoconValue value = Noted(key, Require(key));
        List<HoconValue> items = value.Kind == HoconKind.Text ? [value] : value.Items;
        if (value.Kind is HoconKind.Null or HoconKind.Object) throw Fail(key, "it takes a list of texts");
        if (items.Count > most) throw Fail(key, $"{items.Count} items are more than {most}");
        HoconValue? stranger = items.Find(static item => item.Kind != HoconKind.Text || item.Text.Length == 0);
        if (stranger is not null) throw new HoconException(stranger.Position, $"{_prefix}{key}: its items are texts");
        return items.ConvertAll(static item => item.Text);
    }

    public bool Switch(string key) => Scalar(key).Text switch
    {
        "on" or "yes" or "true" => true,
        "off" or "no" or "false" => false,
        string other => throw Fail(key, $"'{other}' is neither on nor off"),
    };

    public int Integer(string key, int min, int max)
    {
        string text = Scalar(key).Text;
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
            throw Fail(key, $"'{text}' is no whole number");
        return number >= min && number <= max ? (int)number : throw Fail(key, $"{number} is outside {min} to {max}");
    }

    public int IntegerOrAuto(string key, int min, int max, int auto) => Require(key).Text == "auto" ? Noted(key, auto) : Integer(key, min, max);

    public TimeSpan Duration(string key, TimeSpan min, TimeSpan max)
    {
        if (HoconUnits.TryReadDuration(Scalar(key).Text, out TimeSpan duration) is { } problem) throw Fail(key, problem);
        return duration >= min && duration <= max
            ? duration
            : throw Fail(key, $"{HoconUnits.Show(duration)} is outside {HoconUnits.Show(min)} to {HoconUnits.Show(max)}");
    }

    public long Size(string key, long min, long max)
    {
        if (HoconUnits.TryReadSize(Scalar(key).Text, out long bytes) is { } problem) throw Fail(key, problem);
        return bytes >= min && bytes <= max
            ? bytes
            : throw Fail(key, max == long.MaxValue
                ? $"{HoconUnits.ShowSize(bytes)} is less than {HoconUnits.ShowSize(min)}"
                : $"{HoconUnits.ShowSize(bytes)} is outside {HoconUnits.ShowSize(min)} to {HoconUnits.ShowSize(max)}");
    }

    public T Choice<T>(string key)
        where T : struct, Enum
    {
        string text = Scalar(key).Text;
        string[] names = Array.ConvertAll(Enum.GetNames(typeof(T)), static name => SnakeCaseName.Of(name).Replace('_', '-'));
        int index = Array.IndexOf(names, text);
        return index >= 0
            ? Enum.GetValues<T>()[index]
            : throw Fail(key, $"'{text}' is none of {string.Join(", ", names)}{EditDistance.DidYouMean(text, names)}");
    }

    public IPEndPoint Address(string key)
    {
        string text = Scalar(key).Text;
        int colon = text.LastIndexOf(':');
        string port = colon < 0 ? "" : text[(colon + 1)..];
        bool bracketed = text.StartsWith('[') && colon > 0 && text[colon - 1] == ']';
        string host = colon < 0 ? text : bracketed ? text[1..(colon - 1)] : text[..colon];
        if (host == "localhost") host = "127.0.0.1";
        return TryParse(host, out IPAddress? address)
            && bracketed == host.Contains(':')
            && ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number)
            ? new IPEndPoint(address, number)
            : throw Fail(key, $"'{text}' is no address with a port; write 127.0.0.1:8080 or [::1]:8080");
    }

    // Dotted quads, as nearly all are, by our own reader: the framework's is compiled at each start.
    private static bool TryParse(string host, [NotNullWhen(true)] out IPAddress? address)
    {
        if (!IpAddress.TryParse(host, out IpAddress known) || !known.IsV4) return IPAddress.TryParse(host, out address);
        address = new IPAddress((uint)IPAddress.HostToNetworkOrder((int)known.Low));
        return true;
    }

    public HoconException Fail(string key, string problem) => new(Require(key).Position, $"{_prefix}{key}: {problem}");

    private T Noted<T>(string key, T value)
    {
        known.Add(_prefix + key);
        return value;
    }

    private HoconValue Scalar(string key)
    {
        HoconValue value = Noted(key, Require(key));
        return value.Kind switch
        {
            HoconKind.Text => value,
            HoconKind.Null => throw Fail(key, "it needs a value; null takes it away"),
            HoconKind.List => throw Fail(key, "it takes one value, not a list"),
            _ => throw Fail(key, "it takes one value, not an object"),
        };
    }

    // A key that reference.conf does not have is our own mistake, not the user's: everything there has a default.
    private HoconValue Require(string key) =>
        _section.Members.TryGetValue(key, out HoconMember member)
            ? member.Value
            : throw new InvalidOperationException($"reference.conf has no key '{_prefix}{key}'");
}
