using System.Globalization;
using CdrEngine.Calls.Dormant;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;
using CdrEngine.TestKit;

namespace CdrEngine.Calls.Tests;

/// <summary>A call told as a script: what is said when, and on which piece of wire. Running it feeds call machines as the engine does.</summary>
/// <remarks>A piece of wire is two letters, caller's side first: A the caller (192.0.2.1), B C D callees (.2 .3 .4), P Q proxies (.10 .11).
/// The Via count follows from it: a message on its first wire has one, behind P two, behind Q three.</remarks>
public sealed class Scenario
{
    public static readonly Timestamp Epoch = Timestamp.FromUnix(1_800_000_000, 0);
    private readonly List<Event> _events = [];
    private readonly Dictionary<string, SipText> _requests = [];
    private double _now;
    private string _callId = "call-1@test";

    public CallOptions Options { get; private set; } = new();

    public IReadOnlyList<Event> Events => _events;

    public double? EndsAt { get; private set; }

    public static Scenario New => new();

    public static Timestamp Time(double seconds) => new(Epoch.Microseconds + (long)Math.Round(seconds * 1e6));

    public Scenario At(double seconds)
    {
        _now = seconds;
        return this;
    }

    public Scenario CallIdIs(string callId)
    {
        _callId = callId;
        return this;
    }

    public Scenario With(CallOptions options)
    {
        Options = options;
        return this;
    }

    /// <summary>The capture ends at this time; without it time runs on for ever after the last message.</summary>
    public Scenario CaptureEnds(double seconds)
    {
        EndsAt = seconds;
        return this;
    }

    public Scenario Invite(uint cseq = 1, string fromTag = "a", string on = "AB", string? sdp = null, Action<SipText>? edit = null, string? branch = null) =>
        Request("INVITE", 'A', cseq, fromTag, null, on, sdp, edit, branch);

    public Scenario Ack(uint cseq = 1, string toTag = "b", string on = "AB", string? sdp = null, string fromTag = "a", bool ofFailure = false) =>
        Request("ACK", 'A', cseq, fromTag, toTag, on, sdp, null, ofFailure ? SipText.Branch(_callId, cseq, "INVITE") : null);

    public Scenario Cancel(uint cseq = 1, string on = "AB", string? reason = null, string fromTag = "a") =>
        Request("CANCEL", 'A', cseq, fromTag, null, on, null, text => Reason(text, reason), SipText.Branch(_callId, cseq, "INVITE"));

    public Scenario Bye(char by = 'A', uint cseq = 2, string toTag = "b", string on = "AB", string? reason = null, string fromTag = "a") =>
        Request("BYE", by, cseq, fromTag, toTag, on, null, text => Reason(text, reason));

    /// <summary>Any request; <paramref name="by"/> A is the caller, anything else the callee with the tag <paramref name="toTag"/>.</summary>
    public Scenario Request(
        string method, char by, uint cseq, string fromTag = "a", string? toTag = "b", string on = "AB", string? sdp = null, Action<SipText>? edit = null, string? branch = null)
    {
        bool isCaller = by == 'A';
        (char near, char far) = isCaller ? (on[0], on[1]) : (on[1], on[0]);
        branch ??= SipText.Branch(_callId, cseq, method + (isCaller ? "" : "-of-callee"));
        SipText text = SipText.Request(
            method, _callId, isCaller ? "alice" : "bob", isCaller ? "bob" : "alice", cseq, isCaller ? fromTag : toTag, isCaller ? toTag : fromTag,
            via: $"SIP/2.0/UDP {Host(isCaller ? 'A' : 'B')}:5060", branch: branch);
        int depth = isCaller ? Depth(on[0]) : (on[1] is 'P' or 'Q' ? 1 : 0);
        for (int i = 0; i < depth; i++)
            text.WithTopVia(string.Create(CultureInfo.InvariantCulture, $"SIP/2.0/UDP 192.0.2.{10 + i}:5060;branch={branch}.{i}.{(on[1] is 'P' or 'Q' ? 'x' : on[1])}"));
        text.Set("Max-Forwards", (70 - depth).ToString(CultureInfo.InvariantCulture));
        if (sdp is not null) text.WithBody("application/sdp", sdp);
        edit?.Invoke(text);
        _requests[Key(method, by, cseq, on)] = text;
        return Add(text, near, far);
    }

