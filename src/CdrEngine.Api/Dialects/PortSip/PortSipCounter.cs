using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using static System.FormattableString;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>Counts what reports tell, of the calls of a tenant.</summary>
/// <param name="calls">The calls.</param>
/// <param name="sessions">Their sessions.</param>
/// <param name="directory">Queues, ring groups and users.</param>
/// <param name="rounding">How seconds are made whole.</param>
internal sealed class PortSipCounter(ICallReader calls, ISessionReader sessions, IApiDirectory directory, BillsecRounding rounding)
{
    /// <summary>Calls read for one report; what is beyond is left out, and the result says so.</summary>
    public const int MostCalls = 200_000;

    private const int MostCallbacks = 20;
    private static readonly TimeSpan CallbackWindow = TimeSpan.FromDays(1);

    /// <summary>What a report finds.</summary>
    /// <param name="report">The report.</param>
    /// <param name="from">Calls begun at or after.</param>
    /// <param name="to">Calls begun before.</param>
    /// <param name="stop">Ends it.</param>
    public PortSipTable Count(ReportDefinition report, Timestamp from, Timestamp to, CancellationToken stop)
    {
        var work = new Work(this, report, new CallQuery { From = from, To = to, Tenant = report.Tenant, Ascending = true }, stop);
        return report.Type switch
        {
            "NORMAL" => work.Normal(),
            "EXTENSION_GROUP_CALL_COST" => work.Costs(),
            "QUEUE_PERFORMANCE" => work.Performance(),
            "QUEUE_DETAILED_STATISTICS" => work.Details(static _ => true),
            "QUEUE_ABANDONED_CALLS" => work.Details(static call => !call.Served),
            "QUEUE_SLA_STATISTICS" => work.Sla(),
            "QUEUE_BREACHES_SLA_STATISTICS" => work.Breaches(),
            "QUEUE_CALLBACKS" => work.Callbacks(failedOnly: false),
            "QUEUE_FAILED_CALLBACKS" => work.Callbacks(failedOnly: true),
            "TEAM_QUEUE_GENERAL_STATISTICS" => work.Agents(),
            _ => work.RingGroups(),
        };
    }

    /// <summary>A call to a queue or ring group.</summary>
    /// <param name="Group">Number of it, as it was dialled.</param>
    /// <param name="Name">Name of it.</param>
    /// <param name="Record">The call that was made to it.</param>
    /// <param name="Agent">Who answered; else null.</param>
    /// <param name="Served">Whether a person answered.</param>
    /// <param name="Wait">Until then, or until the caller was gone.</param>
    /// <param name="Talk">From then on.</param>
    /// <param name="Offers">Who rang, and who of them answered.</param>
    internal sealed record GroupCall(string Group, string Name, CallRecord Record, string? Agent, bool Served, TimeSpan Wait, TimeSpan Talk, IReadOnlyList<(string Agent, bool Answered)> Offers);

    /// <summary>One report being counted.</summary>
    private sealed class Work(PortSipCounter from, ReportDefinition report, CallQuery range, CancellationToken stop)
    {
        private readonly PortSipGroupFilter _group = report.Type == "NORMAL"
            ? new PortSipGroupFilter()
            : System.Text.Json.JsonSerializer.Deserialize(report.Filter, PortSipJson.Default.PortSipGroupFilter) ?? new PortSipGroupFilter();

        private int _read;
        private bool _cut;

