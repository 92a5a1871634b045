using CdrEngine.Api.Dialects.PortSip;

namespace CdrEngine.Api.Dialects;

/// <summary>What call logs tell of days that are over, as it is kept in files (<see cref="ApiOptions.CallLogFolder"/>).</summary>
public static class KeptCallLogs
{
    /// <summary>Removes what is kept of a day, of which calls are removed; it is made anew of what is left. Nothing happens where there is nothing.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="day">The day that the sessions of the calls began on.</param>
    /// <exception cref="IOException">It cannot be.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public static void Forget(string folder, DateOnly day) => PortSipDayFolder.Remove(folder, day);
}
