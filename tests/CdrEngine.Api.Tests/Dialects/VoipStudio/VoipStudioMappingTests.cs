using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Dialects.VoipStudio;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Messages;

namespace CdrEngine.Api.Tests.Dialects.VoipStudio;

/// <summary>Each member and each value of each enumeration of what VoIPstudio shows.</summary>
public sealed class VoipStudioMappingTests
{
    private static readonly CallRecord Answered = TestCalls.Call(0) with
    {
        Direction = CallDirection.Inbound,
        Dialled = "44203844711",
        HangupBy = HangupBy.Caller,
        Cause = new Cause(16, "Normal call clearing", CauseSource.Mapped),
        CaptureSource = "hep:192.0.2.9:9060#12",
        Caller = new Party { Number = "12124537768", Name = "Ann", Uri = "sip:12124537768@example.com", UserAgent = "Phone/1", Codec = "PCMA/8000", E164 = "+12124537768" },
        Callee = new Party { Number = "2002", Name = "Bob on the wire", Uri = "sip:2002@pbx.example.com", UserAgent = "PBX/2", Codec = "opus/48000/2" },
    };

    private static readonly CallFacts Facts = new()
    {
        AnsweredByPerson = true,
        Caller = new PartyFacts("contact", 3423, null),
        Callee = new PartyFacts("user", 10002, "Bob"),
        Context = "pstn_call",
        Rate = 0.012m,
        Amount = 0.05m,
        Currency = "EUR",
        BilledAccount = "acme",
        Destination = "US",
    };

    private static readonly LiveIds Ids = new(70, 60, 50);

    private static readonly VoipStudioCdr Cdr = VoipStudioMapping.Cdr(Answered, Facts, Ids, new CallRemark { Info = "line", Notes = "notes" }, BillsecRounding.Nearest);

    public static TheoryData<string, object?> Members => new()
    {
        { "Id", 70L },
        { "Billsec", 11L },
        { "CallId", 70L },
        { "Calldate", "2026-11-20 04:27:00" },
        { "Charge", 0.05m },
        { "Clid", "\"Ann\" <12124537768>" },
        { "Context", "PSTN_CALL" },
        { "Destination", "in" },
        { "Disposition", "CONNECTED" },
        { "Dst", "44203844711" },
        { "DstCodec", "opus" },
        { "DstId", "10002" },
        { "DstName", "Bob" },
        { "DstUa", "PBX/2" },
        { "Duration", 13L },
        { "Info", "line" },
        { "IsRoot", false },
        { "LiveId", 70L },
        { "ParentLiveId", 60L },
        { "Rate", 0.012m },
        { "RootLiveId", 50L },
        { "ServerId", 12L },
        { "SipEndpointId", null },
        { "Src", "12124537768" },
        { "SrcCodec", "PCMA" },
        { "SrcId", "contact:3423" },
        { "SrcName", "Ann" },
        { "SrcUa", "Phone/1" },
        { "TCause", "Normal Clearing" },
        { "Type", "I" },
        { "UserId", 10002L },
    };

    [Theory]
    [MemberData(nameof(Members))]
    public void Cdr_Member_IsAsTheTextSays(string member, object? expected) => Assert.Equal(expected, typeof(VoipStudioCdr).GetProperty(member)!.GetValue(Cdr));

    [Fact]
    public void EveryMember_HasARow() =>
        Assert.Equal(typeof(VoipStudioCdr).GetProperties().Select(static property => property.Name), Members.Select(static row => (string)row[0]!));

    [Fact]
    public void Noted_IsTheSame_AndTheNotes()
    {
        VoipStudioNotedCdr noted = VoipStudioMapping.Noted(Cdr, "notes");
        foreach (System.Reflection.PropertyInfo property in typeof(VoipStudioCdr).GetProperties())
            Assert.Equal(property.GetValue(Cdr), typeof(VoipStudioNotedCdr).GetProperty(property.Name)!.GetValue(noted));
        Assert.Equal("notes", noted.Notes);
    }

    [Fact]
    public void CallOfWhichLittleIsKnown_HasNulls()
    {
        CallRecord record = TestCalls.Call(0) with { Disposition = Disposition.NoAnswer, AnsweredAt = null, EndedAt = null, State = CallState.Trying, SipStatus = 0, Caller = new Party(), Callee = new Party() };
        VoipStudioCdr cdr = VoipStudioMapping.Cdr(record, CallFacts.None, new LiveIds(7, null, 7), CallRemark.None, BillsecRounding.Nearest);
        string[] set = [.. typeof(VoipStudioCdr).GetProperties().Where(property => property.GetValue(cdr) is not null and not "").Select(static property => property.Name)];
        Assert.Equal(["Id", "Billsec", "CallId", "Calldate", "Disposition", "Duration", "IsRoot", "LiveId", "RootLiveId"], set);
        Assert.True(cdr.IsRoot);
    }

