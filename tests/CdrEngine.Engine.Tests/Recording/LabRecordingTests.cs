using System.Diagnostics.CodeAnalysis;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Recording;
using CdrEngine.Media.Playout;
using CdrEngine.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace CdrEngine.Engine.Tests.Recording;

/// <summary>Recordings of the lab's calls against the sound files that the phones played.</summary>
public sealed class LabRecordingTests(ITestOutputHelper figures)
{
    [SharedTheory]
    [InlineData("01-answered-pcmu", 8_000)]
    [InlineData("02-callee-hangs-up-pcma", 8_000)]
    [InlineData("07-digest-407", 8_000)]
    [InlineData("14-g722", 16_000)]
    [InlineData("15-opus", 48_000)]
    [InlineData("16-gsm", 8_000)]
    [InlineData("19-tcp", 8_000)]
    [InlineData("21-srtp-sdes", 8_000)]
    [InlineData("22-ipv6", 8_000)]
    [InlineData("24-rtpengine", 8_000)]
    public void CleanCall_Recorded_HasEachVoiceOnItsSideAndInItsPlace(string scenario, int rate)
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab(scenario);
        (RecordingResult result, PcmKeeper sound) = RecordedCall.Record(record, packets);

        Assert.Equal((RecordingState.Available, null, null), (result.State, result.Reason, result.PartReason));
        Assert.Equal((rate, 2), (result.Format.SampleRateHz, result.Format.Channels));
        Assert.True(sound.IsComplete);
        Assert.Equal(result.Format.Frames, sound.Frames);
        Assert.InRange(result.Format.Duration - record.BillableDuration, TimeSpan.FromMilliseconds(-1), TimeSpan.FromMilliseconds(1));

        // The side's voice begins where its first packet of sound lies, less what the codec itself delays.
        IReadOnlyList<(string Voice, string Source, double First)> truth = RecordedCall.TrueStreams(scenario);
        double[] errors = new double[2];
        for (int side = 0; side < 2; side++)
        {
            string voice = side == 0 ? "alice" : "bob";
            double first = truth.Where(stream => stream.Voice == voice).Min(static stream => stream.First);
            short[] heard = Likeness.Thinned(sound.Channel(side), rate / 8000);
            (double correlation, int lag) = Likeness.Best(heard, RecordedCall.Voice(voice), -800, 1600);
            Assert.True(correlation > 0.9, $"{voice}: correlation {correlation:F3} at {lag / 8.0} ms");
            errors[side] = (lag / 8.0) - ((first - (result.StartedAt.Microseconds / 1e6)) * 1000);
            figures.WriteLine($"{scenario} {voice}: correlation {correlation:F4}, {errors[side]:F1} ms from its first packet");
            Assert.InRange(errors[side], -20, 20);
        }

