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
    public static byte[] Of(IDayCallRows rows)
    {
        (long first, long last, long count) = rows.Span;
        if (last - first >= MostPerCall * (count + 1) || last - first >= int.MaxValue - 1) return [];
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        writer.Write(Version);
        writer.Write(first);
        writer.Write7BitEncodedInt((int)(last - first + 1));
        writer.Write7BitEncodedInt((int)count);
        WriteOrder(rows, writer, first);
        WriteNumbers(rows, writer, first);
        WriteSessions(rows, writer, first);
        WriteValues(rows.Codecs(), writer, first, (int)(last - first + 1), static (value, to) => to.Write(value));
        WriteValues(rows.Flags(), writer, first, (int)(last - first + 1), static (value, to) => to.Write(value));
        writer.Flush();
        return bytes.ToArray();
    }

    // Their places in order of time; and before them whether any two of them have the same integer id but for its rank.
    private static void WriteOrder(IDayCallRows rows, BinaryWriter writer, long first)
    {
        var numbers = new HashSet<long>();
        bool hasTwins = false;
        using var places = new MemoryStream();
        using var order = new BinaryWriter(places);
        foreach ((long document, byte[] id) in rows.Calls())
        {
            order.Write7BitEncodedInt((int)(document - first));
            hasTwins |= !numbers.Add(CallNumber.Of(CallRow.IdText(rows.Day, id)));
        }

        order.Flush();
        writer.Write(hasTwins);
        writer.Write(places.GetBuffer(), 0, (int)places.Length);
    }

    // Each number that several calls have, and these with the roles it has there: as steps from one to the next. Others are of one call only as a rule, in all of an archive.
    private static void WriteNumbers(IDayCallRows rows, BinaryWriter writer, long first)
    {
        using var lists = new MemoryStream();
        using var list = new BinaryWriter(lists);
        var calls = new List<(int Place, int Roles)>();
        byte[] number = [];
        int count = 0;
        foreach ((byte[] next, long document, int roles) in rows.Numbers())
        {
            if (!next.AsSpan().SequenceEqual(number))
            {
                End();
                number = next;
            }

            calls.Add(((int)(document - first), roles));
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
    private static void WriteSessions(IDayCallRows rows, BinaryWriter writer, long first)
    {
        string prefix = rows.Day.ToString("yyyyMMdd'-'", CultureInfo.InvariantCulture);
        var groups = new List<(string Session, List<int> Places)>();
        foreach ((string session, long document) in rows.Sessions())
        {
            if (groups.Count == 0 || groups[^1].Session != session) groups.Add((session, []));
            groups[^1].Places.Add((int)(document - first));
        }

        byte[] id = new byte[CallRow.IdBytes];
        var roots = new List<int>(groups.Count);
        foreach ((string session, List<int> _) in groups)
        {
            bool isOfDay = session.StartsWith(prefix, StringComparison.Ordinal) && CallRow.TryReadId(session, out DateOnly _, id);
            roots.Add(isOfDay && rows.DocumentOf(id) is { } document ? (int)(document - first) + 1 : 0);
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
    private static void WriteValues<T>(IEnumerable<(T Value, long Document)> rows, BinaryWriter writer, long first, int places, Action<T, BinaryWriter> write)
        where T : notnull
    {
        var known = new Dictionary<T, byte>();
        using var values = new MemoryStream();
        using var value = new BinaryWriter(values, Encoding.UTF8);
        byte[] of = new byte[places];
        foreach ((T one, long document) in rows)
        {
            if (!known.TryGetValue(one, out byte number))
            {
                if (known.Count == MostValues)
                {
                    writer.Write((byte)0);
                    return;
                }

                known.Add(one, number = (byte)known.Count);
                write(one, value);
            }

            of[document - first] = number;
        }

        value.Flush();
        writer.Write((byte)known.Count);
        writer.Write(values.GetBuffer(), 0, (int)values.Length);
        if (known.Count > 0) writer.Write(of);
    }

    /// <summary>Looks at all calls of a day's file.</summary>
    public static byte[] Of(SqliteDatabase database) => Of(new SqliteDayCallRows(database, DayFiles.DayOf(database.Path) ?? default));
}