    [Fact]
    public void Columns_AreTheModelsAttributes_EachOnce()
    {
        Assert.Equal(31, VoipStudioMapping.Columns.Count);
        Assert.Equal(
            "70,13,70,60,10002,,12,I,2026-11-20 04:27:00,\"Ann\" <12124537768>,contact:3423,Ann,12124537768,Phone/1,PCMA,10002,44203844711,Bob,PBX/2,opus,11,CONNECTED,in,PSTN_CALL,0.012,0.05,Normal Clearing,line,70,false,50",
            string.Join(',', VoipStudioMapping.Columns.Select(static column => column.Value(Cdr))));
    }

    [Theory]
    [InlineData("user", 10002L, "10002")]
    [InlineData("contact", 3423L, "contact:3423")]
    [InlineData("ivr", 324L, "IVR324")]
    [InlineData("queue", 12443L, "Queue12443")]
    [InlineData("ring_group", 1L, "")]
    [InlineData("voicemail", 1L, "")]
    [InlineData("conference", 1L, "")]
    [InlineData("number", 1L, "")]
    [InlineData("user", null, "")]
    public void PartyId_OfAKind(string kind, long? id, string expected) => Assert.Equal(expected, VoipStudioMapping.PartyId(new PartyFacts(kind, id, "x")));

    [Theory]
    [InlineData("Ann", "1001", "\"Ann\" <1001>")]
    [InlineData(null, "1001", "<1001>")]
    [InlineData("", "1001", "<1001>")]
    [InlineData("Ann", null, "\"Ann\"")]
    [InlineData("A\"nn", "1", "\"Ann\" <1>")]
    [InlineData(null, null, null)]
    public void Clid_OfNameAndNumber(string? name, string? number, string? expected) => Assert.Equal(expected, VoipStudioMapping.Clid(name, number));

    [Fact]
    public void Disposition_IsHowFarTheCallCame()
    {
        Timestamp end = Answered.EndedAt!.Value;
        CallRecord ringing = Answered with { AnsweredAt = null, RangAt = Answered.StartedAt, Disposition = Disposition.NoAnswer };
        Assert.Equal("INITIAL", VoipStudioMapping.Disposition(ringing with { RangAt = null }));
        Assert.Equal("RINGING", VoipStudioMapping.Disposition(ringing));
        Assert.Equal("CONNECTED", VoipStudioMapping.Disposition(Answered));
        Assert.Equal("CONNECTED", VoipStudioMapping.Disposition(Answered with { Held = [new HeldInterval(PartySide.Caller, Answered.StartedAt, end - TimeSpan.FromSeconds(1))] }));
        Assert.Equal("ON_HOLD", VoipStudioMapping.Disposition(Answered with { Held = [new HeldInterval(PartySide.Caller, Answered.StartedAt, end)] }));
        Assert.Equal("ON_HOLD", VoipStudioMapping.Disposition(Answered with { EndedAt = null, Held = [new HeldInterval(PartySide.Callee, Answered.StartedAt, null)] }));
        Assert.Equal("VM", VoipStudioMapping.Disposition(Answered with { Callee = Answered.Callee with { Identity = new PartyIdentity(PartyKind.Voicemail, 1, "Mailbox") } }));
        Assert.Equal(["INITIAL", "RINGING", "CONNECTED", "ON_HOLD", "VM"], VoipStudioDictionaries.Dispositions.Select(static term => term.Code));
    }

