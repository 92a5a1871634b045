using System.Text.Json;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Architecture.Tests;

/// <summary>What is written to disk and to JSON only ever grows. <c>frozen-names.txt</c> holds every name and number given out; a line is
/// added when one is, and none is ever changed or removed.</summary>
public sealed class FrozenNameTests
{
    private const string File = "frozen-names.txt";

    [Fact]
    public void StoredNames_AreThoseGivenOut()
    {
        string[] frozen = System.IO.File.ReadAllLines(Checkout.Path("tests", "CdrEngine.Architecture.Tests", File))
            .Where(static line => line.Length > 0 && line[0] != '#')
            .ToArray();
        string[] now = Enumerations().Concat(Members()).ToArray();
        Assert.Equal(frozen.Distinct(), frozen);

        // As one text, because a list in a failure is cut.
        Assert.Equal("", string.Join('\n', frozen.Except(now).Select(static line => $"gone or changed: {line}")));
        string[] unknown = now.Except(frozen).ToArray();
        Assert.True(unknown.Length == 0, $"lines to add to {File}:\n{string.Join('\n', unknown)}");
    }

    // The enumerations of the record itself are held by the tests of Calls.
    private static IEnumerable<string> Enumerations() => new[] { typeof(LinkType), typeof(Transport), typeof(MediaSessionType), typeof(MediaSessionFlags), typeof(RecordingState),
        typeof(RegistrationState), typeof(RegistrationEventKind), typeof(MessageKind), typeof(MessageOutcome), typeof(NotificationKind), typeof(PeerDirection),
        typeof(LinkMethod), typeof(LinkRelation), typeof(TransferKind), typeof(TransferRole), typeof(TransferOutcome),
        typeof(AlertKind), typeof(AlertSeverity), typeof(AlertState), typeof(AlertScope) }
        .SelectMany(static type => Enum.GetValues(type).Cast<object>().Select(value => $"{type.Name}.{value} = {Convert.ToInt64(value)}"));

    // Each member of a record's JSON, with its path; a record with one of everything.
    private static IEnumerable<string> Members()
    {
        var at = new Timestamp(1);
        var party = new Endpoint(IpAddress.FromV4(0xC000_0201), 5060);
        var call = new CallRecord
        {
            Id = "i",
            SessionId = "s",
            SipCallId = "c",
            State = CallState.Ended,
            Disposition = Disposition.Answered,
            StartedAt = at,
            Cause = new Cause(16, "t", CauseSource.Header),
            Flags = CallFlags.Held,
            Links = [new CallLink("o", "c", LinkMethod.Replaces, 1, LinkRelation.Upstream)],
            Transfer = new TransferRecord { Kind = TransferKind.Blind, Role = TransferRole.Target },
            Held = [new HeldInterval(PartySide.Caller, at, null)],
            Headers = [new KeyValuePair<string, string>("x-call-id", "1")],
            Hops = [new Hop(party, party, Transport.Udp, at, 1)],
            Legs = [new Leg { ToTag = "t", Outcome = LegOutcome.Answered }],
            Streams =
            [
                new StreamRecord
                {
                    Ssrc = 1, Source = party, Destination = party, From = PartySide.Caller, MediaIndex = 0, PayloadType = 0, Packets = 1, Octets = 1, Expected = 1, Lost = 0, Duplicates = 0, OutOfOrder = 0,
                    StartedAt = at, EndedAt = at,
                },
            ],
            Dtmf = [new DtmfDigit('1', at, null, PartySide.Caller, DtmfMethod.Info)],
            MediaSessions = [new MediaSessionRecord { Index = 0, Media = "audio", Protocol = "RTP/AVP", Directions = [new DirectionChange(at, "sendrecv")] }],
            OneWay = [new OneWayInterval(OneWayKind.NoRtp, PartySide.Caller, at, at)],
            Fax = new FaxRecord { StartedAt = at, EndedAt = at },
            Caller = new Party { Identity = new PartyIdentity(PartyKind.User, 1, "n") },
            Callee = new Party { Identity = new PartyIdentity(PartyKind.User, 1, "n") },
        };
        call = MediaSessions.Complete(call);
        using JsonDocument json = JsonDocument.Parse(CallRecordJson.ToUtf8(call));
        return Paths(json.RootElement, "call").Concat(DeskMembers(at, party)).Distinct().ToArray();
    }

    private static IEnumerable<string> DeskMembers(Timestamp at, Endpoint party)
    {
        var happened = new RegistrationEvent(1, RegistrationEventKind.Moved, at, at, 1);
        var registration = new RegistrationRecord { Id = "i", Aor = "a", LastEvent = happened };
        var message = new MessageRecord
        {
            Id = "i",
            SipCallId = "c",
            From = new MessageParty { Address = party },
            To = new MessageParty(),
            StartedAt = at,
            Notifications = [new MessageNotification(NotificationKind.Display, "displayed", at)],
        };
        return [
            .. Of(RegistrationJson.ToUtf8(registration), "registration"),
            .. Of(MessageJson.ToUtf8(message), "message"),
            .. Of(MessageJson.ToUtf8(new ConversationRecord("i", at, "a", "b")), "conversation"),
            .. Of(PeerJson.ToUtf8(new PeerRecord { Id = "i", Address = party, Method = "OPTIONS" }), "peer"),
            .. Of(AlertJson.ToUtf8(new Alert { Id = "i", Rule = "r", Kind = AlertKind.MosLow, Group = new AlertGroup(), RaisedAt = at }), "alert"),
            .. Of(PeerJson.ToUtf8(new MailboxRecord("a", true, 1, 2, 3, 4, at)), "mailbox"),
        ];
    }

    private static string[] Of(byte[] utf8, string name)
    {
        using JsonDocument json = JsonDocument.Parse(utf8);
        return [.. Paths(json.RootElement, name)];
    }

    private static IEnumerable<string> Paths(JsonElement element, string path) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => Paths(member.Value, $"{path}.{member.Name}").Prepend($"{path}.{member.Name}")),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(item => Paths(item, $"{path}[]")),
        _ => [],
    };
}
