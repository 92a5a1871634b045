using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage;
using CdrEngine.Storage.Postgres;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>All stores of an archive, in files or on a PostgreSQL server.</summary>
internal sealed class ArchiveStores : IDisposable
{
    private const string MadeName = "bench.made";

    private ArchiveStores(ICallStore calls, IMessageDatabase messages, IRegistrationDatabase registrations, IRemarkDatabase remarks, ICatalog catalog) =>
        (Calls, Messages, Registrations, Remarks, Catalog) = (calls, messages, registrations, remarks, catalog);

    /// <summary>Calls, media sessions, recordings.</summary>
    public ICallStore Calls { get; }

    /// <summary>Messages and conversations.</summary>
    public IMessageDatabase Messages { get; }

    /// <summary>Registrations, peers, mailboxes.</summary>
    public IRegistrationDatabase Registrations { get; }

    /// <summary>Notes, transcripts, folders of voice messages.</summary>
    public IRemarkDatabase Remarks { get; }

    /// <summary>What has been made of it, in the words of <see cref="ArchiveMaker"/>; null for nothing.</summary>
    public string? Made
    {
        get => Catalog.Setting(MadeName);
        set => Catalog.Set(MadeName, value ?? "");
    }

    private ICatalog Catalog { get; }

    /// <summary>Files: records in the folder itself, messages in one within it.</summary>
    public static ArchiveStores InFiles(string folder) => new(
        SqliteCallStore.Open(folder), SqliteMessageStore.Open(MessagesOf(folder)), SqliteRegistrationStore.Open(folder), new SqliteCallRemarks(folder), CatalogStore.Open(folder));

    /// <summary>A server.</summary>
    public static ArchiveStores On(PostgresOptions server) => new(
        PostgresStores.Calls(server), PostgresStores.Messages(server), PostgresStores.Registrations(server), PostgresStores.Remarks(server), PostgresStores.Catalog(server, "bench"));

    /// <summary>The folder of messages.</summary>
    public static string MessagesOf(string folder) => Path.Combine(folder, "messages");

    /// <summary>The file of registrations.</summary>
    public static string RegistrationsOf(string folder) => Path.Combine(folder, "registrations.db");

    /// <summary>How a server is reached that is filled and asked: with the patience of a benchmark.</summary>
    public static PostgresOptions Server(string url) => new() { Url = url, Schema = "bench", Timeout = TimeSpan.FromMinutes(5) };

    /// <inheritdoc />
    public void Dispose()
    {
        Calls.Dispose();
        Messages.Dispose();
        Registrations.Dispose();
        Remarks.Dispose();
        Catalog.Dispose();
    }
}
