using System.Globalization;
using System.Text;
using CdrEngine.Core;

namespace CdrEngine.Load;

/// <summary>What goes on outside calls, scripted.</summary>
public sealed record DeskLoadOptions
{
    /// <summary>Seed.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Devices that register.</summary>
    public int Devices { get; init; } = 40;

    /// <summary>Text messages between them.</summary>
    public int Messages { get; init; } = 200;

    /// <summary>Time it all takes.</summary>
    public TimeSpan Span { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Share of requests that pass a proxy whose both sides are mirrored.</summary>
    public double ProxyShare { get; init; } = 0.3;

    /// <summary>Share of requests sent twice.</summary>
    public double RetransmissionShare { get; init; } = 0.1;

    /// <summary>Share of requests that are challenged first.</summary>
    public double ChallengeShare { get; init; } = 0.5;

    /// <summary>Time after the end of a binding within which it still counts, as the engine has it.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>First instant.</summary>
    public Timestamp Start { get; init; } = Timestamp.FromUnix(1_800_000_000, 0);
}

/// <summary>What must be told of one address of record: how many of each event, all its bindings together, and where it stands.</summary>
/// <param name="Aor">Address of record.</param>
/// <param name="New">Bindings made.</param>
/// <param name="Refreshed">Refreshes.</param>
/// <param name="Moved">Moves.</param>
/// <param name="Expired">Times it ran out.</param>
/// <param name="Removed">Times it was taken back.</param>
/// <param name="Failed">Attempts refused or not answered.</param>
/// <param name="IsLive">Whether it is bound at the end.</param>
public sealed record ExpectedDevice(string Aor, int New, int Refreshed, int Moved, int Expired, int Removed, int Failed, bool IsLive);

/// <summary>What must be told of a load.</summary>
/// <param name="Devices">Of each device.</param>
/// <param name="Messages">Text of each message and what became of it (<c>delivered 200</c>), in order of their start.</param>
/// <param name="Conversations">Conversations.</param>
/// <param name="Packets">Packets written.</param>
public sealed record ExpectedDesk(IReadOnlyList<ExpectedDevice> Devices, IReadOnlyList<string> Messages, int Conversations, long Packets);

/// <summary>Writes a capture of devices that register, move, vanish, come back and text each other, and what must be told of them.</summary>
public sealed class DeskLoad
{
    private const double Second = Timestamp.MicrosecondsPerSecond;
    private static readonly Endpoint Registrar = new(IpAddress.FromV4(0xC000_020A), 5060);
    private static readonly Endpoint Proxy = new(IpAddress.FromV4(0xC000_0214), 5060);

    private readonly DeskLoadOptions _options;
    private readonly List<(long At, int Order, Path Path, byte[] Payload)> _packets = [];
    private LoadRandom _random;

    private DeskLoad(DeskLoadOptions options)
    {
        _options = options;
        _random = new LoadRandom(options.Seed);
    }

    /// <summary>Writes the capture.</summary>
    public static ExpectedDesk Write(DeskLoadOptions options, Stream pcap)
    {
        var load = new DeskLoad(options);
        long start = options.Start.Microseconds;
        long end = start + (options.Span.Ticks / TimeSpan.TicksPerMicrosecond);

        // The last packet tells the time at which everything is looked at.
        long last = end + (long)(400 * Second);
        ExpectedDevice[] devices = [.. Enumerable.Range(0, options.Devices).Select(index => load.Device(index, start, end, last))];
        (List<string> messages, int conversations) = load.Messages(start, end);
        load.Add(last, new Path(Proxy, Registrar, 0, 0), "OPTIONS sip:end SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.20;branch=z9hG4bKend\r\nFrom: <sip:end@x>;tag=1\r\nTo: <sip:end@x>\r\nCall-ID: end\r\nCSeq: 1 OPTIONS\r\n\r\n");
        using (var writer = new FrameWriter(pcap))
        {
            ushort identification = 0;
            foreach ((long at, _, Path path, byte[] payload) in load._packets.OrderBy(static packet => packet.At).ThenBy(static packet => packet.Order))
                writer.Udp(at, path, ++identification, payload);
        }

        return new ExpectedDesk(devices, messages, conversations, load._packets.Count);
    }

