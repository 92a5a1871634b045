using CdrEngine.Calls.Masking;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Engine.Live;
using CdrEngine.Host.Commands;
using CdrEngine.Host.Configuration;
using CdrEngine.PacketLog;
using CdrEngine.PacketLog.Sealing;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>The data folder: where each part keeps what is its own.</summary>
internal static class DataFolder
{
    public static string Records(string data) => Path.Combine(data, "records");

    public static string Packets(string data) => Path.Combine(data, "packets");

    public static string OpenCalls(string data) => Path.Combine(data, "open-calls");

    public static string Outbox(string data) => Path.Combine(data, "outbox");

    public static string Recordings(string data) => Path.Combine(data, "recordings");

    public static string Access(string data) => Path.Combine(data, "access");

    /// <summary>Mails about alerts that were not sent yet.</summary>
    public static string AlertMails(string data) => Path.Combine(data, "alert-mails");

    /// <summary>What call logs tell of sessions of several calls; made anew where it is missing.</summary>
    public static string CallLogs(string data) => Path.Combine(data, "call-logs");

    public static string Messages(string data) => Path.Combine(data, "messages");

    /// <summary>What tells this data folder from all others, wherever it is moved to; made with the first question.</summary>
    public static string Identity(string data)
    {
        string path = Path.Combine(data, "identity");
        try
        {
            if (File.Exists(path) && Guid.TryParse(File.ReadAllText(path), out Guid known)) return known.ToString("D");
            Directory.CreateDirectory(data);
            string made = Guid.NewGuid().ToString("D");
            File.WriteAllText(path, made + "\n");
            return made;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Runs what opens a part; what goes wrong becomes one line.</summary>
    public static T Open<T>(string data, Func<T> open)
    {
        try
        {
            return open();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or StoreException)
        {
            throw new CommandException($"{data}: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }
}

/// <summary>What of a call's packets people are shown.</summary>
internal static class ShownPackets
{
    /// <summary>The packets as the policy on digits lets them be seen.</summary>
    /// <param name="store">Where stored calls' packets lie.</param>
    /// <param name="settings">Settings.</param>
    /// <param name="live">The calls in progress, whose packets are shown too; null for none.</param>
    public static ICallPackets Of(ICallStore store, Settings settings, LiveHub? live = null)
    {
        string folder = DataFolder.Packets(settings.DataDirectory);
        KeyRing? keys = SealingKeys.Of(settings);
        ICallPackets packets = new StoredCallPackets(store.GetChunks, folder, keys);
        ICallReader calls = store;
        if (live is not null)
        {
            packets = new LiveCallPackets(live.Board, new StoredCallPackets(LiveCallPackets.ChunksOf(live.Board), folder, keys), packets);
            calls = new LiveCallReader(live.Board, store);
        }

        DtmfMask mask = settings.Dtmf.Mask;
        if (mask == DtmfMask.None) return packets;
        return new MaskedCallPackets(packets, id => calls.Get(id) is { } record ? MaskingPlan.Of(record, mask) : MaskingPlan.Unknown(mask));
    }
}

/// <summary>Packets of calls, gathered from the packet log.</summary>
/// <param name="chunksOf">Where a call's packets lie; null where that is not known.</param>
/// <param name="packets">Folder of the packet log.</param>
/// <param name="keys">What sealed packets are opened with.</param>
internal sealed class StoredCallPackets(Func<string, byte[]?> chunksOf, string packets, KeyRing? keys) : ICallPackets
{
    /// <inheritdoc />
    public bool Visit(string id, PacketKinds kinds, ICapturedPacketVisitor visitor)
    {
        if (chunksOf(id) is not { Length: > 0 } chunks || !Directory.Exists(packets)) return false;
        var wanted = PacketKindSet.None;
        if (kinds.HasFlag(PacketKinds.Signalling)) wanted |= PacketKindSet.Sip;
        if (kinds.HasFlag(PacketKinds.Media)) wanted |= PacketKindSet.Rtp;

        // A reader keeps segment files open and is not for several threads: one for each gather.
        using var reader = new PacketLogReader(packets, keys: keys);
        using PacketGather gather = reader.Gather(chunks, wanted);
        bool any = false;
        while (gather.MoveNext())
        {
            any = true;
            CapturedPacket packet = gather.Current;
            if (!visitor.Visit(packet)) break;
        }

        if (gather.SealedChunks > 0 && gather.MissingKey is { } key) SealingKeys.TellMissing("packets", key);
        return any;
    }
}
