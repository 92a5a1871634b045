using CdrEngine.Core;
using CdrEngine.Engine.Routing;
using CdrEngine.Engine.Tests.Runs;
using Xunit;

namespace CdrEngine.Engine.Tests.Routing;

public sealed class TimerWheelTests
{
    private readonly TimerWheel _wheel = new();

    [Fact]
    public void Timer_IsDueAfterItsDeadline_AtMostTwoSecondsLate()
    {
        CallEntry call = Call(1);
        _wheel.Set(call, Scene.Time(10.5), Scene.Time(0));
        for (double at = 0.25; at < 10.5; at += 0.25) Assert.Empty(_wheel.TakeDue(Scene.Time(at)));
        Assert.Equal([call], _wheel.TakeDue(Scene.Time(12.5)));
        Assert.Empty(_wheel.TakeDue(Scene.Time(400)));
    }

    [Fact]
    public void Timer_SetAgain_ForgetsTheOldDeadline()
    {
        CallEntry call = Call(1);
        _wheel.Set(call, Scene.Time(5), Scene.Time(0));
        _wheel.Set(call, Scene.Time(20), Scene.Time(1));
        Assert.Empty(_wheel.TakeDue(Scene.Time(15)));
        Assert.Equal([call], _wheel.TakeDue(Scene.Time(22)));
    }

    [Fact]
    public void Timer_Removed_NeverComes()
    {
        CallEntry[] calls = [Call(1), Call(2), Call(3)];
        foreach (CallEntry call in calls) _wheel.Set(call, Scene.Time(5), Scene.Time(0));
        _wheel.Remove(calls[1]);
        _wheel.Remove(calls[1]);
        Assert.Equal([calls[0], calls[2]], _wheel.TakeDue(Scene.Time(7)));
    }

    [Fact]
    public void Timers_OfOneSecond_ComeInTheOrderOfSetting()
    {
        CallEntry[] calls = [.. Enumerable.Range(1, 20).Select(Call)];
        foreach (CallEntry call in calls) _wheel.Set(call, Scene.Time(5.5), Scene.Time(0));
        Assert.Equal(calls, _wheel.TakeDue(Scene.Time(8)));
    }

    [Fact]
    public void Timer_BeyondTheRound_ComesEarlyToBeSetAgain()
    {
        CallEntry call = Call(1);
        _wheel.Set(call, Scene.Time(14_400), Scene.Time(0));
        double at = 0;
        while (_wheel.TakeDue(Scene.Time(at)).Count == 0) at++;
        Assert.InRange(at, 200, 256);
    }

    [Fact]
    public void Timer_InThePast_ComesAtTheNextSecond()
    {
        CallEntry call = Call(1);
        _wheel.Set(call, Scene.Time(-100), Scene.Time(0));
        Assert.Equal([call], _wheel.TakeDue(Scene.Time(1)));
    }

    [Fact]
    public void ClockSetBack_NothingIsLost()
    {
        CallEntry call = Call(1);
        _wheel.Set(call, Scene.Time(10), Scene.Time(0));
        Assert.Empty(_wheel.TakeDue(Scene.Time(-3600)));
        int seen = 0;
        for (double at = -3600; at < -3600 + 300; at++) seen += _wheel.TakeDue(Scene.Time(at)).Count;
        Assert.Equal(1, seen);
    }

    [Fact]
    public void LongSilence_GivesEveryTimerOnce()
    {
        CallEntry[] calls = [.. Enumerable.Range(1, 300).Select(Call)];
        for (int i = 0; i < calls.Length; i++) _wheel.Set(calls[i], Scene.Time(i), Scene.Time(0));
        Assert.Equal(calls.Length, _wheel.TakeDue(Scene.Time(1e6)).Distinct().Count());
        Assert.False(_wheel.IsDue(Scene.Time(1e6)));
    }

    [Fact]
    public void RandomUse_AgreesWithASortedList()
    {
        var random = new Random(11);
        CallEntry[] calls = [.. Enumerable.Range(1, 50).Select(Call)];
        var deadlines = new Dictionary<CallEntry, double>();
        double now = 0;
        _wheel.TakeDue(Scene.Time(now));
        for (int step = 0; step < 5000; step++)
        {
            CallEntry call = calls[random.Next(calls.Length)];
            switch (random.Next(4))
            {
                case 0:
                    _wheel.Remove(call);
                    deadlines.Remove(call);
                    break;
                case 1 or 2:
                    double deadline = now + (random.NextDouble() * 200);
                    _wheel.Set(call, Scene.Time(deadline), Scene.Time(now));
                    deadlines[call] = deadline;
                    break;
                default:
                    now += random.NextDouble() * 5;
                    foreach (CallEntry due in _wheel.TakeDue(Scene.Time(now)))
                    {
                        Assert.True(deadlines.Remove(due, out double was), $"step {step}: not set");
                        Assert.True(was <= now, $"step {step}: early by {was - now}");
                    }

                    Assert.DoesNotContain(deadlines.Values, late => late < now - 2);
                    break;
            }
        }
    }

    private static CallEntry Call(int order) => new() { CallId = [(byte)order], Order = order, Shard = 0, Handle = order };
}
