using CdrEngine.Core;
using CdrEngine.Media.Srtp;
using CdrEngine.Protocols.Dtls;
using CdrEngine.Protocols.Rtp;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Media.Tests.Srtp;

/// <summary>Handshakes of openssl with itself, its key log, and the keying material that it exported itself (fixtures/pcap/dtls/make.sh).</summary>
public sealed class DtlsSrtpTests
{
    private readonly byte[] _plain = new byte[500];

    public static TheoryData<string, SrtpSuite, int> Handshakes => new()
    {
        { "aes128-sha256", SrtpSuite.AesCm128HmacSha1Tag80, 0xC02B },
        { "aes256-sha384", SrtpSuite.AeadAes256Gcm, 0xC02C },
        { "fragments", SrtpSuite.AeadAes128Gcm, 0xC02C },
        { "dtls10", SrtpSuite.AesCm128HmacSha1Tag32, 0xC009 },
    };

    [Theory]
    [MemberData(nameof(Handshakes))]
    public void HandshakeWithItsKeyLog_OpensWhatBothSidesSend(string name, SrtpSuite suite, int cipherSuite)
    {
        foreach (int client in (int[])[0, 1])
        {
            using var log = new DtlsKeyLog();
            log.Add(Read(name + ".keylog"));
            using var keyring = new SrtpKeyring(keyLog: log);
            Assert.Equal(1, Feed(keyring, name, client));
            (SrtpSender fromClient, SrtpSender fromServer) = Senders(name, suite);
            AssertOpens(keyring, client, fromClient);
            AssertOpens(keyring, client ^ 1, fromServer);
            Assert.Equal((1, 2), (keyring.Counters[SrtpCounter.DtlsWithKey], keyring.Counters[SrtpCounter.KeysLearnt]));
            Assert.Equal(0, keyring.Counters[SrtpCounter.StrayKey] + keyring.Counters[SrtpCounter.Plain]);
        }

        Assert.Equal(cipherSuite, Hellos(name).Single(static hello => hello.Kind == DtlsHelloKind.Server).CipherSuite);
    }

    [Theory]
    [MemberData(nameof(Handshakes))]
    public void HandshakeWithoutItsSecret_HasNoKey(string name, SrtpSuite suite, int cipherSuite)
    {
        Assert.NotEqual(0, cipherSuite);
        using var log = new DtlsKeyLog();
        log.Add("CLIENT_RANDOM 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff 6e0ed7e36c4d493cd76804a3cff92435e0898241d9554c70a47eb97edb12d0e6c1668dcd0b4fa5f0f54e7443eacc36c3\n"u8);
        using var keyring = new SrtpKeyring(keyLog: log);
        keyring.Learn(0, 0, SrtpKeyringTests.Read("m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\na=fingerprint:sha-256 AA:BB\r\na=setup:active\r\n"));
        Assert.Equal(0, Feed(keyring, name, client: 0));
        Assert.False(keyring.TryUnprotect(0, 0, Senders(name, suite).Client.Protect(SrtpSender.Rtp(1), 0), _plain, out _, out SrtpRejection reason));
        Assert.Equal("srtp_no_key", SrtpReasons.NameOf(reason));
        Assert.Equal(1, keyring.Counters[SrtpCounter.DtlsWithoutKey]);
    }

    [Fact]
    public void Handshake_CutAnywhereOrChanged_NeverThrows()
    {
        using var log = new DtlsKeyLog();
        log.Add(Read("fragments.keylog"));
        List<Datagram> datagrams = Captures.Read(Fixture("fragments.pcap"));
        var random = new Random(5764);
        int keys = 0;
        for (int round = 0; round < 600; round++)
        {
            using var keyring = new SrtpKeyring(keyLog: log);
            foreach (Datagram datagram in datagrams)
            {
                byte[] bytes = (byte[])datagram.Bytes.Clone();
                int length = random.Next(6) == 0 ? random.Next(bytes.Length) : bytes.Length;
                if (random.Next(3) == 0) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                keys += keyring.ObserveDtls(datagram.Destination.Port == 42003 ? 0 : 1, 0, bytes.AsSpan(0, length)) ? 1 : 0;
            }
        }

        Assert.InRange(keys, 1, 599);
    }