    /// <summary>A response to the last such request on that wire (or, where it was not captured, to one made up for it).</summary>
    public Scenario Reply(
        int status, string toTag = "b", string to = "INVITE", uint cseq = 1, char by = 'A', string on = "AB", string? sdp = null, string? reason = null, Action<SipText>? edit = null)
    {
        if (!_requests.TryGetValue(Key(to, by, cseq, on), out SipText? request))
        {
            Scenario unseen = new Scenario().CallIdIs(_callId).Request(to, by, cseq, toTag: to is "INVITE" or "CANCEL" ? null : toTag, on: on);
            request = unseen._requests.Values.Single();
        }

        SipText text = request.Reply(status, toTag: toTag);
        if (sdp is not null) text.WithBody("application/sdp", sdp);
        Reason(text, reason);
        edit?.Invoke(text);
        return by == 'A' ? Add(text, on[1], on[0]) : Add(text, on[0], on[1]);
    }

    /// <summary>The last message again, byte for byte.</summary>
    public Scenario Again(int times = 1)
    {
        Event last = _events[^1];
        for (int i = 0; i < times; i++) _events.Add(last with { At = Time(_now) });
        return this;
    }

    /// <summary>RTP from one side, a packet each second.</summary>
    public Scenario Rtp(PartySide from, double start, double end)
    {
        for (double at = start; at <= end; at++) _events.Add(new Event(Time(at), [], default, default, from));
        _events.Sort(static (x, y) => x.At.CompareTo(y.At));
        return this;
    }

    public Scenario RtpBothWays(double start, double end) => Rtp(PartySide.Caller, start, end).Rtp(PartySide.Callee, start, end);

    /// <summary>The usual beginning: INVITE at 0, 100, 180 at 1, 200 at 3, ACK.</summary>
    public Scenario Answered(string? offer = null, string? answer = null) =>
        At(0).Invite(sdp: offer).At(0.1).Reply(100).At(1).Reply(180).At(3).Reply(200, sdp: answer).At(3.1).Ack();

    public Scenario Replace(IEnumerable<Event> events)
    {
        var copy = new Scenario { Options = Options, EndsAt = EndsAt };
        copy._events.AddRange(events);
        return copy;
    }

    /// <summary>Runs the script and gives what came out. A second run puts its calls away after every step and brings them back before the next, and has to give the same.</summary>
    public Outcome Run()
    {
        Outcome outcome = new Player(Options).Play(this);
        Outcome dormant = new Player(Options) { PutsAway = true }.Play(this);
        Assert.Equal(outcome.Emitted.Select(Told), dormant.Emitted.Select(Told));
        Assert.Equal(outcome.Events, dormant.Events);
        foreach (CallCounter counter in Enum.GetValues<CallCounter>()) Assert.Equal(outcome.Counters[counter], dormant.Counters[counter]);
        return outcome;
    }

    private static string Told((CallRecord Record, bool IsUpdate, Timestamp At) told) => $"{told.At} {told.IsUpdate} {System.Text.Encoding.UTF8.GetString(CallRecordJson.ToUtf8(told.Record))}";

    /// <summary>Runs the script and gives its only call.</summary>
    public CallRecord Record() => Assert.Single(Run().Records);

    public static string Host(char who) => who switch
    {
        'A' => "192.0.2.1",
        'B' => "192.0.2.2",
        'C' => "192.0.2.3",
        'D' => "192.0.2.4",
        'P' => "192.0.2.10",
        'Q' => "192.0.2.11",
        _ => throw new ArgumentOutOfRangeException(nameof(who)),
    };

    public static Endpoint Wire(char who)
    {
        Assert.True(IpAddress.TryParse(Host(who), out IpAddress address));
        return new Endpoint(address, 5060);
    }

    private static int Depth(char near) => near switch { 'P' => 1, 'Q' => 2, _ => 0 };

    private static string Key(string method, char by, uint cseq, string on) => $"{method}/{by}/{cseq}/{on}";

    private static void Reason(SipText text, string? reason)
    {
        if (reason is not null) text.With("Reason", reason);
    }

    private Scenario Add(SipText text, char from, char to)
    {
        _events.Add(new Event(Time(_now), text.ToBytes(), Wire(from), Wire(to), PartySide.Unknown));
        return this;
    }

