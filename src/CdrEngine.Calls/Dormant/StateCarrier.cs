using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using CdrEngine.Core;

namespace CdrEngine.Calls.Dormant;

/// <summary>Carries fields into bytes, or out of bytes into fields. One list of fields serves both ways, so that what goes in is what comes out.</summary>
/// <remarks>What most calls have small takes little: numbers seven bits a byte, times as distance from the call's start, texts of ASCII a byte for each letter and the same object only once.
/// Objects that many calls have in common are not written but kept as they are.</remarks>
internal sealed class StateCarrier
{
    private const int Least = 0;
    private const int Most = 1;
    private const int Far = 2;
    private const int Near = 3;

    private readonly List<object> _keep = [];
    private readonly List<string> _texts = [];
    private byte[] _bytes = new byte[2048];
    private object[] _kept = [];
    private int _at;
    private long _origin;

    /// <summary>True while fields go into bytes; false while they come out.</summary>
    public bool IsPacking { get; private set; }

    /// <summary>Begins to take fields in.</summary>
    /// <param name="origin">The time that most others are near.</param>
    public void BeginPacking(Timestamp origin)
    {
        IsPacking = true;
        _at = 0;
        _origin = origin.Microseconds;
        _keep.Clear();
        _texts.Clear();
        Write((ulong)_origin);
    }

    /// <summary>What was taken in since <see cref="BeginPacking"/>.</summary>
    public DormantState EndPacking()
    {
        var state = new DormantState(_bytes.AsSpan(0, _at).ToArray(), _keep.Count == 0 ? [] : [.. _keep]);
        _keep.Clear();
        _texts.Clear();
        return state;
    }

    /// <summary>Begins to give fields back, in the order in which they were taken.</summary>
    public void BeginUnpacking(in DormantState state)
    {
        IsPacking = false;
        _at = 0;
        _texts.Clear();
        if (_bytes.Length < state.Bytes.Length) _bytes = new byte[state.Bytes.Length * 2];
        state.Bytes.CopyTo(_bytes, 0);
        _kept = state.Kept;
        _origin = (long)Read();
    }

    /// <summary>Lets go of what the last state kept.</summary>
    public void EndUnpacking()
    {
        _kept = [];
        _texts.Clear();
    }

    /// <summary>Carries a number that is small as a rule.</summary>
    public void Number(ref ulong value)
    {
        if (IsPacking) Write(value);
        else value = Read();
    }

    /// <inheritdoc cref="Number(ref ulong)"/>
    public void Number(ref long value)
    {
        if (IsPacking) Write(Fold(value));
        else value = Unfold(Read());
    }

    /// <inheritdoc cref="Number(ref ulong)"/>
    public void Number(ref int value)
    {
        long wide = value;
        Number(ref wide);
        value = (int)wide;
    }

    /// <inheritdoc cref="Number(ref ulong)"/>
    public void Number(ref uint value)
    {
        ulong wide = value;
        Number(ref wide);
        value = (uint)wide;
    }

    /// <summary>Carries a number by value; for what no reference can be taken of.</summary>
    public int Number(int value)
    {
        Number(ref value);
        return value;
    }

    /// <summary>Carries a hash: eight bytes.</summary>
    public void Hash(ref ulong value)
    {
        if (IsPacking)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(Room(8), value);
            return;
        }

