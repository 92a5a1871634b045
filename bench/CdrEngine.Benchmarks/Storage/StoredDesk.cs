using System.Globalization;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>What goes on beside calls, as the desk would record it: messages and the conversations they make, devices that register, peers that are asked, mailboxes.</summary>
internal static class StoredDesk
{
    /// <summary>Registered devices of each user; the last of them is that of a softphone which comes and goes.</summary>
    private const int Devices = 3;

    private const int Peers = 200;
    private const int MostInConversation = 12;

    /// <summary>The messages of a day: conversations of one to twelve messages between users of a tenant, or with somebody outside. One in thirty was refused, one in a hundred not
    /// answered, one in forty went over MSRP within a call.</summary>
    /// <param name="random">Source of everything that differs.</param>
    /// <param name="midnight">Start of the day, microseconds since 1970.</param>
    /// <param name="messages">How many.</param>
    public static IEnumerable<StoredMessage> Messages(Random random, long midnight, int messages)
    {
        for (int made = 0; made < messages;)
        {
            int tenant = random.Next(StoredCalls.Tenants);
            string from = StoredCalls.User(random, tenant);
            string to = random.Next(4) == 0 ? $"+49{random.NextInt64(10_000_000_000):0000000000}" : StoredCalls.User(random, tenant);
            if (from == to) continue;
            long at = midnight + random.NextInt64(86_000_000_000);
            int count = Math.Min(messages - made, 1 + random.Next(MostInConversation));
            string first = string.CompareOrdinal(from, to) < 0 ? from : to;
            var conversation = new ConversationRecord(
                CallId.Derive($"{first}@example.com", $"{(first == from ? to : from)}@example.com {at}", new Timestamp(at)), new Timestamp(at), $"{first}@example.com", $"{(first == from ? to : from)}@example.com");
            bool isMsrp = random.Next(40) == 0;
            for (int i = 0; i < count; i++, made++)
            {
                bool back = i > 0 && random.Next(2) == 0;
                yield return Message(random, conversation, back ? to : from, back ? from : to, new Timestamp(at + (i * 20_000_000L)), tenant, isMsrp);
            }
        }
    }

    /// <summary>Everything else that the desk has, as it stands at an instant.</summary>
    /// <param name="random">Source of everything that differs.</param>
    /// <param name="now">The instant.</param>
    public static IEnumerable<DeskChanges> Changes(Random random, Timestamp now)
    {
        for (int user = 0; user < StoredCalls.Users; user += 100)
        {
            var changes = new DeskChanges();
            foreach (int one in Enumerable.Range(user, 100))
            {
                for (int device = 0; device < Devices; device++) changes.Registrations.Add(Registration(random, one, device, now));
                changes.Mailboxes.Add(new MailboxRecord(Aor(one), random.Next(3) == 0, random.Next(4), random.Next(20), 0, 0, now - TimeSpan.FromMinutes(random.Next(10_000))) { Tenant = TenantOf(one) });
            }

            yield return changes;
        }

        var asked = new DeskChanges();
        foreach (int peer in Enumerable.Range(0, Peers))
        {
            asked.Peers.Add(new PeerRecord
            {
                Id = string.Create(CultureInfo.InvariantCulture, $"{peer:x24}"),
                Address = new Endpoint(IpAddress.FromV4(0xC000_0200u + (uint)peer), 5060),
                Direction = (PeerDirection)(peer % 2),
                Method = peer % 3 == 0 ? "NOTIFY" : "OPTIONS",
                Event = peer % 3 == 0 ? "message-summary" : "",
                Requests = 10_000,
                Answered = 9_990,
                LastAt = now - TimeSpan.FromSeconds(peer),
                UnansweredSince = peer % 20 == 0 ? now - TimeSpan.FromHours(1) : null,
                Tenant = TenantOf(peer),
            });
        }

        yield return asked;
    }

    private static string Aor(int user) => string.Create(CultureInfo.InvariantCulture, $"sip:{StoredCalls.FirstUser + user}@example.com");

