namespace CdrEngine.Storage.Sqlite;

/// <summary>A file of its own that is made with the first thing written to it: whoever only asks makes none. One thread at a time.</summary>
/// <param name="path">The file.</param>
/// <param name="schema">Its schema.</param>
internal sealed class LazyDatabase(string path, SchemaMigrations schema) : IDisposable
{
    private SqliteDatabase? _database;
    private bool _disposed;

    /// <summary>The file; null where there is none.</summary>
    public SqliteDatabase? Existing() => _database is not null || File.Exists(path) ? Open() : null;

    /// <summary>The file, made where there is none, with access for its owner only.</summary>
    public SqliteDatabase Open()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_database is not null) return _database;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (!File.Exists(path) && !OperatingSystem.IsWindows())
                File.Open(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{path}: {e.Message}", e);
        }

        SqliteDatabase database = SqliteDatabase.Open(path, SqliteAccess.Write, TimeSpan.FromSeconds(5), 1024);
        try
        {
            schema.Apply(database);
        }
        catch
        {
            database.Dispose();
            throw;
        }

        return _database = database;
    }

    public void Dispose()
    {
        _disposed = true;
        _database?.Dispose();
        _database = null;
    }
}