    [Fact]
    public void Datagrams_SeenTwiceOrInAnotherOrder_GiveTheSameKeys()
    {
        using var log = new DtlsKeyLog();
        log.Add(Read("fragments.keylog"));
        using var keyring = new SrtpKeyring(keyLog: log);
        List<Datagram> datagrams = Captures.Read(Fixture("fragments.pcap"));
        (datagrams[3], datagrams[4]) = (datagrams[4], datagrams[3]);
        int keys = 0;
        foreach (Datagram datagram in datagrams)
        {
            for (int i = 0; i < 2; i++) keys += keyring.ObserveDtls(datagram.Destination.Port == 42003 ? 0 : 1, 0, datagram.Bytes) ? 1 : 0;
        }

        Assert.Equal((1, 2), (keys, keyring.Counters[SrtpCounter.KeysLearnt]));
        AssertOpens(keyring, 0, Senders("fragments", SrtpSuite.AeadAes128Gcm).Client);
    }

    [Theory]
    [InlineData(DtlsHash.Sha256, "eb8b7bc6476536f59509c76535c731b1e20e3081d2a8e0165d129870e254a371341d47fed0a26bfd4b9a84967514696866115940ba7016013ca0320a")]
    [InlineData(DtlsHash.Sha384, "f9de68f0e2ad66d45babcd9758053782d101dbe6cd3b6c0494762ced04f2bb24fa89099af3a06b37ffcb743e827005cf1b453fb392b9553e61a99c22799548caa4c83f82da3165bcac813605726ee08f41a595b0ffbcc306")]
    public void ExporterOfVersion13_GivesWhatAnotherProgramComputed(DtlsHash hash, string expected)
    {
        byte[] secret = [.. Enumerable.Range(0, hash == DtlsHash.Sha384 ? 48 : 32).Select(static i => (byte)i)];
        byte[] material = new byte[expected.Length / 2];
        DtlsSrtpExporter.FromExporter(hash, secret, material);
        Assert.Equal(expected, Convert.ToHexStringLower(material));
    }

    [Fact]
    public void HandshakeOfVersion13_TakesTheOfferedProfileThatTheTagsFit()
    {
        byte[] clientRandom = [.. Enumerable.Range(50, 32).Select(static i => (byte)i)];
        using var log = new DtlsKeyLog();
        log.Add(System.Text.Encoding.ASCII.GetBytes($"EXPORTER_SECRET {Convert.ToHexString(clientRandom)} {Convert.ToHexString([.. Enumerable.Range(0, 32).Select(static i => (byte)i)])}\n"));
        using var keyring = new SrtpKeyring(keyLog: log);

        // use_srtp offers two profiles; the ServerHello says version 1.3 and suite 0x1301 only.
        byte[] client = [0xFE, 0xFD, .. clientRandom, 0, 0, 0, 2, 0x13, 0x01, 1, 0, 0, 11, 0, 14, 0, 7, 0, 4, 0, 7, 0, 1, 0];
        byte[] server = [0xFE, 0xFD, .. new byte[32], 0, 0x13, 0x01, 0, 0, 6, 0, 43, 0, 2, 0xFE, 0xFC];
        Assert.False(keyring.ObserveDtls(1, 0, Record(1, client)));
        Assert.True(keyring.ObserveDtls(0, 0, Record(2, server)));
        byte[] material = Convert.FromHexString("eb8b7bc6476536f59509c76535c731b1e20e3081d2a8e0165d129870e254a371341d47fed0a26bfd4b9a84967514696866115940ba7016013ca0320a");
        AssertOpens(keyring, 1, new SrtpSender(SrtpSuite.AesCm128HmacSha1Tag80, material[..16], material[32..46]));
        AssertOpens(keyring, 0, new SrtpSender(SrtpSuite.AesCm128HmacSha1Tag80, material[16..32], material[46..60]));
    }

    [Fact]
    public void KeyLog_CountsBrokenLines_PassesOverOthers_AndIsBounded()
    {
        const string Random = "bdf52c6ab51c2b5b7ff4700e4f8afcf29a96bea3903a1a16ac1ee9e6dbb5323";
        string secret = new('a', 96);
        using var log = new DtlsKeyLog(new SrtpLimits { MaxKeyLogEntries = 3 });
        log.Add(System.Text.Encoding.ASCII.GetBytes(
            $"# comment\r\n\r\nSERVER_HANDSHAKE_TRAFFIC_SECRET {Random}0 {secret}\r\nCLIENT_RANDOM {Random}0 {secret}\r\nCLIENT_RANDOM {Random}1 {secret[1..]}\n"
            + $"CLIENT_RANDOM {Random} {secret}\nCLIENT_RANDOM {Random}z {secret}\nCLIENT_RANDOM\nCLIENT_RANDOM {Random}1 {secret}\nCLIENT_RANDOM {Random}1 {secret}"));
        Assert.Equal((2, 3), (log.Count, log.BrokenLines));
        log.Add(System.Text.Encoding.ASCII.GetBytes($"CLIENT_RANDOM {Random}2 {secret}\nEXPORTER_SECRET {Random}3 {secret}\n"));
        Assert.Equal((3, 1), (log.Count, log.Dropped));
        Assert.False(log.Contains(Convert.FromHexString(Random + "0")));
        Assert.True(log.Contains(Convert.FromHexString(Random + "3")));
        Assert.False(log.Contains([1, 2, 3]));
        Assert.False(log.TryGetMaster(Convert.FromHexString(Random + "3"), new byte[64], out _));
        Assert.True(log.TryGetExporter(Convert.FromHexString(Random + "3"), new byte[64], out ReadOnlySpan<byte> exporter));
        Assert.Equal(48, exporter.Length);
    }

