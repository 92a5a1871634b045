using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Alerts;

/// <summary>How the calls behind an alert are found among the stored ones.</summary>
public static class AlertCalls
{
    /// <summary>The list of calls that holds those behind an alert, as far as the list's filters can tell: by time, by what the rule told apart, and by what counted
    /// against it. Null where the alert rests on no calls. The alert itself names the first of them exactly.</summary>
    public static CallQuery? Query(Alert alert)
    {
        if (alert.Kind is AlertKind.RegistrationLoss or AlertKind.RegistrationFlood or AlertKind.CaptureLoss) return null;
        Timestamp from = alert.CallsFrom ?? alert.RaisedAt - alert.Window;
        Timestamp to = alert.CallsTo is { } last ? new Timestamp(last.Microseconds + 1) : alert.ClearedAt ?? alert.UpdatedAt;
        AlertGroup group = alert.Group;
        var query = new CallQuery
        {
            From = from,
            To = to > from ? to : new Timestamp(from.Microseconds + 1),
            Tenant = group.Tenant,
            Caller = group.Caller,
            Address = (group.Source ?? group.Peer) is { } text && IpAddress.TryParse(text, out IpAddress address) ? address : null,
            User = long.TryParse(group.User, NumberStyles.None, CultureInfo.InvariantCulture, out long user) ? user : null,
        };
        return alert.Kind switch
        {
            AlertKind.MosLow => query with { MosBelow = alert.Limit },
            AlertKind.OneWayAudio => query with { Flags = CallFlags.OneWayAudio },
            AlertKind.Failures => query with { Dispositions = [Disposition.Failed, Disposition.NoResponse] },
            AlertKind.ShortCalls => query with { Dispositions = [Disposition.Answered], BillsecMax = TimeSpan.FromSeconds(alert.Limit) },
            AlertKind.RiskyPrefix when alert.Prefixes.Count == 1 => query with { Callee = $"{alert.Prefixes[0]}*" },
            _ => query,
        };
    }

    /// <summary>The same as the query of the API's list, for example <c>from=…&amp;to=…&amp;mos_below=3.1</c>; null where there is none.</summary>
    public static string? QueryText(Alert alert)
    {
        if (Query(alert) is not { } query) return null;
        var parts = new List<string>();
        void Add(string name, string? value)
        {
            if (value is not null) parts.Add($"{name}={Uri.EscapeDataString(value)}");
        }

        Add("from", query.From?.ToString());
        Add("to", query.To?.ToString());
        Add("tenant", query.Tenant);
        Add("caller", query.Caller);
        Add("callee", query.Callee);
        Add("address", query.Address?.ToString());
        Add("user", query.User?.ToString(CultureInfo.InvariantCulture));
        Add("disposition", query.Dispositions.Count > 0 ? string.Join(',', query.Dispositions.Select(EnumNames<Disposition>.Of)) : null);
        Add("flags", query.Flags == CallFlags.None ? null : "one_way_audio");
        Add("mos_below", query.MosBelow?.ToString(CultureInfo.InvariantCulture));
        Add("billsec_max", query.BillsecMax?.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        return string.Join('&', parts);
    }
}
