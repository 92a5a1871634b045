using System.Diagnostics;
using System.Text.Json;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Golden.Tests.Live;

/// <summary>The program itself as a process.</summary>
public sealed class ProgramTests
{
    [VethFact]
    public async Task Run_ThatDoesNotResume_EndsInGoodOrderWithTheOpenCallRecorded()
    {
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        string data = Directory.CreateTempSubdirectory("cdrengine-live-").FullName;
        try
        {
            using Process program = Start(network, "run", "-i", "vb", "--data", data, "--listen", "127.0.0.1:18080", "--set", "api.auth=off", "--set", "resume.enabled=off");
            string? line;
            do line = await program.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(120));
            while (line is not null && !line.StartsWith("capturing from vb, ", StringComparison.Ordinal));
            Assert.NotNull(line);

            // A call that is busy, and one that talks still when the signal comes.
            await Replay.Send(network, "va", PacketTape.OfFiles(Checkout.Path("demo", "01-busy.pcap")), 20);
            await Replay.Send(network, "va", PacketTape.OfFiles(Checkout.Path("demo", "13-missing-bye.pcap")), 20);
            using (Process kill = Process.Start("kill", ["-TERM", $"{program.Id}"])) await kill.WaitForExitAsync();
            string rest = await program.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(120));
            string error = await program.StandardError.ReadToEndAsync();
            await program.WaitForExitAsync();
            Assert.Equal((0, ""), (program.ExitCode, error));
            Assert.Contains(", none lost\n", rest, StringComparison.Ordinal);
            Assert.Contains("2 calls: 1 answered, 1 busy\n", rest, StringComparison.Ordinal);
            using Process list = Start(network, "calls", "--data", data, "--format", "json");
            JsonElement[] records = (await list.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(static text => JsonDocument.Parse(text).RootElement).OrderBy(static record => record.GetProperty("disposition").GetString(), StringComparer.Ordinal).ToArray();
            Assert.Equal(2, records.Length);
            Assert.Contains("missing_bye", records[0].GetProperty("flags").EnumerateArray().Select(static flag => flag.GetString()));
            Assert.All(records, static record => Assert.Equal("vb", record.GetProperty("capture_source").GetString()));
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [VethFact]
    public async Task Run_WithAWrongFilter_IsOneLine()
    {
        using var network = new NetworkNamespace();
        string data = Directory.CreateTempSubdirectory("cdrengine-live-").FullName;
        try
        {
            using Process program = Start(network, "run", "-i", "lo", "--data", data, "--set", "capture.filter=no such thing");
            string error = await program.StandardError.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(120));
            await program.WaitForExitAsync();
            Assert.Equal(1, program.ExitCode);
            Assert.Matches("^cdrengine: lo: filter 'no such thing': .+\n$", error);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [VethFact]
    public async Task Run_AsAnotherUser_KeepsTwoRightsInTheReadingThreadAndStillOpensAnInterfaceAgain()
    {
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        string parent = Directory.CreateTempSubdirectory("cdrengine-live-").FullName;
        using (Process open = Process.Start("chmod", ["711", parent])) await open.WaitForExitAsync();
        try
        {
            string data = Path.Combine(parent, "data");
            using Process program = Start(network, "run", "-i", "vb", "--user", "nobody", "--data", data, "--listen", "127.0.0.1:18081", "--set", "api.auth=off");
            string? line;
            do line = await program.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(120));
            while (line is not null && !line.StartsWith("capturing from vb, ", StringComparison.Ordinal));
            Assert.NotNull(line);
            await Replay.Send(network, "va", PacketTape.OfFiles(Checkout.Path("demo", "01-busy.pcap")), 20);
            string[] rights = [];
            await LiveRun.Until(
                () =>
                {
                    rights = [.. Directory.GetDirectories($"/proc/{program.Id}/task").Select(RightsOf)];
                    return rights.Count(static one => one == "65534 0000000000003000") == 1;
                },
                "one thread with two rights");
            Assert.All(rights, static one => Assert.True(one is "65534 0000000000003000" or "65534 0000000000000000", one));

            network.Remove("vb");
            Assert.Equal("cdrengine: vb: the interface is gone; looking for it every second", await program.StandardError.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(120)));
            network.AddPair("va", "vb");
            Assert.Equal("cdrengine: vb: the interface is back", await program.StandardError.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(120)));
            using (Process kill = Process.Start("kill", ["-TERM", $"{program.Id}"])) await kill.WaitForExitAsync();
            Assert.Contains("1 call: 1 busy\n", await program.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(120)), StringComparison.Ordinal);
            await program.WaitForExitAsync();
            Assert.Equal(0, program.ExitCode);
        }
        finally
        {
            Directory.Delete(parent, recursive: true);
        }
    }

    // Effective user and effective capabilities of a thread.
    private static string RightsOf(string thread)
    {
        try
        {
            string[] status = File.ReadAllLines(Path.Combine(thread, "status"));
            string user = status.Single(static line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[2];
            return $"{user} {status.Single(static line => line.StartsWith("CapEff:", StringComparison.Ordinal)).Split('\t')[1]}";
        }
        catch (IOException)
        {
            // The thread has ended meanwhile.
            return "65534 0000000000000000";
        }
    }

    // ip netns exec becomes the program, so the process started is the program.
    private static Process Start(NetworkNamespace network, params string[] arguments) => Process.Start(
        new ProcessStartInfo("ip", ["netns", "exec", network.Name, "dotnet", Path.Combine(AppContext.BaseDirectory, "cdrengine.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
