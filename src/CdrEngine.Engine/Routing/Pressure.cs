namespace CdrEngine.Engine.Routing;

/// <summary>What has to go so that nothing worse does, in this order. Signalling never goes before media.</summary>
public enum Pressure : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The sound of media: it is measured as ever, and not kept in the packet log.</summary>
    Payload = 1,

    /// <summary>Media packets altogether: neither measured nor kept.</summary>
    Media = 2,
}
