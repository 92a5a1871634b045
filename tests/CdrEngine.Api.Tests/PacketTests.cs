using System.Xml.Linq;
using CdrEngine.Protocols.Pcap;
using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests;

public sealed class PacketTests : IAsyncLifetime
{
    private static readonly CallRecord Call = TestCalls.Call(0, "call-1@host");

    private Rig _rig = null!;

    private static string Path => $"/api/v1/calls/{Call.Id}";

    public async Task InitializeAsync()
    {
        _rig = await Rig.StartAsync(static options => options with { Limits = options.Limits with { Downloads = 2, LongestWait = TimeSpan.FromMilliseconds(50) } });
        _rig.Calls.Add(Call);
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Theory]
    [InlineData("", 3, "")]
    [InlineData("?kinds=all", 3, "")]
    [InlineData("?kinds=sip", 1, "-sip")]
    [InlineData("?kinds=rtp", 2, "-rtp")]
    public async Task Pcap_ByKind_IsThePacketsAsCaptured(string query, int packets, string suffix)
    {
        byte[][] frames = [[1, 2, 3], [4, 5, 6, 7], [8]];
        _rig.Packets.Add(Call.Id, frames[0]).Add(Call.Id, frames[1], PacketKinds.Media, 1).Add(Call.Id, frames[2], PacketKinds.Media, 2);
        HttpResponseMessage response = await _rig.GetAsync($"{Path}.pcap{query}");
        Assert.Equal("application/vnd.tcpdump.pcap", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal($"attachment; filename=\"{Call.Id}{suffix}.pcap\"", response.Content.Headers.ContentDisposition?.ToString());
        using var file = new MemoryStream();
        using (CaptureWriter writer = CaptureWriter.Create(file, new CaptureFormat(CaptureContainer.Pcap, LinkType.Ethernet, HasNanoseconds: false)))
        {
            for (int i = 0; i < 3; i++)
            {
                if ((i == 0 && packets != 2) || (i > 0 && packets != 1)) writer.Write(PacketBuilder.Captured(frames[i], TestCalls.Start + TimeSpan.FromSeconds(i)));
            }
        }

        Assert.Equal(file.ToArray(), await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Pcap_OfMixedLinkTypes_IsPcapng()
    {
        _rig.Packets.Add(Call.Id, [1]).Add(Call.Id, [0x45], link: LinkType.Raw);
        HttpResponseMessage response = await _rig.GetAsync($"{Path}.pcap");
        Assert.Equal("application/x-pcapng", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal($"attachment; filename=\"{Call.Id}.pcapng\"", response.Content.Headers.ContentDisposition?.ToString());
        Assert.Equal([0x0A, 0x0D, 0x0D, 0x0A], (await response.Content.ReadAsByteArrayAsync())[..4]);
    }

    [Fact]
    public async Task Pcap_WithAWrongKind_IsAProblem()
    {
        JsonElement problem = await Rig.ProblemAsync(await _rig.GetAsync($"{Path}.pcap?kinds=video"), HttpStatusCode.BadRequest);
        Assert.Equal("kinds", problem.GetProperty("parameter").GetString());
        await Rig.ProblemAsync(await _rig.GetAsync($"{Path}.trace?kinds=sip"), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task PacketsThatAreGone_AreA404Problem()
    {
        foreach (string ending in (string[])[".pcap", ".trace", "/ladder.svg"]) await Rig.ProblemAsync(await _rig.GetAsync(Path + ending), HttpStatusCode.NotFound);
        _rig.Packets.Add(Call.Id, [1]);
        await Rig.ProblemAsync(await _rig.GetAsync($"{Path}.pcap?kinds=rtp"), HttpStatusCode.NotFound);
        Assert.False(File.Exists(System.IO.Path.Combine(_rig.Access, "audit.jsonl")));
    }

    [Fact]
    public async Task Head_OfAPcap_HasItsHeadersAndIsNotAudited()
    {
        _rig.Packets.Add(Call.Id, [1]);
        HttpResponseMessage head = await _rig.GetAsync($"{Path}.pcap", method: HttpMethod.Head);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.NotNull(head.Content.Headers.ContentDisposition);
        Assert.False(File.Exists(System.IO.Path.Combine(_rig.Access, "audit.jsonl")));
    }

    [Fact]
    public async Task LargePcap_ToASlowReader_IsHeldUpAndArrivesWhole()
    {
        // 64 MiB in packets of 1 KiB.
        _rig.Packets.Add(Call.Id, new byte[1024]);
        _rig.Packets.Repeat = 64 * 1024;
        using HttpResponseMessage response = await _rig.Client.GetAsync($"{Path}.pcap", HttpCompletionOption.ResponseHeadersRead);
        await using Stream body = await response.Content.ReadAsStreamAsync();
        byte[] buffer = new byte[64 * 1024];
        long total = await body.ReadAsync(buffer);

        // One pass chose the format; the second waits for us, a few buffers of pipe, connection and client (all far below the whole) ahead.
        long shown = await SettledAsync(() => _rig.Packets.Shown - _rig.Packets.Repeat);
        Assert.InRange(shown, 1, _rig.Packets.Repeat / 2);
        for (int read; (read = await body.ReadAsync(buffer)) > 0;) total += read;
        Assert.Equal(24 + (_rig.Packets.Repeat * (16L + 1024)), total);
    }

    [Fact]
    public async Task Client_ThatGoesAway_StopsTheReading()
    {
        _rig.Packets.Add(Call.Id, new byte[1024]);
        _rig.Packets.Repeat = 256 * 1024;
        using (HttpResponseMessage response = await _rig.Client.GetAsync($"{Path}.pcap", HttpCompletionOption.ResponseHeadersRead))
            await (await response.Content.ReadAsStreamAsync()).ReadExactlyAsync(new byte[1000]);
        await UntilAsync(() => _rig.Counters[ApiCounter.AnswersBroken] == 1);
        Assert.InRange(_rig.Packets.Shown, 1, (2 * _rig.Packets.Repeat) - 1);
        Assert.Empty(_rig.Faults);
    }

    [Fact]
    public async Task Fault_InTheMiddle_BreaksTheConnection()
    {
        _rig.Packets.Add(Call.Id, new byte[1024]);
        _rig.Packets.Repeat = 4096;
        _rig.Packets.FailAfter = 4096 + 2048;
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => _rig.Client.GetByteArrayAsync($"{Path}.pcap"));
        Assert.Contains(_rig.Faults, static fault => fault.Contains("the disk is gone", StringComparison.Ordinal));
        _rig.Packets.FailAfter = long.MaxValue;
        Assert.Equal(HttpStatusCode.OK, (await _rig.GetAsync($"{Path}.pcap")).StatusCode);
    }

    [Fact]
    public async Task Downloads_BeyondTheLimit_AreToldToComeAgain()
    {
        _rig.Packets.Add(Call.Id, [1]);
        var gate = new TaskCompletionSource();
        _rig.Packets.Gate = gate.Task;
        Task<HttpResponseMessage>[] taken = [_rig.GetAsync($"{Path}.pcap"), _rig.GetAsync($"{Path}.trace")];
        await UntilAsync(() => _rig.Packets.Visits == 2);
        HttpResponseMessage busy = await _rig.GetAsync($"{Path}/ladder.svg");
        await Rig.ProblemAsync(busy, HttpStatusCode.ServiceUnavailable);
        Assert.NotNull(busy.Headers.RetryAfter);
        gate.SetResult();
        Assert.All(await Task.WhenAll(taken), static response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
    }

    [Fact]
    public async Task Downloads_AreAudited_WithTheTokenAndTheCall()
    {
        _rig.Packets.AddSip(Call.Id, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Invite("call-1@host", "alice", "bob"));
        await _rig.GetAsync($"{Path}.pcap?kinds=sip");
        await _rig.GetAsync($"{Path}.trace");
        await _rig.GetAsync($"{Path}/ladder.svg");
        string[] lines = await File.ReadAllLinesAsync(System.IO.Path.Combine(_rig.Access, "audit.jsonl"));
        JsonElement[] entries = lines.Select(static line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(["download_pcap_sip", "download_trace"], entries.Select(static entry => entry.GetProperty("action").GetString()));
        Assert.All(entries, entry =>
        {
            Assert.Equal(Call.Id, entry.GetProperty("object").GetString());
            Assert.Equal("127.0.0.1", entry.GetProperty("remote").GetString());
            Assert.Equal("token:" + _rig.Token!.Split('_')[1], entry.GetProperty("who").GetString());
        });
    }

    [Fact]
    public async Task Download_ThatCannotBeAudited_IsRefused()
    {
        _rig.Packets.Add(Call.Id, [1]);
        Directory.CreateDirectory(System.IO.Path.Combine(_rig.Access, "audit.jsonl"));
        HttpResponseMessage response = await _rig.GetAsync($"{Path}.pcap");
        await Rig.ProblemAsync(response, HttpStatusCode.ServiceUnavailable);
        Assert.Null(response.Content.Headers.ContentDisposition);
        Assert.Equal(1, _rig.Counters[ApiCounter.AuditFailed]);
    }

    [Fact]
    public async Task TraceAndLadder_AreTheCallsOwnMessages()
    {
        SipText invite = SipText.Invite("call-1@host", "alice", "bob").WithSdp("192.0.2.1", 4000);
        _rig.Packets
            .AddSip(Call.Id, "192.0.2.1:5060", "192.0.2.2:5060", invite)
            .AddSip(Call.Id, "192.0.2.1:5060", "192.0.2.2:5060", invite, 0.5)
            .AddSip(Call.Id, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Invite("stranger@host", "eve", "mallory"), 0.6)
            .AddSip(Call.Id, "192.0.2.2:5060", "192.0.2.1:5060", invite.Reply(486), 7);
        HttpResponseMessage trace = await _rig.GetAsync($"{Path}.trace");
        Assert.Equal("text/plain; charset=utf-8", trace.Content.Headers.ContentType?.ToString());
        string text = await trace.Content.ReadAsStringAsync();
        Assert.Equal(2, text.Split("INVITE sip:bob").Length - 1);
        Assert.Contains("SIP/2.0 486", text, StringComparison.Ordinal);
        Assert.DoesNotContain("stranger", text, StringComparison.Ordinal);

        HttpResponseMessage ladder = await _rig.GetAsync($"{Path}/ladder.svg");
        Assert.Equal("image/svg+xml", ladder.Content.Headers.ContentType?.ToString());
        string[] texts = XDocument.Parse(await ladder.Content.ReadAsStringAsync()).Descendants().Where(static element => element.Name.LocalName == "text").Select(static element => element.Value).ToArray();
        Assert.Contains("INVITE SDP", texts);
        Assert.Contains("INVITE SDP (again, +0.500 s)", texts);
        Assert.Contains("… 6.500 s …", texts);
        Assert.Contains("486 Busy Here", texts);
        Assert.Contains("192.0.2.2:5060", texts);
    }

    [Fact]
    public async Task Trace_BeyondItsLimit_SaysThatItIsCut()
    {
        await using Rig rig = await Rig.StartAsync(static options => options with { Limits = options.Limits with { TraceMessages = 2, LadderMessages = 3 } });
        rig.Calls.Add(Call);
        for (int i = 0; i < 5; i++) rig.Packets.AddSip(Call.Id, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Invite("call-1@host", "alice", "bob", cseq: (uint)i + 1), i);
        string text = await (await rig.GetAsync($"{Path}.trace")).Content.ReadAsStringAsync();
        Assert.EndsWith("cut after 2 messages; the pcap has them all\n", text, StringComparison.Ordinal);
        Assert.Contains("cut after 3 messages", await (await rig.GetAsync($"{Path}/ladder.svg")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        while (!condition()) await Task.Delay(10, limit.Token);
    }

    // The value once it stands still for a while: whoever moves it is held up or done.
    private static async Task<long> SettledAsync(Func<long> value)
    {
        long last = -1;
        for (int still = 0; still < 20;)
        {
            await Task.Delay(10);
            long now = value();
            still = now == last ? still + 1 : 0;
            last = now;
        }

        return last;
    }
}
