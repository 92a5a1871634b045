using System.Numerics;

namespace CdrEngine.Storage.Texts;

/// <summary>Calls of a segment, each once. One thread.</summary>
internal sealed class CallSet
{
    private const int Word = 64;

    // Of documents that are far apart, those of a day between those of others, bits would take more than the numbers.
    private const long MostBits = 16L * TextSegment.MostCalls;

    private readonly long _first;
    private readonly long _last;
    private readonly ulong[] _words;
    private readonly HashSet<long>? _few;
    private int _count;

    /// <summary>An empty set.</summary>
    /// <param name="first">The first document of the segment.</param>
    /// <param name="last">The last.</param>
    public CallSet(long first, long last)
    {
        (_first, _last) = (first, last);
        _few = last - first >= MostBits ? [] : null;
        _words = _few is null ? new ulong[((last - first) / Word) + 1] : [];
    }

    /// <summary>How many.</summary>
    public int Count => _few?.Count ?? _count;

    /// <summary>Adds calls by the steps between their documents.</summary>
    public void AddSteps(ReadOnlySpan<byte> list)
    {
        long call = 0;
        while (TextBytes.TryTake(ref list, out uint step))
        {
            call += step;
            if (call > _last - _first) return;
            if (_few is not null)
            {
                _few.Add(_first + call);
                continue;
            }

            ref ulong word = ref _words[call / Word];
            ulong bit = 1UL << (int)(call % Word);
            if ((word & bit) != 0) continue;
            word |= bit;
            _count++;
        }
    }

    /// <summary>Takes one away.</summary>
    public void Remove(long document)
    {
        if (document < _first || document > _last || _few?.Remove(document) is not null) return;
        ref ulong word = ref _words[(document - _first) / Word];
        ulong bit = 1UL << (int)((document - _first) % Word);
        if ((word & bit) == 0) return;
        word &= ~bit;
        _count--;
    }

    /// <summary>Adds their documents to a list.</summary>
    public void AddTo(List<long> documents)
    {
        if (_few is not null) documents.AddRange(_few);
        for (int i = 0; i < _words.Length; i++)
        {
            for (ulong word = _words[i]; word != 0; word &= word - 1) documents.Add(_first + ((long)i * Word) + BitOperations.TrailingZeroCount(word));
        }
    }
}
