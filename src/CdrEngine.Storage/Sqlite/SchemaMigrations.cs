using System.Globalization;
using System.Reflection;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Numbered steps that bring a file's schema up to date. The file's <c>user_version</c> says how many it has had.</summary>
internal sealed class SchemaMigrations
{
    /// <summary>"CDRE": marks a file as ours.</summary>
    private const int ApplicationId = 0x43445245;

    private readonly IReadOnlyList<string> _steps;
    private readonly IReadOnlyDictionary<int, Action<SqliteDatabase>> _fills;

    /// <summary>Steps in order; after the SQL of a step its filling, if there is one, brings over what SQL cannot.</summary>
    public SchemaMigrations(string name, IReadOnlyList<string> steps, IReadOnlyDictionary<int, Action<SqliteDatabase>>? fills = null)
    {
        Name = name;
        _steps = steps;
        _fills = fills ?? new Dictionary<int, Action<SqliteDatabase>>();
    }

    public static SchemaMigrations Records { get; } = new(
        "Records",
        Embedded("Records")._steps,
        new Dictionary<int, Action<SqliteDatabase>> { [2] = MediaSessionRows.Fill, [8] = DaySums.Fill });

    public static SchemaMigrations Catalog { get; } = Embedded("Catalog");

    public static SchemaMigrations Hidden { get; } = Embedded("Hidden");

    public static SchemaMigrations Dialects { get; } = Embedded("Dialects");

    public static SchemaMigrations Registrations { get; } = Embedded("Registrations");

    public static SchemaMigrations Messages { get; } = Embedded("Messages");

    public static SchemaMigrations Reports { get; } = Embedded("Reports");

    public static SchemaMigrations Holds { get; } = Embedded("Holds");

    public static SchemaMigrations Alerts { get; } = Embedded("Alerts");

    public static SchemaMigrations Webhooks { get; } = Embedded("Webhooks");

    public string Name { get; }

    /// <summary>Version this program writes.</summary>
    public int Version => _steps.Count;

    /// <summary>The version of an open file, after checking that this program may use it at all.</summary>
    public int VersionOf(SqliteDatabase database)
    {
        long application = database.Scalar("PRAGMA application_id");
        long version = database.Scalar("PRAGMA user_version");
        if (application != ApplicationId && (application != 0 || version != 0)) throw new StoreException($"{database.Path}: not a file of cdrengine");
        if (version > Version)
            throw new StoreException($"{database.Path}: written by a newer cdrengine (schema {version}, this program knows {Version}): use that program");
        return (int)version;
    }

    /// <summary>Applies what is missing, all in one transaction: a file is never between two versions.</summary>
    public void Apply(SqliteDatabase database)
    {
        if (VersionOf(database) == Version) return;
        database.Execute("BEGIN IMMEDIATE");
        try
        {
            // Asked again inside: another program may just have done it.
            for (int version = VersionOf(database); version < Version; version++)
            {
                database.Execute(_steps[version]);
                if (_fills.TryGetValue(version + 1, out Action<SqliteDatabase>? fill)) fill(database);
            }

            database.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {Version}; COMMIT"));
        }
        catch
        {
            RollBack(database);
            throw;
        }
    }

    /// <summary>Ends a transaction that failed; where the failure ended it already there is nothing to do.</summary>
    public static void RollBack(SqliteDatabase database)
    {
        try
        {
            database.Execute("ROLLBACK");
        }
        catch (StoreException)
        {
            // "no transaction is active"
        }
    }

    private static SchemaMigrations Embedded(string folder)
    {
        Assembly assembly = typeof(SchemaMigrations).Assembly;
        string prefix = $"Schema/{folder}/";
        var steps = new List<string>();
        string[] names = Array.FindAll(assembly.GetManifestResourceNames(), name => name.StartsWith(prefix, StringComparison.Ordinal));
        Array.Sort(names, StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (int.Parse(name.AsSpan(prefix.Length, 4), CultureInfo.InvariantCulture) != steps.Count + 1) throw new InvalidOperationException($"{name}: a number is missing before it");
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            steps.Add(reader.ReadToEnd());
        }

        return new SchemaMigrations(folder, steps);
    }
}
