using System.Globalization;
using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Sdp;
using CdrEngine.Protocols.Sip;
using CdrEngine.TestKit;
using Xunit;
using static CdrEngine.Protocols.Tests.Sip.SipReading;

namespace CdrEngine.Protocols.Tests.Sip;

public sealed class SipPropertyTests
{
    private const int Seeds = 400;

    [Fact]
    public void ReadOfWrite_IsTheMessage()
    {
        var message = new SipMessage();
        for (int seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            SipText written = Generate(random);
            byte[] bytes = Style(written, random);
            ParseOutcome outcome = SipParser.TryRead(bytes, message, out int consumed, out SipRejection reason);
            string where = string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {outcome} {reason}\n{Text(bytes)}");
            Assert.True(outcome == ParseOutcome.Message, where);
            Assert.True(consumed == bytes.Length, where);
            Assert.True(message.HeaderCount == written.Headers.Count + 1, where);
            for (int i = 0; i < written.Headers.Count; i++)
            {
                (string name, string value) = written.Headers[i];
                Assert.True(message.HeaderAt(i) == SipHeaders.Find(Bytes(name)), where);
                Assert.True(Text(message.HeaderValueAt(i)) == value, where + "\nheader " + name + " = " + Text(message.HeaderValueAt(i)));
            }

            Assert.True(message.Body.SequenceEqual(written.Body.Span), where);
            Assert.True((message.Oddities & ~(SipOddities.LfOnly | SipOddities.DuplicateSingletonHeader)) == 0, where + message.Oddities);
        }
    }

    [Fact]
    public void EveryPrefix_OfAMessage_NeverThrows_AndNeverReadsPastItsEnd()
    {
        var message = new SipMessage();
        var session = new SdpSession();
        for (int seed = 0; seed < 20; seed++)
        {
            byte[] bytes = Generate(new Random(seed)).ToBytes();
            for (int length = 0; length <= bytes.Length; length++)
            {
                // an array of exactly this length: a read past its end would throw
                byte[] prefix = bytes[..length];
                ParseOutcome outcome = SipParser.TryRead(prefix, message, out _, out _);
                SipParser.LooksLikeSip(prefix);
                if (outcome == ParseOutcome.Message) Touch(message, session);
            }
        }
    }

    [Fact]
    public void RandomMutations_NeverThrow()
    {
        var message = new SipMessage();
        var session = new SdpSession();
        byte[][] seedsOfTheRfc = [.. Directory.GetFiles(Checkout.Fixture("sip", "rfc4475"), "*.dat").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        for (int seed = 0; seed < 4000; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = (byte[])(seed % 2 == 0 ? Generate(random).ToBytes() : seedsOfTheRfc[random.Next(seedsOfTheRfc.Length)]).Clone();
            SipMutation.Apply(ref bytes, random);
            try
            {
                SipParser.LooksLikeSip(bytes);
                if (SipParser.TryRead(bytes, message, out int consumed, out _) == ParseOutcome.Message)
                {
                    Assert.InRange(consumed, 1, bytes.Length);
                    Touch(message, session);
                }

                SdpParser.TryRead(message.Body.IsEmpty ? bytes : message.Body, session, out _);
            }
            catch (Exception failure) when (failure is not Xunit.Sdk.XunitException)
            {
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {failure}\n{Text(bytes)}"));
            }
        }
    }

    [Fact]
    public void TypicalInvite_WarmedUp_AllocatesNothing()
    {
        byte[] bytes = SipText.Invite("a84b4c76e66710@pc33.example.com", "alice@example.com", "bob@example.com")
            .With("User-Agent", "Phone/1.0").With("Supported", "100rel, timer, replaces").With("Session-Expires", "1800;refresher=uac")
            .With("P-Asserted-Identity", "\"Alice\" <sip:+12125550101@example.com>").With("Subject", "folded\r\n text")
            .WithSdp("2001:db8::1", 49170).ToBytes();
        var message = new SipMessage();
        var session = new SdpSession();
        for (int i = 0; i < 50; i++) ReadAll(bytes, message, session);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) ReadAll(bytes, message, session);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(49170, session.Media[0].RtpEndpoint.Port);
    }

