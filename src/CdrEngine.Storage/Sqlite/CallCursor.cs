using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Totals;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Where a page ended: the last record's sort key and id, bound to the query it belongs to.</summary>
/// <param name="Key">Sort key: microseconds, or the bits of a MOS.</param>
/// <param name="Day">Day of the last record.</param>
/// <param name="Id">Its id's twelve bytes.</param>
internal sealed record CallCursor(long Key, DateOnly Day, byte[] Id)
{
    /// <summary>Document of the last record, where it is known; 0 else. Not part of what is given out.</summary>
    public long Document { get; init; }

    private const int Length = 1 + 8 + 4 + CallRow.IdBytes + 8;
    private const byte Version = 1;

    public string Encode(CallQuery query)
    {
        Span<byte> bytes = stackalloc byte[Length];
        bytes[0] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(bytes[1..], Key);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[9..], Day.DayNumber);
        Id.CopyTo(bytes[13..]);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[^8..], Seal(bytes[..^8], query));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads what <see cref="Encode"/> made for the same filters and order; false for anything else.</summary>
    public static bool TryDecode(string text, CallQuery query, out CallCursor? cursor)
    {
        cursor = null;
        Span<byte> bytes = stackalloc byte[Length];
        if (text.Length != Base64Url.GetEncodedLength(Length) || Base64Url.DecodeFromChars(text, bytes, out _, out int length) != OperationStatus.Done || length != Length
            || bytes[0] != Version || BinaryPrimitives.ReadUInt64LittleEndian(bytes[^8..]) != Seal(bytes[..^8], query)) return false;
        int day = BinaryPrimitives.ReadInt32LittleEndian(bytes[9..]);
        if (day < DateOnly.MinValue.DayNumber || day > DateOnly.MaxValue.DayNumber) return false;
        cursor = new CallCursor(BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]), DateOnly.FromDayNumber(day), bytes.Slice(13, CallRow.IdBytes).ToArray());
        return true;
    }

    // All that decides which records come in which order.
    private static ulong Seal(ReadOnlySpan<byte> bytes, CallQuery query) => CursorSeal.Of(bytes, TextOf(query));

    /// <summary>All of a query that decides which records come in which order, as text.</summary>
    public static string TextOf(CallQuery query) => string.Create(
        CultureInfo.InvariantCulture,
        $"{query.From}|{query.To}|{query.Number}|{query.Caller}|{query.Callee}|{query.Address}|{string.Join(',', query.Dispositions.Select(static value => (int)value))}|{query.Direction}|{query.Codec}|{query.MosBelow}|{(int)query.Flags}|{query.DurationMin}|{query.DurationMax}|{query.SipCallId}|{query.SessionId}|{query.Text}|{query.Tenant}|{query.Context}|{query.User}|{query.Sort}|{query.Ascending}{More(query)}");

    // Nothing where none of them is set, so that cursors given out before there were any still hold.
    private static string More(CallQuery query)
    {
        string more = string.Create(
            CultureInfo.InvariantCulture,
            $"{List(query.CallerNumbers)}|{List(query.DialledNumbers)}|{List(query.CalleeNumbers)}|{List(query.PartyNumbers)}|{string.Join(',', query.Directions.Select(static value => (int)value))}|{query.BillsecMin}|{query.BillsecMax}|{query.Recorded}|{DayIds.TextOf(query.Ids)}|{query.Start}{(query.IsSessionStart ? "|start" : "")}{(query.IsVoicemail ? "|voicemail" : "")}{(query.IsAudible ? "|audible" : "")}{Further(query)}");
        return more.All(static c => c == '|') ? "" : "|" + more;
    }

    private static string Further(CallQuery query)
    {
        string further = string.Create(
            CultureInfo.InvariantCulture,
            $"{string.Join(',', query.Traits.Select(static match => $"{(int)match.Has}-{(int)match.Lacks}{(match.Ways == 0 ? "" : $"-{match.Ways}")}"))}|{string.Join(',', query.SipStatuses)}|{string.Join(',', query.Causes)}|{string.Join(',', query.HangupBys.Select(static value => (int)value))}|{string.Join(',', query.RerouteReasons.Select(static value => (int)value))}|{query.Trunk?.Length}{query.Trunk}|{List(query.SessionCalleeNumbers)}|{query.PersonBillsecMax}{(query.Parts.Count == 0 ? "" : $"|{List([.. query.Parts.Select(static part => $"{(int)part.Of}{part.Text}")])}")}{Labels(query)}{(query.Except.Count == 0 ? "" : $"|except {DayIds.TextOf(query.Except)}")}{Codecs(query)}{(query.Any.Count == 0 ? "" : $"|any {List([.. query.Any.Select(TextOf)])}")}{(query.Ranges.Count == 0 ? "" : $"|ranges {List([.. query.Ranges.Select(static range => $"{(int)range.Of}-{(int)range.Sense}-{range.Text}")])}")}{(query.Moments.Count == 0 ? "" : $"|moments {List([.. query.Moments.Select(static moment => $"{(int)moment.Of}-{moment.From}-{moment.To}")])}")}{(query.Without is { } without ? $"|without {List([TextOf(without)])}" : "")}");
        return further.All(static c => c == '|') ? "" : "|" + further;
    }

    private static string Labels(CallQuery query) =>
        (query.Labels.Count == 0 ? "" : $"|labels {List([.. query.Labels.Select(static part => $"{(int)part.Of}{(part.IsWhole ? '=' : '~')}{part.Text}")])}")
        + (query.TrunkPart is { } trunk ? $"|trunk {List([trunk])}" : "");

    private static string Codecs(CallQuery query) =>
        (query.CallerCodec is { } caller ? $"|from {List([CallProfile.Folded(caller)])}" : "") + (query.CalleeCodec is { } callee ? $"|to {List([CallProfile.Folded(callee)])}" : "");

    private static string List(IReadOnlyList<string> items) => string.Join(',', items.Select(static item => item.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal)));
}
