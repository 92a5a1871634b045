using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace CdrEngine.Api.Access.Shares;

/// <summary>What whoever opened a link plays with for a while: when it ends, signed together with the link's id by a key that lives as long as the process. So a
/// player may ask for parts as often as it likes while the link counts as opened once.</summary>
internal sealed class ShareTicket
{
    /// <summary>How long one is good: longer than most calls, and as long as most people leave a page open.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(4);

    private const int SealBytes = 16;
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>A ticket for a link.</summary>
    public string Make(ShareLink link, DateTimeOffset now)
    {
        DateTimeOffset end = now + Life < link.Expires ? now + Life : link.Expires;
        byte[] ticket = new byte[8 + SealBytes];
        BinaryPrimitives.WriteInt64BigEndian(ticket, end.ToUnixTimeSeconds());
        Seal(link.Id, ticket.AsSpan(0, 8)).CopyTo(ticket.AsSpan(8));
        return Base64Url.EncodeToString(ticket);
    }

    /// <summary>Whether a text is a ticket for a link that is good now.</summary>
    public bool IsGood(ShareLink link, string text, DateTimeOffset now)
    {
        if (text.Length != 32 || !Base64Url.IsValid(text)) return false;
        byte[] ticket = Base64Url.DecodeFromChars(text);
        return ticket.Length == 8 + SealBytes
            && CryptographicOperations.FixedTimeEquals(ticket.AsSpan(8), Seal(link.Id, ticket.AsSpan(0, 8)))
            && now.ToUnixTimeSeconds() < BinaryPrimitives.ReadInt64BigEndian(ticket);
    }

    private ReadOnlySpan<byte> Seal(string id, ReadOnlySpan<byte> end) => HMACSHA256.HashData(_key, (byte[])[.. Encoding.ASCII.GetBytes(id), .. end]).AsSpan(0, SealBytes);
}
