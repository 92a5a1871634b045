using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Msrp;
using Xunit;

namespace CdrEngine.Fuzz.Msrp;

/// <summary>Smoke run of the MSRP fuzz target, and rows of what RFC 4975 shows.</summary>
public sealed class MsrpFuzzTests
{
    private static readonly string[] Seeds =
    [
        "MSRP a786hjs2 SEND\r\nTo-Path: msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp\r\nFrom-Path: msrp://atlanta.example.com:7654/jshA7weztas;tcp\r\nMessage-ID: 87652491\r\n"
            + "Byte-Range: 1-25/25\r\nContent-Type: text/plain\r\n\r\nHey Bob, are you there?\r\n-------a786hjs2$\r\n",
        "MSRP a786hjs2 200 OK\r\nTo-Path: msrp://atlanta.example.com:7654/jshA7weztas;tcp\r\nFrom-Path: msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp\r\n-------a786hjs2$\r\n",
        "MSRP dkei38sd REPORT\r\nTo-Path: msrp://a/b;tcp\r\nFrom-Path: msrps://user@[2001:db8::1]:99/c;tcp\r\nMessage-ID: 1\r\nByte-Range: 1-39/39\r\nStatus: 000 200 OK\r\n-------dkei38sd$\r\n",
        "MSRP d93kswow SEND\r\nTo-Path: msrp://x/y;tcp\r\nFrom-Path: msrp://z/w;tcp\r\nMessage-ID: 12339sdqwer\r\nByte-Range: 1-*/*\r\nContent-Type: a/b\r\n\r\n-------d93kswo$\r\n-------d93kswow\r\n-------d93kswow+\r\n",
        "MSRP x#y SEND\r\n", "MSRP abcd SEND\nTo-Path: a\n-------abcd#\n",
    ];

    [Fact]
    public void Seeds_AreRead()
    {
        foreach (string seed in Seeds) MsrpFuzz.Run(Encoding.ASCII.GetBytes(seed));
    }

    [Fact]
    public void Example_OfTheRfc_IsTakenApart()
    {
        byte[] bytes = Encoding.ASCII.GetBytes(Seeds[0]);
        Assert.Equal(ParseOutcome.Message, MsrpParser.TryRead(bytes, out MsrpMessage message, out int consumed, out _));
        Assert.Equal(bytes.Length, consumed);
        Assert.Equal((MsrpMethod.Send, MsrpContinuation.Last, new MsrpByteRange(1, 25, 25)), (message.Method, message.Continuation, message.ByteRange));
        Assert.Equal("Hey Bob, are you there?", Encoding.ASCII.GetString(message.Body));
        Assert.True(MsrpUri.TryParse(MsrpMessage.LastOf(message.FromPath), out MsrpUri uri));
        Assert.Equal(("atlanta.example.com", 7654, "jshA7weztas"), (Encoding.ASCII.GetString(uri.Host), uri.Port, Encoding.ASCII.GetString(uri.SessionId)));
    }

    [Fact]
    public void Content_ThatLooksLikeAnEndLine_IsContent()
    {
        byte[] bytes = Encoding.ASCII.GetBytes(Seeds[3]);
        Assert.Equal(ParseOutcome.Message, MsrpParser.TryRead(bytes, out MsrpMessage message, out _, out _));
        Assert.Equal("-------d93kswo$\r\n-------d93kswow", Encoding.ASCII.GetString(message.Body));
        Assert.Equal(MsrpContinuation.More, message.Continuation);
    }

    [Fact]
    public void MsrpTarget_OnSeededBytes_HoldsItsWord()
    {
        for (int round = 0; round < 30_000; round++)
        {
            var random = new Random(round);
            byte[] input = Encoding.ASCII.GetBytes(Seeds[round % Seeds.Length]);
            for (int changes = random.Next(0, 5); changes > 0; changes--) input[random.Next(input.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)"\r\n-$: M"[random.Next(7)];
            if (random.Next(3) == 0) input = input[..random.Next(input.Length + 1)];
            try
            {
                MsrpFuzz.Run(input);
            }
            catch (Exception exception)
            {
                Assert.Fail($"round {round}, {Convert.ToHexString(input)}: {exception.Message}");
            }
        }
    }
}
