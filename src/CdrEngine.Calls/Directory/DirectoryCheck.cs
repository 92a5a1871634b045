using System.Globalization;
using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Directory;

/// <summary>Makes the model of a draft, and finds everything that is wrong in it.</summary>
internal sealed class DirectoryCheck(DirectoryDraft draft)
{
    private readonly Dictionary<string, NumberPlan> _plans = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RateTable> _rates = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Tenant> _tenants = new(StringComparer.Ordinal);

    public List<DirectoryProblem> Problems { get; } = [];

    public NumberPlan? DefaultPlan { get; private set; }

    public Tenant? DefaultTenant { get; private set; }

    public RateTable? DefaultRates { get; private set; }

    public IReadOnlyCollection<Tenant> Tenants => _tenants.Values;

    public IReadOnlyCollection<RateTable> Rates => _rates.Values;

    public IReadOnlyCollection<NumberPlan> Plans => _plans.Values;

    public List<Trunk> Trunks { get; } = [];

    public List<DirectoryEntry> Entries { get; } = [];

    /// <summary>Prefixes and ranges of numbers: first digits, length of the whole number (0 for any), what they belong to.</summary>
    public List<(string Prefix, int Length, DirectoryEntry Entry)> Blocks { get; } = [];

    public void Run()
    {
        foreach ((string where, NumberPlan plan) in draft.Plans)
        {
            if (!_plans.TryAdd(plan.Name, plan)) Say(where, $"plan '{plan.Name}' is there already");
        }

        DefaultPlan = Resolve(draft.DefaultPlan, _plans, "plan");
        foreach (RateTableDraft table in draft.Rates) AddRates(table);
        DefaultRates = Resolve(draft.DefaultRates, _rates, "rate table");
        AddTenants();
        DefaultTenant = Resolve(draft.DefaultTenant, _tenants, "tenant");
        AddTrunks();
        AddEntries();
        CheckMembers();
    }

    private void AddTenants()
    {
        var ids = new Dictionary<long, string>();
        var domains = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (TenantDraft tenant in draft.Tenants)
        {
            if (tenant.Id != 0 && !ids.TryAdd(tenant.Id, tenant.Where)) Say(tenant.Where, $"tenant '{tenant.Name}' has the id {tenant.Id}, as the one at {ids[tenant.Id]}");
            foreach (Placed domain in tenant.Domains)
            {
                if (domain.Text.Length == 0) Say(domain.Where, $"a domain of tenant '{tenant.Name}' is empty");
                else if (!domains.TryAdd(domain.Text, domain.Where)) Say(domain.Where, $"domain '{domain.Text}' stands at {domains[domain.Text]} already");
            }

            var made = new Tenant
            {
                Name = tenant.Name,
                Id = tenant.Id,
                Title = tenant.Title ?? tenant.Name,
                Domains = [.. tenant.Domains.Select(static domain => domain.Text)],
                Plan = Resolve(tenant.Plan, _plans, "plan") ?? DefaultPlan,
                Account = tenant.Account ?? tenant.Name,
                Rates = Resolve(tenant.Rates, _rates, "rate table"),
                InboundRates = Resolve(tenant.InboundRates, _rates, "rate table"),
                Recording = tenant.Recording,
            };
            if (!_tenants.TryAdd(tenant.Name, made)) Say(tenant.Where, $"tenant '{tenant.Name}' is there already");
        }
    }

