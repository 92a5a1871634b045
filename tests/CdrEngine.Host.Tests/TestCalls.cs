using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Host.Tests;

/// <summary>Records for the tests of this project.</summary>
internal static class TestCalls
{
    public static readonly Timestamp Start = Timestamp.From(new DateTimeOffset(2026, 11, 20, 4, 27, 0, TimeSpan.Zero)) + TimeSpan.FromMicroseconds(123);

    public static Endpoint Address(string ip, ushort port) => IpAddress.TryParse(ip, out IpAddress address)
        ? new Endpoint(address, port)
        : throw new ArgumentException(ip, nameof(ip));

    public static CallRecord Answered(string id = "20261120-00112233445566778899aabb", string callId = "abc@host") => new()
    {
        Id = id,
        SessionId = id,
        SipCallId = callId,
        State = CallState.Ended,
        Disposition = Disposition.Answered,
        SipStatus = 200,
        SipReason = "OK",
        HangupBy = HangupBy.Caller,
        Dialled = "2002",
        Caller = new Party { Number = "1001", Name = "Alice", Uri = "sip:1001@example.com", Address = Address("192.0.2.10", 5060), Codec = "PCMU/8000" },
        Callee = new Party { Number = "2002", Address = Address("2001:db8::1", 5060) },
        StartedAt = Start,
        RangAt = Start + TimeSpan.FromMilliseconds(200),
        AnsweredAt = Start + TimeSpan.FromSeconds(2),
        EndedAt = Start + TimeSpan.FromMilliseconds(12_500),
        PostDialDelay = TimeSpan.FromMicroseconds(200_500),
        Flags = CallFlags.Held | CallFlags.Authenticated,
    };

    public static CallRecord Busy() => Answered("20261120-ffeeddccbbaa99887766554433") with
    {
        Disposition = Disposition.Busy,
        SipStatus = 486,
        SipReason = "Busy Here",
        AnsweredAt = null,
        Flags = CallFlags.None,
    };
}

/// <summary>A reader over a list, in pages of two.</summary>
internal sealed class ListReader(params CallRecord[] calls) : ICallReader
{
    private const int PageSize = 2;

    public List<CallQuery> Queries { get; } = [];

    public CallRecord? Get(string id) => Array.Find(calls, call => call.Id == id);

    public CallPage List(CallQuery query)
    {
        Queries.Add(query);
        CallRecord[] all = query.SipCallId is null ? calls : Array.FindAll(calls, call => call.SipCallId == query.SipCallId);
        int from = query.Cursor is null ? 0 : int.Parse(query.Cursor);
        int count = Math.Min(PageSize, query.Limit);
        CallRecord[] page = all.Skip(from).Take(count).ToArray();
        return new CallPage { Calls = page, NextCursor = from + page.Length < all.Length ? $"{from + page.Length}" : null };
    }
}
