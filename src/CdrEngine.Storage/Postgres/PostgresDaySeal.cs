using System.Text;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

/// <summary>What a day that is over tells without being asked: what <see cref="DaySeal"/> tells of a day of files, and its figures. Deleted calls are among them.</summary>
/// <param name="Seal">Keys, lengths, profiles of calls, bridges, different codecs and flags, voice messages.</param>
/// <param name="Figures">How many calls have which profile, and their sums.</param>
/// <param name="Media">Its media sessions.</param>
/// <param name="MosLeast">The worst score of a call; null where none has one.</param>
/// <param name="Segments">Segments of its texts, which tell of every call.</param>
/// <param name="HasTwins">Whether any two of its calls have the same integer id.</param>
internal sealed record PostgresDaySeal(DaySeal Seal, DayFigures Figures, MediaFigures Media, double? MosLeast, IReadOnlyList<PostgresTexts.Segment> Segments, bool HasTwins) : IDaySeal
{
    /// <summary>Scores and addresses of its calls; null where they could not be read.</summary>
    public PostgresDayColumns? Columns { get; init; }

    /// <summary>Media sessions of its calls; null where they could not be read.</summary>
    public PostgresDayMedia? Sessions { get; init; }

    private const string ProfilesName = "profiles";
    private const string KeysName = "keys";
    private const string LengthsName = "lengths";
    private const string PlacesName = "places";
    private const string BridgesName = "behind";
    private const string CodecsName = "codecs";
    private const string FlagsName = "flags";
    private const string TwinsName = "twins";

    /// <inheritdoc />
    public long Size => Seal.Size + ((Figures.Profiles.Length + (Figures.ByTenant.Count * 16L)) * 2 * sizeof(int)) + Media.Addresses.Size + (Media.Sums.Count * 40L)
        + Segments.Sum(static segment => segment.Fields.Length + 64L) + (Columns?.Size ?? 0) + (Sessions?.Size ?? 0);

    /// <summary>Makes the seal of a day, inside a transaction of a writer, and lets the day name it.</summary>
    public static void Make(PostgresSession session, DateOnly day)
    {
        long number = session.Scalar("SELECT nextval('text_numbers')");
        session.Execute("DELETE FROM day_seals WHERE day = ?", day);
        var profiles = new Dictionary<CallProfile, int>();
        var sums = new List<CallSums>();
        var calls = new List<(long Document, long Profile)>();
        var lengths = new List<(long Document, long Profile, long Lasted, long Billed)>();
        var keys = new HashSet<ulong>();
        var rowsOfCalls = new PostgresDayCallRows(session, day);
        var columns = new List<ColumnRow>();
        double? least = null;
        long first = long.MaxValue, last = 0;
        var ids = new HashSet<long>();
        bool hasTwins = false;
        using (PostgresRows rows = session.Query(
            "SELECT c.document, c.duration_us, c.billsec_us, c.pdd_us, c.mos, c.sip_call_hash, c.session_id, c.caller_ip, c.callee_ip, c.id, c.codecs, c.flags, "
            + PostgresProfile.Columns + " FROM calls c WHERE c.day = ? ORDER BY c.started_at, c.id",
            day))
        {
            while (rows.Step())
            {
                CallProfile profile = PostgresProfile.Read(rows, 12);
                if (!profiles.TryGetValue(profile, out int its))
                {
                    profiles.Add(profile, its = profiles.Count);
                    sums.Add(default);
                }

                double? mos = rows.Real(4);
                if (mos < least || least is null) least = mos ?? least;
                CallSums sum = sums[its];
                sum.AddCall(profile.Disposition == Disposition.Answered, rows.Long(1), rows.Long(2), rows.LongOrNull(3), mos);
                sums[its] = sum;
                long document = rows.Long(0);
                (first, last) = (Math.Min(first, document), Math.Max(last, document));
                calls.Add((document, its));
                lengths.Add((document, its, rows.Long(1), rows.Long(2)));
                hasTwins |= !ids.Add(CallNumber.Of(CallRow.IdText(day, rows.Blob(9))));
                keys.Add(KeyFilter.OfSipCall(rows.Long(5)));
                if (rows.TextOrNull(6) is { } of) keys.Add(KeyFilter.OfSession(Encoding.UTF8.GetBytes(of)));
                columns.Add(new ColumnRow(document, mos, rows.BlobOrNull(7), rows.BlobOrNull(8)));
                rowsOfCalls.Add(document, rows.Blob(9), rows.TextOrNull(6), rows.Text(10), rows.Long(11));
                if (rows.BlobOrNull(7) is { } from) keys.Add(KeyFilter.OfAddress(from));
                if (rows.BlobOrNull(8) is { } to) keys.Add(KeyFilter.OfAddress(to));
            }
        }

        PostgresNumbers.Make(session, day, number);
        AddNumbers(session, day, keys);
        Put(ProfilesName, ProfilesOf(profiles, sums, least));
        Put(KeysName, KeyFilter.Of(keys).ToBytes());
        Put(LengthsName, DayLengths.ToBytes([.. lengths.OrderBy(static call => call.Profile).ThenBy(static call => call.Document).Select(static call => ((long?)call.Profile, call.Lasted, call.Billed))]));
        Put(PlacesName, calls.Count == 0 ? [] : DayProfiles.OfCalls(calls, first, last));
        Put(BridgesName, BridgesOf(session, day, profiles));
        Put(CodecsName, Encoding.UTF8.GetBytes(string.Join('\n', ValuesOf(session, day, "calls", "codecs", static row => row.Text(0)) ?? [])));
        Put(FlagsName, Encoding.UTF8.GetBytes(string.Join('\n', ValuesOf(session, day, "calls", "flags", static row => row.Long(0)) ?? [])));
        Put(DayVoice.Name, VoiceOf(session, day));
        Put(TwinsName, hasTwins ? [1] : [0]);
        Put(MediaFigures.Name, MediaOf(session, day).ToBytes());
        PostgresSchema.EnsureMonth(session, ["day_calls"], day);
        session.Execute("DELETE FROM day_calls WHERE day = ?", day);
        byte[] ofCalls = DayCallsBytes.Of(rowsOfCalls);
        PutCalls(DayCalls.Name, ofCalls);
        if (ofCalls.Length > 0 && calls.Count > 0) PutCalls(PostgresDayColumns.Name, PostgresDayColumns.Of(columns, first, last));
        PostgresDayMedia.Make(session, day, number);
        session.Queue("UPDATE record_days SET seal = ?, texts = 0 WHERE day = ?", number, day);
        session.RunQueued();

        void PutCalls(string name, byte[] value) => session.Queue("INSERT INTO day_calls (day, name, seal, value) VALUES (?, ?, ?, ?)", day, name, number, value);

        void Put(string name, byte[] value) => session.Queue("INSERT INTO day_seals (day, name, seal, value) VALUES (?, ?, ?, ?)", day, name, number, value);
    }

