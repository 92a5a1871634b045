using System.Diagnostics;
using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>Archives of any number of calls. One day is stored call by call, as the engine stores it; the others are made of it file by file, with every row
/// moved to its day, some ten times as fast. All of them have the schema and the indexes that the program gives them.</summary>
public static class StoredCalls
{
    /// <summary>Users that call and are called.</summary>
    public const int Users = 2_000;

    /// <summary>Number of the first of them; the others follow.</summary>
    public const int FirstUser = 10_000;

    /// <summary>Tenants, each with as many calls as any other.</summary>
    public const int Tenants = 20;

    /// <summary>First day of every archive.</summary>
    public static readonly DateOnly FirstDay = new(2026, 1, 1);

    private const int Batch = 2_000;
    private const long DayMicroseconds = 86_400_000_000;

    private static readonly string[] Rows = ["call_profiles", "call_sums", "recordings", "call_chunks"];

    /// <summary>Makes an archive where the folder has none, and gives all of its days but the last the indexes of days that are over.</summary>
    /// <param name="writer">Told how long it took.</param>
    /// <param name="folder">The archive.</param>
    /// <param name="calls">Calls of it.</param>
    /// <param name="days">Days they are spread over.</param>
    /// <param name="stop">Ends it early; made again with the same figures it goes on.</param>
    public static void Make(TextWriter writer, string folder, int calls, int days, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(writer);
        int each = Math.Max(1, calls / days);
        long start = Stopwatch.GetTimestamp();
        using (SqliteCallStore store = SqliteCallStore.Open(folder))
        {
            if (store.Days().Count >= days) return;

            // The last day is written to all the time and has no further indexes.
            if (!store.Days().Contains(FirstDay.AddDays(days - 1))) StoreDay(store, FirstDay.AddDays(days - 1), each, 1, stop);
            if (!store.Days().Contains(FirstDay)) StoreDay(store, FirstDay, each, 2, stop);
            store.Seal(FirstDay.AddDays(1), stop);
        }

        string first = PathOf(folder, FirstDay);
        using (SqliteDatabase database = SqliteDatabase.Open(first, SqliteAccess.Write, TimeSpan.FromSeconds(5), 1024)) database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        foreach (int day in Enumerable.Range(1, Math.Max(0, days - 2)))
        {
            stop.ThrowIfCancellationRequested();
            string path = PathOf(folder, FirstDay.AddDays(day));
            if (File.Exists(path)) continue;
            Move(first, path + ".part", day);
            File.Move(path + ".part", path);
        }

        TimeSpan took = Stopwatch.GetElapsedTime(start);
        long bytes = Directory.EnumerateFiles(folder).Sum(static file => new FileInfo(file).Length);
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(long)each * days:N0} calls of {days} days made in {took.TotalSeconds:N0} s, {bytes / 1e9:N1} GB"));
    }

    /// <summary>Number of one of the users.</summary>
    public static string User(Random random) => $"{FirstUser + random.Next(Users)}";

    /// <summary>One of the numbers that calls come in by.</summary>
    public static string Did(Random random) => $"+4930{100 + random.Next(900)}";

    /// <summary>A call. Two thirds are answered, two minutes on average, one in a thousand over half an hour; a number that every twentieth call dials.</summary>
    /// <param name="random">Source of everything that differs.</param>
    /// <param name="startedAt">Its start, microseconds since 1970.</param>
    public static StoredCall Call(Random random, long startedAt)
    {
        var started = new Timestamp(startedAt);
        bool answered = random.Next(3) > 0;
        double seconds = answered ? random.Next(1000) == 0 ? random.Next(1800, 14_400) : -Math.Log(1 - random.NextDouble()) * 120 : random.Next(40);
        CallDirection direction = random.Next(100) switch { < 45 => CallDirection.Inbound, < 85 => CallDirection.Outbound, < 99 => CallDirection.Internal, _ => CallDirection.Transit };
        string caller = direction is CallDirection.Outbound or CallDirection.Internal ? User(random) : $"+49{random.NextInt64(10_000_000_000):0000000000}";
        string callee = direction is CallDirection.Outbound or CallDirection.Transit ? $"+44{random.NextInt64(10_000_000_000):0000000000}" : User(random);
        string dialled = direction != CallDirection.Inbound ? callee : random.Next(10) == 0 ? "+4930100" : Did(random);
        string sipCallId = $"{random.NextInt64():x16}@192.0.2.1";
        string id = CallId.Derive(sipCallId, "tag", started);

        // Within its day, so that a day can be moved as a whole.
        long midnight = (startedAt / DayMicroseconds * DayMicroseconds) + DayMicroseconds;
        var ended = new Timestamp(Math.Min(startedAt + 4_000_000 + (long)(seconds * 1e6), midnight - 1));
        Disposition outcome = answered ? Disposition.Answered : (Disposition)random.Next(2, 10);
        int status = answered ? 200 : random.Next(1000) == 0 ? 503 : outcome switch { Disposition.Busy => 486, Disposition.NoAnswer => 480, Disposition.Rejected => 603, Disposition.InvalidNumber => 404, _ => 487 };
        bool isMailbox = answered && random.Next(100) == 0;
        CallContext context = isMailbox ? CallContext.Voicemail
            : direction == CallDirection.Internal ? CallContext.UserLocal
            : random.Next(100) switch { < 20 => CallContext.Ivr, < 30 => CallContext.Queue, 30 => random.Next(20) == 0 ? CallContext.Tracking : CallContext.Fax, _ => CallContext.PstnCall };
        string tenant = $"tenant{random.Next(Tenants)}";
        var record = new CallRecord
        {
            Id = id,
            SessionId = id,
            SipCallId = sipCallId,
            State = CallState.Ended,
            Disposition = outcome,
            SipStatus = status,
            Direction = direction,
            Dialled = dialled,
            Caller = Party(caller, 1, random),
            Callee = Party(callee, 2, random),
            StartedAt = started,
            RangAt = random.Next(10) == 0 ? null : new Timestamp(startedAt + 1_000_000),
            PostDialDelay = random.Next(10) == 0 ? null : TimeSpan.FromMilliseconds(random.Next(200, 3000)),
            AnsweredAt = answered ? new Timestamp(Math.Min(startedAt + 4_000_000, ended.Microseconds)) : null,
            EndedAt = ended,
            HangupBy = answered ? random.Next(500) == 0 ? HangupBy.Server : random.Next(2) == 0 ? HangupBy.Caller : HangupBy.Callee : HangupBy.None,
            Held = answered && random.Next(2000) == 0 ? [new HeldInterval(PartySide.Callee, started, null)] : [],
            Headers = random.Next(3000) == 0 ? [new KeyValuePair<string, string>("diversion", "<sip:1@x>;reason=no-answer")] : [],
            Transfer = random.Next(3000) == 0 ? new TransferRecord { Kind = TransferKind.Blind, Role = TransferRole.Target, At = started, Outcome = TransferOutcome.Succeeded } : null,
            Marks = new CallMarks { Tenant = tenant, Context = context, Trunk = direction == CallDirection.Internal ? null : random.Next(50) == 0 ? "carrier-b" : "carrier-a" },
            Streams = answered ? [Stream(random, started, ended, PartySide.Caller), Stream(random, started, ended, PartySide.Callee)] : [],
            CaptureSource = "eth1",
        };
        return new StoredCall(record, RecordRevision.Final, BitConverter.GetBytes(startedAt), tenant);
    }

    private static Party Party(string number, uint address, Random random) => new()
    {
        Number = number,
        Name = "A Name",
        Uri = $"sip:{number}@example.com",
        Address = new Endpoint(IpAddress.FromV4(0x0A000000u + (address << 16) + (uint)random.Next(Users)), 5060),
        UserAgent = "Phone/1.0",
        Codec = random.Next(500) == 0 ? "G729/8000" : "PCMU/8000",
        Tag = "0123456789",
    };

    private static StreamRecord Stream(Random random, Timestamp started, Timestamp ended, PartySide from) => new()
    {
        Ssrc = (uint)random.Next(),
        Source = new Endpoint(IpAddress.FromV4(0x0A000001), 10_000),
        Destination = new Endpoint(IpAddress.FromV4(0x0A000002), 20_000),
        From = from,
        MediaIndex = 0,
        PayloadType = 0,
        Codec = "PCMU/8000",
        Packets = 6_000,
        Octets = 960_000,
        Expected = 6_000,
        Lost = 0,
        Duplicates = 0,
        OutOfOrder = 0,
        Mos = random.Next(100) == 0 ? 1.5 + (2.5 * random.NextDouble()) : 4.2 + (0.2 * random.NextDouble()),
        StartedAt = started,
        EndedAt = ended,
    };

    private static void StoreDay(SqliteCallStore store, DateOnly day, int calls, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        long midnight = Timestamp.From(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero)).Microseconds;
        var batch = new List<StoredCall>(Batch);
        for (int i = 0; i < calls; i++)
        {
            batch.Add(Call(random, midnight + (DayMicroseconds / calls * i) + random.Next(1000)));
            if (batch.Count < Batch && i < calls - 1) continue;
            if (store.Write(batch).Fault is { } fault) throw new InvalidOperationException(fault);
            batch.Clear();
            stop.ThrowIfCancellationRequested();
        }
    }

    // 1. The schema as the program makes it; indexes go while rows come. 2. Every row, moved. 3. The indexes, as the first day has them.
    private static void Move(string first, string path, int days)
    {
        File.Delete(path);
        using SqliteDatabase database = SqliteDatabase.Open(path, SqliteAccess.Write, TimeSpan.FromSeconds(5), 256 * 1024);
        SchemaMigrations.Records.Apply(database);
        using (SqliteStatement attach = database.Prepare("ATTACH ?1 AS first")) attach.Bind(first).Step();
        database.Execute("PRAGMA synchronous = OFF; BEGIN");
        foreach (string name in Texts(database, "SELECT name FROM main.sqlite_master WHERE type = 'index' AND sql IS NOT NULL")) database.Execute($"DROP INDEX main.{name}");
        foreach (string table in Rows) database.Execute($"INSERT INTO main.{table} SELECT * FROM first.{table}");
        foreach (string table in (string[])["calls", "call_numbers", "media_sessions"])
        {
            string[] columns = [.. Texts(database, $"SELECT name FROM pragma_table_info('{table}', 'main')")];
            string moved = string.Join(", ", columns.Select(column => column == "started_at" ? string.Create(CultureInfo.InvariantCulture, $"started_at + {days * DayMicroseconds}") : column));
            database.Execute($"INSERT INTO main.{table} ({string.Join(", ", columns)}) SELECT {moved} FROM first.{table}");
        }

        string from = FirstDay.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), to = FirstDay.AddDays(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        string fromId = from.Replace("-", "", StringComparison.Ordinal), toId = to.Replace("-", "", StringComparison.Ordinal);
        database.Execute(
            "INSERT INTO main.call_documents (document, sip_call_id, search, json) SELECT document, sip_call_id, search, "
            + $"CAST(replace(replace(CAST(json AS TEXT), '{from}T', '{to}T'), '{fromId}-', '{toId}-') AS BLOB) FROM first.call_documents");
        foreach (string sql in Texts(database, "SELECT sql FROM first.sqlite_master WHERE type = 'index' AND sql IS NOT NULL")) database.Execute(sql);
        database.Execute("COMMIT; DETACH first; PRAGMA wal_checkpoint(TRUNCATE)");
    }

    private static List<string> Texts(SqliteDatabase database, string sql)
    {
        var texts = new List<string>();
        using SqliteStatement list = database.Prepare(sql);
        while (list.Step()) texts.Add(list.Text(0));
        return texts;
    }

    private static string PathOf(string folder, DateOnly day) => Path.Combine(folder, day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + ".db");
}
