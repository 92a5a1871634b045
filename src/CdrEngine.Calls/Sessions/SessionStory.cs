using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Sessions;

/// <summary>Tells a session from the records of its calls, as those who took part would.</summary>
/// <remarks>
/// A machine's own ends of calls are nobody: of a chain of calls made of each other, the first has the caller and the last has who was called. A
/// phone that stopped ringing because another was answered is not missed. After a transfer, a BYE is no hang-up: who transferred has left.
/// </remarks>
public sealed class SessionStory
{
    /// <summary>Ends of calls this near each other are one hang-up that goes through the machines.</summary>
    private static readonly TimeSpan OneEnd = TimeSpan.FromSeconds(5);

    /// <summary>A machine cancels the phones that ring within this time of an answer.</summary>
    private static readonly TimeSpan OneAnswer = TimeSpan.FromSeconds(2);

    private readonly IReadOnlyList<CallRecord> _calls;
    private readonly Dictionary<string, CallRecord> _byId;
    private readonly List<SessionStep> _steps = [];
    private readonly List<SessionParticipant> _people = [];

    private SessionStory(IReadOnlyList<CallRecord> calls)
    {
        _calls = calls;
        _byId = calls.ToDictionary(static call => call.Id, StringComparer.Ordinal);
    }

    /// <summary>The session that these calls are.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="calls">Its calls, at least one; any order.</param>
    public static SessionRecord Tell(string id, IEnumerable<CallRecord> calls)
    {
        var story = new SessionStory([.. calls.OrderBy(static call => call.StartedAt).ThenBy(static call => call.Id, StringComparer.Ordinal)]);
        return story.Make(id);
    }

    private SessionRecord Make(string id)
    {
        foreach (CallRecord call in _calls) TellSetUp(call);
        foreach (CallRecord call in _calls) TellTalk(call);
        foreach (CallRecord call in _calls) TellTransfer(call);
        Timestamp? endedAt = _calls.All(static call => call.EndedAt is not null) ? _calls.Max(static call => call.EndedAt) : null;
        string? hangupBy = TellEnd(endedAt);
        CallRecord first = _calls[0];
        Timestamp? answeredAt = _calls.Where(IsTalk).Select(static call => call.AnsweredAt).Order(Comparer<Timestamp?>.Default).FirstOrDefault();
        return new SessionRecord
        {
            Id = id,
            Kind = KindOf(),
            StartedAt = first.StartedAt,
            AnsweredAt = answeredAt,
            EndedAt = endedAt,
            Disposition = OutcomeOf(first),
            HangupBy = hangupBy,
            Caller = first.Caller,
            Dialled = first.Dialled,
            Participants = [.. _people],
            Story = [.. _steps.OrderBy(static step => step.At).ThenBy(static step => Rank(step.Kind))],
            Calls = _calls,
            Links = LinksOf(),
            OneWay = SessionOneWay.Of(_calls),
        };
    }

    // ---- who is who --------------------------------------------------------------------------------------------------------

    private CallRecord? Linked(CallRecord call, LinkRelation relation)
    {
        foreach (CallLink link in call.Links)
        {
            if (link.Relation == relation && _byId.TryGetValue(link.CallId, out CallRecord? other)) return other;
        }

        return null;
    }

    private IEnumerable<CallRecord> AllLinked(CallRecord call, LinkRelation relation) =>
        call.Links.Where(link => link.Relation == relation).Select(link => _byId.GetValueOrDefault(link.CallId)).OfType<CallRecord>();

    private bool HasCaller(CallRecord call) => Linked(call, LinkRelation.Upstream) is null;

    private bool HasCallee(CallRecord call) => Linked(call, LinkRelation.Downstream) is null;

    /// <summary>True where somebody talks on a call himself: not a machine to a machine.</summary>
    private bool IsTalk(CallRecord call) => call.AnsweredAt is not null && HasCallee(call);

