using System.Text;
using CdrEngine.Calls.Exchanges;
using CdrEngine.Core;

namespace CdrEngine.Calls.Registrations;

/// <summary>All registrations, folded from REGISTER exchanges (RFC 3261 10). Time is that of the packets.</summary>
/// <remarks>
/// <code>
///            2xx                      2xx                expires 0, "*", not listed
/// (none) ---------> Registered &lt;---------------+ -------------------------------------&gt; Removed
///   |                  |  | refreshed, moved   |                                           |
///   | refused,         |  +--------------------+        time out + grace                   | 2xx: new
///   | no answer        +---------------------------------------------------&gt; Expired ------+--&gt; Registered
///   v                                                          2xx: new
/// Failed ------------------------------------------------------------------------------------&gt; Registered
/// </code>
/// The Contact list of the 2xx is the truth for what it lists. What it leaves out is gone only where the registrar is one that lists others too: many
/// answer with the sender's own contact alone.
/// </remarks>
public sealed class RegistrarMachine
{
    private readonly RegistrationLimits _limits;
    private readonly Dictionary<string, AorEntry> _aors = new(StringComparer.Ordinal);
    private readonly PriorityQueue<Binding, (long At, long Order)> _deadlines = new();
    private readonly LinkedList<Binding> _live = new();
    private readonly LinkedList<Binding> _ended = new();
    private readonly LinkedList<Binding> _failed = new();
    private readonly List<Binding> _dirty = [];
    private readonly List<string> _forgotten = [];
    private readonly TextCache _texts = new(16 * 1024);
    private long _order;

    /// <summary>A machine that knows nothing yet.</summary>
    public RegistrarMachine(RegistrationLimits limits) => _limits = limits;

    /// <summary>What happened.</summary>
    public Counters<RegistrationCounter> Counters { get; } = new();

    /// <summary>Registrations known.</summary>
    public int Count => _live.Count + _ended.Count + _failed.Count;

    /// <summary>Those that are bound now.</summary>
    public int Live => _live.Count;

    /// <summary>True where something waits for <see cref="Drain"/>.</summary>
    public bool HasChanges => _dirty.Count > 0 || _forgotten.Count > 0;

    internal TextCache Texts => _texts;

    /// <summary>Goes on with what was stored, before the first packet.</summary>
    public void Restore(StoredRegistration stored)
    {
        AorEntry owner = Owner(stored.Record.Aor, stored.Record.User, stored.Record.Domain);
        if (Count >= _limits.MaxBindings || owner.Bindings.Exists(known => known.Id == stored.Record.Id)) return;
        var binding = new Binding { Id = stored.Record.Id, Owner = owner, Key = stored.Key };
        binding.Restore(stored);
        owner.Bindings.Add(binding);
        if (binding.LastSuccessAt is { } at) owner.SuccessAt = Timestamp.Max(owner.SuccessAt, at);
        Place(binding);
        Queue(binding);
    }

    /// <summary>Lets time pass: bindings whose time ran out expire, ended ones are forgotten.</summary>
    public void Advance(Timestamp now)
    {
        while (_deadlines.TryPeek(out Binding? binding, out (long At, long Order) due) && due.At <= now.Microseconds)
        {
            _deadlines.Dequeue();
            if (binding.IsForgotten || binding.QueuedFor.Microseconds != due.At) continue;
            binding.QueuedFor = Timestamp.MaxValue;
            Timestamp deadline = DeadlineOf(binding);
            if (deadline > now) Queue(binding);
            else if (binding.IsLive) Expire(binding);
            else Forget(binding, RegistrationCounter.Forgotten);
        }
    }

    /// <summary>Takes the registrations that changed since the last time, in order of their first change, and the ids of those forgotten.</summary>
    public void Drain(List<StoredRegistration> changed, List<string> forgotten)
    {
        foreach (Binding binding in _dirty)
        {
            binding.IsDirty = false;
            if (binding.IsForgotten) continue;
            changed.Add(new StoredRegistration(binding.ToRecord(), binding.Key, binding.Chunks)
            {
                ContactUser = binding.ContactUser,
                ContactAddress = binding.ContactAddress,
                Events = binding.Pending ?? [],
            });
            binding.Pending = null;
        }

        _dirty.Clear();
        forgotten.AddRange(_forgotten);
        _forgotten.Clear();
    }

