using System.Net;
using System.Text.Json;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Host.Tests.Joined;

/// <summary>Recordings from a capture to the client.</summary>
public sealed class RecordingPolicyTests
{
    [Fact]
    public async Task Always_DuringAnImport_RecordsEveryAnsweredCall_AndTheApiGivesItOut()
    {
        using var folder = new TemporaryFolder();
        Settings settings = Settings(folder, "recording.policy=always");
        var share = new RecorderShare();
        ImportSummary summary;
        using (var runner = new ImportRunner(settings, new StatisticsBoard(), share)) summary = runner.Run([Capture("answered.pcap"), Capture("unanswered.pcap")], CancellationToken.None);
        long answered = summary.Calls[Disposition.Answered];
        Assert.True(answered > 0 && summary.Calls.Sum > answered);
        Assert.Equal(answered, summary.Recordings[RecordingState.Available]);
        Assert.Contains(ImportSummaryText.Lines(summary), line => line == $"{answered} recording{(answered == 1 ? "" : "s")}: {answered} available");

        await using var server = new ApiServer(settings, new StatisticsBoard(), share);
        ApiStart start = await server.StartAsync(CancellationToken.None);
        using var client = new HttpClient { BaseAddress = new Uri(start.Url) };
        using JsonDocument list = JsonDocument.Parse(await client.GetByteArrayAsync("/api/v1/recordings?state=available"));
        JsonElement entry = list.RootElement.GetProperty("recordings")[0];
        using JsonDocument call = JsonDocument.Parse(await client.GetByteArrayAsync($"/api/v1/calls/{entry.GetProperty("call_id").GetString()}"));
        Assert.Equal("available", call.RootElement.GetProperty("recording").GetProperty("state").GetString());
        byte[] sound = await client.GetByteArrayAsync(call.RootElement.GetProperty("recording").GetProperty("url").GetString());
        Assert.Equal(entry.GetProperty("bytes").GetInt64(), sound.Length);
        double length = call.RootElement.GetProperty("billsec_ms").GetDouble();
        Assert.InRange(entry.GetProperty("duration_ms").GetDouble(), length - 30, length + 30);
        await server.StopAsync();
    }

    [Fact]
    public async Task OnDemand_TheFirstRequestsMakeIt_Once()
    {
        using var folder = new TemporaryFolder();
        Settings settings = Settings(folder, "recording.policy=on-demand");
        using (var runner = new ImportRunner(settings, new StatisticsBoard())) Assert.Equal(0, runner.Run([Capture("answered.pcap")], CancellationToken.None).Recordings.Sum);
        Assert.False(Directory.Exists(DataFolder.Recordings(folder.Path)));
        var board = new StatisticsBoard();
        await using var server = new ApiServer(settings, board);
        ApiStart start = await server.StartAsync(CancellationToken.None);
        using var client = new HttpClient { BaseAddress = new Uri(start.Url) };
        using JsonDocument calls = JsonDocument.Parse(await client.GetByteArrayAsync("/api/v1/calls?disposition=answered"));
        JsonElement call = calls.RootElement.GetProperty("calls")[0];
        Assert.Equal("none", call.GetProperty("recording").GetProperty("state").GetString());
        string path = RecordingInfo.PathOf(call.GetProperty("id").GetString()!);
        HttpResponseMessage[] responses = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => client.GetAsync(path)));
        Assert.All(responses, static response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        Assert.Single(responses.Select(static response => response.Headers.ETag).Distinct());
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(path.Replace(".mp3", ".wav?channels=mono", StringComparison.Ordinal))).StatusCode);
        using JsonDocument outline = JsonDocument.Parse(await client.GetByteArrayAsync(path.Replace(".mp3", "/waveform.json", StringComparison.Ordinal)));
        Assert.True(outline.RootElement.GetProperty("peaks").GetProperty("caller").GetArrayLength() > 0);
        string stats = await client.GetStringAsync("/api/v1/stats");
        Assert.Contains("{\"name\":\"made\",\"value\":1,", stats, StringComparison.Ordinal);
        await server.StopAsync();
    }

    [Fact]
    public void Archive_WritesARecordingToAStream_OrSaysWhyNot()
    {
        using var folder = new TemporaryFolder();
        Settings settings = Settings(folder, "recording.policy=never");
        using (var runner = new ImportRunner(settings, new StatisticsBoard())) runner.Run([Capture("answered.pcap")], CancellationToken.None);
        using var refusing = new CallArchive(settings);
        string id = refusing.Calls.List(new CallQuery { Dispositions = [Disposition.Answered] }).Calls[0].Id;
        using var output = new MemoryStream();
        Assert.Equal("policy", refusing.WriteRecording(id, RecordingVariant.Default, output, CancellationToken.None));
        Assert.Equal((RecordingState.None, "policy"), (refusing.Calls.Get(id)!.Recording.State, refusing.Calls.Get(id)!.Recording.Reason));
        Assert.Equal(0, output.Length);
        using var archive = new CallArchive(Settings(folder, "recording.policy=on-demand"));
        Assert.Null(archive.WriteRecording(id, new RecordingVariant(RecordingKind.Wav, RecordingChannels.Stereo), output, CancellationToken.None));
        Assert.Equal("RIFF"u8.ToArray(), output.ToArray()[..4]);
    }

    private static string Capture(string name) => Checkout.Path("tests", "fixtures", "pcap", "load", name);

    private static Settings Settings(TemporaryFolder folder, string setting) => SettingsLoader.Load(
        new SettingsFlags { DataDirectory = folder.Path, Listen = "127.0.0.1:0", Set = ["api.auth=off", setting] }, static _ => null);
}
