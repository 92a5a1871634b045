using CdrEngine.Host.Configuration;
using CdrEngine.Host.Diagnosis;
using Xunit;

namespace CdrEngine.Host.Tests.Diagnosis;

public sealed class DoctorTests
{
    [Fact]
    public void Examination_LooksAtEverythingOnce()
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<Finding> findings = Doctor.Examine(SettingsLoader.Load(new SettingsFlags { DataDirectory = folder.Path }, static _ => null));
        string[] subjects = findings.Select(static finding => finding.Subject).ToArray();
        Assert.Equal(subjects.Distinct(), subjects);
        foreach (string subject in (string[])["libsqlite3.so.0", "libpcap.so.0.8", "libmp3lame.so.0", "libopus.so.0", "libbcg729.so.0", "libspandsp.so.2", "libgsm.so.1",
            "libopencore-amrnb.so.0", "capture rights", "interfaces", "data folder", "disk", "clock", "socket buffers", "memory", "open files"])
        {
            Assert.Contains(subject, subjects);
        }

        Assert.All(findings, static finding => Assert.NotEmpty(finding.Text));
        Assert.Equal(FindingState.Good, findings.Single(static finding => finding.Subject == "data folder").State);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public void DataFolder_ThatCannotBeWritten_Fails()
    {
        Finding finding = DataFolder.Examine(SettingsLoader.Load(new SettingsFlags { DataDirectory = "/proc/cdrengine" }, static _ => null)).First();
        Assert.Equal(FindingState.Fails, finding.State);
        Assert.StartsWith("/proc/cdrengine (to be made in /proc): ", finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Findings_AreATableWithAVerdict()
    {
        Finding[] findings =
        [
            new("clock", FindingState.Good, "synchronised"),
            new("libopus.so.0", FindingState.Absent, "not there", "apt-get install libopus0"),
            new("capture rights", FindingState.Fails, "none", "sudo setcap x"),
        ];
        Assert.Equal(
            """
            ok      clock           synchronised
            absent  libopus.so.0    not there
                                    -> apt-get install libopus0
            FAILS   capture rights  none
                                    -> sudo setcap x
            capture would fail: 1 to mend
            """,
            string.Join('\n', FindingsText.Lines(findings, colour: false)));
        Assert.Equal("nothing stands in the way of capture", FindingsText.Lines(findings[..2], colour: false).Last());
    }
}
