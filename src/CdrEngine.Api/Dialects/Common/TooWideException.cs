namespace CdrEngine.Api.Dialects.Common;

/// <summary>A filter would have to look at more calls than one request may.</summary>
internal sealed class TooWideException : Exception
{
    public TooWideException()
        : base("the filter is too wide")
    {
    }

    public TooWideException(string message)
        : base(message)
    {
    }

    public TooWideException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
