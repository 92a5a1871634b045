using System.Buffers.Binary;
using System.Text.Json;

namespace CdrEngine.Protocols.Hep;

/// <summary>Turns the RTCP reports that rtpengine, captagent and heplify send as JSON back into the packet they were (RFC 3550 6.4), so that they go the way of all
/// packets.</summary>
/// <remarks>Members read: <c>type</c> (200, 201), <c>ssrc</c>, <c>sender_information</c> (<c>ntp_timestamp_sec</c>, <c>ntp_timestamp_usec</c>, which is the
/// fraction of NTP as it was in the packet, <c>rtp_timestamp</c>, <c>packets</c>, <c>octets</c>) and of each of <c>report_blocks</c> <c>source_ssrc</c>,
/// <c>fraction_lost</c>, <c>packets_lost</c>, <c>highest_seq_no</c>, <c>ia_jitter</c>, <c>lsr</c>, <c>dlsr</c>. Others are passed over. Numbers out of
/// range are cut to their field.</remarks>
public static class RtcpJson
{
    /// <summary>Report blocks in one packet: the count has five bits.</summary>
    public const int MaxBlocks = 31;

    /// <summary>Room for the longest packet.</summary>
    public const int MaxBytes = 28 + (MaxBlocks * BlockBytes);

    private const int BlockBytes = 24;
    private const int SenderReport = 200;
    private const int ReceiverReport = 201;

    /// <summary>Writes the packet of a report; gives its length, or 0 where the text is no JSON or holds no report.</summary>
    /// <param name="json">The text.</param>
    /// <param name="packet">Room of <see cref="MaxBytes"/>.</param>
    public static int Write(ReadOnlySpan<byte> json, Span<byte> packet)
    {
        packet[..MaxBytes].Clear();
        try
        {
            return Read(json, packet);
        }
        catch (JsonException)
        {
            // The reader of the base library has no other way to say that text is no JSON.
            return 0;
        }
    }

    private static int Read(ReadOnlySpan<byte> json, Span<byte> packet)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
        long type = 0;
        long ssrc = -1;
        int blocks = 0;
        bool hasSender = false;
        Span<byte> sender = packet.Slice(8, 20);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8)) type = Number(ref reader);
            else if (reader.ValueTextEquals("ssrc"u8)) ssrc = Number(ref reader);
            else if (reader.ValueTextEquals("sender_information"u8)) hasSender = ReadSender(ref reader, sender);
            else if (reader.ValueTextEquals("report_blocks"u8)) blocks = ReadBlocks(ref reader, packet[28..]);
            else Pass(ref reader);
        }

        // What stands behind the object would be a second one; but an object cut short is none.
        if (reader.TokenType != JsonTokenType.EndObject || ssrc is < 0 or > uint.MaxValue || type is not (SenderReport or ReceiverReport)) return 0;
        bool isSender = type == SenderReport;
        if (isSender ? !hasSender : blocks == 0) return 0;
        int length = (isSender ? 28 : 8) + (blocks * BlockBytes);
        if (!isSender) packet.Slice(28, blocks * BlockBytes).CopyTo(packet[8..]);
        packet[0] = (byte)(0x80 | blocks);
        packet[1] = (byte)type;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)((length / 4) - 1));
        BinaryPrimitives.WriteUInt32BigEndian(packet[4..], (uint)ssrc);
        return length;
    }

    private static bool ReadSender(ref Utf8JsonReader reader, Span<byte> sender)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            int at = reader.ValueTextEquals("ntp_timestamp_sec"u8) ? 0
                : reader.ValueTextEquals("ntp_timestamp_usec"u8) ? 4
                : reader.ValueTextEquals("rtp_timestamp"u8) ? 8
                : reader.ValueTextEquals("packets"u8) ? 12
                : reader.ValueTextEquals("octets"u8) ? 16
                : -1;
            if (at >= 0) BinaryPrimitives.WriteUInt32BigEndian(sender[at..], Unsigned(Number(ref reader)));
            else Pass(ref reader);
        }

        return true;
    }

    private static int ReadBlocks(ref Utf8JsonReader reader, Span<byte> blocks)
    {
        int count = 0;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return 0;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject || count == MaxBlocks) reader.Skip();
            else ReadBlock(ref reader, blocks.Slice(count++ * BlockBytes, BlockBytes));
        }

        return count;
    }

    private static void ReadBlock(ref Utf8JsonReader reader, Span<byte> block)
    {
        uint fraction = 0;
        uint lost = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            // Signed in 24 bits: duplicates make it negative.
            if (reader.ValueTextEquals("packets_lost"u8)) lost = (uint)Math.Clamp(Number(ref reader), -0x80_0000, 0x7F_FFFF) & 0xFF_FFFF;
            else if (reader.ValueTextEquals("fraction_lost"u8)) fraction = (uint)Math.Clamp(Number(ref reader), 0, 255);
            else
            {
                int at = reader.ValueTextEquals("source_ssrc"u8) ? 0
                    : reader.ValueTextEquals("highest_seq_no"u8) ? 8
                    : reader.ValueTextEquals("ia_jitter"u8) ? 12
                    : reader.ValueTextEquals("lsr"u8) ? 16
                    : reader.ValueTextEquals("dlsr"u8) ? 20
                    : -1;
                if (at >= 0) BinaryPrimitives.WriteUInt32BigEndian(block[at..], Unsigned(Number(ref reader)));
                else Pass(ref reader);
            }
        }

        BinaryPrimitives.WriteUInt32BigEndian(block[4..], (fraction << 24) | lost);
    }

    private static uint Unsigned(long number) => (uint)Math.Clamp(number, 0, uint.MaxValue);

    /// <summary>The number of the member at hand; 0 where it is none.</summary>
    private static long Number(ref Utf8JsonReader reader)
    {
        if (!reader.Read()) return 0;
        if (reader.TokenType == JsonTokenType.Number) return reader.TryGetInt64(out long number) ? number : 0;
        reader.Skip();
        return 0;
    }

    private static void Pass(ref Utf8JsonReader reader)
    {
        if (reader.Read()) reader.Skip();
    }
}
