using System.Text;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Texts of many days put together: told in memory, gone with what they tell of, and never believed of a day that is another by now.</summary>
public sealed class TextGroupTests
{
    private const int Days = 12;
    private const int CallsOfDay = 40;

    private static readonly DateOnly Over = new(2030, 1, 1);

    [Fact]
    public void Order_IsThatOfStrings()
    {
        var random = new Random(1);
        string[] characters = ["a", "b", "~", "é", "€", "\uD7FF", "\uE000", "\uFFFD", "\U00010000", "\U0010FFFF", "𐐀"];
        string Text() => string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => characters[random.Next(characters.Length)]));
        for (int i = 0; i < 5_000; i++)
        {
            string left = Text(), right = Text();
            Assert.Equal(Math.Sign(string.CompareOrdinal(left, right)), Math.Sign(TextOrder.Compare(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right))));
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(200)]
    [InlineData(900)]
    public void Sets_CountAndListWhatWasAdded(int added)
    {
        const int span = 1_000;
        var random = new Random(added);
        var builder = new GroupSet.Builder(span);
        var expected = new SortedSet<int>();
        for (int i = 0; i < added; i++)
        {
            int place = random.Next(span);
            builder.Add(place);
            expected.Add(place);
        }

        builder.Add(span);
        builder.Add(-1);
        byte[] bits = new byte[(span + 7) / 8];
        if (added > 500) bits[3] = 0b1000_0001;
        if (added > 500) expected.UnionWith([24, 31]);
        if (added > 500) builder.AddBits(bits);
        GroupSet set = builder.Build();
        for (int i = 0; i < 200; i++)
        {
            int from = random.Next(span), to = random.Next(from, span + 1);
            var places = new List<int>();
            set.AddTo(places, from, to);
            Assert.Equal(expected.Where(place => place >= from && place < to), places);
            Assert.Equal(places.Count, set.CountIn(from, to));
            Assert.Equal(expected.Contains(from), set.Has(from));
        }
    }

    [Fact]
    public void SealedDays_AreToldInMemory()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        List<StoredCall> calls = Fill(store);
        Assert.Null(store.CountTold(Anna, store.Days()[0]));
        store.Seal(Over);
        Assert.Single(Groups(folder));
        AssertTold(store, calls);

        // Nothing is made that is there.
        string[] made = Groups(folder);
        store.Seal(Over);
        Assert.Equal(made, Groups(folder));
    }

    [Fact]
    public void Archives_OfBefore_GetThemWithTheNextPass()
    {
        using var folder = new StoreFolder();
        List<StoredCall> calls;
        using (SqliteCallStore store = SqliteCallStore.Open(folder.Records))
        {
            calls = Fill(store);
            store.Seal(Over);
        }

        Directory.Delete(Path.Combine(folder.Records, ArchiveTexts.FolderName), recursive: true);
        foreach (string path in Directory.GetFiles(folder.Records, "????-??-??.db"))
        {
            using SqliteDatabase database = SqliteDatabase.Open(path, SqliteAccess.Write, TimeSpan.FromSeconds(1), 1024);
            database.Execute("DELETE FROM day_seal WHERE name = 'stamp'");
        }

        using SqliteCallStore newer = SqliteCallStore.Open(folder.Records);
        Assert.Null(newer.CountTold(Anna, newer.Days()[0]));
        Assert.Equal(Expected(calls).Count, newer.Count(Anna));

        // The days are sealed as they are: nothing of them is made anew.
        Assert.Equal(0, newer.Seal(Over));
        AssertTold(newer, calls);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Files_ThatAreDamaged_AreMadeAnew(int damage)
    {
        using var folder = new StoreFolder();
        List<StoredCall> calls;
        using (SqliteCallStore store = SqliteCallStore.Open(folder.Records))
        {
            calls = Fill(store);
            store.Seal(Over);
        }

        string path = Assert.Single(Groups(folder));
        byte[] bytes = File.ReadAllBytes(path);
        if (damage == 0) bytes = [];
        if (damage == 1) bytes = bytes[..^1];
        if (damage == 2) bytes[^(TextGroup.FooterBytes + 5)] ^= 1;
        File.WriteAllBytes(path, bytes);
        using SqliteCallStore newer = SqliteCallStore.Open(folder.Records);
        Assert.Equal(Expected(calls).Count, newer.Count(Anna));
        newer.Seal(Over);
        AssertTold(newer, calls);
    }

    [Fact]
    public void Days_ThatAreWrittenToOrGo_AreNotToldUntilTheNextPass()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        List<StoredCall> calls = Fill(store);
        store.Seal(Over);
        IReadOnlyList<DateOnly> days = store.Days();

        // One call more of a day: the others are still told.
        StoredCall late = Call(Days * CallsOfDay, days[2]);
        store.Write([late]);
        calls.Add(late);
        Assert.Null(store.CountTold(Anna, days[2]));
        Assert.NotNull(store.CountTold(Anna, days[3]));
        Assert.Equal(Expected(calls).Count, store.Count(Anna));
        store.Seal(Over);
        AssertTold(store, calls);

        // A day that goes takes its texts with it at once, and so does a call that is purged.
        Assert.True(store.DropDay(days[0]));
        Assert.Empty(Groups(folder));
        calls.RemoveAll(call => DayOf(call) == days[0]);
        Assert.Equal(Expected(calls).Count, store.Count(Anna));
        store.Seal(Over);
        AssertTold(store, calls);
        StoredCall gone = calls.First(call => DayOf(call) == days[5]);
        Assert.Equal(1, ((ICallKeeping)store).Purge(days[5], [gone.Record.Id]));
        Assert.Empty(Groups(folder));
        calls.Remove(gone);
        Assert.Equal(Expected(calls).Count, store.Count(Anna));
        store.Seal(Over);
        AssertTold(store, calls);

        // Deleted, and still there: the rest is looked at.
        StoredCall hidden = Expected(calls)[0];
        store.Hide([hidden.Record.Id], "test", TestCalls.Start);
        calls.Remove(hidden);
        Assert.Null(store.CountTold(Anna, DayOf(hidden)));
        Assert.Equal(Expected(calls).Count, store.Count(Anna));
        Assert.Equal(Ids(Expected(calls)), Pages(store, Anna));
    }

    [Fact]
    public void Pages_OverManyDays_AreThoseOfEveryCall()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        List<StoredCall> calls = Fill(store);
        var queries = new List<CallQuery>
        {
            Anna, Anna with { Tenant = "acme" }, Anna with { Ascending = true }, new() { Dispositions = [Calls.Records.Disposition.Busy] },
            new() { Any = [new CallQuery { Text = "anna" }, new CallQuery { CallerNumbers = ["1007"] }], Tenant = "acme" },
            Anna with { From = At(store.Days()[1], 30_000), To = At(store.Days()[9], 30_000) },
        };
        List<List<string>> plain = [.. queries.Select(query => Pages(store, query))];
        store.Seal(Over);
        for (int i = 0; i < queries.Count; i++)
        {
            Assert.NotEmpty(plain[i]);
            Assert.Equal(plain[i], Pages(store, queries[i]));
            Assert.Equal(plain[i].Count, store.Page(new CallPageRequest { Query = queries[i], Take = 5, Viewer = "v", WantsTotal = true }).Total);

            // Any page of it, also as the first that is asked for.
            foreach (int skip in (int[])[1, plain[i].Count / 2, plain[i].Count - 1, plain[i].Count])
            {
                CallSlice slice = store.Page(new CallPageRequest { Query = queries[i], Skip = skip, Take = 7, Viewer = $"far{skip}" });
                Assert.Equal(plain[i].Skip(skip).Take(7), slice.Calls.Select(static call => call.Record.Id));
            }
        }

        Assert.Equal(Ids(Expected(calls)), plain[0]);
    }

    [Fact]
    public void Groups_ThatAreFull_StayAsTheyAre()
    {
        using var folder = new StoreFolder();
        Directory.CreateDirectory(folder.Records);
        using var texts = new ArchiveTexts(folder.Records, long.MaxValue, long.MaxValue);
        const int span = TextGroupPlan.MostCalls / 4;
        List<ArchiveDay> days = [.. Enumerable.Range(0, 10).Select(static i => new ArchiveDay(new DateOnly(2026, 1, 1).AddDays(i), 1_000 + i, 1, span))];
        Assert.Equal(3, Maintain());
        string[] before = Groups(folder);
        days.Add(new ArchiveDay(new DateOnly(2026, 1, 11), 2_000, 1, span));
        Assert.Equal(1, Maintain());
        Assert.Equal(before[..2], Groups(folder)[..2]);
        Assert.Equal(3, Groups(folder).Length);

        // The first goes; of its group the others are put together anew. One that is too large stands alone, without a group.
        days.RemoveAt(0);
        days.Add(new ArchiveDay(new DateOnly(2026, 1, 12), 3_000, 1, TextGroupPlan.MostCalls + 1));
        Assert.Equal(1, Maintain());
        ArchiveTexts.Known known = texts.Now();
        Assert.Equal(days.Take(days.Count - 1).Select(static day => day.Day), known.Days.Keys.Order());
        foreach (ArchiveDay day in days.SkipLast(1))
        {
            Assert.Null(known.Find(day.Day, day.Stamp + 1));
            (TextGroup group, TextGroupDay its) = known.Find(day.Day, day.Stamp)!.Value;
            GroupSet set = texts.SetOf(group, new TextClause([new TextNeedle($"day {day.Day.Day}", TextFields.Other, isWhole: true)]));
            Assert.Equal(1, set.CountIn(0, group.Span));
            Assert.True(set.Has(its.Begin + 7));
        }

        // A day that changed while it was put together leaves no group behind.
        Assert.Equal(0, texts.Maintain([new ArchiveDay(new DateOnly(2027, 1, 1), 5, 1, 9)], Load, static _ => false, default));
        Assert.Empty(Groups(folder));

        int Maintain() => texts.Maintain(days, Load, static _ => true, default);

        static List<TextGroupSource>? Load(ArchiveDay day, int begin)
        {
            var source = new TextGroupSource(begin);
            byte[] text = Encoding.UTF8.GetBytes($"day {day.Day.Day}");
            source.Add([(byte)text.Length, .. text], [1, 7], [.. Enumerable.Repeat(1, TextSegment.Fields)]);
            return [source];
        }
    }

    private static CallQuery Anna { get; } = new() { Text = "anna" };

    private static List<StoredCall> Fill(SqliteCallStore store)
    {
        List<StoredCall> calls = [.. Enumerable.Range(0, Days * CallsOfDay).Select(static index => Call(index, new DateOnly(2026, 11, 1).AddDays(index % Days)))];
        Assert.Null(store.Write(calls).Fault);
        Assert.Equal(Days, store.Days().Count);
        return calls;
    }

    private static StoredCall Call(int index, DateOnly day) => CallTextTests.Call(index, new Random(index), At(day, index * 60));

    private static Timestamp At(DateOnly day, int seconds) => Timestamp.From(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero)) + TimeSpan.FromSeconds(seconds);

    private static DateOnly DayOf(StoredCall call) => DateOnly.FromDateTime(call.Record.StartedAt.ToDateTime());

    // Newest first, as lists give them.
    private static List<StoredCall> Expected(IEnumerable<StoredCall> calls) =>
        [.. calls.Where(static call => CallTextTests.HasText(call.Record, "anna")).OrderByDescending(static call => call.Record.StartedAt).ThenByDescending(static call => call.Record.Id, StringComparer.Ordinal)];

    private static List<string> Ids(IEnumerable<StoredCall> calls) => [.. calls.Select(static call => call.Record.Id)];

    private static void AssertTold(SqliteCallStore store, List<StoredCall> calls)
    {
        foreach (DateOnly day in store.Days())
        {
            List<StoredCall> its = Expected(calls.Where(call => DayOf(call) == day));
            Assert.Equal(its.Count, store.CountTold(Anna, day));
            Assert.Equal(its.Count(static call => call.Tenant == "acme"), store.CountTold(Anna with { Tenant = "acme" }, day));
            Assert.Equal(0, store.CountTold(new CallQuery { Labels = [new LabelPart(CallLabel.UserData, "nobody's", false)] }, day));
        }

        Assert.Equal(Ids(Expected(calls)), Pages(store, Anna));
    }

    private static List<string> Pages(SqliteCallStore store, CallQuery query)
    {
        var listed = new List<string>();
        for (bool more = true; more;)
        {
            CallSlice slice = store.Page(new CallPageRequest { Query = query, Skip = listed.Count, Take = 7, Viewer = "pages" });
            listed.AddRange(slice.Calls.Select(static call => call.Record.Id));
            more = slice.HasMore;
        }

        // The same by cursors.
        var ids = new List<string>();
        string? cursor = null;
        do
        {
            CallPage page = store.List(query with { Limit = 9, Cursor = cursor });
            ids.AddRange(page.Calls.Select(static call => call.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        Assert.Equal(ids, listed);
        return listed;
    }

    private static string[] Groups(StoreFolder folder)
    {
        string path = Path.Combine(folder.Records, ArchiveTexts.FolderName);
        return Directory.Exists(path) ? [.. Directory.GetFiles(path).Order(StringComparer.Ordinal)] : [];
    }
}
