using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Storage.Sqlite;

/// <summary>How a record becomes columns; the one place that says it, for writing and for asking.</summary>
internal static class CallRow
{
    public const int IdBytes = 12;
    public const int CallerRole = 1;
    public const int CalleeRole = 2;
    public const int DialledRole = 4;

    /// <summary>Most different keys of a call: three numbers, two in full international form, two users.</summary>
    public const int MostNumbers = 7;

    // No number on the wire begins so.
    private const string UserMark = "\u0001u";

    [ThreadStatic]
    private static StringBuilder? _text;

    /// <summary>The day that an id names and the bytes behind it; false for anything that is no id.</summary>
    public static bool TryReadId(string id, out DateOnly day, Span<byte> bytes)
    {
        day = default;
        return CallId.IsWellFormed(id)
            && DateOnly.TryParseExact(id.AsSpan(0, 8), "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day)
            && Convert.FromHexString(id.AsSpan(9), bytes, out _, out _) == System.Buffers.OperationStatus.Done;
    }

    /// <summary>The id that a day and the bytes behind it make.</summary>
    public static string IdText(DateOnly day, ReadOnlySpan<byte> bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{day:yyyyMMdd}-{Convert.ToHexStringLower(bytes)}");

    /// <summary>The address as it is stored: 4 or 16 bytes.</summary>
    public static byte[]? Address(IpAddress? address)
    {
        if (address is not { } ip) return null;
        byte[] bytes = new byte[ip.IsV4 ? 4 : 16];
        if (ip.IsV4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)ip.Low);
            return bytes;
        }

        BinaryPrimitives.WriteUInt64BigEndian(bytes, ip.High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), ip.Low);
        return bytes;
    }

    /// <summary>The worst stream's MOS; null where no stream has one.</summary>
    public static double? Mos(CallRecord record)
    {
        double? worst = null;
        foreach (StreamRecord stream in record.Streams)
        {
            if ((stream.Mos ?? stream.MosMin) is { } mos && double.IsFinite(mos) && !(worst <= mos)) worst = mos;
        }

        return worst;
    }

    /// <summary>The codecs that either side sent, as stored.</summary>
    public static string Codecs(CallRecord record)
    {
        var codecs = new StringBuilder("|");
        Add(record.Caller.Codec);
        Add(record.Callee.Codec);
        foreach (StreamRecord stream in record.Streams) Add(stream.Codec);
        return codecs.Length == 1 ? "" : codecs.ToString();

        void Add(string? codec)
        {
            if (string.IsNullOrEmpty(codec)) return;
            string item = codec.ToLowerInvariant() + "|";
            if (!codecs.ToString().Contains("|" + item, StringComparison.Ordinal)) codecs.Append(item);
        }
    }

    /// <summary>What a text search looks at.</summary>
    public static string Search(CallRecord record)
    {
        StringBuilder text = _text ??= new StringBuilder(1024);
        text.Clear();
        Add(record.SipCallId);
        Add(record.Dialled);
        AddParty(record.Caller);
        AddParty(record.Callee);
        return text.ToString();

        void AddParty(Party party)
        {
            Add(party.Number);
            Add(party.Name);
            Add(party.Uri);
            Add(party.UserAgent);
        }

        void Add(string? item)
        {
            if (string.IsNullOrEmpty(item)) return;
            foreach (char c in item) text.Append(char.ToLowerInvariant(c));
            text.Append('\n');
        }
    }

    /// <summary>FNV-1a of a Call-ID, 64 bits: an index of numbers is a third of one of texts. The text itself is compared as well.</summary>
    public static long SipCallHash(string sipCallId)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in sipCallId)
        {
            hash = (hash ^ (c & 0xFFu)) * 1099511628211;
            hash = (hash ^ (uint)(c >> 8)) * 1099511628211;
        }

        return unchecked((long)hash);
    }

    /// <summary>What stands for a user among the numbers.</summary>
    public static string UserKey(long user) => string.Create(CultureInfo.InvariantCulture, $"{UserMark}{user}");

    /// <summary>The user that a party is; null where it is none.</summary>
    public static long? UserOf(Party party) => party.Identity is { Kind: PartyKind.User } identity ? identity.Id : null;

    /// <summary>What leads to a call, each once, with the roles it has: its numbers as on the wire and in full, and its users.</summary>
    public static int Numbers(CallRecord record, Span<(string? Number, int Roles)> numbers)
    {
        int count = 0;
        Add(numbers, ref count, record.Caller.Number, CallerRole);
        Add(numbers, ref count, record.Callee.Number, CalleeRole);
        Add(numbers, ref count, record.Dialled, DialledRole);
        Add(numbers, ref count, record.Caller.E164, CallerRole);
        Add(numbers, ref count, record.Callee.E164, CalleeRole);
        if (UserOf(record.Caller) is { } caller) Add(numbers, ref count, UserKey(caller), CallerRole);
        if (UserOf(record.Callee) is { } callee) Add(numbers, ref count, UserKey(callee), CalleeRole);
        return count;
    }

    private static void Add(Span<(string? Number, int Roles)> numbers, ref int count, string? number, int role)
    {
        if (string.IsNullOrEmpty(number)) return;
        for (int i = 0; i < count; i++)
        {
            if (numbers[i].Number != number) continue;
            numbers[i].Roles |= role;
            return;
        }

        numbers[count++] = (number, role);
    }

    /// <summary>Microseconds of a span.</summary>
    public static long Microseconds(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;
}