    [Theory]
    [InlineData(CallDirection.Inbound, true, "I", "in")]
    [InlineData(CallDirection.Transit, true, "I", "in")]
    [InlineData(CallDirection.Outbound, true, "O", "out")]
    [InlineData(CallDirection.Internal, true, "O", "out")]
    [InlineData(CallDirection.Inbound, false, "M", "in")]
    [InlineData(CallDirection.Transit, false, "M", "in")]
    [InlineData(CallDirection.Outbound, false, "O", "out")]
    [InlineData(CallDirection.Internal, false, "O", "out")]
    [InlineData(null, true, null, null)]
    [InlineData(null, false, null, null)]
    public void TypeAndDestination_OfADirection(CallDirection? direction, bool answered, string? type, string? destination)
    {
        CallRecord record = Answered with { Direction = direction, AnsweredAt = answered ? Answered.AnsweredAt : null };
        Assert.Equal(type, VoipStudioMapping.Type(record, Facts with { IsMissed = !answered }));
        Assert.Equal(destination, VoipStudioMapping.Destination(record));
        if (type is not null) Assert.Contains(direction!.Value, VoipStudioMapping.Directions(type));
        if (destination is not null) Assert.Contains(direction!.Value, VoipStudioMapping.Directions(destination));
    }

    [Fact]
    public void Destination_OfACallFromAWebPage_IsWebcall()
    {
        Assert.Equal("webcall", VoipStudioMapping.Destination(Answered with { Transport = Transport.Wss }));
        Assert.Equal("webcall", VoipStudioMapping.Destination(Answered with { Transport = Transport.Ws }));
        Assert.Equal("in", VoipStudioMapping.Destination(Answered with { Transport = Transport.Wss, Caller = Answered.Caller with { Identity = new PartyIdentity(PartyKind.User, 1, "x") } }));
        Assert.Equal("out", VoipStudioMapping.Destination(Answered with { Transport = Transport.Wss, Direction = CallDirection.Outbound }));
    }

    [Theory]
    [InlineData(1, "Unallocated number")]
    [InlineData(16, "Normal Clearing")]
    [InlineData(17, "User busy")]
    [InlineData(18, "No user responding")]
    [InlineData(19, "No answer")]
    [InlineData(21, "Call rejected")]
    [InlineData(28, "Invalid number format")]
    [InlineData(38, "Network out of order")]
    [InlineData(126, "Cause 126")]
    public void Cause_OfAQ850Value(int cause, string expected)
    {
        Assert.Equal(expected, VoipStudioMapping.Cause(Answered with { Cause = new Cause(cause, "whatever", CauseSource.Mapped) }));
        Assert.Equal(expected, VoipStudioMapping.Cause(Answered with { Cause = new Cause(cause, Calls.Outcomes.Q850.Text(cause), CauseSource.Header) }));
    }

    [Theory]
    [InlineData(486, "User busy")]
    [InlineData(404, "Unallocated number")]
    [InlineData(603, "Call rejected")]
    [InlineData(408, "No user responding")]
    [InlineData(0, null)]
    public void Cause_WithoutOne_IsThatOfTheFinalStatus(int status, string? expected) =>
        Assert.Equal(expected, VoipStudioMapping.Cause(Answered with { Cause = null, AnsweredAt = null, SipStatus = status }));

    [Fact]
    public void Cause_OfAReasonHeader_IsItsText() =>
        Assert.Equal("Gone fishing", VoipStudioMapping.Cause(Answered with { Cause = new Cause(16, "Gone fishing", CauseSource.Header) }));

    [Theory]
    [InlineData("hep:192.0.2.9:9060#12", 12L)]
    [InlineData("hep:192.0.2.9:9060", null)]
    [InlineData("eth0", null)]
    [InlineData("file#12.pcap", null)]
    [InlineData("", null)]
    public void ServerId_OfASource(string source, long? expected) => Assert.Equal(expected, VoipStudioMapping.ServerId(source));

    [Fact]
    public void Dictionaries_NameEveryValueThereIs()
    {
        Assert.Equal(EnumNames<CallContext>.All.Select(static pair => pair.Name.ToUpperInvariant()), VoipStudioDictionaries.Contexts.Select(static term => term.Code));
        Assert.Equal(EnumNames<MediaSessionType>.All.Select(static pair => pair.Name), VoipStudioDictionaries.MediaSessions.Where(static term => term.Field == "type").Select(static term => term.Code));
        Assert.Equal(["O", "I", "M"], VoipStudioDictionaries.Types.Select(static term => term.Code));
        Assert.Equal(["in", "out", "webcall", "callmeback"], VoipStudioDictionaries.Destinations.Select(static term => term.Code));
        Assert.All(VoipStudioDictionaries.Cdrs, static term => Assert.NotEqual("", term.Label));
    }

