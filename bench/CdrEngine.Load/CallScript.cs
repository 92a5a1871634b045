using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Load;

/// <summary>One SIP message of a script at one hop.</summary>
internal readonly record struct ScriptedMessage
{
    /// <summary>Microseconds.</summary>
    public required long At { get; init; }

    public required string Method { get; init; }

    /// <summary>0 for a request.</summary>
    public int Status { get; init; }

    public required int CSeq { get; init; }

    /// <summary>0: at the caller; 1: between proxy and callee.</summary>
    public int Hop { get; init; }

    /// <summary>Which phone of a forked call.</summary>
    public int Branch { get; init; }

    public string ToTag { get; init; }

    /// <summary>True where the callee sent the request of this transaction.</summary>
    public bool FromCallee { get; init; }

    /// <summary>True for BYE and the ACK of a 2xx.</summary>
    public bool Dialog { get; init; }

    /// <summary>True where the proxy itself sends the request (CANCEL, ACK of a failure).</summary>
    public bool ProxyOwn { get; init; }

    /// <summary>Direction attribute of the SDP; empty for no SDP.</summary>
    public string Sdp { get; init; }

    /// <summary>Not sent again by chance.</summary>
    public bool Once { get; init; }
}

/// <summary>Media of one side between two instants.</summary>
internal readonly record struct ScriptedMedia(PartySide From, int Branch, uint Ssrc, long From1, long Until1, long From2, long Until2);

/// <summary>Everything one generated call does, and what its record must say.</summary>
internal sealed class CallScript
{
    private const long Second = Timestamp.MicrosecondsPerSecond;
    private const long HopDelay = 300;
    private readonly List<ScriptedMessage> _messages = [];
    private LoadRandom _random;

    public CallScript(LoadOptions options, int index, long startedAt, ulong seed)
    {
        _random = new LoadRandom(seed);
        Index = index;
        Scenario = Pick(options);
        bool v6 = _random.Chance(options.IPv6Share);
        Transport = Scenario != Scenario.NoResponse && _random.Chance(options.TcpShare) ? Transport.Tcp : Transport.Udp;
        Proxied = Scenario == Scenario.Forked || (Scenario != Scenario.NoResponse && _random.Chance(options.ProxyShare));
        Challenged = Scenario == Scenario.Authenticated;
        Vlan = _random.Chance(options.VlanShare) ? (ushort)(100 + (index % 50)) : (ushort)0;
        Padding = Transport == Transport.Udp && _random.Chance(options.FragmentShare) ? 1500 : 0;
        PayloadType = _random.Chance(0.5) ? 8 : 0;
        CallId = $"{_random.Next():x16}-{index}@load.example";
        FromTag = $"f{_random.Next() & 0xFFFFFFFF:x}";
        ToTags = [$"a{_random.Next() & 0xFFFFFFFF:x}", $"b{_random.Next() & 0xFFFFFFFF:x}"];
        Caller = $"1{index:d7}";
        Callee = $"2{index:d7}";
        Address(index, v6);
        Build(options, startedAt);
        _messages.Sort(static (left, right) => left.At.CompareTo(right.At));
    }

    public int Index { get; }

    public Scenario Scenario { get; }

    public Transport Transport { get; }

    public bool Proxied { get; }

    public bool Challenged { get; }

    public ushort Vlan { get; }

    public int Padding { get; }

    public int PayloadType { get; }

    public string CallId { get; }

    public string FromTag { get; }

    public string[] ToTags { get; }

    public string Caller { get; }

    public string Callee { get; }

    public string Domain => "load.example";

    public Endpoint CallerPhone { get; private set; }

    public Endpoint Proxy { get; private set; }

    public Endpoint CallerMedia { get; private set; }

    public IReadOnlyList<ScriptedMessage> Messages => _messages;

    public IReadOnlyList<ScriptedMedia> Media { get; private set; } = [];

    public ExpectedCall Expected { get; private set; } = null!;

    public ExpectedStream[] ExpectedStreams { get; private set; } = [];

    private Endpoint[] Phones { get; set; } = [];

    private Endpoint[] CalleeMedias { get; set; } = [];

    public Endpoint Phone(int branch) => Phones[branch];

    public Endpoint CalleeMedia(int branch) => CalleeMedias[branch];

    /// <summary>Addresses of a message at its hop, in the direction it travels.</summary>
    public Path PathOf(in ScriptedMessage message)
    {
        Endpoint near = message.Hop == 0 ? CallerPhone : Proxy;
        Endpoint far = message.Hop == 0 && Proxied ? Proxy : Phones[message.Branch];
        bool byCallee = (message.Status > 0) != message.FromCallee;
        return byCallee ? new Path(far, near, Vlan, 0x60) : new Path(near, far, Vlan, 0x60);
    }

