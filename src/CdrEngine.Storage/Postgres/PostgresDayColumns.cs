using System.Text;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

/// <summary>A call as its score and its addresses are kept of it.</summary>
/// <param name="Document">Its document.</param>
/// <param name="Mos">Its worst score; null for none.</param>
/// <param name="Caller">The caller's address; null for none.</param>
/// <param name="Callee">The callee's.</param>
internal readonly record struct ColumnRow(long Document, double? Mos, byte[]? Caller, byte[]? Callee);

/// <summary>Scores and addresses of the calls of a day that is over, by the places of <see cref="DayCalls"/>: the different values, and which of them each call has. Addresses are kept by sums
/// that nobody outside this process can foresee. Immutable.</summary>
internal sealed class PostgresDayColumns
{
    /// <summary>What it is called in the seal.</summary>
    public const string Name = "columns";

    private const byte Version = 1;
    private const int MostAddress = 16;

    // Ascending; of each place 0 for none, or where its value stands, from 1.
    private readonly double[] _scores;
    private readonly WholeNumbers _scoreOf;
    private readonly ulong[] _addresses;
    private readonly WholeNumbers _callerOf;
    private readonly WholeNumbers _calleeOf;

    private PostgresDayColumns(double[] scores, WholeNumbers scoreOf, ulong[] addresses, WholeNumbers callerOf, WholeNumbers calleeOf) =>
        (_scores, _scoreOf, _addresses, _callerOf, _calleeOf) = (scores, scoreOf, addresses, callerOf, calleeOf);

    /// <summary>Memory it takes, bytes.</summary>
    public long Size => ((_scores.Length + _addresses.Length) * (long)sizeof(double)) + _scoreOf.Size + _callerOf.Size + _calleeOf.Size;

    /// <summary>What is kept of the calls of a day.</summary>
    /// <param name="rows">All of them.</param>
    /// <param name="first">The first document.</param>
    /// <param name="last">The last.</param>
    public static byte[] Of(IReadOnlyList<ColumnRow> rows, long first, long last)
    {
        double[] scores = [.. rows.Where(static row => row.Mos is not null).Select(static row => row.Mos!.Value).Distinct().Order()];
        var addresses = new Dictionary<string, int>(StringComparer.Ordinal);
        var different = new List<byte[]>();
        int[] scoreOf = new int[last - first + 1], callerOf = new int[scoreOf.Length], calleeOf = new int[scoreOf.Length];
        foreach (ColumnRow row in rows)
        {
            int place = (int)(row.Document - first);
            if (row.Mos is { } mos) scoreOf[place] = Array.BinarySearch(scores, mos) + 1;
            callerOf[place] = NumberOf(row.Caller);
            calleeOf[place] = NumberOf(row.Callee);
        }

        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        writer.Write(Version);
        writer.Write(first);
        writer.Write7BitEncodedInt(scoreOf.Length);
        writer.Write7BitEncodedInt(scores.Length);
        foreach (double score in scores) writer.Write(score);
        writer.Write7BitEncodedInt(different.Count);
        foreach (byte[] address in different)
        {
            writer.Write((byte)address.Length);
            writer.Write(address);
        }

        foreach (int[] column in (ReadOnlySpan<int[]>)[scoreOf, callerOf, calleeOf])
        {
            foreach (int value in column) writer.Write7BitEncodedInt(value);
        }

        writer.Flush();
        return bytes.ToArray();

        int NumberOf(byte[]? address)
        {
            if (address is null) return 0;
            if (addresses.TryGetValue(Convert.ToHexString(address), out int number)) return number;
            different.Add(address);
            addresses.Add(Convert.ToHexString(address), different.Count);
            return different.Count;
        }
    }

    /// <summary>Reads what <see cref="Of"/> gives; null for anything else, and for what is of other calls.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="calls">The calls of the day.</param>
    public static PostgresDayColumns? Read(byte[] bytes, DayCalls calls)
    {
        if (bytes.Length < 1 || bytes[0] != Version) return null;
        using var reader = new BinaryReader(new MemoryStream(bytes));
        try
        {
            reader.ReadByte();
            long first = reader.ReadInt64();
            int places = reader.Read7BitEncodedInt(), count = reader.Read7BitEncodedInt();
            if (places != calls.Places || first != calls.DocumentOf(0) || count < 0 || count > bytes.Length) return null;
            double[] scores = new double[count];
            for (int i = 0; i < count; i++)
            {
                scores[i] = reader.ReadDouble();
                if (i > 0 && !(scores[i] > scores[i - 1])) return null;
            }

            int different = reader.Read7BitEncodedInt();
            if (different < 0 || different > bytes.Length) return null;
            ulong[] keys = new ulong[different];
            int[] numbers = new int[different];
            for (int i = 0; i < different; i++)
            {
                int length = reader.ReadByte();
                if (length > MostAddress) return null;
                keys[i] = DayCalls.KeyOf(reader.ReadBytes(length));
                numbers[i] = i;
            }

            Array.Sort(keys, numbers);
            int[] at = new int[different];
            for (int i = 0; i < different; i++) at[numbers[i]] = i + 1;
            WholeNumbers scoreOf = Column(count, null), callerOf = Column(different, at), calleeOf = Column(different, at);
            return reader.BaseStream.Position == bytes.Length ? new PostgresDayColumns(scores, scoreOf, keys, callerOf, calleeOf) : null;

            WholeNumbers Column(int most, int[]? order)
            {
                var column = new WholeNumbers(places, most);
                for (int i = 0; i < places; i++)
                {
                    int value = reader.Read7BitEncodedInt();
                    if (value < 0 || value > most) throw new FormatException();
                    column[i] = value == 0 || order is null ? value : order[value - 1];
                }

                return column;
            }
        }
        catch (Exception e) when (e is EndOfStreamException or IOException or FormatException)
        {
            return null;
        }
    }

    /// <summary>Those of some places that have a score below one, and an address.</summary>
    /// <param name="places">Places, in any order.</param>
    /// <param name="mosBelow">A score; null for any call.</param>
    /// <param name="address">The sum of an address, as <see cref="DayCalls.KeyOf(ReadOnlySpan{byte})"/> has it; null for any call.</param>
    public IEnumerable<int> Narrow(IEnumerable<int> places, double? mosBelow, ulong? address)
    {
        int below = 0, its = 0;
        if (mosBelow is { } mos)
        {
            below = Array.BinarySearch(_scores, mos);
            if (below < 0) below = ~below;
            if (below == 0) return [];
        }

        if (address is { } key)
        {
            its = Array.BinarySearch(_addresses, key) + 1;
            if (its <= 0) return [];
        }

        return places.Where(place => (below == 0 || (_scoreOf[place] > 0 && _scoreOf[place] <= below)) && (its == 0 || _callerOf[place] == its || _calleeOf[place] == its));
    }
}