    [Theory]
    [InlineData(RecordingState.Available, null, true, true)]
    [InlineData(RecordingState.Available, null, false, true)]
    [InlineData(RecordingState.Pending, null, false, true)]
    [InlineData(RecordingState.None, null, true, true)]
    [InlineData(RecordingState.None, null, false, false)]
    [InlineData(RecordingState.None, "no_rtp", true, false)]
    [InlineData(RecordingState.Failed, "disk", true, false)]
    [InlineData(RecordingState.Deleted, "deleted", true, false)]
    public void Audible_ByTheStateOfTheRecording(RecordingState state, string? reason, bool makes, bool expected) =>
        Assert.Equal(expected, VoipStudioMapping.IsAudible(Answered with { Recording = new RecordingInfo { State = state, Reason = reason } }, makes));

    [Fact]
    public void Voicemessage_HasTheCallersSide()
    {
        VoipStudioVoicemessage message = VoipStudioMapping.Voicemessage(Answered, Facts with { Callee = null }, Ids, new CallRemark { Folder = 2, IsHeard = true, Transcript = "hello" }, 10001, BillsecRounding.Nearest);
        Assert.Equal(
            (70L, "12124537768", "12124537768", "44203844711", 11L, 10001L, 2, false, 70L, "2026-11-20 04:27:00", 60L, "hello"),
            (message.Id, message.Caller, message.Callerid, message.Dialled, message.Duration, message.ExtensionId, message.Folder, message.IsNew, message.LiveId, message.Origtime, message.ParentLiveId, message.Transcript));
        Assert.Equal(10002, VoipStudioMapping.Voicemessage(Answered, Facts, Ids, CallRemark.None, 10001, BillsecRounding.Nearest).ExtensionId);
    }

