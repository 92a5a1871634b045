using System.Runtime.InteropServices;
using CdrEngine.Core;

namespace CdrEngine.Engine.Routing;

/// <summary>How far a call is, for the question who goes first when there are too many.</summary>
internal enum CallStage : byte
{
    /// <summary>Nobody but a proxy has responded.</summary>
    Unheard,

    /// <summary>It rings, or was refused in a way that invites another try.</summary>
    Ringing,

    /// <summary>It was answered.</summary>
    Answered,

    /// <summary>It has ended and is known for late messages only.</summary>
    Over,
}

/// <summary>Which call goes when <c>engine.max-calls</c> is met, so that a flood pushes out itself before anybody who talks, or whose phone rings.</summary>
/// <remarks>
/// In this order:
/// 1. A call that is over and whose record is out; also one whose record is to come, where there are more of those than of unanswered ones: it comes at once, without late facts.
/// 2. An unanswered one. Of the source (address that sent the first message) with the most of them, where it has more than half of all, or where none of its calls was ever answered and it has a
/// 64th of all: one flooder, or a few. Else the eldest of the sources of one call that were never answered: a flood whose every packet names another sender.
/// 3. An answered one: of the eldest the first that nothing was heard of for a minute.
/// Within a source the eldest of those that nobody responded to, or of those that ring, whichever are more.
/// </remarks>
internal sealed class EvictionOrder
{
    private const int MostTrusted = 1 << 16;
    private const int AnsweredLooked = 64;
    private const int FewestShare = 64;

    /// <summary>Sources kept for later use: most callers have one unanswered call at a time and none a moment later.</summary>
    private const int MostSpare = 1024;
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    private readonly Dictionary<IpAddress, SourceCalls> _sources = [];
    private readonly SourceWeights _known = new();
    private readonly SourceWeights _unknown = new();
    private readonly HashSet<IpAddress> _trusted = [];
    private readonly Queue<IpAddress> _trustedSince = new();
    private readonly LinkedList<CallEntry> _answered = new();
    private readonly LinkedList<CallEntry> _over = new();
    private readonly Stack<SourceCalls> _spare = new();
    private int _unanswered;

    /// <summary>Puts a call where it belongs now.</summary>
    public void Place(CallEntry call, CallStage stage)
    {
        if (call.Age.List is not null)
        {
            if (call.Stage == stage) return;
            Remove(call);
        }

        call.Stage = stage;
        switch (stage)
        {
            case CallStage.Answered:
                Trust(call.InviteSource.Address);
                _answered.AddLast(call.Age);
                break;
            case CallStage.Over:
                _over.AddLast(call.Age);
                break;
            default:
                Enter(call);
                break;
        }
    }

    /// <summary>Forgets a call.</summary>
    public void Remove(CallEntry call)
    {
        call.Age.List!.Remove(call.Age);
        if (call.Stage is CallStage.Answered or CallStage.Over) return;
        SourceCalls source = _sources[call.InviteSource.Address];
        _unanswered--;
        WeightsOf(source).Move(source, -1);
        if (source.Count > 0) return;
        _sources.Remove(source.Address);
        if (_spare.Count < MostSpare) _spare.Push(source);
    }

    /// <summary>Forgets who was answered.</summary>
    public void Clear()
    {
        _trusted.Clear();
        _trustedSince.Clear();
    }

    /// <summary>The call to go; null where there is none.</summary>
    /// <param name="now">Engine time.</param>
    /// <param name="linger">How long after its end a call's record is made.</param>
    public CallEntry? Next(Timestamp now, TimeSpan linger)
    {
        if (_over.First is { } over && (_over.Count > _unanswered || over.Value.EndedAt + linger <= now)) return over.Value;
        if (SourceToGo() is { } source) return (source.Unheard.Count >= source.Ringing.Count ? source.Unheard : source.Ringing).First!.Value;
        if (_over.First is { } ended) return ended.Value;
        int looked = 0;
        for (LinkedListNode<CallEntry>? at = _answered.First; at is not null && looked < AnsweredLooked; at = at.Next, looked++)
        {
            if (now - at.Value.LastHeardAt > Silence) return at.Value;
        }

        return _answered.First?.Value;
    }

