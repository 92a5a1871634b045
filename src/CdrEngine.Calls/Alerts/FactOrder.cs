using CdrEngine.Core;

namespace CdrEngine.Calls.Alerts;

/// <summary>Puts facts in order of time, and of their keys where the time is the same: records come out of the shards in no order, and a call whose end is inferred
/// comes later than one that was hung up.</summary>
/// <param name="capacity">Facts that may wait; one more lets the earliest out before its turn.</param>
public sealed class FactOrder(int capacity = 200_000)
{
    private readonly PriorityQueue<AlertFact, Place> _waiting = new();

    /// <summary>Facts that wait.</summary>
    public int Count => _waiting.Count;

    /// <summary>Facts that were let out before their turn.</summary>
    public long Unsettled { get; private set; }

    /// <summary>Takes a fact; gives the one that has to go to make room, where one has.</summary>
    public AlertFact? Add(AlertFact fact)
    {
        var place = new Place(fact.At, Rank(fact), fact.Key);
        if (_waiting.Count < capacity)
        {
            _waiting.Enqueue(fact, place);
            return null;
        }

        Unsettled++;
        return _waiting.EnqueueDequeue(fact, place);
    }

    /// <summary>The next fact that happened by an instant; false where there is none.</summary>
    public bool TryTake(Timestamp until, out AlertFact fact)
    {
        fact = null!;
        if (!_waiting.TryPeek(out AlertFact? next, out Place place) || place.At > until) return false;
        fact = next;
        _waiting.Dequeue();
        return true;
    }

    // A call that ends as another begins makes room for it.
    private static int Rank(AlertFact fact) => fact switch
    {
        CallOver => 0,
        CallBegan => 1,
        CallLoad => 2,
        RegistrationFact registration => 3 + (int)registration.Kind,
        _ => 100,
    };

    private readonly record struct Place(Timestamp At, int Rank, string Key) : IComparable<Place>
    {
        public int CompareTo(Place other)
        {
            int by = At.CompareTo(other.At);
            if (by == 0) by = Rank.CompareTo(other.Rank);
            return by == 0 ? string.CompareOrdinal(Key, other.Key) : by;
        }
    }
}
