using System.Text;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Tests.Directory;

/// <summary>What follows from the directory for a call.</summary>
public sealed class CallDirectoryTests
{
    private const string Telco = "192.0.2.5";
    private const string Other = "198.51.100.5";
    private const string Pbx = "10.0.0.1";
    private const string Phone = "10.0.0.50";
    private const string BetaPbx = "203.0.113.20";

    private static readonly CallDirectory Directory = TestDirectory.Build();

    /// <summary>Caller, callee, addresses, direction, tenant, trunk.</summary>
    [Theory]
    // By address: carrier on one side, both, none.
    [InlineData("492211234567", "49305551001", Telco, Pbx, CallDirection.Inbound, "acme", "telco")]
    [InlineData("1001@acme.example", "00442079460000", Phone, Telco, CallDirection.Outbound, "acme", "telco")]
    [InlineData("49305551001", "442079460000", Pbx, Telco, CallDirection.Outbound, "acme", "telco")]
    [InlineData("492211234567", "442079460000", Telco, Other, CallDirection.Transit, null, "other")]
    [InlineData("1001@acme.example", "1002@acme.example", Phone, Pbx, CallDirection.Internal, "acme", null)]
    // A number that the directory does not know, delivered by a carrier to an address of ours, is ours; the domain tells whose.
    [InlineData("492211234567", "493077778888@acme.example", Telco, Pbx, CallDirection.Inbound, "acme", "telco")]
    [InlineData("492211234567", "493077778888", Telco, Pbx, CallDirection.Inbound, null, "telco")]
    // The trunk's own tenant, and its routing prefix.
    [InlineData("492211234567", "493077778888", "192.0.2.99", Pbx, CallDirection.Inbound, "acme", "tech")]
    [InlineData("1001@acme.example", "9901442079460000", "", "192.0.2.99", CallDirection.Outbound, "acme", "tech")]
    // A tenant's telephone system behind a trunk of ours: outbound from it, inbound to it, internal across tenants (the caller's).
    [InlineData("030 566 1001", "0044 2079460000", BetaPbx, Telco, CallDirection.Outbound, "beta", "telco")]
    [InlineData("492211234567", "49305661001", Telco, BetaPbx, CallDirection.Inbound, "beta", "telco")]
    [InlineData("1001", "0305551001", BetaPbx, Pbx, CallDirection.Internal, "beta", "beta-pbx")]
    // Without any trunk: by numbers alone.
    [InlineData("1001@acme.example", "030 555 1002", "", "", CallDirection.Internal, "acme", null)]
    [InlineData("1001@acme.example", "+442079460000", "", "", CallDirection.Outbound, "acme", null)]
    [InlineData("+442079460000", "+49305551001", "", "", CallDirection.Inbound, "acme", null)]
    [InlineData("+442079460000", "+4930555777", "", "", CallDirection.Inbound, "acme", null)]
    [InlineData("+442079460000", "+442079460001", "", "", CallDirection.Transit, null, null)]
    [InlineData("1001@beta.example", "bob@beta.example", "", "", CallDirection.Internal, "beta", null)]
    [InlineData("bob@[2001:db8::1]", "+49305551001", "", "", CallDirection.Internal, "beta", null)]
    // A name of a domain of ours is inside, of another unknown: then nothing is guessed.
    [InlineData("carol@acme.example", "+442079460000", "", "", CallDirection.Outbound, "acme", null)]
    [InlineData("carol@elsewhere.example", "dave@elsewhere.example", "", "", null, null, null)]
    [InlineData("", "+49305551001", "", "", null, "acme", null)]
    [InlineData("anonymous@anonymous.invalid", "49305551001", Telco, Pbx, CallDirection.Inbound, "acme", "telco")]
    [InlineData("anonymous@anonymous.invalid", "+49305551001", "", "", null, "acme", null)]
    // A user's mobile that comes over the carrier is outside all the same.
    [InlineData("491705550004", "49305551001", Telco, Pbx, CallDirection.Inbound, "acme", "telco")]
    // Contacts and emergency numbers are outside.
    [InlineData("1001@acme.example", "0305559900@acme.example", "", "", CallDirection.Outbound, "acme", null)]
    [InlineData("1001@acme.example", "112@acme.example", Phone, Telco, CallDirection.Outbound, "acme", "telco")]
    // A queue that is called from outside.
    [InlineData("492211234567", "4930555800", Telco, Pbx, CallDirection.Inbound, "acme", "telco")]
    public void Direction_Tenant_AndTrunk_Follow(string caller, string callee, string from, string to, CallDirection? direction, string? tenant, string? trunk)
    {
        CallRecord marked = Directory.Mark(TestDirectory.Call(caller, callee, from, to));
        Assert.Equal((direction, tenant, trunk), (marked.Direction, marked.Tenant, marked.Marks?.Trunk));
    }

