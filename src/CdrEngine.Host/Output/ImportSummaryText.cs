using System.Globalization;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Host.Parts;

namespace CdrEngine.Host.Output;

/// <summary>What an import did, in lines: sums first, then every counter that is not zero, by part, with its meaning.</summary>
/// <remarks>In loops: queries over pairs and tuples are code that nobody compiles ahead (docs/decisions/0038), and every import ends with this.</remarks>
internal static class ImportSummaryText
{
    public static IEnumerable<string> Lines(ImportSummary summary)
    {
        if (summary.IsLeftOut)
        {
            yield return $"{Plural(summary.Files, "file")}, {Units.Bytes(summary.Bytes)}: imported into this folder before, with the same settings; not read again (--again reads {(summary.Files == 1 ? "it" : "them")})";
            yield break;
        }

        long calls = summary.Calls.Sum;
        double seconds = Math.Max(summary.Elapsed.TotalSeconds, 1e-6);
        yield return $"{(summary.Stopped ? "stopped after" : "read")} {Plural(summary.Files, "file")}, {Units.Bytes(summary.Bytes)}, "
            + $"{Plural(summary.Packets, "packet")} in {Units.Elapsed(summary.Elapsed)} ({Units.Count((long)(summary.Packets / seconds))} packets/s)";
        if (summary.KnownFiles > 0)
        {
            yield return summary.KnownFiles < summary.Files
                ? $"{Units.Count(summary.KnownFiles)} of them had been imported before and {(summary.KnownFiles == 1 ? "was" : "were")} read again: a call may go on from one file into the next"
                : $"imported before, but under other settings, not together, or not all of it was there any more: read again";
        }

        if (summary.FirstPacketAt is { } first && summary.LastPacketAt is { } last)
            yield return $"captured from {Time(first)} to {Time(last)} UTC";
        yield return calls == 0 ? "no calls" : $"{Plural(calls, "call")}: {Each(summary.Calls)}";
        if (summary.KnownCalls > 0) yield return $"{Units.Count(summary.KnownCalls)} of them were recorded before and did not change";
        if (summary.Alerts is { } alerts) yield return alerts == 0 ? "no alerts" : $"{Plural(alerts, "alert")} (cdrengine alerts)";
        if (summary.Recordings.Sum is > 0 and var recordings) yield return $"{Plural(recordings, "recording")}: {Each(summary.Recordings)}";
        foreach (string line in OutsideCalls(summary.Counters)) yield return line;
        int unreadable = summary.Faults.Count(static fault => fault.IsUnreadable);
        if (unreadable > 0) yield return $"{Plural(unreadable, "file")} could not be read";
        int cut = summary.Faults.Count - unreadable;
        if (cut > 0) yield return $"{Plural(cut, "file")} had a fault; what was read of {(cut == 1 ? "it" : "them")} is kept";

        foreach (string line in Noticed(summary.Counters)) yield return line;
    }

    /// <summary>What a live capture did, likewise.</summary>
    public static IEnumerable<string> Lines(LiveSummary summary)
    {
        long calls = summary.Calls.Sum;
        yield return $"captured {Plural(summary.Packets, "packet")} from {string.Join(", ", summary.Sources)} in {Units.Elapsed(summary.Elapsed)}"
            + (summary.Lost == 0 ? ", none lost" : $", {Units.Count(summary.Lost)} losses: calls open then are flagged gap");
        yield return calls == 0 ? "no calls" : $"{Plural(calls, "call")}: {Each(summary.Calls)}";
        foreach (string line in OutsideCalls(summary.Counters)) yield return line;
        foreach (string line in Noticed(summary.Counters)) yield return line;
    }

    // Registrations by what happened to them, messages by how they travelled.
    private static IEnumerable<string> OutsideCalls(IReadOnlyList<CounterGroup> counters)
    {
        string registrations = Told(counters, "registration", "new", "refreshed", "moved", "expired", "removed", "failed");
        if (registrations.Length > 0) yield return $"registrations: {registrations}";
        string messages = Told(counters, "message", "sip", "msrp", "conversations");
        if (messages.Length > 0) yield return $"messages: {messages}";
    }

    private static string Told(IReadOnlyList<CounterGroup> counters, string part, params string[] names)
    {
        var told = new List<string>();
        foreach (CounterGroup group in counters)
        {
            if (group.Name != part) continue;
            foreach (string name in names)
            {
                foreach ((string counter, long value, _) in group.Values)
                {
                    if (counter == name && value > 0) told.Add($"{Units.Count(value)} {name}");
                }
            }
        }

        return string.Join(", ", told);
    }

    private static IEnumerable<string> Noticed(IReadOnlyList<CounterGroup> counters)
    {
        int width = 0;
        int names = 0;
        foreach (CounterGroup group in counters)
        {
            foreach ((string name, long value, _) in group.Values)
            {
                if (value == 0) continue;
                width = Math.Max(width, Units.Count(value).Length);
                names = Math.Max(names, name.Length);
            }
        }

        foreach (CounterGroup group in counters)
        {
            bool isNamed = false;
            foreach ((string name, long value, string description) in group.Values)
            {
                if (value == 0) continue;
                if (!isNamed) yield return $"{group.Name}:";
                isNamed = true;
                yield return $"  {Units.Count(value).PadLeft(width)}  {name.PadRight(names)}  {description}";
            }
        }
    }

    private static string Each<T>(EnumCounts<T> counts)
        where T : struct, Enum
    {
        var told = new List<string>();
        foreach (T value in Enum.GetValues<T>())
        {
            if (counts[value] is > 0 and var count) told.Add($"{Units.Count(count)} {EnumNames<T>.Of(value)}");
        }

        return string.Join(", ", told);
    }

    private static string Plural(long count, string noun) => $"{Units.Count(count)} {noun}{(count == 1 ? "" : "s")}";

    private static string Time(Timestamp at) => at.ToDateTime().ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
