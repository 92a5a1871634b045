using CdrEngine.Calls.Records;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Host;
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

    [Fact]
    public void Import_OfTheWholeDemo_GivesOneCallForEachFile()
    {
        IReadOnlyList<string> captures = DemoFolder.Captures();
        Assert.Equal(Files().Select(static row => (string)row[0]), captures.Select(Path.GetFileNameWithoutExtension));
        using EngineRun run = EngineRun.Of(PacketTape.OfFiles(captures), new RunOptions { Shards = 2 });
        Assert.Empty(run.Events);
        Assert.Equal(captures.Select(Path.GetFileName), run.Records.Select(static record => record.CaptureSource));
    }
}
