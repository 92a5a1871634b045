using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Live;
using CdrEngine.Engine.Resume;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Parts;
using CdrEngine.PacketLog;
using CdrEngine.Storage;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Host.Tests.Joined;

/// <summary>The data folder as a power cut leaves it: files of every kind with torn ends, and a start on it. It never refuses, no record is ever wrong, and what is lost is named.</summary>
public sealed class TornWriteTests
{
    private const int Ended = 12;
    private const int Open = 6;
    private const int Waiting = 4;

    [Fact]
    public async Task Start_OnFilesWithTornEnds_NeverRefuses_TellsNothingWrong_AndNamesWhatIsLost()
    {
        using var origin = new TemporaryFolder();
        Dictionary<string, string> truth = await MakeAsync(origin.Path);
        string[] files = [.. Directory.EnumerateFiles(origin.Path, "*", SearchOption.AllDirectories).Where(static path => new FileInfo(path).Length > 0 && IsWrittenByUs(path)).Order(StringComparer.Ordinal)];
        Assert.Contains(files, static path => path.EndsWith(".open", StringComparison.Ordinal));
        Assert.Contains(files, static path => path.EndsWith(".calls", StringComparison.Ordinal));
        Assert.Contains(files, static path => path.EndsWith(".outbox", StringComparison.Ordinal));
        Assert.Contains(files, static path => path.EndsWith("-wal", StringComparison.Ordinal));
        var random = new Random(17);
        int changed = 0, named = 0;
        for (int round = 0; round < 24; round++)
        {
            using var folder = new TemporaryFolder();
            Copy(origin.Path, folder.Path);

            // One file of each kind in turn, sometimes two more.
            var damaged = new List<string>();
            string what = "";
            for (int i = 0; i < (round % 4 == 3 ? 3 : 1); i++)
            {
                string file = files[i == 0 ? round % files.Length : random.Next(files.Length)];
                var damage = (TornFile.Damage)random.Next(4);
                string path = Path.Combine(folder.Path, Path.GetRelativePath(origin.Path, file));
                what += $"{damage} of {Path.GetRelativePath(origin.Path, file)}; ";
                if (TornFile.Apply(path, damage, 3000, random) && damage != TornFile.Damage.Cut) damaged.Add(path);
            }

            Outcome outcome = await StartAsync(folder.Path, what);
            foreach ((string callId, List<CallRecord> records) in outcome.Records)
            {
                // One record a call: as it was; or cut, and said to be.
                CallRecord record = records.Count == 1 ? records[0] : throw new Xunit.Sdk.XunitException($"round {round}, {what}: {records.Count} records of {callId}: {string.Join('\n', records.Select(Text))}");
                if (Text(record) != truth[callId])
                    Assert.True((record.Flags & (CallFlags.Gap | CallFlags.MissingInvite)) != 0, $"round {round}, {what}: {callId} is {Text(record)} and was {truth[callId]}");
            }

            if (!what.Contains("-wal", StringComparison.Ordinal) && !what.Contains(".outbox", StringComparison.Ordinal))
                Assert.Equal(Ended + Waiting, truth.Keys.Count(callId => !callId.StartsWith("open", StringComparison.Ordinal) && outcome.Records.ContainsKey(callId)));
            if (!damaged.Exists(static path => path.EndsWith(".open", StringComparison.Ordinal) || path.EndsWith(".calls", StringComparison.Ordinal) || path.EndsWith(".outbox", StringComparison.Ordinal))) continue;
            changed++;
            if (outcome.Recovery.Sum(static counter => counter.Value) > 0 && outcome.Lines.Any(static line => line.Contains("packet log: ", StringComparison.Ordinal) || line.Contains("outbox: ", StringComparison.Ordinal) || line.Contains("journal of open calls: ", StringComparison.Ordinal))) named++;
            else Assert.Fail($"round {round}, {what}: nothing is named; {string.Join("; ", outcome.Lines)}");
        }

        Assert.InRange(changed, 4, 24);
        Assert.Equal(changed, named);
    }

    [Fact]
    public async Task Start_OnEmptyAndMissingFiles_NeverRefuses()
    {
        using var origin = new TemporaryFolder();
        Dictionary<string, string> truth = await MakeAsync(origin.Path);
        foreach (string file in Directory.GetFiles(origin.Path, "*", SearchOption.AllDirectories).Where(IsWrittenByUs))
        {
            using var folder = new TemporaryFolder();
            Copy(origin.Path, folder.Path);
            string path = Path.Combine(folder.Path, Path.GetRelativePath(origin.Path, file));

            // A file that was made and never written; a database itself is, before anything is in its log.
            if (path.EndsWith(".db", StringComparison.Ordinal)) continue;
            TornFile.Apply(path, TornFile.Damage.Empty, 1, new Random(1));
            Outcome outcome = await StartAsync(folder.Path, $"empty {file}");
            foreach ((string callId, List<CallRecord> records) in outcome.Records)
                Assert.True(records.Count == 1 && (Text(records[0]) == truth[callId] || (records[0].Flags & (CallFlags.Gap | CallFlags.MissingInvite)) != 0), $"{file}: {callId}");
        }
    }

