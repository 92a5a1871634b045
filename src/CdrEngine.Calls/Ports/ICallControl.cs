namespace CdrEngine.Calls.Ports;

/// <summary>What an end of a call is that a client names.</summary>
public enum ControlEndKind
{
    /// <summary>An extension of the telephone system.</summary>
    Extension = 0,

    /// <summary>A device, by the name it registers with.</summary>
    Device = 1,

    /// <summary>A number of the public network.</summary>
    Pstn = 2,

    /// <summary>A code that makes the telephone system do something.</summary>
    FeatureCode = 3,
}

/// <summary>What came of acting on the telephone system.</summary>
public enum ControlOutcome
{
    /// <summary>It was done, or is being done.</summary>
    Done = 0,

    /// <summary>The telephone system does not know the call, or no longer.</summary>
    NoSuchCall = 1,

    /// <summary>It refused.</summary>
    Refused = 2,

    /// <summary>It cannot be done, or the settings do not say how.</summary>
    Unsupported = 3,

    /// <summary>It was not reached, did not answer in time, or did not take the credentials. Whether anything was done is not known.</summary>
    Unreachable = 4,
}

/// <summary>An end of a call.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Number">Number, name or code; see <see cref="IsSound"/>.</param>
public sealed record ControlEnd(ControlEndKind Kind, string Number)
{
    /// <summary>Longest number, name or code.</summary>
    public const int MaxLength = 64;

    /// <summary>Whether a number is made of nothing that a telephone system could take for an order: letters and digits of ASCII, <c>+ * # . _ -</c>, 1 to
    /// <see cref="MaxLength"/> of them.</summary>
    public static bool IsSound(string number) =>
        number.Length is > 0 and <= MaxLength && number.All(static c => char.IsAsciiLetterOrDigit(c) || c is '+' or '*' or '#' or '.' or '_' or '-');
}

/// <summary>What came of it, and in words.</summary>
/// <param name="Outcome">What came of it.</param>
/// <param name="Detail">In one sentence.</param>
public sealed record ControlAnswer(ControlOutcome Outcome, string Detail);

/// <summary>Acts on the telephone system: the one way in which the engine does more than watch, and only where it is set up. Any thread.</summary>
public interface ICallControl
{
    /// <summary>Calls one end, and connects it with the other once it answers.</summary>
    Task<ControlAnswer> DialAsync(ControlEnd from, ControlEnd to, CancellationToken stop = default);

    /// <summary>Sends the call on to another end.</summary>
    /// <param name="sipCallId">Its Call-ID.</param>
    /// <param name="to">Where to.</param>
    /// <param name="stop">Gives up.</param>
    Task<ControlAnswer> RedirectAsync(string sipCallId, ControlEnd to, CancellationToken stop = default);

    /// <summary>Parks the call.</summary>
    Task<ControlAnswer> ParkAsync(string sipCallId, CancellationToken stop = default);

    /// <summary>Puts the call on hold.</summary>
    Task<ControlAnswer> HoldAsync(string sipCallId, CancellationToken stop = default);

    /// <summary>Ends the call.</summary>
    Task<ControlAnswer> HangUpAsync(string sipCallId, CancellationToken stop = default);
}
