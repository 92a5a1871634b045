using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Sqlite;

/// <summary>What a day that is over is asked without being opened: which keys it may have, and how long its calls were. Stored with the day; whatever is written to the day later
/// removes it, until the day is sealed anew.</summary>
/// <param name="Keys">Its keys.</param>
/// <param name="Lengths">Its lengths; null where they could not be read.</param>
/// <param name="Profiles">The profile of each call; null where they could not be read.</param>
/// <param name="Bridges">How long calls were bridged that a machine passed on, and which of them nobody took; null where they could not be read.</param>
/// <param name="Codecs">The different lists of codecs of its calls; null where there are too many.</param>
/// <param name="Flags">The different flags of its calls; null where there are too many.</param>
/// <param name="Grams">What its texts are made of, as <see cref="GramFilter"/> has it.</param>
/// <param name="Texts">The segments of its texts, which tell of every call.</param>
/// <param name="Voice">Its calls that a voice mailbox answered; null where they could not be read.</param>
/// <param name="Stamp">Tells this seal from every other, whatever file it is in; null where it has none yet.</param>
internal sealed record DaySeal(
    KeyFilter Keys, DayLengths? Lengths, DayProfiles? Profiles, DayBridges? Bridges, string[]? Codecs, long[]? Flags, byte[]? Grams, IReadOnlyList<DayTextSegment>? Texts, DayVoice? Voice, long? Stamp) : IDaySeal
{
    /// <summary>Its calls in memory; null where they could not be read.</summary>
    public DayCalls? Calls { get; init; }

    /// <summary>Whether all of it is stored: 0 where something is missing.</summary>
    public const string Stored =
        $"SELECT count(*) = 10 FROM day_seal WHERE name IN ('{KeysName}', '{MediaFigures.Name}', '{LengthsName}', '{ProfilesName}', '{BridgesName}', '{CodecsName}', '{FlagsName}', '{GramsName}', '{DayVoice.Name}', '{DayCalls.Name}')";

    /// <summary>Further indexes, and where the seal is stored.</summary>
    /// <remarks>What is said of length, address, quality, codec or flags leads straight to the rows where it is rare; so does what is said by profile. Tenants and contexts in order
    /// of time.</remarks>
    public const string Schema = """
        CREATE INDEX IF NOT EXISTS calls_by_tenant ON calls (tenant) WHERE tenant IS NOT NULL;
        CREATE INDEX IF NOT EXISTS calls_by_context ON calls (context) WHERE context IS NOT NULL;
        CREATE INDEX IF NOT EXISTS calls_by_profile_length ON calls (profile, billsec_us);
        CREATE INDEX IF NOT EXISTS calls_by_duration ON calls (duration_us);
        CREATE INDEX IF NOT EXISTS calls_by_billable ON calls (billsec_us);
        CREATE INDEX IF NOT EXISTS calls_by_caller_ip ON calls (caller_ip) WHERE caller_ip IS NOT NULL;
        CREATE INDEX IF NOT EXISTS calls_by_callee_ip ON calls (callee_ip) WHERE callee_ip IS NOT NULL;
        CREATE INDEX IF NOT EXISTS calls_by_mos ON calls (mos) WHERE mos IS NOT NULL;
        CREATE INDEX IF NOT EXISTS calls_by_codecs ON calls (codecs);
        CREATE INDEX IF NOT EXISTS calls_by_flags ON calls (flags);
        CREATE INDEX IF NOT EXISTS call_documents_by_call_id ON call_documents (sip_call_id);
        CREATE INDEX IF NOT EXISTS recordings_by_state ON recordings (state, started_at, id);
        CREATE INDEX IF NOT EXISTS recordings_by_tenant ON recordings (tenant, started_at, id) WHERE tenant IS NOT NULL;
        CREATE INDEX IF NOT EXISTS media_sessions_by_type ON media_sessions (type, started_at, id, session) WHERE type <> 1;
        CREATE INDEX IF NOT EXISTS media_sessions_by_mos ON media_sessions (mos) WHERE mos IS NOT NULL;
        CREATE INDEX IF NOT EXISTS media_sessions_by_codecs ON media_sessions (codecs);
        CREATE TABLE IF NOT EXISTS day_seal (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
        CREATE TRIGGER IF NOT EXISTS day_seal_insert AFTER INSERT ON calls BEGIN DELETE FROM day_seal; END;
        CREATE TRIGGER IF NOT EXISTS day_seal_delete AFTER DELETE ON calls BEGIN DELETE FROM day_seal; END;
        """;

    /// <summary>Whether the indexes are there.</summary>
    public const string HasSchema = "SELECT count(*) FROM sqlite_master WHERE name = 'day_seal'";

    /// <summary>Whether the day has those that were added last.</summary>
    public const string HasIndexes = $"SELECT count(*) FROM sqlite_master WHERE name = '{TextRanges.CallIdIndex}'";

    /// <summary>Whether a day has its seal, all of it.</summary>
    public static bool IsWhole(SqliteDatabase database) => database.Scalar(HasSchema) > 0 && database.Scalar(Stored) > 0;

    /// <summary>The index over profiles, and within one over billable lengths.</summary>
    public const string ProfileIndex = "calls_by_profile_length";

    /// <summary>Different values of a column that are kept at most.</summary>
    public const int MostValues = 256;

    private const string KeysName = "keys";
    private const string LengthsName = "lengths";
    // Those that earlier programs made do not tell which calls nobody took.
    private const string BridgesName = "behind";
    private const string ProfilesName = "profiles";
    private const string CodecsName = "codecs";
    private const string FlagsName = "flags";
    private const string GramsName = "texts";
    private const string StampName = "stamp";
    private const string FindStamp = $"SELECT value FROM day_seal WHERE name = '{StampName}'";
    private const string AddStamp = $"INSERT OR IGNORE INTO day_seal (name, value) VALUES ('{StampName}', randomblob(8))";
    private const int CallIdColumns = 4;

    /// <summary>Memory it takes, bytes.</summary>
    public long Size => Keys.Size + (Lengths?.Size ?? 0) + (Profiles?.Size ?? 0) + (Bridges?.Size ?? 0) + (Codecs?.Sum(static text => 32L + (2 * text.Length)) ?? 0) + ((Flags?.Length ?? 0) * sizeof(long))
        + (Grams?.Length ?? 0) + (Voice?.Size ?? 0) + (Calls?.Size ?? 0);

    /// <summary>Gives a day its indexes and makes its seal, in one transaction.</summary>
    public static void Make(SqliteDatabase database) => database.Transact(() =>
    {
        database.Execute(Schema);
        database.Execute("DELETE FROM day_seal");
        DayTexts.Complete(database);
        Put(database, GramsName, DayTexts.FilterOf(database));
        Put(database, KeysName, KeyFilter.Of(KeysOf(database)).ToBytes());
        Put(database, MediaFigures.Name, MediaFigures.Of(database).ToBytes());
        Put(database, LengthsName, DayLengths.ToBytes(LengthsOf(database)));
        Put(database, BridgesName, DayBridges.Of(database));
        Put(database, ProfilesName, DayProfiles.Of(database));
        Put(database, CodecsName, Encoding.UTF8.GetBytes(string.Join('\n', ValuesOf(database, "calls", "codecs", static row => row.Text(0)) ?? [])));
        Put(database, FlagsName, Encoding.UTF8.GetBytes(string.Join('\n', ValuesOf(database, "calls", "flags", static row => row.Long(0)) ?? [])));
        Put(database, DayVoice.Name, DayVoice.ToBytes(database));
        Put(database, DayCalls.Name, DayCallsBytes.Of(database));
        database.Execute(AddStamp);
    });

    /// <summary>Gives a stamp to the seal of a day that has none: one made by an earlier program.</summary>
    public static void MakeStamp(SqliteDatabase database) => database.Transact(() =>
    {
        if (database.Scalar(HasSchema) > 0 && database.Scalar(Stored) > 0) database.Execute(AddStamp);
    });

    /// <summary>The stamp of the seal that a day has now; null where it has none.</summary>
    public static long? StampOf(SqliteDatabase database)
    {
        using SqliteStatement find = database.Prepare(FindStamp);
        return find.Step() && find.Blob(0) is { Length: sizeof(long) } bytes ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : null;
    }

    /// <summary>Reads the seal of a day; null where it has none.</summary>
    /// <param name="database">The day.</param>
    /// <param name="index">Numbers profiles for all days.</param>
    public static DaySeal? Read(SqliteDatabase database, ProfileIndex index)
    {
        if (!database.IsSealed) return null;
        KeyFilter? keys = null;
        DayLengths? lengths = null;
        DayProfiles? profiles = null;
        DayBridges? bridges = null;
        string[]? codecs = null, flags = null;
        byte[]? grams = null;
        IReadOnlyList<DayTextSegment>? texts = null;
        DayVoice? voice = null;
        DayCalls? calls = null;
        long? stamp = null;
        database.InOneState(() =>
        {
            using (SqliteStatement find = Find(database, KeysName))
            {
                if (find.Step()) keys = KeyFilter.Read(find.Blob(0));
            }

            if (keys is null) return;
            var numbers = new Dictionary<long, int>();
            using (SqliteStatement list = database.Prepare($"SELECT p.profile, {ProfileRow.Columns} FROM call_profiles p"))
            {
                while (list.Step()) numbers.Add(list.Long(0), index.NumberOf(ProfileRow.Profile(list, 1)));
            }

            using (SqliteStatement find = Find(database, LengthsName))
            {
                if (find.Step()) lengths = DayLengths.Read(find.Blob(0), index, numbers);
            }

            using (SqliteStatement find = Find(database, ProfilesName))
            {
                if (find.Step()) profiles = DayProfiles.Read(find.Blob(0), index, numbers);
            }

            using (SqliteStatement find = Find(database, BridgesName))
            {
                if (find.Step()) bridges = DayBridges.Read(find.Blob(0), index, numbers);
            }

            using (SqliteStatement find = Find(database, GramsName))
            {
                if (find.Step() && find.Blob(0).Length == GramFilter.Bytes) grams = find.Blob(0).ToArray();
            }

            using (SqliteStatement find = Find(database, DayVoice.Name))
            {
                if (find.Step()) voice = DayVoice.Read(find.Blob(0).ToArray());
            }

            using (SqliteStatement find = Find(database, DayCalls.Name))
            {
                if (profiles is not null && lengths is not null && find.Step()) calls = DayCalls.Read(find.Blob(0).ToArray(), profiles, lengths);
            }

            if (grams is not null) texts = DayTexts.Segments(database);
            codecs = Values(database, CodecsName);
            flags = Values(database, FlagsName);
            stamp = StampOf(database);
        });
        return keys is null ? null : new DaySeal(keys, lengths, profiles, bridges, codecs, Numbers(flags), grams, texts, voice, stamp) { Calls = calls };
    }

    /// <summary>Whether any text of the day may have a part.</summary>
    public bool MayHave(TextNeedle needle) => !needle.IsNowhere && (Grams is null || GramFilter.MayHave(Grams, needle));

    // Null where one of them is none: then they tell nothing.
    private static long[]? Numbers(string[]? texts)
    {
        if (texts is null) return null;
        long[] numbers = new long[texts.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            if (!long.TryParse(texts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i])) return null;
        }

        return numbers;
    }

    // A line each; nothing where there were too many.
    private static string[]? Values(SqliteDatabase database, string name)
    {
        using SqliteStatement find = Find(database, name);
        return find.Step() && Encoding.UTF8.GetString(find.Blob(0)) is { Length: > 0 } text ? text.Split('\n') : null;
    }

    /// <summary>The different values of a column; null where there are more than <see cref="MostValues"/>.</summary>
    public static T[]? ValuesOf<T>(SqliteDatabase database, string table, string column, Func<SqliteStatement, T> read)
    {
        var values = new List<T>();
        using SqliteStatement list = database.Prepare($"SELECT DISTINCT {column} FROM {table} LIMIT {MostValues + 1}");
        while (list.Step()) values.Add(read(list));
        return values.Count > MostValues ? null : [.. values];
    }

    private static SqliteStatement Find(SqliteDatabase database, string name) => database.Prepare("SELECT value FROM day_seal WHERE name = ?1").Bind(name);

    private static void Put(SqliteDatabase database, string name, byte[] value) =>
        database.Prepare("INSERT OR REPLACE INTO day_seal (name, value) VALUES (?1, ?2)").Bind(name).BindBlob(value.AsSpan()).Run();

    private static HashSet<ulong> KeysOf(SqliteDatabase database)
    {
        var keys = new HashSet<ulong>();
        using (SqliteStatement numbers = database.Prepare(
            "SELECT n.number, c.tenant FROM call_numbers n CROSS JOIN calls c ON c.started_at = n.started_at AND c.id = n.id"))
        {
            while (numbers.Step())
            {
                ReadOnlySpan<byte> number = numbers.TextBytes(0);
                keys.Add(KeyFilter.OfNumber(number));
                if (!numbers.IsNull(1)) keys.Add(KeyFilter.OfNumber(number, numbers.TextBytes(1)));
                if (KeyFilter.OfPrefix(number) is { } begin) keys.Add(begin);
            }
        }

        using SqliteStatement calls = database.Prepare("SELECT sip_call_hash, session_id, caller_ip, callee_ip FROM calls");
        while (calls.Step())
        {
            keys.Add(KeyFilter.OfSipCall(calls.Long(0)));
            if (!calls.IsNull(1)) keys.Add(KeyFilter.OfSession(calls.TextBytes(1)));
            for (int column = 2; column < CallIdColumns; column++)
            {
                if (!calls.IsNull(column)) keys.Add(KeyFilter.OfAddress(calls.Blob(column)));
            }
        }

        return keys;
    }

    private static List<(long? Profile, long Lasted, long Billed)> LengthsOf(SqliteDatabase database)
    {
        var calls = new List<(long? Profile, long Lasted, long Billed)>();
        using SqliteStatement list = database.Prepare("SELECT profile, duration_us, billsec_us FROM calls ORDER BY profile, document");
        while (list.Step()) calls.Add((list.IsNull(0) ? null : list.Long(0), list.Long(1), list.Long(2)));
        return calls;
    }
}