    private static bool IsWrittenByUs(string path) => !path.EndsWith(".lock", StringComparison.Ordinal) && !path.EndsWith(".truth", StringComparison.Ordinal);

    // The folder of a program at work: calls that are over, calls that talk, records in the outbox, a registration, a message, tokens.
    private static async Task<Dictionary<string, string>> MakeAsync(string folder)
    {
        using var live = new Live(folder);
        using var snapshot = new TemporaryFolder();
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        for (int i = 0; i < Ended; i++) live.Call($"ended-{i}@torn", now - 20 + (i % 3), i, bye: true);
        for (int i = 0; i < Open; i++) live.Call($"open-{i}@torn", now - 4, 100 + i, bye: false);
        SipText register = SipText.Register("register@torn", "alice");
        live.Send(register, now - 3, "192.0.2.1:5060", "192.0.2.9:5060");
        live.Send(register.Reply(200).With("Contact", "<sip:alice@192.0.2.1:5060>;expires=3600"), now - 3, "192.0.2.9:5060", "192.0.2.1:5060");
        SipText message = SipText.Request("MESSAGE", "message@torn", "alice", "bob").WithBody("text/plain", "hello");
        live.Send(message, now - 3, "192.0.2.1:5060", "192.0.2.2:5060");
        live.Send(message.Reply(200), now - 3, "192.0.2.2:5060", "192.0.2.1:5060");

        // Everything has been written and was not closed: a power cut.
        await live.UntilAsync(folder, Ended);
        Copy(folder, snapshot.Path);
        for (int i = 0; !IsWhole(snapshot.Path); i++)
        {
            Assert.True(i < 240);
            await Task.Delay(500);
            Empty(snapshot.Path);
            Copy(folder, snapshot.Path);
        }

        live.Stop();
        Dictionary<string, string> truth = Read(folder).ToDictionary(static pair => pair.Key, static pair => Text(pair.Value[0]), StringComparer.Ordinal);
        Empty(folder);
        Copy(snapshot.Path, folder);
        using (RecordOutbox outbox = RecordOutbox.Open(DataFolder.Outbox(folder)))
        {
            for (int i = 0; i < Waiting; i++)
            {
                CallRecord waiting = TestCalls.Answered(CallId.Derive($"waiting-{i}@torn", "tag", TestCalls.Start), $"waiting-{i}@torn");
                Assert.True(outbox.TryAdd(new StoredCall(waiting, RecordRevision.Final, default)));
                truth.Add(waiting.SipCallId, Text(waiting));
            }
        }

        for (int i = 0; i < Open; i++) truth.Add($"open-{i}@torn", "");
        Assert.Equal(Ended + Waiting + Open, truth.Count);
        return truth;
    }

    // Starts capture and API on a folder, ends the calls that were open, and stops.
    private static async Task<Outcome> StartAsync(string folder, string what)
    {
        try
        {
            using var live = new Live(folder);
            await using (var server = new ApiServer(live.Settings, new StatisticsBoard()))
            {
                ApiStart start = await server.StartAsync(CancellationToken.None);
                Assert.StartsWith("http://", start.Url, StringComparison.Ordinal);
                long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
                for (int i = 0; i < Open; i++) live.Bye($"open-{i}@torn", now, 100 + i);
                await live.UntilAsync(folder, 0, TimeSpan.FromMilliseconds(100));
                await server.StopAsync();
            }

            // Time passes, and the calls' linger with it.
            live.Send(SipText.Request("OPTIONS", "later@torn", "alice", "bob"), DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 30, "192.0.2.1:5060", "192.0.2.2:5060");
            await Task.Delay(120);
            LiveSummary summary = live.Stop();
            Assert.True(summary.Faults.Count == 0, $"{what}: {string.Join("; ", summary.Faults.Select(static fault => fault.Problem))}");
            return new Outcome(Read(folder), live.Lines, [.. summary.Counters.Where(static group => group.Name == StartFindings.Area).SelectMany(static group => group.Values).Select(static value => (value.Name, value.Value))]);
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{what}: {exception}");
            throw;
        }
    }

    // Whether what was sent is there: looked at in a copy, since looking changes files.
    private static bool IsWhole(string folder)
    {
        using var copy = new TemporaryFolder();
        Copy(folder, copy.Path);
        using PacketLogFolder log = PacketLogFolder.Open(DataFolder.Packets(copy.Path));
        using SqliteRegistrationStore registrations = SqliteRegistrationStore.Open(copy.Path);
        using SqliteMessageStore messages = SqliteMessageStore.Open(DataFolder.Messages(copy.Path));
        return ResumePlan.Take(DataFolder.OpenCalls(copy.Path), log).Count >= Open && registrations.Count() == 1 && messages.ListMessages(new MessageQuery()).Items.Count == 1;
    }

