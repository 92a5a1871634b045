using System.Globalization;
using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Sdp;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Fuzz.Sdp;

/// <summary>Spoiled descriptions through the fast reader and a slow, plain one: both must see the same m-lines.</summary>
public sealed class SdpFuzzTests
{
    private static readonly byte[][] Corpus =
    [
        Encoding.ASCII.GetBytes(SipText.Sdp("192.0.2.1", 4000)),
        Encoding.ASCII.GetBytes(SipText.Sdp("2001:db8::1", 4000, "sendonly", "0 96 101")),
        Encoding.ASCII.GetBytes(
            "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=group:BUNDLE a b\r\na=inactive\r\nm=audio 5000/2 RTP/SAVPF 0 96 8\r\nc=IN IP4 233.252.0.1/127\r\n"
            + "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 x=1\r\na=mid:a\r\na=rtcp:5009 IN IP4 192.0.2.5\r\na=sendrecv\r\na=candidate:1 1 udp 1 192.0.2.1 1 typ srflx raddr 192.0.2.2 rport 5\r\n"
            + "m=video 0 RTP/AVP 31\r\na=mid:b\r\na=bundle-only\r\nm=image 6000 udptl t38\r\na=T38MaxBitRate:14400\r\na=recvonly\r\n"),
    ];

    [Fact]
    public void Corpus_IsReadAlikeByBothReaders()
    {
        var session = new SdpSession();
        foreach (byte[] bytes in Corpus)
        {
            SdpFuzzTarget.Run(bytes, session);
            Assert.NotEqual(0, session.Media.Length);
        }
    }

    [Fact]
    public void Smoke_SpoiledDescriptions_AreReadAlikeByBothReaders()
    {
        var session = new SdpSession();
        for (int seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = Corpus[random.Next(Corpus.Length)];
            SipMutation.Apply(ref bytes, random);
            try
            {
                SdpFuzzTarget.Run(bytes, session);
            }
            catch (Exception failure)
            {
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {failure.Message}\n{Encoding.Latin1.GetString(bytes)}"));
            }
        }
    }
}

/// <summary>The boundary under test: one SDP body.</summary>
internal static class SdpFuzzTarget
{
    public static void Run(byte[] bytes, SdpSession session)
    {
        bool isRead = SdpParser.TryRead(bytes, session, out SdpRejection reason);
        List<string>? expected = Slow(bytes);
        Same(expected is not null, isRead, "outcome " + reason);
        if (expected is null) return;
        var actual = new List<string>();
        foreach (SdpMedia media in session.Media)
        {
            string formats = string.Join(',', media.Formats.ToArray().Select(format => Text(format.Text) + "=" + Text(format.EncodingName)));
            actual.Add(string.Create(CultureInfo.InvariantCulture, $"{Text(media.TypeText)} {media.Port} {Text(media.ConnectionText)} {media.HasAddress} {media.Direction} {Text(media.Mid)} {formats}"));
            _ = media.RtcpEndpoint;
            _ = session.TransportOf(media);
        }

        Same(string.Join('\n', expected), string.Join('\n', actual), "media");
    }

    private static List<string>? Slow(byte[] bytes)
    {
        string[] lines = [.. Encoding.Latin1.GetString(bytes).TrimEnd('\0').Split('\n').Select(line => line.TrimEnd('\r', ' ', '\0')).Where(line => line.Length >= 2 && line[1] == '=')];
        int firstMedia = Array.FindIndex(lines, line => line[0] == 'm');
        string[] common = firstMedia < 0 ? lines : lines[..firstMedia];
        if (bytes.Length == 0 || (firstMedia < 0 && !lines.Any(line => line[0] == 'v'))) return null;
        var media = new List<string>();
        for (int at = firstMedia; at >= 0 && at < lines.Length;)
        {
            int next = Array.FindIndex(lines, at + 1, line => line[0] == 'm');
            if (next < 0) next = lines.Length;
            if (media.Count < SdpLimits.Default.MaxMedia) media.Add(Describe(lines[at], lines[(at + 1)..next], common));
            at = next;
        }

        return media;
    }

    private static string Describe(string mediaLine, string[] own, string[] common)
    {
        string[] words = Words(mediaLine[2..]);
        string type = words.ElementAtOrDefault(0) ?? "", port = words.ElementAtOrDefault(1) ?? "", protocol = words.ElementAtOrDefault(2) ?? "";
        bool isRtp = protocol.Contains("RTP/", StringComparison.OrdinalIgnoreCase);
        string connection = Connection(own) ?? Connection(common) ?? "";
        string direction = Direction(own) ?? Direction(common) ?? "SendRecv";
        string mid = own.LastOrDefault(line => line.StartsWith("a=mid:", StringComparison.Ordinal))?[6..] ?? "";
        var formats = new List<string>();
        foreach (string format in words.Skip(3).Take(SdpLimits.Default.MaxFormats))
        {
            string name = "";
            foreach (string line in own.Where(line => line.StartsWith("a=rtpmap:", StringComparison.Ordinal)))
            {
                string[] map = Words(line[9..]);
                if (map.Length < 2 || !isRtp || !TryNumber(map[0], 127, out int payloadType) || !TryNumber(format, 127, out int own1) || own1 != payloadType) continue;
                string encoding = map[1].Split('/')[0];
                if (encoding.Length > 0) name = encoding;
            }

            formats.Add(format + "=" + name);
        }

        bool isAddress = IpAddress.TryParse(Encoding.Latin1.GetBytes(connection), out _);
        int number = TryNumber(port.Split('/')[0], 65535, out int value) ? value : 0;
        return string.Create(CultureInfo.InvariantCulture, $"{type} {number} {connection} {isAddress} {direction} {mid} {string.Join(',', formats)}");
    }

    private static string? Connection(string[] lines) => lines.Where(line => line[0] == 'c').Select(line => Words(line[2..])).FirstOrDefault(words => words.Length > 2)?[2].Split('/')[0];

    private static string? Direction(string[] lines) => lines.LastOrDefault(line => line is "a=sendrecv" or "a=sendonly" or "a=recvonly" or "a=inactive") switch
    {
        "a=sendrecv" => "SendRecv",
        "a=sendonly" => "SendOnly",
        "a=recvonly" => "RecvOnly",
        "a=inactive" => "Inactive",
        _ => null,
    };

    private static string[] Words(string text) => text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);

    private static bool TryNumber(string text, int most, out int number)
    {
        number = 0;
        if (text.Length is 0 or > 64 || !text.All(char.IsAsciiDigit)) return false;
        string digits = text.TrimStart('0');
        return digits.Length <= 6 && int.TryParse(digits.Length == 0 ? "0" : digits, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= most;
    }

    private static void Same<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual)) throw new InvalidOperationException($"{what}: slow «{expected}», fast «{actual}»");
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
