using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Dialects.Vonage;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Registrations;

namespace CdrEngine.Api.Tests.Dialects.Vonage;

/// <summary>Each member and each value of each enumeration of a Vonage call, leg and device.</summary>
public sealed class VonageMappingTests
{
    private static readonly CallRecord Answered = TestCalls.Call(0) with
    {
        Direction = CallDirection.Inbound,
        Dialled = "74951234567",
        Caller = new Party { Number = "030123", E164 = "+4930123", Tag = "f" },
        Callee = new Party { Number = "2002", E164 = "+74951234567", Tag = "t2", Identity = new PartyIdentity(PartyKind.User, 10002, "Bob") },
        Legs =
        [
            new Leg { ToTag = "t1", Outcome = LegOutcome.Cancelled, Contact = "sip:2001@192.0.2.7:5060", EndedAt = TestCalls.Start + TimeSpan.FromSeconds(2) },
            new Leg { ToTag = "t2", Outcome = LegOutcome.Answered, Contact = "sip:x7f3@192.0.2.8", AnsweredAt = TestCalls.Start + TimeSpan.FromSeconds(2) },
        ],
    };

    private static readonly long Start = TestCalls.Start.Microseconds / 1_000_000;

    private static readonly RegistrationRecord Phone = new()
    {
        Id = new string('a', 24),
        Aor = "sip:2002@pbx.example.com",
        User = "2002",
        Source = TestCalls.Address("150.24.83.17", 5062),
        Mac = "79:5c:7d:28:1b:b3",
        LastRequestAt = TestCalls.Start + TimeSpan.FromSeconds(9.9),
        LastSuccessAt = TestCalls.Start + TimeSpan.FromSeconds(5),
    };

    public static TheoryData<string, object?> CallMembers => new()
    {
        { "AccountId", 1234L },
        { "CallId", CallUuid.Of(Answered.Id).ToString() },
        { "Direction", "inbound" },
        { "EndTime", Start + 12 },
        { "From", new VonageNumber("+4930123") },
        { "Legs", VonageMapping.Legs(Answered, 1234) },
        { "StartTime", Start },
        { "Status", "on-call" },
        { "To", new VonageNumber("74951234567") },
    };

    public static TheoryData<string, object?> LegMembers => new()
    {
        { "AccountId", 1234L },
        { "CallId", CallUuid.Of(Answered.Id).ToString() },
        { "Direction", "inbound" },
        { "EndTime", Start + 12 },
        { "From", new VonageNumber("+4930123") },
        { "LegId", CallUuid.Of(Answered.Id, 2).ToString() },
        { "StartTime", Start },
        { "Status", "on-call" },
        { "To", new VonageNumber("2002") },
    };

    public static TheoryData<string, object?> DeviceMembers => new()
    {
        { "AccountId", 1234L },
        { "DeviceIp", "150.24.83.17" },
        { "LastRequest", Start + 9 },
        { "LastSuccess", Start + 5 },
        { "MacAddress", "79-5C-7D-28-1B-B3" },
        { "Registration", new VonageRegistration(Start + 5) },
        { "Provisioned", new VonageProvisioned(null, null) },
    };

    [Theory]
    [MemberData(nameof(CallMembers))]
    public void Call_Member(string member, object? expected) => Assert.Equal(expected, typeof(VonageCall).GetProperty(member)!.GetValue(VonageMapping.Call(Answered, 1234)));

    [Theory]
    [MemberData(nameof(LegMembers))]
    public void Leg_Member(string member, object? expected) => Assert.Equal(expected, typeof(VonageLeg).GetProperty(member)!.GetValue(VonageMapping.Legs(Answered, 1234)[1]));

    [Theory]
    [MemberData(nameof(DeviceMembers))]
    public void Device_Member(string member, object? expected) => Assert.Equal(expected, typeof(VonageDevice).GetProperty(member)!.GetValue(VonageMapping.Device(Phone, 1234, null)));

    [Fact]
    public void EveryMember_HasARow()
    {
        static IEnumerable<string> Of(Type type) => type.GetProperties().Select(static property => property.Name);
        Assert.Equal(Of(typeof(VonageCall)), CallMembers.Select(static row => (string)row[0]!));
        Assert.Equal(Of(typeof(VonageLeg)), LegMembers.Select(static row => (string)row[0]!));
        Assert.Equal(Of(typeof(VonageDevice)), DeviceMembers.Select(static row => (string)row[0]!));
    }

