using CdrEngine.Core;

namespace CdrEngine.Host.Joined;

/// <summary>A part of the storage, as it is now.</summary>
/// <param name="Name">Name of its counters.</param>
/// <param name="Fault">What the disk or the server says; null while the part works.</param>
/// <param name="Sentence">For anybody, without names and addresses: what cannot be done.</param>
/// <param name="Meaning">For the operator: what is done meanwhile.</param>
internal readonly record struct StoragePart(string Name, string? Fault, string Sentence, string Meaning);

/// <summary>Tells when a part of the storage begins to fail and when it works again, one line each. What is the case now is in <c>stats</c> and <c>/readyz</c>.</summary>
/// <param name="tell">The operator's log.</param>
/// <param name="time">Clock; null for the real one.</param>
internal sealed class TroubleWatch(Action<string> tell, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly OrderedDictionary<string, State> _states = new(StringComparer.Ordinal);

    /// <summary>Why the engine cannot do all of its work, as a sentence for anybody; null while it can.</summary>
    public string? Unready
    {
        get
        {
            lock (_lock) return _states.Values.FirstOrDefault(static state => state.IsFailing)?.Sentence;
        }
    }

    /// <summary>Looks at all parts; about once a second.</summary>
    public void Look(params ReadOnlySpan<StoragePart> parts)
    {
        lock (_lock)
        {
            foreach (StoragePart part in parts)
            {
                if (!_states.TryGetValue(part.Name, out State? state)) _states.Add(part.Name, state = new State(part.Sentence));
                bool isFailing = part.Fault is not null;
                if (state.IsFailing == isFailing) continue;
                state.IsFailing = isFailing;
                if (isFailing)
                {
                    state.Times++;
                    state.Since = _time.GetTimestamp();
                    tell($"{part.Sentence.TrimEnd('.')}: {part.Fault!.ReplaceLineEndings(" ")}; {part.Meaning}");
                }
                else
                {
                    tell($"{part.Name}: works again, after {_time.GetElapsedTime(state.Since).TotalSeconds.ToString("0", System.Globalization.CultureInfo.InvariantCulture)} s");
                }
            }
        }
    }

    /// <summary>For each part whether it fails, and how often it began to.</summary>
    public IEnumerable<Statistic> Statistics()
    {
        lock (_lock)
        {
            var all = new List<Statistic>(2 * _states.Count);
            foreach ((string part, State state) in _states)
            {
                all.Add(new Statistic("storage trouble", $"{part}_failing", state.IsFailing ? 1 : 0, $"1 while the following is so: {state.Sentence}"));
                all.Add(new Statistic("storage trouble", $"{part}_failures", state.Times, $"Times that the following began: {state.Sentence}"));
            }

            return all;
        }
    }

    private sealed class State(string sentence)
    {
        public string Sentence => sentence;

        public bool IsFailing { get; set; }

        public long Times { get; set; }

        public long Since { get; set; }
    }
}
