using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>What is known of lists that were asked for.</summary>
internal static class PortSipKept
{
    /// <summary>Lists of which it is, at most.</summary>
    public const int Most = 32;

    /// <summary>How many of the known places in a list are not behind one.</summary>
    public static int UpTo<T>(SortedList<long, T> places, long place) => Bisection.First(places.Count, known => places.Keys[known] > place);
}

/// <summary>Lists as their first pages told them, so that later pages are of the same: the last that were asked for, each for a while after it was. Any thread.</summary>
/// <typeparam name="T">What is kept of a list.</typeparam>
internal sealed class PortSipKept<T>
    where T : class
{
    private static readonly TimeSpan s_age = TimeSpan.FromMinutes(15);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (DateTimeOffset At, T List)> _lists = new(StringComparer.Ordinal);

    /// <summary>The list; null where it is not known any more.</summary>
    public T? Find(string key, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (!_lists.TryGetValue(key, out (DateTimeOffset At, T List) kept) || now - kept.At > s_age) return null;
            _lists[key] = (now, kept.List);
            return kept.List;
        }
    }

    /// <summary>Keeps a list, and lets go of the one that nobody has asked for the longest where there are too many.</summary>
    public void Keep(string key, DateTimeOffset now, T list)
    {
        lock (_lock)
        {
            _lists[key] = (now, list);
            if (_lists.Count > PortSipKept.Most) _lists.Remove(_lists.Where(kept => kept.Key != key).MinBy(static kept => kept.Value.At).Key);
        }
    }
}