    [Fact]
    public void WithoutDirectory_NothingIsInvented()
    {
        CallRecord bare = TestCalls.Call(0) with { EndedAt = null, Caller = new Party(), Callee = new Party() };
        VonageCall call = VonageMapping.Call(bare, null);
        Assert.Equal((null, null, null, null, null), (call.AccountId, call.Direction, call.EndTime, call.From, call.To));
        Assert.Equal((call.Status, CallUuid.Of(bare.Id, 1).ToString()), (Assert.Single(call.Legs).Status, call.Legs[0].LegId));
        VonageDevice device = VonageMapping.Device(new RegistrationRecord { Id = "", Aor = "" }, null, null);
        Assert.Equal((null, null, null, null), (device.DeviceIp, device.LastRequest, device.LastSuccess, device.MacAddress));
    }

    [Fact]
    public void Legs_HaveNumbersOfTheirOwn_AndTheCallsEndWhereTheyHaveNone()
    {
        IReadOnlyList<VonageLeg> legs = VonageMapping.Legs(Answered, null);
        Assert.Equal([new VonageNumber("2001"), new VonageNumber("2002")], legs.Select(static leg => leg.To!.Value));
        Assert.Equal([Start + 2, Start + 12], legs.Select(static leg => leg.EndTime!.Value));
        CallRecord many = Answered with { Legs = [.. Enumerable.Range(0, 1100).Select(static i => new Leg { ToTag = $"x{i}", Outcome = LegOutcome.Early })] };
        Assert.Equal(1023, VonageMapping.Legs(many, null).Select(static leg => leg.LegId).Distinct().Count());
    }

    [Theory]
    [InlineData(CallDirection.Inbound, "inbound")]
    [InlineData(CallDirection.Transit, "inbound")]
    [InlineData(CallDirection.Outbound, "outbound")]
    [InlineData(CallDirection.Internal, "outbound")]
    [InlineData(null, null)]
    public void Direction_OfACall(CallDirection? direction, string? expected) => Assert.Equal(expected, VonageMapping.Direction(direction));

    [Theory]
    [InlineData(Disposition.Answered, CallState.Ended, "on-call")]
    [InlineData(Disposition.Busy, CallState.Ended, "busy")]
    [InlineData(Disposition.NoAnswer, CallState.Ended, "unanswered")]
    [InlineData(Disposition.Cancelled, CallState.Ended, "unanswered")]
    [InlineData(Disposition.Redirected, CallState.Ended, "unanswered")]
    [InlineData(Disposition.Rejected, CallState.Ended, "failed")]
    [InlineData(Disposition.InvalidNumber, CallState.Ended, "failed")]
    [InlineData(Disposition.Failed, CallState.Ended, "failed")]
    [InlineData(Disposition.NoResponse, CallState.Ended, "failed")]
    [InlineData(Disposition.InProgress, CallState.Trying, "ringing")]
    [InlineData(Disposition.InProgress, CallState.Ringing, "ringing")]
    [InlineData(Disposition.InProgress, CallState.Answered, "on-call")]
    public void Status_OfACall(Disposition disposition, CallState state, string expected) =>
        Assert.Equal(expected, VonageMapping.Status(Answered with { Disposition = disposition, State = state }));

    [Theory]
    [InlineData(LegOutcome.Early, 180, "ringing")]
    [InlineData(LegOutcome.Answered, 200, "on-call")]
    [InlineData(LegOutcome.Cancelled, 487, "unanswered")]
    [InlineData(LegOutcome.Failed, 486, "busy")]
    [InlineData(LegOutcome.Failed, 600, "busy")]
    [InlineData(LegOutcome.Failed, 408, "unanswered")]
    [InlineData(LegOutcome.Failed, 480, "unanswered")]
    [InlineData(LegOutcome.Failed, 487, "unanswered")]
    [InlineData(LegOutcome.Failed, 404, "failed")]
    [InlineData(LegOutcome.Failed, 503, "failed")]
    [InlineData(LegOutcome.ForkLoser, 200, "unanswered")]
    [InlineData(LegOutcome.Abandoned, 0, "unanswered")]
    public void Status_OfALeg(LegOutcome outcome, int status, string expected) => Assert.Equal(expected, VonageMapping.Status(new Leg { ToTag = "t", Outcome = outcome, SipStatus = status }));

