using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Recording;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Media.Codecs;
using CdrEngine.Media.Srtp;
using CdrEngine.Media.Tests.Srtp;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Recording;

/// <summary>Calls under DTLS-SRTP with a key log that others write, and the parts of recordings that stay silent.</summary>
public sealed class KeyLogTests
{
    private const string Random = "bdf52c6ab51c2b5b7ff4700e4f8afcf29a96bea3903a1a16ac1ee9e6dbb5323";
    private static readonly string Secret = new('a', 96);

    [Fact]
    public void Call_UnderDtls_IsRecordedOnceTheLogHasItsSecret()
    {
        using EngineRun run = EngineRun.Of(Encrypted(bothWays: true).Tape(), new RunOptions { KeepPackets = true });
        CallRecord record = run.Call("c");
        Assert.True(record.Flags.HasFlag(CallFlags.Srtp));
        var packets = new PacketsInMemory(run.Packets(record));
        string path = Path.GetTempFileName();
        using var keyLog = new KeyLogFile(path);
        var options = new CallRecorderOptions { Decryptors = _ => new KeyringDecryptor(keyLog.Refresh()) };
        (RecordingResult result, _) = RecordedCall.Record(record, packets, options: options);
        Assert.Equal((RecordingState.None, "srtp_no_key"), (result.State, result.Reason));

        File.Copy(Fixture(".keylog"), path, overwrite: true);
        (result, PcmKeeper sound) = RecordedCall.Record(record, packets, options: options);
        Assert.Equal((RecordingState.Available, null, null), (result.State, result.Reason, result.PartReason));
        Assert.Equal(record.BillableDuration.TotalMilliseconds, result.Format.Duration.TotalMilliseconds, 0.5);
        Assert.Contains(sound.Channel(0), static sample => Math.Abs((int)sample) > 4000);
        Assert.Contains(sound.Channel(1), static sample => Math.Abs((int)sample) > 4000);
        File.Delete(path);
    }

    [Fact]
    public void Call_OfWhichOneSideIsShut_SaysSo()
    {
        // The callee's media is under keys that nobody has.
        using EngineRun run = EngineRun.Of(Encrypted(bothWays: false).Tape(), new RunOptions { KeepPackets = true });
        CallRecord record = run.Call("c");
        using var keyLog = new KeyLogFile(Fixture(".keylog"));
        var output = new MemoryStream();
        RecordingOutcome outcome = new CallRecorder(new CallRecorderOptions { Decryptors = _ => new KeyringDecryptor(keyLog.Refresh()) })
            .Make(record, new PacketsInMemory(run.Packets(record)), new RecordingRequest { Format = RecordingFormat.Wav }, output);
        Assert.Equal((RecordingState.Available, null, "srtp_authentication_failed"), (outcome.State, outcome.Reason, outcome.PartReason));
        Assert.True(output.Length > 1000);
    }

    [Fact]
    public void File_ThatGrows_IsReadOn_ByWholeLines()
    {
        string path = Path.GetTempFileName();
        using var file = new KeyLogFile(path);
        Assert.Equal(0, file.Refresh().Count);
        File.AppendAllText(path, $"CLIENT_RANDOM {Random}0 {Secret}\nCLIENT_RANDOM {Random}1 {Secret[..40]}");
        Assert.Equal((1, 0), (file.Refresh().Count, file.Log.BrokenLines));
        File.AppendAllText(path, $"{Secret[40..]}\n");
        Assert.Equal((2, 0), (file.Refresh().Count, file.Log.BrokenLines));
        Assert.Equal(2, file.Refresh().Count);
        File.Delete(path);
    }

    [Fact]
    public void File_ThatIsAnotherOne_IsReadFromItsStart_AndWhatWasThereStaysKnown()
    {
        string path = Path.GetTempFileName();
        using var file = new KeyLogFile(path);
        File.WriteAllText(path, $"CLIENT_RANDOM {Random}0 {Secret}\n");
        file.Refresh();
        File.WriteAllText(path, $"CLIENT_RANDOM {Random}1 {Secret}\nCLIENT_RANDOM {Random}2 {Secret}\n");
        Assert.Equal(3, file.Refresh().Count);
        File.WriteAllText(path, $"CLIENT_RANDOM {Random}3 {Secret}\n");
        Assert.Equal(4, file.Refresh().Count);
        File.Delete(path);
        Assert.Equal(4, file.Refresh().Count);
    }

