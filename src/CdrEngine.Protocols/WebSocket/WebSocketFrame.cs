using System.Buffers.Binary;
using CdrEngine.Core;

namespace CdrEngine.Protocols.WebSocket;

/// <summary>What a WebSocket frame is (RFC 6455 5.2).</summary>
public enum WebSocketOpcode : byte
{
    /// <summary>Goes on with a fragmented message.</summary>
    Continuation = 0,

    /// <summary>Text.</summary>
    Text = 1,

    /// <summary>Binary.</summary>
    Binary = 2,

    /// <summary>Close.</summary>
    Close = 8,

    /// <summary>Ping.</summary>
    Ping = 9,

    /// <summary>Pong.</summary>
    Pong = 10,
}

/// <summary>The header of one WebSocket frame (RFC 6455 5.2).</summary>
public readonly record struct WebSocketFrame
{
    /// <summary>True on the last frame of a message.</summary>
    public bool IsFinal { get; private init; }

    /// <summary>True where the first reserved bit is set: compressed by permessage-deflate (RFC 7692 6).</summary>
    public bool IsCompressed { get; private init; }

    /// <summary>What it is.</summary>
    public WebSocketOpcode Opcode { get; private init; }

    /// <summary>True where the payload is masked, as a client must (RFC 6455 5.3).</summary>
    public bool IsMasked { get; private init; }

    /// <summary>The masking key, its first byte most significant; 0 where not masked.</summary>
    public uint MaskingKey { get; private init; }

    /// <summary>Bytes before the payload: 2 to 14.</summary>
    public int HeaderBytes { get; private init; }

    /// <summary>Bytes of payload.</summary>
    public long PayloadBytes { get; private init; }

    /// <summary>True for close, ping and pong.</summary>
    public bool IsControl => ((byte)Opcode & 8) != 0;

    /// <summary>Reads a header. Malformed: a reserved opcode or bit, a control frame that is long or fragmented, a length with its top bit set
    /// or not in its shortest form (RFC 6455 5.2, 5.5).</summary>
    public static ParseOutcome TryRead(ReadOnlySpan<byte> bytes, out WebSocketFrame frame)
    {
        frame = default;
        if (bytes.Length == 0) return ParseOutcome.NeedMore;
        byte first = bytes[0];
        var opcode = (WebSocketOpcode)(first & 0x0F);
        if ((first & 0x30) != 0 || opcode is > WebSocketOpcode.Binary and < WebSocketOpcode.Close or > WebSocketOpcode.Pong)
        {
            return ParseOutcome.Malformed;
        }

        if (bytes.Length < 2) return ParseOutcome.NeedMore;
        bool isMasked = (bytes[1] & 0x80) != 0;
        long length = bytes[1] & 0x7F;
        int extended = length switch { 126 => 2, 127 => 8, _ => 0 };
        bool isControl = opcode >= WebSocketOpcode.Close;
        if (isControl && ((first & 0xC0) != 0x80 || extended != 0)) return ParseOutcome.Malformed;
        int headerBytes = 2 + extended + (isMasked ? 4 : 0);
        if (bytes.Length < headerBytes) return ParseOutcome.NeedMore;
        if (extended == 2) length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        else if (extended == 8) length = BinaryPrimitives.ReadInt64BigEndian(bytes[2..]);
        if (length < 0 || (extended == 2 && length < 126) || (extended == 8 && length < 65_536)) return ParseOutcome.Malformed;
        frame = new WebSocketFrame
        {
            IsFinal = (first & 0x80) != 0,
            IsCompressed = (first & 0x40) != 0,
            Opcode = opcode,
            IsMasked = isMasked,
            MaskingKey = isMasked ? BinaryPrimitives.ReadUInt32BigEndian(bytes[(2 + extended)..]) : 0,
            HeaderBytes = headerBytes,
            PayloadBytes = length,
        };
        return ParseOutcome.Message;
    }

    /// <summary>Copies payload and takes the mask off (RFC 6455 5.3). <paramref name="payload"/> starts at the first byte of the frame's payload.</summary>
    public void Unmask(ReadOnlySpan<byte> payload, Span<byte> destination)
    {
        if (!IsMasked)
        {
            payload.CopyTo(destination);
            return;
        }

        ulong key = ((ulong)MaskingKey << 32) | MaskingKey;
        int at = 0;
        for (; at + 8 <= payload.Length; at += 8)
        {
            BinaryPrimitives.WriteUInt64BigEndian(destination[at..], BinaryPrimitives.ReadUInt64BigEndian(payload[at..]) ^ key);
        }

        for (; at < payload.Length; at++) destination[at] = (byte)(payload[at] ^ (byte)(MaskingKey >> (24 - (8 * (at & 3)))));
    }
}
