using CdrEngine.Storage.Postgres;

namespace CdrEngine.Host.Configuration;

// The database server.
internal static partial class SettingsBinder
{
    private static PostgresqlSettings? Postgresql(SettingsReader at, StorageBackend backend)
    {
        var settings = new PostgresqlSettings(
            at.TextOrEmpty("url"),
            at.TextOrEmpty("password"),
            at.TextOrEmpty("password-file"),
            at.Text("schema"),
            at.Duration("timeout", Second, Hour),
            at.Duration("connect-timeout", Second, Minute),
            at.Duration("lock-timeout", Millisecond, Minute));
        if (backend != StorageBackend.Postgresql) return null;
        if (settings.Url.Length == 0) throw at.Fail("url", "the database server is asked for, for example postgresql://cdrengine@db.example.com/cdrengine");
        if (settings is { Password.Length: > 0, PasswordFile.Length: > 0 }) throw at.Fail("password-file", "there is a password already");
        var options = new PostgresOptions { Url = settings.Url, Schema = settings.Schema };
        return options.IsWellFormed(out string? fault) ? settings : throw at.Fail(fault!.Contains("schema", StringComparison.Ordinal) ? "schema" : "url", fault);
    }
}
