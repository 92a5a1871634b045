namespace CdrEngine.Api.Queries;

/// <summary>A parameter of a request: what the OpenAPI document says of it and what is checked of every value.</summary>
/// <param name="Name">Name, snake case.</param>
/// <param name="Description">What it does.</param>
/// <param name="Shape">What a value looks like.</param>
internal record ApiParameter(string Name, string Description, ValueShape Shape)
{
    /// <summary>May be given again, or with several values and commas between.</summary>
    public bool IsList { get; init; }

    /// <summary>Part of the path, not of the query.</summary>
    public bool IsInPath { get; init; }

    /// <summary>Has to be given.</summary>
    public bool IsRequired { get; init; }

    /// <summary>What is taken where it is left out; null where that is nothing.</summary>
    public string? Default { get; init; }
}

/// <summary>What a value looks like, in the terms of JSON Schema.</summary>
/// <param name="Type"><c>string</c>, <c>integer</c> or <c>number</c>.</param>
/// <param name="Example">A value that is right.</param>
internal sealed record ValueShape(string Type, string Example)
{
    public IReadOnlyList<string> Names { get; init; } = [];

    public double? Minimum { get; init; }

    public double? Maximum { get; init; }

    public string? Pattern { get; init; }
}
