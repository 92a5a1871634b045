using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Records;
using CdrEngine.Host.Directories;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Host.Tests.Directories;

public sealed class DirectoryReaderTests
{
    /// <summary>What is written on line 2 and after of <c>directory {</c>, and the problems: line, column, text.</summary>
    public static TheoryData<string, string> Mistakes() => new()
    {
        { "tenats {}", "2:1: directory has no key 'tenats'; did you mean 'tenants'?" },
        { "plans.de {}", "2:1: plan 'de' needs 'country-code'" },
        { "plans.de { country-code = x }", "2:27: 'country-code': 'x' is no number of 1 to 3 digits" },
        { "plans.de { country-code = 49, bare-numbers = subscriber }", "2:1: plan 'de' reads bare numbers as the area's own and has no area-code" },
        { "plans.de { country-code = 49, extension-lengths = [0] }", "2:52: '0' is no length of 1 to 15" },
        { "plans.de { country-code = 49, national-prefix = \"+\" }", "2:49: 'national-prefix': '+' is no number of 0 to 4 digits" },
        { "default-plan = de", "2:16: there is no plan 'de'" },
        { "default-tenant = acme", "2:18: there is no tenant 'acme'" },
        { "tenants.a { plan = de }", "2:20: there is no plan 'de'" },
        { "tenants.a { rates = r }", "2:21: there is no rate table 'r'" },
        { "tenants.a { recording = sometimes }", "2:25: 'recording' of tenant 'a': 'sometimes' is none of on-demand, always, never, caller, callee" },
        { "tenants { a { id = 1 }\nb { id = 1 } }", "3:1: tenant 'b' has the id 1, as the one at d.conf:2:11" },
        { "tenants { a { domains = [x] }\nb { domains = [X] } }", "3:16: domain 'X' stands at d.conf:2:26 already" },
        { "tenants.a { id = 0 }", "2:18: 'id' of tenant 'a': 0 is outside 1 to 2147483647" },
        { "trunks.t {}", "2:1: trunk 't' has no addresses" },
        { "trunks.t { addresses = [10.0.0.1, \"10.0.0.0/33\"] }", "2:35: '10.0.0.0/33' of trunk 't': '/33' is no prefix length from /0 to /32" },
        { "trunks.t { addresses = [\"10.0.0.1/8\"] }", "2:25: '10.0.0.1/8' of trunk 't': the address has bits behind /8; write 10.0.0.0/8 | 2:1: trunk 't' has no addresses" },
        { "trunks { t { addresses = [10.0.0.1] }\nu { addresses = [10.0.0.1] } }", "3:18: address 10.0.0.1/32 stands at d.conf:2:27 already" },
        { "trunks.t { addresses = [10.0.0.1], tenant = x }", "2:45: there is no tenant 'x'" },
        { "trunks.t { addresses = [10.0.0.1], side = left }", "2:43: 'side' of trunk 't': 'left' is none of carrier, pbx" },
        { "users = [ { id = 1, name = A, extensions = [1] } ]", "2:11: user 1 needs a tenant, as there is no default-tenant" },
        { "contacts = [ { name = A, numbers = [\"+4930123\"] } ]", "2:14: a contact needs an id of 1 or more" },
        { "contacts = [ { id = 1, numbers = [\"+4930123\"] } ]", "2:14: a contact needs a name" },
        { "contacts = [ { id = 1, name = A } ]", "2:14: contact 1 has no number" },
        { "contacts = [ { id = 1, name = A, numbers = [\"030123\"] } ]", "2:45: '030123' is no international number, and there is no plan to make one of it" },
        { "contacts = [ { id = 1, name = A, numbers = [\"+4930123\"] }\n{ id = 1, name = B, numbers = [\"+4930124\"] } ]", "3:1: contact 1 stands at d.conf:2:14 already" },
        { "contacts = [ { id = 1, name = A, numbers = [\"+4930123\"] }\n{ id = 2, name = B, numbers = [\"+49 30 123\"] } ]", "3:32: number +4930123 stands at d.conf:2:45 already" },
        { "contacts = [ { id = 1, name = A, email = x, numbers = [\"+4930123\"] } ]", "2:34: a contact has no key 'email'" },
        { "contacts = {}", "2:12: 'contacts' is a list; write contacts = [ { … } ]" },
        { "tenants.a = 7", "2:13: tenant 'a' is an object; write { … }" },
        { "contacts = [ x ]", "2:14: a contact is an object; write { … }" },
        { "numbers = [ { name = A, extensions = [1] } ]", "2:13: a number needs 'class'" },
        { "numbers = [ { class = ivvr, name = A, extensions = [1] } ]", "2:23: 'class' of a number: 'ivvr' is none of user, contact, number, voicemail, ivr, queue, ring-group, conference, tracking, freephone, test, emergency, feature, fax; did you mean 'ivr'?" },
        { "numbers = [ { class = user, id = 1, name = A, extensions = [1] } ]", "2:23: users and contacts have lists of their own | 2:13: user 1 needs a tenant, as there is no default-tenant" },
        { "numbers = [ { class = ivr, name = A, extensions = [1x] } ]", "2:52: '1x' is no extension: 1 to 15 digits, * and #" },
        { "numbers = [ { class = ivr, name = A, prefixes = [\"+49x\"] } ]", "2:50: '+49x' is no prefix: + and the first digits of international numbers, or the first characters of a code" },
        { "numbers = [ { class = ivr, name = A, first = \"+4930100\" } ]", "2:46: a range needs 'first' and 'last' | 2:13: ivr 'A' has no number" },
        { "numbers = [ { class = ivr, name = A, first = \"+4930200\", last = \"+4930100\" } ]", "2:46: '+4930200' to '+4930100' is no range: two international numbers of the same length, the smaller first" },
        { "numbers = [ { class = ivr, name = A, first = \"+4930100\", last = \"+4930199\" }\n{ class = ivr, name = B, prefixes = [\"+493015\"] } ]", "3:38: prefix +493015 overlaps the range +4930100 to +4930199 of the same class at d.conf:2:46" },
        { "numbers = [ { class = number, name = A, prefixes = [\"+4930\"] }\n{ class = number, name = B, prefixes = [\"+49301\"] } ]", "3:41: prefix +49301 overlaps the prefix +4930 of the same class at d.conf:2:53" },
        { "numbers = [ { class = ivr, name = A, extensions = [1], members = [1] } ]", "2:67: only queues and ring groups have members" },
        { "numbers = [ { class = queue, id = 1, name = A, extensions = [1], members = [7] } ]", "2:13: there is no user 7, a member of 1" },
        { "numbers = [ { class = queue, id = 1, name = A, extensions = [1], members = [\"ivr:7\"] } ]", "2:77: 'ivr:7' is no member: the id of a user, or queue:ID or ring_group:ID" },
        { "numbers = [ { class = queue, id = 1, name = A, extensions = [1], members = [\"ring_group:2\"] }\n{ class = ring-group, id = 2, name = B, extensions = [2], members = [\"queue:1\"] } ]", "2:13: members go in a circle: queue 1 → ring_group 2 → queue 1" },
        { "rates.r { currency = EUR }", "2:1: rate table 'r' is empty" },
        { "rates.r { currency = EUX, entries = [ { prefix = 49, name = A, rate = 1 } ] }", "2:22: 'EUX' is no currency of ISO 4217" },
        { "rates.r { entries = [ { prefix = 49, name = A, rate = 1 } ] }", "2:1: rate table 'r' needs 'currency' | 2:1: '' is no currency of ISO 4217" },
        { "rates.r { currency = EUR, entries = [ { prefix = 49, name = A, rate = \"1,5\" } ] }", "2:71: 'rate' of a rate: '1,5' is no decimal number such as 0.0125" },
        { "rates.r { currency = EUR, entries = [ { prefix = 49, name = A, rate = -1 } ] }", "2:71: 'rate' of a rate: -1 is outside 0 to 1000000" },
        { "rates.r { currency = EUR, entries = [ { prefix = 49, name = A } ] }", "2:39: a rate needs 'rate'" },
        { "rates.r { currency = EUR, entries = [ { name = A, rate = 1 } ] }", "2:39: a rate needs 'prefix'; \"*\" is any number" },
        { "rates.r { currency = EUR, entries = [ { prefix = 4a, name = A, rate = 1 } ] }", "2:50: '4a' is no prefix: the first digits of international numbers, or *" },
        { "rates.r { currency = EUR, entries = [ { prefix = 49, name = A, rate = 1, increments = 60 } ] }", "2:87: '60' are no increments such as 60/60, 30/6 or 1/1: seconds, 1 to 3600" },
        { "rates.r { currency = EUR, entries = [ { prefix = 49, name = A, rate = 1, valid-from = 2026 } ] }", "2:87: '2026' is no day such as 2026-01-01" },
        { "rates.r { currency = EUR, entries = [ { prefix = 49, name = A, rate = 1, valid-from = 2026-02-01, valid-until = 2026-01-01 } ] }", "2:39: 'valid-until' is not after 'valid-from'" },
        { "rates.r { currency = EUR, entries = [ { prefix = 49, name = A, rate = 1, days = [mon-fry] } ] }", "2:82: 'mon-fry' is no day such as mon, or days such as mon-fri" },
        { "rates.r { currency = EUR, entries = [ { prefix = 49, name = A, rate = 1, from = \"8:00\" } ] }", "2:81: '8:00' is no time of the day such as 08:00" },
        { "rates.r { currency = EUR, time-zone = Mars, entries = [ { prefix = 49, name = A, rate = 1 } ] }", "2:39: 'Mars' is no time zone that this system knows, such as Europe/Berlin" },
        { "rates.r { currency = EUR, scale = 11, entries = [ { prefix = 49, name = A, rate = 1 } ] }", "2:35: 'scale' of rate table 'r': 11 is outside 0 to 10" },
        { "rates.r { currency = EUR, entries = [ { prefix = 49, name = A, rate = 1 }\n{ prefix = \"+49\", name = B, rate = 2 } ] }", "3:1: prefix '49' of rate table 'r' is valid at the same time as at d.conf:2:39" },
        { "rates.r { currency = EUR, entries = [ { prefix = 49, name = A, rate = 1, valid-until = 2026-06-02 }\n{ prefix = 49, name = B, rate = 2, valid-from = 2026-06-01 } ] }", "3:1: prefix '49' of rate table 'r' is valid at the same time as at d.conf:2:39" },
        { "rates.r { currency = EUR, entries = [ { prefix = 49, name = A, rate = 1, days = [sat-mon] }\n{ prefix = 49, name = B, rate = 2, days = [mon] } ] }", "3:1: prefix '49' of rate table 'r' is valid at the same time as at d.conf:2:39" },
        { "rates.r { currency = EUR, entries = [ { prefix = 49, name = A, rate = 1, from = \"22:00\", until = \"06:00\" }\n{ prefix = 49, name = B, rate = 2, until = \"06:01\" } ] }", "3:1: prefix '49' of rate table 'r' is valid at the same time as at d.conf:2:39" },
        { "rates.r { currency = EUR, entries-file = none.csv }", "2:42: 'none.csv' is not there | 2:1: rate table 'r' is empty" },
        { "tenants.a { domains = \"x\"", "1:12: this '{' is never closed" },
        { "a = ${nowhere}", "2:5: ${nowhere} is neither a key nor an environment variable" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Mistake_IsToldWithItsPlace(string text, string problems)
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(problems, string.Join(" | ", Problems(folder, $"directory {{\n{text}\n}}\n")));
    }

    [Fact]
    public void Mistakes_OfAllParts_AreToldAtOnce()
    {
        using var folder = new TemporaryFolder();
        folder.Write("r.csv", "prefix,name,rate,colour\n49,Germany,0.01,red\n4x,Nowhere,1,\n44,\"UK,1\n");
        string[] problems = Problems(folder, """
            directory {
              default-tenant = nobody
              trunks.t { addresses = ["10.0.0.1/33"] }
              users = [ { id = 1, tenant = a, name = "", extensions = [x] } ]
              rates.r { currency = eur, entries-file = "r.csv" }
            }
            colour = red
            """);
        Assert.Equal(
            [
                "7:1: unknown key 'colour'; all stands under 'directory'",
                "3:27: '10.0.0.1/33' of trunk 't': '/33' is no prefix length from /0 to /32",
                "r.csv:4: a quotation mark is never closed",
                "r.csv:2: a rate has no key 'colour'",
                "r.csv:3: '4x' is no prefix: the first digits of international numbers, or *",
                "r.csv:4: a rate needs 'rate'",
                "5:24: 'eur' is no currency of ISO 4217",
                "2:20: there is no tenant 'nobody'",
                "3:3: trunk 't' has no addresses",
                "4:13: a user needs a name",
                "4:32: there is no tenant 'a'",
                "4:60: 'x' is no extension: 1 to 15 digits, * and #",
            ],
            problems);
    }

    [Fact]
    public void File_ThatIsMissing_EmptyOrAnotherKindOfThing_IsOneProblem()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal("d.conf: the file is not there", Short(folder, Assert.Single(Load(System.IO.Path.Combine(folder.Path, "d.conf")).Problems).ToString()));
        Assert.Equal(["there is no 'directory { … }' in it"], Problems(folder, "").Select(static problem => problem.Replace("d.conf: ", "", StringComparison.Ordinal)));
        Assert.Equal(["1:13: directory is an object; write { … }"], Problems(folder, "directory = 7"));
        Assert.Empty(Problems(folder, "directory {}"));
    }

