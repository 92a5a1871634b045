using System.Net.NetworkInformation;
using System.Runtime.InteropServices;
using CdrEngine.Capture.Hep;
using CdrEngine.Capture.Interfaces;
using CdrEngine.Host.Configuration;

namespace CdrEngine.Host.Diagnosis;

/// <summary>Whether this process may see packets, and of which interfaces.</summary>
internal static partial class CaptureRights
{
    private const int AddressFamilyPacket = 17;
    private const int SocketRaw = 3;
    private const int AllProtocols = 0x0300; // ETH_P_ALL in network order
    private const int NotPermitted = 1;
    private const int AccessDenied = 13;

    public static Finding Examine()
    {
        int socket = OpenSocket(AddressFamilyPacket, SocketRaw, AllProtocols);
        if (socket >= 0)
        {
            _ = CloseSocket(socket);
            return Ring();
        }

        int error = Marshal.GetLastPInvokeError();
        return error is NotPermitted or AccessDenied
            ? new Finding(
                "capture rights",
                FindingState.Fails,
                "this user may not open a raw packet socket",
                $"run it by config/systemd/cdrengine.service, or as root with --user, or: sudo setcap cap_net_raw,cap_net_admin+eip {Program()}; in a container --cap-add NET_RAW --cap-add NET_ADMIN")
            : new Finding(
                "capture rights",
                FindingState.Fails,
                $"no raw packet socket: {Marshal.GetPInvokeErrorMessage(error)}",
                "this kernel or sandbox offers no AF_PACKET; import and serve work without");
    }

    // Rights are one thing, a kernel or sandbox without rings another: so one is really opened.
    private static Finding Ring()
    {
        using InterfaceSource? source = InterfaceSource.Open("lo", new InterfaceOptions { RingBytes = 1 << 20, IsPromiscuous = false }, out string? problem);
        string? fault = problem ?? source?.Fault;
        return fault is null
            ? new Finding("capture rights", FindingState.Good, "a packet ring was opened on lo")
            : new Finding("capture rights", FindingState.Fails, $"no packet ring on lo: {fault}", "this kernel or sandbox offers no AF_PACKET ring; import and serve work without");
    }

    /// <summary>Each interface of the settings, opened as the capture would.</summary>
    public static IEnumerable<Finding> Configured(CaptureSettings capture)
    {
        foreach (string name in capture.Interfaces)
        {
            string subject = $"interface {name}";
            var options = new InterfaceOptions
            {
                RingBytes = capture.Ring,
                BlockBytes = capture.Block,
                SnapLength = capture.SnapLength,
                IsPromiscuous = capture.Promiscuous,
                Filter = capture.Filter,
                WantsAdapterStamps = capture.Timestamps == StampClock.Adapter,
            };
            var set = new InterfaceSetOptions { Threads = capture.Threads, Mode = capture.Fanout, SignallingRingBytes = capture.SignallingRing };
            IReadOnlyList<ILiveSource>? rings = InterfaceSet.Open(name, options, set, out string? problem);
            string? fault = rings?.Select(static ring => ring.Fault).FirstOrDefault(static text => text is not null);
            yield return problem is not null
                ? new Finding(subject, FindingState.Fails, problem, "see capture rights, capture.ring and capture.filter")
                : fault is not null
                    ? new Finding(subject, FindingState.Doubtful, fault, $"ip link set dev {name} up")
                    : new Finding(subject, FindingState.Good, $"{rings!.Count} rings opened, filter and sizes taken by the kernel");
            foreach (ILiveSource ring in rings ?? []) ring.Dispose();
        }
    }

    /// <summary>The address of the HEP listener, bound.</summary>
    public static IEnumerable<Finding> Hep(HepSettings hep)
    {
        if (hep.Listen is not { } listen) yield break;
        using HepSource? source = HepSource.Open(new HepOptions { Listen = listen }, out string? problem);
        yield return problem is null
            ? new Finding("hep", FindingState.Good, $"{listen} can be listened on, UDP and TCP")
            : new Finding("hep", FindingState.Doubtful, $"{listen}: {problem}", "is it running already? otherwise another program has the port");
    }

    public static Finding Interfaces()
    {
        string[] up = NetworkInterface.GetAllNetworkInterfaces()
            .Where(static candidate => candidate.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
            .Select(static candidate => candidate.Name)
            .Order(StringComparer.Ordinal)
            .ToArray();
        return up.Length > 0
            ? new Finding("interfaces", FindingState.Good, $"up: {string.Join(", ", up)}")
            : new Finding("interfaces", FindingState.Doubtful, "none is up", "ip link set dev IFACE up promisc on");
    }

    // setcap works on the file the kernel starts, which is dotnet unless this is a published program of its own.
    private static string Program()
    {
        string path = Environment.ProcessPath ?? "dotnet";
        return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int OpenSocket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseSocket(int socket);
}