    /// <summary>Every registration as it stands, in no order that matters; for tests and live views of the desk's own thread.</summary>
    public IEnumerable<RegistrationRecord> All() => _aors.Values.SelectMany(static aor => aor.Bindings).Select(static binding => binding.ToRecord());

    /// <summary>Folds a settled exchange.</summary>
    /// <param name="exchange">A REGISTER.</param>
    /// <param name="draft">What was read of its messages.</param>
    /// <param name="chunks">Where its packets lie.</param>
    internal void Settle(Exchange exchange, RegisterDraft draft, byte[] chunks)
    {
        if (draft.Aor is null)
        {
            Counters.Increment(RegistrationCounter.WithoutAor);
            return;
        }

        if (exchange.Status is >= 200 and < 300) Accept(exchange, draft, chunks);
        else Refuse(exchange, draft, chunks);
    }

    private void Accept(Exchange exchange, RegisterDraft draft, byte[] chunks)
    {
        Timestamp at = exchange.AnsweredAt ?? exchange.RequestAt;
        bool isQuery = draft.Contacts.Count == 0 && !draft.IsWildcard;
        if (isQuery) Counters.Increment(RegistrationCounter.Queries);
        if (isQuery && draft.Listed.Count == 0 && !_aors.ContainsKey(draft.Aor!)) return;
        AorEntry owner = Owner(draft.Aor!, draft.User, draft.Domain);
        if (at <= owner.SuccessAt)
        {
            Counters.Increment(RegistrationCounter.KnownAlready);
            return;
        }

        owner.SuccessAt = at;
        if (draft.IsWildcard && draft.RequestExpires == 0)
        {
            foreach (Binding binding in owner.Bindings.ToArray())
            {
                if (!binding.IsLive) continue;
                Take(binding, exchange, draft, chunks);
                Remove(binding, at, null);
            }

            return;
        }

        // 1. What was asked for. 2. What else the list tells. 3. What the list leaves out.
        foreach (ContactDraft contact in draft.Contacts) Accept(owner, contact, exchange, draft, chunks, at);
        bool listsOthers = isQuery;
        foreach (ContactDraft listed in draft.Listed)
        {
            if (draft.Contacts.Exists(contact => contact.Key == listed.Key)) continue;

            // A registrar that rewrites contacts lists the sender's own under another name.
            bool isOwn = draft.Contacts.Count == 1 && draft.Listed.Count == 1;
            if (isOwn) continue;
            listsOthers = true;
            NoteListed(owner, listed, exchange, draft, at);
        }

        if (listsOthers) RemoveUnlisted(owner, draft, at);
        if (owner.Bindings.Count == 0) _aors.Remove(owner.Aor);
    }

    private void Accept(AorEntry owner, ContactDraft contact, Exchange exchange, RegisterDraft draft, byte[] chunks, Timestamp at)
    {
        ContactDraft? listed = draft.Listed.Find(candidate => candidate.Key == contact.Key)
            ?? (draft.Contacts.Count == 1 && draft.Listed.Count == 1 ? draft.Listed[0] : null);
        long asked = contact.Expires >= 0 ? contact.Expires : draft.RequestExpires;
        Binding? binding = Find(owner, contact.Key);
        if (asked == 0 && (listed is null || listed.Key != contact.Key || listed.Expires == 0))
        {
            if (binding is null || !binding.IsLive) return;
            Take(binding, exchange, draft, chunks);
            Remove(binding, at, null);
            return;
        }

        long granted = listed is { Expires: >= 0 } ? listed.Expires
            : draft.ResponseExpires >= 0 ? draft.ResponseExpires
            : asked > 0 ? asked
            : (long)_limits.DefaultExpires.TotalSeconds;
        if (granted == 0)
        {
            if (binding is { IsLive: true })
            {
                Take(binding, exchange, draft, chunks);
                Remove(binding, at, null);
            }

            return;
        }

        Bind(owner, binding, contact, listed, exchange, draft, chunks, at, granted);
    }

