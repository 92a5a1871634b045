using System.Buffers.Binary;
using System.Reflection;
using System.Text;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.PacketLog;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>Knows which files a data folder has had, so that an import given twice does not lay every packet down twice.</summary>
/// <remarks>
/// An import is left out only where all of its files were read by one earlier import that came to its end, under the same program and the
/// same settings that records depend on, and where what that import wrote is still there. Everything else is read: records derive from the
/// calls, so reading once too often changes none, while leaving out a file once too often would lose some.
/// Files of two earlier imports count as unknown together: a call that begins in one and ends in the other was never seen whole.
/// </remarks>
internal sealed class ImportLedger(Settings settings)
{
    private const int BlockBytes = 4096;

    /// <summary>Blocks read of a file: 1 MiB. A file of that size or less is read whole.</summary>
    private const int Blocks = 256;

    private readonly Dictionary<string, string?> _fingerprints = new(StringComparer.Ordinal);

    /// <summary>Files of the list that were imported before, by whatever import; see <see cref="IsKnown"/> for whether all may be left out.</summary>
    public int CountKnown(IReadOnlyList<string> files)
    {
        using ICatalog? catalog = Stores.KnownCatalog(settings);
        if (catalog is null) return 0;
        int known = 0;
        foreach (string file in files)
        {
            if (Fingerprint(file) is { } fingerprint && catalog.FindImport(fingerprint) is not null) known++;
        }

        return known;
    }

    /// <summary>True where reading these files would tell nothing that is not in the data folder already.</summary>
    public bool IsKnown(IReadOnlyList<string> files, IReadOnlyList<DateOnly> days)
    {
        if (files.Count == 0) return false;
        var fingerprints = new List<string>(files.Count);
        foreach (string file in files)
        {
            if (Fingerprint(file) is not { } fingerprint) return false;
            fingerprints.Add(fingerprint);
        }

        using ICatalog? catalog = Stores.KnownCatalog(settings);
        if (catalog?.FindRun(fingerprints) is not { } run || run.Conditions != Conditions()) return false;

        // Retention, or somebody tidying up, may have taken records or packets since: then they are wanted again.
        return run.Days.All(days.Contains) && run.Segments == SegmentsOf(run.PacketRun);
    }

    /// <summary>Remembers an import that came to its end. Call it when its records and packets are on disk, and not where anything failed.</summary>
    /// <param name="files">The files, in order, with packets and calls of each.</param>
    /// <param name="packetRun">Run of the packet log; 0 where no packets are kept.</param>
    /// <param name="days">Days that have its records, in order.</param>
    public void Remember(IReadOnlyList<ReadFile> files, uint packetRun, IReadOnlyList<DateOnly> days)
    {
        var imported = new List<ImportedFile>(files.Count);
        foreach ((string path, long packets, long calls) in files)
        {
            // As it was before it was read: what was added to a file meanwhile makes it another one.
            if (!_fingerprints.TryGetValue(path, out string? fingerprint) || fingerprint is null) return;
            imported.Add(new ImportedFile(fingerprint, path, new FileInfo(path).Length, packets, calls));
        }

        using ICatalog catalog = Stores.Catalog(settings);
        catalog.AddImport(new ImportedRun(Conditions(), packetRun, SegmentsOf(packetRun), days), imported);
    }

    /// <summary>What tells a capture file from all others; null for standard input, and for what is no file or cannot be read.</summary>
    /// <remarks>
    /// SHA-256 over its size and 1 MiB of its bytes: beginning, end, and blocks spread evenly between. Two captures differ in their first
    /// packet already, by its time in microseconds; a capture that grew differs in size and end; one that was rewritten (cut, anonymised, its
    /// times shifted, filtered) differs nearly everywhere. What this cannot tell is a file whose size, beginning, end and all blocks in between are
    /// the same: one patched by hand in a few places. <c>--again</c> is for that. Reading all of it would cost more than the import's decoding does.
    /// Name and time of change do not count: copies are the same capture.
    /// </remarks>
    public string? Fingerprint(string path)
    {
        if (_fingerprints.TryGetValue(path, out string? known)) return known;
        string? fingerprint = null;
        try
        {
            if (path != CaptureFileSource.StandardInput && new FileInfo(path) is { Exists: true, Length: > 0 } file && (file.Attributes & FileAttributes.Device) == 0)
                fingerprint = Hash(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The import says so.
        }

        _fingerprints.Add(path, fingerprint);
        return fingerprint;
    }

    private static string Hash(string path)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path);
        var hash = new Sha256();
        long length = RandomAccess.GetLength(file);
        Span<byte> block = stackalloc byte[BlockBytes];
        BinaryPrimitives.WriteInt64LittleEndian(block, length);
        hash.Append(block[..sizeof(long)]);
        long last = Math.Max(0, length - BlockBytes);
        bool isWhole = length <= (long)Blocks * BlockBytes;
        long before = -1;
        for (int i = 0; i < Blocks; i++)
        {
            // last * i / (Blocks - 1) without a product beyond 64 bits: code with wider numbers is not compiled ahead.
            long at = isWhole ? Math.Min((long)i * BlockBytes, length) : (last / (Blocks - 1) * i) + (last % (Blocks - 1) * i / (Blocks - 1));
            if (at == before) break;
            before = at;
            hash.Append(block[..RandomAccess.Read(file, block, at)]);
        }

        return hash.FinishHex();
    }

    // Bounds, timers and what is hidden or kept: all that can make another record or other packets of the same file.
    private string Conditions()
    {
        string version = typeof(ImportLedger).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        string text = string.Join(
            '\n',
            version,
            settings.Import,
            settings.Decode,
            settings.Tcp,
            settings.Sctp,
            settings.Sip,
            settings.Call,
            string.Join(' ', settings.Call.KeepHeaders),
            settings.Media,
            settings.Engine.MaxCalls,
            settings.PacketLog.Enabled,
            settings.Dtmf,
            settings.Recording.Policy);
        return Sha256.HexOf(Encoding.UTF8.GetBytes(text));
    }

    private int SegmentsOf(uint run)
    {
        string folder = DataFolder.Packets(settings.DataDirectory);
        return run == 0 || !Directory.Exists(folder) ? 0 : SegmentFile.List(folder).Count(file => file.Id.Run == run);
    }
}

/// <summary>A file that an import read.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="Packets">Packets of it.</param>
/// <param name="Calls">Records told while it was read.</param>
internal sealed record ReadFile(string Path, long Packets, long Calls);
