using System.Globalization;
using System.Text;
using CdrEngine.Calls.Records;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Makes what <see cref="DayCalls"/> reads, of the calls of a day. A call's place is its document less the first of the day.</summary>
internal static class DayCallsBytes
{
    /// <summary>Told by the first byte: what another program wrote is not read.</summary>
    public const byte Version = 1;

    /// <summary>Bits of the roles of a number beside the step to its next call.</summary>
    public const int RoleBits = 3;

    /// <summary>Different values of a column that are told at most.</summary>
    public const int MostValues = byte.MaxValue;

    // Bytes of an extension at most.
    private const int Extension = 6;

    // Documents of calls that are no more take their place; a day of which next to nothing is left goes without.
    private const long MostPerCall = 16;

    /// <summary>Whether a number is among those of a day whose calls are told however few these are: extensions, and what stands for users.</summary>
    public static bool IsAlways(ReadOnlySpan<byte> number) => number.Length <= Extension || number[0] == CallRow.KeyMark;

    /// <summary>Looks at all calls of a day; nothing where they lie too far apart.</summary>
    public static byte[] Of(SqliteDatabase database)
    {
        long first = database.Scalar("SELECT ifnull(min(document), 1) FROM calls"), last = database.Scalar("SELECT ifnull(max(document), 0) FROM calls"), count = database.Scalar("SELECT count(*) FROM calls");
        if (last - first >= MostPerCall * (count + 1) || last - first >= int.MaxValue - 1) return [];
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        writer.Write(Version);
        writer.Write(first);
        writer.Write7BitEncodedInt((int)(last - first + 1));
        writer.Write7BitEncodedInt((int)count);
        WriteOrder(database, writer, first);
        WriteNumbers(database, writer, first);
        WriteSessions(database, writer, first);
        WriteValues(database, writer, first, (int)(last - first + 1), "codecs", static (row, to) => to.Write(row.Text(0)), static row => row.Text(0));
        WriteValues(database, writer, first, (int)(last - first + 1), "flags", static (row, to) => to.Write(row.Long(0)), static row => row.Long(0));
        writer.Flush();
        return bytes.ToArray();
    }

    // Their places in order of time; and before them whether any two of them have the same integer id but for its rank.
    private static void WriteOrder(SqliteDatabase database, BinaryWriter writer, long first)
    {
        DateOnly day = DayFiles.DayOf(database.Path) ?? default;
        var numbers = new HashSet<long>();
        bool hasTwins = false;
        using var places = new MemoryStream();
        using var order = new BinaryWriter(places);
        using (SqliteStatement list = database.Prepare("SELECT document, id FROM calls ORDER BY started_at, id"))
        {
            while (list.Step())
            {
                order.Write7BitEncodedInt((int)(list.Long(0) - first));
                hasTwins |= !numbers.Add(CallNumber.Of(CallRow.IdText(day, list.Blob(1))));
            }
        }

        order.Flush();
        writer.Write(hasTwins);
        writer.Write(places.GetBuffer(), 0, (int)places.Length);
    }

