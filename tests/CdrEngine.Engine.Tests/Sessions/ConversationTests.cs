using CdrEngine.Calls.Records;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using Xunit;

namespace CdrEngine.Engine.Tests.Sessions;

/// <summary>Generated conversations, whose calls are known: how many are put together, and that none is put together that was not.</summary>
public sealed class ConversationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(20261120)]
    public void Conversations_WithHeadersOrSessionId_AreFoundInNinetyNineOfAHundred(ulong seed)
    {
        ConversationScore score = Play(new ConversationOptions { Conversations = 2500, Seed = seed, Ties = [ConversationTie.Header, ConversationTie.SessionId] });
        Assert.True(score.Falsehoods.Length == 0, score.Falsehoods + score);
        Assert.True(score.Share >= 0.99, score.ToString());
    }

    [Theory]
    [InlineData(ConversationTie.Affix, 0.99)]
    [InlineData(ConversationTie.Sdp, 0.99)]
    [InlineData(ConversationTie.Rtp, 0.97)]
    public void Conversations_TiedByWhatAMachinePassesOn_AreFound(ConversationTie tie, double least)
    {
        ConversationScore score = Play(new ConversationOptions { Conversations = 1500, Seed = 7, Ties = [tie], Kinds = [ConversationKind.Lone, ConversationKind.Orphan, ConversationKind.Legs, ConversationKind.Hairpin, ConversationKind.Forward] });
        Assert.True(score.Falsehoods.Length == 0, score.Falsehoods + score);
        Assert.True(score.Share >= least, score.ToString());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(20261120)]
    public void Conversations_WithNumbersAndTimeOnly_AreFoundInNinetyFiveOfAHundred(ulong seed)
    {
        ConversationScore score = Play(new ConversationOptions { Conversations = 2500, Seed = seed, PerSecond = 50, Ties = [ConversationTie.Numbers] });
        Assert.True(score.Falsehoods.Length == 0, score.Falsehoods + score);
        Assert.True(score.Share >= 0.95, score.ToString());
    }

    [Fact]
    public void ParallelCalls_OfFewNumbers_AreNeverPutTogether()
    {
        // Thirty numbers for fifty calls a second, and every fourth caller calls twice: nearly all is ambiguous.
        ConversationScore score = Play(new ConversationOptions
        {
            Conversations = 4000,
            Seed = 99,
            Ties = [ConversationTie.Numbers],
            Kinds = [ConversationKind.Legs, ConversationKind.Lone, ConversationKind.Orphan, ConversationKind.Hairpin],
            Callees = 30,
            TwinShare = 0.25,
            AnonymousShare = 0.3,
        });
        Assert.True(score.Falsehoods.Length == 0, score.Falsehoods + score);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void Links_WithAnyNumberOfShards_AreTheSame(int shards)
    {
        PacketTape tape = Tape(new ConversationOptions { Conversations = 400, Seed = 5, Ties = Enum.GetValues<ConversationTie>() }, out _);
        using EngineRun one = EngineRun.Of(tape, new RunOptions { Shards = 1 });
        using EngineRun many = EngineRun.Of(tape, new RunOptions { Shards = shards, BatchItems = 16, BatchBytes = 8 * 1024 });
        Assert.True(one.Records.Count(static call => call.Links.Count > 0) > 400);
        Assert.Equal(one.Json(), many.Json());
    }

    private static ConversationScore Play(ConversationOptions options)
    {
        PacketTape tape = Tape(options, out List<ExpectedConversation> expected);
        using EngineRun run = EngineRun.Of(tape, new RunOptions { Shards = 2 });
        return ConversationScore.Of(run.Records, expected);
    }

    private static PacketTape Tape(ConversationOptions options, out List<ExpectedConversation> expected)
    {
        var conversations = new List<ExpectedConversation>();
        using var pcap = new MemoryStream();
        ConversationGenerator.Write(options, pcap, conversations.Add);
        expected = conversations;
        return PacketTape.OfPcap(pcap, "conversations.pcap");
    }
}

/// <summary>What was found of the conversations that were.</summary>
/// <param name="Pairs">Calls that are another's: all but the first of each conversation.</param>
/// <param name="Found">Of these, calls in the session of the first.</param>
/// <param name="Falsehoods">Sessions with calls of more than one conversation, a line each.</param>
/// <param name="Missed">Missed calls by kind and tie.</param>
internal sealed record ConversationScore(int Pairs, int Found, string Falsehoods, string Missed)
{
    public double Share => Pairs == 0 ? 1 : (double)Found / Pairs;

    public static ConversationScore Of(IReadOnlyList<CallRecord> records, IReadOnlyList<ExpectedConversation> expected)
    {
        Dictionary<string, CallRecord> calls = records.ToDictionary(static call => call.SipCallId, StringComparer.Ordinal);
        var conversationOf = new Dictionary<string, int>(StringComparer.Ordinal);
        int pairs = 0, found = 0;
        var missed = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < expected.Count; i++)
        {
            ExpectedConversation conversation = expected[i];
            foreach (string id in conversation.SipCallIds) conversationOf.Add(id, i);
            foreach (string id in conversation.SipCallIds.Skip(1))
            {
                pairs++;
                if (calls[id].SessionId == calls[conversation.SipCallIds[0]].SessionId)
                {
                    found++;
                    continue;
                }

                string name = $"{conversation.Kind} {conversation.Tie}";
                missed[name] = missed.GetValueOrDefault(name) + 1;
            }
        }

        IEnumerable<string> falsehoods = records
            .GroupBy(static call => call.SessionId)
            .Where(session => session.Select(call => conversationOf[call.SipCallId]).Distinct().Count() > 1)
            .Select(session => string.Join(" | ", session.Select(call => $"{expected[conversationOf[call.SipCallId]].Kind} {expected[conversationOf[call.SipCallId]].Tie} {call.Caller.Number}->{call.Dialled} {call.StartedAt} {string.Join(' ', call.Links.Select(static link => $"{link.Method} {link.Score} {link.Relation}"))}")));
        return new ConversationScore(pairs, found, string.Join('\n', falsehoods.Take(5)), string.Join(", ", missed.Select(static pair => $"{pair.Value} {pair.Key}")));
    }
}
