namespace CdrEngine.Calls.Ports;

/// <summary>What the API asks of the directory: which tenant an account is, and which numbers a person has.</summary>
public interface IApiDirectory
{
    /// <summary>The account a client names in a path or a header: the name of a tenant, or a number that the directory gives it; null where there is
    /// none.</summary>
    ApiAccount? Find(string account);

    /// <summary>The numbers of a user or extension, as calls have them; empty where there is none.</summary>
    /// <param name="tenant">Tenant; null for all.</param>
    /// <param name="user">Numeric id.</param>
    IReadOnlyList<string> NumbersOf(string? tenant, long user);
}

/// <summary>An account.</summary>
/// <param name="Tenant">The tenant it is; null where it stands for everything, since there are no tenants.</param>
/// <param name="Id">Numeric id; null where it has none.</param>
public sealed record ApiAccount(string? Tenant, long? Id);

/// <summary>No directory: there are no tenants, every account stands for everything, and nobody's numbers are known.</summary>
public sealed class NoDirectory : IApiDirectory
{
    /// <inheritdoc />
    public ApiAccount? Find(string account) => new(null, long.TryParse(account, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long id) ? id : null);

    /// <inheritdoc />
    public IReadOnlyList<string> NumbersOf(string? tenant, long user) => [];
}
