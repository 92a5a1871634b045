using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Texts;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Bytes of a group that a disk gave back otherwise than they were written: what is told may be wrong, and the store says so or goes on; nothing else is thrown.</summary>
public sealed class TextGroupDamageTests
{
    private const int Span = 3_000;
    private const int Rounds = 1_500;

    [Fact]
    public void DamagedTexts_AreAskedWithoutAFault()
    {
        using var folder = new StoreFolder();
        string path = Path.Combine(folder.Records, "one.group");
        (byte[] whole, int texts) = Written(path);
        TextNeedle[] needles =
        [
            new("anna", TextFields.Other), new("9", TextFields.Other), new("an", TextFields.Other), new("anna 77@example.org", TextFields.Other, isWhole: true), new("2077", TextFields.Caller, isWhole: true),
            new("20", TextFields.Searched), new("nobody", TextFields.Searched),
        ];
        var range = new TextRange(TextOf.Caller, TextSense.Greater, "2100");
        var random = new Random(11);
        int answered = 0, refused = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] bytes = [.. whole];
            for (int i = random.Next(1, 20); i > 0; i--) bytes[random.Next(texts)] = (byte)random.Next(256);

            // Long numbers, of five bytes each.
            for (int i = random.Next(1, 20); i > 0; i--) ((byte[])[(byte)random.Next(128, 256), 0xFF, (byte)random.Next(128, 256), (byte)random.Next(128, 256), (byte)random.Next(16)]).CopyTo(bytes, random.Next(texts - 5));
            File.WriteAllBytes(path, bytes);
            using TextGroup group = Assert.IsType<TextGroup>(TextGroup.Open(path));
            foreach (TextNeedle needle in needles) Ask(() => Places(group, needle));
            Ask(() => group.RanksOf(1)?.Meeting([new PlacedRange(range, 50, IsThere: true)]).Met.CountIn(0, Span));
            Ask(() => group.PlaceOf(1, "2100"u8).Below);
        }

        Assert.InRange(answered, Rounds, int.MaxValue);
        Assert.InRange(refused, 0, Rounds);

        void Ask(Func<int?> ask)
        {
            try
            {
                if (ask() is { } count) Assert.InRange(count, 0, Span);
                answered++;
            }
            catch (StoreException)
            {
                refused++;
            }
        }
    }

    [Fact]
    public void CallsOfTextsBetweenTwo_AreThoseThatLookingAtAllPlacesFinds_AndReadInFewSteps()
    {
        using var folder = new StoreFolder();
        string path = Path.Combine(folder.Records, "one.group");
        (byte[] whole, _) = Written(path);
        using TextGroup group = TextGroup.Open(path)!;
        TextRanks ranks = group.RanksOf(1)!;
        var random = new Random(5);
        int listed = 0, steps = 0;
        for (int i = 0; i < 400; i++)
        {
            TextRange low = new(TextOf.Caller, random.Next(2) == 0 ? TextSense.Greater : TextSense.GreaterOrEqual, $"2{random.Next(450):000}"[..random.Next(1, 5)]);
            TextRange high = new(TextOf.Caller, random.Next(2) == 0 ? TextSense.Less : TextSense.LessOrEqual, $"2{random.Next(450):000}"[..random.Next(1, 5)]);
            PlacedRange[] placed = [.. new[] { low, high }.Select(range =>
            {
                byte[] text = Encoding.UTF8.GetBytes(range.Text);
                var near = new TextPlace(text);
                foreach (GroupRead read in group.Placing(1, near, ranks.Near(range.Text)))
                {
                    Fill(read);
                    steps++;
                }

                Assert.Equal(group.PlaceOf(1, text), (near.Below, near.IsThere));
                return new PlacedRange(range, near.Below, near.IsThere);
            })];
            (int first, int last) = ranks.Within(placed);
            if (!group.IsShort(1, first, last)) continue;
            listed++;
            var found = new GroupSet.Builder(group.Span);
            foreach (GroupRead read in group.Listing(1, first, last, found)) Fill(read);
            List<int> its = [], expected = [];
            ranks.Meeting(placed, found.Build()).Met.AddTo(its, 0, Span);
            ranks.Meeting(placed).Met.AddTo(expected, 0, Span);
            Assert.Equal(expected, its);
        }

        Assert.InRange(listed, 200, 400);
        Assert.InRange(steps, 1, 3 * 800);

        void Fill(GroupRead read)
        {
            for (int part = 0; part < read.Parts.Count; part++) read[part] = whole.AsSpan((int)read.Parts[part].At, read.Parts[part].Length).ToArray();
        }
    }

    [Fact]
    public void FromAfar_TheSameIsFound_InFewSteps()
    {
        using var folder = new StoreFolder();
        string path = Path.Combine(folder.Records, "one.group");
        (byte[] whole, int texts) = Written(path);
        using TextGroup near = Assert.IsType<TextGroup>(TextGroup.Open(path)), far = Assert.IsType<TextGroup>(TextGroup.Read(whole.AsSpan(texts), whole.Length));
        Assert.Null(TextGroup.Read(whole.AsSpan(texts), whole.Length + 1));
        Assert.Null(TextGroup.Read(whole.AsSpan(texts + 1), whole.Length));
        Assert.Null(TextGroup.Read(whole.AsSpan(whole.Length - 3), whole.Length));
        var random = new Random(3);
        for (int i = 0; i < 400; i++)
        {
            string text = random.Next(3) switch { 0 => "everybody", 1 => $"anna {random.Next(320)}@example.org", _ => $"2{random.Next(450):000}" };
            bool isWhole = random.Next(3) == 0;
            int at = isWhole ? 0 : random.Next(text.Length);
            var needle = new TextNeedle(isWhole ? text : text.Substring(at, random.Next(1, text.Length - at + 1)), random.Next(2) == 0 ? TextFields.Searched : TextFields.Caller, isWhole);
            GroupSet.Builder here = new(Span), there = new(Span);
            near.Find(needle, here);
            Assert.InRange(Run(far.Finding(needle, there)), 0, 8);
            List<int> expected = [], found = [];
            here.Build().AddTo(expected, 0, Span);
            there.Build().AddTo(found, 0, Span);
            Assert.Equal(expected, found);
            var place = new TextPlace(Encoding.UTF8.GetBytes(text));
            Run(far.Placing(1, place));
            Assert.Equal(near.PlaceOf(1, place.Text), (place.Below, place.IsThere));
        }

        TextRanks.Builder ranks = far.RanksFor(1);
        Run(far.Ranking(1, ranks));
        var range = new TextRange(TextOf.Caller, TextSense.Less, "2100");
        Assert.Equal(near.RanksOf(1)!.Meeting([new PlacedRange(range, 100, IsThere: true)]).Met.CountIn(0, Span), ranks.Build()!.Meeting([new PlacedRange(range, 100, IsThere: true)]).Met.CountIn(0, Span));

        int Run(IEnumerable<GroupRead> steps)
        {
            int count = 0;
            foreach (GroupRead read in steps)
            {
                for (int part = 0; part < read.Parts.Count; part++) read[part] = whole.AsSpan((int)read.Parts[part].At, read.Parts[part].Length).ToArray();
                count++;
            }

            return count;
        }
    }

    private static int? Places(TextGroup group, TextNeedle needle)
    {
        var found = new GroupSet.Builder(group.Span);
        group.Find(needle, found);
        var places = new List<int>();
        found.Build().AddTo(places, 0, group.Span);
        Assert.All(places, static place => Assert.InRange(place, 0, Span - 1));
        return places.Count;
    }

    // All bytes of a group, and where its texts end.
    private static (byte[] Whole, int Texts) Written(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Write(path);
        byte[] whole = File.ReadAllBytes(path);
        return (whole, (int)BitConverter.ToInt64(whole.AsSpan(whole.Length - TextGroup.FooterBytes)));
    }

    private static void Write(string path)
    {
        var texts = new SortedDictionary<string, List<int>>(StringComparer.Ordinal);
        var callers = new SortedDictionary<string, List<int>>(StringComparer.Ordinal);
        for (int place = 0; place < Span; place++)
        {
            Add(texts, $"anna {place % 300}@example.org", place);
            Add(texts, "everybody", place);
            Add(callers, $"2{place % 400:000}", place);
        }

        var source = new TextGroupSource(0);
        List<(string Text, List<int> Places)> all = [.. texts.Concat(callers).Select(static pair => (pair.Key, pair.Value))];
        int[] ends = [texts.Count, .. Enumerable.Repeat(all.Count, TextSegment.Fields - 1)];
        foreach ((string Text, List<int> Places)[] chunk in all.Chunk(TextSegment.ChunkTerms))
        {
            var its = new TextBytes();
            var calls = new TextBytes();
            foreach ((string text, List<int> places) in chunk)
            {
                byte[] utf8 = Encoding.UTF8.GetBytes(text);
                its.Add((uint)utf8.Length);
                its.Add(utf8);
                var list = new TextBytes();
                int before = 0;
                foreach (int place in places)
                {
                    list.Add((uint)(place - before));
                    before = place;
                }

                calls.Add((uint)list.Length);
                calls.Add(list.Written);
            }

            source.Add(its.ToArray(), calls.ToArray(), ends);
        }

        TextGroupWriter.Write(path, [new TextGroupDay(new DateOnly(2026, 1, 1), 1, 1, 0, Span)], [source], default);

        static void Add(SortedDictionary<string, List<int>> to, string text, int place)
        {
            if (!to.TryGetValue(text, out List<int>? places)) to.Add(text, places = []);
            places.Add(place);
        }
    }
}