    /// <summary>The call at the caller's end of the chain.</summary>
    private CallRecord Outermost(CallRecord call)
    {
        for (int i = 0; i < _calls.Count && Linked(call, LinkRelation.Upstream) is { } outer; i++) call = outer;
        return call;
    }

    private SessionParticipant CallerOf(CallRecord call)
    {
        CallRecord outer = Outermost(call);
        return Person(outer.Caller, outer.Caller.Number, outer);
    }

    private SessionParticipant CalleeOf(CallRecord call) => Person(call.Callee, call.Callee.Number ?? call.Dialled, call);

    private SessionParticipant Person(Party party, string? number, CallRecord call)
    {
        int index = _people.FindIndex(known => number is not null ? known.Number == number : known.Number is null && known.Address == party.Address);
        if (index < 0)
        {
            var someone = new SessionParticipant { Number = number, Name = party.Name, Address = party.Address, Part = SessionPart.Missed, CallIds = [call.Id] };
            _people.Add(someone);
            return someone;
        }

        SessionParticipant person = _people[index];
        if (!person.CallIds.Contains(call.Id)) person = person with { CallIds = [.. person.CallIds, call.Id] };
        if (person.Name is null && party.Name is not null) person = person with { Name = party.Name };
        _people[index] = person;
        return person;
    }

    private void Set(SessionParticipant person, SessionPart part, Timestamp? joined = null, Timestamp? left = null)
    {
        int index = _people.FindIndex(known => known.Number == person.Number && (known.Number is not null || known.Address == person.Address));
        SessionParticipant now = _people[index];
        _people[index] = now with
        {
            Part = now.Part is SessionPart.Caller or SessionPart.Talked ? now.Part : part,
            JoinedAt = Earlier(now.JoinedAt, joined),
            LeftAt = Later(now.LeftAt, left),
        };
    }

    private static Timestamp? Earlier(Timestamp? one, Timestamp? other) => one is { } a && other is { } b ? a < b ? a : b : one ?? other;

    private static Timestamp? Later(Timestamp? one, Timestamp? other) => one is { } a && other is { } b ? a > b ? a : b : one ?? other;

    // ---- what happened -----------------------------------------------------------------------------------------------------

    private void Add(Timestamp at, SessionStepKind kind, string text, CallRecord call, string? from = null, string? to = null) =>
        _steps.Add(new SessionStep(at, kind, text, from, to, call.Id));

    private static bool IsMadeByTransfer(CallRecord call) => call.Transfer is { Role: TransferRole.Target, Kind: TransferKind.Blind or TransferKind.Attended };

    private void TellSetUp(CallRecord call)
    {
        if (HasCaller(call))
        {
            SessionParticipant caller = CallerOf(call);
            Set(caller, SessionPart.Caller);

            // Who calls because he was transferred does nothing himself.
            bool isTaker = call.Transfer is { Role: TransferRole.Target, Kind: TransferKind.Pickup or TransferKind.Retrieval };
            if (!IsMadeByTransfer(call) && !isTaker && Linked(call, LinkRelation.RedirectedFrom) is null && Linked(call, LinkRelation.RetryOf) is null)
                Add(call.StartedAt, SessionStepKind.Call, $"{caller.Label} called {call.Dialled ?? call.Callee.Number ?? "someone"}.", call, caller.Number, call.Dialled);
        }

        if (call.Transfer is { Kind: TransferKind.Forward, Role: TransferRole.Target } forward)
            Add(call.StartedAt, SessionStepKind.Forward, $"The call was forwarded{By(forward.From)} to {forward.To ?? call.Dialled ?? "another number"}.", call, forward.From, forward.To ?? call.Dialled);
        if (!HasCallee(call)) return;
        TellRinging(call);
    }

    private static string At(Endpoint? address) => address is { } known ? $" at {known.Address}" : "";

    private static string By(string? number) => number is null ? "" : $" by {number}";

