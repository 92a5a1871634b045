using System.Buffers.Binary;
using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.FonoUc;

/// <summary>The ids, times and start keys of fonoUC, and the way back from each. Pure.</summary>
internal static class FonoUcKeys
{
    /// <summary>From 0000-01-01 to 1970-01-01, seconds.</summary>
    public const long Gregorian = 62_167_219_200;

    private const int SecondDigits = 11;
    private const int MicroDigits = 6;
    private const int HashDigits = 29;
    private const long LastSecond = 253_402_300_799;
    private const int IdBytes = 12;

    /// <summary>Gregorian seconds, a second begun not counted.</summary>
    public static long Seconds(Timestamp at) => Floor(at) + Gregorian;

    /// <summary>Id of a CDR: month of the start, and the Call-ID.</summary>
    public static string CdrId(CallRecord call) => string.Create(CultureInfo.InvariantCulture, $"{call.StartedAt.ToDateTime():yyyyMM}-{call.SipCallId}");

    /// <summary>Reads what <see cref="CdrId"/> writes into the query that finds the call; false for anything else.</summary>
    public static bool TryReadCdrId(string text, out CallQuery query)
    {
        query = new CallQuery();
        if (text.Length < 8 || text[6] != '-'
            || !DateTimeOffset.TryParseExact(text[..6], "yyyyMM", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset month)
            || month.Year > 9998) return false;
        query = new CallQuery { From = Timestamp.From(month), To = Timestamp.From(month.AddMonths(1)), SipCallId = text[7..], Ascending = true };
        return true;
    }

    /// <summary>Id of a recording: month of the start, the 24 digits of the native id, its day.</summary>
    public static string RecordingId(string id) => $"{id[..6]}-{id[9..]}{id[..8]}";

    /// <summary>The native id of a recording's; false for anything else.</summary>
    public static bool TryReadRecordingId(string text, out string id)
    {
        id = "";
        if (text.Length != 39 || text[6] != '-' || text[31..37] != text[..6]) return false;
        id = $"{text[31..]}-{text[7..31]}";
        return CallId.IsWellFormed(id);
    }

    /// <summary>Name of a recording's file.</summary>
    public static string FileName(string id) => RecordingId(id)[7..] + ".mp3";

    /// <summary>The start key of a page that begins with a call: its Gregorian second, and where the page before ended in the same second, the microsecond and the id as well.</summary>
    public static string StartKey(CallRecord next, Timestamp? last)
    {
        string second = Seconds(next.StartedAt).ToString(CultureInfo.InvariantCulture);
        if (last is null || Floor(last.Value) != Floor(next.StartedAt)) return second;
        UInt128 hash = UInt128.Parse(next.Id.AsSpan(9), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        long micros = next.StartedAt.Microseconds - (Floor(next.StartedAt) * Timestamp.MicrosecondsPerSecond);
        return string.Create(CultureInfo.InvariantCulture, $"{second}{micros:D6}{hash:D29}");
    }

    /// <summary>The place a start key names; null for anything that is none.</summary>
    public static CallPosition? ReadStartKey(string text)
    {
        if (text.AsSpan().ContainsAnyExceptInRange('0', '9') || text.Length is not (SecondDigits or SecondDigits + MicroDigits + HashDigits)) return null;
        long second = long.Parse(text.AsSpan(0, SecondDigits), CultureInfo.InvariantCulture) - Gregorian;
        if (second is < 0 or > LastSecond) return null;
        var at = new Timestamp(second * Timestamp.MicrosecondsPerSecond);
        if (text.Length == SecondDigits) return new CallPosition(at, "");
        at = new Timestamp(at.Microseconds + long.Parse(text.AsSpan(SecondDigits, MicroDigits), CultureInfo.InvariantCulture));
        UInt128 hash = UInt128.Parse(text.AsSpan(SecondDigits + MicroDigits), CultureInfo.InvariantCulture);
        if (hash >> (IdBytes * 8) != 0) return null;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, hash);
        return new CallPosition(at, string.Create(CultureInfo.InvariantCulture, $"{at.ToDateTime():yyyyMMdd}-{Convert.ToHexStringLower(bytes[^IdBytes..])}"));
    }

    /// <summary>Reads Unix seconds, or milliseconds where there are 13 digits; null for anything else.</summary>
    public static Timestamp? ReadUnix(string text)
    {
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)) return null;
        if (text.Length == 13) return new Timestamp(number * 1000);
        return number <= LastSecond && text.Length <= 12 ? new Timestamp(number * Timestamp.MicrosecondsPerSecond) : null;
    }

    private static long Floor(Timestamp at) => (long)Math.Floor(at.Microseconds / (decimal)Timestamp.MicrosecondsPerSecond);
}