    [Theory]
    [InlineData("Gone fishing", "Gone fishing")]
    [InlineData("NORMAL_CLEARING", "Normal Clearing")]
    [InlineData("normal call clearing", "Normal Clearing")]
    [InlineData("3", "Normal Clearing")]
    [InlineData("local", "local")]
    [InlineData("USER_BUSY", "USER_BUSY")]
    public void Cause_OfAReasonHeader_IsItsText_WhereThatSaysMoreThanItsNumber(string text, string expected) =>
        Assert.Equal(expected, VoipStudioMapping.Cause(Answered with { Cause = new Cause(16, text, CauseSource.Header) }));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("inbox", 0)]
    [InlineData("INBOX", 0)]
    [InlineData("1", 1)]
    [InlineData("Old", 1)]
    [InlineData("2", 2)]
    [InlineData("trash", 2)]
    [InlineData("3", null)]
    [InlineData("abcd", null)]
    public void Folder_ByNumberOrName(string text, int? expected) => Assert.Equal(expected, VoipStudioMapping.Folder(text));

    [Fact]
    public void Msdr_IsAMediaSessionOfItsCall()
    {
        var session = new MediaSessionRecord { Index = 1, Media = "video", Protocol = "RTP/AVP", StartedAt = Answered.StartedAt + TimeSpan.FromSeconds(2), EndedAt = Answered.EndedAt };
        VoipStudioMsdr msdr = VoipStudioMapping.Msdr(Answered, session, Facts, 9, BillsecRounding.Nearest);
        Assert.Equal(
            (9L, "abc@host", "2026-11-20 04:27:02", "44203844711", "10002", "PBX/2", 11L, 9L, "12124537768", "contact:3423", "Phone/1", "Normal Clearing", "video", 10002L),
            (msdr.Id, msdr.CallId, msdr.CreatedAt, msdr.Dst, msdr.DstId, msdr.DstUa, msdr.Duration, msdr.MediaSessionId, msdr.Src, msdr.SrcId, msdr.SrcUa, msdr.TCause, msdr.Type, msdr.UserId));
    }

    [Fact]
    public void Statement_IsThePriceOfACall()
    {
        VoipStudioStatement line = VoipStudioMapping.Statement(Answered, Facts, 7, BillsecRounding.Nearest);
        Assert.Equal(
            (7L, "2026-11-20 04:27:00", 7L, "12124537768", "44203844711", "US", 13L, 11L, 0.012m, 0.05m, "EUR", "acme"),
            (line.Id, line.CreatedAt, line.LiveId, line.Src, line.Dst, line.Destination, line.Duration, line.Billsec, line.Rate, line.Charge, line.Currency, line.Account));
    }

    [Theory]
    [InlineData(MessageOutcome.Pending, "PENDING")]
    [InlineData(MessageOutcome.Delivered, "DELIVERED")]
    [InlineData(MessageOutcome.Failed, "FAILED")]
    [InlineData(MessageOutcome.Unanswered, "UNANSWERED")]
    public void Result_OfAnOutcome(MessageOutcome outcome, string expected) => Assert.Equal(expected, VoipStudioMapping.Result(outcome));

    [Fact]
    public void Chat_ShowsTheUserAsOperator_AndTheOtherAsVisitor()
    {
        DirectoryEntry user = Entry(PartyKind.User, 10002, "Bob");
        MessageRecord fromVisitor = Message("1001", "2002"), fromUser = Message("2002", "1001");
        foreach (ChatSides sides in (ChatSides[])[VoipStudioMapping.Sides(fromVisitor, null, user), VoipStudioMapping.Sides(fromUser, user, null)])
        {
            VoipStudioChat chat = VoipStudioMapping.Chat(new ConversationRecord("c", TestCalls.Start, "a", "b") { EndedAt = TestCalls.Start + TimeSpan.FromSeconds(90) }, 5, 1, sides, TestCalls.Start + TimeSpan.FromHours(1));
            Assert.Equal(
                (5L, "2026-11-20 04:27:00", 1L, 90L, 10002L, "ua 2002", 2, "sip:1001@example.com", "192.0.2.1", "name 1001", "ua 1001"),
                (chat.Id, chat.CreatedAt, chat.CustomerId, chat.Duration, chat.OperatorId, chat.OperatorUa, chat.State, chat.VisitorId, chat.VisitorIp, chat.VisitorName, chat.VisitorUa));
        }

        Assert.Equal("1001", VoipStudioMapping.Sides(fromVisitor, null, null).Visitor.Number);
        VoipStudioChat open = VoipStudioMapping.Chat(new ConversationRecord("c", TestCalls.Start, "a", "b") { EndedAt = TestCalls.Start }, 5, null, null, TestCalls.Start + TimeSpan.FromMinutes(5));
        Assert.Equal((1, null, null), (open.State, open.VisitorIp, open.OperatorId));
    }

    [Fact]
    public void Sms_OfAMessage()
    {
        VoipStudioSms sms = VoipStudioMapping.Sms(Message("1001", "2002"), 3, null, Entry(PartyKind.User, 10002, "Bob"));
        Assert.Equal(
            (3L, "2026-11-20 04:27:00", "1001", "", "name 1001", "hello", "DELIVERED", "2002", "10002", "Bob", "SMS", 10002L),
            (sms.Id, sms.CreatedAt, sms.From, sms.FromId, sms.FromName, sms.Message, sms.Result, sms.To, sms.ToId, sms.ToName, sms.Type, sms.UserId));
        Assert.Equal("CHAT", VoipStudioMapping.Sms(Message("1", "2") with { IsInCall = true }, 3, null, null).Type);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 3)]
    [InlineData(1, 2)]
    [InlineData(2, 0)]
    [InlineData(3, 511)]
    [InlineData(0, 4)]
    public void MsdrNumber_MapsBack(int rank, int index)
    {
        long call = CallNumber.Of(Answered.Id, rank);
        long id = MsdrNumber.Of(call, index);
        Assert.True(MsdrNumber.TryRead(id, out long back, out int position));
        Assert.Equal((call, index), (back, position));
        Assert.Equal(rank <= 1 && index <= 3, id <= CallNumber.Max);
        Assert.Equal(-1, MsdrNumber.Of(call, 512));
        Assert.False(MsdrNumber.TryRead(-1, out _, out _));
    }

    internal static MessageRecord Message(string from, string to, int seconds = 0) => new()
    {
        Id = CallId.Derive($"{from}{to}{seconds}", "m", TestCalls.Start + TimeSpan.FromSeconds(seconds)),
        SipCallId = $"{from}-{to}-{seconds}",
        From = Party(from, "192.0.2.1"),
        To = Party(to, "192.0.2.1"),
        StartedAt = TestCalls.Start + TimeSpan.FromSeconds(seconds),
        Outcome = MessageOutcome.Delivered,
        Text = "hello",
    };

    internal static DirectoryEntry Entry(PartyKind kind, long id, string name, params string[] numbers) =>
        new() { Kind = kind, Id = id, Name = name, Numbers = numbers, Identity = new PartyIdentity(kind, id, name) };

    private static MessageParty Party(string number, string ip) =>
        new() { Number = number, Name = $"name {number}", Uri = $"sip:{number}@example.com", UserAgent = $"ua {number}", Address = TestCalls.Address(ip, 5060) };
}
