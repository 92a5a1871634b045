using System.Buffers.Binary;
using CdrEngine.Core;

namespace CdrEngine.Protocols.T38;

/// <summary>What a gateway hears on its telephone line (T.38 7.2.1).</summary>
public enum FaxIndicator : byte
{
    /// <summary>Silence.</summary>
    NoSignal = 0,

    /// <summary>Calling tone.</summary>
    Cng = 1,

    /// <summary>Answering tone.</summary>
    Ced = 2,

    /// <summary>Flags before control frames.</summary>
    V21Preamble = 3,

    /// <summary>Training, 2400 bit/s.</summary>
    V27Training2400 = 4,

    /// <summary>Training, 4800 bit/s.</summary>
    V27Training4800 = 5,

    /// <summary>Training, 7200 bit/s.</summary>
    V29Training7200 = 6,

    /// <summary>Training, 9600 bit/s.</summary>
    V29Training9600 = 7,

    /// <summary>Short training, 7200 bit/s.</summary>
    V17ShortTraining7200 = 8,

    /// <summary>Long training, 7200 bit/s.</summary>
    V17LongTraining7200 = 9,

    /// <summary>Short training, 9600 bit/s.</summary>
    V17ShortTraining9600 = 10,

    /// <summary>Long training, 9600 bit/s.</summary>
    V17LongTraining9600 = 11,

    /// <summary>Short training, 12000 bit/s.</summary>
    V17ShortTraining12000 = 12,

    /// <summary>Long training, 12000 bit/s.</summary>
    V17LongTraining12000 = 13,

    /// <summary>Short training, 14400 bit/s.</summary>
    V17ShortTraining14400 = 14,

    /// <summary>Long training, 14400 bit/s.</summary>
    V17LongTraining14400 = 15,

    /// <summary>V.8 answering tone; this and all after it came with version 3.</summary>
    V8AnswerTone = 16,

    /// <summary>V.8 signal.</summary>
    V8Signal = 17,

    /// <summary>V.34 control channel.</summary>
    V34ControlChannel = 18,

    /// <summary>V.34 primary channel.</summary>
    V34PrimaryChannel = 19,

    /// <summary>V.34 control channel retrained.</summary>
    V34ControlRetrain = 20,

    /// <summary>Training, 12000 bit/s.</summary>
    V33Training12000 = 21,

    /// <summary>Training, 14400 bit/s.</summary>
    V33Training14400 = 22,
}

/// <summary>How data came over the telephone line (T.38 7.2.2).</summary>
public enum FaxModulation : byte
{
    /// <summary>Control frames, 300 bit/s.</summary>
    V21 = 0,

    /// <summary>2400 bit/s.</summary>
    V27Rate2400 = 1,

    /// <summary>4800 bit/s.</summary>
    V27Rate4800 = 2,

    /// <summary>7200 bit/s.</summary>
    V29Rate7200 = 3,

    /// <summary>9600 bit/s.</summary>
    V29Rate9600 = 4,

    /// <summary>7200 bit/s.</summary>
    V17Rate7200 = 5,

    /// <summary>9600 bit/s.</summary>
    V17Rate9600 = 6,

    /// <summary>12000 bit/s.</summary>
    V17Rate12000 = 7,

    /// <summary>14400 bit/s.</summary>
    V17Rate14400 = 8,

    /// <summary>V.8; this and all after it came with version 3.</summary>
    V8 = 9,

    /// <summary>V.34 primary channel rate.</summary>
    V34PrimaryRate = 10,

    /// <summary>V.34 control channel: control frames.</summary>
    V34Control = 11,

    /// <summary>V.34 primary channel.</summary>
    V34Primary = 12,

    /// <summary>12000 bit/s.</summary>
    V33Rate12000 = 13,

    /// <summary>14400 bit/s.</summary>
    V33Rate14400 = 14,
}

/// <summary>What a field of data is (T.38 7.3).</summary>
public enum FaxFieldType : byte
{
    /// <summary>Octets of a frame, without its check sum.</summary>
    HdlcData = 0,

    /// <summary>The signal ended.</summary>
    HdlcSignalEnd = 1,