/// <summary>The keys that a query asks for: a day that has none of one group has no call that is asked for.</summary>
internal sealed class AskedKeys
{
    private readonly List<ulong[]> _groups = [];
    private readonly DateOnly? _own;

    /// <summary>The keys of a query.</summary>
    public AskedKeys(CallQuery query)
    {
        foreach (string? text in (ReadOnlySpan<string?>)[query.Number, query.Caller, query.Callee])
        {
            if (text is null) continue;
            if (!text.EndsWith('*')) AddNumbers([text], query.Tenant);
            else if (KeyFilter.OfPrefix(Encoding.UTF8.GetBytes(text[..^1])) is { } begin) _groups.Add([begin]);
        }

        foreach (IReadOnlyList<string> numbers in (ReadOnlySpan<IReadOnlyList<string>>)[query.CallerNumbers, query.DialledNumbers, query.CalleeNumbers, query.PartyNumbers])
        {
            if (numbers.Count > 0) AddNumbers(numbers, query.Tenant);
        }

        // These may be of a call of somebody else's in the same session.
        if (query.SessionCalleeNumbers.Count > 0) AddNumbers(query.SessionCalleeNumbers, null);
        if (query.User is { } user) AddNumbers([CallRow.UserKey(user)], query.Tenant);
        if (query.IsVoicemail) AddNumbers([CallRow.VoicemailKey], query.Tenant);
        if (query.SipCallId is { } sipCallId) _groups.Add([KeyFilter.OfSipCall(CallRow.SipCallHash(sipCallId))]);
        if (query.Address is { } address) _groups.Add([KeyFilter.OfAddress(CallRow.Address(address))]);
        if (query.SessionId is not { } session) return;

        // The call that a session is named after does not name it.
        _groups.Add([KeyFilter.OfSession(Encoding.UTF8.GetBytes(session))]);
        if (CallRow.TryReadId(session, out DateOnly own, stackalloc byte[CallRow.IdBytes])) _own = own;
    }

