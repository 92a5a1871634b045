using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Definitions of reports and their results.</summary>
public abstract class ReportStoreTests : IDisposable
{
    private static readonly Timestamp Now = Timestamp.FromUnix(1_795_148_820, 0);

    private static readonly ReportDefinition Report = new()
    {
        Tenant = "acme",
        Name = "Daily",
        Type = "NORMAL",
        Email = "someone@example.com",
        Format = "CSV",
        Range = "CUSTOM",
        From = Now - TimeSpan.FromDays(2),
        To = Now - TimeSpan.FromDays(1),
        Cron = "0 6 * * *",
        Filter = "{}",
        Status = "SCHEDULED",
        CreatedAt = Now,
        NextRunAt = Now,
    };

    private static readonly CompletedReport Result = new()
    {
        ReportId = 1,
        Tenant = "acme",
        Name = "Daily",
        Type = "NORMAL",
        Format = "CSV",
        CompletedAt = Now,
        FileName = "daily.csv",
        Key = "k",
    };

    private readonly StorePlace _place;

    private protected ReportStoreTests(StorePlace place) => _place = place;

    private protected StorePlace Place => _place;

    public void Dispose()
    {
        _place.Dispose();
        GC.SuppressFinalize(this);
    }

    [StoreFact]
    public virtual void Store_ThatIsOnlyAsked_HasNothing()
    {
        using IReportDatabase store = _place.Reports();
        Assert.Empty(store.List(null));
        Assert.Empty(store.ListCompleted("acme"));
        Assert.Null(store.Find(1));
        Assert.Null(store.FindCompleted(1));
        Assert.Null(store.FindCompleted("k"));
        Assert.Null(store.Content(1));
        Assert.Null(store.Take(Now, Now, "RUNNING"));
        Assert.Null(store.TakeMail(Now, Now));
        Assert.False(store.Update(Report) || store.Remove(1) || store.RemoveCompleted(1));
        Assert.Equal(0, store.Purge(Now));
    }

    [StoreFact]
    public void Definition_IsKeptWhole_AndChanged()
    {
        long id;
        using (IReportDatabase store = _place.Reports()) id = store.Add(Report)!.Value;
        using (IReportDatabase store = _place.Reports())
        {
            Assert.Equal(Report with { Id = id }, store.Find(id));
            ReportDefinition changed = Report with { Id = id, Name = "Weekly", Email = null, From = null, To = null, Cron = null, NextRunAt = null, Status = "FAILED" };
            Assert.True(store.Update(changed));
            Assert.Equal(changed with { Revision = 1 }, Assert.Single(store.List("acme")));
            Assert.Empty(store.List("beta"));
            Assert.True(store.Remove(id));
            Assert.False(store.Remove(id));

            // Ids are not used again.
            Assert.True(store.Add(Report) > id);
        }
    }

    [StoreFact]
    public void Definitions_AreBounded_ForEachTenantAndTogether()
    {
        using IReportDatabase store = _place.Reports(new ReportLimits { DefinitionsPerTenant = 2, Definitions = 3 });
        Assert.NotNull(store.Add(Report));
        Assert.NotNull(store.Add(Report));
        Assert.Null(store.Add(Report));
        Assert.NotNull(store.Add(Report with { Tenant = null }));
        Assert.Null(store.Add(Report with { Tenant = "beta" }));
    }

    [StoreFact]
    public void Due_IsTakenByOne_UntilItIsFinishedOrAbandoned()
    {
        using IReportDatabase one = _place.Reports();
        using IReportDatabase other = _place.Reports();
        long id = one.Add(Report)!.Value;
        Timestamp later = Now + TimeSpan.FromMinutes(15);
        Assert.Null(one.Take(Now - TimeSpan.FromSeconds(1), later, "RUNNING"));
        ReportDefinition taken = one.Take(Now, later, "RUNNING")!;
        Assert.Equal((id, "RUNNING"), (taken.Id, taken.Status));
        Assert.Null(other.Take(Now, later, "RUNNING"));
        Assert.NotNull(other.Take(later, later + TimeSpan.FromMinutes(15), "RUNNING"));
        other.Finish(taken, "SCHEDULED", later + TimeSpan.FromHours(1));
        Assert.Null(one.Take(later, later, "RUNNING"));
        Assert.Equal(("SCHEDULED", later + TimeSpan.FromHours(1)), (one.Find(id)!.Status, one.Find(id)!.NextRunAt));
    }

