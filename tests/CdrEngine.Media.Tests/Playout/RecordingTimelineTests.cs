using CdrEngine.Core;
using CdrEngine.Media.Playout;
using CdrEngine.Protocols.Rtp;
using Xunit;

namespace CdrEngine.Media.Tests.Playout;

/// <summary>The paragraph "Recording" of the semantics, clause by clause, on sound that can be compared to the sample.</summary>
public sealed class RecordingTimelineTests
{
    private const int Second = Tape.Rate;

    private static readonly Sent OfCallee = new() { Side = MediaSide.Callee, Flow = 1, Ssrc = 0x5678, Sequence = 40_000, Timestamp = 777 };

    [Fact]
    public void TwoSides_Recorded_LieLeftAndRightWhereTheirPacketsWere()
    {
        short[] caller = Tape.Noise(2 * Second), callee = Tape.Noise(Second, seed: 2);
        Played played = new Tape().Talk(caller, sentAt: 100).Talk(callee, sentAt: 1500, like: OfCallee).Play(3.25);

        Assert.Equal(26_000, played.Sound.Frames);
        Assert.Equal(Expected(26_000, (800, caller)), played.Left);
        Assert.Equal(Expected(26_000, (12_000, callee)), played.Right);
        Assert.Equal((1, 1), (played.Sound.Opened, played.Sound.Completed));
    }

    [Fact]
    public void Jitter_UpTo80Ms_IsTakenOut()
    {
        short[] sound = Tape.Noise(5 * Second);
        Played played = new Tape().Talk(sound, sentAt: 0, static (i, packet) => packet with { At = packet.At + (i * 37 % 81) }).Play(5);
        Assert.Equal(sound, played.Left);
        Assert.Equal(250, played[PlayoutCounter.Decoded]);
    }

    [Fact]
    public void Stall_OfTheNetwork_IsTakenOut()
    {
        // Two seconds during which nothing comes through, then all at once.
        short[] sound = Tape.Noise(8 * Second);
        Played played = new Tape().Talk(sound, sentAt: 0, static (_, packet) => packet.At is > 3000 and < 5000 ? packet with { At = 5000 + ((packet.At - 3000) / 1000) } : packet).Play(8);
        Assert.Equal(sound, played.Left);
    }

    [Fact]
    public void LatePackets_AreInserted()
    {
        // Every seventh comes a second and a half behind.
        short[] sound = Tape.Noise(5 * Second);
        Played played = new Tape().Talk(sound, sentAt: 0, static (i, packet) => i % 7 == 3 ? packet with { At = packet.At + 1500 } : packet).Play(5);
        Assert.Equal(sound, played.Left);
        Assert.InRange(played[PlayoutCounter.Inserted], 30, 40);
        Assert.Equal(0, played[PlayoutCounter.Lost] + played[PlayoutCounter.Concealed] + played[PlayoutCounter.TooLate]);
    }

    [Fact]
    public void FirstTwoPackets_Swapped_AreBothHeard()
    {
        short[] sound = Tape.Noise(Second);
        Played played = new Tape().Talk(sound, sentAt: 10, static (i, packet) => i == 0 ? packet with { At = packet.At + 21 } : packet).Play(1.01);
        Assert.Equal(Expected(8080, (80, sound)), played.Left);
    }

    [Fact]
    public void PacketsTooLate_AreLeftOutAndCounted()
    {
        short[] sound = Tape.Noise(9 * Second);
        Played played = new Tape().Talk(sound, sentAt: 0, static (i, packet) => i == 50 ? packet with { At = packet.At + 7000 } : packet).Play(9);
        Assert.Equal(1, played[PlayoutCounter.TooLate]);
        Assert.Equal(1, played[PlayoutCounter.Lost]);
        AssertSameBut(sound, played.Left, 50 * 160, 51 * 160);
    }

