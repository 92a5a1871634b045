using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Ports;
using CdrEngine.Engine.Live;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Parts;
using CdrEngine.Storage;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Host.Tests.Joined;

/// <summary>A live engine whose database or disk goes and comes back: it goes on, says so once, and in the end every call is stored, once.</summary>
public sealed partial class StorageTroubleTests
{
    [PostgresTheory]
    [InlineData("stopped")]
    [InlineData("frozen")]
    public void Server_GoneAndBack_UnderALiveEngine(string trouble)
    {
        using var server = new PostgresServer();
        using var rig = new Rig(
            "storage.backend=postgresql", $"storage.postgresql.url={server.Connection}", "storage.postgresql.timeout=4s", "storage.postgresql.connect-timeout=4s");
        rig.Start();
        rig.Call(20);
        rig.Await(() => rig.Counter("storage", "inserted") >= 20);
        if (trouble == "stopped") server.Stop();
        else server.Freeze();
        rig.Call(150);
        rig.Await(() => rig.Board.Unready is not null && rig.Counter("storage trouble", "records_failing") == 1 && rig.Counter("storage", "outbox_records") > 0);
        if (trouble == "stopped") server.Start();
        else server.Thaw();
        rig.Call(20);
        rig.End("The database of the records cannot be written", "records");
    }

    [PostgresFact]
    public void Server_AwayAtTheStart_IsWaitedForByNobody()
    {
        using var server = new PostgresServer();
        server.Stop();
        using var rig = new Rig("storage.backend=postgresql", $"storage.postgresql.url={server.Connection}", "storage.postgresql.connect-timeout=4s");
        rig.Start();
        rig.Call(30);
        rig.Await(() => rig.Board.Unready is not null && rig.Counter("storage", "outbox_records") > 0);
        server.Start();
        rig.End("The database of the records cannot be written", "records");
    }

    [MountFact]
    public void Disk_OfRecordsFull_AndEnlarged()
    {
        using var rig = new Rig();
        using var disk = new SmallDisk(DataFolder.Records(rig.Folder), "size=400k");
        rig.Start();
        rig.Call(300);
        rig.Await(() => rig.Counter("storage trouble", "records_failing") == 1 && rig.Counter("storage", "outbox_records") > 0 && rig.Board.Unready is not null);
        disk.Remount("size=64m");
        rig.End("The database of the records cannot be written", "records");
    }

    [MountFact]
    public void Disk_OfRecordsReadOnly_AndWritableAgain()
    {
        using var rig = new Rig();
        using var disk = new SmallDisk(DataFolder.Records(rig.Folder), "size=64m");
        rig.Start();
        disk.Remount("ro");
        rig.Call(60);
        rig.Await(() => rig.Counter("storage trouble", "records_failing") == 1 && rig.Counter("storage", "outbox_records") > 0);
        disk.Remount("rw");
        rig.End("The database of the records cannot be written", "records");
    }

    [MountFact]
    public void Disk_OfPacketsFull_CostsPacketsAndNoRecord()
    {
        using var rig = new Rig("packet-log.chunk=4KiB", "packet-log.flush=200ms");
        using var disk = new SmallDisk(DataFolder.Packets(rig.Folder), "size=200k");
        rig.Start();
        rig.Call(300);
        rig.Await(() => rig.Counter("storage trouble", "packets_failing") == 1 && rig.Board.Unready is not null);

        // Records do not wait for it.
        rig.Await(() => rig.Counter("storage", "inserted") >= 300);
        disk.Remount("size=64m");
        rig.End("The packet log cannot be written", "packets");
    }

    /// <summary>A live engine with a HEP listener, and the calls it is sent.</summary>
    private sealed class Rig : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly Settings _settings;
        private readonly ConcurrentQueue<string> _told = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly Socket _sender = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private LiveRunner? _runner;
        private Task<LiveSummary>? _running;
        private int _calls;

        public Rig(params string[] set) => _settings = SettingsLoader.Load(
            new SettingsFlags
            {
                DataDirectory = _folder.Path,
                Set = ["hep.listen=127.0.0.1:0", "call.linger=300ms", "storage.batch-delay=50ms", "storage.batch=20", "storage.queue=40", "engine.shards=1", .. set],
            },
            static _ => null);

        public StatisticsBoard Board { get; } = new();

        public string Folder => _folder.Path;

