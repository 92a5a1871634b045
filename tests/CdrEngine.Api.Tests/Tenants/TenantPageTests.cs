using CdrEngine.Api.Access;

namespace CdrEngine.Api.Tests.Tenants;

/// <summary>What a tenant sees of a page of calls that name calls of others.</summary>
public sealed class TenantPageTests
{
    [Fact]
    public void Page_ShowsWhatEachOfItsCallsDoesByItself_AndAsksForOthersOnce()
    {
        var random = new Random(1);
        for (int round = 0; round < 50; round++)
        {
            CallRecord[] page = [.. Enumerable.Range(0, random.Next(12)).Select(i => TestCalls.Call(i) with { Id = $"mine-{i}" })];
            for (int i = 0; i < page.Length; i++)
            {
                page[i] = page[i] with
                {
                    Links = [.. Enumerable.Range(0, random.Next(4)).Select(_ => new CallLink(Id(), "x", default, 1, default))],
                    Transfer = random.Next(3) == 0 ? new TransferRecord { Kind = default, Role = default, CallId = random.Next(4) == 0 ? null : Id() } : null,
                };
            }

            var asked = new Owners(OwnerOf);
            IReadOnlyList<CallRecord> shown = TenantView.OfPage(page, "acme", asked);
            Assert.Equal(page.Select(call => What(TenantView.Of(call, "acme", new Owners(OwnerOf)))), shown.Select(What));
            Assert.Equal(page.Select(static call => What(Left(call))), shown.Select(What));
            Assert.InRange(asked.Questions.Count, 0, 1);
            string[] ids = [.. asked.Questions.SelectMany(static question => question)];
            Assert.Equal(ids.Distinct(), ids);
            Assert.DoesNotContain(ids, id => page.Any(call => call.Id == id));

            string Id() => random.Next(3) switch { 0 when page.Length > 0 => $"mine-{random.Next(page.Length)}", 1 => $"elsewhere-{random.Next(5)}", _ => $"other-{random.Next(5)}" };
        }

        static string What(CallRecord call) => $"{call.Id}: {string.Join(' ', call.Links.Select(static link => link.CallId))}, {call.Transfer is not null} {call.Transfer?.CallId}";

        // What is left of a record: names of calls that are acme's.
        static CallRecord Left(CallRecord call) => call with
        {
            Links = [.. call.Links.Where(static link => OwnerOf(link.CallId) == "acme")],
            Transfer = call.Transfer is { CallId: { } other } && OwnerOf(other) != "acme" ? call.Transfer with { CallId = null } : call.Transfer,
        };

        static string? OwnerOf(string id) => id[0] switch { 'm' or 'e' => "acme", _ => id[^1] == '3' ? null : "zeta" };
    }

    private sealed class Owners(Func<string, string?> ownerOf) : ICallReader
    {
        public List<string[]> Questions { get; } = [];

        public CallRecord? Get(string id) => throw new NotSupportedException();

        public CallPage List(CallQuery query) => throw new NotSupportedException();

        public IReadOnlyDictionary<string, string?> TenantsOf(IReadOnlyCollection<string> ids)
        {
            Questions.Add([.. ids]);
            return ids.ToDictionary(static id => id, ownerOf, StringComparer.Ordinal);
        }
    }
}