    [Fact]
    public void EnumerationsOfOurs_AllHaveAStatus()
    {
        string[] known = ["busy", "failed", "unanswered", "ringing", "on-call"];
        Assert.All(Enum.GetValues<Disposition>(), disposition => Assert.Contains(VonageMapping.Status(Answered with { Disposition = disposition }), known));
        Assert.All(Enum.GetValues<LegOutcome>(), outcome => Assert.Contains(VonageMapping.Status(new Leg { ToTag = "t", Outcome = outcome }), known));
        Assert.All(Enum.GetValues<ControlEndKind>(), static kind => Assert.Contains(kind, ((string[])["extension", "device", "pstn", "feature_code"]).Select(VonageMapping.Kind).OfType<ControlEndKind>()));
        Assert.Null(VonageMapping.Kind("Extension"));
    }

    [Fact]
    public void HardwareAddress_OfADeviceThatDoesNotTell_IsTheOwnersOnlyOne()
    {
        DirectoryEntry owner = new() { Kind = PartyKind.User, Id = 1, Name = "Bob", Identity = new PartyIdentity(PartyKind.User, 1, "Bob"), Devices = ["000413aabbcc"] };
        RegistrationRecord silent = Phone with { Mac = null };
        Assert.Equal("00-04-13-AA-BB-CC", VonageMapping.Device(silent, null, owner).MacAddress);
        Assert.Null(VonageMapping.Device(silent, null, owner with { Devices = ["000413aabbcc", "000413aabbcd"] }).MacAddress);
        Assert.Equal("79-5C-7D-28-1B-B3", VonageMapping.Device(Phone, null, owner).MacAddress);
    }

    [Theory]
    [InlineData("79-5C-7D-28-1B-B3", "795c7d281bb3")]
    [InlineData("79:5c:7d:28:1b:b3", "795c7d281bb3")]
    [InlineData("795c.7d28.1bb3", "795c7d281bb3")]
    [InlineData("795c7d281bb", null)]
    [InlineData("795c7d281bbg", null)]
    [InlineData("", null)]
    public void HardwareAddress_IsReadInAnySpelling(string text, string? digits) => Assert.Equal(digits, VonageMapping.MacDigits(text));

    [Theory]
    [InlineData("1235551111", "1235551111")]
    [InlineData("+4930123", "4930123")]
    [InlineData("0", "0")]
    [InlineData("030123", "\"030123\"")]
    [InlineData("alice", "\"alice\"")]
    [InlineData("*72", "\"*72\"")]
    [InlineData("1234567890123456", "\"1234567890123456\"")]
    [InlineData("", "\"\"")]
    public void Number_IsANumberWhereItIsOne(string text, string json) =>
        Assert.Equal(json, JsonSerializer.Serialize(new VonageNumber(text)));

    [Theory]
    [InlineData("1234", "1234")]
    [InlineData("\"+4930\"", "+4930")]
    public void Number_IsRead(string json, string text) => Assert.Equal(text, JsonSerializer.Deserialize<VonageNumber>(json).Text);

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("true")]
    [InlineData("{}")]
    public void Number_OfAnotherKind_IsRefused(string json) => Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<VonageNumber>(json));

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, "0")]
    [InlineData(2, "0 1")]
    [InlineData(7, "0 1 2")]
    [InlineData(100, "0 1 2")]
    public void LiveBefore_CountsThoseBeforeAPlace(long skip, string? which)
    {
        // In order of time: L0 L1 s0 s1 s2 s3 L2 s4, L at 0, 1, 6.
        CallPosition At(int second) => new(TestCalls.Start + TimeSpan.FromSeconds(second), "x");
        CallPosition[] live = [At(0), At(1), At(6)];
        CallPosition[] stored = [At(2), At(3), At(4), At(5), At(7)];
        int expected = which?.Split(' ').Length ?? 0;
        Assert.Equal(expected, VonageLive.Before(live, skip, at => at < stored.Length ? stored[at] : null, static (left, right) => VonageLive.Compare(left, right, ascending: true) < 0));
    }
}