        public void Start()
        {
            _runner = new LiveRunner(_settings, Board, new RecorderShare(), _told.Enqueue, null, new LiveHub(EngineSetup.Live(_settings.Live)));
            _running = Task.Factory.StartNew(() => _runner.Run(new LiveService(), _stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            _sender.Connect(IPEndPoint.Parse(_runner.Sources[0]["hep:".Length..]));
        }

        /// <summary>Sends whole calls, some a millisecond.</summary>
        public void Call(int count)
        {
            using var pause = new ManualResetEventSlim();
            for (int i = 0; i < count; i++)
            {
                string id = $"trouble-{_calls++}";
                Send(id, "INVITE sip:200@b.example SIP/2.0", "INVITE", toCallee: true);
                Send(id, "SIP/2.0 180 Ringing", "INVITE", toCallee: false);
                Send(id, "SIP/2.0 486 Busy Here", "INVITE", toCallee: false);
                Send(id, "ACK sip:200@b.example SIP/2.0", "ACK", toCallee: true);
                pause.Wait(1);
            }
        }

        public long Counter(string area, string name) => Board.Read().Where(counter => counter.Area == area && counter.Name == name).Sum(static counter => counter.Value);

        public void Await(Func<bool> isSo)
        {
            using var pause = new ManualResetEventSlim();
            for (var waited = Stopwatch.StartNew(); !isSo(); pause.Wait(50))
            {
                string state() => $"{Board.Unready}\n{string.Join('\n', _told)}\n{string.Join('\n', Board.Read().Where(static counter => counter.Area.StartsWith("storage", StringComparison.Ordinal)))}";
                Assert.True(waited.Elapsed < TimeSpan.FromSeconds(120), state());
                if (_running!.IsFaulted) _running.GetAwaiter().GetResult();
            }
        }

        /// <summary>Waits until all is well without a restart, stops, and looks at what is stored and what was said.</summary>
        public void End(string began, string part)
        {
            End(part);
            Assert.Equal(1, _told.Count(line => line.StartsWith(began, StringComparison.Ordinal)));
            Assert.Equal(1, _told.Count(line => line.StartsWith($"{part}: works again", StringComparison.Ordinal)));
            Assert.True(Counter("storage trouble", $"{part}_failures") == 1);
        }

        /// <summary>Waits until all is well without a restart, stops, and looks at what is stored.</summary>
        public void End(string part)
        {
            Await(() => Board.Unready is null && Counter("storage trouble", $"{part}_failing") == 0 && Counter("storage", "outbox_records") == 0
                && Counter("storage", "inserted") >= _calls);
            _stop.Cancel();
            LiveSummary summary = _running!.GetAwaiter().GetResult();
            _runner!.Dispose();
            Assert.Empty(summary.Faults);
            Assert.Equal(0, Counter("storage", "refused"));
            using ICallStore store = Stores.Calls(_settings, StoreUse.Command);
            var ids = new List<string>();
            string? cursor = null;
            do
            {
                CallPage page = store.List(new CallQuery { Limit = 500, Cursor = cursor });
                ids.AddRange(page.Calls.Select(static call => call.SipCallId));
                cursor = page.NextCursor;
            }
            while (cursor is not null);
            Assert.Equal(Enumerable.Range(0, _calls).Select(static i => $"trouble-{i}").Order(StringComparer.Ordinal), ids.Order(StringComparer.Ordinal));
        }

        public void Dispose()
        {
            _stop.Cancel();
            try
            {
                _running?.Wait(TimeSpan.FromSeconds(120));
            }
            catch (AggregateException)
            {
                // The test says why.
            }

            _runner?.Dispose();
            _sender.Dispose();
            _stop.Dispose();
            _folder.Dispose();
        }

        private void Send(string id, string first, string method, bool toCallee)
        {
            string sip = string.Join(
                "\r\n",
                first,
                $"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-{id}",
                "From: <sip:100@a.example>;tag=a",
                $"To: <sip:200@b.example>{(toCallee && method == "INVITE" ? "" : ";tag=b")}",
                $"Call-ID: {id}",
                $"CSeq: 1 {method}",
                "Max-Forwards: 70",
                "Content-Length: 0",
                "",
                "");
            long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            _sender.Send(HepBuilder.Sip(
                toCallee ? "192.0.2.1:5060" : "192.0.2.2:5060", toCallee ? "192.0.2.2:5060" : "192.0.2.1:5060", sip, now / 1000, (int)(now % 1000) * 1000));
        }
    }
}

/// <summary>A file system in memory of a size that can be filled.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _path;

    public SmallDisk(string path, string options)
    {
        _path = path;
        Directory.CreateDirectory(path);
        Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path);
    }

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? Missing { get; } = Try();

    public void Remount(string options) => Run("mount", "-o", $"remount,{options}", _path);

    public void Dispose() => Run("umount", "-l", _path);

    private static string? Try()
    {
        using var folder = new TemporaryFolder();
        try
        {
            using var disk = new SmallDisk(System.IO.Path.Combine(folder.Path, "d"), "size=64k");
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return "needs to mount a tmpfs (CAP_SYS_ADMIN)";
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{program} {string.Join(' ', arguments)}: exit {process.ExitCode}: {errors}"));
    }
}

/// <summary>A test that mounts a file system.</summary>
internal sealed class MountFactAttribute : FactAttribute
{
    /// <summary>Skips with the reason where it may not.</summary>
    public MountFactAttribute() => Skip = SmallDisk.Missing;
}
