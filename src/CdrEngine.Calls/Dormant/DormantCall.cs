using CdrEngine.Core;

namespace CdrEngine.Calls.Dormant;

/// <summary>A call's machine put away (<see cref="CallMachine.PutAway"/>): all it knows, in a quarter of the memory. <see cref="CallMachine.Wake"/> brings it back.</summary>
public sealed class DormantCall
{
    private readonly byte[] _bytes;
    private readonly object[] _kept;
    private readonly Timestamp _endSeenAt;

    internal DormantCall(in DormantState state, bool isAtRest, Timestamp endSeenAt)
    {
        IsAtRest = isAtRest;
        _bytes = state.Bytes;
        _kept = state.Kept;
        _endSeenAt = endSeenAt;
    }

    /// <summary>Bytes it takes, save for what it has in common with other calls.</summary>
    public int Bytes => _bytes.Length;

    /// <summary>See <see cref="CallMachine.IsAtRest"/>.</summary>
    public bool IsAtRest { get; }

    /// <summary>Whether packets that the capture lost since then may have been the call's: of one at rest <see cref="CallMachine.MarkGap"/> changes the record only then.</summary>
    /// <param name="since">When the loss was at the earliest; the end of time for just now.</param>
    public bool MayHaveGap(Timestamp since) => !IsAtRest || (since != Timestamp.MaxValue && _endSeenAt >= since);

    /// <summary>Whether the capture lost packets while it was at rest; see <see cref="NoteGap"/>.</summary>
    internal bool HasGap { get; private set; }

    /// <summary>Stands for <see cref="CallMachine.MarkGap"/> of a call at rest whose packets these cannot have been, unless it goes on.</summary>
    public void NoteGap() => HasGap = true;

    internal DormantState State => new(_bytes, _kept);
}
