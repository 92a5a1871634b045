using System.Globalization;
using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Fuzz.Sip;

/// <summary>Spoiled messages through the fast reader and the slow one: both must see the same.</summary>
public sealed class SipFuzzTests
{
    private static readonly byte[][] Corpus =
    [
        .. Directory.GetFiles(Checkout.Fixture("sip", "rfc4475"), "*.dat").Order(StringComparer.Ordinal).Select(File.ReadAllBytes),
        SipText.Invite("c1@192.0.2.1", "alice", "bob").With("Contact", "<sip:a@b>, \"x\" <sip:c@d>").WithSdp("192.0.2.1", 4000).ToBytes(),
        SipText.Invite("c1@192.0.2.1", "alice", "bob").Reply(200).WithSdp("192.0.2.2", 5000).ToBytes(),
    ];

    [Fact]
    public void Smoke_SpoiledMessages_AreReadAlikeByBothReaders()
    {
        var message = new SipMessage();
        for (int seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = Corpus[random.Next(Corpus.Length)];
            SipMutation.Apply(ref bytes, random);
            try
            {
                SipFuzzTarget.Run(bytes, message);
            }
            catch (Exception failure)
            {
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {failure.Message}\n{Text(bytes)}"));
            }
        }
    }

    [Fact]
    public void Corpus_IsReadAlikeByBothReaders()
    {
        var message = new SipMessage();
        foreach (byte[] bytes in Corpus) SipFuzzTarget.Run(bytes, message);
        Assert.True(Corpus.Length > 49);
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}

/// <summary>The boundary under test: one datagram.</summary>
internal static class SipFuzzTarget
{
    /// <summary>Runs the target on one input; throws where the readers differ.</summary>
    public static void Run(byte[] bytes, SipMessage message)
    {
        ParseOutcome outcome = SipParser.TryRead(bytes, message, out int consumed, out SipRejection reason);
        SlowSip? expected = bytes.Length > SipLimits.Default.MaxMessageBytes ? null : SlowSip.Read(bytes);
        Same(expected is not null, outcome == ParseOutcome.Message, $"outcome ({reason})");
        if (expected is null)
        {
            Same(0, consumed, "consumed");
            return;
        }

        Same(expected.Headers.Count, message.HeaderCount, "header count");
        for (int i = 0; i < message.HeaderCount; i++)
        {
            Same(expected.Headers[i].Name, Text(message.HeaderNameAt(i)), "header name");
            Same(expected.Headers[i].Value, Text(message.HeaderValueAt(i)), "value of " + expected.Headers[i].Name);
        }

        Same(expected.Body, Text(message.Body), "body");
        Same(expected.CallId, Text(message.CallId), "Call-ID");
        Same(expected.FromTag, Text(message.FromTag), "From tag");
        Same(expected.Branch, Text(message.TopViaBranch), "branch");
        message.Inspect();
    }

    private static void Same<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual)) throw new InvalidOperationException($"{what}: slow «{expected}», fast «{actual}»");
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
