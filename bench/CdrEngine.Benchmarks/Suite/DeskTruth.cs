using System.Globalization;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Load;
using CdrEngine.Storage;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>Compares what the engine stored of registrations and messages with what a load must give.</summary>
internal static class DeskTruth
{
    /// <summary>Null where all is as it must be, else one line: how many differ, and the first.</summary>
    public static string? Differences(string data, ExpectedDesk expected)
    {
        var differences = new List<string>();
        Devices(data, expected, differences);
        Messages(data, expected, differences);
        int all = expected.Devices.Count + expected.Messages.Count;
        return differences.Count == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{differences.Count:N0} of {all:N0} devices and messages differ; the first: {differences[0]}");
    }

    private static void Devices(string data, ExpectedDesk expected, List<string> differences)
    {
        var found = new Dictionary<string, ExpectedDevice>(StringComparer.Ordinal);
        using (SqliteRegistrationStore store = SqliteRegistrationStore.Open(data))
        {
            string? cursor = null;
            do
            {
                ListPage<RegistrationRecord> page = store.ListRegistrations(new RegistrationQuery { Sort = RegistrationSort.Aor, Ascending = true, Limit = CallQuery.MaxLimit, Cursor = cursor });
                foreach (RegistrationRecord record in page.Items)
                {
                    ExpectedDevice before = found.GetValueOrDefault(record.Aor) ?? new ExpectedDevice(record.Aor, 0, 0, 0, 0, 0, 0, false);
                    found[record.Aor] = Add(before, record, store.History(record.Id, int.MaxValue));
                }

                cursor = page.NextCursor;
            }
            while (cursor is not null);
        }

        foreach (ExpectedDevice device in expected.Devices)
        {
            // A device whose attempts were all in vain before the end of the load may have none at all.
            ExpectedDevice was = found.GetValueOrDefault(device.Aor) ?? new ExpectedDevice(device.Aor, 0, 0, 0, 0, 0, 0, false);
            if (was != device) differences.Add($"expected {device}, was {was}");
            found.Remove(device.Aor);
        }

        foreach (string aor in found.Keys) differences.Add($"{aor}: a registration that never was");
    }

    private static ExpectedDevice Add(ExpectedDevice device, RegistrationRecord record, IReadOnlyList<RegistrationEvent> history)
    {
        int count(RegistrationEventKind kind) => history.Where(happened => happened.Kind == kind).Sum(static happened => happened.Count);
        return device with
        {
            New = device.New + count(RegistrationEventKind.New),
            Refreshed = device.Refreshed + count(RegistrationEventKind.Refreshed),
            Moved = device.Moved + count(RegistrationEventKind.Moved),
            Expired = device.Expired + count(RegistrationEventKind.Expired),
            Removed = device.Removed + count(RegistrationEventKind.Removed),
            Failed = device.Failed + count(RegistrationEventKind.Failed),
            IsLive = device.IsLive || record.State == RegistrationState.Registered,
        };
    }

    private static void Messages(string data, ExpectedDesk expected, List<string> differences)
    {
        var found = new List<string>();
        using (SqliteMessageStore store = SqliteMessageStore.Open(Path.Combine(data, "messages")))
        {
            string? cursor = null;
            do
            {
                ListPage<MessageRecord> page = store.ListMessages(new MessageQuery { Limit = CallQuery.MaxLimit, Cursor = cursor });
                found.AddRange(page.Items.Select(static message =>
                    string.Create(CultureInfo.InvariantCulture, $"{message.Text}: {EnumNames<MessageOutcome>.Of(message.Outcome)} {message.SipStatus}")));
                cursor = page.NextCursor;
            }
            while (cursor is not null);
        }

        string[] missing = [.. expected.Messages.Except(found, StringComparer.Ordinal)];
        differences.AddRange(missing.Select(static text => $"{text}: not stored so"));
        if (found.Count != expected.Messages.Count) differences.Add(string.Create(CultureInfo.InvariantCulture, $"{found.Count:N0} messages stored of {expected.Messages.Count:N0}"));
    }
}
