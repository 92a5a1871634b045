using Microsoft.AspNetCore.Http;

namespace CdrEngine.Page.Kit;

/// <summary>An address on this server whose parameters can be changed one by one. Never changes itself.</summary>
internal sealed class Place
{
    private readonly string _path;
    private readonly IReadOnlyList<(string Name, string Value)> _parameters;

    /// <summary>An address.</summary>
    /// <param name="path">Path; one of ours.</param>
    /// <param name="parameters">Parameters; empty ones are left out.</param>
    public Place(string path, params IReadOnlyList<(string Name, string Value)> parameters)
    {
        _path = path;
        _parameters = [.. parameters.Where(static parameter => parameter.Value.Length > 0)];
    }

    /// <summary>The address of a request.</summary>
    public static Place Of(HttpRequest request) => new(
        request.Path.Value ?? "/", [.. request.Query.SelectMany(static parameter => parameter.Value, static (parameter, value) => (parameter.Key, value ?? ""))]);

    /// <summary>The parameters.</summary>
    public IReadOnlyList<(string Name, string Value)> Parameters => _parameters;

    /// <summary>With a parameter of this value alone; without it where the value is null or empty.</summary>
    public Place With(string name, string? value) =>
        new(_path, [.. _parameters.Where(parameter => parameter.Name != name), (name, value ?? "")]);

    /// <summary>Without these parameters.</summary>
    public Place Without(params string[] names) => new(_path, [.. _parameters.Where(parameter => !names.Contains(parameter.Name, StringComparer.Ordinal))]);

    /// <summary>Without one value of a parameter that may have several.</summary>
    public Place WithoutValue(string name, string value) => new(_path, [.. _parameters.Where(parameter => parameter.Name != name || parameter.Value != value)]);

    /// <summary>The same parameters at another path.</summary>
    public Place At(string path) => new(path, _parameters);

    /// <inheritdoc />
    public override string ToString() => _path + QueryString.Create(_parameters.Select(static parameter => KeyValuePair.Create(parameter.Name, (string?)parameter.Value))).ToUriComponent();
}
