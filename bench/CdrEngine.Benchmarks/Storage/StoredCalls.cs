using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>Calls that never were, as the engine would record them: parties by the directory, media sessions, streams, prices, transfers, and calls that a PBX made two of.</summary>
public static class StoredCalls
{
    /// <summary>Users that call and are called.</summary>
    public const int Users = 2_000;

    /// <summary>Number of the first of them; the others follow.</summary>
    public const int FirstUser = 10_000;

    /// <summary>Tenants, each with as many calls as any other.</summary>
    public const int Tenants = 20;

    /// <summary>First day of every archive.</summary>
    public static readonly DateOnly FirstDay = new(2026, 1, 1);

    private const long DayMicroseconds = 86_400_000_000;
    private const int Dids = 900;

    private static readonly string[] Names = ["Ada Young", "Ben Ortiz", "Chloé Martin", "Dai Morgan", "Eva Lind", "Femi Ade", "Gita Rao", "Hugo Silva", "Ines Kurz", "Jan Novák"];
    private static readonly string[] Agents = ["Yealink SIP-T46S 66.85.0.5", "Snom D785/10.1.64", "Asterisk PBX 20.5.0", "Zoiper v2.10", "FPBX-16.0", "Grandstream GXP2170 1.0.11", "Linphone/5.1", "SBC/7.2"];

    /// <summary>Number of one of the users.</summary>
    public static string User(Random random) => UserNumber(random.Next(Users));

    /// <summary>Number of a user of a tenant.</summary>
    public static string User(Random random, int tenant) => UserNumber((random.Next(Users / Tenants) * Tenants) + tenant);

    /// <summary>One of the numbers that calls come in by.</summary>
    public static string Did(Random random) => $"+4930{100 + random.Next(Dids)}";

    /// <summary>A call by itself, or the first of two that a PBX made of one.</summary>
    /// <param name="random">Source of everything that differs.</param>
    /// <param name="startedAt">Its start, microseconds since 1970.</param>
    public static StoredCall Call(Random random, long startedAt) => Conversation(random, startedAt, mayBeTwo: false)[0];

    /// <summary>A conversation: one call, or two (every eighth).</summary>
    /// <param name="random">Source of everything that differs.</param>
    /// <param name="startedAt">Start of the first, microseconds since 1970.</param>
    /// <param name="mayBeTwo">False for one call always.</param>
    public static StoredCall[] Conversation(Random random, long startedAt, bool mayBeTwo = true)
    {
        CallRecord call = Record(random, startedAt);
        if (!mayBeTwo || call.AnsweredAt is null || random.Next(8) > 0) return [Stored(call, startedAt)];

        // The PBX's own call to who answers: begins a little later, has the same parties at other addresses, ends with the first.
        Timestamp started = call.StartedAt + TimeSpan.FromMilliseconds(60);
        string sipCallId = $"{random.NextInt64():x16}@198.51.100.9";
        string id = CallId.Derive(sipCallId, "tag", started);
        if (id[..8] != call.Id[..8]) return [Stored(call, startedAt)];
        CallRecord second = MediaSessions.Complete(call with
        {
            Id = id,
            SessionId = call.Id,
            SipCallId = sipCallId,
            StartedAt = started,
            Flags = call.Flags | CallFlags.Linked,
            Transfer = null,
            Caller = call.Caller with { Address = new Endpoint(IpAddress.FromV4(0xC633_6409), 5060) },
            Links = [new CallLink(call.Id, call.SipCallId, LinkMethod.Header, 1, LinkRelation.Upstream)],
            Marks = call.Marks! with { Charge = null },
        });
        call = call with { Flags = call.Flags | CallFlags.Linked, Links = [new CallLink(id, sipCallId, LinkMethod.Header, 1, LinkRelation.Downstream)] };
        return [Stored(call, startedAt), Stored(second, startedAt)];
    }

