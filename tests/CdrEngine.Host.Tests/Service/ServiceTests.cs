using System.Net.Sockets;
using System.Text;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Hocon;
using CdrEngine.Host.Service;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Host.Tests.Service;

public sealed class ServiceTests
{
    [Fact]
    public void Manager_IsToldByDatagrams_AndTheWatchdogNoOftenerThanItWants()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "notify");
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };
        systemd.Bind(new UnixDomainSocketEndPoint(path));
        using var manager = new ServiceManager(name => name switch { "NOTIFY_SOCKET" => path, "WATCHDOG_USEC" => "60000000", _ => null });
        Assert.Equal(TimeSpan.FromSeconds(30), manager.WatchdogInterval);
        manager.Ready();
        for (int i = 0; i < 100; i++) manager.Alive();
        manager.Stopping();
        Assert.Equal(["READY=1", "WATCHDOG=1", "STOPPING=1"], Enumerable.Range(0, 3).Select(_ => Receive(systemd)));
        Assert.Equal(0, systemd.Available);
    }

    [Fact]
    public void Manager_WithoutSystemdOrGone_IsNoTrouble()
    {
        using var none = new ServiceManager(static _ => null);
        none.Ready();
        none.Alive();
        Assert.Null(none.WatchdogInterval);
        using var gone = new ServiceManager(static name => name == "NOTIFY_SOCKET" ? "/nowhere/notify" : null);
        gone.Ready();
    }

    [Fact]
    public void Journal_GetsAPriorityBeforeEachLine_AndATerminalNone()
    {
        using var text = new StringWriter();
        TextWriter journal = JournalWriter.Wrap(text, static name => name == "JOURNAL_STREAM" ? "8:1" : null);
        journal.Write("one");
        journal.WriteLine(" line");
        journal.WriteLine("another");
        Assert.Equal("<4>one line\n<4>another\n", text.ToString());
        Assert.Same(text, JournalWriter.Wrap(text, static _ => null));
    }

    [Theory]
    [InlineData("capture.ring=1MiB", "capture.block=1MiB", "ring: a ring is at least two blocks (capture.block), 2048 KiB")]
    [InlineData("capture.signalling-ring=64KiB", "capture.block=64KiB", "signalling-ring: a ring is at least two blocks (capture.block), 128 KiB")]
    public void RingSmallerThanTwoBlocks_IsRefusedInALine(string one, string other, string problem)
    {
        HoconException refused = Assert.Throws<HoconException>(() => SettingsLoader.Load(new SettingsFlags { DataDirectory = "/nowhere", Set = [one, other] }, static _ => null));
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hep.conf")]
    [InlineData("pbx.conf")]
    [InlineData("span.conf")]
    public void Sample_IsReadAndSaysWhatToCapture(string file)
    {
        Settings settings = SettingsLoader.Load(new SettingsFlags { ConfigFile = Checkout.Path("config", file) }, static _ => null);
        Assert.Equal("/var/lib/cdrengine", settings.DataDirectory);
        Assert.True(settings.Capture.Interfaces.Count > 0 != settings.Hep.Listen is not null);
    }

    [Fact]
    public void Unit_HasNoMoreThanTheTwoRights()
    {
        string[] lines = File.ReadAllLines(Checkout.Path("config", "systemd", "cdrengine.service"));
        Assert.Contains("AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN", lines);
        Assert.Contains("CapabilityBoundingSet=CAP_NET_RAW CAP_NET_ADMIN", lines);
        Assert.Contains("NoNewPrivileges=yes", lines);
        Assert.Contains("Type=notify", lines);
    }

    [ToolFact("systemd-analyze")]
    public void Unit_IsOneToSystemd()
    {
        using var verify = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            "systemd-analyze", ["verify", "--man=no", Checkout.Path("config", "systemd", "cdrengine.service")])
        { UseShellExecute = false, RedirectStandardError = true })!;
        string said = verify.StandardError.ReadToEnd();
        verify.WaitForExit();

        // That the program is not installed here is no fault of the unit.
        Assert.DoesNotContain(said.Split('\n'), static line => line.Contains("cdrengine.service:", StringComparison.Ordinal) && !line.Contains("not executable", StringComparison.Ordinal));
    }

    private static string Receive(Socket socket)
    {
        byte[] bytes = new byte[100];
        return Encoding.UTF8.GetString(bytes, 0, socket.Receive(bytes));
    }
}