    [Fact]
    public void Duplicates_AreRemoved()
    {
        short[] sound = Tape.Noise(2 * Second);
        var tape = new Tape();
        tape.Talk(sound, sentAt: 0).Talk(sound, sentAt: 45);
        Played played = tape.Play(2);
        Assert.Equal(sound, played.Left);
        Assert.Equal(100, played[PlayoutCounter.Duplicate]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Gap_UpTo60Ms_IsConcealed(int lost)
    {
        short[] sound = Tape.Noise(4 * Second);
        Played played = new Tape().Talk(sound, sentAt: 0, (i, packet) => i >= 100 && i < 100 + lost ? null : packet).Play(4);
        int from = 100 * 160, to = (100 + lost) * 160;
        AssertSameBut(sound, played.Left, from, to);
        Assert.Equal((lost, 1), (played[PlayoutCounter.Lost], played[PlayoutCounter.Concealed]));
        Assert.Contains(played.Left[from..(from + 160)], static sample => sample != 0);
    }

    [Fact]
    public void Gap_Over60Ms_IsSilenceOfItsLength()
    {
        short[] sound = Tape.Noise(4 * Second);
        Played played = new Tape().Talk(sound, sentAt: 0, static (i, packet) => i is >= 100 and < 104 ? null : packet).Play(4);
        Assert.Equal(Expected(4 * Second, (0, sound[..16_000]), (16_640, sound[16_640..])), played.Left);
        Assert.Equal((4, 0), (played[PlayoutCounter.Lost], played[PlayoutCounter.Concealed]));
    }

    [Fact]
    public void DiscontinuousTransmission_IsSilenceOfItsLength()
    {
        // Nothing is sent for 1.4 s; the sequence goes on by one, the timestamp by the time.
        short[] before = Tape.Noise(Second), after = Tape.Noise(Second, seed: 3);
        Played played = new Tape()
            .Talk(before, sentAt: 0)
            .Talk(after, sentAt: 2400, like: new Sent { Sequence = 150, Timestamp = 5000 + (uint)(2.4 * Second) })
            .Play(3.4);
        Assert.Equal(Expected((int)(3.4 * Second), (0, before), ((int)(2.4 * Second), after)), played.Left);
        Assert.Equal(0, played[PlayoutCounter.Lost] + played[PlayoutCounter.Concealed]);
    }

    [Theory]
    [InlineData(300)]
    [InlineData(5_000)]
    [InlineData(60_000)]
    public void Hold_WhoseTimestampStandsStill_IsNeverClosedUp(int milliseconds)
    {
        short[] before = Tape.Noise(Second), after = Tape.Noise(Second, seed: 3);
        Played played = new Tape()
            .Talk(before, sentAt: 0)
            .Talk(after, sentAt: 1000 + milliseconds, like: new Sent { Sequence = 150, Timestamp = 5000 + Second })
            .Play(2 + (milliseconds / 1000.0));
        Assert.Equal(Expected(2 * Second + (milliseconds * 8), (0, before), (Second + (milliseconds * 8), after)), played.Left);
    }

    [Theory]
    [InlineData(1_000_000_000)]
    [InlineData(-1_000_000_000)]
    [InlineData(16_000)]
    [InlineData(-16_000)]
    public void TimestampJump_IsAnchoredAnew(int jump)
    {
        short[] sound = Tape.Noise(4 * Second);
        Played played = new Tape()
            .Talk(sound, sentAt: 0, (i, packet) => i < 100 ? packet : packet with { Timestamp = packet.Timestamp + (uint)jump })
            .Play(4);
        Assert.Equal(sound, played.Left);
    }

    [Fact]
    public void SequenceJump_LosesOnePacketAtMost()
    {
        // RFC 3550 A.1: a single packet far off may be a stray, so the source is believed at its second.
        short[] sound = Tape.Noise(4 * Second);
        Played played = new Tape()
            .Talk(sound, sentAt: 0, static (i, packet) => i < 100 ? packet : packet with { Sequence = (ushort)(packet.Sequence + 20_000) })
            .Play(4);
        Assert.Equal(1, played[PlayoutCounter.Stray]);
        AssertSameBut(sound, played.Left, 16_000, 16_160);
    }

    [Fact]
    public void WrapOfSequenceAndTimestamp_IsNoEvent()
    {
        short[] sound = Tape.Noise(4 * Second);
        Played played = new Tape().Talk(sound, sentAt: 0, like: new Sent { Sequence = 65_500, Timestamp = uint.MaxValue - 5000 }).Play(4);
        Assert.Equal(sound, played.Left);
    }

    [Fact]
    public void SsrcChange_JoinsTheStreams()
    {
        short[] sound = Tape.Noise(4 * Second);
        Played played = new Tape()
            .Talk(sound[..16_000], sentAt: 0)
            .Talk(sound[16_000..], sentAt: 2000, like: new Sent { Ssrc = 9, Sequence = 7, Timestamp = 99 })
            .Play(4);
        Assert.Equal(sound, played.Left);
    }

    [Fact]
    public void RelayLegs_NearestTheSpeaker_IsHeardAlone()
    {
        // The far leg has the same sound half a millisecond later, and its own numbering; it also is seen first and last.
        short[] sound = Tape.Noise(4 * Second);
        Played played = new Tape()
            .Talk(sound, sentAt: 0.5, like: new Sent { Flow = 3, Rank = 2, Sequence = 9000 })
            .Talk(sound, sentAt: 0, static (i, packet) => i is 0 or 199 ? null : packet)
            .Play(4);
        Assert.Equal(Expected(4 * Second, (160, sound[160..(199 * 160)])), played.Left);
        Assert.Equal(200, played[PlayoutCounter.NotHeard]);
    }

    [Fact]
    public void NearLeg_ThatEnds_GivesWayToTheFarOne()
    {
        short[] sound = Tape.Noise(8 * Second);
        Played played = new Tape()
            .Talk(sound, sentAt: 0, static (i, packet) => i < 200 ? packet : null)
            .Talk(sound, sentAt: 0, like: new Sent { Flow = 3, Rank = 2, Sequence = 9000 })
            .Play(8);

        // No copy of the last packets, then the far leg.
        int switched = (4 * Second) + (Second / 4);
        Assert.Equal(sound[..(4 * Second)], played.Left[..(4 * Second)]);
        Assert.Equal(sound[switched..], played.Left[switched..]);
    }

    [Fact]
    public void ClockDrift_IsCorrectedInSilenceAndStaysWithinItsBound()
    {
        // A sender 400 ppm slow for ten minutes: 240 ms. It talks for 1.5 s of every 2 s, with a click each second second.
        const int seconds = 600;
        var sound = new short[seconds * Second];
        for (int i = 0; i < sound.Length; i++) sound[i] = i % (2 * Second) < 12_000 ? (short)(i % (2 * Second) < 4 ? 30_000 : 2_000) : (short)0;
        const double slow = 1.0004;
        Played played = new Tape().Talk(sound, sentAt: 0, static (_, packet) => packet with { At = packet.At * slow }).Play(seconds);
        Assert.Equal(seconds * Second, played.Sound.Frames);
        Assert.InRange(played[PlayoutCounter.Corrected], 5, 8);
        short[] left = played.Left;
        for (int burst = 0; burst < seconds / 2 - 1; burst++)
        {
            int sent = (int)(burst * 2 * Second * slow);
            int heard = Array.FindIndex(left, Math.Max(0, sent - 800), 1600, static sample => sample > 10_000);
            Assert.InRange(heard - sent, -40 * 8, 40 * 8);

            // Corrected in silence: from its click on, a burst is whole.
            Assert.All(left[(heard + 4)..(heard + 11_990)], static sample => Assert.Equal(2_000, sample));
        }
    }

    [Fact]
    public void CodecChange_IsAnotherDecoderOnTheSameTimeline()
    {
        // 8 kHz for two seconds, then 16 kHz under another payload type and clock, then 8 kHz again. A slow tone, to compare across rates.
        short[] narrow = Tone(4 * Second, Second), wide = Tone(8 * Second, 2 * Second);
        var tape = new Tape();
        tape.Talk(narrow, sentAt: 0, static (i, packet) => i is >= 50 and < 100 ? null : packet);
        for (int i = 50; i < 100; i++)
        {
            tape.Add(new Sent
            {
                Format = PayloadFormat.Of("L16", 16_000),
                Sequence = (ushort)(100 + i),
                Timestamp = 123 + (uint)(i * 320),
                At = i * 20,
                Sound = wide[(i * 320)..((i + 1) * 320)],
            });
        }

        Played played = tape.Play(4, static options => options with { SampleRateHz = 16_000 });
        short[] left = played.Left;
        Assert.Equal(200, played[PlayoutCounter.Decoded]);
        for (int i = 100; i < left.Length - 100; i++)
        {
            // The filter rings for four milliseconds at the seams.
            if (Math.Abs(i - 16_000) > 80 && Math.Abs(i - 32_000) > 80) Assert.InRange(left[i] - wide[i], -60, 60);
        }
    }

    [Fact]
    public void TelephoneEvents_AreLeftOutAndTheirTimeKept()
    {
        // Ten event packets in place of as many of sound.
        short[] sound = Tape.Noise(4 * Second);
        Played played = new Tape()
            .Talk(sound, sentAt: 0, static (i, packet) => i is >= 100 and < 110 ? packet with { Format = Tape.Events, Timestamp = 5000 + 16_000, Sound = [0x0500, 0x00A0] } : packet)
            .Play(4);
        Assert.Equal(Expected(4 * Second, (0, sound[..16_000]), (17_600, sound[17_600..])), played.Left);
        Assert.Equal((10, 0), (played[PlayoutCounter.NoSound], played[PlayoutCounter.Lost]));
    }

    [Fact]
    public void SoundOutsideTheCall_IsCutOff()
    {
        short[] sound = Tape.Noise(6 * Second);
        Played played = new Tape().Talk(sound, sentAt: -1000).Play(2);
        Assert.Equal(sound[Second..(3 * Second)], played.Left);
    }

    [Fact]
    public void OneSide_Asked_LeavesTheOtherSilent()
    {
        short[] sound = Tape.Noise(Second);
        Tape tape = new Tape().Talk(sound, sentAt: 0).Talk(sound, sentAt: 0, like: OfCallee);
        Played played = tape.Play(1, static options => options with { OnlySide = MediaSide.Callee });
        Assert.Equal(new short[Second], played.Left);
        Assert.Equal(sound, played.Right);
    }

    [Fact]
    public void Mono_HasBothInOne()
    {
        short[] sound = Tape.Noise(Second), other = Tape.Noise(Second, seed: 2);
        Played played = new Tape().Talk(sound, sentAt: 0).Talk(other, sentAt: 0, like: OfCallee).Play(1, static options => options with { IsMono = true });
        Assert.Equal(sound.Zip(other, static (a, b) => (short)Math.Min(short.MaxValue, a + b)), played.Sound.Channel(0));
        Assert.Equal(1, played.Sound.Format.Channels);
    }

    [Fact]
    public void MutedInterval_IsSilentOnItsSide()
    {
        short[] sound = Tape.Noise(2 * Second);
        MutedInterval muted = new(MediaSide.Caller, Tape.Start + TimeSpan.FromSeconds(0.5), Tape.Start + TimeSpan.FromSeconds(0.75));
        Played played = new Tape().Talk(sound, sentAt: 0).Talk(sound, sentAt: 0, like: OfCallee).Play(2, options => options with { Muted = [muted] });
        Assert.Equal(Expected(2 * Second, (0, sound[..4000]), (6000, sound[6000..])), played.Left);
        Assert.Equal(sound, played.Right);
    }

    [Fact]
    public void NoPacketsOfSound_OpenNoSink()
    {
        Played played = new Tape().Add(new Sent { Format = Tape.Events, Sound = [1, 2] }).Play(2);
        Assert.Equal((false, 0), (played.IsMade, played.Sound.Opened));
        Assert.Null(played.Plan.FirstAt);
    }

    [Fact]
    public void CodecWithoutDecoder_OpensNoSinkAndSaysWhy()
    {
        Played played = new Tape().Talk(Tape.Noise(Second), sentAt: 0, like: new Sent { Format = PayloadFormat.Of("X-SECRET", 8000) }).Play(1);
        Assert.Equal((false, 0), (played.IsMade, played.Sound.Opened));
        Assert.StartsWith("codec_unsupported", played.Timeline.DecoderReason);
        Assert.Equal(50, played[PlayoutCounter.Unsupported]);
    }

    [Fact]
    public void LongCall_HoldsNoMoreThanItsWindow()
    {
        // An hour that begins with half an hour of silence: exact, and no more in memory than for a minute.
        short[] sound = Tape.Noise(Second);
        Tape tape = new Tape().Talk(sound, sentAt: 1_800_000).Talk(sound, sentAt: 3_599_000, like: new Sent { Ssrc = 2 });
        int frames = new CountingSink().Measure(tape, 3600, out long allocated);
        Assert.Equal(3600 * Second, frames);
        Assert.InRange(allocated, 0, 2_000_000);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void ArbitraryHeaders_NeverThrow_AndTheLengthIsExact(int seed)
    {
        uint state = (uint)seed;
        PayloadFormat[] formats = [Tape.Linear, Tape.Events, PayloadFormat.Of("L16", 44_100, 2), PayloadFormat.Of("PCMU", 8000), PayloadFormat.Unknown];
        var tape = new Tape();
        double at = -500;
        for (int i = 0; i < 4000; i++)
        {
            at += Next() % 40;
            tape.Add(new Sent
            {
                Side = (MediaSide)(Next() & 1),
                Flow = (int)(Next() % 3),
                Rank = (int)(Next() % 3),
                Ssrc = Next() % 5,
                Format = formats[Next() % 5],
                Sequence = (ushort)(Next() % 4 == 0 ? Next() : (uint)i),
                Timestamp = Next() % 4 == 0 ? Next() * 4096 : (uint)(i * 160),
                Marker = (Next() & 1) == 0,
                At = at,
                Sound = new short[Next() % 400],
            });
        }

        Played played = tape.Play(60);
        Assert.True(played.IsMade);
        Assert.Equal(60 * Second, played.Sound.Frames);

        uint Next()
        {
            state = (state * 1_664_525) + 1_013_904_223;
            return state >> 12;
        }
    }

    private static short[] Tone(int samples, int rate)
    {
        var tone = new short[samples];
        for (int i = 0; i < samples; i++) tone[i] = (short)(8000 * Math.Sin(2 * Math.PI * 440 * i / rate));
        return tone;
    }

    private static short[] Expected(int length, params (int At, short[] Sound)[] parts)
    {
        var all = new short[length];
        foreach ((int at, short[] sound) in parts) sound.CopyTo(all, at);
        return all;
    }

    private static void AssertSameBut(short[] expected, short[] actual, int from, int to)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.Equal(expected[..from], actual[..from]);
        Assert.Equal(expected[to..], actual[to..]);
    }
}
