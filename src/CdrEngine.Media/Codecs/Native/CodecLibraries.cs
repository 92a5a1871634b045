using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.InteropServices;

namespace CdrEngine.Media.Codecs.Native;

/// <summary>Which libraries are there: each looked for once, when first asked for, and the answer kept. Safe from any thread.</summary>
/// <remarks>An assembly has one resolver of native names, and <see cref="Installed"/> is this one's: other parts of it take names that are
/// not in <see cref="CodecLibrary.All"/> as the loader finds them.</remarks>
public sealed class CodecLibraries
{
    /// <summary>Those of this system.</summary>
    public static readonly CodecLibraries Installed = new(static soname => NativeLibrary.TryLoad(soname, out nint handle) ? handle : 0);

    private readonly Func<string, nint> _load;
    private readonly ConcurrentDictionary<string, Lazy<nint>> _handles = new(StringComparer.Ordinal);

    static CodecLibraries() => NativeLibrary.SetDllImportResolver(typeof(CodecLibraries).Assembly, Resolve);

    /// <summary>Libraries as another loader finds them; for tests of what happens without one.</summary>
    /// <param name="load">Gives the handle for a soname, 0 where there is none.</param>
    public CodecLibraries(Func<string, nint> load) => _load = load;

    /// <summary>True where the library can be loaded and has every function that is called.</summary>
    public bool Has(CodecLibrary library) => Handle(library) != 0;

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        foreach (CodecLibrary library in CodecLibrary.All)
        {
            if (library.Soname == name) return Installed.Handle(library);
        }

        return 0;
    }

    private nint Handle(CodecLibrary library) => _handles.GetOrAdd(library.Soname, static (_, from) => new Lazy<nint>(() => from.Self.Load(from.Library)), (Self: this, Library: library)).Value;

    private nint Load(CodecLibrary library)
    {
        nint handle = _load(library.Soname);
        return handle != 0 && library.Symbols.All(symbol => NativeLibrary.TryGetExport(handle, symbol, out _)) ? handle : 0;
    }
}