    private Scenario Pick(LoadOptions options)
    {
        double sum = 0;
        foreach (double share in options.Mix.Values) sum += share;
        double at = _random.Unit() * sum;
        foreach ((Scenario scenario, double share) in options.Mix.OrderBy(static pair => pair.Key))
        {
            at -= share;
            if (at < 0) return scenario;
        }

        return Scenario.CallerHangsUp;
    }

    private void Address(int index, bool v6)
    {
        uint host = (uint)(index % 60_000) + 256;
        ushort port = (ushort)(16_384 + (4 * (index / 60_000 % 10_000)));
        IpAddress Of(uint net) => v6 ? new IpAddress(0x2001_0DB8_0000_0000UL | net, host) : IpAddress.FromV4(0x0A00_0000u | (net << 16) | host);
        CallerPhone = new Endpoint(Of(1), (ushort)(5060 + (index / 60_000)));
        Phones = [new Endpoint(Of(2), (ushort)(5060 + (index / 60_000))), new Endpoint(Of(3), (ushort)(5060 + (index / 60_000)))];
        Proxy = new Endpoint(v6 ? new IpAddress(0x2001_0DB8_0000_00FFUL, 10) : IpAddress.FromV4(0xC000_020A), 5060);
        CallerMedia = new Endpoint(Of(1), port);
        CalleeMedias = [new Endpoint(Of(2), port), new Endpoint(Of(3), port)];
    }

