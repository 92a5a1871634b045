using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Host;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Parts;
using CdrEngine.TestKit;

namespace CdrEngine.Golden.Tests.Live;

/// <summary>What the engine and the lab said of one scenario.</summary>
/// <param name="Live">Records that the engine made at the mirror port while it happened, or from HEP.</param>
/// <param name="Imported">Records of the capture that tcpdump made at the same port.</param>
/// <param name="Truth">The lab's own reading of that capture.</param>
/// <param name="Summary">How the live run ended.</param>
internal sealed record LabResult(IReadOnlyList<CallRecord> Live, IReadOnlyList<CallRecord> Imported, JsonElement Truth, LiveSummary Summary);

/// <summary>Runs scenarios of the lab on a few labs at once, with the whole engine at each mirror port. A scenario that the lab itself calls failed (a phone that
/// did not register in time on a busy machine) is run once more.</summary>
public sealed class LabRuns : IAsyncDisposable, IDisposable
{
    private const int Labs = 8;
    private const string HepScenario = "29-hep";

    private readonly ConcurrentDictionary<string, TaskCompletionSource<LabResult>> _results = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _waiting;
    private readonly Lazy<Task[]> _working;
    private readonly string _data = Directory.CreateTempSubdirectory("cdrlab-data-").FullName;
    private int _last;

    /// <summary>Nothing runs before the first result is asked for.</summary>
    public LabRuns()
    {
        _waiting = new ConcurrentQueue<string>(Scenarios);
        foreach (string scenario in Scenarios) _results[scenario] = new TaskCompletionSource<LabResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _working = new Lazy<Task[]>(() => [.. Enumerable.Range(0, Labs).Select(_ => Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))]);
    }

    /// <summary>The long ones first, so that no lab stands idle at the end. Left out are those without a call (08, 20, 26, 33) and 30, which wants
    /// the machine for itself.</summary>
    public static IReadOnlyList<string> Scenarios { get; } =
    [
        "11-attended-transfer", "31-loss-and-jitter", "10-blind-transfer", "27-missing-bye", "09-hold-resume", "17-dtmf-rfc4733", "24-rtpengine", "28-port-reuse",
        HepScenario, "25-b2bua", "12-forking", "13-early-media", "18-dtmf-info", "01-answered-pcmu", "02-callee-hangs-up-pcma", "32-sipp-shared-ports",
        "04-no-answer-cancel", "14-g722", "15-opus", "16-gsm", "19-tcp", "21-srtp-sdes", "22-ipv6", "23-fragmented-invite", "34-dtls-srtp", "07-digest-407",
        "05-decline-603", "03-busy-486", "06-unknown-404",
    ];

    /// <summary>Waits for a scenario's result.</summary>
    internal Task<LabResult> Of(string scenario)
    {
        _ = _working.Value;
        return _results[scenario].Task;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _waiting.Clear();
        if (_working.IsValueCreated) await Task.WhenAll(_working.Value);
        Directory.Delete(_data, recursive: true);
    }

    /// <inheritdoc />
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private void Work()
    {
        Lab? lab = null;
        try
        {
            while (_waiting.TryDequeue(out string? scenario))
            {
                TaskCompletionSource<LabResult> result = _results[scenario];
                try
                {
                    lab ??= new Lab();
                    result.SetResult(Run(lab, scenario));
                }
                catch (Exception e)
                {
                    result.SetException(e);
                }
            }
        }
        finally
        {
            lab?.Dispose();
        }
    }

    private LabResult Run(Lab lab, string scenario)
    {
        try
        {
            return RunOnce(lab, scenario);
        }
        catch (InvalidOperationException e) when (e.Message.Contains("lab: failed", StringComparison.Ordinal))
        {
            return RunOnce(lab, scenario);
        }
    }

    private LabResult RunOnce(Lab lab, string scenario)
    {
        string folder = Path.Combine(_data, $"{Interlocked.Increment(ref _last)}");
        Settings live = Settings(Path.Combine(folder, "live"));
        live = scenario == HepScenario
            ? live with { Hep = live.Hep with { Listen = IPEndPoint.Parse("10.77.0.40:9060") } }
            : live with { Capture = live.Capture with { Interfaces = [Lab.MirrorInterface] } };
        using var stop = new CancellationTokenSource();
        LiveSummary? summary = null;
        using var begun = new ManualResetEventSlim();
        Task capture = NetworkNamespace.StartIn(lab.MirrorNamespace, () =>
        {
            using ILiveRunner runner = new Wiring().Live(live);
            begun.Set();
            summary = runner.Run(new LiveService(), stop.Token);
        });
        try
        {
            while (!begun.Wait(50))
            {
                if (capture.IsCompleted) capture.GetAwaiter().GetResult();
            }

            (string pcap, string truthFile) = lab.Run(scenario);
            JsonElement truth = JsonDocument.Parse(File.ReadAllBytes(truthFile)).RootElement;
            AwaitRecords(live, truth.GetProperty("calls").GetArrayLength());
            stop.Cancel();
            capture.GetAwaiter().GetResult();
            Settings import = Settings(Path.Combine(folder, "import"));
            using (IImportRunner importer = new Wiring().Importer(import)) importer.Run([pcap], CancellationToken.None);
            return new LabResult(Records(live), Records(import), truth, summary!);
        }
        finally
        {
            stop.Cancel();
            Task.WaitAny([capture], TimeSpan.FromSeconds(30));
        }
    }

    // Records come by themselves once the calls are over and their linger is: the wire is quiet, and time goes on.
    private static void AwaitRecords(Settings settings, int calls)
    {
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(15))
        {
            if (Records(settings).Length >= calls) return;
            Task.Delay(100).GetAwaiter().GetResult();
        }
    }

    private static CallRecord[] Records(Settings settings)
    {
        using ICallArchive archive = new Wiring().Archive(settings);
        return [.. archive.Calls.List(new CallQuery { Limit = 200 }).Calls.OrderBy(static record => record.StartedAt).ThenBy(static record => record.Id, StringComparer.Ordinal)];
    }

    // A call without BYE ends when its media does: not after five minutes here.
    private static Settings Settings(string data) => SettingsLoader.Load(
        new SettingsFlags { DataDirectory = data, Set = ["call.rtp-timeout=3s", "call.linger=2s", "resume.enabled=off"] },
        static _ => null);
}
