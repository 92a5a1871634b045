using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Registrations;

namespace CdrEngine.Engine.Desk;

/// <summary>Takes what the desk tells: registrations, messages, peers. Called from the desk's one thread, about once a second of packet time; the packets
/// of what is told can be read back by then.</summary>
public interface IDeskOutput
{
    /// <summary>Takes the changes, which are the taker's from now on. Must not throw; may wait for a short time, which slows the desk.</summary>
    void Emit(DeskChanges changes);
}

/// <summary>What the desk goes on with: what was known when the program last ran.</summary>
/// <param name="Registrations">Registrations, the one touched longest ago first.</param>
/// <param name="Conversations">Conversations that may go on, the one without a message for longest first.</param>
public sealed record DeskStart(IEnumerable<StoredRegistration> Registrations, IEnumerable<ConversationRecord> Conversations)
{
    /// <summary>Nothing was known.</summary>
    public static DeskStart Empty { get; } = new([], []);
}