    private void Bind(
        AorEntry owner, Binding? binding, ContactDraft contact, ContactDraft? listed, Exchange exchange, RegisterDraft draft, byte[] chunks, Timestamp at, long granted)
    {
        bool hasMoved = false;
        if (binding is null && FindMoved(owner, contact, exchange, draft) is { } elsewhere)
        {
            binding = elsewhere;
            binding.Key = contact.Key;
            hasMoved = true;
        }

        bool isNew = binding is not { IsLive: true };
        binding ??= Make(owner, contact.Key, isLive: true);
        if (binding is null) return;
        Endpoint before = binding.Source;

        // What tells the hardware address is looked at again only where it has changed: refreshes are many.
        bool tellsTheSame = !isNew && binding.ContactUri == contact.Uri && binding.UserAgent == draft.UserAgent && binding.Instance == contact.Instance;
        hasMoved |= !isNew && !before.IsNone && before.Address != exchange.Source.Address;
        Take(binding, exchange, draft, chunks);
        binding.ContactUri = contact.Uri;
        binding.ContactUser = contact.User;
        binding.ContactAddress = contact.Address;
        binding.Instance = contact.Instance ?? listed?.Instance;
        binding.RegId = contact.RegId;
        binding.Gruu = listed?.Gruu ?? binding.Gruu;
        if (!tellsTheSame) binding.Mac = contact.FindMac() ?? binding.Mac;
        binding.Path = draft.Path;
        binding.ServiceRoute = draft.ServiceRoute;
        binding.Expires = (int)Math.Min(granted, int.MaxValue);
        binding.ExpiresAt = at + TimeSpan.FromSeconds(granted);
        binding.LastSuccessAt = at;
        binding.EndedAt = null;
        binding.State = RegistrationState.Registered;
        if (isNew)
        {
            binding.RegisteredAt = at;
            binding.Refreshes = 0;
            Tell(binding, RegistrationEventKind.New, at, null);
            Counters.Increment(RegistrationCounter.New);
        }
        else if (hasMoved)
        {
            binding.Moves++;
            Tell(binding, RegistrationEventKind.Moved, at, null, before);
            Counters.Increment(RegistrationCounter.Moved);
        }
        else
        {
            binding.Refreshes++;
            Tell(binding, RegistrationEventKind.Refreshed, at, null);
            Counters.Increment(RegistrationCounter.Refreshed);
        }

        Place(binding);
        Queue(binding);
    }

    /// <summary>The live binding that this device had under another contact: the same Call-ID, which a device keeps (RFC 3261 10.2), or the same
    /// contact user and User-Agent where the registrar's list no longer has it.</summary>
    private static Binding? FindMoved(AorEntry owner, ContactDraft contact, Exchange exchange, RegisterDraft draft)
    {
        if (contact.Instance is not null) return null;
        foreach (Binding candidate in owner.Bindings)
        {
            if (!candidate.IsLive || candidate.Instance is not null) continue;

            // One REGISTER may bear several contacts; those are several bindings.
            if (draft.Contacts.Exists(other => other.Key == candidate.Key) || draft.Listed.Exists(other => other.Key == candidate.Key)) continue;
            if (candidate.SipCallId == exchange.SipCallId) return candidate;
            if (draft.Listed.Count > 0 && candidate.ContactUser is not null && candidate.ContactUser == contact.User && candidate.UserAgent is not null
                && candidate.UserAgent == draft.UserAgent && (contact.FindMac() is not { } mac || candidate.Mac is null || mac == candidate.Mac)
                && draft.Listed.Exists(listed => listed.Key != contact.Key)) return candidate;
        }

        return null;
    }

