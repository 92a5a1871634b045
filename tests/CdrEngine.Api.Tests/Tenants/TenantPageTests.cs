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

            int lookups = 0;
            string[] asked = [];
            IReadOnlyList<CallRecord> shown = TenantView.OfPage(page, "acme", ids =>
            {
                lookups++;
                asked = [.. ids];
                return OwnerOf;
            });
            Assert.Equal(page.Select(call => What(TenantView.Of(call, "acme", OwnerOf))), shown.Select(What));
            Assert.InRange(lookups, 0, 1);
            Assert.Equal(asked.Distinct(), asked);
            Assert.DoesNotContain(asked, id => page.Any(call => call.Id == id));

            string Id() => random.Next(3) switch { 0 when page.Length > 0 => $"mine-{random.Next(page.Length)}", 1 => $"elsewhere-{random.Next(5)}", _ => $"other-{random.Next(5)}" };
        }

        static string What(CallRecord call) => $"{call.Id}: {string.Join(' ', call.Links.Select(static link => link.CallId))}, {call.Transfer is not null} {call.Transfer?.CallId}";

        static string? OwnerOf(string id) => id[0] switch { 'm' or 'e' => "acme", _ => id[^1] == '3' ? null : "zeta" };
    }
}
