using CdrEngine.Api.Access.Audit;
using CdrEngine.Host.Commands;
using CdrEngine.Host.Joined;
using Xunit;

namespace CdrEngine.Host.Tests.Commands;

/// <summary>A start with other settings than the one before is in the audit: which they are, and nothing of what they say.</summary>
public sealed class SettingsAuditTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ChangedSettings_AreNamedOnce_WithoutTheirValues()
    {
        await StartAsync("mail.password=hunter2secret");
        Assert.Empty(Changes());
        await StartAsync("mail.password=hunter2secret");
        Assert.Empty(Changes());
        await StartAsync("mail.password=other9secret", "call.linger=7s", "recording.policy=always");
        Assert.Equal("call.linger, mail.password, recording.policy", Assert.Single(Changes()).Detail);
        await StartAsync("mail.password=other9secret", "call.linger=7s", "recording.policy=always");
        Assert.Single(Changes());
        await StartAsync("mail.password=other9secret", "recording.policy=always");
        Assert.Equal("call.linger", Changes()[0].Detail);
        Assert.All(Changes(), static entry => Assert.StartsWith("user:", entry.Who, StringComparison.Ordinal));
        string access = DataFolder.Access(_folder.Path);
        Assert.Empty(AuditVerifier.Verify(access).Faults);
        foreach (string file in Directory.GetFiles(access)) Assert.DoesNotContain("9secret", File.ReadAllText(file), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(access, SettingsAudit.FileName)));

        // What it was is not known any more: it is remembered anew, and nothing is claimed.
        File.WriteAllText(Path.Combine(access, SettingsAudit.FileName), "{");
        await StartAsync("call.linger=9s");
        Assert.Equal(2, Changes().Count);
        await StartAsync("call.linger=8s");
        Assert.Equal(3, Changes().Count);
    }

    [Fact]
    public async Task DamagedTokens_LetNobodyIn_AndTheStartGoesOn()
    {
        await StartAsync();
        string tokens = Path.Combine(DataFolder.Access(_folder.Path), "tokens.json");
        File.WriteAllText(tokens, "{\"version\":1,\"tok");
        (string output, string url) = await StartAsync();
        Assert.Contains("listening on http://", output, StringComparison.Ordinal);
        Assert.DoesNotContain("administrator's token", output, StringComparison.Ordinal);
        Assert.NotEmpty(url);
        Assert.Equal("{\"version\":1,\"tok", File.ReadAllText(tokens));
    }

    private List<AuditEntry> Changes() =>
        [.. new AuditReader(DataFolder.Access(_folder.Path)).List(new AuditQuery { Limit = 50 }).Entries.Where(static row => row.Entry.Action == "change_settings").Select(static row => row.Entry)];

    private async Task<(string Output, string Url)> StartAsync(params string[] set)
    {
        using var stop = new CancellationTokenSource();
        var output = new Watched("listening on");
        Task<int> running = CommandLine.RunAsync(
            ["serve", "--data", _folder.Path, "--listen", "127.0.0.1:0", .. set.SelectMany(static one => new[] { "--set", one })],
            new CommandContext
            {
                Parts = new Wiring(),
                Out = output,
                Error = TextWriter.Null,
                OpenBinaryOutput = static () => Stream.Null,
                OutIsTerminal = false,
                ErrorIsTerminal = false,
                Width = 120,
                Environment = static _ => null,
                Time = TimeProvider.System,
                Stop = stop.Token,
            });
        string url = await output.Seen.Task.WaitAsync(TimeSpan.FromSeconds(120));
        if (File.Exists(Path.Combine(DataFolder.Access(_folder.Path), "tokens.json")) && File.ReadAllText(Path.Combine(DataFolder.Access(_folder.Path), "tokens.json")).EndsWith("tok", StringComparison.Ordinal))
        {
            using var client = new HttpClient();
            client.DefaultRequestHeaders.Authorization = new("Bearer", $"cdr_{new string('0', 12)}_{new string('0', 64)}");
            for (int i = 0; i < 8; i++) Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, (await client.GetAsync($"{url}/api/v1/calls")).StatusCode);
            Assert.Contains("tokens.json", await client.GetStringAsync($"{url}/readyz"), StringComparison.Ordinal);
        }

        await stop.CancelAsync();
        Assert.Equal(0, await running.WaitAsync(TimeSpan.FromSeconds(120)));
        return (output.ToString(), url);
    }

    private sealed class Watched(string text) : StringWriter
    {
        public TaskCompletionSource<string> Seen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(text, StringComparison.Ordinal) == true) Seen.TrySetResult(value.Split(' ').First(static word => word.StartsWith("http", StringComparison.Ordinal)));
        }
    }
}
