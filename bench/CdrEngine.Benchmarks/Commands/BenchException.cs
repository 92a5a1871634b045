namespace CdrEngine.Benchmarks.Commands;

/// <summary>Something the caller can mend; its message is the one line printed.</summary>
public sealed class BenchException : Exception
{
    public BenchException()
    {
    }

    public BenchException(string message)
        : base(message)
    {
    }

    public BenchException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