    [Theory]
    // Extension, full number, spellings of one user: who it is does not depend on how it is written, but on whose extension it is.
    [InlineData("1001@acme.example", "1002@acme.example", "", "", "+49305551001", "user 1 Alice", "+49305551002", "user 2 Adam")]
    [InlineData("1001@beta.example", "1001@acme.example", "", "", "+49305661001", "user 3 Bob", "+49305551001", "user 1 Alice")]
    [InlineData("Alice@acme.example", "0049 30 555 1002", "", "", "+49305551001", "user 1 Alice", "+49305551002", "user 2 Adam")]
    [InlineData("492211234567", "49305551001", Telco, Pbx, "+492211234567", null, "+49305551001", "user 1 Alice")]
    [InlineData("491705550004", "49305551001", Telco, Pbx, "+491705550004", "user 4 Mobile", "+49305551001", "user 1 Alice")]
    // From a carrier 1001 is nobody's extension.
    [InlineData("1001", "49305551001", Telco, Pbx, "+1001", null, "+49305551001", "user 1 Alice")]
    // Contacts: of one tenant, of all.
    [InlineData("1001@acme.example", "0305559900", "", "", "+49305551001", "user 1 Alice", "+49305559900", "contact 7 Plumber")]
    [InlineData("1001@beta.example", "01804100100", "", "", "+49305661001", "user 3 Bob", "+491804100100", "contact 8 Clock")]
    // Blocks: a range before a prefix, exact numbers before both.
    [InlineData("+442079460000", "+49305557049", "", "", "+442079460000", null, "+49305557049", "tracking 1 Poster")]
    [InlineData("+442079460000", "+49305557050", "", "", "+442079460000", null, "+49305557050", "number 0 Block")]
    [InlineData("+442079460000", "+493055570001", "", "", "+442079460000", null, "+493055570001", "number 0 Block")]
    [InlineData("1001@acme.example", "*98123@acme.example", "", "", "+49305551001", "user 1 Alice", null, "voicemail 1 Mailbox")]
    [InlineData("1001@acme.example", "*43@acme.example", "", "", "+49305551001", "user 1 Alice", null, "test 1 Echo")]
    [InlineData("anonymous@anonymous.invalid", "nobody@elsewhere.example", "", "", null, null, null, null)]
    public void Parties_AreWhoTheyAre(string caller, string callee, string from, string to, string? callerNumber, string? callerIs, string? calleeNumber, string? calleeIs)
    {
        CallRecord marked = Directory.Mark(TestDirectory.Call(caller, callee, from, to));
        Assert.Equal((callerNumber, callerIs, calleeNumber, calleeIs), (marked.Caller.E164, Shown(marked.Caller), marked.Callee.E164, Shown(marked.Callee)));
    }

    [Theory]
    [InlineData("1001@acme.example", "1002@acme.example", null, CallContext.UserLocal)]
    [InlineData("1001@acme.example", "+442079460000", null, CallContext.PstnCall)]
    [InlineData("+442079460000", "+49305551001", null, CallContext.PstnCall)]
    [InlineData("+442079460000", "+442079460001", null, CallContext.PstnCall)]
    [InlineData("+442079460000", "+4930555100", null, CallContext.Ivr)]
    [InlineData("1001@acme.example", "800@acme.example", null, CallContext.Queue)]
    [InlineData("1001@acme.example", "801@acme.example", null, CallContext.RingGroup)]
    [InlineData("1001@acme.example", "*98@acme.example", null, CallContext.Voicemail)]
    [InlineData("1001@acme.example", "850@acme.example", null, CallContext.Conference)]
    [InlineData("+442079460000", "+49305557000", null, CallContext.Tracking)]
    [InlineData("+442079460000", "+498005550123", null, CallContext.Freephone)]
    [InlineData("+442079460000", "+49305551099", null, CallContext.Fax)]
    [InlineData("1001@acme.example", "*43@acme.example", null, CallContext.TestCall)]
    [InlineData("1001@acme.example", "112@acme.example", null, CallContext.Emergency)]
    [InlineData("1001@acme.example", "*21*030123#@acme.example", null, CallContext.Feature)]
    // What was dialled decides, not who answered.
    [InlineData("1001@acme.example", "1002@acme.example", "800", CallContext.Queue)]
    // Sent on by a user to the outside; by somebody else; inside.
    [InlineData("+442079460000", "+442079460001", null, CallContext.FollowMe, "diversion", "<sip:+49305551002@acme.example>;reason=no-answer")]
    [InlineData("+442079460000", "+442079460001", null, CallContext.FollowMe, "history-info", "<sip:1002@acme.example>;index=1, <sip:+442079460001@acme.example>;index=1.1")]
    [InlineData("+442079460000", "+442079460001", null, CallContext.PstnCall, "diversion", "<sip:+493099999999@elsewhere.example>")]
    [InlineData("1001@acme.example", "1002@acme.example", null, CallContext.UserLocal, "diversion", "<sip:1004@acme.example>")]
    [InlineData("carol@elsewhere.example", "dave@elsewhere.example", null, null)]
    public void Context_FollowsFromTheNumberDialledAndTheEnds(string caller, string callee, string? dialled, CallContext? context, string? header = null, string? value = null)
    {
        CallRecord call = TestDirectory.Call(caller, callee, dialled: dialled, headers: header is null ? [] : [(header, value!)]);
        Assert.Equal(context, Directory.Mark(call).Marks?.Context);
    }

