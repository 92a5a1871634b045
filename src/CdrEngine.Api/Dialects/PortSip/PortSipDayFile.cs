using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using CdrEngine.Calls.Transactions;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>What memory tells of a day, as bytes: texts, each once, and what points to them, with a checksum behind. Whatever is not whole, or of something else, is as good as nothing.</summary>
/// <param name="Stamp">What the day's calls were.</param>
/// <param name="States">What its sessions were, and those that have calls of it.</param>
/// <param name="Rows">The sessions that began on it, in order of their starts.</param>
internal sealed record PortSipDayFile(string Stamp, IReadOnlyDictionary<string, long> States, PortSipSessionRow[] Rows)
{
    /// <summary>A day of more is not kept.</summary>
    public const int MostBytes = 256 << 20;

    // Another one for each change of what follows; a program that was built anew reads nothing of before in any case.
    private const long Format = 0x0001_5357_4F52_5243;
    private const int SumBytes = sizeof(ulong);

    // Of a text: wide ones have two bytes a character; shared ones are those that many sessions have.
    private const uint Wide = 1, Shared = 2;

    [Flags]
    private enum Has : uint
    {
        None = 0,
        Stray = 1,
        RangAt = 2,
        AnsweredAt = 4,
        EndedAt = 8,
        Status = 16,
        Own = 32,
        Reached = 64,
    }

    /// <summary>By session and day that its calls reach the state that it had there when it was told; one that is not among them is to be told anew.</summary>
    public IReadOnlyDictionary<(string Session, DateOnly Day), long> Reached { get; init; } = new Dictionary<(string, DateOnly), long>();

    /// <summary>As bytes.</summary>
    /// <param name="header">What the reader has to know as well.</param>
    public byte[] ToBytes(string header)
    {
        var to = new Writer();
        to.Text(Stamp, shared: false);
        to.Number((ulong)States.Count);
        foreach ((string session, long state) in States)
        {
            to.Text(session, shared: false);
            to.Word(state);
        }

        to.Number((ulong)Rows.Length);
        foreach (PortSipSessionRow row in Rows) Write(to, row);
        return to.ToBytes(header);
    }

