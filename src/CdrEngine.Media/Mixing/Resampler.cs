using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace CdrEngine.Media.Mixing;

/// <summary>Changes the rate of one run of sound, sample-exact: output sample k lies at k/to seconds, with no delay of its own.</summary>
/// <remarks>A polyphase linear-phase FIR filter, see <see cref="ResamplerFilter"/> for its figures. What comes in is given out half a filter (4 ms
/// at 8 kHz) later, at the place it belongs; <see cref="Flush"/> gives the rest.</remarks>
public sealed class Resampler
{
    private readonly ResamplerFilter? _filter;
    private float[] _input = [];
    private int _inputCount;
    private long _inputStart;
    private long _inputs;
    private long _outputs;

    /// <summary>A resampler; equal rates pass the sound through.</summary>
    /// <param name="fromHz">Rate of what comes in, above 0.</param>
    /// <param name="toHz">Rate of what goes out, above 0.</param>
    public Resampler(int fromHz, int toHz)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(fromHz);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(toHz);
        FromHz = fromHz;
        ToHz = toHz;
        if (fromHz != toHz) _filter = ResamplerFilter.Of(fromHz, toHz);
        Reset();
    }

    /// <summary>Rate in.</summary>
    public int FromHz { get; }

    /// <summary>Rate out.</summary>
    public int ToHz { get; }

    /// <summary>Most samples that one call gives out for so many in.</summary>
    public int MostOutput(int inputs) =>
        _filter is null ? inputs : (int)Math.Min(int.MaxValue, ((inputs + (long)_filter.Taps) * _filter.Up / _filter.Down) + 2);

    /// <summary>Begins another run.</summary>
    public void Reset()
    {
        _inputs = _outputs = 0;
        if (_filter is null) return;

        // Before the run there is silence.
        int before = (_filter.Taps / 2) - 1;
        Reserve(before);
        _input.AsSpan(0, before).Clear();
        _inputCount = before;
        _inputStart = -before;
    }

    /// <summary>Takes samples and gives out what they complete.</summary>
    /// <returns>Samples written.</returns>
    public int Process(ReadOnlySpan<short> input, Span<short> output)
    {
        if (_filter is null)
        {
            input.CopyTo(output);
            return input.Length;
        }

        Reserve(_inputCount + input.Length);
        Span<float> tail = _input.AsSpan(_inputCount, input.Length);
        for (int i = 0; i < input.Length; i++) tail[i] = input[i];
        _inputCount += input.Length;
        _inputs += input.Length;
        return Run(long.MaxValue, output);
    }

    /// <summary>Gives out the rest of the run: in all as many samples as the run was long, rounded up. A new run may begin after it.</summary>
    /// <returns>Samples written.</returns>
    public int Flush(Span<short> output)
    {
        if (_filter is null) return 0;
        long total = ((_inputs * _filter.Up) + _filter.Down - 1) / _filter.Down;
        Reserve(_inputCount + _filter.Taps);
        _input.AsSpan(_inputCount, _filter.Taps).Clear();
        _inputCount += _filter.Taps;
        int written = Run(total, output);
        Reset();
        return written;
    }

    private int Run(long until, Span<short> output)
    {
        ResamplerFilter filter = _filter!;
        int written = 0;
        int before = (filter.Taps / 2) - 1;
        while (_outputs < until)
        {
            long position = _outputs * filter.Down;
            long center = position / filter.Up;
            int first = (int)(center - before - _inputStart);
            if (first + filter.Taps > _inputCount) break;
            float sum = Dot(_input.AsSpan(first, filter.Taps), filter.Phase((int)(position - (center * filter.Up))));
            output[written++] = (short)Math.Clamp((int)MathF.Round(sum), short.MinValue, short.MaxValue);
            _outputs++;
        }

        // What no later output needs.
        long needed = (_outputs * filter.Down / filter.Up) - before;
        int done = (int)Math.Clamp(needed - _inputStart, 0, _inputCount);
        if (done > 0)
        {
            _input.AsSpan(done, _inputCount - done).CopyTo(_input);
            _inputCount -= done;
            _inputStart += done;
        }

        return written;
    }

    private static float Dot(ReadOnlySpan<float> samples, ReadOnlySpan<float> taps)
    {
        // Taps come in multiples of eight. Lanes are summed in a fixed order, so that every machine gives the same samples.
        Vector256<float> sum = Vector256<float>.Zero;
        ref float left = ref MemoryMarshal.GetReference(samples), right = ref MemoryMarshal.GetReference(taps);
        for (nuint i = 0; i < (nuint)taps.Length; i += 8) sum += Vector256.LoadUnsafe(ref left, i) * Vector256.LoadUnsafe(ref right, i);
        Vector128<float> half = sum.GetLower() + sum.GetUpper();
        return half[0] + half[2] + (half[1] + half[3]);
    }

    private void Reserve(int count)
    {
        if (_input.Length < count) Array.Resize(ref _input, Math.Max(count, _input.Length * 2));
    }
}
