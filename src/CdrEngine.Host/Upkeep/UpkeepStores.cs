using CdrEngine.Calls.Ports;
using CdrEngine.Engine.Recording;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.PacketLog.Sealing;
using CdrEngine.Storage;

namespace CdrEngine.Host.Upkeep;

/// <summary>Everything in the data folder that retention may remove, opened.</summary>
internal sealed class UpkeepStores : IDisposable
{
    /// <summary>Opens it.</summary>
    public UpkeepStores(Settings settings)
    {
        Settings = settings;
        Packets = DataFolder.Packets(settings.DataDirectory);
        Keys = SealingKeys.Of(settings);
        Calls = Stores.Keeping(settings);
        Messages = Stores.MessageKeeping(settings);
        Remarks = Stores.RemarkKeeping(settings);
        Holds = Stores.Holds(settings);
        Catalog = Stores.Catalog(settings);
        Recordings = RecordingFiles.Open(DataFolder.Recordings(settings.DataDirectory), settings.Recording.CacheSize, Keys);
    }

    public Settings Settings { get; }

    /// <summary>Folder of the packet log.</summary>
    public string Packets { get; }

    public KeyRing? Keys { get; }

    public ICallKeeping Calls { get; }

    /// <summary>Null where there were never any, or single ones cannot be purged.</summary>
    public IMessageKeeping? Messages { get; }

    /// <summary>Null where they cannot be purged.</summary>
    public IRemarkKeeping? Remarks { get; }

    public IHeldCalls Holds { get; }

    public ICatalog Catalog { get; }

    public RecordingFiles Recordings { get; }

    /// <inheritdoc />
    public void Dispose()
    {
        Calls.Dispose();
        Messages?.Dispose();
        Remarks?.Dispose();
        Holds.Dispose();
        Catalog.Dispose();
    }
}
