using System.Runtime.InteropServices;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Media.Tests.Codecs;

/// <summary>A test that needs libraries and perhaps another program; skipped with the reason where one is missing.</summary>
public sealed class CodecFactAttribute : FactAttribute
{
    public CodecFactAttribute(params string[] sonames) => Skip = Missing(sonames);

    /// <summary>The program that is run; empty for none.</summary>
    public string Tool
    {
        get => "";
        set => Skip ??= new ToolFactAttribute(value).Skip;
    }

    /// <summary>True where ../shared is read.</summary>
    public bool IsShared
    {
        get => false;
        set => Skip ??= value ? new SharedFactAttribute().Skip : null;
    }

    private static string? Missing(string[] sonames)
    {
        string[] missing = sonames.Where(static soname => !NativeLibrary.TryLoad(soname, out _)).ToArray();
        return missing.Length == 0 ? null : $"needs {string.Join(", ", missing)}";
    }
}