    private void TellRinging(CallRecord call)
    {
        if (call.Transfer is { Role: TransferRole.Target, Kind: TransferKind.Pickup or TransferKind.Retrieval } && Linked(call, LinkRelation.Upstream) is null) return;
        SessionParticipant callee = CalleeOf(call);
        if (call.Legs.Count(static leg => leg.RangAt is not null) > 1)
        {
            foreach (Leg leg in call.Legs)
            {
                if (leg.RangAt is { } rang) Add(rang, SessionStepKind.Ring, $"A phone of {callee.Label}{At(leg.Callee)} rang.", call, null, callee.Number);
            }
        }
        else if (call.RangAt is { } rang)
        {
            Add(rang, SessionStepKind.Ring, $"{callee.Label} rang.", call, null, callee.Number);
        }

        if (call.AnsweredAt is { } answered)
        {
            Set(callee, SessionPart.Talked, joined: answered);
            Set(CallerOf(call), SessionPart.Caller, joined: answered);
            Add(answered, SessionStepKind.Answer, $"{callee.Label} answered; {CallerOf(call).Label} and {callee.Label} talked.", call, callee.Number, CallerOf(call).Number);
            return;
        }

        if (call.EndedAt is not { } ended) return;
        if (Linked(call, LinkRelation.RedirectedTo) is not null || Linked(call, LinkRelation.RetriedAs) is not null) return;
        if (call.Transfer is { Kind: TransferKind.Pickup, Role: TransferRole.Original }) return;
        if (IsAnsweredElsewhere(call))
        {
            Set(callee, SessionPart.RangElsewhere);
            if (call.RangAt is not null) Add(ended, SessionStepKind.RangElsewhere, $"{callee.Label} stopped ringing: answered elsewhere.", call, callee.Number);
            return;
        }

        TellFailure(call, callee, ended);
    }

    private void TellFailure(CallRecord call, SessionParticipant callee, Timestamp ended)
    {
        SessionParticipant caller = CallerOf(call);
        (SessionStepKind kind, string text) = call.Disposition switch
        {
            Disposition.Cancelled => (SessionStepKind.Cancel, $"{caller.Label} gave up before {callee.Label} answered."),
            Disposition.Busy => (SessionStepKind.Fail, $"{callee.Label} was busy."),
            Disposition.Rejected => (SessionStepKind.Fail, $"{callee.Label} refused the call."),
            Disposition.InvalidNumber => (SessionStepKind.Fail, $"{call.Dialled ?? callee.Label} could not be reached: there is no such number."),
            Disposition.NoAnswer => (SessionStepKind.Fail, $"{callee.Label} did not answer."),
            Disposition.NoResponse => (SessionStepKind.Fail, $"{callee.Label} could not be reached: nothing came back."),
            Disposition.Redirected => (SessionStepKind.Forward, $"{callee.Label} pointed to another number."),
            _ => (SessionStepKind.Fail, $"{callee.Label} could not be reached{(call.SipStatus > 0 ? $" ({call.SipStatus})" : "")}."),
        };
        string? by = kind == SessionStepKind.Cancel ? caller.Number : callee.Number;
        Add(ended, kind, text, call, by, kind == SessionStepKind.Cancel ? callee.Number : caller.Number);
    }

    /// <summary>Cancelled because another phone of the same call was answered (RFC 3326: 200 "Call completed elsewhere", Q.850 26).</summary>
    private bool IsAnsweredElsewhere(CallRecord call)
    {
        if (call.Cause is { Source: CauseSource.Header, Q850: 26 }) return true;
        if (call.Disposition is not (Disposition.Cancelled or Disposition.NoAnswer) || call.EndedAt is not { } ended || Linked(call, LinkRelation.Upstream) is not { } outer) return false;
        return AllLinked(outer, LinkRelation.Downstream).Any(other => other != call && other.AnsweredAt is { } answered && (ended - answered).Duration() <= OneAnswer)
            || AllLinked(outer, LinkRelation.ReplacedBy).Any(other => other.AnsweredAt is { } answered && (ended - answered).Duration() <= OneAnswer);
    }