    private ExpectedDevice Device(int index, long start, long end, long last)
    {
        var device = new Script(index, _random.Chance(0.5), (int)_random.Between(60, 300));
        long grace = _options.Grace.Ticks / TimeSpan.TicksPerMicrosecond;
        long at = start + (long)(_random.Between(0, 60) * Second);
        while (at < end)
        {
            // Never within two seconds of the instant at which a binding is given up: either answer would be right.
            while (device.IsLive && Math.Abs(at - (device.ExpiresAt + grace)) < 2 * Second) at += (long)(4 * Second);
            if (device.IsLive && at > device.ExpiresAt + grace) device.Expire();
            double pick = _random.Unit();
            double wait = device.Seconds * _random.Between(0.4, 0.9);
            if (pick < 0.05)
            {
                device.Move();
                at = Register(device, at, device.Seconds, 200);
            }
            else if (pick < 0.12)
            {
                at = Register(device, at, 0, 200);
                wait = _random.Between(5, 200);
            }
            else if (pick < 0.18)
            {
                at = Register(device, at, device.Seconds, _random.Chance(0.5) ? 403 : 503);
                wait = _random.Between(5, 60);
            }
            else if (pick < 0.22)
            {
                at = Register(device, at, device.Seconds, 0);
                wait = _random.Between(40, 80);
            }
            else
            {
                at = Register(device, at, device.Seconds, 200);
                if (_random.Chance(0.1)) wait = device.Seconds + _random.Between(10, 100);
            }

            at += (long)(wait * Second);
        }

        if (device.IsLive && last > device.ExpiresAt + grace) device.Expire();
        return device.ToExpected();
    }

    /// <summary>One attempt to register; gives the instant of its end.</summary>
    private long Register(Script device, long at, int seconds, int status)
    {
        at = Exchange(device.Address, at, "REGISTER", $"reg-{device.Index}", $"t{device.Index}", device.Aor, device.Aor, ref device.CSeq, status, answer =>
            answer == 200 && seconds > 0 ? $"Contact: {device.Contact};expires={seconds}\r\n" : "", $"Contact: {device.Contact}\r\nExpires: {seconds}\r\nUser-Agent: Load/1\r\n", "");
        switch (status)
        {
            case 200 when seconds > 0:
                device.Bind(at, at + (long)(seconds * Second));
                break;
            case 200:
                device.Remove();
                break;
            default:
                device.Failed++;
                break;
        }

        return at;
    }

    private (List<string> Told, int Conversations) Messages(long start, long end)
    {
        var told = new List<string>();
        var spoken = new Dictionary<(int, int), long>();
        int conversations = 0;
        long[] times = [.. Enumerable.Range(0, _options.Messages).Select(_ => start + (long)(_random.Unit() * (end - start))).Order()];
        for (int i = 0; i < times.Length; i++)
        {
            // Few pairs, so that conversations come about.
            int one = (int)_random.Between(0, 8);
            int other = (one + 1 + (int)_random.Between(0, 7)) % 8;
            (int, int) pair = one < other ? (one, other) : (other, one);
            if (!spoken.TryGetValue(pair, out long before) || times[i] - before > 30 * 60 * Second) conversations++;
            spoken[pair] = times[i];
            int status = _random.Unit() switch { < 0.8 => 200, < 0.9 => 404, _ => 0 };
            string text = string.Create(CultureInfo.InvariantCulture, $"message {i} of {_options.Seed}");
            uint cseq = 1;
            var from = new Endpoint(IpAddress.FromV4(0x0A08_0000u + (uint)one), 5060);
            Exchange(
                from, times[i], "MESSAGE", $"msg-{i}", $"m{i}", $"sip:texter{one}@example.com", $"sip:texter{other}@example.com", ref cseq, status, static _ => "", "Content-Type: text/plain\r\n", text);
            told.Add(string.Create(CultureInfo.InvariantCulture, $"{text}: {(status == 200 ? "delivered" : status == 0 ? "unanswered" : "failed")} {status}"));
        }

        return (told, conversations);
    }