    // Each number that several calls have, and these with the roles it has there: as steps from one to the next. Others are of one call only as a rule, in all of an archive.
    private static void WriteNumbers(SqliteDatabase database, BinaryWriter writer, long first)
    {
        using var lists = new MemoryStream();
        using var list = new BinaryWriter(lists);
        var calls = new List<(int Place, int Roles)>();
        byte[] number = [];
        int count = 0;
        using (SqliteStatement rows = database.Prepare(
            "SELECT n.number, c.document, n.roles FROM call_numbers n CROSS JOIN calls c ON c.started_at = n.started_at AND c.id = n.id ORDER BY n.number"))
        {
            while (rows.Step())
            {
                ReadOnlySpan<byte> next = rows.TextBytes(0);
                if (!next.SequenceEqual(number))
                {
                    End();
                    number = next.ToArray();
                }

                calls.Add(((int)(rows.Long(1) - first), (int)rows.Long(2)));
            }
        }

        End();
        list.Flush();
        writer.Write7BitEncodedInt(count);
        writer.Write(lists.GetBuffer(), 0, (int)lists.Length);

        void End()
        {
            if (calls.Count > 1 || (calls.Count == 1 && IsAlways(number)))
            {
                calls.Sort();
                using var steps = new MemoryStream();
                using var step = new BinaryWriter(steps);
                int before = 0;
                foreach ((int place, int roles) in calls)
                {
                    step.Write7BitEncodedInt64(((long)(place - before) << RoleBits) | (uint)roles);
                    before = place;
                }

                step.Flush();
                list.Write7BitEncodedInt(number.Length);
                list.Write(number);
                list.Write7BitEncodedInt((int)steps.Length);
                list.Write(steps.GetBuffer(), 0, (int)steps.Length);
                count++;
            }

            calls.Clear();
        }
    }

    // Calls of the day that name the same session, and the one that it is named after: groups of two and more. First 0 or the place of that one and 1, then the others.
    private static void WriteSessions(SqliteDatabase database, BinaryWriter writer, long first)
    {
        string prefix = (DayFiles.DayOf(database.Path) ?? default).ToString("yyyyMMdd'-'", CultureInfo.InvariantCulture);
        var groups = new List<(string Session, List<int> Places)>();
        using (SqliteStatement list = database.Prepare("SELECT session_id, document FROM calls WHERE session_id IS NOT NULL ORDER BY session_id"))
        {
            while (list.Step())
            {
                string session = list.Text(0);
                if (groups.Count == 0 || groups[^1].Session != session) groups.Add((session, []));
                groups[^1].Places.Add((int)(list.Long(1) - first));
            }
        }

        byte[] id = new byte[CallRow.IdBytes];
        var roots = new List<int>(groups.Count);
        foreach ((string session, List<int> _) in groups)
        {
            int root = 0;
            if (session.StartsWith(prefix, StringComparison.Ordinal) && CallRow.TryReadId(session, out DateOnly _, id))
            {
                using SqliteStatement find = database.Prepare("SELECT document FROM calls WHERE id = ?1").BindBlob(id.AsSpan());
                if (find.Step()) root = (int)(find.Long(0) - first) + 1;
            }

            roots.Add(root);
        }

        int[] kept = [.. Enumerable.Range(0, groups.Count).Where(i => roots[i] > 0 || groups[i].Places.Count > 1)];
        writer.Write7BitEncodedInt(kept.Length);
        foreach (int i in kept)
        {
            writer.Write7BitEncodedInt(roots[i]);
            writer.Write7BitEncodedInt(groups[i].Places.Count);
            foreach (int place in groups[i].Places) writer.Write7BitEncodedInt(place);
        }
    }

    // The different values of a column, and for each place which its call has; none where there are too many.
    private static void WriteValues<T>(SqliteDatabase database, BinaryWriter writer, long first, int places, string column, Action<SqliteStatement, BinaryWriter> write, Func<SqliteStatement, T> read)
        where T : notnull
    {
        var known = new Dictionary<T, byte>();
        using var values = new MemoryStream();
        using var value = new BinaryWriter(values, Encoding.UTF8);
        byte[] of = new byte[places];
        using (SqliteStatement list = database.Prepare($"SELECT {column}, document FROM calls"))
        {
            while (list.Step())
            {
                T one = read(list);
                if (!known.TryGetValue(one, out byte number))
                {
                    if (known.Count == MostValues)
                    {
                        writer.Write((byte)0);
                        return;
                    }

                    known.Add(one, number = (byte)known.Count);
                    write(list, value);
                }

                of[list.Long(1) - first] = number;
            }
        }

        value.Flush();
        writer.Write((byte)known.Count);
        writer.Write(values.GetBuffer(), 0, (int)values.Length);
        if (known.Count > 0) writer.Write(of);
    }
}
