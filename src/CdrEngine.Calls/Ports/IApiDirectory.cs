using System.Globalization;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Ports;

/// <summary>What the API asks of the directory: which tenant an account is, and who is who. A tenant's view holds what is its own and what belongs to
/// none; null for the tenant is everybody's. Any thread; what is given never changes.</summary>
public interface IApiDirectory
{
    /// <summary>Tenants, in the order of the directory.</summary>
    IReadOnlyList<Tenant> Tenants { get; }

    /// <summary>The account a client names in a path or a header: the name of a tenant, or a number that the directory gives it; null where there is
    /// none.</summary>
    ApiAccount? Find(string account);

    /// <summary>The numbers of a user or extension, as calls have them; empty where there is none.</summary>
    /// <param name="tenant">Tenant; null for all.</param>
    /// <param name="user">Numeric id.</param>
    IReadOnlyList<string> NumbersOf(string? tenant, long user);

    /// <summary>All of a kind (users, contacts, menus, queues, ring groups, tracking numbers, voice mailboxes …), by id and then in the order of the
    /// directory.</summary>
    IReadOnlyList<DirectoryEntry> List(string? tenant, PartyKind kind);

    /// <summary>The one of a kind with this id; null where there is none, or it is another tenant's.</summary>
    DirectoryEntry? Entry(string? tenant, PartyKind kind, long id);

    /// <summary>The groups that somebody is a member of himself, ring groups before queues, each by id; empty for none.</summary>
    /// <param name="tenant">Tenant; null for all.</param>
    /// <param name="kind">What the member is.</param>
    /// <param name="id">Its id.</param>
    IReadOnlyList<DirectoryEntry> GroupsOf(string? tenant, PartyKind kind, long id);

    /// <summary>Whose number this is as a call of the tenant would dial it; null where nobody's is known.</summary>
    /// <param name="tenant">Tenant; null for the default one.</param>
    /// <param name="number">In any spelling of the wire.</param>
    DirectoryEntry? WhoHas(string? tenant, string number);

    /// <summary>Whose device this is; null where nobody's is known, or it is another tenant's.</summary>
    /// <param name="tenant">Tenant; null for all.</param>
    /// <param name="hardwareAddress">Hardware address; only its hexadecimal digits count.</param>
    DirectoryEntry? OwnerOf(string? tenant, string hardwareAddress);
}

/// <summary>An account.</summary>
/// <param name="Tenant">The tenant it is; null where it stands for everything, since there are no tenants.</param>
/// <param name="Id">Numeric id; null where it has none.</param>
public sealed record ApiAccount(string? Tenant, long? Id);

/// <summary>No directory: there are no tenants, every account stands for everything, and nobody's numbers are known.</summary>
public sealed class NoDirectory : IApiDirectory
{
    /// <summary>The one there need be.</summary>
    public static NoDirectory Instance { get; } = new();

    /// <inheritdoc />
    public IReadOnlyList<Tenant> Tenants => [];

    /// <inheritdoc />
    public ApiAccount? Find(string account) => new(null, long.TryParse(account, NumberStyles.None, CultureInfo.InvariantCulture, out long id) ? id : null);

    /// <inheritdoc />
    public IReadOnlyList<string> NumbersOf(string? tenant, long user) => [];

    /// <inheritdoc />
    public IReadOnlyList<DirectoryEntry> List(string? tenant, PartyKind kind) => [];

    /// <inheritdoc />
    public DirectoryEntry? Entry(string? tenant, PartyKind kind, long id) => null;

    /// <inheritdoc />
    public IReadOnlyList<DirectoryEntry> GroupsOf(string? tenant, PartyKind kind, long id) => [];

    /// <inheritdoc />
    public DirectoryEntry? WhoHas(string? tenant, string number) => null;

    /// <inheritdoc />
    public DirectoryEntry? OwnerOf(string? tenant, string hardwareAddress) => null;
}