        public PortSipTable Normal()
        {
            PortSipReportFilter filter = System.Text.Json.JsonSerializer.Deserialize(report.Filter, PortSipJson.Default.PortSipReportFilter) ?? new PortSipReportFilter();
            CallQuery query = range with
            {
                Caller = filter.From == "ANY" ? null : filter.FromValue,
                Callee = filter.To == "ANY" ? null : filter.ToValue,
                Dispositions = filter.AnswerState switch
                {
                    "ANSWERED" => [Disposition.Answered],
                    "UNANSWERED" => [.. Enum.GetValues<Disposition>().Where(static outcome => outcome is not (Disposition.Answered or Disposition.InProgress))],
                    _ => [],
                },
                DurationMin = filter is { Duration: "BETWEEN" or "GREATER", DurationFrom: { } least } ? WholeSeconds.AtLeast(filter.Duration == "GREATER" ? least + 1 : least, from.Rounding) : null,
                DurationMax = filter is { Duration: "BETWEEN" or "LESS", DurationTo: { } most } ? (filter.Duration == "LESS" && most == 0 ? TimeSpan.FromTicks(-10) : WholeSeconds.AtMost(filter.Duration == "LESS" ? most - 1 : most, from.Rounding)) : null,
            };
            var table = new PortSipTable(
            [
                "started_at", "rang_at", "answered_at", "ended_at", "caller", "caller_domain", "caller_display_name", "callee", "callee_domain", "callee_display_name", "destination", "direction", "end_reason",
                "reroute_reason", "status_code", "duration", "talk_seconds", "outbound_caller_id", "did_cid", "trunk", "service_number", "cost", "billed_account", "call_id", "user_data",
            ]);
            foreach (CallRecord call in Calls(query))
            {
                if (!Is(filter.From, call.Caller) || !Is(filter.To, call.Callee)) continue;
                CallFacts facts = CallFacts.Of(call);
                PortSipFields shown = PortSipMapping.Fields(call, facts, from.Rounding);
                if (!table.Add(
                    shown.StartedAt, shown.RangAt, shown.AnsweredAt, shown.EndedAt, shown.Caller, shown.CallerDomain, shown.CallerDisplayName, shown.Callee, shown.CalleeDomain, shown.CalleeDisplayName, shown.Destination,
                    shown.Direction, shown.EndReason, shown.RerouteReason, shown.StatusCode, shown.Duration, Seconds(call.BillableDuration), shown.OutboundCallerId, shown.DidCid, shown.Trunk, shown.ServiceNumber, facts.Amount,
                    facts.BilledAccount, shown.CallId, shown.UserData)) break;
            }

            return Done(table);
        }

        public PortSipTable Costs()
        {
            var table = new PortSipTable(["extension_group", "extension", "name", "billed_account", "calls", "answered_calls", "talk_seconds", "cost", "currency"]);
            var sums = new SortedDictionary<string, (string Group, string Extension, string Name, string Account, string Currency, int Calls, int Answered, TimeSpan Talk, decimal Cost)>(StringComparer.Ordinal);
            foreach (CallRecord call in Calls(range with { CallerNumbers = _group.Numbers }))
            {
                if (call.Caller.Number is not { } extension || (_group.Numbers.Count == 0 && call.Caller.Identity?.Kind != PartyKind.User)) continue;
                CallFacts facts = CallFacts.Of(call);
                string group = call.Caller.Identity is { Kind: PartyKind.User } user ? from.Directory.Entry(report.Tenant ?? call.Tenant, PartyKind.User, user.Id)?.Department ?? "" : "";
                string name = call.Caller.Identity?.Name ?? call.Caller.Name ?? "";
                string key = $"{group}\0{extension}\0{facts.BilledAccount}\0{facts.Currency}";
                var sum = sums.GetValueOrDefault(key, (group, extension, name, facts.BilledAccount ?? "", facts.Currency ?? "", 0, 0, TimeSpan.Zero, 0));
                bool answered = call.AnsweredAt is not null;
                sums[key] = sum with { Calls = sum.Calls + 1, Answered = sum.Answered + (answered ? 1 : 0), Talk = sum.Talk + call.BillableDuration, Cost = sum.Cost + (facts.Amount ?? 0) };
            }

            foreach (var sum in sums.Values)
            {
                if (!table.Add(sum.Group, sum.Extension, sum.Name, sum.Account, sum.Calls, sum.Answered, Seconds(sum.Talk), sum.Currency.Length == 0 ? null : sum.Cost, sum.Currency)) break;
            }

            return Done(table);
        }

        public PortSipTable Performance()
        {
            var table = new PortSipTable(["queue", "name", "calls", "answered", "abandoned", "answered_percent", "average_wait_seconds", "longest_wait_seconds", "average_talk_seconds", "talk_seconds"]);
            foreach ((string group, string name, List<GroupCall> all) in Groups(PartyKind.Queue))
            {
                List<GroupCall> served = all.FindAll(static call => call.Served);
                if (!table.Add(
                    group, name, all.Count, served.Count, all.Count - served.Count, Percent(served.Count, all.Count), Average(served, static call => call.Wait), Seconds(all.Select(static call => call.Wait).DefaultIfEmpty().Max()),
                    Average(served, static call => call.Talk), Seconds(Sum(served, static call => call.Talk)))) break;
            }

            return Done(table);
        }

