using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Registrations;
using CdrEngine.Engine.Live;

namespace CdrEngine.Host.Joined;

/// <summary>Makes events of what the desk tells. One thread; where nobody listens it only remembers which peers are silent.</summary>
/// <param name="feed">Where they go.</param>
internal sealed class LiveNews(LiveFeed feed)
{
    private readonly HashSet<string> _silent = new(StringComparer.Ordinal);

    /// <summary>Tells what happened; keeps nothing of the lists.</summary>
    public void Take(DeskChanges changes)
    {
        if (feed.IsWanted)
        {
            foreach (StoredRegistration stored in changes.Registrations) Tell(stored);
            foreach (StoredMessage stored in changes.Messages) Tell(stored.Record);
        }

        foreach (PeerRecord peer in changes.Peers) Note(peer);
        foreach (string id in changes.ForgottenPeers) _silent.Remove(id);
    }

    private void Tell(StoredRegistration stored)
    {
        foreach (RegistrationEvent happened in stored.Events)
        {
            LiveEventKind? kind = happened.Kind switch
            {
                RegistrationEventKind.New => LiveEventKind.RegistrationNew,
                RegistrationEventKind.Moved => LiveEventKind.RegistrationMoved,
                RegistrationEventKind.Expired => LiveEventKind.RegistrationExpired,
                RegistrationEventKind.Removed => LiveEventKind.RegistrationRemoved,
                RegistrationEventKind.Failed => LiveEventKind.RegistrationFailed,

                // That all is as it was is no news.
                _ => null,
            };
            if (kind is { } what) feed.Tell(new LiveEvent { Kind = what, At = happened.LastAt, Registration = stored.Record, RegistrationEvent = happened });
        }
    }

    private void Tell(MessageRecord message)
    {
        LiveEventKind? kind = message.Outcome switch
        {
            MessageOutcome.Pending => null,
            _ when message.Notifications.Count > 0 => LiveEventKind.MessageNotified,
            MessageOutcome.Delivered => LiveEventKind.MessageDelivered,
            MessageOutcome.Failed => LiveEventKind.MessageFailed,
            _ => LiveEventKind.MessageUnanswered,
        };
        if (kind is { } what)
            feed.Tell(new LiveEvent { Kind = what, At = what == LiveEventKind.MessageNotified ? message.Notifications[^1].At : message.EndedAt ?? message.StartedAt, Message = message });
    }

    // A peer is told with each change of its figures; news is only that it stopped answering, or began again.
    private void Note(PeerRecord peer)
    {
        bool isSilent = peer.UnansweredSince is not null;
        if (isSilent ? !_silent.Add(peer.Id) : !_silent.Remove(peer.Id)) return;
        feed.Tell(new LiveEvent { Kind = isSilent ? LiveEventKind.PeerSilent : LiveEventKind.PeerAnswering, At = peer.UnansweredSince ?? peer.LastAnswerAt ?? peer.LastAt, Peer = peer });
    }
}