    [Theory]
    [InlineData("config/directory.sample.conf")]
    [InlineData("demo/directory.conf")]
    public void File_ThatComesWithTheProgram_IsRight(string path)
    {
        DirectoryLoad load = Load(Checkout.Path(path));
        Assert.Empty(load.Problems);
        Assert.NotNull(load.Directory);
    }

    [Fact]
    public void Sample_ExplainsEveryKeyThatIsRead()
    {
        string sample = File.ReadAllText(Checkout.Path("config", "directory.sample.conf"));
        string reader = File.ReadAllText(Checkout.Path("src", "CdrEngine.Host", "Directories", "DirectoryReader.cs"));
        string[] keys = [.. System.Text.RegularExpressions.Regex
            .Matches(reader, @"\.(?:Place|Text|Required|List|Integer|Money|Choice<\w+>|Has|Named)\(""([a-z-]+)""|(?:Digits|Minute|Instant)\(row, ""([a-z-]+)""", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(5))
            .Select(static match => match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value)
            .Distinct()];
        Assert.InRange(keys.Length, 40, 80);
        Assert.All(keys, key => Assert.Contains(key, sample, StringComparison.Ordinal));
    }

    [Fact]
    public void Tables_BesideTheFile_AreAsGoodAsListsInIt()
    {
        using var folder = new TemporaryFolder();
        folder.Write("users.csv", "\uFEFFid,tenant,name,extensions,numbers,devices\r\n# a remark\r\n1,a,\"Archer, \"\"Al\"\"\",1001;1002,+4930555001,00-15-65-AA-BB-CC\r\n\r\n2,a,Bob,1003,,\r\n");
        folder.Write("contacts.csv", "id,name,numbers\n7,Plumber,+4930123\n");
        folder.Write("numbers.csv", "class,id,name,first,last,tenant\nring_group,1,All,+4930556000,+4930556099,a\n");
        folder.Write("rates.csv", "prefix,name,rate,increments,valid_from\n49,Germany,0.0100,60/60,2026-01-01\n*,World,1,,\n");
        DirectoryLoad load = LoadText(folder, """
            directory {
              tenants.a {}
              users-file = "users.csv"
              contacts-file = "contacts.csv"
              numbers-file = ${?NUMBERS}"numbers.csv"
              rates.r { currency = EUR, entries-file = "rates.csv" }
            }
            """);
        Assert.Empty(load.Problems);
        CallDirectory directory = load.Directory!;
        DirectoryEntry alice = directory.Entry(PartyKind.User, 1)!;
        Assert.Equal("Archer, \"Al\"", alice.Name);
        Assert.Equal(["1001", "1002"], alice.Extensions);
        Assert.Equal(["001565aabbcc"], alice.Devices);
        Assert.Equal("Plumber", directory.Lookup("+4930123").Entry?.Name);
        Assert.Equal("All", directory.Lookup("+4930556050").Entry?.Name);
        Assert.Equal(["World", "Germany"], directory.Rates[0].Entries.Select(static entry => entry.Name));
        Assert.Equal(5, load.Files.Count);
    }

