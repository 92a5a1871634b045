namespace CdrEngine.Calls.Ports;

/// <summary>How far the calls of an archive had come at one time: pages and counts that are told by it show of what was stored by then, and of nothing that came later.</summary>
/// <param name="Days">Of each day the last that had come, as the store numbers them. A day that is not among them had none.</param>
public sealed record CallMark(IReadOnlyDictionary<DateOnly, long> Days);
