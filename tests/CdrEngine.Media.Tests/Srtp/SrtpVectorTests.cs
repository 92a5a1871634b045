using CdrEngine.Media.Srtp;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Media.Tests.Srtp;

/// <summary>Published test vectors, and packets made by another implementation.</summary>
public sealed class SrtpVectorTests
{
    private const string Gallia = "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";
    private const string Mars = "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";
    private const string QuidProQuo = "517569642070726f2071756f";
    private const string Key128 = "000102030405060708090a0b0c0d0e0f";
    private const string Key256 = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    [Theory]
    [InlineData(SrtpLabel.RtpEncryption, "c61e7a93744f39ee10734afe3ff7a087")]
    [InlineData(SrtpLabel.RtpSalt, "30cbbc08863d8c85d49db34a9ae1")]
    [InlineData(SrtpLabel.RtpAuthentication, "cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbcee049646c43d9327ad175578ef72270986371c10c9a369ac2f94a8c5fbcdddc256d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2")]
    internal void KeyDerivation_Rfc3711AppendixB3_GivesThePublishedKeys(SrtpLabel label, string expected) =>
        Assert.Equal(expected, Derive("e1f97a0d3e018be0d64fa32c06de4139", "0ec675ad498afeebb6960b3aabe6", label, expected.Length / 2));

    [Theory]
    [InlineData(SrtpLabel.RtpEncryption, "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4")]
    [InlineData(SrtpLabel.RtpSalt, "fa31791685ca444a9e07c6c64e93")]
    [InlineData(SrtpLabel.RtpAuthentication, "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05")]
    internal void KeyDerivation_Rfc6188Section72_GivesThePublishedKeys(SrtpLabel label, string expected) =>
        Assert.Equal(expected, Derive("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6", "3b04803de51ee7c96423ab5b78d2", label, expected.Length / 2));

    [Theory]
    [InlineData(SrtpLabel.RtpEncryption, "31874736a8f1143870c26e4857d8a5b2c4a354407faadabb")]
    [InlineData(SrtpLabel.RtpSalt, "2372b82d639b6d8503a47adc0a6c")]
    [InlineData(SrtpLabel.RtpAuthentication, "355b10973cd95b9eacf4061c7e1a7151e7cfbfcb")]
    internal void KeyDerivation_Rfc6188Section74_GivesThePublishedKeys(SrtpLabel label, string expected) =>
        Assert.Equal(expected, Derive("73edc66c4fa15776fb57f9505c17136550ffda71f3e8e5f1", "c8522f3acd4ce86d5add78edbb11", label, expected.Length / 2));

    [Theory]
    [InlineData("2b7e151628aed2a6abf7158809cf4f3c", 0, "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0")]
    [InlineData("2b7e151628aed2a6abf7158809cf4f3c", 0xFEFF, "ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae6a2cc3787889374fbeb4c81b17ba6c44")]
    [InlineData("57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98", 0, "92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756ded165bac63c4868b7096d88421b563b8c94c9a31")]
    [InlineData("57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98", 0xFEFF, "cea518c90fd91ced9cbb18c078a547113dbc4814f4da5f00a08772b63c6a046d6eb246913062a16891433e97dd01a57f")]
    public void Counter_Rfc3711AppendixB2AndRfc6188Section71_GivesThePublishedKeyStream(string key, int block, string expected)
    {
        SrtpSuite suite = key.Length == 32 ? SrtpSuite.AesCm128HmacSha1Tag80 : SrtpSuite.AesCm256HmacSha1Tag80;
        using SrtpSessionKeys keys = Session(suite, key, "f0f1f2f3f4f5f6f7f8f9fafbfcfd");
        byte[] stream = new byte[(block * 16) + 48];
        keys.Counter(0, 0, stream, stream);
        Assert.Equal(expected, Convert.ToHexStringLower(stream.AsSpan(block * 16)));
    }

    [Theory]
    [InlineData(SrtpSuite.AeadAes128Gcm, Key128, "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce")]
    [InlineData(SrtpSuite.AeadAes256Gcm, Key256, "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13")]
    public void Aead_Rfc7714Section16_OpensThePublishedPacket(SrtpSuite suite, string key, string packet)
    {
        using SrtpSessionKeys keys = Session(suite, key, QuidProQuo);
        byte[] bytes = Convert.FromHexString(packet);
        byte[] plain = new byte[bytes.Length];
        Assert.True(SrtpReceiver.TryOpenWith(suite, keys, bytes, rollOver: 0, plain, out int length));
        Assert.Equal(Gallia, Convert.ToHexStringLower(plain.AsSpan(0, length)));
        for (int i = 0; i < bytes.Length * 8; i++)
        {
            bytes[i / 8] ^= (byte)(1 << (i % 8));
            Assert.False(SrtpReceiver.TryOpenWith(suite, keys, bytes, rollOver: 0, plain, out _));
            bytes[i / 8] ^= (byte)(1 << (i % 8));
        }
    }