    private void TellTalk(CallRecord call)
    {
        // On the call where it was asked for: at the end of a person.
        foreach (HeldInterval held in call.Held)
        {
            bool byCaller = held.By == PartySide.Caller;
            if (byCaller ? !HasCaller(call) : !HasCallee(call)) continue;
            SessionParticipant holder = byCaller ? CallerOf(call) : CalleeOf(call);
            string other = byCaller ? CalleeLabel(call) : CallerOf(call).Label;
            Add(held.From, SessionStepKind.Hold, $"{holder.Label} put {other} on hold.", call, holder.Number);
            if (held.To is { } until && until != call.EndedAt) Add(until, SessionStepKind.Resume, $"{holder.Label} took {other} off hold.", call, holder.Number);
        }
    }

    private string CalleeLabel(CallRecord call)
    {
        CallRecord inner = call;
        for (int i = 0; i < _calls.Count; i++)
        {
            CallRecord? next = AllLinked(inner, LinkRelation.Downstream).FirstOrDefault(static other => other.AnsweredAt is not null);
            if (next is null) break;
            inner = next;
        }

        return CalleeOf(inner).Label;
    }

    private void TellTransfer(CallRecord call)
    {
        if (call.Transfer is not { } transfer) return;
        CallRecord? other = transfer.CallId is { } id ? _byId.GetValueOrDefault(id) : null;
        switch (transfer.Kind)
        {
            case TransferKind.Blind or TransferKind.Attended when transfer.Role == TransferRole.Original:
                TellTransferOf(call, transfer);
                break;

            // Replaces without a REFER that was seen: the new call tells it.
            case TransferKind.Attended when transfer.Role == TransferRole.Target && other is not { Transfer.Role: TransferRole.Original }:
                Add(transfer.At, SessionStepKind.Transfer, $"{transfer.From ?? "Someone"} transferred {CallerOf(call).Label} to {transfer.To ?? call.Dialled ?? "another"}.", call, transfer.From, transfer.To);
                break;
            case TransferKind.Pickup when transfer.Role == TransferRole.Target:
                Set(Person(call.Caller, call.Caller.Number, call), SessionPart.Talked, joined: call.AnsweredAt);
                Add(call.AnsweredAt ?? transfer.At, SessionStepKind.Pickup, $"{CallerOf(call).Label} picked up the call that rang at {transfer.From ?? "another phone"}.", call, CallerOf(call).Number, transfer.From);
                break;
            case TransferKind.Retrieval when transfer.Role == TransferRole.Target:
                Set(Person(call.Caller, call.Caller.Number, call), SessionPart.Talked, joined: call.AnsweredAt);
                Add(call.AnsweredAt ?? transfer.At, SessionStepKind.Retrieve, $"{CallerOf(call).Label} took over the call at {transfer.From ?? "another phone"}.", call, CallerOf(call).Number, transfer.From);
                break;
        }
    }

    private void TellTransferOf(CallRecord call, TransferRecord transfer)
    {
        // Who is moved is the other end of the call; of a call through a machine, the one at its far side.
        bool isByCaller = transfer.From is not null && transfer.From == call.Caller.Number && transfer.From != call.Callee.Number;
        string moved = isByCaller ? CalleeLabel(call) : CallerOf(call).Label;
        SessionParticipant mover = isByCaller ? CallerOf(call) : CalleeOf(call);
        string by = transfer.From == mover.Number ? mover.Label : transfer.From ?? mover.Label;
        string to = transfer.To ?? "another number";
        string how = transfer.Kind == TransferKind.Attended ? ", having talked to them" : "";
        if (transfer.Outcome == TransferOutcome.Failed)
        {
            string status = transfer.SipStatus > 0 ? $" ({transfer.SipStatus})" : "";
            Add(transfer.At, SessionStepKind.TransferFailed, $"{by} tried to transfer {moved} to {to}; it failed{status}.", call, transfer.From, transfer.To);
            return;
        }

        Add(transfer.At, SessionStepKind.Transfer, $"{by} transferred {moved} to {to}{how}.", call, transfer.From, transfer.To);
        if (call.EndedAt is not { } left) return;
        Set(mover, SessionPart.Talked, left: left);
        if (!IsLast(left)) Add(left, SessionStepKind.Leave, $"{by} left.", call, mover.Number);
    }