    [Fact]
    public void Table_WithMistakes_NamesItsLines()
    {
        using var folder = new TemporaryFolder();
        folder.Write("u.csv", "id,id,name\n1,2,A,surplus\n2,\"a\"b,c\nx,y\"z,c\n");
        Assert.Equal(
            ["u.csv:1: column 'id' is there twice", "u.csv:3: something stands behind the closing quotation mark", "u.csv:4: a quotation mark inside a field that does not begin with one"],
            Problems(folder, "directory { default-tenant = a, tenants.a {}, contacts-file = u.csv }").Where(static problem => !problem.Contains("contact", StringComparison.Ordinal) && !problem.Contains("fields", StringComparison.Ordinal)));
        folder.Write("u.csv", "");
        Assert.Equal(["u.csv:1: the table is empty; its first line names the columns"], Problems(folder, "directory { contacts-file = u.csv }"));
        folder.Write("u.csv", "id,name\n");
        Assert.Equal(["u.csv:1: the table has no lines below the header"], Problems(folder, "directory { contacts-file = u.csv }"));
    }

    [Fact]
    public void Validity_ByTheDay_BeginsAtMidnightOfTheTable()
    {
        using var folder = new TemporaryFolder();
        DirectoryLoad load = LoadText(folder, "directory.rates.r { currency = EUR, time-zone = \"Europe/Berlin\", entries = [ { prefix = 49, name = A, rate = 1, valid-from = 2026-07-01, valid-until = \"2026-12-01T12:00:00Z\" } ] }");
        RateEntry entry = load.Directory!.Rates[0].Entries[0];
        Assert.Equal("2026-06-30T22:00:00.000000Z", entry.ValidFrom.ToString());
        Assert.Equal("2026-12-01T12:00:00.000000Z", entry.ValidUntil.ToString());
    }

    internal static DirectoryLoad Load(string path) => DirectoryLoad.Read(path, BillsecRounding.Nearest, static _ => null);

    internal static DirectoryLoad LoadText(TemporaryFolder folder, string text) => Load(folder.Write("d.conf", text));

    // Without the folder, and without the file's own name at the beginning.
    private static string[] Problems(TemporaryFolder folder, string text) => [.. LoadText(folder, text).Problems.Select(problem => Short(folder, problem.ToString()))];

    private static string Short(TemporaryFolder folder, string problem)
    {
        string shown = problem.Replace(folder.Path + "/", "", StringComparison.Ordinal);
        return shown.StartsWith("d.conf:", StringComparison.Ordinal) && char.IsAsciiDigit(shown[7]) ? shown[7..] : shown;
    }
}
