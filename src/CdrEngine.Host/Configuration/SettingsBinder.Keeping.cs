using CdrEngine.Host.Hocon;

namespace CdrEngine.Host.Configuration;

// Retention and encryption.
internal static partial class SettingsBinder
{
    private static readonly string[] TenantClasses = ["sip", "rtp", "recordings", "records", "messages"];

    private static EncryptionSettings Encryption(SettingsReader at) => new(at.TextOrEmpty("key-file"), at.TextOrEmpty("keys"));

    private static KeepingSettings Keeping(SettingsReader at) => new(
        AgeOrNone(at, "recordings-age"),
        at.Size("recordings-max-size", 0, long.MaxValue) is var size and > 0 ? size : null,
        AgeOrNone(at, "records-age"),
        at.Duration("deleted-age", TimeSpan.Zero, Century),
        at.Duration("every", Second, Day),
        at.Size("min-free", 0, long.MaxValue),
        at.Integer("min-free-percent", 0, 90),
        Tenants(at));

    private static TimeSpan? AgeOrNone(SettingsReader at, string key) => at.Duration(key, TimeSpan.Zero, Century) is var age && age > TimeSpan.Zero ? age : null;

    // "acme: rtp 7d, recordings 30d"
    private static List<TenantAges> Tenants(SettingsReader at)
    {
        const string key = "tenants";
        var tenants = new List<TenantAges>();
        foreach (string text in at.TextList(key, 10_000))
        {
            int colon = text.LastIndexOf(':');
            string name = colon < 0 ? "" : text[..colon].Trim();
            if (name.Length == 0) throw at.Fail(key, $"'{text}': write NAME: CLASS AGE, CLASS AGE, for example acme: rtp 7d, recordings 30d");
            if (tenants.Exists(other => other.Tenant == name)) throw at.Fail(key, $"'{name}' stands there twice");
            var ages = new TenantAges(name);
            foreach (string item in text[(colon + 1)..].Split(',', StringSplitOptions.TrimEntries))
            {
                string[] words = item.Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                if (words.Length != 2 || !TenantClasses.Contains(words[0], StringComparer.Ordinal))
                    throw at.Fail(key, $"'{item}' of '{name}': write one of {string.Join(", ", TenantClasses)} and an age");
                if (HoconUnits.TryReadDuration(words[1], out TimeSpan age) is { } problem) throw at.Fail(key, $"'{item}' of '{name}': {problem}");
                if (age <= TimeSpan.Zero || age > Century) throw at.Fail(key, $"'{item}' of '{name}': an age is more than 0s and at most a century");
                ages = words[0] switch
                {
                    "sip" => ages with { Sip = age },
                    "rtp" => ages with { Rtp = age },
                    "recordings" => ages with { Recordings = age },
                    "records" => ages with { Records = age },
                    _ => ages with { Messages = age },
                };
            }

            tenants.Add(ages);
        }

        return tenants;
    }
}