    private SourceCalls? SourceToGo()
    {
        SourceCalls? known = _known.Heaviest, unknown = _unknown.Heaviest;
        if (known is not null && known.Count * 2 > _unanswered) return known;
        if (unknown is null) return known;
        return (long)unknown.Count * FewestShare >= _unanswered ? unknown : _unknown.Lightest;
    }

    private void Enter(CallEntry call)
    {
        IpAddress address = call.InviteSource.Address;
        ref SourceCalls? source = ref CollectionsMarshal.GetValueRefOrAddDefault(_sources, address, out bool isKnown);
        if (!isKnown)
        {
            source = _spare.TryPop(out SourceCalls? spare) ? spare : new SourceCalls();
            source.Address = address;
            source.IsTrusted = _trusted.Contains(address);
        }

        (call.Stage == CallStage.Unheard ? source!.Unheard : source!.Ringing).AddLast(call.Age);
        _unanswered++;
        WeightsOf(source).Move(source, +1);
    }

    private void Trust(IpAddress address)
    {
        if (!_trusted.Add(address)) return;
        _trustedSince.Enqueue(address);
        if (_trustedSince.Count > MostTrusted) _trusted.Remove(_trustedSince.Dequeue());
        if (!_sources.TryGetValue(address, out SourceCalls? source) || source.IsTrusted) return;
        int count = source.Count;
        _unknown.Move(source, -count);
        source.IsTrusted = true;
        _known.Move(source, count);
    }

    private SourceWeights WeightsOf(SourceCalls source) => source.IsTrusted ? _known : _unknown;
}

/// <summary>The unanswered calls of one address. Without any it is nobody's and may become another's.</summary>
internal sealed class SourceCalls
{
    public SourceCalls() => Place = new LinkedListNode<SourceCalls>(this);

    public IpAddress Address { get; set; }

    public LinkedList<CallEntry> Unheard { get; } = new();

    public LinkedList<CallEntry> Ringing { get; } = new();

    /// <summary>Whether a call of it was answered.</summary>
    public bool IsTrusted { get; set; }

    /// <summary>Calls as <see cref="SourceWeights"/> counts them.</summary>
    public int Count { get; set; }

    /// <summary>Its place among those with as many calls.</summary>
    public LinkedListNode<SourceCalls> Place { get; }

    public LinkedListNode<SourceLevel>? Level { get; set; }
}

/// <summary>Sources that have the same number of calls, in the order in which they came to it.</summary>
internal sealed class SourceLevel(int count)
{
    public int Count { get; } = count;

    public LinkedList<SourceCalls> Sources { get; } = new();
}

/// <summary>Sources by how many unanswered calls each has. One more or one less costs the same however many there are.</summary>
internal sealed class SourceWeights
{
    private readonly LinkedList<SourceLevel> _levels = new();

    /// <summary>A source with the most calls, the one that has had so many the longest; null where there is none.</summary>
    public SourceCalls? Heaviest => _levels.Last?.Value.Sources.First!.Value;

    /// <summary>A source with the fewest, likewise.</summary>
    public SourceCalls? Lightest => _levels.First?.Value.Sources.First!.Value;

    /// <summary>Changes how many a source has; at none it leaves.</summary>
    public void Move(SourceCalls source, int by)
    {
        LinkedListNode<SourceLevel>? from = source.Level;
        source.Count += by;
        if (source.Count > 0)
        {
            LinkedListNode<SourceLevel> to = LevelOf(source.Count, from);
            source.Place.List?.Remove(source.Place);
            to.Value.Sources.AddLast(source.Place);
            source.Level = to;
        }
        else
        {
            source.Place.List!.Remove(source.Place);
            source.Level = null;
        }

        if (from is { Value.Sources.Count: 0 }) _levels.Remove(from);
    }

    // Next to where the source is now, but for one that changes weights.
    private LinkedListNode<SourceLevel> LevelOf(int count, LinkedListNode<SourceLevel>? near)
    {
        LinkedListNode<SourceLevel>? at = near ?? _levels.First;
        if (at is null) return _levels.AddFirst(new SourceLevel(count));
        while (at.Value.Count > count && at.Previous is { } previous) at = previous;
        while (at.Value.Count < count && at.Next is { } next && next.Value.Count <= count) at = next;
        if (at.Value.Count == count) return at;
        return at.Value.Count < count ? _levels.AddAfter(at, new SourceLevel(count)) : _levels.AddBefore(at, new SourceLevel(count));
    }
}
