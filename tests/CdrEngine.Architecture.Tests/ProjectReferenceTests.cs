using System.Xml.Linq;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Architecture.Tests;

/// <summary>References point down only. The table is the one picture of who may know whom.</summary>
public sealed class ProjectReferenceTests
{
    private static readonly string[] Everything =
        ["Core", "Actors", "Protocols", "Calls", "Media", "Capture", "PacketLog", "Storage", "Engine", "Api", "Page"];

    public static TheoryData<string, string[]> Allowed => new()
    {
        { "Core", [] },
        { "Actors", [] },
        { "Protocols", ["Core"] },
        { "Calls", ["Protocols"] },
        { "Media", ["Protocols"] },
        { "Capture", ["Protocols"] },
        { "PacketLog", ["Protocols"] },
        { "Storage", ["Calls"] },
        { "Api", ["Calls"] },
        { "Page", ["Api"] },
        { "Engine", ["Calls", "Media", "PacketLog", "Actors"] },
        { "Host", Everything },
    };

    [Theory]
    [MemberData(nameof(Allowed))]
    public void Project_RefersTo_WhatTheTableAllows(string project, string[] allowed) =>
        Assert.Empty(References(Project("src", $"CdrEngine.{project}")).Except(allowed.Select(static name => $"CdrEngine.{name}")));

    [Fact]
    public void EveryProjectOfSrc_IsInTheTable()
    {
        string[] rows = [.. Everything.Append("Host").Select(static name => $"CdrEngine.{name}").Order(StringComparer.Ordinal)];
        Assert.Equal(rows, Names("src"));
    }

    [Fact]
    public void EveryProjectOfSrc_HasItsTests() =>
        Assert.Empty(Names("src").Select(static name => $"{name}.Tests").Except(Names("tests")));

    [Fact]
    public void EveryProject_IsInTheSolution()
    {
        string solution = File.ReadAllText(Checkout.Path("CdrEngine.sln"));
        string[] missing = new[] { "src", "tests", "bench" }
            .SelectMany(static folder => Names(folder).Select(name => $"{folder}\\{name}\\{name}.csproj"))
            .Where(path => !solution.Contains(path, StringComparison.Ordinal))
            .ToArray();
        Assert.Empty(missing);
    }

    [Theory]
    [InlineData("Core")]
    [InlineData("Actors")]
    [InlineData("Protocols")]
    [InlineData("Calls")]
    public void PureProject_NeedsNoPackage(string project) =>
        Assert.Empty(Project("src", $"CdrEngine.{project}").Descendants("PackageReference"));

    [Fact]
    public void Versions_StandInOnePlace()
    {
        string[] elsewhere = new[] { "src", "tests", "bench" }
            .SelectMany(static folder => Names(folder).Select(name => (folder, name)))
            .Where(static project => Project(project.folder, project.name).Descendants("PackageReference").Any(static reference => reference.Attribute("Version") is not null))
            .Select(static project => project.name)
            .ToArray();
        Assert.Empty(elsewhere);
    }

    private static string[] Names(string folder) => Directory.EnumerateDirectories(Checkout.Path(folder), "CdrEngine.*")
        .Select(static path => Path.GetFileName(path)!)
        .Where(name => File.Exists(Checkout.Path(folder, name, $"{name}.csproj")))
        .Order(StringComparer.Ordinal)
        .ToArray();

    private static XDocument Project(string folder, string name) => XDocument.Load(Checkout.Path(folder, name, $"{name}.csproj"));

    private static IEnumerable<string> References(XDocument project) => project.Descendants("ProjectReference")
        .Select(static reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));
}
