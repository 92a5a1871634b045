using System.Globalization;

namespace CdrEngine.Api.Access.Audit;

/// <summary>What a look at the whole chain found.</summary>
/// <param name="Entries">Entries that are there.</param>
/// <param name="First">Number of the first; 0 where there is none.</param>
/// <param name="Last">Number of the last; 0 where there is none.</param>
/// <param name="Head">Hash of the last; empty where there is none. Noted elsewhere, it shows later that everything up to it is as it was.</param>
/// <param name="Unchained">Lines from before entries were chained.</param>
/// <param name="Files">Files read.</param>
/// <param name="Faults">What is wrong, each a line that names file and line; the first hundred.</param>
public sealed record AuditVerdict(long Entries, long First, long Last, string Head, long Unchained, int Files, IReadOnlyList<string> Faults)
{
    /// <summary>Whether nothing is wrong.</summary>
    public bool IsSound => Faults.Count == 0;
}

/// <summary>Holds every line of the audit against its hash, its predecessor and its number, and the end against <c>audit.head</c>.</summary>
public static class AuditVerifier
{
    private const int MostFaults = 100;

    /// <summary>Looks at all of it.</summary>
    /// <param name="folder">Folder of tokens and audit.</param>
    /// <param name="known">Hash of an entry that was noted before and has to be there; null for none.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static AuditVerdict Verify(string folder, string? known = null)
    {
        var faults = new List<string>();
        (long Sequence, string Hash)? head = AuditFiles.ReadHead(folder);
        bool headSeen = false, knownSeen = known is null;
        long entries = 0, first = 0, last = 0, unchained = 0;
        string hash = "";
        IReadOnlyList<AuditFiles.Part> parts = AuditFiles.All(folder);
        foreach (AuditFiles.Part part in parts)
        {
            long number = 0;
            foreach (byte[] line in AuditLines.Forward(part.Path))
            {
                string where = string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(part.Path)}:{++number}");
                if (!AuditLine.TryRead(line, out AuditRow? row, out string previous, out bool isIntact))
                {
                    if (entries > 0) Fault($"{where}: this is no entry");
                    else unchained++;
                    hash = AuditLine.Hash(line);
                    continue;
                }

                if (!isIntact) Fault($"{where}: entry {row!.Sequence} was changed: its hash is not that of its text");
                if (hash.Length > 0 && previous != hash) Fault($"{where}: entry {row!.Sequence} does not follow the line before it: one was changed, taken out or put in");
                if (entries > 0 && row!.Sequence != last + 1) Fault($"{where}: entry {row.Sequence} follows entry {last}");
                if (entries++ == 0) first = row!.Sequence;
                last = row!.Sequence;
                hash = row.Hash;
                headSeen |= head is { } stands && stands.Sequence == row.Sequence && stands.Hash == row.Hash;
                knownSeen |= row.Hash == known;
            }
        }

        if (head is { } end && !headSeen) Fault($"{AuditFiles.Head}: entry {end.Sequence} was written and is not there: the end was cut off or changed");
        else if (head is null && entries > 0) Fault($"{AuditFiles.Head}: it is missing or damaged, so whether the end is there cannot be told");
        if (!knownSeen) Fault($"no entry has the hash {known}");
        return new AuditVerdict(entries, first, last, entries == 0 ? "" : hash, unchained, parts.Count, faults);

        void Fault(string text)
        {
            if (faults.Count < MostFaults) faults.Add(text);
        }
    }
}
