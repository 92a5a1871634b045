using System.Globalization;
using CdrEngine.Api.Access.Audit;
using CdrEngine.Api.Statistics;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Upkeep;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>Carries out retention again and again while capturing live, which has no end; an import removes nothing.</summary>
/// <param name="settings">Settings.</param>
/// <param name="tell">Is told what was removed in an emergency, and what could not be removed; the same line once.</param>
/// <param name="board">Where its counters are pinned; null for nowhere.</param>
internal sealed class Retention(Settings settings, Action<string> tell, StatisticsBoard? board = null)
{
    private static readonly (string Class, string Description)[] Classes =
    [
        ("sip_packets", "segments of SIP packets removed, and calls whose SIP packets were purged"),
        ("rtp_packets", "segments of media packets removed, and calls whose media packets were purged"),
        ("recordings", "recordings removed"),
        ("records", "records removed"),
        ("messages", "messages removed"),
        ("deleted_calls", "calls purged after they were deleted"),
        ("held_calls", "calls under a hold whose packets were copied before their segments went"),
    ];

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);
    private string? _told;
    private string? _state;

    /// <summary>Why there is not enough room on the disk although all that may go has gone; null while there is.</summary>
    public string? Unready { get; private set; }

    /// <summary>What to tell those who look after the engine: that an emergency purge made room; null where none did in the last hour.</summary>
    public string? Note => _state is not null && DateTimeOffset.UtcNow - _purgedAt < TimeSpan.FromHours(1) ? _state : null;

    private DateTimeOffset _purgedAt = DateTimeOffset.MinValue;

    /// <summary>Removes what has to go; gives what was removed.</summary>
    public RetentionSummary CarryOut(Timestamp now, CancellationToken stop = default)
    {
        RetentionSummary summary;
        try
        {
            using FileStream? held = TryHold(settings.DataDirectory);
            if (held is null) return new RetentionSummary();
            using var stores = new UpkeepStores(settings);
            summary = new RetentionPass(stores, AuditOf(settings, AuditVia.Engine, "engine"), acts: true).Run(now, stop);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or StoreException)
        {
            // The folder itself cannot be read now; it is tried again.
            summary = new RetentionSummary();
            summary.Fault(exception.Message);
        }

        Count(summary);
        string? line = summary.Faults.Count > 0 ? summary.Faults[0] : null;
        if (line is not null && line != _told) tell($"retention: {line}");
        _told = line;
        return summary;
    }

    /// <summary>Makes room where the disk is nearly full. Cheap where it is not.</summary>
    public EmergencyReport? MakeRoom()
    {
        try
        {
            (long free, long total) = EmergencyPurge.Space(settings.DataDirectory);
            if (free >= EmergencyPurge.Wanted(settings.Retention, total))
            {
                Unready = null;
                return null;
            }

            // Beside a pass or a backup, if need be: the disk does not wait for them.
            using var stores = new UpkeepStores(settings);
            EmergencyReport? report = new EmergencyPurge(stores, AuditOf(settings, AuditVia.Engine, "engine")).Run();
            if (report is null) return null;
            Count(report.Summary);
            lock (_lock)
            {
                _counts["emergencies"] = _counts.GetValueOrDefault("emergencies") + 1;
                _counts["emergency_bytes"] = _counts.GetValueOrDefault("emergency_bytes") + report.Summary.Items.Where(static item => item.Reason == "disk").Sum(static item => item.Bytes);
            }

            _purgedAt = DateTimeOffset.UtcNow;
            _state = string.Create(
                CultureInfo.InvariantCulture,
                $"disk nearly full: {report.FreeBefore >> 20} MiB were free, {report.Wanted >> 20} MiB are to be; removed {What(report.Summary)}; {report.FreeAfter >> 20} MiB are free");
            tell($"retention: {_state}");
            foreach (string fault in report.Summary.Faults.Take(3)) tell($"retention: {fault}");
            Unready = report.IsEnough ? null : "The disk is nearly full, and nothing that may be removed is left.";
            Post();
            return report;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or StoreException)
        {
            string line = exception.Message.ReplaceLineEndings(" ");
            if (line != _told) tell($"retention: {line}");
            _told = line;
            return null;
        }
    }

    /// <summary>The audit as retention writes it.</summary>
    public static UpkeepAudit AuditOf(Settings settings, string via, string who)
    {
        var trail = new AuditTrail(DataFolder.Access(settings.DataDirectory), TimeProvider.System);
        return (action, about, tenant, detail) => trail.Write(new AuditEntry(action) { Who = who, Via = via, Object = about, Tenant = tenant, Detail = detail });
    }

    /// <summary>Holds the data folder's retention, so that two are not at it at once; null where another program is.</summary>
    public static FileStream? TryHold(string data)
    {
        Directory.CreateDirectory(data);
        try
        {
            return new FileStream(Path.Combine(data, "retention.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string What(RetentionSummary summary) => summary.Items.Count == 0
        ? "nothing"
        : string.Join(", ", summary.Items.Where(static item => item.Reason == "disk").Select(static item =>
            string.Create(CultureInfo.InvariantCulture, $"{item.Items} of {item.Class} ({item.Bytes >> 20} MiB)")));

    private void Count(RetentionSummary summary)
    {
        lock (_lock)
        {
            foreach (RetentionItem item in summary.Items) _counts[item.Class] = _counts.GetValueOrDefault(item.Class) + item.Items;
            _counts["faults"] = _counts.GetValueOrDefault("faults") + summary.Faults.Count;
        }

        Post();
    }

    private void Post()
    {
        if (board is null) return;
        lock (_lock)
        {
            board.Post(
                "retention",
                [
                    .. Classes.Select(kind => new Statistic("retention", kind.Class, _counts.GetValueOrDefault(kind.Class), kind.Description)),
                    new("retention", "emergencies", _counts.GetValueOrDefault("emergencies"), "times that room was made because the disk was nearly full"),
                    new("retention", "emergency_bytes", _counts.GetValueOrDefault("emergency_bytes"), "bytes removed then"),
                    new("retention", "faults", _counts.GetValueOrDefault("faults"), "things that could not be removed and are tried again"),
                ]);
        }
    }
}
