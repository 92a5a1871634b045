using CdrEngine.Calls;
using CdrEngine.Calls.Records;
using CdrEngine.Media.Codecs;
using CdrEngine.Media.Playout;

namespace CdrEngine.Engine.Recording;

/// <summary>What rules the making of recordings. One object for all.</summary>
public sealed record CallRecorderOptions
{
    /// <summary>Bounds of the timeline.</summary>
    public PlayoutLimits Playout { get; init; } = new();

    /// <summary>Rules of the call's machine, as of the engine that made the record.</summary>
    public CallOptions Call { get; init; } = new();

    /// <summary>Makes decoders. Default: those of the libraries installed here.</summary>
    public AudioDecoderFactory Decoders { get; init; } = AudioDecoders.TryCreate;

    /// <summary>Makes the decryptor of one call, disposed of after it where it asks for that; null where encrypted media is to stay shut. Default:
    /// the keys of the call's own SDP.</summary>
    public Func<CallRecord, IMediaDecryptor?>? Decryptors { get; init; } = static _ => new KeyringDecryptor();

    /// <summary>Stretches of a call to silence, such as digits that a policy masks; null for none.</summary>
    public Func<CallRecord, IReadOnlyList<MutedInterval>>? Muted { get; init; }

    /// <summary>Pairs of media addresses followed in one call. Default 256; packets of further ones are left out.</summary>
    public int FlowsPerCall { get; init; } = 256;

    /// <summary>Bytes of open media of one call that are kept between the two readings of its packets; what has more is read again. Default 4 MiB: some four minutes of G.711 both ways.</summary>
    public int MediaBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Highest rate of a recording, Hz: 8000, 16000 or 48000. Default 48000.</summary>
    public int MaxSampleRateHz { get; init; } = 48_000;
}
