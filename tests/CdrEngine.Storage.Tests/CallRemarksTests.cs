using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>What only the dialects know.</summary>
public abstract class CallRemarksTests
{
    private protected abstract StorePlace NewPlace();

    private static readonly Timestamp Now = TestCalls.Start;

    [StoreFact]
    public void Remarks_AreKept_AllMembers()
    {
        using StorePlace place = NewPlace();
        var full = new CallRemark
        {
            Info = "i",
            Notes = "n",
            Transcript = "t",
            TranscriptSpeakers = "s",
            Summary = "u",
            Sentiment = "e",
            Score = 57,
            Metadata = "{}",
            Folder = 2,
            IsHeard = true,
            IsMessageDeleted = true,
        };
        using (IRemarkDatabase remarks = place.Remarks())
        {
            Assert.Equal(CallRemark.None, remarks.Get("a"));
            Assert.True(remarks.Change([new RemarkChange("a", _ => full), new RemarkChange("b", static remark => remark with { Info = "b" })], "me", Now));
        }

        using IRemarkDatabase again = place.Remarks();
        Assert.Equal(full, again.Get("a"));
        string[] many = [.. Enumerable.Range(0, 120).Select(static i => $"x{i}"), "b"];
        Assert.Equal("b", again.Get(many)["b"].Info);
        Assert.Single(again.Get(many));
    }

    [StoreFact]
    public void Remarks_AreAsManyAsMayBe_AllChangesOrNone()
    {
        using StorePlace place = NewPlace();
        using IRemarkDatabase remarks = place.Remarks(new CallRemarksLimits { Remarks = 2 });
        RemarkChange Write(string id) => new(id, static remark => remark with { Info = "x" + remark.Info });
        Assert.True(remarks.Change([Write("a")], "me", Now));
        Assert.False(remarks.Change([Write("b"), Write("c")], "me", Now));
        Assert.Equal(CallRemark.None, remarks.Get("b"));
        Assert.True(remarks.Change([Write("b"), Write("a")], "me", Now));
        Assert.Equal("xx", remarks.Get("a").Info);
        Assert.False(remarks.Change([Write("c")], "me", Now));
    }

    [StoreFact]
    public void Links_HoldForTheirTime_AndAreRenewedInTheSecondHalf()
    {
        using StorePlace place = NewPlace();
        using IRemarkDatabase remarks = place.Remarks(new CallRemarksLimits { Links = 2 });
        TimeSpan life = TimeSpan.FromHours(2);
        string secret = remarks.Links(["a"], Now, life)["a"];
        Assert.Equal(secret, remarks.Links(["a"], Now + TimeSpan.FromMinutes(50), life)["a"]);
        Assert.Equal("a", remarks.LinkedCall(secret, Now + TimeSpan.FromMinutes(119)));
        Assert.Null(remarks.LinkedCall(secret, Now + TimeSpan.FromMinutes(120)));
        Assert.Null(remarks.LinkedCall("' OR 1=1", Now));
        Assert.Null(remarks.LinkedCall(secret.ToUpperInvariant() + "x", Now));
        Assert.NotEqual(secret, remarks.Links(["a"], Now + TimeSpan.FromMinutes(61), life)["a"]);
        Assert.Empty(remarks.Links(["b", "c"], Now + TimeSpan.FromMinutes(61), life));
        Assert.Equal(2, remarks.Links(["b", "c"], Now + TimeSpan.FromHours(9), life).Count);
    }

    [StoreFact]
    public void Cleared_ByListAndTenant()
    {
        using StorePlace place = NewPlace();
        using IRemarkDatabase remarks = place.Remarks();
        Assert.Empty(remarks.Cleared(ClearedList.Statements));
        remarks.Clear(ClearedList.Statements, "acme", "me", Now);
        remarks.Clear(ClearedList.Statements, null, "me", Now + TimeSpan.FromSeconds(1));
        Assert.Equal(Now, remarks.Cleared(ClearedList.Statements)["acme"]);
        Assert.Equal(Now + TimeSpan.FromSeconds(1), remarks.Cleared(ClearedList.Statements)[""]);
        Assert.Empty(remarks.Cleared(ClearedList.Messages));
    }

