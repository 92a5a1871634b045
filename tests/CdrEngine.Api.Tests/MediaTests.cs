using CdrEngine.Protocols.Pcap;
using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests;

public sealed class MediaTests : IAsyncLifetime
{
    private static readonly CallRecord Call = MediaSessions.Complete(TestCalls.Call(0, "call-1@host") with
    {
        MediaSessions =
        [
            new MediaSessionRecord
            {
                Index = 0, Media = "audio", Protocol = "RTP/AVP", Caller = TestCalls.Address("192.0.2.1", 4000), Callee = TestCalls.Address("192.0.2.2", 5000),
                CallerRtcp = TestCalls.Address("192.0.2.1", 4007),
            },
            new MediaSessionRecord { Index = 1, Media = "video", Protocol = "RTP/AVP", Caller = TestCalls.Address("192.0.2.1", 4002) },
        ],
        Streams = [Stream("198.51.100.7:40000", "198.51.100.8:50000")],
    });

    private Rig _rig = null!;

    private static string Path => $"/api/v1/media-sessions/{Call.Id}-m0";

    public async Task InitializeAsync()
    {
        _rig = await Rig.StartAsync();
        _rig.Calls.Add(Call);
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task Session_ByItsId_IsTheSameObjectAsInTheCall()
    {
        HttpResponseMessage response = await _rig.GetAsync(Path);
        string alone = await response.Content.ReadAsStringAsync(), call = await _rig.Client.GetStringAsync($"/api/v1/calls/{Call.Id}");
        Assert.Contains(alone, call, StringComparison.Ordinal);
        Assert.Contains($"\"id\":\"{Call.Id}-m0\"", alone, StringComparison.Ordinal);
        var known = new HttpRequestMessage(HttpMethod.Get, Path);
        known.Headers.TryAddWithoutValidation("If-None-Match", response.Headers.ETag!.ToString());
        Assert.Equal(HttpStatusCode.NotModified, (await _rig.Client.SendAsync(known)).StatusCode);
    }

    [Theory]
    [InlineData("-m7")]
    [InlineData("-m00")]
    [InlineData("")]
    [InlineData("-mx")]
    public async Task Session_ThatIsNotThere_IsA404Problem(string ending)
    {
        foreach (string resource in (string[])["", ".pcap", ".trace"])
            await Rig.ProblemAsync(await _rig.GetAsync($"/api/v1/media-sessions/{Call.Id}{ending}{resource}"), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task List_HasTheFiltersInItsQuery_AndALinkToTheNextPage()
    {
        HttpResponseMessage response = await _rig.GetAsync(
            $"/api/v1/media-sessions?type=audio&call_id={Call.Id}&codec=pcmu&mos_below=3.5&address=192.0.2.1&flags=held,srtp&sort=started_at&limit=1&from=2026-11-20T00:00:00Z&to=1800000000");
        JsonElement page = await Rig.ReadJsonAsync(response);
        Assert.Equal("next", page.GetProperty("next_cursor").GetString());
        Assert.Contains("limit=1", Assert.Single(response.Headers.GetValues("Link")), StringComparison.Ordinal);
        MediaSessionQuery query = Assert.Single(_rig.Media.Queries);
        Assert.Equal(
            new MediaSessionQuery
            {
                Type = MediaSessionType.Audio,
                CallId = Call.Id,
                Codec = "pcmu",
                MosBelow = 3.5,
                Address = TestCalls.Address("192.0.2.1", 1).Address,
                Flags = MediaSessionFlags.Held | MediaSessionFlags.Srtp,
                Ascending = true,
                Limit = 1,
                From = Timestamp.From(new DateTimeOffset(2026, 11, 20, 0, 0, 0, TimeSpan.Zero)),
                To = Timestamp.FromUnix(1_800_000_000, 0),
            },
            query);
    }

    [Theory]
    [InlineData("type=sound", "type")]
    [InlineData("call_id=1", "call_id")]
    [InlineData("mos_below=9", "mos_below")]
    [InlineData("flags=held,odd", "flags")]
    [InlineData("sort=mos", "sort")]
    [InlineData("limit=0", "limit")]
    [InlineData("cursor=x", "cursor")]
    [InlineData("codecs=x", "codecs")]
    public async Task List_WithAWrongParameter_IsAProblemThatNamesIt(string query, string parameter)
    {
        JsonElement problem = await Rig.ProblemAsync(await _rig.GetAsync($"/api/v1/media-sessions?{query}"), HttpStatusCode.BadRequest);
        Assert.Equal(parameter, problem.GetProperty("parameter").GetString());
    }

    [Fact]
    public async Task Pcap_OfASession_HasItsPacketsAndItsRtcpAndNoOthers()
    {
        byte[][] its =
        [
            Udp("192.0.2.1:4000", "192.0.2.2:5000"), Udp("192.0.2.2:5000", "192.0.2.1:4000"), Udp("203.0.113.9:9", "192.0.2.1:4007"),
            Udp("198.51.100.7:40000", "198.51.100.8:50000"), Udp("198.51.100.8:50001", "198.51.100.7:40001"),
        ];
        byte[][] others = [Udp("192.0.2.1:4002", "192.0.2.2:5002"), Udp("198.51.100.7:40000", "198.51.100.9:50000"), [1, 2, 3]];
        foreach (byte[] frame in its.Concat(others)) _rig.Packets.Add(Call.Id, frame, PacketKinds.Media);
        _rig.Packets.Add(Call.Id, Udp("192.0.2.1:4000", "192.0.2.2:5060"));
        HttpResponseMessage response = await _rig.GetAsync(Path + ".pcap");
        Assert.Equal($"attachment; filename=\"{Call.Id}-m0.pcap\"", response.Content.Headers.ContentDisposition?.ToString());
        using var file = new MemoryStream();
        using (CaptureWriter writer = CaptureWriter.Create(file, new CaptureFormat(CaptureContainer.Pcap, LinkType.Ethernet, HasNanoseconds: false)))
        {
            foreach (byte[] frame in its) writer.Write(PacketBuilder.Captured(frame, TestCalls.Start));
        }

        Assert.Equal(file.ToArray(), await response.Content.ReadAsByteArrayAsync());
        Assert.Contains("download_media_pcap", await File.ReadAllTextAsync(System.IO.Path.Combine(_rig.Access, "audit.jsonl")), StringComparison.Ordinal);
        Assert.Single(await VideoAsync());
    }

    [Fact]
    public async Task Trace_OfASession_IsTheMessagesThatNegotiateIt()
    {
        SipText invite = SipText.Invite("call-1@host", "sip:a@example.com", "sip:b@example.com").WithSdp("192.0.2.1", 4000);
        _rig.Packets.AddSip(Call.Id, "192.0.2.1:5060", "192.0.2.2:5060", invite);
        _rig.Packets.AddSip(Call.Id, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Bye("call-1@host", "sip:a@example.com", "sip:b@example.com"), 1);
        string trace = await _rig.Client.GetStringAsync(Path + ".trace");
        Assert.Contains("INVITE ", trace, StringComparison.Ordinal);
        Assert.DoesNotContain("BYE ", trace, StringComparison.Ordinal);

        // The second m-line was never in an SDP.
        await Rig.ProblemAsync(await _rig.GetAsync($"/api/v1/media-sessions/{Call.Id}-m1.trace"), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Streams_OfACall_AreListed()
    {
        JsonElement streams = (await _rig.JsonAsync($"/api/v1/streams?call_id={Call.Id}")).GetProperty("streams");
        Assert.Equal("198.51.100.7:40000", Assert.Single(streams.EnumerateArray()).GetProperty("src").GetString());
        Assert.Equal(0, (await _rig.JsonAsync($"/api/v1/streams?call_id={TestCalls.Call(9).Id}")).GetProperty("streams").GetArrayLength());
        foreach (string wrong in (string[])["", "?call_id=7"])
            Assert.Equal("call_id", (await Rig.ProblemAsync(await _rig.GetAsync("/api/v1/streams" + wrong), HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
    }

    private async Task<List<byte[]>> VideoAsync()
    {
        byte[] pcap = await _rig.Client.GetByteArrayAsync($"/api/v1/media-sessions/{Call.Id}-m1.pcap");
        return [pcap[24..]];
    }

    private static byte[] Udp(string source, string destination) => PacketBuilder.UdpFrame(source, destination, [0x80, 0, 0, 1]).Build();

    private static StreamRecord Stream(string source, string destination) => new()
    {
        Ssrc = 1,
        Source = Endpoint(source),
        Destination = Endpoint(destination),
        MediaIndex = 0,
        From = PartySide.Caller,
        PayloadType = 0,
        Codec = "PCMU/8000",
        Packets = 1,
        Octets = 1,
        Expected = 1,
        Lost = 0,
        Duplicates = 0,
        OutOfOrder = 0,
        StartedAt = TestCalls.Start,
        EndedAt = TestCalls.Start,
    };

    private static Endpoint Endpoint(string text) => TestCalls.Address(text[..text.IndexOf(':')], ushort.Parse(text[(text.IndexOf(':') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
}
