using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace CdrEngine.TestKit;

/// <summary>Builds HEP messages, chunk by chunk.</summary>
public static class HepBuilder
{
    /// <summary>A version 3 message as agents send it.</summary>
    public static byte[] Sip(
        string source, string destination, string sip, long seconds = 1_795_000_000, int microseconds = 5, byte protocol = 17, uint captureId = 7, string key = "") =>
        Build(source, destination, sip, payloadType: 1, seconds, microseconds, protocol, captureId, key, correlationId: "");

    /// <summary>A version 3 message with a line of a log, tied to a call.</summary>
    public static byte[] Log(
        string source, string destination, string line, string callId, long seconds = 1_795_000_000, int microseconds = 5, uint captureId = 7, string key = "") =>
        Build(source, destination, line, payloadType: 100, seconds, microseconds, protocol: 17, captureId, key, callId);

    private static byte[] Build(
        string source, string destination, string payload, byte payloadType, long seconds, int microseconds, byte protocol, uint captureId, string key, string correlationId)
    {
        IPEndPoint from = IPEndPoint.Parse(source), to = IPEndPoint.Parse(destination);
        bool v4 = from.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;
        var chunks = new List<byte[]>
        {
            Chunk(1, [(byte)(v4 ? 2 : 10)]),
            Chunk(2, [protocol]),
            Chunk(v4 ? 3 : 5, from.Address.GetAddressBytes()),
            Chunk(v4 ? 4 : 6, to.Address.GetAddressBytes()),
            Chunk(7, U16(from.Port)),
            Chunk(8, U16(to.Port)),
            Chunk(9, U32((uint)seconds)),
            Chunk(10, U32((uint)microseconds)),
            Chunk(11, [payloadType]),
            Chunk(12, U32(captureId)),
        };
        if (key.Length > 0) chunks.Add(Chunk(14, Encoding.UTF8.GetBytes(key)));
        if (correlationId.Length > 0) chunks.Add(Chunk(17, Encoding.UTF8.GetBytes(correlationId)));
        chunks.Add(Chunk(15, Encoding.UTF8.GetBytes(payload)));
        return Message([.. chunks]);
    }

    /// <summary>A version 3 message of the given chunks.</summary>
    public static byte[] Message(params byte[][] chunks)
    {
        byte[] body = [.. chunks.SelectMany(static chunk => chunk)];
        return [.. "HEP3"u8, .. U16(body.Length + 6), .. body];
    }

    /// <summary>One chunk.</summary>
    public static byte[] Chunk(int type, byte[] value, int vendor = 0) => [.. U16(vendor), .. U16(type), .. U16(value.Length + 6), .. value];

    /// <summary>Sixteen bits in network order.</summary>
    public static byte[] U16(int value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }

    /// <summary>Thirty-two bits in network order.</summary>
    public static byte[] U32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
