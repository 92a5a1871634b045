using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using CdrEngine.Engine.Desk;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Parts;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>Says whose the desk's records are, by the directory in force when they are told. Where there is none they are nobody's.</summary>
/// <param name="current">The directory in force; null for none.</param>
internal sealed class DeskMarks(Func<CallDirectory?> current)
{
    /// <summary>Marks everything told.</summary>
    public void Apply(DeskChanges changes)
    {
        CallDirectory? directory = current();
        for (int i = 0; i < changes.Registrations.Count; i++)
        {
            StoredRegistration stored = changes.Registrations[i];
            string? tenant = directory?.TenantOf(stored.Record);
            if (tenant != stored.Record.Tenant) changes.Registrations[i] = stored with { Record = stored.Record with { Tenant = tenant } };
        }

        for (int i = 0; i < changes.Messages.Count; i++)
        {
            StoredMessage stored = changes.Messages[i];
            string? tenant = directory?.TenantOf(stored.Record);
            if (tenant != stored.Record.Tenant) changes.Messages[i] = stored with { Record = stored.Record with { Tenant = tenant } };
        }

        for (int i = 0; i < changes.Peers.Count; i++)
        {
            string? tenant = directory?.TenantOf(changes.Peers[i]);
            if (tenant != changes.Peers[i].Tenant) changes.Peers[i] = changes.Peers[i] with { Tenant = tenant };
        }

        for (int i = 0; i < changes.Mailboxes.Count; i++)
        {
            string? tenant = directory?.TenantOf(changes.Mailboxes[i]);
            if (tenant != changes.Mailboxes[i].Tenant) changes.Mailboxes[i] = changes.Mailboxes[i] with { Tenant = tenant };
        }
    }
}

/// <summary>Where the desk's news go: the store, by a writer of its own.</summary>
internal sealed class DeskPart : IDeskOutput, IDisposable
{
    private const int ConversationsGoneOnWith = 10_000;

    private readonly IRegistrationDatabase _registrations;
    private readonly IMessageDatabase _messages;
    private readonly DeskWriter _writer;
    private readonly DeskMarks _marks;
    private readonly Func<bool> _waits;
    private readonly Action<string>? _tell;

    /// <summary>Opens the data folder.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="marks">Says whose the records are.</param>
    /// <param name="waits">Whether the desk may wait for the store.</param>
    /// <param name="tell">Is told what cannot be gone on with; null for an import, which then does not begin.</param>
    public DeskPart(Settings settings, DeskMarks marks, Func<bool> waits, Action<string>? tell = null)
    {
        _tell = tell;
        _marks = marks;
        _waits = waits;
        _registrations = Stores.Registrations(settings);
        _messages = Stores.Messages(settings);
        _writer = new DeskWriter(_registrations, _messages, settings.Storage.Queue);
    }

    /// <summary>Is told everything after it was marked, on the desk's thread, for live events; must be quick and must not keep the lists.</summary>
    public Action<DeskChanges>? Told { get; init; }

    public string? Fault => _writer.Fault;

    /// <summary>What the desk goes on with.</summary>
    public DeskStart Start()
    {
        try
        {
            return new DeskStart(_registrations.LoadRegistrations(), _registrations.LoadConversations(ConversationsGoneOnWith));
        }
        catch (StoreException e) when (_tell is not null && e.IsTransient)
        {
            // A wire does not wait for a database: what is registered will be heard again within its time.
            _tell($"registrations known before are not gone on with: {e.Message.ReplaceLineEndings(" ")}");
            return DeskStart.Empty;
        }
    }

    /// <inheritdoc />
    public void Emit(DeskChanges changes)
    {
        _marks.Apply(changes);
        Told?.Invoke(changes);
        _writer.Take(changes, _waits());
    }

    public void Flush() => _writer.Flush();

    public IEnumerable<Statistic> Statistics() =>
        _writer.Counters.Statistics("desk storage");

    public void Dispose()
    {
        _writer.Dispose();
        _messages.Dispose();
        _registrations.Dispose();
    }
}

/// <summary>Reads what the desk has told, for the commands and the API.</summary>
internal sealed class DeskArchive : IDeskArchive
{
    private readonly IRegistrationDatabase _registrations;
    private readonly IMessageDatabase _messages;

    public DeskArchive(Settings settings)
    {
        string packets = DataFolder.Packets(settings.DataDirectory);
        _registrations = Stores.Registrations(settings);
        _messages = Stores.Messages(settings);
        RegistrationPackets = new StoredCallPackets(_registrations.GetChunks, packets, SealingKeys.Of(settings));
        MessagePackets = new StoredCallPackets(_messages.GetChunks, packets, SealingKeys.Of(settings));
    }

    /// <inheritdoc />
    public IRegistrationReader Registrations => _registrations;

    /// <inheritdoc />
    public IMessageReader Messages => _messages;

    /// <summary>Notes which messages have which texts, and what days before this one are asked without being looked at.</summary>
    public void SealMessages(DateOnly before, CancellationToken stop) => _messages.Seal(before, stop);

    /// <inheritdoc />
    public ICallPackets RegistrationPackets { get; }

    /// <inheritdoc />
    public ICallPackets MessagePackets { get; }

    /// <inheritdoc />
    public void Dispose()
    {
        _messages.Dispose();
        _registrations.Dispose();
    }
}
