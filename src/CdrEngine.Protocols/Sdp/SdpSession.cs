using CdrEngine.Protocols.Sip;

namespace CdrEngine.Protocols.Sdp;

/// <summary>A session description (RFC 8866) in a form ready for use; filled by <see cref="SdpParser"/>, used again for the next one.</summary>
/// <remarks>It keeps a copy of the bytes, so it may outlive the packet. Not for two threads at once.</remarks>
public sealed class SdpSession
{
    private readonly List<SdpMedia> _pool = [];
    private byte[] _bytes = new byte[1024];
    private int _length;
    private SdpMedia[] _media = new SdpMedia[4];
    private int _mediaCount;
    private SdpSlice[] _groups = [];
    private int _groupCount;

    /// <summary>A session object with the given bounds (default <see cref="SdpLimits.Default"/>).</summary>
    public SdpSession(SdpLimits? limits = null)
    {
        Limits = limits ?? SdpLimits.Default;
        Common = new SdpMedia(this);
        Common.Clear();
    }

    /// <summary>Bounds used when this object is filled.</summary>
    public SdpLimits Limits { get; }

    /// <summary>The description as it was read.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>The o-line; empty without one that can be read.</summary>
    public SdpOrigin Origin => new()
    {
        UserName = Slice(OriginUser),
        SessionId = Slice(OriginId),
        Version = Slice(OriginVersion),
        AddressText = Slice(OriginAddress),
    };

    /// <summary>Session name (s-line); empty without.</summary>
    public ReadOnlySpan<byte> Name => Slice(NameSlice);

    /// <summary>The m-lines in order. Refused ones keep their place (RFC 3264 6: the answer has the m-lines of the offer in the same order).</summary>
    public ReadOnlySpan<SdpMedia> Media => _media.AsSpan(0, _mediaCount);

    /// <summary>Lines that could not be read, in whole or in part; they were passed over.</summary>
    public int BrokenLines { get; internal set; }

    /// <summary>M-lines, formats, candidates, crypto and group lines over <see cref="Limits"/>; they were passed over.</summary>
    public int IgnoredItems { get; internal set; }

    /// <summary>Candidates with a host name in place of an address (mDNS, RFC 8828); they give no endpoint.</summary>
    public int UnresolvedCandidates { get; internal set; }

    /// <summary>Number of group lines (RFC 5888).</summary>
    public int GroupCount => _groupCount;

    /// <summary>What the session says for all its m-lines.</summary>
    internal SdpMedia Common { get; }

    internal SdpSlice OriginUser { get; set; }

    internal SdpSlice OriginId { get; set; }

    internal SdpSlice OriginVersion { get; set; }

    internal SdpSlice OriginAddress { get; set; }

    internal SdpSlice NameSlice { get; set; }

    internal SdpSlice SessionLines { get; set; }

    /// <summary>A group line after <c>a=group:</c>, such as <c>BUNDLE 0 1</c>.</summary>
    public ReadOnlySpan<byte> GroupAt(int index) => Slice(_groups.AsSpan(0, _groupCount)[index]);

    /// <summary>The session-level a-lines of that name (case-sensitive).</summary>
    public SdpAttributes GetAttributes(ReadOnlySpan<byte> name) => new(Slice(SessionLines), name);

    /// <summary>The m-line whose address an m-line uses: the first of its BUNDLE group (RFC 9143 7.2), else itself.</summary>
    public SdpMedia TransportOf(SdpMedia media)
    {
        if (media.Mid.IsEmpty) return media;
        foreach (SdpSlice group in _groups.AsSpan(0, _groupCount))
        {
            var words = new SdpWords(Slice(group), 0);
            if (!SipGrammar.EqualsIgnoreCase(words.Next(), "BUNDLE"u8)) continue;
            ReadOnlySpan<byte> tagged = default;
            while (!words.IsAtEnd)
            {
                ReadOnlySpan<byte> mid = words.Next();
                if (tagged.IsEmpty) tagged = mid;
                if (mid.SequenceEqual(media.Mid) && FindMid(tagged) is { } found) return found;
            }
        }

        return media;
    }

    /// <summary>The m-line with that identification tag; null without.</summary>
    public SdpMedia? FindMid(ReadOnlySpan<byte> mid)
    {
        foreach (SdpMedia media in Media)
        {
            if (media.Mid.SequenceEqual(mid)) return media;
        }

        return null;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _length = 0;
        _mediaCount = 0;
        _groupCount = 0;
        BrokenLines = IgnoredItems = UnresolvedCandidates = 0;
        OriginUser = OriginId = OriginVersion = OriginAddress = NameSlice = SessionLines = default;
        Common.Clear();
    }

    internal ReadOnlySpan<byte> Slice(SdpSlice slice) => _bytes.AsSpan(slice.Start, slice.Length);

    internal ReadOnlySpan<byte> Load(ReadOnlySpan<byte> bytes)
    {
        if (_bytes.Length < bytes.Length) _bytes = new byte[Math.Max(bytes.Length, _bytes.Length * 2)];
        bytes.CopyTo(_bytes);
        _length = bytes.Length;
        return Bytes;
    }

    /// <summary>A cleared m-line at the end of the list; null where there are too many.</summary>
    internal SdpMedia? AddMedia()
    {
        if (_mediaCount >= Limits.MaxMedia)
        {
            IgnoredItems++;
            return null;
        }

        if (_mediaCount == _pool.Count) _pool.Add(new SdpMedia(this));
        if (_mediaCount == _media.Length) Array.Resize(ref _media, _media.Length * 2);
        SdpMedia media = _pool[_mediaCount];
        media.Clear();
        _media[_mediaCount++] = media;
        return media;
    }

    internal void AddGroup(SdpSlice group)
    {
        if (_groupCount >= Limits.MaxGroups)
        {
            IgnoredItems++;
            return;
        }

        if (_groupCount == _groups.Length) Array.Resize(ref _groups, Math.Min(_groups.Length + 2, Limits.MaxGroups));
        _groups[_groupCount++] = group;
    }
}