    /// <summary>Reads it; null where it is damaged, or another's.</summary>
    /// <param name="bytes">They.</param>
    /// <param name="header">What the writer was told.</param>
    /// <param name="shared">Gives the one copy of a text that many have.</param>
    public static PortSipDayFile? Read(ReadOnlySpan<byte> bytes, string header, Func<string, string> shared)
    {
        if (bytes.Length < SumBytes) return null;
        ReadOnlySpan<byte> content = bytes[..^SumBytes];
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes[^SumBytes..]) != Hash64.Of(content)) return null;
        var from = new Reader(content);
        if (!from.ReadTexts(header, shared)) return null;
        string? stamp = from.Text();
        var states = new Dictionary<string, long>(from.Count(1 + sizeof(long)), StringComparer.Ordinal);
        for (int left = from.LastCount; left > 0; left--) from.IsDamaged |= !states.TryAdd(from.Text() ?? "", from.Word());
        var rows = new PortSipSessionRow[from.Count(1)];
        var reached = new Dictionary<(string, DateOnly), long>();
        for (int i = 0; i < rows.Length && !from.IsDamaged; i++)
        {
            rows[i] = Read(ref from, reached, isOwn: false);
            from.IsDamaged |= i > 0 && PortSipSessionRow.Compare(rows[i - 1], rows[i]) > 0;
        }

        return from.IsDamaged || !from.IsOver || stamp is null ? null : new PortSipDayFile(stamp, states, rows) { Reached = reached };
    }

    private void Write(Writer to, PortSipSessionRow row)
    {
        Has has = (row.IsStray ? Has.Stray : 0) | (row.RangAt is null ? 0 : Has.RangAt) | (row.AnsweredAt is null ? 0 : Has.AnsweredAt) | (row.EndedAt is null ? 0 : Has.EndedAt)
            | (row.Status is null ? 0 : Has.Status) | (row.Own is null ? 0 : Has.Own) | (row.Reached is null ? 0 : Has.Reached);
        to.Number((uint)has);
        to.Text(row.Id, shared: false);
        to.Text(row.CallId, shared: false);
        to.Signed(row.Number);
        to.Signed(row.StartedAt.Microseconds);
        if (row.RangAt is { } rang) to.Signed(rang.Microseconds);
        if (row.AnsweredAt is { } answered) to.Signed(answered.Microseconds);
        if (row.EndedAt is { } ended) to.Signed(ended.Microseconds);
        if (row.Status is { } status) to.Signed(status);
        to.Signed(row.Duration);
        foreach (string? text in (ReadOnlySpan<string?>)[
            row.Tenant, row.Caller, row.CallerE164, row.CallerDomain, row.CallerDisplayName, row.Callee, row.CalleeE164, row.CalleeDomain, row.CalleeDisplayName, row.Direction, row.EndReason,
            row.RerouteReason, row.Destination, row.OutboundCallerId, row.DidCid, row.Trunk, row.ServiceNumber, row.UserData]) to.Text(text, shared: true);
        if (row.Reached is { } days)
        {
            to.Number((ulong)days.Length);
            foreach (DateOnly day in days)
            {
                bool isKnown = Reached.TryGetValue((row.Id, day), out long state);
                to.Number(((ulong)day.DayNumber << 1) | (isKnown ? 1UL : 0));
                if (isKnown) to.Word(state);
            }
        }

        if (row.Own is { } own) Write(to, own);
    }

    private static PortSipSessionRow Read(ref Reader from, Dictionary<(string, DateOnly), long> reached, bool isOwn)
    {
        var has = (Has)from.Number();
        string id = from.Text() ?? "";
        string? callId = from.Text();
        long number = from.Signed();
        Timestamp startedAt = new(from.Signed());
        Timestamp? rangAt = Time(ref from, Has.RangAt), answeredAt = Time(ref from, Has.AnsweredAt), endedAt = Time(ref from, Has.EndedAt);
        long status = has.HasFlag(Has.Status) ? from.Signed() : 0;
        from.IsDamaged |= status != (int)status || (isOwn && has.HasFlag(Has.Own));
        return new PortSipSessionRow
        {
            Id = id,
            CallId = callId,
            Number = number,
            IsStray = has.HasFlag(Has.Stray),
            StartedAt = startedAt,
            RangAt = rangAt,
            AnsweredAt = answeredAt,
            EndedAt = endedAt,
            Status = has.HasFlag(Has.Status) ? (int)status : null,
            Duration = from.Signed(),
            Tenant = from.Text(),
            Caller = from.Text(),
            CallerE164 = from.Text(),
            CallerDomain = from.Text(),
            CallerDisplayName = from.Text(),
            Callee = from.Text(),
            CalleeE164 = from.Text(),
            CalleeDomain = from.Text(),
            CalleeDisplayName = from.Text(),
            Direction = from.Text(),
            EndReason = from.Text(),
            RerouteReason = from.Text() ?? "",
            Destination = from.Text(),
            OutboundCallerId = from.Text(),
            DidCid = from.Text(),
            Trunk = from.Text(),
            ServiceNumber = from.Text(),
            UserData = from.Text(),
            Reached = has.HasFlag(Has.Reached) ? Days(ref from) : null,
            Own = has.HasFlag(Has.Own) && !from.IsDamaged ? Read(ref from, reached, isOwn: true) : null,
        };

        Timestamp? Time(ref Reader from, Has its) => has.HasFlag(its) ? new Timestamp(from.Signed()) : null;

        DateOnly[] Days(ref Reader from)
        {
            var days = new DateOnly[from.Count(1)];
            for (int i = 0; i < days.Length; i++)
            {
                ulong day = from.Number();
                if (day >> 1 > (ulong)DateOnly.MaxValue.DayNumber)
                {
                    from.IsDamaged = true;
                    break;
                }

                days[i] = DateOnly.FromDayNumber((int)(day >> 1));
                if ((day & 1) != 0) reached[(id, days[i])] = from.Word();
            }

            return days;
        }
    }

    // What points to texts is written before it is known what they all are: they are put before it in the end.
    private sealed class Writer
    {
        private readonly ArrayBufferWriter<byte> _content = new();
        private readonly ArrayBufferWriter<byte> _texts = new();
        private readonly Dictionary<(string Text, bool Shared), uint> _places = [];

        public byte[] ToBytes(string header)
        {
            var all = new ArrayBufferWriter<byte>(_content.WrittenCount + _texts.WrittenCount + 1024);
            Word(all, Format);
            Put(all, header, 0);
            Number(all, (ulong)_places.Count);
            all.Write(_texts.WrittenSpan);
            all.Write(_content.WrittenSpan);
            Word(all, unchecked((long)Hash64.Of(all.WrittenSpan)));
            return all.WrittenSpan.ToArray();
        }

        public void Number(ulong number) => Number(_content, number);

        public void Signed(long number) => Number(_content, (ulong)(number << 1) ^ (ulong)(number >> 63));

        public void Word(long word) => Word(_content, word);

        // Null is 0, others their place from 1 on.
        public void Text(string? text, bool shared)
        {
            uint place = 0;
            if (text is not null && !_places.TryGetValue((text, shared), out place))
            {
                _places.Add((text, shared), place = (uint)_places.Count + 1);
                Put(_texts, text, shared ? Shared : 0);
            }

            Number(_content, place);
        }

        private static void Put(ArrayBufferWriter<byte> to, string text, uint marks)
        {
            bool isWide = text.AsSpan().ContainsAnyExceptInRange('\0', '\u00FF');
            Number(to, ((ulong)(uint)text.Length << 2) | marks | (isWide ? Wide : 0));
            if (isWide)
            {
                Span<byte> units = to.GetSpan(2 * text.Length);
                for (int i = 0; i < text.Length; i++) BinaryPrimitives.WriteUInt16LittleEndian(units[(2 * i)..], text[i]);
                to.Advance(2 * text.Length);
            }
            else
            {
                to.Advance(Encoding.Latin1.GetBytes(text, to.GetSpan(Math.Max(1, text.Length))));
            }
        }

        private static void Number(ArrayBufferWriter<byte> to, ulong number)
        {
            Span<byte> bytes = to.GetSpan(10);
            int length = 0;
            for (; number > 0x7F; number >>= 7) bytes[length++] = (byte)(number | 0x80);
            bytes[length++] = (byte)number;
            to.Advance(length);
        }

        private static void Word(ArrayBufferWriter<byte> to, long word)
        {
            BinaryPrimitives.WriteInt64LittleEndian(to.GetSpan(sizeof(long)), word);
            to.Advance(sizeof(long));
        }
    }

    // Behind the end, and of what cannot be, it gives zeros and says that all is damaged. Nothing is allocated for more than there are bytes for.
    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _left = bytes;
        private string[] _texts = [];

        public bool IsDamaged { get; set; }

        public readonly bool IsOver => _left.IsEmpty;

        public int LastCount { get; private set; }

        public bool ReadTexts(string header, Func<string, string> shared)
        {
            if (Word() != Format || NextText(out _) is not { } its || its != header) return false;
            var texts = new string[Count(1)];
            for (int i = 0; i < texts.Length && !IsDamaged; i++)
            {
                string text = NextText(out bool isShared);
                texts[i] = isShared ? shared(text) : text;
            }

            _texts = texts;
            return !IsDamaged;
        }

        // How many follow of what has so many bytes at least.
        public int Count(int least)
        {
            ulong count = Number();
            if (count > (ulong)(_left.Length / least)) IsDamaged = true;
            return LastCount = IsDamaged ? 0 : (int)count;
        }

        public string? Text()
        {
            ulong place = Number();
            if (place == 0) return null;
            if (place <= (ulong)_texts.Length) return _texts[place - 1];
            IsDamaged = true;
            return null;
        }

        public ulong Number()
        {
            ulong number = 0;
            for (int i = 0; i < _left.Length && i < 10; i++)
            {
                number |= (ulong)(_left[i] & 0x7F) << (7 * i);
                if (_left[i] > 0x7F) continue;
                _left = _left[(i + 1)..];
                return number;
            }

            IsDamaged = true;
            return 0;
        }

        public long Signed()
        {
            ulong number = Number();
            return (long)(number >> 1) ^ -(long)(number & 1);
        }

        public long Word()
        {
            if (_left.Length < sizeof(long))
            {
                IsDamaged = true;
                return 0;
            }

            long word = BinaryPrimitives.ReadInt64LittleEndian(_left);
            _left = _left[sizeof(long)..];
            return word;
        }

        private string NextText(out bool isShared)
        {
            ulong head = Number();
            isShared = (head & Shared) != 0;
            bool isWide = (head & Wide) != 0;
            if (head >> 2 > (ulong)(isWide ? _left.Length / 2 : _left.Length)) IsDamaged = true;
            if (IsDamaged) return "";
            int length = (int)(head >> 2);
            ReadOnlySpan<byte> its = _left[..(isWide ? 2 * length : length)];
            _left = _left[its.Length..];
            if (!isWide) return Encoding.Latin1.GetString(its);
            Span<char> text = length <= 256 ? stackalloc char[length] : new char[length];
            for (int i = 0; i < length; i++) text[i] = (char)BinaryPrimitives.ReadUInt16LittleEndian(its[(2 * i)..]);
            return new string(text);
        }
    }
}
