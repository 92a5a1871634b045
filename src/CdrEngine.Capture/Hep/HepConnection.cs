using System.Net.Sockets;

namespace CdrEngine.Capture.Hep;

/// <summary>One agent's TCP connection and what it has sent of the message that is not whole yet.</summary>
internal sealed class HepConnection(Socket socket) : IDisposable
{
    /// <summary>Room for the longest message.</summary>
    public const int BufferBytes = 65_536;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;

    public Socket Socket => socket;

    /// <summary>Bytes not yet read as messages.</summary>
    public ReadOnlySpan<byte> Unread => _buffer.AsSpan(_start, _end - _start);

    /// <summary>True where nothing more will come.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Takes what has come; gives its length.</summary>
    public int Fill()
    {
        if (IsOver) return 0;
        if (_start > 0)
        {
            Unread.CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        int length = socket.Receive(_buffer.AsSpan(_end), SocketFlags.None, out SocketError error);
        if (error == SocketError.WouldBlock) return 0;
        IsOver = error != SocketError.Success || length == 0;
        if (IsOver) return 0;
        _end += length;
        return length;
    }

    public void Advance(int bytes) => _start += bytes;

    /// <summary>Gives the connection up.</summary>
    public void Break()
    {
        _start = _end = 0;
        IsOver = true;
    }

    public void Dispose() => socket.Dispose();
}