    [Theory]
    [InlineData(SrtpSuite.AeadAes128Gcm, Key128, "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b", "c84aa45896cf4d2fc5abf87245d9eade")]
    [InlineData(SrtpSuite.AeadAes256Gcm, Key256, "d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad", "1d1eb30c4446839f57ff6f6cb26ac3be")]
    public void Aead_Rfc7714Section17_OpensThePublishedControlPacket(SrtpSuite suite, string key, string cipherText, string tag)
    {
        using SrtpSessionKeys keys = Session(suite, key, QuidProQuo);
        byte[] rtcp = Convert.FromHexString(Mars);
        byte[] plain = new byte[rtcp.Length - 8];
        byte[] associated = [.. rtcp[..8], 0x80, 0, 5, 0xD4];
        Assert.True(keys.TryOpenAead(0x4D617273, 0x5D4, associated, Convert.FromHexString(cipherText), Convert.FromHexString(tag), plain));
        Assert.Equal(rtcp[8..], plain);
    }

    [Theory]
    [InlineData(SrtpSuite.AeadAes128Gcm, Key128, "841dd9683dd78ec92ae58790125f62b3")]
    [InlineData(SrtpSuite.AeadAes256Gcm, Key256, "91db4afbfeee5a978fab4393ed2615fe")]
    public void Aead_Rfc7714Section17_TagsThePublishedControlPacketInTheClear(SrtpSuite suite, string key, string tag)
    {
        using SrtpSessionKeys keys = Session(suite, key, QuidProQuo);
        Assert.True(keys.TryOpenAead(0x4D617273, 0x5D4, Convert.FromHexString(Mars + "000005d4"), [], Convert.FromHexString(tag), []));
        Assert.False(keys.TryOpenAead(0x4D617273, 0x5D5, Convert.FromHexString(Mars + "000005d4"), [], Convert.FromHexString(tag), []));
    }

    public static TheoryData<string, string, string, string, string> OtherImplementation
    {
        get
        {
            var rows = new TheoryData<string, string, string, string, string>();
            foreach (string line in File.ReadLines(Checkout.Fixture("srtp", "libsrtp2.txt")))
            {
                string[] cells = line.Split('|');
                if (cells.Length == 5 && line[0] != '#') rows.Add(cells[0], cells[1], cells[2], cells[3], cells[4]);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(OtherImplementation))]
    public void Receiver_OpensWhatLibsrtpProtected(string kind, string suite, string key, string plain, string packet)
    {
        string inline = "inline:" + Convert.ToBase64String(Convert.FromHexString(key));
        Assert.True(SrtpReceiver.TryCreate(System.Text.Encoding.ASCII.GetBytes(suite), System.Text.Encoding.ASCII.GetBytes(inline), SrtpLimits.Default, out SrtpReceiver? receiver, out _));
        byte[] bytes = Convert.FromHexString(packet);
        byte[] output = new byte[bytes.Length];
        bool isOpen = kind == "rtp" ? receiver!.TryUnprotect(bytes, output, out int length, out _) : receiver!.TryUnprotectRtcp(bytes, output, out length, out _);
        Assert.True(isOpen);
        Assert.Equal(plain, Convert.ToHexStringLower(output.AsSpan(0, length)));
        receiver.Dispose();
    }

    [Fact]
    public void OtherImplementation_HasRowsForItsSevenSuites() => Assert.Equal(7, OtherImplementation.Select(static row => (string)row[1]).Distinct(StringComparer.Ordinal).Count());

    private static string Derive(string key, string salt, SrtpLabel label, int bytes)
    {
        byte[] output = new byte[bytes];
        SrtpKeyDerivation.Derive(Convert.FromHexString(key), Convert.FromHexString(salt), label, epoch: 0, output);
        return Convert.ToHexStringLower(output);
    }

    private static SrtpSessionKeys Session(SrtpSuite suite, string key, string salt) =>
        SrtpSessionKeys.FromSession(SrtpSuites.Shape(suite), Convert.FromHexString(key), new byte[20], Convert.FromHexString(salt));
}
