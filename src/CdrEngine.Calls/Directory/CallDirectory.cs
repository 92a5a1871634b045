using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Directory;

/// <summary>What the wire cannot say: whose numbers, domains and addresses are whose, and what calls cost. Immutable; any thread. A changed file gives a new
/// one.</summary>
public sealed partial class CallDirectory
{
    private readonly AddressTable<Trunk> _addresses;
    private readonly Dictionary<string, Tenant> _tenants;
    private readonly Dictionary<string, Trunk> _trunks;
    private readonly Dictionary<string, Tenant> _domains = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, DirectoryEntry> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<(PartyKind, long), DirectoryEntry> _byId = [];
    private readonly PrefixTable _blockTable;
    private readonly List<List<(int Length, DirectoryEntry Entry)>> _blocks = [];
    private readonly Dictionary<Tenant, LocalIndex> _local = new(ReferenceEqualityComparer.Instance);
    private readonly LocalIndex _shared;
    private readonly BillsecRounding _rounding;
    private readonly bool _hasCarriers;
    private readonly RecordingWish[] _wishes;

    private CallDirectory(DirectoryCheck check, BillsecRounding rounding)
    {
        _rounding = rounding;
        Tenants = [.. check.Tenants];
        Trunks = check.Trunks;
        Entries = check.Entries;
        Rates = [.. check.Rates];
        Plans = [.. check.Plans];
        DefaultTenant = check.DefaultTenant;
        DefaultPlan = check.DefaultPlan;
        DefaultRates = check.DefaultRates;
        _hasCarriers = Trunks.Any(static trunk => trunk.Side == TrunkSide.Carrier);
        _wishes =
        [
            .. Entries.Select(static entry => entry.Recording)
                .Concat(Trunks.Select(static trunk => trunk.Recording))
                .Concat(Tenants.Select(static tenant => tenant.Recording))
                .OfType<RecordingWish>()
                .Distinct()
                .Order(),
        ];
        _addresses = new AddressTable<Trunk>(Trunks.SelectMany(static trunk => trunk.Addresses.Select(range => (range, trunk))));
        _tenants = Tenants.ToDictionary(static tenant => tenant.Name, StringComparer.Ordinal);
        _trunks = Trunks.ToDictionary(static trunk => trunk.Name, StringComparer.Ordinal);
        foreach (Tenant tenant in Tenants)
        {
            foreach (string domain in tenant.Domains) _domains.TryAdd(domain.Trim('[', ']'), tenant);
        }

        foreach (DirectoryEntry entry in Entries)
        {
            if (entry.Id != 0) _byId.TryAdd((entry.Kind, entry.Id), entry);
            if (entry.Kind == PartyKind.Contact) continue;
            foreach (string number in entry.Numbers) _numbers.TryAdd(number, entry);
        }

        foreach (IGrouping<Tenant?, DirectoryEntry> group in Entries.GroupBy(static entry => entry.Tenant))
        {
            if (group.Key is { } tenant) _local.Add(tenant, new LocalIndex(group, check.Blocks));
        }

        _shared = new LocalIndex(Entries.Where(static entry => entry.Tenant is null), check.Blocks);
        var prefixes = new List<(string Prefix, int Value)>();
        foreach (IGrouping<string, (string Prefix, int Length, DirectoryEntry Entry)> block in check.Blocks.Where(static block => block.Prefix[0] == '+').GroupBy(static block => block.Prefix, StringComparer.Ordinal))
        {
            prefixes.Add((block.Key[1..], _blocks.Count));

            // A range before a prefix of the same digits: it says more.
            _blocks.Add([.. block.OrderByDescending(static part => part.Length).Select(static part => (part.Length, part.Entry))]);
        }

        _blockTable = PrefixTable.Of(prefixes);
    }

    /// <summary>Where no plan is given only numbers with a plus are international.</summary>
    internal static NumberPlan NoPlan { get; } = new()
    {
        Name = "none",
        CountryCode = "",
        InternationalPrefixes = [],
        NationalLengthMin = int.MaxValue,
        NationalLengthMax = int.MaxValue,
    };

    /// <summary>Tenants.</summary>
    public IReadOnlyList<Tenant> Tenants { get; }

