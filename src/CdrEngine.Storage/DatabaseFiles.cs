using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

/// <summary>A database file of the data folder and its schema.</summary>
/// <param name="Name">Path below the data folder.</param>
/// <param name="Schema">Name of its schema; null where it is none that this program knows.</param>
/// <param name="Version">Version it has.</param>
/// <param name="ProgramVersion">Version this program writes.</param>
public sealed record DatabaseFile(string Name, string? Schema, int Version, int ProgramVersion);

/// <summary>The database files of a data folder, whatever is in them: copied, checked and brought up to date as files.</summary>
public static class DatabaseFiles
{
    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Paths of all, relative to the data folder, in order.</summary>
    public static IReadOnlyList<string> List(string data) => !Directory.Exists(data)
        ? []
        : [.. Directory.EnumerateFiles(data, "*.db", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(data, path)).Order(StringComparer.Ordinal)];

    /// <summary>Looks which schema a file has.</summary>
    /// <exception cref="StoreException">It cannot be read, is not one of ours, or was written by a newer program.</exception>
    public static DatabaseFile Describe(string data, string name)
    {
        using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(data, name), SqliteAccess.Read, BusyTimeout, 256);
        SchemaMigrations? schema = SchemaOf(name);
        return schema is null ? new DatabaseFile(name, null, 0, 0) : new DatabaseFile(name, schema.Name, schema.VersionOf(database), schema.Version);
    }

    /// <summary>Copies a file as it stands at one moment, while others read and write it; the copy is whole or not there.</summary>
    /// <exception cref="StoreException">It cannot be read, or the copy cannot be written.</exception>
    public static void Snapshot(string path, string to)
    {
        string part = to + ".part";
        File.Delete(part);
        using (SqliteDatabase database = SqliteDatabase.Open(path, SqliteAccess.Read, BusyTimeout, 2048))
        {
            // The copy is what is written; the file itself is not touched.
            database.Execute("PRAGMA query_only = 0");
            using SqliteStatement copy = database.Prepare("VACUUM INTO ?1");
            copy.Bind(part).Step();
        }

        using (FileStream file = new(part, FileMode.Open, FileAccess.ReadWrite)) file.Flush(flushToDisk: true);
        File.Move(part, to, overwrite: true);
    }

    /// <summary>Checks the pages and indexes of a file; null where it is whole, else the first thing that is wrong.</summary>
    public static string? Check(string path)
    {
        try
        {
            using SqliteDatabase database = SqliteDatabase.Open(path, SqliteAccess.Read, BusyTimeout, 8192);
            using SqliteStatement check = database.Prepare("PRAGMA integrity_check(1)");
            string answer = check.Step() ? check.Text(0) : "no answer";
            return answer == "ok" ? null : $"{path}: {answer.ReplaceLineEndings(" ")}";
        }
        catch (StoreException e)
        {
            return e.Message;
        }
    }

    /// <summary>Brings a file up to this program's schema.</summary>
    /// <exception cref="StoreException">That failed; the file is as it was.</exception>
    public static void Migrate(string path, string name)
    {
        using SqliteDatabase database = SqliteDatabase.Open(path, SqliteAccess.Write, BusyTimeout, 64 * 1024);
        SchemaOf(name)?.Apply(database);
    }

    private static SchemaMigrations? SchemaOf(string name)
    {
        string file = Path.GetFileName(name), folder = Path.GetDirectoryName(name) ?? "";
        bool isDay = DayFiles.DayOf(file) is not null;
        return (folder, file) switch
        {
            ("records", _) when isDay => SchemaMigrations.Records,
            ("messages", _) when isDay => SchemaMigrations.Messages,
            ("records", "catalog.db") => SchemaMigrations.Catalog,
            ("records", HiddenCalls.FileName) => SchemaMigrations.Hidden,
            ("records", SqliteCallRemarks.FileName) => SchemaMigrations.Dialects,
            ("records", "reports.db") => SchemaMigrations.Reports,
            ("records", SqliteHoldStore.FileName) => SchemaMigrations.Holds,
            ("", "registrations.db") => SchemaMigrations.Registrations,
            _ => null,
        };
    }
}
