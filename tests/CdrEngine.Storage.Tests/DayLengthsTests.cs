using System.Buffers.Binary;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

public sealed class DayLengthsTests
{
    [Fact]
    public void Counts_AreThoseOfLookingAtEach_ForAnyBoundsInMilliseconds()
    {
        var random = new Random(5);
        List<(long? Profile, long Lasted, long Billed)> calls = Calls(random, 3_000);
        DayLengths lengths = Read(DayLengths.ToBytes(calls))!;
        for (int i = 0; i < 300; i++)
        {
            TimeSpan? Bound() => random.Next(3) == 0 ? null : TimeSpan.FromMilliseconds(random.Next(0, 200_000));
            var query = new CallQuery { DurationMin = Bound(), DurationMax = Bound(), BillsecMin = Bound(), BillsecMax = Bound() };
            if (LengthBounds.Of(query) is not { } bounds) continue;
            long expected = calls.Count(call => call.Lasted >= Low(query.DurationMin) && call.Lasted <= High(query.DurationMax) && call.Billed >= Low(query.BillsecMin) && call.Billed <= High(query.BillsecMax));
            Assert.Equal(expected, lengths.CallsOf(bounds));
            Assert.Equal(expected, lengths.CallsOf(new AskedProfiles(query), bounds));
        }
    }

    [Theory]
    [InlineData(0, 0u)]
    [InlineData(-5, 0u)]
    [InlineData(1, 1u)]
    [InlineData(999, 1u)]
    [InlineData(1_000, 2u)]
    [InlineData(1_001, 3u)]
    [InlineData(long.MaxValue, uint.MaxValue - 1)]
    public void Length_IsKeptAsTwiceItsMilliseconds_AndOneMoreWhereSomeIsLeft(long microseconds, uint kept) => Assert.Equal(kept, DayLengths.Kept(microseconds));

    [Theory]
    [InlineData(1_000_000, true, true)]
    [InlineData(1_000_001, true, false)]
    [InlineData(999_999, false, true)]
    [InlineData(1_000_500, false, false)]
    [InlineData(0, true, true)]
    [InlineData(long.MaxValue, false, false)]
    public void Bounds_ThatCannotBeToldApart_AreNone(long microseconds, bool least, bool most) =>
        Assert.Equal((least, most), (DayLengths.AtLeast(microseconds) is not null, DayLengths.AtMost(microseconds) is not null));

    [Fact]
    public void Longest_AreStillLongerThanAnyBoundThatCounts()
    {
        DayLengths lengths = Read(DayLengths.ToBytes([(null, long.MaxValue, 0), (null, 1_000_000, 0)]))!;
        Assert.Equal(1, lengths.CallsOf(LengthBounds.Of(new CallQuery { DurationMin = TimeSpan.FromDays(24) })!.Value));
        Assert.Null(LengthBounds.Of(new CallQuery { DurationMin = TimeSpan.FromDays(30) }));
    }

    [Fact]
    public void Profiles_AskedFor_AreCountedAlone_AndThoseWithoutOneNever()
    {
        var index = new ProfileIndex();
        int acme = index.NumberOf(Profile("acme")), beta = index.NumberOf(Profile("beta"));
        byte[] bytes = DayLengths.ToBytes([(null, 5_000_000, 0), (7, 5_000_000, 0), (7, 60_000_000, 0), (9, 60_000_000, 0)]);
        DayLengths lengths = DayLengths.Read(bytes, index, new Dictionary<long, int> { [7] = acme, [9] = beta })!;
        LengthBounds bounds = LengthBounds.Of(new CallQuery { DurationMin = TimeSpan.FromSeconds(5) })!.Value;
        Assert.Equal(4, lengths.CallsOf(bounds));
        Assert.Equal(2, lengths.CallsOf(new AskedProfiles(new CallQuery { Tenant = "acme" }), bounds));
        Assert.Equal(1, lengths.CallsOf(new AskedProfiles(new CallQuery { Tenant = "beta" }), bounds));
        Assert.Equal(0, lengths.CallsOf(new AskedProfiles(new CallQuery { Tenant = "nobody" }), bounds));
    }

