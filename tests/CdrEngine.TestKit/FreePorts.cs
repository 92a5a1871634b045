using System.Net;
using System.Net.Sockets;

namespace CdrEngine.TestKit;

/// <summary>Ports for programs that must be told one. Another program may take it meanwhile; bind port 0 where that is possible.</summary>
public static class FreePorts
{
    /// <summary>A port of 127.0.0.1 that nobody has, neither by UDP nor by TCP.</summary>
    public static int ForUdpAndTcp()
    {
        while (true)
        {
            using var datagrams = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            datagrams.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            int port = ((IPEndPoint)datagrams.LocalEndPoint!).Port;
            try
            {
                listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken by somebody's connection.
            }
        }
    }
}
