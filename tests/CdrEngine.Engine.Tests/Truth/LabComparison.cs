using System.Text.Json;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Engine.Tests.Truth;

/// <summary>Records against one entry of the lab's truth, be it of a stored capture or of a run just made.</summary>
internal static class LabComparison
{
    /// <summary>Flags that the scenario's description promises; of these only, every call of the scenario has exactly the ones listed.</summary>
    private static readonly Dictionary<string, CallFlags> PromisedFlags = new(StringComparer.Ordinal)
    {
        ["07-digest-407"] = CallFlags.Authenticated,
        ["09-hold-resume"] = CallFlags.Held,
        ["12-forking"] = CallFlags.Forked,
        ["21-srtp-sdes"] = CallFlags.Srtp,
        ["27-missing-bye"] = CallFlags.MissingBye,
        ["34-dtls-srtp"] = CallFlags.Srtp,
    };

    private const CallFlags Watched = CallFlags.Authenticated | CallFlags.Held | CallFlags.Forked | CallFlags.Srtp | CallFlags.MissingBye | CallFlags.MissingInvite
        | CallFlags.T38 | CallFlags.NoAck | CallFlags.Unconfirmed | CallFlags.Limited | CallFlags.Truncated | CallFlags.Gap;

    /// <summary>Compares every call and every stream.</summary>
    public static void Compare(JsonElement truth, string scenario, IReadOnlyList<CallRecord> records, Findings findings)
    {
        findings.Compare("", "records", truth.GetProperty("calls").GetArrayLength(), records.Count);
        foreach (JsonElement call in truth.Items("calls")) CompareCall(call, scenario, records, findings);
        CompareStreams(truth, records, findings);
    }

    private static void CompareCall(JsonElement call, string scenario, IReadOnlyList<CallRecord> records, Findings findings)
    {
        string id = call.Text("call_id")!;
        CallRecord[] named = [.. records.Where(record => record.SipCallId == id)];
        findings.Compare(id, "records", 1, named.Length);
        if (named.Length != 1) return;
        CallRecord ours = named[0];
        findings.Compare(id, "status", call.Integer("status"), ours.SipStatus);
        findings.Compare(id, "caller", call.Text("caller"), ours.Caller.Uri);
        findings.Compare(id, "transport", call.Text("transport"), ours.Transport.ToString().ToLowerInvariant());
        findings.Compare(id, "hops", call.GetProperty("hops").GetArrayLength(), ours.Hops.Count);
        findings.CompareTime(id, "invite", ours.StartedAt, call.Time("invite"));
        CompareOptional("ringing", call.Time("ringing"), ours.RangAt);
        CompareOptional("answered", call.Time("answered"), ours.AnsweredAt);
        CompareOptional("end", call.Time("end"), ours.EndedAt);
        findings.Compare(id, "ended_by", call.Text("ended_by") ?? "none", ours.HangupBy.ToString().ToLowerInvariant());
        findings.Compare(id, "challenged", call.Truth("challenged") == true, ours.Flags.HasFlag(CallFlags.Authenticated));
        findings.Compare(id, "flags", PromisedFlags.GetValueOrDefault(scenario), ours.Flags & Watched);
        findings.Compare(id, "messages", call.Integer("messages"), (long)ours.Messages);
        int branches = call.IsNull("branches") ? 1 : call.GetProperty("branches").EnumerateObject().Count();
        findings.Compare(id, "branches", branches, ours.Legs.Count);
        CompareDigits(call, id, ours, findings);
        return;

        void CompareOptional(string member, Timestamp? expected, Timestamp? was)
        {
            if (expected is { } time) findings.CompareTime(id, member, was, time);
            else findings.Compare(id, member, null, was);
        }
    }

    private static void CompareDigits(JsonElement call, string id, CallRecord ours, Findings findings)
    {
        string? heard = call.IsNull("dtmf_rfc4733") ? null : string.Concat(call.GetProperty("dtmf_rfc4733").EnumerateObject().OrderBy(static host => host.Name, StringComparer.Ordinal).Select(static host => host.Value.GetString()));
        findings.Compare(id, "dtmf_rfc4733", heard ?? "", string.Concat(ours.Dtmf.Where(static digit => digit.Method == DtmfMethod.Rfc4733).OrderBy(static digit => digit.From).Select(static digit => digit.Digit)));
    }

    private static void CompareStreams(JsonElement truth, IReadOnlyList<CallRecord> records, Findings findings)
    {
        var known = new HashSet<(string, string, uint)>();
        foreach (JsonElement stream in truth.Items("rtp_streams"))
        {
            string source = Address(stream, "src", "sport");
            string destination = Address(stream, "dst", "dport");
            uint ssrc = TruthJson.Ssrc(stream.Text("ssrc")!);
            known.Add((source, destination, ssrc));
            string subject = $"{source} > {destination} {ssrc:x8}";
            (CallRecord Record, StreamRecord Stream)[] ours =
            [
                .. records.SelectMany(static record => record.Streams.Select(one => (record, one)))
                    .Where(pair => (pair.one.Source.ToString(), pair.one.Destination.ToString(), pair.one.Ssrc) == (source, destination, ssrc)),
            ];

            // Where the lab could not tell which call a stream is of, one call must own it all the same.
            if (stream.Truth("ambiguous") == true) findings.Compare(subject, "calls", 1, ours.Length);
            else
            {
                string[] calls = [.. stream.Items("call_ids").Select(static id => id.GetString()!).Order(StringComparer.Ordinal)];
                findings.Compare(subject, "call_ids", string.Join(',', calls), string.Join(',', ours.Select(static pair => pair.Record.SipCallId).Order(StringComparer.Ordinal)));
            }

            foreach ((_, StreamRecord one) in ours)
            {
                findings.Compare(subject, "packets", stream.Integer("packets"), one.Packets);
                findings.Compare(subject, "expected", stream.Integer("expected"), one.Expected);
                findings.Compare(subject, "lost", stream.Integer("lost"), one.Lost);
                findings.Compare(subject, "duplicated", stream.Integer("duplicated"), one.Duplicates);
                findings.Compare(subject, "reordered", stream.Integer("reordered"), one.OutOfOrder);
                findings.Compare(subject, "codec", stream.Text("codec")?.ToUpperInvariant(), one.Codec?.Split('/')[0].ToUpperInvariant());
                findings.CompareTime(subject, "first", one.StartedAt, stream.Time("first"));
                findings.CompareTime(subject, "last", one.EndedAt, stream.Time("last"));
                double jitter = stream.GetProperty("max_jitter_ms").GetDouble();
                findings.Compare(subject, "max_jitter_ms", true, Math.Abs(jitter - (one.JitterMillisecondsMax ?? -1)) <= 0.02);
            }
        }

        foreach (CallRecord record in records)
        {
            foreach (StreamRecord stream in record.Streams)
            {
                if (!known.Contains((stream.Source.ToString(), stream.Destination.ToString(), stream.Ssrc)))
                    findings.Note(record.SipCallId, "stream", "none", $"{stream.Source} > {stream.Destination} {stream.Ssrc:x8}, {stream.Packets} packets");
            }
        }
    }

    private static string Address(JsonElement stream, string host, string port)
    {
        string address = stream.Text(host)!;
        return address.Contains(':', StringComparison.Ordinal) ? $"[{address}]:{stream.Integer(port)}" : $"{address}:{stream.Integer(port)}";
    }
}