    [Fact]
    public void File_LargerThanAPiece_OrWithoutALineEnd_IsPassedThrough()
    {
        string path = Path.GetTempFileName();
        using var file = new KeyLogFile(path, new SrtpLimits { MaxKeyLogEntries = 1000 });
        var text = new StringBuilder(new string('x', 200_000)).Append('\n');
        for (int i = 0; i < 2_000; i++) text.Append("CLIENT_RANDOM ").Append(i.ToString("x8", System.Globalization.CultureInfo.InvariantCulture)).Append(Random[..56]).Append(' ').Append(Secret).Append('\n');
        File.WriteAllText(path, text.ToString());
        Assert.Equal((1000, 1000, 0), (file.Refresh().Count, file.Log.Dropped, file.Log.BrokenLines));
        File.Delete(path);
    }

    [SharedFact]
    public void Codec_TurnedOff_IsAReasonThatIsNotTriedAgain()
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab("16-gsm");
        var options = new CallRecorderOptions { Decoders = AudioDecoders.Without(["gsm"]) };
        (RecordingResult result, _) = RecordedCall.Record(record, packets, options: options);
        Assert.Equal((RecordingState.None, "codec_unsupported: GSM turned off by setting"), (result.State, result.Reason));
    }

    private static string Fixture(string ending) => Checkout.Fixture("pcap", "dtls", "aes128-sha256" + ending);

    /// <summary>A call whose media is set up by a real handshake, and protected by the keys that it gave.</summary>
    private static Scene Encrypted(bool bothWays)
    {
        const string caller = "192.0.2.1:4000", callee = "192.0.2.2:5000";
        const string there = "192.0.2.1:5060", here = "192.0.2.2:5060";
        var scene = new Scene();
        SipText invite = SipText.Invite("c", "alice@example.com", "bob@example.com").WithBody("application/sdp", Sdp("192.0.2.1", 4000, "actpass"));
        scene.Sip(0, there, here, invite);
        scene.Sip(1, here, there, invite.Reply(200).WithBody("application/sdp", Sdp("192.0.2.2", 5000, "active")));
        scene.Sip(1.01, there, here, SipText.Ack("c", "alice@example.com", "bob@example.com"));

        // The callee is the client of the handshake.
        int identification = 50_000;
        double at = 1.05;
        foreach (Datagram datagram in Captures.Read(Fixture(".pcap")))
        {
            bool isOfClient = datagram.Destination.Port is >= 42001 and <= 42004;
            scene.Frame(at += 0.01, PacketBuilder.UdpFrame(isOfClient ? callee : caller, isOfClient ? caller : callee, datagram.Bytes, identification++));
        }

        byte[] material = Convert.FromHexString(File.ReadAllText(Fixture(".material")).Trim());
        var ofClient = new SrtpSender(SrtpSuite.AesCm128HmacSha1Tag80, material[..16], material[32..46]);
        var ofServer = new SrtpSender(SrtpSuite.AesCm128HmacSha1Tag80, material[16..32], material[46..60]);
        if (!bothWays) ofClient = SrtpSender.Seeded(SrtpSuite.AesCm128HmacSha1Tag80);
        byte[] tone = new ToneMaker().Tone(400, 20, -6).MuLaw;
        for (int i = 0; i < 100; i++)
        {
            byte[] rtp = SrtpSender.Rtp((ushort)(i + 1));
            tone.CopyTo(rtp, 12);
            scene.Frame(1.3 + (i * 0.02), PacketBuilder.UdpFrame(caller, callee, ofServer.Protect(rtp, 0), identification++));
            rtp = SrtpSender.Rtp((ushort)(i + 1), ssrc: 0xB0B);
            tone.CopyTo(rtp, 12);
            scene.Frame(1.305 + (i * 0.02), PacketBuilder.UdpFrame(callee, caller, ofClient.Protect(rtp, 0), identification++));
        }

        SipText bye = SipText.Bye("c", "alice@example.com", "bob@example.com");
        return scene.Sip(4, there, here, bye).Sip(4.01, here, there, bye.Reply(200));
    }

    private static string Sdp(string address, int port, string setup) =>
        $"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {port} UDP/TLS/RTP/SAVP 0\r\n"
        + $"a=rtpmap:0 PCMU/8000\r\na=fingerprint:sha-256 AA:BB\r\na=setup:{setup}\r\na=sendrecv\r\n";
}
