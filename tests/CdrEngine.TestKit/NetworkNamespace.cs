using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Xunit;

namespace CdrEngine.TestKit;

/// <summary>A network namespace of a test's own, without IPv6 (which would send by itself), removed with everything in it.</summary>
public sealed partial class NetworkNamespace : IDisposable
{
    private const int NewNetwork = 0x4000_0000;
    private static int s_last;

    /// <summary>Makes it, with an interface <c>lo</c> that is up.</summary>
    public NetworkNamespace()
    {
        Name = $"cdrtest{Environment.ProcessId}x{Interlocked.Increment(ref s_last)}";
        Ip("netns", "add", Name);
        foreach (string which in (string[])["all", "default"])
            Execute("ip", ["netns", "exec", Name, "sysctl", "-qw", $"net.ipv6.conf.{which}.disable_ipv6=1"]);
        Ip("-n", Name, "link", "set", "lo", "up");
    }

    /// <summary>Its name for <c>ip netns exec</c>.</summary>
    public string Name { get; }

    /// <summary>Why none can be made here; null where one can.</summary>
    public static string? Missing { get; } = Examine();

    /// <summary>Adds two interfaces, each the other's far end, and sets them up.</summary>
    public void AddPair(string one, string other)
    {
        Ip("-n", Name, "link", "add", "name", one, "type", "veth", "peer", "name", other);
        SetUp(one, true);
        SetUp(other, true);
    }

    /// <summary>Removes an interface, and its far end with it.</summary>
    public void Remove(string name) => Ip("-n", Name, "link", "del", "dev", name);

    /// <summary>Sets an interface up or down.</summary>
    public void SetUp(string name, bool isUp) => Ip("-n", Name, "link", "set", "dev", name, isUp ? "up" : "down");

    /// <summary>Starts a thread that lives in the namespace. What it throws comes out of the task.</summary>
    public Task Start(Action work) => StartIn(Name, work);

    /// <summary>The same in a namespace that somebody else has made.</summary>
    public static Task StartIn(string name, Action work)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                Enter(name);
                work();
                ended.SetResult();
            }
            catch (Exception e)
            {
                ended.SetException(e);
            }
        })
        { IsBackground = true };
        thread.Start();
        return ended.Task;
    }

    /// <summary>Runs something in the namespace.</summary>
    public T Run<T>(Func<T> work)
    {
        T result = default!;
        Start(() => result = work()).GetAwaiter().GetResult();
        return result;
    }

    /// <inheritdoc />
    public void Dispose() => Ip("netns", "del", Name);

    private static string? Examine()
    {
        string? capabilities = File.ReadLines("/proc/self/status").FirstOrDefault(static line => line.StartsWith("CapEff:", StringComparison.Ordinal));
        ulong held = capabilities is null ? 0 : ulong.Parse(capabilities[7..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        const ulong needed = (1UL << 12) | (1UL << 13) | (1UL << 21);
        if ((held & needed) != needed) return "needs CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN";
        try
        {
            string name = $"cdrtest{Environment.ProcessId}x0";
            Ip("netns", "add", name);
            Ip("-n", name, "link", "add", "name", "pa", "type", "veth", "peer", "name", "pb");
            Ip("netns", "del", name);
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return $"needs network namespaces and veth: {e.Message.ReplaceLineEndings(" ")}";
        }
    }

    private static void Enter(string name)
    {
        using var handle = File.OpenHandle($"/run/netns/{name}");
        if (SetNamespace((int)handle.DangerousGetHandle(), NewNetwork) != 0) throw new InvalidOperationException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    private static void Ip(params string[] arguments) => Execute("ip", arguments);

    private static void Execute(string program, string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {error.Trim()}");
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int descriptor, int type);
}

/// <summary>A test that needs a network namespace with veth pairs.</summary>
public sealed class VethFactAttribute : FactAttribute
{
    /// <summary>Skips with the reason where none can be made.</summary>
    public VethFactAttribute() => Skip = NetworkNamespace.Missing;
}

/// <summary>As <see cref="VethFactAttribute"/>, for tests with rows.</summary>
public sealed class VethTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips with the reason where none can be made.</summary>
    public VethTheoryAttribute() => Skip = NetworkNamespace.Missing;
}

/// <summary>Sends frames as they are; open it on a thread of the namespace.</summary>
public sealed unsafe partial class FrameSender : IDisposable
{
    private readonly int _descriptor;

    /// <summary>Opens it on an interface.</summary>
    public FrameSender(string name)
    {
        _descriptor = OpenSocket(17, 3, 0);
        byte* request = stackalloc byte[40];
        new Span<byte>(request, 40).Clear();
        for (int i = 0; i < name.Length; i++) request[i] = (byte)name[i];
        if (_descriptor < 0 || Control(_descriptor, 0x8933, request) != 0) throw new InvalidOperationException($"{name}: {Marshal.GetLastPInvokeErrorMessage()}");
        byte* address = stackalloc byte[20];
        new Span<byte>(address, 20).Clear();
        *(ushort*)address = 17;
        *(int*)(address + 4) = *(int*)(request + 16);
        if (Bind(_descriptor, address, 20) != 0) throw new InvalidOperationException($"{name}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Sends one frame; waits for room.</summary>
    public void Send(ReadOnlySpan<byte> frame)
    {
        fixed (byte* bytes = frame)
        {
            while (Send(_descriptor, bytes, (nuint)frame.Length, 0) < 0)
            {
                const int noBuffers = 105;
                if (Marshal.GetLastPInvokeError() != noBuffers) throw new InvalidOperationException($"send: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => _ = CloseSocket(_descriptor);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int OpenSocket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseSocket(int descriptor);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int descriptor, ulong request, void* argument);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(int descriptor, void* address, uint length);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int descriptor, void* bytes, nuint length, int flags);
}