        Assert.InRange(errors[0] - errors[1], -20, 20);
    }

    [SharedToolFact("ffmpeg")]
    public void Mp3_DecodedByAnother_HasBothVoicesAndTheLengthOfTheCall()
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab("01-answered-pcmu");
        string path = Path.Combine(Path.GetTempPath(), $"cdrengine-{Guid.NewGuid():N}.mp3");
        try
        {
            RecordingOutcome outcome;
            using (FileStream output = File.Create(path)) outcome = new CallRecorder().Make(record, packets, new RecordingRequest(), output);
            Assert.Equal((RecordingState.Available, null, 8000, 2), (outcome.State, outcome.Reason, outcome.SampleRateHz, outcome.Channels));
            Assert.Equal(new FileInfo(path).Length, outcome.Bytes);

            short[] left = RecordedCall.Decoded(path, "FL"), right = RecordedCall.Decoded(path, "FR");
            double seconds = record.BillableDuration.TotalSeconds;
            Assert.InRange(left.Length / 8000.0, seconds - 0.001, seconds + 0.001);
            Assert.InRange(Likeness.Best(left, RecordedCall.Voice("alice"), -400, 400).Correlation, 0.9, 1);
            Assert.InRange(Likeness.Best(right, RecordedCall.Voice("bob"), -400, 400).Correlation, 0.9, 1);

            // Neither is heard in the other.
            Assert.InRange(Likeness.Best(left, RecordedCall.Voice("bob"), -400, 400).Correlation, -1, 0.4);
            Assert.InRange(Likeness.Best(right, RecordedCall.Voice("alice"), -400, 400).Correlation, -1, 0.4);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [SharedFact]
    public void Wav_OfACall_IsItsSamples()
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab("02-callee-hangs-up-pcma");
        var output = new MemoryStream();
        RecordingOutcome outcome = new CallRecorder().Make(record, packets, new RecordingRequest { Format = RecordingFormat.Wav, Channels = RecordingChannels.Mono }, output);
        (_, PcmKeeper sound) = RecordedCall.Record(record, packets, new RecordingRequest { Channels = RecordingChannels.Mono });
        Assert.Equal((RecordingState.Available, 1), (outcome.State, outcome.Channels));
        Assert.Equal(44 + (2 * sound.Frames), output.Length);
        Assert.Equal(sound.Channel(0), System.Runtime.InteropServices.MemoryMarshal.Cast<byte, short>(output.ToArray().AsSpan(44)).ToArray());
    }

    [SharedFact]
    public void Hold_Resumed_IsSilenceOfItsLengthInItsPlace()
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab("09-hold-resume");
        (RecordingResult result, PcmKeeper sound) = RecordedCall.Record(record, packets);
        Assert.Equal(record.BillableDuration.TotalMilliseconds, result.Format.Duration.TotalMilliseconds, 0.5);
        HeldInterval held = Assert.Single(record.Held);
        int from = (int)((held.From - result.StartedAt).TotalMilliseconds * 8), to = (int)((held.To!.Value - result.StartedAt).TotalMilliseconds * 8);
        for (int side = 0; side < 2; side++)
        {
            // The phones stop a packet or two after the re-INVITE, and begin as soon after the second.
            short[] heard = sound.Channel(side);
            Assert.All(heard[(from + 800)..(to - 160)], static sample => Assert.Equal(0, sample));
            Assert.Contains(heard[(from - 1600)..from], static sample => Math.Abs((int)sample) > 100);
            Assert.Contains(heard[to..(to + 1600)], static sample => Math.Abs((int)sample) > 100);
        }
    }

    [SharedFact]
    public void LossAndReordering_KeepTheVoiceInPlaceAndTheLengthExact()
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab("31-loss-and-jitter");
        (RecordingResult result, PcmKeeper sound) = RecordedCall.Record(record, packets);
        Assert.Equal(record.BillableDuration.TotalMilliseconds, result.Format.Duration.TotalMilliseconds, 0.5);
        Assert.Equal((29, 0, 0), (result.Counters![PlayoutCounter.Lost], result.Counters[PlayoutCounter.TooLate], result.Counters[PlayoutCounter.Stray]));

        // Nearly all that came is heard at one place; the 5 % that were lost are filled with what was before.
        (double correlation, int lag) = Likeness.Best(sound.Channel(1), RecordedCall.Voice("bob"), -400, 800);
        Assert.InRange(correlation, 0.9, 1);
        double first = RecordedCall.TrueStreams("31-loss-and-jitter").Where(static stream => stream.Voice == "bob").Min(static stream => stream.First);

        // The first packet itself had up to 40 ms of jitter on it.
        Assert.InRange((lag / 8.0) - ((first - (result.StartedAt.Microseconds / 1e6)) * 1000), -45, 5);
    }

    [SharedFact]
    public void TelephoneEvents_AreNotHeard_AndTheVoiceStaysInPlace()
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab("17-dtmf-rfc4733");
        (RecordingResult result, PcmKeeper sound) = RecordedCall.Record(record, packets);
        Assert.Equal(96, result.Counters![PlayoutCounter.NoSound]);
        Assert.Equal((0, 0), (result.Counters[PlayoutCounter.Lost], result.Counters[PlayoutCounter.Concealed]));
        Assert.InRange(Likeness.Best(sound.Channel(0), RecordedCall.Voice("alice"), -400, 800).Correlation, 0.9, 1);
        Assert.InRange(Likeness.Best(sound.Channel(1), RecordedCall.Voice("bob"), -400, 800).Correlation, 0.9, 1);
    }

    [SharedFact]
    public void EarlyMedia_IsInTheRecordingWhereAskedFor()
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab("13-early-media");
        (RecordingResult usual, _) = RecordedCall.Record(record, packets);
        Assert.Equal(record.AnsweredAt, usual.StartedAt);
        Assert.Equal(record.BillableDuration.TotalMilliseconds, usual.Format.Duration.TotalMilliseconds, 0.5);

        (RecordingResult early, PcmKeeper sound) = RecordedCall.Record(record, packets, new RecordingRequest { From = RecordingStart.EarlyMedia });
        double first = RecordedCall.TrueStreams("13-early-media").Min(static stream => stream.First);
        Assert.Equal(first, early.StartedAt.Microseconds / 1e6, 0.001);
        Assert.Equal((record.EndedAt!.Value - early.StartedAt).TotalMilliseconds, early.Format.Duration.TotalMilliseconds, 0.5);
        Assert.InRange(Likeness.Best(sound.Channel(0), RecordedCall.Voice("alice"), -400, 1600).Correlation, 0.9, 1);
        Assert.InRange(Likeness.Best(sound.Channel(1), RecordedCall.Voice("bob"), -400, 1600).Correlation, 0.9, 1);
    }

    [SharedFact]
    public void OneSide_Asked_IsAloneInTheRecording()
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab("01-answered-pcmu");
        (_, PcmKeeper both) = RecordedCall.Record(record, packets);
        (_, PcmKeeper sound) = RecordedCall.Record(record, packets, new RecordingRequest { Sides = RecordingSides.Callee });
        Assert.All(sound.Channel(0), static sample => Assert.Equal(0, sample));
        Assert.Equal(both.Channel(1), sound.Channel(1));
    }

    [SharedFact]
    public void EncryptedMedia_WithoutKey_IsAReasonAndNoFile()
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab("34-dtls-srtp");
        var output = new MemoryStream();
        RecordingOutcome outcome = new CallRecorder().Make(record, packets, new RecordingRequest(), output);
        Assert.Equal((RecordingState.None, "srtp_no_key", 0L), (outcome.State, outcome.Reason, outcome.Bytes));
        Assert.Equal(0, output.Length);

        (record, packets) = RecordedCall.Lab("21-srtp-sdes");
        outcome = new CallRecorder(new CallRecorderOptions { Decryptors = null }).Make(record, packets, new RecordingRequest(), output);
        Assert.Equal((RecordingState.None, "srtp_no_key", 0L), (outcome.State, outcome.Reason, output.Length));
    }

    [SharedFact]
    public void CodecWithoutDecoder_IsAReasonAndNoFile()
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab("16-gsm");
        var options = new CallRecorderOptions
        {
            Decoders = static (Protocols.Rtp.PayloadFormat _, string? _, [NotNullWhen(true)] out Media.Codecs.IAudioDecoder? decoder, [NotNullWhen(false)] out string? reason) =>
            {
                decoder = null;
                reason = "codec_unsupported: GSM needs libgsm1";
                return false;
            },
        };
        (RecordingResult result, PcmKeeper sound) = RecordedCall.Record(record, packets, options: options);
        Assert.Equal((RecordingState.Failed, "codec_unsupported: GSM needs libgsm1", 0L), (result.State, result.Reason, sound.Frames));
    }

    [SharedFact]
    public void CallNobodyAnswered_IsAReasonAndNoFile()
    {
        using Runs.EngineRun run = Runs.EngineRun.OfFile(SharedFolder.Path("lab", "captures", "03-busy-486.pcap"), new Runs.RunOptions { KeepPackets = true });
        CallRecord record = run.Records.Single(static call => call.Disposition == Disposition.Busy);
        foreach (RecordingStart from in (RecordingStart[])[RecordingStart.Answer, RecordingStart.EarlyMedia])
        {
            (RecordingResult result, _) = RecordedCall.Record(record, new PacketsInMemory(run.Packets(record)), new RecordingRequest { From = from });
            Assert.Equal((RecordingState.None, "not_answered"), (result.State, result.Reason));
        }
    }

    [SharedFact]
    public void Packets_Gone_IsAReason()
    {
        (CallRecord record, _) = RecordedCall.Lab("01-answered-pcmu");
        (RecordingResult result, _) = RecordedCall.Record(record, new PacketsInMemory(new Core.FrameBuffer()));
        Assert.Equal((RecordingState.Failed, "no_packets"), (result.State, result.Reason));
    }

    [SharedFact]
    public void Cancelled_Stops()
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab("01-answered-pcmu");
        Assert.Throws<OperationCanceledException>(() => RecordedCall.Record(record, packets, new RecordingRequest { Stop = new CancellationToken(canceled: true) }));
    }

    [SharedFact]
    public void Muted_Stretches_AreSilent()
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab("01-answered-pcmu");
        var options = new CallRecorderOptions
        {
            Muted = static call => [new MutedInterval(MediaSide.Caller, call.AnsweredAt!.Value + TimeSpan.FromSeconds(2), call.AnsweredAt.Value + TimeSpan.FromSeconds(3))],
        };
        (_, PcmKeeper sound) = RecordedCall.Record(record, packets, options: options);
        Assert.All(sound.Channel(0)[16_000..24_000], static sample => Assert.Equal(0, sample));
        Assert.Contains(sound.Channel(1)[16_000..24_000], static sample => sample != 0);
    }

    [SharedFact]
    public void Outline_HasBothSides()
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab("09-hold-resume");
        RecordingOutcome outcome = new CallRecorder().Outline(record, packets, new RecordingRequest(), out Media.Encoders.WaveformBuilder? waveform);
        Assert.Equal(RecordingState.Available, outcome.State);
        Assert.Equal(601, waveform!.Points);
        Assert.True(waveform.Peaks(0)[..200].ToArray().Max() > 50);
        Assert.Equal(0, waveform.Peaks(1)[250..390].ToArray().Max());
    }

    [SharedTheory]
    [InlineData("sipnab-codec-negotiation.pcap", 16_000, 604)]
    [InlineData("sipnab-register-invite-reinvite-bye.pcap", 48_000, 218)]
    public void CodecChange_ByReinvite_GoesOnOnTheSameTimeline(string file, int rate, int packetsHeard)
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Single(SharedFolder.Path("captures", file));
        (RecordingResult result, PcmKeeper sound) = RecordedCall.Record(record, packets);
        Assert.Equal((RecordingState.Available, null, rate), (result.State, result.PartReason, result.Format.SampleRateHz));
        Assert.Equal(record.BillableDuration.TotalMilliseconds, result.Format.Duration.TotalMilliseconds, 0.5);
        Assert.Equal(packetsHeard, result.Counters![PlayoutCounter.Decoded]);
        Assert.Equal(0, result.Counters[PlayoutCounter.TooLate] + result.Counters[PlayoutCounter.Unsupported] + result.Counters[PlayoutCounter.Malformed]);
        Assert.Equal(result.Format.Frames, sound.Frames);
    }
}