        public PortSipTable Details(Func<GroupCall, bool> where)
        {
            var table = new PortSipTable(["started_at", "queue", "name", "caller", "caller_display_name", "outcome", "agent", "wait_seconds", "talk_seconds", "ended_at", "end_reason", "call_id"]);
            foreach (GroupCall call in All(PartyKind.Queue).Where(where))
            {
                if (!table.Add(
                    PortSipMapping.Time(call.Record.StartedAt), call.Group, call.Name, call.Record.Caller.Number, call.Record.Caller.Name, Outcome(call), call.Agent, Seconds(call.Wait), Seconds(call.Talk),
                    PortSipMapping.Time(call.Record.EndedAt), PortSipMapping.EndReason(call.Record), call.Record.SipCallId)) break;
            }

            return Done(table);
        }

        public PortSipTable Sla()
        {
            var table = new PortSipTable(["queue", "name", "sla_seconds", "calls", "answered", "answered_within_sla", "abandoned", "abandoned_within_sla", "sla_percent"]);
            var sla = TimeSpan.FromSeconds(_group.SlaSeconds);
            foreach ((string group, string name, List<GroupCall> all) in Groups(PartyKind.Queue))
            {
                int within = all.Count(call => call.Served && call.Wait <= sla);
                if (!table.Add(
                    group, name, _group.SlaSeconds, all.Count, all.Count(static call => call.Served), within, all.Count(static call => !call.Served), all.Count(call => !call.Served && call.Wait <= sla), Percent(within, all.Count))) break;
            }

            return Done(table);
        }

        public PortSipTable Breaches()
        {
            var table = new PortSipTable(["started_at", "queue", "name", "caller", "outcome", "agent", "sla_seconds", "wait_seconds", "over_seconds", "call_id"]);
            var sla = TimeSpan.FromSeconds(_group.SlaSeconds);
            foreach (GroupCall call in All(PartyKind.Queue).Where(call => call.Wait > sla))
            {
                if (!table.Add(
                    PortSipMapping.Time(call.Record.StartedAt), call.Group, call.Name, call.Record.Caller.Number, Outcome(call), call.Agent, _group.SlaSeconds, Seconds(call.Wait), Seconds(call.Wait - sla), call.Record.SipCallId)) break;
            }

            return Done(table);
        }

        // Seen, not asked of the queue: a caller who gave up, and whom somebody of the tenant dialled within a day.
        public PortSipTable Callbacks(bool failedOnly)
        {
            var table = new PortSipTable(["abandoned_at", "queue", "name", "caller", "called_back_at", "called_back_by", "attempts", "outcome", "talk_seconds"]);
            foreach (GroupCall call in All(PartyKind.Queue).Where(static call => !call.Served))
            {
                if (call.Record is not { Caller.Number: { Length: > 0 } number, EndedAt: { } ended }) continue;
                string[] numbers = call.Record.Caller.E164 is { } full && full != number ? [number, full] : [number];
                IReadOnlyList<CallRecord> tries = from.Reader.List(new CallQuery { DialledNumbers = numbers, From = ended, To = ended + CallbackWindow, Tenant = range.Tenant, Ascending = true, Limit = MostCallbacks }).Calls;
                if (tries.Count == 0) continue;
                CallRecord? reached = tries.FirstOrDefault(static attempt => attempt.AnsweredAt is not null);
                if (failedOnly && reached is not null) continue;
                CallRecord told = reached ?? tries[^1];
                if (!table.Add(
                    PortSipMapping.Time(ended), call.Group, call.Name, number, PortSipMapping.Time(told.StartedAt), told.Caller.Number, tries.Count, reached is null ? PortSipMapping.EndReason(told) : "ANSWERED", Seconds(told.BillableDuration))) break;
            }

            return Done(table);
        }

        public PortSipTable Agents()
        {
            var table = new PortSipTable(["queue", "name", "agent", "calls_offered", "calls_answered", "calls_missed", "talk_seconds", "average_talk_seconds"]);
            foreach ((string group, string name, List<GroupCall> all) in Groups(PartyKind.Queue))
            {
                foreach (IGrouping<string, (string Agent, bool Answered)> agent in all.SelectMany(static call => call.Offers).GroupBy(static offer => offer.Agent, StringComparer.Ordinal).OrderBy(static agent => agent.Key, StringComparer.Ordinal))
                {
                    List<GroupCall> own = all.FindAll(call => call.Agent == agent.Key);
                    int answered = agent.Count(static offer => offer.Answered);
                    if (!table.Add(group, name, agent.Key, agent.Count(), answered, agent.Count() - answered, Seconds(Sum(own, static call => call.Talk)), Average(own, static call => call.Talk))) return Done(table);
                }
            }

            return Done(table);
        }