    /// <summary>The frame ended and was right.</summary>
    HdlcGood = 2,

    /// <summary>The frame ended and was damaged.</summary>
    HdlcBad = 3,

    /// <summary>The frame was right, and the signal ended.</summary>
    HdlcGoodSignalEnd = 4,

    /// <summary>The frame was damaged, and the signal ended.</summary>
    HdlcBadSignalEnd = 5,

    /// <summary>Octets of a page, without error correction.</summary>
    ImageData = 6,

    /// <summary>Such a page ended.</summary>
    ImageSignalEnd = 7,

    /// <summary>V.8 call menu; this and all after it came with version 3.</summary>
    CallMenu = 8,

    /// <summary>V.8 joint menu.</summary>
    JointMenu = 9,

    /// <summary>V.8 call indicator.</summary>
    CallIndicator = 10,

    /// <summary>V.34 rate.</summary>
    V34Rate = 11,
}

/// <summary>Why bytes are no fax message.</summary>
public enum IfpRejection : byte
{
    /// <summary>They are one.</summary>
    None = 0,

    /// <summary>They end before the message does.</summary>
    TooShort = 1,

    /// <summary>An indicator with data, or data without.</summary>
    Data = 2,

    /// <summary>A number that the recommendation gives no meaning.</summary>
    Value = 3,

    /// <summary>A length in the fragmented form.</summary>
    Length = 4,
}

