using System.Diagnostics;
using System.Globalization;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Benchmarks.Calls;

/// <summary>What marking a record costs (bar: 1 µs), and finding the longest of many prefixes, against trying each length in a dictionary.</summary>
public static class DirectoryBenchmarks
{
    private const int Prefixes = 100_000;
    private const int Users = 10_000;
    private const int Rounds = 300;

    /// <summary>Runs all and prints a line each; some seconds.</summary>
    public static void Run(TextWriter output)
    {
        Find(output);
        Mark(output);
    }

    private static void Find(TextWriter output)
    {
        var random = new Random(1);
        var dictionary = new Dictionary<string, int>(StringComparer.Ordinal);
        while (dictionary.Count < Prefixes) dictionary.TryAdd(Number(random, random.Next(2, 9)), dictionary.Count);
        PrefixTable table = PrefixTable.Of(dictionary.Select(static pair => (pair.Key, pair.Value)));
        string[] numbers = [.. Enumerable.Range(0, 20_000).Select(_ => "+" + Number(random, 12))];
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = dictionary.GetAlternateLookup<ReadOnlySpan<char>>();
        long sum = 0;
        double radix = Best(numbers.Length, () =>
        {
            foreach (string number in numbers) sum += table.Find(number, out _);
        });
        double probing = Best(numbers.Length, () =>
        {
            foreach (string number in numbers)
            {
                ReadOnlySpan<char> digits = number.AsSpan(1);
                int value = -1;
                for (int length = Math.Min(digits.Length, PrefixTable.MaxDigits); length > 0; length--)
                {
                    if (!lookup.TryGetValue(digits[..length], out value)) continue;
                    break;
                }

                sum -= value;
            }
        });
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"prefixes: {Prefixes} of 2 to 8 digits: table {radix,6:F1} ns, dictionary by length {probing,6:F1} ns a number ({sum & 1})"));
    }

    private static void Mark(TextWriter output)
    {
        CallDirectory directory = Directory();
        var random = new Random(2);
        CallRecord[] calls = [.. Enumerable.Range(0, 2_000).Select(i => Call(random, i))];
        long marked = 0;
        double cost = Best(calls.Length, () =>
        {
            foreach (CallRecord call in calls) marked += directory.Mark(call).Direction is null ? 0 : 1;
        });
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (CallRecord call in calls) directory.Mark(call);
        double bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)calls.Length;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"marking: {Users} users, {Prefixes} prices: {cost,6:F0} ns and {bytes,5:F0} bytes a record (a copy of it included); {marked / (double)(calls.Length * Rounds):P0} with a direction"));
    }

    private static double Best(int items, Action run)
    {
        // The best of many short passes, the first of which warm up.
        double best = double.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / items);
        }

        return best;
    }

    private static CallDirectory Directory()
    {
        var draft = new DirectoryDraft { DefaultPlan = At("de"), DefaultTenant = At("acme") };
        draft.Plans.Add(("b", new NumberPlan { Name = "de", CountryCode = "49", NationalPrefix = "0", ExtensionLengths = [5], Short = ["110", "112"] }));
        draft.Tenants.Add(new TenantDraft { Where = "b", Name = "acme", Domains = [At("acme.example")], Rates = At("r") });
        AddressRange.TryRead("192.0.2.0/24", out AddressRange carrier);
        draft.Trunks.Add(new TrunkDraft { Where = "b", Name = "telco", Addresses = [("b", carrier)] });
        for (int i = 0; i < Users; i++)
        {
            draft.Entries.Add(new EntryDraft
            {
                Where = "b",
                Kind = PartyKind.User,
                Id = i + 1,
                Name = $"User {i}",
                Extensions = [At($"{10_000 + i}")],
                Numbers = [At($"+4930555{10_000 + i}")],
            });
        }

        var rates = new RateTableDraft { Where = "b", Name = "r", Currency = At("EUR") };
        var random = new Random(3);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        while (taken.Count < Prefixes)
        {
            string prefix = Number(random, random.Next(2, 9));
            if (taken.Add(prefix)) rates.Entries.Add(("b", new RateEntry { Prefix = prefix, Name = "somewhere", PerMinute = 0.0123m, FirstIncrement = 60 }));
        }

        draft.Rates.Add(rates);
        return CallDirectory.TryBuild(draft, BillsecRounding.Nearest, out IReadOnlyList<DirectoryProblem> problems)
            ?? throw new InvalidOperationException(problems[0].ToString());
    }

    // A third each out, in and within.
    private static CallRecord Call(Random random, int index)
    {
        string user = $"{10_000 + random.Next(Users)}", other = $"{10_000 + random.Next(Users)}";
        string outside = "00" + Number(random, 11);
        (string caller, string callee) = (index % 3) switch { 0 => (user, outside), 1 => (outside, "+4930555" + user), _ => (user, other) };
        IpAddress carrier = IpAddress.FromV4(0xC000_0209), inside = IpAddress.FromV4(0x0A00_0009);
        var at = new Timestamp(1_763_600_000_000_000);
        return new CallRecord
        {
            Id = "20251120-00112233445566778899aabb",
            SessionId = "20251120-00112233445566778899aabb",
            SipCallId = "call",
            State = CallState.Ended,
            Disposition = Disposition.Answered,
            Dialled = callee,
            Caller = new Party { Number = caller, Uri = $"sip:{caller}@acme.example", Address = new Endpoint(index % 3 == 1 ? carrier : inside, 5060) },
            Callee = new Party { Number = callee, Uri = $"sip:{callee}@acme.example", Address = new Endpoint(index % 3 == 0 ? carrier : inside, 5060) },
            StartedAt = at,
            AnsweredAt = at,
            EndedAt = at + TimeSpan.FromSeconds(77),
        };
    }

    private static Placed At(string text) => new("b", text);

    private static string Number(Random random, int length) => string.Create(length, random, static (span, random) =>
    {
        foreach (ref char c in span) c = (char)('1' + random.Next(9));
    });
}
