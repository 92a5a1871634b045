using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Resume;
using CdrEngine.Host.Directories;
using CdrEngine.Host.Hocon;
using CdrEngine.Host.Output;
using CdrEngine.PacketLog;
using CdrEngine.Storage;
using CdrEngine.Storage.Sqlite;
using CdrEngine.TestKit;
using static CdrEngine.Fuzz.Every.FuzzTarget;

namespace CdrEngine.Fuzz.Every;

/// <summary>Readers of files, of requests, and writers of what others read.</summary>
internal static class FileTargets
{
    private const string DirectorySample = "directory { tenants = [ { id = a, name = \"A\", domains = [a.example] } ], trunks = [ { id = t, tenant = a, addresses = [\"192.0.2.0/24\"] } ], numbers = [ { range = \"+4930\", tenant = a } ] }";

    public static IEnumerable<FuzzTarget> All
    {
        get
        {
            yield return new FuzzTarget("journal", [Journal()], ReadJournal) { AllocationBytes = 64 << 20 };
            yield return new FuzzTarget("chunk-list", [Convert.FromHexString("0101000000000000000001020304"), new byte[60]], static input => LogFuzz.ChunkList(input));
            yield return new FuzzTarget("outbox", [Outbox()], ReadOutbox) { AllocationBytes = 256 << 20 };
            yield return new FuzzTarget("record", [CallRecordJson.ToUtf8(Record)], ReadRecord);
            yield return new FuzzTarget("hocon", [Text("a { b = 1, c = ${x.y}[1,2] } # x\na.c += \"\"\"q\"\"\"\ninclude \"z\"\nd = 5 s\n"), Text(DirectorySample)], ReadHocon) { AllocationBytes = 32 << 20 };
            yield return new FuzzTarget("directory", [Text(DirectorySample)], ReadDirectory) { AllocationBytes = 32 << 20 };
            yield return new FuzzTarget("cursor", [Text(new CallCursor(5, DateOnly.FromDayNumber(740_000), new byte[CallRow.IdBytes]).Encode(new CallQuery())), Text("AAAA")], ReadCursor);
            yield return new FuzzTarget("csv", [Text("=1+1\",\r\n\tx"), Text("a,b"), Text("@SUM(1)")], WriteCsv);
            yield return new FuzzTarget("terminal", [Text("\x1b[2J\x9b31m"), Encoding.UTF8.GetBytes("\u202Egpj.exe\u2066 x \U0001F4A9")], WriteTerminal);
        }
    }

    private static CallRecord Record => new()
    {
        Id = "20261120-0123456789abcdef01234567",
        SessionId = "20261120-0123456789abcdef01234567",
        SipCallId = "a@b",
        State = CallState.Ended,
        Disposition = Disposition.Answered,
        StartedAt = Timestamp.FromUnix(1_795_000_000, 5),
        AnsweredAt = Timestamp.FromUnix(1_795_000_003, 5),
        EndedAt = Timestamp.FromUnix(1_795_000_009, 7),
        Caller = new Party { Number = "1", Name = "A \"B\"", Uri = "sip:1@a" },
        Flags = CallFlags.Gap,
    };

    private static byte[] Journal()
    {
        var writer = new JournalWriter();
        writer.Open(1, "a@b"u8, "hep");
        writer.Chunk(1, new ChunkLocator(new SegmentId(PacketKind.Sip, 0, 5, 1, 0), 64, 900, new Timestamp(1), new Timestamp(2), 3, 4));
        writer.Message(1, 1, 9, new Timestamp(7), new Timestamp(8), Transport.Tcp, new Endpoint(IpAddress.FromV4(1), 2), new Endpoint(IpAddress.FromV4(3), 4), "BYE"u8);
        writer.Close(1);
        return writer.Block().ToArray();
    }

    // What was read and is written again is read the same.
    private static void ReadJournal(byte[] input)
    {
        var reader = new JournalReader(input.AsSpan(Math.Min(input.Length, JournalFormat.BlockHeaderBytes)));
        var writer = new JournalWriter();
        var told = new StringBuilder();
        int entries = 0;
        while (reader.MoveNext())
        {
            if (++entries > input.Length) throw new InvalidOperationException("more entries than bytes");
            Tell(ref reader, told);
            switch (reader.Kind)
            {
                case JournalEntryKind.Open:
                    writer.Open(reader.Number, reader.CallId, reader.Source);
                    break;
                case JournalEntryKind.Chunk:
                    writer.Chunk(reader.Number, reader.Chunk);
                    break;
                case JournalEntryKind.Message when reader.Message is { } message:
                    writer.Message(reader.Number, message.Run, message.Sequence, message.At, message.Clock, message.Transport, message.Source, message.Destination, message.Bytes);
                    break;
                case JournalEntryKind.Close:
                    writer.Close(reader.Number);
                    break;
                case JournalEntryKind.Stopped:
                    writer.Stopped(reader.At);
                    break;
            }
        }

        if (entries == 0 || told.ToString().Contains('\uFFFD', StringComparison.Ordinal)) return;
        var again = new JournalReader(writer.Block()[JournalFormat.BlockHeaderBytes..]);
        var retold = new StringBuilder();
        while (again.MoveNext()) Tell(ref again, retold);
        if (told.ToString() != retold.ToString()) throw new InvalidOperationException($"written again it reads\n{retold}\nand not\n{told}");
    }

