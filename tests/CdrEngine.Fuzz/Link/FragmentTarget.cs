using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Fuzz.Link;

/// <summary>Reads its input as a script of fragments of one datagram, four bytes each (place, length, end, filling), and holds the
/// reassembly against a map of bytes. The first input byte chooses IPv4 or IPv6.</summary>
public static class FragmentTarget
{
    private const int MinimumSctpBytes = 12;
    private static readonly int Most = new DecoderLimits().MaxFragmentsPerDatagram;

    /// <summary>Gives what was counted, so that a test can see that the scripts reach what they should.</summary>
    public static Counters<DecodeCounter> Run(ReadOnlySpan<byte> input)
    {
        var decoder = new PacketDecoder();
        if (input.IsEmpty) return decoder.Counters;
        bool isV6 = (input[0] & 1) != 0;
        PacketBuilder builder = new PacketBuilder().Ethernet().Ip(isV6 ? "2001:db8::1" : "10.0.0.1", isV6 ? "2001:db8::2" : "10.0.0.2", 1).Sctp(1, 2);
        var oracle = new Oracle(isV6);
        long frames = 0;
        for (int at = 1; at + 4 <= input.Length; at += 4)
        {
            int offset = (input[at] % 24) * 8;
            int length = input[at + 1] % 8 == 0 ? input[at + 1] % 32 : (input[at + 1] % 6) * 8;
            bool more = input[at + 2] % 5 != 0;
            if (offset == 0 && !more) continue; // that is no fragment
            byte[] piece = new byte[length];
            Array.Fill(piece, (byte)(input[at + 3] % 3));
            frames++;
            (DecodeOutcome expected, byte[]? whole) = oracle.Add(offset, piece, more);
            DecodeOutcome outcome = decoder.Decode(PacketBuilder.Captured(builder.BuildFragment(piece, offset, more), default), out DecodedPacket decoded);
            Assert.Equal(expected, outcome);
            if (whole is not null && outcome == DecodeOutcome.Sctp) Assert.True(decoded.Payload.SequenceEqual(whole.AsSpan(MinimumSctpBytes)));
            Assert.InRange(decoder.HeldDatagrams, 0, 1);
            if (decoder.HeldDatagrams == 0) Assert.Equal(0, decoder.HeldBytes);
        }

        Assert.True(decoder.Counters[DecodeCounter.HeldFragment] <= frames);
        return decoder.Counters;
    }

    private sealed class Oracle(bool isV6)
    {
        private readonly Dictionary<int, byte> _bytes = [];
        private int? _end;
        private bool _isDead;
        private int _laid;

        public (DecodeOutcome Outcome, byte[]? Whole) Add(int offset, byte[] piece, bool more)
        {
            if (piece.Length == 0 || (more && piece.Length % 8 != 0)) return (DecodeOutcome.Malformed, null);
            if (_isDead) return (DecodeOutcome.Malformed, null);
            int end = offset + piece.Length;
            int last = _bytes.Count == 0 ? 0 : _bytes.Keys.Max() + 1;
            if (more ? end > _end : (_end is null ? end < last : end != _end)) return (GiveUp(), null);
            int[] places = [.. Enumerable.Range(offset, piece.Length)];
            if (places.All(i => _bytes.TryGetValue(i, out byte b) && b == piece[i - offset])) return (DecodeOutcome.HeldFragment, null);
            if (isV6 && places.Any(_bytes.ContainsKey)) return (GiveUp(), null);
            if (_laid++ == Most)
            {
                // One more than may be: the datagram is given up and the fragment with it, which is no fault of its form.
                GiveUp();
                return (DecodeOutcome.HeldFragment, null);
            }

            foreach (int i in places) _bytes.TryAdd(i, piece[i - offset]);
            if (!more) _end = end;
            if (_end is not { } length || _bytes.Count != length) return (DecodeOutcome.HeldFragment, null);
            byte[] whole = [.. Enumerable.Range(0, length).Select(i => _bytes[i])];
            Forget();
            return (length < MinimumSctpBytes ? DecodeOutcome.Malformed : DecodeOutcome.Sctp, whole);
        }

        private DecodeOutcome GiveUp()
        {
            Forget();
            _isDead = isV6;
            return DecodeOutcome.Malformed;
        }

        private void Forget()
        {
            _bytes.Clear();
            _end = null;
            _laid = 0;
        }
    }
}
