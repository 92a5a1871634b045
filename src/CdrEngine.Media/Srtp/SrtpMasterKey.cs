using System.Security.Cryptography;

namespace CdrEngine.Media.Srtp;

/// <summary>One master key with its salt, its MKI, and the session keys derived from it so far.</summary>
/// <remarks>A class without a text form, on purpose: keys are never written anywhere.</remarks>
internal sealed class SrtpMasterKey : IDisposable
{
    private readonly SrtpSuiteShape _shape;
    private readonly byte[] _keyAndSalt;
    private readonly byte[] _mki;
    private readonly int _rateExponent;
    private Derived _rtp;
    private Derived _olderRtp;
    private Derived _rtcp;

    /// <summary>A key; it is copied.</summary>
    /// <param name="suite">Suite; key and salt have its lengths.</param>
    /// <param name="key">Master key.</param>
    /// <param name="salt">Master salt.</param>
    /// <param name="mki">Master key identifier as it stands in packets; empty without.</param>
    /// <param name="rateExponent">Key derivation rate 2^n packets (RFC 4568 6.3.1); -1 for a rate of 0: derived once.</param>
    public SrtpMasterKey(SrtpSuite suite, ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> mki, int rateExponent)
    {
        _shape = SrtpSuites.Shape(suite);
        if (key.Length != _shape.KeyBytes || salt.Length != _shape.SaltBytes) throw new ArgumentException("lengths of key and salt are those of the suite", nameof(key));
        _keyAndSalt = [.. key, .. salt];
        _mki = mki.ToArray();
        _rateExponent = rateExponent;
    }

    public ReadOnlySpan<byte> Mki => _mki;

    /// <summary>Session keys for an RTP packet index.</summary>
    public SrtpSessionKeys Rtp(ulong index)
    {
        ulong epoch = Epoch(index);
        if (_rtp.Keys is not null && _rtp.Epoch == epoch) return _rtp.Keys;
        if (_olderRtp.Keys is not null && _olderRtp.Epoch == epoch) return _olderRtp.Keys;

        // Two epochs are kept, for packets out of order at the border of the rate.
        _olderRtp.Keys?.Dispose();
        _olderRtp = _rtp;
        _rtp = Derive(isRtcp: false, epoch);
        return _rtp.Keys!;
    }

    /// <summary>Session keys for an SRTCP index.</summary>
    public SrtpSessionKeys Rtcp(ulong index)
    {
        ulong epoch = Epoch(index);
        if (_rtcp.Keys is not null && _rtcp.Epoch == epoch) return _rtcp.Keys;
        _rtcp.Keys?.Dispose();
        _rtcp = Derive(isRtcp: true, epoch);
        return _rtcp.Keys!;
    }

    /// <summary>True for the same key, salt, MKI and rate.</summary>
    public bool IsSame(SrtpMasterKey other) =>
        CryptographicOperations.FixedTimeEquals(_keyAndSalt, other._keyAndSalt) && _mki.AsSpan().SequenceEqual(other._mki) && _rateExponent == other._rateExponent;

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_keyAndSalt);
        _rtp.Keys?.Dispose();
        _olderRtp.Keys?.Dispose();
        _rtcp.Keys?.Dispose();
        _rtp = _olderRtp = _rtcp = default;
    }

    private ulong Epoch(ulong index) => _rateExponent < 0 ? 0 : index >> _rateExponent;

    private Derived Derive(bool isRtcp, ulong epoch) => new()
    {
        Keys = SrtpSessionKeys.Derive(_shape, _keyAndSalt.AsSpan(0, _shape.KeyBytes), _keyAndSalt.AsSpan(_shape.KeyBytes), isRtcp, epoch),
        Epoch = epoch,
    };

    private struct Derived
    {
        public SrtpSessionKeys? Keys;
        public ulong Epoch;
    }
}
