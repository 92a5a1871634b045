using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Tests;

public sealed class SemanticsTests
{
    public static TheoryData<string> Names => [.. SemanticsTable.All.Select(static row => row.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Sentence_PlayedAsPackets_HoldsInTheRecord(string name)
    {
        SemanticsRow row = Row(name);
        row.Expect(row.Script().Run());
    }

    [Fact]
    public void Table_Names_AreUnique() => Assert.Equal(SemanticsTable.All.Count, SemanticsTable.All.Select(static row => row.Name).Distinct().Count());

    [Theory]
    [MemberData(nameof(Names))]
    public void Record_OfAnyScript_IsConsistent(string name)
    {
        foreach (CallRecord record in Row(name).Script().Run().Emitted.Select(static e => e.Record))
        {
            Assert.True(record.BillableDuration <= record.Duration);
            Assert.Equal(CallState.Ended, record.State);
            Assert.NotNull(record.EndedAt);
            Assert.NotEqual(Disposition.InProgress, record.Disposition);
            Assert.Equal(record.Flags.HasFlag(CallFlags.MissingBye), record.MissingByeReason is not null);
            Assert.All(record.Legs, static leg => Assert.NotNull(leg.EndedAt));
            Assert.True(record.Retransmissions < record.Messages);
            Assert.True(CallId.IsWellFormed(record.Id));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Script_PlayedTwice_GivesTheSameBytes(string name)
    {
        SemanticsRow row = Row(name);
        Assert.Equal(Json(row.Script().Run()), Json(row.Script().Run()));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Retransmissions_InsertedAnywhere_ChangeOnlyTheCounter(string name)
    {
        Scenario script = Row(name).Script();
        IReadOnlyList<CallRecord> plain = script.Run().Records;
        var more = new List<Scenario.Event>();
        foreach (Scenario.Event e in script.Events)
        {
            more.Add(e);
            if (!e.IsRtp) more.Add(e);
        }

        IReadOnlyList<CallRecord> repeated = script.Replace(more).Run().Records;
        Assert.Equal(plain.Select(Without), repeated.Select(Without));
        Assert.Equal(plain.Sum(static r => r.Messages) * 2, repeated.Sum(static r => r.Messages));
        Assert.Equal(plain.Sum(static r => r.Messages + r.Retransmissions), repeated.Sum(static r => r.Retransmissions));

        static string Without(CallRecord r) => Text(r with { Messages = 0, Retransmissions = 0, Hops = [] });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Hops_EveryMessageSeenAgainFurtherOn_GivesTheSameRecord(string name)
    {
        Scenario script = Row(name).Script();
        if (script.Events.Any(static e => !e.IsRtp && (Is(e, 'P') || Is(e, 'Q')))) script = script.Replace([]); // it has hops of its own
        IReadOnlyList<CallRecord> plain = script.Run().Records;
        var more = new List<Scenario.Event>();
        foreach (Scenario.Event e in script.Events)
        {
            more.Add(e);
            if (!e.IsRtp) more.Add(Further(e));
        }

        Outcome outcome = script.Replace(more).Run();
        Assert.Equal(plain.Select(Without), outcome.Records.Select(Without));

        static string Without(CallRecord r) => Text(r with
        {
            Messages = 0,
            Hops = [],
            Retransmissions = 0,
            Callee = r.Callee with { Address = null },
            Legs = [.. r.Legs.Select(static leg => leg with { Callee = null })],
        });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Script_CutAnywhere_EndsEachCallOnce(string name)
    {
        Scenario script = Row(name).Script();
        for (int length = 0; length <= script.Events.Count; length++)
        {
            Scenario.Event[] events = [.. script.Events.Take(length)];
            double end = length == 0 ? 0 : (events.Max(static e => e.At) - Scenario.Epoch).TotalSeconds;
            Outcome outcome = script.Replace(events).CaptureEnds(end).Run();
            foreach (CallRecord record in outcome.Records)
            {
                Assert.Equal(1, outcome.Emitted.Count(e => e.Record.Id == record.Id && !e.IsUpdate));
                Assert.Equal(CallState.Ended, record.State);
                Assert.True(record.BillableDuration <= record.Duration);
                Assert.True(record.EndedAt <= Scenario.Time(end));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Script_CutFromTheFront_NeverThrows(string name)
    {
        Scenario script = Row(name).Script();
        for (int skip = 1; skip < script.Events.Count; skip++)
        {
            foreach (CallRecord record in script.Replace(script.Events.Skip(skip)).Run().Records) Assert.True(record.BillableDuration <= record.Duration);
        }
    }

    private static SemanticsRow Row(string name) => SemanticsTable.All.Single(row => row.Name == name);

    private static bool Is(Scenario.Event e, char who) => e.Source == Scenario.Wire(who) || e.Destination == Scenario.Wire(who);

    // The same message behind a proxy Q: another Via on top, between Q and the callee's new address, a millisecond later.
    private static Scenario.Event Further(Scenario.Event e)
    {
        string text = System.Text.Encoding.UTF8.GetString(e.Bytes);
        int firstLine = text.IndexOf("\r\n", StringComparison.Ordinal) + 2;
        int branch = text.IndexOf("branch=", StringComparison.Ordinal) + 7;
        string top = text[branch..text.IndexOf("\r\n", branch, StringComparison.Ordinal)];
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text.Insert(firstLine, $"Via: SIP/2.0/UDP 192.0.2.11:5060;branch={top}.q\r\n"));
        char callee = e.Source == Scenario.Wire('A') || e.Destination == Scenario.Wire('A') ? 'D' : 'C';
        bool fromCaller = e.Source == Scenario.Wire('A');
        return e with
        {
            At = new Timestamp(e.At.Microseconds + 1000),
            Bytes = bytes,
            Source = fromCaller ? Scenario.Wire('Q') : Scenario.Wire(callee),
            Destination = fromCaller ? Scenario.Wire(callee) : Scenario.Wire('Q'),
        };
    }

    private static string Json(Outcome outcome) => string.Join('\n', outcome.Emitted.Select(static e => Text(e.Record)));

    private static string Text(CallRecord record) => System.Text.Encoding.UTF8.GetString(CallRecordJson.ToUtf8(record));
}
