using CdrEngine.Benchmarks.Commands;

namespace CdrEngine.Benchmarks.Processes;

/// <summary>The real program, as a user starts it.</summary>
internal static class EngineProgram
{
    /// <summary>Its path: what <c>./cdrengine</c> built and names in <c>CDRENGINE_PROGRAM</c>, compiled ahead where that can be; else what lies beside this program, since a reference to an executable project copies all it needs.</summary>
    /// <exception cref="BenchException">It is in neither place.</exception>
    public static string Path
    {
        get
        {
            string path = Environment.GetEnvironmentVariable("CDRENGINE_PROGRAM") is { Length: > 0 } named ? named : System.IO.Path.Combine(AppContext.BaseDirectory, "cdrengine.dll");
            return File.Exists(path) ? path : throw new BenchException($"{path} is missing: build bench/CdrEngine.Benchmarks");
        }
    }
}
