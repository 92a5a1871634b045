using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Records;
using CdrEngine.Host.Commands;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Directories;
using Xunit;

namespace CdrEngine.Host.Tests.Directories;

/// <summary>A directory that changes while the program runs.</summary>
public sealed class DirectoryHolderTests
{
    private const string Alice = "directory { tenants.a {}, users = [ { id = 1, tenant = a, name = Alice, extensions = [1001] } ] }";
    private const string Albert = "directory { tenants.a {}, users = [ { id = 1, tenant = a, name = Albert, extensions = [1001] } ] }";

    [Fact]
    public void File_ThatChanges_IsTaken_AndOneWithMistakesIsNot()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("d.conf", Alice);
        var told = new List<string>();
        using DirectoryHolder holder = DirectoryHolder.Open(Settings(folder, path), told.Add);
        Assert.Equal("Alice", Name(holder));
        holder.Look();
        Assert.Empty(told);

        folder.Write("d.conf", Albert);
        holder.Look();
        Assert.Equal("Albert", Name(holder));
        Assert.Equal($"{path}: read anew: 1 tenant, 0 trunks, 1 user, 0 contacts, 0 numbers, 0 rates", Assert.Single(told));
        Assert.StartsWith("directory: in force since 20", holder.State(), StringComparison.Ordinal);

        // One line for a file with mistakes, once; the old one stays.
        folder.Write("d.conf", "directory { tenats {}, tenant {} }");
        holder.Look();
        holder.Look();
        Assert.Equal("Albert", Name(holder));
        Assert.Equal($"{path}:1:13: directory has no key 'tenats'; did you mean 'tenants'? and 1 more (cdrengine directory check {path}); the directory read before stays in force", told[1]);
        Assert.Equal(2, told.Count);
        Assert.EndsWith("; the file has 2 mistakes now and was not taken", holder.State(), StringComparison.Ordinal);
        Assert.Equal((1, 1, 2), (Counter(holder, "reloads"), Counter(holder, "refused"), Counter(holder, "mistakes")));

        // Taken away, it stays too; put right, it is taken.
        File.Delete(path);
        holder.Look();
        Assert.Equal("Albert", Name(holder));
        Assert.Contains("the file is not there", told[2], StringComparison.Ordinal);
        folder.Write("d.conf", Alice);
        holder.Look();
        Assert.Equal("Alice", Name(holder));
        Assert.DoesNotContain("mistake", holder.State(), StringComparison.Ordinal);
    }

    [Fact]
    public void File_OfTheSameSizeAndTime_IsFoundChangedByWhatItHolds()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("d.conf", Alice);
        DateTime stamp = DateTime.UtcNow;
        File.SetLastWriteTimeUtc(path, stamp);
        using DirectoryHolder holder = DirectoryHolder.Open(Settings(folder, path));
        folder.Write("d.conf", Alice.Replace("Alice", "Alina", StringComparison.Ordinal));
        File.SetLastWriteTimeUtc(path, stamp);
        holder.Look();
        Assert.Equal("Alina", Name(holder));
    }

    [Fact]
    public void Table_BesideTheFile_ThatChanges_IsTakenToo()
    {
        using var folder = new TemporaryFolder();
        folder.Write("u.csv", "id,name,extensions\n1,Alice,1001\n");
        string path = folder.Write("d.conf", "directory { default-tenant = a, tenants.a {}, users-file = u.csv }");
        using DirectoryHolder holder = DirectoryHolder.Open(Settings(folder, path));
        folder.Write("u.csv", "id,name,extensions\n1,Albert,1001\n");
        holder.Look();
        Assert.Equal("Albert", Name(holder));
    }

    [Fact]
    public void Directory_ThatAppearsBesideTheRecords_IsTaken()
    {
        using var folder = new TemporaryFolder();
        Settings settings = SettingsLoader.Load(new SettingsFlags { DataDirectory = folder.Path }, static _ => null);
        using DirectoryHolder holder = DirectoryHolder.Open(settings);
        Assert.Null(holder.Current);
        Assert.Equal("directory: none", holder.State());
        CallRecord call = TestCalls.Answered();
        Assert.Same(call, holder.Mark(call));
        folder.Write("directory.conf", Alice);
        holder.Look();
        Assert.Equal("Alice", Name(holder));
    }

    [Fact]
    public void Start_WithAFileThatHasMistakesOrIsMissing_IsRefusedInOneLine()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("d.conf", "directory { tenats {}, tenant {} }");
        CommandException refusal = Assert.Throws<CommandException>(() => DirectoryHolder.Open(Settings(folder, path)));
        Assert.Equal($"{path}:1:13: directory has no key 'tenats'; did you mean 'tenants'?; {path}:1:24: directory has no key 'tenant'; did you mean 'tenants'?", refusal.Message);
        Assert.Contains("the file is not there", Assert.Throws<CommandException>(() => DirectoryHolder.Open(Settings(folder, path + "x"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_ReadsAgainByItself()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("d.conf", Alice);
        var taken = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using DirectoryHolder holder = DirectoryHolder.Open(Settings(folder, path, "directory.poll=1s"), line => taken.TrySetResult(line));
        holder.Watch();
        folder.Write("d.conf", Albert);
        Assert.Contains("read anew", await taken.Task.WaitAsync(TimeSpan.FromSeconds(120)), StringComparison.Ordinal);
        Assert.Equal("Albert", Name(holder));
    }

    [Fact]
    public void Counters_TellWhatWasMarked()
    {
        using var folder = new TemporaryFolder();
        using DirectoryHolder holder = DirectoryHolder.Open(Settings(folder, folder.Write("d.conf", """
            directory {
              default-tenant = a
              tenants.a { rates = r }
              users = [ { id = 1, name = Alice, extensions = [1001] } ]
              rates.r { currency = EUR, entries = [ { prefix = 49, name = Germany, rate = "0.06" } ] }
            }
            """)));
        CallRecord call = TestCalls.Answered() with { Dialled = "+4930123" };
        CallRecord rated = holder.Mark(call with { Callee = new Party { Number = "+4930123" } });
        Assert.Equal((CallDirection.Outbound, 0.0110m), (rated.Direction, rated.Marks?.Charge?.Amount));
        Assert.Null(holder.Mark(call with { Dialled = "+4430123", Callee = new Party { Number = "+4430123" } }).Marks?.Charge);
        Assert.Null(holder.Mark(call with { Dialled = "x", Callee = new Party { Number = "x" } }).Direction);
        Assert.Equal((3, 1, 1, 1, 1), (Counter(holder, "marked"), Counter(holder, "without_direction"), Counter(holder, "rated"), Counter(holder, "unrated"), Counter(holder, "loaded")));
    }

    private static Settings Settings(TemporaryFolder folder, string path, params string[] set) =>
        SettingsLoader.Load(new SettingsFlags { DataDirectory = folder.Path, Set = [$"directory.file={path}", .. set] }, static _ => null);

    private static string? Name(DirectoryHolder holder) => holder.Current?.Entry(PartyKind.User, 1)?.Name;

    private static long Counter(DirectoryHolder holder, string name) => holder.Statistics().Single(counter => counter.Name == name).Value;
}