    /// <summary>Reads a seal; null where something of it is missing or damaged.</summary>
    /// <param name="parts">Its parts by their names.</param>
    /// <param name="lastDocument">The day's last document.</param>
    /// <param name="segments">Segments of its texts.</param>
    /// <param name="index">Numbers profiles for all days.</param>
    public static PostgresDaySeal? Read(IReadOnlyDictionary<string, byte[]> parts, long lastDocument, IReadOnlyList<PostgresTexts.Segment> segments, ProfileIndex index)
    {
        byte[]? Part(string name) => parts.GetValueOrDefault(name);
        if (Part(ProfilesName) is not { } profiles || Part(KeysName) is not { } keyBytes || KeyFilter.Read(keyBytes) is not { } keys
            || Part(MediaFigures.Name) is not { } mediaBytes || MediaFigures.Read(mediaBytes) is not { } media) return null;
        if (ReadFigures(profiles, lastDocument, index, out Dictionary<long, int> numbers, out double? least) is not { } figures) return null;
        DayLengths? lengths = Part(LengthsName) is { } lengthBytes ? DayLengths.Read(lengthBytes, index, numbers) : null;
        DayProfiles? places = Part(PlacesName) is { Length: > 0 } placeBytes ? DayProfiles.Read(placeBytes, index, numbers) : null;
        DayBridges? bridges = Part(BridgesName) is { } bridgeBytes ? DayBridges.Read(bridgeBytes, index, numbers) : null;
        string[]? codecs = Lines(Part(CodecsName));
        DayVoice? voice = Part(DayVoice.Name) is { } voiceBytes ? DayVoice.Read(voiceBytes) : null;
        DayCalls? calls = places is not null && lengths is not null && Part(DayCalls.Name) is { } callBytes ? DayCalls.Read(callBytes, places, lengths) : null;
        var seal = new DaySeal(keys, lengths, places, bridges, codecs, Numbers(Lines(Part(FlagsName))), null, null, voice, null) { Calls = calls };
        return new PostgresDaySeal(seal, figures, media, least, segments, Part(TwinsName) is not [0])
        {
            Columns = calls is not null && Part(PostgresDayColumns.Name) is { } columns ? PostgresDayColumns.Read(columns, calls) : null,
            Sessions = calls is not null && Part(PostgresDayMedia.Name) is { } sessions ? PostgresDayMedia.Read(sessions, calls) : null,
        };
    }

