using System.Security.Cryptography;
using System.Text;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Records;
using CdrEngine.Host.Hocon;

namespace CdrEngine.Host.Directories;

/// <summary>A directory as read from its files, or everything that is wrong in them.</summary>
internal sealed record DirectoryLoad
{
    /// <summary>Largest table beside the directory, bytes.</summary>
    private const long MaxTableBytes = 256L << 20;

    /// <summary>The directory; null where anything is wrong.</summary>
    public CallDirectory? Directory { get; private init; }

    /// <summary>All that is wrong.</summary>
    public required IReadOnlyList<DirectoryProblem> Problems { get; init; }

    /// <summary>Every file that was read, or looked for.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Hash of all they held.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Reads a directory file with all that belongs to it and checks it as a whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="rounding">How billable time becomes whole seconds.</param>
    /// <param name="environment">Value of an environment variable, null where it is not set.</param>
    public static DirectoryLoad Read(string path, BillsecRounding rounding, Func<string, string?> environment)
    {
        var problems = new List<DirectoryProblem>();
        using var sources = new Sources();
        CallDirectory? directory = null;
        try
        {
            string text = sources.Read(path, HoconFiles.ReadFile) ?? throw new HoconException(new HoconPosition(path, 0, 0), "the file is not there");
            HoconValue tree = HoconDocument.Parse(text, path, name => sources.Read(name, HoconFiles.ReadFile)).Resolve(environment);
            DirectoryDraft draft = new DirectoryReader(path, problems, name => sources.Read(name, ReadTable)).Read(tree);

            // Also where something could not be read: then all that is wrong comes out at once.
            directory = CallDirectory.TryBuild(draft, rounding, out IReadOnlyList<DirectoryProblem> found);
            problems.AddRange(found);
        }
        catch (HoconException e)
        {
            string where = e.Position.ToString();
            problems.Add(new DirectoryProblem(where, e.Message.StartsWith(where + ": ", StringComparison.Ordinal) ? e.Message[(where.Length + 2)..] : e.Message));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new DirectoryProblem(path, $"the file cannot be read: {HoconFiles.OneLine(e)}"));
        }

        return new DirectoryLoad
        {
            Directory = problems.Count == 0 ? directory : null,
            Problems = problems,
            Files = sources.Files,
            Fingerprint = sources.Fingerprint(),
        };
    }

    private static string? ReadTable(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) return null;
        if (file.Length > MaxTableBytes) throw new IOException($"it is larger than {MaxTableBytes >> 20} MiB");
        return File.ReadAllText(path);
    }

    /// <summary>What was read, and a hash of it.</summary>
    private sealed class Sources : IDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public List<string> Files { get; } = [];

        public string? Read(string path, Func<string, string?> read)
        {
            if (!Files.Contains(path, StringComparer.Ordinal)) Files.Add(path);
            string? text = read(path);
            _hash.AppendData(Encoding.UTF8.GetBytes($"{path}\0{(text is null ? "-" : "+")}"));
            if (text is not null) _hash.AppendData(Encoding.UTF8.GetBytes(text));
            return text;
        }

        public string Fingerprint() => Convert.ToHexStringLower(_hash.GetHashAndReset());

        public void Dispose() => _hash.Dispose();
    }
}
