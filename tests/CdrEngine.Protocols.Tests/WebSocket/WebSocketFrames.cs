using System.Buffers.Binary;
using System.Text;

namespace CdrEngine.Protocols.Tests.WebSocket;

/// <summary>Writes WebSocket frames and handshakes for tests.</summary>
public static class WebSocketFrames
{
    public const string Asked =
        "GET / HTTP/1.1\r\nHost: sip-ws.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat, sip\r\nSec-WebSocket-Version: 13\r\n\r\n";

    public const string Agreed =
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: sip\r\n\r\n";

    public static byte[] Frame(string payload, bool masked = false, int opcode = 1, bool final = true, bool compressed = false, uint key = 0xA1B2C3D4) =>
        Frame(Encoding.Latin1.GetBytes(payload), masked, opcode, final, compressed, key);

    public static byte[] Frame(byte[] payload, bool masked, int opcode = 1, bool final = true, bool compressed = false, uint key = 0xA1B2C3D4)
    {
        var bytes = new List<byte> { (byte)((final ? 0x80 : 0) | (compressed ? 0x40 : 0) | opcode) };
        int mask = masked ? 0x80 : 0;
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(length, payload.Length);
        if (payload.Length < 126)
        {
            bytes.Add((byte)(mask | payload.Length));
        }
        else if (payload.Length < 65_536)
        {
            bytes.Add((byte)(mask | 126));
            bytes.AddRange(length[6..]);
        }
        else
        {
            bytes.Add((byte)(mask | 127));
            bytes.AddRange(length);
        }

        byte[] keyBytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(keyBytes, key);
        if (masked) bytes.AddRange(keyBytes);
        for (int i = 0; i < payload.Length; i++) bytes.Add((byte)(payload[i] ^ (masked ? keyBytes[i % 4] : 0)));
        return [.. bytes];
    }
}
