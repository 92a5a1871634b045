using CdrEngine.Calls.Ports;
using CdrEngine.Host.Configuration;
using CdrEngine.Storage;

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

    /// <summary>Records of calls, media sessions, recordings, deletions.</summary>
    public static ICallStore Calls(Settings settings, StoreUse use) => SqliteCallStore.Open(DataFolder.Records(settings.DataDirectory), Limits(settings.Storage, use));

    /// <summary>Registrations, peers, mailboxes.</summary>
    public static IRegistrationDatabase Registrations(Settings settings) => SqliteRegistrationStore.Open(settings.DataDirectory);

    /// <summary>Messages and conversations.</summary>
    public static IMessageDatabase Messages(Settings settings) => SqliteMessageStore.Open(DataFolder.Messages(settings.DataDirectory));

    /// <summary>Messages and conversations, where there were ever any; null else, and nothing is made.</summary>
    public static IMessageDatabase? KnownMessages(Settings settings) => Directory.Exists(DataFolder.Messages(settings.DataDirectory)) ? Messages(settings) : null;

    /// <summary>What clients of the dialects wrote.</summary>
    public static IRemarkDatabase Remarks(Settings settings) => new SqliteCallRemarks(DataFolder.Records(settings.DataDirectory));

    /// <summary>Reports and their results.</summary>
    public static IReportDatabase Reports(Settings settings) => new SqliteReportStore(DataFolder.Records(settings.DataDirectory));

    /// <summary>Alerts, and what their evaluation goes on with.</summary>
    public static IAlertDatabase Alerts(Settings settings) => new SqliteAlertStore(DataFolder.Records(settings.DataDirectory));

    /// <summary>What is to be sent by webhooks. A queue of this process's own, like the outbox: in the data folder wherever records are.</summary>
    public static IWebhookDatabase Webhooks(Settings settings) => new SqliteWebhookStore(
        DataFolder.Records(settings.DataDirectory), new WebhookLimits { Waiting = settings.Webhooks.Queue, Dead = settings.Webhooks.DeadLetters });

    /// <summary>Imports.</summary>
    public static ICatalog Catalog(Settings settings) => CatalogStore.Open(DataFolder.Records(settings.DataDirectory));

    /// <summary>Tries the database in a folder of its own, which may be removed afterwards; throws what is wrong.</summary>
    /// <returns>What to tell of a database that works.</returns>
    public static string Probe(string folder)
    {
        using (ICallStore store = SqliteCallStore.Open(folder)) _ = store.List(new CallQuery { Limit = 1 });
        return "SQLite writes ahead (WAL) in the data folder";
    }

    private static SqliteStoreLimits Limits(StorageSettings settings, StoreUse use) => use switch
    {
        StoreUse.Api => new SqliteStoreLimits { Readers = settings.Readers },
        StoreUse.Engine => new SqliteStoreLimits { WriterCacheKibibytes = (int)Math.Min(settings.WriteCache / 1024, int.MaxValue), Readers = settings.Readers },
        StoreUse.Recorder => new SqliteStoreLimits { WriterCacheKibibytes = RecorderCacheKibibytes, BusyTimeout = TimeSpan.FromSeconds(10) },
        _ => new SqliteStoreLimits(),
    };
}