        value = BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(_at));
        _at += 8;
    }

    /// <summary>Carries up to eight flags in a byte.</summary>
    public void Flags(ref bool a, ref bool b, ref bool c, ref bool d)
    {
        int bits = (a ? 1 : 0) | (b ? 2 : 0) | (c ? 4 : 0) | (d ? 8 : 0);
        Number(ref bits);
        a = (bits & 1) != 0;
        b = (bits & 2) != 0;
        c = (bits & 4) != 0;
        d = (bits & 8) != 0;
    }

    /// <summary>Carries a flag.</summary>
    public void Flag(ref bool value)
    {
        ulong bit = value ? 1UL : 0;
        Number(ref bit);
        value = bit != 0;
    }

    /// <summary>Carries a flag by value.</summary>
    public bool Flag(bool value)
    {
        Flag(ref value);
        return value;
    }

    /// <summary>Carries a value of an enumeration.</summary>
    public void Name<T>(ref T value)
        where T : struct, Enum
    {
        long number = IsPacking ? NumberOf(value) : 0;
        Number(ref number);
        if (!IsPacking) value = ValueOf<T>(number);
    }

    /// <summary>Carries a time.</summary>
    public void Time(ref Timestamp value)
    {
        if (!IsPacking)
        {
            ulong read = Read();
            value = read switch
            {
                Least => Timestamp.MinValue,
                Most => Timestamp.MaxValue,
                Far => new Timestamp((long)Read()),
                _ => new Timestamp(_origin + Unfold(read - Near)),
            };
            return;
        }

        ulong distance = Fold(unchecked(value.Microseconds - _origin));
        if (value == Timestamp.MinValue)
        {
            Write(Least);
        }
        else if (value == Timestamp.MaxValue)
        {
            Write(Most);
        }
        else if (distance > ulong.MaxValue - Near)
        {
            Write(Far);
            Write((ulong)value.Microseconds);
        }
        else
        {
            Write(distance + Near);
        }
    }

    /// <summary>Carries a time by value.</summary>
    public Timestamp Time(Timestamp value)
    {
        Time(ref value);
        return value;
    }

    /// <summary>Carries a time that may be none.</summary>
    public Timestamp? Time(Timestamp? value)
    {
        bool isSet = Flag(value is not null);
        return isSet ? Time(value ?? default) : null;
    }

    /// <summary>Carries a span of time.</summary>
    public void Span(ref TimeSpan value)
    {
        long ticks = value.Ticks;
        Number(ref ticks);
        value = new TimeSpan(ticks);
    }

    /// <summary>Carries an address and a port.</summary>
    public void Address(ref Endpoint value)
    {
        bool isV4 = value.Address.IsV4;
        ulong kind = value == default ? 0UL : isV4 ? 1UL : 2UL;
        Number(ref kind);
        if (kind == 0)
        {
            value = default;
            return;
        }

        ulong high = value.Address.High, low = value.Address.Low;
        if (kind == 2)
        {
            Hash(ref high);
            Hash(ref low);
        }
        else if (IsPacking)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(Room(4), (uint)low);
        }
        else
        {
            IpAddress v4 = IpAddress.FromV4(BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(_at)));
            _at += 4;
            (high, low) = (v4.High, v4.Low);
        }

        uint port = value.Port;
        Number(ref port);
        value = new Endpoint(new IpAddress(high, low), (ushort)port);
    }

    /// <summary>Carries a text of the call's own. Texts that were one object are one again.</summary>
    public void Text(ref string? value)
    {
        if (IsPacking) WriteText(value);
        else value = ReadText();
    }

    /// <summary>Carries a text by value.</summary>
    public string? Text(string? value)
    {
        Text(ref value);
        return value;
    }

    /// <summary>Keeps an object that other calls have too, as it is.</summary>
    public void Keep<T>(ref T? value)
        where T : class
    {
        if (!IsPacking)
        {
            ulong index = Read();
            value = index == 0 ? null : (T)_kept[index - 1];
            return;
        }

        if (value is null)
        {
            Write(0);
            return;
        }

        int known = 0;
        while (known < _keep.Count && !ReferenceEquals(_keep[known], value)) known++;
        if (known == _keep.Count) _keep.Add(value);
        Write((ulong)known + 1);
    }

    /// <summary>Keeps by value.</summary>
    public T? Keep<T>(T? value)
        where T : class
    {
        Keep(ref value);
        return value;
    }

    private static ulong Fold(long value) => (ulong)(value << 1) ^ (ulong)(value >> 63);

    private static long Unfold(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    private static long NumberOf<T>(T value)
        where T : struct, Enum => Unsafe.SizeOf<T>() switch
        {
            1 => Unsafe.BitCast<T, byte>(value),
            2 => Unsafe.BitCast<T, short>(value),
            4 => Unsafe.BitCast<T, int>(value),
            _ => Unsafe.BitCast<T, long>(value),
        };

    private static T ValueOf<T>(long value)
        where T : struct, Enum => Unsafe.SizeOf<T>() switch
        {
            1 => Unsafe.BitCast<byte, T>((byte)value),
            2 => Unsafe.BitCast<short, T>((short)value),
            4 => Unsafe.BitCast<int, T>((int)value),
            _ => Unsafe.BitCast<long, T>(value),
        };

    // 0: none. Odd: a text that was carried before. Even: a new one, its length, and whether it needs two bytes for each letter.
    private void WriteText(string? text)
    {
        if (text is null)
        {
            Write(0);
            return;
        }

        for (int i = 0; i < _texts.Count; i++)
        {
            if (!ReferenceEquals(_texts[i], text)) continue;
            Write(((ulong)i << 1) | 1);
            return;
        }

        _texts.Add(text);
        bool isWide = !System.Text.Ascii.IsValid(text);
        Write((((ulong)text.Length << 1 | (isWide ? 1UL : 0)) << 1) + 2);
        if (isWide)
        {
            System.Runtime.InteropServices.MemoryMarshal.AsBytes(text.AsSpan()).CopyTo(Room(text.Length * 2));
            return;
        }

        System.Text.Encoding.ASCII.GetBytes(text, Room(text.Length));
    }

    private string? ReadText()
    {
        ulong head = Read();
        if (head == 0) return null;
        if ((head & 1) != 0) return _texts[(int)(head >> 1)];
        head = (head - 2) >> 1;
        int length = (int)(head >> 1);
        ReadOnlySpan<byte> bytes = _bytes.AsSpan(_at, (head & 1) != 0 ? length * 2 : length);
        string text = (head & 1) != 0
            ? new string(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, char>(bytes))
            : System.Text.Encoding.ASCII.GetString(bytes);
        _at += bytes.Length;
        _texts.Add(text);
        return text;
    }

    private void Write(ulong value)
    {
        if (_bytes.Length - _at < 10) Array.Resize(ref _bytes, _bytes.Length * 2);
        while (value >= 0x80)
        {
            _bytes[_at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _bytes[_at++] = (byte)value;
    }

    private ulong Read()
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = _bytes[_at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
    }

    private Span<byte> Room(int bytes)
    {
        if (_bytes.Length - _at < bytes) Array.Resize(ref _bytes, (int)BitOperations.RoundUpToPowerOf2((uint)(_at + bytes)));
        Span<byte> room = _bytes.AsSpan(_at, bytes);
        _at += bytes;
        return room;
    }
}

/// <summary>What a carrier took in.</summary>
/// <param name="Bytes">The fields.</param>
/// <param name="Kept">The objects that are kept as they are.</param>
internal readonly record struct DormantState(byte[] Bytes, object[] Kept);