    // A binding that the list tells of beside the one asked for.
    private void NoteListed(AorEntry owner, ContactDraft listed, Exchange exchange, RegisterDraft draft, Timestamp at)
    {
        Binding? binding = Find(owner, listed.Key);
        if (listed.Expires <= 0) return;
        bool isNew = binding is not { IsLive: true };
        binding ??= Make(owner, listed.Key, isLive: true);
        if (binding is null) return;
        binding.ContactUri ??= listed.Uri;
        binding.ContactUser ??= listed.User;
        binding.ContactAddress ??= listed.Address;
        binding.Instance ??= listed.Instance;
        binding.RegId ??= listed.RegId;
        binding.Gruu = listed.Gruu ?? binding.Gruu;
        if (binding.Server.IsNone) binding.Server = exchange.Destination;
        if (binding.CaptureSource.Length == 0) binding.CaptureSource = exchange.CaptureSource;
        Timestamp until = at + TimeSpan.FromSeconds(listed.Expires);

        // Whole seconds: less than two is nothing new.
        if (!isNew && binding.ExpiresAt is { } known && (until - known).Duration() < TimeSpan.FromSeconds(2)) return;
        binding.ExpiresAt = until;
        binding.Expires ??= (int)Math.Min(listed.Expires, int.MaxValue);
        binding.LastSuccessAt ??= at;
        if (isNew)
        {
            binding.State = RegistrationState.Registered;
            binding.RegisteredAt = at;
            binding.EndedAt = null;
            binding.Refreshes = 0;
            Tell(binding, RegistrationEventKind.New, at, "listed");
            Counters.Increment(RegistrationCounter.New);
            Place(binding);
        }
        else
        {
            MarkDirty(binding);
        }

        Queue(binding);
    }

    private void RemoveUnlisted(AorEntry owner, RegisterDraft draft, Timestamp at)
    {
        foreach (Binding binding in owner.Bindings.ToArray())
        {
            if (!binding.IsLive || draft.Listed.Exists(listed => listed.Key == binding.Key) || draft.Contacts.Exists(contact => contact.Key == binding.Key)) continue;
            Remove(binding, at, "not_listed");
        }
    }

    private void Refuse(Exchange exchange, RegisterDraft draft, byte[] chunks)
    {
        Timestamp at = exchange.AnsweredAt ?? exchange.RequestAt;
        AorEntry? known = _aors.GetValueOrDefault(draft.Aor!);

        // A challenge that the device answered with another Call-ID is no failure, and neither is one that was answered before this was settled.
        if (exchange.Status is 401 or 407 && known is not null
            && known.Bindings.Exists(binding => binding.LastSuccessAt is { } success && success >= exchange.StartedAt && binding.Source.Address == exchange.Source.Address))
        {
            if (!exchange.HasCredentials) return;
        }

        ContactDraft? contact = draft.Contacts.Count > 0 ? draft.Contacts[0] : null;
        Binding? binding = known is null ? null : Find(known, contact?.Key ?? "") ?? known.Bindings.Find(candidate => candidate.SipCallId == exchange.SipCallId);
        if (binding?.LastFailureAt is { } failure && at <= failure)
        {
            Counters.Increment(RegistrationCounter.KnownAlready);
            return;
        }

        Counters.Increment(RegistrationCounter.Failed);
        AorEntry owner = known ?? Owner(draft.Aor!, draft.User, draft.Domain);
        binding ??= Make(owner, contact?.Key ?? "", isLive: false);
        if (binding is null)
        {
            if (owner.Bindings.Count == 0) _aors.Remove(owner.Aor);
            return;
        }

        // What was never answered is known late: the device may have got through since.
        bool isLatest = binding.LastRequestAt is not { } latest || exchange.RequestAt >= latest;
        if (isLatest) Take(binding, exchange, draft, chunks);
        binding.ContactUri ??= contact?.Uri;
        binding.ContactUser ??= contact?.User;
        binding.ContactAddress ??= contact?.Address;
        binding.Instance ??= contact?.Instance;
        binding.RegId ??= contact?.RegId;
        binding.Mac ??= contact?.FindMac();
        binding.Failures++;
        binding.LastFailureAt = at;
        if (binding.RegisteredAt is null) binding.State = RegistrationState.Failed;
        Tell(binding, RegistrationEventKind.Failed, at, exchange.Status == 0 ? "no_response" : exchange.Reason, status: exchange.Status);
        Place(binding);
        Queue(binding);
    }

