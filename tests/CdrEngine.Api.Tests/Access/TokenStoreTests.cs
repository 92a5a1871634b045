using CdrEngine.Api.Access;

namespace CdrEngine.Api.Tests.Access;

public sealed class TokenStoreTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"cdr-tokens-{Guid.NewGuid():n}");
    private readonly TestClock _clock = new();

    private string FilePath => Path.Combine(_folder, "tokens.json");

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void FirstStart_MakesAnAdministratorsToken_AndNoOtherStartDoes()
    {
        string? token = TokenStore.Open(_folder, _clock).EnsureAdmin();
        Assert.Matches("^cdr_[0-9a-f]{12}_[0-9a-f]{64}$", token);
        TokenStore again = TokenStore.Open(_folder, _clock);
        Assert.Null(again.EnsureAdmin());
        AccessToken found = Assert.IsType<AccessToken>(again.Find(token!));
        Assert.Equal([ApiScopes.Admin], found.Scopes);
        Assert.Equal(_clock.GetUtcNow(), found.Created);
        Assert.All(ApiScopes.All, scope => Assert.True(found.Allows(scope)));
    }

    [Fact]
    public void File_IsTheOwnersOnly_AndHoldsNoSecret()
    {
        TokenStore store = TokenStore.Open(_folder, _clock);
        string token = store.EnsureAdmin()!;
        store.Create("second", [ApiScopes.StatsRead]);
        Assert.DoesNotContain(token.Split('_')[2], File.ReadAllText(FilePath), StringComparison.Ordinal);
        Assert.Equal([FilePath], Directory.GetFiles(_folder));
        if (OperatingSystem.IsWindows()) return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"version":2,"tokens":[]}""")]
    [InlineData("""{"version":1}""")]
    [InlineData("""{"version":1,"tokens":[null]}""")]
    [InlineData("""{"version":1,"tokens":[{"id":"0123456789ab","name":"x","hash":"zz","scopes":["admin"],"created":"2026-11-20T00:00:00Z"}]}""")]
    public void DamagedFile_IsLeftAsItIs_AndLetsNobodyIn(string content)
    {
        Directory.CreateDirectory(_folder);
        File.WriteAllText(FilePath, content);
        IOException fault = Assert.Throws<IOException>(() => TokenStore.Open(_folder, _clock));
        Assert.Contains(FilePath, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
        Assert.Equal(content, File.ReadAllText(FilePath));

        // A server goes on without tokens: nobody is let in, no token is made, and a good file counts from when it is there.
        TokenStore serving = TokenStore.OpenServing(_folder, _clock);
        Assert.Equal((true, fault.Message), (serving.IsUnread, serving.Fault));
        Assert.Null(serving.EnsureAdmin());
        Assert.Null(serving.Find($"cdr_{new string('0', 12)}_{new string('0', 64)}"));
        Assert.Equal(content, File.ReadAllText(FilePath));
        Assert.Throws<IOException>(() => serving.Create("x", [ApiScopes.Admin]));
        File.Delete(FilePath);
        string token = TokenStore.Open(_folder, _clock).EnsureAdmin()!;
        Assert.True(serving.IsUnread);
        _clock.Move(TimeSpan.FromSeconds(2));
        Assert.False(serving.LookIsUnread());
        Assert.NotNull(serving.Find(token));
    }

    [Fact]
    public void FileDamagedLater_LeavesTheKnownTokensInForce()
    {
        TokenStore store = TokenStore.Open(_folder, _clock);
        string token = store.EnsureAdmin()!;
        string good = File.ReadAllText(FilePath);
        File.WriteAllText(FilePath, "{");
        _clock.Move(TimeSpan.FromSeconds(2));
        Assert.NotNull(store.Find(token));
        Assert.NotNull(store.Fault);
        File.WriteAllText(FilePath, good.Replace("\"revoked\": null", "\"revoked\": \"2026-11-20T00:00:00Z\"", StringComparison.Ordinal));
        _clock.Move(TimeSpan.FromSeconds(2));
        Assert.Null(store.Find(token));
        Assert.Null(store.Fault);
    }

    [Fact]
    public void FileTakenAway_TakesTheTokensAway()
    {
        TokenStore store = TokenStore.Open(_folder, _clock);
        string token = store.EnsureAdmin()!;
        File.Delete(FilePath);
        _clock.Move(TimeSpan.FromSeconds(2));
        Assert.Null(store.Find(token));
    }

    [Fact]
    public void Create_WithAScopeThatThereIsNot_IsRefused()
    {
        TokenStore store = TokenStore.Open(_folder, _clock);
        Assert.Throws<ArgumentException>(() => store.Create("x", ["calls:fly"]));
        Assert.Throws<ArgumentException>(() => store.Create("x", []));
        Assert.False(File.Exists(FilePath));
        Assert.False(store.Revoke("nobody"));
    }
}

public sealed class FailureBackOffTests
{
    private static readonly ApiLimits Limits = new() { BackOffAddresses = 3, FailuresBeforeBackOff = 2 };

    [Fact]
    public void Addresses_AreRememberedUpToALimit_TheLongestAgoGoesFirst()
    {
        var clock = new TestClock();
        var backOff = new FailureBackOff(Limits, clock);
        IPAddress[] addresses = Enumerable.Range(1, 4).Select(static i => IPAddress.Parse($"192.0.2.{i}")).ToArray();
        foreach (IPAddress address in addresses[..3])
        {
            backOff.Failed(address);
            backOff.Failed(address);
            clock.Move(TimeSpan.FromMilliseconds(10));
        }

        Assert.All(addresses[..3], address => Assert.NotEqual(TimeSpan.Zero, backOff.Remaining(address)));
        backOff.Failed(addresses[3]);
        Assert.Equal(3, backOff.Count);
        Assert.Equal(TimeSpan.Zero, backOff.Remaining(addresses[0]));
        Assert.NotEqual(TimeSpan.Zero, backOff.Remaining(addresses[1]));
    }

    [Theory]
    [InlineData("2001:db8::1", "2001:db8::ffff:1", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("::1", "0.0.0.1", false)]
    public void Networks_OfOneClient_CountTogether(string failing, string other, bool together)
    {
        var backOff = new FailureBackOff(Limits, new TestClock());
        backOff.Failed(IPAddress.Parse(failing));
        backOff.Failed(IPAddress.Parse(failing));
        Assert.Equal(together, backOff.Remaining(IPAddress.Parse(other)) > TimeSpan.Zero);
    }

    [Fact]
    public void Failures_OfLongAgo_AreForgotten()
    {
        var clock = new TestClock();
        var backOff = new FailureBackOff(Limits, clock);
        for (int i = 0; i < 6; i++) backOff.Failed(IPAddress.Loopback);
        clock.Move(TimeSpan.FromMinutes(16));
        backOff.Failed(IPAddress.Loopback);
        Assert.Equal(TimeSpan.Zero, backOff.Remaining(IPAddress.Loopback));
    }
}
