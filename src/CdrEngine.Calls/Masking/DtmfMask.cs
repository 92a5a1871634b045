namespace CdrEngine.Calls.Masking;

/// <summary>What is hidden of the digits pressed in a call (card numbers, passwords).</summary>
public enum DtmfMask
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Digits wherever they are written: in the record, in SIP, in telephone events. Sound stays as it is.</summary>
    Digits = 1,

    /// <summary>As <see cref="Digits"/>, and the sound while a digit was pressed is silence, in recordings and in packets.</summary>
    All = 2,
}
