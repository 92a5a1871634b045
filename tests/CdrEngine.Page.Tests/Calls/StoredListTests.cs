using System.Globalization;
using System.Text.RegularExpressions;
using CdrEngine.Api.Access;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Host.Joined;
using CdrEngine.Page.Calls;
using CdrEngine.Page.Tests.Browser;
using CdrEngine.Storage;
using Xunit;

namespace CdrEngine.Page.Tests.Calls;

/// <summary>The list over more calls than are read one by one: sums and charts against a count by hand, and what a tenant is shown.</summary>
public sealed partial class StoredListTests : IDisposable
{
    private static readonly Timestamp Start = Timestamp.From(new DateTimeOffset(2026, 11, 16, 22, 20, 0, TimeSpan.Zero));
    private readonly string _folder = Directory.CreateTempSubdirectory("cdrengine-list-").FullName;
    private readonly CallRecord[] _calls = [.. Enumerable.Range(0, 3000).Select(Call)];

    public StoredListTests() => Store(_calls);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task SumsAndChart_AreThoseOfAllCallsThatMatch()
    {
        await using Served served = await Served.StartAsync(_folder, "cdrengine.api.auth=off");
        (string Query, Func<CallRecord, bool> Meets, bool HasKinds)[] filters =
        [
            ("", static _ => true, true),
            ("disposition=busy,failed", static call => call.Disposition is Disposition.Busy or Disposition.Failed, true),
            ("status=486&status=0", static call => call.SipStatus is 486 or 0, true),
            ("cause=17&cause=0", static call => call.Cause?.Q850 is null or 0 or 17, true),
            ("trunk=carrier-b", static call => call.Marks?.Trunk == "carrier-b", true),
            ("from=2026-11-17T05:17:09Z&to=2026-11-18T01:43:00Z", static call => Between(call, "2026-11-17T05:17:09Z", "2026-11-18T01:43:00Z"), true),
            ("from=2026-11-17T05:17:09Z&to=2026-11-17T14:43:00Z&trunk=carrier-a", static call => Between(call, "2026-11-17T05:17:09Z", "2026-11-17T14:43:00Z") && call.Marks?.Trunk == "carrier-a", true),
            ("caller=100*", static call => call.Caller.Number!.StartsWith("100", StringComparison.Ordinal), false),
            ("caller=100*&from=2026-11-17T05:17:09Z&disposition=answered", static call => call.Caller.Number!.StartsWith("100", StringComparison.Ordinal) && call.Disposition == Disposition.Answered && Between(call, "2026-11-17T05:17:09Z", "2027-01-01T00:00:00Z"), true),
            ("min=1m", static call => call.Duration >= TimeSpan.FromMinutes(1), false),
            ("caller=1077", static call => call.Caller.Number == "1077", true),
            ("caller=nobody", static _ => false, true),
        ];
        foreach ((string query, Func<CallRecord, bool> meets, bool hasKinds) in filters)
        {
            CallRecord[] expected = [.. _calls.Where(meets)];
            string part = await served.ReadAsync($"/calls?{query}", part: "totals");
            if (expected.Length == 0)
            {
                Assert.Empty(part);
                continue;
            }

            Assert.Equal((expected.Length, expected.Count(static call => call.Disposition == Disposition.Answered)), (Figure(part, "Calls"), Figure(part, "Answered")));
            Assert.Contains("all that match", part);
            string[] names = hasKinds ? ["answered", "not reached", "failed"] : ["answered", "not answered"];
            int[] kinds = [.. Enumerable.Range(0, 3).Select(kind => expected.Count(call => CallChart.KindOf(call.Disposition) == kind))];
            if (!hasKinds) kinds = [kinds[0], kinds[1] + kinds[2]];
            Assert.Equal(kinds, names.Select(name => Bars().Matches(part).Sum(bar => Count(bar.Groups[1].Value, name))));

            // A bar leads to the calls that it counts.
            Match linked = Links().Match(part);
            string list = await served.ReadAsync(linked.Groups[1].Value.Replace("&amp;", "&", StringComparison.Ordinal) + "&limit=500", part: "results");
            Assert.Equal(names.Sum(name => Count(linked.Groups[2].Value, name)), Rows().Count(list));
        }
    }

    [Fact]
    public async Task Csv_HasTheFiltersOfTheView()
    {
        await using Served served = await Served.StartAsync(_folder, "cdrengine.api.auth=off");
        string page = await served.ReadAsync("/calls?limit=200&trunk=carrier-b&status=486&from=2026-11-17T05:17:09Z&to=2026-11-18T01:43:00Z");
        Assert.Equal(4, Regex.Count(page, "class=\"chip\""));
        string csv = await served.ReadAsync(Regex.Match(page, "href=\"(/api/v1/calls\\?format=csv[^\"]*)\"").Groups[1].Value.Replace("&amp;", "&", StringComparison.Ordinal));
        int expected = _calls.Count(static call => call.Marks?.Trunk == "carrier-b" && call.SipStatus == 486 && Between(call, "2026-11-17T05:17:09Z", "2026-11-18T01:43:00Z"));
        Assert.True(expected > 5);
        Assert.Equal(expected, csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length - 1);
        Assert.Equal(expected, Rows().Count(page));
    }

