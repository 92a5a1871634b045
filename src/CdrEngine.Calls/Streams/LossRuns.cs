using System.Runtime.CompilerServices;

namespace CdrEngine.Calls.Streams;

/// <summary>Folds the sequence "received, lost, received …" of a stream, in sequence order, into run lengths and bursts.</summary>
/// <remarks>A burst (RFC 3611 4.7.2) starts and ends with a loss, has at least two, and never <see cref="GapMinimum"/> or more packets
/// received in a row; a loss outside bursts belongs to a gap. Values: 76 bytes, no reference.</remarks>
internal struct LossRuns
{
    /// <summary>Gmin: packets received in a row that end a burst (RFC 3611 4.7.2 recommends 16).</summary>
    public const int GapMinimum = 16;

    /// <summary>Run lengths told apart; the last stands for itself and all longer.</summary>
    public const int Lengths = 10;

    private uint _run;
    private uint _receivedSinceLoss;
    private uint _candidateLength;
    private uint _candidateLost;
    private uint _gapLost;
    private RunLengths _runsByLength;

    /// <summary>Runs of lost packets that have ended.</summary>
    public uint RunCount { get; private set; }

    /// <summary>Lost packets in the runs that have ended.</summary>
    public uint LostInRuns { get; private set; }

    /// <summary>Bursts that have ended.</summary>
    public uint BurstCount { get; private set; }

    /// <summary>Packets, received and lost, from first to last loss of each burst.</summary>
    public uint BurstPackets { get; private set; }

    /// <summary>Lost packets within bursts.</summary>
    public uint BurstLost { get; private set; }

    /// <summary>Lost packets outside bursts.</summary>
    public readonly uint GapLost => _gapLost;

    /// <summary>Runs of exactly <paramref name="length"/> lost packets, 1..10; 10 counts all longer ones too.</summary>
    public readonly uint RunsOfLength(int length) => _runsByLength[length - 1];

    /// <summary>The next packet in sequence was received.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Received()
    {
        if (_run != 0) EndRun();
        _receivedSinceLoss++;
    }

    /// <summary>The next packet in sequence was lost.</summary>
    public void Lost()
    {
        if (_candidateLost > 0 && _receivedSinceLoss < GapMinimum)
        {
            _candidateLength += _receivedSinceLoss + 1;
            _candidateLost++;
        }
        else
        {
            EndCandidate();
            _candidateLength = 1;
            _candidateLost = 1;
        }

        _receivedSinceLoss = 0;
        _run++;
    }

    /// <summary>The sequence ends here: a segment or the stream is over.</summary>
    public void End()
    {
        if (_run != 0) EndRun();
        EndCandidate();
        _receivedSinceLoss = 0;
    }

    private void EndRun()
    {
        _runsByLength[(int)Math.Min(_run, Lengths) - 1]++;
        RunCount++;
        LostInRuns += _run;
        _run = 0;
    }

    private void EndCandidate()
    {
        if (_candidateLost >= 2)
        {
            BurstCount++;
            BurstPackets += _candidateLength;
            BurstLost += _candidateLost;
        }
        else
        {
            _gapLost += _candidateLost;
        }

        _candidateLength = 0;
        _candidateLost = 0;
    }

    [InlineArray(Lengths)]
    private struct RunLengths
    {
        private uint _first;
    }
}
