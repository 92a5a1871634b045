using CdrEngine.Calls.Totals;
using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>Takes the sums of one hour and profile.</summary>
/// <param name="hour">Begin of the hour, UTC.</param>
/// <param name="profile">What the calls have in common.</param>
/// <param name="sums">Their figures. Of what was deleted negative ones are told besides: whoever adds up is right.</param>
public delegate void TrafficVisitor(Timestamp hour, in CallProfile profile, CallSums sums);

/// <summary>Reads the stored calls' figures by hour and profile: what dashboards, rules and totals are made of. The cost does not depend on the number of calls.</summary>
public interface ITrafficReader
{
    /// <summary>Tells the sums of every hour that begins in [from, to), in no order, and an hour and profile more than once. Calls that were deleted are left out.</summary>
    /// <param name="from">First instant; cut to its hour.</param>
    /// <param name="to">Behind the last hour.</param>
    /// <param name="tenant">Tenant; null for all.</param>
    /// <param name="visit">Told each.</param>
    void VisitHours(Timestamp from, Timestamp to, string? tenant, TrafficVisitor visit);
}
