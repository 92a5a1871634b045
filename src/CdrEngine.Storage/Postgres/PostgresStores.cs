using CdrEngine.Calls.Ports;

namespace CdrEngine.Storage.Postgres;

/// <summary>Opens the stores that lie in PostgreSQL. Opening connects to nothing: a server that is away is found out by the first question.</summary>
public static class PostgresStores
{
    /// <summary>Everything that is kept of calls.</summary>
    public static ICallStore Calls(PostgresOptions options, SqliteStoreLimits? limits = null) => new PostgresCallStore(options, limits);

    /// <summary>Registrations, peers, mailboxes.</summary>
    public static IRegistrationDatabase Registrations(PostgresOptions options) => new PostgresRegistrationStore(options);

    /// <summary>Messages and conversations.</summary>
    public static IMessageDatabase Messages(PostgresOptions options) => new PostgresMessageStore(options);

    /// <summary>What clients of the dialects wrote.</summary>
    public static IRemarkDatabase Remarks(PostgresOptions options, CallRemarksLimits? limits = null) => new PostgresCallRemarks(options, limits);

    /// <summary>Reports and their results.</summary>
    public static IReportDatabase Reports(PostgresOptions options, ReportLimits? limits = null) => new PostgresReportStore(options, limits);

    /// <summary>Imports of one data folder.</summary>
    public static ICatalog Catalog(PostgresOptions options, string folder) => new PostgresCatalog(options, folder);

    /// <summary>What retention needs of the records.</summary>
    public static ICallKeeping Keeping(PostgresOptions options) => new PostgresCallStore(options);

    /// <summary>What it needs of the messages.</summary>
    public static IMessageKeeping MessageKeeping(PostgresOptions options) => new PostgresMessageStore(options);

    /// <summary>What it needs of the remarks.</summary>
    public static IRemarkKeeping RemarkKeeping(PostgresOptions options) => new PostgresCallRemarks(options);

    /// <summary>Asks the server who it is, and brings the schema up to date; throws <see cref="StoreException"/> with what is wrong.</summary>
    public static string Probe(PostgresOptions options)
    {
        using var database = new PostgresDatabase(options);
        return database.Read(session =>
        {
            using PostgresRows rows = session.Query("SELECT current_setting('server_version')");
            rows.Step();
            return $"PostgreSQL {rows.Text(0)}, {options.Place()}, schema {options.Schema} version {PostgresSchema.Embedded.Version}";
        });
    }
}
