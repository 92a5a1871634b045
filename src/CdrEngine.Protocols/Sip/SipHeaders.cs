using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace CdrEngine.Protocols.Sip;

/// <summary>How often a header field may stand in a message.</summary>
public enum SipHeaderKind : byte
{
    /// <summary>Any number of lines, one value each (its grammar has commas of its own, or is free text).</summary>
    Repeated = 0,

    /// <summary>Any number of lines, each with values parted by commas (RFC 3261 7.3.1).</summary>
    List = 1,

    /// <summary>Once; a second one is an oddity and the first one counts.</summary>
    Single = 2,
}

/// <summary>A row of the table of header fields.</summary>
/// <param name="Header">Its number here.</param>
/// <param name="Name">Its name as the RFC writes it.</param>
/// <param name="Compact">Its compact form (RFC 3261 7.3.3 and others), or <c>'\0'</c>.</param>
/// <param name="Kind">How often it may stand.</param>
public readonly record struct SipHeaderRow(SipHeader Header, string Name, char Compact, SipHeaderKind Kind);

/// <summary>The one table of header field names, long and compact, used by everything that reads or writes them.</summary>
public static class SipHeaders
{
    /// <summary>Longest name in the table, in bytes; what is longer needs no look-up.</summary>
    internal const int MaxNameBytes = 32;

    private const int SlotMask = 511;

