using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Directories;
using Xunit;

namespace CdrEngine.Host.Tests.Directories;

/// <summary>What the API learns of the directory in force.</summary>
public sealed class ApiDirectoryTests
{
    private const string Text = """
        directory {
          plans.de { country-code = "49", international-prefixes = ["00"], national-prefix = "0" }
          default-plan = de
          tenants { acme { id = 1, name = "Acme GmbH" }, zeta { id = 2 } }
          users = [
            { id = 12, tenant = acme, name = Bob, extensions = [1002], usernames = [bob] },
            { id = 11, tenant = acme, name = Alice, extensions = [1001], numbers = ["+49301234501"], devices = ["00:04:13:AA:BB:CC"] },
            { id = 21, tenant = zeta, name = Zoe, extensions = [1001] },
          ]
          contacts = [ { id = 5, tenant = acme, name = Carla, numbers = ["+4940555"] } ]
          numbers = [
            { class = queue, id = 3, tenant = acme, name = Sales, extensions = [500], members = [11, 12] },
            { class = ring-group, id = 8, tenant = acme, name = Both, extensions = [501], members = [12, "queue:3"] },
            { class = ring-group, id = 2, tenant = acme, name = Alone, extensions = [502], members = [12] },
            { class = tracking, id = 6, tenant = acme, name = Poster, first = "+49301234599", last = "+49301234601" },
            { class = test, id = 4, name = Echo, extensions = [999] },
          ]
        }
        """;

    [Fact]
    public void Directory_InForce_TellsAccountsAndWhoIsWho()
    {
        using var folder = new TemporaryFolder();
        using DirectoryHolder holder = Open(folder, Text);
        var api = new ApiDirectory(holder);
        Assert.Equal(["acme", "zeta"], api.Tenants.Select(static tenant => tenant.Name));
        Assert.Equal(new ApiAccount("acme", 1), api.Find("acme"));
        Assert.Equal(new ApiAccount("zeta", 2), api.Find("2"));
        foreach (string none in (string[])["", "3", "0", "Acme", "-1"]) Assert.Null(api.Find(none));

        Assert.Equal(["1001", "+49301234501"], api.NumbersOf("acme", 11));
        Assert.Equal(["1002", "bob"], api.NumbersOf(null, 12));
        Assert.Empty(api.NumbersOf("zeta", 11));
        Assert.Empty(api.NumbersOf(null, 99));

        Assert.Equal(["Alice", "Bob"], Names(api.List("acme", PartyKind.User)));
        Assert.Equal(["Alice", "Bob", "Zoe"], Names(api.List(null, PartyKind.User)));
        Assert.Equal(["Carla"], Names(api.List("acme", PartyKind.Contact)));
        Assert.Empty(api.List("zeta", PartyKind.Queue));
        Assert.Equal(["Echo"], Names(api.List("zeta", PartyKind.Test)));

        Assert.Equal([11, 12], api.Entry("acme", PartyKind.Queue, 3)!.Members.Select(static member => member.Id));
        Assert.Null(api.Entry("zeta", PartyKind.Queue, 3));
        Assert.Null(api.Entry("acme", PartyKind.User, 21));

        Assert.Equal(["Alone", "Both", "Sales"], Names(api.GroupsOf("acme", PartyKind.User, 12)));
        Assert.Equal(["Sales"], Names(api.GroupsOf(null, PartyKind.User, 11)));
        Assert.Equal(["Both"], Names(api.GroupsOf("acme", PartyKind.Queue, 3)));
        Assert.Empty(api.GroupsOf("zeta", PartyKind.User, 12));
        Assert.Empty(api.GroupsOf(null, PartyKind.Contact, 12));

        NumberRange range = Assert.Single(api.Entry("acme", PartyKind.Tracking, 6)!.Ranges);
        Assert.Equal(["+49301234599", "+49301234600", "+49301234601"], Enumerable.Range(0, (int)range.Count).Select(i => range[i]));

        Assert.Equal("Alice", api.WhoHas("acme", "1001")?.Name);
        Assert.Equal("Zoe", api.WhoHas("zeta", "1001")?.Name);
        Assert.Null(api.WhoHas("nobody", "1001"));
        Assert.Null(api.WhoHas("zeta", "+49301234501"));

        Assert.Equal("Alice", api.OwnerOf("acme", "00-04-13-AA-BB-CC")?.Name);
        Assert.Equal("Alice", api.OwnerOf(null, "000413aabbcc")?.Name);
        Assert.Null(api.OwnerOf("zeta", "00:04:13:aa:bb:cc"));
        Assert.Null(api.OwnerOf("acme", "00:04:13:aa:bb:cd"));
    }

    [Fact]
    public void ChangedDirectory_IsWhatIsToldFromThenOn()
    {
        using var folder = new TemporaryFolder();
        using DirectoryHolder holder = Open(folder, Text);
        var api = new ApiDirectory(holder);
        Assert.Equal("Alice", api.Entry("acme", PartyKind.User, 11)?.Name);
        folder.Write("d.conf", Text.Replace("Alice", "Albert", StringComparison.Ordinal));
        holder.Look();
        Assert.Equal("Albert", api.Entry("acme", PartyKind.User, 11)?.Name);
    }

    [Fact]
    public void WithoutTenants_EveryAccountStandsForEverything()
    {
        using var folder = new TemporaryFolder();
        using DirectoryHolder none = Open(folder, null);
        using DirectoryHolder without = Open(folder, "directory { contacts = [ { id = 1, name = Carla, numbers = [\"+4940555\"] } ] }");
        foreach (DirectoryHolder holder in (DirectoryHolder[])[none, without])
        {
            var api = new ApiDirectory(holder);
            Assert.Equal(new ApiAccount(null, 1234), api.Find("1234"));
            Assert.Equal(new ApiAccount(null, null), api.Find("anybody"));
            Assert.Empty(api.Tenants);
        }

        Assert.Empty(new ApiDirectory(none).List(null, PartyKind.Contact));
        Assert.Null(new ApiDirectory(none).WhoHas(null, "1"));
    }

    private static IEnumerable<string> Names(IReadOnlyList<DirectoryEntry> entries) => entries.Select(static entry => entry.Name);

    private static DirectoryHolder Open(TemporaryFolder folder, string? text) =>
        DirectoryHolder.Open(
            SettingsLoader.Load(
                new SettingsFlags { DataDirectory = folder.Path, Set = text is null ? [] : [$"directory.file={folder.Write("d.conf", text)}"] },
                static _ => null));
}