        public PortSipTable RingGroups()
        {
            var table = new PortSipTable(["ring_group", "name", "calls", "answered", "unanswered", "answered_percent", "average_ring_seconds", "average_talk_seconds", "talk_seconds"]);
            foreach ((string group, string name, List<GroupCall> all) in Groups(PartyKind.RingGroup))
            {
                List<GroupCall> served = all.FindAll(static call => call.Served);
                if (!table.Add(
                    group, name, all.Count, served.Count, all.Count - served.Count, Percent(served.Count, all.Count), Average(all, static call => call.Wait), Average(served, static call => call.Talk), Seconds(Sum(served, static call => call.Talk)))) break;
            }

            return Done(table);
        }

        private static string Outcome(GroupCall call) => call.Served ? "ANSWERED" : "ABANDONED";

        private static string Percent(int part, int whole) => whole == 0 ? "" : Invariant($"{100.0 * part / whole:0.0}");

        private static TimeSpan Sum(List<GroupCall> of, Func<GroupCall, TimeSpan> span) => TimeSpan.FromTicks(of.Sum(call => span(call).Ticks));

        private string Average(List<GroupCall> of, Func<GroupCall, TimeSpan> span) => of.Count == 0 ? "" : Invariant($"{Sum(of, span).TotalSeconds / of.Count:0.0}");

        private long Seconds(TimeSpan span) => WholeSeconds.Of(span, from.Rounding);

        private static bool Is(string wanted, Party party) => wanted switch
        {
            "EXTENSION" => party.Identity?.Kind == PartyKind.User,
            "EXTERNAL" => party.Identity is null or { Kind: PartyKind.Contact },
            _ => true,
        };

        private PortSipTable Done(PortSipTable table)
        {
            table.IsCut |= _cut;
            return table;
        }

        private IEnumerable<CallRecord> Calls(CallQuery query)
        {
            string? cursor = null;
            do
            {
                stop.ThrowIfCancellationRequested();
                CallPage page = from.Reader.List(query with { Limit = CallQuery.MaxLimit, Cursor = cursor });
                foreach (CallRecord call in page.Calls)
                {
                    if (++_read > MostCalls)
                    {
                        _cut = true;
                        yield break;
                    }

                    yield return call;
                }

                cursor = page.NextCursor;
            }
            while (cursor is not null);
        }

        // Every group of the directory has its line, also where nobody called it.
        private List<(string Group, string Name, List<GroupCall> Calls)> Groups(PartyKind kind)
        {
            var groups = new SortedDictionary<string, (string Name, List<GroupCall> Calls)>(StringComparer.Ordinal);
            foreach (DirectoryEntry entry in from.Directory.List(report.Tenant, kind))
            {
                if (NumberOf(entry) is { } number && IsWanted(entry, number)) groups.TryAdd(number, (entry.Name, []));
            }

            foreach (GroupCall call in All(kind))
            {
                if (!groups.TryGetValue(call.Group, out (string Name, List<GroupCall> Calls) group)) groups.Add(call.Group, group = (call.Name, []));
                group.Calls.Add(call);
            }

            return [.. groups.Select(static group => (group.Key, group.Value.Name, group.Value.Calls))];
        }

        private static string? NumberOf(DirectoryEntry entry) => entry.Extensions.Count > 0 ? entry.Extensions[0] : entry.Numbers.Count > 0 ? entry.Numbers[0] : null;

        private bool IsWanted(DirectoryEntry? entry, string dialled) =>
            _group.Numbers.Count == 0 || _group.Numbers.Contains(dialled, StringComparer.Ordinal) || (entry is not null && _group.Numbers.Any(number => entry.Extensions.Contains(number) || entry.Numbers.Contains(number)));

