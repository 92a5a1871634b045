namespace CdrEngine.Load;

/// <summary>SplitMix64: small, fast, the same in every run and on every machine.</summary>
internal struct LoadRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        _state += 0x9E37_79B9_7F4A_7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 (included) to 1 (excluded).</summary>
    public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    public bool Chance(double share) => share > 0 && Unit() < share;

    /// <summary>From low (included) to high (excluded).</summary>
    public double Between(double low, double high) => low + (Unit() * (high - low));
}
