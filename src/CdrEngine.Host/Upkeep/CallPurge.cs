using System.Globalization;
using CdrEngine.Api.Dialects;
using CdrEngine.Engine.Resume;
using CdrEngine.Host.Joined;
using CdrEngine.PacketLog;
using CdrEngine.Storage;

namespace CdrEngine.Host.Upkeep;

/// <summary>Removes calls for good: packets, messages within them, recordings in all forms, rows, remarks. Sound before rows, so that what a crash interrupts is found
/// again by the next pass.</summary>
/// <param name="stores">The data folder.</param>
/// <param name="audit">Notes each call in the audit before anything of it goes; throws where that cannot be.</param>
internal sealed class CallPurge(UpkeepStores stores, UpkeepAudit audit)
{
    private const int CallsOfAnEntry = 200;

    /// <summary>Purges calls of one day; gives how many, and the bytes of packets overwritten. What is left in holes of files goes with the next scrubbing.</summary>
    public (int Calls, long Bytes) Purge(DateOnly day, IReadOnlyList<KeptCall> calls, string reason)
    {
        if (calls.Count == 0) return default;
        long bytes = 0;
        foreach (KeptCall[] part in calls.Chunk(CallsOfAnEntry))
        {
            audit("purge", part.Length == 1 ? part[0].Id : Show(day), part.All(call => call.Tenant == part[0].Tenant) ? part[0].Tenant : null,
                part.Length == 1 ? reason : $"{reason}: {string.Join(' ', part.Select(static call => call.Id))}");
        }

        foreach (KeptCall call in calls)
        {
            bytes += PacketLogPurge.Purge(stores.Packets, call.Chunks, PacketKindSet.All, null).Bytes;
            foreach (KeptMessage message in stores.Messages?.ListOfCall(call.SipCallId, day) ?? [])
            {
                bytes += PacketLogPurge.Purge(stores.Packets, message.Chunks, PacketKindSet.All, null).Bytes;
                stores.Messages!.Purge([message.Id]);
            }

            stores.Recordings.Delete(call.Id);
            if (call.SessionId != call.Id) stores.Recordings.DropForms(call.SessionId);
        }

        // Its session is told of on the day that it began.
        foreach (string its in calls.SelectMany(static call => (string[])[call.Id, call.SessionId]).Select(static id => id[..Math.Min(id.Length, 8)]).Distinct())
        {
            if (DateOnly.TryParseExact(its, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly told)) KeptCallLogs.Forget(DataFolder.CallLogs(stores.Settings.DataDirectory), told);
        }

        OpenCallsPurge.Run(DataFolder.OpenCalls(stores.Settings.DataDirectory), stores.Keys, calls.Select(static call => call.SipCallId).ToHashSet(StringComparer.Ordinal));
        stores.Recordings.DropIfEmpty(day);
        List<string> ids = [.. calls.Select(static call => call.Id)];
        stores.Remarks?.Purge(ids);
        return (stores.Calls.Purge(day, ids), bytes);
    }

    /// <summary>A day as audit and marks write it.</summary>
    public static string Show(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}

/// <summary>Writes an entry of the audit.</summary>
/// <param name="action">What is done.</param>
/// <param name="about">To what: an id of a call, a day.</param>
/// <param name="tenant">Whose it is; null where that is nobody's, or everybody's.</param>
/// <param name="detail">Why.</param>
internal delegate void UpkeepAudit(string action, string? about, string? tenant, string? detail);
