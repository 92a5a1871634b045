using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Recording;
using Xunit;

namespace CdrEngine.Engine.Tests.Recording;

public sealed class RecordingWorkshopTests
{
    [Fact]
    public void Recording_Made_IsAFileOfItsDayWithAState()
    {
        using var rig = new RecorderRig(static options => options with { Policy = new FixedRecordingPolicy(new RecordingRule(RecordingPolicy.OnDemand, RecordingSides.Caller)), From = RecordingStart.EarlyMedia });
        string id = rig.Add(1);
        Assert.Null(rig.Workshop.Find(id, RecordingVariant.Default, retry: false));
        RecordingAnswer answer = rig.Workshop.Make(id, RecordingVariant.Default, CancellationToken.None);
        Assert.Equal($"Mp3 {id}", File.ReadAllText(answer.Path!));
        Assert.Equal([Path.Combine("2026-11-20", id + ".mp3")], rig.Files());
        RecordingEntry entry = rig.States.GetRecording(id)!;
        Assert.Equal((RecordingState.Available, null, 10_000.0, 8000, 2, 1), (entry.State, entry.Reason, entry.Duration.TotalMilliseconds, entry.SampleRateHz, entry.Channels, entry.Attempts));
        Assert.Equal(new FileInfo(answer.Path!).Length, entry.Bytes);
        Assert.Equal(answer.Path, rig.Workshop.Find(id, RecordingVariant.Default, retry: false)!.Path);
        Assert.Equal((RecordingSides.Caller, RecordingStart.EarlyMedia), (rig.Maker.Requests[0].Sides, rig.Maker.Requests[0].From));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(answer.Path!));
    }

    [Fact]
    public void Forms_OfARecording_AreCachedAndHaveNoStateOfTheirOwn()
    {
        using var rig = new RecorderRig();
        string id = rig.Add(1);
        var wav = new RecordingVariant(RecordingKind.Wav, RecordingChannels.Mono);
        RecordingAnswer answer = rig.Workshop.FindOrMake(id, wav, retry: false, CancellationToken.None);
        Assert.Equal($"Wav {id}", File.ReadAllText(answer.Path!));
        Assert.Null(rig.States.GetRecording(id));
        Assert.Equal(answer.Path, rig.Workshop.FindOrMake(id, wav, retry: false, CancellationToken.None).Path);
        Assert.Equal(1, rig.Maker.Made);
        Assert.Equal(RecordingFormat.Wav, rig.Maker.Requests[0].Format);

        // A later telling of the call is another sound.
        rig.Add(1, static call => call with { EndedAt = call.EndedAt!.Value + TimeSpan.FromSeconds(1) });
        Assert.NotEqual(answer.Path, rig.Workshop.FindOrMake(id, wav, retry: false, CancellationToken.None).Path);
        Assert.Equal(2, rig.Maker.Made);
    }

    [Fact]
    public void Wav_OfAnotherRunOfTheSystem_IsMadeAnew()
    {
        using var rig = new RecorderRig();
        string id = rig.Add(1);
        var wav = new RecordingVariant(RecordingKind.Wav, RecordingChannels.Stereo);
        string path = rig.Workshop.FindOrMake(id, wav, retry: false, CancellationToken.None).Path!;
        string[] parts = Path.GetFileName(path).Split('.');
        if (!OperatingSystem.IsLinux()) return;
        Assert.Equal((3, 12, "wav"), (parts.Length, parts[1].Length, parts[2]));

        // As a power cut may leave it: under its name, and empty.
        string before = Path.Combine(Path.GetDirectoryName(path)!, $"{parts[0]}.{new string('0', 12)}.wav");
        File.Move(path, before);
        File.WriteAllBytes(before, []);
        Assert.Null(rig.Workshop.Find(id, wav, retry: false));
        Assert.Equal($"Wav {id}", File.ReadAllText(rig.Workshop.FindOrMake(id, wav, retry: false, CancellationToken.None).Path!));
        Assert.Equal(2, rig.Maker.Made);

        // It goes with the other forms of its call.
        Assert.True(rig.Workshop.Files.DropForms(id));
        Assert.False(File.Exists(before));
    }

    [Fact]
    public void OneVoice_IsAFileOfItsOwn_AndNoneWhereTheRuleKeepsTheOther()
    {
        using var rig = new RecorderRig();
        string id = rig.Add(1);
        var caller = new RecordingVariant(RecordingKind.Mp3, RecordingChannels.Mono, RecordingSides.Caller);
        RecordingAnswer answer = rig.Workshop.FindOrMake(id, caller, retry: false, CancellationToken.None);
        Assert.EndsWith(".caller.mono.mp3", answer.Path, StringComparison.Ordinal);
        Assert.Equal(RecordingSides.Caller, rig.Maker.Requests[0].Sides);
        Assert.Null(rig.States.GetRecording(id));
        using var other = new RecorderRig(static options => options with { Policy = new FixedRecordingPolicy(new RecordingRule(RecordingPolicy.OnDemand, RecordingSides.Callee)) });
        string kept = other.Add(1);
        Assert.Equal(RecordingWorkshop.PolicyReason, other.Workshop.FindOrMake(kept, caller, retry: false, CancellationToken.None).Entry.Reason);
    }

    [Fact]
    public void Cache_OverItsSize_LetsGoOfWhatWasNotAskedForLongest()
    {
        using var rig = new RecorderRig();
        RecordingFiles files = RecordingFiles.Open(rig.Folder, cacheBytes: 2_500);
        string[] ids = [rig.Add(1), rig.Add(2), rig.Add(3)];
        for (int i = 0; i < 3; i++)
        {
            string path = files.CachePathOf(ids[i], new RecordingVariant(RecordingKind.Wav, RecordingChannels.Stereo), "v");
            files.Write(path, static to =>
            {
                to.Write(new byte[1000]);
                return true;
            });
            File.SetLastAccessTimeUtc(path, new DateTime(2026, 11, 20, 0, 0, i == 0 ? 30 : i, DateTimeKind.Utc));
        }

        Assert.Equal([.. new[] { ids[0], ids[2] }.Order(StringComparer.Ordinal)], rig.Files().Select(static path => Path.GetFileName(path)[..33]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("no_rtp", RecordingState.None)]
    [InlineData("codec_unsupported: G.729 needs libbcg729-0", RecordingState.Failed)]
    public void Outcome_WithoutASound_IsAStateAndNoFile(string reason, RecordingState state)
    {
        using var rig = new RecorderRig();
        string id = rig.Add(1);
        rig.Maker.Halfway = _ => new RecordingOutcome { State = state, Reason = reason };
        RecordingAnswer answer = rig.Workshop.Make(id, RecordingVariant.Default, CancellationToken.None);
        Assert.Null(answer.Path);
        Assert.Empty(rig.Files());
        Assert.Equal((state, reason), (rig.States.GetRecording(id)!.State, rig.States.GetRecording(id)!.Reason));

        // It is not made again for whoever asks next, but for whoever says so.
        Assert.Equal(reason, rig.Workshop.Find(id, RecordingVariant.Default, retry: false)!.Entry.Reason);
        Assert.Equal(reason, rig.Workshop.Find(id, new RecordingVariant(RecordingKind.Wav, RecordingChannels.Stereo), retry: false)!.Entry.Reason);
        Assert.Null(rig.Workshop.Find(id, RecordingVariant.Default, retry: true));
    }

    [Fact]
    public void Failure_InTheMiddle_LeavesNoHalfFileAndTheEarlierOne()
    {
        using var rig = new RecorderRig();
        string id = rig.Add(1);
        rig.Workshop.Make(id, RecordingVariant.Default, CancellationToken.None);
        rig.Maker.Halfway = static _ => throw new IOException("No space left on device");
        RecordingAnswer answer = rig.Workshop.Make(id, RecordingVariant.Default, CancellationToken.None);
        Assert.Equal((RecordingState.Failed, "disk: No space left on device"), (answer.Entry.State, answer.Entry.Reason));
        Assert.Equal($"Mp3 {id}", File.ReadAllText(Path.Combine(rig.Folder, Assert.Single(rig.Files()))));
        rig.Maker.Halfway = static _ => throw new InvalidOperationException("secret path /a/b");
        Assert.Equal("fault: InvalidOperationException", rig.Workshop.Make(id, RecordingVariant.Default, CancellationToken.None).Entry.Reason);
        Assert.Single(rig.Files());
    }

    [Fact]
    public void Kill_InTheMiddle_LeavesAPartThatTheNextStartRemoves()
    {
        using var rig = new RecorderRig();
        string id = rig.Add(1);

        // What a killed program leaves: a part nobody holds, and a row that says pending.
        string part = Path.Combine(rig.Folder, "partial", id + ".mp3.x");
        File.WriteAllText(part, "half");
        rig.States.SetRecording(new RecordingEntry { CallId = id, State = RecordingState.Pending, Attempts = 1 });
        Assert.Null(rig.Workshop.Find(id, RecordingVariant.Default, retry: false));
        string held = Path.Combine(rig.Folder, "partial", "held");
        using (new FileStream(held, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete))
        {
            RecordingFiles.Open(rig.Folder, 1 << 20);
            Assert.Equal([Path.Combine("partial", "held")], rig.Files());
        }

        Assert.Equal([id], rig.Workshop.Pending(10).Select(static entry => entry.CallId));
        Assert.Equal(2, rig.Workshop.Make(id, RecordingVariant.Default, CancellationToken.None).Entry.Attempts);
    }

    [Fact]
    public void Stop_InTheMiddle_ThrowsAndStaysPending()
    {
        using var rig = new RecorderRig();
        string id = rig.Add(1);
        using var stop = new CancellationTokenSource();
        rig.Maker.Halfway = _ =>
        {
            stop.Cancel();
            return null;
        };
        Assert.Throws<OperationCanceledException>(() => rig.Workshop.Make(id, RecordingVariant.Default, stop.Token));
        Assert.Empty(rig.Files());
        Assert.Equal(RecordingState.Pending, rig.States.GetRecording(id)!.State);
    }

    [Fact]
    public void Failure_IsTriedAgainAfterPausesThatDouble_AndThenLeftAlone()
    {
        using var rig = new RecorderRig();
        string id = rig.Add(1);
        rig.Maker.Halfway = static _ => new RecordingOutcome { State = RecordingState.Failed, Reason = "x" };
        rig.Workshop.Make(id, RecordingVariant.Default, CancellationToken.None);
        Assert.Equal(TimeSpan.FromMinutes(1), rig.Workshop.Find(id, RecordingVariant.Default, retry: false)!.RetryAfter);
        Assert.Empty(rig.Workshop.Due(10));
        rig.Clock.Move(TimeSpan.FromMinutes(1));
        Assert.Single(rig.Workshop.Due(10));
        Assert.Null(rig.Workshop.Find(id, RecordingVariant.Default, retry: false));
        rig.Workshop.Make(id, RecordingVariant.Default, CancellationToken.None);
        rig.Clock.Move(TimeSpan.FromMinutes(1));
        Assert.Empty(rig.Workshop.Due(10));
        rig.Clock.Move(TimeSpan.FromMinutes(1));
        Assert.Single(rig.Workshop.Due(10));
        rig.Workshop.Make(id, RecordingVariant.Default, CancellationToken.None);
        rig.Clock.Move(TimeSpan.FromDays(1));
        Assert.Empty(rig.Workshop.Due(10));
        Assert.Equal(3, rig.Workshop.Find(id, RecordingVariant.Default, retry: false)!.Entry.Attempts);
        rig.Maker.Halfway = null;
        Assert.Equal(RecordingState.Available, rig.Workshop.FindOrMake(id, RecordingVariant.Default, retry: true, CancellationToken.None).Entry.State);
    }

    [Fact]
    public void Policy_Never_MakesNoneAndStillGivesOutWhatIsThere()
    {
        using var rig = new RecorderRig();
        string there = rig.Add(1), other = rig.AddPending(2);
        rig.Workshop.Make(there, RecordingVariant.Default, CancellationToken.None);
        var never = new RecordingWorkshop(rig, rig, rig.States, rig.Maker, rig.Workshop.Files, rig.Workshop.Options with { Policy = new FixedRecordingPolicy(new RecordingRule(RecordingPolicy.Never, RecordingSides.Both)) });
        Assert.NotNull(never.Find(there, RecordingVariant.Default, retry: true)!.Path);
        Assert.Equal("policy", never.Find(other, RecordingVariant.Default, retry: true)!.Entry.Reason);
        Assert.Equal("policy", never.Find(there, new RecordingVariant(RecordingKind.Wav, RecordingChannels.Stereo), retry: false)!.Entry.Reason);
        Assert.Empty(never.Pending(10));
    }

    [Fact]
    public void Policy_ByCall_DecidesOfEachWhetherAndWhoseVoice()
    {
        string[] ids = new string[3];
        var byCall = new ByCallPolicy(record => Array.IndexOf(ids, record.Id) switch
        {
            0 => new RecordingRule(RecordingPolicy.Never, RecordingSides.Both),
            1 => new RecordingRule(RecordingPolicy.Always, RecordingSides.Callee),
            _ => new RecordingRule(RecordingPolicy.OnDemand, RecordingSides.Caller),
        });
        using var rig = new RecorderRig(options => options with { Policy = byCall });
        ids[0] = rig.AddPending(1);
        ids[1] = rig.AddPending(2);
        ids[2] = rig.Add(3);
        Assert.Equal("policy", rig.Workshop.Find(ids[0], RecordingVariant.Default, retry: true)!.Entry.Reason);
        Assert.Equal(2, rig.Workshop.Pending(10).Count);
        foreach (string id in ids) rig.Workshop.Make(id, RecordingVariant.Default, CancellationToken.None);

        // The one that waited although it must not be made waits no more, and nothing was made of it.
        Assert.Empty(rig.Workshop.Pending(10));
        Assert.Equal((RecordingState.None, "policy"), (rig.States.GetRecording(ids[0])!.State, rig.States.GetRecording(ids[0])!.Reason));
        Assert.Equal(ids[1..], rig.Maker.Order);
        Assert.Equal([RecordingSides.Callee, RecordingSides.Caller], rig.Maker.Requests.Select(static request => request.Sides));
    }

    [Fact]
    public void Call_NeverAnsweredOrUnknown_HasAReasonAndNoRow()
    {
        using var rig = new RecorderRig();
        string unanswered = rig.Add(1, static call => call with { AnsweredAt = null });
        Assert.Equal("not_answered", rig.Workshop.Find(unanswered, RecordingVariant.Default, retry: true)!.Entry.Reason);
        Assert.Equal("no_call", rig.Workshop.Find("20261120-000000000000000000000000", RecordingVariant.Default, retry: false)!.Entry.Reason);
        Assert.Null(rig.States.GetRecording(unanswered));
        Assert.Equal(0, rig.Maker.Made);
        Assert.Throws<ArgumentException>(() => rig.Workshop.Files.PathOf("../../etc/passwd"));
    }

    [Fact]
    public void Deletion_RemovesEveryForm_AndStaysKnown()
    {
        using var rig = new RecorderRig();
        string id = rig.Add(1);
        rig.Workshop.Make(id, RecordingVariant.Default, CancellationToken.None);
        rig.Workshop.Make(id, new RecordingVariant(RecordingKind.Waveform, RecordingChannels.Stereo), CancellationToken.None);
        Assert.Equal(2, rig.Files().Length);
        Assert.True(rig.Workshop.Delete(id, "request"));
        Assert.False(rig.Workshop.Delete(id, "request"));
        Assert.Empty(rig.Files());
        RecordingAnswer answer = rig.Workshop.Find(id, RecordingVariant.Default, retry: false)!;
        Assert.Equal((RecordingState.Deleted, "request"), (answer.Entry.State, answer.Entry.Reason));
        Assert.Equal(1, rig.Maker.Made - 1);
    }

    [Fact]
    public void Day_Dropped_TakesItsFilesAndNoOthers()
    {
        using var rig = new RecorderRig();
        string id = rig.Add(1);
        rig.Workshop.Make(id, RecordingVariant.Default, CancellationToken.None);
        rig.Workshop.Files.Write(rig.Workshop.Files.PathOf("20261121" + id[8..]), static to =>
        {
            to.WriteByte(1);
            return true;
        });
        Assert.True(rig.Workshop.Files.DropDay(new DateOnly(2026, 11, 20)));
        Assert.False(rig.Workshop.Files.DropDay(new DateOnly(2026, 11, 20)));
        Assert.StartsWith("2026-11-21", Assert.Single(rig.Files()), StringComparison.Ordinal);
    }

    [Fact]
    public void Store_ThatFails_IsAFailedAnswerAndNoException()
    {
        using var rig = new RecorderRig();
        string id = rig.Add(1);
        rig.States.Failure = new IOException("database is locked");
        Assert.Equal("disk: database is locked", rig.Workshop.Make(id, RecordingVariant.Default, CancellationToken.None).Entry.Reason);
        Assert.Empty(rig.Files());
    }
}