    [StoreFact]
    public void HiddenMessages_AreCountedByWhatListsAskFor_AndGoWithTheirDays()
    {
        using StorePlace place = NewPlace();
        using IRemarkDatabase remarks = place.Remarks();
        MessageRecord[] messages =
        [
            .. Enumerable.Range(0, 4).Select(static i => new MessageRecord
            {
                Id = CallId.Derive($"m{i}", "t", Now + TimeSpan.FromDays(i)),
                SipCallId = "x",
                ConversationId = i < 2 ? "c" : "d",
                From = new MessageParty { Number = $"{i}" },
                To = new MessageParty { Number = "9" },
                StartedAt = Now + TimeSpan.FromDays(i),
                Outcome = MessageOutcome.Delivered,
                Tenant = i == 0 ? "acme" : null,
            }),
        ];
        Assert.True(remarks.HideMessages(messages, "me", Now));
        Assert.True(remarks.HideMessages(messages, "me", Now));
        Assert.Equal(4, remarks.CountHidden(new MessageQuery()));
        Assert.Equal(2, remarks.CountHidden(new MessageQuery { ConversationId = "c" }));
        Assert.Equal(1, remarks.CountHidden(new MessageQuery { Tenant = "acme" }));
        Assert.Equal(1, remarks.CountHidden(new MessageQuery { Number = "3", Kind = MessageKind.Sip, Outcome = MessageOutcome.Delivered }));
        Assert.Equal(0, remarks.CountHidden(new MessageQuery { Kind = MessageKind.Msrp }));
        Assert.Equal(2, remarks.CountHidden(new MessageQuery { From = Now + TimeSpan.FromDays(1), To = Now + TimeSpan.FromDays(3) }));
        Assert.Equal([messages[1].Id], remarks.HiddenMessages([messages[1].Id, "other"]));
        Assert.True(remarks.Change([new RemarkChange(messages[0].Id, static remark => remark with { Info = "x" })], "me", Now));
        remarks.RemoveBefore(DateOnly.FromDateTime((Now + TimeSpan.FromDays(2)).ToDateTime()));
        Assert.Equal(2, remarks.CountHidden(new MessageQuery()));
        Assert.Equal(CallRemark.None, remarks.Get(messages[0].Id));
    }

    [StoreFact]
    public void MediaSessions_AreCounted_AndSkipped()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        store.Write(TestCalls.Many(300, 8));
        foreach (bool ascending in (bool[])[true, false])
        {
            var query = new MediaSessionQuery { Type = MediaSessionType.Audio, Ascending = ascending, Limit = 1000 };
            MediaSessionPage all = store.ListMediaSessions(query);
            Assert.Null(all.NextCursor);
            Assert.Equal(all.MediaSessions.Count, store.CountMediaSessions(query));
            string[] ids = [.. all.MediaSessions.Select(static session => session.Id)];
            foreach (int skip in (int[])[0, 1, 50, ids.Length - 3, ids.Length, ids.Length + 9])
            {
                MediaSessionPage page = store.ListMediaSessions(query with { Skip = skip, Limit = 10 });
                Assert.Equal(ids.Skip(skip).Take(10), page.MediaSessions.Select(static session => session.Id));
                if (page.NextCursor is not { } cursor) continue;
                Assert.Equal(ids.Skip(skip + 10 + 7).Take(5), store.ListMediaSessions(query with { Cursor = cursor, Skip = 7, Limit = 5 }).MediaSessions.Select(static session => session.Id));
            }
        }

        Assert.Equal(0, store.CountMediaSessions(new MediaSessionQuery { CallId = "none" }));
    }

    [StoreFact]
    public void Messages_AreCounted_AndFoundByRanges()
    {
        using StorePlace place = NewPlace();
        using IMessageDatabase store = place.Messages();
        string chat = CallId.Derive("chat", "1", Now);
        StoredMessage[] messages =
        [
            .. Enumerable.Range(0, 9).Select(i => new StoredMessage(
                new MessageRecord
                {
                    Id = CallId.Derive($"m{i}", "t", Now + TimeSpan.FromHours(i * 5)),
                    ConversationId = chat,
                    SipCallId = $"{i}",
                    From = new MessageParty { Number = "1" },
                    To = new MessageParty { Number = "2" },
                    StartedAt = Now + TimeSpan.FromHours(i * 5),
                    Outcome = i == 0 ? MessageOutcome.Failed : MessageOutcome.Delivered,
                    Text = $"text {i}",
                },
                new ConversationRecord(chat, Now, "1@a", "2@a"),
                [])),
        ];
        store.Write(messages);
        Assert.Equal(9, store.CountMessages(new MessageQuery()));
        Assert.Equal(1, store.CountMessages(new MessageQuery { Outcome = MessageOutcome.Failed }));
        Assert.Equal(1, store.CountMessages(new MessageQuery { Text = "text 3" }));
        Assert.Equal(4, store.CountMessages(new MessageQuery { From = Now + TimeSpan.FromHours(25) }));
        Assert.Equal(0, store.CountMessages(new MessageQuery { ConversationId = "none" }));
        Assert.Equal(1, store.CountConversations(new ConversationQuery { Party = "1" }));
        string day = messages[0].Record.Id[..9];
        Assert.Equal(messages.Take(5).Select(static message => message.Record.Id), store.MessageIds(day + new string('0', 24), day + new string('f', 24)));
        Assert.Equal([messages[2].Record.Id], store.MessageIds(messages[2].Record.Id, messages[2].Record.Id));
        Assert.Equal([chat], store.ConversationIds(chat, chat));
        Assert.Empty(store.MessageIds("x", "y"));
        Assert.Empty(store.ConversationIds(chat, messages[8].Record.Id));
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteCallRemarksTests : CallRemarksTests
{
    private protected override StorePlace NewPlace() => new SqlitePlace();

    [Fact]
    public void Remarks_ThatAreOnlyAsked_MakeNoFile()
    {
        using var place = new SqlitePlace();
        using IRemarkDatabase remarks = place.Remarks();
        Assert.Equal(CallRemark.None, remarks.Get("a"));
        Assert.False(File.Exists(Path.Combine(place.Folder.Records, SqliteCallRemarks.FileName)));
    }
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresCallRemarksTests : CallRemarksTests, IOnPostgres
{
    private protected override StorePlace NewPlace() => new PostgresPlace();
}
