using CdrEngine.Media.Srtp;

namespace CdrEngine.Engine.Recording;

/// <summary>A key log in a file that others write to: read before each recording, from where it ended the last time.</summary>
/// <remarks>A file that became shorter, or begins differently, is another one and read from its start; what earlier ones told stays known, within
/// the bounds of <see cref="DtlsKeyLog"/>. A file that is not there, or cannot be read, tells nothing, now: it may come. What is in it is never
/// logged, shown or kept anywhere else. Any number of threads.</remarks>
public sealed class KeyLogFile : IDisposable
{
    private const int PieceBytes = 64 * 1024;

    /// <summary>The first bytes by which a file is known again: most of a line of hexadecimal digits.</summary>
    private const int MarkBytes = 128;

    private readonly string _path;
    private readonly Lock _lock = new();
    private readonly byte[] _mark = new byte[MarkBytes];
    private int _markLength;
    private long _position;

    /// <summary>A key log that was not read yet.</summary>
    /// <param name="path">The file; it need not be there.</param>
    /// <param name="limits">Bounds; null for the defaults.</param>
    public KeyLogFile(string path, SrtpLimits? limits = null)
    {
        _path = path;
        Log = new DtlsKeyLog(limits);
    }

    /// <summary>What was read.</summary>
    public DtlsKeyLog Log { get; }

    /// <summary>Reads what was added, and gives the log. Only whole lines are read.</summary>
    public DtlsKeyLog Refresh()
    {
        lock (_lock)
        {
            try
            {
                using var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
                Read(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Not there, or not ours to read: the recordings that need it say that they have no key.
            }
        }

        return Log;
    }

    /// <inheritdoc />
    public void Dispose() => Log.Dispose();

    private void Read(FileStream file)
    {
        Span<byte> mark = stackalloc byte[MarkBytes];
        int marked = file.ReadAtLeast(mark, MarkBytes, throwOnEndOfStream: false);
        bool isSame = file.Length >= _position && marked >= _markLength && mark[.._markLength].SequenceEqual(_mark.AsSpan(0, _markLength));
        if (!isSame) _position = 0;
        mark[..marked].CopyTo(_mark);
        _markLength = marked;
        byte[] piece = new byte[PieceBytes];
        while (true)
        {
            file.Position = _position;
            int length = file.ReadAtLeast(piece, PieceBytes, throwOnEndOfStream: false);
            int whole = piece.AsSpan(0, length).LastIndexOf((byte)'\n') + 1;

            // No line of a key log is as long as a piece: what has no end in it is none.
            if (whole == 0 && length == PieceBytes) whole = length;
            Log.Add(piece.AsSpan(0, whole));
            _position += whole;
            if (length < PieceBytes || whole == 0) break;
        }

        Array.Clear(piece);
    }
}