    private static string TenantOf(int user) => string.Create(CultureInfo.InvariantCulture, $"tenant{user % StoredCalls.Tenants}");

    private static StoredMessage Message(Random random, ConversationRecord conversation, string from, string to, Timestamp at, int tenant, bool isMsrp)
    {
        string sipCallId = $"{random.NextInt64():x16}@192.0.2.7";
        int fate = random.Next(300);
        MessageOutcome outcome = fate < 10 ? MessageOutcome.Failed : fate < 13 ? MessageOutcome.Unanswered : MessageOutcome.Delivered;
        var record = new MessageRecord
        {
            Id = CallId.Derive(sipCallId, "tag", at),
            Kind = isMsrp ? MessageKind.Msrp : MessageKind.Sip,
            ConversationId = conversation.Id,
            SipCallId = sipCallId,
            IsInCall = isMsrp,
            From = Party(from),
            To = Party(to),
            StartedAt = at,
            EndedAt = outcome == MessageOutcome.Unanswered ? null : at + TimeSpan.FromMilliseconds(40),
            ResponseTime = outcome == MessageOutcome.Unanswered ? null : TimeSpan.FromMilliseconds(40),
            Outcome = outcome,
            SipStatus = outcome switch { MessageOutcome.Delivered => 200, MessageOutcome.Failed => 404, _ => 0 },
            ContentType = "text/plain",
            Size = 48,
            Text = string.Create(CultureInfo.InvariantCulture, $"About invoice {random.Next(1_000_000)}: {(random.Next(2) == 0 ? "please call me back" : "it is on its way")}."),
            CaptureSource = "eth1",
            Tenant = $"tenant{tenant}",
        };
        return new StoredMessage(record, conversation, BitConverter.GetBytes(at.Microseconds));
    }

    private static MessageParty Party(string number) => new() { Number = number, Uri = $"sip:{number}@example.com", Address = new Endpoint(IpAddress.FromV4(0x0A010001), 5060), UserAgent = "Zoiper v2.10" };

    private static StoredRegistration Registration(Random random, int user, int device, Timestamp now)
    {
        string number = (StoredCalls.FirstUser + user).ToString(CultureInfo.InvariantCulture);
        var source = new Endpoint(IpAddress.FromV4(0x0A010000u + (uint)((user * Devices) + device)), 5060);
        bool isGone = device == Devices - 1 && random.Next(3) > 0;
        Timestamp last = now - TimeSpan.FromSeconds(isGone ? random.Next(4_000, 400_000) : random.Next(300));
        var happened = new RegistrationEvent(1, RegistrationEventKind.New, last, last, 1) { SipStatus = 200, Source = source };
        return new StoredRegistration(
            new RegistrationRecord
            {
                Id = string.Create(CultureInfo.InvariantCulture, $"{(user * Devices) + device:x24}"),
                Aor = Aor(user),
                User = number,
                Domain = "example.com",
                State = isGone ? RegistrationState.Expired : random.Next(200) == 0 ? RegistrationState.Failed : RegistrationState.Registered,
                Contact = $"sip:{number}@{source}",
                Source = source,
                UserAgent = device == 0 ? "Yealink SIP-T46S 66.85.0.5" : device == 1 ? "Snom D785/10.1.64" : "Zoiper v2.10",
                Mac = device == 0 ? string.Create(CultureInfo.InvariantCulture, $"00:15:65:00:{user / 256:x2}:{user % 256:x2}") : null,
                ExpiresAt = last + TimeSpan.FromSeconds(600),
                Expires = 600,
                LastRequestAt = last,
                LastSuccessAt = last,
                SipStatus = 200,
                LastEvent = happened,
                Tenant = TenantOf(user),
            },
            $"key{user}-{device}",
            [1, 2])
        {
            ContactUser = number,
            ContactAddress = source.Address,
            Events = [happened],
        };
    }
}
