using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Dialects.FonoUc;
using FsCheck;
using FsCheck.Fluent;

namespace CdrEngine.Api.Tests.Dialects.FonoUc;

/// <summary>Each member and each value of each enumeration of fonoUC's CDRs and recordings.</summary>
public sealed class FonoUcMappingTests
{
    private static readonly CallRecord Call = TestCalls.Call(0, "1-32626@178.128.227.190") with
    {
        Id = "20261120-00112233445566778899aabb",
        Direction = CallDirection.Internal,
        Dialled = "8876",
        Cause = new Cause(16, "Normal call clearing", CauseSource.Mapped),
        Callee = new Party { Number = "2002", Name = "Joe One", Uri = "<sip:2002:secret@172.105.23.210:5060;transport=tcp>" },
        Recording = new RecordingInfo { State = RecordingState.Available },
    };

    private static readonly RecordingEntry Entry = new()
    {
        CallId = Call.Id,
        State = RecordingState.Available,
        Bytes = 3_813_341,
        Duration = TimeSpan.FromMilliseconds(476_340),
        CreatedAt = Call.StartedAt + TimeSpan.FromSeconds(480),
    };

    private static readonly CallFacts Facts = new() { Callee = new PartyFacts("user", 255, "Joe Anthony One"), Caller = new PartyFacts("contact", 3, "Alice") };

    public static TheoryData<string, object?> CdrMembers => new()
    {
        { "Id", "202611-1-32626@178.128.227.190" },
        { "CallId", "1-32626@178.128.227.190" },
        { "Datetime", "2026-11-20 04:27:00 +0000 UTC" },
        { "Timestamp", "63962368020" },
        { "CallerIdName", "Alice" },
        { "CallerIdNumber", "1001" },
        { "CalleeIdName", "Joe One" },
        { "CalleeIdNumber", "2002" },
        { "To", "2002@172.105.23.210:5060" },
        { "From", "1001@example.com" },
        { "BillingSeconds", "11" },
        { "HangupCause", "NORMAL_CLEARING" },
        { "MediaRecordingId", "202611-00112233445566778899aabb20261120" },
        { "RecordingFilename", "00112233445566778899aabb20261120.mp3" },
    };

    public static TheoryData<string, object?> RecordingMembers => new()
    {
        { "Id", "202611-00112233445566778899aabb20261120" },
        { "OwnerId", "000000000000000000000000000000ff" },
        { "CallId", "1-32626@178.128.227.190" },
        { "CalleeIdName", "Joe One" },
        { "CalleeIdNumber", "2002" },
        { "CallerIdName", "Alice" },
        { "CallerIdNumber", "1001" },
        { "CdrId", "202611-1-32626@178.128.227.190" },
        { "ContentType", "audio/mpeg" },
        { "CustomChannelVars", new FonoUcChannelVars("00112233445566778899aabb20261120.mp3", "202611-00112233445566778899aabb20261120") },
        { "Description", "recording 00112233445566778899aabb20261120.mp3" },
        { "Direction", "inbound" },
        { "Duration", 476L },
        { "DurationMs", 476_340L },
        { "From", "1001@example.com" },
        { "InteractionId", "63962368020-8899aabb" },
        { "MediaSource", "recorded" },
        { "MediaType", "mp3" },
        { "Name", "00112233445566778899aabb20261120.mp3" },
        { "Origin", "inbound from onnet to account" },
        { "Request", "8876@172.105.23.210" },
        { "SourceType", "kzc_recording" },
        { "Start", 63_962_368_022L },
        { "To", "2002@172.105.23.210:5060" },
        { "PvtCreated", 63_962_368_500L },
        { "User", new FonoUcUser("joe@example.com", "Joe Anthony", "One") },
        { "Url", "http://host/api/v2/reports/recording/202611-00112233445566778899aabb20261120" },
        { "Attachments", null },
    };

    [Theory]
    [MemberData(nameof(CdrMembers))]
    public void CdrMember_IsAsTheTextSays(string member, object? expected) =>
        Assert.Equal(expected, typeof(FonoUcCdr).GetProperty(member)!.GetValue(FonoUcMapping.Cdr(Call, makes: false, BillsecRounding.Nearest)));

