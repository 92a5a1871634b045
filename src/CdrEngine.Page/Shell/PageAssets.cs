using System.Reflection;
using System.Security.Cryptography;
using CdrEngine.Api.Answers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CdrEngine.Page.Shell;

/// <summary>Style sheet, modules and pictures, from the assembly. Their path holds a hash of all of them, so that they may be kept for ever and a module
/// finds its neighbours by a relative name.</summary>
internal sealed class PageAssets
{
    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly string _hash;

    public PageAssets()
    {
        Assembly assembly = typeof(PageAssets).Assembly;
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string name in assembly.GetManifestResourceNames().Where(static name => TypeOf(name) is not null).Order(StringComparer.Ordinal))
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            _files.Add(name, bytes);
            all.AppendData(bytes);
        }

        _hash = Convert.ToHexStringLower(all.GetHashAndReset().AsSpan(0, 8));
    }

    /// <summary>Where a file is.</summary>
    public string Path(string name) => $"/assets/{_hash}/{name}";

    /// <summary>Answers with a file; 404 where there is none of this name.</summary>
    public Task ServeAsync(HttpContext context)
    {
        string name = context.Request.RouteValues["name"]?.ToString() ?? "";
        if (!_files.TryGetValue(name, out byte[]? bytes)) return Problem.WriteAsync(context, StatusCodes.Status404NotFound, "There is no such file.");

        // A page that was open over an update asks by the old hash: it gets what there is, but may not keep it.
        bool isCurrent = context.Request.RouteValues["hash"]?.ToString() == _hash;
        context.Response.Headers.CacheControl = isCurrent ? "public, max-age=31536000, immutable" : "no-cache";
        var tag = new EntityTagHeaderValue($"\"{_hash}\"");
        context.Response.Headers.ETag = tag.ToString();
        if (!Api.Endpoints.CallEndpoints.IsKnown(context.Request, tag)) return Body.WriteAsync(context, TypeOf(name)!, bytes);
        context.Response.StatusCode = StatusCodes.Status304NotModified;
        return Task.CompletedTask;
    }

    private static string? TypeOf(string name) => System.IO.Path.GetExtension(name) switch
    {
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => null,
    };
}