    [Fact]
    public void Rejections_AllocateNothing()
    {
        byte[] bytes = Bytes("GET / HTTP/1.1\r\n\r\n");
        var message = new SipMessage();
        SipParser.TryRead(bytes, message, out _, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ParseOutcome outcome = SipParser.TryRead(bytes, message, out _, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(ParseOutcome.Malformed, outcome);
    }

    private static void ReadAll(byte[] bytes, SipMessage message, SdpSession session)
    {
        if (SipParser.TryRead(bytes, message, out _, out _) == ParseOutcome.Message) Touch(message, session);
        if (SipParser.TryReadCopy(bytes, message, out _, out _) == ParseOutcome.Message) Touch(message, session);
        SipParser.LooksLikeSip(bytes);
    }

    /// <summary>Asks for everything a message can give.</summary>
    private static int Touch(SipMessage message, SdpSession session)
    {
        int sum = (int)message.Inspect();
        sum += message.Bytes.Length + message.MethodText.Length + message.RequestUri.Length + message.ReasonPhrase.Length + message.CallId.Length;
        sum += message.FromTag.Length + message.ToTag.Length + message.TopViaBranch.Length + message.ViaCount + message.TopVia.RPort + message.TopVia.Received.Length;
        sum += message.Contact.Uri.Host.Length + message.UserAgent.Length + message.AuthorizationUser.Length + message.MaxForwards + (int)message.ExpiresSeconds;
        sum += message.AssertedIdentity.DisplayName.Length + message.PreferredIdentity.Uri.User.Length + message.RemotePartyId.Uri.Port;
        sum += message.ReferTo.Uri.Headers.Length + message.ReferredBy.UriText.Length + (int)message.RSeq + message.CSeqMethodText.Length;
        if (message.TryGetReason("Q.850"u8, out SipReason reason)) sum += reason.Cause + reason.Text.Length;
        if (message.TryGetSessionExpires(out SipSessionExpires expires)) sum += (int)expires.Seconds;
        if (message.TryGetReplaces(out SipReplaces replaces)) sum += replaces.CallId.Length;
        if (message.TryGetSessionId(out SipSessionId id)) sum += id.Local == 0 ? 0 : 1;
        if (message.TryGetRAck(out SipRAck rack)) sum += (int)rack.RSeq;
        if (message.HasToken(SipHeader.Supported, "100rel"u8)) sum++;
        if (message.TryGetHeader("X-Unknown"u8, out ReadOnlySpan<byte> unknown)) sum += unknown.Length;
        foreach (ReadOnlySpan<byte> value in message.GetValues(SipHeader.Diversion)) sum += SipDiversion.Parse(value).Reason.Length;
        foreach (ReadOnlySpan<byte> value in message.GetValues(SipHeader.HistoryInfo)) sum += SipHistoryInfo.Parse(value).Cause;
        for (int i = 0; i < message.HeaderCount; i++) sum += message.HeaderValueAt(i).Length + message.HeaderNameAt(i).Length;
        if (SdpParser.TryRead(message.SdpBody, session))
        {
            foreach (SdpMedia media in session.Media)
                sum += media.RtpEndpoint.Port + media.RtcpEndpoint.Port + media.Formats.Length + media.Candidates.Length + session.TransportOf(media).Port;
        }

        return sum;
    }

    private static SipText Generate(Random random)
    {
        string[] methods = ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE", "INFO", "SUBSCRIBE", "NOTIFY", "PUBLISH", "MESSAGE", "REFER", "FROBNICATE"];
        SipText text = SipText.Request(methods[random.Next(methods.Length)], Token(random) + "@" + Token(random), Token(random), Token(random), (uint)random.Next());
        if (random.Next(3) == 0) text = text.Reply(random.Next(100, 700));
        int extra = random.Next(20);
        for (int i = 0; i < extra; i++)
        {
            SipHeaderRow row = SipHeaders.Rows[random.Next(1, SipHeaders.Count)];
            bool isTaken = row.Header is SipHeader.ContentLength or SipHeader.CSeq or SipHeader.CallId or SipHeader.From or SipHeader.To;
            string name = isTaken || random.Next(3) == 0 ? "X-" + Token(random) : row.Compact != '\0' && random.Next(2) == 0 ? row.Compact.ToString() : row.Name;
            text.With(name, Value(random));
        }

        if (random.Next(2) == 0) text.WithSdp("192.0.2." + random.Next(1, 255).ToString(CultureInfo.InvariantCulture), random.Next(1, 65535));
        else if (random.Next(3) == 0) text.WithMultipart(Token(random), ("text/plain", Value(random)), ("application/sdp", SipText.Sdp("192.0.2.1", 4000)));
        return text;
    }

    /// <summary>The message with one of the liberties the grammar leaves: case of names, space round the colon, line ends.</summary>
    private static byte[] Style(SipText text, Random random)
    {
        bool isLfOnly = random.Next(4) == 0, isSpaced = random.Next(2) == 0, isUpper = random.Next(2) == 0;
        string end = isLfOnly ? "\n" : "\r\n";
        var head = new StringBuilder(text.StartLine).Append(end);
        foreach ((string name, string value) in text.Headers)
        {
            head.Append(isUpper ? name.ToUpperInvariant() : name).Append(isSpaced ? " \t:  " : ":").Append(value).Append(isSpaced ? " \t" : "").Append(end);
        }

        head.Append(CultureInfo.InvariantCulture, $"l:{text.Body.Length}").Append(end).Append(end);
        return [.. Encoding.UTF8.GetBytes(head.ToString()), .. text.Body.Span];
    }

    private static string Token(Random random)
    {
        const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~";
        return new string([.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => Letters[random.Next(Letters.Length)])]);
    }

    private static string Value(Random random)
    {
        string[] parts = ["<sip:a@b>", ";x=1", "\"q,\\\"\"", ",", "é", Token(random), "=", "100", " ", "@", "?", "<", ">", "\t"];
        return string.Concat(Enumerable.Range(0, random.Next(0, 12)).Select(_ => parts[random.Next(parts.Length)])).Trim(' ', '\t');
    }
}