    /// <summary>Notes what every exchange tells, whatever came of it.</summary>
    private static void Take(Binding binding, Exchange exchange, RegisterDraft draft, byte[] chunks)
    {
        binding.Source = exchange.Source;
        binding.Server = exchange.Destination;
        binding.Transport = exchange.Transport;
        binding.CaptureSource = exchange.CaptureSource;
        binding.LastRequestAt = exchange.RequestAt;
        binding.SipStatus = exchange.Status;
        binding.SipReason = exchange.Status == 0 ? "no_response" : exchange.Reason;
        binding.ResponseTime = exchange.ResponseTime;
        binding.Challenges = exchange.Challenges;
        binding.Retransmissions += exchange.Retransmissions;
        binding.MinExpires = draft.MinExpires ?? binding.MinExpires;
        binding.UserAgent = draft.UserAgent ?? binding.UserAgent;
        binding.AuthUser = draft.AuthUser ?? binding.AuthUser;
        binding.Realm = draft.Realm ?? binding.Realm;
        binding.SipCallId = exchange.SipCallId;
        binding.CSeq = exchange.CSeq;
        binding.Chunks = chunks;
    }

    private void Expire(Binding binding)
    {
        Timestamp at = binding.ExpiresAt!.Value;
        binding.State = RegistrationState.Expired;
        binding.EndedAt = at;
        Tell(binding, RegistrationEventKind.Expired, at, null);
        Counters.Increment(RegistrationCounter.Expired);
        Place(binding);
        Queue(binding);
    }

    private void Remove(Binding binding, Timestamp at, string? reason)
    {
        binding.State = RegistrationState.Removed;
        binding.EndedAt = at;
        if (reason is null) binding.LastSuccessAt = at;
        binding.ExpiresAt = null;
        Tell(binding, RegistrationEventKind.Removed, at, reason);
        Counters.Increment(RegistrationCounter.Removed);
        Place(binding);
        Queue(binding);
    }

    private void Tell(Binding binding, RegistrationEventKind kind, Timestamp at, string? reason, Endpoint? before = null, int status = -1)
    {
        RegistrationEvent? last = binding.LastEvent;
        int? expires = kind is RegistrationEventKind.New or RegistrationEventKind.Refreshed or RegistrationEventKind.Moved ? binding.Expires : null;
        if (status < 0) status = kind == RegistrationEventKind.Expired || reason is "not_listed" or "listed" ? 0 : binding.SipStatus;
        bool goesOn = last is not null && last.Kind == kind && kind is RegistrationEventKind.Refreshed or RegistrationEventKind.Failed
            && last!.SipStatus == status && (kind == RegistrationEventKind.Refreshed || last.Source.Address == binding.Source.Address);
        var happened = new RegistrationEvent(goesOn ? last!.Sequence : (last?.Sequence ?? 0) + 1, kind, goesOn ? last!.At : at, at, goesOn ? last!.Count + 1 : 1)
        {
            Source = binding.Source,
            Before = before,
            Contact = binding.ContactUri,
            Expires = expires,
            SipStatus = status,
            Reason = reason,
            UserAgent = binding.UserAgent,
            ResponseTime = status == 0 ? null : binding.ResponseTime,
        };
        binding.LastEvent = happened;
        List<RegistrationEvent> pending = binding.Pending ??= new List<RegistrationEvent>(1);
        if (goesOn && pending.Count > 0) pending[^1] = happened;
        else pending.Add(happened);
        MarkDirty(binding);
    }

    private void MarkDirty(Binding binding)
    {
        if (binding.IsDirty) return;
        binding.IsDirty = true;
        _dirty.Add(binding);
    }

