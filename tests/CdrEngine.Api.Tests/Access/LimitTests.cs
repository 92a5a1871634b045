using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace CdrEngine.Api.Tests.Access;

/// <summary>Clients that take what they can get: many, slow, long.</summary>
public sealed class LimitTests
{
    [Fact]
    public async Task SlowClients_AreCutOff_AndOthersAreServedMeanwhile()
    {
        await using Rig rig = await Rig.StartAsync(static options => options with { Limits = options.Limits with { HeadersTimeout = TimeSpan.FromSeconds(1), Connections = 60 } });
        rig.Calls.Add(TestCalls.Call(0, "call-1@host"));
        int port = new Uri(rig.Url).Port;
        var slow = new List<TcpClient>();
        try
        {
            // The head of a request that never ends, a byte now and then; some say nothing at all.
            for (int i = 0; i < 40; i++)
            {
                var client = new TcpClient();
                slow.Add(client);
                await client.ConnectAsync(IPAddress.Loopback, port);
                if (i % 4 != 0) await client.GetStream().WriteAsync("GET /api/v1/calls HTTP/1.1\r\nHost: x\r\nX-"u8.ToArray());
            }

            long began = Stopwatch.GetTimestamp();
            int cut = 0;
            while (cut < 30 && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(120))
            {
                Assert.Equal(HttpStatusCode.OK, (await rig.GetAsync("/api/v1/calls")).StatusCode);
                cut = 0;
                for (int i = 0; i < slow.Count; i++)
                {
                    if (i % 4 != 0 && await IsCutAsync(slow[i])) cut++;
                }
            }

            Assert.Equal(30, cut);
        }
        finally
        {
            slow.ForEach(static client => client.Dispose());
        }
    }

    [Fact]
    public async Task PackedBodies_AreNotUnpacked()
    {
        await using Rig rig = await Rig.StartAsync();
        rig.Calls.Add(TestCalls.Call(0, "call-1@host"));
        byte[] packed = Bomb();
        Assert.InRange(packed.Length, 1000, 60_000);
        long before = GC.GetTotalAllocatedBytes();
        foreach (string encoding in new[] { "gzip", "deflate", "br", "gzip, gzip" })
        {
            for (int i = 0; i < 10; i++)
            {
                using var content = new ByteArrayContent(packed);
                content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
                content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
                using HttpResponseMessage answer = await rig.Client.PostAsync("/api/v1/shares", content);
                Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.BadRequest, HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.UnsupportedMediaType]);
            }
        }

        // Forty times thirty-two megabytes would be more.
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 64L << 20);
        Assert.Equal(HttpStatusCode.OK, (await rig.GetAsync("/api/v1/calls")).StatusCode);
    }

    private static byte[] Bomb()
    {
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Optimal))
        {
            byte[] blanks = new byte[1 << 20];
            Array.Fill(blanks, (byte)' ');
            gzip.Write("{\"call_id\":\""u8);
            for (int i = 0; i < 32; i++) gzip.Write(blanks);
        }

        return packed.ToArray();
    }

    [Fact]
    public async Task Connections_OfOneAddress_AreBounded_AndPlacesComeFreeAgain()
    {
        await using Rig rig = await Rig.StartAsync(static options => options with { Limits = options.Limits with { ConnectionsPerAddress = 5, CountsLoopback = true } });
        int port = new Uri(rig.Url).Port;
        for (int round = 0; round < 3; round++)
        {
            // A place is free once the server has seen the end of the connection.
            long began = Stopwatch.GetTimestamp();
            int answered = await AnsweredOfEightAsync(port);
            while (answered < 4 && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(120))
            {
                Assert.InRange(answered, 0, 5);
                await Task.Delay(50);
                answered = await AnsweredOfEightAsync(port);
            }

            Assert.InRange(answered, 4, 5);
        }

        Assert.InRange(rig.Counters[ApiCounter.ConnectionsRefused], 6, 100_000);
    }

    private static async Task<int> AnsweredOfEightAsync(int port)
    {
        var open = new List<TcpClient>();
        for (int i = 0; i < 8; i++)
        {
            var client = new TcpClient();
            open.Add(client);
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, port);
            }
            catch (SocketException)
            {
                // Refused before it was seen to be connected.
            }
        }

        int answered = 0;
        foreach (TcpClient client in open) answered += client.Connected && await IsAnsweredAsync(client) ? 1 : 0;
        open.ForEach(static client => client.Dispose());
        return answered;
    }

    [Theory]
    [InlineData("line", 414)]
    [InlineData("count", 431)]
    [InlineData("bytes", 431)]
    [InlineData("body", 413)]
    public async Task TooMuch_IsRefused_ByTheSettings(string what, int status)
    {
        await using Rig rig = await Rig.StartAsync(static options => options with { Limits = options.Limits with { RequestLineBytes = 2048, HeaderCount = 20, HeaderBytes = 4096, RequestBodyBytes = 1024 } });
        string head = what switch
        {
            "line" => $"GET /{new string('a', 3000)} HTTP/1.1\r\nHost: x\r\n\r\n",
            "count" => $"GET /healthz HTTP/1.1\r\nHost: x\r\n{string.Concat(Enumerable.Range(0, 30).Select(static i => $"X-{i}: 1\r\n"))}\r\n",
            "bytes" => $"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: {new string('a', 5000)}\r\n\r\n",
            _ => $"POST /api/v1/shares HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {rig.Token}\r\nContent-Type: application/json\r\nContent-Length: 2000\r\n\r\n{new string(' ', 2000)}",
        };
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, new Uri(rig.Url).Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
        byte[] answer = new byte[12];
        await client.GetStream().ReadExactlyAsync(answer);
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status}"), Encoding.ASCII.GetString(answer));
    }

    private static async Task<bool> IsAnsweredAsync(TcpClient client)
    {
        try
        {
            await client.GetStream().WriteAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            return await client.GetStream().ReadAsync(new byte[16]) > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // One byte more of the header each time, until the server has closed it; it may say 408 before.
    private static async Task<bool> IsCutAsync(TcpClient client)
    {
        try
        {
            if (client.Available > 0) return true;
            await client.GetStream().WriteAsync("a"u8.ToArray());
            return client.Client.Poll(1000, SelectMode.SelectRead);
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
        {
            return true;
        }
    }
}
