using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage;
using CdrEngine.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>What a record costs to store and a list to ask. Peers in the same run: one INSERT a transaction through Microsoft.Data.Sqlite, as a first
/// draft would do it; and that library against bare prepared statements on the same row, which decided what the store is built on.</summary>
public static class StorageBenchmarks
{
    private const int Rows = 50_000;
    private static bool s_isBound;
    private const int NaiveRows = 2_000;
    private const int Queries = 50;

    /// <summary>Runs all and writes a table; some twenty seconds.</summary>
    public static void Run(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteLine($"storage: {Rows:N0} calls of one day, SQLite {SqliteLibrary.EnsureLoaded()}, in {Path.GetTempPath()}, .NET {Environment.Version}");
        string folder = Directory.CreateTempSubdirectory("cdrengine-bench-").FullName;
        try
        {
            List<StoredCall> calls = Calls();
            Measure(writer, "record to JSON alone", Rows, () =>
            {
                foreach (StoredCall call in calls) GC.KeepAlive(CallRecordJson.ToUtf8(call.Record));
            });
            using (SqliteCallStore store = SqliteCallStore.Open(Path.Combine(folder, "records")))
            {
                Measure(writer, "store, batches of 1,000", Rows, () => Batches(store, calls));
                Measure(writer, "store, the same again (changes nothing)", Rows, () => Batches(store, calls));
                Ask(writer, store, calls);
            }

            Measure(writer, "peer: one INSERT a transaction", NaiveRows, () => Naive(Path.Combine(folder, "naive.db"), calls));
            Measure(writer, "same plain row: bare statements", Rows, () => Bare(Path.Combine(folder, "bare.db"), calls));
            Measure(writer, "same plain row: Microsoft.Data.Sqlite", Rows, () => Managed(Path.Combine(folder, "managed.db"), calls, Rows, 1000));
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Batches(SqliteCallStore store, List<StoredCall> calls)
    {
        for (int i = 0; i < calls.Count; i += 1000)
        {
            if (store.Write(calls.GetRange(i, 1000)).Fault is { } fault) throw new InvalidOperationException(fault);
        }
    }

    private static void Ask(TextWriter writer, SqliteCallStore store, List<StoredCall> calls)
    {
        CallRecord some = calls[Rows / 2].Record;
        var hour = new CallQuery { From = some.StartedAt, To = some.StartedAt + TimeSpan.FromHours(1) };
        foreach ((string name, CallQuery query) in new (string, CallQuery)[]
                 {
                     ("newest 50", new CallQuery()),
                     ("next 50", new CallQuery { Cursor = store.List(new CallQuery()).NextCursor }),
                     ("one hour", hour),
                     ("exact number", new CallQuery { Number = some.Caller.Number }),
                     ("number prefix", new CallQuery { Number = some.Caller.Number![..8] + "*" }),
                     ("common prefix in an hour", hour with { Caller = "+1*" }),
                     ("Call-ID", new CallQuery { SipCallId = some.SipCallId }),
                     ("session", new CallQuery { SessionId = some.SessionId }),
                     ("rare address, whole day", new CallQuery { Address = IpAddress.FromV4(0x0B000001) }),
                     ("text, whole day", new CallQuery { Text = "nowhere to be found" }),
                     ("worst MOS first, whole day", new CallQuery { Sort = CallSort.Mos, Ascending = true }),
                 })
        {
            var times = new List<double>();
            int rows = 0;
            for (int i = 0; i < Queries; i++)
            {
                long start = Stopwatch.GetTimestamp();
                rows = store.List(query).Calls.Count;
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            times.Sort();
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  list: {name,-36} {times[Queries / 2],8:F2} ms median {times[^1],8:F2} ms most  {rows,4} rows"));
        }
    }

    private static void Bare(string path, List<StoredCall> calls)
    {
        using SqliteDatabase database = SqliteDatabase.Open(path, SqliteAccess.Write, TimeSpan.FromSeconds(5), 65_536);
        database.Execute(PlainTable);
        for (int i = 0; i < Rows; i++)
        {
            if (i % 1000 == 0) database.Execute("BEGIN IMMEDIATE");
            CallRecord record = calls[i].Record;
            database.Prepare("INSERT INTO plain VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
                .Bind(record.Id).Bind(record.StartedAt.Microseconds).Bind(record.Caller.Number).Bind(record.Callee.Number).Bind(record.SipCallId)
                .Bind((long)record.Disposition).Bind((double?)record.Duration.TotalSeconds).Bind(record.CaptureSource).Run();
            if (i % 1000 == 999) database.Execute("COMMIT");
        }
    }

    // The same library as the program's, not one that a package brings.
    private static void UseSystemLibrary()
    {
        if (s_isBound) return;
        s_isBound = true;
        nint library = SqliteLibrary.LoadOrExplain("libsqlite3.so.0");
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, (string name, Assembly _, DllImportSearchPath? _) => name == "e_sqlite3" ? library : nint.Zero);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
    }

    private static void Naive(string path, List<StoredCall> calls) => Managed(path, calls, NaiveRows, 1);

    private static void Managed(string path, List<StoredCall> calls, int rows, int batch)
    {
        UseSystemLibrary();
        using var connection = new SqliteConnection($"Data Source={path}");
        connection.Open();
        Execute(connection, "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536");
        Execute(connection, PlainTable);
        using SqliteCommand insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO plain VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        SqliteParameter[] parameters = [.. Enumerable.Range(1, 8).Select(i => insert.Parameters.AddWithValue($"${i}", ""))];
        SqliteTransaction? transaction = null;
        for (int i = 0; i < rows; i++)
        {
            if (i % batch == 0) transaction = connection.BeginTransaction();
            insert.Transaction = transaction;
            CallRecord record = calls[i].Record;
            parameters[0].Value = record.Id;
            parameters[1].Value = record.StartedAt.Microseconds;
            parameters[2].Value = record.Caller.Number;
            parameters[3].Value = record.Callee.Number;
            parameters[4].Value = record.SipCallId;
            parameters[5].Value = (long)record.Disposition;
            parameters[6].Value = record.Duration.TotalSeconds;
            parameters[7].Value = record.CaptureSource;
            insert.ExecuteNonQuery();
            if (i % batch != batch - 1) continue;
            transaction!.Commit();
            transaction.Dispose();
        }
    }

    private const string PlainTable =
        "CREATE TABLE plain (id TEXT PRIMARY KEY, started_at INTEGER, caller TEXT, callee TEXT, sip_call_id TEXT, disposition INTEGER, seconds REAL, source TEXT);"
        + "CREATE INDEX plain_started ON plain (started_at); CREATE INDEX plain_caller ON plain (caller); CREATE INDEX plain_call ON plain (sip_call_id)";

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static void Measure(TextWriter writer, string name, int rows, Action action)
    {
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        action();
        TimeSpan wall = Stopwatch.GetElapsedTime(start);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  {name,-42} {rows / wall.TotalSeconds,10:N0} rows/s wall  {cpu.TotalMicroseconds / rows,7:F1} us cpu a row"));
    }

    private static List<StoredCall> Calls()
    {
        var random = new Random(1);
        var calls = new List<StoredCall>(Rows);
        for (int i = 0; i < Rows; i++)
        {
            var started = new Timestamp(1_795_132_800_000_000 + (i * 1_700_000L));
            var ended = new Timestamp(started.Microseconds + random.Next(200_000_000));
            string sipCallId = $"{random.NextInt64():x16}{random.NextInt64():x16}@192.0.2.{random.Next(200)}";
            string id = CallId.Derive(sipCallId, "tag", started);
            var source = new Endpoint(IpAddress.FromV4(0x0A000000u + (uint)random.Next(5000)), 5060);
            string dialled = $"+44{random.NextInt64(10_000_000_000):0000000000}";
            StreamRecord stream = new()
            {
                Ssrc = (uint)random.Next(),
                Source = source,
                Destination = source,
                PayloadType = 0,
                Codec = "PCMU/8000",
                Packets = 9000,
                Octets = 1_440_000,
                Expected = 9000,
                Lost = 3,
                Duplicates = 0,
                OutOfOrder = 1,
                JitterMillisecondsMean = 1.25,
                JitterMillisecondsMax = 9.5,
                DeltaMillisecondsMax = 41,
                Mos = 1 + (random.NextDouble() * 3.4),
                MosMin = 1,
                StartedAt = started,
                EndedAt = ended,
            };
            calls.Add(new StoredCall(
                new CallRecord
                {
                    Id = id,
                    SessionId = id,
                    SipCallId = sipCallId,
                    State = CallState.Ended,
                    Disposition = (Disposition)random.Next(1, 10),
                    SipStatus = 200,
                    Dialled = dialled,
                    Caller = new Party { Number = $"+1{random.NextInt64(10_000_000_000):0000000000}", Name = "A Caller", Uri = "sip:caller@example.com", Address = source, UserAgent = "Phone/1.0", Codec = "PCMU/8000" },
                    Callee = new Party { Number = dialled, Uri = "sip:callee@example.com", Address = source, UserAgent = "Gateway/2.0", Codec = "PCMU/8000" },
                    StartedAt = started,
                    AnsweredAt = new Timestamp(started.Microseconds + 4_000_000),
                    EndedAt = ended,
                    CaptureSource = "eth1",
                    Streams = [stream, stream],
                },
                RecordRevision.Final,
                new byte[900]));
        }

        return calls;
    }
}