    [StoreFact]
    public void ChangeWhileItIsMade_DecidesWhenItIsNext()
    {
        using IReportDatabase store = _place.Reports();
        long id = store.Add(Report)!.Value;
        ReportDefinition taken = store.Take(Now, Now + TimeSpan.FromMinutes(1), "RUNNING")!;
        store.Update(taken with { NextRunAt = Now + TimeSpan.FromDays(7) });
        store.Finish(taken, "SCHEDULED", Now + TimeSpan.FromDays(1));
        Assert.Equal(Now + TimeSpan.FromDays(7), store.Find(id)!.NextRunAt);
    }

    [StoreFact]
    public void Result_IsKeptWithItsFile_AndRemovedWithIt()
    {
        using IReportDatabase store = _place.Reports();
        long id = store.Complete(Result, new byte[] { 1, 2, 3 });
        CompletedReport kept = Result with { Id = id, FileSize = 3 };
        Assert.Equal(kept, store.FindCompleted(id));
        Assert.Equal(kept, store.FindCompleted("k"));
        Assert.Equal(kept, Assert.Single(store.ListCompleted(null)));
        Assert.Equal([1, 2, 3], store.Content(id)!);
        Assert.True(store.RemoveCompleted(id));
        Assert.Null(store.Content(id));
        Assert.False(store.RemoveCompleted(id));
    }

    [StoreFact]
    public void Results_AreBounded_InNumberBytesAndAge()
    {
        using IReportDatabase store = _place.Reports(new ReportLimits { ResultsPerTenant = 3, Results = 5, ResultBytes = 100 });
        long Add(string? tenant, int bytes, int i) => store.Complete(Result with { Tenant = tenant, Key = $"k{i}", CompletedAt = Now + TimeSpan.FromSeconds(i) }, new byte[bytes]);
        for (int i = 0; i < 4; i++) Add("acme", 10, i);
        Assert.Equal(["k1", "k2", "k3"], store.ListCompleted("acme").Select(static result => result.Key));
        for (int i = 4; i < 7; i++) Add(i % 2 == 0 ? "beta" : null, 10, i);
        Assert.Equal(["k2", "k3", "k4", "k5", "k6"], store.ListCompleted(null).Select(static result => result.Key));
        Add("gamma", 75, 7);
        Assert.Equal(["k5", "k6", "k7"], store.ListCompleted(null).Select(static result => result.Key));

        // The newest stays however large it is.
        long last = Add("gamma", 200, 8);
        Assert.Equal(["k8"], store.ListCompleted(null).Select(static result => result.Key));
        Assert.Equal(0, store.Purge(Now + TimeSpan.FromSeconds(8)));
        Assert.Equal(1, store.Purge(Now + TimeSpan.FromSeconds(9)));
        Assert.Null(store.Content(last));
    }

    [StoreFact]
    public void Mail_IsTakenByOne_AndTriedAgainUntilItIsFinished()
    {
        using IReportDatabase store = _place.Reports();
        store.Complete(Result, new byte[1]);
        Assert.Null(store.TakeMail(Now, Now));
        long id = store.Complete(Result with { Key = "m", Email = "someone@example.com" }, new byte[1]);
        Timestamp again = Now + TimeSpan.FromMinutes(2);
        Assert.Equal((id, 1), (store.TakeMail(Now, again)!.Id, store.FindCompleted(id)!.MailTries));
        Assert.Null(store.TakeMail(Now, again));
        store.PutOffMail(id, again + TimeSpan.FromMinutes(1));
        Assert.Null(store.TakeMail(again, again));
        Assert.Equal(2, store.TakeMail(again + TimeSpan.FromMinutes(1), again)!.MailTries);
        store.FinishMail(id);
        Assert.Null(store.TakeMail(Now + TimeSpan.FromDays(1), again));
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteReportStoreTests() : ReportStoreTests(new SqlitePlace())
{
    [StoreFact]
    public override void Store_ThatIsOnlyAsked_HasNothing()
    {
        base.Store_ThatIsOnlyAsked_HasNothing();
        Assert.False(File.Exists(Path.Combine(((SqlitePlace)Place).Folder.Records, SqliteReportStore.FileName)));
    }
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresReportStoreTests() : ReportStoreTests(new PostgresPlace()), IOnPostgres;