    [SharedFact]
    public void LabHandshake_IsReadWhole_ThoughNoLogHasItsSecret()
    {
        var kinds = new List<DtlsHelloKind>();
        var profiles = new List<string>();
        DtlsHelloReader[] readers = [new(), new()];
        foreach (Datagram datagram in Captures.Read(SharedFolder.Path("lab", "captures", "34-dtls-srtp.pcap")))
        {
            if (MediaClassifier.Classify(datagram.Bytes) != MediaPacketKind.Dtls) continue;
            ReadOnlySpan<byte> rest = datagram.Bytes;
            while (readers[datagram.Source.ToString().StartsWith("10.77.0.21:", StringComparison.Ordinal) ? 0 : 1].TryRead(ref rest, out DtlsHello hello))
            {
                kinds.Add(hello.Kind);
                profiles.Add(Convert.ToHexString(hello.Profiles));
            }
        }

        Assert.Contains(DtlsHelloKind.Client, kinds);
        Assert.Contains(DtlsHelloKind.Server, kinds);
        Assert.All(profiles, static text => Assert.NotEqual("", text));
    }

    private static (SrtpSender Client, SrtpSender Server) Senders(string name, SrtpSuite suite)
    {
        byte[] material = Convert.FromHexString(File.ReadAllText(Fixture(name + ".material")).Trim());
        int key = SrtpSuites.KeyBytes(suite), salt = SrtpSuites.SaltBytes(suite);
        byte[] Cut(int at, int length) => material[at..(at + length)];
        return (new SrtpSender(suite, Cut(0, key), Cut(2 * key, salt)), new SrtpSender(suite, Cut(key, key), Cut((2 * key) + salt, salt)));
    }

    private static int Feed(SrtpKeyring keyring, string name, int client)
    {
        int keys = 0;
        foreach (Datagram datagram in Captures.Read(Fixture(name + ".pcap")))
        {
            keys += keyring.ObserveDtls(datagram.Destination.Port is >= 42001 and <= 42004 ? client : client ^ 1, 0, datagram.Bytes) ? 1 : 0;
        }

        return keys;
    }

    private static List<(DtlsHelloKind Kind, int CipherSuite)> Hellos(string name)
    {
        var hellos = new List<(DtlsHelloKind, int)>();
        var reader = new DtlsHelloReader();
        foreach (Datagram datagram in Captures.Read(Fixture(name + ".pcap")))
        {
            ReadOnlySpan<byte> rest = datagram.Bytes;
            while (reader.TryRead(ref rest, out DtlsHello hello)) hellos.Add((hello.Kind, hello.CipherSuite));
        }

        return hellos;
    }

    private static byte[] Record(byte kind, byte[] body) =>
        [22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte)(body.Length + 12), kind, 0, 0, (byte)body.Length, 0, 0, 0, 0, 0, 0, 0, (byte)body.Length, .. body];

    private static string Fixture(string file) => Checkout.Fixture("pcap", "dtls", file);

    private static byte[] Read(string file) => File.ReadAllBytes(Fixture(file));

    private void AssertOpens(SrtpKeyring keyring, int side, SrtpSender sender)
    {
        byte[] rtp = SrtpSender.Rtp(7);
        Assert.True(keyring.TryUnprotect(side, 0, sender.Protect(rtp, 0), _plain, out int length, out SrtpRejection reason), reason.ToString());
        Assert.Equal(rtp, _plain[..length]);
        byte[] rtcp = Convert.FromHexString("80c90001cafebabe");
        Assert.True(keyring.TryUnprotectRtcp(side, 0, sender.ProtectRtcp(rtcp, 1), _plain, out length, out reason), reason.ToString());
        Assert.Equal(rtcp, _plain[..length]);
    }
}
