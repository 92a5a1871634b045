using System.Buffers.Binary;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Dtls;

/// <summary>Takes whole ClientHello and ServerHello messages out of the datagrams of one direction, fragments put together (RFC 6347 4.2.3).</summary>
/// <remarks>One message is put together at a time, the newest; larger ones than <see cref="MaxMessageBytes"/> are passed over. All other handshake
/// messages are. Not for two threads at once.</remarks>
public sealed class DtlsHelloReader
{
    /// <summary>Largest hello put together; one with post-quantum key shares has some two thousand bytes.</summary>
    public const int MaxMessageBytes = 16 * 1024;

    private const int HandshakeHeaderBytes = 12;

    private byte[] _message = [];
    private ulong[] _have = [];
    private int _length = -1;
    private int _missing;
    private ushort _sequence;
    private byte _kind;

    /// <summary>Takes the next hello off a datagram.</summary>
    /// <param name="datagram">The datagram at first, then what the last call left of it.</param>
    /// <param name="hello">A hello; points into the datagram or into this reader, good until the next call.</param>
    /// <returns>False where the datagram holds no further whole hello.</returns>
    public bool TryRead(scoped ref ReadOnlySpan<byte> datagram, out DtlsHello hello)
    {
        while (DtlsRecord.TryRead(ref datagram, out DtlsRecord record) == ParseOutcome.Message)
        {
            if (record.Type != DtlsContentType.Handshake || record.Epoch != 0) continue;

            // A hello is the first message of its flight; what may follow it in the same record is none.
            if (TryReadHandshake(record.Body, out hello)) return true;
        }

        hello = default;
        return false;
    }

    private bool TryReadHandshake(ReadOnlySpan<byte> body, out DtlsHello hello)
    {
        hello = default;
        if (body.Length < HandshakeHeaderBytes) return false;
        byte kind = body[0];
        int length = ReadUInt24(body[1..]), offset = ReadUInt24(body[6..]), bytes = ReadUInt24(body[9..]);
        ushort sequence = BinaryPrimitives.ReadUInt16BigEndian(body[4..]);
        ReadOnlySpan<byte> fragment = body[HandshakeHeaderBytes..];
        if (kind is not ((byte)DtlsHelloKind.Client or (byte)DtlsHelloKind.Server) || length > MaxMessageBytes || bytes > fragment.Length || offset + bytes > length) return false;
        fragment = fragment[..bytes];
        if (bytes == length) return DtlsHello.TryRead((DtlsHelloKind)kind, fragment, out hello);
        if (bytes == 0) return false;
        if (_length != length || _sequence != sequence || _kind != kind) Begin(kind, sequence, length);
        fragment.CopyTo(_message.AsSpan(offset));
        for (int at = offset; at < offset + bytes; at++)
        {
            ulong bit = 1UL << (at % 64);
            if ((_have[at / 64] & bit) != 0) continue;
            _have[at / 64] |= bit;
            _missing--;
        }

        if (_missing > 0) return false;
        _length = -1;
        return DtlsHello.TryRead((DtlsHelloKind)kind, _message.AsSpan(0, length), out hello);
    }

    private void Begin(byte kind, ushort sequence, int length)
    {
        if (_message.Length < length)
        {
            _message = new byte[length];
            _have = new ulong[(length + 63) / 64];
        }

        Array.Clear(_have);
        _kind = kind;
        _sequence = sequence;
        _length = _missing = length;
    }

    private static int ReadUInt24(ReadOnlySpan<byte> bytes) => (bytes[0] << 16) | (bytes[1] << 8) | bytes[2];
}