    private void Build(LoadOptions options, long start)
    {
        long ring = start + Random(0.05, 0.6);
        long answer = ring + Random(1, 6);
        long end = answer + (long)(options.TalkSeconds * _random.Between(0.5, 1.5) * Second);
        string tag = ToTags[0];
        int branch = 0;
        int cseq = 1;
        var expected = new ExpectedCall
        {
            SipCallId = CallId,
            Scenario = Scenario.ToString(),
            Disposition = Disposition.Answered,
            SipStatus = 200,
            HangupBy = HangupBy.Caller,
            Caller = Caller,
            Callee = Callee,
            CallerAddress = CallerPhone.ToString(),
            CalleeAddress = Phones[0].ToString(),
            StartedAt = start,
            Transport = Transport,
            RangAt = ring + Late,
        };

        if (Scenario == Scenario.NoResponse)
        {
            foreach (double again in (double[])[0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5])
                Request("INVITE", start + (long)(again * Second), 1, 0, "", sdp: "sendrecv", once: true);
            Expected = expected with
            {
                Disposition = Disposition.NoResponse,
                SipStatus = 0,
                HangupBy = HangupBy.None,
                RangAt = null,
                EndedAt = start + (long)(31.5 * Second),
                Flags = CallFlags.Unconfirmed,
            };
            return;
        }

        if (Challenged)
        {
            // The challenge comes from the first machine: the proxy where there is one.
            Add(new ScriptedMessage { At = start, Method = "INVITE", CSeq = 1, ToTag = "", Sdp = "sendrecv" });
            Add(new ScriptedMessage { At = start + 5_000, Method = "INVITE", Status = 407, CSeq = 1, ToTag = "auth", Sdp = "" });
            Add(new ScriptedMessage { At = start + 8_000, Method = "ACK", CSeq = 1, ToTag = "auth", Sdp = "", Once = true });
            cseq = 2;
            Invite(start + 15_000, cseq, 0);
        }
        else
        {
            Invite(start, cseq, 0);
        }

        switch (Scenario)
        {
            case Scenario.NotFound:
                Fail(start + Random(0.02, 0.2), 404, cseq, "nf");
                Expected = expected with { Disposition = Disposition.InvalidNumber, SipStatus = 404, HangupBy = HangupBy.Callee, RangAt = null, EndedAt = _lastFinal };
                return;
            case Scenario.Busy:
                Response("INVITE", 180, ring, cseq, 0, tag);
                Fail(ring + Random(0.1, 1), 486, cseq, tag);
                Expected = expected with { Disposition = Disposition.Busy, SipStatus = 486, HangupBy = HangupBy.Callee, EndedAt = _lastFinal };
                return;
            case Scenario.Declined:
                Response("INVITE", 180, ring, cseq, 0, tag);
                Fail(answer, 603, cseq, tag);
                Expected = expected with { Disposition = Disposition.Rejected, SipStatus = 603, HangupBy = HangupBy.Callee, EndedAt = _lastFinal };
                return;
            case Scenario.NoAnswer:
                Response("INVITE", 180, ring, cseq, 0, tag);
                Fail(ring + Random(20, 30), 408, cseq, tag);
                Expected = expected with { Disposition = Disposition.NoAnswer, SipStatus = 408, HangupBy = HangupBy.Callee, EndedAt = _lastFinal };
                return;
            case Scenario.Cancelled:
                Response("INVITE", 180, ring, cseq, 0, tag);
                Cancel(answer, cseq, 0, byProxy: false);
                Fail(answer + 20_000, 487, cseq, tag);
                Expected = expected with { Disposition = Disposition.Cancelled, SipStatus = 487, HangupBy = HangupBy.Caller, EndedAt = _lastFinal };
                return;
        }

        CallFlags flags = Challenged ? CallFlags.Authenticated : CallFlags.None;
        if (Scenario == Scenario.Forked)
        {
            // The second phone rings too and answers; the proxy cancels the first.
            Add(new ScriptedMessage { At = start + HopDelay + 60, Method = "INVITE", CSeq = cseq, Hop = 1, Branch = 1, ToTag = "", Sdp = "sendrecv" });
            Response("INVITE", 180, ring, cseq, 0, ToTags[0]);
            Response("INVITE", 180, ring + 40_000, cseq, 1, ToTags[1]);
            branch = 1;
            tag = ToTags[1];
            Cancel(answer + 5_000, cseq, 0, byProxy: true);
            Add(new ScriptedMessage { At = answer + 20_000, Method = "INVITE", Status = 487, CSeq = cseq, Hop = 1, Branch = 0, ToTag = ToTags[0], Sdp = "" });
            Add(new ScriptedMessage { At = answer + 21_000, Method = "ACK", CSeq = cseq, Hop = 1, Branch = 0, ToTag = ToTags[0], Sdp = "", ProxyOwn = true, Once = true });
            flags |= CallFlags.Forked;
            expected = expected with { Legs = 2, CalleeAddress = Phones[1].ToString() };
        }
        else if (Scenario == Scenario.EarlyMedia)
        {
            Response("INVITE", 183, ring, cseq, 0, tag, sdp: "sendrecv");
            expected = expected with { EarlyMediaAt = ring + Late, Legs = 1 };
        }
        else
        {
            Response("INVITE", 180, ring, cseq, 0, tag);
            expected = expected with { Legs = 1 };
        }

        Response("INVITE", 200, answer, cseq, branch, tag, sdp: "sendrecv");
        long ackAt = answer + Late + 2_000;
        Request("ACK", ackAt, cseq, branch, tag, dialog: true, once: true);
        long holdAt = 0, resumeAt = 0;
        if (Scenario == Scenario.Held)
        {
            holdAt = answer + ((end - answer) / 3);
            resumeAt = answer + (2 * (end - answer) / 3);
            Reinvite(holdAt, cseq + 1, branch, tag, "sendonly", "recvonly");
            Reinvite(resumeAt, cseq + 2, branch, tag, "sendrecv", "sendrecv");
            flags |= CallFlags.Held;
        }

        bool byCallee = Scenario is Scenario.CalleeHangsUp or Scenario.EarlyMedia;
        Hangup(end, byCallee ? 1 : cseq + 3, branch, tag, byCallee);
        Expected = expected with
        {
            AnsweredAt = answer + Late,
            EndedAt = end,
            HangupBy = byCallee ? HangupBy.Callee : HangupBy.Caller,
            Flags = flags,
        };
        if (options.Rtp) AddMedia(answer + Late + 10_000, end - 5_000, holdAt, resumeAt, branch, Scenario == Scenario.EarlyMedia ? ring + Late + 30_000 : 0);
    }

    private long _lastFinal;

    /// <summary>What a message from the callee needs to reach the caller's hop.</summary>
    private long Late => Proxied ? HopDelay : 0;

    private long Random(double low, double high) => (long)(_random.Between(low, high) * Second);

    private void AddMedia(long from, long until, long holdAt, long resumeAt, int branch, long calleeFrom)
    {
        uint caller = (uint)_random.Next();
        uint callee = (uint)_random.Next();
        long firstUntil = holdAt > 0 ? holdAt : until;
        long secondFrom = holdAt > 0 ? resumeAt + 20_000 : 0;
        long secondUntil = holdAt > 0 ? until : 0;
        Media =
        [
            new ScriptedMedia(PartySide.Caller, branch, caller, from, firstUntil, secondFrom, secondUntil),
            new ScriptedMedia(PartySide.Callee, branch, callee, calleeFrom > 0 ? calleeFrom : from + 3_000, firstUntil, secondFrom + 3_000, secondUntil),
        ];
        string codec = PayloadType == 8 ? "PCMA/8000" : "PCMU/8000";
        ExpectedStreams =
        [
            new ExpectedStream { Ssrc = caller, From = PartySide.Caller, Codec = codec },
            new ExpectedStream { Ssrc = callee, From = PartySide.Callee, Codec = codec },
        ];
        Expected = Expected with { Streams = ExpectedStreams };
    }