    private static readonly SipHeaderRow[] Table =
    [
        new(SipHeader.Unknown, "", '\0', SipHeaderKind.Repeated),
        new(SipHeader.Accept, "Accept", '\0', SipHeaderKind.List),
        new(SipHeader.AcceptContact, "Accept-Contact", 'a', SipHeaderKind.List),
        new(SipHeader.AcceptEncoding, "Accept-Encoding", '\0', SipHeaderKind.List),
        new(SipHeader.AcceptLanguage, "Accept-Language", '\0', SipHeaderKind.List),
        new(SipHeader.AlertInfo, "Alert-Info", '\0', SipHeaderKind.List),
        new(SipHeader.Allow, "Allow", '\0', SipHeaderKind.List),
        new(SipHeader.AllowEvents, "Allow-Events", 'u', SipHeaderKind.List),
        new(SipHeader.AuthenticationInfo, "Authentication-Info", '\0', SipHeaderKind.Repeated),
        new(SipHeader.Authorization, "Authorization", '\0', SipHeaderKind.Repeated),
        new(SipHeader.CallId, "Call-ID", 'i', SipHeaderKind.Single),
        new(SipHeader.CallInfo, "Call-Info", '\0', SipHeaderKind.List),
        new(SipHeader.Contact, "Contact", 'm', SipHeaderKind.List),
        new(SipHeader.ContentDisposition, "Content-Disposition", '\0', SipHeaderKind.Single),
        new(SipHeader.ContentEncoding, "Content-Encoding", 'e', SipHeaderKind.List),
        new(SipHeader.ContentLanguage, "Content-Language", '\0', SipHeaderKind.List),
        new(SipHeader.ContentLength, "Content-Length", 'l', SipHeaderKind.Single),
        new(SipHeader.ContentType, "Content-Type", 'c', SipHeaderKind.Single),
        new(SipHeader.CSeq, "CSeq", '\0', SipHeaderKind.Single),
        new(SipHeader.Date, "Date", '\0', SipHeaderKind.Single),
        new(SipHeader.Diversion, "Diversion", '\0', SipHeaderKind.List),
        new(SipHeader.ErrorInfo, "Error-Info", '\0', SipHeaderKind.List),
        new(SipHeader.Event, "Event", 'o', SipHeaderKind.Single),
        new(SipHeader.Expires, "Expires", '\0', SipHeaderKind.Single),
        new(SipHeader.FeatureCaps, "Feature-Caps", '\0', SipHeaderKind.List),
        new(SipHeader.From, "From", 'f', SipHeaderKind.Single),
        new(SipHeader.Geolocation, "Geolocation", '\0', SipHeaderKind.List),
        new(SipHeader.HistoryInfo, "History-Info", '\0', SipHeaderKind.List),
        new(SipHeader.Identity, "Identity", 'y', SipHeaderKind.Repeated),
        new(SipHeader.IdentityInfo, "Identity-Info", 'n', SipHeaderKind.Repeated),
        new(SipHeader.InfoPackage, "Info-Package", '\0', SipHeaderKind.Repeated),
        new(SipHeader.InReplyTo, "In-Reply-To", '\0', SipHeaderKind.List),
        new(SipHeader.Join, "Join", '\0', SipHeaderKind.Repeated),
        new(SipHeader.MaxForwards, "Max-Forwards", '\0', SipHeaderKind.Single),
        new(SipHeader.MimeVersion, "MIME-Version", '\0', SipHeaderKind.Single),
        new(SipHeader.MinExpires, "Min-Expires", '\0', SipHeaderKind.Single),
        new(SipHeader.MinSE, "Min-SE", '\0', SipHeaderKind.Single),
        new(SipHeader.Organization, "Organization", '\0', SipHeaderKind.Repeated),
        new(SipHeader.PAccessNetworkInfo, "P-Access-Network-Info", '\0', SipHeaderKind.List),
        new(SipHeader.PAssertedIdentity, "P-Asserted-Identity", '\0', SipHeaderKind.List),
        new(SipHeader.PAssociatedUri, "P-Associated-URI", '\0', SipHeaderKind.List),
        new(SipHeader.PCalledPartyId, "P-Called-Party-ID", '\0', SipHeaderKind.Repeated),
        new(SipHeader.PChargingVector, "P-Charging-Vector", '\0', SipHeaderKind.Repeated),
        new(SipHeader.PEarlyMedia, "P-Early-Media", '\0', SipHeaderKind.List),
        new(SipHeader.PPreferredIdentity, "P-Preferred-Identity", '\0', SipHeaderKind.List),
        new(SipHeader.Path, "Path", '\0', SipHeaderKind.List),
        new(SipHeader.Priority, "Priority", '\0', SipHeaderKind.Repeated),
        new(SipHeader.Privacy, "Privacy", '\0', SipHeaderKind.Repeated),
        new(SipHeader.ProxyAuthenticate, "Proxy-Authenticate", '\0', SipHeaderKind.Repeated),
        new(SipHeader.ProxyAuthorization, "Proxy-Authorization", '\0', SipHeaderKind.Repeated),
        new(SipHeader.ProxyRequire, "Proxy-Require", '\0', SipHeaderKind.List),
        new(SipHeader.RAck, "RAck", '\0', SipHeaderKind.Single),
        new(SipHeader.Reason, "Reason", '\0', SipHeaderKind.List),
        new(SipHeader.RecordRoute, "Record-Route", '\0', SipHeaderKind.List),
        new(SipHeader.RecvInfo, "Recv-Info", '\0', SipHeaderKind.List),
        new(SipHeader.ReferredBy, "Referred-By", 'b', SipHeaderKind.Single),
        new(SipHeader.ReferSub, "Refer-Sub", '\0', SipHeaderKind.Repeated),
        new(SipHeader.ReferTo, "Refer-To", 'r', SipHeaderKind.Single),
        new(SipHeader.RejectContact, "Reject-Contact", 'j', SipHeaderKind.List),
        new(SipHeader.RemotePartyId, "Remote-Party-ID", '\0', SipHeaderKind.List),
        new(SipHeader.Replaces, "Replaces", '\0', SipHeaderKind.Single),
        new(SipHeader.ReplyTo, "Reply-To", '\0', SipHeaderKind.Single),
        new(SipHeader.RequestDisposition, "Request-Disposition", 'd', SipHeaderKind.List),
        new(SipHeader.Require, "Require", '\0', SipHeaderKind.List),
        new(SipHeader.RetryAfter, "Retry-After", '\0', SipHeaderKind.Single),
        new(SipHeader.Route, "Route", '\0', SipHeaderKind.List),
        new(SipHeader.RSeq, "RSeq", '\0', SipHeaderKind.Single),
        new(SipHeader.Server, "Server", '\0', SipHeaderKind.Single),
        new(SipHeader.ServiceRoute, "Service-Route", '\0', SipHeaderKind.List),
        new(SipHeader.SessionExpires, "Session-Expires", 'x', SipHeaderKind.Single),
        new(SipHeader.SessionId, "Session-ID", '\0', SipHeaderKind.Single),
        new(SipHeader.SipETag, "SIP-ETag", '\0', SipHeaderKind.Single),
        new(SipHeader.SipIfMatch, "SIP-If-Match", '\0', SipHeaderKind.Single),
        new(SipHeader.Subject, "Subject", 's', SipHeaderKind.Single),
        new(SipHeader.SubscriptionState, "Subscription-State", '\0', SipHeaderKind.Single),
        new(SipHeader.Supported, "Supported", 'k', SipHeaderKind.List),
        new(SipHeader.TargetDialog, "Target-Dialog", '\0', SipHeaderKind.Single),
        new(SipHeader.Timestamp, "Timestamp", '\0', SipHeaderKind.Single),
        new(SipHeader.To, "To", 't', SipHeaderKind.Single),
        new(SipHeader.Unsupported, "Unsupported", '\0', SipHeaderKind.List),
        new(SipHeader.UserAgent, "User-Agent", '\0', SipHeaderKind.Single),
        new(SipHeader.UserToUser, "User-to-User", '\0', SipHeaderKind.Repeated),
        new(SipHeader.Via, "Via", 'v', SipHeaderKind.List),
        new(SipHeader.Warning, "Warning", '\0', SipHeaderKind.List),
        new(SipHeader.WwwAuthenticate, "WWW-Authenticate", '\0', SipHeaderKind.Repeated),
    ];

