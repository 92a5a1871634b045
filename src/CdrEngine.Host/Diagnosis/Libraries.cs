using System.Runtime.InteropServices;

namespace CdrEngine.Host.Diagnosis;

/// <summary>The native libraries, by trying to load each.</summary>
internal static class Libraries
{
    private sealed record Library(string File, string Package, string Purpose, FindingState WhenMissing, string? VersionFunction = null);

    private static readonly Library[] All =
    [
        new("libsqlite3.so.0", "libsqlite3-0", "the embedded database", FindingState.Fails, "sqlite3_libversion"),
        new("libpcap.so.0.8", "libpcap0.8", "capture filters, and capture without AF_PACKET", FindingState.Doubtful, "pcap_lib_version"),
        new("libmp3lame.so.0", "libmp3lame0", "recordings as MP3", FindingState.Absent, "get_lame_version"),
        new("libopus.so.0", "libopus0", "Opus audio", FindingState.Absent, "opus_get_version_string"),
        new("libbcg729.so.0", "libbcg729-0", "G.729 audio (GPL)", FindingState.Absent),
        new("libspandsp.so.2", "libspandsp2", "G.722 and G.726 audio", FindingState.Absent),
        new("libgsm.so.1", "libgsm1", "GSM audio", FindingState.Absent),
        new("libspeex.so.1", "libspeex1", "Speex audio", FindingState.Absent),
        new("libopencore-amrnb.so.0", "libopencore-amrnb0", "AMR audio", FindingState.Absent),
        new("libopencore-amrwb.so.0", "libopencore-amrwb0", "AMR-WB audio", FindingState.Absent),
    ];

    public static IEnumerable<Finding> Examine() => All.Select(Examine);

    private static Finding Examine(Library library)
    {
        if (!NativeLibrary.TryLoad(library.File, out nint handle))
            return new Finding(library.File, library.WhenMissing, $"not there: {library.Purpose}", $"apt-get install {library.Package}");
        string version = Version(handle, library.VersionFunction) is { } text ? $"{text}: " : "";
        NativeLibrary.Free(handle);
        return new Finding(library.File, FindingState.Good, $"{version}{library.Purpose}");
    }

    // const char *name(void): all of the four are of that shape.
    private static unsafe string? Version(nint handle, string? function)
    {
        if (function is null || !NativeLibrary.TryGetExport(handle, function, out nint address)) return null;
        return Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<byte*>)address)());
    }
}