    private bool IsLast(Timestamp at) => !_calls.Any(call => call.AnsweredAt is not null && (call.EndedAt is null || call.EndedAt > at + OneEnd));

    private string? TellEnd(Timestamp? endedAt)
    {
        if (endedAt is not { } last) return null;

        // The last to end, and what ended with it: the first BYE of those is the hang-up, the others pass it on.
        CallRecord? first = null;
        foreach (CallRecord call in _calls)
        {
            if (call.AnsweredAt is null || call.EndedAt is not { } ended || last - ended > OneEnd || IsLeftByTransfer(call)) continue;
            if (first is null || ended < first.EndedAt) first = call;
        }

        if (first is null) return null;
        foreach (SessionParticipant person in _people.ToArray())
        {
            if (person is { JoinedAt: not null, LeftAt: null }) Set(person, person.Part, left: first.EndedAt);
        }

        (string? who, string text) = first.HangupBy switch
        {
            HangupBy.Caller when HasCaller(first) => (CallerOf(first).Number, $"{CallerOf(first).Label} hung up."),
            HangupBy.Callee when HasCallee(first) => (CalleeOf(first).Number, $"{CalleeOf(first).Label} hung up."),
            HangupBy.Both => ((string?)null, "Both hung up at once."),
            HangupBy.None => (null, "The call ended; nobody was seen to hang up."),
            _ => ("system", "The system ended the call."),
        };
        Add(first.EndedAt!.Value, SessionStepKind.Hangup, text, first, who);
        return who;
    }

    /// <summary>A BYE after a transfer is no hang-up.</summary>
    private static bool IsLeftByTransfer(CallRecord call) =>
        call.Transfer is { Role: TransferRole.Original or TransferRole.Consultation, Kind: not TransferKind.Forward, Outcome: not TransferOutcome.Failed };

    // ---- the whole ---------------------------------------------------------------------------------------------------------

    private SessionKind KindOf()
    {
        SessionKind kind = _calls.Count > 1 ? SessionKind.Legs : SessionKind.Call;
        foreach (CallRecord call in _calls)
        {
            if (AllLinked(call, LinkRelation.Downstream).Count() > 1) kind = Max(kind, SessionKind.Group);
            if (call.Transfer is not { } transfer) continue;
            kind = Max(kind, transfer.Kind switch
            {
                TransferKind.Forward => SessionKind.Forward,
                TransferKind.Pickup => SessionKind.Pickup,
                TransferKind.Retrieval => SessionKind.Retrieval,
                _ => SessionKind.Transfer,
            });
        }

        return kind;
    }

    private static SessionKind Max(SessionKind one, SessionKind other) => one > other ? one : other;

    // What the first caller got: of a call tried again or sent on, what came of that.
    private Disposition OutcomeOf(CallRecord first)
    {
        CallRecord call = first;
        for (int i = 0; i < _calls.Count; i++)
        {
            CallRecord? next = Linked(call, LinkRelation.RetriedAs) ?? Linked(call, LinkRelation.RedirectedTo);
            if (next is null) break;
            call = next;
        }

        return call.Disposition;
    }

    private List<SessionLink> LinksOf()
    {
        var links = new List<SessionLink>();
        var order = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < _calls.Count; i++) order.Add(_calls[i].Id, i);
        foreach (CallRecord call in _calls)
        {
            foreach (CallLink link in call.Links)
            {
                if (order.TryGetValue(link.CallId, out int other) && order[call.Id] < other) links.Add(new SessionLink(call.Id, link.CallId, link.Method, link.Score, link.Relation));
            }
        }

        return links;
    }

    private static int Rank(SessionStepKind kind) => kind switch
    {
        SessionStepKind.RangElsewhere => (int)SessionStepKind.Answer + 1,
        SessionStepKind.Transfer or SessionStepKind.TransferFailed => -1,
        _ => (int)kind,
    };
}
