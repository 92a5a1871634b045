using CdrEngine.Calls.Records;
using CdrEngine.Media.Srtp;
using CdrEngine.Protocols.Sdp;

namespace CdrEngine.Engine.Recording;

/// <summary>Opens a call's media with the keys of its own SDP (RFC 4568) and, where there is one, a key log (RFC 5764).</summary>
public sealed class KeyringDecryptor : IMediaDecryptor, IDisposable
{
    private readonly SrtpKeyring _keyring;

    /// <summary>A decryptor for one call.</summary>
    /// <param name="keyLog">Secrets for DTLS-SRTP; null for none. Stays the caller's.</param>
    public KeyringDecryptor(DtlsKeyLog? keyLog = null) => _keyring = new SrtpKeyring(keyLog: keyLog);

    /// <inheritdoc />
    public void Foresee(PartySide side, SdpSession sdp)
    {
        for (int i = 0; i < sdp.Media.Length; i++) _keyring.LearnKeys(Number(side), i, sdp.Media[i]);
    }

    /// <inheritdoc />
    public void Learn(PartySide side, SdpSession sdp)
    {
        for (int i = 0; i < sdp.Media.Length; i++) _keyring.Learn(Number(side), i, sdp.Media[i]);
    }

    /// <inheritdoc />
    public void Observe(PartySide side, int mediaIndex, ReadOnlySpan<byte> datagram) => _keyring.ObserveDtls(Number(side), mediaIndex, datagram);

    /// <inheritdoc />
    public bool TryDecrypt(PartySide side, int mediaIndex, ReadOnlySpan<byte> packet, Span<byte> plain, out int length, out string? reason)
    {
        bool isOpen = _keyring.TryUnprotect(Number(side), mediaIndex, packet, plain, out length, out SrtpRejection rejection);
        reason = isOpen ? null : SrtpReasons.NameOf(rejection);
        return isOpen;
    }

    /// <inheritdoc />
    public void Dispose() => _keyring.Dispose();

    private static int Number(PartySide side) => side == PartySide.Caller ? 0 : 1;
}