    /// <summary>Trunks.</summary>
    public IReadOnlyList<Trunk> Trunks { get; }

    /// <summary>Users, contacts and numbers, in the order written.</summary>
    public IReadOnlyList<DirectoryEntry> Entries { get; }

    /// <summary>Rate tables.</summary>
    public IReadOnlyList<RateTable> Rates { get; }

    /// <summary>Number plans.</summary>
    public IReadOnlyList<NumberPlan> Plans { get; }

    /// <summary>Tenant of calls that nothing else tells of.</summary>
    public Tenant? DefaultTenant { get; }

    /// <summary>Plan of those that have none.</summary>
    public NumberPlan? DefaultPlan { get; }

    /// <summary>Rates of calls to the outside that no other table is for.</summary>
    public RateTable? DefaultRates { get; }

    /// <summary>Every wish for recordings that stands somewhere in it.</summary>
    public IReadOnlyCollection<RecordingWish> Wishes => _wishes;

    /// <summary>Checks a draft as a whole and makes the directory of it; null where anything is wrong.</summary>
    /// <param name="draft">The draft.</param>
    /// <param name="rounding">How billable time becomes whole seconds.</param>
    /// <param name="problems">All that is wrong, in the order it was found.</param>
    public static CallDirectory? TryBuild(DirectoryDraft draft, BillsecRounding rounding, out IReadOnlyList<DirectoryProblem> problems)
    {
        var check = new DirectoryCheck(draft);
        check.Run();
        problems = check.Problems;
        return check.Problems.Count == 0 ? new CallDirectory(check, rounding) : null;
    }

    /// <summary>A tenant by its name; null where there is none.</summary>
    public Tenant? Tenant(string? name) => name is null ? null : _tenants.GetValueOrDefault(name);

    /// <summary>A trunk by its name; null where there is none.</summary>
    public Trunk? Trunk(string? name) => name is null ? null : _trunks.GetValueOrDefault(name);

    /// <summary>The trunk that has an address; null where none has.</summary>
    public Trunk? TrunkAt(Endpoint endpoint) => _addresses.Find(endpoint);

    /// <summary>A user, contact or number by kind and id; null where there is none.</summary>
    public DirectoryEntry? Entry(PartyKind kind, long id) => _byId.GetValueOrDefault((kind, id));

    /// <summary>Finds out about a number as a call of a tenant over a trunk would.</summary>
    /// <param name="number">In any spelling of the wire.</param>
    /// <param name="tenant">Tenant; null for the default one.</param>
    /// <param name="trunk">Trunk it is written on; null for none.</param>
    public DirectoryAnswer Lookup(string number, Tenant? tenant = null, Trunk? trunk = null)
    {
        Tenant? whose = tenant ?? trunk?.Tenant ?? DefaultTenant;
        Found found = Resolve(number, trunk, trunk is { Side: TrunkSide.Carrier }, whose);
        return new DirectoryAnswer(found.Kind, found.E164, found.Entry, whose);
    }

    private Tenant? TenantOfUri(string? uri)
    {
        if (uri is null || _domains.Count == 0) return null;
        ReadOnlySpan<char> host = NumberText.Host(uri);
        return !host.IsEmpty && _domains.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(host, out Tenant? tenant) ? tenant : null;
    }

