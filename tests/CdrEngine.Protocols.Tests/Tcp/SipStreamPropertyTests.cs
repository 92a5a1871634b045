using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Tcp;
using CdrEngine.Protocols.Tests.WebSocket;
using Xunit;

namespace CdrEngine.Protocols.Tests.Tcp;

/// <summary>A stream of messages, cut, shuffled, repeated and overlapped by a seeded generator; the oracle is the stream itself.
/// A failure names its seed.</summary>
public sealed class SipStreamPropertyTests
{
    private const int Seeds = 400;

    public static TheoryData<bool> Plain => new() { true, false };

    [Theory]
    [MemberData(nameof(Plain))]
    public void CuttingAnywhere_ChangesNothing(bool plain)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            Script script = Script.Make(random, plain);
            Check(seed, script, script.Cut(random, 1 + random.Next(2000)), script.Messages);
        }
    }

    [Theory]
    [MemberData(nameof(Plain))]
    public void ShufflingInTheWindow_ChangesNothing(bool plain)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            Script script = Script.Make(random, plain);
            List<Segment> segments = script.Cut(random, 1 + random.Next(700));
            for (int i = 0; i < segments.Count; i++)
            {
                int j = Math.Min(segments.Count - 1, i + random.Next(6));
                (segments[i], segments[j]) = (segments[j], segments[i]);
            }

            Check(seed, script, segments, script.Messages);
        }
    }

    [Theory]
    [MemberData(nameof(Plain))]
    public void RepeatingAndOverlapping_ChangesNothing(bool plain)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            Script script = Script.Make(random, plain);
            List<Segment> segments = script.Cut(random, 50 + random.Next(700));
            int count = segments.Count;
            for (int i = 0; i < count; i++)
            {
                Segment old = segments[random.Next(segments.Count)];
                int from = Math.Max(0, old.Start - random.Next(100));
                int to = Math.Min(script.Bytes.Length, old.Start + old.Length + random.Next(100));
                // Not far ahead of its place, so that no more waits behind a hole than the limits allow.
                segments.Insert(Math.Min(segments.Count, segments.IndexOf(old) + random.Next(4)), new Segment(from, to - from));
            }

            Check(seed, script, segments, script.Messages);
        }
    }

    [Theory]
    [MemberData(nameof(Plain))]
    public void LosingSegments_LosesTheMessagesTheyTouchAndNoOther(bool plain)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            // A method that nobody knows cannot be told from the end of a body that a hole left before it.
            Script script = Script.Make(random, plain, methods: 6);
            // WebSocket finds its way again at segments that begin a frame, so there segments follow the frames.
            List<Segment> segments = plain ? script.Cut(random, 50 + random.Next(700)) : script.CutAtMessages();
            var lost = new List<Segment>();
            for (int i = segments.Count - 2; i > 0; i--)
            {
                if (random.Next(8) != 0) continue;
                lost.Add(segments[i]);
                segments.RemoveAt(i);
            }

            List<string> expected = [];
            for (int i = 0; i < script.Messages.Count; i++)
            {
                (int start, int end) = script.Places[i];
                if (!lost.Exists(s => s.Start < end && s.Start + s.Length > start)) expected.Add(script.Messages[i]);
            }

            Check(seed, script, segments, expected);
        }
    }

    [Fact]
    public void AnyOrderOfCapture_GivesFramesInCaptureOrderAndNoFrameTwice()
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            Script script = Script.Make(random, plain: true);
            List<Segment> segments = script.Cut(random, 1 + random.Next(700));
            for (int i = 0; i + 1 < segments.Count; i += 2) (segments[i], segments[i + 1]) = (segments[i + 1], segments[i]);
            TcpRig rig = Play(script, segments);
            for (int m = 0; m < rig.Messages.Count; m++)
            {
                (int start, int end) = script.Places[m];
                IEnumerable<int> bearing = Enumerable.Range(0, segments.Count)
                    .Where(i => segments[i].Start < end && segments[i].Start + segments[i].Length > start)
                    .Select(static i => i + 4);
                Assert.True(string.Join(' ', bearing) == rig.Messages[m].Frames, $"seed {seed}, message {m}");
            }
        }
    }

    private static void Check(int seed, Script script, List<Segment> segments, List<string> expected)
    {
        TcpRig rig = Play(script, segments);
        string? missing = expected.Except(rig.Texts).FirstOrDefault();
        string? surplus = rig.Texts.Except(expected).FirstOrDefault();
        Assert.True(
            expected.SequenceEqual(rig.Texts),
            $"seed {seed}: {expected.Count} messages expected, {rig.Texts.Length} seen; missing: {missing}; too many: {surplus}");
        Assert.True(rig.Reassembler.HeldBytes == 0, $"seed {seed}: bytes are still held");
        Assert.All(rig.Messages, m => Assert.Equal(script.Transport, m.Transport));
    }

    private static TcpRig Play(Script script, List<Segment> segments)
    {
        // Half of the streams wrap.
        uint first = script.Bytes.Length % 2 == 0 ? 1000 : uint.MaxValue - (uint)(script.Bytes.Length / 2);
        TcpRig rig = new TcpRig().Handshake(first);
        foreach (Segment segment in segments)
        {
            rig.A(first + (uint)segment.Start, script.Bytes.AsSpan(segment.Start, segment.Length).ToArray());
        }

        return rig.Complete();
    }

    private readonly record struct Segment(int Start, int Length);

    private sealed record Script(byte[] Bytes, List<string> Messages, List<(int Start, int End)> Places, Transport Transport, List<int> Ends)
    {
        private static readonly string[] Methods = ["INVITE", "ACK", "BYE", "OPTIONS", "MESSAGE", "NOTIFY", "FOO"];

        public static Script Make(Random random, bool plain, int methods = 7)
        {
            var bytes = new List<byte>();
            List<int> ends = [];
            if (!plain) Put(Encoding.Latin1.GetBytes(WebSocketFrames.Asked));
            List<string> messages = [];
            List<(int, int)> places = [];
            int count = 1 + random.Next(12);
            for (int n = 1; n <= count; n++)
            {
                string body = (random.Next(6)) switch
                {
                    0 => "",
                    1 => SipText.Sdp,
                    2 => "{\"json\": [1, 2, 3]}",
                    3 => new string('z', random.Next(5000)),
                    4 => "SIP/2.0 180 Ringing\r\n",
                    _ => string.Concat(Enumerable.Repeat("\r\n", random.Next(20))) + "end",
                };
                string message = random.Next(3) == 0
                    ? SipText.Response(100 + random.Next(600), n, body)
                    : SipText.Request(Methods[random.Next(methods)], n, body, random.Next(2) == 0 ? "l" : "Content-Length");
                messages.Add(message);
                if (plain)
                {
                    if (random.Next(5) == 0) Put("\r\n\r\n"u8.ToArray());
                    places.Add((bytes.Count, bytes.Count + message.Length));
                    Put(Encoding.Latin1.GetBytes(message));
                }
                else
                {
                    if (random.Next(5) == 0) Put(WebSocketFrames.Frame("ping", true, 9));
                    int start = bytes.Count;
                    int cut = random.Next(3) == 0 ? random.Next(16, message.Length) : 0;
                    byte[] first = cut > 0 ? WebSocketFrames.Frame(message[..cut], true, 1, final: false, key: (uint)random.Next()) : [];
                    Put([.. first, .. WebSocketFrames.Frame(message[cut..], true, cut > 0 ? 0 : 2, key: (uint)random.Next())]);
                    places.Add((start, bytes.Count));
                }
            }

            return new Script([.. bytes], messages, places, plain ? Transport.Tcp : Transport.Ws, ends);

            void Put(byte[] part)
            {
                bytes.AddRange(part);
                ends.Add(bytes.Count);
            }
        }

        public List<Segment> Cut(Random random, int longest)
        {
            List<Segment> segments = [];
            for (int at = 0; at < Bytes.Length;)
            {
                int length = Math.Min(Bytes.Length - at, 1 + random.Next(longest));
                segments.Add(new Segment(at, length));
                at += length;
            }

            return segments;
        }

        public List<Segment> CutAtMessages()
        {
            List<Segment> segments = [];
            int at = 0;
            foreach (int end in Ends)
            {
                segments.Add(new Segment(at, end - at));
                at = end;
            }

            return segments;
        }
    }
}
