using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>From SQLite to PostgreSQL.</summary>
public sealed class StoreCopyTests
{
    [PostgresFact]
    public void Copy_HasEverything_StoppedAndRunAgainToo()
    {
        using var sqlite = new SqlitePlace();
        using var postgres = new PostgresPlace();
        List<StoredCall> calls = [.. TestCalls.Many(2500, 3).Select(static (call, i) => i % 9 == 0 ? call with { Record = call.Record with { Recording = new RecordingInfo { State = RecordingState.Pending } } } : call)];
        string[] listed;
        using (ICallStore store = sqlite.Calls())
        {
            foreach (StoredCall[] batch in calls.Chunk(700)) store.Write(batch);
            store.Write([calls[4] with { Revision = RecordRevision.Updated, Record = calls[4].Record with { Dialled = "999" } }]);
            store.SetRecording(new RecordingEntry { CallId = calls[9].Record.Id, State = RecordingState.Available, Bytes = 5, CreatedAt = TestCalls.Start + TimeSpan.FromDays(40) });
            store.Hide([calls[0].Record.Id], "me", TestCalls.Start);
            store.HideAll("acme", "me", TestCalls.Start);
            store.Write([TestCalls.Stored(90_000, new Random(8), TestCalls.Start) with { Tenant = "acme" }]);
            listed = Listed(store);
        }

        using (IRemarkDatabase remarks = sqlite.Remarks())
        {
            remarks.Change([new RemarkChange(calls[1].Record.Id, static remark => remark with { Notes = "n", Score = 5 })], "me", TestCalls.Start);
            remarks.Clear(ClearedList.Messages, null, "me", TestCalls.Start);
        }

        long report;
        using (IReportDatabase reports = sqlite.Reports())
        {
            report = reports.Add(new ReportDefinition { Name = "r", Type = "t", Format = "CSV", Range = "x", Filter = "{}", Status = "s", CreatedAt = TestCalls.Start })!.Value;
            reports.Complete(new CompletedReport { ReportId = report, Name = "r", Type = "t", Format = "CSV", CompletedAt = TestCalls.Start, FileName = "f", Key = "k" }, new byte[] { 1, 2 });
        }

        using (IRegistrationDatabase registrations = sqlite.Registrations())
        {
            var changes = new DeskChanges();
            var happened = new RegistrationEvent(1, RegistrationEventKind.New, TestCalls.Start, TestCalls.Start, 1);
            changes.Registrations.Add(new StoredRegistration(new RegistrationRecord { Id = "r1", Aor = "sip:1@x", User = "1", LastRequestAt = TestCalls.Start, LastEvent = happened }, "key", [1, 2]) { Events = [happened] });
            changes.Peers.Add(new PeerRecord { Id = "p1", Address = new Endpoint(IpAddress.FromV4(1), 5060), Method = "OPTIONS", LastAt = TestCalls.Start });
            changes.Mailboxes.Add(new MailboxRecord("sip:1@x", true, 1, 2, 0, 0, TestCalls.Start));
            registrations.Write(changes);
        }

        // Stopped after some parts, while the engine already writes to the server, then to its end, and again.
        using ICallStore target = postgres.Calls();
        target.Write([TestCalls.Stored(95_000, new Random(9), TestCalls.Start)]);
        string data = sqlite.Folder.Records;
        StoreCopy Copy() => new(data, data, Path.Combine(data, "messages"), "folder", postgres.Options);
        using (var stop = new CancellationTokenSource())
        {
            int parts = 0;
            Assert.Throws<OperationCanceledException>(() =>
            {
                foreach (StoreCopyStep step in Copy().Run(stop.Token))
                {
                    if (++parts == 2) stop.Cancel();
                }
            });
        }

        StoreCopyStep[] steps = [.. Copy().Run(CancellationToken.None)];
        Assert.All(steps, static step => Assert.Null(step.Fault));
        Assert.Equal(2501, steps.Where(static step => step.Part.StartsWith("calls of", StringComparison.Ordinal)).Sum(static step => step.Rows));
        Assert.All([.. Copy().Run(CancellationToken.None)], static step => Assert.Equal(0, step.Written));
        string stranger = TestCalls.Stored(95_000, new Random(9), TestCalls.Start).Record.Id;
        Assert.Equal(listed, Listed(target).Where(line => !line.StartsWith(stranger, StringComparison.Ordinal)));
        Assert.Equal(RecordingState.Available, target.GetRecording(calls[9].Record.Id)?.State ?? RecordingState.Available);
        using IRemarkDatabase copiedRemarks = postgres.Remarks();
        Assert.Equal(("n", 5), (copiedRemarks.Get(calls[1].Record.Id).Notes, copiedRemarks.Get(calls[1].Record.Id).Score));
        Assert.Single(copiedRemarks.Cleared(ClearedList.Messages));
        using IReportDatabase copiedReports = postgres.Reports();
        Assert.Equal("r", copiedReports.Find(report)!.Name);
        Assert.Equal([1, 2], copiedReports.Content(copiedReports.FindCompleted("k")!.Id)!);
        Assert.True(copiedReports.Add(copiedReports.Find(report)!) > report);
        using IRegistrationDatabase copiedRegistrations = postgres.Registrations();
        Assert.Single(copiedRegistrations.History("r1", 10));
        Assert.Equal("key", Assert.Single(copiedRegistrations.LoadRegistrations()).Key);
        Assert.Single(copiedRegistrations.ListPeers(new PeerQuery()).Items);
        Assert.Single(copiedRegistrations.ListMailboxes(new MailboxQuery()).Items);
    }

    // What everybody sees of every call, integer ids included.
    private static string[] Listed(ICallStore store)
    {
        var lines = new List<string>();
        bool more = true;
        for (int skip = 0; more; skip += 1000)
        {
            CallSlice slice = store.Page(new CallPageRequest { Query = new CallQuery(), Skip = skip, Take = 1000 });
            lines.AddRange(slice.Calls.Select(static call => $"{call.Record.Id} {call.Number} {call.Tenant} {TestCalls.Json(call.Record)}"));
            more = slice.HasMore;
        }

        return [.. lines];
    }
}
