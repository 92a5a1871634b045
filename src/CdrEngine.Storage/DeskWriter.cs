using System.ComponentModel;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;

namespace CdrEngine.Storage;

/// <summary>What the way of the desk's news into the store counts.</summary>
public enum DeskStorageCounter
{
    /// <summary>Registrations written.</summary>
    [Description("states of registrations written; several changes in one write count once")]
    Registrations,

    /// <summary>Messages written.</summary>
    [Description("messages written, those told again included")]
    Messages,

    /// <summary>Peers written.</summary>
    [Description("states of peers written")]
    Peers,

    /// <summary>Failed writes.</summary>
    [Description("writes of registrations and messages that failed and are tried again")]
    FailedWrites,

    /// <summary>Messages refused.</summary>
    [Description("messages lost: the database was away for longer than memory holds")]
    MessagesRefused,
}

/// <summary>Writes what the desk tells on a thread of its own. States that change faster than they are written are written once: what waits is bounded by
/// what there is; only messages queue.</summary>
public sealed class DeskWriter : IDisposable
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    private readonly IRegistrationStore _registrations;
    private readonly IMessageStore _messages;
    private readonly int _queueLimit;
    private readonly Thread _thread;
    private readonly object _lock = new();
    private Waiting _waiting = new();
    private bool _isWriting;
    private bool _disposed;
    private string? _fault;

    /// <summary>Starts the thread.</summary>
    /// <param name="registrations">Where registrations, peers and mailboxes go.</param>
    /// <param name="messages">Where messages go.</param>
    /// <param name="queueLimit">Messages that may wait.</param>
    public DeskWriter(IRegistrationStore registrations, IMessageStore messages, int queueLimit)
    {
        _registrations = registrations;
        _messages = messages;
        _queueLimit = queueLimit;
        _thread = new Thread(Run) { Name = "desk-writer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>What was counted. Written under the writer's lock.</summary>
    public Counters<DeskStorageCounter> Counters { get; } = new();

    /// <summary>Why writes fail; null while they work.</summary>
    public string? Fault => Volatile.Read(ref _fault);

    /// <summary>Takes changes.</summary>
    /// <param name="changes">The changes; not touched afterwards by the caller.</param>
    /// <param name="waits">Whether to wait while too many messages wait, as an import may; a wire does not wait, and the newest are refused.</param>
    public void Take(DeskChanges changes, bool waits)
    {
        lock (_lock)
        {
            while (waits && _waiting.Messages.Count >= _queueLimit && !_disposed && _fault is null) Monitor.Wait(_lock);
            Counters.Add(DeskStorageCounter.MessagesRefused, _waiting.Add(changes, _queueLimit));
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Returns when everything taken before is written, or when a write has failed.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            while ((_isWriting || !_waiting.IsEmpty) && _fault is null) Monitor.Wait(_lock, BetweenTries);
        }
    }

    /// <summary>Writes what waits, once, and ends.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed) return;
            _disposed = true;
            Monitor.PulseAll(_lock);
        }

        _thread.Join();
    }

    private void Run()
    {
        while (true)
        {
            Waiting batch;
            lock (_lock)
            {
                while (_waiting.IsEmpty && !_disposed) Monitor.Wait(_lock);
                if (_waiting.IsEmpty) return;
                batch = _waiting;
                _waiting = new Waiting();
                _isWriting = true;
            }

            string? fault = TryWrite(batch);
            lock (_lock)
            {
                _isWriting = false;
                Volatile.Write(ref _fault, fault);
                if (fault is null)
                {
                    Counters.Add(DeskStorageCounter.Registrations, batch.Registrations.Count);
                    Counters.Add(DeskStorageCounter.Messages, batch.Messages.Count);
                    Counters.Add(DeskStorageCounter.Peers, batch.Peers.Count);
                }
                else
                {
                    Counters.Increment(DeskStorageCounter.FailedWrites);
                    batch.Add(_waiting.ToChanges(), int.MaxValue);
                    _waiting = batch;
                }

                Monitor.PulseAll(_lock);
                if (fault is null) continue;
                if (_disposed) return;

                // Woken by the end, not by news.
                long until = Environment.TickCount64 + (long)BetweenTries.TotalMilliseconds;
                while (!_disposed && Environment.TickCount64 < until) Monitor.Wait(_lock, (int)Math.Max(1, until - Environment.TickCount64));
            }
        }
    }

    private string? TryWrite(Waiting batch)
    {
        try
        {
            _messages.Write(batch.Messages);
            _registrations.Write(batch.ToChanges());
            return null;
        }
        catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <summary>What waits to be written: of each state the last.</summary>
    private sealed class Waiting
    {
        private readonly OrderedDictionary<string, StoredRegistration> _registrations = new(StringComparer.Ordinal);
        private readonly HashSet<string> _forgotten = new(StringComparer.Ordinal);
        private readonly OrderedDictionary<string, PeerRecord> _peers = new(StringComparer.Ordinal);
        private readonly HashSet<string> _forgottenPeers = new(StringComparer.Ordinal);
        private readonly List<MailboxRecord> _mailboxes = [];

        public List<StoredMessage> Messages { get; } = [];

        public IReadOnlyCollection<KeyValuePair<string, StoredRegistration>> Registrations => _registrations;

        public IReadOnlyCollection<KeyValuePair<string, PeerRecord>> Peers => _peers;

        public bool IsEmpty => _registrations.Count + _forgotten.Count + _peers.Count + _forgottenPeers.Count + _mailboxes.Count + Messages.Count == 0;

        /// <summary>Adds what is newer; gives how many messages found no room.</summary>
        public int Add(DeskChanges changes, int messageLimit)
        {
            foreach (string id in changes.ForgottenRegistrations)
            {
                _registrations.Remove(id);
                _forgotten.Add(id);
            }

            foreach (StoredRegistration registration in changes.Registrations)
            {
                // A place given up and taken again: what was is removed first.
                string id = registration.Record.Id;
                _registrations[id] = _registrations.TryGetValue(id, out StoredRegistration? before)
                    ? registration with { Events = Together(before.Events, registration.Events) }
                    : registration;
            }

            foreach (string id in changes.ForgottenPeers)
            {
                _peers.Remove(id);
                _forgottenPeers.Add(id);
            }

            foreach (PeerRecord peer in changes.Peers) _peers[peer.Id] = peer;
            _mailboxes.AddRange(changes.Mailboxes);
            int room = Math.Max(0, messageLimit - Messages.Count);
            Messages.AddRange(changes.Messages.Take(room));
            return Math.Max(0, changes.Messages.Count - room);
        }

        public DeskChanges ToChanges()
        {
            var changes = new DeskChanges();
            changes.ForgottenRegistrations.AddRange(_forgotten);
            changes.Registrations.AddRange(_registrations.Values);
            changes.ForgottenPeers.AddRange(_forgottenPeers);
            changes.Peers.AddRange(_peers.Values);
            changes.Mailboxes.AddRange(_mailboxes);
            changes.Messages.AddRange(Messages);
            return changes;
        }

        private static IReadOnlyList<RegistrationEvent> Together(IReadOnlyList<RegistrationEvent> before, IReadOnlyList<RegistrationEvent> after)
        {
            if (before.Count == 0) return after;
            if (after.Count == 0) return before;
            return [.. before.Where(happened => happened.Sequence < after[0].Sequence), .. after];
        }
    }
}