    /// <summary>A message (or, without bytes, an RTP packet) on the wire.</summary>
    public sealed record Event(Timestamp At, byte[] Bytes, Endpoint Source, Endpoint Destination, PartySide RtpFrom)
    {
        public bool IsRtp => Bytes.Length == 0;
    }
}

/// <summary>What a script gave.</summary>
public sealed class Outcome
{
    private readonly List<(CallRecord Record, bool IsUpdate, Timestamp At)> _emitted = [];

    public IReadOnlyList<(CallRecord Record, bool IsUpdate, Timestamp At)> Emitted => _emitted;

    public List<CallEvent> Events { get; } = [];

    public List<Calls.Negotiation.MediaDescription> Media { get; } = [];

    public Counters<CallCounter> Counters { get; init; } = new();

    /// <summary>The last telling of each call, in order of the first.</summary>
    public IReadOnlyList<CallRecord> Records =>
        [.. _emitted.Select(static e => e.Record.Id).Distinct().Select(id => _emitted.Last(e => e.Record.Id == id).Record)];

    public void Emit(CallRecord record, bool isUpdate, Timestamp at) => _emitted.Add((record, isUpdate, at));
}

/// <summary>A small engine: one Call-ID, machines in order, packet time as the only clock.</summary>
internal sealed class Player(CallOptions options)
{
    private readonly CallEffects _effects = new();
    private readonly List<CallMachine> _machines = [];
    private readonly SipMessage _message = new();
    private readonly Outcome _outcome = new();

    /// <summary>Whether a call is put away after every step.</summary>
    public bool PutsAway { get; init; }

    public Outcome Play(Scenario scenario)
    {
        foreach (Scenario.Event e in scenario.Events)
        {
            AdvanceTo(e.At);
            if (e.IsRtp)
            {
                if (_machines.Count > 0) _machines[^1].OnMediaPacket(e.At, e.RtpFrom);
                continue;
            }

            Assert.Equal(ParseOutcome.Message, SipParser.TryReadCopy(e.Bytes, _message, out _, out _));
            CallMachine? newest = _machines.Count > 0 ? _machines[^1] : null;
            CallAdmissionResult admission = CallAdmission.Classify(newest, _message);
            if (admission == CallAdmissionResult.NotACall) continue;
            if (admission == CallAdmissionResult.NewCall) _machines.Add(new CallMachine(options, _outcome.Counters));

            CallMachine machine = admission == CallAdmissionResult.NewCall ? _machines[^1] : _machines.FindLast(known => known.Knows(_message)) ?? _machines[^1];
            machine.Apply(_message, new MessageContext(e.At, e.Source, e.Destination, Transport.Udp, "test"), _effects);
            Take(machine, e.At);
        }

        Timestamp end = scenario.EndsAt is { } ends ? Scenario.Time(ends) : Timestamp.MaxValue;
        AdvanceTo(end);
        foreach (CallMachine machine in _machines.ToArray())
        {
            machine.CaptureEnded(end, _effects);
            Take(machine, end);
        }

        return _outcome;
    }

    private void AdvanceTo(Timestamp now)
    {
        while (true)
        {
            CallMachine? due = null;
            foreach (CallMachine machine in _machines)
            {
                if (machine.NextDeadline < now && (due is null || machine.NextDeadline < due.NextDeadline)) due = machine;
            }

            if (due is null) return;
            Timestamp at = due.NextDeadline;
            due.Advance(at, _effects);
            Take(due, at);
            Assert.True(due.IsForgotten || due.NextDeadline > at || _effects.RecordFinal || _effects.RecordUpdated || _effects.Events.Count > 0, "a timer that does nothing would never stop");
        }
    }

    private void Take(CallMachine machine, Timestamp at)
    {
        _outcome.Events.AddRange(_effects.Events);
        _outcome.Media.AddRange(_effects.Media);
        Assert.False(_effects.RecordFinal && _effects.RecordUpdated);
        if (_effects.RecordFinal || _effects.RecordUpdated) _outcome.Emit(machine.ToRecord([]), _effects.RecordUpdated, at);
        else machine.ToRecord([]);
        if (machine.IsForgotten) _machines.Remove(machine);
        else if (PutsAway) _machines[_machines.IndexOf(machine)] = Again(machine);
    }

    private CallMachine Again(CallMachine machine)
    {
        DormantCall away = machine.PutAway();
        machine.GiveBack();
        return CallMachine.Wake(away, options, _outcome.Counters);
    }
}