    [Theory]
    // A minute each: 60 s of 0.06 or 0.12 a minute.
    [InlineData("1001@acme.example", "0221 1234567", "", "", "ACME-1", "0.0600 EUR Germany")]
    [InlineData("1002@acme.example", "0044 2079460000", "", "", "ACME-SALES", "0.1200 EUR UK")]
    [InlineData("1001@beta.example", "0044 2079460000", "", "", "beta", "0.1200 EUR UK")]
    [InlineData("1001@acme.example", "+12125550101", "", "", "ACME-1", null)]
    [InlineData("1001@acme.example", "112@acme.example", "", "", "ACME-1", null)]
    [InlineData("1001@acme.example", "1002@acme.example", "", "", null, null)]
    // From a trunk with its own account and table.
    [InlineData("492211234567", "442079460000", Other, Telco, "OTHER-9", "0.0100 USD UK transit")]
    [InlineData("492211234567", "33123456789", Other, Telco, "OTHER-9", null)]
    // Into the tenant: only numbers that its table has.
    [InlineData("+442079460000", "+49305551001", "", "", null, null)]
    [InlineData("+442079460000", "+498005550123", "", "", "ACME-1", "0.6000 EUR Freephone")]
    public void Charge_AndAccount_Follow(string caller, string callee, string from, string to, string? account, string? charge)
    {
        CallRecord marked = Directory.Mark(TestDirectory.Call(caller, callee, from, to));
        CallCharge? made = marked.Marks?.Charge;
        string? shown = made is null ? null : FormattableString.Invariant($"{made.Amount} {made.Currency} {made.Destination}");
        Assert.Equal((account, charge), (marked.Marks?.BilledAccount, shown));
    }

    [Fact]
    public void Charge_OfACallThatWasNotAnswered_IsNone()
    {
        CallMarks marks = Directory.Mark(TestDirectory.Call("1001@acme.example", "0221 1234567", answered: false)).Marks!;
        Assert.Equal(("ACME-1", null), (marks.BilledAccount, marks.Charge));
    }

    [Fact]
    public void Charge_IsOfTheNumberDialled_WhoeverAnswers()
    {
        CallRecord call = TestDirectory.Call("1001@acme.example", "+4930123456", dialled: "00442079460000");
        Assert.Equal("UK", Directory.Mark(call).Marks?.Charge?.Destination);
    }

    [Theory]
    // User before number, trunk and tenant; number; trunk; tenant; nothing.
    [InlineData("1001@acme.example", "+442079460000", "", "", RecordingWish.Always)]
    [InlineData("1002@acme.example", "800@acme.example", "", "", RecordingWish.OnDemand)]
    [InlineData("1001@acme.example", "800@acme.example", "", "", RecordingWish.Always)]
    [InlineData("030 566 1001", "030 566 1002", BetaPbx, "", RecordingWish.Caller)]
    [InlineData("1002@acme.example", "+442079460000", "", "", RecordingWish.Never)]
    [InlineData("1001@beta.example", "+442079460000", "", "", null)]
    public void Recording_IsByTheMostSpecificWish(string caller, string callee, string from, string to, RecordingWish? wish) =>
        Assert.Equal(wish, Directory.WishFor(Directory.Mark(TestDirectory.Call(caller, callee, from, to))));

