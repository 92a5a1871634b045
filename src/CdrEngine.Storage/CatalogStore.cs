using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

/// <summary>A capture file that was imported.</summary>
/// <param name="Fingerprint">What the importer made of its bytes; the same file under another name has the same.</param>
/// <param name="Path">Path as it was given.</param>
/// <param name="Bytes">Size.</param>
/// <param name="Packets">Packets read.</param>
/// <param name="Calls">Calls that began in it.</param>
public sealed record ImportedFile(string Fingerprint, string Path, long Bytes, long Packets, long Calls);

/// <summary>What is kept beside the days, in <c>records/catalog.db</c>: settings and the files imported. Any thread, one at a time.</summary>
public sealed class CatalogStore : IDisposable
{
    private readonly SqliteDatabase _database;
    private readonly Lock _lock = new();

    private CatalogStore(SqliteDatabase database) => _database = database;

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

        SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder, "catalog.db"), SqliteAccess.Write, TimeSpan.FromSeconds(5), 1024);
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

    /// <summary>A setting; null where it was never set.</summary>
    public string? Setting(string name)
    {
        lock (_lock)
        {
            using SqliteStatement find = _database.Prepare("SELECT value FROM settings WHERE name = ?1");
            return find.Bind(name).Step() ? find.Text(0) : null;
        }
    }

    /// <summary>Sets a setting.</summary>
    public void Set(string name, string value)
    {
        lock (_lock) _database.Prepare("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)").Bind(name).Bind(value).Run();
    }

    /// <summary>The file with this fingerprint; null where it was not imported.</summary>
    public ImportedFile? FindImport(string fingerprint)
    {
        lock (_lock)
        {
            using SqliteStatement find = _database.Prepare("SELECT path, bytes, packets, calls FROM imported_files WHERE fingerprint = ?1");
            return find.Bind(fingerprint).Step() ? new ImportedFile(fingerprint, find.Text(0), find.Long(1), find.Long(2), find.Long(3)) : null;
        }
    }

    /// <summary>Remembers an import; the same fingerprint again replaces what was known.</summary>
    public void AddImport(ImportedFile file)
    {
        lock (_lock)
        {
            _database.Prepare("INSERT OR REPLACE INTO imported_files (fingerprint, path, bytes, packets, calls) VALUES (?1, ?2, ?3, ?4, ?5)")
                .Bind(file.Fingerprint).Bind(file.Path).Bind(file.Bytes).Bind(file.Packets).Bind(file.Calls).Run();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock) _database.Dispose();
    }
}
