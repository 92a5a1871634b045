using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Postgres;
using CdrEngine.TestKit;

namespace CdrEngine.Storage.Tests;

/// <summary>Where the stores of one test lie: opened again, they have what was written before.</summary>
internal abstract class StorePlace : IDisposable
{
    public abstract ICallStore Calls(SqliteStoreLimits? limits = null);

    public abstract IRegistrationDatabase Registrations();

    public abstract IMessageDatabase Messages();

    public abstract IRemarkDatabase Remarks(CallRemarksLimits? limits = null);

    public abstract IReportDatabase Reports(ReportLimits? limits = null);

    public abstract ICatalog Catalog();

    public abstract void Dispose();
}

/// <summary>A folder of SQLite files.</summary>
internal sealed class SqlitePlace : StorePlace
{
    public StoreFolder Folder { get; } = new();

    public override ICallStore Calls(SqliteStoreLimits? limits = null) => SqliteCallStore.Open(Folder.Records, limits);

    public override IRegistrationDatabase Registrations() => SqliteRegistrationStore.Open(Folder.Records);

    public override IMessageDatabase Messages() => SqliteMessageStore.Open(Folder.Records);

    public override IRemarkDatabase Remarks(CallRemarksLimits? limits = null)
    {
        Directory.CreateDirectory(Folder.Records);
        return new SqliteCallRemarks(Folder.Records, limits);
    }

    public override IReportDatabase Reports(ReportLimits? limits = null) => new SqliteReportStore(Folder.Records, limits);

    public override ICatalog Catalog() => CatalogStore.Open(Folder.Records);

    public override void Dispose() => Folder.Dispose();
}

/// <summary>A schema of a PostgreSQL server.</summary>
internal sealed class PostgresPlace(PostgresServer? server = null) : StorePlace
{
    private static int s_last;

    private readonly PostgresServer _server = server ?? PostgresServer.Shared;

    public PostgresOptions Options { get; init; } = new()
    {
        Url = (server ?? PostgresServer.Shared).Connection,
        Schema = $"t{Interlocked.Increment(ref s_last)}",
    };

    public override ICallStore Calls(SqliteStoreLimits? limits = null) => PostgresStores.Calls(Options, limits);

    public override IRegistrationDatabase Registrations() => PostgresStores.Registrations(Options);

    public override IMessageDatabase Messages() => PostgresStores.Messages(Options);

    public override IRemarkDatabase Remarks(CallRemarksLimits? limits = null) => PostgresStores.Remarks(Options, limits);

    public override IReportDatabase Reports(ReportLimits? limits = null) => PostgresStores.Reports(Options, limits);

    public override ICatalog Catalog() => PostgresStores.Catalog(Options, "folder");

    // The schema goes with the server: dropping hundreds of tables takes longer than most tests.
    public override void Dispose() => GC.KeepAlive(_server);
}
