using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Host.Directories;

/// <summary>The directory in force as the API asks it; none while there is none.</summary>
internal sealed class ApiDirectory(DirectoryHolder holder) : IApiDirectory
{
    private DirectoryView? _view;

    /// <inheritdoc />
    public IReadOnlyList<Tenant> Tenants => Now.Tenants;

    // The same view until the file changes. Two threads may make one at once; either is right.
    private IApiDirectory Now
    {
        get
        {
            if (holder.Current is not { } directory) return NoDirectory.Instance;
            DirectoryView? view = Volatile.Read(ref _view);
            if (view is not null && ReferenceEquals(view.Directory, directory)) return view;
            view = new DirectoryView(directory);
            Volatile.Write(ref _view, view);
            return view;
        }
    }

    /// <inheritdoc />
    public ApiAccount? Find(string account) => Now.Find(account);

    /// <inheritdoc />
    public IReadOnlyList<string> NumbersOf(string? tenant, long user) => Now.NumbersOf(tenant, user);

    /// <inheritdoc />
    public IReadOnlyList<DirectoryEntry> List(string? tenant, PartyKind kind) => Now.List(tenant, kind);

    /// <inheritdoc />
    public DirectoryEntry? Entry(string? tenant, PartyKind kind, long id) => Now.Entry(tenant, kind, id);

    /// <inheritdoc />
    public IReadOnlyList<DirectoryEntry> GroupsOf(string? tenant, PartyKind kind, long id) => Now.GroupsOf(tenant, kind, id);

    /// <inheritdoc />
    public DirectoryEntry? WhoHas(string? tenant, string number) => Now.WhoHas(tenant, number);

    /// <inheritdoc />
    public DirectoryEntry? OwnerOf(string? tenant, string hardwareAddress) => Now.OwnerOf(tenant, hardwareAddress);
}
