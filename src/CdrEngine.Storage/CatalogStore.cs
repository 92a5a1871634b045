using System.Globalization;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

/// <summary>A capture file that was imported.</summary>
/// <param name="Fingerprint">What the importer made of its bytes; the same file under another name has the same.</param>
/// <param name="Path">Path as it was given.</param>
/// <param name="Bytes">Size.</param>
/// <param name="Packets">Packets read.</param>
/// <param name="Calls">Calls that began in it.</param>
public sealed record ImportedFile(string Fingerprint, string Path, long Bytes, long Packets, long Calls);

/// <summary>An import that came to its end: files read together.</summary>
/// <param name="Conditions">Digest of the program and of the settings that records depend on.</param>
/// <param name="PacketRun">Run of the packet log that has its packets; 0 where none were kept.</param>
/// <param name="Segments">Segments of that run.</param>
/// <param name="Days">Days that have its records.</param>
public sealed record ImportedRun(string Conditions, uint PacketRun, int Segments, IReadOnlyList<DateOnly> Days)
{
    /// <summary>The days as they are stored.</summary>
    internal string DaysText()
    {
        // In a loop: a query over days is code that nobody compiles ahead, and every import ends with this.
        string[] days = new string[Days.Count];
        for (int i = 0; i < days.Length; i++) days[i] = Days[i].ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return string.Join(' ', days);
    }
}

/// <summary>What is kept beside the days, in <c>records/catalog.db</c>: settings and the files imported. Any thread, one at a time.</summary>
public sealed class CatalogStore : ICatalog
{
    private const string FileName = "catalog.db";

    private readonly SqliteDatabase _database;
    private readonly Lock _lock = new();

    private CatalogStore(SqliteDatabase database) => _database = database;

    /// <summary>Whether a folder has a catalog: where there was never one, nothing need be made to find nothing in it.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>Opens the catalog in a folder, made where there is none; throws <see cref="StoreException"/> where it cannot be used, also where a newer
    /// program wrote it.</summary>
    public static CatalogStore Open(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{folder}: {e.Message}", e);
        }

        SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder, FileName), SqliteAccess.Write, TimeSpan.FromSeconds(5), 1024);
        try
        {
            SchemaMigrations.Catalog.Apply(database);
            return new CatalogStore(database);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public string? Setting(string name)
    {
        lock (_lock)
        {
            using SqliteStatement find = _database.Prepare("SELECT value FROM settings WHERE name = ?1");
            return find.Bind(name).Step() ? find.Text(0) : null;
        }
    }

    /// <inheritdoc />
    public void Set(string name, string value)
    {
        lock (_lock) _database.Prepare("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)").Bind(name).Bind(value).Run();
    }

    /// <inheritdoc />
    public ImportedFile? FindImport(string fingerprint)
    {
        lock (_lock)
        {
            using SqliteStatement find = _database.Prepare("SELECT path, bytes, packets, calls FROM imported_files WHERE fingerprint = ?1");
            return find.Bind(fingerprint).Step() ? new ImportedFile(fingerprint, find.Text(0), find.Long(1), find.Long(2), find.Long(3)) : null;
        }
    }

    /// <inheritdoc />
    public ImportedRun? FindRun(IReadOnlyList<string> fingerprints)
    {
        lock (_lock)
        {
            long import = 0;
            foreach (string fingerprint in fingerprints)
            {
                using SqliteStatement file = _database.Prepare("SELECT import FROM imported_files WHERE fingerprint = ?1");
                if (!file.Bind(fingerprint).Step() || (import != 0 && file.Long(0) != import)) return null;
                import = file.Long(0);
            }

            using SqliteStatement find = _database.Prepare("SELECT conditions, packet_run, segments, days FROM imports WHERE import = ?1");
            if (!find.Bind(import).Step()) return null;
            return new ImportedRun(
                find.Text(0),
                (uint)find.Long(1),
                (int)find.Long(2),
                [.. find.Text(3).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static day => DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture))]);
        }
    }

    /// <inheritdoc />
    public void AddImport(ImportedRun run, IReadOnlyList<ImportedFile> files)
    {
        string days = run.DaysText();
        lock (_lock)
        {
            _database.Transact(() =>
            {
                _database.Prepare("INSERT INTO imports (conditions, packet_run, segments, days) VALUES (?1, ?2, ?3, ?4)")
                    .Bind(run.Conditions).Bind(run.PacketRun).Bind(run.Segments).Bind(days).Run();
                long import = _database.LastInsertRowId;
                foreach (ImportedFile file in files)
                {
                    _database.Prepare("INSERT OR REPLACE INTO imported_files (fingerprint, path, bytes, packets, calls, import) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
                        .Bind(file.Fingerprint).Bind(file.Path).Bind(file.Bytes).Bind(file.Packets).Bind(file.Calls).Bind(import).Run();
                }
            });
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock) _database.Dispose();
    }
}
