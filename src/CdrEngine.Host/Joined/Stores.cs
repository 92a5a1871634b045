using System.Collections.Concurrent;
using CdrEngine.Calls.Ports;
using CdrEngine.Host.Configuration;
using CdrEngine.Storage;
using CdrEngine.Storage.Postgres;

namespace CdrEngine.Host.Joined;

/// <summary>What a store of calls is opened for.</summary>
internal enum StoreUse
{
    /// <summary>A command that looks or changes little.</summary>
    Command,

    /// <summary>The API: many questions at once, seldom a write.</summary>
    Api,

    /// <summary>The engine: every record goes through it.</summary>
    Engine,

    /// <summary>Recorders: single rows.</summary>
    Recorder,
}

/// <summary>The one place that opens stores: everything else knows their ports only.</summary>
internal static class Stores
{
    /// <summary>Its writes are single rows: they need no pages kept.</summary>
    private const int RecorderCacheKibibytes = 2 * 1024;

    // One for each file named in the settings of this process.
    private static readonly ConcurrentDictionary<string, string> Passwords = new(StringComparer.Ordinal);

    /// <summary>Records of calls, media sessions, recordings, deletions.</summary>
    public static ICallStore Calls(Settings settings, StoreUse use) => Server(settings, use) is { } server
        ? PostgresStores.Calls(server, Limits(settings.Storage, use))
        : SqliteCallStore.Open(DataFolder.Records(settings.DataDirectory), Limits(settings.Storage, use));

    /// <summary>What to tell where fewer files may be open than days are kept open otherwise; null where that is not so.</summary>
    public static string? FilesNote(Settings settings) =>
        Server(settings) is null && OpenFiles.Limit() is { } most && OpenFiles.DaysOf(most) is var days && days < new SqliteStoreLimits().ReaderDays
            ? $"{most} files may be open at once, so lists keep {days} days open instead of {new SqliteStoreLimits().ReaderDays}, and those over more days take longer: raise LimitNOFILE= or ulimit -n to {OpenFiles.FilesOf(new SqliteStoreLimits().ReaderDays)}"
            : null;

    /// <summary>Registrations, peers, mailboxes.</summary>
    public static IRegistrationDatabase Registrations(Settings settings) =>
        Server(settings) is { } server ? PostgresStores.Registrations(server) : SqliteRegistrationStore.Open(settings.DataDirectory);

    /// <summary>Messages and conversations.</summary>
    public static IMessageDatabase Messages(Settings settings) =>
        Server(settings) is { } server ? PostgresStores.Messages(server) : SqliteMessageStore.Open(DataFolder.Messages(settings.DataDirectory), Limits(settings.Storage, StoreUse.Api));

    /// <summary>Messages and conversations, where there were ever any; null else, and nothing is made.</summary>
    public static IMessageDatabase? KnownMessages(Settings settings) =>
        settings.Storage.Backend == StorageBackend.Postgresql || Directory.Exists(DataFolder.Messages(settings.DataDirectory)) ? Messages(settings) : null;

    /// <summary>What clients of the dialects wrote.</summary>
    public static IRemarkDatabase Remarks(Settings settings) =>
        Server(settings) is { } server ? PostgresStores.Remarks(server) : new SqliteCallRemarks(DataFolder.Records(settings.DataDirectory));

    /// <summary>Reports and their results.</summary>
    public static IReportDatabase Reports(Settings settings) =>
        Server(settings) is { } server ? PostgresStores.Reports(server) : new SqliteReportStore(DataFolder.Records(settings.DataDirectory));

    /// <summary>Alerts, and what their evaluation goes on with.</summary>
    public static IAlertDatabase Alerts(Settings settings) => new SqliteAlertStore(DataFolder.Records(settings.DataDirectory));

    /// <summary>What is to be sent by webhooks. A queue of this process's own, like the outbox: in the data folder wherever records are.</summary>
    public static IWebhookDatabase Webhooks(Settings settings) => new SqliteWebhookStore(
        DataFolder.Records(settings.DataDirectory), new WebhookLimits { Waiting = settings.Webhooks.Queue, Dead = settings.Webhooks.DeadLetters });

