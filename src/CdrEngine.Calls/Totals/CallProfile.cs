using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Totals;

/// <summary>What calls have in common that lists and totals ask for. There are few different ones among many calls, so sums by profile answer at once what would
/// else be counted call by call.</summary>
public readonly record struct CallProfile
{
    /// <summary>Tenant; empty for none.</summary>
    public string Tenant { get; init; }

    /// <summary>Outcome.</summary>
    public Disposition Disposition { get; init; }

    /// <summary>Direction; null where nothing tells.</summary>
    public CallDirection? Direction { get; init; }

    /// <summary>Final status, 0 where none was seen.</summary>
    public int SipStatus { get; init; }

    /// <summary>Q.850 cause; null without one.</summary>
    public int? Cause { get; init; }

    /// <summary>Who ended it.</summary>
    public HangupBy HangupBy { get; init; }

    /// <summary>What it was, by the directory; null where nothing tells.</summary>
    public CallContext? Context { get; init; }

    /// <summary>Name of the trunk; empty for none.</summary>
    public string Trunk { get; init; }

    /// <summary>What is yes or no.</summary>
    public CallTraits Traits { get; init; }

    /// <summary>Why it was sent on.</summary>
    public RerouteReason Reroute { get; init; }

    /// <summary>What the caller sent, as <see cref="CodecOf"/> has it; empty for nothing.</summary>
    public string CallerCodec { get; init; }

    /// <summary>What the callee sent.</summary>
    public string CalleeCodec { get; init; }

    /// <summary>The profile of a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="tenant">Tenant it is stored under; null for none.</param>
    /// <param name="isVoicemail">Whether a voice mailbox answered.</param>
    public static CallProfile Of(CallRecord record, string? tenant, bool isVoicemail) => new()
    {
        Tenant = tenant ?? "",
        Disposition = record.Disposition,
        Direction = record.Direction,
        SipStatus = record.SipStatus,
        Cause = record.Cause?.Q850,
        HangupBy = record.HangupBy,
        Context = record.Marks?.Context,
        Trunk = record.Marks?.Trunk ?? "",
        Traits = CallTraitsReader.Of(record, isVoicemail),
        Reroute = Rerouting.Of(record),
        CallerCodec = CodecOf(record.Caller.Codec),
        CalleeCodec = CodecOf(record.Callee.Codec),
    };

    /// <inheritdoc />
    public bool Equals(CallProfile other) =>
        SipStatus == other.SipStatus && Traits == other.Traits && Disposition == other.Disposition && Direction == other.Direction && Cause == other.Cause && HangupBy == other.HangupBy
        && Context == other.Context && Reroute == other.Reroute && Tenant == other.Tenant && Trunk == other.Trunk && CallerCodec == other.CallerCodec && CalleeCodec == other.CalleeCodec;

    /// <inheritdoc />
    public override int GetHashCode()
    {
        // Written out, as is equality: what the compiler makes of a record asks a comparer of each member's type, which is compiled at each start.
        const int factor = 31;
        int hash = SipStatus;
        hash = (hash * factor) + (int)Traits;
        hash = (hash * factor) + (int)Disposition;
        hash = (hash * factor) + (Direction is { } direction ? (int)direction + 1 : 0);
        hash = (hash * factor) + (Cause ?? -1);
        hash = (hash * factor) + (int)HangupBy;
        hash = (hash * factor) + (Context is { } context ? (int)context + 1 : 0);
        hash = (hash * factor) + (int)Reroute;
        hash = (hash * factor) + HashOf(Tenant);
        hash = (hash * factor) + HashOf(Trunk);
        hash = (hash * factor) + HashOf(CallerCodec);
        return (hash * factor) + HashOf(CalleeCodec);
    }

    private static int HashOf(string? text) => text is null ? 0 : text.GetHashCode(StringComparison.Ordinal);

    /// <summary>The name of a codec without its clock rate, as profiles have it; empty for none.</summary>
    /// <param name="codec">For example <c>PCMU/8000</c>.</param>
    public static string CodecOf(string? codec)
    {
        if (codec is null) return "";
        int end = codec.IndexOf('/', StringComparison.Ordinal);
        return Folded(end < 0 ? codec : codec[..end]);
    }

    /// <summary>A name of a codec in the case that profiles have: encoding names are ASCII, and are the same in any case (RFC 4855 section 3).</summary>
    public static string Folded(string name)
    {
        if (!name.AsSpan().ContainsAnyInRange('a', 'z')) return name;
        return string.Create(name.Length, name, static (to, from) =>
        {
            for (int i = 0; i < to.Length; i++) to[i] = char.IsAsciiLetterLower(from[i]) ? (char)(from[i] - 'a' + 'A') : from[i];
        });
    }
}
