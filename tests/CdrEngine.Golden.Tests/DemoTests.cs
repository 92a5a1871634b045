using System.Globalization;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Host;
using CdrEngine.Host.Directories;
using CdrEngine.Load;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Golden.Tests;

/// <summary>The demo shows what its README says.</summary>
public sealed class DemoTests
{
    /// <summary>File, outcome, transport, flags that make the point, legs.</summary>
    public static TheoryData<string, Disposition, CallFlags, int> Files() => new()
    {
        { "01-busy", Disposition.Busy, CallFlags.None, 1 },
        { "02-cancelled", Disposition.Cancelled, CallFlags.None, 1 },
        { "03-declined", Disposition.Rejected, CallFlags.None, 1 },
        { "04-unknown-number", Disposition.InvalidNumber, CallFlags.None, 1 },
        { "05-authenticated", Disposition.Answered, CallFlags.Authenticated, 1 },
        { "06-held", Disposition.Answered, CallFlags.Held, 1 },
        { "07-forked", Disposition.Answered, CallFlags.Forked, 2 },
        { "08-early-media", Disposition.Answered, CallFlags.None, 1 },
        { "09-answered-opus", Disposition.Answered, CallFlags.None, 1 },
        { "10-tcp", Disposition.Answered, CallFlags.None, 1 },
        { "11-ipv6", Disposition.Answered, CallFlags.None, 1 },
        { "12-fragments", Disposition.Answered, CallFlags.None, 1 },
        { "13-missing-bye", Disposition.Answered, CallFlags.MissingBye, 1 },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void Capture_ShowsWhatItIsNamedFor(string name, Disposition disposition, CallFlags flags, int legs)
    {
        using EngineRun run = EngineRun.OfFile(Checkout.Path("demo", name + ".pcap"));
        CallRecord record = Assert.Single(run.Records);
        const CallFlags shown = CallFlags.Authenticated | CallFlags.Held | CallFlags.Forked | CallFlags.MissingBye | CallFlags.MissingInvite;
        Assert.Equal((disposition, flags, legs), (record.Disposition, record.Flags & shown, record.Legs.Count));
        Assert.Equal(disposition == Disposition.Answered, record.Streams.Count > 0);
        Assert.Equal(name == "10-tcp" ? Core.Transport.Tcp : Core.Transport.Udp, record.Transport);
        Assert.Equal(name == "11-ipv6", !record.Caller.Address!.Value.Address.IsV4);
        Assert.Equal(name == "08-early-media", record.EarlyMediaAt is not null);
        Assert.Equal(name == "09-answered-opus", record.Streams.Any(static stream => stream.Codec!.StartsWith("opus", StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>File, direction, tenant, context, charge: what the demo's own directory makes of it.</summary>
    public static TheoryData<string, CallDirection, string, CallContext, string?> Marks() => new()
    {
        { "01-busy", CallDirection.Outbound, "lab", CallContext.PstnCall, null },
        { "02-cancelled", CallDirection.Outbound, "lab", CallContext.PstnCall, null },
        { "03-declined", CallDirection.Outbound, "lab", CallContext.PstnCall, null },
        { "04-unknown-number", CallDirection.Internal, "lab", CallContext.TestCall, null },

        // 30/6 at 0.0150 and 0.0500 a call: all of up to 30 s are 0.0575.
        { "05-authenticated", CallDirection.Outbound, "lab", CallContext.PstnCall, "0.0575" },
        { "06-held", CallDirection.Outbound, "lab", CallContext.PstnCall, "0.0575" },
        { "07-forked", CallDirection.Outbound, "lab", CallContext.PstnCall, "0.0575" },
        { "08-early-media", CallDirection.Outbound, "lab", CallContext.PstnCall, "0.0575" },
        { "09-answered-opus", CallDirection.Outbound, "lab", CallContext.PstnCall, "0.0575" },
        { "10-tcp", CallDirection.Outbound, "lab", CallContext.PstnCall, "0.0575" },
        { "11-ipv6", CallDirection.Internal, "lab6", CallContext.UserLocal, null },
        { "12-fragments", CallDirection.Outbound, "lab", CallContext.PstnCall, "0.0575" },
        { "13-missing-bye", CallDirection.Outbound, "lab", CallContext.PstnCall, "0.0575" },
    };

    [Theory]
    [MemberData(nameof(Marks))]
    public void Capture_ByTheDemosDirectory_HasDirectionTenantAndCharge(string name, CallDirection direction, string tenant, CallContext context, string? charge)
    {
        DirectoryLoad load = DirectoryLoad.Read(Checkout.Path("demo", "directory.conf"), BillsecRounding.Nearest, static _ => null);
        using EngineRun run = EngineRun.OfFile(Checkout.Path("demo", name + ".pcap"));
        CallRecord record = load.Directory!.Mark(Assert.Single(run.Records));
        Assert.Equal((direction, tenant, context), (record.Direction, record.Tenant, record.Marks?.Context));
        Assert.Equal(charge, record.Marks?.Charge?.Amount.ToString(CultureInfo.InvariantCulture));
        Assert.Equal("Alice Archer", record.Caller.Identity?.Name);
        Assert.NotNull(record.Callee.Identity);
    }

    [Theory]
    [InlineData("14-transferred", SessionKind.Transfer, "1004",
        "Alice Archer (1001) called 1003. Dora Dean (1003) rang. Dora Dean (1003) answered; Alice Archer (1001) and Dora Dean (1003) talked. Dora Dean (1003) transferred Alice Archer (1001) to 1004. Carol Clark (1004) rang. Carol Clark (1004) answered; Alice Archer (1001) and Carol Clark (1004) talked. Dora Dean (1003) left. Carol Clark (1004) hung up.")]
    [InlineData("15-through-a-pbx", SessionKind.Legs, "+442079460123",
        "Bob Baker (+442079460123) called +493055501001. Alice Archer (1001) rang. Alice Archer (1001) answered; Bob Baker (+442079460123) and Alice Archer (1001) talked. Bob Baker (+442079460123) hung up.")]
    public void Conversation_OfTwoCalls_IsOneSession(string name, SessionKind kind, string hangupBy, string story)
    {
        DirectoryLoad load = DirectoryLoad.Read(Checkout.Path("demo", "directory.conf"), BillsecRounding.Nearest, static _ => null);
        using EngineRun run = EngineRun.OfFile(Checkout.Path("demo", name + ".pcap"));
        Assert.Empty(run.Events);
        Assert.Equal(2, run.Records.Count);
        Assert.All(run.Records, static record => Assert.Equal((Disposition.Answered, 0, 0), (record.Disposition, record.OneWay.Count, record.Streams.Count(static stream => stream.Lost > 0))));
        SessionRecord session = SessionStory.Tell(run.Records[0].Id, run.Records);
        Assert.All(run.Records, record => Assert.Equal(session.Id, record.SessionId));
        Assert.Equal((kind, hangupBy), (session.Kind, session.HangupBy));
        Assert.Equal(story, string.Join(' ', session.Story.Select(static step => step.Text)));
        Assert.All(run.Records, record => Assert.Equal("lab", load.Directory!.Mark(record).Tenant));
    }

    [Fact]
    public void Import_OfTheWholeDemo_GivesTheCallsOfEachFile()
    {
        IReadOnlyList<string> captures = DemoFolder.Captures();
        string[] conversations = [.. DemoConversations.Recipes.Keys];
        Assert.Equal(Files().Select(static row => (string)row[0]).Concat(conversations), captures.Select(Path.GetFileNameWithoutExtension));
        using EngineRun run = EngineRun.Of(PacketTape.OfFiles(captures), new RunOptions { Shards = 2 });
        Assert.Empty(run.Events);
        IEnumerable<string> sources = captures.Select(static path => Path.GetFileName(path)).SelectMany(file => conversations.Contains(Path.GetFileNameWithoutExtension(file)) ? [file, file] : new[] { file });
        Assert.Equal(sources, run.Records.Select(static record => record.CaptureSource).Order(StringComparer.Ordinal));
    }
}
