using CdrEngine.Host.Configuration;
using CdrEngine.Host.Hocon;
using CdrEngine.Storage;

namespace CdrEngine.Host.Diagnosis;

/// <summary>Looks at everything that capture needs of the machine.</summary>
internal static class Doctor
{
    public static IReadOnlyList<Finding> Examine(Settings settings) =>
    [
        .. Libraries.Examine(),
        CaptureRights.Examine(),
        CaptureRights.Interfaces(),
        .. CaptureRights.Configured(settings.Capture),
        .. CaptureRights.Hep(settings.Hep),
        .. DataFolder.Examine(settings),
        .. ApiAccess.Examine(settings.Api),
        Kernel.Clock(),
        Kernel.SocketBuffers(),
        Kernel.Memory(),
        Kernel.OpenFiles(),
        new Finding("shards", FindingState.Good, $"{settings.Engine.Shards} of {Environment.ProcessorCount} processors"),
    ];
}

/// <summary>The folder of records and packets.</summary>
internal static class DataFolder
{
    private const long LittleSpace = 2L << 30;

    public static IEnumerable<Finding> Examine(Settings settings)
    {
        string path = settings.DataDirectory;
        string full = Path.GetFullPath(path);
        string existing = full;
        while (!Directory.Exists(existing)) existing = Path.GetDirectoryName(existing) ?? "/";
        string shown = existing == full ? full : $"{full} (to be made in {existing})";
        Finding? fault = null;
        try
        {
            string probe = Path.Combine(existing, $".cdrengine-probe-{Environment.ProcessId}");
            using (new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
            {
                // That it could be made is all there is to know.
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            const string remedy = "give --data DIR, or make it writable for this user";
            fault = new Finding("data folder", FindingState.Fails, $"{shown}: {HoconFiles.OneLine(e)}", remedy);
        }

        yield return fault ?? new Finding("data folder", FindingState.Good, $"{shown}, writable");
        if (fault is null) yield return Database(settings, existing);
        yield return Space(existing);
    }

    // A file system that cannot lock or map files (some network file systems) is found out here and not at the first record.
    private static Finding Database(Settings settings, string folder)
    {
        string probe = Path.Combine(folder, $".cdrengine-probe-{Environment.ProcessId}.d");
        try
        {
            return new Finding("database", FindingState.Good, Joined.Stores.Probe(settings, probe));
        }
        catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException or DllNotFoundException)
        {
            const string place = "put the data folder on a local disk", server = "see storage.postgresql in hocon/reference.conf";
            return new Finding("database", FindingState.Fails, HoconFiles.OneLine(e), settings.Storage.Backend == StorageBackend.Sqlite ? place : server);
        }
        finally
        {
            if (Directory.Exists(probe)) Directory.Delete(probe, recursive: true);
        }
    }

    private static Finding Space(string folder)
    {
        var drive = new DriveInfo(folder);
        long free = drive.AvailableFreeSpace;
        string text = $"{Output.Units.Bytes(free)} of {Output.Units.Bytes(drive.TotalSize)} free";
        return free >= LittleSpace
            ? new Finding("disk", FindingState.Good, text)
            : new Finding("disk", FindingState.Doubtful, text, "100 concurrent calls write 8 GB an hour; see packet-log.retention");
    }
}
