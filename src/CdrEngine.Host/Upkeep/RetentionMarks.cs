using System.Globalization;
using CdrEngine.Core;
using CdrEngine.Storage;

namespace CdrEngine.Host.Upkeep;

/// <summary>How far a tenant's shorter age has been carried out within days that others share: so a pass looks at new calls only.</summary>
internal sealed class RetentionMarks(ICatalog catalog)
{
    /// <summary>The last number seen of a day, and the start before which all calls up to it were seen.</summary>
    public (long Number, Timestamp Until) Get(string kind, string tenant, DateOnly day)
    {
        string[] parts = (catalog.Setting(Name(kind, tenant, day)) ?? "").Split(' ');
        return parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && long.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long until)
            ? (number, new Timestamp(until))
            : (0, Timestamp.MinValue);
    }

    /// <summary>Notes it.</summary>
    public void Set(string kind, string tenant, DateOnly day, long number, Timestamp until) =>
        catalog.Set(Name(kind, tenant, day), string.Create(CultureInfo.InvariantCulture, $"{number} {until.Microseconds}"));

    private static string Name(string kind, string tenant, DateOnly day) => $"retention/{CallPurge.Show(day)}/{kind}/{tenant}";
}
