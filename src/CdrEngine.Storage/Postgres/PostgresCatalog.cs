using System.Globalization;

namespace CdrEngine.Storage.Postgres;

/// <summary>Settings and the files imported, in PostgreSQL. The packets of an import lie in one data folder, so each folder has its own.</summary>
/// <param name="options">The server.</param>
/// <param name="folder">What tells this data folder from others.</param>
internal sealed class PostgresCatalog(PostgresOptions options, string folder) : ICatalog
{
    private const string Writer = "catalog";

    private readonly PostgresDatabase _database = new(options);

    /// <inheritdoc />
    public string? Setting(string name) => _database.Read(session =>
    {
        using PostgresRows rows = session.Query("SELECT value FROM catalog_settings WHERE folder = ? AND name = ?", folder, name);
        return rows.Step() ? rows.Text(0) : null;
    });

    /// <inheritdoc />
    public void Set(string name, string value) => _database.Transact(Writer, session => session.Queue(
        "INSERT INTO catalog_settings (folder, name, value) VALUES (?, ?, ?) ON CONFLICT (folder, name) DO UPDATE SET value = excluded.value", folder, name, value));

    /// <inheritdoc />
    public ImportedFile? FindImport(string fingerprint) => _database.Read(session =>
    {
        using PostgresRows rows = session.Query("SELECT path, bytes, packets, calls FROM imported_files WHERE folder = ? AND fingerprint = ?", folder, fingerprint);
        return rows.Step() ? new ImportedFile(fingerprint, rows.Text(0), rows.Long(1), rows.Long(2), rows.Long(3)) : null;
    });

    /// <inheritdoc />
    public ImportedRun? FindRun(IReadOnlyList<string> fingerprints) => _database.Read(session =>
    {
        string[] different = [.. fingerprints.Distinct(StringComparer.Ordinal)];
        using PostgresRows rows = session.Query(
            "SELECT i.conditions, i.packet_run, i.segments, i.days FROM imports i JOIN "
            + "(SELECT import FROM imported_files WHERE folder = ? AND fingerprint = ANY (?) GROUP BY import HAVING count(*) = ?) f ON f.import = i.import",
            folder,
            different,
            (long)different.Length);
        if (different.Length == 0 || !rows.Step()) return null;
        return new ImportedRun(
            rows.Text(0),
            (uint)rows.Long(1),
            (int)rows.Long(2),
            [.. rows.Text(3).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static day => DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture))]);
    });

    /// <inheritdoc />
    public void AddImport(ImportedRun run, IReadOnlyList<ImportedFile> files)
    {
        string days = run.DaysText();
        _database.Transact(Writer, session =>
        {
            long import = session.Scalar(
                "INSERT INTO imports (folder, conditions, packet_run, segments, days) VALUES (?, ?, ?, ?, ?) RETURNING import", folder, run.Conditions, (long)run.PacketRun, (long)run.Segments, days);
            foreach (ImportedFile file in files)
            {
                session.Queue(
                    "INSERT INTO imported_files (folder, fingerprint, path, bytes, packets, calls, import) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (folder, fingerprint) DO UPDATE SET "
                    + "path = excluded.path, bytes = excluded.bytes, packets = excluded.packets, calls = excluded.calls, import = excluded.import",
                    folder,
                    file.Fingerprint,
                    file.Path,
                    file.Bytes,
                    file.Packets,
                    file.Calls,
                    import);
            }
        });
    }

    /// <inheritdoc />
    public void Dispose() => _database.Dispose();
}