    private static readonly SipHeader[] CompactForms = BuildCompactForms();
    private static readonly Vector256<byte>[] LowerNames = BuildLowerNames();
    private static readonly byte[] Slots = BuildSlots();

    /// <summary>All rows; index = the number of the header, so the first row is <see cref="SipHeader.Unknown"/> without a name.</summary>
    public static ReadOnlySpan<SipHeaderRow> Rows => Table;

    /// <summary>Number of values of <see cref="SipHeader"/>.</summary>
    public static int Count => Table.Length;

    /// <summary>The name as the RFC writes it; empty for <see cref="SipHeader.Unknown"/>.</summary>
    public static string Name(SipHeader header) => (int)header < Table.Length ? Table[(int)header].Name : "";

    /// <summary>How often the header may stand in a message.</summary>
    public static SipHeaderKind Kind(SipHeader header) => (int)header < Table.Length ? Table[(int)header].Kind : SipHeaderKind.Repeated;

    /// <summary>Finds a header by its long or compact name, case aside; <see cref="SipHeader.Unknown"/> for any other text.</summary>
    public static SipHeader Find(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > MaxNameBytes) return SipHeader.Unknown;
        Span<byte> padded = stackalloc byte[MaxNameBytes];
        padded.Clear();
        name.CopyTo(padded);
        return Find(Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(padded)), padded[0], padded[name.Length - 1], name.Length);
    }

    /// <summary>As <see cref="Find(ReadOnlySpan{byte})"/>, for a name of 1 to 32 bytes whose bytes are loaded already (what follows them is ignored).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static SipHeader Find(Vector256<byte> name, byte first, byte last, int length)
    {
        if (length == 1) return CompactForms[first];
        Vector256<byte> isUpper = Vector256.LessThan(name - Vector256.Create((byte)'A'), Vector256.Create((byte)26));
        Vector256<byte> lower = name | (isUpper & Vector256.Create((byte)0x20));
        uint wanted = uint.MaxValue >> (MaxNameBytes - length);
        int slot = Slot(first, last, length);
        while (true)
        {
            int candidate = Slots[slot];
            if (candidate == 0) return SipHeader.Unknown;
            uint equal = Vector256.Equals(lower, LowerNames[candidate]).ExtractMostSignificantBits();
            if ((~equal & wanted) == 0 && Table[candidate].Name.Length == length) return (SipHeader)candidate;
            slot = (slot + 1) & SlotMask;
        }
    }

    private static int Slot(byte first, byte last, int length) => (((first | 0x20) * 37) + ((last | 0x20) * 11) + (length * 71)) & SlotMask;

    private static SipHeader[] BuildCompactForms()
    {
        var forms = new SipHeader[256];
        foreach (SipHeaderRow row in Table)
        {
            if (row.Compact == '\0') continue;
            forms[row.Compact] = row.Header;
            forms[char.ToUpperInvariant(row.Compact)] = row.Header;
        }

        return forms;
    }

    private static Vector256<byte>[] BuildLowerNames()
    {
        var names = new Vector256<byte>[Table.Length];
        var padded = new byte[MaxNameBytes];
        for (int i = 1; i < Table.Length; i++)
        {
            Array.Clear(padded);
            Encoding.ASCII.GetBytes(Table[i].Name.ToLowerInvariant(), padded);
            names[i] = Vector256.Create(padded);
        }

        return names;
    }

    private static byte[] BuildSlots()
    {
        var slots = new byte[SlotMask + 1];
        for (int i = 1; i < Table.Length; i++)
        {
            string name = Table[i].Name;
            int slot = Slot((byte)name[0], (byte)name[^1], name.Length);
            while (slots[slot] != 0) slot = (slot + 1) & SlotMask;
            slots[slot] = (byte)i;
        }

        return slots;
    }
}
