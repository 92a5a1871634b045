using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Calls;

/// <summary>The list of calls as the API gives it as CSV, with the filters of a view.</summary>
internal static class CallCsvLink
{
    /// <summary>The address.</summary>
    public static string Of(PageRequest request)
    {
        CallFilter filter = CallFilter.Read(request);
        CallQuery query = filter.Query;
        string sort = request.Query("sort") ?? "-started_at";
        return new Place(
            "/api/v1/calls",
            ("format", "csv"),
            ("limit", "1000"),
            ("sort", sort),
            ("from", query.From?.ToString() ?? ""),
            ("to", query.To?.ToString() ?? ""),
            ("number", query.Number ?? ""),
            ("caller", query.Caller ?? ""),
            ("callee", query.Callee ?? ""),
            ("address", query.Address?.ToString() ?? ""),
            ("text", query.Text ?? ""),
            ("trunk", query.Trunk ?? ""),
            ("sip_status", string.Join(',', query.SipStatuses)),
            ("cause", string.Join(',', query.Causes)),
            ("codec", query.Codec ?? ""),
            ("session_id", query.SessionId ?? ""),
            ("mos_below", query.MosBelow?.ToString("0.##") ?? ""),
            ("duration_min", query.DurationMin?.TotalSeconds.ToString("0.###") ?? ""),
            ("duration_max", query.DurationMax?.TotalSeconds.ToString("0.###") ?? ""),
            ("context", query.Context is { } context ? EnumNames<CallContext>.Of(context) : ""),
            ("disposition", string.Join(',', query.Dispositions.Select(EnumNames<Disposition>.Of))),
            ("direction", query.Directions.Count == 1 ? EnumNames<CallDirection>.Of(query.Directions[0]) : ""),
            ("flags", string.Join(',', Words.Each(query.Flags).Select(EnumNames<CallFlags>.Of))),
            ("tenant", request.Viewer.Tenant is null ? query.Tenant ?? "" : "")).ToString();
    }
}