    private AorEntry Owner(string aor, string? user, string? domain)
    {
        if (_aors.TryGetValue(aor, out AorEntry? owner)) return owner;
        owner = new AorEntry { Aor = aor, User = user, Domain = domain };
        _aors.Add(aor, owner);
        return owner;
    }

    private static Binding? Find(AorEntry owner, string key)
    {
        foreach (Binding binding in owner.Bindings)
        {
            if (string.Equals(binding.Key, key, StringComparison.Ordinal)) return binding;
        }

        return null;
    }

    /// <summary>A new registration, for which room is made; null where there is none for its kind.</summary>
    private Binding? Make(AorEntry owner, string key, bool isLive)
    {
        if (owner.Bindings.Count >= _limits.MaxOfOneAor)
        {
            Binding? victim = owner.Bindings.Find(static binding => binding.State == RegistrationState.Failed)
                ?? owner.Bindings.Find(static binding => !binding.IsLive)
                ?? (isLive ? owner.Bindings.MinBy(static binding => binding.LastSuccessAt ?? Timestamp.MinValue) : null);
            if (victim is null) return Full();
            Forget(victim, RegistrationCounter.Evicted, keepsOwner: true);
        }

        if (Count >= _limits.MaxBindings)
        {
            Binding? victim = (_failed.First ?? _ended.First ?? (isLive ? _live.First : null))?.Value;
            if (victim is null) return Full();
            Forget(victim, RegistrationCounter.Evicted, keepsOwner: victim.Owner == owner);
        }

        // A device that moved keeps its id under another contact, so the id of what comes to its old place must be another.
        string id = IdOf(owner.Aor, key, 0);
        for (int turn = 1; owner.Bindings.Exists(binding => binding.Id == id); turn++) id = IdOf(owner.Aor, key, turn);
        var made = new Binding { Id = id, Owner = owner, Key = key };
        owner.Bindings.Add(made);
        return made;
    }

    private Binding? Full()
    {
        Counters.Increment(RegistrationCounter.Refused);
        return null;
    }

    private void Forget(Binding binding, RegistrationCounter why, bool keepsOwner = false)
    {
        Counters.Increment(why);
        binding.IsForgotten = true;
        binding.Node?.List?.Remove(binding.Node);
        binding.Owner.Bindings.Remove(binding);
        if (binding.Owner.Bindings.Count == 0 && !keepsOwner) _aors.Remove(binding.Owner.Aor);
        _forgotten.Add(binding.Id);
    }

    /// <summary>Puts it at the end of the list of its kind: first in each stands what is given up first.</summary>
    private void Place(Binding binding)
    {
        if (binding.Node is { } node) node.List?.Remove(node);
        else node = binding.Node = new LinkedListNode<Binding>(binding);
        LinkedList<Binding> list = binding.State switch
        {
            RegistrationState.Registered => _live,
            RegistrationState.Failed => _failed,
            _ => _ended,
        };
        list.AddLast(node);
    }

    private Timestamp DeadlineOf(Binding binding) => binding.IsLive
        ? (binding.ExpiresAt ?? Timestamp.MaxValue - _limits.Grace) + _limits.Grace
        : Timestamp.Max(binding.EndedAt ?? Timestamp.MinValue, binding.LastRequestAt ?? binding.LastSuccessAt ?? Timestamp.MinValue) + _limits.KeepEnded;

    // A deadline that moves later is looked at again when the earlier one comes: a refresh costs nothing here.
    private void Queue(Binding binding)
    {
        Timestamp deadline = DeadlineOf(binding);
        if (binding.QueuedFor <= deadline) return;
        binding.QueuedFor = deadline;
        _deadlines.Enqueue(binding, (deadline.Microseconds, _order++));
    }

    private static string IdOf(string aor, string key, int turn)
    {
        Span<byte> hash = stackalloc byte[Sha256.HashBytes];
        Sha256.Hash(Encoding.UTF8.GetBytes(turn == 0 ? $"{aor}\0{key}" : $"{aor}\0{key}\0{turn}"), hash);
        return Hex.Lower(hash[..12]);
    }
}
