using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Storage.Tests;

/// <summary>A folder of one test, removed with it.</summary>
internal sealed class StoreFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("cdrengine-store-").FullName;

    public string Records => Path.Combine(Root, "records");

    public string Outbox => Path.Combine(Root, "outbox");

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

/// <summary>Seeded call records.</summary>
internal static class TestCalls
{
    public static readonly Timestamp Start = Timestamp.From(new DateTimeOffset(2026, 11, 20, 0, 0, 0, TimeSpan.Zero));

    private static readonly string[] Codecs = ["PCMU/8000", "PCMA/8000", "opus/48000", "G722/8000"];

    public static CallRecord Record(int index, Random random, Timestamp? startedAt = null)
    {
        Timestamp started = startedAt ?? new Timestamp(Start.Microseconds + random.NextInt64(3L * 86_400_000_000));
        string sipCallId = $"{index:x8}-{random.Next():x8}@Host{random.Next(20)}";
        string id = CallId.Derive(sipCallId, "tag", started);
        bool answered = random.Next(3) > 0;
        Timestamp ended = new(started.Microseconds + random.Next(1, 20) * 1_000_000L);
        string caller = $"+1{random.Next(40):000}{random.Next(10_000):0000}";
        string callee = random.Next(5) == 0 ? caller : $"+44{random.Next(40):000}{random.Next(10_000):0000}";
        return MediaSessions.Complete(new CallRecord
        {
            Id = id,
            SessionId = id,
            SipCallId = sipCallId,
            State = CallState.Ended,
            Disposition = answered ? Disposition.Answered : (Disposition)random.Next(2, 10),
            SipStatus = answered ? 200 : 486,
            Direction = random.Next(4) == 0 ? null : (CallDirection)random.Next(4),
            Dialled = random.Next(4) == 0 ? null : random.Next(3) == 0 ? $"{random.Next(100, 130)}" : callee,
            Caller = Party(caller, random, index),
            Callee = Party(random.Next(10) == 0 ? null : callee, random, index + 1),
            StartedAt = started,
            AnsweredAt = answered ? new Timestamp(started.Microseconds + 500_000) : null,
            EndedAt = ended,
            Flags = (CallFlags)random.Next(16),
            CaptureSource = "test.pcap",
            Streams = answered ? [Stream(random, started, ended), Stream(random, started, ended, PartySide.Callee)] : [],
            MediaSessions = answered ? Sessions(index, started, ended) : [],
        });
    }

    // Derived from the index alone, so that seeded records are as they were.
    private static MediaSessionRecord[] Sessions(int index, Timestamp started, Timestamp ended)
    {
        var audio = new MediaSessionRecord
        {
            Index = 0,
            Media = "audio",
            Protocol = index % 5 == 0 ? "RTP/SAVP" : "RTP/AVP",
            Caller = new Endpoint(IpAddress.FromV4(0x0A000001), 10_000),
            Callee = new Endpoint(IpAddress.FromV4(0x0A000100u + (uint)(index % 7)), 20_000),
            Answered = ["PCMU/8000"],
            Directions = [new DirectionChange(started, "sendrecv")],
            StartedAt = started,
            EndedAt = ended,
            Flags = index % 5 == 0 ? MediaSessionFlags.Srtp : MediaSessionFlags.None,
        };
        var fax = new MediaSessionRecord
        {
            Index = 1,
            Media = "image",
            Protocol = "udptl",
            Caller = new Endpoint(new IpAddress(0x2001_0db8_0000_0000, 1), 4000),
            StartedAt = started,
            EndedAt = ended,
            Flags = MediaSessionFlags.T38,
        };
        return index % 4 == 0 ? [audio, fax] : [audio];
    }

    public static StoredCall Stored(int index, Random random, Timestamp? startedAt = null) =>
        new(Record(index, random, startedAt), RecordRevision.Final, BitConverter.GetBytes(index), index % 3 == 0 ? "acme" : null);

    public static List<StoredCall> Many(int count, int seed)
    {
        var random = new Random(seed);

        // One in three shares its start with others.
        return [.. Enumerable.Range(0, count).Select(i =>
            Stored(i, random, i % 3 == 0 ? new Timestamp(Start.Microseconds + (random.Next(72) * 3_600_000_000L)) : null))];
    }

    public static string Json(CallRecord record) => System.Text.Encoding.UTF8.GetString(CallRecordJson.ToUtf8(record));

    private static Party Party(string? number, Random random, int index) => new()
    {
        Number = number,
        Name = $"Name {index % 100} \"Ünï\"",
        Uri = $"sip:{number}@example.com",
        Address = random.Next(10) == 0
            ? null
            : new Endpoint(
                random.Next(3) == 0 ? new IpAddress(0x2001_0db8_0000_0000, (ulong)random.Next(10)) : IpAddress.FromV4(0x0A000000u + (uint)random.Next(20)),
                5060),
        UserAgent = $"Phone/{index % 7}.1",
        Codec = random.Next(4) == 0 ? null : Codecs[random.Next(Codecs.Length)],
    };

    private static StreamRecord Stream(Random random, Timestamp started, Timestamp ended, PartySide from = PartySide.Caller) => new()
    {
        Ssrc = (uint)random.Next(),
        Source = new Endpoint(IpAddress.FromV4(0x0A000001), 10_000),
        Destination = new Endpoint(IpAddress.FromV4(0x0A000002), 20_000),
        From = from,
        MediaIndex = 0,
        PayloadType = 0,
        Codec = Codecs[random.Next(Codecs.Length)],
        Packets = 100,
        Octets = 16_000,
        Expected = 100,
        Lost = 0,
        Duplicates = 0,
        OutOfOrder = 0,
        Mos = random.Next(4) == 0 ? null : random.Next(100, 450) / 100.0,
        StartedAt = started,
        EndedAt = ended,
    };
}
