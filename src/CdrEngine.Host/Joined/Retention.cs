using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.PacketLog;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>Carries out <c>packet-log.retention</c>: removes packets that are too old or too many. For live capture, which has no end; an import
/// removes nothing.</summary>
/// <param name="settings">Settings.</param>
/// <param name="tell">Is told what could not be removed; the same line once.</param>
internal sealed class Retention(Settings settings, Action<string> tell)
{
    private string? _told;

    /// <summary>Removes what has to go; gives what was removed.</summary>
    public RetentionReport CarryOut(Timestamp now)
    {
        RetentionSettings limits = settings.PacketLog.Retention;
        var policy = new PacketLogRetentionPolicy { SipAge = limits.SipAge, RtpAge = limits.RtpAge, TotalBytes = limits.MaxSize };
        RetentionReport report;
        try
        {
            report = PacketLogRetention.Execute(PacketLogRetention.Plan(SegmentFile.List(DataFolder.Packets(settings.DataDirectory)), policy, now));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The folder itself cannot be read now; it is tried again.
            report = new RetentionReport(0, 0, [exception.Message.ReplaceLineEndings(" ")]);
        }

        string? line = report.Lines.Count > 0 ? report.Lines[0] : null;
        try
        {
            DropMessages(now);
        }
        catch (StoreException exception)
        {
            // The same hour tomorrow is early enough.
            line ??= exception.Message.ReplaceLineEndings(" ");
        }

        if (line is not null && line != _told) tell($"retention: {line}");
        _told = line;
        return report;
    }

    // A day of messages goes when its last instant is old enough.
    private void DropMessages(Timestamp now)
    {
        if (settings.Message.Age is not { } age) return;
        using IMessageDatabase? store = Stores.KnownMessages(settings);
        if (store is null) return;
        DateOnly first = DateOnly.FromDateTime((now - age).ToDateTime());
        foreach (DateOnly day in store.Days())
        {
            if (day < first) store.DropDay(day);
        }
    }
}
