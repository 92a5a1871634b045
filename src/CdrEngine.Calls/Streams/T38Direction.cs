using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.T38;

namespace CdrEngine.Calls.Streams;

/// <summary>One way of a T.38 session: numbers, what was lost and came back, and the control frames put together from their octets.</summary>
internal sealed class T38Direction(Endpoint source, Endpoint destination, PartySide from)
{
    /// <summary>Numbers further apart than this are a new start.</summary>
    private const int MaxJump = 1000;

    /// <summary>Longest control frame kept; those of T.30 are shorter, but for non-standard ones that say nothing to us.</summary>
    private const int MaxFrame = 128;

    /// <summary>Messages remembered for parity; spans are some few.</summary>
    private const int Remembered = 128;

    private readonly byte[] _frame = new byte[MaxFrame];
    private byte[]?[]? _history;
    private int _frameLength;
    private ushort _newest;
    private ulong _missing;

    public Endpoint Source { get; } = source;

    public Endpoint Destination { get; } = destination;

    public PartySide From { get; set; } = from;

    public long Packets { get; private set; }

    public long Lost { get; private set; }

    public long Recovered { get; private set; }

    public long Duplicates { get; private set; }

    public long ImageOctets { get; private set; }

    /// <summary>Takes the numbers of one datagram; false for one that was there before or comes too late to be heard in order.</summary>
    /// <param name="packet">The datagram.</param>
    /// <param name="missing">Messages missing between it and the newest before.</param>
    public bool Count(in UdptlPacket packet, out int missing)
    {
        missing = 0;
        ushort number = packet.SequenceNumber;
        if (Packets == 0) _newest = (ushort)(number - 1);
        int ahead = (short)(number - _newest);
        if (ahead is > 0 and <= MaxJump)
        {
            missing = ahead - 1;
            _newest = number;

            // Bit i: the message i + 1 before the newest has not been seen.
            _missing = ahead < 64 ? _missing << ahead : 0;
            if (missing > 0) _missing |= (missing < 63 ? (1UL << missing) - 1 : ulong.MaxValue);
            Packets++;
            Lost += missing;
            return true;
        }

        if (ahead is <= 0 and > -MaxJump)
        {
            int age = -ahead;
            bool wasMissing = age is > 0 and <= 64 && (_missing >> (age - 1) & 1) != 0;
            if (!wasMissing)
            {
                Duplicates++;
                return false;
            }

            _missing &= ~(1UL << (age - 1));
            Packets++;
            Lost--;
            return false;
        }

        _newest = number;
        _missing = 0;
        _frameLength = 0;
        Packets++;
        return true;
    }

    /// <summary>The message that came <paramref name="age"/> before the newest was given back by a later datagram.</summary>
    public void Recover(int age)
    {
        if (age is < 1 or > 64 || (_missing >> (age - 1) & 1) == 0) return;
        _missing &= ~(1UL << (age - 1));
        Lost--;
        Recovered++;
    }

    /// <summary>Keeps a message for parity; nothing before the session has shown that it uses it.</summary>
    public void Remember(int age, ReadOnlySpan<byte> message)
    {
        if (_history is not null) _history[(ushort)(_newest - age) % Remembered] = message.ToArray();
    }

    /// <summary>From now on messages are kept: the other side's recovery is parity.</summary>
    public void UseParity() => _history ??= new byte[]?[Remembered];

    /// <summary>Forgets what stood where missing messages would.</summary>
    public void Forget(int missing)
    {
        if (_history is null) return;
        for (int age = 1; age <= Math.Min(missing, Remembered - 1); age++) _history[(ushort)(_newest - age) % Remembered] = null;
    }

    /// <summary>The one message that a parity entry gives back (T.38 9.1.4.2): its age, or 0 where none or more than one of its group is missing.</summary>
    /// <param name="parity">The entry.</param>
    /// <param name="entry">Its place, from 0.</param>
    /// <param name="entries">How many there are: messages of a group lie that far apart.</param>
    /// <param name="span">Messages in a group.</param>
    /// <param name="message">The message, padded with zeros to the longest of its group.</param>
    public int TryParity(ReadOnlySpan<byte> parity, int entry, int entries, int span, out byte[] message)
    {
        message = [];
        if (_history is null || span * entries >= Remembered) return 0;
        int which = 0;
        for (int i = 1; i <= span; i++)
        {
            int age = (i * entries) - entry;
            if (age > 0 && _history[(ushort)(_newest - age) % Remembered] is not null) continue;
            if (which != 0 || age is < 1 or > 64 || (_missing >> (age - 1) & 1) == 0) return 0;
            which = age;
        }

        if (which == 0) return 0;
        message = parity.ToArray();
        for (int i = 1; i <= span; i++)
        {
            int age = (i * entries) - entry;
            if (age == which) continue;
            byte[] other = _history[(ushort)(_newest - age) % Remembered]!;
            for (int k = 0; k < Math.Min(message.Length, other.Length); k++) message[k] ^= other[k];
        }

        return which;
    }

    /// <summary>Takes one message; control frames that it completes go to <paramref name="session"/>.</summary>
    public void Hear(in IfpPacket message, T38Meter session)
    {
        if (message.IsIndicator)
        {
            _frameLength = 0;
            return;
        }

        bool isControl = message.Modulation is FaxModulation.V21 or FaxModulation.V34Control;
        foreach (IfpField field in message.Fields)
        {
            if (!isControl)
            {
                session.HearField(field, this);
                HearImage(field, session);
                continue;
            }

            switch (field.Type)
            {
                case FaxFieldType.HdlcData:
                    int kept = Math.Min(field.Octets.Length, MaxFrame - _frameLength);
                    field.Octets[..kept].CopyTo(_frame.AsSpan(_frameLength));
                    _frameLength += kept;
                    break;
                case FaxFieldType.HdlcGood or FaxFieldType.HdlcGoodSignalEnd:
                    if (T30Frame.TryRead(_frame.AsSpan(0, _frameLength), out T30Frame frame)) session.Hear(frame, this);
                    _frameLength = 0;
                    break;
                default:
                    _frameLength = 0;
                    break;
            }
        }
    }

    private void HearImage(IfpField field, T38Meter session)
    {
        // Nothing but zeros is the training check, or filling.
        if (field.Type is not (FaxFieldType.ImageData or FaxFieldType.HdlcData) || field.Octets.IndexOfAnyExcept((byte)0) < 0) return;
        ImageOctets += field.Octets.Length;
        session.HearImage(this);
    }
}