    // Beyond a carrier (isOutside) nobody has our extensions.
    private Found Resolve(string? number, Trunk? trunk, bool isOutside, Tenant? tenant)
    {
        if (string.IsNullOrEmpty(number)) return default;
        Span<char> buffer = stackalloc char[NumberText.MaxLength];
        int length = NumberText.Reduce(number, buffer);
        if (length == 0) return default;
        ReadOnlySpan<char> bare = buffer[..length];
        if (trunk is not null)
        {
            foreach (string prefix in trunk.Strip)
            {
                if (bare.Length <= prefix.Length || !bare.StartsWith(prefix)) continue;
                bare = bare[prefix.Length..];
                break;
            }
        }

        LocalIndex? local = tenant is null ? null : _local.GetValueOrDefault(tenant);
        DirectoryEntry? entry = (isOutside ? null : local?.Find(bare)) ?? _shared.Find(bare);
        NumberPlan plan = trunk?.Plan ?? tenant?.Plan ?? DefaultPlan ?? NoPlan;
        Span<char> made = stackalloc char[NumberText.MaxLength];
        NumberKind kind = plan.Read(bare, made, out ReadOnlySpan<char> value);
        if (entry is not null)
        {
            // An extension stands for the number that reaches it from outside.
            string? own = entry.Numbers.Count > 0 ? entry.Numbers[0] : null;
            return new Found(kind is NumberKind.E164 or NumberKind.Digits ? NumberKind.Extension : kind, own, entry);
        }

        if (kind != NumberKind.E164)
        {
            entry = local?.FindContact(value) ?? _shared.FindContact(value);
            if (entry is null && !isOutside) entry = local?.FindCode(value);
            entry ??= _shared.FindCode(value);
            return new Found(kind, entry is { Kind: PartyKind.Contact, Numbers.Count: > 0 } ? entry.Numbers[0] : null, entry);
        }

        if (_numbers.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(value, out string? known, out entry)) return new Found(kind, known, entry);
        entry = local?.FindContact(value) ?? _shared.FindContact(value) ?? FindBlock(value);
        return new Found(kind, value.SequenceEqual(number) ? number : value.ToString(), entry);
    }

    private DirectoryEntry? FindBlock(ReadOnlySpan<char> number)
    {
        for (int block = _blockTable.Find(number, out int at); block >= 0; block = _blockTable.Shorter(ref at))
        {
            foreach ((int length, DirectoryEntry entry) in _blocks[block])
            {
                if (length == 0 || length == number.Length) return entry;
            }
        }

        return null;
    }

    private readonly record struct Found(NumberKind Kind, string? E164, DirectoryEntry? Entry);

    /// <summary>What is dialled inside one tenant, and its contacts.</summary>
    private sealed class LocalIndex
    {
        private readonly Dictionary<string, DirectoryEntry> _inside = new(StringComparer.Ordinal);
        private readonly Dictionary<string, DirectoryEntry> _contacts = new(StringComparer.Ordinal);
        private readonly List<DirectoryEntry> _coded = [];
        private readonly PrefixTable _codes;

        public LocalIndex(IEnumerable<DirectoryEntry> entries, List<(string Prefix, int Length, DirectoryEntry Entry)> blocks)
        {
            var mine = new HashSet<DirectoryEntry>(ReferenceEqualityComparer.Instance);
            foreach (DirectoryEntry entry in entries)
            {
                mine.Add(entry);
                Dictionary<string, DirectoryEntry> index = entry.Kind == PartyKind.Contact ? _contacts : _inside;
                foreach (string text in entry.Extensions.Concat(entry.Usernames)) index.TryAdd(text, entry);
                if (entry.Kind != PartyKind.Contact) continue;
                foreach (string number in entry.Numbers) index.TryAdd(number, entry);
            }

            var codes = new List<(string Prefix, int Value)>();
            foreach ((string prefix, _, DirectoryEntry entry) in blocks)
            {
                if (prefix[0] == '+' || !mine.Contains(entry)) continue;
                codes.Add((prefix, _coded.Count));
                _coded.Add(entry);
            }

            _codes = PrefixTable.Of(codes);
        }

        public DirectoryEntry? Find(ReadOnlySpan<char> text) => Find(_inside, text);

        public DirectoryEntry? FindContact(ReadOnlySpan<char> text) => Find(_contacts, text);

        public DirectoryEntry? FindCode(ReadOnlySpan<char> text) => _codes.Count > 0 && _codes.Find(text, out _) is var code and >= 0 ? _coded[code] : null;

        private static DirectoryEntry? Find(Dictionary<string, DirectoryEntry> index, ReadOnlySpan<char> text) =>
            index.Count > 0 && index.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out DirectoryEntry? entry) ? entry : null;
    }
}

/// <summary>What the directory knows of a number.</summary>
/// <param name="Kind">What it is as a number.</param>
/// <param name="E164">In full international form; null where it has none.</param>
/// <param name="Entry">Whose it is; null where nobody's is known.</param>
/// <param name="Tenant">Tenant it was asked for.</param>
public sealed record DirectoryAnswer(NumberKind Kind, string? E164, DirectoryEntry? Entry, Tenant? Tenant);
