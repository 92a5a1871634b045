using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.Protocols.Pcap;
using Xunit;

namespace CdrEngine.Engine.Tests.Desk;

/// <summary>Generated registrations and messages through the engine: everything as scripted, whatever the seed and the shards.</summary>
public sealed class DeskLoadTests
{
    public static TheoryData<ulong> Seeds => [.. Enumerable.Range(1, 24).Select(static seed => (ulong)seed)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Load_OfAnySeed_IsToldExactly(ulong seed)
    {
        using DeskRun run = DeskRun.Of(Tape(new DeskLoadOptions { Seed = seed }, out ExpectedDesk expected), new EngineOptions { Shards = 1 + (int)(seed % 3) });
        Assert.Empty(run.Events);
        foreach (ExpectedDevice device in expected.Devices)
        {
            string[] ids = [.. run.Registrations.Where(stored => stored.Value.Record.Aor == device.Aor).Select(static stored => stored.Key)];
            int count(RegistrationEventKind kind) => run.History.Where(pair => ids.Contains(pair.Key.Id) && pair.Value.Kind == kind).Sum(static pair => pair.Value.Count);
            bool isLive = ids.Any(id => run.Registrations[id].Record.State == RegistrationState.Registered);
            var found = new ExpectedDevice(
                device.Aor, count(RegistrationEventKind.New), count(RegistrationEventKind.Refreshed), count(RegistrationEventKind.Moved), count(RegistrationEventKind.Expired),
                count(RegistrationEventKind.Removed), count(RegistrationEventKind.Failed), isLive);
            Assert.Equal(device, found);
        }

        Assert.Equal(
            expected.Messages.Order(StringComparer.Ordinal),
            run.Messages.Values.Select(static message => $"{message.Record.Text}: {EnumNames<Calls.Messages.MessageOutcome>.Of(message.Record.Outcome)} {message.Record.SipStatus}").Order(StringComparer.Ordinal));
        Assert.Equal(expected.Conversations, run["message.conversations"]);
    }

    [Fact]
    public void Shards_AndBatches_ChangeNothing()
    {
        PacketTape tape = Tape(new DeskLoadOptions { Seed = 99, Devices = 60 }, out _);
        using DeskRun one = DeskRun.Of(tape, new EngineOptions { Shards = 1 });
        foreach ((int shards, int batch) in new[] { (2, 3), (7, 64) })
        {
            using DeskRun other = DeskRun.Of(tape, new EngineOptions { Shards = shards, BatchItems = batch });
            Assert.Equal(one.Json(), other.Json());
        }
    }

    [Fact]
    public void CutInTwo_WithARestartBetween_TellsTheSame()
    {
        var options = new DeskLoadOptions { Seed = 7, Messages = 0, ChallengeShare = 0, RetransmissionShare = 0 };
        PacketTape tape = Tape(options, out ExpectedDesk expected);
        var first = new PacketTape().Source("a");
        var second = new PacketTape().Source("b");
        Timestamp middle = options.Start + (options.Span / 2);
        foreach (CapturedPacket packet in tape.Frames) (packet.CapturedAt < middle ? first : second).Add(packet);
        using DeskRun before = DeskRun.Of(first);
        using DeskRun after = DeskRun.Of(second, start: new Engine.Desk.DeskStart(before.Registrations.Values, []));

        // What the cut takes apart is an exchange or two; everything else is as if nothing had happened.
        long fresh = before["registration.new"] + after["registration.new"];
        long expired = before["registration.expired"] + after["registration.expired"];
        Assert.InRange(fresh, expected.Devices.Sum(static device => device.New) - 1, expected.Devices.Sum(static device => device.New) + 1);
        Assert.InRange(expired, expected.Devices.Sum(static device => device.Expired) - 1, expected.Devices.Sum(static device => device.Expired) + 1);
    }

    private static PacketTape Tape(DeskLoadOptions options, out ExpectedDesk expected)
    {
        using var pcap = new MemoryStream();
        expected = DeskLoad.Write(options, pcap);
        pcap.Position = 0;
        using CaptureFileSource source = CaptureFileSource.FromStream("desk.pcap", pcap, CaptureReaderLimits.Default);
        PacketTape tape = new PacketTape().Source("desk.pcap");
        while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet) tape.Add(packet);
        return tape;
    }
}