    private static byte[] ProfilesOf(Dictionary<CallProfile, int> profiles, List<CallSums> sums, double? least)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(least ?? double.NaN);
        writer.Write(profiles.Count);

        // In the order of their numbers, as they were added and none was removed.
        foreach ((CallProfile profile, int number) in profiles.OrderBy(static pair => pair.Value))
        {
            writer.Write(profile.Tenant);
            writer.Write((int)profile.Disposition);
            writer.Write((int?)profile.Direction ?? ProfileRow.NoDirection);
            writer.Write(profile.SipStatus);
            writer.Write(profile.Cause ?? -1);
            writer.Write((int)profile.HangupBy);
            writer.Write((int?)profile.Context ?? -1);
            writer.Write(profile.Trunk);
            writer.Write((int)profile.Traits);
            writer.Write((int)profile.Reroute);
            writer.Write(profile.CallerCodec);
            writer.Write(profile.CalleeCodec);
            CallSums of = sums[number];
            foreach (long value in (ReadOnlySpan<long>)[of.Calls, of.Answered, of.Duration, of.Billable, of.Pdd, of.PddCalls, of.Mos, of.MosCalls, of.MosBelow403, of.MosBelow360, of.MosBelow310, of.MosBelow258])
                writer.Write(value);
        }

        writer.Flush();
        return bytes.ToArray();
    }

    private static DayFigures? ReadFigures(byte[] bytes, long lastDocument, ProfileIndex index, out Dictionary<long, int> numbers, out double? least)
    {
        numbers = [];
        least = null;
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes));
            least = reader.ReadDouble() is var mos && double.IsNaN(mos) ? null : mos;
            int count = reader.ReadInt32();
            if (count < 0 || count > bytes.Length) return null;
            int[] profiles = new int[count], calls = new int[count];
            var tenants = new Dictionary<string, CallSums>(StringComparer.Ordinal);
            CallSums all = default;
            Span<long> values = stackalloc long[ProfileRow.SumCount];
            for (int i = 0; i < count; i++)
            {
                CallProfile profile = ReadProfile(reader);
                for (int k = 0; k < values.Length; k++) values[k] = reader.ReadInt64();
                CallSums sums = ProfileRow.SumsOf(values);
                numbers.Add(i, profiles[i] = index.NumberOf(profile));
                calls[i] = (int)sums.Calls;
                all.Add(sums);
                CallSums its = tenants.GetValueOrDefault(profile.Tenant);
                its.Add(sums);
                tenants[profile.Tenant] = its;
            }

            return new DayFigures(lastDocument, all, tenants, index, profiles, calls);
        }
        catch (Exception e) when (e is EndOfStreamException or IOException or FormatException)
        {
            return null;
        }
    }

    private static CallProfile ReadProfile(BinaryReader reader) => new()
    {
        Tenant = reader.ReadString(),
        Disposition = (Disposition)reader.ReadInt32(),
        Direction = reader.ReadInt32() is var way && way == ProfileRow.NoDirection ? null : (CallDirection)way,
        SipStatus = reader.ReadInt32(),
        Cause = reader.ReadInt32() is var cause && cause < 0 ? null : cause,
        HangupBy = (HangupBy)reader.ReadInt32(),
        Context = reader.ReadInt32() is var context && context < 0 ? null : (CallContext)context,
        Trunk = reader.ReadString(),
        Traits = (CallTraits)reader.ReadInt32(),
        Reroute = (RerouteReason)reader.ReadInt32(),
        CallerCodec = reader.ReadString(),
        CalleeCodec = reader.ReadString(),
    };

    private static void AddNumbers(PostgresSession session, DateOnly day, HashSet<ulong> keys)
    {
        using PostgresRows rows = session.Query(
            "SELECT n.number, c.tenant FROM call_numbers n JOIN calls c ON c.day = n.day AND c.started_at = n.started_at AND c.id = n.id WHERE n.day = ? AND c.day = ?", day, day);
        while (rows.Step())
        {
            byte[] number = Encoding.UTF8.GetBytes(rows.Text(0));
            keys.Add(KeyFilter.OfNumber(number));
            if (rows.TextOrNull(1) is { } tenant) keys.Add(KeyFilter.OfNumber(number, Encoding.UTF8.GetBytes(tenant)));
            if (KeyFilter.OfPrefix(number) is { } begin) keys.Add(begin);
        }
    }

    private static byte[] BridgesOf(PostgresSession session, DateOnly day, Dictionary<CallProfile, int> profiles)
    {
        var calls = new List<BridgedCall>();
        using (PostgresRows rows = session.Query(
            $"SELECT c.document, c.duration_us, c.billsec_us, d.json, {PostgresProfile.Columns} FROM calls c JOIN call_documents d ON d.day = c.day AND d.document = c.document "
            + "WHERE c.day = ? AND d.day = ? AND (c.traits & ?) = ? ORDER BY c.document",
            day,
            day,
            (long)DayBridges.Traits,
            (long)DayBridges.Traits))
        {
            while (rows.Step())
            {
                CallRecordJson.TryRead(rows.Blob(3), out CallRecord? record);
                calls.Add(new BridgedCall(rows.Long(0), profiles[PostgresProfile.Read(rows, 4)], rows.Long(1), rows.Long(2), rows.TextOrNull(4), record));
            }
        }

        return DayBridges.OfCalls(calls, (byte[] id, out string? tenant, out CallRecord? record) =>
        {
            (tenant, record) = (null, null);
            using PostgresRows found = session.Query(
                "SELECT c.tenant, d.json FROM calls c JOIN call_documents d ON d.day = c.day AND d.document = c.document WHERE c.day = ? AND d.day = ? AND c.id = ?", day, day, id);
            if (!found.Step()) return false;
            tenant = found.TextOrNull(0);
            CallRecordJson.TryRead(found.Blob(1), out record);
            return true;
        });
    }

    private static byte[] VoiceOf(PostgresSession session, DateOnly day)
    {
        var calls = new List<(long StartedAt, byte[] Id, long Document, string? Tenant)>();
        using PostgresRows rows = session.Query(
            "SELECT n.started_at, n.id, c.document, c.tenant FROM call_numbers n JOIN calls c ON c.day = n.day AND c.started_at = n.started_at AND c.id = n.id "
            + "WHERE n.day = ? AND c.day = ? AND n.number = ? AND (n.roles & ?) <> 0 ORDER BY n.started_at, n.id",
            day,
            day,
            CallRow.VoicemailKey,
            (long)CallRow.CalleeRole);
        while (rows.Step()) calls.Add((rows.Long(0), rows.Blob(1), rows.Long(2), rows.TextOrNull(3)));
        return DayVoice.OfCalls(calls);
    }

    private static MediaFigures MediaOf(PostgresSession session, DateOnly day)
    {
        var sums = new List<MediaSum>();
        var addresses = new HashSet<ulong>();
        double? least = null;
        using (PostgresRows rows = session.Query("SELECT coalesce(m.tenant, ''), m.type, count(*), min(m.mos) FROM media_sessions m WHERE m.day = ? GROUP BY 1, 2", day))
        {
            while (rows.Step())
            {
                sums.Add(new MediaSum(rows.Text(0), (MediaSessionType)rows.Long(1), rows.Long(2)));
                double? mos = rows.Real(3);
                if (mos < least || least is null) least = mos ?? least;
            }
        }

        using (PostgresRows rows = session.Query("SELECT DISTINCT m.addresses FROM media_sessions m WHERE m.day = ?", day))
        {
            while (rows.Step())
            {
                foreach (string address in rows.Text(0).Split('|', StringSplitOptions.RemoveEmptyEntries)) addresses.Add(KeyFilter.OfNumber(address));
            }
        }

        return new MediaFigures(
            sums,
            ValuesOf(session, day, "media_sessions", "codecs", static row => row.Text(0)),
            ValuesOf(session, day, "media_sessions", "flags", static row => row.Long(0)),
            least,
            KeyFilter.Of(addresses));
    }

    // The different values of a column; null where there are too many.
    private static T[]? ValuesOf<T>(PostgresSession session, DateOnly day, string table, string column, Func<PostgresRows, T> read)
    {
        var values = new List<T>();
        using PostgresRows rows = session.Query($"SELECT DISTINCT t.{column} FROM {table} t WHERE t.day = ? LIMIT ?", day, DaySeal.MostValues + 1L);
        while (rows.Step()) values.Add(read(rows));
        return values.Count > DaySeal.MostValues ? null : [.. values];
    }

    private static string[]? Lines(byte[]? utf8) => utf8 is { Length: > 0 } ? Encoding.UTF8.GetString(utf8).Split('\n') : null;

    private static long[]? Numbers(string[]? texts)
    {
        if (texts is null) return null;
        long[] numbers = new long[texts.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            if (!long.TryParse(texts[i], System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out numbers[i])) return null;
        }

        return numbers;
    }
}
