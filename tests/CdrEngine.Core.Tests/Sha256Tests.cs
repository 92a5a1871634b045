using System.Security.Cryptography;
using System.Text;
using Xunit;

namespace CdrEngine.Core.Tests;

public class Sha256Tests
{
    // FIPS 180-4, examples of NIST.
    [Theory]
    [InlineData("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")]
    public void Hash_OfTheStandardsExamples_IsTheirs(string text, string expected) => Assert.Equal(expected, Convert.ToHexStringLower(Of(Encoding.ASCII.GetBytes(text))));

    [Fact]
    public void Hash_OfEveryLengthAroundBlocks_IsThatOfTheRuntime()
    {
        var random = new Random(256);
        for (int length = 0; length <= 400; length++)
        {
            byte[] data = new byte[length];
            random.NextBytes(data);
            Assert.Equal(SHA256.HashData(data), Of(data));
        }
    }

    [Fact]
    public void Append_InPiecesOfAnyLength_GivesTheSameHash()
    {
        var random = new Random(180);
        byte[] data = new byte[1000];
        random.NextBytes(data);
        for (int round = 0; round < 200; round++)
        {
            var sha = new Sha256();
            for (int at = 0; at < data.Length;)
            {
                int piece = Math.Min(random.Next(0, 150), data.Length - at);
                sha.Append(data.AsSpan(at, piece));
                at += piece;
            }

            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(data)), sha.FinishHex());
        }
    }

    private static byte[] Of(byte[] data)
    {
        byte[] hash = new byte[Sha256.HashBytes];
        Sha256.Hash(data, hash);
        return hash;
    }
}
