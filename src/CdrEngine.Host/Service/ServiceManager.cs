using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace CdrEngine.Host.Service;

/// <summary>Tells systemd how the service fares, by the datagrams of sd_notify(3). Without systemd it tells nobody.</summary>
internal sealed class ServiceManager : IDisposable
{
    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _manager;
    private long _toldAt;

    /// <summary>Reads where to tell from the environment (NOTIFY_SOCKET, WATCHDOG_USEC).</summary>
    public ServiceManager(Func<string, string?> environment)
    {
        string? path = environment("NOTIFY_SOCKET");
        if (string.IsNullOrEmpty(path) || path[0] is not ('/' or '@')) return;

        // A name that begins with @ is an abstract one.
        _manager = new UnixDomainSocketEndPoint(path[0] == '@' ? $"\0{path[1..]}" : path);
        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        if (long.TryParse(environment("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0)
            WatchdogInterval = TimeSpan.FromMicroseconds(microseconds / 2);
    }

    /// <summary>How often <see cref="Alive"/> wants to be called at least; null where nobody watches.</summary>
    public TimeSpan? WatchdogInterval { get; }

    /// <summary>It captures and serves.</summary>
    public void Ready() => Tell("READY=1");

    /// <summary>It is on its way down, in good order.</summary>
    public void Stopping() => Tell("STOPPING=1");

    /// <summary>The thread that matters is alive: call as often as you like, it is told as often as is wanted.</summary>
    public void Alive()
    {
        if (WatchdogInterval is not { } interval || Environment.TickCount64 - _toldAt < interval.TotalMilliseconds / 2) return;
        _toldAt = Environment.TickCount64;
        Tell("WATCHDOG=1");
    }

    /// <inheritdoc />
    public void Dispose() => _socket?.Dispose();

    private void Tell(string state)
    {
        try
        {
            _socket?.SendTo(Encoding.UTF8.GetBytes(state), _manager!);
        }
        catch (SocketException)
        {
            // The manager is gone or does not listen: that is its affair, and no reason to stop capturing.
        }
    }
}

/// <summary>Puts the priority before each line, as journald takes it from standard error (sd-daemon(3)). Levels then need no guessing, and no log file to be rotated.</summary>
internal sealed class JournalWriter(TextWriter inner, int priority) : TextWriter(CultureInfo.InvariantCulture)
{
    private bool _begins = true;

    /// <inheritdoc />
    public override Encoding Encoding => inner.Encoding;

    /// <summary>Wraps a writer where standard error goes to the journal; otherwise gives it back.</summary>
    public static TextWriter Wrap(TextWriter writer, Func<string, string?> environment) =>
        string.IsNullOrEmpty(environment("JOURNAL_STREAM")) ? writer : Synchronized(new JournalWriter(writer, 4));

    /// <inheritdoc />
    public override void Write(char value)
    {
        if (_begins) inner.Write(string.Create(CultureInfo.InvariantCulture, $"<{priority}>"));
        inner.Write(value);
        _begins = value == '\n';
    }

    /// <inheritdoc />
    public override void Flush() => inner.Flush();
}
