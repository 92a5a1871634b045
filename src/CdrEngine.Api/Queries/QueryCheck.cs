using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CdrEngine.Api.Queries;

/// <summary>A parameter that is wrong.</summary>
/// <param name="Parameter">Its name, as far as it is shown.</param>
/// <param name="Detail">What is wrong with it and what would be right.</param>
internal sealed record ParameterFault(string Parameter, string Detail);

/// <summary>What is asked of every query, whatever its parameters mean: only known names, each once unless it is a list, nothing empty, nothing long,
/// no control characters.</summary>
internal static class QueryCheck
{
    private const int ShownCharacters = 40;

    /// <summary>The first fault, in the order of the query; null where there is none.</summary>
    public static ParameterFault? Find(IQueryCollection query, IReadOnlyList<ApiParameter> known, int maxLength)
    {
        foreach ((string name, StringValues values) in query)
        {
            if (Named(known, name) is not { } parameter)
            {
                IEnumerable<string> names = known.Where(static parameter => !parameter.IsInPath).Select(static parameter => parameter.Name);
                string takes = names.Any() ? $"it takes {string.Join(", ", names)}" : "it takes none";
                return new ParameterFault(Shown(name), $"There is no parameter '{Shown(name)}' here; {takes}.");
            }

            if (values.Count > 1 && !parameter.IsList) return new ParameterFault(parameter.Name, $"{parameter.Name} is given {values.Count} times; it may be given once.");
            foreach (string? value in values)
            {
                if (string.IsNullOrEmpty(value)) return new ParameterFault(parameter.Name, $"{parameter.Name} is empty; leave it out or give a value such as {parameter.Shape.Example}.");
                if (value.Length > maxLength) return new ParameterFault(parameter.Name, $"{parameter.Name} is longer than {maxLength} characters.");
                if (value.Any(char.IsControl)) return new ParameterFault(parameter.Name, $"{parameter.Name} has control characters.");
            }
        }

        return null;
    }

    /// <summary>A value as it may stand in a message: cut, so that an answer is not as long as the question.</summary>
    public static string Shown(string value) => value.Length <= ShownCharacters ? value : string.Concat(value.AsSpan(0, ShownCharacters), "…");

    private static ApiParameter? Named(IReadOnlyList<ApiParameter> known, string name)
    {
        foreach (ApiParameter parameter in known)
        {
            // Case matters: a parameter written otherwise is a mistake to be told of, as any other.
            if (!parameter.IsInPath && string.Equals(parameter.Name, name, StringComparison.Ordinal)) return parameter;
        }

        return null;
    }
}