    private void AddTrunks()
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var addresses = new Dictionary<AddressRange, string>();
        foreach (TrunkDraft trunk in draft.Trunks)
        {
            if (!names.TryAdd(trunk.Name, trunk.Where)) Say(trunk.Where, $"trunk '{trunk.Name}' stands at {names[trunk.Name]} already");
            if (trunk.Addresses.Count == 0) Say(trunk.Where, $"trunk '{trunk.Name}' has no addresses");
            foreach ((string where, AddressRange range) in trunk.Addresses)
            {
                if (!addresses.TryAdd(range, where)) Say(where, $"address {range} stands at {addresses[range]} already");
            }

            Trunks.Add(new Trunk
            {
                Name = trunk.Name,
                Side = trunk.Side,
                Addresses = [.. trunk.Addresses.Select(static address => address.Range)],
                Tenant = Resolve(trunk.Tenant, _tenants, "tenant"),
                Plan = Resolve(trunk.Plan, _plans, "plan"),
                Strip = trunk.Strip,
                Account = trunk.Account,
                Rates = Resolve(trunk.Rates, _rates, "rate table"),
                Recording = trunk.Recording,
            });
        }
    }

    private void AddEntries()
    {
        var ids = new Dictionary<(PartyKind, long), string>();

        // Numbers of ours are ours alone; contacts are each tenant's own.
        var numbers = new Dictionary<(bool Contact, string? Tenant, string Number), string>();
        var local = new Dictionary<(bool Contact, string? Tenant, string Text), string>();
        var devices = new Dictionary<string, string>(StringComparer.Ordinal);
        var blocks = new List<(string First, string Last, PartyKind Kind, string Where, string Shown)>();
        foreach (EntryDraft entry in draft.Entries)
        {
            string what = EnumNames<PartyKind>.Of(entry.Kind);
            bool isPerson = entry.Kind is PartyKind.User or PartyKind.Contact;
            if (entry.Id < 0 || (isPerson && entry.Id == 0)) Say(entry.Where, $"a {what} needs an id of 1 or more");
            else if (entry.Id != 0 && !ids.TryAdd((entry.Kind, entry.Id), entry.Where)) Say(entry.Where, $"{what} {entry.Id} stands at {ids[(entry.Kind, entry.Id)]} already");
            if (entry.Name.Length == 0) Say(entry.Where, $"a {what} needs a name");
            Tenant? tenant = Resolve(entry.Tenant, _tenants, "tenant");
            if (entry.Kind == PartyKind.User && entry.Tenant is null) tenant = DefaultTenant ?? Missing(entry.Where, $"user {entry.Id} needs a tenant, as there is no default-tenant");
            if (entry.Extensions.Count + entry.Numbers.Count + entry.Usernames.Count + entry.Prefixes.Count + entry.Ranges.Count == 0)
                Say(entry.Where, $"{what} {Shown(entry)} has no number");
            bool isContact = entry.Kind == PartyKind.Contact;
            NumberPlan? plan = tenant?.Plan ?? DefaultPlan;
            var e164 = new List<string>();
            foreach (Placed number in entry.Numbers)
            {
                if (E164(number.Text, plan) is not { } full)
                {
                    Say(number.Where, $"'{number.Text}' is no international number, and {(plan is null ? "there is no plan to make one of it" : $"plan '{plan.Name}' makes none of it")}");
                }
                else
                {
                    e164.Add(full);
                    Once(numbers, (isContact, isContact ? tenant?.Name : null, full), number.Where, $"number {full}");
                }
            }

            var usernames = new List<string>();
            foreach (Placed name in entry.Usernames)
            {
                string text = name.Text.ToLowerInvariant();
                if (text.Length == 0) Say(name.Where, "a username is empty");
                else if (text.Length > NumberText.MaxLength) Say(name.Where, $"a username is longer than {NumberText.MaxLength} characters");
                else Once(local, (isContact, tenant?.Name, text), name.Where, $"'{text}' of {(tenant is null ? "all tenants" : $"tenant '{tenant.Name}'")}");
                usernames.Add(text);
            }

            foreach (Placed extension in entry.Extensions)
            {
                if (extension.Text.Length == 0 || extension.Text.Length > NumberPlan.MaxDigits || extension.Text.AsSpan().ContainsAnyExcept("0123456789*#"))
                    Say(extension.Where, $"'{extension.Text}' is no extension: 1 to {NumberPlan.MaxDigits} digits, * and #");
                else Once(local, (isContact, tenant?.Name, extension.Text), extension.Where, $"extension {extension.Text} of {(tenant is null ? "all tenants" : $"tenant '{tenant.Name}'")}");
            }

            foreach (Placed device in entry.Devices) Once(devices, device.Text, device.Where, $"device {device.Text}");
            var made = new DirectoryEntry
            {
                Kind = entry.Kind,
                Id = entry.Id,
                Name = entry.Name,
                Tenant = tenant,
                Extensions = [.. entry.Extensions.Select(static extension => extension.Text)],
                Numbers = e164,
                Ranges = [.. entry.Ranges.Where(static range => IsRange(range.First.Text, range.Last.Text)).Select(static range => new NumberRange(range.First.Text, range.Last.Text))],
                Usernames = usernames,
                Email = entry.Email,
                Devices = [.. entry.Devices.Select(static device => device.Text)],
                Department = entry.Department,
                Account = entry.Account,
                Recording = entry.Recording,
                Members = Members(entry),
                Identity = new PartyIdentity(entry.Kind, entry.Id, entry.Name),
            };
            Entries.Add(made);
            AddBlocks(entry, made, blocks);
        }

        CheckOverlaps(blocks);
    }

    private void AddBlocks(EntryDraft entry, DirectoryEntry made, List<(string First, string Last, PartyKind Kind, string Where, string Shown)> blocks)
    {
        foreach (Placed prefix in entry.Prefixes)
        {
            bool isNumber = prefix.Text.StartsWith('+');
            string digits = isNumber ? prefix.Text[1..] : prefix.Text;
            if (digits.Length is 0 or > NumberPlan.MaxDigits || digits.AsSpan().ContainsAnyExcept(isNumber ? "0123456789" : "0123456789*#"))
            {
                Say(prefix.Where, $"'{prefix.Text}' is no prefix: + and the first digits of international numbers, or the first characters of a code");
                continue;
            }

            Blocks.Add((prefix.Text, 0, made));
            if (!isNumber) continue;
            (string first, string last) = DigitRange.Wide(digits, digits);
            blocks.Add((first, last, entry.Kind, prefix.Where, $"prefix {prefix.Text}"));
        }

        foreach ((Placed from, Placed to) in entry.Ranges)
        {
            string first = from.Text.TrimStart('+'), last = to.Text.TrimStart('+');
            if (!IsRange(from.Text, to.Text))
            {
                Say(from.Where, $"'{from.Text}' to '{to.Text}' is no range: two international numbers of the same length, the smaller first");
                continue;
            }

            foreach (string prefix in DigitRange.Cover(first, last)) Blocks.Add(("+" + prefix, first.Length + 1, made));
            (string low, string high) = DigitRange.Wide(first, last);
            blocks.Add((low, high, entry.Kind, from.Where, $"range {from.Text} to {to.Text}"));
        }
    }

    private static bool IsRange(string from, string to) => IsRangeEnd(from) && IsRangeEnd(to) && from.Length == to.Length && string.CompareOrdinal(from, to) <= 0;

    private static bool IsRangeEnd(string text) =>
        text.StartsWith('+') && text.Length - 1 is >= NumberPlan.MinDigits and <= NumberPlan.MaxDigits && !text.AsSpan(1).ContainsAnyExceptInRange('0', '9');

    private void CheckOverlaps(List<(string First, string Last, PartyKind Kind, string Where, string Shown)> blocks)
    {
        foreach (var kind in blocks.GroupBy(static block => block.Kind))
        {
            var sorted = kind.OrderBy(static block => block.First, StringComparer.Ordinal).ThenByDescending(static block => block.Last, StringComparer.Ordinal).ToList();
            var widest = sorted[0];
            foreach (var block in sorted.Skip(1))
            {
                if (string.CompareOrdinal(block.First, widest.Last) <= 0)
                    Say(block.Where, $"{block.Shown} overlaps the {widest.Shown} of the same class at {widest.Where}");
                if (string.CompareOrdinal(block.Last, widest.Last) > 0) widest = block;
            }
        }
    }

    private List<GroupMember> Members(EntryDraft entry)
    {
        var members = new List<GroupMember>();
        if (entry.Members.Count > 0 && entry.Kind is not (PartyKind.Queue or PartyKind.RingGroup))
        {
            Say(entry.Members[0].Where, "only queues and ring groups have members");
            return members;
        }

        foreach (Placed member in entry.Members)
        {
            int colon = member.Text.IndexOf(':');
            PartyKind kind = PartyKind.User;
            bool isKind = colon < 0 || (EnumNames<PartyKind>.TryParse(member.Text[..colon], out kind) && kind is PartyKind.User or PartyKind.Queue or PartyKind.RingGroup);
            if (!isKind || !long.TryParse(member.Text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long id) || id == 0)
                Say(member.Where, $"'{member.Text}' is no member: the id of a user, or queue:ID or ring_group:ID");
            else if (members.Contains(new GroupMember(kind, id)))
                Say(member.Where, $"member '{member.Text}' is there twice");
            else
                members.Add(new GroupMember(kind, id));
        }

        return members;
    }

    private void CheckMembers()
    {
        var known = new Dictionary<GroupMember, (DirectoryEntry Entry, string Where)>();
        for (int i = 0; i < Entries.Count; i++) known.TryAdd(new GroupMember(Entries[i].Kind, Entries[i].Id), (Entries[i], draft.Entries[i].Where));
        for (int i = 0; i < Entries.Count; i++)
        {
            foreach (GroupMember member in Entries[i].Members)
            {
                if (!known.ContainsKey(member)) Say(draft.Entries[i].Where, $"there is no {EnumNames<PartyKind>.Of(member.Kind)} {member.Id}, a member of {Shown(draft.Entries[i])}");
            }
        }

        // A group within itself would ring for ever. Each circle is told once, at the first of its groups.
        var done = new HashSet<GroupMember>();
        foreach (DirectoryEntry entry in Entries)
        {
            if (entry.Members.Count > 0) Walk(new GroupMember(entry.Kind, entry.Id), [], known, done);
        }
    }

    private void Walk(GroupMember at, List<GroupMember> path, Dictionary<GroupMember, (DirectoryEntry Entry, string Where)> known, HashSet<GroupMember> done)
    {
        int again = path.IndexOf(at);
        if (again >= 0)
        {
            string circle = string.Join(" → ", path.Skip(again).Append(at).Select(static group => $"{EnumNames<PartyKind>.Of(group.Kind)} {group.Id}"));
            Say(known[at].Where, $"members go in a circle: {circle}");
            return;
        }

        if (!known.TryGetValue(at, out var found) || found.Entry.Members.Count == 0 || !done.Add(at)) return;
        path.Add(at);
        foreach (GroupMember member in found.Entry.Members) Walk(member, path, known, done);
        path.RemoveAt(path.Count - 1);
    }

    private void AddRates(RateTableDraft table)
    {
        if (_rates.ContainsKey(table.Name))
        {
            Say(table.Where, $"rate table '{table.Name}' is there already");
            return;
        }

        if (!Currencies.Exists(table.Currency.Text)) Say(table.Currency.Where, $"'{table.Currency.Text}' is no currency of ISO 4217");
        if (table.Entries.Count == 0) Say(table.Where, $"rate table '{table.Name}' is empty");
        foreach (var prefix in table.Entries.GroupBy(static entry => entry.Entry.Prefix, StringComparer.Ordinal))
        {
            var entries = prefix.ToList();
            for (int i = 1; i < entries.Count; i++)
            {
                for (int j = 0; j < i; j++)
                {
                    if (!Overlap(entries[i].Entry, entries[j].Entry)) continue;
                    Say(entries[i].Where, $"prefix '{prefix.Key}' of rate table '{table.Name}' is valid at the same time as at {entries[j].Where}");
                    break;
                }
            }
        }

        _rates.Add(table.Name, new RateTable(table.Name, table.Currency.Text, Math.Clamp(table.Scale, 0, 10), table.Entries.Select(static entry => entry.Entry))
        {
            Rounding = table.Rounding,
            Duration = table.Duration,
            Zone = table.Zone,
        });
    }

    private static bool Overlap(RateEntry left, RateEntry right)
    {
        bool apart = (left.ValidUntil is { } leftEnd && right.ValidFrom is { } rightStart && leftEnd <= rightStart)
            || (right.ValidUntil is { } rightEnd && left.ValidFrom is { } leftStart && rightEnd <= leftStart);
        if (apart || left.IsBand != right.IsBand) return false;
        if (!left.IsBand) return true;

        // By the minute of the week; bands over midnight make two pieces.
        for (int day = 0; day < 7; day++)
        {
            foreach ((int From, int To) mine in Pieces(left, day))
            {
                for (int other = 0; other < 7; other++)
                {
                    if (Pieces(right, other).Any(theirs => mine.From < theirs.To && theirs.From < mine.To)) return true;
                }
            }
        }

        return false;
    }

    private static IEnumerable<(int From, int To)> Pieces(RateEntry entry, int day)
    {
        if (entry.Days != 0 && (entry.Days & (1 << day)) == 0) yield break;
        int start = day * RateEntry.MinutesOfDay;
        if (entry.UntilMinute > entry.FromMinute)
        {
            yield return (start + entry.FromMinute, start + entry.UntilMinute);
            yield break;
        }

        yield return (start + entry.FromMinute, start + RateEntry.MinutesOfDay);
        int next = (day + 1) % 7 * RateEntry.MinutesOfDay;
        if (entry.UntilMinute > 0) yield return (next, next + entry.UntilMinute);
    }

    private static string? E164(string text, NumberPlan? plan)
    {
        Span<char> bare = stackalloc char[NumberText.MaxLength];
        Span<char> buffer = stackalloc char[NumberText.MaxLength];
        int length = NumberText.Reduce(text, bare);
        return length > 0 && (plan ?? CallDirectory.NoPlan).Read(bare[..length], buffer, out ReadOnlySpan<char> value) == NumberKind.E164 ? value.ToString() : null;
    }

    private static string Shown(EntryDraft entry) => entry.Id != 0 ? $"{entry.Id}" : $"'{entry.Name}'";

    private void Once<TKey>(Dictionary<TKey, string> seen, TKey key, string where, string what)
        where TKey : notnull
    {
        if (!seen.TryAdd(key, where)) Say(where, $"{what} stands at {seen[key]} already");
    }

    private T? Resolve<T>(Placed? name, Dictionary<string, T> among, string what)
        where T : class
    {
        if (name is not { } wanted) return null;
        if (among.TryGetValue(wanted.Text, out T? found)) return found;
        Say(wanted.Where, $"there is no {what} '{wanted.Text}'{(among.Count == 0 ? "" : $"; there are {string.Join(", ", among.Keys.Order(StringComparer.Ordinal).Take(8))}")}");
        return null;
    }

    private Tenant? Missing(string where, string text)
    {
        Say(where, text);
        return null;
    }

    private void Say(string where, string text) => Problems.Add(new DirectoryProblem(where, text));
}
