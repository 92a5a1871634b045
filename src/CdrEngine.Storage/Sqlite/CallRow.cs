using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Storage.Sqlite;

/// <summary>How a record becomes columns; the one place that says it, for writing and for asking.</summary>
internal static class CallRow
{
    public const int IdBytes = 12;
    public const int AddressBytes = 16;
    public const int CallerRole = 1;
    public const int CalleeRole = 2;
    public const int DialledRole = 4;

    /// <summary>What stands for something else among the numbers begins so; no number on the wire does.</summary>
    public const byte KeyMark = 1;

    private const string UserMark = "\u0001u";

    /// <summary>Leads to calls that a voice mailbox answered, as a number would.</summary>
    public const string VoicemailKey = "\u0001v";

    /// <summary>The day that an id names and the bytes behind it; false for anything that is no id.</summary>
    public static bool TryReadId(string id, out DateOnly day, Span<byte> bytes)
    {
        day = default;
        return CallId.IsWellFormed(id)
            && DateOnly.TryParseExact(id.AsSpan(0, 8), "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day)
            && Hex.TryRead(id.AsSpan(9), bytes[..IdBytes]);
    }

    /// <summary>The id that a day and the bytes behind it make.</summary>
    public static string IdText(DateOnly day, ReadOnlySpan<byte> bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{day:yyyyMMdd}-{Hex.Lower(bytes)}");

    /// <summary>The address as it is stored: 4 or 16 bytes; gives their number.</summary>
    public static int Address(IpAddress ip, Span<byte> bytes)
    {
        if (ip.IsV4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)ip.Low);
            return 4;
        }

        BinaryPrimitives.WriteUInt64BigEndian(bytes, ip.High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], ip.Low);
        return AddressBytes;
    }

    /// <summary>The address as it is stored.</summary>
    public static byte[] Address(IpAddress ip)
    {
        Span<byte> bytes = stackalloc byte[AddressBytes];
        return bytes[..Address(ip, bytes)].ToArray();
    }

    /// <summary>The worst stream's MOS; null where no stream has one.</summary>
    public static double? Mos(CallRecord record)
    {
        double? worst = null;
        for (int i = 0; i < record.Streams.Count; i++)
        {
            StreamRecord stream = record.Streams[i];
            if ((stream.Mos ?? stream.MosMin) is { } mos && double.IsFinite(mos) && !(worst <= mos)) worst = mos;
        }

        return worst;
    }

    /// <summary>The codecs that either side sent, as stored; lent by <see cref="RowText"/>.</summary>
    public static ReadOnlySpan<byte> Codecs(CallRecord record)
    {
        RowText codecs = RowText.Begin();
        AddItem(codecs, record.Caller.Codec);
        AddItem(codecs, record.Callee.Codec);
        for (int i = 0; i < record.Streams.Count; i++) AddItem(codecs, record.Streams[i].Codec);
        return codecs.List();
    }

    /// <summary>Adds a text, in lower case, to a list of the form <c>|a|b|</c>, once.</summary>
    public static void AddItem(RowText list, string? item)
    {
        if (string.IsNullOrEmpty(item)) return;
        int start = list.BeginItem();
        list.AddLower(item);
        list.EndItem(start);
    }

    /// <summary>What a text search looks at; lent by <see cref="RowText"/>.</summary>
    public static ReadOnlySpan<byte> Search(CallRecord record)
    {
        RowText text = RowText.Begin();
        Add(text, record.SipCallId);
        Add(text, record.Dialled);
        AddParty(text, record.Caller);
        AddParty(text, record.Callee);
        return text.Utf8;

        static void AddParty(RowText text, Party party)
        {
            Add(text, party.Number);
            Add(text, party.Name);
            Add(text, party.Uri);
            Add(text, party.UserAgent);
        }

        static void Add(RowText text, string? item)
        {
            if (string.IsNullOrEmpty(item)) return;
            text.AddLower(item);
            text.Add((byte)'\n');
        }
    }

    /// <summary>FNV-1a of a Call-ID, 64 bits: an index of numbers is a third of one of texts. The text itself is compared as well.</summary>
    public static long SipCallHash(string sipCallId)
    {
        ulong sum = Fnv1a.Empty;
        foreach (char c in sipCallId) sum = Fnv1a.Add(Fnv1a.Add(sum, c & 0xFFu), (uint)(c >> 8));
        return unchecked((long)sum);
    }

    /// <summary>What stands for a user among the numbers.</summary>
    public static string UserKey(long user) => string.Create(CultureInfo.InvariantCulture, $"{UserMark}{user}");

    /// <summary>The user that a party is; null where it is none.</summary>
    public static long? UserOf(Party party) => party.Identity is { Kind: PartyKind.User } identity ? identity.Id : null;

    /// <summary>What leads to a call, each once, with the roles it has: its numbers as on the wire and in full, and its users.</summary>
    public static int Numbers(CallRecord record, ref NumberRoles numbers)
    {
        int count = 0;
        Add(ref numbers, ref count, record.Caller.Number, CallerRole);
        Add(ref numbers, ref count, record.Callee.Number, CalleeRole);
        Add(ref numbers, ref count, record.Dialled, DialledRole);
        Add(ref numbers, ref count, record.Caller.E164, CallerRole);
        Add(ref numbers, ref count, record.Callee.E164, CalleeRole);
        if (UserOf(record.Caller) is { } caller) Add(ref numbers, ref count, UserKey(caller), CallerRole);
        if (UserOf(record.Callee) is { } callee) Add(ref numbers, ref count, UserKey(callee), CalleeRole);
        return count;
    }

    private static void Add(ref NumberRoles numbers, ref int count, string? number, int role)
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

/// <summary>Room for the different keys of a call: three numbers, two in full international form, two users.</summary>
[InlineArray(7)]
internal struct NumberRoles
{
    private (string? Number, int Roles) _first;
}
