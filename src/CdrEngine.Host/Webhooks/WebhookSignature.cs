using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CdrEngine.Host.Webhooks;

/// <summary>Signs deliveries: <c>CdrEngine-Signature: t=SECONDS,v1=HEX</c>, where HEX is the HMAC-SHA256, under the endpoint's secret, of the seconds in decimal digits, a dot, and
/// the body. Whoever takes deliveries only within some minutes of <c>t</c>, and each delivery id once, cannot be sent an old one again.</summary>
internal static class WebhookSignature
{
    /// <summary>Name of the header.</summary>
    public const string Header = "CdrEngine-Signature";

    /// <summary>The header's value.</summary>
    public static string Of(string secret, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        string seconds = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        hmac.AppendData(Encoding.ASCII.GetBytes(seconds));
        hmac.AppendData("."u8);
        hmac.AppendData(body);
        return $"t={seconds},v1={Convert.ToHexStringLower(hmac.GetHashAndReset())}";
    }
}