    // Two thirds are answered, two minutes on average, one in a thousand over half an hour; a number that every twentieth call dials.
    private static CallRecord Record(Random random, long startedAt)
    {
        var started = new Timestamp(startedAt);
        int tenant = random.Next(Tenants);
        bool answered = random.Next(3) > 0;
        double seconds = answered ? random.Next(1000) == 0 ? random.Next(1800, 14_400) : -Math.Log(1 - random.NextDouble()) * 120 : random.Next(40);
        CallDirection direction = random.Next(100) switch { < 45 => CallDirection.Inbound, < 85 => CallDirection.Outbound, < 99 => CallDirection.Internal, _ => CallDirection.Transit };
        string caller = direction is CallDirection.Outbound or CallDirection.Internal ? User(random, tenant) : $"+49{random.NextInt64(10_000_000_000):0000000000}";
        string callee = direction is CallDirection.Outbound or CallDirection.Transit ? $"+44{random.NextInt64(10_000_000_000):0000000000}" : User(random, tenant);
        string dialled = direction != CallDirection.Inbound ? callee : random.Next(10) == 0 ? "+4930100" : Did(random);
        string sipCallId = $"{random.NextInt64():x16}@192.0.2.1";
        string id = CallId.Derive(sipCallId, "tag", started);

        // Within its day, as figures are compared by day.
        long midnight = (startedAt / DayMicroseconds * DayMicroseconds) + DayMicroseconds;
        var ended = new Timestamp(Math.Min(startedAt + 4_000_000 + (long)(seconds * 1e6), midnight - 1));
        Disposition outcome = answered ? Disposition.Answered : (Disposition)random.Next(2, 10);
        int status = answered ? 200 : random.Next(1000) == 0 ? 503 : outcome switch { Disposition.Busy => 486, Disposition.NoAnswer => 480, Disposition.Rejected => 603, Disposition.InvalidNumber => 404, _ => 487 };
        bool isMailbox = answered && random.Next(100) == 0;
        CallContext context = isMailbox ? CallContext.Voicemail
            : direction == CallDirection.Internal ? CallContext.UserLocal
            : random.Next(100) switch { < 20 => CallContext.Ivr, < 30 => CallContext.Queue, 30 => CallContext.Tracking, 31 => CallContext.Fax, _ => CallContext.PstnCall };
        Timestamp? answeredAt = answered ? new Timestamp(Math.Min(startedAt + 4_000_000, ended.Microseconds)) : null;
        string codec = random.Next(500) == 0 ? "G729/8000" : "PCMU/8000";
        bool isRecorded = answered && tenant < Tenants / 4 && random.Next(2) == 0;
        return MediaSessions.Complete(new CallRecord
        {
            Id = id,
            SessionId = id,
            SipCallId = sipCallId,
            State = CallState.Ended,
            Disposition = outcome,
            SipStatus = status,
            Direction = direction,
            Dialled = dialled,
            Caller = Party(caller, 1, random),
            Callee = Party(callee, 2, random),
            StartedAt = started,
            TryingAt = new Timestamp(startedAt + 20_000),
            RangAt = random.Next(10) == 0 ? null : new Timestamp(startedAt + 1_000_000),
            PostDialDelay = random.Next(10) == 0 ? null : TimeSpan.FromMilliseconds(random.Next(200, 3000)),
            AnsweredAt = answeredAt,
            EndedAt = ended,
            HangupBy = answered ? random.Next(500) == 0 ? HangupBy.Server : random.Next(2) == 0 ? HangupBy.Caller : HangupBy.Callee : HangupBy.None,
            Flags = random.Next(200) == 0 ? CallFlags.OneWayAudio : random.Next(300) == 0 ? CallFlags.Held : CallFlags.None,
            Held = answered && random.Next(2000) == 0 ? [new HeldInterval(PartySide.Callee, started, null)] : [],
            Headers = random.Next(3000) == 0 ? [new KeyValuePair<string, string>("diversion", "<sip:1@x>;reason=no-answer")] : [],
            Transfer = random.Next(3000) == 0 ? new TransferRecord { Kind = TransferKind.Blind, Role = TransferRole.Target, At = started, Outcome = TransferOutcome.Succeeded } : null,
            Recording = isRecorded ? new RecordingInfo { State = RecordingState.Pending } : new RecordingInfo(),
            Marks = new CallMarks
            {
                Tenant = $"tenant{tenant}",
                Context = context,
                Trunk = direction == CallDirection.Internal ? null : random.Next(50) == 0 ? "carrier-b" : "carrier-a",
                Charge = answered && direction == CallDirection.Outbound ? new CallCharge(0.012m, Math.Round(0.0002m * (decimal)seconds, 4), "EUR", "United Kingdom") : null,
            },
            Streams = answered ? [Stream(random, started, ended, PartySide.Caller, codec), Stream(random, started, ended, PartySide.Callee, codec)] : [],
            MediaSessions = answered ? Media(random, codec, context, answeredAt, ended) : [],
            CaptureSource = "eth1",
        });
    }