    [Theory]
    [InlineData(40, false)]
    [InlineData(2_000, false)]
    [InlineData(2_000, true)]
    public void Counts_OfSomeOfManyProfiles_AreThoseOfLookingAtEach(int profiles, bool asksPersons)
    {
        var random = new Random(profiles);
        var index = new ProfileIndex();
        CallProfile[] all = [.. Enumerable.Range(0, profiles).Select(i => Profile($"tenant{i % 3}") with { SipStatus = i, Traits = i % 2 == 0 ? CallTraits.ByPerson : CallTraits.None })];
        var numbers = Enumerable.Range(0, profiles).ToDictionary(static i => (long)i + 5, i => index.NumberOf(all[i]));
        List<(long? Profile, long Lasted, long Billed)> calls =
        [
            .. Enumerable.Range(0, 9_000).Select(_ => ((long?)(random.Next(50) == 0 ? null : random.Next(profiles) + 5), random.NextInt64(200_000_000), random.NextInt64(200_000_000))).OrderBy(static call => call.Item1),
        ];
        DayLengths lengths = DayLengths.Read(DayLengths.ToBytes(calls), index, numbers)!;
        for (int i = 0; i < 200; i++)
        {
            TimeSpan? Bound() => random.Next(3) == 0 ? null : TimeSpan.FromSeconds(random.Next(0, 220));
            var query = new CallQuery { Tenant = random.Next(3) == 0 ? null : "tenant1", DurationMin = Bound(), DurationMax = Bound(), BillsecMin = Bound(), BillsecMax = asksPersons ? null : Bound(), PersonBillsecMax = asksPersons ? Bound() : null };
            if (LengthBounds.Of(query) is not { } bounds) continue;
            long expected = calls.Count(call => call.Lasted >= Low(query.DurationMin) && call.Lasted <= High(query.DurationMax) && call.Billed >= Low(query.BillsecMin) && call.Billed <= High(query.BillsecMax) && IsAsked(call));
            Assert.Equal(expected, lengths.CallsOf(new AskedProfiles(query), bounds));

            bool IsAsked((long? Profile, long Lasted, long Billed) call)
            {
                if (query.Tenant is null && query.PersonBillsecMax is null) return true;
                if (call.Profile is not { } number) return false;
                CallProfile profile = all[number - 5];
                return (query.Tenant is null || profile.Tenant == query.Tenant) && (!profile.Traits.HasFlag(CallTraits.ByPerson) || call.Billed <= High(query.PersonBillsecMax));
            }
        }
    }

    [Fact]
    public void Damaged_IsNone_AndClaimsOfManyCalls_TakeNoMemory()
    {
        byte[] sound = DayLengths.ToBytes(Calls(new Random(3), 50));
        for (int cut = 1; cut < sound.Length; cut++)
        {
            // Cut between two groups it is one of fewer calls; anywhere else it is none.
            if (Read(sound.AsSpan(0, cut)) is { } shorter) Assert.InRange(shorter.Size, 0, 3 * cut / 2);
        }

        foreach (int claimed in (int[])[int.MaxValue, -1, int.MinValue, 1])
        {
            byte[] claims = new byte[DayLengths.CallSize];
            BinaryPrimitives.WriteInt32LittleEndian(claims, -1);
            BinaryPrimitives.WriteInt32LittleEndian(claims.AsSpan(4), claimed);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Null(Read(claims));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        }

        // A profile that the day does not have.
        Assert.Null(Read(DayLengths.ToBytes([(1234, 1, 1)])));
        Assert.Null(Read([1, 2, 3]));
    }

    [Fact]
    public void Nothing_HasNothing()
    {
        DayLengths none = Read(DayLengths.ToBytes([]))!;
        Assert.Equal((0, 0), (none.Size, none.CallsOf(LengthBounds.Of(new CallQuery { DurationMin = TimeSpan.Zero })!.Value)));
    }

    [Fact]
    public void Bounds_TheWrongWayAbout_CountNothing() =>
        Assert.Equal(0, Read(DayLengths.ToBytes(Calls(new Random(1), 200)))!.CallsOf(LengthBounds.Of(new CallQuery { DurationMin = TimeSpan.FromSeconds(9), DurationMax = TimeSpan.FromSeconds(3) })!.Value));

    private static DayLengths? Read(ReadOnlySpan<byte> bytes) => DayLengths.Read(bytes, new ProfileIndex(), new Dictionary<long, int> { [0] = 0, [1] = 0, [2] = 0 });

    private static List<(long? Profile, long Lasted, long Billed)> Calls(Random random, int count) =>
    [
        .. Enumerable.Range(0, count)
            .Select(_ => ((long?)(random.Next(4) == 3 ? null : random.Next(3)), random.NextInt64(200_000_000), random.Next(2) == 0 ? 0 : random.NextInt64(200_000_000)))
            .OrderBy(static call => call.Item1),
    ];

    private static CallProfile Profile(string tenant) => new() { Tenant = tenant, Disposition = Disposition.Answered };

    private static long Low(TimeSpan? bound) => bound is { } low ? (long)low.TotalMicroseconds : long.MinValue;

    private static long High(TimeSpan? bound) => bound is { } high ? (long)high.TotalMicroseconds : long.MaxValue;
}