    [Fact]
    public async Task Tenant_IsNotShownWhatAnothersCallsAreLinkedTo()
    {
        // A call of acme and one of zeta, joined by an exchange; acme's was transferred to another of zeta's.
        CallRecord mine = Call(10) with { Id = CallId.Derive("mine", "x", Start), SipCallId = "mine" }, theirs = Call(11) with { Id = CallId.Derive("theirs", "x", Start), SipCallId = "host-of-zeta@secret.example" };
        mine = mine with
        {
            SessionId = mine.Id,
            Marks = new CallMarks { Tenant = "acme" },
            Links = [new CallLink(theirs.Id, theirs.SipCallId, LinkMethod.Header, 1, LinkRelation.Downstream)],
        };
        theirs = theirs with { SessionId = mine.Id, Marks = new CallMarks { Tenant = "zeta" }, Links = [new CallLink(mine.Id, mine.SipCallId, LinkMethod.Header, 1, LinkRelation.Upstream)] };
        Store([mine, theirs]);
        await using Served served = await Served.StartAsync(_folder);
        string token = TokenStore.Open(DataFolder.Access(_folder), TimeProvider.System).Create("acme", [ApiScopes.CallsRead], expires: null, "acme");
        await Task.Delay(TimeSpan.FromSeconds(1.1));
        string admin = await served.SignInAsync(served.Token), acme = await served.SignInAsync(token);
        Assert.Contains("2 calls", Cells(await served.ReadAsync("/calls?cols=session&session=" + mine.Id, admin)));
        Assert.Equal(["alone"], Cells(await served.ReadAsync("/calls?cols=session", acme)));
        Assert.Contains("conversation of several", await served.ReadAsync($"/calls/{mine.Id}", admin));
        foreach (string path in (string[])[$"/calls/{mine.Id}", $"/sessions/{mine.Id}", "/calls?cols=call_id", "/sessions", "/dashboards?when=last+365+days"])
        {
            string page = await served.ReadAsync(path, acme);
            Assert.DoesNotContain("secret.example", page);
            Assert.DoesNotContain(theirs.Id, page);
        }

        Assert.DoesNotContain("conversation of several", await served.ReadAsync($"/calls/{mine.Id}", acme));
    }

    private void Store(CallRecord[] calls)
    {
        using ICallStore store = Stores.Calls(Served.SettingsOf(_folder), StoreUse.Engine);
        Assert.Empty(store.Write([.. calls.Select(static call => new StoredCall(call, RecordRevision.Final, ReadOnlyMemory<byte>.Empty))]).Failed);
    }

    private static string[] Cells(string page) => [.. Regex.Matches(page, "data-label=\"Session\"><a[^>]*>([^<]*)</a>").Select(static match => match.Groups[1].Value)];

    private static bool Between(CallRecord call, string from, string to) => string.CompareOrdinal(call.StartedAt.ToString(), from) >= 0 && string.CompareOrdinal(call.StartedAt.ToString(), to) < 0;

    private static int Figure(string part, string name) =>
        int.Parse(Regex.Match(part, $"<dt>{name}</dt><dd><span class=\"figure[^\"]*\">([0-9\u202F]+)").Groups[1].Value.Replace("\u202F", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);

    private static int Count(string words, string name) => int.Parse(Regex.Match(words, $"{name} ([0-9]+)").Groups[1].Value, CultureInfo.InvariantCulture);

    // Some three days, unevenly; every kind of outcome, two trunks, some callers.
    private static CallRecord Call(int index)
    {
        Timestamp at = Start + TimeSpan.FromSeconds((index * 83) + (index * index % 59));
        Disposition outcome = (index % 7) switch { 0 => Disposition.Busy, 1 => Disposition.NoAnswer, 2 => Disposition.Failed, 3 => Disposition.Cancelled, _ => Disposition.Answered };
        string id = CallId.Derive($"call-{index}", "tag", at);
        return new CallRecord
        {
            Id = id,
            SessionId = id,
            SipCallId = $"call-{index}",
            State = CallState.Ended,
            Disposition = outcome,
            SipStatus = outcome switch { Disposition.Answered => 200, Disposition.Busy => 486, Disposition.Cancelled => 487, Disposition.Failed => 503, _ => 0 },
            Cause = outcome switch { Disposition.Answered => new Cause(16, "Normal call clearing", CauseSource.Header), Disposition.Busy => new Cause(17, "User busy", CauseSource.Header), _ => null },
            Dialled = "2002",
            Caller = new Party { Number = (1000 + (index % 100)).ToString(CultureInfo.InvariantCulture) },
            Callee = new Party { Number = "2002" },
            StartedAt = at,
            AnsweredAt = outcome == Disposition.Answered ? at + TimeSpan.FromSeconds(2) : null,
            EndedAt = at + TimeSpan.FromSeconds(index % 110),
            Marks = new CallMarks { Trunk = index % 3 == 0 ? "carrier-a" : "carrier-b" },
        };
    }

    [GeneratedRegex("<title>([^<]*answered [^<]*)</title>")]
    private static partial Regex Bars();

    [GeneratedRegex("<a href=\"(/calls\\?[^\"]*)\" aria-label=\"([^\"]*)\">")]
    private static partial Regex Links();

    [GeneratedRegex("class=\"row-link\"")]
    private static partial Regex Rows();
}
