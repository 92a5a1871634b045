using System.Globalization;
using System.Text.Json;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Rtp;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Calls.Tests.Streams;

/// <summary>Every RTP stream of the shared captures against what is known of it, and against tshark's own table.</summary>
public sealed class StreamTruthTests
{
    /// <summary>Captures without lost sequence order, events or comfort noise, so that tshark's jitter is of the same packets as ours.</summary>
    private static readonly string[] PlainCaptures =
    [
        "sip-rtp-g711.pcap", "sip-rtp-g722.pcap", "sip-rtp-gsm.pcap", "sip-rtp-g729a.pcap", "ast-40msalaw.pcap", "freeswitch-milliwatt.pcmu.rtp.pcap", "pcapapp-yate.pcap",
        "isa-real_call.pcap", "MagicJack_short_call.pcap",
    ];

    [SharedFact]
    public void EveryKnownStream_HasItsPacketsLossAndCodec()
    {
        var faults = new List<string>();
        int checkedStreams = 0;
        using JsonDocument truth = JsonDocument.Parse(File.ReadAllText(SharedFolder.Path("captures", "truth.json")));
        foreach (JsonProperty file in truth.RootElement.GetProperty("files").EnumerateObject())
        {
            JsonElement[] streams = [.. Streams(file.Value, "rtp_streams"), .. Streams(file.Value, "rtp_streams_unsignalled")];
            if (streams.Length == 0) continue;
            Dictionary<string, (StreamRecord Record, string Digits)> metered = Meter("captures", file.Name);
            foreach (JsonElement stream in streams)
            {
                checkedStreams++;
                string key = $"{Text(stream, "src")} {Text(stream, "dst")} {Text(stream, "ssrc")}";
                if (!metered.TryGetValue(key, out (StreamRecord Record, string Digits) found)) faults.Add($"{file.Name} {key}: not found");
                else Compare($"{file.Name} {key}", stream, found.Record, found.Digits, faults);
            }
        }

        Assert.True(checkedStreams >= 79, $"only {checkedStreams} streams in truth.json");
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [SharedFact]
    public void EveryStreamOfTheLab_HasItsFiguresAndDigits()
    {
        var faults = new List<string>();
        int checkedStreams = 0;
        using JsonDocument truth = JsonDocument.Parse(File.ReadAllText(SharedFolder.Path("lab", "truth.json")));
        foreach (JsonProperty scenario in truth.RootElement.EnumerateObject())
        {
            JsonElement[] streams = [.. Streams(scenario.Value, "rtp_streams")];
            if (streams.Length == 0) continue;
            Dictionary<string, (StreamRecord Record, string Digits)> metered = Meter(["lab", .. Text(scenario.Value, "capture").Split('/')]);
            foreach (JsonElement stream in streams)
            {
                checkedStreams++;
                string Side(string address, string port) => IpAddress.TryParse(Text(stream, address), out IpAddress ip)
                    ? new Endpoint(ip, stream.GetProperty(port).GetUInt16()).ToString()
                    : "?";
                string key = $"{Side("src", "sport")} {Side("dst", "dport")} 0x{Text(stream, "ssrc")}";
                if (!metered.TryGetValue(key, out (StreamRecord Record, string Digits) found))
                {
                    faults.Add($"{scenario.Name} {key}: not found");
                    continue;
                }

                StreamRecord record = found.Record;
                long Number(string name) => stream.GetProperty(name).GetInt64();
                (long, long, long, long, long, long) known =
                    (Number("packets"), Number("expected"), Number("lost"), Number("duplicated"), Number("reordered"), Number("bytes"));
                (long, long, long, long, long, long) actual =
                (
                    // netem doubles IP packets whole: by what is in them they are a mirror's copies.
                    record.Packets + record.MirrorDuplicates,
                    record.Expected,
                    record.Lost,
                    record.Duplicates + record.MirrorDuplicates,
                    record.OutOfOrder,
                    record.MirrorDuplicates > 0 ? Number("bytes") : record.Octets + (12 * record.Packets));
                if (known != actual) faults.Add($"{scenario.Name} {key}: {known} but {actual}");
                string digits = stream.TryGetProperty("dtmf", out JsonElement dtmf) ? dtmf.GetString() ?? "" : "";
                if (digits != found.Digits) faults.Add($"{scenario.Name} {key}: digits {digits} but {found.Digits}");
                double seconds = (record.EndedAt - record.StartedAt).TotalSeconds;
                double knownSeconds = stream.GetProperty("last").GetDouble() - stream.GetProperty("first").GetDouble();
                if (Math.Abs(seconds - knownSeconds) > 1e-5) faults.Add($"{scenario.Name} {key}: {knownSeconds} s but {seconds} s");
            }
        }

        Assert.True(checkedStreams >= 60, $"only {checkedStreams} streams in truth.json");
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [SharedToolFact("tshark")]
    public void PlainStreams_HaveTsharksPacketsLossAndJitter()
    {
        var faults = new List<string>();
        int compared = 0, comparedFigures = 0;
        foreach (string file in PlainCaptures)
        {
            Dictionary<string, (StreamRecord Record, string Digits)> metered = Meter("captures", file);
            foreach (string line in Tshark.Lines(SharedFolder.Path("captures", file), "-o", "rtp.heuristic_rtp:TRUE", "-q", "-z", "rtp,streams"))
            {
                // start end source port destination port ssrc payload packets lost (percent) deltas(3) jitters(3) [X]
                string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (words.Length < 16 || !words[6].StartsWith("0x", StringComparison.Ordinal)) continue;
                string key = $"{words[2]}:{words[3]} {words[4]}:{words[5]} {words[6].ToLowerInvariant()}";
                if (!metered.TryGetValue(key, out (StreamRecord Record, string Digits) found))
                {
                    faults.Add($"{file} {key}: not found");
                    continue;
                }

                compared++;
                int share = Array.FindIndex(words, word => word.StartsWith('(')); // the payload names may have blanks: count from the loss share
                StreamRecord record = found.Record;
                double[] figures = [.. words.Skip(share + 1).Take(6).Select(word => double.Parse(word, CultureInfo.InvariantCulture))];
                // Differences by name. Marked packets: tshark takes them for the start of a talkspurt and leaves them out of delta and jitter,
                // RFC 3550 A.8 does not. Several payload types: events and comfort noise are in its jitter. No codec known here: no clock.
                // Duplicates: it takes them off the loss, and the mirror's copies are in its figures.
                bool samePackets = record.Duplicates + record.MirrorDuplicates == 0;
                bool sameFigures = samePackets && record.Markers <= 1 && record.PayloadTypes.Count == 1 && record.JitterMillisecondsMean is not null;
                if (sameFigures) comparedFigures++;
                bool agrees = record.Packets + record.MirrorDuplicates == long.Parse(words[share - 2], CultureInfo.InvariantCulture)
                    && (!samePackets || record.Lost == long.Parse(words[share - 1], CultureInfo.InvariantCulture));
                agrees &= !sameFigures
                    || (Math.Abs(record.DeltaMillisecondsMax!.Value - figures[2]) < 0.002
                        && Math.Abs(record.JitterMillisecondsMean!.Value - figures[4]) < 0.002
                        && Math.Abs(record.JitterMillisecondsMax!.Value - figures[5]) < 0.002);
                if (!agrees)
                {
                    faults.Add($"{file} {key}: tshark {string.Join(' ', words.Skip(share - 2))} but packets {record.Packets} lost {record.Lost} "
                        + $"delta {record.DeltaMillisecondsMax:F3} jitter {record.JitterMillisecondsMean:F3} max {record.JitterMillisecondsMax:F3}");
                }
            }
        }

        Assert.True(compared >= 12 && comparedFigures >= 10, $"only {compared} streams compared, {comparedFigures} in full");
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private static void Compare(string name, JsonElement truth, StreamRecord record, string digits, List<string> faults)
    {
        void Check<T>(string what, T expected, T actual)
        {
            if (!EqualityComparer<T>.Default.Equals(expected, actual)) faults.Add($"{name}: {what} {expected} but {actual}");
        }

        Check("packets", truth.GetProperty("packets").GetInt64(), record.Packets + record.MirrorDuplicates);
        Check("lost", truth.GetProperty("lost").GetInt64(), record.Lost);
        Check("duplicates", truth.GetProperty("duplicates").GetInt64(), record.Duplicates + record.MirrorDuplicates);
        Check("reordered", truth.GetProperty("reordered").GetInt64(), record.OutOfOrder);
        int payloadType = truth.GetProperty("pt").GetInt32();
        Check("payload type", payloadType, record.PayloadType);
        string? codec = truth.GetProperty("codec").GetString();
        if (payloadType < 35 && payloadType != 11 && codec is not null)
        {
            string[] parts = codec.Split('/');
            Check("codec", $"{parts[0]}/{parts[1]}", record.Codec);
        }

        if (truth.TryGetProperty("dtmf", out JsonElement dtmf) && dtmf.GetString() is { } pressed && !pressed.Contains('[', StringComparison.Ordinal))
        {
            Check("digits", pressed, digits);
        }
    }

    private static Dictionary<string, (StreamRecord Record, string Digits)> Meter(params string[] file)
    {
        var flows = new Dictionary<(Endpoint, Endpoint), RtpFlow>();
        var counters = new Counters<StreamCounter>();
        var limits = new StreamLimits();
        var decoder = new PacketDecoder();
        using CaptureFileSource source = CaptureFileSource.Open(SharedFolder.Path(file));
        while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet)
        {
            if (decoder.Decode(packet, out DecodedPacket decoded) != DecodeOutcome.Udp) continue;
            if (MediaClassifier.Classify(decoded.Payload) != MediaPacketKind.Rtp) continue;
            if (!flows.TryGetValue((decoded.Source, decoded.Destination), out RtpFlow? flow))
            {
                flow = new RtpFlow(decoded.Source, decoded.Destination, PayloadTypeMap.Static, limits, counters);
                flows.Add((decoded.Source, decoded.Destination), flow);
            }

            flow.Add(new RtpPacketView
            {
                At = packet.CapturedAt,
                Payload = decoded.Payload,
                CutBytes = decoded.IsTruncated ? Math.Max(packet.OriginalLength - packet.Bytes.Length, 0) : 0,
                IpIdentification = decoded.IpIdentification,
                Checksum = decoded.TransportChecksum,
                Dscp = decoded.Dscp,
                Ttl = decoded.TimeToLive,
            });
        }

        var metered = new Dictionary<string, (StreamRecord, string)>(StringComparer.Ordinal);
        foreach (RtpFlow flow in flows.Values)
        {
            foreach (StreamMeter stream in flow.Streams)
            {
                var digits = new List<DtmfDigit>();
                stream.Dtmf?.CopyTo(digits, PartySide.Unknown);
                metered[$"{flow.Source} {flow.Destination} 0x{stream.Ssrc:x8}"] = (stream.ToRecord(), string.Concat(digits.Select(digit => digit.Digit)));
            }
        }

        return metered;
    }

    private static IEnumerable<JsonElement> Streams(JsonElement file, string name) =>
        file.TryGetProperty(name, out JsonElement streams) && streams.ValueKind == JsonValueKind.Array ? streams.EnumerateArray() : [];

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
