namespace CdrEngine.Calls.Ports;

/// <summary>What an exception of a store tells those who asked it something.</summary>
public interface IStoreFault
{
    /// <summary>True where the same question may be answered later: locked, disk full, server away.</summary>
    bool IsTransient { get; }
}
