using System.Net;
using System.Net.Sockets;

namespace CdrEngine.TestKit;

/// <summary>Ports for programs that must be told one. Another program may take it meanwhile; bind port 0 where that is possible.</summary>
public static class FreePorts
{
    // Below those that the system hands out itself, so that no connection and no test that binds port 0 takes it between its choice and its use.
    private const int First = 10_000;
    private const int Last = 32_767;

    /// <summary>A port of 127.0.0.1 that nobody has, neither by UDP nor by TCP.</summary>
    public static int ForUdpAndTcp()
    {
        while (true)
        {
            using var datagrams = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            int port = Random.Shared.Next(First, Last + 1);
            try
            {
                datagrams.Bind(new IPEndPoint(IPAddress.Loopback, port));
                listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }
}