        // By the numbers that the directory has now, and by what it said when the call was recorded. Of a session that passes a queue several times
        // on its way through machines the first call counts.
        private IEnumerable<GroupCall> All(PartyKind kind)
        {
            IReadOnlyList<DirectoryEntry> entries = from.Directory.List(report.Tenant, kind);
            var byNumber = new Dictionary<string, DirectoryEntry>(StringComparer.Ordinal);
            foreach (DirectoryEntry entry in entries)
            {
                foreach (string number in entry.Extensions.Concat(entry.Numbers)) byNumber.TryAdd(number, entry);
            }

            CallContext context = kind == PartyKind.Queue ? CallContext.Queue : CallContext.RingGroup;
            var found = new Dictionary<string, CallRecord>(StringComparer.Ordinal);
            foreach (string[] numbers in byNumber.Keys.Chunk(100))
            {
                foreach (CallRecord call in Calls(range with { DialledNumbers = numbers })) found.TryAdd(call.Id, call);
            }

            foreach (CallRecord call in Calls(range with { Context = context })) found.TryAdd(call.Id, call);
            var told = new HashSet<(string Session, string Group)>();
            foreach (CallRecord call in found.Values.OrderBy(static call => call.StartedAt).ThenBy(static call => call.Id, StringComparer.Ordinal))
            {
                string? dialled = call.Dialled ?? call.Callee.Number;
                if (dialled is null) continue;
                DirectoryEntry? entry = byNumber.GetValueOrDefault(dialled)
                    ?? (from.Directory.WhoHas(report.Tenant ?? call.Tenant, dialled) is { } holder && holder.Kind == kind ? holder : null)
                    ?? (call.Callee.Identity is { } identity && identity.Kind == kind ? from.Directory.Entry(report.Tenant, kind, identity.Id) : null);
                if (entry is null && call.Marks?.Context != context) continue;
                string group = entry is null ? dialled : NumberOf(entry) ?? dialled;
                if (!IsWanted(entry, dialled) || !told.Add((call.SessionId, group))) continue;
                stop.ThrowIfCancellationRequested();
                yield return GroupCallOf(call, group, entry?.Name ?? call.Callee.Identity?.Name ?? "", byNumber);
            }
        }

        // Behind a machine those who rang have calls of their own; else the call itself rang them.
        private GroupCall GroupCallOf(CallRecord call, string group, string name, Dictionary<string, DirectoryEntry> groups)
        {
            CallRecord[] legs = call.Flags.HasFlag(CallFlags.Linked) && from.Sessions.GetSession(call.Id) is { } session
                ? [.. session.Calls.Where(leg => leg.Id != call.Id && leg.StartedAt >= call.StartedAt && IsAgent(leg, groups) && (range.Tenant is null || leg.Tenant == range.Tenant))]
                : [];
            (string Agent, bool Answered)[] offers = [.. legs.Select(static leg => (leg.Callee.Number ?? leg.Dialled ?? "", leg.AnsweredAt is not null))];
            CallRecord? answer = legs.Where(static leg => leg.AnsweredAt is not null).MinBy(static leg => leg.AnsweredAt);
            CallFacts facts = CallFacts.Of(call);
            bool itself = legs.Length == 0 && call.AnsweredAt is not null && facts.AnsweredByPerson != false;
            string? agent = answer is not null ? answer.Callee.Number ?? answer.Dialled : itself && !groups.ContainsKey(call.Callee.Number ?? "") ? call.Callee.Number : null;
            if (itself && agent is not null) offers = [(agent, true)];
            Timestamp? answered = answer?.AnsweredAt ?? (itself ? call.AnsweredAt : null);
            Timestamp end = answer?.EndedAt ?? call.EndedAt ?? answered ?? call.StartedAt;
            TimeSpan wait = NotNegative((answered ?? call.EndedAt ?? call.StartedAt) - call.StartedAt);
            return new GroupCall(group, name, call, agent, answered is not null, wait, answered is { } at ? NotNegative(end - at) : TimeSpan.Zero, offers);
        }

        private static bool IsAgent(CallRecord leg, Dictionary<string, DirectoryEntry> groups)
        {
            if (leg.Dialled is { } dialled && groups.ContainsKey(dialled)) return false;
            if (leg.Links.Any(static link => link.Relation == LinkRelation.Downstream)) return false;
            return leg.Callee.Identity is not { } identity || Answerer.IsPerson(identity.Kind);
        }

        private static TimeSpan NotNegative(TimeSpan span) => span < TimeSpan.Zero ? TimeSpan.Zero : span;
    }

    private ICallReader Reader => calls;

    private ISessionReader Sessions => sessions;

    private IApiDirectory Directory => directory;

    private BillsecRounding Rounding => rounding;
}
