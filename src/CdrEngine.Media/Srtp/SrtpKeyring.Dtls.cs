namespace CdrEngine.Media.Srtp;

/// <content>Keys of DTLS-SRTP (RFC 5764), where a key log holds the secrets.</content>
public sealed partial class SrtpKeyring
{
    private readonly DtlsKeyLog? _keyLog;

    private void DisposeHandshakes() => _ = _keyLog?.Count;
}