    private long Exchange(
        Endpoint from, long at, string method, string callId, string tag, string fromUri, string toUri, ref uint cseq, int status, Func<int, string> answer, string headers, string body)
    {
        bool byProxy = _random.Chance(_options.ProxyShare);
        if (status != 0 && _random.Chance(_options.ChallengeShare))
        {
            at = Try(from, at, method, callId, tag, fromUri, toUri, cseq++, 401, "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n\"\r\n", headers, body, byProxy);
            headers += $"Authorization: Digest username=\"u\", realm=\"example.com\", nonce=\"n\", uri=\"sip:example.com\", response=\"r\"\r\n";
            at += 2_000;
        }

        at = Try(from, at, method, callId, tag, fromUri, toUri, cseq++, status, answer(status), headers, body, byProxy);
        return at;
    }

    /// <summary>One request and its response, at one hop or two; gives the instant of the response at the sender, or of the request where there is none.</summary>
    private long Try(
        Endpoint from, long at, string method, string callId, string tag, string fromUri, string toUri, uint cseq, int status, string answerHeaders, string headers, string body, bool byProxy)
    {
        string via = string.Create(CultureInfo.InvariantCulture, $"Via: SIP/2.0/UDP {from};branch=z9hG4bK{callId}.{cseq}\r\n");
        string proxyVia = string.Create(CultureInfo.InvariantCulture, $"Via: SIP/2.0/UDP {Proxy};branch=z9hG4bKp{callId}.{cseq}\r\n");
        string common = string.Create(CultureInfo.InvariantCulture, $"From: <{fromUri}>;tag={tag}\r\nTo: <{toUri}>\r\nCall-ID: {callId}\r\nCSeq: {cseq} {method}\r\n");
        string request(string vias) => $"{method} {toUri} SIP/2.0\r\n{vias}{common}{headers}Content-Length: {body.Length}\r\n\r\n{body}";
        string response(string vias) => $"SIP/2.0 {status} X\r\n{vias}{common}{answerHeaders}Content-Length: 0\r\n\r\n";
        var near = new Path(from, byProxy ? Proxy : Registrar, 0, 0x60);
        var far = new Path(Proxy, Registrar, 0, 0x60);
        Add(at, near, request(via));
        if (byProxy) Add(at + 300, far, request(proxyVia + via));
        if (status == 0 || _random.Chance(_options.RetransmissionShare)) Add(at + 500_000, near, request(via));
        if (status == 0) return at;
        long answered = at + (long)_random.Between(2_000, 400_000);
        if (byProxy) Add(answered - 200, far.Back, response(proxyVia + via));
        Add(answered, near.Back, response(via));
        return answered;
    }

    private void Add(long at, in Path path, string text) => _packets.Add((at, _packets.Count, path, Encoding.ASCII.GetBytes(text)));

    /// <summary>A device and the slow, obvious account of what happens to it.</summary>
    private sealed class Script(int index, bool hasInstance, int seconds)
    {
        private int _moves;
        private Endpoint _boundAt;
        private int _new, _refreshed, _moved, _expired, _removed;

        public uint CSeq = 1;

        public int Index => index;

        public int Seconds => seconds;

        public string Aor => string.Create(CultureInfo.InvariantCulture, $"sip:device{index}@example.com");

        public Endpoint Address => new(IpAddress.FromV4(0x0A00_0000u + (uint)(index * 64) + (uint)(_moves % 64)), 5060);

        public string Contact => string.Create(CultureInfo.InvariantCulture, $"<sip:device{index}@{Address}>{(hasInstance ? $";+sip.instance=\"<urn:uuid:00000000-0000-4000-8000-{index:x12}>\"" : "")}");

        public bool IsLive { get; private set; }

        public long ExpiresAt { get; private set; }

        public int Failed { get; set; }

        public void Move() => _moves++;

        public void Expire()
        {
            _expired++;
            IsLive = false;
        }

        public void Bind(long at, long expiresAt)
        {
            if (!IsLive) _new++;
            else if (_boundAt != Address) _moved++;
            else _refreshed++;
            IsLive = at < expiresAt;
            _boundAt = Address;
            ExpiresAt = expiresAt;
        }

        public void Remove()
        {
            if (IsLive) _removed++;
            IsLive = false;
        }

        public ExpectedDevice ToExpected() => new(Aor, _new, _refreshed, _moved, _expired, _removed, Failed, IsLive);
    }
}
