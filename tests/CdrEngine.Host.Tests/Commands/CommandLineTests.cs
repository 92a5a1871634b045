using System.Text;
using System.Text.Json;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Core;
using CdrEngine.Host.Commands;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Parts;
using CdrEngine.Host.Tests.Progress;
using Xunit;

namespace CdrEngine.Host.Tests.Commands;

public sealed class CommandLineTests
{
    // Arguments, and the whole line on standard error; nothing else is printed and the exit code is 1.
    public static TheoryData<string, string> Mistakes => new()
    {
        { "", "cdrengine: which command? (cdrengine --help)" },
        { "imprt x", "cdrengine: 'imprt' is no command; did you mean 'import'? (cdrengine --help)" },
        { "import", "cdrengine: Required argument missing for command: 'import' (cdrengine import --help)" },
        { "import x --dta y", "cdrengine: '--dta' is no flag of import; did you mean '--data'? (cdrengine import --help)" },
        { "run", "cdrengine: nothing to capture: give -i IFACE, --hep ADDR:PORT or --read FILE, or set capture.interfaces or hep.listen" },
        { "run -i eth0 --read a.pcap", "cdrengine: --read goes with neither --interface nor --hep: files have a time of their own" },
        { "run --hep 9060", "cdrengine: --hep: '9060' is no address with a port; write 0.0.0.0:9060 or [::]:9060" },
        { "run -i eth0 --set capture.block=100000", "cdrengine: --set capture.block=100000: cdrengine.capture.block: it is no power of two" },
        { "calls surplus", "cdrengine: 'surplus' is no argument of calls (cdrengine calls --help)" },
        { "calls --format xml", "cdrengine: --format: 'xml' is none of table, json, csv" },
        { "calls --disposition bsy", "cdrengine: --disposition: 'bsy' is none of in_progress, answered, busy, no_answer, cancelled, rejected, invalid_number, redirected, failed, no_response; did you mean 'busy'?" },
        { "calls --from yesterday", "cdrengine: --from: 'yesterday' is no time; write 2026-11-20, 2026-11-20T10:00 or 2026-11-20T10:00:00+01:00" },
        { "calls --address 300.1.1.1", "cdrengine: --address: '300.1.1.1' is no IP address" },
        { "calls --limit 0", "cdrengine: --limit: '0' is no whole number above 0" },
        { "calls --mos-below good", "cdrengine: --mos-below: 'good' is no number such as 3.5" },
        { "calls --min-duration 5", "cdrengine: --min-duration: '5' has no unit; write 5ms, 5s, 5m, 5h or 5d" },
        { "calls --sort size", "cdrengine: --sort: 'size' is none of started_at, duration, billsec, mos" },
        { "calls --set call.lingr=2s", "cdrengine: --set call.lingr=2s: unknown key 'cdrengine.call.lingr'; did you mean 'cdrengine.call.linger'?" },
        { "calls --config /none/x.conf", "cdrengine: /none/x.conf: the file is not there" },
        { "serve --listen nowhere", "cdrengine: --listen: cdrengine.api.listen: 'nowhere' is no address with a port; write 127.0.0.1:8080 or [::1]:8080" },
        { "show nobody", "cdrengine: no call has the id or Call-ID 'nobody'" },
        { "show twice@host", "cdrengine: 2 calls have the Call-ID 'twice@host': 20261120-twice1, 20261120-twice2" },
        { "bench all", "cdrengine: the measurements come with the sources: run ./cdrengine bench in a checkout" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Mistake_OnTheCommandLine_IsOneLineAndExitCodeOne(string arguments, string expected)
    {
        var run = new Run(terminal: false);
        Assert.Equal(1, await run.Command(arguments));
        Assert.Equal(expected + "\n", run.Error);
        Assert.Equal("", run.Out);
    }

    [Fact]
    public async Task Help_NamesEveryCommand()
    {
        var run = new Run(terminal: false);
        Assert.Equal(0, await run.Command("--help"));
        foreach (string command in (string[])["import", "run", "serve", "demo", "calls", "show", "pcap", "trace", "mp3", "wav", "fax", "registrations", "messages", "peers", "directory", "rate", "token", "doctor", "bench"])
            Assert.Contains($"\n  {command} ", run.Out, StringComparison.Ordinal);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Import_OfGoodFiles_PrintsTheSummaryAndExitsZero()
    {
        var run = new Run(terminal: false);
        Assert.Equal(0, await run.Command("import a.pcap - folder --data d"));
        Assert.Equal(["a.pcap", "-", "folder"], run.Parts.Imported);
        Assert.Equal("d", run.Parts.Settings!.DataDirectory);
        Assert.StartsWith("read 3 files, ", run.Out, StringComparison.Ordinal);
        Assert.Equal("", run.Error);
        Assert.False(run.Parts.Again);
        Assert.Equal(0, await run.Command("import a.pcap --again"));
        Assert.True(run.Parts.Again);
    }

    [Fact]
    public async Task Import_OfAFileThatIsNoCapture_NamesItAndExitsTwo()
    {
        var run = new Run(terminal: false);
        run.Parts.Faults.Add(new FileFault("bad\e.txt", "no capture file: it begins with 'PK'", IsUnreadable: true));
        Assert.Equal(2, await run.Command("import bad.txt a.pcap"));
        Assert.Equal("cdrengine: bad\\x1b.txt: no capture file: it begins with 'PK'\n", run.Error);
        Assert.Contains("1 file could not be read\n", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_OfAFileThatIsCutOff_SaysSoAndExitsZero()
    {
        var run = new Run(terminal: false);
        run.Parts.Faults.Add(new FileFault("cut.pcap", "ends in the middle of packet 12", IsUnreadable: false));
        Assert.Equal(0, await run.Command("import cut.pcap"));
        Assert.Equal("cdrengine: cut.pcap: ends in the middle of packet 12\n", run.Error);
    }

    [Fact]
    public async Task Import_OnATerminal_DrawsABar()
    {
        var run = new Run(terminal: true);
        Assert.Equal(0, await run.Command("import a.pcap"));
        Assert.Contains("50.0 MB of 100.0 MB", run.Error, StringComparison.Ordinal);
        Assert.Contains("%", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_ThatThrows_IsOneLine()
    {
        var run = new Run(terminal: false);
        run.Parts.ImportFailure = new IOException("No space left on device");
        Assert.Equal(1, await run.Command("import a.pcap"));
        Assert.Equal("cdrengine: No space left on device\n", run.Error);
    }

    [Fact]
    public async Task Path_ThatBeginsWithAHyphen_IsTakenAfterTwo()
    {
        var run = new Run(terminal: false);
        Assert.Equal(0, await run.Command("import -- --odd.pcap"));
        Assert.Equal(["--odd.pcap"], run.Parts.Imported);
    }

    [Fact]
    public async Task Run_OfInterfaces_CapturesUntilStoppedAndSaysWhatWasLost()
    {
        var run = new Run(terminal: false);
        Task<int> running = run.Command("run -i eth0 --interface eth1 --hep 127.0.0.1:9060");
        await run.Parts.Started.Task;
        await run.Stop.CancelAsync();
        Assert.Equal(0, await running);
        Assert.Equal(["eth0", "eth1"], run.Parts.Settings!.Capture.Interfaces);
        Assert.Equal("127.0.0.1:9060", run.Parts.Settings.Hep.Listen!.ToString());
        Assert.Contains("capturing from eth0, eth1, listening on http://127.0.0.1:8080 until Ctrl-C\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("captured 3 packets from eth0, eth1 in ", run.Out, StringComparison.Ordinal);
        Assert.Contains(", 2 losses: calls open then are flagged gap\n", run.Out, StringComparison.Ordinal);
        Assert.True(run.Parts.ServerStopped);
    }

    [Fact]
    public async Task Calls_AsJson_PrintsEveryPageOneRecordALine()
    {
        var run = new Run(terminal: false);
        Assert.Equal(0, await run.Command("calls --format json"));
        string[] lines = run.Out.TrimEnd('\n').Split('\n');
        Assert.Equal(5, lines.Length);
        Assert.All(lines, static line => JsonDocument.Parse(line).Dispose());
        Assert.Equal(3, run.Parts.Reader.Queries.Count);
    }

    [Fact]
    public async Task Calls_WithALimit_StopsThere()
    {
        var run = new Run(terminal: false);
        Assert.Equal(0, await run.Command("calls --format json --limit 3"));
        Assert.Equal(3, run.Out.TrimEnd('\n').Split('\n').Length);
        Assert.Equal([3, 1], run.Parts.Reader.Queries.Select(static query => query.Limit));
    }

    [Fact]
    public async Task Calls_WithFilters_AsksForThem()
    {
        var run = new Run(terminal: false);
        Assert.Equal(0, await run.Command("calls --from 2026-11-20 --to 2026-11-20T10:00:00+01:00 --number 49* --caller 1001 --callee 2002 --address 2001:db8::1 "
            + "--disposition busy,failed --disposition answered --direction inbound --codec PCMU --mos-below 3.5 --flag held --flag srtp "
            + "--min-duration 30s --max-duration 1h --call-id abc@host --session s1 --text li --sort mos --ascending"));
        CallQuery query = run.Parts.Reader.Queries[0];
        Assert.Equal("2026-11-20T00:00:00.000000Z", query.From.ToString());
        Assert.Equal("2026-11-20T09:00:00.000000Z", query.To.ToString());
        Assert.Equal("49*", query.Number);
        Assert.Equal("1001", query.Caller);
        Assert.Equal("2002", query.Callee);
        Assert.Equal("2001:db8::1", query.Address.ToString());
        Assert.Equal([Disposition.Busy, Disposition.Failed, Disposition.Answered], query.Dispositions);
        Assert.Equal(CallDirection.Inbound, query.Direction);
        Assert.Equal("PCMU", query.Codec);
        Assert.Equal(3.5, query.MosBelow);
        Assert.Equal(CallFlags.Held | CallFlags.Srtp, query.Flags);
        Assert.Equal(TimeSpan.FromSeconds(30), query.DurationMin);
        Assert.Equal(TimeSpan.FromHours(1), query.DurationMax);
        Assert.Equal("abc@host", query.SipCallId);
        Assert.Equal("s1", query.SessionId);
        Assert.Equal("li", query.Text);
        Assert.Equal(CallSort.Mos, query.Sort);
        Assert.True(query.Ascending);
    }

    [Theory]
    [InlineData("20261120-one")]
    [InlineData("one@host")]
    public async Task Show_ByIdOrCallId_DrawsTheLadder(string id)
    {
        var run = new Run(terminal: false);
        Assert.Equal(0, await run.Command($"show {id}"));
        Assert.StartsWith("20261120-one  1001 -> 2002  Call-ID one@host\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("── INVITE ──", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pcap_ToAFile_IsTheBytesAndNothingElse()
    {
        var run = new Run(terminal: false);
        Assert.Equal(0, await run.Command("pcap 20261120-one"));
        Assert.Equal("pcap of 20261120-one", Encoding.UTF8.GetString(run.Binary.ToArray()));
        Assert.Equal("", run.Out);
    }

    [Fact]
    public async Task Pcap_ToATerminal_IsRefused()
    {
        var run = new Run(terminal: true);
        Assert.Equal(1, await run.Command("pcap 20261120-one"));
        Assert.Equal("cdrengine: a capture does not belong on a terminal; add > call.pcap\n", run.Error);
    }

    [Theory]
    [InlineData("mp3 20261120-one", "Mp3 Stereo of 20261120-one")]
    [InlineData("wav one@host --mono", "Wav Mono of 20261120-one")]
    public async Task Recording_ToAFile_IsTheBytesAndNothingElse(string command, string bytes)
    {
        var run = new Run(terminal: false);
        Assert.Equal(0, await run.Command(command));
        Assert.Equal(bytes, Encoding.UTF8.GetString(run.Binary.ToArray()));
        Assert.Equal("", run.Out + run.Error);
    }

    [Fact]
    public async Task Recording_ToATerminal_IsRefused()
    {
        var run = new Run(terminal: true);
        Assert.Equal(1, await run.Command("mp3 20261120-one"));
        Assert.Equal("cdrengine: a recording does not belong on a terminal; add > call.mp3\n", run.Error);
    }

    [Fact]
    public async Task Recording_ThatThereIsNone_IsALineWithTheReason()
    {
        var run = new Run(terminal: false);
        Assert.Equal(1, await run.Command("wav 20261120-five"));
        Assert.Equal("cdrengine: there is no recording of 20261120-five: no_rtp\n", run.Error);
    }

    [Fact]
    public async Task Fax_ToAFile_IsItsBytes_AndWithoutOneALineWithTheReason()
    {
        var run = new Run(terminal: false);
        Assert.Equal(0, await run.Command("fax 20261120-one --pdf"));
        Assert.Equal("Pdf of 20261120-one", Encoding.UTF8.GetString(run.Binary.ToArray()));
        run = new Run(terminal: false);
        Assert.Equal(1, await run.Command("fax 20261120-five"));
        Assert.Equal("cdrengine: there are no pages of a fax of 20261120-five: no_fax\n", run.Error);
        run = new Run(terminal: true);
        Assert.Equal(1, await run.Command("fax 20261120-one"));
        Assert.Equal("cdrengine: a fax does not belong on a terminal; add > fax.tiff\n", run.Error);
    }

    [Theory]
    [InlineData(true, "SIP \\x1b[2J\n")]
    [InlineData(false, "SIP \e[2J\r\n")]
    public async Task Trace_OnATerminalOnly_IsEscaped(bool terminal, string expected)
    {
        var run = new Run(terminal);
        Assert.Equal(0, await run.Command("trace 20261120-one"));
        Assert.Equal(expected, run.Out);
    }

    [Fact]
    public async Task PacketsThatAreGone_AreOneLine()
    {
        var run = new Run(terminal: false);
        Assert.Equal(1, await run.Command("trace 20261120-twice1"));
        Assert.Equal("cdrengine: the packets of 20261120-twice1 are gone or were not kept\n", run.Error);
    }

    [Fact]
    public async Task Serve_PrintsTheTokenOnce_AndEndsWhenStopped()
    {
        var run = new Run(terminal: false);
        run.Parts.Token = "secret";
        Task<int> serving = run.Command("serve --listen 127.0.0.1:9");
        await run.Parts.Started.Task;
        await run.Stop.CancelAsync();
        Assert.Equal(0, await serving);
        Assert.Equal(
            """
            administrator's token, shown this once: secret
            try: curl -H 'Authorization: Bearer secret' http://127.0.0.1:9/api/v1/calls
            listening on http://127.0.0.1:9 until Ctrl-C

            """,
            run.Out);
        Assert.True(run.Parts.ServerStopped);
    }

    [Theory]
    [InlineData("demo", "demo.pcap")]
    [InlineData("run --read x.pcap --read y.pcap", "x.pcap y.pcap")]
    public async Task DemoAndRun_ImportBeforeTheyWait(string arguments, string files)
    {
        var run = new Run(terminal: false);
        Task<int> serving = run.Command(arguments);
        await run.Parts.Started.Task;
        await run.Stop.CancelAsync();
        Assert.Equal(0, await serving);
        Assert.Equal(files.Split(' '), run.Parts.Imported);
        Assert.Contains("\nlistening on ", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OutputThatNobodyReads_EndsQuietly()
    {
        var run = new Run(terminal: false, new BrokenPipe());
        Assert.Equal(0, await run.Command("calls --format json"));
        Assert.Equal("", run.Error);
    }

    private sealed class Run(bool terminal, TextWriter? output = null)
    {
        private readonly StringWriter _out = new() { NewLine = "\n" };
        private readonly StringWriter _error = new() { NewLine = "\n" };

        public FakeParts Parts { get; } = new();

        public CancellationTokenSource Stop { get; } = new();

        public MemoryStream Binary { get; } = new();

        public string Out => _out.ToString();

        public string Error => _error.ToString();

        public Task<int> Command(string arguments) => CommandLine.RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), new CommandContext
        {
            Parts = Parts,
            Out = output ?? _out,
            Error = _error,
            OpenBinaryOutput = () => Binary,
            OutIsTerminal = terminal,
            ErrorIsTerminal = terminal,
            Width = 120,
            Environment = static name => name == "NO_COLOR" ? "1" : null,
            Time = new TestClock(),
            Stop = Stop.Token,
        });
    }

    private sealed class BrokenPipe : StringWriter
    {
        public override void Write(string? value) => throw new IOException("Broken pipe", 32);
    }

    private sealed class FakeParts : IParts, IImportRunner, ILiveRunner, ICallArchive, IApiServer
    {
        public IAlertArchive Alerts(Settings settings) => throw new NotSupportedException();

        public IDeskArchive Desk(Settings settings) => throw new NotSupportedException("tested over a real data folder");

        public List<string> Imported { get; } = [];

        public List<FileFault> Faults { get; } = [];

        public Exception? ImportFailure { get; set; }

        public Settings? Settings { get; private set; }

        public string? Token { get; set; }

        public bool ServerStopped { get; private set; }

        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ListReader Reader { get; } = new(
            TestCalls.Answered("20261120-one", "one@host"), TestCalls.Busy(), TestCalls.Answered("20261120-twice1", "twice@host"),
            TestCalls.Answered("20261120-twice2", "twice@host"), TestCalls.Answered("20261120-five", "five@host"));

        public string DemoDirectory => "demo/directory.conf";

        public IReadOnlyList<string> DemoCaptures => ["demo.pcap"];

        public ImportProgress Progress => new() { Bytes = 50_000_000, TotalBytes = 100_000_000, Packets = 1, Calls = 1, CurrentFile = "a.pcap" };

        public ICallReader Calls => Reader;

        public IImportRunner Importer(Settings settings)
        {
            Settings = settings;
            return this;
        }

        public IReadOnlyList<string> Sources => Settings!.Capture.Interfaces;

        public ILiveRunner Live(Settings settings)
        {
            Settings = settings;
            return this;
        }

        public LiveSummary Run(LiveService service, CancellationToken stop)
        {
            stop.WaitHandle.WaitOne();
            return new LiveSummary { Sources = Sources, Packets = 3, Lost = 2 };
        }

        public ICallArchive Archive(Settings settings) => this;

        public IApiServer Server(Settings settings)
        {
            Settings = settings;
            return this;
        }

        public bool Again { get; private set; }

        public ImportSummary Run(IReadOnlyList<string> paths, CancellationToken stop, bool again = false)
        {
            Again = again;
            if (ImportFailure is { } failure) throw failure;
            Imported.AddRange(paths);
            return new ImportSummary { Files = paths.Count, Faults = Faults };
        }

        public bool WritePcap(string id, Stream to)
        {
            to.Write(Encoding.UTF8.GetBytes($"pcap of {id}"));
            return true;
        }

        public string? WriteRecording(string id, RecordingVariant variant, Stream to, CancellationToken stop)
        {
            if (id != "20261120-one") return "no_rtp";
            to.Write(Encoding.UTF8.GetBytes($"{variant.Kind} {variant.Channels} of {id}"));
            return null;
        }

        public FaxOutcome WriteFax(CallRecord call, FaxForm form, Stream to, CancellationToken stop)
        {
            if (call.Id != "20261120-one") return new FaxOutcome { Reason = "no_fax" };
            to.Write(Encoding.UTF8.GetBytes($"{form} of {call.Id}"));
            return new FaxOutcome { Pages = 1 };
        }

        public bool WriteTrace(string id, TextWriter to)
        {
            if (id != "20261120-one") return false;
            to.Write("SIP \e[2J\r\n");
            return true;
        }

        public IReadOnlyList<LadderMessage> Messages(string id) =>
        [
            new LadderMessage { At = TestCalls.Start, Source = TestCalls.Address("192.0.2.1", 5060), Destination = TestCalls.Address("192.0.2.2", 5060), Title = "INVITE" },
        ];

        public ISessionReader Sessions => new SessionArchive(Reader);

        public bool WritePcap(SessionRecord session, Stream to) => WritePcap("session " + session.Id, to);

        public bool WriteTrace(SessionRecord session, TextWriter to) => WriteTrace(session.Id, to);

        public string? WriteRecording(SessionRecord session, RecordingChannels channels, Stream to, CancellationToken stop)
        {
            to.Write(Encoding.UTF8.GetBytes($"{channels} of session {session.Id}"));
            return null;
        }

        public IReadOnlyList<LadderMessage> Messages(SessionRecord session) => Messages(session.Id);

        public Task<ApiStart> StartAsync(CancellationToken stop)
        {
            Started.SetResult();
            return Task.FromResult(new ApiStart($"http://{Settings!.Api.Listen}", Token));
        }

        public Task StopAsync()
        {
            ServerStopped = true;
            return Task.CompletedTask;
        }

        public void Dispose()
        {
            // Nothing is held.
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
