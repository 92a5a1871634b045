using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Load;

/// <summary>What the record of a generated call must say.</summary>
public sealed record ExpectedCall
{
    /// <summary>Call-ID.</summary>
    public required string SipCallId { get; init; }

    /// <summary>What happened.</summary>
    public required string Scenario { get; init; }

    /// <summary>Expected disposition.</summary>
    public required Disposition Disposition { get; init; }

    /// <summary>Final status, 0 for none.</summary>
    public required int SipStatus { get; init; }

    /// <summary>Who ended it.</summary>
    public required HangupBy HangupBy { get; init; }

    /// <summary>Caller's number.</summary>
    public required string Caller { get; init; }

    /// <summary>Callee's number.</summary>
    public required string Callee { get; init; }

    /// <summary>Caller's signalling address.</summary>
    public required string CallerAddress { get; init; }

    /// <summary>Signalling address of who was called at last.</summary>
    public required string CalleeAddress { get; init; }

    /// <summary>Microseconds of the first INVITE.</summary>
    public required long StartedAt { get; init; }

    /// <summary>First 180.</summary>
    public long? RangAt { get; init; }

    /// <summary>First 18x with SDP.</summary>
    public long? EarlyMediaAt { get; init; }

    /// <summary>First 2xx at the caller's hop.</summary>
    public long? AnsweredAt { get; init; }

    /// <summary>First BYE on the wire, or the final response at the caller's hop.</summary>
    public long? EndedAt { get; init; }

    /// <summary>Transport of the INVITE.</summary>
    public required Transport Transport { get; init; }

    /// <summary>Flags that must be set; of those a load can tell.</summary>
    public CallFlags Flags { get; init; }

    /// <summary>Legs; -1 where a load does not say.</summary>
    public int Legs { get; init; } = -1;

    /// <summary>Streams by SSRC.</summary>
    public IReadOnlyList<ExpectedStream> Streams { get; init; } = [];

    /// <summary>Flags a load decides; the others are not compared.</summary>
    public const CallFlags ComparedFlags =
        CallFlags.MissingBye | CallFlags.MissingInvite | CallFlags.Forked | CallFlags.Held | CallFlags.Authenticated | CallFlags.NoAck
        | CallFlags.Unconfirmed | CallFlags.ReusedPort | CallFlags.Srtp | CallFlags.T38 | CallFlags.Transferred | CallFlags.Limited;

    /// <summary>Every member in which a record differs from this: <c>member: expected, was</c>.</summary>
    public IReadOnlyList<string> Differences(CallRecord record)
    {
        var differences = new List<string>();
        Compare("disposition", Disposition, record.Disposition);
        Compare("sip_status", SipStatus, record.SipStatus);
        Compare("hangup_by", HangupBy, record.HangupBy);
        Compare("caller", Caller, record.Caller.Number);
        Compare("callee", Callee, record.Callee.Number);
        Compare("caller_address", CallerAddress, record.Caller.Address?.ToString());
        Compare("callee_address", CalleeAddress, record.Callee.Address?.ToString());
        Compare("started_at", StartedAt, record.StartedAt.Microseconds);
        Compare("rang_at", RangAt, record.RangAt?.Microseconds);
        Compare("early_media_at", EarlyMediaAt, record.EarlyMediaAt?.Microseconds);
        Compare("answered_at", AnsweredAt, record.AnsweredAt?.Microseconds);
        Compare("ended_at", EndedAt, record.EndedAt?.Microseconds);
        Compare("transport", Transport, record.Transport);
        Compare("flags", Flags, record.Flags & ComparedFlags);
        if (Legs >= 0) Compare("legs", Legs, record.Legs.Count);
        Compare("streams", Streams.Count, record.Streams.Count);
        foreach (ExpectedStream stream in Streams)
        {
            StreamRecord? found = record.Streams.FirstOrDefault(candidate => candidate.Ssrc == stream.Ssrc);
            if (found is null)
            {
                differences.Add($"stream {stream.Ssrc:x8}: missing");
                continue;
            }

            Compare($"stream {stream.Ssrc:x8} packets", stream.Packets, found.Packets);
            Compare($"stream {stream.Ssrc:x8} lost", stream.Lost, found.Lost);
            Compare($"stream {stream.Ssrc:x8} duplicates", stream.Duplicates, found.Duplicates);
            Compare($"stream {stream.Ssrc:x8} out_of_order", stream.OutOfOrder, found.OutOfOrder);
            Compare($"stream {stream.Ssrc:x8} codec", stream.Codec, found.Codec);
            Compare($"stream {stream.Ssrc:x8} from", stream.From, found.From);
        }

        return differences;

        void Compare<T>(string member, T expected, T was)
        {
            if (!EqualityComparer<T>.Default.Equals(expected, was))
                differences.Add(string.Create(CultureInfo.InvariantCulture, $"{member}: expected {expected}, was {was}"));
        }
    }

    /// <summary>One line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ExpectedJson.Default.ExpectedCall);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    public static ExpectedCall FromJson(string line) =>
        JsonSerializer.Deserialize(line, ExpectedJson.Default.ExpectedCall) ?? throw new FormatException("an expected call is one JSON object");
}

/// <summary>What the record must say of one stream.</summary>
public sealed record ExpectedStream
{
    /// <summary>SSRC.</summary>
    public required uint Ssrc { get; init; }

    /// <summary>Sender's side.</summary>
    public required PartySide From { get; init; }

    /// <summary>Codec.</summary>
    public required string Codec { get; init; }

    /// <summary>Packets at the capture point, network duplicates included.</summary>
    public long Packets { get; set; }

    /// <summary>Lost between the first and the last packet.</summary>
    public long Lost { get; set; }

    /// <summary>Network duplicates.</summary>
    public long Duplicates { get; set; }

    /// <summary>Packets behind their successor.</summary>
    public long OutOfOrder { get; set; }
}

[JsonSerializable(typeof(ExpectedCall))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
internal sealed partial class ExpectedJson : JsonSerializerContext;