/// <summary>One message of fax over IP, in place (T.38 7, Annex A): what is heard on the line, or data from it.</summary>
public readonly ref struct IfpPacket
{
    private const byte HasDataBit = 0x80;
    private const byte IsDataBit = 0x40;
    private const byte ExtensionBit = 0x20;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly int _fieldsAt;
    private readonly byte _value;
    private readonly bool _isOld;

    private IfpPacket(ReadOnlySpan<byte> bytes, bool isIndicator, byte value, int fieldsAt, int count, bool isOld)
    {
        _bytes = bytes;
        IsIndicator = isIndicator;
        _value = value;
        _fieldsAt = fieldsAt;
        FieldCount = count;
        _isOld = isOld;
    }

    /// <summary>True for a signal on the line, false for data.</summary>
    public bool IsIndicator { get; }

    /// <summary>The signal, where it is one.</summary>
    public FaxIndicator Indicator => (FaxIndicator)_value;

    /// <summary>How the data came, where it is data.</summary>
    public FaxModulation Modulation => (FaxModulation)_value;

    /// <summary>Fields of data; 0 for an indicator.</summary>
    public int FieldCount { get; }

    /// <summary>The fields in order.</summary>
    public IfpFields Fields => new(_bytes, _fieldsAt, FieldCount, _isOld);

    /// <summary>Reads one message. Octets behind it are left out (what parity gave back is padded).</summary>
    /// <param name="bytes">The message.</param>
    /// <param name="version">T38FaxVersion of the SDP; below 1, as where none is written, the older encoding of fields (before Corrigendum 1 of 1998).</param>
    /// <param name="packet">A view into it; default where it is none.</param>
    /// <param name="reason">Why it is none.</param>
    public static ParseOutcome TryRead(ReadOnlySpan<byte> bytes, int version, out IfpPacket packet, out IfpRejection reason)
    {
        packet = default;
        reason = IfpRejection.TooShort;
        if (bytes.IsEmpty) return ParseOutcome.NeedMore;
        byte first = bytes[0];
        bool hasData = (first & HasDataBit) != 0, isIndicator = (first & IsDataBit) == 0;
        int at = 1, value = (first >> 1) & 0x0F, most = isIndicator ? (int)FaxIndicator.V17LongTraining14400 : (int)FaxModulation.V17Rate14400;
        if ((first & ExtensionBit) != 0)
        {
            // Numbers beyond the first edition: six bits across two octets.
            if (bytes.Length < 2) return ParseOutcome.NeedMore;
            value = most + 1 + (((first << 2) & 0x3C) | (bytes[1] >> 6));
            most = isIndicator ? (int)FaxIndicator.V33Training14400 : (int)FaxModulation.V33Rate14400;
            at = 2;
        }

        reason = IfpRejection.Value;
        if (value > most) return ParseOutcome.Malformed;
        reason = IfpRejection.Data;
        if (hasData == isIndicator) return ParseOutcome.Malformed;
        int count = 0, fieldsAt = at;
        bool isOld = version < 1;
        if (hasData)
        {
            ParseOutcome outcome = ReadFields(bytes, ref at, out count, out fieldsAt, isOld, out reason);
            if (outcome != ParseOutcome.Message) return outcome;
        }

        reason = IfpRejection.None;
        packet = new IfpPacket(bytes, isIndicator, (byte)value, fieldsAt, count, isOld);
        return ParseOutcome.Message;
    }

    private static ParseOutcome ReadFields(ReadOnlySpan<byte> bytes, scoped ref int at, out int count, out int fieldsAt, bool isOld, out IfpRejection reason)
    {
        ParseOutcome outcome = PerLength.TryRead(bytes, ref at, out count);
        reason = outcome == ParseOutcome.Malformed ? IfpRejection.Length : IfpRejection.TooShort;
        fieldsAt = at;
        for (int i = 0; i < count && outcome == ParseOutcome.Message; i++) outcome = TryReadField(bytes, ref at, isOld, out _, out reason);
        return outcome;
    }

    internal static ParseOutcome TryReadField(ReadOnlySpan<byte> bytes, scoped ref int at, bool isOld, out IfpField field, scoped out IfpRejection reason)
    {
        field = default;
        reason = IfpRejection.TooShort;
        if (at >= bytes.Length) return ParseOutcome.NeedMore;
        byte first = bytes[at++];
        bool hasOctets = (first & 0x80) != 0;
        int type = isOld ? (first >> 4) & 7 : (first >> 3) & 7;
        if (!isOld && (first & 0x40) != 0)
        {
            if (at >= bytes.Length) return ParseOutcome.NeedMore;
            type = (int)FaxFieldType.CallMenu + (((first << 2) & 0x3C) | (bytes[at++] >> 6));
        }

        reason = IfpRejection.Value;
        if (type > (int)FaxFieldType.V34Rate) return ParseOutcome.Malformed;
        if (!hasOctets)
        {
            field = new IfpField((FaxFieldType)type, default);
            return ParseOutcome.Message;
        }

        // SIZE (1..65535): two octets that hold one less.
        reason = IfpRejection.TooShort;
        if (bytes.Length - at < 2) return ParseOutcome.NeedMore;
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]) + 1;
        at += 2;
        if (length > bytes.Length - at) return ParseOutcome.NeedMore;
        field = new IfpField((FaxFieldType)type, bytes.Slice(at, length));
        at += length;
        return ParseOutcome.Message;
    }
}

/// <summary>One field of data.</summary>
public readonly ref struct IfpField
{
    internal IfpField(FaxFieldType type, ReadOnlySpan<byte> octets)
    {
        Type = type;
        Octets = octets;
    }

    /// <summary>What it is.</summary>
    public FaxFieldType Type { get; }

    /// <summary>Its octets, the bit sent first being the highest; empty where it has none.</summary>
    public ReadOnlySpan<byte> Octets { get; }
}

/// <summary>The fields of a message in order.</summary>
public ref struct IfpFields
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly bool _isOld;
    private int _at;
    private int _left;
    private IfpField _current;

    internal IfpFields(ReadOnlySpan<byte> bytes, int at, int count, bool isOld)
    {
        _bytes = bytes;
        _at = at;
        _left = count;
        _isOld = isOld;
        _current = default;
    }

    /// <summary>The one reached.</summary>
    public readonly IfpField Current => _current;

    /// <summary>Itself, so that it can be walked.</summary>
    public readonly IfpFields GetEnumerator() => this;

    /// <summary>Goes to the next; false at the end.</summary>
    public bool MoveNext()
    {
        int at = _at;
        if (_left == 0 || IfpPacket.TryReadField(_bytes, ref at, _isOld, out IfpField field, out _) != ParseOutcome.Message) return false;
        _current = field;
        _at = at;
        _left--;
        return true;
    }
}