    private static void Empty(string folder)
    {
        foreach (string entry in Directory.GetFileSystemEntries(folder))
        {
            if (Directory.Exists(entry)) Directory.Delete(entry, recursive: true);
            else File.Delete(entry);
        }
    }

    private static Dictionary<string, List<CallRecord>> Read(string folder)
    {
        using SqliteCallStore store = SqliteCallStore.Open(DataFolder.Records(folder));
        var records = new Dictionary<string, List<CallRecord>>(StringComparer.Ordinal);
        string? cursor = null;
        do
        {
            CallPage page = store.List(new CallQuery { Limit = CallQuery.MaxLimit, Cursor = cursor });
            foreach (CallRecord record in page.Calls)
            {
                if (!records.TryGetValue(record.SipCallId, out List<CallRecord>? of)) records.Add(record.SipCallId, of = []);
                of.Add(record);
            }

            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return records;
    }

    private static string Text(CallRecord record) => Encoding.UTF8.GetString(CallRecordJson.ToUtf8(record with { Recording = new RecordingInfo() }));

    // By a program that takes no notice of locks.
    private static void Copy(string from, string to)
    {
        using Process copy = Process.Start("cp", ["-r", $"{from}/.", to]);
        copy.WaitForExit();
        Assert.Equal(0, copy.ExitCode);
    }

    private sealed record Outcome(Dictionary<string, List<CallRecord>> Records, IReadOnlyList<string> Lines, IReadOnlyList<(string Name, long Value)> Recovery);

    /// <summary>A capture at work on a data folder, fed by HEP.</summary>
    private sealed class Live : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly List<string> _lines = [];
        private readonly LiveRunner _runner;
        private readonly UdpClient _client = new();
        private readonly TaskCompletionSource _alive = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Task<LiveSummary> _running;
        private readonly RecorderShare _recorders = new();

        public Live(string folder)
        {
            int port = FreePorts.ForUdpAndTcp();
            Settings = SettingsLoader.Load(
                new SettingsFlags { DataDirectory = folder, Listen = "127.0.0.1:0", Set = [$"hep.listen=127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}", "call.linger=1s", "packet-log.flush=200ms"] },
                static _ => null);
            _runner = new LiveRunner(Settings, new StatisticsBoard(), _recorders, Tell, null, new LiveHub());
            _client.Connect(IPAddress.Loopback, port);
            _running = Task.Factory.StartNew(
                () => _runner.Run(new LiveService(null, () => _alive.TrySetResult()), _stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        public Settings Settings { get; }

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_lines) return [.. _lines];
            }
        }

        public void Call(string callId, long second, int host, bool bye)
        {
            (string there, string here) = Addresses(host);
            SipText invite = SipText.Invite(callId, "alice@example.com", "bob@example.com", fromTag: "f");
            Send(invite, second, there, here);
            Send(invite.Reply(200), second + 1, here, there);
            Send(SipText.Ack(callId, "alice@example.com", "bob@example.com", fromTag: "f"), second + 1, there, here);
            if (bye) Bye(callId, second + 5, host);
        }

        public void Bye(string callId, long second, int host)
        {
            (string there, string here) = Addresses(host);
            SipText text = SipText.Bye(callId, "alice@example.com", "bob@example.com", fromTag: "f");
            Send(text, second, there, here);
            Send(text.Reply(200), second, here, there);
        }

        public void Send(SipText text, long second, string from, string to) =>
            _client.Send(HepBuilder.Sip(from, to, text.ToString(), second, 100));

        public async Task UntilAsync(string folder, int records, TimeSpan? quiet = null)
        {
            await _alive.Task.WaitAsync(TimeSpan.FromSeconds(120));
            for (int i = 0; i < 2400 && Read(folder).Count < records; i++) await Task.Delay(50);
            if (quiet is { } time) await Task.Delay(time);
        }

        public LiveSummary Stop()
        {
            _stop.Cancel();
            LiveSummary summary = _running.GetAwaiter().GetResult();
            _runner.Dispose();
            return summary;
        }

        public void Dispose()
        {
            if (!_stop.IsCancellationRequested) Stop();
            _client.Dispose();
            _stop.Dispose();
        }

        private static (string There, string Here) Addresses(int host) => ($"192.0.2.{host.ToString(CultureInfo.InvariantCulture)}:5060", "198.51.100.1:5060");

        private void Tell(string line)
        {
            lock (_lines) _lines.Add(line);
        }
    }
}