    private void Invite(long at, int cseq, int branch)
    {
        Request("INVITE", at, cseq, branch, "", sdp: "sendrecv");
        Add(new ScriptedMessage { At = at + 1_500, Method = "INVITE", Status = 100, CSeq = cseq, ToTag = "", Sdp = "", Branch = branch });
    }

    private void Reinvite(long at, int cseq, int branch, string tag, string offer, string answer)
    {
        Request("INVITE", at, cseq, branch, tag, sdp: offer);
        Response("INVITE", 200, at + 10_000, cseq, branch, tag, sdp: answer);
        Request("ACK", at + 15_000, cseq, branch, tag, dialog: true, once: true);
    }

    private void Fail(long at, int status, int cseq, string tag)
    {
        Response("INVITE", status, at, cseq, 0, tag);
        _lastFinal = at + Late;
        Add(new ScriptedMessage { At = at + Late + 1_000, Method = "ACK", CSeq = cseq, ToTag = tag, Sdp = "", Once = true });
        if (Proxied) Add(new ScriptedMessage { At = at + 800, Method = "ACK", CSeq = cseq, Hop = 1, ToTag = tag, Sdp = "", ProxyOwn = true, Once = true });
    }

    private void Cancel(long at, int cseq, int branch, bool byProxy)
    {
        if (!byProxy)
        {
            Add(new ScriptedMessage { At = at, Method = "CANCEL", CSeq = cseq, ToTag = "", Sdp = "" });
            Add(new ScriptedMessage { At = at + 1_000, Method = "CANCEL", Status = 200, CSeq = cseq, ToTag = ToTags[branch], Sdp = "" });
        }

        if (!Proxied) return;
        Add(new ScriptedMessage { At = at + HopDelay, Method = "CANCEL", CSeq = cseq, Hop = 1, Branch = branch, ToTag = "", Sdp = "", ProxyOwn = true });
        Add(new ScriptedMessage { At = at + 2_000, Method = "CANCEL", Status = 200, CSeq = cseq, Hop = 1, Branch = branch, ToTag = ToTags[branch], Sdp = "", ProxyOwn = true });
    }

    private void Hangup(long at, int cseq, int branch, string tag, bool byCallee)
    {
        if (!byCallee)
        {
            Request("BYE", at, cseq, branch, tag, dialog: true);
            Response("BYE", 200, at + 10_000, cseq, branch, tag);
            return;
        }

        long near = at + Late;
        if (Proxied) Add(new ScriptedMessage { At = at, Method = "BYE", CSeq = cseq, Hop = 1, Branch = branch, ToTag = tag, Sdp = "", FromCallee = true, Dialog = true });
        Add(new ScriptedMessage { At = near, Method = "BYE", CSeq = cseq, Branch = branch, ToTag = tag, Sdp = "", FromCallee = true, Dialog = true });
        Add(new ScriptedMessage { At = near + 10_000, Method = "BYE", Status = 200, CSeq = cseq, Branch = branch, ToTag = tag, Sdp = "", FromCallee = true, Dialog = true });
        if (Proxied)
            Add(new ScriptedMessage { At = near + 10_000 + HopDelay, Method = "BYE", Status = 200, CSeq = cseq, Hop = 1, Branch = branch, ToTag = tag, Sdp = "", FromCallee = true, Dialog = true });
    }

    /// <summary>A request of the caller, at both hops.</summary>
    private void Request(string method, long at, int cseq, int branch, string tag, string sdp = "", bool dialog = false, bool once = false)
    {
        var message = new ScriptedMessage { At = at, Method = method, CSeq = cseq, Branch = branch, ToTag = tag, Sdp = sdp, Dialog = dialog, Once = once };
        Add(message);
        if (Proxied) Add(message with { At = at + HopDelay, Hop = 1 });
    }

    /// <summary>A response of the callee, at both hops.</summary>
    private void Response(string method, int status, long at, int cseq, int branch, string tag, string sdp = "")
    {
        var message = new ScriptedMessage { At = at + Late, Method = method, Status = status, CSeq = cseq, Branch = branch, ToTag = tag, Sdp = sdp };
        if (Proxied) Add(message with { At = at, Hop = 1 });
        Add(message);
    }

    private void Add(in ScriptedMessage message) => _messages.Add(message);
}
