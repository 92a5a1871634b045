using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>Orders of a list of registrations.</summary>
public enum RegistrationSort
{
    /// <summary>By the last that was seen of them.</summary>
    LastSeenAt = 0,

    /// <summary>By address of record.</summary>
    Aor = 1,

    /// <summary>By when they run out.</summary>
    ExpiresAt = 2,
}

/// <summary>Which registrations, in which order.</summary>
public sealed record RegistrationQuery
{
    /// <summary>Address of record, or its user part; a prefix where it ends in <c>*</c>.</summary>
    public string? Aor { get; init; }

    /// <summary>Part of the contact URI.</summary>
    public string? Contact { get; init; }

    /// <summary>Source address as seen.</summary>
    public IpAddress? Address { get; init; }

    /// <summary>State.</summary>
    public RegistrationState? State { get; init; }

    /// <summary>Part of the User-Agent; case does not matter.</summary>
    public string? UserAgent { get; init; }

    /// <summary>+sip.instance, exactly.</summary>
    public string? Instance { get; init; }

    /// <summary>Hardware address, lower case with colons.</summary>
    public string? Mac { get; init; }

    /// <summary>Digest realm, exactly.</summary>
    public string? Realm { get; init; }

    /// <summary>Bound ones that run out before.</summary>
    public Timestamp? ExpiringBefore { get; init; }

    /// <summary>Last seen at or after.</summary>
    public Timestamp? From { get; init; }

    /// <summary>Last seen before.</summary>
    public Timestamp? To { get; init; }

    /// <summary>Tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>Order.</summary>
    public RegistrationSort Sort { get; init; }

    /// <summary>Least or earliest first; else the other way about.</summary>
    public bool Ascending { get; init; }

    /// <summary>Records on the page, 1..<see cref="CallQuery.MaxLimit"/>.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Records that stand before the page, for clients that know no cursors.</summary>
    public long Skip { get; init; }

    /// <summary>Where the page before ended; null for the first.</summary>
    public string? Cursor { get; init; }
}

/// <summary>A page of a list.</summary>
/// <typeparam name="T">What is listed.</typeparam>
public sealed record ListPage<T>
{
    /// <summary>What was found, in order.</summary>
    public required IReadOnlyList<T> Items { get; init; }

    /// <summary>Where the next page begins; null on the last.</summary>
    public string? NextCursor { get; init; }

    /// <summary>True where the cursor was none of this list.</summary>
    public bool CursorRejected { get; init; }
}

/// <summary>Which peers.</summary>
public sealed record PeerQuery
{
    /// <summary>Address.</summary>
    public IpAddress? Address { get; init; }

    /// <summary>Side it is on.</summary>
    public PeerDirection? Direction { get; init; }

    /// <summary>Method, exactly.</summary>
    public string? Method { get; init; }

    /// <summary>Event package, exactly.</summary>
    public string? Event { get; init; }

    /// <summary>Only those that stopped answering (or only those that did not).</summary>
    public bool? Silent { get; init; }

    /// <summary>Tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>The one with the earliest last request first; else the latest.</summary>
    public bool Ascending { get; init; }

    /// <summary>Records on the page, 1..<see cref="CallQuery.MaxLimit"/>.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Where the page before ended; null for the first.</summary>
    public string? Cursor { get; init; }
}

/// <summary>Which mailboxes.</summary>
public sealed record MailboxQuery
{
    /// <summary>Account, a prefix where it ends in <c>*</c>.</summary>
    public string? Account { get; init; }

    /// <summary>Only those with (or without) new messages.</summary>
    public bool? Waiting { get; init; }

    /// <summary>Tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>Records on the page, 1..<see cref="CallQuery.MaxLimit"/>.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Where the page before ended; null for the first.</summary>
    public string? Cursor { get; init; }
}

/// <summary>Reads registrations, peers and mailboxes. Several threads may ask at once.</summary>
public interface IRegistrationReader
{
    /// <summary>A registration; null where there is none.</summary>
    RegistrationRecord? GetRegistration(string id);

    /// <summary>A list.</summary>
    ListPage<RegistrationRecord> ListRegistrations(RegistrationQuery query);

    /// <summary>How many a query asks for; its limit, order and cursor do not matter.</summary>
    long CountRegistrations(RegistrationQuery query);

    /// <summary>Events of a registration, the latest first; at most <paramref name="limit"/> of them before the event number given.</summary>
    IReadOnlyList<RegistrationEvent> History(string id, int limit, int before = int.MaxValue);

    /// <summary>Peers.</summary>
    ListPage<PeerRecord> ListPeers(PeerQuery query);

    /// <summary>Mailboxes, by account.</summary>
    ListPage<MailboxRecord> ListMailboxes(MailboxQuery query);
}

/// <summary>Keeps registrations, peers and mailboxes, and gives back what the desk goes on with. Written by one thread.</summary>
public interface IRegistrationStore
{
    /// <summary>Writes changes, all or none of them. Writing the same again changes nothing.</summary>
    void Write(Desk.DeskChanges changes);

    /// <summary>Registrations, the one touched longest ago first.</summary>
    IEnumerable<StoredRegistration> LoadRegistrations();

    /// <summary>Conversations that may go on, the one without a message for longest first.</summary>
    IReadOnlyList<ConversationRecord> LoadConversations(int limit);
}