    /// <summary>Imports.</summary>
    public static ICatalog Catalog(Settings settings) => Server(settings) is { } server
        ? PostgresStores.Catalog(server, DataFolder.Identity(settings.DataDirectory))
        : CatalogStore.Open(DataFolder.Records(settings.DataDirectory));

    /// <summary>Imports, where there were ever any; null else, and nothing is made.</summary>
    public static ICatalog? KnownCatalog(Settings settings) =>
        settings.Storage.Backend == StorageBackend.Postgresql || CatalogStore.IsIn(DataFolder.Records(settings.DataDirectory)) ? Catalog(settings) : null;

    /// <summary>What retention needs of the records.</summary>
    public static ICallKeeping Keeping(Settings settings) => Server(settings) is { } server
        ? PostgresStores.Keeping(server)
        : SqliteCallStore.Open(DataFolder.Records(settings.DataDirectory), Limits(settings.Storage, StoreUse.Recorder));

    /// <summary>What it needs of the messages, where there were ever any; null else.</summary>
    public static IMessageKeeping? MessageKeeping(Settings settings) => Server(settings) is { } server
        ? PostgresStores.MessageKeeping(server)
        : Directory.Exists(DataFolder.Messages(settings.DataDirectory)) ? SqliteMessageStore.Open(DataFolder.Messages(settings.DataDirectory)) : null;

    /// <summary>What it needs of the remarks.</summary>
    public static IRemarkKeeping RemarkKeeping(Settings settings) => Server(settings) is { } server ? PostgresStores.RemarkKeeping(server) : new SqliteCallRemarks(DataFolder.Records(settings.DataDirectory));

    /// <summary>Legal holds.</summary>
    public static IHeldCalls Holds(Settings settings) => new SqliteHoldStore(DataFolder.Records(settings.DataDirectory));

    /// <summary>Tries the database; throws what is wrong.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="folder">A folder to be made for it, which may be removed afterwards.</param>
    /// <returns>What to tell of a database that works.</returns>
    public static string Probe(Settings settings, string folder)
    {
        if (Server(settings) is { } server) return PostgresStores.Probe(server);
        using (ICallStore store = SqliteCallStore.Open(folder)) _ = store.List(new CallQuery { Limit = 1 });
        return "SQLite writes ahead (WAL) in the data folder";
    }

    /// <summary>The database server of the settings; null where records lie in files.</summary>
    /// <exception cref="StoreException">The file of its password cannot be read.</exception>
    public static PostgresOptions? Server(Settings settings, StoreUse use = StoreUse.Command)
    {
        if (settings.Storage is not { Backend: StorageBackend.Postgresql, Postgresql: { } server }) return null;
        return new PostgresOptions
        {
            Url = server.Url,
            Password = PasswordOf(server),
            Schema = server.Schema,
            Readers = use is StoreUse.Api or StoreUse.Engine ? settings.Storage.Readers : 4,
            Timeout = server.Timeout,
            ConnectTimeout = server.ConnectTimeout,
            LockTimeout = server.LockTimeout,
        };
    }

    private static string? PasswordOf(PostgresqlSettings server)
    {
        if (server.PasswordFile.Length == 0) return server.Password.Length == 0 ? null : server.Password;
        try
        {
            string line = File.ReadLines(server.PasswordFile).FirstOrDefault() is { Length: > 0 } first ? first : throw new StoreException($"{server.PasswordFile}: it is empty");
            return Passwords[server.PasswordFile] = line;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Once a service has become another user it may not be let near the file any more.
            if (Passwords.TryGetValue(server.PasswordFile, out string? known)) return known;
            throw new StoreException($"{server.PasswordFile}: {e.Message}", e);
        }
    }

    private static SqliteStoreLimits Limits(StorageSettings settings, StoreUse use) => use switch
    {
        StoreUse.Api => SqliteStoreLimits.Within(settings.ReadMemory, OpenFiles.Limit()) with { Readers = settings.Readers },
        StoreUse.Engine => new SqliteStoreLimits { WriterCacheKibibytes = (int)Math.Min(settings.WriteCache / 1024, int.MaxValue), Readers = settings.Readers },
        StoreUse.Recorder => new SqliteStoreLimits { WriterCacheKibibytes = RecorderCacheKibibytes, BusyTimeout = TimeSpan.FromSeconds(10) },
        _ => new SqliteStoreLimits(),
    };
}