    // Where the packets of a call lie says nothing here, and is of the size that it has.
    private static StoredCall Stored(CallRecord record, long startedAt) => new(record, RecordRevision.Final, BitConverter.GetBytes(startedAt), record.Tenant);

    private static string UserNumber(int user) => (FirstUser + user).ToString(CultureInfo.InvariantCulture);

    private static Party Party(string number, uint address, Random random)
    {
        bool isUser = number[0] != '+';
        long id = isUser ? long.Parse(number, CultureInfo.InvariantCulture) : 0;
        return new Party
        {
            Number = number,
            Name = isUser ? string.Create(CultureInfo.InvariantCulture, $"User {id - FirstUser}") : Names[random.Next(Names.Length)],
            Uri = $"sip:{number}@example.com",
            Address = new Endpoint(IpAddress.FromV4(0x0A000000u + (address << 16) + (uint)random.Next(Users)), 5060),
            UserAgent = Agents[random.Next(Agents.Length)],
            Codec = random.Next(500) == 0 ? "G729/8000" : "PCMU/8000",
            Tag = "0123456789",
            Identity = isUser ? new PartyIdentity(PartyKind.User, id, string.Create(CultureInfo.InvariantCulture, $"User {id - FirstUser}")) : null,
        };
    }

    private static StreamRecord Stream(Random random, Timestamp started, Timestamp ended, PartySide from, string codec) => new()
    {
        Ssrc = (uint)random.Next(),
        Source = new Endpoint(IpAddress.FromV4(0x0A030000 + (uint)random.Next(64)), 10_000),
        Destination = new Endpoint(IpAddress.FromV4(0x0A040000 + (uint)random.Next(64)), 20_000),
        From = from,
        MediaIndex = 0,
        PayloadType = codec == "PCMU/8000" ? 0 : 18,
        Codec = codec,
        Packets = 6_000,
        Octets = 960_000,
        Expected = 6_000,
        Lost = 0,
        Duplicates = 0,
        OutOfOrder = 0,
        JitterMillisecondsMean = Math.Round(random.NextDouble() * 4, 3),
        JitterMillisecondsMax = 9.5,
        DeltaMillisecondsMax = 41,
        Mos = random.Next(100) == 0 ? 1.5 + (2.5 * random.NextDouble()) : 4.2 + (0.2 * random.NextDouble()),
        StartedAt = started,
        EndedAt = ended,
    };

    // Sound always; a picture with one in fifty, a chat with one in five hundred, fax where it is one.
    private static MediaSessionRecord[] Media(Random random, string codec, CallContext context, Timestamp? answered, Timestamp ended)
    {
        var sessions = new List<MediaSessionRecord>(2) { Session(0, "audio", "RTP/AVP", codec) };
        if (random.Next(50) == 0) sessions.Add(Session(1, "video", "RTP/AVP", "H264/90000"));
        if (random.Next(500) == 0) sessions.Add(Session(sessions.Count, "message", "TCP/MSRP", null));
        if (context == CallContext.Fax) sessions.Add(Session(sessions.Count, "image", "udptl", null));
        return [.. sessions];

        MediaSessionRecord Session(int index, string media, string protocol, string? codec) => new()
        {
            Index = index,
            Media = media,
            Protocol = protocol,
            Caller = new Endpoint(IpAddress.FromV4(0x0A030000 + (uint)random.Next(64)), 10_000),
            Callee = new Endpoint(IpAddress.FromV4(0x0A040000 + (uint)random.Next(64)), 20_000),
            Offered = codec is null ? [] : [codec, "PCMA/8000"],
            Answered = codec is null ? [] : [codec],
            StartedAt = answered,
            EndedAt = ended,
        };
    }
}
