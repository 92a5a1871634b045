using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Host.Commands;
using CdrEngine.Host.Configuration;

namespace CdrEngine.Host.Directories;

/// <summary>The directory in force. A file that changes while the program runs is read anew; one with mistakes leaves what was there in force. Any thread.</summary>
internal sealed class DirectoryHolder : IDisposable
{
    /// <summary>A file written this recently may change again without a later time of writing: file systems tell time in steps of up to two seconds.</summary>
    private static readonly TimeSpan StampsSettle = TimeSpan.FromSeconds(5);

    private readonly DirectorySettings _settings;
    private readonly BillsecRounding _rounding;
    private readonly Func<string, string?> _environment;
    private readonly TimeProvider _time;
    private readonly Lock _looking = new();
    private readonly Action<string> _tell;
    private ITimer? _timer;
    private CallDirectory? _current;
    private string? _path;
    private IReadOnlyList<string> _files = [];
    private string _fingerprint = "";
    private string _stamps = "";
    private DateTimeOffset _readAt;
    private IReadOnlyList<DirectoryProblem> _problems = [];
    private DateTimeOffset? _takenAt;
    private long _reloads;
    private long _refused;
    private long _marked;
    private long _undirected;
    private long _rated;
    private long _unrated;

    private DirectoryHolder(Settings settings, Func<string, string?> environment, TimeProvider time, Action<string> tell)
    {
        _settings = settings.Directory;
        _rounding = settings.Call.BillsecRounding;
        _environment = environment;
        _time = time;
        _tell = tell;
    }

    /// <summary>The directory; null where there is none.</summary>
    public CallDirectory? Current => Volatile.Read(ref _current);

    /// <summary>The file it was read from; null where there is none.</summary>
    public string? Path => _path;

    /// <summary>Opens the directory that the settings name, or the one that lies where it is looked for, or none.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="tell">Is told, in one line, of each change.</param>
    /// <param name="time">Clock.</param>
    /// <param name="environment">Environment, for the file's substitutions; null for that of the process.</param>
    /// <exception cref="CommandException">There are mistakes in it, or the file named is missing.</exception>
    public static DirectoryHolder Open(Settings settings, Action<string>? tell = null, TimeProvider? time = null, Func<string, string?>? environment = null)
    {
        var holder = new DirectoryHolder(settings, environment ?? Environment.GetEnvironmentVariable, time ?? TimeProvider.System, tell ?? (static _ => { }));
        holder._path = holder.Choose();
        if (holder._path is not { } path) return holder;
        DirectoryLoad load = holder.Read(path);
        if (load.Directory is null) throw new CommandException(DirectoryText.Refusal(path, load.Problems));
        holder.Take(load.Directory);
        return holder;
    }

    /// <summary>Looks at the file again and again until disposed.</summary>
    public void Watch()
    {
        lock (_looking) _timer ??= _time.CreateTimer(_ => Look(), null, _settings.Poll, _settings.Poll);
    }

    /// <summary>Looks whether the file has changed, and takes it where it is right.</summary>
    public void Look()
    {
        if (!_looking.TryEnter()) return;
        try
        {
            _path ??= Choose();
            if (_path is null || !MayHaveChanged()) return;
            string before = _fingerprint;
            DirectoryLoad load = Read(_path);
            if (load.Fingerprint == before) return;
            if (load.Directory is { } directory)
            {
                Take(directory);
                _reloads++;
                _tell($"{_path}: read anew: {DirectoryText.Summary(directory)}");
                return;
            }

            _refused++;
            string more = load.Problems.Count > 1 ? $" and {load.Problems.Count - 1} more (cdrengine directory check {_path})" : "";
            _tell($"{load.Problems[0]}{more}; {(_current is null ? "there is no directory" : "the directory read before stays in force")}");
        }
        finally
        {
            _looking.Exit();
        }
    }

    /// <summary>The record with what the directory says of it; as it is where there is none.</summary>
    public CallRecord Mark(CallRecord record)
    {
        if (Volatile.Read(ref _current) is not { } directory) return record;
        CallRecord marked = directory.Mark(record);
        Interlocked.Increment(ref _marked);
        if (marked.Direction is null) Interlocked.Increment(ref _undirected);
        if (marked.Marks?.Charge is not null) Interlocked.Increment(ref _rated);
        else if (marked is { AnsweredAt: not null, Direction: CallDirection.Outbound or CallDirection.Transit }) Interlocked.Increment(ref _unrated);
        return marked;
    }

    /// <summary>One line on its state, without anything of what it holds.</summary>
    public string State()
    {
        if (_path is null) return "directory: none";
        string taken = _takenAt is { } at ? $"in force since {Timestamp.From(at)}" : "none in force";
        return _problems.Count == 0 ? $"directory: {taken}" : $"directory: {taken}; the file has {_problems.Count} mistake{(_problems.Count == 1 ? "" : "s")} now and was not taken";
    }

    /// <summary>Counters for <c>stats</c>.</summary>
    public IReadOnlyList<Statistic> Statistics()
    {
        CallDirectory? directory = Current;
        return
        [
            new("directory", "loaded", directory is null ? 0 : 1, "1 while a directory is in force"),
            new("directory", "entries", directory?.Entries.Count ?? 0, "users, contacts and numbers in it"),
            new("directory", "rates", directory?.Rates.Sum(static table => table.Entries.Count) ?? 0, "prices in it"),
            new("directory", "reloads", Interlocked.Read(ref _reloads), "times it was read anew after a change"),
            new("directory", "refused", Interlocked.Read(ref _refused), "changed files not taken because of mistakes"),
            new("directory", "mistakes", _problems.Count, "mistakes in the file as it is now"),
            new("directory", "marked", Interlocked.Read(ref _marked), "records marked"),
            new("directory", "without_direction", Interlocked.Read(ref _undirected), "records of which it does not tell the direction"),
            new("directory", "rated", Interlocked.Read(ref _rated), "records with a charge"),
            new("directory", "unrated", Interlocked.Read(ref _unrated), "answered calls to the outside for which there is no rate"),
        ];
    }

    /// <inheritdoc />
    public void Dispose() => _timer?.Dispose();

    private string? Choose()
    {
        if (_settings.File.Length > 0) return _settings.File;
        foreach (string candidate in _settings.Candidates)
        {
            if (File.Exists(candidate)) return candidate;
        }

        return null;
    }

    private DirectoryLoad Read(string path)
    {
        // What is written meanwhile has a stamp that has not settled yet, and is found by the next look.
        DateTimeOffset now = _time.GetUtcNow();
        DirectoryLoad load = DirectoryLoad.Read(path, _rounding, _environment);
        _files = load.Files;
        _stamps = Stamps();
        _readAt = now;
        _fingerprint = load.Fingerprint;
        _problems = load.Problems;
        return load;
    }

    private void Take(CallDirectory directory)
    {
        Volatile.Write(ref _current, directory);
        _takenAt = _time.GetUtcNow();
    }

    // By time of writing and size; what was written shortly before it was read is read again, since its stamp may not show another change.
    private bool MayHaveChanged()
    {
        if (_files.Count == 0 || Stamps() != _stamps) return true;
        foreach (string file in _files)
        {
            var info = new FileInfo(file);
            if (info.Exists && _readAt.UtcDateTime - info.LastWriteTimeUtc < StampsSettle) return true;
        }

        return false;
    }

    private string Stamps() => string.Join('|', _files.Select(static path =>
    {
        var file = new FileInfo(path);
        return file.Exists ? $"{file.LastWriteTimeUtc.Ticks}:{file.Length}" : "-";
    }));
}
