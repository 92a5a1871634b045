using CdrEngine.Calls.Dormant;
using CdrEngine.Core;

namespace CdrEngine.Calls.Hops;

/// <summary>When something first happened, at the place nearest the caller that saw it.</summary>
internal struct Milestone
{
    private bool _isSet;

    /// <summary>The time; meaningful where <see cref="IsSet"/>.</summary>
    public Timestamp At { get; private set; }

    /// <summary>Index of the place.</summary>
    public int Place { get; private set; }

    /// <summary>Whether it happened.</summary>
    public readonly bool IsSet => _isSet;

    /// <summary>The time, or null.</summary>
    public readonly Timestamp? OrNull => _isSet ? At : null;

    /// <summary>Takes a sighting: the first one, and later one from a place nearer the caller. True where it was taken.</summary>
    public bool Note(Timestamp at, int place, PlaceTable places)
    {
        if (_isSet && !places.IsNearer(place, Place)) return false;
        At = at;
        Place = place;
        _isSet = true;
        return true;
    }

    /// <summary>Carries it into a small form or out of it.</summary>
    public void Carry(StateCarrier carrier)
    {
        carrier.Flag(ref _isSet);
        if (!_isSet)
        {
            // What was never set is zero.
            if (!carrier.IsPacking) this = default;
            return;
        }

        At = carrier.Time(At);
        Place = carrier.Number(Place);
    }

    /// <summary>Replaces whatever was there.</summary>
    public void Set(Timestamp at, int place)
    {
        At = at;
        Place = place;
        _isSet = true;
    }
}