    [Theory]
    [MemberData(nameof(RecordingMembers))]
    public void RecordingMember_IsAsTheTextSays(string member, object? expected)
    {
        FonoUcRecording recording = FonoUcMapping.Recording(Call, Facts, Entry, "http://host", BillsecRounding.Nearest, "joe@example.com");
        if (member == "Attachments") Assert.Equal(KeyValuePair.Create(recording.Name, new FonoUcAttachment("audio/mpeg", 0, "", 3_813_341, false)), Assert.Single(recording.Attachments));
        else Assert.Equal(expected, typeof(FonoUcRecording).GetProperty(member)!.GetValue(recording));
    }

    [Fact]
    public void EveryMember_HasARow()
    {
        Assert.Equal(typeof(FonoUcCdr).GetProperties().Select(static property => property.Name), CdrMembers.Select(static row => (string)row[0]!));
        Assert.Equal(typeof(FonoUcRecording).GetProperties().Select(static property => property.Name), RecordingMembers.Select(static row => (string)row[0]!));
    }

    [Fact]
    public void CallWithoutAnything_HasEmptyTexts_AndNoRecording()
    {
        CallRecord bare = Call with { Caller = new Party(), Callee = new Party(), Dialled = null, Cause = null, Direction = null, AnsweredAt = null, EndedAt = null, Recording = new RecordingInfo() };
        FonoUcCdr cdr = FonoUcMapping.Cdr(bare, makes: true, BillsecRounding.Nearest);
        Assert.Equal(("", "", "", "", "", "", "0"), (cdr.CallerIdName, cdr.CallerIdNumber, cdr.CalleeIdName, cdr.CalleeIdNumber, cdr.To, cdr.From, cdr.BillingSeconds));
        Assert.Null(cdr.MediaRecordingId);
        Assert.Null(cdr.RecordingFilename);
        FonoUcRecording recording = FonoUcMapping.Recording(bare, CallFacts.None, null, "http://host", BillsecRounding.Nearest);
        Assert.Equal((null, null, null, null), (recording.OwnerId, recording.Direction, recording.Origin, recording.User));
    }

    [Theory]
    [InlineData(RecordingState.Available, null, true, true)]
    [InlineData(RecordingState.Pending, null, true, true)]
    [InlineData(RecordingState.None, null, true, false)]
    [InlineData(RecordingState.None, "no_rtp", false, false)]
    [InlineData(RecordingState.Failed, "srtp_no_key", false, false)]
    [InlineData(RecordingState.Deleted, "retention", false, false)]
    public void Recording_IsThere_OrWouldBeMade(RecordingState state, string? reason, bool makes, bool keeps)
    {
        CallRecord call = TestCalls.Full() with { Recording = new RecordingInfo { State = state, Reason = reason } };
        Assert.Equal(makes, Sound.Of(call, makes: true));
        Assert.Equal(keeps, Sound.Of(call, makes: false));
        Assert.Equal(makes, FonoUcMapping.Cdr(call, makes: true, BillsecRounding.Nearest).MediaRecordingId is not null);
        Assert.Equal(keeps, Sound.Of(call with { Streams = [] }, makes: true));
    }

    [Theory]
    [InlineData(Disposition.Cancelled, 16, "ORIGINATOR_CANCEL")]
    [InlineData(Disposition.Answered, 16, "NORMAL_CLEARING")]
    [InlineData(Disposition.Answered, null, "NORMAL_CLEARING")]
    [InlineData(Disposition.Busy, 17, "USER_BUSY")]
    [InlineData(Disposition.Busy, null, "USER_BUSY")]
    [InlineData(Disposition.NoAnswer, 19, "NO_ANSWER")]
    [InlineData(Disposition.NoAnswer, 18, "NO_USER_RESPONSE")]
    [InlineData(Disposition.NoAnswer, null, "NO_ANSWER")]
    [InlineData(Disposition.Rejected, null, "CALL_REJECTED")]
    [InlineData(Disposition.InvalidNumber, null, "UNALLOCATED_NUMBER")]
    [InlineData(Disposition.Redirected, null, "REDIRECTION_TO_NEW_DESTINATION")]
    [InlineData(Disposition.NoResponse, null, "NO_USER_RESPONSE")]
    [InlineData(Disposition.Failed, 38, "NETWORK_OUT_OF_ORDER")]
    [InlineData(Disposition.Failed, 99, "IE_NONEXIST")]
    [InlineData(Disposition.Failed, 126, "CAUSE_126")]
    [InlineData(Disposition.Failed, null, "NORMAL_UNSPECIFIED")]
    [InlineData(Disposition.InProgress, null, "")]
    public void HangupCause_OfAnEnd(Disposition disposition, int? cause, string expected) =>
        Assert.Equal(expected, FonoUcMapping.HangupCause(Call with { Disposition = disposition, Cause = cause is { } q850 ? new Cause(q850, "", CauseSource.Mapped) : null }));

