using System.Collections.Concurrent;
using System.CommandLine;
using System.Globalization;
using CdrEngine.Calls.Records;
using CdrEngine.Load;
using CdrEngine.Replay;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>sessions</c>: generated conversations, linked, against what they were. No call may be put to another's conversation.</summary>
internal static class SessionsCommand
{
    public static Command Make(TextWriter output)
    {
        var conversations = new Option<int>("--conversations") { Description = "Conversations of each row.", DefaultValueFactory = static _ => 50_000 };
        var rate = new Option<double>("--rate") { Description = "Conversations begun in a second.", DefaultValueFactory = static _ => 50 };
        var seed = new Option<ulong>("--seed") { Description = "Seed.", DefaultValueFactory = static _ => 1 };
        var command = new Command("sessions", "Link generated conversations and compare with what they were; fails where one is put together that was none.") { conversations, rate, seed };
        command.SetAction((parsed, _) => Task.FromResult(Run(parsed.GetValue(conversations), parsed.GetValue(rate), parsed.GetValue(seed), output)));
        return command;
    }

    private static int Run(int conversations, double rate, ulong seed, TextWriter output)
    {
        output.WriteLine("| tied by | calls | others of a conversation | found | share | false sessions |");
        output.WriteLine("|---|--:|--:|--:|--:|--:|");
        int falsehoods = 0;
        foreach (ConversationTie tie in Enum.GetValues<ConversationTie>()) falsehoods += Row(tie, new ConversationOptions { Conversations = conversations, PerSecond = rate, Seed = SeedOf(seed, tie), Ties = [tie] }, output);
        return falsehoods == 0 ? 0 : 1;
    }

    // A row of its own has conversations of its own: what one happens not to meet another may.
    private static ulong SeedOf(ulong seed, ConversationTie tie) => unchecked((seed * 0x9E37_79B9_7F4A_7C15) + (ulong)tie + 1);

    private static int Row(ConversationTie tie, ConversationOptions options, TextWriter output)
    {
        var expected = new List<ExpectedConversation>();
        var sessionOf = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        string capture = Path.GetTempFileName();
        int calls;
        try
        {
            using (FileStream pcap = File.Create(capture)) calls = ConversationGenerator.Write(options, pcap, expected.Add);
            EngineReplay.Run([capture], new ReplayOptions { Log = false, Records = false }, emission => sessionOf[emission.Record.SipCallId] = emission.Record.SessionId);
        }
        finally
        {
            File.Delete(capture);
        }

        int others = 0, found = 0;
        var conversationOf = new Dictionary<string, int>(StringComparer.Ordinal);
        var falseSessions = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < expected.Count; i++)
        {
            foreach (string call in expected[i].SipCallIds)
            {
                if (!sessionOf.TryGetValue(call, out string? session)) throw new BenchException($"no record of {call}");
                if (conversationOf.TryAdd(session, i) || conversationOf[session] == i) continue;
                falseSessions.Add(session);
            }

            foreach (string call in expected[i].SipCallIds.Skip(1))
            {
                others++;
                if (sessionOf[call] == sessionOf[expected[i].SipCallIds[0]]) found++;
            }
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {EnumNames<ConversationTie>.Of(tie)} | {calls:N0} | {others:N0} | {found:N0} | {(others == 0 ? 1 : (double)found / others):P2} | {falseSessions.Count} |"));
        return falseSessions.Count;
    }
}
