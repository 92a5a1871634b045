using System.Globalization;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

/// <summary>How PostgreSQL is reached and used.</summary>
public sealed record PostgresOptions
{
    /// <summary>Where it is: <c>postgresql://user@host:5432/database</c>, or a connection string such as <c>Host=/run/postgresql;Database=cdrengine;Username=cdrengine</c>.</summary>
    public required string Url { get; init; }

    /// <summary>Password; null to take what the URL, <c>PGPASSWORD</c> or <c>~/.pgpass</c> say.</summary>
    public string? Password { get; init; }

    /// <summary>Schema that holds the tables; made where there is none. <c>cdrengine</c> by default.</summary>
    public string Schema { get; init; } = "cdrengine";

    /// <summary>Questions at once; more wait. 4 by default.</summary>
    public int Readers { get; init; } = 4;

    /// <summary>Longest a statement may take; 15 s by default. A server that answers later counts as away.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Longest a connection may take to come about; 3 s by default.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Longest another's lock is waited for; 2 s by default.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether URL and schema can be understood; the reason in <paramref name="fault"/> where not.</summary>
    public bool IsWellFormed(out string? fault)
    {
        fault = null;
        try
        {
            _ = Connection();
        }
        catch (Exception e) when (e is ArgumentException or FormatException or UriFormatException or StoreException or InvalidCastException or OverflowException)
        {
            fault = e.Message.ReplaceLineEndings(" ");
        }

        if (Schema.Length is 0 or > 48 || !char.IsAsciiLetterLower(Schema[0]) || !Schema.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'))
            fault ??= "the schema is not of a-z, 0-9 and _, or longer than 48";
        return fault is null;
    }

    /// <summary>Server and database, without user and password: for messages.</summary>
    internal string Place()
    {
        NpgsqlConnectionStringBuilder connection = Connection();
        return string.Create(CultureInfo.InvariantCulture, $"postgresql {connection.Host}:{connection.Port}/{connection.Database}");
    }

    internal NpgsqlConnectionStringBuilder Connection()
    {
        NpgsqlConnectionStringBuilder connection = Url.StartsWith("postgresql://", StringComparison.Ordinal) || Url.StartsWith("postgres://", StringComparison.Ordinal)
            ? FromUrl(Url)
            : new NpgsqlConnectionStringBuilder(Url);
        if (string.IsNullOrEmpty(connection.Host)) throw new StoreException("no host is named");
        if (Password is not null) connection.Password = Password;
        connection.ApplicationName ??= "cdrengine";
        connection.Timeout = Seconds(ConnectTimeout);
        connection.CommandTimeout = Seconds(Timeout);
        connection.CancellationTimeout = 1000;

        // Two that write, and one that is shown the tables in the background.
        connection.MaxPoolSize = Readers + 3;
        connection.MinPoolSize = 0;
        connection.KeepAlive = 0;
        connection.TcpKeepAlive = true;
        connection.IncludeErrorDetail = false;
        connection.SearchPath = Schema;

        // Values differ too much for one plan (a number of one call, a number of half of them), and pages are too short for compiled plans. A server that lost its client
        // ends the statement by itself.
        connection.Options = string.Create(
            CultureInfo.InvariantCulture,
            $"-c jit=off -c plan_cache_mode=force_custom_plan -c lock_timeout={(long)LockTimeout.TotalMilliseconds} -c statement_timeout={(long)Timeout.TotalMilliseconds} -c timezone=UTC -c client_min_messages=warning");
        return connection;
    }

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalSeconds));

    private static NpgsqlConnectionStringBuilder FromUrl(string url)
    {
        var uri = new Uri(url);
        var connection = new NpgsqlConnectionStringBuilder { Host = Uri.UnescapeDataString(uri.Host) };
        if (uri.Port > 0) connection.Port = uri.Port;
        string database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/'));
        if (database.Length > 0) connection.Database = database;
        if (uri.UserInfo.Length > 0)
        {
            string[] user = uri.UserInfo.Split(':', 2);
            connection.Username = Uri.UnescapeDataString(user[0]);
            if (user.Length > 1) connection.Password = Uri.UnescapeDataString(user[1]);
        }

        foreach (string pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            string value = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "";
            string name = Uri.UnescapeDataString(parts[0]);

            // Names of libpq that are spelt otherwise here.
            connection[name switch { "sslmode" => "SSL Mode", "sslrootcert" => "Root Certificate", "sslcert" => "SSL Certificate", "sslkey" => "SSL Key", "user" => "Username", "dbname" => "Database", _ => name }] =
                name == "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }

        return connection;
    }
}
