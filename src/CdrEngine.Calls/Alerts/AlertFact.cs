using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;

namespace CdrEngine.Calls.Alerts;

/// <summary>Something that rules count. Small: it outlives the record it was made of.</summary>
/// <param name="At">When it happened.</param>
/// <param name="Key">Puts facts of the same instant in one order, whichever way they came.</param>
public abstract record AlertFact(Timestamp At, string Key);

/// <summary>A call is over: what its final record says.</summary>
/// <param name="At">Its end.</param>
/// <param name="Key">Id of its record.</param>
public sealed record CallOver(Timestamp At, string Key) : AlertFact(At, Key)
{
    /// <summary>Its start.</summary>
    public Timestamp StartedAt { get; init; }

    /// <summary>Tenant; null for nobody's.</summary>
    public string? Tenant { get; init; }

    /// <summary>Trunk; null where it crossed none.</summary>
    public string? Trunk { get; init; }

    /// <summary>Number of the caller.</summary>
    public string? Caller { get; init; }

    /// <summary>User of the directory who called: name and id.</summary>
    public string? User { get; init; }

    /// <summary>Signalling address of the caller.</summary>
    public string? Source { get; init; }

    /// <summary>Signalling address of the callee.</summary>
    public string? Peer { get; init; }

    /// <summary>Digits dialled, in full international form as far as is known; empty where there are none.</summary>
    public string Digits { get; init; } = "";

    /// <summary>How it came out.</summary>
    public Disposition Disposition { get; init; }

    /// <summary>MOS of its worst stream; null without one.</summary>
    public double? Mos { get; init; }

    /// <summary>Whether it had one-way audio.</summary>
    public bool IsOneWay { get; init; }

    /// <summary>Whether it was answered and had media.</summary>
    public bool HasMedia { get; init; }

    /// <summary>Ended less answered.</summary>
    public TimeSpan Talk { get; init; }

    /// <summary>Post-dial delay; null where it never rang.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>What it costs; 0 where nothing is known.</summary>
    public decimal Amount { get; init; }

    /// <summary>Currency of the amount; null where there is none.</summary>
    public string? Currency { get; init; }

    /// <summary>Whether a <see cref="CallBegan"/> of it was counted.</summary>
    public bool HasBegun { get; init; }

    /// <summary>What rules ask of a final record.</summary>
    public static CallOver Of(CallRecord record)
    {
        double? worst = null;
        for (int i = 0; i < record.Streams.Count; i++)
        {
            if ((record.Streams[i].Mos ?? record.Streams[i].MosMin) is { } mos && !(worst <= mos)) worst = mos;
        }

        return new CallOver(record.EndedAt ?? record.StartedAt, record.Id)
        {
            StartedAt = record.StartedAt,
            Tenant = record.Tenant,
            Trunk = record.Marks?.Trunk,
            Caller = record.Caller.Number,
            User = record.Caller.Identity is { Kind: PartyKind.User } user ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{user.Id}") : null,
            Source = record.Caller.Address?.Address.ToString(),
            Peer = record.Callee.Address?.Address.ToString(),
            Digits = DigitsOf(record),
            Disposition = record.Disposition,
            Mos = worst,
            IsOneWay = record.Flags.HasFlag(CallFlags.OneWayAudio),
            HasMedia = record.AnsweredAt is not null && record.Streams.Count > 0,
            Talk = record.BillableDuration,
            Delay = record.PostDialDelay,
            Amount = record.Marks?.Charge?.Amount ?? 0,
            Currency = record.Marks?.Charge?.Currency,
        };
    }

    // What a number plan knows in full goes before what stands on the wire; there + and 00 both begin a number in full.
    private static string DigitsOf(CallRecord record)
    {
        ReadOnlySpan<char> text = record.Callee.E164 ?? record.Dialled ?? record.Callee.Number;
        if (text.StartsWith("+")) text = text[1..];
        else if (text.StartsWith("00")) text = text[2..];
        int digits = 0;
        while (digits < text.Length && digits < 24 && char.IsAsciiDigit(text[digits])) digits++;
        return text[..digits].ToString();
    }
}

/// <summary>A call has begun; told only where its end will be.</summary>
/// <param name="At">Its start.</param>
/// <param name="Key">Id of its record.</param>
/// <param name="Over">What will be told at its end.</param>
public sealed record CallBegan(Timestamp At, string Key, CallOver Over) : AlertFact(At, Key);

/// <summary>So many calls go on.</summary>
/// <param name="At">When they were counted.</param>
/// <param name="Tenant">Of this tenant.</param>
/// <param name="Trunk">Over this trunk.</param>
/// <param name="Calls">How many.</param>
/// <param name="Scope">What they were told apart by: counts for rules that tell them apart so.</param>
public sealed record CallLoad(Timestamp At, string? Tenant, string? Trunk, long Calls, AlertScope Scope) : AlertFact(At, $"{Tenant}/{Trunk}");

/// <summary>Something happened to a registration.</summary>
/// <param name="At">When.</param>
/// <param name="Key">Id of the registration.</param>
/// <param name="Kind">What.</param>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Aor">Address of record.</param>
/// <param name="Source">Address of the device.</param>
/// <param name="Server">Address of the registrar.</param>
public sealed record RegistrationFact(Timestamp At, string Key, RegistrationEventKind Kind, string? Tenant, string? Aor, string? Source, string? Server) : AlertFact(At, Key)
{
    /// <summary>What rules ask of an event of a registration.</summary>
    public static RegistrationFact Of(RegistrationRecord registration, RegistrationEvent happened) => new(
        happened.LastAt, registration.Id, happened.Kind, registration.Tenant, registration.Aor,
        (happened.Source.IsNone ? registration.Source : happened.Source) is { IsNone: false } source ? source.Address.ToString() : null,
        registration.Server is { IsNone: false } server ? server.Address.ToString() : null);
}

/// <summary>What a source captured and lost since it was last told.</summary>
/// <param name="At">When.</param>
/// <param name="Source">Its name.</param>
/// <param name="Packets">Packets captured.</param>
/// <param name="Lost">Packets lost.</param>
public sealed record CaptureFact(Timestamp At, string Source, long Packets, long Lost) : AlertFact(At, Source);
