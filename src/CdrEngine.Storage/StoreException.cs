namespace CdrEngine.Storage;

/// <summary>The store could not do what it was asked. The message is one line for an operator.</summary>
public sealed class StoreException : Exception, Calls.Ports.IStoreFault
{
    /// <summary>A failure nobody described.</summary>
    public StoreException()
        : base("the store failed")
    {
    }

    /// <summary>A failure that trying again will not cure.</summary>
    public StoreException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its cause.</summary>
    public StoreException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>A failure the database named.</summary>
    public StoreException(string message, int code)
        : base(message)
    {
        Code = code;

        // Busy, locked, out of memory, read-only, input/output, full, cannot open, protocol: all may pass.
        IsTransient = (code & 0xFF) is 5 or 6 or 7 or 8 or 10 or 13 or 14 or 15;
    }

    /// <summary>A failure with its cause, of which is known whether it may pass.</summary>
    public StoreException(string message, Exception inner, bool mayPass)
        : base(message, inner)
    {
        IsTransient = mayPass;
    }

    /// <summary>SQLite's extended result code; 0 where another thing failed.</summary>
    public int Code { get; }

    /// <summary>True where the same call may succeed later: locked, disk full, file away.</summary>
    public bool IsTransient { get; }

    /// <summary>True where the database refused what was to be written, whatever the state it is in.</summary>
    internal bool IsAboutData { get; init; }
}