    private void AddNumbers(IReadOnlyList<string> numbers, string? tenant) =>
        _groups.Add([.. numbers.Select(number => tenant is null ? KeyFilter.OfNumber(number) : KeyFilter.OfNumber(number, tenant))]);

    /// <summary>False where nothing is asked by key.</summary>
    public bool AsksAnything => _groups.Count > 0;

    /// <summary>Whether a day may have calls that are asked for.</summary>
    public bool MayBeIn(DateOnly day, KeyFilter keys)
    {
        if (day == _own) return true;
        foreach (ulong[] group in _groups)
        {
            bool any = false;
            for (int i = 0; i < group.Length && !any; i++) any = keys.MayHave(group[i]);
            if (!any) return false;
        }

        return true;
    }
}

/// <summary>What a day that is over tells without being opened.</summary>
internal interface IDaySeal
{
    /// <summary>Memory it takes, bytes.</summary>
    long Size { get; }
}

/// <summary>The seals of days in memory, as long as nothing is written to them: those of the latest days, as many as fit. Any thread.</summary>
/// <param name="capacity">Bytes of all together.</param>
internal sealed class SealsKept<T>(long capacity)
    where T : class, IDaySeal
{
    private readonly SortedDictionary<DateOnly, (string Stamp, T? Seal)> _kept = [];
    private readonly Lock _lock = new();
    private DateOnly _tooMany = DateOnly.MinValue;
    private long _held;

    /// <summary>Whether it is known what a day in this state has, and that: null for no seal.</summary>
    public bool TryFind(DateOnly day, DayStamp stamp, out T? seal)
    {
        lock (_lock)
        {
            // Days that there is no room for are not read time and again.
            seal = null;
            if (day <= _tooMany) return true;
            if (!_kept.TryGetValue(day, out (string Stamp, T? Seal) known) || known.Stamp != stamp.Text) return false;
            seal = known.Seal;
            return true;
        }
    }

    /// <summary>Lets go of what a day has.</summary>
    public void Forget(DateOnly day)
    {
        lock (_lock)
        {
            if (_kept.Remove(day, out (string _, T? Seal) gone)) _held -= gone.Seal?.Size ?? 0;
        }
    }

    /// <summary>Keeps what a day has, where it is not being written to.</summary>
    public void Keep(DateOnly day, DayStamp stamp, T? seal)
    {
        if (!stamp.IsSettled) return;
        lock (_lock)
        {
            if (_kept.Remove(day, out (string Stamp, T? Seal) old)) _held -= old.Seal?.Size ?? 0;
            if (_held < capacity / 2) _tooMany = DateOnly.MinValue;
            _kept.Add(day, (stamp.Text, seal));
            _held += seal?.Size ?? 0;
            while (_held > capacity && _kept.Count > 0)
            {
                (DateOnly earliest, (string _, T? gone)) = _kept.First();
                _kept.Remove(earliest);
                _held -= gone?.Size ?? 0;
                if (earliest > _tooMany) _tooMany = earliest;
            }
        }
    }
}
