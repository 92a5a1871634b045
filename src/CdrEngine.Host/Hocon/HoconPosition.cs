namespace CdrEngine.Host.Hocon;

/// <summary>Where something stands in a configuration text.</summary>
/// <param name="File">The file as it was named, or what stands for one: <c>reference.conf</c>, <c>--data</c>.</param>
/// <param name="Line">Line, from 1; 0 where the text has no lines (a command-line flag).</param>
/// <param name="Column">Character in the line, from 1; 0 where <paramref name="Line"/> is 0.</param>
public readonly record struct HoconPosition(string File, int Line, int Column)
{
    /// <summary><c>file:line:column</c>, or the file alone where there are no lines.</summary>
    public override string ToString() => Line == 0 ? File : $"{File}:{Line}:{Column}";
}

/// <summary>A configuration that cannot be read. The message is one line and starts with the place.</summary>
public sealed class HoconException : Exception
{
    /// <summary>Makes the message from the place and what is wrong there.</summary>
    public HoconException(HoconPosition position, string problem)
        : base($"{position}: {problem}") => Position = position;

    /// <summary>The place.</summary>
    public HoconPosition Position { get; }
}
