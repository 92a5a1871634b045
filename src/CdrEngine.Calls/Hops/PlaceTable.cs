using CdrEngine.Calls.Dormant;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Hops;

/// <summary>The places of one call in order of appearance, and which of two is nearer the caller.</summary>
internal sealed class PlaceTable
{
    /// <summary>Answer for a message that no place was kept for.</summary>
    public const int None = -1;

    /// <summary>Places at most: a bit each elsewhere.</summary>
    private const int MaxPlaces = 64;

    private Place[] _places = new Place[2];

    /// <summary>Places kept.</summary>
    public int Count { get; private set; }

    public ref Place this[int index] => ref _places[index];

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Array.Clear(_places);
        Count = 0;
    }

    /// <summary>The place with this pair of addresses, either way round; <see cref="None"/> where there is none.</summary>
    public int Find(Endpoint source, Endpoint destination, out bool fromCaller)
    {
        fromCaller = true;
        for (int i = 0; i < Count; i++)
        {
            ref Place place = ref _places[i];
            if (place.CallerSide == source && place.CalleeSide == destination) return i;
            if (place.CallerSide == destination && place.CalleeSide == source)
            {
                fromCaller = false;
                return i;
            }
        }

        return None;
    }

    /// <summary>Adds a place; <see cref="None"/> where <paramref name="limit"/> is reached.</summary>
    public int Add(Endpoint callerSide, Endpoint calleeSide, Transport transport, Timestamp at, int limit)
    {
        if (Count >= Math.Min(limit, MaxPlaces)) return None;
        if (Count == _places.Length) Array.Resize(ref _places, Count * 2);
        _places[Count] = new Place
        {
            CallerSide = callerSide,
            CalleeSide = calleeSide,
            Transport = transport,
            FirstSeenAt = at,
            ViaCount = int.MaxValue,
            MaxForwards = -1,
        };
        return Count++;
    }

    /// <summary>True where place <paramref name="a"/> is nearer the caller than place <paramref name="b"/>.</summary>
    /// <remarks>Strongest evidence first: (1) only one of them carried the INVITE; (2) one ends where the other begins (the machine between
    /// them); (3) fewer Via values: each proxy adds one (RFC 3261 16.6.8), while a machine that hides its topology takes them off, hence
    /// after the chain; (4) larger Max-Forwards, which each proxy lowers (16.6.3); (5) order of appearance.</remarks>
    public bool IsNearer(int a, int b)
    {
        if (a == b || a == None) return false;
        if (b == None) return true;
        ref Place x = ref _places[a];
        ref Place y = ref _places[b];
        if (x.HasInvite != y.HasInvite) return x.HasInvite;
        bool forward = x.CalleeSide == y.CallerSide, backward = y.CalleeSide == x.CallerSide;
        if (forward != backward) return forward;
        forward = x.CalleeSide.Address == y.CallerSide.Address;
        backward = y.CalleeSide.Address == x.CallerSide.Address;
        if (forward != backward) return forward;
        if (x.ViaCount != y.ViaCount) return x.ViaCount < y.ViaCount;
        if (x.MaxForwards != y.MaxForwards && x.MaxForwards >= 0 && y.MaxForwards >= 0) return x.MaxForwards > y.MaxForwards;
        return a < b;
    }

    /// <summary>The place nearest the caller; <see cref="None"/> where there is none at all.</summary>
    public int Nearest()
    {
        int best = None;
        for (int i = 0; i < Count; i++)
        {
            if (IsNearer(i, best)) best = i;
        }

        return best;
    }

    /// <summary>The place nearest the callee among those that carried the INVITE, else among all.</summary>
    public int Farthest()
    {
        int best = None;
        for (int i = 0; i < Count; i++)
        {
            if (best == None || (_places[i].HasInvite && (!_places[best].HasInvite || IsNearer(best, i)))) best = i;
        }

        return best;
    }

    /// <summary>Carries the table into a small form or out of it.</summary>
    public void Carry(StateCarrier carrier)
    {
        Count = carrier.Number(Count);
        if (_places.Length < Count) _places = new Place[Count];
        for (int i = 0; i < Count; i++) _places[i].Carry(carrier);
    }

    /// <summary>The hops of the record: places the INVITE passed, from caller to callee.</summary>
    public IReadOnlyList<Hop> ToHops()
    {
        Span<int> order = stackalloc int[MaxPlaces];
        int count = 0;
        for (int i = 0; i < Count; i++)
        {
            if (!_places[i].HasInvite) continue;
            int at = count++;
            for (; at > 0 && IsNearer(i, order[at - 1]); at--) order[at] = order[at - 1];
            order[at] = i;
        }

        if (count == 0) return [];
        var hops = new Hop[count];
        for (int i = 0; i < hops.Length; i++)
        {
            ref Place place = ref _places[order[i]];
            hops[i] = new Hop(place.CallerSide, place.CalleeSide, place.Transport, place.FirstSeenAt, place.Messages);
        }

        return hops;
    }
}
