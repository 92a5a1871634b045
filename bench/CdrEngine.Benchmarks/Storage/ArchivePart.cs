using System.Globalization;
using System.Runtime.InteropServices;
using CdrEngine.Benchmarks.Commands;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>An archive of the latest days of another, made in a moment and without room on the disk: a day that is sealed is not written to any more and is a hard link. What is written to is a
/// copy: the last day and everything that is not of one day. So an archive can be measured, inserted into and gone on with while others ask the one it came from.</summary>
/// <remarks>A program with a newer schema or another seal than the one that sealed the days would write into those of both, so that they are looked at first. Groups of texts are never
/// written to, but made anew.</remarks>
internal static partial class ArchivePart
{
    private const string Database = ".db";
    private const int DayLength = 10;
    private const int CacheKibibytes = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Makes it.</summary>
    /// <param name="writer">Told what was made.</param>
    /// <param name="from">Folder of the archive.</param>
    /// <param name="to">Folder of the part, on the same file system; empty, or not there yet.</param>
    /// <param name="days">Days, the latest; all where there are fewer. A part of all days can be gone on with as the archive itself.</param>
    public static void Make(TextWriter writer, string from, string to, int days)
    {
        string[] all = DaysIn(from);
        if (all.Length == 0) throw new BenchException($"{from}: no archive");
        if (days < 1) throw new BenchException("--days: at least one");
        if (Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any()) throw new BenchException($"{to}: there is something already");
        if (Directory.EnumerateFiles(from, "*-wal", SearchOption.AllDirectories).FirstOrDefault(static log => new FileInfo(log).Length > 0) is { } open)
            throw new BenchException($"{open}: somebody writes to it, or was stopped while writing");
        string[] some = all[^Math.Min(days, all.Length)..];
        try
        {
            TakeDays(from, to, some, SchemaMigrations.Records, static day => DaySeal.IsWhole(day) && day.Scalar(DaySeal.HasIndexes) > 0);
            TakeDays(ArchiveStores.MessagesOf(from), ArchiveStores.MessagesOf(to), some, SchemaMigrations.Messages, static day => day.Scalar(MessageSeal.Stored) > 0);
        }
        catch (BenchException)
        {
            Directory.Delete(to, recursive: true);
            throw;
        }

        TakeGroups(from, to, some[0], some[^1]);
        foreach (string file in Directory.EnumerateFiles(from, "*" + Database).Where(static file => !IsDay(file))) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        if (some.Length < all.Length)
        {
            // What follows its days is not what would be made next.
            using ArchiveStores stores = ArchiveStores.InFiles(to);
            stores.Made = null;
        }

        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{some.Length} days, {some[0]} to {some[^1]}"));
    }

    private static string[] DaysIn(string folder) =>
        Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*" + Database).Where(IsDay).Select(static file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)] : [];

    private static bool IsDay(string file) => DateOnly.TryParseExact(Path.GetFileNameWithoutExtension(file), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    // The last day is not over and is written to.
    private static void TakeDays(string from, string to, string[] days, SchemaMigrations schema, Func<SqliteDatabase, bool> isSealed)
    {
        Directory.CreateDirectory(to);
        foreach (string file in days.Select(static day => day + Database).Where(file => File.Exists(Path.Combine(from, file))))
        {
            string made = Path.Combine(to, file);
            if (file == days[^1] + Database)
            {
                File.Copy(Path.Combine(from, file), made);
                continue;
            }

            Link(Path.Combine(from, file), made);
            using SqliteDatabase day = SqliteDatabase.Open(made, SqliteAccess.Read, Patience, CacheKibibytes);
            if (schema.VersionOf(day) < schema.Version || !isSealed(day)) throw new BenchException($"{Path.Combine(from, file)}: not sealed, or not by this program");
        }
    }

    // Those that have only days of the part; the others are made anew of the days themselves.
    private static void TakeGroups(string from, string to, string first, string last)
    {
        string source = Path.Combine(from, ArchiveTexts.FolderName), folder = Path.Combine(to, ArchiveTexts.FolderName);
        if (!Directory.Exists(source)) return;
        Directory.CreateDirectory(folder);
        foreach (string group in Directory.EnumerateFiles(source, "*.group"))
        {
            string name = Path.GetFileName(group);
            if (string.CompareOrdinal(name[..DayLength], first) >= 0 && string.CompareOrdinal(name[(DayLength + 1)..((2 * DayLength) + 1)], last) <= 0) Link(group, Path.Combine(folder, name));
        }
    }

    private static void Link(string file, string to)
    {
        if (LinkFile(file, to) != 0) throw new BenchException($"{to}: no hard link: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkFile(string file, string to);
}