    [Theory]
    [InlineData(CallDirection.Inbound, "inbound", "inbound from offnet to account")]
    [InlineData(CallDirection.Internal, "inbound", "inbound from onnet to account")]
    [InlineData(CallDirection.Transit, "inbound", "inbound from offnet to offnet")]
    [InlineData(CallDirection.Outbound, "outbound", "outbound from account to offnet")]
    [InlineData(null, null, null)]
    public void Direction_AndOrigin(CallDirection? direction, string? expected, string? origin) =>
        Assert.Equal((expected, origin), (FonoUcMapping.Direction(direction), FonoUcMapping.Origin(direction)));

    [Theory]
    [InlineData("1652977920", "2022-05-19T16:32:00.000000Z")]
    [InlineData("1652978220220", "2022-05-19T16:37:00.220000Z")]
    [InlineData("0", "1970-01-01T00:00:00.000000Z")]
    [InlineData("-1", null)]
    [InlineData("1.5", null)]
    [InlineData("99999999999999999999", null)]
    [InlineData("999999999999", null)]
    public void UnixTime_IsRead(string text, string? expected) => Assert.Equal(expected, FonoUcKeys.ReadUnix(text)?.ToString());

    [Fact]
    public void Gregorian_IsAsTheVendorsExample() =>
        Assert.Equal(63_819_076_719, FonoUcKeys.Seconds(Timestamp.From(new DateTimeOffset(2022, 5, 6, 17, 18, 39, TimeSpan.Zero))));

    [Fact]
    public void Keys_OfAnyCall_LeadBack() => Prop.ForAll(
        Arb.From(
            from second in Gen.Choose(0, int.MaxValue)
            from micro in Gen.Choose(0, 999_999)
            from hash in Gen.Choose(0, 255).Select(static value => (byte)value).ArrayOf(12)
            select (second, micro, hash)),
        static sample =>
        {
            var at = new Timestamp((sample.second * 1_000_000L) + sample.micro);
            string id = $"{at.ToDateTime():yyyyMMdd}-{Convert.ToHexStringLower(sample.hash)}";
            CallRecord call = Call with { Id = id, StartedAt = at };
            CallPosition? exact = FonoUcKeys.ReadStartKey(FonoUcKeys.StartKey(call, at));
            CallPosition? second = FonoUcKeys.ReadStartKey(FonoUcKeys.StartKey(call, at - TimeSpan.FromSeconds(1)));
            return exact == new CallPosition(at, id)
                && second == new CallPosition(new Timestamp(sample.second * 1_000_000L), "")
                && FonoUcKeys.TryReadRecordingId(FonoUcKeys.RecordingId(id), out string back)
                && back == id
                && FonoUcKeys.TryReadCdrId(FonoUcKeys.CdrId(call), out CallQuery query)
                && query.SipCallId == call.SipCallId && query.From <= at && at < query.To;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("")]
    [InlineData("6396236802")]
    [InlineData("00000000000")]
    [InlineData("6396236802x")]
    [InlineData("6396236802012345699999999999999999999999999999")]
    public void StartKey_OfNothingOfOurs_IsRefused(string text) => Assert.Null(FonoUcKeys.ReadStartKey(text));

    [Theory]
    [InlineData("202205-50621fa622dbd2f0b541a60b")]
    [InlineData("202611-00112233445566778899aabb20261020")]
    [InlineData("202611-00112233445566778899AABB20261120")]
    [InlineData("")]
    public void RecordingId_OfNothingOfOurs_IsRefused(string text) => Assert.False(FonoUcKeys.TryReadRecordingId(text, out _));
}