    [Theory]
    [InlineData(RecordingWish.Always, RecordingWish.Never, RecordingWish.Never)]
    [InlineData(RecordingWish.Never, RecordingWish.Caller, RecordingWish.Never)]
    [InlineData(RecordingWish.Caller, RecordingWish.Always, RecordingWish.Caller)]
    [InlineData(RecordingWish.OnDemand, RecordingWish.Callee, RecordingWish.Callee)]
    [InlineData(RecordingWish.Caller, RecordingWish.Callee, RecordingWish.Never)]
    [InlineData(RecordingWish.OnDemand, RecordingWish.Always, RecordingWish.Always)]
    [InlineData(RecordingWish.OnDemand, RecordingWish.OnDemand, RecordingWish.OnDemand)]
    public void Recording_WhereBothSidesWish_IsTheStricter(RecordingWish one, RecordingWish other, RecordingWish both)
    {
        foreach ((RecordingWish first, RecordingWish second) in new[] { (one, other), (other, one) })
        {
            DirectoryDraft draft = TestDirectory.Draft();
            draft.Entries[0] = draft.Entries[0] with { Recording = first };
            draft.Entries[1] = draft.Entries[1] with { Recording = second };
            CallDirectory directory = TestDirectory.Build(draft);
            Assert.Equal(both, directory.WishFor(directory.Mark(TestDirectory.Call("1001@acme.example", "1002@acme.example"))));
        }
    }

    [Fact]
    public void Marks_OfAnEarlierDirectory_AreReplaced_AndTheSameTwiceChangesNothing()
    {
        CallRecord call = TestDirectory.Call("1001@acme.example", "0044 2079460000", Phone, Telco);
        CallRecord once = Directory.Mark(call);
        Assert.Equal(Json(once), Json(Directory.Mark(once)));
        Assert.Same(once, Directory.Rerate(once));
        CallDirectory nothing = TestDirectory.Build(new DirectoryDraft());
        CallRecord cleared = nothing.Mark(once);
        Assert.Equal(Json(call), Json(cleared));
        Assert.Null(cleared.Marks);
    }

    [Fact]
    public void Rerate_WithOtherPrices_ChangesTheChargeAndNothingElse()
    {
        CallRecord call = Directory.Mark(TestDirectory.Call("1001@acme.example", "0044 2079460000", Phone, Telco));
        DirectoryDraft draft = TestDirectory.Draft();
        draft.Rates[0].Entries[1] = ("rates", draft.Rates[0].Entries[1].Entry with { PerMinute = 0.30m });
        CallRecord rerated = TestDirectory.Build(draft).Rerate(call);
        Assert.Equal(0.30m, rerated.Marks?.Charge?.Amount);
        Assert.Equal(Json(call), Json(rerated with { Marks = call.Marks }));
    }

    [Fact]
    public void Record_WithMarks_ReadsBackAsItIs()
    {
        CallRecord marked = Directory.Mark(TestDirectory.Call("1001@acme.example", "0044 2079460000", Phone, Telco));
        Assert.True(CallRecordJson.TryRead(CallRecordJson.ToUtf8(marked), out CallRecord? read));
        Assert.Equal(Json(marked), Json(read!));
        Assert.Equal((marked.Marks, marked.Caller.Identity, marked.Callee.E164), (read!.Marks, read.Caller.Identity, read.Callee.E164));
        Assert.Contains("\"rate\":\"0.12\",\"charge\":\"0.1200\",\"currency\":\"EUR\",\"destination\":\"UK\",", Json(marked), StringComparison.Ordinal);
        Assert.Contains("\"e164\":\"\\u002B49305551001\",\"identity\":{\"kind\":\"user\",\"id\":1,\"name\":\"Alice\"}}", Json(marked), StringComparison.Ordinal);
    }

    [Fact]
    public void Mark_IsTheSameWhateverTheOrderOfTheDirectory()
    {
        DirectoryDraft draft = TestDirectory.Draft();
        draft.Entries.Reverse();
        draft.Trunks.Reverse();
        draft.Tenants.Reverse();
        CallDirectory reversed = TestDirectory.Build(draft);
        foreach (CallRecord call in new[]
        {
            TestDirectory.Call("1001@acme.example", "800@acme.example"), TestDirectory.Call("492211234567", "49305551001", Telco, Pbx), TestDirectory.Call("1001", "+49305557001", BetaPbx, Other),
        }) Assert.Equal(Json(Directory.Mark(call)), Json(reversed.Mark(call)));
    }

    [Fact]
    public void Mark_AllocatesTheRecordAndLittleMore()
    {
        CallRecord call = TestDirectory.Call("1001@acme.example", "1002@acme.example");
        for (int i = 0; i < 100; i++) Directory.Mark(call);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) Directory.Mark(call);
        long each = (GC.GetAllocatedBytesForCurrentThread() - before) / 100;

        // A copy of the record, of its two parties, and the marks.
        Assert.InRange(each, 1, 1200);
    }

    private static string? Shown(Party party) => party.Identity is { } identity ? $"{EnumNames<PartyKind>.Of(identity.Kind)} {identity.Id} {identity.Name}" : null;

    private static string Json(CallRecord record) => Encoding.UTF8.GetString(CallRecordJson.ToUtf8(record));
}
