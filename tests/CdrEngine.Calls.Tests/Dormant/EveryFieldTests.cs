using System.Collections;
using System.Reflection;
using CdrEngine.Calls.Dormant;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;
using CdrEngine.TestKit;

namespace CdrEngine.Calls.Tests.Dormant;

/// <summary>Whatever a machine knows comes back with it. Fields are found and changed by reflection: one that is added and not carried fails here.</summary>
public sealed class EveryFieldTests
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>What a machine shares with others, and does not carry.</summary>
    private static readonly Type[] Shared = [typeof(CallOptions), typeof(Counters<CallCounter>)];

    /// <summary>How much of a table is in use: changing it alone would make no table.</summary>
    private static readonly string[] Counts = ["_callerTagCount", "_transactionCount", "<Count>k__BackingField", "limit", "<limit>P", "_size", "_version"];

    [Fact]
    public void EveryField_Changed_ComesBack()
    {
        (CallMachine machine, CallOptions options, Counters<CallCounter> counters) = Known();
        var changes = new Changes();
        changes.In(machine, "machine");
        Assert.True(changes.Count > 150, $"{changes.Count} fields");
        Assert.Empty(changes.Missing);

        CallMachine back = CallMachine.Wake(machine.PutAway(), options, counters);

        var differences = new List<string>();
        Compare(machine, back, "machine", differences);
        Assert.Empty(differences);
    }

    [Fact]
    public void EveryField_Changed_IsForgottenByAMachineThatIsGivenBack()
    {
        (CallMachine machine, CallOptions options, Counters<CallCounter> counters) = Known();
        new Changes().In(machine, "machine");

        machine.GiveBack();

        Assert.Same(machine, CallMachine.Take(options, counters));
        Assert.NotSame(machine, CallMachine.Take(options, counters));
        var differences = new List<string>();
        Compare(new CallMachine(options, counters), machine, "machine", differences);
        Assert.Empty(differences);
    }

    [Fact]
    public void Record_DoesNotChangeWhenItsMachineServesAnotherCall()
    {
        (CallMachine machine, CallOptions options, Counters<CallCounter> counters) = Known();
        CallRecord record = machine.ToRecord([]);
        byte[] before = CallRecordJson.ToUtf8(record).ToArray();
        machine.GiveBack();
        var effects = new CallEffects();
        var message = new SipMessage();
        CallMachine again = CallMachine.Take(options, counters);
        foreach (Scenario.Event e in Scenario.New.CallIdIs("other@test").Answered().Events) Apply(again, e, message, effects);
        Assert.Equal(before, CallRecordJson.ToUtf8(record).ToArray());
    }

    [Fact]
    public void FieldNotCarried_IsFound()
    {
        (CallMachine machine, CallOptions options, Counters<CallCounter> counters) = Known();
        CallMachine back = CallMachine.Wake(machine.PutAway(), options, counters);
        FieldInfo[] fields = [.. typeof(CallMachine).GetFields(Own).Where(static field => field.FieldType == typeof(bool) || field.FieldType == typeof(int))];
        Assert.True(fields.Length > 10);
        foreach (FieldInfo field in fields)
        {
            object? before = field.GetValue(back);
            field.SetValue(back, before is bool flag ? !flag : (int)before! + 1);
            var differences = new List<string>();
            Compare(machine, back, "machine", differences);
            field.SetValue(back, before);
            Assert.Single(differences);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("\u00FC\u00FF")]
    [InlineData("\u0100 \u65E5\u672C")]
    [InlineData("\uD83D\uDE00")]
    [InlineData("half \uD83D of a pair")]
    [InlineData(null)]
    public void Text_OfAnyLetters_ComesBack(string? text)
    {
        var carrier = new StateCarrier();
        carrier.BeginPacking(default);
        carrier.Text(text);
        carrier.Text(text);
        DormantState state = carrier.EndPacking();
        carrier.BeginUnpacking(state);
        string? first = carrier.Text((string?)null), second = carrier.Text((string?)null);
        carrier.EndUnpacking();
        Assert.Equal(text, first);
        Assert.Same(first, second);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(1_800_000_000_000_000)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MaxValue - 1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MinValue + 1)]
    public void Number_OfAnySize_ComesBack(long number)
    {
        long[] origins = [0, 1_800_000_000_000_000, long.MaxValue, long.MinValue];
        foreach (long origin in origins)
        {
            var carrier = new StateCarrier();
            carrier.BeginPacking(new Timestamp(origin));
            long signed = number;
            ulong whole = (ulong)number, hash = (ulong)number;
            var time = new Timestamp(number);
            var span = new TimeSpan(number);
            Carry(carrier, ref signed, ref whole, ref hash, ref time, ref span);
            DormantState state = carrier.EndPacking();

            (signed, whole, hash, time, span) = (7, 7, 7, new Timestamp(7), new TimeSpan(7));
            carrier.BeginUnpacking(state);
            Carry(carrier, ref signed, ref whole, ref hash, ref time, ref span);
            Assert.Equal((number, (ulong)number, (ulong)number, new Timestamp(number), new TimeSpan(number)), (signed, whole, hash, time, span));
        }
    }

    [Theory]
    [InlineData("0.0.0.0", 0)]
    [InlineData("192.0.2.1", 65535)]
    [InlineData("::", 5060)]
    [InlineData("2001:db8::1", 5060)]
    public void Address_OfEitherFamily_ComesBack(string address, ushort port)
    {
        Assert.True(IpAddress.TryParse(address, out IpAddress parsed));
        var carrier = new StateCarrier();
        carrier.BeginPacking(default);
        Endpoint given = new(parsed, port), none = default;
        carrier.Address(ref given);
        carrier.Address(ref none);
        DormantState state = carrier.EndPacking();
        carrier.BeginUnpacking(state);
        Endpoint first = default, second = given;
        carrier.Address(ref first);
        carrier.Address(ref second);
        Assert.Equal(new Endpoint(parsed, port), first);
        Assert.Equal(default, second);
    }

    [Fact]
    public void ManyMessages_AreStillKnownAfterwards()
    {
        var options = new CallOptions();
        var counters = new Counters<CallCounter>();
        var machine = new CallMachine(options, counters);
        var effects = new CallEffects();
        var message = new SipMessage();
        Scenario scenario = Scenario.New.Answered();
        for (uint i = 0; i < 60; i++) scenario.At(10 + i).Request("INFO", 'A', 10 + i);
        foreach (Scenario.Event e in scenario.Events) Apply(machine, e, message, effects);

        CallMachine back = CallMachine.Wake(machine.PutAway(), options, counters);

        foreach (Scenario.Event e in scenario.Events)
        {
            Apply(back, e, message, effects);
            Assert.True(effects.IsRetransmission, System.Text.Encoding.ASCII.GetString(e.Bytes));
        }
    }

    // A call in which everything happened that leaves a trace of its own: two attempts, a fork, reasons, hold, digits, kept headers, identities.
    private static (CallMachine Machine, CallOptions Options, Counters<CallCounter> Counters) Known()
    {
        string offer = SipText.Sdp("192.0.2.1", 4000), answer = SipText.Sdp("192.0.2.2", 5000);
        Scenario scenario = Scenario.New
            .At(0).Invite(sdp: offer, edit: static text => text.With("Diversion", "<sip:carol@example.com>;reason=no-answer").With("User-Agent", "phone"))
            .At(0.1).Reply(407, toTag: "p", reason: "Q.850;cause=21;text=\"not yet\"")
            .At(0.2).Invite(cseq: 2, sdp: offer)
            .At(0.3).Reply(180, cseq: 2)
            .At(0.4).Reply(180, cseq: 2, toTag: "c", edit: static text => text.With("P-Asserted-Identity", "\"Carol\" <sip:carol@example.com>").With("Server", "gateway"))
            .At(0.5).Cancel(cseq: 2, reason: "SIP;cause=200")
            .At(3).Reply(200, cseq: 2, sdp: answer, edit: static text => text.With("P-Asserted-Identity", "\"Bob\" <sip:bob@example.com>"))
            .At(3.1).Ack(cseq: 2)
            .At(4).Request("INVITE", 'A', 3, sdp: offer.Replace("sendrecv", "sendonly", StringComparison.Ordinal))
            .At(4.1).Reply(200, cseq: 3, sdp: answer.Replace("sendrecv", "recvonly", StringComparison.Ordinal))
            .At(5).Request("INFO", 'A', 4, edit: static text => text.WithBody("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n"))
            .At(9).Bye(cseq: 5, reason: "Q.850;cause=16;text=\"normal\"").At(9.1).Reply(200, to: "BYE", cseq: 5);
        var options = new CallOptions();
        var counters = new Counters<CallCounter>();
        var machine = new CallMachine(options, counters);
        var effects = new CallEffects();
        var message = new SipMessage();
        foreach (Scenario.Event e in scenario.Events) Apply(machine, e, message, effects);
        return (machine, options, counters);
    }

    private static void Apply(CallMachine machine, Scenario.Event e, SipMessage message, CallEffects effects)
    {
        Assert.Equal(ParseOutcome.Message, SipParser.TryReadCopy(e.Bytes, message, out _, out _));
        machine.Apply(message, new MessageContext(e.At, e.Source, e.Destination, Transport.Udp, "test"), effects);
    }

    private static void Carry(StateCarrier carrier, ref long signed, ref ulong whole, ref ulong hash, ref Timestamp time, ref TimeSpan span)
    {
        carrier.Number(ref signed);
        carrier.Number(ref whole);
        carrier.Hash(ref hash);
        carrier.Time(ref time);
        carrier.Span(ref span);
    }

    private static IEnumerable<FieldInfo> FieldsOf(Type type)
    {
        for (Type? at = type; at is not null && at != typeof(object) && at != typeof(ValueType); at = at.BaseType)
        {
            foreach (FieldInfo field in at.GetFields(Own)) yield return field;
        }
    }

    // Codecs and candidates of an m-line are kept as the objects that they are.
    private static bool IsKept(object value) => value is IReadOnlyList<Calls.Negotiation.MediaFormat> or IReadOnlyList<Endpoint> or DtmfDigit;

    private static bool IsPlain(Type type) => type.IsPrimitive || type.IsEnum || type == typeof(string);

    private static void Compare(object? left, object? right, string path, List<string> differences)
    {
        if (left is null || right is null || IsPlain(left.GetType()))
        {
            if (!Equals(left, right)) differences.Add($"{path}: {left} and {right}");
        }
        else if (IsKept(left))
        {
            if (!ReferenceEquals(left, right)) differences.Add($"{path}: another object");
        }
        else if (left is IList list)
        {
            // Room to grow may differ; what is in it may not.
            var other = (IList)right;
            object? none = Blank(left.GetType());
            for (int i = 0; i < Math.Max(list.Count, other.Count); i++) Compare(i < list.Count ? list[i] : none, i < other.Count ? other[i] : none, $"{path}[{i}]", differences);
        }
        else if (!Shared.Contains(left.GetType()))
        {
            foreach (FieldInfo field in FieldsOf(left.GetType())) Compare(field.GetValue(left), field.GetValue(right), $"{path}.{field.Name}", differences);
        }
    }

    private static object? Blank(Type list) => list.IsArray && list.GetElementType() is { IsValueType: true } item ? Activator.CreateInstance(item) : null;

    /// <summary>Gives every field of an object and of what it holds a value that it had not.</summary>
    private sealed class Changes
    {
        private readonly HashSet<object> _done = new(ReferenceEqualityComparer.Instance);

        public int Count { get; private set; }

        /// <summary>Fields that hold nothing, of which nobody can say whether they come back.</summary>
        public List<string> Missing { get; } = [];

        public void In(object owner, string path)
        {
            if (!owner.GetType().IsValueType && !_done.Add(owner)) return;
            foreach (FieldInfo field in FieldsOf(owner.GetType()))
            {
                if (Counts.Contains(field.Name) || Shared.Contains(field.FieldType)) continue;
                string where = $"{path}.{field.Name}";
                if (Other(field.FieldType, field.GetValue(owner), where) is { } changed) field.SetValue(owner, changed);
            }
        }

        private object? Other(Type type, object? value, string path)
        {
            Type plain = Nullable.GetUnderlyingType(type) ?? type;
            if (plain == typeof(string) || plain.IsPrimitive || plain.IsEnum)
            {
                Count++;
                return plain == typeof(string) ? $"text {Count}" : plain == typeof(bool) ? true : plain.IsEnum ? Enum.ToObject(plain, 1 + (Count % 100)) : Convert.ChangeType(1 + Count, plain, System.Globalization.CultureInfo.InvariantCulture);
            }

            if (plain.IsValueType)
            {
                object box = value ?? Activator.CreateInstance(plain)!;
                In(box, path);
                return box;
            }

            if (value is null)
            {
                // A second leg may lack what the first has.
                if (!path.Contains('[', StringComparison.Ordinal)) Missing.Add(path);
            }
            else if (value is IList list && !IsKept(value))
            {
                InList(list, path);
            }
            else if (!IsKept(value))
            {
                In(value, path);
            }

            return null;
        }

        // What is behind the last one in use is nobody's.
        private void InList(IList list, string path)
        {
            if (list.Count == 0) Missing.Add(path);
            object? none = Blank(list.GetType());
            for (int i = 0; i < list.Count && !Equals(list[i], none); i++)
            {
                Type item = list[i]!.GetType();
                if (Other(item, list[i], $"{path}[{i}]") is { } changed) list[i] = changed;
            }
        }
    }
}
