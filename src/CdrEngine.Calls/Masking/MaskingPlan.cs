using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Calls.Masking;

/// <summary>What a call's record says about where its digits are: which payload types are telephone events, and when sound is to be silent.</summary>
public sealed class MaskingPlan
{
    private readonly Dictionary<(uint Ssrc, Endpoint Source, Endpoint Destination), StreamPlan> _streams = [];
    private readonly DigitInterval[] _muted;

    private MaskingPlan(DtmfMask mask, DigitInterval[] muted, bool isEncrypted)
    {
        Mask = mask;
        _muted = muted;
        IsEncrypted = isEncrypted;
    }

    /// <summary>What is hidden.</summary>
    public DtmfMask Mask { get; }

    /// <summary>True where media are SRTP: what an event says cannot be seen, so all events are taken for digits.</summary>
    public bool IsEncrypted { get; }

    /// <summary>A plan for packets of which no record is known: events are told by their shape, sound is left as it is.</summary>
    public static MaskingPlan Unknown(DtmfMask mask) => new(mask, [], isEncrypted: false);

    /// <summary>The plan of a call.</summary>
    /// <param name="record">Its record, with its digits as they are.</param>
    /// <param name="mask">What is hidden.</param>
    public static MaskingPlan Of(CallRecord record, DtmfMask mask)
    {
        var plan = new MaskingPlan(mask, [.. RecordMask.Muted(record.Dtmf, mask)], record.Flags.HasFlag(CallFlags.Srtp));
        foreach (StreamRecord stream in record.Streams)
        {
            var types = new StreamPlan(stream.From);
            foreach (PayloadUseRecord use in stream.PayloadTypes) types.Set(use.PayloadType, UseOf(use.Codec));
            plan._streams[(stream.Ssrc, stream.Source, stream.Destination)] = types;
        }

        return plan;
    }

    internal static PayloadUse UseOf(string? codec) => codec switch
    {
        null => PayloadUse.Unknown,
        _ when codec.StartsWith("TELEPHONE-EVENT/", StringComparison.OrdinalIgnoreCase) || codec.StartsWith("TONE/", StringComparison.OrdinalIgnoreCase) => PayloadUse.Event,
        _ when codec.StartsWith("RED/", StringComparison.OrdinalIgnoreCase) => PayloadUse.Redundant,
        _ when codec.StartsWith("PCMU/", StringComparison.OrdinalIgnoreCase) => PayloadUse.MuLaw,
        _ when codec.StartsWith("PCMA/", StringComparison.OrdinalIgnoreCase) => PayloadUse.ALaw,
        _ => PayloadUse.Other,
    };

    internal StreamPlan? StreamOf(uint ssrc, Endpoint source, Endpoint destination) => _streams.GetValueOrDefault((ssrc, source, destination));

    /// <summary>True where the side is to be silent at some time of a packet of sound that came then.</summary>
    internal bool IsMuted(PartySide from, Timestamp at)
    {
        foreach (DigitInterval muted in _muted)
        {
            if (muted.From == from && at >= muted.Start - LongestPacket && at <= muted.End) return true;
        }

        return false;
    }

    private static readonly TimeSpan LongestPacket = TimeSpan.FromMilliseconds(20);

    internal enum PayloadUse : byte
    {
        /// <summary>Not told; a static type is what RFC 3551 says.</summary>
        Unknown,
        Event,
        Redundant,
        MuLaw,
        ALaw,
        Other,
    }

    /// <summary>What each payload type of a stream is.</summary>
    internal sealed class StreamPlan(PartySide from)
    {
        private readonly PayloadUse[] _uses = new PayloadUse[PayloadTypeMap.Count];

        public PartySide From { get; } = from;

        public PayloadUse this[int payloadType] => _uses[payloadType];

        public void Set(int payloadType, PayloadUse use)
        {
            if ((uint)payloadType >= _uses.Length) return;

            // A number that was an event at one time of the stream and sound at another: rather too much than too little.
            if (_uses[payloadType] is PayloadUse.Unknown or PayloadUse.Other || use is PayloadUse.Event or PayloadUse.Redundant) _uses[payloadType] = use;
        }
    }
}