    private static void Tell(ref JournalReader reader, StringBuilder told)
    {
        // What was purged says nothing, and is not written again.
        if (reader.Kind == JournalEntryKind.Purged) return;
        told.Append(reader.Kind).Append(' ');
        if (reader.Kind != JournalEntryKind.Stopped) told.Append(reader.Number).Append(' ');
        switch (reader.Kind)
        {
            case JournalEntryKind.Open:
                told.Append(Convert.ToHexString(reader.CallId)).Append(' ').Append(reader.Source);
                break;
            case JournalEntryKind.Chunk:
                told.Append(reader.Chunk);
                break;
            case JournalEntryKind.Message when reader.Message is { } message:
                told.Append(message.Run).Append(' ').Append(message.Sequence).Append(' ').Append(message.Source).Append(' ').Append(Convert.ToHexString(message.Bytes));
                break;
        }

        told.Append('\n');
    }

    private static byte[] Outbox()
    {
        string folder = Directory.CreateTempSubdirectory("cdrengine-fuzz-").FullName;
        try
        {
            using (RecordOutbox outbox = RecordOutbox.Open(folder))
            {
                for (int i = 0; i < 3; i++) outbox.TryAdd(new StoredCall(Record, RecordRevision.Final, new byte[i], i == 1 ? "tenant" : null));
            }

            return File.ReadAllBytes(Path.Combine(folder, "records-1.outbox"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Whatever the file holds: what is counted can be drained, and then the outbox is empty.
    private static void ReadOutbox(byte[] input)
    {
        string folder = Directory.CreateTempSubdirectory("cdrengine-fuzz-").FullName;
        try
        {
            File.WriteAllBytes(Path.Combine(folder, "records-1.outbox"), input);
            using RecordOutbox outbox = RecordOutbox.Open(folder);
            int count = outbox.Count, seen = 0;
            outbox.Drain(100, batch =>
            {
                seen += batch.Count;
                return [];
            });
            if (seen != count || (count > 0 && outbox.Count != 0)) throw new InvalidOperationException($"{count} records were counted, {seen} drained, {outbox.Count} are left");
            if (!outbox.TryAdd(new StoredCall(Record, RecordRevision.Final, default)) || outbox.Count != 1) throw new InvalidOperationException("it takes no record any more");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void ReadRecord(byte[] input)
    {
        if (!CallRecordJson.TryRead(input, out CallRecord? record)) return;
        byte[] once = CallRecordJson.ToUtf8(record!);
        if (!CallRecordJson.TryRead(once, out CallRecord? again)) throw new InvalidOperationException("what was written cannot be read");
        if (!CallRecordJson.ToUtf8(again!).AsSpan().SequenceEqual(once)) throw new InvalidOperationException($"written twice it differs: {Encoding.UTF8.GetString(once)}");
    }

    private static void ReadHocon(byte[] input)
    {
        try
        {
            _ = HoconDocument.Parse(Encoding.UTF8.GetString(input), "fuzz.conf", static _ => null);
        }
        catch (HoconException)
        {
            // A mistake, told with its place.
        }
    }

    private static void ReadDirectory(byte[] input)
    {
        string folder = Directory.CreateTempSubdirectory("cdrengine-fuzz-").FullName;
        try
        {
            string path = Path.Combine(folder, "directory.conf");
            File.WriteAllBytes(path, input);
            DirectoryLoad load = DirectoryLoad.Read(path, default, static _ => null);
            if (load.Directory is null && load.Problems.Count == 0) throw new InvalidOperationException("neither a directory nor what is wrong with it");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // A cursor is ours or it is refused: a changed one is never taken.
    private static void ReadCursor(byte[] input)
    {
        var query = new CallQuery();
        string text = Encoding.Latin1.GetString(input);
        if (CallCursor.TryDecode(text, query, out CallCursor? cursor) && cursor!.Encode(query) != text) throw new InvalidOperationException("a cursor that we never gave is taken");
    }

    // By a reader of RFC 4180: one cell in, one cell out, and it is no formula.
    private static void WriteCsv(byte[] input)
    {
        string text = Encoding.UTF8.GetString(input);
        string cell = CsvText.Cell(text, isFromWire: true);
        string back = cell;
        if (cell.Length > 0 && cell[0] == '"')
        {
            if (cell.Length < 2 || cell[^1] != '"') throw new InvalidOperationException("a quote is not closed");
            back = cell[1..^1].Replace("\"\"", "\0\0", StringComparison.Ordinal);
            if (back.Contains('"', StringComparison.Ordinal)) throw new InvalidOperationException("a quote within a cell ends it");
            back = cell[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal);
        }
        else if (cell.AsSpan().ContainsAny("\",\r\n"))
        {
            throw new InvalidOperationException("a cell becomes several");
        }

        if (back.Length > 0 && back[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n') throw new InvalidOperationException("a formula");
        if (back != text && back != "'" + text) throw new InvalidOperationException("another text");
    }

    private static void WriteTerminal(byte[] input)
    {
        string text = Encoding.UTF8.GetString(input) + Encoding.Latin1.GetString(input);
        string shown = WireText.Escape(text);
        foreach (char c in shown)
        {
            if (char.IsControl(c) || c is >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069') throw new InvalidOperationException($"a terminal obeys U+{(int)c:x4}");
        }

        if (WireText.Escape(shown) != shown) throw new InvalidOperationException("escaped twice it differs");
    }
}
