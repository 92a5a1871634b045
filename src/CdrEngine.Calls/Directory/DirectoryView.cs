using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Directory;

/// <summary>A directory as the API asks it. Immutable; made anew for each new directory.</summary>
/// <param name="directory">The directory.</param>
public sealed class DirectoryView(CallDirectory directory) : IApiDirectory
{
    private readonly ILookup<PartyKind, DirectoryEntry> _kinds = directory.Entries.OrderBy(static entry => entry.Id).ToLookup(static entry => entry.Kind);
    private readonly ILookup<string, DirectoryEntry> _devices = directory.Entries
        .SelectMany(static entry => entry.Devices.Select(device => (device, entry)))
        .ToLookup(static pair => pair.device, static pair => pair.entry, StringComparer.Ordinal);

    private readonly ILookup<GroupMember, DirectoryEntry> _groups = directory.Entries
        .Where(static entry => entry.Kind is PartyKind.RingGroup or PartyKind.Queue)
        .OrderBy(static entry => entry.Kind == PartyKind.Queue).ThenBy(static entry => entry.Id)
        .SelectMany(static entry => entry.Members.Distinct().Select(member => (member, entry)))
        .ToLookup(static pair => pair.member, static pair => pair.entry);

    /// <summary>The directory it shows.</summary>
    public CallDirectory Directory => directory;

    /// <inheritdoc />
    public IReadOnlyList<Tenant> Tenants => directory.Tenants;

    /// <inheritdoc />
    public ApiAccount? Find(string account)
    {
        if (Tenants.Count == 0) return NoDirectory.Instance.Find(account);
        Tenant? tenant = directory.Tenant(account);
        if (tenant is null && long.TryParse(account, NumberStyles.None, CultureInfo.InvariantCulture, out long id) && id > 0) tenant = Tenants.FirstOrDefault(one => one.Id == id);
        return tenant is null ? null : new ApiAccount(tenant.Name, tenant.Id == 0 ? null : tenant.Id);
    }

    /// <inheritdoc />
    public IReadOnlyList<string> NumbersOf(string? tenant, long user) =>
        user > 0 && Entry(tenant, PartyKind.User, user) is { } entry ? [.. entry.Extensions.Concat(entry.Numbers).Concat(entry.Usernames).Distinct(StringComparer.Ordinal)] : [];

    /// <inheritdoc />
    public IReadOnlyList<DirectoryEntry> List(string? tenant, PartyKind kind) => [.. _kinds[kind].Where(entry => IsSeenBy(tenant, entry))];

    /// <inheritdoc />
    public DirectoryEntry? Entry(string? tenant, PartyKind kind, long id) => directory.Entry(kind, id) is { } entry && IsSeenBy(tenant, entry) ? entry : null;

    /// <inheritdoc />
    public IReadOnlyList<DirectoryEntry> GroupsOf(string? tenant, PartyKind kind, long id) => [.. _groups[new GroupMember(kind, id)].Where(entry => IsSeenBy(tenant, entry))];

    /// <inheritdoc />
    public DirectoryEntry? WhoHas(string? tenant, string number)
    {
        Tenant? whose = directory.Tenant(tenant);
        if (tenant is not null && whose is null) return null;
        return directory.Lookup(number, whose).Entry is { } entry && IsSeenBy(tenant, entry) ? entry : null;
    }

    /// <inheritdoc />
    public DirectoryEntry? OwnerOf(string? tenant, string hardwareAddress)
    {
        string digits = string.Concat(hardwareAddress.Where(char.IsAsciiHexDigit)).ToLowerInvariant();
        return _devices[digits].FirstOrDefault(entry => IsSeenBy(tenant, entry));
    }

    private static bool IsSeenBy(string? tenant, DirectoryEntry entry) => tenant is null || entry.Tenant is null || entry.Tenant.Name == tenant;
}
