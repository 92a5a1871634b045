using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Storage.Tests;

public sealed class AlertStoreTests
{
    [Fact]
    public void WhoOnlyAsks_MakesNoFile()
    {
        using var folder = new StoreFolder();
        using (var store = new SqliteAlertStore(folder.Root))
        {
            Assert.Empty(store.List(new AlertQuery()).Items);
            Assert.Empty(store.LoadState());
            Assert.Null(store.Acknowledge(new string('a', 24), "me", null, new Timestamp(1)));
        }

        Assert.False(File.Exists(Path.Combine(folder.Root, SqliteAlertStore.FileName)));
    }

    [Fact]
    public void Alert_IsReadBack_AndWhoTookItStays_WhateverIsWrittenLater()
    {
        using var folder = new StoreFolder();
        using var store = new SqliteAlertStore(folder.Root);
        Alert alert = Make(1, "acme");
        store.Write([alert]);
        Assert.Equal(AlertJson.ToUtf8(alert), AlertJson.ToUtf8(store.Find(alert.Id)!));
        Assert.Equal(AlertState.Acknowledged, store.Acknowledge(alert.Id, "ops", "looking", new Timestamp(5))!.State);

        // The first who took it stays.
        Assert.Equal("ops", store.Acknowledge(alert.Id, "others", null, new Timestamp(6))!.AcknowledgedBy);
        store.Write([alert with { Worst = 99, ClearedAt = new Timestamp(9_000_000) }]);
        Alert over = store.Find(alert.Id)!;
        Assert.Equal((AlertState.Cleared, "ops", "looking", 99), (over.State, over.AcknowledgedBy, over.Note, over.Worst));

        // One that is over is taken by nobody any more.
        Alert second = Make(2, null) with { ClearedAt = new Timestamp(2) };
        store.Write([second]);
        Assert.Null(store.Acknowledge(second.Id, "ops", null, new Timestamp(7))!.AcknowledgedAt);
    }

    [Fact]
    public void Lists_AreNarrowed_AndPaged()
    {
        using var folder = new StoreFolder();
        using var store = new SqliteAlertStore(folder.Root);
        Alert[] all = [.. Enumerable.Range(0, 25).Select(i => Make(i, i % 2 == 0 ? "acme" : null) with { ClearedAt = i % 5 == 0 ? new Timestamp(i * 1_000_000L + 1) : null, Severity = (AlertSeverity)(i % 3) })];
        store.Write(all);
        store.Acknowledge(all[1].Id, null, null, new Timestamp(1));
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            ListPage<Alert> page = store.List(new AlertQuery { Limit = 4, Cursor = cursor });
            seen.AddRange(page.Items.Select(static alert => alert.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        Assert.Equal(all.Reverse().Select(static alert => alert.Id), seen);
        Assert.Equal(13, store.List(new AlertQuery { Tenant = "acme" }).Items.Count);
        Assert.Equal(5, store.List(new AlertQuery { States = [AlertState.Cleared] }).Items.Count);
        Assert.Equal(all[1].Id, Assert.Single(store.List(new AlertQuery { States = [AlertState.Acknowledged] }).Items).Id);
        Assert.Equal(20, store.List(new AlertQuery { States = [AlertState.Acknowledged, AlertState.Raised] }).Items.Count);
        Assert.Equal(8, store.List(new AlertQuery { SeverityMin = AlertSeverity.Critical }).Items.Count);
        Assert.Equal(5, store.List(new AlertQuery { From = all[10].RaisedAt, To = all[15].RaisedAt }).Items.Count);
        Assert.Empty(store.List(new AlertQuery { Rule = "other" }).Items);
        Assert.Equal(new AlertTotals(19, 1, 5), store.Totals(null));
        Assert.Equal(20, store.Open().Count);
        Assert.True(store.List(new AlertQuery { Tenant = "acme", Cursor = store.List(new AlertQuery { Limit = 1 }).NextCursor }).CursorRejected);
        Assert.Equal(3, store.Purge(new Timestamp(11_000_000)));
        Assert.Equal(22, store.List(new AlertQuery()).Items.Count);
    }

    [Fact]
    public void State_IsKept_OverAStop()
    {
        using var folder = new StoreFolder();
        using (var store = new SqliteAlertStore(folder.Root))
        {
            store.SaveState("one"u8.ToArray());
            store.SaveState("two"u8.ToArray());
        }

        using var again = new SqliteAlertStore(folder.Root);
        Assert.Equal("two"u8.ToArray(), again.LoadState());
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder.Root, SqliteAlertStore.FileName)));
    }

    private static Alert Make(int number, string? tenant)
    {
        var at = new Timestamp(number * 1_000_000L);
        var group = new AlertGroup { Tenant = tenant, Trunk = "t\u202Erunk" };
        return new Alert
        {
            Id = Alert.IdOf("failures", group, at),
            Rule = "failures",
            Kind = AlertKind.Failures,
            Group = group,
            Tenant = tenant,
            RaisedAt = at,
            UpdatedAt = at,
            Value = 30,
            Worst = 40,
            Threshold = 20,
            Window = TimeSpan.FromMinutes(5),
            Calls = ["20261120-000000000000000000000001"],
            CallCount = 7,
            Prefixes = ["882"],
        };
    }
}
