using System.Text;
using System.Text.Json.Nodes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

public abstract class MediaSessionListTests
{
    private protected abstract StorePlace NewPlace();

    [StoreFact]
    public void Sessions_OfACall_AreFoundByTheirIds()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        List<StoredCall> calls = TestCalls.Many(60, 1);
        store.Write(calls);
        CallRecord call = calls.First(static stored => stored.Record.MediaSessions.Count == 2).Record;
        MediaSessionRecord fax = store.GetMediaSession(call.Id + "-m1")!;
        Assert.Equal(MediaSessionType.Image, fax.Type);
        Assert.Equal(call.Id, fax.CallId);
        Assert.Equal(call.Caller.Number, fax.CallerNumber);
        foreach (string wrong in (string[])[call.Id, call.Id + "-m2", call.Id + "-m01", call.Id + "-m-1", "x-m0", "-m0", ""]) Assert.Null(store.GetMediaSession(wrong));
    }

    [StoreTheory]
    [InlineData(false, 7)]
    [InlineData(true, 7)]
    [InlineData(false, 1)]
    [InlineData(false, 1000)]
    public void Pages_FollowedToTheEnd_GiveEverySessionOnceInOrder(bool ascending, int limit)
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        List<StoredCall> calls = TestCalls.Many(150, 2);
        store.Write(calls);
        string[] expected = [.. Oracle(calls, ascending).Select(static session => session.Id)];
        Assert.Equal(expected, Follow(store, new MediaSessionQuery { Ascending = ascending, Limit = limit }));
    }

    [StoreFact]
    public void RowsBehindACursor_AreLeftOutOverAsManyDaysAsItTakes()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        List<StoredCall> calls = TestCalls.Many(150, 4);
        store.Write(calls);
        foreach (bool isSealed in (bool[])[false, true])
        {
            if (isSealed) store.Seal(new DateOnly(2030, 1, 1));
            foreach (bool ascending in (bool[])[false, true])
            {
                string[] expected = [.. Oracle(calls, ascending).Select(static session => session.Id)];
                foreach (int first in (int[])[1, 20, expected.Length / 2])
                {
                    string cursor = store.ListMediaSessions(new MediaSessionQuery { Ascending = ascending, Limit = first }).NextCursor!;
                    for (int skip = 0; first + skip < expected.Length + 3; skip += 11)
                    {
                        MediaSessionPage page = store.ListMediaSessions(new MediaSessionQuery { Ascending = ascending, Cursor = cursor, Skip = skip, Limit = 5 });
                        Assert.Equal(expected.Skip(first + skip).Take(5), page.MediaSessions.Select(static session => session.Id));
                        Assert.Equal(first + skip + 5 < expected.Length, page.NextCursor is not null);
                    }
                }
            }
        }
    }

    [StoreFact]
    public void Filters_AloneAndTogether_GiveWhatTheRecordsSay()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        List<StoredCall> calls = TestCalls.Many(200, 3);
        store.Write(calls);
        StoredCall two = calls.First(static stored => stored.Record.MediaSessions.Count == 2);
        var noon = new Timestamp(TestCalls.Start.Microseconds + (36L * 3_600_000_000));
        (MediaSessionQuery Query, Func<StoredCall, MediaSessionRecord, bool> Matches)[] cases =
        [
            (new() { Type = MediaSessionType.Image }, static (_, session) => session.Type == MediaSessionType.Image),
            (new() { CallId = two.Record.Id }, (stored, _) => stored == two),
            (new() { Codec = "pcmu" }, static (_, session) => CodecsOf(session).Any(static codec => codec.StartsWith("PCMU/", StringComparison.Ordinal))),
            (new() { Codec = "Opus/48000" }, static (_, session) => CodecsOf(session).Contains("opus/48000")),
            (new() { MosBelow = 3 }, static (_, session) => session.MosMin < 3),
            (new() { Address = IpAddress.FromV4(0x0A000103) }, static (_, session) => session.Callee?.Address == IpAddress.FromV4(0x0A000103)),
            (new() { Address = new IpAddress(0x2001_0db8_0000_0000, 1) }, static (_, session) => session.Type == MediaSessionType.Image),
            (new() { Address = IpAddress.FromV4(0x0A00010A) }, static (_, _) => false),
            (new() { Flags = MediaSessionFlags.Srtp }, static (_, session) => session.Flags.HasFlag(MediaSessionFlags.Srtp)),
            (new() { From = noon }, (stored, _) => stored.Record.StartedAt >= noon),
            (new() { To = noon }, (stored, _) => stored.Record.StartedAt < noon),
            (new() { Tenant = "acme" }, static (stored, _) => stored.Tenant == "acme"),
            (new() { Tenant = "acme", Type = MediaSessionType.Audio, From = noon, MosBelow = 4 },
                (stored, session) => stored.Tenant == "acme" && session.Type == MediaSessionType.Audio && stored.Record.StartedAt >= noon && session.MosMin < 4),
        ];
        foreach (bool isSealed in (bool[])[false, true])
        {
            if (isSealed) store.Seal(new DateOnly(2030, 1, 1));
            foreach ((MediaSessionQuery query, Func<StoredCall, MediaSessionRecord, bool> matches) in cases)
            {
                foreach (bool ascending in (bool[])[false, true])
                {
                    string[] expected = [.. Oracle(calls, ascending).Where(session => matches(calls.First(call => call.Record.Id == session.CallId), session)).Select(static session => session.Id)];
                    Assert.Equal(expected, Follow(store, query with { Limit = 9, Ascending = ascending }));
                    Assert.Equal(expected.Length, store.CountMediaSessions(query));
                }
            }
        }
    }

    [StoreFact]
    public void Cursor_OfAnotherQueryOrDamaged_IsRejected()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        store.Write(TestCalls.Many(30, 4));
        string cursor = store.ListMediaSessions(new MediaSessionQuery { Limit = 2 }).NextCursor!;
        Assert.True(store.ListMediaSessions(new MediaSessionQuery { Limit = 2, Type = MediaSessionType.Audio, Cursor = cursor }).CursorRejected);
        Assert.True(store.ListMediaSessions(new MediaSessionQuery { Limit = 2, Cursor = cursor[..^1] + "!" }).CursorRejected);
        Assert.False(store.ListMediaSessions(new MediaSessionQuery { Limit = 5, Cursor = cursor }).CursorRejected);
    }

    [StoreFact]
    public void Update_OfACall_ReplacesItsSessions()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        StoredCall call = TestCalls.Many(40, 5).First(static stored => stored.Record.MediaSessions.Count == 2);
        store.Write([call]);
        CallRecord fewer = MediaSessions.Complete(call.Record with { MediaSessions = [call.Record.MediaSessions[0] with { Media = "video" }] });
        store.Write([new StoredCall(fewer, RecordRevision.Updated, default, call.Tenant)]);
        MediaSessionRecord only = Assert.Single(store.ListMediaSessions(new MediaSessionQuery()).MediaSessions);
        Assert.Equal(MediaSessionType.Video, only.Type);
        store.Write([call]);
        Assert.Single(store.ListMediaSessions(new MediaSessionQuery()).MediaSessions);
    }

    private static IEnumerable<string> CodecsOf(MediaSessionRecord session) =>
        session.CallerCodec is null && session.CalleeCodec is null ? session.Answered : new[] { session.CallerCodec, session.CalleeCodec }.OfType<string>();

    private protected static IEnumerable<MediaSessionRecord> Oracle(List<StoredCall> calls, bool ascending)
    {
        IEnumerable<CallRecord> records = calls.Select(static call => call.Record).OrderBy(static record => record.StartedAt.Microseconds).ThenBy(static record => record.Id, StringComparer.Ordinal);
        return (ascending ? records : records.Reverse()).SelectMany(static record => record.MediaSessions);
    }

    private protected static List<string> Follow(ICallStore store, MediaSessionQuery query)
    {
        var ids = new List<string>();
        string? cursor = null;
        do
        {
            MediaSessionPage page = store.ListMediaSessions(query with { Cursor = cursor });
            Assert.False(page.CursorRejected);
            ids.AddRange(page.MediaSessions.Select(static session => session.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return ids;
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteMediaSessionListTests : MediaSessionListTests
{
    [Fact]
    public void RareOnes_OfDaysThatAreOver_AreFoundByAnIndex()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        store.Write(TestCalls.Many(120, 4));
        store.Seal(new DateOnly(2030, 1, 1));
        foreach ((MediaSessionQuery query, string index) in (ReadOnlySpan<(MediaSessionQuery, string)>)
        [
            (new() { Type = MediaSessionType.Image }, "media_sessions_by_type (type=?)"), (new() { MosBelow = 3 }, "media_sessions_by_mos (mos<?)"), (new() { Codec = "PCMU" }, "media_sessions_by_codecs (codecs=?)"),
        ])
        {
            string plan = string.Join('\n', store.Explain(query, store.Days()[0]));
            Assert.True(plan.Contains(index, StringComparison.Ordinal), $"{query}: {plan}");
        }

        Assert.Contains("SCAN m", string.Join('\n', store.Explain(new MediaSessionQuery { Type = MediaSessionType.Audio }, store.Days()[0])), StringComparison.Ordinal);
    }

    private protected override StorePlace NewPlace() => new SqlitePlace();

    private static readonly string[] MembersOfSchema1 =
        ["index", "media", "protocol", "caller", "callee", "offered", "answered", "direction", "started_at", "ended_at"];


    [Fact]
    public void DayOfSchema1_WithData_HasItsSessionsOnceItIsOpened()
    {
        using var folder = new StoreFolder();
        List<StoredCall> calls = TestCalls.Many(700, 6);
        using (SqliteCallStore store = SqliteCallStore.Open(folder.Records)) store.Write(calls);
        foreach (string path in Directory.GetFiles(folder.Records, "*.db")) MakeSchema1(path);

        // By a reader first: the list must have them without any write.
        using (SqliteCallStore store = SqliteCallStore.Open(folder.Records))
        {
            Assert.Equal([.. Oracle(calls, ascending: false).Select(static session => session.Id)], Follow(store, new MediaSessionQuery { Limit = 100 }));
            StoredCall one = calls.First(static stored => stored.Record.MediaSessions.Count == 2);
            MediaSessionRecord session = store.GetMediaSession(one.Record.Id + "-m0")!;
            Assert.Equal(one.Record.MediaSessions[0].CallerSent!.Packets, session.CallerSent!.Packets);
            Assert.Equal(one.Record.Callee.Number, session.CalleeNumber);
            Assert.Null(store.GetRecording(one.Record.Id));

            // What an older program wrote and this one writes again is told apart, and replaced.
            Assert.Equal(1, store.Write([one]).Replaced);
            Assert.Equal([.. Oracle(calls, ascending: false).Select(static found => found.Id)], Follow(store, new MediaSessionQuery { Limit = 100 }));
        }

        using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.Records, "2026-11-20.db"), SqliteAccess.Read, TimeSpan.Zero, 100);
        Assert.Equal(SchemaMigrations.Records.Version, database.Scalar("PRAGMA user_version"));
        Assert.Equal(0, database.Scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'media_sessions_by_call'"));
    }


    // As a program wrote it that knew no media sessions.
    private static void MakeSchema1(string path)
    {
        using SqliteDatabase database = SqliteDatabase.Open(path, SqliteAccess.Write, TimeSpan.Zero, 1000);
        database.Execute("DROP TRIGGER text_stale_delete; DROP TABLE text_segments; DROP TABLE text_grams; DROP TABLE text_terms; DROP TABLE text_stale; DROP TRIGGER call_sums_delete; DROP TABLE call_sums; DROP TABLE call_profiles; DROP TABLE media_sessions; DROP TABLE recordings; PRAGMA user_version = 1");
        foreach (string column in (string[])["pdd_us", "profile", "context", "caller_e164", "callee_e164", "caller_user", "callee_user"]) database.Execute($"ALTER TABLE calls DROP COLUMN {column}");
        var documents = new List<(long Document, string Json)>();
        using (SqliteStatement all = database.Prepare("SELECT document, json FROM call_documents"))
        {
            while (all.Step()) documents.Add((all.Long(0), Encoding.UTF8.GetString(all.Blob(1))));
        }

        foreach ((long document, string json) in documents)
        {
            JsonNode root = JsonNode.Parse(json)!;
            foreach (JsonNode? session in root["media_sessions"]!.AsArray())
            {
                foreach (string member in session!.AsObject().Select(static pair => pair.Key).Except(MembersOfSchema1).ToArray()) session.AsObject().Remove(member);
            }

            database.Prepare("UPDATE call_documents SET json = ?1 WHERE document = ?2").BindBlob(Encoding.UTF8.GetBytes(root.ToJsonString()).AsSpan()).Bind(document).Run();
        }
    }
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresMediaSessionListTests : MediaSessionListTests, IOnPostgres
{
    private protected override StorePlace NewPlace() => new PostgresPlace();
}
