using System.Globalization;
using CdrEngine.Core;
using CdrEngine.Engine.Routing;
using CdrEngine.Engine.Tests.Runs;
using Xunit;

namespace CdrEngine.Engine.Tests.Routing;

public sealed class EvictionOrderTests
{
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(4);
    private readonly EvictionOrder _order = new();
    private long _number;

    [Fact]
    public void CallThatIsOver_GoesFirst_OnceItsRecordIsOut()
    {
        CallEntry unheard = Add("192.0.2.1", CallStage.Unheard), over = Add("192.0.2.2", CallStage.Over);
        over.EndedAt = Scene.Time(10);
        Assert.Same(over, _order.Next(Scene.Time(14), Linger));
        Add("192.0.2.3", CallStage.Unheard);
        Assert.Same(unheard, _order.Next(Scene.Time(13), Linger));
    }

    [Fact]
    public void OneFlooder_PushesOutItself_HoweverOldTheOthersAre()
    {
        CallEntry[] phones = [.. Enumerable.Range(1, 20).Select(i => Add($"192.0.2.{i.ToString(CultureInfo.InvariantCulture)}", CallStage.Ringing))];
        CallEntry[] flood = [.. Enumerable.Range(0, 100).Select(_ => Add("203.0.113.9", CallStage.Ringing))];
        foreach (CallEntry expected in flood[..90]) Assert.Same(expected, Evict());

        // What has only just begun does not go before what has rung long.
        Add("203.0.113.9", CallStage.Unheard);
        Assert.Same(flood[90], Evict());
        Assert.All(phones, static phone => Assert.NotNull(phone.Age.List));
    }

    [Fact]
    public void FloodOfManySenders_PushesOutTheEldestOfThose_AndNobodyWhoWasEverAnswered()
    {
        CallEntry known = Add("192.0.2.1", CallStage.Ringing), trunk = Add("192.0.2.9", CallStage.Ringing);
        for (int i = 0; i < 3; i++) Add("192.0.2.9", CallStage.Ringing);
        _order.Place(Add("192.0.2.1", CallStage.Ringing), CallStage.Answered);
        CallEntry[] flood = [.. Enumerable.Range(0, 1000).Select(i => Add($"203.0.{(i / 250).ToString(CultureInfo.InvariantCulture)}.{(i % 250).ToString(CultureInfo.InvariantCulture)}", CallStage.Ringing))];
        foreach (CallEntry expected in flood[..700]) Assert.Same(expected, Evict());
        Assert.NotNull(known.Age.List);
        Assert.NotNull(trunk.Age.List);
    }

    [Fact]
    public void KnownSender_GoesOnlyWhereItHasMoreThanAllOthers()
    {
        _order.Place(Add("192.0.2.9", CallStage.Ringing), CallStage.Answered);
        CallEntry[] trunk = [.. Enumerable.Range(0, 10).Select(_ => Add("192.0.2.9", CallStage.Ringing))];
        CallEntry[] others = [.. Enumerable.Range(0, 10).Select(i => Add($"203.0.113.{i.ToString(CultureInfo.InvariantCulture)}", CallStage.Ringing))];
        Assert.Same(others[0], Evict());
        Assert.Same(trunk[0], Evict());
        Assert.Same(others[1], Evict());
    }

    [Fact]
    public void AnsweredCalls_GoLast_TheSilentOneFirst()
    {
        CallEntry first = Add("192.0.2.1", CallStage.Answered), silent = Add("192.0.2.2", CallStage.Answered), ringing = Add("192.0.2.3", CallStage.Ringing);
        first.LastSignalAt = Scene.Time(100);
        silent.LastSignalAt = Scene.Time(10);
        Assert.Same(ringing, Evict());
        Assert.Same(silent, _order.Next(Scene.Time(110), Linger));
        Assert.Same(first, _order.Next(Scene.Time(20), Linger));
        Evict();
        Evict();
        Assert.Null(_order.Next(Scene.Time(20), Linger));
    }

    [Fact]
    public void RandomComingAndGoing_KeepsCountsAndOrder()
    {
        var random = new Random(5);
        var open = new List<CallEntry>();
        for (int step = 0; step < 20_000; step++)
        {
            int what = random.Next(10);
            if (open.Count < 5 || what < 4) open.Add(Add($"192.0.2.{random.Next(1, 30).ToString(CultureInfo.InvariantCulture)}", CallStage.Unheard));
            else if (what < 8) Move(open[random.Next(open.Count)], (CallStage)random.Next(4));
            else Take(open[random.Next(open.Count)]);

            // The slow way: no source has more unanswered calls than the one whose call goes, unless one that was never answered goes before one that was.
            CallEntry? next = _order.Next(Timestamp.MinValue, Linger);
            Dictionary<IpAddress, int> counts = open.Where(static call => call.Stage is CallStage.Unheard or CallStage.Ringing).GroupBy(static call => call.InviteSource.Address).ToDictionary(static of => of.Key, static of => of.Count());
            if (counts.Count == 0 || open.Count(static call => call.Stage == CallStage.Over) > counts.Values.Sum()) continue;
            Assert.True(next!.Stage is CallStage.Unheard or CallStage.Ringing);
            if (counts.Values.Max() * 2 > counts.Values.Sum()) Assert.True(counts[next.InviteSource.Address] * FewestShare >= counts.Values.Sum());
        }

        while (open.Count > 0) Take(_order.Next(Timestamp.MinValue, Linger)!);
        Assert.Null(_order.Next(Timestamp.MinValue, Linger));

        void Move(CallEntry call, CallStage to)
        {
            call.EndedAt = to == CallStage.Over ? Timestamp.MinValue : Timestamp.MaxValue;
            _order.Place(call, to);
        }

        void Take(CallEntry call)
        {
            _order.Remove(call);
            Assert.True(open.Remove(call));
        }
    }

    private const int FewestShare = 64;

    private CallEntry Evict()
    {
        CallEntry call = _order.Next(Timestamp.MinValue, Linger)!;
        _order.Remove(call);
        return call;
    }

    private CallEntry Add(string source, CallStage stage)
    {
        Assert.True(IpAddress.TryParse(source, out IpAddress address));
        var call = new CallEntry { CallId = [], Order = ++_number, Shard = 0, Handle = 0, InviteSource = new Endpoint(address, 5060), EndedAt = stage == CallStage.Over ? Timestamp.MinValue : Timestamp.MaxValue };
        _order.Place(call, stage);
        return call;
    }
}
